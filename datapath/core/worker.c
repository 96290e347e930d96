/* A worker: the thread that goes round its queues.
 *
 * A round is: messages, the queues that must be polled, the queues whose fd is ready, transmit.
 * Between rounds the worker holds no reference to anything shared, and says so (RCU). After a few
 * rounds with nothing to do it sleeps in epoll, offline for RCU: until an fd is readable or
 * somebody wakes it when all of its queues have fds, else for a time that doubles up to a
 * millisecond. */
#include "datapath/core/private.h"

#include <errno.h>
#include <rte_cycles.h>
#include <rte_lcore.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MAX_EVENTS 64
#define IDLE_ROUNDS_FD 8        /* A round costs a system call. */
#define IDLE_ROUNDS_POLLED 4096 /* One costs next to nothing, */
#define FD_EVERY 16             /* and looks at fds now and then. */
#define MIN_SLEEP_US 20
#define MAX_SLEEP_US 1000

static void take_time(struct worker *w)
{
    uint64_t tsc = rte_rdtsc();

    w->births = wildcard_births(core.wildcard);
    if (tsc - w->now_tsc > core.tsc_per_ms / 2) {
        w->now_tsc = tsc;
        w->now_ms = time_now_ms();
    }
}

static uint16_t receive(struct worker *w, struct core_queue *q)
{
    uint16_t errors = 0;
    uint16_t n = q->port->type->rx(q->port, q->queue, w->id, w->burst.pkts, CORE_BURST, &errors);

    if (unlikely(errors)) {
        w->ports[q->port_no].rx_errors += errors;
    }
    if (n) {
        w->totals->bursts++;
        burst_run(w, q, n);
        if (unlikely(w->n_again)) {
            recirculate_run(w);
        }
    }
    return n;
}

/* The queue that an event is of, NULL when it is not ours any more: events may be stale. */
static struct core_queue *event_queue(const struct worker *w, uint32_t data)
{
    uint32_t port_no = data / PORT_MAX_QUEUES;
    struct core_queue *q;

    if (port_no >= DP_MAX_PORTS) {
        return NULL;
    }
    q = __atomic_load_n(&core.queues[port_no][data % PORT_MAX_QUEUES], __ATOMIC_ACQUIRE);
    return q && q->worker == w->id ? q : NULL;
}

static unsigned int run_events(struct worker *w, const struct epoll_event *events, int n)
{
    unsigned int packets = 0;

    for (int i = 0; i < n; i++) {
        struct core_queue *q = event_queue(w, events[i].data.u32);
        uint64_t count;

        if (q) {
            packets += receive(w, q);
        } else if (events[i].data.u32 == UINT32_MAX &&
                   read(w->wake_fd, &count, sizeof count) != sizeof count) {
            continue; /* Somebody else's wake-up was enough. */
        }
    }
    return packets;
}

static unsigned int run_polled(struct worker *w)
{
    const struct core_polled *polled = __atomic_load_n(&w->polled, __ATOMIC_ACQUIRE);
    unsigned int packets = 0;

    for (unsigned int i = 0; polled && i < polled->n; i++) {
        packets += receive(w, polled->queues[i]);
    }
    return packets;
}

static bool has_polled(const struct worker *w)
{
    const struct core_polled *polled = __atomic_load_n(&w->polled, __ATOMIC_ACQUIRE);

    return polled && polled->n;
}

/* How long to sleep at most, in microseconds; -1: for ever. */
static int64_t sleep_time(const struct worker *w, unsigned int rounds)
{
    int64_t us = -1;

    if (w->pending->n_entries) {
        uint64_t deadline = w->pending->entries[w->pending->oldest - 1].deadline_ms;

        us = deadline > w->now_ms ? (int64_t)(deadline - w->now_ms) * 1000 : 0;
    }
    if (has_polled(w)) {
        unsigned int doublings = RTE_MIN(rounds - IDLE_ROUNDS_POLLED, 6u);
        int64_t back_off = RTE_MIN(MIN_SLEEP_US << doublings, MAX_SLEEP_US);

        us = us < 0 ? back_off : RTE_MIN(us, back_off);
    }
    return us;
}

