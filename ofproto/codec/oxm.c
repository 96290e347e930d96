/* OXM (OpenFlow 1.3.5 section 7.2.3) and the NXM headers that extend it; see match_wire.h. Knows
 * no field: the table of match/field.c does. */
#include "ofproto/codec/action.h"
#include "ofproto/codec/match_wire.h"

#define MATCH_TYPE_OXM 1

bool ofp_port_from32(uint32_t wire, uint32_t *ret)
{
    if (wire < OFP_PORT_MAX) {
        *ret = wire;
        return true;
    }
    if (wire >= 0xffff0000u + OFP_PORT_IN_PORT) {
        *ret = wire & 0xffff;
        return true;
    }
    return false;
}

uint32_t ofp_port_to32(uint32_t port)
{
    return port < OFP_PORT_MAX ? port : 0xffff0000u | port;
}

/* Bytes of the value on the wire. */
static unsigned int wire_bytes(const struct ofp_field *f)
{
    switch (f->id) {
    case OFP_FIELD_ARP_OP: return 2;
    case OFP_FIELD_IPV6_LABEL:
    case OFP_FIELD_CT_STATE: return 4;
    default: return (f->n_bits + 7u) / 8;
    }
}

static const struct ofp_field *field_by_header(uint32_t header)
{
    uint32_t key = header & ~(uint32_t)0x1ff;

    for (unsigned int i = 0; i < OFP_N_FIELDS; i++) {
        const struct ofp_field *f = ofp_field((enum ofp_field_id)i);

        /* OXM's in_port is header 0x80000000; 0 in a row says that there is none. */
        if ((f->oxm && f->oxm == key) || (f->nxm && f->nxm == key)) {
            return f;
        }
    }
    return NULL;
}

/* Wire bytes (n of them) to the field's right-aligned number; false when bits are lost. */
static bool number_from_wire(const struct ofp_field *f, const uint8_t *p, unsigned int n,
                             uint8_t out[16])
{
    memset(out, 0, 16);
    for (unsigned int i = 0; i < n; i++) {
        unsigned int bit = (n - 1 - i) * 8; /* Of this byte's lowest bit. */
        uint8_t allowed = bit + 8 <= f->n_bits ? 0xff
                          : bit >= f->n_bits   ? 0
                                               : (uint8_t)((1u << (f->n_bits - bit)) - 1);

        if (p[i] & ~allowed) {
            return false;
        }
        if (n - 1 - i < f->n_bytes) {
            out[f->n_bytes - 1 - (n - 1 - i)] = p[i];
        }
    }
    return true;
}

int oxm_decode(const uint8_t *p, size_t len, const struct ofp_field **ret_field, uint8_t value[16],
               uint8_t mask[16], bool *ret_has_mask, size_t *ret_len)
{
    uint32_t header;
    unsigned int n, body;
    const struct ofp_field *f;
    bool has_mask, is_vid;

    if (len < 4) {
        return OFPERR_BMC_BAD_LEN;
    }
    header = wire_get32(p);
    body = header & 0xff;
    has_mask = header & 0x100;
    if (len < 4 + body) {
        return OFPERR_BMC_BAD_LEN;
    }
    f = field_by_header(header);
    if (!f) {
        return OFPERR_BMC_BAD_FIELD;
    }
    is_vid = f->id == OFP_FIELD_VLAN_VID;
    n = wire_bytes(f);
    if (body != n * (has_mask ? 2 : 1)) {
        return OFPERR_BMC_BAD_LEN;
    }
    if (has_mask && !f->is_maskable) {
        return OFPERR_BMC_BAD_MASK;
    }
    memset(mask, 0xff, 16);
    if (is_vid) { /* 13 bits: the lowest of them are 12 of the id, then "there is a tag". */
        memcpy(value, p + 4, 2);
        if (has_mask) {
            memcpy(mask, p + 6, 2);
        }
        if (value[0] & 0xe0 || (has_mask && mask[0] & 0xe0)) {
            return OFPERR_BMC_BAD_VALUE;
        }
        mask[0] &= 0x1f;
    } else if (!number_from_wire(f, p + 4, n, value)) {
        return OFPERR_BMC_BAD_VALUE;
    } else if (has_mask && !number_from_wire(f, p + 4 + n, n, mask)) {
        /* Ones beyond the field are what "all of it" looks like to some; refused all the same. */
        return OFPERR_BMC_BAD_MASK;
    }
    for (unsigned int i = 0; has_mask && i < f->n_bytes; i++) {
        if (value[i] & ~mask[i]) {
            return OFPERR_BMC_BAD_WILDCARDS;
        }
    }
    *ret_field = f;
    *ret_has_mask = has_mask;
    *ret_len = 4 + body;
    return 0;
}

static int add_field(struct ofp_match *m, const struct ofp_field *f, const uint8_t value[16],
                     const uint8_t mask[16])
{
    uint8_t port[16];
    uint32_t n;

    if (ofp_field_any(f, &m->mask)) {
        return OFPERR_BMC_DUP_FIELD;
    }
    if (!ofp_prereq_match(f->prereq, m)) {
        return OFPERR_BMC_BAD_PREREQ;
    }
    if (f->id == OFP_FIELD_VLAN_VID) {
        m->mask.pkt.vlan[0].tci |= be16_load(mask);
        m->flow.pkt.vlan[0].tci |= be16_load(value);
        ofp_match_normalize(m);
    } else if (f->id == OFP_FIELD_IN_PORT) {
        if (!ofp_port_from32(wire_get32(value), &n)) {
            return OFPERR_BMC_BAD_VALUE;
        }
        n = be32_make(n);
        memcpy(port, &n, 4);
        ofp_match_set_field(m, f, port, NULL);
    } else {
        ofp_match_set_field(m, f, value, mask);
    }
    return 0;
}

