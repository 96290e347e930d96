/* Unit tests of the actions: what packets become, that checksums stay right (whole and partial),
 * and that nobody's shared packet is changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <rte_eal.h>
#include <rte_ip.h>
#include <stdlib.h>

#include "datapath/action/exec.h"
#include "datapath/parse/parse_mbuf.h"

static struct port_pools pools;
static struct rte_mbuf *sent[64];
static uint32_t sent_to[64];
static unsigned int n_sent;
static uint64_t n_copies;
static struct dp_actions list;

static void collect(struct action_env *env UNUSED, uint32_t port, struct rte_mbuf **pkts,
                    uint16_t n)
{
    for (uint16_t i = 0; i < n; i++) {
        sent_to[n_sent] = port;
        sent[n_sent++] = pkts[i];
    }
}

/* Recirculated packets are sent to this and the id. */
#define AGAIN 10000

static void collect_again(struct action_env *e, uint32_t id, struct rte_mbuf **pkts, uint16_t n)
{
    collect(e, AGAIN + id, pkts, n);
}

static struct action_env env = {0, &pools, &n_copies, collect, .recirculate = collect_again};

static void run(struct rte_mbuf *m)
{
    struct wildcard_actions *a = wildcard_actions_new(list.data, list.len);
    struct flow_key key;

    m->port = 1;
    parse_mbuf(m, 1, PARSE_ALL, &key);
    action_run(&env, a, &m, 1);
    free(a);
}

static int setup(void **state UNUSED)
{
    n_sent = 0;
    n_copies = 0;
    dp_actions_clear(&list);
    return 0;
}

static int teardown(void **state UNUSED)
{
    for (unsigned int i = 0; i < n_sent; i++) {
        rte_pktmbuf_free(sent[i]);
    }
    assert_int_equal(rte_mempool_in_use_count(pools.small), 0); /* Nothing leaks. */
    return 0;
}

/* --- Packets: Ethernet, IPv4 or IPv6, a transport, 101 bytes of payload (odd on purpose). */

#define PAYLOAD 101

static struct rte_mbuf *make_packet(bool six, uint8_t proto)
{
    unsigned int l4_len = proto == 6 ? 20 : proto == 132 ? 12 : 8;
    unsigned int len = l4_len + PAYLOAD, l3_len = six ? 40 : 20;
    struct rte_mbuf *m = rte_pktmbuf_alloc(pools.small);
    uint8_t *p = (uint8_t *)rte_pktmbuf_append(m, (uint16_t)(14 + l3_len + len)), *ip = p + 14;
    be16_t ports[2] = {be16_make(1234), be16_make(80)}, n;

    memset(p, 0, 14 + l3_len + len);
    for (unsigned int i = 0; i < PAYLOAD; i++) {
        p[14 + l3_len + l4_len + i] = (uint8_t)(i * 7 + 3);
    }
    memcpy(p, "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01", 12);
    p[12] = six ? 0x86 : 8;
    p[13] = six ? 0xdd : 0;
    if (six) {
        ip[0] = 0x60;
        n = be16_make((uint16_t)len);
        memcpy(ip + 4, &n, 2);
        ip[6] = proto;
        ip[7] = 64;
        memset(ip + 8, 0x20, 16);
        memset(ip + 24, 0x21, 16);
    } else {
        ip[0] = 0x45;
        n = be16_make((uint16_t)(20 + len));
        memcpy(ip + 2, &n, 2);
        ip[8] = 64;
        ip[9] = proto;
        memcpy(ip + 12, "\x0a\x00\x00\x01\x0a\x00\x00\x02", 8);
        n = rte_ipv4_cksum((struct rte_ipv4_hdr *)ip);
        memcpy(ip + 10, &n, 2);
    }
    if (proto == 1 || proto == 58) {
        ip[l3_len] = 8;
    } else {
        memcpy(ip + l3_len, ports, 4);
    }
    if (proto == 6) {
        ip[l3_len + 12] = 0x50;
    }
    if (proto == 17) {
        n = be16_make((uint16_t)len);
        memcpy(ip + l3_len + 4, &n, 2);
    }
    return m;
}

static unsigned int checksum_at(uint8_t proto)
{
    return proto == 6 ? 16 : proto == 17 ? 6 : 2;
}

