/* See chores.h. */
#include "ofproto/chores.h"

#include <time.h>

#include "ofproto/bridge.h"

#define SLICE_US 500

static uint64_t now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static uint64_t slice_end(void)
{
    return now_us() + SLICE_US;
}

bool chore_slice_is_over(uint64_t end_us)
{
    return now_us() >= end_us;
}

/* One slice of it; true when it is done. */
static bool run_slice(struct ofproto_set *set, struct chore *c, uint64_t end_us)
{
    /* Out of the list meanwhile: when it is done its memory may be gone. */
    TAILQ_REMOVE(&set->chores, c, node);
    if (c->run(c, end_us)) {
        return true;
    }
    TAILQ_INSERT_TAIL(&set->chores, c, node);
    return false;
}

void set_finish_chores(struct ofproto_set *set)
{
    while (!TAILQ_EMPTY(&set->chores)) {
        run_slice(set, TAILQ_FIRST(&set->chores), UINT64_MAX);
    }
}

void set_add_chore(struct ofproto_set *set, struct chore *c)
{
    TAILQ_INSERT_TAIL(&set->chores, c, node);
    if (set->hooks.work) {
        set->hooks.work(set->hooks.aux);
    } else {
        while (!run_slice(set, c, UINT64_MAX)) {
        }
    }
}

void set_cancel_chore(struct ofproto_set *set, struct chore *c)
{
    TAILQ_REMOVE(&set->chores, c, node);
}

bool ofproto_set_work(struct ofproto_set *set)
{
    if (!TAILQ_EMPTY(&set->chores)) {
        run_slice(set, TAILQ_FIRST(&set->chores), slice_end());
    }
    set_tell_changes(set);
    return !TAILQ_EMPTY(&set->chores);
}
