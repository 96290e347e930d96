/* Flow monitors on the wire: OpenFlow 1.4 and 1.5 (1.5.1 sections 7.3.5.17 and 7.4.5), ONF's
 * extension 187 of 1.3, and Nicira's of earlier versions. */
#ifndef OFPROTO_CODEC_FLOW_MONITOR_H
#define OFPROTO_CODEC_FLOW_MONITOR_H

#include "ofproto/codec/action.h"
#include "ofproto/codec/flow_removed.h"

/* All number them the same. Extensions have no ONLY_OWN. */
#define OFPFMF_INITIAL 1
#define OFPFMF_ADD 2
#define OFPFMF_REMOVED 4
#define OFPFMF_MODIFY 8
#define OFPFMF_INSTRUCTIONS 16
#define OFPFMF_NO_ABBREV 32
#define OFPFMF_ONLY_OWN 64

/* Subtypes of the extensions: Nicira's, and ONF's of statistics and messages. */
enum {
    NXST_FLOW_MONITOR = 2,
    NXT_MONITOR_CANCEL = 21,
    NXT_MONITOR_PAUSED = 22,
    NXT_MONITOR_RESUMED = 23,
    ONFST_FLOW_MONITOR = 1870,
    ONFT_MONITOR_CANCEL = 1870,
    ONFT_MONITOR_PAUSED = 1871,
    ONFT_MONITOR_RESUMED = 1872,
};

enum ofp_monitor_command { OFPFMC_ADD, OFPFMC_MODIFY, OFPFMC_DELETE };

struct ofp_monitor_request {
    enum ofp_monitor_command command;
    uint32_t id;
    uint32_t out_port;  /* OFP_PORT_NONE: any. */
    uint32_t out_group; /* OFP_GROUP_ANY: any. */
    uint16_t flags;
    uint8_t table_id;
    struct ofp_match match;
};

/* 'p' is the body of the request from the entry at work on; '*ret_len' is the entry's length. */
int ofp_monitor_request_decode(enum ofp_version, const uint8_t *p, size_t len,
                               struct ofp_monitor_request *ret, size_t *ret_len);

/* As OpenFlow 1.4 numbers them. */
enum ofp_monitor_event {
    OFPFME_INITIAL,
    OFPFME_ADDED,
    OFPFME_REMOVED,
    OFPFME_MODIFIED,
    OFPFME_ABBREV,
    OFPFME_PAUSED,
    OFPFME_RESUMED
};

struct ofp_flow_update {
    enum ofp_monitor_event event;
    enum ofp_removed_reason reason; /* Of OFPFME_REMOVED. */
    uint32_t xid;                   /* Of OFPFME_ABBREV: of the message that it is about. */
    uint8_t table_id;
    uint16_t priority;
    uint16_t idle_timeout_s;
    uint16_t hard_timeout_s;
    uint64_t cookie;
    struct ofp_match match;
    const void *actions; /* NULL, 0: they are not told. */
    size_t actions_len;
};

/* Appends an entry of a reply; not of PAUSED and RESUMED before OpenFlow 1.4, which are messages
 * there. */
void ofp_flow_update_encode(struct strbuf *, enum ofp_version, const struct ofp_flow_update *);

#endif