int ofp13_match_decode(const uint8_t *p, size_t len, struct ofp_match *m, size_t *ret_len)
{
    size_t body, at = 4;

    ofp_match_init(m);
    if (len < 8) {
        return OFPERR_BMC_BAD_LEN;
    }
    body = wire_get16(p + 2);
    if (wire_get16(p) != MATCH_TYPE_OXM) {
        return OFPERR_BMC_BAD_TYPE;
    }
    if (body < 4 || ROUND_UP(body, 8) > len) {
        return OFPERR_BMC_BAD_LEN;
    }
    while (at < body) {
        const struct ofp_field *f;
        uint8_t value[16], mask[16];
        bool has_mask;
        size_t n;
        int rc = oxm_decode(p + at, body - at, &f, value, mask, &has_mask, &n);

        if (!rc) {
            rc = add_field(m, f, value, mask);
        }
        if (rc) {
            return rc;
        }
        at += n;
    }
    *ret_len = ROUND_UP(body, 8);
    return 0;
}

uint32_t oxm_header(const struct ofp_field *f, bool has_mask)
{
    uint32_t header = f->oxm ? f->oxm : f->nxm;
    unsigned int n = wire_bytes(f);

    return header ? header | (has_mask ? 0x100u | n * 2 : n) : 0;
}

void oxm_encode(struct strbuf *s, const struct ofp_field *f, const uint8_t *value,
                const uint8_t *mask)
{
    unsigned int n = wire_bytes(f);

    wire_put32(s, oxm_header(f, mask != NULL));
    for (unsigned int side = 0; side < (mask ? 2u : 1u); side++) {
        const uint8_t *v = side ? mask : value;

        for (unsigned int i = n; i-- > 0;) {
            wire_put8(s, i < f->n_bytes ? v[f->n_bytes - 1 - i] : 0);
        }
    }
}

/* VLAN id and priority where they say it all, else NXM's view of the whole tag. */
static void encode_vlan(struct strbuf *s, const struct ofp_match *m)
{
    uint16_t tci = be16_get(m->flow.pkt.vlan[0].tci), mask = be16_get(m->mask.pkt.vlan[0].tci);
    uint16_t vid_mask = mask & (FLOW_VLAN_PRESENT | 0xfff), pcp_mask = mask & 0xe000;
    be16_t v = be16_make(tci & vid_mask), b = be16_make(vid_mask);
    uint8_t pcp[2] = {0, (uint8_t)(tci >> 13)};

    if (!mask) {
        return;
    }
    if (mask == FLOW_VLAN_PRESENT && !tci) {
        oxm_encode(s, ofp_field(OFP_FIELD_VLAN_VID), (const uint8_t *)&v, NULL);
        return;
    }
    if (!(tci & FLOW_VLAN_PRESENT) || (pcp_mask && pcp_mask != 0xe000)) {
        oxm_encode(s, ofp_field(OFP_FIELD_VLAN_TCI), (const uint8_t *)&m->flow.pkt.vlan[0].tci,
                   (const uint8_t *)&m->mask.pkt.vlan[0].tci);
        return;
    }
    oxm_encode(s, ofp_field(OFP_FIELD_VLAN_VID), (const uint8_t *)&v,
               vid_mask == (FLOW_VLAN_PRESENT | 0xfff) ? NULL : (const uint8_t *)&b);
    if (pcp_mask) {
        oxm_encode(s, ofp_field(OFP_FIELD_VLAN_PCP), pcp, NULL);
    }
}

static void encode_field(struct strbuf *s, const struct ofp_field *f, const struct ofp_match *m)
{
    uint8_t value[16], mask[16];
    be32_t port;

    ofp_field_get(f, &m->flow, value);
    ofp_field_get(f, &m->mask, mask);
    if (f->id == OFP_FIELD_IN_PORT) {
        port = be32_make(ofp_port_to32(m->flow.in_port));
        memcpy(value, &port, 4);
    }
    oxm_encode(s, f, value, ofp_field_all(f, &m->mask) ? NULL : mask);
}

/* Fields whose prerequisites come before them: OpenFlow 1.3.5 section 7.2.3.8. */
static void encode_fields(struct strbuf *s, const struct ofp_match *m)
{
    static const enum ofp_field_id first[] = {OFP_FIELD_IN_PORT, OFP_FIELD_ETH_TYPE,
                                              OFP_FIELD_NW_PROTO, OFP_FIELD_ICMPV6_TYPE};
    struct ofp_flow left = m->mask;

    for (unsigned int i = 0; i < ARRAY_SIZE(first) + OFP_N_FIELDS; i++) {
        const struct ofp_field *f = ofp_field(
            i < ARRAY_SIZE(first) ? first[i] : (enum ofp_field_id)(i - ARRAY_SIZE(first)));
        uint8_t none[16] = {0};

        if (f->id == OFP_FIELD_VLAN_VID) {
            encode_vlan(s, m);
        }
        if (f->offset == offsetof(struct ofp_flow, pkt.vlan[0].tci) || !(f->oxm || f->nxm) ||
            !ofp_field_any(f, &left) || !ofp_prereq_match(f->prereq, m)) {
            continue;
        }
        encode_field(s, f, m);
        ofp_field_put(f, &left, none);
    }
}

void ofp13_match_encode(struct strbuf *s, const struct ofp_match *m)
{
    size_t start = s->len;

    wire_put16(s, MATCH_TYPE_OXM);
    wire_put16(s, 0);
    encode_fields(s, m);
    wire_set16(s, start + 2, (uint16_t)(s->len - start));
    wire_pad8(s, start);
}
