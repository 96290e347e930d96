/* See packet_in.h. */
#include "ofproto/codec/packet_in.h"

#include "ofproto/codec/match_wire.h"

enum ofp_packet_in_reason ofp_packet_in_reason_of(enum ofp_version version,
                                                  enum ofp_packet_in_reason reason)
{
    return version < OFP14 && reason > OFPR_INVALID_TTL ? OFPR_ACTION : reason;
}

void ofp_packet_in_encode(struct strbuf *s, enum ofp_version version,
                          const struct ofp_packet_in *pin)
{
    uint8_t reason = (uint8_t)ofp_packet_in_reason_of(version, pin->reason);
    size_t start = ofp_begin(s, version, OFPT_PACKET_IN, 0);

    wire_put32(s, OFP_NO_BUFFER);
    if (version == OFP11) { /* The port, and the physical one below it. */
        wire_put32(s, ofp_port_to32(pin->match.flow.in_port));
        wire_put32(s, ofp_port_to32(pin->match.flow.in_port));
    }
    wire_put16(s, (uint16_t)MIN_OF(pin->full_len, (size_t)UINT16_MAX));
    if (version == OFP10) {
        wire_put16(s, (uint16_t)pin->match.flow.in_port);
        wire_put8(s, reason);
        wire_put8(s, 0);
    } else {
        wire_put8(s, reason);
        wire_put8(s, pin->table_id);
    }
    if (version >= OFP13) {
        wire_put64(s, pin->cookie);
    }
    if (version >= OFP12) {
        ofp_match_encode(s, version, &pin->match);
        wire_put16(s, 0);
    }
    strbuf_put(s, pin->packet, MIN_OF(pin->packet_len, UINT16_MAX - (s->len - start)));
    ofp_end(s, start);
}
