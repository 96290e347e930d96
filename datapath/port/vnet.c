/* virtio-net header to mbuf flags and back (OASIS virtio 1.2, section 5.1.6). Workers, for every
 * packet of a tap or system port: a header without flags costs two tests.
 *
 * Two fields are taken for what the standard calls them, hints: hdr_len (only a value beyond the
 * packet is refused) and num_buffers. The ECN bit of gso_type is not kept either; it is made anew
 * from the TCP header, which is what it repeats. */
#include "datapath/port/vnet.h"

#include <netinet/in.h>
#include <string.h>

#include "datapath/port/checksum.h"
#include "datapath/port/l4.h"

DROP_REASON(bad_hdr_len, "vnet-bad-hdr-len",
            "the virtio-net header claims more headers than the packet has bytes");
DROP_REASON(bad_csum, "vnet-bad-csum",
            "the virtio-net header wants a checksum outside of the packet's headers");
DROP_REASON(bad_gso, "vnet-bad-gso",
            "the virtio-net header's segment size or type does not fit the packet");

#define TCP_CSUM_AT 16
#define UDP_CSUM_AT 6
#define TCP_FLAGS_AT 13
#define TCP_FLAG_CWR 0x80

/* The mbuf's fields for header lengths are bit fields. */
static bool lengths_fit(const struct l4_place *p)
{
    return p->l2_len < 1 << RTE_MBUF_L2_LEN_BITS && p->l3_len < 1 << RTE_MBUF_L3_LEN_BITS &&
           p->l4_len && p->l4_len < 1 << RTE_MBUF_L4_LEN_BITS;
}

/* The flag for a partial checksum at 'start' + 'offset', 0 when that is not where the packet's TCP
 * or UDP header has one. */
static uint64_t csum_flag(const struct l4_place *p, uint16_t start, uint16_t offset)
{
    if (!lengths_fit(p) || start != p->l2_len + p->l3_len) {
        return 0;
    }
    if (p->proto == IPPROTO_TCP && offset == TCP_CSUM_AT) {
        return RTE_MBUF_F_TX_TCP_CKSUM;
    }
    if (p->proto == IPPROTO_UDP && offset == UDP_CSUM_AT) {
        return RTE_MBUF_F_TX_UDP_CKSUM;
    }
    return 0;
}

/* The flag for the segment type, 0 when the packet is no such thing. */
static uint64_t gso_flag(const struct l4_place *p, uint8_t gso_type)
{
    switch (gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
    case VIRTIO_NET_HDR_GSO_TCPV4:
        return p->proto == IPPROTO_TCP && !p->ipv6 ? RTE_MBUF_F_TX_TCP_SEG : 0;
    case VIRTIO_NET_HDR_GSO_TCPV6:
        return p->proto == IPPROTO_TCP && p->ipv6 ? RTE_MBUF_F_TX_TCP_SEG : 0;
    case VIRTIO_NET_HDR_GSO_UDP_L4: return p->proto == IPPROTO_UDP ? RTE_MBUF_F_TX_UDP_SEG : 0;
    default: return 0;
    }
}

/* A packet with something to be done about it. */
static const struct drop_reason *take_offload(struct rte_mbuf *m, const struct virtio_net_hdr_v1 *h)
{
    bool gso = h->gso_type != VIRTIO_NET_HDR_GSO_NONE;
    struct l4_place p = {0};
    uint64_t csum, seg = 0;

    if (!(h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)) {
        return &drop_bad_gso; /* Segments need new checksums: 5.1.6.2 demands the flag. */
    }
    if ((uint32_t)h->csum_start + h->csum_offset + 2 > m->data_len) {
        return &drop_bad_csum;
    }
    if (!l4_locate(rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, &p)) {
        p.l4_len = 0;
    }
    csum = csum_flag(&p, h->csum_start, h->csum_offset);
    if (gso) {
        seg = gso_flag(&p, h->gso_type);
        if (!seg || !csum || !h->gso_size) {
            return &drop_bad_gso;
        }
        if (m->pkt_len <= (uint32_t)p.l2_len + p.l3_len + p.l4_len + h->gso_size) {
            seg = 0; /* One segment: an ordinary packet. */
        } else {
            m->tso_segsz = h->gso_size;
        }
    } else if (!csum) {
        checksum_complete(m, h->csum_start, h->csum_offset);
        return NULL;
    }
    m->l2_len = p.l2_len;
    m->l3_len = p.l3_len;
    m->l4_len = p.l4_len;
    m->ol_flags |= csum | seg | (p.ipv6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4);
    return NULL;
}

const struct drop_reason *vnet_to_mbuf(struct rte_mbuf *m, const struct virtio_net_hdr_v1 *h)
{
    if (!((h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) | h->gso_type)) {
        if (h->flags & VIRTIO_NET_HDR_F_DATA_VALID) {
            m->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;
        }
        return NULL;
    }
    if (h->hdr_len > m->pkt_len) {
        return &drop_bad_hdr_len;
    }
    return take_offload(m, h);
}

void vnet_from_mbuf(struct virtio_net_hdr_v1 *h, const struct rte_mbuf *m)
{
    uint64_t seg = m->ol_flags & (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG);
    uint64_t csum = m->ol_flags & RTE_MBUF_F_TX_L4_MASK;

    memset(h, 0, sizeof *h);
    if (!(csum | seg)) {
        if ((m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_GOOD) {
            h->flags = VIRTIO_NET_HDR_F_DATA_VALID;
        }
        return;
    }
    h->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
    h->csum_start = (uint16_t)(m->l2_len + m->l3_len);
    h->csum_offset = csum == RTE_MBUF_F_TX_UDP_CKSUM ? UDP_CSUM_AT : TCP_CSUM_AT;
    if (!seg) {
        return;
    }
    h->hdr_len = (uint16_t)(h->csum_start + m->l4_len);
    h->gso_size = m->tso_segsz;
    if (seg == RTE_MBUF_F_TX_UDP_SEG) {
        h->gso_type = VIRTIO_NET_HDR_GSO_UDP_L4;
        return;
    }
    h->gso_type = m->ol_flags & RTE_MBUF_F_TX_IPV6 ? VIRTIO_NET_HDR_GSO_TCPV6
                                                   : VIRTIO_NET_HDR_GSO_TCPV4;
    if ((uint32_t)h->csum_start + TCP_FLAGS_AT < m->data_len &&
        *rte_pktmbuf_mtod_offset(m, const uint8_t *, h->csum_start + TCP_FLAGS_AT) & TCP_FLAG_CWR) {
        h->gso_type |= VIRTIO_NET_HDR_GSO_ECN;
    }
}
