/* See unasked.h. */
#include "ofproto/codec/unasked.h"

#include "ofproto/codec/flow_stats.h"
#include "ofproto/codec/instruction.h"
#include "ofproto/codec/match_wire.h"

/* --- Packet-ins. */

int ofp_packet_in_decode(enum ofp_version version, const uint8_t *p, size_t len,
                         struct ofp_packet_in *ret, uint32_t *ret_buffer)
{
    size_t head = version == OFP10 ? 10 : version == OFP11 ? 16 : version == OFP12 ? 8 : 16, n;
    uint32_t in_port = OFP_PORT_NONE;
    int rc;

    if (len < head) {
        return OFPERR_BRC_BAD_LEN;
    }
    *ret_buffer = wire_get32(p);
    memset(ret, 0, sizeof *ret);
    ret->cookie = UINT64_MAX;
    ofp_match_init(&ret->match);
    if (version == OFP10) {
        ret->full_len = wire_get16(p + 4);
        in_port = wire_get16(p + 6);
        ret->reason = (enum ofp_packet_in_reason)p[8];
    } else if (version == OFP11) {
        if (!ofp_port_from32(wire_get32(p + 4), &in_port)) {
            return OFPERR_BRC_BAD_PORT;
        }
        ret->full_len = wire_get16(p + 12);
        ret->reason = (enum ofp_packet_in_reason)p[14];
        ret->table_id = p[15];
    } else {
        ret->full_len = wire_get16(p + 4);
        ret->reason = (enum ofp_packet_in_reason)p[6];
        ret->table_id = p[7];
        ret->cookie = version >= OFP13 ? wire_get64(p + 8) : UINT64_MAX;
        rc = ofp_match_decode(p + head, len - head, &ret->match, &n);
        if (rc || n + 2 > len - head) {
            return rc ? rc : OFPERR_BRC_BAD_LEN;
        }
        head += n + 2;
    }
    if (version < OFP12) {
        OFP_MATCH_SET(&ret->match, in_port, in_port);
    }
    ret->packet = p + head;
    ret->packet_len = len - head;
    return 0;
}

#define NX_HEAD 24

int nx_packet_in_decode(const uint8_t *p, size_t len, struct ofp_packet_in *ret,
                        uint32_t *ret_buffer)
{
    size_t match_len, data;
    int rc;

    if (len < NX_HEAD) {
        return OFPERR_BRC_BAD_LEN;
    }
    match_len = wire_get16(p + 16);
    data = NX_HEAD + ROUND_UP(match_len, 8) + 2;
    if (data > len) {
        return OFPERR_BRC_BAD_LEN;
    }
    memset(ret, 0, sizeof *ret);
    ofp_match_init(&ret->match);
    *ret_buffer = wire_get32(p);
    ret->full_len = wire_get16(p + 4);
    ret->reason = (enum ofp_packet_in_reason)p[6];
    ret->table_id = p[7];
    ret->cookie = wire_get64(p + 8);
    rc = nxm_match_decode(p + NX_HEAD, match_len, &ret->match, NULL);
    ret->packet = p + data;
    ret->packet_len = len - data;
    return rc;
}

/* --- Flow-removed. */

static uint64_t duration_ms(const uint8_t *p)
{
    return wire_get32(p) * UINT64_C(1000) + wire_get32(p + 4) / 1000000;
}

static int removed15(const uint8_t *p, size_t len, struct ofp_flow_removed *ret)
{
    struct ofp_flow_stats stats = {.packets = 0};
    size_t n;
    int rc;

    if (len < 16) {
        return OFPERR_BRC_BAD_LEN;
    }
    ret->table_id = p[0];
    ret->reason = (enum ofp_removed_reason)p[1];
    ret->priority = wire_get16(p + 2);
    ret->idle_timeout_s = wire_get16(p + 4);
    ret->hard_timeout_s = wire_get16(p + 6);
    ret->cookie = wire_get64(p + 8);
    rc = ofp_match_decode(p + 16, len - 16, &ret->match, &n);
    rc = rc ? rc : ofp_oxs_decode(p + 16 + n, len - 16 - n, &stats);
    ret->duration_ms = stats.duration_ms;
    ret->packets = stats.packets;
    ret->bytes = stats.bytes;
    return rc;
}

int ofp_flow_removed_decode(enum ofp_version version, const uint8_t *p, size_t len,
                            struct ofp_flow_removed *ret)
{
    size_t head = version == OFP10 ? OFP10_MATCH_LEN : 0, n;

    memset(ret, 0, sizeof *ret);
    if (version >= OFP15) {
        return removed15(p, len, ret);
    }
    if (len < head + 40) {
        return OFPERR_BRC_BAD_LEN;
    }
    if (version == OFP10) {
        ofp10_match_decode(p, &ret->match);
        p += head;
        len -= head;
    }
    ret->cookie = wire_get64(p);
    ret->priority = wire_get16(p + 8);
    ret->reason = (enum ofp_removed_reason)p[10];
    ret->table_id = version == OFP10 ? UINT8_MAX : p[11];
    ret->duration_ms = duration_ms(p + 12);
    ret->idle_timeout_s = wire_get16(p + 20);
    ret->hard_timeout_s = version < OFP12 ? 0 : wire_get16(p + 22);
    ret->packets = wire_get64(p + 24);
    ret->bytes = wire_get64(p + 32);
    return version == OFP10 ? 0 : ofp_match_decode(p + 40, len - 40, &ret->match, &n);
}

