/* See port_mod.h. */
#include "ofproto/codec/port_mod.h"

#include "ofproto/codec/match_wire.h"

#define LEN10 24
#define LEN13 32

int ofp_port_mod_decode(enum ofp_version version, const uint8_t *p, size_t len,
                        struct ofp_port_mod *ret)
{
    bool is10 = version == OFP10;
    uint32_t advertise;

    if (len != (is10 ? LEN10 : LEN13)) {
        return OFPERR_BRC_BAD_LEN;
    }
    if (is10) {
        ret->port = wire_get16(p);
    } else if (!ofp_port_from32(wire_get32(p), &ret->port)) {
        return OFPERR_PMFC_BAD_PORT;
    }
    p += is10 ? 2 : 8;
    memcpy(ret->mac, p, 6);
    p += is10 ? 6 : 8;
    ret->config = wire_get32(p);
    ret->mask = wire_get32(p + 4);
    advertise = wire_get32(p + 8);
    if (ret->mask & ~(is10 ? OFPPC10_ALL : OFPPC13_ALL)) {
        return OFPERR_PMFC_BAD_CONFIG;
    }
    if (advertise) {
        return OFPERR_PMFC_BAD_ADVERTISE; /* No port has a link to negotiate that we could reach. */
    }
    ret->config &= ret->mask;
    return 0;
}

void ofp_port_status_encode(struct strbuf *s, enum ofp_version version, enum ofp_port_reason reason,
                            const struct ofp_port_desc *desc)
{
    size_t start = ofp_begin(s, version, OFPT_PORT_STATUS, 0);

    wire_put8(s, (uint8_t)reason);
    wire_zeros(s, 7);
    ofp_port_desc_encode(s, version, desc);
    ofp_end(s, start);
}
