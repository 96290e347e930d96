/* See flow_stats.h. */
#include "ofproto/codec/flow_stats.h"

#include "ofproto/codec/group_mod.h"
#include "ofproto/codec/instruction.h"
#include "ofproto/codec/match_wire.h"

/* --- Requests. */

static int decode10(const uint8_t *p, size_t len, struct ofp_flow_query *ret)
{
    if (len != OFP10_MATCH_LEN + 4) {
        return OFPERR_BRC_BAD_LEN;
    }
    ofp10_match_decode(p, &ret->match);
    ret->table_id = p[OFP10_MATCH_LEN];
    ret->out_port = wire_get16(p + OFP10_MATCH_LEN + 2);
    return 0;
}

static int decode11(const uint8_t *p, size_t len, struct ofp_flow_query *ret)
{
    size_t match_len;
    int rc;

    if (len < 40) {
        return OFPERR_BRC_BAD_LEN;
    }
    ret->table_id = p[0];
    if (!ofp_port_from32(wire_get32(p + 4), &ret->out_port)) {
        return OFPERR_BAC_BAD_OUT_PORT;
    }
    ret->out_group = wire_get32(p + 8);
    ret->cookie = wire_get64(p + 16);
    ret->cookie_mask = wire_get64(p + 24);
    rc = ofp_match_decode(p + 32, len - 32, &ret->match, &match_len);
    return rc ? rc : match_len + 32 == len ? 0 : OFPERR_BRC_BAD_LEN;
}

static int decode_nx(const uint8_t *p, size_t len, struct ofp_flow_query *ret)
{
    struct nxm_cookie cookie;
    size_t match_len;
    int rc;

    if (len < 8) {
        return OFPERR_BRC_BAD_LEN;
    }
    ret->out_port = wire_get16(p);
    match_len = wire_get16(p + 2);
    ret->table_id = p[4];
    if (ROUND_UP(match_len, 8) != len - 8) {
        return OFPERR_BRC_BAD_LEN;
    }
    rc = nxm_match_decode(p + 8, match_len, &ret->match, &cookie);
    if (!rc) {
        ret->cookie = cookie.value;
        ret->cookie_mask = cookie.mask;
    }
    return rc;
}

int ofp_flow_query_decode(enum ofp_version version, enum ofp_flow_stats_form form, const uint8_t *p,
                          size_t len, struct ofp_flow_query *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->out_group = OFP_GROUP_ANY;
    return form == OFP_FLOW_STATS_NX ? decode_nx(p, len, ret)
           : version == OFP10        ? decode10(p, len, ret)
                                     : decode11(p, len, ret);
}

/* --- Replies. */

static void put_duration(struct strbuf *s, uint64_t ms)
{
    wire_put32(s, (uint32_t)(ms / 1000));
    wire_put32(s, (uint32_t)(ms % 1000 * 1000000));
}

static void put_timeouts(struct strbuf *s, const struct ofp_flow_stats *fs)
{
    wire_put16(s, fs->priority);
    wire_put16(s, fs->idle_timeout_s);
    wire_put16(s, fs->hard_timeout_s);
}

static void put_counters(struct strbuf *s, const struct ofp_flow_stats *fs)
{
    wire_put64(s, fs->cookie);
    wire_put64(s, fs->packets);
    wire_put64(s, fs->bytes);
}

static void encode10(struct strbuf *s, const struct ofp_flow_stats *fs)
{
    wire_put8(s, fs->table_id);
    wire_put8(s, 0);
    ofp10_match_encode(s, &fs->match);
    put_duration(s, fs->duration_ms);
    put_timeouts(s, fs);
    wire_zeros(s, 6);
    put_counters(s, fs);
    ofp_actions_encode(s, OFP10, fs->actions, fs->actions_len);
}

static void encode11(struct strbuf *s, enum ofp_version version, const struct ofp_flow_stats *fs)
{
    wire_put8(s, fs->table_id);
    wire_put8(s, 0);
    put_duration(s, fs->duration_ms);
    put_timeouts(s, fs);
    wire_put16(s, version >= OFP13 ? fs->flags : 0);
    wire_put16(s, version >= OFP14 ? fs->importance : 0);
    wire_zeros(s, 2);
    put_counters(s, fs);
    ofp_match_encode(s, version, &fs->match);
    ofp_instructions_encode(s, version, fs->actions, fs->actions_len);
}

/* An age in seconds plus one, 0 when it is not known: Nicira's way. */
static uint16_t nx_age(uint64_t ms)
{
    return (uint16_t)(MIN_OF(ms / 1000, (uint64_t)UINT16_MAX - 1) + 1);
}

