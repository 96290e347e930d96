/* Requests for statistics of flows, and what is told of each, on the wire: OpenFlow 1.0, 1.3 to
 * 1.5, and Nicira's of 1.0. */
#ifndef OFPROTO_CODEC_FLOW_STATS_H
#define OFPROTO_CODEC_FLOW_STATS_H

#include "ofproto/codec/action.h"
#include "ofproto/match/match.h"

/* In which form they are asked for and told. */
enum ofp_flow_stats_form {
    OFP_FLOW_STATS_OWN, /* The version's. */
    OFP_FLOW_STATS_NX,
    OFP_FLOW_STATS_SHORT, /* OpenFlow 1.5: match and counters alone. */
};

/* What flow and aggregate statistics are asked of. */
struct ofp_flow_query {
    uint8_t table_id;
    uint32_t out_port;
    uint32_t out_group;
    uint64_t cookie;
    uint64_t cookie_mask;
    struct ofp_match match;
};

/* 'p' is the body of the request. */
int ofp_flow_query_decode(enum ofp_version, enum ofp_flow_stats_form, const uint8_t *p, size_t len,
                          struct ofp_flow_query *ret);

/* What is told of one rule. */
struct ofp_flow_stats {
    uint8_t table_id;
    uint16_t priority;
    uint16_t idle_timeout_s;
    uint16_t hard_timeout_s;
    uint16_t importance;
    uint16_t flags;
    uint64_t duration_ms;
    uint64_t idle_ms; /* Since the last packet, or since it was made. */
    uint64_t hard_ms; /* Since it was changed. */
    uint64_t cookie;
    uint64_t packets;
    uint64_t bytes;
    struct ofp_match match;
    const void *actions;
    uint32_t actions_len;
};

void ofp_flow_stats_encode(struct strbuf *, enum ofp_version, enum ofp_flow_stats_form,
                           const struct ofp_flow_stats *);
/* The body of an aggregate reply. */
void ofp_aggregate_encode(struct strbuf *, enum ofp_version, uint64_t packets, uint64_t bytes,
                          uint32_t flows);

/* A removed rule's duration and counters, as OpenFlow 1.5's list of statistics. */
void ofp_oxs_removed_encode(struct strbuf *, const struct ofp_flow_stats *);
/* Reads a list of statistics of 1.5 into those of a flow; others are passed over. */
int ofp_oxs_decode(const uint8_t *p, size_t len, struct ofp_flow_stats *);

/* --- The side that asks: flow_stats_decode.c. */

/* The body of a request. What OpenFlow 1.0's own form cannot say is left out. */
void ofp_flow_query_encode(struct strbuf *, enum ofp_version, enum ofp_flow_stats_form,
                           const struct ofp_flow_query *);
/* The entry at 'p', of 'left' bytes at most. What is not told is 0, ages UINT64_MAX. 'actions' is
 * empty before; 'ret->actions' points into it. '*ret_len' is the entry's length, 0 when it cannot
 * be known; else the next may be read also after an error. */
int ofp_flow_stats_decode(enum ofp_version, enum ofp_flow_stats_form, const uint8_t *p, size_t left,
                          struct ofp_flow_stats *ret, struct ofp_actions *actions, size_t *ret_len);
int ofp_aggregate_decode(enum ofp_version, const uint8_t *p, size_t len, uint64_t *ret_packets,
                         uint64_t *ret_bytes, uint32_t *ret_flows);

/* OpenFlow 1.5.1 section 7.2.4: statistics as a list of fields. */
enum { OXS_DURATION = 0, OXS_IDLE_TIME = 1, OXS_FLOW_COUNT = 3, OXS_PACKETS = 4, OXS_BYTES = 5 };

#endif
