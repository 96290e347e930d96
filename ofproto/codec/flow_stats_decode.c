/* The asking side of statistics of flows: requests to the wire, replies from it; see flow_stats.h.
 */
#include "ofproto/codec/flow_stats.h"
#include "ofproto/codec/instruction.h"
#include "ofproto/codec/match_wire.h"

#define FIXED10 88 /* An entry of 1.0, before its actions. */
#define FIXED11 48 /* Before the match. */
#define FIXED_NX 48
#define FIXED15 24

void ofp_flow_query_encode(struct strbuf *s, enum ofp_version version,
                           enum ofp_flow_stats_form form, const struct ofp_flow_query *q)
{
    size_t start, match_len_at;

    if (form == OFP_FLOW_STATS_NX) {
        const struct nxm_cookie cookie = {q->cookie, q->cookie_mask};

        wire_put16(s, (uint16_t)q->out_port);
        match_len_at = s->len;
        wire_put16(s, 0);
        wire_put8(s, q->table_id);
        wire_zeros(s, 3);
        start = s->len;
        nxm_match_encode(s, &q->match);
        nxm_cookie_encode(s, &cookie);
        wire_set16(s, match_len_at, (uint16_t)(s->len - start));
        wire_pad8(s, start);
    } else if (version == OFP10) {
        ofp10_match_encode(s, &q->match);
        wire_put8(s, q->table_id);
        wire_put8(s, 0);
        wire_put16(s, (uint16_t)q->out_port);
    } else {
        wire_put8(s, q->table_id);
        wire_zeros(s, 3);
        wire_put32(s, ofp_port_to32(q->out_port));
        wire_put32(s, q->out_group);
        wire_put32(s, 0);
        wire_put64(s, q->cookie);
        wire_put64(s, q->cookie_mask);
        ofp_match_encode(s, version, &q->match);
    }
}

static uint64_t duration_ms(const uint8_t *p)
{
    return (uint64_t)wire_get32(p) * 1000 + wire_get32(p + 4) / 1000000;
}

/* Nicira's age: seconds plus one, 0 when it is not known. */
static uint64_t nx_age_ms(const uint8_t *p)
{
    unsigned int age = wire_get16(p);

    return age ? (age - 1) * UINT64_C(1000) : UINT64_MAX;
}

static void get_common(const uint8_t *timeouts, const uint8_t *counters, struct ofp_flow_stats *fs)
{
    fs->priority = wire_get16(timeouts);
    fs->idle_timeout_s = wire_get16(timeouts + 2);
    fs->hard_timeout_s = wire_get16(timeouts + 4);
    fs->cookie = wire_get64(counters);
    fs->packets = wire_get64(counters + 8);
    fs->bytes = wire_get64(counters + 16);
}

static int decode10(const uint8_t *p, size_t len, struct ofp_flow_stats *fs,
                    struct ofp_actions *actions)
{
    if (len < FIXED10) {
        return OFPERR_BRC_BAD_LEN;
    }
    fs->table_id = p[2];
    ofp10_match_decode(p + 4, &fs->match);
    fs->duration_ms = duration_ms(p + 44);
    get_common(p + 52, p + 64, fs);
    return ofp_actions_decode(OFP10, p + FIXED10, len - FIXED10, NULL, actions);
}

static int decode_nx(enum ofp_version version, const uint8_t *p, size_t len,
                     struct ofp_flow_stats *fs, struct ofp_actions *actions)
{
    size_t match_len;
    int rc;

    if (len < FIXED_NX) {
        return OFPERR_BRC_BAD_LEN;
    }
    fs->table_id = p[2];
    fs->duration_ms = duration_ms(p + 4);
    match_len = wire_get16(p + 18);
    fs->idle_ms = nx_age_ms(p + 20);
    fs->hard_ms = nx_age_ms(p + 22);
    get_common(p + 12, p + 24, fs);
    if (ROUND_UP(match_len, 8) > len - FIXED_NX) {
        return OFPERR_BRC_BAD_LEN;
    }
    rc = nxm_match_decode(p + FIXED_NX, match_len, &fs->match, NULL);
    match_len = FIXED_NX + ROUND_UP(match_len, 8);
    return rc ? rc : ofp_actions_decode(version, p + match_len, len - match_len, NULL, actions);
}

static int decode11(enum ofp_version version, const uint8_t *p, size_t len,
                    struct ofp_flow_stats *fs, struct ofp_actions *actions)
{
    size_t match_len;
    int rc;

    if (len < FIXED11) {
        return OFPERR_BRC_BAD_LEN;
    }
    fs->table_id = p[2];
    fs->duration_ms = duration_ms(p + 4);
    fs->flags = version >= OFP13 ? wire_get16(p + 18) : 0;
    fs->importance = version >= OFP14 ? wire_get16(p + 20) : 0;
    get_common(p + 12, p + 24, fs);
    rc = ofp_match_decode(p + FIXED11, len - FIXED11, &fs->match, &match_len);
    match_len += FIXED11;
    return rc ? rc
              : ofp_instructions_decode(version, p + match_len, len - match_len, fs->table_id, NULL,
                                        actions);
}

