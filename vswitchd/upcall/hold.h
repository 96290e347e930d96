/* Upcalls that came before the configuration was in place: copies of them, in order, bounded. Used
 * by upcall/ alone. */
#ifndef VSWITCHD_UPCALL_HOLD_H
#define VSWITCHD_UPCALL_HOLD_H

#include "datapath/dp.h"

#define HOLD_MAX 4096
#define HOLD_MAX_BYTES (8u << 20)

struct held_upcall;

struct hold {
    struct held_upcall *first, **last;
    size_t n, n_bytes;
};

void hold_init(struct hold *);
void hold_free(struct hold *);
/* False when there is no room: the upcall goes unanswered. */
bool hold_put(struct hold *, const struct dp_upcall *);
/* Calls 'cb' for each in order and forgets them. */
void hold_release(struct hold *, void (*cb)(const struct dp_upcall *, void *aux), void *aux);

#endif
