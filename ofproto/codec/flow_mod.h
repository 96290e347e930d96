/* Flow mods and flow statistics on the wire, OpenFlow 1.0 and 1.3. */
#ifndef OFPROTO_CODEC_FLOW_MOD_H
#define OFPROTO_CODEC_FLOW_MOD_H

#include "ofproto/codec/action.h"
#include "ofproto/match/match.h"

enum ofp_flow_mod_command {
    OFPFC_ADD,
    OFPFC_MODIFY,
    OFPFC_MODIFY_STRICT,
    OFPFC_DELETE,
    OFPFC_DELETE_STRICT,
};

#define OFPTT_ALL 0xff

/* Flags, as OpenFlow 1.3 numbers them. */
#define OFPFF_SEND_FLOW_REM 1
#define OFPFF_CHECK_OVERLAP 2
#define OFPFF_RESET_COUNTS 4
#define OFPFF_NO_PKT_COUNTS 8
#define OFPFF_NO_BYT_COUNTS 16

struct ofp_flow_mod {
    enum ofp_flow_mod_command command;
    uint8_t table_id; /* OFPTT_ALL: for deletes, every one. */
    uint16_t priority;
    uint16_t idle_timeout_s;
    uint16_t hard_timeout_s;
    uint16_t flags;
    uint32_t out_port; /* Of deletes: OFP_PORT_NONE when it does not matter. */
    uint64_t cookie;
    uint64_t cookie_mask; /* Of modify and delete. */
    struct ofp_match match;
    struct ofp_actions actions; /* ofp_actions_free() after success. */
};

/* 'p' is the message after its header. On an error nothing is left to free. */
int ofp_flow_mod_decode(enum ofp_version, const uint8_t *p, size_t len, struct ofp_flow_mod *ret);

/* What flow and aggregate statistics are asked of. */
struct ofp_flow_query {
    uint8_t table_id;
    uint32_t out_port;
    uint64_t cookie;
    uint64_t cookie_mask;
    struct ofp_match match;
};

/* 'p' is the body of the request. */
int ofp_flow_query_decode(enum ofp_version, const uint8_t *p, size_t len,
                          struct ofp_flow_query *ret);

/* What is told of one rule. */
struct ofp_flow_stats {
    uint8_t table_id;
    uint16_t priority;
    uint16_t idle_timeout_s;
    uint16_t hard_timeout_s;
    uint16_t flags;
    uint64_t duration_ms;
    uint64_t cookie;
    uint64_t packets;
    uint64_t bytes;
    struct ofp_match match;
    const void *actions;
    uint32_t actions_len;
};

void ofp_flow_stats_encode(struct strbuf *, enum ofp_version, const struct ofp_flow_stats *);

#endif
