/* Work that would stop everything else if it were done at once: freeing a million rules, preparing
 * a large bundle. Done in slices, between which packets and connections are served. Control thread.
 */
#ifndef OFPROTO_CHORES_H
#define OFPROTO_CHORES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct ofproto_set;

/* In memory of whoever has the work. */
struct chore {
    TAILQ_ENTRY(chore) node;
    /* Goes on until chore_slice_is_over(); true when nothing is left: then the chore is not touched
     * any more, so it may have freed itself. */
    bool (*run)(struct chore *, uint64_t end_us);
};
TAILQ_HEAD(chore_list, chore);

/* Where nobody does chores (hooks.work, ofproto.h), it is done before the return. */
void set_add_chore(struct ofproto_set *, struct chore *);
/* It is not run any more. It was added, and has not ended. */
void set_cancel_chore(struct ofproto_set *, struct chore *);
/* Runs them all to their end. */
void set_finish_chores(struct ofproto_set *);

bool chore_slice_is_over(uint64_t end_us);

#endif