static uint16_t transport_checksum(const struct rte_mbuf *m, bool six, uint8_t proto)
{
    const uint8_t *ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, 14);
    const uint8_t *l4 = ip + (six ? 40 : 20);
    uint32_t len = m->data_len - 14u - (six ? 40 : 20);

    if (proto == 1) {
        return (uint16_t)~rte_raw_cksum(l4, len);
    }
    if (!six) {
        return rte_ipv4_udptcp_cksum((const void *)ip, l4);
    }
    return rte_ipv6_udptcp_cksum((const void *)ip, l4);
}

static void fill_checksum(struct rte_mbuf *m, bool six, uint8_t proto)
{
    uint8_t *field = rte_pktmbuf_mtod_offset(m, uint8_t *, 14 + (six ? 40 : 20)) +
                     checksum_at(proto);
    uint16_t sum;

    memset(field, 0, 2);
    sum = transport_checksum(m, six, proto);
    memcpy(field, &sum, 2);
}

static void assert_checksums(const struct rte_mbuf *m, bool six, uint8_t proto)
{
    struct rte_mbuf *again = rte_pktmbuf_copy(m, pools.small, 0, UINT32_MAX);
    const uint8_t *ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, 14);

    if (!six) {
        assert_int_equal(rte_raw_cksum(ip, 20), 0xffff);
    }
    fill_checksum(again, six, proto);
    assert_memory_equal(rte_pktmbuf_mtod(m, void *), rte_pktmbuf_mtod(again, void *), m->data_len);
    rte_pktmbuf_free(again);
}

static void set_all_ipv4(void)
{
    struct dp_action_set_ipv4 *a = dp_actions_put(&list, DP_ACTION_SET_IPV4, sizeof *a);

    a->src = inet_addr("192.168.255.1");
    a->src_mask = UINT32_MAX;
    a->dst = inet_addr("0.0.3.0");
    a->dst_mask = inet_addr("0.0.255.0");
    a->tos = 0xb8;
    a->tos_mask = 0xfc;
    a->ttl = 63;
    a->ttl_mask = 0xff;
}

static void set_all_ipv6(void)
{
    struct dp_action_set_ipv6 *a = dp_actions_put(&list, DP_ACTION_SET_IPV6, sizeof *a);

    memset(a->src, 0xfe, 16);
    memset(a->src_mask, 0xff, 16);
    a->dst[15] = 9;
    a->dst_mask[15] = 0xff;
    a->label = be32_make(0x12345);
    a->label_mask = be32_make(0xfffff);
    a->tclass = 0xb8;
    a->tclass_mask = 0xff;
    a->hlimit = 1;
    a->hlimit_mask = 0xff;
}

static void set_ports(uint16_t src, uint16_t dst)
{
    struct dp_action_set_l4 *a = dp_actions_put(&list, DP_ACTION_SET_L4, sizeof *a);

    a->src = be16_make(src);
    a->dst = be16_make(dst);
    a->src_mask = a->dst_mask = UINT16_MAX;
}

static void changes_keep_every_checksum_right(void **state UNUSED)
{
    static const struct {
        bool six;
        uint8_t proto;
    } cases[] = {{false, 6}, {false, 17}, {false, 1}, {true, 6}, {true, 17}, {true, 58}};

    set_all_ipv4();
    set_all_ipv6();
    set_ports(13, 3);
    dp_actions_put_output(&list, 2);
    for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
        struct rte_mbuf *m = make_packet(cases[i].six, cases[i].proto);
        const uint8_t *ip;

        fill_checksum(m, cases[i].six, cases[i].proto);
        run(m);
        assert_int_equal(n_sent, i + 1);
        assert_checksums(sent[i], cases[i].six, cases[i].proto);
        ip = rte_pktmbuf_mtod_offset(sent[i], const uint8_t *, 14);
        if (cases[i].six) {
            assert_memory_equal(ip, "\x6b\x81\x23\x45", 4);
            assert_int_equal(ip[7], 1);
            assert_int_equal(ip[8], 0xfe);
            assert_int_equal(ip[39], 9);
        } else {
            assert_memory_equal(ip + 12, "\xc0\xa8\xff\x01\x0a\x00\x03\x02", 8);
            assert_int_equal(ip[1], 0xb8);
            assert_int_equal(ip[8], 63);
        }
    }
}

