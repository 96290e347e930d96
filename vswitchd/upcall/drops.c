/* Packets that policy could not send on, by reason and port. The datapath counts what it drops
 * itself, also what waits in it for an answer; this is about packets of which vswitchd holds the
 * only copy: those that came with an upcall without a token. Called by upcall.c; read by ctl.c. */
#include <stdlib.h>

#include "vswitchd/upcall/internal.h"

static const char *const names[UPCALL_N_DROPS] = {
    [UPCALL_DROP_CUT] = "upcall-cut",
    [UPCALL_DROP_BUSY] = "upcall-busy",
    [UPCALL_DROP_REFUSED] = "execute-refused",
};

void upcall_drop(struct upcall *u, enum upcall_drop reason, uint32_t in_port)
{
    /* Nearly always there is none, and then no memory is needed. */
    if (!u->drops) {
        u->drops = xcalloc(UPCALL_N_DROPS, sizeof *u->drops);
    }
    u->drops[reason][in_port < DP_MAX_PORTS ? in_port : 0]++;
}

void upcall_drops(const struct upcall *u, struct dp_drop **list, size_t *n)
{
    for (unsigned int reason = 0; u->drops && reason < UPCALL_N_DROPS; reason++) {
        for (uint32_t port = 0; port < DP_MAX_PORTS; port++) {
            if (u->drops[reason][port]) {
                *list = xreallocarray(*list, *n + 1, sizeof **list);
                (*list)[(*n)++] = (struct dp_drop){names[reason], port, u->drops[reason][port]};
            }
        }
    }
}
