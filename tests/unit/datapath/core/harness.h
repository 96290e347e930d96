/* A datapath in a test: EAL without hugepages, counters, ports made of rings in memory, and a
 * listener that keeps upcalls. One per test program. */
#ifndef TESTS_UNIT_DATAPATH_CORE_HARNESS_H
#define TESTS_UNIT_DATAPATH_CORE_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <rte_eal.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "datapath/core/core.h"
#include "datapath/port/port.h"

#define TEST_PORTS 8 /* Numbers 1...7. */
#define TEST_UPCALLS 4096
#define TEST_WORKERS 4 /* At most. */

struct test_port {
    struct port port;
    struct rte_ring *in, *out; /* What it will receive; what was sent. */
    int fd;                    /* -1: polled. */
    uint32_t max_len;          /* Of what it sends; 0: any. */
};
static struct test_port test_ports[TEST_PORTS];

struct test_upcall {
    uint64_t pending;
    uint32_t in_port;
    struct flow_key key;
    uint32_t packet_len, full_len;
};
static struct test_upcall test_upcalls[TEST_UPCALLS];
static unsigned int test_n_upcalls;
static bool test_deaf; /* Nobody listens. */
static pthread_mutex_t test_lock = PTHREAD_MUTEX_INITIALIZER;
static struct core_counters test_counters;

static uint16_t test_rx(struct port *port, unsigned int queue UNUSED, unsigned int worker UNUSED,
                        struct rte_mbuf **pkts, uint16_t n, uint16_t *errors UNUSED)
{
    struct test_port *p = port->priv;
    unsigned int got = rte_ring_dequeue_burst(p->in, (void **)pkts, n, NULL);
    uint64_t count;

    if (p->fd >= 0 && rte_ring_empty(p->in) && read(p->fd, &count, 8) == 8 &&
        !rte_ring_empty(p->in)) {
        count = 1;
        assert(write(p->fd, &count, 8) == 8);
    }
    return (uint16_t)got;
}

static int test_rx_fd(struct port *port, unsigned int queue UNUSED)
{
    return ((struct test_port *)port->priv)->fd;
}

DROP_REASON(test_too_big, "test-too-big", "longer than the test's port takes")

static uint16_t test_tx(struct port *port, unsigned int queue UNUSED, unsigned int worker,
                        struct rte_mbuf **pkts, uint16_t n, struct port_refused *refused)
{
    struct test_port *p = port->priv;

    *refused = (struct port_refused){0};
    if (n && p->max_len && pkts[0]->pkt_len > p->max_len) {
        *refused = (struct port_refused){1, pkts[0]->pkt_len};
        drop_count(worker, port->port_no, &drop_test_too_big, 1);
        rte_pktmbuf_free(pkts[0]);
        return 1;
    }
    return (uint16_t)rte_ring_enqueue_burst(p->out, (void **)pkts, n, NULL);
}

static const struct port_type test_type = {
    .name = "test",
    .rx = test_rx,
    .rx_fd = test_rx_fd,
    .tx = test_tx,
};

static bool test_post(unsigned int worker UNUSED, const struct dp_upcall *u, void *aux UNUSED)
{
    bool ok;

    pthread_mutex_lock(&test_lock);
    ok = !test_deaf && test_n_upcalls < TEST_UPCALLS;
    if (ok) {
        struct test_upcall *t = &test_upcalls[test_n_upcalls++];

        t->pending = u->pending;
        t->in_port = u->in_port;
        t->packet_len = u->packet_len;
        t->full_len = u->full_len;
        flow_key_copy(&t->key, u->key);
    }
    pthread_mutex_unlock(&test_lock);
    return ok;
}

static void test_flush(unsigned int worker UNUSED, void *aux UNUSED)
{
}

static unsigned int test_upcall_count(void)
{
    unsigned int n;

    pthread_mutex_lock(&test_lock);
    n = test_n_upcalls;
    pthread_mutex_unlock(&test_lock);
    return n;
}

static void *test_zeros(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);

    assert_true(p != MAP_FAILED);
    return p;
}