/* A parser sees through two tags. */
static void headers_behind_many_pushed_tags_are_changed(void **state UNUSED)
{
    for (unsigned int six = 0; six < 2; six++) {
        struct rte_mbuf *m = make_packet(six, 17);

        dp_actions_clear(&list);
        for (unsigned int i = 0; i < 4; i++) {
            struct dp_action_push_vlan *push = dp_actions_put(&list, DP_ACTION_PUSH_VLAN,
                                                              sizeof *push);

            push->tpid = be16_make(0x8100);
        }
        dp_actions_put_hash(&list, DP_HASH_L4, 0); /* Parses, and leaves all as it was. */
        set_all_ipv4();
        set_all_ipv6();
        set_ports(13, 3);
        for (unsigned int i = 0; i < 4; i++) {
            dp_actions_put(&list, DP_ACTION_POP_VLAN, sizeof(struct dp_action_pop_vlan));
        }
        dp_actions_put_output(&list, 2);
        fill_checksum(m, six, 17);
        run(m);
        assert_int_equal(n_sent, six + 1);
        assert_checksums(sent[six], six, 17);
        assert_int_equal(rte_pktmbuf_mtod_offset(sent[six], const uint8_t *, 14)[six ? 7 : 8],
                         six ? 1 : 63);
        assert_memory_equal(rte_pktmbuf_mtod_offset(sent[six], const uint8_t *, six ? 54 : 34),
                            "\0\x0d\0\x03", 4);
    }
}

static void a_udp_checksum_left_out_stays_so(void **state UNUSED)
{
    struct rte_mbuf *m = make_packet(false, 17);

    set_all_ipv4();
    set_ports(1, 2);
    dp_actions_put_output(&list, 2);
    run(m);
    assert_int_equal(be16_load(rte_pktmbuf_mtod_offset(sent[0], uint8_t *, 40)), 0);
    assert_memory_equal(rte_pktmbuf_mtod_offset(sent[0], uint8_t *, 34), "\x00\x01\x00\x02", 4);
}

static void of_a_partial_checksum_only_the_pseudo_header_changes(void **state UNUSED)
{
    for (unsigned int six = 0; six < 2; six++) {
        struct rte_mbuf *m = make_packet(six, 6);
        uint64_t flags = RTE_MBUF_F_TX_TCP_CKSUM | (six ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4);
        uint8_t *ip = rte_pktmbuf_mtod_offset(m, uint8_t *, 14);
        uint16_t sum = six ? rte_ipv6_phdr_cksum((void *)ip, 0)
                           : rte_ipv4_phdr_cksum((void *)ip, 0);

        m->l2_len = 14;
        m->l3_len = six ? 40 : 20;
        m->l4_len = 20;
        m->ol_flags |= flags;
        memcpy(ip + m->l3_len + 16, &sum, 2);
        dp_actions_clear(&list);
        set_all_ipv4();
        set_all_ipv6();
        set_ports(5, 6);
        dp_actions_put_output(&list, 2);
        run(m);
        m = sent[six];
        ip = rte_pktmbuf_mtod_offset(m, uint8_t *, 14);
        sum = six ? rte_ipv6_phdr_cksum((void *)ip, 0) : rte_ipv4_phdr_cksum((void *)ip, 0);
        /* Equal as ones' complement sums. */
        assert_int_equal(be16_load(ip + m->l3_len + 16) % 0xffff, sum % 0xffff);
        assert_true(m->ol_flags & RTE_MBUF_F_TX_TCP_CKSUM);
    }
}

static uint32_t crc32c(const uint8_t *p, size_t n)
{
    uint32_t crc = UINT32_MAX;

    while (n--) {
        crc ^= *p++;
        for (int i = 0; i < 8; i++) {
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
        }
    }
    return ~crc;
}

/* Gives the packet the CRC that SCTP wants, but for the bits of 'error'. */
static void put_sctp_crc(struct rte_mbuf *m, uint32_t at, uint32_t error)
{
    uint8_t *l4 = rte_pktmbuf_mtod_offset(m, uint8_t *, at);
    uint32_t crc = 0;

    memcpy(l4 + 8, &crc, 4);
    crc = crc32c(l4, 12 + PAYLOAD) ^ error;
    memcpy(l4 + 8, &crc, 4);
}

static uint32_t sctp_crc_error(struct rte_mbuf *m, uint32_t at)
{
    uint8_t *l4 = rte_pktmbuf_mtod_offset(m, uint8_t *, at);
    uint32_t crc, zero = 0;

    memcpy(&crc, l4 + 8, 4);
    memcpy(l4 + 8, &zero, 4);
    return crc ^ crc32c(l4, 12 + PAYLOAD);
}

