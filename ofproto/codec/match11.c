/* OpenFlow 1.1's match structure (section A.2.3.2); see match_wire.h. In its masks a bit that is
 * set does not matter. */
#include <netinet/in.h>

#include "ofproto/codec/match_wire.h"

enum {
    W_IN_PORT = 1 << 0,
    W_DL_VLAN = 1 << 1,
    W_DL_VLAN_PCP = 1 << 2,
    W_DL_TYPE = 1 << 3,
    W_NW_TOS = 1 << 4,
    W_NW_PROTO = 1 << 5,
    W_TP_SRC = 1 << 6,
    W_TP_DST = 1 << 7,
    W_MPLS_LABEL = 1 << 8,
    W_MPLS_TC = 1 << 9,
    W_ALL = (1 << 10) - 1,
};

/* Places in the structure. */
enum {
    AT_IN_PORT = 4,
    AT_WILDCARDS = 8,
    AT_DL_SRC = 12, /* Each address is followed by its mask. */
    AT_DL_DST = 24,
    AT_DL_VLAN = 36,
    AT_DL_VLAN_PCP = 38,
    AT_DL_TYPE = 40,
    AT_NW_TOS = 42,
    AT_NW_PROTO = 43,
    AT_NW_SRC = 44,
    AT_NW_DST = 52,
    AT_TP_SRC = 60,
    AT_TP_DST = 62,
    AT_MPLS_LABEL = 64,
    AT_MPLS_TC = 68,
    AT_METADATA = 72,
};

/* In the outermost label, which keys have in place of IPv4's source address. */
#define LSE_LABEL 0xfffff000u
#define LSE_TC 0xe00u

#define NO_VLAN 0xffff
#define ANY_VLAN 0xfffe

/* --- Decoding. */

static int decode_vlan(const uint8_t *p, uint32_t w, struct ofp_match *m)
{
    uint16_t vid = wire_get16(p + AT_DL_VLAN), tci, mask = FLOW_VLAN_PRESENT;
    uint8_t pcp = p[AT_DL_VLAN_PCP];

    if (w & W_DL_VLAN) {
        return 0; /* Then the priority is not looked at either. */
    }
    if (vid == NO_VLAN) {
        m->mask.pkt.vlan[0].tci = UINT16_MAX;
        return 0;
    }
    tci = FLOW_VLAN_PRESENT;
    if (vid != ANY_VLAN) {
        tci |= vid;
        mask |= 0xfff;
    }
    if (!(w & W_DL_VLAN_PCP)) {
        tci |= (uint16_t)(pcp << 13);
        mask |= 0xe000;
    }
    m->flow.pkt.vlan[0].tci = be16_make(tci);
    m->mask.pkt.vlan[0].tci = be16_make(mask);
    return (vid > 0xfff && vid != ANY_VLAN) || (!(w & W_DL_VLAN_PCP) && pcp > 7)
               ? OFPERR_BMC_BAD_VALUE
               : 0;
}

static int decode_ports(const uint8_t *p, uint32_t w, struct ofp_match *m)
{
    uint8_t proto = p[AT_NW_PROTO];
    bool has_bytes = proto == IPPROTO_ICMP; /* Type and code. */
    be16_t mask = be16_make(has_bytes ? 0xff : 0xffff);

    if (!has_bytes && proto != IPPROTO_TCP && proto != IPPROTO_UDP && proto != IPPROTO_SCTP) {
        return 0; /* Ignored, the specification says. */
    }
    if (!(w & W_TP_SRC)) {
        m->flow.pkt.tp_src = be16_load(p + AT_TP_SRC);
        m->mask.pkt.tp_src = mask;
    }
    if (!(w & W_TP_DST)) {
        m->flow.pkt.tp_dst = be16_load(p + AT_TP_DST);
        m->mask.pkt.tp_dst = mask;
    }
    return (m->flow.pkt.tp_src | m->flow.pkt.tp_dst) & (be16_t)~mask ? OFPERR_BMC_BAD_FIELD : 0;
}

