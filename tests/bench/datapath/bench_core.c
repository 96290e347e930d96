/* A micro benchmark of the core: one worker between a port that makes 64-byte frames (60 in the
 * mbuf, without CRC) of N UDP flows, uniformly at random, and a port that frees what it is sent. No
 * driver, no system call: what is left is the cost of the way through parser, caches and actions,
 * and of the two ports themselves, which the row "no switch" shows. Prints a table; the best and
 * the median of the windows, because machines are shared. Usage: bench_core [ROW-SUBSTRING] */
#include <math.h>
#include <pthread.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "datapath/core/core.h"
#include "datapath/port/port.h"

#define WINDOWS 9
#define WINDOW_US 150000
#define MAX_FLOWS 1000000
#define QUEUE 65536 /* Upcalls. */

/* --- The ports. */

static struct {
    uint32_t n_flows;
    uint32_t random;
    bool fresh; /* Actions change the frames: write them anew. Else the buffers still have them. */
    uint32_t strays; /* One frame in so many is of a new flow, which nobody answers for; 0: none. */
    uint8_t frame[64];
} gen;

static uint32_t gen_next(void)
{
    gen.random = gen.random * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)gen.random * gen.n_flows >> 32);
}

/* Flow i: source address and port; the destination port is the same for all. */
static void gen_fill(struct rte_mbuf *m)
{
    uint32_t flow = gen_next(), ip = 0x0a000000 + flow;
    uint16_t port = (uint16_t)(1024 + flow % 60000);
    uint8_t *p = rte_pktmbuf_mtod(m, uint8_t *);

    if (gen.fresh) {
        memcpy(p, gen.frame, 60);
    }
    if (gen.strays) {
        static uint32_t n;
        uint32_t stray = ++n % gen.strays ? 0 : n;

        memcpy(p + 6, gen.frame + 6, 6);
        memcpy(p + 7, &stray, 4);
        p[37] = stray ? 54 : 53;
    }
    memcpy(p + 26, &ip, 4);
    memcpy(p + 34, &port, 2);
    m->data_len = 60;
    m->pkt_len = 60;
}

static uint16_t gen_rx(struct port *port, unsigned int queue UNUSED, unsigned int worker UNUSED,
                       struct rte_mbuf **pkts, uint16_t n, uint16_t *errors UNUSED)
{
    const struct port_pools *pools = port->priv;

    if (!gen.n_flows || rte_pktmbuf_alloc_bulk(pools->small, pkts, n)) {
        return 0;
    }
    for (uint16_t i = 0; i < n; i++) {
        gen_fill(pkts[i]);
    }
    return n;
}

static uint16_t sink_tx(struct port *port UNUSED, unsigned int queue UNUSED,
                        unsigned int worker UNUSED, struct rte_mbuf **pkts, uint16_t n,
                        struct port_refused *refused UNUSED)
{
    rte_pktmbuf_free_bulk(pkts, n);
    return n;
}

static uint16_t no_rx(struct port *port UNUSED, unsigned int queue UNUSED,
                      unsigned int worker UNUSED, struct rte_mbuf **pkts UNUSED, uint16_t n UNUSED,
                      uint16_t *errors UNUSED)
{
    return 0;
}

static const struct port_type gen_type = {.name = "gen", .rx = gen_rx, .tx = sink_tx};
static const struct port_type sink_type = {.name = "sink", .rx = no_rx, .tx = sink_tx};

/* --- Policy in small. */

static struct {
    struct flow_key key;
    uint64_t pending;
} queue[QUEUE];
static unsigned int head, tail;

static bool post(unsigned int worker UNUSED, const struct dp_upcall *u, void *aux UNUSED)
{
    unsigned int h = head;

    if (h - __atomic_load_n(&tail, __ATOMIC_ACQUIRE) == QUEUE) {
        return false;
    }
    flow_key_copy(&queue[h % QUEUE].key, u->key);
    queue[h % QUEUE].pending = u->pending;
    __atomic_store_n(&head, h + 1, __ATOMIC_RELEASE);
    return true;
}

static void flush(unsigned int worker UNUSED, void *aux UNUSED)
{
}