static void test_eal(void)
{
    char *argv[] = {"test", "--no-huge", "--no-shconf",         "--no-pci", "--no-telemetry",
                    "-m",   "256",       "--log-level=lib.*:3", "-l",       "0"};

    assert_true(rte_eal_init((int)ARRAY_SIZE(argv), argv) >= 0);
    for (unsigned int i = 0; i < CORE_MAX_WORKERS; i++) {
        test_counters.flows[i] = test_zeros(DP_MAX_FLOWS * sizeof(struct core_flow_counter));
        test_counters.ports[i] = test_zeros(DP_MAX_PORTS * sizeof(struct core_port_counter));
        test_counters.drops[i] = test_zeros(DP_MAX_PORTS * DROP_MAX_REASONS * sizeof(uint64_t));
        test_counters.totals[i] = test_zeros(sizeof(struct core_totals));
        test_counters.meters[i] = test_zeros(DP_MAX_METERS * sizeof(struct core_meter_counter));
    }
}

static void test_core_start(const struct core_settings *settings)
{
    static const struct core_upcall_sink sink = {test_post, test_flush, NULL};
    struct core_settings defaults;
    struct error err = {0};

    core_settings_default(&defaults);
    defaults.n_workers = 1;
    test_n_upcalls = 0;
    test_deaf = false;
    if (core_start(settings ? settings : &defaults, &test_counters, &sink, &err)) {
        fail_msg("core_start: %s", err.text);
    }
}

/* A port of rings; its queue is polled, or waited for with an fd. */
static void test_port_add(uint32_t port_no, bool with_fd)
{
    struct test_port *p = &test_ports[port_no];
    struct error err = {0};
    char name[32];

    memset(p, 0, sizeof *p);
    snprintf(name, sizeof name, "in%u", port_no);
    p->in = rte_ring_create(name, 8192, SOCKET_ID_ANY, 0);
    snprintf(name, sizeof name, "out%u", port_no);
    p->out = rte_ring_create(name, 8192, SOCKET_ID_ANY, 0);
    assert_non_null(p->in);
    assert_non_null(p->out);
    p->fd = with_fd ? eventfd(0, EFD_NONBLOCK) : -1;
    p->port = (struct port){.type = &test_type,
                            .port_no = port_no,
                            .features = PORT_TX_CSUM | PORT_TX_TSO | PORT_TX_MULTI_SEG,
                            .n_rxq = 1,
                            .priv = p};
    snprintf(p->port.name, sizeof p->port.name, "p%u", port_no);
    if (core_port_add(&p->port, &err)) {
        fail_msg("core_port_add: %s", err.text);
    }
}

static void ring_drain(struct rte_ring *ring)
{
    void *m;

    while (!rte_ring_dequeue(ring, &m)) {
        rte_pktmbuf_free(m);
    }
}

static void test_port_remove(uint32_t port_no)
{
    struct test_port *p = &test_ports[port_no];

    core_port_remove(&p->port);
    ring_drain(p->in);
    ring_drain(p->out);
    rte_ring_free(p->in);
    rte_ring_free(p->out);
    if (p->fd >= 0) {
        close(p->fd);
    }
}

static struct rte_mbuf *test_packet(const void *data, uint16_t len)
{
    struct rte_mbuf *m = rte_pktmbuf_alloc(core_pools()->small);

    assert_non_null(m);
    memcpy(rte_pktmbuf_append(m, len), data, len);
    return m;
}

static void test_receive_mbuf(uint32_t port_no, struct rte_mbuf *m)
{
    struct test_port *p = &test_ports[port_no];
    uint64_t one = 1;

    assert_int_equal(rte_ring_enqueue(p->in, m), 0);
    if (p->fd >= 0) {
        assert_int_equal(write(p->fd, &one, 8), 8);
    }
}

static void test_receive(uint32_t port_no, const void *data, uint16_t len)
{
    test_receive_mbuf(port_no, test_packet(data, len));
}