/* Of IPv4, and of ARP, whose opcode is in place of the protocol. */
static int decode_l3(const uint8_t *p, uint32_t w, struct ofp_match *m)
{
    bool is_ip = m->flow.pkt.eth_type == be16_make(0x0800);

    m->flow.pkt.nw_src = be32_load(p + AT_NW_SRC);
    m->mask.pkt.nw_src = ~be32_load(p + AT_NW_SRC + 4);
    m->flow.pkt.nw_dst = be32_load(p + AT_NW_DST);
    m->mask.pkt.nw_dst = ~be32_load(p + AT_NW_DST + 4);
    if (is_ip && !(w & W_NW_TOS)) {
        m->flow.pkt.nw_tos = p[AT_NW_TOS];
        m->mask.pkt.nw_tos = 0xfc;
    }
    if (m->flow.pkt.nw_tos & 3) {
        return OFPERR_BMC_BAD_VALUE;
    }
    if (w & W_NW_PROTO) {
        return 0;
    }
    if (!is_ip) { /* ARP's opcode. */
        OFP_MATCH_SET(m, pkt.tp_src, be16_make(p[AT_NW_PROTO]));
        return 0;
    }
    OFP_MATCH_SET(m, pkt.nw_proto, p[AT_NW_PROTO]);
    return decode_ports(p, w, m);
}

/* IPv4, ARP or RARP. */
static bool has_addresses(const struct ofp_match *m)
{
    return m->flow.pkt.eth_type == be16_make(0x0800) || ofp_prereq_match(OFP_PREREQ_ARP, m);
}

static bool is_mpls(const struct ofp_match *m)
{
    return m->flow.pkt.eth_type == be16_make(0x8847) || m->flow.pkt.eth_type == be16_make(0x8848);
}

static int decode_mpls(const uint8_t *p, uint32_t w, struct ofp_match *m)
{
    uint32_t label = wire_get32(p + AT_MPLS_LABEL), tc = p[AT_MPLS_TC];
    uint32_t mask = (w & W_MPLS_LABEL ? 0 : LSE_LABEL) | (w & W_MPLS_TC ? 0 : LSE_TC);

    m->flow.pkt.nw_src = be32_make((label << 12 | tc << 9) & mask);
    m->mask.pkt.nw_src = be32_make(mask);
    return (mask & LSE_LABEL && label > 0xfffff) || (mask & LSE_TC && tc > 7) ? OFPERR_BMC_BAD_VALUE
                                                                              : 0;
}

static void decode_eth(const uint8_t *p, uint8_t value[6], uint8_t mask[6])
{
    for (unsigned int i = 0; i < 6; i++) {
        value[i] = p[i];
        mask[i] = (uint8_t)~p[6 + i];
    }
}

int ofp11_match_decode(const uint8_t p[OFP11_MATCH_LEN], struct ofp_match *m)
{
    uint32_t w = wire_get32(p + AT_WILDCARDS), port;
    int rc;

    ofp_match_init(m);
    if (w & ~(uint32_t)W_ALL) {
        return OFPERR_BMC_BAD_WILDCARDS;
    }
    if (!(w & W_IN_PORT)) {
        if (!ofp_port_from32(wire_get32(p + AT_IN_PORT), &port)) {
            return OFPERR_BMC_BAD_VALUE;
        }
        OFP_MATCH_SET(m, in_port, port);
    }
    decode_eth(p + AT_DL_SRC, m->flow.pkt.eth_src, m->mask.pkt.eth_src);
    decode_eth(p + AT_DL_DST, m->flow.pkt.eth_dst, m->mask.pkt.eth_dst);
    rc = decode_vlan(p, w, m);
    if (!rc && !(w & W_DL_TYPE)) {
        OFP_MATCH_SET(m, pkt.eth_type, be16_load(p + AT_DL_TYPE));
        rc = has_addresses(m) ? decode_l3(p, w, m) : is_mpls(m) ? decode_mpls(p, w, m) : 0;
    }
    m->flow.metadata = wire_get64(p + AT_METADATA);
    m->mask.metadata = ~wire_get64(p + AT_METADATA + 8);
    ofp_match_normalize(m);
    return rc;
}

/* --- Encoding. */

static uint32_t encode_vlan(const struct ofp_match *m, uint8_t *p)
{
    uint16_t tci = be16_get(m->flow.pkt.vlan[0].tci), mask = be16_get(m->mask.pkt.vlan[0].tci);
    uint16_t vid = ANY_VLAN;
    uint32_t w = 0;

    if (!(mask & FLOW_VLAN_PRESENT)) {
        return W_DL_VLAN | W_DL_VLAN_PCP;
    }
    if (!(tci & FLOW_VLAN_PRESENT)) {
        vid = NO_VLAN;
    } else if ((mask & 0xfff) == 0xfff) {
        vid = tci & 0xfff;
    }
    if (tci & FLOW_VLAN_PRESENT && (mask & 0xe000) == 0xe000) {
        p[AT_DL_VLAN_PCP] = (uint8_t)(tci >> 13);
    } else {
        w = W_DL_VLAN_PCP;
    }
    p[AT_DL_VLAN] = (uint8_t)(vid >> 8);
    p[AT_DL_VLAN + 1] = (uint8_t)vid;
    return w;
}

