/* When what workers might still hold may be freed, and when all of them have seen what was done.
 *
 * Calls gather in a batch; a batch that is closed waits until every worker has passed a quiescent
 * state and has carried out the messages sent before. Control thread; grace_wait() alone blocks. */
#include "datapath/core/private.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCHES 3 /* That one poll may end. */

struct call {
    STAILQ_ENTRY(call) link;
    void (*fn)(void *);
    void *arg;
};
STAILQ_HEAD(call_list, call);

/* What must have happened: a moment in the workers' lives. */
struct moment {
    uint64_t rcu;
    uint64_t n_messages[CORE_MAX_WORKERS];
};

static struct call_list gathering = STAILQ_HEAD_INITIALIZER(gathering);
static struct call_list closed = STAILQ_HEAD_INITIALIZER(closed);
static struct moment closed_at;

static void moment_now(struct moment *m)
{
    memset(m, 0, sizeof *m);
    m->rcu = rte_rcu_qsbr_start(core.rcu);
    for (unsigned int i = 0; i < core.n_workers; i++) {
        const struct worker *w = core.workers[i];
        const struct core_message *waiting;

        m->n_messages[i] = w->n_sent;
        STAILQ_FOREACH (waiting, &w->waiting, link) {
            m->n_messages[i]++;
        }
    }
}

static bool moment_passed(const struct moment *m)
{
    for (unsigned int i = 0; i < core.n_workers; i++) {
        const struct worker *w = core.workers[i];

        if (__atomic_load_n(&w->n_taken, __ATOMIC_ACQUIRE) < m->n_messages[i]) {
            return false;
        }
    }
    return rte_rcu_qsbr_check(core.rcu, m->rcu, false) == 1;
}

void grace_defer(void (*fn)(void *), void *arg)
{
    struct call *c = xmalloc(sizeof *c);

    *c = (struct call){.fn = fn, .arg = arg};
    STAILQ_INSERT_TAIL(&gathering, c, link);
}

static void run(struct call_list *list)
{
    struct call *c;

    while ((c = STAILQ_FIRST(list))) {
        STAILQ_REMOVE_HEAD(list, link);
        c->fn(c->arg);
        free(c);
    }
}

bool grace_poll(void)
{
    /* Workers that sleep pass at once, so that a batch often ends with the call that closed it. */
    for (unsigned int i = 0; i < BATCHES; i++) {
        if (!STAILQ_EMPTY(&closed)) {
            struct call_list due = STAILQ_HEAD_INITIALIZER(due);

            if (!moment_passed(&closed_at)) {
                return false;
            }
            STAILQ_CONCAT(&due, &closed);
            run(&due);
        }
        if (STAILQ_EMPTY(&gathering)) {
            return true;
        }
        STAILQ_CONCAT(&closed, &gathering);
        moment_now(&closed_at);
    }
    return false;
}

void grace_wait(void)
{
    static const struct timespec pause = {0, 20000};
    struct moment m;

    moment_now(&m);
    while (!moment_passed(&m)) {
        for (unsigned int i = 0; i < core.n_workers; i++) {
            message_collect(core.workers[i]);
        }
        nanosleep(&pause, NULL);
    }
}