static void encode_nx(struct strbuf *s, enum ofp_version version, const struct ofp_flow_stats *fs)
{
    size_t at, match_len_at;

    wire_put8(s, fs->table_id);
    wire_put8(s, 0);
    put_duration(s, fs->duration_ms);
    put_timeouts(s, fs);
    match_len_at = s->len;
    wire_put16(s, 0);
    wire_put16(s, nx_age(fs->idle_ms));
    wire_put16(s, nx_age(fs->hard_ms));
    put_counters(s, fs);
    at = s->len;
    nxm_match_encode(s, &fs->match);
    wire_set16(s, match_len_at, (uint16_t)(s->len - at));
    wire_pad8(s, at);
    ofp_actions_encode(s, version, fs->actions, fs->actions_len);
}

static void put_oxs(struct strbuf *s, unsigned int field, size_t n)
{
    wire_put32(s, 0x80020000u | field << 9 | (uint32_t)n);
}

static size_t begin_oxs(struct strbuf *s)
{
    wire_zeros(s, 4);
    return s->len - 4;
}

static void end_oxs(struct strbuf *s, size_t start)
{
    wire_set16(s, start + 2, (uint16_t)(s->len - start));
    wire_pad8(s, start);
}

static void put_oxs_list(struct strbuf *s, const struct ofp_flow_stats *fs, bool with_idle)
{
    size_t start = begin_oxs(s);

    put_oxs(s, OXS_DURATION, 8);
    put_duration(s, fs->duration_ms);
    if (with_idle) {
        put_oxs(s, OXS_IDLE_TIME, 8);
        put_duration(s, fs->idle_ms);
    }
    put_oxs(s, OXS_PACKETS, 8);
    wire_put64(s, fs->packets);
    put_oxs(s, OXS_BYTES, 8);
    wire_put64(s, fs->bytes);
    end_oxs(s, start);
}

static void put_stats15(struct strbuf *s, const struct ofp_flow_stats *fs)
{
    put_oxs_list(s, fs, true);
}

void ofp_oxs_removed_encode(struct strbuf *s, const struct ofp_flow_stats *fs)
{
    put_oxs_list(s, fs, false);
}

static void encode15(struct strbuf *s, const struct ofp_flow_stats *fs)
{
    wire_zeros(s, 2);
    wire_put8(s, fs->table_id);
    wire_put8(s, 0);
    put_timeouts(s, fs);
    wire_put16(s, fs->flags);
    wire_put16(s, fs->importance);
    wire_put64(s, fs->cookie);
    ofp_match_encode(s, OFP15, &fs->match);
    put_stats15(s, fs);
    ofp_instructions_encode(s, OFP15, fs->actions, fs->actions_len);
}

static void encode15_short(struct strbuf *s, const struct ofp_flow_stats *fs)
{
    wire_zeros(s, 2);
    wire_put8(s, fs->table_id);
    wire_put8(s, 0); /* Why: it was asked for. */
    wire_put16(s, fs->priority);
    ofp_match_encode(s, OFP15, &fs->match);
    put_stats15(s, fs);
}

void ofp_flow_stats_encode(struct strbuf *s, enum ofp_version version,
                           enum ofp_flow_stats_form form, const struct ofp_flow_stats *fs)
{
    size_t start = s->len;

    wire_put16(s, 0);
    if (form == OFP_FLOW_STATS_NX) {
        encode_nx(s, version, fs);
    } else if (form == OFP_FLOW_STATS_SHORT) {
        encode15_short(s, fs);
    } else if (version == OFP10) {
        encode10(s, fs);
    } else if (version < OFP15) {
        encode11(s, version, fs);
    } else {
        encode15(s, fs);
    }
    wire_set16(s, start, (uint16_t)(s->len - start));
}

void ofp_aggregate_encode(struct strbuf *s, enum ofp_version version, uint64_t packets,
                          uint64_t bytes, uint32_t flows)
{
    size_t start;

    if (version >= OFP15) {
        start = begin_oxs(s);
        put_oxs(s, OXS_FLOW_COUNT, 4);
        wire_put32(s, flows);
        put_oxs(s, OXS_PACKETS, 8);
        wire_put64(s, packets);
        put_oxs(s, OXS_BYTES, 8);
        wire_put64(s, bytes);
        end_oxs(s, start);
        return;
    }
    wire_put64(s, packets);
    wire_put64(s, bytes);
    wire_put32(s, flows);
    wire_put32(s, 0);
}