static uint32_t encode_no_l3(uint8_t *p)
{
    memset(p + AT_NW_SRC + 4, 0xff, 4);
    memset(p + AT_NW_DST + 4, 0xff, 4);
    return W_NW_TOS | W_NW_PROTO | W_TP_SRC | W_TP_DST;
}

static uint32_t encode_l3(const struct ofp_match *m, uint8_t *p)
{
    const struct flow_key *key = &m->flow.pkt, *mask = &m->mask.pkt;
    be16_t ports = be16_make(key->nw_proto == IPPROTO_ICMP ? 0xff : 0xffff);
    be32_t wild_src = ~mask->nw_src, wild_dst = ~mask->nw_dst;
    bool is_arp = ofp_prereq_match(OFP_PREREQ_ARP, m);
    uint32_t w = 0;

    memcpy(p + AT_NW_SRC, &key->nw_src, 4);
    memcpy(p + AT_NW_SRC + 4, &wild_src, 4);
    memcpy(p + AT_NW_DST, &key->nw_dst, 4);
    memcpy(p + AT_NW_DST + 4, &wild_dst, 4);
    p[AT_NW_TOS] = key->nw_tos & 0xfc;
    p[AT_NW_PROTO] = is_arp ? (uint8_t)be16_get(key->tp_src) : key->nw_proto;
    if (!is_arp) {
        memcpy(p + AT_TP_SRC, &key->tp_src, 2);
    }
    memcpy(p + AT_TP_DST, &key->tp_dst, 2);
    w |= (mask->nw_tos & 0xfc) == 0xfc ? 0 : W_NW_TOS;
    w |= (is_arp ? mask->tp_src == UINT16_MAX : mask->nw_proto) ? 0 : W_NW_PROTO;
    w |= !is_arp && mask->tp_src == ports ? 0 : W_TP_SRC;
    w |= mask->tp_dst == ports ? 0 : W_TP_DST;
    return w;
}

static uint32_t encode_mpls(const struct ofp_match *m, uint8_t *p)
{
    uint32_t lse = be32_get(m->flow.pkt.nw_src), mask = be32_get(m->mask.pkt.nw_src);
    be32_t label = be32_make(lse >> 12);
    uint32_t w = 0;

    if ((mask & LSE_LABEL) == LSE_LABEL) {
        memcpy(p + AT_MPLS_LABEL, &label, 4);
    } else {
        w |= W_MPLS_LABEL;
    }
    if ((mask & LSE_TC) == LSE_TC) {
        p[AT_MPLS_TC] = (uint8_t)(lse >> 9 & 7);
    } else {
        w |= W_MPLS_TC;
    }
    return w;
}

static void encode_eth(uint8_t *p, const uint8_t value[6], const uint8_t mask[6])
{
    for (unsigned int i = 0; i < 6; i++) {
        p[i] = value[i];
        p[6 + i] = (uint8_t)~mask[i];
    }
}

void ofp11_match_encode(struct strbuf *s, const struct ofp_match *m)
{
    uint8_t p[OFP11_MATCH_LEN] = {0, 0, 0, OFP11_MATCH_LEN};
    be32_t in_port = be32_make(m->mask.in_port ? ofp_port_to32(m->flow.in_port) : 0), be;
    uint32_t w = encode_vlan(m, p);
    be64_t metadata = be64_make(m->flow.metadata), wild = be64_make(~m->mask.metadata);

    w |= has_addresses(m) ? encode_l3(m, p) : encode_no_l3(p);
    w |= is_mpls(m) ? encode_mpls(m, p) : W_MPLS_LABEL | W_MPLS_TC;
    w |= m->mask.in_port ? 0 : W_IN_PORT;
    w |= m->mask.pkt.eth_type ? 0 : W_DL_TYPE;
    be = be32_make(w);
    memcpy(p + AT_IN_PORT, &in_port, 4);
    memcpy(p + AT_WILDCARDS, &be, 4);
    encode_eth(p + AT_DL_SRC, m->flow.pkt.eth_src, m->mask.pkt.eth_src);
    encode_eth(p + AT_DL_DST, m->flow.pkt.eth_dst, m->mask.pkt.eth_dst);
    memcpy(p + AT_DL_TYPE, &m->flow.pkt.eth_type, 2);
    memcpy(p + AT_METADATA, &metadata, 8);
    memcpy(p + AT_METADATA + 8, &wild, 8);
    strbuf_put(s, p, sizeof p);
}
