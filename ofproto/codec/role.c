/* See role.h. */
#include "ofproto/codec/role.h"

#define ROLE_LEN 16
#define ONFT_ROLE_STATUS 1911 /* Of ONF's extension EXT-191. */

int ofp_role_request_decode(enum ofp_version version, const uint8_t *p, size_t len,
                            struct ofp_role_request *ret)
{
    uint32_t role;

    if (len != ROLE_LEN) {
        return OFPERR_BRC_BAD_LEN;
    }
    role = wire_get32(p);
    if (role >= OFPCR_N) {
        return OFPERR_RRFC_BAD_ROLE;
    }
    ret->role = (enum ofp_role)role;
    ret->short_id = version >= OFP15 ? wire_get16(p + 4) : OFPCID_UNDEFINED;
    ret->generation_id = wire_get64(p + 8);
    return 0;
}

void ofp_role_reply_encode(struct strbuf *s, enum ofp_version version, uint32_t xid,
                           const struct ofp_role_request *reply)
{
    size_t start = ofp_begin(s, version, OFPT13_ROLE_REPLY, xid);

    wire_put32(s, reply->role);
    wire_put16(s, version >= OFP15 ? reply->short_id : 0);
    wire_put16(s, 0);
    wire_put64(s, reply->generation_id);
    ofp_end(s, start);
}

void ofp_role_status_encode(struct strbuf *s, enum ofp_version version,
                            const struct ofp_role_request *role, enum ofp_role_reason reason)
{
    size_t start = ofp_begin(s, version, version >= OFP14 ? OFPT14_ROLE_STATUS : OFPT_VENDOR, 0);

    if (version < OFP14) {
        wire_put32(s, OFP_VENDOR_ONF);
        wire_put32(s, ONFT_ROLE_STATUS);
    }
    wire_put32(s, role->role);
    wire_put8(s, (uint8_t)reason);
    wire_zeros(s, 3);
    wire_put64(s, role->generation_id);
    ofp_end(s, start);
}