static void sctps_crc_follows_its_ports_and_stays_wrong_when_it_was(void **state UNUSED)
{
    static const uint32_t errors[] = {0, 1, 0xdeadbeef};

    for (unsigned int i = 0; i < ARRAY_SIZE(errors); i++) {
        struct rte_mbuf *m = make_packet(false, 132);

        setup(NULL);
        put_sctp_crc(m, 34, errors[i]);
        set_ports(5, 6);
        dp_actions_put_output(&list, 2);
        run(m);
        assert_memory_equal(rte_pktmbuf_mtod_offset(sent[0], uint8_t *, 34), "\x00\x05\x00\x06", 4);
        assert_int_equal(sctp_crc_error(sent[0], 34), errors[i]);
        teardown(NULL);
        n_sent = 0;
    }
}

/* A datagram that ends before its transport header does, in a frame that is padded. */
static void nothing_in_ethernets_padding_is_changed(void **state UNUSED)
{
    static const struct {
        uint8_t proto, l4_len; /* Bytes of the transport header that belong to the datagram. */
    } cases[] = {{17, 0}, {17, 4}, {6, 0}, {6, 4}, {6, 17}, {132, 4}, {1, 4}};

    for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
        struct rte_mbuf *m = make_packet(false, cases[i].proto);
        uint8_t *ip = rte_pktmbuf_mtod_offset(m, uint8_t *, 14), before[8 + PAYLOAD];
        uint16_t sum;

        setup(NULL);
        ip[2] = 0;
        ip[3] = (uint8_t)(20 + cases[i].l4_len);
        memset(ip + 10, 0, 2);
        sum = rte_ipv4_cksum((void *)ip);
        memcpy(ip + 10, &sum, 2);
        memcpy(before, ip + 20, sizeof before);
        set_all_ipv4();
        set_ports(5, 6);
        dp_actions_put_output(&list, 2);
        run(m);
        ip = rte_pktmbuf_mtod_offset(sent[0], uint8_t *, 14);
        assert_memory_equal(before, ip + 20, sizeof before);
        assert_int_equal(rte_raw_cksum(ip, 20), 0xffff);
        teardown(NULL);
        n_sent = 0;
    }
}

static void sctps_crc_is_of_the_datagram_alone(void **state UNUSED)
{
    for (int six = 0; six < 2; six++) {
        struct rte_mbuf *m = make_packet(six, 132);

        setup(NULL);
        put_sctp_crc(m, six ? 54 : 34, 0);
        memset(rte_pktmbuf_append(m, 9), 0xee, 9); /* Padding. */
        set_ports(5, 6);
        dp_actions_put_output(&list, 2);
        run(m);
        assert_int_equal(sctp_crc_error(sent[0], six ? 54 : 34), 0);
        teardown(NULL);
        n_sent = 0;
    }
}

static void later_fragments_have_no_ports_to_change(void **state UNUSED)
{
    struct rte_mbuf *m = make_packet(false, 17);
    uint8_t *ip = rte_pktmbuf_mtod_offset(m, uint8_t *, 14), before[8 + PAYLOAD];
    uint16_t sum;

    ip[7] = 1; /* Offset 8. */
    memset(ip + 10, 0, 2);
    sum = rte_ipv4_cksum((void *)ip);
    memcpy(ip + 10, &sum, 2);
    memcpy(before, ip + 20, sizeof before);
    set_all_ipv4();
    set_ports(5, 6);
    dp_actions_put_output(&list, 2);
    run(m);
    ip = rte_pktmbuf_mtod_offset(sent[0], uint8_t *, 14);
    assert_memory_equal(before, ip + 20, sizeof before);
    assert_int_equal(rte_raw_cksum(ip, 20), 0xffff);
}

