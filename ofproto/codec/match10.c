/* OpenFlow 1.0's match structure (section 5.2.3); see match_wire.h. */
#include <netinet/in.h>

#include "ofproto/codec/action.h"
#include "ofproto/codec/match_wire.h"

enum {
    W_IN_PORT = 1 << 0,
    W_DL_VLAN = 1 << 1,
    W_DL_SRC = 1 << 2,
    W_DL_DST = 1 << 3,
    W_DL_TYPE = 1 << 4,
    W_NW_PROTO = 1 << 5,
    W_TP_SRC = 1 << 6,
    W_TP_DST = 1 << 7,
    W_NW_SRC_SHIFT = 8,
    W_NW_DST_SHIFT = 14,
    W_NW_BITS = 63,
    W_DL_VLAN_PCP = 1 << 20,
    W_NW_TOS = 1 << 21,
};

/* Places in the structure. */
enum {
    AT_IN_PORT = 4,
    AT_DL_SRC = 6,
    AT_DL_DST = 12,
    AT_DL_VLAN = 18,
    AT_DL_VLAN_PCP = 20,
    AT_DL_TYPE = 22,
    AT_NW_TOS = 24,
    AT_NW_PROTO = 25,
    AT_NW_SRC = 28,
    AT_NW_DST = 32,
    AT_TP_SRC = 36,
    AT_TP_DST = 38,
};

#define NO_VLAN 0xffff

static void decode_vlan(const uint8_t *p, uint32_t w, struct ofp_match *m)
{
    uint16_t vid = wire_get16(p + AT_DL_VLAN), tci = 0, mask = 0;

    if (!(w & W_DL_VLAN) && vid == NO_VLAN) {
        mask = 0xffff; /* No tag: the priority does not matter. */
    } else {
        if (!(w & W_DL_VLAN)) {
            tci |= FLOW_VLAN_PRESENT | (vid & 0xfff);
            mask |= FLOW_VLAN_PRESENT | 0xfff;
        }
        if (!(w & W_DL_VLAN_PCP)) {
            tci |= (uint16_t)(FLOW_VLAN_PRESENT | (p[AT_DL_VLAN_PCP] & 7) << 13);
            mask |= FLOW_VLAN_PRESENT | 0xe000;
        }
    }
    m->flow.pkt.vlan[0].tci = be16_make(tci);
    m->mask.pkt.vlan[0].tci = be16_make(mask);
}

static be32_t address_mask(uint32_t wild_bits)
{
    return wild_bits >= 32 ? 0 : be32_make(UINT32_MAX << wild_bits);
}

/* ICMP's type and code are bytes. */
static be16_t ports_mask(uint8_t proto)
{
    return be16_make(proto == IPPROTO_ICMP ? 0xff : 0xffff);
}

static void decode_l3(const uint8_t *p, uint32_t w, struct ofp_match *m)
{
    uint16_t type = be16_get(m->flow.pkt.eth_type);
    uint8_t proto = p[AT_NW_PROTO];
    bool is_ip = type == 0x0800, has_ports;

    if (w & W_DL_TYPE || (!is_ip && type != 0x0806 && type != 0x8035)) {
        return;
    }
    m->flow.pkt.nw_src = be32_load(p + AT_NW_SRC);
    m->flow.pkt.nw_dst = be32_load(p + AT_NW_DST);
    m->mask.pkt.nw_src = address_mask(w >> W_NW_SRC_SHIFT & W_NW_BITS);
    m->mask.pkt.nw_dst = address_mask(w >> W_NW_DST_SHIFT & W_NW_BITS);
    if (is_ip && !(w & W_NW_TOS)) {
        m->flow.pkt.nw_tos = p[AT_NW_TOS] & 0xfc;
        m->mask.pkt.nw_tos = 0xfc;
    }
    if (w & W_NW_PROTO) {
        return;
    }
    if (!is_ip) { /* ARP's opcode. */
        OFP_MATCH_SET(m, pkt.tp_src, be16_make(proto));
        return;
    }
    OFP_MATCH_SET(m, pkt.nw_proto, proto);
    has_ports = proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP ||
                proto == IPPROTO_ICMP;
    if (has_ports && !(w & W_TP_SRC)) {
        m->flow.pkt.tp_src = be16_load(p + AT_TP_SRC);
        m->mask.pkt.tp_src = ports_mask(proto);
    }
    if (has_ports && !(w & W_TP_DST)) {
        m->flow.pkt.tp_dst = be16_load(p + AT_TP_DST);
        m->mask.pkt.tp_dst = ports_mask(proto);
    }
}

