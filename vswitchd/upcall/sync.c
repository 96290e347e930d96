/* Waiting until the cached flows agree with the tables and that is in force: upcall_sync().
 *
 * Each waiter notes the tables' generation at its request. It waits for a pass that began at that
 * generation or a later one (none, when the last one did and nothing changed since), then for a
 * barrier of the datapath behind what the pass changed. So changes that never end put off nobody,
 * and waiters share passes and barriers. */
#include <stdlib.h>

#include "vswitchd/upcall/internal.h"

struct sync_waiter {
    TAILQ_ENTRY(sync_waiter) node;
    uint64_t generation;
    uint64_t serial; /* Of the barrier that it waits for; 0: for a pass still. */
    upcall_synced_cb *done;
    void *aux;
};

static void finish(struct upcall *u, struct sync_waiter *w)
{
    upcall_synced_cb *done = w->done;
    void *aux = w->aux;

    TAILQ_REMOVE(&u->waiters, w, node);
    free(w);
    done(aux);
}

static bool is_passed(const struct upcall *u, const struct sync_waiter *w)
{
    return !u->in_pass && u->pass_generation >= w->generation;
}

/* Puts a barrier behind what the last pass did, for all who waited for that. */
static void ask_barrier(struct upcall *u)
{
    struct dp_op op = {.type = DP_OP_BARRIER};
    struct sync_waiter *w;
    bool any = false;

    TAILQ_FOREACH (w, &u->waiters, node) {
        if (!w->serial && is_passed(u, w)) {
            w->serial = u->sync_serial + 1;
            any = true;
        }
    }
    if (any) {
        op.cookie = COOKIE_SYNC << 56 | ++u->sync_serial;
        op_queue_put(&u->ops, &op);
    }
}

void upcall_sync(struct upcall *u, upcall_synced_cb *done, void *aux)
{
    struct sync_waiter *w;

    if (!u->dp || !u->is_running) {
        done(aux);
        return;
    }
    w = xcalloc(1, sizeof *w);
    w->generation = ofproto_set_generation(u->ofprotos);
    w->done = done;
    w->aux = aux;
    TAILQ_INSERT_TAIL(&u->waiters, w, node);
    if (is_passed(u, w)) {
        ask_barrier(u);
        upcall_flush_ops(u);
    }
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

bool sync_wants_pass(const struct upcall *u)
{
    const struct sync_waiter *w;

    TAILQ_FOREACH (w, &u->waiters, node) {
        if (!w->serial && u->pass_generation < w->generation) {
            return true;
        }
    }
    return false;
}

void sync_pass_ended(struct upcall *u)
{
    ask_barrier(u);
}

/* The callbacks may ask again, or cancel others: each search begins anew. */
static void finish_all(struct upcall *u, uint64_t serial)
{
    struct sync_waiter *w;

    do {
        TAILQ_FOREACH (w, &u->waiters, node) {
            if (serial == UINT64_MAX || (w->serial && w->serial <= serial)) {
                finish(u, w);
                break;
            }
        }
    } while (w);
}

void sync_barrier_passed(struct upcall *u, uint64_t serial)
{
    finish_all(u, serial);
}

void sync_lost(struct upcall *u)
{
    finish_all(u, UINT64_MAX);
}

void sync_free(struct upcall *u)
{
    struct sync_waiter *w;

    while ((w = TAILQ_FIRST(&u->waiters))) {
        TAILQ_REMOVE(&u->waiters, w, node);
        free(w);
    }
}
