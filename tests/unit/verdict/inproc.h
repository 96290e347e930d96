/* A whole switch but for its processes: vswitchd's upcall handling and ofproto over the real core,
 * whose ports are rings in memory. A provider of dp.h that calls the core's control functions
 * directly, on the thread of the test; workers are real. Header only; what must hold aborts, so
 * that a fuzz target can use it too. */
#ifndef TESTS_UNIT_VERDICT_INPROC_H
#define TESTS_UNIT_VERDICT_INPROC_H

#include <pthread.h>
#include <rte_eal.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "datapath/core/core.h"
#include "datapath/core/meters.h"
#include "datapath/dp.h"
#include "ofproto/bridge.h"
#include "vswitchd/upcall/upcall.h"

#define MUST(X)                                                                                    \
    do {                                                                                           \
        if (!(X)) {                                                                                \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #X);                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#define INPROC_PORTS 6 /* Numbers 1...6. */
#define INPROC_UPCALLS 1024
#define INPROC_COMPLETIONS 65536
#define INPROC_PACKET_MAX 1024
#define INPROC_PATIENCE_MS 60000

struct inproc_upcall {
    struct dp_upcall upcall;
    struct flow_key key;
    uint8_t packet[INPROC_PACKET_MAX];
};

struct inproc_port {
    struct port port;
    struct rte_ring *in, *out;
    int fd;
};

static struct {
    struct dp dp;
    struct core_counters counters;
    struct inproc_port ports[INPROC_PORTS + 1];
    pthread_mutex_t lock; /* Of the upcalls, which workers put. */
    struct inproc_upcall upcalls[INPROC_UPCALLS];
    unsigned int n_upcalls;
    struct dp_completion completions[INPROC_COMPLETIONS];
    unsigned int n_completions;
    unsigned int n_outstanding; /* Operations that will complete by a callback. */
    uint64_t n_fed;
    struct upcall *u;
} inproc = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* --- Ports. */

static inline uint16_t inproc_rx(struct port *port, unsigned int queue UNUSED,
                                 unsigned int worker UNUSED, struct rte_mbuf **pkts, uint16_t n,
                                 uint16_t *errors UNUSED)
{
    struct inproc_port *p = port->priv;
    unsigned int got = rte_ring_dequeue_burst(p->in, (void **)pkts, n, NULL);
    uint64_t count;

    if (rte_ring_empty(p->in) && read(p->fd, &count, 8) == 8 && !rte_ring_empty(p->in)) {
        count = 1;
        MUST(write(p->fd, &count, 8) == 8);
    }
    return (uint16_t)got;
}

static inline int inproc_rx_fd(struct port *port, unsigned int queue UNUSED)
{
    return ((struct inproc_port *)port->priv)->fd;
}

static inline uint16_t inproc_tx(struct port *port, unsigned int queue UNUSED,
                                 unsigned int worker UNUSED, struct rte_mbuf **pkts, uint16_t n,
                                 struct port_refused *refused)
{
    struct inproc_port *p = port->priv;

    *refused = (struct port_refused){0};
    return (uint16_t)rte_ring_enqueue_burst(p->out, (void **)pkts, n, NULL);
}

static const struct port_type inproc_type = {
    .name = "inproc",
    .rx = inproc_rx,
    .rx_fd = inproc_rx_fd,
    .tx = inproc_tx,
};

static inline void inproc_port_add(uint32_t port_no)
{
    struct inproc_port *p = &inproc.ports[port_no];
    struct error err = {0};
    char name[32];

    snprintf(name, sizeof name, "in%u", port_no);
    p->in = rte_ring_create(name, 256, SOCKET_ID_ANY, 0);
    snprintf(name, sizeof name, "out%u", port_no);
    p->out = rte_ring_create(name, 16384, SOCKET_ID_ANY, 0);
    p->fd = eventfd(0, EFD_NONBLOCK);
    MUST(p->in && p->out && p->fd >= 0);
    p->port = (struct port){.type = &inproc_type,
                            .port_no = port_no,
                            .features = PORT_TX_CSUM | PORT_TX_TSO | PORT_TX_MULTI_SEG,
                            .n_rxq = 1,
                            .priv = p};
    snprintf(p->port.name, sizeof p->port.name, "p%u", port_no);
    MUST(!core_port_add(&p->port, &err));
}

/* --- The provider. */

static inline bool inproc_post(unsigned int worker UNUSED, const struct dp_upcall *u,
                               void *aux UNUSED)
{
    bool ok;

    pthread_mutex_lock(&inproc.lock);
    ok = inproc.n_upcalls < INPROC_UPCALLS;
    if (ok) {
        struct inproc_upcall *to = &inproc.upcalls[inproc.n_upcalls++];

        to->upcall = *u;
        flow_key_copy(&to->key, u->key);
        to->upcall.packet_len = MIN_OF(u->packet_len, INPROC_PACKET_MAX);
        memcpy(to->packet, u->packet, to->upcall.packet_len);
    }
    pthread_mutex_unlock(&inproc.lock);
    return ok;
}

static inline void inproc_flush(unsigned int worker UNUSED, void *aux UNUSED)
{
}

static inline void inproc_complete(const struct dp_op *op, int error,
                                   const struct dp_flow_stats *stats)
{
    MUST(inproc.n_completions < INPROC_COMPLETIONS);
    inproc.completions[inproc.n_completions++] = (struct dp_completion){
        .cookie = op->cookie,
        .type = op->type,
        .error = error,
        .flow_no = op->flow_no,
        .stats = stats ? *stats : (struct dp_flow_stats){0}};
}

static inline void inproc_done(int error, const struct dp_flow_stats *stats, void *op)
{
    inproc.n_outstanding--;
    inproc_complete(op, error, stats);
    free(op);
}

static inline void inproc_meter_op(const struct dp_op *op)
{
    bool put = op->type == DP_OP_METER_PUT;
    struct dp_op *later = xmemdup(op, sizeof *op);
    int error;

    inproc.n_outstanding++;
    error = put ? core_meter_put(op->flow_no, op->meter, inproc_done, later)
                : core_meter_del(op->flow_no, inproc_done, later);
    if (error) {
        inproc_done(error, NULL, later);
    }
}

static inline void inproc_op(const struct dp_op *op)
{
    struct dp_op *later;
    struct error err;

    switch (op->type) {
    case DP_OP_FLOW_PUT:
        MUST(!dp_actions_validate(op->actions, op->actions_len, &err));
        inproc_complete(op,
                        core_flow_put(op->flow_no, op->key, op->mask, op->actions, op->actions_len,
                                      op->pending),
                        NULL);
        break;
    case DP_OP_EXECUTE:
        MUST(!dp_actions_validate(op->actions, op->actions_len, &err));
        inproc_complete(op,
                        core_execute(op->pending, op->packet, op->packet_len, op->in_port,
                                     op->actions, op->actions_len),
                        NULL);
        break;
    case DP_OP_FLOW_DEL: {
        int error;

        later = xmemdup(op, sizeof *op);
        inproc.n_outstanding++;
        error = core_flow_del(op->flow_no, inproc_done, later);
        if (error) {
            inproc_done(error, NULL, later);
        }
        break;
    }
    case DP_OP_METER_PUT:
    case DP_OP_METER_DEL: inproc_meter_op(op); break;
    case DP_OP_BARRIER:
        inproc.n_outstanding++;
        core_barrier(inproc_done, xmemdup(op, sizeof *op));
        break;
    default: MUST(!"such an operation");
    }
}

static inline int inproc_submit(struct dp *dp UNUSED, const struct dp_op *ops, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        inproc_op(&ops[i]);
    }
    return (int)n;
}

static inline int inproc_flow_stats(struct dp *dp UNUSED, uint32_t flow_no,
                                    struct dp_flow_stats *ret)
{
    *ret = (struct dp_flow_stats){0};
    for (unsigned int w = 0; w < CORE_MAX_WORKERS; w++) {
        const struct core_flow_counter *c = &inproc.counters.flows[w][flow_no];

        ret->packets += __atomic_load_n(&c->packets, __ATOMIC_RELAXED);
        ret->bytes += __atomic_load_n(&c->bytes, __ATOMIC_RELAXED);
        ret->used_ms = MAX_OF(ret->used_ms, __atomic_load_n(&c->used_ms, __ATOMIC_RELAXED));
    }
    return 0;
}

static inline int inproc_flow_list(struct dp *dp UNUSED,
                                   void (*cb)(const struct dp_flow *, void *aux), void *aux,
                                   struct error *err UNUSED)
{
    core_flow_list(cb, aux);
    return 0;
}

static const struct dp_provider inproc_provider = {
    .name = "inproc",
    .submit = inproc_submit,
    .flow_stats = inproc_flow_stats,
    .flow_list = inproc_flow_list,
};

/* --- Life. */

static inline void *inproc_zeros(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);

    MUST(p != MAP_FAILED);
    return p;
}