/* The entries of a list of statistics (OpenFlow 1.5.1 section 7.2.4.2): unknown ones are passed
 * over. '*ret_len' is its length with padding. */
static int decode_oxs(const uint8_t *p, size_t len, struct ofp_flow_stats *fs, uint32_t *ret_flows,
                      size_t *ret_len)
{
    size_t n = len < 4 ? 0 : wire_get16(p + 2);

    if (n < 4 || ROUND_UP(n, 8) > len) {
        return OFPERR_BRC_BAD_LEN;
    }
    *ret_len = ROUND_UP(n, 8);
    p += 4;
    n -= 4;
    while (n) {
        uint32_t header = n < 4 ? 0xff : wire_get32(p);
        size_t body = header & 0xff;

        if (n < 4 || body > n - 4) {
            return OFPERR_BRC_BAD_LEN;
        }
        switch (header) {
        case 0x80020000u | OXS_DURATION << 9 | 8: fs->duration_ms = duration_ms(p + 4); break;
        case 0x80020000u | OXS_IDLE_TIME << 9 | 8: fs->idle_ms = duration_ms(p + 4); break;
        case 0x80020000u | OXS_PACKETS << 9 | 8: fs->packets = wire_get64(p + 4); break;
        case 0x80020000u | OXS_BYTES << 9 | 8: fs->bytes = wire_get64(p + 4); break;
        case 0x80020000u | OXS_FLOW_COUNT << 9 | 4: *ret_flows = wire_get32(p + 4); break;
        }
        p += 4 + body;
        n -= 4 + body;
    }
    return 0;
}

int ofp_oxs_decode(const uint8_t *p, size_t len, struct ofp_flow_stats *fs)
{
    uint32_t flows;
    size_t n;

    return decode_oxs(p, len, fs, &flows, &n);
}

static int decode15(const uint8_t *p, size_t len, struct ofp_flow_stats *fs,
                    struct ofp_actions *actions)
{
    size_t at = FIXED15, n;
    uint32_t flows;
    int rc;

    if (len < FIXED15) {
        return OFPERR_BRC_BAD_LEN;
    }
    fs->table_id = p[4];
    fs->priority = wire_get16(p + 6);
    fs->idle_timeout_s = wire_get16(p + 8);
    fs->hard_timeout_s = wire_get16(p + 10);
    fs->flags = wire_get16(p + 12);
    fs->importance = wire_get16(p + 14);
    fs->cookie = wire_get64(p + 16);
    rc = ofp_match_decode(p + at, len - at, &fs->match, &n);
    if (!rc) {
        at += n;
        rc = decode_oxs(p + at, len - at, fs, &flows, &n);
    }
    return rc ? rc
              : ofp_instructions_decode(OFP15, p + at + n, len - at - n, fs->table_id, NULL,
                                        actions);
}

int ofp_flow_stats_decode(enum ofp_version version, enum ofp_flow_stats_form form, const uint8_t *p,
                          size_t left, struct ofp_flow_stats *fs, struct ofp_actions *actions,
                          size_t *ret_len)
{
    size_t len = left < 4 ? 0 : wire_get16(p);
    int rc;

    *ret_len = len;
    if (len < 4 || len > left) {
        *ret_len = 0;
        return OFPERR_BRC_BAD_LEN;
    }
    memset(fs, 0, sizeof *fs);
    fs->idle_ms = fs->hard_ms = UINT64_MAX;
    rc = form == OFP_FLOW_STATS_NX ? decode_nx(version, p, len, fs, actions)
         : version == OFP10        ? decode10(p, len, fs, actions)
         : version < OFP15         ? decode11(version, p, len, fs, actions)
                                   : decode15(p, len, fs, actions);
    fs->actions = actions->data;
    fs->actions_len = actions->len;
    return rc;
}

int ofp_aggregate_decode(enum ofp_version version, const uint8_t *p, size_t len,
                         uint64_t *ret_packets, uint64_t *ret_bytes, uint32_t *ret_flows)
{
    struct ofp_flow_stats fs = {0};
    size_t n;
    int rc;

    *ret_flows = 0;
    if (version >= OFP15) {
        rc = decode_oxs(p, len, &fs, ret_flows, &n);
        *ret_packets = fs.packets;
        *ret_bytes = fs.bytes;
        return rc;
    }
    if (len != 24) {
        return OFPERR_BRC_BAD_LEN;
    }
    *ret_packets = wire_get64(p);
    *ret_bytes = wire_get64(p + 8);
    *ret_flows = wire_get32(p + 16);
    return 0;
}
