/* What the tests of ports share: an EAL without hugepages, pools, a network namespace of the test's
 * own, packet sockets as the other side of a port, and frames with a content that can be checked.
 * Included by one test program each. */
#ifndef TESTS_UNIT_DATAPATH_PORT_PORT_TEST_H
#define TESTS_UNIT_DATAPATH_PORT_PORT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <rte_eal.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_tcp.h>
#include <rte_udp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "datapath/core/core.h"
#include "datapath/port/checksum.h"
#include "datapath/port/netdev.h"
#include "datapath/port/port.h"

static struct port_pools pools;
static bool have_namespace UNUSED;

/* Where core has workers count drops: here, without any. */
extern uint64_t *drop_counters[CORE_MAX_WORKERS];

/* How many packets were dropped under this reason, over all ports, since it was asked last. */
static UNUSED uint64_t drops_of(const char *name)
{
    for (unsigned int i = 0; i < drop_n_reasons(); i++) {
        if (!strcmp(drop_reason_get(i)->name, name)) {
            uint64_t sum = 0;

            for (size_t port = 0; port < DP_MAX_PORTS; port++) {
                sum += drop_counters[0][port * DROP_MAX_REASONS + i];
                drop_counters[0][port * DROP_MAX_REASONS + i] = 0;
            }
            return sum;
        }
    }
    fail_msg("there is no drop reason '%s'", name);
    return 0;
}

static UNUSED int start_eal(void **state UNUSED)
{
    const char *argv[] = {"test", "--no-huge", "--no-shconf", "--no-pci",    "--no-telemetry", "-m",
                          "128",  "-l",        "0",           "--log-level", "lib.eal:error"};

    if (rte_eal_init(ARRAY_SIZE(argv), (char **)argv) < 0) {
        return -1;
    }
    drop_counters[0] = xcalloc(DP_MAX_PORTS * DROP_MAX_REASONS, sizeof *drop_counters[0]);
    pools.small = rte_pktmbuf_pool_create("small", 4095, 64, 0, RTE_MBUF_DEFAULT_BUF_SIZE, -1);
    pools.jumbo = rte_pktmbuf_pool_create("jumbo", 63, 8, 0, UINT16_MAX, -1);
    return pools.small && pools.jumbo ? 0 : -1;
}

/* A namespace of our own, where ports and their peers are made; without it (not root) the tests
 * that need one are skipped. */
static UNUSED int start_namespace(void **state)
{
    int rc = start_eal(state);

    have_namespace = !unshare(CLONE_NEWNET);
    if (!have_namespace) {
        printf("not permitted to make a network namespace: tests with devices are skipped\n");
    } else if (system("sysctl -qw net.ipv6.conf.default.disable_ipv6=1 2>/dev/null")) {
        /* Then the kernel's own packets may be among those that we look at: they are told apart. */
    }
    return rc;
}

#define NEED_NAMESPACE()                                                                           \
    do {                                                                                           \
        if (!have_namespace) {                                                                     \
            skip();                                                                                \
        }                                                                                          \
    } while (0)

static UNUSED void run(const char *cmd)
{
    if (system(cmd)) {
        fail_msg("%s", cmd);
    }
}

static UNUSED unsigned int buffers_in_use(void)
{
    return rte_mempool_in_use_count(pools.small) + rte_mempool_in_use_count(pools.jumbo);
}

static UNUSED unsigned int count_fds(void)
{
    DIR *d = opendir("/proc/self/fd");
    unsigned int n = 0;

    while (readdir(d)) {
        n++;
    }
    closedir(d);
    return n;
}

/* Sockets of system ports are closed by a thread. */
static UNUSED void wait_for_fds(unsigned int n)
{
    for (int i = 0; i < 500 && count_fds() != n; i++) {
        usleep(10000);
    }
    assert_int_equal(count_fds(), n);
}

/* Lets at most 'n' more descriptors be opened; the old limit is returned. */
static UNUSED struct rlimit allow_fds(unsigned int n)
{
    struct rlimit old, few;
    int lowest = dup(0);

    close(lowest);
    getrlimit(RLIMIT_NOFILE, &old);
    few = (struct rlimit){(rlim_t)lowest + n, old.rlim_max};
    setrlimit(RLIMIT_NOFILE, &few);
    return old;
}

static UNUSED struct port *must_open(const char *type, const char *name, unsigned int n_queues)
{
    struct dp_port_config config = {.name = name, .type = type};
    struct error err = {0};
    struct port *port = NULL;

    if (port_open(&config, 7, &pools, n_queues, &port, &err)) {
        fail_msg("%s", err.text);
    }
    return port;
}