enum mask_kind { PORT, SOURCE_MAC, L4_RULE, FIVE_TUPLE, N_MASKS };

static void make_mask(struct flow_mask *mask, enum mask_kind kind, unsigned int extra)
{
    flow_mask_init(mask);
    FLOW_MASK_FIELD(mask, recirc_id);
    FLOW_MASK_FIELD(mask, in_port);
    if (kind == SOURCE_MAC) {
        FLOW_MASK_FIELD(mask, eth_src);
    } else if (kind != PORT) {
        FLOW_MASK_FIELD(mask, eth_type);
        FLOW_MASK_FIELD(mask, nw_frag);
        FLOW_MASK_FIELD(mask, nw_proto);
        FLOW_MASK_FIELD(mask, tp_dst);
    }
    if (kind == FIVE_TUPLE) {
        FLOW_MASK_FIELD(mask, eth_src);
        FLOW_MASK_FIELD(mask, eth_dst);
        FLOW_MASK_FIELD(mask, nw_src);
        FLOW_MASK_FIELD(mask, nw_dst);
        FLOW_MASK_FIELD(mask, tp_src);
    }
    if (kind == N_MASKS) {
        /* Nested: each longer than the one before. */
        FLOW_MASK_FIELD(mask, nw_src);
        mask->bits.nw_dst = be32_make(extra ? UINT32_MAX << (32 - extra) : 0);
    }
    flow_mask_seal(mask);
}

static uint32_t next_flow;
static unsigned int n_masks;

/* Answers all upcalls that are there; returns how many. */
static unsigned int answer(enum mask_kind kind, const struct dp_actions *actions)
{
    unsigned int n = 0;

    for (; tail != __atomic_load_n(&head, __ATOMIC_ACQUIRE); n++) {
        struct flow_mask mask;

        make_mask(&mask, kind, next_flow % (n_masks ? n_masks : 1));
        core_flow_put(next_flow++, &queue[tail % QUEUE].key, &mask, actions->data, actions->len,
                      queue[tail % QUEUE].pending);
        __atomic_store_n(&tail, tail + 1, __ATOMIC_RELEASE);
        if (n % 64 == 63) {
            core_poll();
        }
    }
    core_poll();
    return n;
}

/* --- Measuring. */

static struct core_counters counters;
static struct port gen_port = {.type = &gen_type, .name = "gen", .port_no = 1};
static struct port sink_port = {.type = &sink_type, .name = "sink", .port_no = 2};
static const char *only;

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void print_row(const char *name, uint32_t flows, double *cycles)
{
    double ghz = (double)rte_get_tsc_hz() / 1e9;

    qsort(cycles, WINDOWS, sizeof *cycles, compare);
    printf("%-34s %8u flows  %6.1f cycles (median %6.1f)  %6.2f Mpps\n", name, flows, cycles[0],
           cycles[WINDOWS / 2], ghz * 1e3 / cycles[0]);
    fflush(stdout);
}

static bool wanted(const char *name)
{
    return !only || strstr(name, only);
}

