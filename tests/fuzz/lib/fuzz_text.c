/* The small parsers of text that comes from outside: levels of the log (vlog/set), UUIDs, numbers.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/uuid.h"

LOG_MODULE(fuzz)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = xstrndup((const char *)data, size), back[UUID_LEN + 1];
    struct error err = {0};
    struct uuid u;
    uint64_t v = 0;

    if (log_set_levels(text, &err) && !err.text[0]) {
        abort();
    }
    if (uuid_from_string(text, &u)) {
        uuid_to_string(&u, back);
        if (strcasecmp(text, back)) {
            abort();
        }
    }
    if (parse_u64(text, 1000, &v) && v > 1000) {
        abort();
    }
    if (this_log_module.level > LOG_DBG) {
        abort();
    }
    free(text);
    return 0;
}
