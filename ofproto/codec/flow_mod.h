/* Flow mods on the wire: OpenFlow 1.0 to 1.5, and Nicira's of 1.0. */
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
    /* OFPTT_ALL: of deletes and OpenFlow 1.0's modifies every one; never of adds. */
    uint8_t table_id;
    bool adds_if_none;  /* A modify that selects nothing adds: OpenFlow 1.0, 1.1. */
    bool change_cookie; /* A modify gives the rules 'new_cookie'. */
    uint16_t priority;
    uint16_t idle_timeout_s;
    uint16_t hard_timeout_s;
    uint16_t importance;
    uint16_t flags;
    uint32_t out_port;   /* Of deletes: OFP_PORT_NONE when it does not matter. */
    uint32_t out_group;  /* OFP_GROUP_ANY when it does not matter. */
    uint64_t new_cookie; /* Of what is added. */
    uint64_t cookie;     /* Of what is modified or deleted, in the bits of the mask. */
    uint64_t cookie_mask;
    struct ofp_match match;
    struct ofp_actions actions; /* With instructions; ofp_actions_free() after success. */
};

/* 'p' is the message after its header. 'with_table_id': Nicira's extension of OpenFlow 1.0 by which
 * a command's upper byte is a table was switched on. On an error nothing is left to free. */
int ofp_flow_mod_decode(enum ofp_version, const uint8_t *p, size_t len, bool with_table_id,
                        struct ofp_flow_mod *ret);
/* Nicira's flow mod, after its header of an extension, in any version. */
int nx_flow_mod_decode(enum ofp_version, const uint8_t *p, size_t len, bool with_table_id,
                       struct ofp_flow_mod *ret);

/* The whole message, as a controller sends it. In OpenFlow 1.0 it is Nicira's where the version's
 * own cannot say it; 'with_table_id' is then about its extension, and without it the table is not
 * said. */
void ofp_flow_mod_encode(struct strbuf *, enum ofp_version, uint32_t xid, bool with_table_id,
                         const struct ofp_flow_mod *);

#endif
