/* Flow-removed on the wire, OpenFlow 1.0 and 1.3 to 1.5 (1.5.1 section 7.4.2). */
#ifndef OFPROTO_CODEC_FLOW_REMOVED_H
#define OFPROTO_CODEC_FLOW_REMOVED_H

#include "ofproto/codec/wire.h"
#include "ofproto/match/match.h"

/* Versions that do not have one call it OFPRR_DELETE. */
enum ofp_removed_reason {
    OFPRR_IDLE_TIMEOUT,
    OFPRR_HARD_TIMEOUT,
    OFPRR_DELETE,
    OFPRR_GROUP_DELETE, /* Since 1.1. */
    OFPRR_METER_DELETE, /* Since 1.4. */
    OFPRR_EVICTION
};

struct ofp_flow_removed {
    enum ofp_removed_reason reason;
    uint8_t table_id;
    uint16_t priority;
    uint16_t idle_timeout_s;
    uint16_t hard_timeout_s;
    uint64_t duration_ms;
    uint64_t cookie;
    uint64_t packets;
    uint64_t bytes;
    struct ofp_match match;
};

/* As the version has it. */
enum ofp_removed_reason ofp_removed_reason_in(enum ofp_version, enum ofp_removed_reason);
/* Appends a whole message. */
void ofp_flow_removed_encode(struct strbuf *, enum ofp_version, const struct ofp_flow_removed *);

#endif