void ofp10_match_decode(const uint8_t p[OFP10_MATCH_LEN], struct ofp_match *m)
{
    uint32_t w = wire_get32(p);

    ofp_match_init(m);
    if (!(w & W_IN_PORT)) {
        OFP_MATCH_SET(m, in_port, wire_get16(p + AT_IN_PORT));
    }
    if (!(w & W_DL_SRC)) {
        memcpy(m->flow.pkt.eth_src, p + AT_DL_SRC, 6);
        memset(m->mask.pkt.eth_src, 0xff, 6);
    }
    if (!(w & W_DL_DST)) {
        memcpy(m->flow.pkt.eth_dst, p + AT_DL_DST, 6);
        memset(m->mask.pkt.eth_dst, 0xff, 6);
    }
    decode_vlan(p, w, m);
    if (!(w & W_DL_TYPE)) {
        OFP_MATCH_SET(m, pkt.eth_type, be16_load(p + AT_DL_TYPE));
    }
    decode_l3(p, w, m);
    ofp_match_normalize(m);
}

/* How many low bits are wild; 32 when the mask is no prefix: 1.0 cannot say it. */
static uint32_t wild_bits(be32_t mask)
{
    uint32_t m = be32_get(mask);

    return !m || (~m & (~m + 1)) ? 32 : (uint32_t)__builtin_ctz(m);
}

static bool is_full(const void *mask, size_t n)
{
    const uint8_t *b = mask;

    while (n && *b == 0xff) {
        b++;
        n--;
    }
    return !n;
}

static uint32_t encode_vlan(const struct ofp_match *m, uint8_t *p)
{
    uint16_t tci = be16_get(m->flow.pkt.vlan[0].tci), mask = be16_get(m->mask.pkt.vlan[0].tci);
    uint32_t w = W_DL_VLAN | W_DL_VLAN_PCP;
    uint16_t vid = 0;

    if (mask & FLOW_VLAN_PRESENT && !(tci & FLOW_VLAN_PRESENT)) {
        vid = NO_VLAN;
        w &= ~(uint32_t)(W_DL_VLAN | W_DL_VLAN_PCP);
    } else if (mask & FLOW_VLAN_PRESENT) {
        if ((mask & 0xfff) == 0xfff) {
            vid = tci & 0xfff;
            w &= ~(uint32_t)W_DL_VLAN;
        }
        if ((mask & 0xe000) == 0xe000) {
            p[AT_DL_VLAN_PCP] = (uint8_t)(tci >> 13);
            w &= ~(uint32_t)W_DL_VLAN_PCP;
        }
    }
    p[AT_DL_VLAN] = (uint8_t)(vid >> 8);
    p[AT_DL_VLAN + 1] = (uint8_t)vid;
    return w;
}

void ofp10_match_encode(struct strbuf *s, const struct ofp_match *m)
{
    const struct flow_key *key = &m->flow.pkt, *mask = &m->mask.pkt;
    uint8_t p[OFP10_MATCH_LEN] = {0};
    be16_t in_port = be16_make((uint16_t)m->flow.in_port);
    uint32_t w = encode_vlan(m, p);
    bool is_arp = ofp_prereq_match(OFP_PREREQ_ARP, m);
    be32_t be;

    w |= m->mask.in_port ? 0 : W_IN_PORT;
    w |= is_full(mask->eth_src, 6) ? 0 : W_DL_SRC;
    w |= is_full(mask->eth_dst, 6) ? 0 : W_DL_DST;
    w |= mask->eth_type ? 0 : W_DL_TYPE;
    w |= (is_arp ? mask->tp_src == UINT16_MAX : mask->nw_proto) ? 0 : W_NW_PROTO;
    w |= !is_arp && mask->tp_src == ports_mask(key->nw_proto) ? 0 : W_TP_SRC;
    w |= mask->tp_dst == ports_mask(key->nw_proto) ? 0 : W_TP_DST;
    w |= (mask->nw_tos & 0xfc) == 0xfc ? 0 : W_NW_TOS;
    w |= wild_bits(mask->nw_src) << W_NW_SRC_SHIFT | wild_bits(mask->nw_dst) << W_NW_DST_SHIFT;
    be = be32_make(w);
    memcpy(p, &be, 4);
    memcpy(p + AT_IN_PORT, &in_port, 2);
    memcpy(p + AT_DL_SRC, key->eth_src, 6);
    memcpy(p + AT_DL_DST, key->eth_dst, 6);
    memcpy(p + AT_DL_TYPE, &key->eth_type, 2);
    p[AT_NW_TOS] = key->nw_tos & 0xfc;
    p[AT_NW_PROTO] = is_arp ? (uint8_t)be16_get(key->tp_src) : key->nw_proto;
    memcpy(p + AT_NW_SRC, &key->nw_src, 4);
    memcpy(p + AT_NW_DST, &key->nw_dst, 4);
    if (!is_arp) {
        memcpy(p + AT_TP_SRC, &key->tp_src, 2);
    }
    memcpy(p + AT_TP_DST, &key->tp_dst, 2);
    strbuf_put(s, p, sizeof p);
}
