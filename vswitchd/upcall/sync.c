/* Waiting until the cached flows agree with the tables and that is in force: upcall_sync().
 *
 * Each waiter notes the tables' generation at its request. It waits until that one is settled
 * (revalidate.c), then for a barrier of the datapath behind what that changed: none, when it
 * changed nothing. So changes that never end put off nobody, and waiters share passes and barriers.
 */
#include <stdlib.h>

#include "vswitchd/upcall/internal.h"

struct sync_waiter {
    TAILQ_ENTRY(sync_waiter) node;
    uint64_t generation;
    bool is_settled;
    uint64_t serial; /* Once it is settled: of the barrier that it waits for. */
    upcall_synced_cb *done;
    void *aux;
};

/* The barrier behind all that the datapath was asked to change; it may have passed. */
static uint64_t barrier(struct upcall *u)
{
    struct dp_op op = {.type = DP_OP_BARRIER};

    if (u->is_dirty) {
        u->is_dirty = false;
        op.cookie = COOKIE_SYNC << 56 | ++u->sync_serial;
        op_queue_put(&u->ops, &op);
    }
    return u->sync_serial;
}

void upcall_sync(struct upcall *u, upcall_synced_cb *done, void *aux)
{
    struct sync_waiter *w;

    if (u->dp && u->is_running) {
        upcall_settle(u, time_now_ms());
    }
    if (!u->dp || !u->is_running ||
        (u->settled == ofproto_set_generation(u->ofprotos) && barrier(u) <= u->sync_passed)) {
        done(aux);
        return;
    }
    w = xcalloc(1, sizeof *w);
    w->generation = ofproto_set_generation(u->ofprotos);
    w->done = done;
    w->aux = aux;
    TAILQ_INSERT_TAIL(&u->waiters, w, node);
    upcall_kick(u);
}

void upcall_sync_cancel(struct upcall *u, void *aux)
{
    struct sync_waiter *w, *next;

    for (w = TAILQ_FIRST(&u->waiters); w; w = next) {
        next = TAILQ_NEXT(w, node);
        if (w->aux == aux) {
            TAILQ_REMOVE(&u->waiters, w, node);
            free(w);
        }
    }
}

bool sync_wants_more(const struct upcall *u)
{
    const struct sync_waiter *w;

    TAILQ_FOREACH (w, &u->waiters, node) {
        if (u->settled < w->generation) {
            return true;
        }
    }
    return false;
}

/* The callback may ask again, or cancel others. */
static void finish(struct upcall *u, struct sync_waiter *w)
{
    upcall_synced_cb *done = w->done;
    void *aux = w->aux;

    TAILQ_REMOVE(&u->waiters, w, node);
    free(w);
    done(aux);
}

/* So each search begins anew. */
static void finish_passed(struct upcall *u)
{
    struct sync_waiter *w;

    do {
        TAILQ_FOREACH (w, &u->waiters, node) {
            if (w->is_settled && w->serial <= u->sync_passed) {
                finish(u, w);
                break;
            }
        }
    } while (w);
}

void sync_settled(struct upcall *u)
{
    struct sync_waiter *w;

    TAILQ_FOREACH (w, &u->waiters, node) {
        if (!w->is_settled && u->settled >= w->generation) {
            w->is_settled = true;
            w->serial = barrier(u);
        }
    }
    finish_passed(u);
}

void sync_barrier_passed(struct upcall *u, uint64_t serial)
{
    u->sync_passed = MAX_OF(u->sync_passed, serial);
    finish_passed(u);
}

void sync_lost(struct upcall *u)
{
    struct sync_waiter *w;

    u->is_dirty = false;
    u->sync_passed = u->sync_serial;
    while ((w = TAILQ_FIRST(&u->waiters))) {
        finish(u, w);
    }
}

void sync_free(struct upcall *u)
{
    struct sync_waiter *w;

    while ((w = TAILQ_FIRST(&u->waiters))) {
        TAILQ_REMOVE(&u->waiters, w, node);
        free(w);
    }
}
