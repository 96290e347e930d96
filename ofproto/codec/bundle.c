/* See bundle.h. */
#include "ofproto/codec/bundle.h"

#include "ofproto/codec/property.h"

#define CONTROL_LEN 8
#define ADD_LEN 8
#define BUILT_FLAGS (OFPBF_ATOMIC | OFPBF_ORDERED)

/* Properties are experimenters' alone: there are none that we know. */
static int check_properties(const uint8_t *p, size_t len)
{
    struct ofp_property property;

    if (!len) {
        return 0;
    }
    if (ofp_property_take(&p, &len, &property)) {
        return OFPERR_BPC_BAD_LEN;
    }
    return property.type == OFP_PROPERTY_EXPERIMENTER ? OFPERR_BPC_BAD_EXPERIMENTER
                                                      : OFPERR_BPC_BAD_TYPE;
}

int ofp_bundle_control_decode(const uint8_t *p, size_t len, struct ofp_bundle_control *ret)
{
    if (len < CONTROL_LEN) {
        return OFPERR_BRC_BAD_LEN;
    }
    ret->id = wire_get32(p);
    ret->type = wire_get16(p + 4);
    ret->flags = wire_get16(p + 6);
    if (ret->type > OFPBCT_DISCARD_REQUEST || ret->type & 1) {
        return OFPERR_BFC_BAD_TYPE;
    }
    if (ret->flags & ~BUILT_FLAGS) {
        return OFPERR_BFC_BAD_FLAGS; /* Bundles for a later time are not built. */
    }
    return check_properties(p + CONTROL_LEN, len - CONTROL_LEN);
}

void ofp_bundle_control_encode(struct strbuf *s, enum ofp_version version, uint32_t xid,
                               const struct ofp_bundle_control *control)
{
    size_t start = ofp_begin(s, version, version < OFP14 ? OFPT_VENDOR : OFPT14_BUNDLE_CONTROL,
                             xid);

    if (version < OFP14) {
        wire_put32(s, OFP_VENDOR_ONF);
        wire_put32(s, ONFT_BUNDLE_CONTROL);
    }
    wire_put32(s, control->id);
    wire_put16(s, control->type);
    wire_put16(s, control->flags);
    ofp_end(s, start);
}

void ofp_bundle_add_encode(struct strbuf *s, enum ofp_version version, uint32_t id, uint16_t flags,
                           const uint8_t *msg, size_t len)
{
    size_t start = ofp_begin(s, (uint8_t)version, version < OFP14 ? OFPT_VENDOR : OFPT14_BUNDLE_ADD,
                             wire_get32(msg + 4));

    if (version < OFP14) {
        wire_put32(s, OFP_VENDOR_ONF);
        wire_put32(s, ONFT_BUNDLE_ADD);
    }
    wire_put32(s, id);
    wire_zeros(s, 2);
    wire_put16(s, flags);
    strbuf_put(s, msg, len);
    ofp_end(s, start);
}

int ofp_bundle_add_decode(uint8_t version, uint32_t xid, const uint8_t *p, size_t len,
                          struct ofp_bundle_add *ret)
{
    struct ofp_header h;
    size_t end;

    if (len < ADD_LEN) {
        return OFPERR_BRC_BAD_LEN;
    }
    ret->id = wire_get32(p);
    ret->flags = wire_get16(p + 6);
    p += ADD_LEN;
    len -= ADD_LEN;
    if (ret->flags & ~BUILT_FLAGS) {
        return OFPERR_BFC_BAD_FLAGS;
    }
    if (len < OFP_HEADER_LEN) {
        return OFPERR_BFC_MSG_BAD_LEN;
    }
    ofp_header_decode(p, &h);
    if (h.length < OFP_HEADER_LEN || h.length > len) {
        return OFPERR_BFC_MSG_BAD_LEN;
    }
    if (h.version != version) {
        return OFPERR_BRC_BAD_VERSION;
    }
    if (h.xid != xid) {
        return OFPERR_BFC_MSG_BAD_XID;
    }
    ret->msg = p;
    ret->msg_len = h.length;
    end = MIN_OF(ROUND_UP(ret->msg_len, (size_t)8), len); /* Padded only when properties follow. */
    return check_properties(p + end, len - end);
}
