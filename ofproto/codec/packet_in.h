/* Packet-in on the wire: each version's own (1.5.1 section 7.4.1), and Nicira's two forms of it,
 * which connections may ask for. */
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
    OFPR_PACKET_OUT,
    OFPR_N
};
enum ofp_packet_in_reason ofp_packet_in_reason_of(enum ofp_version, enum ofp_packet_in_reason);
/* As ovs-ofctl writes them: "no_match". */
void ofp_packet_in_reason_format(struct strbuf *, unsigned int reason);
bool ofp_packet_in_reason_parse(const char *, uint8_t *ret);

struct ofp_packet_in {
    enum ofp_packet_in_reason reason;
    uint8_t table_id;
    uint64_t cookie;        /* UINT64_MAX: of no rule. */
    struct ofp_match match; /* The pipeline's fields, among them in_port. */
    const void *packet;
    size_t packet_len;
    size_t full_len; /* More than packet_len when the rest is not at hand. */
    /* Those that OFP_PACKET_IN_NXT2 alone tells; of the owner's memory, or the message's. */
    const uint8_t *userdata;
    size_t userdata_len;
    const uint8_t *continuation; /* Properties, of whoever wants the packet back. */
    size_t continuation_len;     /* 0: none. */
};

/* As NXT_SET_PACKET_IN_FORMAT numbers them. */
enum ofp_packet_in_format {
    OFP_PACKET_IN_STANDARD,
    OFP_PACKET_IN_NXT,
    OFP_PACKET_IN_NXT2,
    OFP_N_PACKET_IN_FORMATS
};

/* Appends a whole message. What does not fit one is cut off. */
void ofp_packet_in_encode(struct strbuf *, enum ofp_version, enum ofp_packet_in_format,
                          const struct ofp_packet_in *);
/* The properties of NXT_RESUME, which are those of NXT_PACKET_IN2; '*ret' points into them. 0, or
 * the error; one without a packet is OFPERR_BRC_BAD_LEN. */
int ofp_packet_in2_decode(const uint8_t *p, size_t len, struct ofp_packet_in *ret);

#endif
