/* Packet-in on the wire, OpenFlow 1.0 and 1.3 to 1.5 (1.5.1 section 7.4.1). */
#ifndef OFPROTO_CODEC_PACKET_IN_H
#define OFPROTO_CODEC_PACKET_IN_H

#include "ofproto/codec/wire.h"
#include "ofproto/match/match.h"

/* As OpenFlow 1.4 numbers them; the last three are OFPR_ACTION to earlier versions. */
enum ofp_packet_in_reason {
    OFPR_NO_MATCH,
    OFPR_ACTION,
    OFPR_INVALID_TTL,
    OFPR_ACTION_SET,
    OFPR_GROUP,
    OFPR_PACKET_OUT
};
enum ofp_packet_in_reason ofp_packet_in_reason_of(enum ofp_version, enum ofp_packet_in_reason);

struct ofp_packet_in {
    enum ofp_packet_in_reason reason;
    uint8_t table_id;
    uint64_t cookie;        /* UINT64_MAX: of no rule. */
    struct ofp_match match; /* The pipeline's fields, among them in_port. */
    const void *packet;
    size_t packet_len;
    size_t full_len; /* More than packet_len when the rest is not at hand. */
};

/* Appends a whole message. What does not fit one is cut off. */
void ofp_packet_in_encode(struct strbuf *, enum ofp_version, const struct ofp_packet_in *);

#endif
