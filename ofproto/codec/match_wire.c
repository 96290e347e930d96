/* struct ofp_match of OpenFlow 1.1 and later: a type and a length, then 1.1's fixed structure or
 * OXM entries. See match_wire.h. */
#include "ofproto/codec/match_wire.h"

enum { MATCH_TYPE_STANDARD, MATCH_TYPE_OXM };

int ofp_match_decode(const uint8_t *p, size_t len, struct ofp_match *m, size_t *ret_len)
{
    uint16_t type, body;

    if (len < 8) {
        return OFPERR_BMC_BAD_LEN;
    }
    type = wire_get16(p);
    body = wire_get16(p + 2);
    if (type > MATCH_TYPE_OXM) {
        return OFPERR_BMC_BAD_TYPE;
    }
    if (body < 4 || ROUND_UP((size_t)body, 8) > len ||
        (type == MATCH_TYPE_STANDARD && body != OFP11_MATCH_LEN)) {
        return OFPERR_BMC_BAD_LEN;
    }
    *ret_len = ROUND_UP((size_t)body, 8);
    if (type == MATCH_TYPE_STANDARD) {
        return ofp11_match_decode(p, m);
    }
    ofp_match_init(m);
    return oxm_fields_decode(p + 4, body - 4u, m);
}

void ofp_match_encode(struct strbuf *s, enum ofp_version version, const struct ofp_match *m)
{
    size_t start = s->len;

    if (version == OFP11) {
        ofp11_match_encode(s, m);
        return;
    }
    wire_put16(s, MATCH_TYPE_OXM);
    wire_put16(s, 0);
    oxm_fields_encode(s, version, m);
    wire_set16(s, start + 2, (uint16_t)(s->len - start));
    wire_pad8(s, start);
}

bool ofp_match_fits(enum ofp_version version, const struct ofp_match *match)
{
    struct strbuf s = STRBUF_INIT;
    struct ofp_match again;
    int rc = 0;

    if (version >= OFP12) {
        return true;
    }
    if (version == OFP10) {
        ofp10_match_encode(&s, match);
        ofp10_match_decode((const uint8_t *)s.data, &again);
    } else {
        ofp11_match_encode(&s, match);
        rc = ofp11_match_decode((const uint8_t *)s.data, &again);
    }
    strbuf_free(&s);
    return !rc && ofp_match_equal(match, &again);
}
