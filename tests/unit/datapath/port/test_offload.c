/* datapath/port/offload and segment: what ports without offloads get. */
#include "tests/unit/datapath/port/port_test.h"

#include "datapath/port/offload.h"

static uint8_t frame[70000];
static struct offload_ctx *ctx;
static struct port bare = {.name = "bare", .port_no = 3};

static int start_ctx(void **state)
{
    struct error err;

    return start_eal(state) || offload_ctx_new(0, &ctx, &err) ? -1 : 0;
}

static int stop_ctx(void **state UNUSED)
{
    offload_ctx_free(ctx);
    return 0;
}

static struct rte_mbuf *set_offload(struct rte_mbuf *m, const struct test_lengths *l, uint16_t mss)
{
    bool ipv6 = frame[l->l2] >> 4 == 6, tcp = l->l4 != 8;

    m->l2_len = l->l2;
    m->l3_len = l->l3;
    m->l4_len = l->l4;
    m->tso_segsz = mss;
    m->ol_flags = (ipv6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4) |
                  (tcp ? RTE_MBUF_F_TX_TCP_CKSUM : RTE_MBUF_F_TX_UDP_CKSUM);
    if (mss) {
        m->ol_flags |= tcp ? RTE_MBUF_F_TX_TCP_SEG : RTE_MBUF_F_TX_UDP_SEG;
    }
    return m;
}

static struct rte_mbuf *with_offload(size_t len, const struct test_lengths *l, uint16_t mss)
{
    return set_offload(packet_of(frame, len), l, mss);
}

static uint16_t prepare(const struct port *port, struct rte_mbuf *m, struct rte_mbuf **out,
                        uint16_t max, uint16_t *extra)
{
    uint16_t used, n;

    n = offload_prepare(ctx, port, &m, 1, out, max, &used, extra);
    assert_int_equal(used, 1);
    return n;
}

static void a_packet_that_needs_nothing_passes_as_it_is(void **state UNUSED)
{
    struct rte_mbuf *m = packet_of(frame, 60), *out[64];
    uint16_t extra;

    assert_int_equal(prepare(&bare, m, out, 64, &extra), 1);
    assert_ptr_equal(out[0], m);
    assert_int_equal(extra, 0);
    rte_pktmbuf_free(m);
}

static void a_port_with_the_offload_gets_the_super_packet(void **state UNUSED)
{
    struct port able = {.features = PORT_TX_CSUM | PORT_TX_TSO | PORT_TX_MULTI_SEG};
    struct rte_mbuf *out[64], *m;
    struct test_lengths l;
    uint16_t extra;
    size_t len = make_l4(frame, true, true, 0, 30000, &l);

    m = with_offload(len, &l, 1400);
    assert_int_equal(prepare(&able, m, out, 64, &extra), 1);
    assert_ptr_equal(out[0], m);
    assert_true(m->ol_flags & RTE_MBUF_F_TX_TCP_SEG);
    rte_pktmbuf_free(m);
}

static void checksums_are_completed(void **state UNUSED)
{
    for (int i = 0; i < 16; i++) {
        struct rte_mbuf *out[64];
        struct test_lengths l;
        uint16_t extra;
        size_t len = make_l4(frame, i & 1, i & 2, (unsigned int)i / 4 % 2, i & 8 ? 2501 : 601, &l);

        assert_false(checksums_hold(frame, len, &l));
        assert_int_equal(prepare(&bare, with_offload(len, &l, 0), out, 64, &extra), 1);
        assert_int_equal(out[0]->nb_segs, 1);
        assert_int_equal(out[0]->pkt_len, len);
        assert_true(checksums_hold(rte_pktmbuf_mtod(out[0], uint8_t *), len, &l));
        assert_int_equal(out[0]->ol_flags & RTE_MBUF_F_TX_L4_MASK, 0);
        rte_pktmbuf_free(out[0]);
    }
    assert_int_equal(buffers_in_use(), 0);
}

