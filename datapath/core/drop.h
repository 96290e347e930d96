/* Named drop reasons: every packet that is not transmitted is counted under one.
 *
 * The file that drops declares its reason, DROP_REASON(runt, "runt-frame", "shorter than an
 * Ethernet header"); and counts with drop_count(). Reasons get their numbers before main() from the
 * order of registration; vswitchd learns names, not numbers. docs/drop-reasons.md is checked
 * against this list by a test. */
#ifndef DATAPATH_CORE_DROP_H
#define DATAPATH_CORE_DROP_H

#include "lib/util.h"

#define DROP_MAX_REASONS 96

struct drop_reason {
    const char *name; /* Short, with dashes: what `dpctl/show-drops` prints. */
    const char *help; /* A sentence for a person. */
    unsigned int id;
    struct drop_reason *next;
};

#define DROP_REASON(IDENT, NAME, HELP)                                                             \
    static struct drop_reason drop_##IDENT = {NAME, HELP, 0, NULL};                                \
    CONSTRUCTOR static void drop_register_##IDENT(void)                                            \
    {                                                                                              \
        drop_reason_register(&drop_##IDENT);                                                       \
    }

/* Before main() only. Aborts when there are too many or a name is taken. */
void drop_reason_register(struct drop_reason *);
unsigned int drop_n_reasons(void);
const struct drop_reason *drop_reason_get(unsigned int id);

/* Counts 'n' packets of 'port_no' (0: no port) on worker 'worker' (its own counters: no atomics, no
 * shared line). Fast path. The packets are still the caller's to free. */
void drop_count(unsigned int worker, uint32_t port_no, const struct drop_reason *, uint64_t n);

#endif
