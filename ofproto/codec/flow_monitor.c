/* See flow_monitor.h. */
#include "ofproto/codec/flow_monitor.h"

#include "ofproto/codec/group_mod.h"
#include "ofproto/codec/instruction.h"
#include "ofproto/codec/match_wire.h"

#define HEAD14 16
#define HEAD_NX 16
#define FLAGS14 0x7f
#define FLAGS_NX 0x3f
#define EVENTS (OFPFMF_INITIAL | OFPFMF_ADD | OFPFMF_REMOVED | OFPFMF_MODIFY)

static int decode14(const uint8_t *p, size_t len, struct ofp_monitor_request *ret, size_t *ret_len)
{
    size_t match_len;
    int rc;

    if (len < HEAD14) {
        return OFPERR_BRC_BAD_LEN;
    }
    ret->id = wire_get32(p);
    if (!ofp_port_from32(wire_get32(p + 4), &ret->out_port)) {
        return OFPERR_MOFC_BAD_OUT;
    }
    ret->out_group = wire_get32(p + 8);
    ret->flags = wire_get16(p + 12);
    ret->table_id = p[14];
    if (p[15] > OFPFMC_DELETE) {
        return OFPERR_MOFC_BAD_COMMAND;
    }
    ret->command = (enum ofp_monitor_command)p[15];
    rc = ofp_match_decode(p + HEAD14, len - HEAD14, &ret->match, &match_len);
    *ret_len = HEAD14 + match_len;
    return rc;
}

static int decode_nx(const uint8_t *p, size_t len, struct ofp_monitor_request *ret, size_t *ret_len)
{
    size_t match_len;

    if (len < HEAD_NX) {
        return OFPERR_BRC_BAD_LEN;
    }
    ret->command = OFPFMC_ADD;
    ret->id = wire_get32(p);
    ret->flags = wire_get16(p + 4);
    ret->out_port = wire_get16(p + 6);
    ret->out_group = OFP_GROUP_ANY;
    match_len = wire_get16(p + 8);
    ret->table_id = p[10];
    if (ROUND_UP(match_len, 8) > len - HEAD_NX) {
        return OFPERR_BRC_BAD_LEN;
    }
    *ret_len = HEAD_NX + ROUND_UP(match_len, 8);
    return nxm_match_decode(p + HEAD_NX, match_len, &ret->match, NULL);
}

static int decode_onf(const uint8_t *p, size_t len, struct ofp_monitor_request *ret,
                      size_t *ret_len)
{
    size_t match_len;
    int rc;

    if (len < HEAD_NX) {
        return OFPERR_BRC_BAD_LEN;
    }
    ret->command = OFPFMC_ADD;
    ret->id = wire_get32(p);
    ret->flags = wire_get16(p + 4);
    ret->out_group = OFP_GROUP_ANY;
    ret->table_id = p[12];
    if (!ofp_port_from32(wire_get32(p + 8), &ret->out_port)) {
        return OFPERR_BAC_BAD_OUT_PORT;
    }
    rc = ofp_match_decode(p + HEAD_NX, len - HEAD_NX, &ret->match, &match_len);
    *ret_len = HEAD_NX + match_len;
    return rc;
}

static int decode(enum ofp_version version, const uint8_t *p, size_t len,
                  struct ofp_monitor_request *ret, size_t *ret_len)
{
    return version >= OFP14   ? decode14(p, len, ret, ret_len)
           : version == OFP13 ? decode_onf(p, len, ret, ret_len)
                              : decode_nx(p, len, ret, ret_len);
}

int ofp_monitor_request_decode(enum ofp_version version, const uint8_t *p, size_t len,
                               struct ofp_monitor_request *ret, size_t *ret_len)
{
    int rc = decode(version, p, len, ret, ret_len);

    if (rc || ret->command == OFPFMC_DELETE) {
        return rc;
    }
    return ret->flags & ~(version >= OFP14 ? FLAGS14 : FLAGS_NX) || !(ret->flags & EVENTS)
               ? OFPERR_MOFC_BAD_FLAGS
               : 0;
}

static void encode14(struct strbuf *s, enum ofp_version version, const struct ofp_flow_update *u)
{
    wire_put8(s, u->table_id);
    wire_put8(s, u->event == OFPFME_REMOVED ? (uint8_t)u->reason : 0);
    wire_put16(s, u->idle_timeout_s);
    wire_put16(s, u->hard_timeout_s);
    wire_put16(s, u->priority);
    wire_zeros(s, 4);
    wire_put64(s, u->cookie);
    ofp_match_encode(s, version, &u->match);
    if (u->actions_len) {
        ofp_instructions_encode(s, version, u->actions, u->actions_len);
    }
}

/* Nicira's, and ONF's, which differs in how match and actions are written. */
static void encode_nx(struct strbuf *s, enum ofp_version version, const struct ofp_flow_update *u)
{
    size_t len_at, start;

    wire_put16(s, u->event == OFPFME_REMOVED ? (uint16_t)u->reason : 0);
    wire_put16(s, u->priority);
    wire_put16(s, u->idle_timeout_s);
    wire_put16(s, u->hard_timeout_s);
    len_at = s->len;
    wire_put16(s, 0);
    wire_put8(s, u->table_id);
    wire_put8(s, 0);
    wire_put64(s, u->cookie);
    start = s->len;
    if (version == OFP13) {
        ofp_match_encode(s, version, &u->match);
        wire_set16(s, len_at, wire_get16((const uint8_t *)s->data + start + 2));
    } else {
        nxm_match_encode(s, &u->match);
        wire_set16(s, len_at, (uint16_t)(s->len - start));
        wire_pad8(s, start);
    }
    if (u->actions_len && version == OFP13) {
        ofp_instructions_encode(s, version, u->actions, u->actions_len);
    } else if (u->actions_len) {
        ofp_actions_encode(s, version, u->actions, u->actions_len);
    }
}

/* Extensions have no event for what was there before, and begin with 0. */
static uint16_t event_number(enum ofp_version version, enum ofp_monitor_event event)
{
    return version >= OFP14          ? (uint16_t)event
           : event == OFPFME_INITIAL ? 0
                                     : (uint16_t)(event - OFPFME_ADDED);
}

void ofp_flow_update_encode(struct strbuf *s, enum ofp_version version,
                            const struct ofp_flow_update *u)
{
    size_t start = s->len;

    wire_put16(s, 0);
    wire_put16(s, event_number(version, u->event));
    if (u->event >= OFPFME_ABBREV) {
        wire_put32(s, u->event == OFPFME_ABBREV ? u->xid : 0);
    } else if (version >= OFP14) {
        encode14(s, version, u);
    } else {
        encode_nx(s, version, u);
    }
    wire_set16(s, start, (uint16_t)(s->len - start));
}