static void tags_are_pushed_changed_and_popped(void **state UNUSED)
{
    struct rte_mbuf *m = make_packet(false, 6), *copy;
    struct dp_action_push_vlan *push;
    struct dp_action_set_vlan *set;

    fill_checksum(m, false, 6);
    copy = rte_pktmbuf_copy(m, pools.small, 0, UINT32_MAX);
    push = dp_actions_put(&list, DP_ACTION_PUSH_VLAN, sizeof *push);
    push->tpid = be16_make(0x8100);
    push->tci = be16_make(FLOW_VLAN_PRESENT | 10);
    push = dp_actions_put(&list, DP_ACTION_PUSH_VLAN, sizeof *push);
    push->tpid = be16_make(0x88a8);
    push->tci = be16_make(20);
    set = dp_actions_put(&list, DP_ACTION_SET_VLAN, sizeof *set);
    set->tci = be16_make(0x6000);
    set->tci_mask = be16_make(0xe000);
    dp_actions_put_output(&list, 1);
    dp_actions_put(&list, DP_ACTION_POP_VLAN, sizeof(struct dp_action_pop_vlan));
    dp_actions_put(&list, DP_ACTION_POP_VLAN, sizeof(struct dp_action_pop_vlan));
    dp_actions_put(&list, DP_ACTION_POP_VLAN, sizeof(struct dp_action_pop_vlan)); /* None left. */
    set_ports(7, 8);
    dp_actions_put_output(&list, 2);
    run(m);
    assert_int_equal(n_sent, 2);
    assert_int_equal(n_copies, 1);
    assert_memory_equal(rte_pktmbuf_mtod_offset(sent[0], void *, 12),
                        "\x88\xa8\x60\x14\x81\x00\x00\x0a\x08\x00", 10);
    assert_int_equal(sent[0]->l2_len, 22);
    assert_int_equal(sent[1]->l2_len, 14);
    assert_int_equal(sent[1]->pkt_len, copy->pkt_len);
    assert_memory_equal(rte_pktmbuf_mtod(sent[1], void *), rte_pktmbuf_mtod(copy, void *), 34);
    assert_checksums(sent[1], false, 6);
    rte_pktmbuf_free(copy);
}

static void set_eth_obeys_its_mask(void **state UNUSED)
{
    struct dp_action_set_eth *a = dp_actions_put(&list, DP_ACTION_SET_ETH, sizeof *a);

    memset(a->src, 0xee, 6);
    memset(a->src_mask, 0xff, 6);
    a->dst[5] = 0xff;
    a->dst_mask[5] = 0x0f;
    dp_actions_put_output(&list, 1);
    run(make_packet(false, 6));
    assert_memory_equal(rte_pktmbuf_mtod(sent[0], void *),
                        "\x02\x00\x00\x00\x00\x0f\xee\xee\xee\xee\xee\xee", 12);
}

static void a_shared_packet_is_copied_before_it_is_changed(void **state UNUSED)
{
    struct rte_mbuf *m = make_packet(false, 6);

    fill_checksum(m, false, 6);
    rte_mbuf_refcnt_update(m, 1);
    set_ports(7, 8);
    dp_actions_put_output(&list, 1);
    run(m);
    assert_true(sent[0] != m);
    assert_checksums(sent[0], false, 6);
    assert_memory_equal(rte_pktmbuf_mtod_offset(m, void *, 34), "\x04\xd2\x00\x50", 4);
    rte_pktmbuf_free(m);
}

static void a_large_packets_copy_shares_its_payload(void **state UNUSED)
{
    struct rte_mbuf *m = make_packet(false, 6), *last = m;
    const uint8_t *a, *b;
    uint8_t x[9000], y[9000];

    for (unsigned int i = 0; i < 4; i++) { /* A chain of 8 KiB and more. */
        struct rte_mbuf *seg = rte_pktmbuf_alloc(pools.small);

        memset(rte_pktmbuf_append(seg, 2000), (int)i, 2000);
        last->next = seg;
        last = seg;
        m->nb_segs++;
        m->pkt_len += 2000;
    }
    dp_actions_put_output(&list, 1);
    set_ports(7, 8);
    dp_actions_put_output(&list, 2);
    run(m);
    assert_int_equal(n_sent, 2);
    assert_int_equal(sent[0]->pkt_len, sent[1]->pkt_len);
    assert_int_equal(sent[0]->data_len, ACTION_HEADER_BYTES);
    rte_mbuf_check(sent[0], 1, NULL);
    a = rte_pktmbuf_read(sent[0], 0, sent[0]->pkt_len, x);
    b = rte_pktmbuf_read(sent[1], 0, sent[1]->pkt_len, y);
    assert_memory_equal(a + 54, b + 54, sent[0]->pkt_len - 54);
    assert_memory_equal(a + 34, "\x04\xd2\x00\x50", 4);
    assert_memory_equal(b + 34, "\x00\x07\x00\x08", 4);
}