static void a_packet_that_others_send_too_is_not_written_to(void **state UNUSED)
{
    struct rte_mbuf *m, *out[64];
    struct test_lengths l;
    uint16_t extra;

    for (size_t payload = 500; payload < 9000; payload += 2500) {
        size_t len = make_l4(frame, false, true, 0, payload, &l);

        m = rte_pktmbuf_alloc(pools.jumbo);
        memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
        set_offload(m, &l, 0);
        rte_mbuf_refcnt_update(m, 1);
        assert_int_equal(prepare(&bare, m, out, 64, &extra), 1);
        assert_int_equal(out[0]->nb_segs, 1);
        assert_true(checksums_hold(rte_pktmbuf_mtod(out[0], uint8_t *), len, &l));
        assert_packet(m, frame, len);
        assert_int_equal(rte_mbuf_refcnt_read(m), 1);
        assert_true(m->ol_flags & RTE_MBUF_F_TX_TCP_CKSUM);
        rte_pktmbuf_free(out[0]);
        rte_pktmbuf_free(m);
    }
    assert_int_equal(buffers_in_use(), 0);
}

/* Cuts a super-packet up, checks every segment, and that together they are what it was. */
static void cut_and_check(bool ipv6, bool tcp, unsigned int vlans, size_t payload, uint16_t mss)
{
    static uint8_t again[70000];
    struct test_lengths l;
    size_t len = make_l4(frame, ipv6, tcp, vlans, payload, &l), got = 0;
    size_t headers = (size_t)l.l2 + l.l3 + l.l4;
    struct rte_mbuf *m = with_offload(len, &l, mss), *out[7];
    uint16_t used = 0, extra, all_extra = 0, n_segs = 0;

    while (!used) {
        uint16_t n = offload_prepare(ctx, &bare, &m, 1, out, ARRAY_SIZE(out), &used, &extra);

        assert_true(n > 0);
        all_extra = (uint16_t)(all_extra + extra);
        for (uint16_t i = 0; i < n; i++, n_segs++) {
            const uint8_t *p = rte_pktmbuf_mtod(out[i], const uint8_t *);
            const uint8_t *ip = p + l.l2, *l4 = ip + l.l3;
            size_t part = out[i]->pkt_len - headers;
            bool last = got + part == payload;

            assert_int_equal(out[i]->nb_segs, 1);
            assert_int_equal(part, RTE_MIN(mss, payload - got));
            assert_true(checksums_hold(p, out[i]->pkt_len, &l));
            assert_int_equal(out[i]->ol_flags & (RTE_MBUF_F_TX_L4_MASK | RTE_MBUF_F_TX_TCP_SEG), 0);
            if (ipv6) {
                assert_int_equal(be16_get(be16_load(ip + 4)), l.l4 + part);
            } else {
                assert_int_equal(be16_get(be16_load(ip + 2)), l.l3 + l.l4 + part);
                assert_int_equal(be16_get(be16_load(ip + 4)), 0x1234 + n_segs);
            }
            if (tcp) {
                assert_int_equal(be32_get(be32_load(l4 + 4)), (uint32_t)(0xffffff00 + got));
                assert_int_equal(l4[13], 0x10 | (n_segs ? 0 : 0x80) | (last ? 0x09 : 0));
            } else {
                assert_int_equal(be16_get(be16_load(l4 + 4)), 8 + part);
            }
            memcpy(again + got, p + headers, part);
            got += part;
            rte_pktmbuf_free(out[i]);
        }
    }
    assert_int_equal(got, payload);
    assert_memory_equal(again, frame + headers, payload);
    assert_int_equal(all_extra, n_segs - 1);
    assert_int_equal(buffers_in_use(), 0);
}

