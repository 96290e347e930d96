/* datapath/port/vnet: what a virtio-net header, honest or hostile, makes of a packet. */
#include "tests/unit/datapath/port/port_test.h"

#include "datapath/port/l4.h"
#include "datapath/port/vnet.h"

static uint8_t frame[70000];

static struct virtio_net_hdr_v1 header_for(const struct test_lengths *l, bool tcp, uint8_t gso_type,
                                           uint16_t gso_size)
{
    return (struct virtio_net_hdr_v1){
        .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
        .gso_type = gso_type,
        .gso_size = gso_size,
        .hdr_len = (uint16_t)(l->l2 + l->l3 + l->l4),
        .csum_start = (uint16_t)(l->l2 + l->l3),
        .csum_offset = tcp ? 16 : 6,
    };
}

static void expect_drop(const struct virtio_net_hdr_v1 *h, size_t len, const char *name)
{
    struct rte_mbuf *m = packet_of(frame, len);
    const struct drop_reason *reason = vnet_to_mbuf(m, h);

    assert_non_null(reason);
    assert_string_equal(reason->name, name);
    rte_pktmbuf_free(m);
}

static void a_plain_frame_is_left_alone(void **state UNUSED)
{
    struct virtio_net_hdr_v1 h = {0}, out;
    struct rte_mbuf *m;

    for (size_t len = 1; len < 80; len++) {
        fill_frame(frame, len, 3);
        m = packet_of(frame, len);
        assert_null(vnet_to_mbuf(m, &h));
        assert_packet(m, frame, len);
        assert_int_equal(m->ol_flags, 0);
        vnet_from_mbuf(&out, m);
        assert_memory_equal(&out, &h, sizeof h);
        rte_pktmbuf_free(m);
    }
}

static void a_verified_checksum_is_told_on(void **state UNUSED)
{
    struct virtio_net_hdr_v1 h = {.flags = VIRTIO_NET_HDR_F_DATA_VALID}, out;
    struct rte_mbuf *m = packet_of(frame, 60);

    assert_null(vnet_to_mbuf(m, &h));
    assert_true(m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_GOOD);
    vnet_from_mbuf(&out, m);
    assert_int_equal(out.flags, VIRTIO_NET_HDR_F_DATA_VALID);
    rte_pktmbuf_free(m);
}

static void partial_checksums_and_super_packets_survive_the_round_trip(void **state UNUSED)
{
    for (int i = 0; i < 2 * 2 * 3 * 2; i++) {
        bool ipv6 = i & 1, tcp = i & 2, super = i & 4;
        unsigned int vlans = (unsigned int)i / 8;
        struct test_lengths l;
        size_t len = make_l4(frame, ipv6, tcp, vlans, super ? 40000 : 900, &l);
        uint8_t type = !super ? VIRTIO_NET_HDR_GSO_NONE
                       : !tcp ? VIRTIO_NET_HDR_GSO_UDP_L4
                       : ipv6 ? VIRTIO_NET_HDR_GSO_TCPV6 | VIRTIO_NET_HDR_GSO_ECN
                              : VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN;
        struct virtio_net_hdr_v1 h = header_for(&l, tcp, type, super ? 1400 : 0), out;
        struct rte_mbuf *m = packet_of(frame, len);

        assert_null(vnet_to_mbuf(m, &h));
        assert_int_equal(m->l2_len, l.l2);
        assert_int_equal(m->l3_len, l.l3);
        assert_int_equal(m->l4_len, l.l4);
        assert_true(m->ol_flags & (ipv6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4));
        assert_int_equal(m->ol_flags & RTE_MBUF_F_TX_L4_MASK,
                         tcp ? RTE_MBUF_F_TX_TCP_CKSUM : RTE_MBUF_F_TX_UDP_CKSUM);
        assert_packet(m, frame, len);
        vnet_from_mbuf(&out, m);
        if (!super) {
            h.hdr_len = 0;
        }
        assert_memory_equal(&out, &h, sizeof h);
        rte_pktmbuf_free(m);
    }
}

static void a_super_packet_of_one_segment_is_an_ordinary_packet(void **state UNUSED)
{
    struct test_lengths l;
    size_t len = make_l4(frame, false, true, 0, 1400, &l);
    struct virtio_net_hdr_v1 h = header_for(&l, true, VIRTIO_NET_HDR_GSO_TCPV4, 1400);
    struct rte_mbuf *m = packet_of(frame, len);

    assert_null(vnet_to_mbuf(m, &h));
    assert_int_equal(m->ol_flags, RTE_MBUF_F_TX_TCP_CKSUM | RTE_MBUF_F_TX_IPV4);
    rte_pktmbuf_free(m);
}

static void a_checksum_elsewhere_is_completed_at_once(void **state UNUSED)
{
    /* As for a protocol that we do not know, or behind a tunnel header. */
    struct virtio_net_hdr_v1 h = {
        .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 20, .csum_offset = 4};
    uint8_t got[3000];
    struct rte_mbuf *m;

    for (size_t len = 40; len < 3000; len += 371) {
        uint16_t sum;

        fill_frame(frame, len, 9);
        memset(frame + 24, 0, 2);
        m = packet_of(frame, len);
        assert_null(vnet_to_mbuf(m, &h));
        assert_int_equal(m->ol_flags, 0);
        memcpy(got, rte_pktmbuf_read(m, 0, (uint32_t)len, frame), len);
        sum = rte_raw_cksum(got + 20, len - 20);
        assert_true(sum == 0xffff || sum == 0);
        rte_pktmbuf_free(m);
    }
}

