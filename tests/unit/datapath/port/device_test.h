/* What the tests of ports on kernel devices (tap, system) share: the ways in which any frame must
 * pass one, in from the device's user and out to him again. Included by one test program each. */
#ifndef TESTS_UNIT_DATAPATH_PORT_DEVICE_TEST_H
#define TESTS_UNIT_DATAPATH_PORT_DEVICE_TEST_H

#include "tests/unit/datapath/port/port_test.h"

static uint8_t frame[70000], got[70000];

static struct dp_port_info info_of(struct port *port)
{
    struct dp_port_info info = {0};

    port->type->get_info(port, &info);
    return info;
}

/* Of 14 to 9014 bytes; the device's MTU is 9000. */
static void pass_frames_of_all_sizes(struct port *port, int peer)
{
    struct virtio_net_hdr h;

    for (size_t len = 14; len <= 9014; len += len < 1600 ? 1 : 97) {
        struct rte_mbuf *m;

        fill_frame(frame, len, (uint8_t)len);
        peer_send(peer, NULL, frame, len);
        m = rx_one(port, NULL);
        assert_packet(m, frame, len);
        assert_int_equal(m->nb_segs, len > 2048 ? 2 : 1);
        tx_one(port, m, 0);
        assert_int_equal(peer_recv(peer, frame, &h, got, sizeof got), len);
        assert_memory_equal(got, frame, len);
    }
}

/* The kernel takes no frame without an Ethernet header. */
static void send_frames_too_short(struct port *port)
{
    for (size_t len = 1; len < 14; len++) {
        fill_frame(frame, len, 0);
        tx_one(port, packet_of(frame, len), 1);
    }
    assert_int_equal(drops_of("tx-refused"), 13);
}

/* A packet with a partial checksum, or a super-packet, goes through whole. */
static void pass_offloaded(struct port *port, int peer, bool ipv6, bool tcp, bool super,
                           unsigned int vlans)
{
    struct test_lengths l;
    size_t len = make_l4(frame, ipv6, tcp, vlans, super ? 50000 : 1000, &l);
    struct virtio_net_hdr back, h = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
                                     .csum_start = (uint16_t)(l.l2 + l.l3),
                                     .csum_offset = tcp ? 16 : 6};
    size_t tag = vlans ? 4 : 0;
    struct rte_mbuf *m;

    if (super && !tcp && !(port->features & PORT_TX_USO)) {
        return;
    }
    if (super) {
        h.hdr_len = (uint16_t)(l.l2 + l.l3 + l.l4);
        h.gso_size = 1400;
        h.gso_type = !tcp ? 5 : ipv6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
    }
    peer_send(peer, &h, frame, len);
    m = rx_one(port, NULL);
    /* With its VLAN tags, though the kernel takes the outer one out for packet sockets. */
    assert_packet(m, frame, len);
    assert_int_equal(m->ol_flags & RTE_MBUF_F_TX_L4_MASK,
                     tcp ? RTE_MBUF_F_TX_TCP_CKSUM : RTE_MBUF_F_TX_UDP_CKSUM);
    assert_int_equal(!!(m->ol_flags & (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG)), super);
    assert_int_equal(m->l2_len, l.l2);
    assert_int_equal(m->l3_len, l.l3);
    assert_int_equal(m->tso_segsz, h.gso_size);
    tx_one(port, m, 0);
    /* The peer's raw socket sees it without the outer tag. */
    memmove(frame + 12, frame + 12 + tag, len - 12 - tag);
    len -= tag;
    assert_int_equal(peer_recv(peer, frame, &back, got, sizeof got), len);
    assert_memory_equal(got, frame, len);
    assert_int_equal(back.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
    assert_int_equal(back.gso_type & 0x7f, h.gso_type);
    assert_int_equal(back.gso_size, h.gso_size);
    assert_int_equal(back.csum_start, h.csum_start - tag);
}

#endif