/* Opening must fail with this errno, and with these words in the text. */
static UNUSED void must_refuse(const struct dp_port_config *config, int code, const char *words)
{
    struct port *port = NULL;
    struct error err = {0};

    assert_int_equal(port_open(config, 7, &pools, 1, &port, &err), -code);
    assert_null(port);
    assert_int_equal(err.code, code);
    if (!strstr(err.text, words)) {
        fail_msg("'%s' does not say '%s'", err.text, words);
    }
}

/* A frame for tests is told by its type, and holds bytes that follow from their place. */
#define TEST_TYPE 0x88b5
static UNUSED void fill_frame(uint8_t *p, size_t len, uint8_t seed)
{
    for (size_t i = 0; i < len; i++) {
        p[i] = (uint8_t)(i * 7 + seed);
    }
    if (len >= 14) {
        memcpy(p, "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x88\xb5", 14);
    }
}

/* Receives one packet within a second. */
static UNUSED struct rte_mbuf *rx_one(struct port *port, uint16_t *ret_errors)
{
    uint16_t errors, all = 0;

    for (int tries = 0; tries < 1000; tries++) {
        for (unsigned int q = 0; q < port->n_rxq; q++) {
            struct rte_mbuf *m;

            if (port->type->rx(port, q, 0, &m, 1, &errors)) {
                if (ret_errors) {
                    *ret_errors = (uint16_t)(all + errors);
                }
                return m;
            }
            all = (uint16_t)(all + errors);
        }
        usleep(1000);
    }
    if (ret_errors) {
        *ret_errors = all;
    }
    return NULL;
}

static UNUSED void assert_packet(const struct rte_mbuf *m, const uint8_t *frame, size_t len)
{
    static uint8_t flat[70000];
    const uint8_t *p;

    assert_non_null(m);
    assert_int_equal(m->pkt_len, len);
    p = rte_pktmbuf_read(m, 0, (uint32_t)len, flat);
    assert_non_null(p);
    assert_memory_equal(p, frame, len);
}

static UNUSED struct rte_mbuf *packet_of(const void *data, size_t len)
{
    struct rte_mbuf *m = rte_pktmbuf_alloc(pools.small);
    const uint8_t *p = data;
    size_t n = RTE_MIN(len, (size_t)1800);

    memcpy(rte_pktmbuf_append(m, (uint16_t)n), p, n);
    if (len > n) {
        struct rte_mbuf *rest = rte_pktmbuf_alloc(pools.jumbo);

        rest->data_off = 0;
        memcpy(rte_pktmbuf_append(rest, (uint16_t)(len - n)), p + n, len - n);
        assert_int_equal(rte_pktmbuf_chain(m, rest), 0);
    }
    return m;
}

static UNUSED void tx_one(struct port *port, struct rte_mbuf *m, uint16_t expect_errors)
{
    struct port_refused refused;
    uint32_t len = m->pkt_len;

    assert_int_equal(port->type->tx(port, 0, 0, &m, 1, &refused), 1);
    assert_int_equal(refused.packets, expect_errors);
    assert_int_equal(refused.bytes, expect_errors * len);
}

/* Waits until a device sends what it is given. The end of a veth pair starts its queue some time
 * after the other end came up, from a work queue, and until then drops every frame without telling
 * who wrote it. Asking for the link, as netdev_get() does, has the kernel do that work first. */
static UNUSED void wait_for_link(const char *dev)
{
    struct netdev_info info = {0};

    for (int i = 0; i < 1000 && !info.link_up; i++) {
        if (i) {
            usleep(10000);
        }
        assert_int_equal(netdev_get(NETDEV_OUR_NS, dev, &info), 0);
    }
    assert_true(info.link_up);
}

/* The kernel's side of a device: a raw socket with virtio-net headers. */
static UNUSED int peer_open(const char *dev)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(ETH_P_ALL),
                                  .sll_ifindex = (int)if_nametoindex(dev)};
    int fd = socket(AF_PACKET, SOCK_RAW, 0), one = 1;

    assert_true(fd >= 0);
    assert_return_code(setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one), errno);
    assert_return_code(setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one), errno);
    one = 4 << 20;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &one, sizeof one);
    assert_return_code(bind(fd, (struct sockaddr *)&address, sizeof address), errno);
    return fd;
}

static UNUSED void peer_send(int fd, const struct virtio_net_hdr *h, const void *frame, size_t len)
{
    static const struct virtio_net_hdr none;
    struct iovec iov[2] = {{(void *)(h ? h : &none), sizeof none}, {(void *)frame, len}};

    if (writev(fd, iov, 2) < 0) {
        fail_msg("send of %zu bytes: %s", len, strerror(errno));
    }
}

