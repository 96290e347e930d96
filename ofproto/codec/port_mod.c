/* See port_mod.h. */
#include "ofproto/codec/port_mod.h"

#include "ofproto/codec/match_wire.h"
#include "ofproto/codec/property.h"

#define LEN10 24
#define LEN13 32
#define LEN14 24 /* Properties follow. */
#define PROPERTY_ETHERNET 0

/* OpenFlow 1.5.1 section 7.3.4.3; '*ret' stays when there is no property. */
static int decode_properties(const uint8_t *p, size_t len, uint32_t *ret_advertise)
{
    while (len) {
        struct ofp_property property;
        int rc = ofp_property_take(&p, &len, &property);

        if (rc) {
            return rc;
        }
        if (property.type != PROPERTY_ETHERNET) {
            return OFPERR_BPC_BAD_TYPE;
        }
        if (property.len != 8) {
            return OFPERR_BPC_BAD_LEN;
        }
        *ret_advertise = wire_get32(property.p + 4);
    }
    return 0;
}

int ofp_port_mod_decode(enum ofp_version version, const uint8_t *p, size_t len,
                        struct ofp_port_mod *ret)
{
    bool is10 = version == OFP10;
    uint32_t advertise = 0;
    int rc = 0;

    if (version >= OFP14 ? len < LEN14 : len != (is10 ? LEN10 : LEN13)) {
        return OFPERR_BRC_BAD_LEN;
    }
    if (is10) {
        ret->port = wire_get16(p);
    } else if (!ofp_port_from32(wire_get32(p), &ret->port)) {
        return OFPERR_PMFC_BAD_PORT;
    }
    memcpy(ret->mac, p + (is10 ? 2 : 8), 6);
    ret->config = wire_get32(p + (is10 ? 8 : 16));
    ret->mask = wire_get32(p + (is10 ? 12 : 20));
    if (ret->mask & ~(is10 ? OFPPC10_ALL : OFPPC13_ALL)) {
        return OFPERR_PMFC_BAD_CONFIG;
    }
    if (version >= OFP14) {
        rc = decode_properties(p + LEN14, len - LEN14, &advertise);
    } else {
        advertise = wire_get32(p + (is10 ? 16 : 24));
    }
    if (!rc && advertise) {
        rc = OFPERR_PMFC_BAD_ADVERTISE; /* No port has a link to negotiate that we could reach. */
    }
    ret->config &= ret->mask;
    return rc;
}

void ofp_port_mod_encode(struct strbuf *s, enum ofp_version version, uint32_t xid,
                         const struct ofp_port_mod *pm)
{
    bool is10 = version == OFP10;
    size_t start = ofp_begin(s, (uint8_t)version, is10 ? OFPT10_PORT_MOD : OFPT13_PORT_MOD, xid);

    if (is10) {
        wire_put16(s, (uint16_t)pm->port);
    } else {
        wire_put32(s, ofp_port_to32(pm->port));
        wire_zeros(s, 4);
    }
    strbuf_put(s, pm->mac, sizeof pm->mac);
    wire_zeros(s, is10 ? 0 : 2);
    wire_put32(s, pm->config);
    wire_put32(s, pm->mask);
    wire_zeros(s, version < OFP14 ? 8 : 0); /* What it advertises: as it is. */
    ofp_end(s, start);
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
