/* Matches as lists of OXM or NXM entries: those of OpenFlow 1.2 and later (1.3.5 section 7.2.3),
 * and Nicira's match of 1.0. See match_wire.h. */
#include "ofproto/codec/match_wire.h"
#include "ofproto/match/field_set.h"

#define NXM_COOKIE ((uint32_t)OFP_NXM_1 << 16 | 30u << 9)

static int add_field(struct ofp_match *m, const struct ofp_field *f,
                     const uint8_t value[OFP_FIELD_MAX_BYTES],
                     const uint8_t mask[OFP_FIELD_MAX_BYTES])
{
    if (ofp_field_any(f, &m->mask)) {
        return OFPERR_BMC_DUP_FIELD;
    }
    if (!ofp_prereq_match(f->prereq, m) ||
        (f->stage == OFP_STAGE_L2 && !ofp_match_is_ethernet(m))) {
        return OFPERR_BMC_BAD_PREREQ;
    }
    if (f->id == OFP_FIELD_VLAN_VID) { /* 12 bits of id, and one that says that there is a tag. */
        m->mask.pkt.vlan[0].tci |= (be16_t)(be16_load(mask) & be16_make(0x1fff));
        m->flow.pkt.vlan[0].tci |= be16_load(value);
        ofp_match_normalize(m);
    } else {
        ofp_match_set_field(m, f, value, mask);
    }
    return 0;
}

int oxm_fields_decode(const uint8_t *p, size_t len, struct ofp_match *m)
{
    size_t at = 0;

    while (at < len) {
        const struct ofp_field *f;
        uint8_t value[OFP_FIELD_MAX_BYTES], mask[OFP_FIELD_MAX_BYTES];
        bool has_mask;
        size_t n;
        int rc = oxm_decode(p + at, len - at, &f, value, mask, &has_mask, &n);

        if (!rc) {
            rc = add_field(m, f, value, mask);
        }
        if (rc) {
            return rc;
        }
        at += n;
    }
    return 0;
}

/* The cookie's entry: its length, 0 when there is none here. */
static size_t take_cookie(const uint8_t *p, size_t len, struct nxm_cookie *cookie)
{
    uint32_t header = len < 4 ? 0 : wire_get32(p);
    bool has_mask = header & 0x100;
    size_t n = has_mask ? 20 : 12;

    if ((header & ~(uint32_t)0x1ff) != NXM_COOKIE || (header & 0xff) != n - 4 || len < n) {
        return 0;
    }
    cookie->value = wire_get64(p + 4);
    cookie->mask = has_mask ? wire_get64(p + 12) : UINT64_MAX;
    return n;
}

int nxm_match_decode(const uint8_t *p, size_t len, struct ofp_match *m, struct nxm_cookie *cookie)
{
    struct nxm_cookie found = {0, 0};
    size_t at = 0;

    ofp_match_init(m);
    while (at < len) {
        size_t n = cookie && !found.mask ? take_cookie(p + at, len - at, &found) : 0;
        const struct ofp_field *f;
        bool has_mask;
        size_t head, body;
        int rc = 0;

        if (!n) {
            rc = oxm_decode_header(p + at, len - at, &f, &has_mask, &body, &head);
            n = rc ? 0 : head + body;
            if (!rc) {
                rc = n > len - at ? OFPERR_BMC_BAD_LEN : oxm_fields_decode(p + at, n, m);
            }
        }
        if (rc) {
            return rc;
        }
        at += n;
    }
    if (cookie) {
        *cookie = found;
    }
    return 0;
}