static void a_checksum_outside_the_packet_is_dropped(void **state UNUSED)
{
    struct virtio_net_hdr_v1 h = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM};
    static const uint16_t bad[][2] = {{59, 0},     {60, 0},     {0, 59}, {65535, 65535},
                                      {34, 65535}, {65535, 16}, {58, 1}, {100, 16}};

    fill_frame(frame, 60, 1);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        h.csum_start = bad[i][0];
        h.csum_offset = bad[i][1];
        expect_drop(&h, 60, "vnet-bad-csum");
    }
}

static void a_header_length_beyond_the_packet_is_dropped(void **state UNUSED)
{
    struct test_lengths l;
    size_t len = make_l4(frame, false, true, 0, 100, &l);
    struct virtio_net_hdr_v1 h = header_for(&l, true, 0, 0);

    h.hdr_len = (uint16_t)(len + 1);
    expect_drop(&h, len, "vnet-bad-hdr-len");
}

static void a_super_packet_that_is_none_is_dropped(void **state UNUSED)
{
    struct test_lengths l;
    size_t len = make_l4(frame, false, true, 0, 20000, &l);
    const struct virtio_net_hdr_v1 good = header_for(&l, true, VIRTIO_NET_HDR_GSO_TCPV4, 1400);
    struct virtio_net_hdr_v1 h = good;

    h.gso_size = 0;
    expect_drop(&h, len, "vnet-bad-gso");
    h = good;
    h.flags = 0;
    expect_drop(&h, len, "vnet-bad-gso");
    h = good;
    h.csum_offset = 6;
    expect_drop(&h, len, "vnet-bad-gso");
    h = good;
    h.csum_start += 4;
    expect_drop(&h, len, "vnet-bad-gso");
    for (unsigned int type = 1; type < 256; type++) {
        h = good;
        h.gso_type = (uint8_t)type;
        if ((type & ~0x80u) != VIRTIO_NET_HDR_GSO_TCPV4) {
            expect_drop(&h, len, "vnet-bad-gso");
        }
    }
    /* A fragment, a TCP header that claims more than there is, an IPv4 header likewise. */
    frame[20] = 0x20;
    expect_drop(&good, len, "vnet-bad-gso");
    frame[20] = 0x40;
    frame[46] = 0x40;
    expect_drop(&good, len, "vnet-bad-gso");
    frame[46] = 0x80;
    frame[14] = 0x44;
    expect_drop(&good, len, "vnet-bad-gso");
}

static void headers_are_found_behind_tags_and_extensions(void **state UNUSED)
{
    struct test_lengths l;
    struct l4_place p;
    uint8_t ext[200];
    size_t len = make_l4(frame, true, false, 2, 50, &l);

    assert_true(l4_locate(frame, len, &p));
    assert_int_equal(p.l2_len, 22);
    assert_int_equal(p.l3_len, 40);
    assert_int_equal(p.l4_len, 8);
    assert_int_equal(p.proto, 17);
    /* Hop-by-hop options of 8 bytes, destination options of 16 before UDP. */
    memcpy(ext, frame, 62);
    ext[22 + 6] = 0;
    memcpy(ext + 62, "\x3c\x00\x00\x00\x00\x00\x00\x00", 8);
    memcpy(ext + 70, "\x11\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 16);
    memcpy(ext + 86, frame + 62, 58);
    assert_true(l4_locate(ext, 144, &p));
    assert_int_equal(p.l3_len, 64);
    assert_int_equal(p.l4_len, 8);
    /* Cut anywhere, nothing is read beyond (the sanitizers look), and nothing found that is cut. */
    for (size_t cut = 0; cut < 86; cut++) {
        uint8_t *exact = xmemdup(ext, cut ? cut : 1);

        assert_false(l4_locate(exact, cut, &p));
        free(exact);
    }
    for (size_t cut = 86; cut < 94; cut++) {
        assert_true(l4_locate(ext, cut, &p));
        assert_int_equal(p.l4_len, 0);
    }
    /* A fragment header. */
    ext[62] = 44;
    memset(ext + 70, 0, 8);
    assert_false(l4_locate(ext, 144, &p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_frame_is_left_alone),
        cmocka_unit_test(a_verified_checksum_is_told_on),
        cmocka_unit_test(partial_checksums_and_super_packets_survive_the_round_trip),
        cmocka_unit_test(a_super_packet_of_one_segment_is_an_ordinary_packet),
        cmocka_unit_test(a_checksum_elsewhere_is_completed_at_once),
        cmocka_unit_test(a_checksum_outside_the_packet_is_dropped),
        cmocka_unit_test(a_header_length_beyond_the_packet_is_dropped),
        cmocka_unit_test(a_super_packet_that_is_none_is_dropped),
        cmocka_unit_test(headers_are_found_behind_tags_and_extensions),
    };

    return cmocka_run_group_tests_name("port/vnet", tests, start_eal, NULL);
}
