/* Fuzzes dp_actions_validate() with arbitrary bytes: what it lets through can be walked and printed
 * within its bounds. */
#include <stdlib.h>

#include "datapath/flow/action.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *copy = xmemdup(data, size); /* Aligned, and exactly as long. */
    struct strbuf s = STRBUF_INIT;
    struct error err;

    if (!dp_actions_validate(copy, size, &err)) {
        size_t seen = 0;

        for (const struct dp_action *a = dp_actions_first(copy, size); a;
             a = dp_actions_next(copy, size, a)) {
            seen += ROUND_UP(a->len, 4);
        }
        if (seen != size) {
            abort();
        }
        dp_actions_format(&s, copy, size);
    }
    if (size >= sizeof(struct flow_key) + sizeof(struct flow_mask)) {
        struct flow_mask mask;
        struct flow_key key;

        memcpy(&key, data, sizeof key);
        memcpy(&mask, data + sizeof key, sizeof mask);
        key.lines &= (1u << FLOW_N_LINES) - 1;
        flow_mask_seal(&mask);
        flow_key_format(&s, &key, &mask, NULL, NULL);
    }
    strbuf_free(&s);
    free(copy);
    return 0;
}