/* --- Flow monitors. */

static int update14(enum ofp_version version, const uint8_t *p, size_t len,
                    struct ofp_flow_update *u, struct ofp_actions *actions)
{
    size_t n;
    int rc;

    if (len < 24) {
        return OFPERR_BRC_BAD_LEN;
    }
    u->table_id = p[0];
    u->reason = (enum ofp_removed_reason)p[1];
    u->idle_timeout_s = wire_get16(p + 2);
    u->hard_timeout_s = wire_get16(p + 4);
    u->priority = wire_get16(p + 6);
    u->cookie = wire_get64(p + 12);
    rc = ofp_match_decode(p + 20, len - 20, &u->match, &n);
    return rc ? rc
              : ofp_instructions_decode(version, p + 20 + n, len - 20 - n, u->table_id, NULL,
                                        actions);
}

static int update_nx(enum ofp_version version, const uint8_t *p, size_t len,
                     struct ofp_flow_update *u, struct ofp_actions *actions)
{
    size_t match_len, n;
    int rc;

    if (len < 20) {
        return OFPERR_BRC_BAD_LEN;
    }
    u->reason = (enum ofp_removed_reason)wire_get16(p);
    u->priority = wire_get16(p + 2);
    u->idle_timeout_s = wire_get16(p + 4);
    u->hard_timeout_s = wire_get16(p + 6);
    match_len = wire_get16(p + 8);
    u->table_id = p[10];
    u->cookie = wire_get64(p + 12);
    p += 20;
    len -= 20;
    if (version == OFP13) {
        rc = ofp_match_decode(p, len, &u->match, &n);
        return rc ? rc
                  : ofp_instructions_decode(version, p + n, len - n, u->table_id, NULL, actions);
    }
    n = ROUND_UP(match_len, 8);
    if (n > len) {
        return OFPERR_BRC_BAD_LEN;
    }
    rc = nxm_match_decode(p, match_len, &u->match, NULL);
    return rc ? rc : ofp_actions_decode(version, p + n, len - n, NULL, actions);
}

int ofp_flow_update_decode(enum ofp_version version, const uint8_t *p, size_t left,
                           struct ofp_flow_update *ret, struct ofp_actions *actions,
                           size_t *ret_len)
{
    size_t len = left < 8 ? 0 : wire_get16(p);
    unsigned int event;
    int rc = 0;

    if (len < 8 || len > left) {
        return OFPERR_BRC_BAD_LEN;
    }
    /* Extensions have no event for what was there before, and begin with 0. */
    event = wire_get16(p + 2) + (version < OFP14);
    if (event > OFPFME_RESUMED) {
        return OFPERR_BRC_BAD_TYPE;
    }
    memset(ret, 0, sizeof *ret);
    ret->event = (enum ofp_monitor_event)event;
    if (event >= OFPFME_ABBREV) {
        ret->xid = wire_get32(p + 4);
    } else if (version >= OFP14) {
        rc = update14(version, p + 4, len - 4, ret, actions);
    } else {
        rc = update_nx(version, p + 4, len - 4, ret, actions);
    }
    if (rc) {
        return rc;
    }
    ret->actions = actions->data;
    ret->actions_len = actions->len;
    *ret_len = len;
    return 0;
}

void ofp_monitor_request_encode(struct strbuf *s, enum ofp_version version,
                                const struct ofp_monitor_request *r)
{
    size_t len_at, start;

    wire_put32(s, r->id);
    if (version >= OFP14) {
        wire_put32(s, ofp_port_to32(r->out_port));
        wire_put32(s, r->out_group);
        wire_put16(s, r->flags);
        wire_put8(s, r->table_id);
        wire_put8(s, (uint8_t)r->command);
        ofp_match_encode(s, version, &r->match);
        return;
    }
    wire_put16(s, r->flags);
    if (version == OFP13) {
        len_at = s->len;
        wire_put16(s, 0);
        wire_put32(s, ofp_port_to32(r->out_port));
        wire_put8(s, r->table_id);
        wire_zeros(s, 3);
        start = s->len;
        ofp_match_encode(s, version, &r->match);
        wire_set16(s, len_at, wire_get16((const uint8_t *)s->data + start + 2));
        return;
    }
    wire_put16(s, (uint16_t)r->out_port);
    len_at = s->len;
    wire_put16(s, 0);
    wire_put8(s, r->table_id);
    wire_zeros(s, 5);
    start = s->len;
    nxm_match_encode(s, &r->match);
    wire_set16(s, len_at, (uint16_t)(s->len - start));
    wire_pad8(s, start);
}