/* Once. */
static inline void inproc_start(unsigned int mask_limit)
{
    const char *argv[] = {"inproc", "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry",
                          "-m",     "128",       "-l",          "0",        "--log-level",
                          "lib.*:3"};
    static const struct core_upcall_sink sink = {inproc_post, inproc_flush, NULL};
    struct core_settings settings;
    struct error err = {0};

    MUST(rte_eal_init((int)ARRAY_SIZE(argv), (char **)argv) >= 0);
    for (unsigned int i = 0; i < CORE_MAX_WORKERS; i++) {
        inproc.counters.flows[i] = inproc_zeros(DP_MAX_FLOWS * sizeof(struct core_flow_counter));
        inproc.counters.ports[i] = inproc_zeros(DP_MAX_PORTS * sizeof(struct core_port_counter));
        inproc.counters.drops[i] = inproc_zeros(DP_MAX_PORTS * DROP_MAX_REASONS * sizeof(uint64_t));
        inproc.counters.meters[i] = inproc_zeros(DP_MAX_METERS * sizeof(struct core_meter_counter));
        inproc.counters.totals[i] = inproc_zeros(sizeof(struct core_totals));
    }
    core_settings_default(&settings);
    settings.n_workers = 1;
    settings.mask_limit = mask_limit;
    settings.upcall_rate = 0;
    settings.pending_timeout_ms = INPROC_PATIENCE_MS; /* A slow machine is no reason. */
    if (core_start(&settings, &inproc.counters, &sink, &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    inproc.dp.provider = &inproc_provider;
    for (uint32_t p = 1; p <= INPROC_PORTS; p++) {
        inproc_port_add(p);
    }
}

/* A switch over it that knows nothing. */
static inline struct upcall *inproc_attach(struct ofproto_set *set, uint64_t now_ms, bool fresh)
{
    inproc.u = upcall_new(NULL, set);
    upcall_set_dp(inproc.u, &inproc.dp);
    upcall_start(inproc.u, fresh, now_ms);
    return inproc.u;
}

/* --- Turning the crank. */

static inline uint64_t inproc_counter(size_t offset)
{
    uint64_t sum = 0;

    for (uint32_t p = 0; p <= INPROC_PORTS; p++) {
        sum += *(volatile uint64_t *)((char *)&inproc.counters.ports[0][p] + offset);
    }
    return sum;
}

static inline uint64_t inproc_drops(void)
{
    uint64_t sum = 0;

    for (uint32_t p = 0; p <= INPROC_PORTS; p++) {
        for (unsigned int r = 0; r < drop_n_reasons(); r++) {
            sum += *(volatile uint64_t *)&inproc.counters.drops[0][p * DROP_MAX_REASONS + r];
        }
    }
    return sum;
}

struct inproc_counts {
    uint64_t rx, tx, parked, injected, copies, drops;
};

static inline struct inproc_counts inproc_count(void)
{
    const volatile struct core_totals *t = inproc.counters.totals[0];

    return (struct inproc_counts){
        .rx = inproc_counter(offsetof(struct core_port_counter, rx_packets)),
        .tx = inproc_counter(offsetof(struct core_port_counter, tx_packets)),
        .parked = t->parked,
        .injected = t->injected,
        .copies = t->copies,
        .drops = inproc_drops()};
}

/* Every packet that was fed has become something. Counters are not read all at one moment: what
 * they say holds when they say it twice. */
static inline bool inproc_all_counted(void)
{
    struct inproc_counts once = inproc_count(), again = inproc_count();

    return !memcmp(&once, &again, sizeof once) && once.rx == inproc.n_fed && !once.parked &&
           once.rx + once.injected + once.copies == once.tx + once.drops;
}

/* Delivers what there is; true while something is to come. */
static inline bool inproc_turn(void)
{
    static struct inproc_upcall taken[INPROC_UPCALLS];
    unsigned int n;

    core_poll();
    pthread_mutex_lock(&inproc.lock);
    n = inproc.n_upcalls;
    memcpy(taken, inproc.upcalls, n * sizeof taken[0]);
    inproc.n_upcalls = 0;
    pthread_mutex_unlock(&inproc.lock);
    for (unsigned int i = 0; i < n; i++) {
        taken[i].upcall.key = &taken[i].key;
        taken[i].upcall.packet = taken[i].packet;
        upcall_handle(inproc.u, &taken[i].upcall, 1, time_now_ms());
    }
    while (inproc.n_completions) {
        static struct dp_completion done[INPROC_COMPLETIONS];
        unsigned int n_done = inproc.n_completions;

        memcpy(done, inproc.completions, n_done * sizeof done[0]);
        inproc.n_completions = 0;
        upcall_completions(inproc.u, done, n_done);
    }
    return n || inproc.n_outstanding || !inproc_all_counted();
}

/* Until all that was fed has gone its way. Tables stay as they are, but for what packets teach. */
static inline void inproc_settle(void)
{
    uint64_t until = time_now_ms() + INPROC_PATIENCE_MS;

    while (inproc_turn()) {
        MUST(time_now_ms() < until);
        usleep(20);
    }
}

static inline void inproc_passed(int error UNUSED, const struct dp_flow_stats *stats UNUSED,
                                 void *aux UNUSED)
{
    inproc.n_outstanding--;
}

/* What was asked for before is in force, or under way, when inproc_settle() returns. */
static inline void inproc_barrier(void)
{
    inproc.n_outstanding++;
    core_barrier(inproc_passed, NULL);
}

static inline void inproc_synced(void *aux)
{
    *(bool *)aux = true;
}

/* Until the cached flows agree with the tables. */
static inline void inproc_sync(struct ofproto_set *set)
{
    uint64_t until = time_now_ms() + INPROC_PATIENCE_MS, generation;

    do {
        bool done = false;

        generation = ofproto_set_generation(set);
        upcall_sync(inproc.u, inproc_synced, &done);
        while (!done) {
            upcall_run(inproc.u, time_now_ms());
            inproc_turn();
            MUST(time_now_ms() < until);
        }
    } while (generation != ofproto_set_generation(set));
    inproc_settle();
}

/* Behind upcall_free(): what it asked for is done, and nobody is told. */
static inline void inproc_detach(void)
{
    uint64_t until = time_now_ms() + INPROC_PATIENCE_MS;

    inproc_barrier();
    while (inproc.n_outstanding) {
        core_poll();
        usleep(20);
        MUST(time_now_ms() < until);
    }
    inproc.n_completions = inproc.n_upcalls = 0;
    core_upcalls_reset();
}

static inline void inproc_feed(uint32_t port_no, const void *data, uint16_t len)
{
    struct rte_mbuf *m = rte_pktmbuf_alloc(core_pools()->small);
    uint64_t one = 1;

    MUST(m);
    memcpy(rte_pktmbuf_append(m, len), data, len);
    inproc.n_fed++;
    MUST(!rte_ring_enqueue(inproc.ports[port_no].in, m));
    MUST(write(inproc.ports[port_no].fd, &one, 8) == 8);
}

/* Takes one packet that left the port; its length, 0: there is none. */
static inline uint32_t inproc_take(uint32_t port_no, void *data, uint32_t size)
{
    struct rte_mbuf *m;
    uint32_t len;

    if (rte_ring_dequeue(inproc.ports[port_no].out, (void **)&m)) {
        return 0;
    }
    len = m->pkt_len;
    MUST(len <= size);
    MUST(rte_pktmbuf_read(m, 0, len, data));
    if (rte_pktmbuf_read(m, 0, len, data) != data) {
        memcpy(data, rte_pktmbuf_mtod(m, void *), len);
    }
    rte_pktmbuf_free(m);
    return len;
}

#endif
