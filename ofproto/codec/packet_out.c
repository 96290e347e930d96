/* See packet_out.h. */
#include "ofproto/codec/packet_out.h"

#include "ofproto/codec/action.h"
#include "ofproto/codec/match_wire.h"

#define ETH_HEADER_LEN 14

/* The ports that a packet may be said to have come by; whether the bridge has it is another matter.
 */
static bool is_in_port(uint32_t port)
{
    return port < OFP_PORT_MAX || port == OFP_PORT_LOCAL || port == OFP_PORT_CONTROLLER ||
           port == OFP_PORT_NONE;
}

static size_t fixed_len(enum ofp_version version)
{
    return version == OFP10 || version >= OFP15 ? 8 : 16;
}

/* Of the packet itself, the packet speaks. */
static int decode_match(const uint8_t *p, size_t len, struct ofp_packet_out *ret, size_t *ret_len)
{
    int rc = ofp_match_decode(p, len, &ret->match, ret_len);

    if (rc) {
        return rc;
    }
    for (unsigned int i = 0; i < FLOW_N_WORDS; i++) {
        if (ret->match.mask.u64[i]) {
            return OFPERR_BRC_PIPELINE_FIELDS_ONLY;
        }
    }
    if (ret->match.mask.in_port != UINT32_MAX) {
        return OFPERR_BRC_BAD_PORT;
    }
    ret->in_port = ret->match.flow.in_port;
    return 0;
}

/* What is before the actions, of which the fixed part is there; '*ret_len' is its length. */
static int decode_head(enum ofp_version version, const uint8_t *p, size_t len,
                       struct ofp_packet_out *ret, size_t *ret_len)
{
    size_t match_len;
    int rc;

    *ret_len = fixed_len(version);
    ofp_match_init(&ret->match);
    if (version == OFP10) {
        ret->in_port = wire_get16(p + 4);
        ret->actions_len = wire_get16(p + 6);
    } else if (version < OFP15) {
        ret->actions_len = wire_get16(p + 8);
        return ofp_port_from32(wire_get32(p + 4), &ret->in_port) ? 0 : OFPERR_BRC_BAD_PORT;
    } else {
        ret->actions_len = wire_get16(p + 4);
        rc = decode_match(p + 8, len - 8, ret, &match_len);
        if (rc) {
            return rc;
        }
        *ret_len += match_len;
    }
    return 0;
}

int ofp_packet_out_decode(enum ofp_version version, const uint8_t *p, size_t len,
                          struct ofp_packet_out *ret)
{
    size_t head;
    int rc;

    if (len < fixed_len(version)) {
        return OFPERR_BRC_BAD_LEN;
    }
    if (wire_get32(p) != OFP_NO_BUFFER) {
        return OFPERR_BRC_BUFFER_UNKNOWN; /* No packet is kept for a controller. */
    }
    rc = decode_head(version, p, len, ret, &head);
    if (rc) {
        return rc;
    }
    if (!is_in_port(ret->in_port)) {
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

void ofp_packet_out_encode(struct strbuf *s, enum ofp_version version, uint32_t xid,
                           const struct ofp_packet_out *po, const struct ofp_actions *actions)
{
    size_t start = ofp_begin(s, (uint8_t)version, OFPT_PACKET_OUT, xid), len, list;
    struct ofp_match match = po->match;

    wire_put32(s, OFP_NO_BUFFER);
    if (version == OFP10) {
        wire_put16(s, (uint16_t)po->in_port);
    } else if (version < OFP15) {
        wire_put32(s, ofp_port_to32(po->in_port));
    }
    len = s->len;
    wire_put16(s, 0);
    if (version >= OFP15) {
        OFP_MATCH_SET(&match, in_port, po->in_port);
        wire_zeros(s, 2);
        ofp_match_encode(s, version, &match);
    } else if (version > OFP10) {
        wire_zeros(s, 6);
    }
    list = s->len;
    ofp_actions_encode(s, version, actions->data, actions->len);
    wire_set16(s, len, (uint16_t)(s->len - list));
    strbuf_put(s, po->packet, po->packet_len);
    ofp_end(s, start);
}