static void headers_in_pieces_are_pulled_together(void **state UNUSED)
{
    struct rte_mbuf *whole = make_packet(false, 17), *m, *rest;

    fill_checksum(whole, false, 17);
    m = rte_pktmbuf_copy(whole, pools.small, 0, 20);
    rest = rte_pktmbuf_copy(whole, pools.small, 20, UINT32_MAX);
    m->next = rest;
    m->nb_segs = 2;
    m->pkt_len = whole->pkt_len;
    rte_pktmbuf_free(whole);
    set_all_ipv4();
    set_ports(9, 10);
    dp_actions_put_output(&list, 1);
    run(m);
    assert_int_equal(sent[0]->nb_segs, 1);
    assert_checksums(sent[0], false, 17);
}

static void arp_is_set_under_its_masks(void **state UNUSED)
{
    static const uint8_t arp[] = {2, 0, 0, 0, 0, 2, 2, 0,  0, 0, 0, 1, 8, 6, 0, 1, 8, 0,  6, 4, 0,
                                  1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2};
    struct rte_mbuf *m = rte_pktmbuf_alloc(pools.small);
    struct dp_action_set_arp *a;
    const uint8_t *p;

    memcpy(rte_pktmbuf_append(m, sizeof arp), arp, sizeof arp);
    a = dp_actions_put(&list, DP_ACTION_SET_ARP, sizeof *a);
    a->op = be16_make(2);
    a->op_mask = UINT16_MAX;
    a->spa = inet_addr("10.0.0.9");
    a->spa_mask = inet_addr("0.0.0.255");
    a->tpa = inet_addr("10.1.1.1");
    a->tpa_mask = UINT32_MAX;
    memset(a->sha, 7, 6);
    a->sha_mask[0] = 0xff;
    memset(a->tha, 9, 6);
    memset(a->tha_mask, 0xff, 6);
    dp_actions_put_output(&list, 2);
    run(m);
    p = rte_pktmbuf_mtod(sent[0], const uint8_t *);
    assert_memory_equal(p, arp, 14 + 6);
    assert_memory_equal(p + 14 + 6, "\0\2\7\0\0\0\0\1\12\0\0\11\11\11\11\11\11\11\12\1\1\1", 22);
    run(make_packet(false, 1)); /* No ARP: nothing is changed. */
    assert_memory_equal(rte_pktmbuf_mtod_offset(sent[1], uint8_t *, 14 + 12), "\12\0\0\1\12\0\0\2",
                        8);
}

/* A neighbour solicitation with a nonce, then the sender's address. */
static struct rte_mbuf *make_solicitation(void)
{
    struct rte_mbuf *m = make_packet(true, 58);
    uint8_t *l4 = rte_pktmbuf_mtod_offset(m, uint8_t *, 14 + 40);

    memset(l4, 0, 8 + PAYLOAD);
    l4[0] = 135;
    memset(l4 + 8, 0xfe, 16);
    memcpy(l4 + 24, "\16\1\1\2\3\4\5\6\1\1\2\0\0\0\0\1", 16);
    fill_checksum(m, true, 58);
    return m;
}

static void neighbour_messages_are_set_with_their_checksum(void **state UNUSED)
{
    struct dp_action_set_nd *a = dp_actions_put(&list, DP_ACTION_SET_ND, sizeof *a);
    struct rte_mbuf *partial = make_solicitation();
    const uint8_t *l4;

    a->option = 2;
    a->option_mask = 0xff;
    a->reserved = be32_make(0x60000000);
    a->reserved_mask = UINT32_MAX;
    memset(a->target, 0x11, 16);
    memset(a->target_mask + 8, 0xff, 8);
    memset(a->sll, 0x22, 6);
    memset(a->sll_mask, 0xff, 6); /* Of an option that is none any more. */
    memset(a->tll, 0x33, 6);
    memset(a->tll_mask, 0xff, 6);
    dp_actions_put_output(&list, 2);
    run(make_solicitation());
    l4 = rte_pktmbuf_mtod_offset(sent[0], const uint8_t *, 14 + 40);
    assert_memory_equal(l4 + 4, "\x60\0\0\0", 4);
    assert_memory_equal(l4 + 8, "\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe", 8);
    assert_memory_equal(l4 + 16, "\x11\x11\x11\x11\x11\x11\x11\x11", 8);
    assert_memory_equal(l4 + 24, "\16\1\1\2\3\4\5\6\2\1\x33\x33\x33\x33\x33\x33", 16);
    assert_checksums(sent[0], true, 58);

    partial->ol_flags |= RTE_MBUF_F_TX_L4_MASK; /* Only the pseudo header is summed up yet. */
    memcpy(rte_pktmbuf_mtod_offset(partial, uint8_t *, 14 + 40 + 2), "\x12\x34", 2);
    run(partial);
    l4 = rte_pktmbuf_mtod_offset(sent[1], const uint8_t *, 14 + 40);
    assert_memory_equal(l4 + 2, "\x12\x34", 2);
    assert_int_equal(l4[32], 2);

    run(make_packet(true, 58)); /* An echo request: nothing is changed. */
    assert_int_equal(rte_pktmbuf_mtod_offset(sent[2], const uint8_t *, 14 + 40)[4], 0);
}