static double clock_s(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* CPU time of the other thread, the worker: what other programs take does not count. */
static double worker_cycles(void)
{
    return (clock_s(CLOCK_PROCESS_CPUTIME_ID) - clock_s(CLOCK_THREAD_CPUTIME_ID)) *
           (double)rte_get_tsc_hz();
}

static void measure(const char *name, uint32_t flows)
{
    volatile const uint64_t *sent = &counters.ports[0][2].tx_packets;
    double cycles[WINDOWS];

    for (unsigned int i = 0; i < WINDOWS; i++) {
        double before = worker_cycles();
        uint64_t packets = *sent;

        usleep(WINDOW_US);
        core_poll();
        cycles[i] = (worker_cycles() - before) / (double)(*sent - packets);
    }
    print_row(name, flows, cycles);
}

static void deleted(int error UNUSED, const struct dp_flow_stats *stats UNUSED, void *aux)
{
    ++*(uint32_t *)aux;
}

static void forget_all(void)
{
    uint32_t n = 0, want = 0;

    for (uint32_t i = 0; i < next_flow; i++) {
        want += !core_flow_del(i, deleted, &n);
        if (i % 4096 == 0) {
            core_poll();
        }
    }
    while (n < want) {
        core_poll();
        usleep(10);
    }
    next_flow = 0;
}

static void settle(enum mask_kind kind, const struct dp_actions *actions, uint32_t flows)
{
    unsigned int quiet = 0;

    gen.n_flows = flows;
    while (quiet < 20) {
        quiet = answer(kind, actions) ? 0 : quiet + 1;
        if (quiet) {
            usleep(10000);
        }
    }
}

static void row(const char *name, enum mask_kind kind, const struct dp_actions *actions,
                uint32_t flows)
{
    if (!wanted(name)) {
        return;
    }
    settle(kind, actions, flows);
    measure(name, flows);
    gen.n_flows = 0;
    usleep(20000);
    answer(kind, actions);
    forget_all();
}

/* So that gen_fill() need not. */
static void fill_buffers(void)
{
    static struct rte_mbuf *all[300000];
    unsigned int n = 0;

    for (; n < ARRAY_SIZE(all) && (all[n] = rte_pktmbuf_alloc(core_pools()->small)); n++) {
        memcpy(rte_pktmbuf_mtod(all[n], void *), gen.frame, 60);
    }
    rte_pktmbuf_free_bulk(all, n);
}

/* As row(), while some other flow of the port always waits for policy. */
static void row_waiting(const char *name, enum mask_kind kind, const struct dp_actions *actions,
                        uint32_t flows)
{
    if (!wanted(name)) {
        return;
    }
    gen.strays = UINT32_MAX; /* Frames are as they should be, also in buffers that had a stray. */
    settle(kind, actions, flows);
    gen.strays = 65536;
    usleep(100000);
    measure(name, flows);
    gen.n_flows = 0;
    gen.strays = 0;
    usleep(20000);
    answer(kind, actions);
    forget_all();
    fill_buffers();
}

/* Every packet is of a new flow: how many are set up in a second. */
static void row_new_flows(const struct dp_actions *actions)
{
    uint64_t start, end;

    if (!wanted("new flows")) {
        return;
    }
    gen.n_flows = 0x1000000;
    start = time_now_ms();
    while (time_now_ms() < start + 1000) {
        answer(FIVE_TUPLE, actions);
    }
    end = time_now_ms();
    gen.n_flows = 0;
    printf("%-34s %8.0f flows a second (put by this test's own policy)\n", "new flows",
           next_flow * 1000.0 / (double)(end - start));
    usleep(20000);
    answer(FIVE_TUPLE, actions);
    forget_all();
}

static void row_no_switch(uint32_t flows)
{
    struct rte_mbuf *pkts[32];
    double cycles[WINDOWS];
    struct port_refused refused;
    uint16_t errors;

    if (!wanted("no switch")) {
        return;
    }
    gen.n_flows = flows;
    for (unsigned int i = 0; i < WINDOWS; i++) {
        uint64_t tsc = rte_rdtsc(), n = 0;

        while (rte_rdtsc() - tsc < rte_get_tsc_hz() / 20) {
            uint16_t got = gen_rx(&gen_port, 0, 0, pkts, 32, &errors);

            n += sink_tx(&sink_port, 0, 0, pkts, got, &refused);
        }
        cycles[i] = (double)(rte_rdtsc() - tsc) / (double)n;
    }
    gen.n_flows = 0;
    print_row("no switch (the two ports alone)", flows, cycles);
}

static void *zeros(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);

    if (p == MAP_FAILED) {
        exit(1);
    }
    madvise(p, size, MADV_HUGEPAGE);
    return p;
}