static int wait_events(struct worker *w, struct epoll_event *events, int64_t us)
{
    struct timespec t = {us / 1000000, us % 1000000 * 1000};
    uint64_t before = rte_rdtsc();
    int n = 0;

    rte_rcu_qsbr_thread_offline(core.rcu, w->id);
    __atomic_store_n(&w->asleep, true, __ATOMIC_SEQ_CST);
    /* Whoever puts something in the inbox first does so, then reads 'asleep'. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (rte_ring_empty(w->inbox) && !__atomic_load_n(&w->stop, __ATOMIC_SEQ_CST)) {
        n = epoll_pwait2(w->epoll_fd, events, MAX_EVENTS, us < 0 ? NULL : &t, NULL);
        w->totals->sleeps++;
    }
    __atomic_store_n(&w->asleep, false, __ATOMIC_SEQ_CST);
    rte_rcu_qsbr_thread_online(core.rcu, w->id);
    w->now_tsc = 0;
    take_time(w);
    w->totals->idle_cycles += rte_rdtsc() - before;
    return n;
}

static unsigned int round_of(struct worker *w, unsigned int number, unsigned int idle)
{
    struct epoll_event events[MAX_EVENTS];
    bool polled = has_polled(w);
    unsigned int work = 0;
    int n = 0;

    if (!rte_ring_empty(w->inbox)) {
        work += message_run(w);
    }
    if (polled) {
        work += run_polled(w);
    }
    if (idle > (polled ? IDLE_ROUNDS_POLLED : IDLE_ROUNDS_FD) && !work) {
        transmit_flush(w);
        n = wait_events(w, events, sleep_time(w, idle));
    } else if (!polled || number % FD_EVERY == 0) {
        n = epoll_wait(w->epoll_fd, events, MAX_EVENTS, 0);
    }
    if (n > 0) {
        work += run_events(w, events, n);
    }
    if (w->posted) {
        w->posted = false;
        core.sink.flush(w->id, core.sink.aux);
    }
    transmit_flush(w);
    if (unlikely(w->pending->n_entries)) {
        miss_expire(w);
    }
    return work;
}

static void *worker_main(void *worker)
{
    struct worker *w = worker;
    unsigned int idle = 0;
    char name[16];

    snprintf(name, sizeof name, "worker%u", w->id);
    pthread_setname_np(pthread_self(), name);
    rte_thread_register(); /* For the mempools' caches; works without, slower. */
    rte_rcu_qsbr_thread_online(core.rcu, w->id);
    for (unsigned int number = 0; !__atomic_load_n(&w->stop, __ATOMIC_RELAXED); number++) {
        uint64_t before, cycles, slept = w->totals->idle_cycles;
        unsigned int work;

        rte_rcu_qsbr_quiescent(core.rcu, w->id);
        take_time(w);
        before = rte_rdtsc();
        work = round_of(w, number, idle);
        cycles = rte_rdtsc() - before - (w->totals->idle_cycles - slept);
        if (work) {
            idle = 0;
            w->totals->busy_cycles += cycles;
        } else {
            idle += idle < UINT32_MAX;
            w->totals->idle_cycles += cycles;
        }
    }
    transmit_flush(w);
    rte_rcu_qsbr_thread_offline(core.rcu, w->id);
    rte_thread_unregister();
    return NULL;
}

void worker_wake(struct worker *w)
{
    uint64_t one = 1;

    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&w->asleep, __ATOMIC_SEQ_CST) &&
        write(w->wake_fd, &one, sizeof one) != sizeof one) {
        return; /* The counter is full: it is awake by now. */
    }
}

/* Worker i runs on the i-th CPU of settings.cores, if there are any. */
void worker_pin(struct worker *w)
{
    uint64_t cores = core.settings.cores;
    unsigned int n = (unsigned int)__builtin_popcountll(cores);
    cpu_set_t set;

    CPU_ZERO(&set);
    if (cores) {
        unsigned int skip = w->id % n;

        while (skip--) {
            cores &= cores - 1;
        }
        CPU_SET(__builtin_ctzll(cores), &set);
    } else {
        for (int i = 0; i < CPU_SETSIZE; i++) {
            CPU_SET(i, &set); /* The kernel takes those that exist. */
        }
    }
    pthread_setaffinity_np(w->thread, sizeof set, &set);
}

