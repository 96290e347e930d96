/* The list of drop reasons and their counters: see drop.h. Registration runs before main();
 * drop_count() on workers. */
#include "datapath/core/drop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/core/core.h"

static struct drop_reason *reasons[DROP_MAX_REASONS];
static unsigned int n_reasons;
uint64_t *drop_counters[CORE_MAX_WORKERS]; /* Set by core_start(). */

void drop_reason_register(struct drop_reason *reason)
{
    for (unsigned int i = 0; i < n_reasons; i++) {
        if (!strcmp(reasons[i]->name, reason->name)) {
            fprintf(stderr, "drop reason '%s' is registered twice\n", reason->name);
            abort();
        }
    }
    if (n_reasons == DROP_MAX_REASONS) {
        fprintf(stderr, "more than %d drop reasons\n", DROP_MAX_REASONS);
        abort();
    }
    reason->id = n_reasons;
    reasons[n_reasons++] = reason;
}

unsigned int drop_n_reasons(void)
{
    return n_reasons;
}

const struct drop_reason *drop_reason_get(unsigned int id)
{
    return id < n_reasons ? reasons[id] : NULL;
}

void drop_count(unsigned int worker, uint32_t port_no, const struct drop_reason *reason, uint64_t n)
{
    uint64_t *counters = drop_counters[worker];

    if (counters) {
        counters[(size_t)(port_no < DP_MAX_PORTS ? port_no : 0) * DROP_MAX_REASONS + reason->id] +=
            n;
    }
}