static void super_packets_are_segmented(void **state UNUSED)
{
    static const size_t payloads[] = {1401, 1800, 2800, 10000, 64000};

    for (int i = 0; i < 8; i++) {
        for (size_t k = 0; k < ARRAY_SIZE(payloads); k++) {
            cut_and_check(i & 1, i & 2, i & 4 ? 1 : 0, payloads[k], 1400);
        }
        cut_and_check(i & 1, i & 2, 2, 3000, 3);
        cut_and_check(i & 1, i & 2, 0, 2, 1);
    }
}

static void the_number_of_segments_is_bounded(void **state UNUSED)
{
    struct rte_mbuf *out[64];
    struct test_lengths l;
    uint16_t extra;
    size_t len = make_l4(frame, false, true, 0, 1025, &l);

    assert_int_equal(prepare(&bare, with_offload(len, &l, 1), out, 64, &extra), 0);
    assert_int_equal(extra, 0);
    assert_int_equal(drops_of("offload-too-many-segments"), 1);
    cut_and_check(false, true, 0, 1024, 1);
    assert_int_equal(buffers_in_use(), 0);
}

static void header_lengths_that_lie_are_dropped(void **state UNUSED)
{
    struct rte_mbuf *out[64], *m;
    struct test_lengths l;
    uint16_t extra;
    size_t len = make_l4(frame, false, true, 0, 1000, &l);

    for (int i = 0; i < 6; i++) {
        m = with_offload(len, &l, i < 4 ? 100 : 0);
        if (i == 0) {
            m->l2_len = 0;
        } else if (i == 1) {
            m->l3_len = 4;
        } else if (i == 2) {
            m->l4_len = 0;
        } else if (i == 3) {
            m->tso_segsz = 0;
        } else {
            rte_pktmbuf_trim(m, (uint16_t)(len - 40));
            m->l3_len = i == 4 ? 20 : 500;
        }
        assert_int_equal(prepare(&bare, m, out, 64, &extra), 0);
    }
    assert_int_equal(drops_of("offload-bad-headers"), 6);
    assert_int_equal(buffers_in_use(), 0);
}

static void a_port_that_takes_one_piece_gets_one_piece(void **state UNUSED)
{
    struct rte_mbuf *out[64], *m;
    uint16_t extra;

    for (size_t len = 1799; len <= 10000; len += 1000) {
        fill_frame(frame, len, 5);
        m = packet_of(frame, len);
        assert_int_equal(prepare(&bare, m, out, 64, &extra), 1);
        assert_int_equal(out[0]->nb_segs, 1);
        assert_packet(out[0], frame, len);
        rte_pktmbuf_free(out[0]);
    }
    /* Nobody sends that: dropped. */
    assert_int_equal(prepare(&bare, packet_of(frame, 60000), out, 64, &extra), 0);
    assert_int_equal(drops_of("offload-no-buffer"), 1);
    assert_int_equal(buffers_in_use(), 0);
}

static void a_full_output_array_stops_between_packets(void **state UNUSED)
{
    struct rte_mbuf *in[8], *out[3];
    uint16_t used, extra, n;

    for (int i = 0; i < 8; i++) {
        in[i] = packet_of(frame, 60);
    }
    n = offload_prepare(ctx, &bare, in, 8, out, 3, &used, &extra);
    assert_int_equal(n, 3);
    assert_int_equal(used, 3);
    rte_pktmbuf_free_bulk(in, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_that_needs_nothing_passes_as_it_is),
        cmocka_unit_test(a_port_with_the_offload_gets_the_super_packet),
        cmocka_unit_test(checksums_are_completed),
        cmocka_unit_test(a_packet_that_others_send_too_is_not_written_to),
        cmocka_unit_test(super_packets_are_segmented),
        cmocka_unit_test(the_number_of_segments_is_bounded),
        cmocka_unit_test(header_lengths_that_lie_are_dropped),
        cmocka_unit_test(a_port_that_takes_one_piece_gets_one_piece),
        cmocka_unit_test(a_full_output_array_stops_between_packets),
    };

    return cmocka_run_group_tests_name("port/offload", tests, start_ctx, stop_ctx);
}