static int worker_parts(struct worker *w, struct error *err)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = UINT32_MAX};
    struct pending_limits limits;
    char name[RTE_RING_NAMESIZE];
    int error;

    pending_limits_of(&core.settings, &limits);
    w->told = xcalloc(DP_MAX_PORTS, sizeof *w->told);
    w->again = xcalloc(CORE_AGAIN, sizeof *w->again);
    if (exact_cache_new(CORE_EXACT_ENTRIES, &w->exact) ||
        pending_new(w->id, &limits, &w->pending)) {
        return error_set(err, ENOMEM, "worker %u: no memory for its caches", w->id);
    }
    error = offload_ctx_new(w->id, &w->offload, err);
    if (error) {
        return error;
    }
    snprintf(name, sizeof name, "inbox%u", w->id);
    w->inbox = rte_ring_create(name, CORE_MESSAGES * 2, SOCKET_ID_ANY,
                               RING_F_SP_ENQ | RING_F_SC_DEQ);
    snprintf(name, sizeof name, "outbox%u", w->id);
    w->outbox = rte_ring_create(name, CORE_MESSAGES * 2, SOCKET_ID_ANY,
                                RING_F_SP_ENQ | RING_F_SC_DEQ);
    if (!w->inbox || !w->outbox) {
        return error_set(err, ENOMEM, "worker %u: no memory for its message rings", w->id);
    }
    w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    w->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (w->epoll_fd < 0 || w->wake_fd < 0 ||
        epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, w->wake_fd, &event)) {
        return error_set_errno(err, errno, "worker %u: no file descriptors to sleep on", w->id);
    }
    return 0;
}

int worker_new(unsigned int id, struct worker **ret, struct error *err)
{
    struct worker *w = aligned_alloc(64, ROUND_UP(sizeof *w, 64));
    int error;

    if (!w) {
        return error_set(err, ENOMEM, "worker %u: no memory", id);
    }
    memset(w, 0, sizeof *w);
    w->id = id;
    w->epoll_fd = w->wake_fd = -1;
    STAILQ_INIT(&w->waiting);
    w->n_sent = w->n_back = w->n_taken = core.n_messages[id];
    w->ports = core.counters.ports[id];
    w->flows = core.counters.flows[id];
    w->totals = core.counters.totals[id];
    w->env = (struct action_env){id,
                                 &core.pools,
                                 &w->totals->copies,
                                 transmit_output,
                                 transmit_output_trunc,
                                 miss_upcall,
                                 core.counters.meters[id],
                                 recirculate_put,
                                 false,
                                 0};
    error = worker_parts(w, err);
    if (!error) {
        rte_rcu_qsbr_thread_register(core.rcu, id);
        error = pthread_create(&w->thread, NULL, worker_main, w);
        if (error) {
            error = error_set_errno(err, error, "worker %u: its thread does not start", id);
        }
    }
    if (error) {
        worker_free(w);
        return error;
    }
    w->started = true;
    worker_pin(w);
    *ret = w;
    return 0;
}

static void drop_all_pending(struct worker *w)
{
    for (uint32_t p = 0; w->pending->n_entries && p < DP_MAX_PORTS; p++) {
        miss_purge(w, p);
    }
}

bool worker_is_idle(const struct worker *w)
{
    return !w->n_queues && STAILQ_EMPTY(&w->waiting) && w->n_sent == w->n_back &&
           !__atomic_load_n(&w->pending->n_entries, __ATOMIC_ACQUIRE);
}

void worker_free(struct worker *w)
{
    if (!w) {
        return;
    }
    if (w->started) {
        __atomic_store_n(&w->stop, true, __ATOMIC_SEQ_CST);
        worker_wake(w);
        pthread_join(w->thread, NULL);
        while (message_collect(w)) {
            message_run(w);
        }
        core.n_messages[w->id] = w->n_sent;
        transmit_flush(w);
        drop_all_pending(w);
        rte_rcu_qsbr_thread_unregister(core.rcu, w->id);
    }
    if (w->epoll_fd >= 0) {
        close(w->epoll_fd);
    }
    if (w->wake_fd >= 0) {
        close(w->wake_fd);
    }
    rte_ring_free(w->inbox);
    rte_ring_free(w->outbox);
    offload_ctx_free(w->offload);
    pending_free(w->pending);
    exact_cache_free(w->exact);
    free(w->polled);
    free(w->told);
    free(w->again);
    free(w);
}
