/* See packet_out.h. */
#include "ofproto/codec/packet_out.h"

#include "ofproto/codec/action.h"
#include "ofproto/codec/match_wire.h"

#define ETH_HEADER_LEN 14

int ofp_packet_out_decode(enum ofp_version version, const uint8_t *p, size_t len,
                          struct ofp_packet_out *ret)
{
    size_t head = version == OFP10 ? 8 : 16;
    bool known;

    if (len < head) {
        return OFPERR_BRC_BAD_LEN;
    }
    if (version == OFP10) {
        ret->in_port = wire_get16(p + 4);
        ret->actions_len = wire_get16(p + 6);
        known = true;
    } else {
        known = ofp_port_from32(wire_get32(p + 4), &ret->in_port);
        ret->actions_len = wire_get16(p + 8);
    }
    if (wire_get32(p) != OFP_NO_BUFFER) {
        return OFPERR_BRC_BUFFER_UNKNOWN; /* No packet is kept for a controller. */
    }
    if (!known || (ret->in_port >= OFP_PORT_MAX && ret->in_port != OFP_PORT_LOCAL &&
                   ret->in_port != OFP_PORT_CONTROLLER && ret->in_port != OFP_PORT_NONE)) {
        return OFPERR_BRC_BAD_PORT;
    }
    if (ret->actions_len > len - head) {
        return OFPERR_BRC_BAD_LEN;
    }
    ret->actions = p + head;
    ret->packet = ret->actions + ret->actions_len;
    ret->packet_len = len - head - ret->actions_len;
    return ret->packet_len < ETH_HEADER_LEN ? OFPERR_BRC_BAD_LEN : 0;
}