static void longer_packets_go_another_way(void **state UNUSED)
{
    struct dp_action_check_len *a = dp_actions_put(&list, DP_ACTION_CHECK_LEN, sizeof *a);
    struct dp_action_push_vlan *push;
    struct rte_mbuf *m = make_packet(false, 17), *large = make_packet(false, 6);

    a->max_len = m->pkt_len;
    a->longer_id = 7;
    a->other_id = 8;
    run(m);
    run(make_packet(false, 6)); /* 12 bytes more. */
    large->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
    large->l4_len = 20;
    large->tso_segsz = 10;
    run(large); /* Its segments are short. */
    assert_int_equal(n_sent, 3);
    assert_int_equal(sent_to[0], AGAIN + 8);
    assert_int_equal(sent_to[1], AGAIN + 7);
    assert_int_equal(sent_to[2], AGAIN + 8);
    dp_actions_clear(&list);
    push = dp_actions_put(&list, DP_ACTION_PUSH_VLAN, sizeof *push);
    push->tpid = be16_make(0x8100);
    a = dp_actions_put(&list, DP_ACTION_CHECK_LEN, sizeof *a);
    m = make_packet(false, 17);
    a->max_len = m->pkt_len;
    a->longer_id = 7;
    a->other_id = 8;
    dp_actions_put_output(&list, 2);
    run(m); /* The tag does not count; the list goes on with a copy. */
    assert_int_equal(n_sent, 5);
    assert_int_equal(sent_to[3], AGAIN + 8);
    assert_int_equal(sent_to[4], 2);
}

static void an_empty_list_and_a_list_without_output_drop(void **state UNUSED)
{
    run(make_packet(false, 6));
    set_ports(1, 2);
    run(make_packet(false, 6));
    dp_actions_put_drop(&list, DP_DROP_VLAN_INGRESS);
    run(make_packet(false, 6));
    assert_int_equal(n_sent, 0);
}

int main(void)
{
    char *argv[] = {"test", "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry",
                    "-m",   "64",        "-l",          "0",        "--log-level=lib.*:3"};
    const struct CMUnitTest tests[] = {
#define T(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
        T(changes_keep_every_checksum_right),
        T(headers_behind_many_pushed_tags_are_changed),
        T(a_udp_checksum_left_out_stays_so),
        T(of_a_partial_checksum_only_the_pseudo_header_changes),
        T(sctps_crc_follows_its_ports_and_stays_wrong_when_it_was),
        T(nothing_in_ethernets_padding_is_changed),
        T(sctps_crc_is_of_the_datagram_alone),
        T(later_fragments_have_no_ports_to_change),
        T(tags_are_pushed_changed_and_popped),
        T(set_eth_obeys_its_mask),
        T(a_shared_packet_is_copied_before_it_is_changed),
        T(a_large_packets_copy_shares_its_payload),
        T(headers_in_pieces_are_pulled_together),
        T(arp_is_set_under_its_masks),
        T(neighbour_messages_are_set_with_their_checksum),
        T(longer_packets_go_another_way),
        T(an_empty_list_and_a_list_without_output_drop),
    };
    int failed;

    if (rte_eal_init((int)ARRAY_SIZE(argv), argv) < 0) {
        return 1;
    }
    pools.small = rte_pktmbuf_pool_create("t", 1023, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    dp_actions_free(&list);
    return failed;
}
