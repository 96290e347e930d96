/* Unit tests of output with truncation: what leaves is the packet's first bytes, with the checksum
 * of all of it, and nobody else's packet is cut. */
#include "tests/unit/datapath/core/harness.h"

#define PAYLOAD 3000

static int setup(void **state UNUSED)
{
    test_counters_clear();
    test_core_start(NULL);
    test_port_add(1, true);
    test_port_add(2, true);
    test_port_add(3, true);
    return 0;
}

static int teardown(void **state UNUSED)
{
    test_assert_identity();
    for (uint32_t i = 1; i <= 3; i++) {
        test_port_remove(i);
    }
    core_stop();
    return 0;
}

/* All from port 1: the first 'max_len' bytes to port 2, then, if asked for, all of it to port 3. */
static void put_flow(uint32_t max_len, bool whole)
{
    struct dp_actions actions = DP_ACTIONS_INIT;
    struct flow_mask mask;

    WAIT_UNTIL(test_upcall_count() == 1);
    dp_actions_put_output_trunc(&actions, 2, max_len);
    if (whole) {
        dp_actions_put_output(&actions, 3);
    }
    flow_mask_init(&mask);
    FLOW_MASK_FIELD(&mask, recirc_id);
    FLOW_MASK_FIELD(&mask, in_port);
    flow_mask_seal(&mask);
    assert_int_equal(core_flow_put(5, &test_upcalls[0].key, &mask, actions.data, actions.len,
                                   test_upcalls[0].pending),
                     0);
    dp_actions_free(&actions);
}

/* Of the pseudo header and 'n' bytes of TCP: 0xffff when the checksum among them is right. */
static uint16_t tcp_sum(const uint8_t *frame, uint32_t n)
{
    uint32_t sum = 6 + 20 + PAYLOAD;

    for (uint32_t i = 26; i < 34 + n; i++) {
        sum += i % 2 ? frame[i] : (uint32_t)frame[i] << 8;
    }
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* TCP over IPv4, in buffers of 500 bytes, whose checksum is that of the pseudo header. */
static struct rte_mbuf *super_packet(void)
{
    static const uint8_t head[54] = {2, 0, 0,    0, 0, 2, 2, 0, 0, 0, 0,  1,
                                     8, 0, 0x45, 0, 0, 0, 0, 1, 0, 0, 64, 6};
    uint8_t bytes[54 + PAYLOAD];
    struct rte_mbuf *m = NULL;

    for (unsigned int i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 7);
    }
    memcpy(bytes, head, sizeof head);
    bytes[16] = (40 + PAYLOAD) >> 8;
    bytes[17] = (40 + PAYLOAD) & 255;
    bytes[46] = 0x50;
    bytes[50] = (uint8_t)(tcp_sum(bytes, 0) >> 8);
    bytes[51] = (uint8_t)tcp_sum(bytes, 0);
    for (unsigned int at = 0; at < sizeof bytes; at += 500) {
        struct rte_mbuf *part = test_packet(
            bytes + at, (uint16_t)MIN_OF(500u, (unsigned int)sizeof bytes - at));

        if (m) {
            assert_int_equal(rte_pktmbuf_chain(m, part), 0);
        } else {
            m = part;
        }
    }
    m->l2_len = 14;
    m->l3_len = 20;
    m->l4_len = 20;
    m->ol_flags = RTE_MBUF_F_TX_TCP_CKSUM | RTE_MBUF_F_TX_IPV4;
    return m;
}

static void assert_sent(uint32_t port_no, const void *bytes, uint32_t len)
{
    struct rte_mbuf *m = test_take(port_no);
    uint8_t copy[4096];

    assert_int_equal(m->pkt_len, len);
    assert_true(rte_mbuf_check(m, 1, NULL) == 0);
    assert_memory_equal(rte_pktmbuf_read(m, 0, len, copy), bytes, len);
    rte_pktmbuf_free(m);
}

static void one_port_gets_the_first_bytes_and_another_all(void **state UNUSED)
{
    uint8_t b[60];

    test_udp(b, 1, 1000, 53, 9);
    test_receive(1, b, 60);
    put_flow(14, true);
    WAIT_UNTIL(test_sent(3) == 1);
    test_receive(1, b, 14); /* Is no longer than that. */
    WAIT_UNTIL(test_sent(2) == 2 && test_sent(3) == 2);
    assert_sent(2, b, 14);
    assert_sent(3, b, 60);
    WAIT_UNTIL(TEST_PORT_SUM(tx_bytes) == 14 + 60 + 14 + 14);
    assert_int_equal(test_counters.flows[0][5].bytes, 60 + 14); /* As they came. */
}