static void start(void)
{
    static const struct core_upcall_sink sink = {post, flush, NULL};
    struct core_settings s;
    struct error err;

    for (unsigned int i = 0; i < CORE_MAX_WORKERS; i++) {
        counters.flows[i] = zeros(DP_MAX_FLOWS * sizeof(struct core_flow_counter));
        counters.ports[i] = zeros(DP_MAX_PORTS * sizeof(struct core_port_counter));
        counters.drops[i] = zeros(DP_MAX_PORTS * DROP_MAX_REASONS * sizeof(uint64_t));
        counters.totals[i] = zeros(sizeof(struct core_totals));
        counters.meters[i] = zeros(DP_MAX_METERS * sizeof(struct core_meter_counter));
    }
    core_settings_default(&s);
    s.n_workers = 1;
    s.cores = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 2 : 1;
    s.upcall_rate = 0;
    s.flow_limit = MAX_FLOWS;
    s.pending_per_port = 4096;
    if (core_start(&s, &counters, &sink, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    gen_port.n_rxq = sink_port.n_rxq = 1;
    gen_port.priv = (void *)core_pools();
    gen_port.features = sink_port.features = PORT_TX_MULTI_SEG;
    if (core_port_add(&gen_port, &err) || core_port_add(&sink_port, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
}

static void rows(void)
{
    static const uint32_t sizes[] = {1, 1000, 8000, 100000};
    struct dp_actions out = DP_ACTIONS_INIT, vlan = DP_ACTIONS_INIT, nat = DP_ACTIONS_INIT;
    struct dp_action_push_vlan *push;
    struct dp_action_set_ipv4 *ip;

    dp_actions_put_output(&out, 2);
    push = dp_actions_put(&vlan, DP_ACTION_PUSH_VLAN, sizeof *push);
    push->tpid = be16_make(0x8100);
    push->tci = be16_make(10);
    dp_actions_put_output(&vlan, 2);
    ip = dp_actions_put(&nat, DP_ACTION_SET_IPV4, sizeof *ip);
    ip->src = be32_make(0xc0a80001);
    ip->src_mask = UINT32_MAX;
    ip->ttl = 63;
    ip->ttl_mask = 0xff;
    dp_actions_put_output(&nat, 2);

    for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
        row_no_switch(sizes[i]);
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
        row("mask: port", PORT, &out, sizes[i]);
    }
    row("mask: source MAC", SOURCE_MAC, &out, 1000);
    for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
        row("mask: L4 rule", L4_RULE, &out, sizes[i]);
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
        row("mask: 5-tuple, one megaflow each", FIVE_TUPLE, &out, sizes[i]);
    }
    n_masks = 10;
    row("10 nested masks", N_MASKS, &out, 1000);
    row("10 nested masks", N_MASKS, &out, 100000);
    n_masks = 29;
    row("29 nested masks", N_MASKS, &out, 1000);
    row("29 nested masks", N_MASKS, &out, 100000);
    gen.fresh = true;
    row("push VLAN", L4_RULE, &vlan, 1000);
    row("set source address and TTL", L4_RULE, &nat, 1000);
    fill_buffers();
    gen.fresh = false;
    row_waiting("source MAC, others wait", SOURCE_MAC, &out, 1000);
    row_waiting("L4 rule, others wait", L4_RULE, &out, 1000);
    row_waiting("5-tuple, others wait", FIVE_TUPLE, &out, 1000);
    row_new_flows(&out);
    dp_actions_free(&out);
    dp_actions_free(&vlan);
    dp_actions_free(&nat);
}

int main(int argc, char *argv[])
{
    static const uint8_t head_bytes[] = {2, 0,    0, 0, 0,  2, 2, 0, 0, 0,  0,  1, 8,
                                         0, 0x45, 0, 0, 46, 0, 1, 0, 0, 64, 17, 0, 0};
    char *eal[] = {"bench", "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry",
                   "-m",    "512",       "-l",          "0",        "--log-level=lib.*:3"};

    only = argc > 1 ? argv[1] : NULL;
    memcpy(gen.frame, head_bytes, sizeof head_bytes);
    gen.frame[30] = 10;
    gen.frame[33] = 9;
    gen.frame[37] = 53;
    gen.frame[39] = 26;
    gen.random = 1;
    if (rte_eal_init((int)ARRAY_SIZE(eal), eal) < 0) {
        return 1;
    }
    start();
    fill_buffers();
    rows();
    core_port_remove(&gen_port);
    core_port_remove(&sink_port);
    core_stop();
    return 0;
}