/* VLAN id and priority where they say it all, else NXM's view of the whole tag. */
static void encode_vlan(struct strbuf *s, enum ofp_version version, const struct ofp_match *m)
{
    uint16_t tci = be16_get(m->flow.pkt.vlan[0].tci), mask = be16_get(m->mask.pkt.vlan[0].tci);
    uint16_t vid_mask = mask & (FLOW_VLAN_PRESENT | 0xfff), pcp_mask = mask & 0xe000;
    bool no_tag = mask == FLOW_VLAN_PRESENT && !tci;
    be16_t v = be16_make(tci & vid_mask), b = be16_make(vid_mask);
    uint8_t pcp[2] = {0, (uint8_t)(tci >> 13)};

    if (!mask) {
        return;
    }
    if (version < OFP12 || (!no_tag && !(tci & FLOW_VLAN_PRESENT)) ||
        (pcp_mask && pcp_mask != 0xe000)) {
        oxm_encode(s, version, ofp_field(OFP_FIELD_VLAN_TCI),
                   (const uint8_t *)&m->flow.pkt.vlan[0].tci,
                   mask == UINT16_MAX || no_tag ? NULL : (const uint8_t *)&m->mask.pkt.vlan[0].tci);
        return;
    }
    oxm_encode(s, version, ofp_field(OFP_FIELD_VLAN_VID), (const uint8_t *)&v,
               no_tag || vid_mask == (FLOW_VLAN_PRESENT | 0xfff) ? NULL : (const uint8_t *)&b);
    if (pcp_mask) {
        oxm_encode(s, version, ofp_field(OFP_FIELD_VLAN_PCP), pcp, NULL);
    }
}

static void encode_field(struct strbuf *s, enum ofp_version version, const struct ofp_field *f,
                         const struct ofp_match *m)
{
    uint8_t value[OFP_FIELD_MAX_BYTES], mask[OFP_FIELD_MAX_BYTES];

    ofp_field_get(f, &m->flow, value);
    ofp_field_get(f, &m->mask, mask);
    oxm_encode(s, version, f, value, ofp_field_all(f, &m->mask) ? NULL : mask);
}

/* Bits that several fields have go by the one that the kind of match has a header for; registers
 * one by one. */
static bool comes_first(const struct ofp_field *f, enum ofp_version version)
{
    if (f->id >= OFP_FIELD_REG0 && f->id <= OFP_FIELD_XXREG3) {
        return f->id <= OFP_FIELD_REG15;
    }
    return version < OFP12 ? f->nxm : f->oxm;
}

/* Unless it is written already, has no header or means nothing here. */
static void encode_left(struct strbuf *s, enum ofp_version version, const struct ofp_field *f,
                        const struct ofp_match *m, struct ofp_flow *left)
{
    if (ofp_field_any(f, left) && oxm_has_header(f) && ofp_prereq_match(f->prereq, m)) {
        encode_field(s, version, f, m);
        ofp_field_clear(f, left);
    }
}

/* Fields whose prerequisites come before them: OpenFlow 1.3.5 section 7.2.3.8. */
void oxm_fields_encode(struct strbuf *s, enum ofp_version version, const struct ofp_match *m)
{
    static const enum ofp_field_id first[] = {OFP_FIELD_IN_PORT, OFP_FIELD_PACKET_TYPE,
                                              OFP_FIELD_ETH_TYPE, OFP_FIELD_NW_PROTO,
                                              OFP_FIELD_ICMPV6_TYPE};
    const struct ofp_field_set fields = ofp_field_set_of(&m->mask);
    struct ofp_field_set set = fields;
    struct ofp_flow left = m->mask;
    const struct ofp_field *f;

    for (unsigned int i = 0; i < ARRAY_SIZE(first); i++) {
        encode_left(s, version, ofp_field(first[i]), m, &left);
    }
    while ((f = ofp_field_set_take(&set))) {
        if (f->id == OFP_FIELD_VLAN_VID) {
            encode_vlan(s, version, m);
            left.pkt.vlan[0].tci = 0;
        } else if (comes_first(f, version)) {
            encode_left(s, version, f, m, &left);
        }
    }
    set = fields;
    while ((f = ofp_field_set_take(&set))) {
        encode_left(s, version, f, m, &left);
    }
}

void nxm_match_encode(struct strbuf *s, const struct ofp_match *m)
{
    oxm_fields_encode(s, OFP10, m);
}

void nxm_cookie_encode(struct strbuf *s, const struct nxm_cookie *cookie)
{
    bool has_mask = cookie->mask != UINT64_MAX;

    if (!cookie->mask) {
        return;
    }
    wire_put32(s, NXM_COOKIE | (has_mask ? 0x100u | 16 : 8));
    wire_put64(s, cookie->value & cookie->mask);
    if (has_mask) {
        wire_put64(s, cookie->mask);
    }
}