/* A UDP packet: 42 bytes of headers, then 'payload' in 4 bytes, padded to 60. */
static void test_udp(uint8_t b[60], uint32_t src_ip, uint16_t src_port, uint16_t dst_port,
                     uint32_t payload)
{
    static const uint8_t head[] = {2,    0, 0,  0,  0, 2, 2, 0, 0,  0,  0, 1,  8,  0,
                                   0x45, 0, 0,  32, 0, 1, 0, 0, 64, 17, 0, 0,  10, 0,
                                   0,    1, 10, 0,  0, 2, 0, 0, 0,  0,  0, 12, 0,  0};
    be32_t ip = be32_make(src_ip);
    be16_t ports[2] = {be16_make(src_port), be16_make(dst_port)};

    memset(b, 0, 60);
    memcpy(b, head, sizeof head);
    memcpy(b + 26, &ip, 4);
    memcpy(b + 34, ports, 4);
    memcpy(b + 42, &payload, 4);
}

UNUSED static uint32_t test_payload(const struct rte_mbuf *m)
{
    uint32_t v;

    memcpy(&v, rte_pktmbuf_mtod_offset(m, const uint8_t *, 42), 4);
    return v;
}

/* Turns the crank until 'n' packets have left the port; they stay in its ring. */
#define WAIT_UNTIL(COND)                                                                           \
    do {                                                                                           \
        uint64_t until_ = time_now_ms() + 10000;                                                   \
        while (!(COND)) {                                                                          \
            core_poll();                                                                           \
            usleep(100);                                                                           \
            if (time_now_ms() > until_) {                                                          \
                fail_msg("waited in vain: %s", #COND);                                             \
            }                                                                                      \
        }                                                                                          \
    } while (0)

static unsigned int test_sent(uint32_t port_no)
{
    return rte_ring_count(test_ports[port_no].out);
}

static struct rte_mbuf *test_take(uint32_t port_no)
{
    void *m = NULL;

    assert_int_equal(rte_ring_dequeue(test_ports[port_no].out, &m), 0);
    return m;
}

static uint64_t test_drops(const char *name)
{
    uint64_t sum = 0;

    for (unsigned int id = 0; id < drop_n_reasons(); id++) {
        if (name && strcmp(drop_reason_get(id)->name, name)) {
            continue;
        }
        for (unsigned int w = 0; w < TEST_WORKERS; w++) {
            for (uint32_t p = 0; p < TEST_PORTS; p++) {
                sum += test_counters.drops[w][(size_t)p * DROP_MAX_REASONS + id];
            }
        }
    }
    return sum;
}

static uint64_t test_sum(size_t offset_in_port_counter)
{
    uint64_t sum = 0;

    for (unsigned int w = 0; w < TEST_WORKERS; w++) {
        for (uint32_t p = 0; p < TEST_PORTS; p++) {
            sum += *(uint64_t *)((char *)&test_counters.ports[w][p] + offset_in_port_counter);
        }
    }
    return sum;
}

#define TEST_TOTAL(FIELD)                                                                          \
    (test_counters.totals[0]->FIELD + test_counters.totals[1]->FIELD +                             \
     test_counters.totals[2]->FIELD + test_counters.totals[3]->FIELD)
#define TEST_PORT_SUM(FIELD) test_sum(offsetof(struct core_port_counter, FIELD))

/* Nothing gets lost without a name. */
UNUSED static void test_assert_identity(void)
{
    assert_int_equal(TEST_PORT_SUM(rx_packets) + TEST_PORT_SUM(rx_errors) + TEST_TOTAL(injected) +
                         TEST_TOTAL(copies),
                     TEST_PORT_SUM(tx_packets) + test_drops(NULL) + TEST_TOTAL(parked));
}

UNUSED static void test_counters_clear(void)
{
    for (unsigned int w = 0; w < TEST_WORKERS; w++) {
        memset(test_counters.ports[w], 0, TEST_PORTS * sizeof(struct core_port_counter));
        memset(test_counters.drops[w], 0, TEST_PORTS * DROP_MAX_REASONS * sizeof(uint64_t));
        memset(test_counters.totals[w], 0, sizeof(struct core_totals));
        memset(test_counters.flows[w], 0, 1024 * sizeof(struct core_flow_counter));
        memset(test_counters.meters[w], 0, 64 * sizeof(struct core_meter_counter));
    }
}

#endif
