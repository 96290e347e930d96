/* Packet-out on the wire, OpenFlow 1.0 and 1.3 to 1.5 (1.5.1 section 7.3.6). */
#ifndef OFPROTO_CODEC_PACKET_OUT_H
#define OFPROTO_CODEC_PACKET_OUT_H

#include "ofproto/codec/action.h"
#include "ofproto/codec/ofp_error.h"
#include "ofproto/match/match.h"

struct ofp_packet_out {
    uint32_t in_port;       /* enum ofp_port or a port's number. */
    const uint8_t *actions; /* On the wire; ofp_actions_decode() reads them, in the light of the
                               packet. */
    size_t actions_len;
    const uint8_t *packet;
    size_t packet_len;
    struct ofp_match match; /* OpenFlow 1.5: the pipeline's fields; in earlier versions of none. */
};

/* 'p' is the message after its header; '*ret' points into it. */
int ofp_packet_out_decode(enum ofp_version, const uint8_t *p, size_t len,
                          struct ofp_packet_out *ret);
/* Appends a whole message with these actions, not those on the wire. */
void ofp_packet_out_encode(struct strbuf *, enum ofp_version, uint32_t xid,
                           const struct ofp_packet_out *, const struct ofp_actions *);

#endif