static void a_packet_in_many_buffers_is_cut_between_and_in_them(void **state UNUSED)
{
    static const uint32_t lengths[] = {1, 499, 500, 501, 1000, 3053, 3054, 9000};

    for (unsigned int i = 0; i < ARRAY_SIZE(lengths); i++) {
        uint32_t len = 14 + lengths[i];
        uint8_t bytes[54 + PAYLOAD];
        struct rte_mbuf *m;

        if (i) {
            teardown(NULL);
            setup(NULL);
        }
        m = super_packet();
        m->ol_flags = 0;
        memcpy(bytes, rte_pktmbuf_read(m, 0, sizeof bytes, bytes), sizeof bytes);
        test_receive_mbuf(1, m);
        put_flow(len, i % 2);
        WAIT_UNTIL(test_sent(2) == 1 && test_sent(3) == i % 2);
        assert_sent(2, bytes, MIN_OF(len, (uint32_t)sizeof bytes));
        if (i % 2) {
            assert_sent(3, bytes, sizeof bytes);
        }
    }
}

/* What is cut off counts in the checksum of what is left. */
static void a_checksum_is_made_before_the_packet_is_cut(void **state UNUSED)
{
    struct rte_mbuf *m = super_packet();
    uint8_t whole[54 + PAYLOAD];

    memcpy(whole, rte_pktmbuf_read(m, 0, sizeof whole, whole), sizeof whole);
    test_receive_mbuf(1, m);
    put_flow(54, false);
    WAIT_UNTIL(test_sent(2) == 1);
    m = test_take(2);
    assert_int_equal(m->pkt_len, 54);
    assert_false(m->ol_flags & RTE_MBUF_F_TX_L4_MASK);
    assert_memory_equal(rte_pktmbuf_mtod(m, void *), whole, 50);
    memcpy(whole + 50, rte_pktmbuf_mtod(m, uint8_t *) + 50, 2);
    assert_int_equal(tcp_sum(whole, 20 + PAYLOAD), 0xffff);
    rte_pktmbuf_free(m);
}

static void of_a_super_packet_each_segment_is_cut(void **state UNUSED)
{
    struct rte_mbuf *m = super_packet();
    uint32_t seq = be32_get(be32_load(rte_pktmbuf_mtod_offset(m, uint8_t *, 38)));

    m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
    m->tso_segsz = 30; /* 100 segments: more than are made at a time. */
    test_receive_mbuf(1, m);
    put_flow(60, true);
    WAIT_UNTIL(test_sent(2) == 100 && test_sent(3) == 1);
    for (uint32_t i = 0; i < 100; i++) {
        const uint8_t *p;

        m = test_take(2);
        p = rte_pktmbuf_mtod(m, const uint8_t *);
        assert_int_equal(m->pkt_len, 60);
        assert_int_equal(be16_get(be16_load(p + 16)), 40 + 30); /* IP's length is the whole's. */
        assert_int_equal(be32_get(be32_load(p + 38)), seq + i * 30);
        rte_pktmbuf_free(m);
    }
    m = test_take(3);
    assert_int_equal(m->pkt_len, 54 + PAYLOAD);
    assert_true(m->ol_flags & RTE_MBUF_F_TX_TCP_SEG);
    rte_pktmbuf_free(m);
}

/* One that is no longer than that goes as it is, whatever is still to be done to it. */
static void a_short_super_packet_goes_whole(void **state UNUSED)
{
    struct rte_mbuf *m = super_packet();

    m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
    m->tso_segsz = 1000;
    test_receive_mbuf(1, m);
    put_flow(54 + PAYLOAD, false);
    WAIT_UNTIL(test_sent(2) == 1);
    m = test_take(2);
    assert_int_equal(m->pkt_len, 54 + PAYLOAD);
    assert_int_equal(m->tso_segsz, 1000);
    rte_pktmbuf_free(m);
}

static void a_port_that_is_gone_gets_nothing(void **state UNUSED)
{
    struct dp_actions actions = DP_ACTIONS_INIT;
    uint8_t b[60];

    dp_actions_put_output_trunc(&actions, 6, 20);
    test_udp(b, 1, 1000, 53, 9);
    assert_int_equal(core_execute(DP_NO_PENDING, b, 60, 1, actions.data, actions.len), 0);
    WAIT_UNTIL(test_drops("port-gone") == 1);
    dp_actions_free(&actions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
        T(one_port_gets_the_first_bytes_and_another_all),
        T(a_packet_in_many_buffers_is_cut_between_and_in_them),
        T(a_checksum_is_made_before_the_packet_is_cut),
        T(of_a_super_packet_each_segment_is_cut),
        T(a_short_super_packet_goes_whole),
        T(a_port_that_is_gone_gets_nothing),
    };

    test_eal();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