/* Receives a frame that is at least as long as, and starts like, 'expect' (14 bytes are compared);
 * others are skipped. Returns its length, 0 after a second. */
static UNUSED size_t peer_recv(int fd, const uint8_t *expect, struct virtio_net_hdr *h,
                               uint8_t *frame, size_t size)
{
    for (;;) {
        struct pollfd p = {fd, POLLIN, 0};
        struct iovec iov[2] = {{h, sizeof *h}, {frame, size}};
        ssize_t n;

        if (poll(&p, 1, 1000) != 1) {
            return 0;
        }
        n = readv(fd, iov, 2);
        if (n < 0) {
            continue;
        }
        n -= (ssize_t)sizeof *h;
        if (n >= 14 && !memcmp(frame, expect, 14)) {
            return (size_t)n;
        }
    }
}

/* A TCP or UDP packet of 'payload' bytes with 'vlans' tags and a partial checksum, as a sender with
 * offloads makes it. Returns its length; the header lengths are those of '*ret'. */
struct test_lengths {
    uint16_t l2, l3, l4;
};
static UNUSED size_t make_l4(uint8_t *p, bool ipv6, bool tcp, unsigned int vlans, size_t payload,
                             struct test_lengths *ret)
{
    size_t l2 = 14 + 4 * vlans, l3 = ipv6 ? 40 : 20, l4 = tcp ? 32 : 8;
    size_t len = l2 + l3 + l4 + payload, at = 12;
    uint8_t *ip = p + l2, *l4p = ip + l3;
    uint32_t sum = 0;
    uint16_t v;

    fill_frame(p, len, 1);
    for (unsigned int i = 0; i < vlans; i++, at += 4) {
        memcpy(p + at, "\x81\x00\x00\x2a", 4);
    }
    memcpy(p + at, ipv6 ? "\x86\xdd" : "\x08\x00", 2);
    memset(ip, 0, l3 + l4);
    v = htons((uint16_t)(l4 + payload));
    if (ipv6) {
        ip[0] = 0x60;
        memcpy(ip + 4, &v, 2);
        ip[6] = tcp ? 6 : 17;
        ip[7] = 64;
        ip[8] = ip[24] = 0xfd;
        ip[23] = 1;
        ip[39] = 2;
        for (int i = 8; i < 40; i += 2) {
            sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
        }
    } else {
        ip[0] = 0x45;
        v = htons((uint16_t)(l3 + l4 + payload));
        memcpy(ip + 2, &v, 2);
        memcpy(ip + 4, "\x12\x34\x40\x00\x40", 5);
        ip[9] = tcp ? 6 : 17;
        memcpy(ip + 12, "\x0a\x00\x00\x01\x0a\x00\x00\x02", 8);
        v = (uint16_t)~rte_raw_cksum(ip, 20);
        memcpy(ip + 10, &v, 2);
        for (int i = 12; i < 20; i += 2) {
            sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
        }
    }
    sum += (tcp ? 6u : 17u) + (uint32_t)(l4 + payload);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    memcpy(l4p, "\x30\x39\x00\x50", 4);
    if (tcp) {
        memcpy(l4p + 4, "\xff\xff\xff\x00", 4); /* The sequence number will wrap. */
        l4p[12] = 0x80;
        l4p[13] = 0x99; /* CWR, ACK, PSH, FIN. */
        memset(l4p + 20, 1, 12);
    } else {
        v = htons((uint16_t)(l4 + payload));
        memcpy(l4p + 4, &v, 2);
    }
    v = htons((uint16_t)sum);
    memcpy(l4p + (tcp ? 16 : 6), &v, 2);
    *ret = (struct test_lengths){(uint16_t)l2, (uint16_t)l3, (uint16_t)l4};
    return len;
}

/* True when the packet's TCP or UDP checksum (and IPv4's) holds. */
static UNUSED bool checksums_hold(const uint8_t *p, size_t len, const struct test_lengths *l)
{
    const uint8_t *ip = p + l->l2, *l4 = ip + l->l3;
    bool ipv6 = ip[0] >> 4 == 6;
    uint32_t sum = ipv6 ? ip[6] : ip[9];
    size_t n = len - l->l2 - l->l3;

    if (!ipv6 && rte_raw_cksum(ip, l->l3) != 0xffff) {
        return false;
    }
    sum += (uint32_t)n;
    for (const uint8_t *a = ip + (ipv6 ? 8 : 12); a < l4; a += 2) {
        sum += (uint32_t)(a[0] << 8 | a[1]);
    }
    for (size_t i = 0; i < n; i++) {
        sum += (uint32_t)(i & 1 ? l4[i] : l4[i] << 8);
    }
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum == 0xffff;
}

#endif
