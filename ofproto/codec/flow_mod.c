/* See flow_mod.h. */
#include "ofproto/codec/flow_mod.h"

#include "ofproto/codec/match_wire.h"

#define FLOW_MOD10_LEN 64 /* After the header: the match, then what is fixed. */
#define FLOW_MOD13_LEN 40 /* What is fixed, before the match. */
#define OFPFF10_EMERG 4
#define OFPG_ANY UINT32_MAX
#define OFPIT_APPLY_ACTIONS 4
#define OFPIT_METER 6

static bool is_delete(enum ofp_flow_mod_command command)
{
    return command >= OFPFC_DELETE;
}

static int decode10(const uint8_t *p, size_t len, struct ofp_flow_mod *fm)
{
    uint32_t buffer_id;
    uint16_t command;

    if (len < FLOW_MOD10_LEN) {
        return OFPERR_BRC_BAD_LEN;
    }
    ofp10_match_decode(p, &fm->match);
    p += OFP10_MATCH_LEN;
    fm->cookie = wire_get64(p);
    command = wire_get16(p + 8);
    fm->idle_timeout_s = wire_get16(p + 10);
    fm->hard_timeout_s = wire_get16(p + 12);
    fm->priority = wire_get16(p + 14);
    buffer_id = wire_get32(p + 16);
    fm->out_port = wire_get16(p + 20);
    fm->flags = wire_get16(p + 22);
    if (command > OFPFC_DELETE_STRICT) {
        return OFPERR_FMFC_BAD_COMMAND;
    }
    fm->command = (enum ofp_flow_mod_command)command;
    if (!is_delete(fm->command)) {
        fm->out_port = OFP_PORT_NONE;
        if (buffer_id != OFP_NO_BUFFER) {
            return OFPERR_BRC_BUFFER_UNKNOWN;
        }
    }
    if (fm->flags & ~(OFPFF_SEND_FLOW_REM | OFPFF_CHECK_OVERLAP) || fm->flags & OFPFF10_EMERG) {
        return OFPERR_FMFC_BAD_FLAGS;
    }
    fm->flags |= OFPFF_RESET_COUNTS; /* Adding resets them in 1.0. */
    return ofp_actions_decode(OFP10, p + 24, len - FLOW_MOD10_LEN, NULL, &fm->actions);
}

/* OpenFlow 1.3.5 section 7.2.4. Only apply-actions can be carried out yet. */
static int decode_instructions(const uint8_t *p, size_t len, struct ofp_flow_mod *fm)
{
    bool seen = false;
    size_t at = 0;

    while (at < len) {
        uint16_t type, n;
        int rc;

        if (len - at < 8) {
            rc = OFPERR_BIC_BAD_LEN;
        } else {
            type = wire_get16(p + at);
            n = wire_get16(p + at + 2);
            if (n < 8 || n % 8 || n > len - at) {
                rc = OFPERR_BIC_BAD_LEN;
            } else if (type != OFPIT_APPLY_ACTIONS) {
                rc = type && type <= OFPIT_METER ? OFPERR_BIC_UNSUP_INST : OFPERR_BIC_UNKNOWN_INST;
            } else if (seen) {
                rc = OFPERR_BIC_DUP_INST;
            } else {
                rc = ofp_actions_decode(OFP13, p + at + 8, n - 8u, &fm->match, &fm->actions);
                seen = true;
                at += n;
            }
        }
        if (rc) {
            ofp_actions_free(&fm->actions);
            return rc;
        }
    }
    return 0;
}

static int decode13(const uint8_t *p, size_t len, struct ofp_flow_mod *fm)
{
    uint32_t buffer_id, out_group;
    size_t match_len;
    int rc;

    if (len < FLOW_MOD13_LEN + 8) {
        return OFPERR_BRC_BAD_LEN;
    }
    fm->cookie = wire_get64(p);
    fm->cookie_mask = wire_get64(p + 8);
    fm->table_id = p[16];
    fm->idle_timeout_s = wire_get16(p + 18);
    fm->hard_timeout_s = wire_get16(p + 20);
    fm->priority = wire_get16(p + 22);
    buffer_id = wire_get32(p + 24);
    out_group = wire_get32(p + 32);
    fm->flags = wire_get16(p + 36);
    if (p[17] > OFPFC_DELETE_STRICT) {
        return OFPERR_FMFC_BAD_COMMAND;
    }
    fm->command = (enum ofp_flow_mod_command)p[17];
    fm->out_port = OFP_PORT_NONE;
    if (is_delete(fm->command)) {
        if (!ofp_port_from32(wire_get32(p + 28), &fm->out_port)) {
            return OFPERR_BAC_BAD_OUT_PORT;
        }
        if (out_group != OFPG_ANY) {
            fm->out_port = 0; /* There are no groups yet: no rule outputs to one. */
        }
    } else if (buffer_id != OFP_NO_BUFFER) {
        return OFPERR_BRC_BUFFER_UNKNOWN;
    }
    if (fm->flags & ~31) {
        return OFPERR_FMFC_BAD_FLAGS;
    }
    rc = ofp13_match_decode(p + FLOW_MOD13_LEN, len - FLOW_MOD13_LEN, &fm->match, &match_len);
    if (rc) {
        return rc;
    }
    match_len += FLOW_MOD13_LEN;
    return decode_instructions(p + match_len, len - match_len, fm);
}

int ofp_flow_mod_decode(enum ofp_version version, const uint8_t *p, size_t len,
                        struct ofp_flow_mod *ret)
{
    memset(ret, 0, sizeof *ret);
    return version == OFP10 ? decode10(p, len, ret) : decode13(p, len, ret);
}

int ofp_flow_query_decode(enum ofp_version version, const uint8_t *p, size_t len,
                          struct ofp_flow_query *ret)
{
    size_t match_len;
    int rc;

    memset(ret, 0, sizeof *ret);
    if (version == OFP10) {
        if (len != OFP10_MATCH_LEN + 4) {
            return OFPERR_BRC_BAD_LEN;
        }
        ofp10_match_decode(p, &ret->match);
        ret->table_id = p[OFP10_MATCH_LEN];
        ret->out_port = wire_get16(p + OFP10_MATCH_LEN + 2);
        return 0;
    }
    if (len < 40) {
        return OFPERR_BRC_BAD_LEN;
    }
    ret->table_id = p[0];
    if (!ofp_port_from32(wire_get32(p + 4), &ret->out_port)) {
        return OFPERR_BAC_BAD_OUT_PORT;
    }
    if (wire_get32(p + 8) != OFPG_ANY) {
        ret->out_port = 0;
    }
    ret->cookie = wire_get64(p + 16);
    ret->cookie_mask = wire_get64(p + 24);
    rc = ofp13_match_decode(p + 32, len - 32, &ret->match, &match_len);
    return rc ? rc : match_len + 32 == len ? 0 : OFPERR_BRC_BAD_LEN;
}

static void encode10(struct strbuf *s, const struct ofp_flow_stats *fs)
{
    wire_put16(s, 0);
    wire_put8(s, fs->table_id);
    wire_put8(s, 0);
    ofp10_match_encode(s, &fs->match);
    wire_put32(s, (uint32_t)(fs->duration_ms / 1000));
    wire_put32(s, (uint32_t)(fs->duration_ms % 1000 * 1000000));
    wire_put16(s, fs->priority);
    wire_put16(s, fs->idle_timeout_s);
    wire_put16(s, fs->hard_timeout_s);
    wire_zeros(s, 6);
    wire_put64(s, fs->cookie);
    wire_put64(s, fs->packets);
    wire_put64(s, fs->bytes);
    ofp_actions_encode(s, OFP10, fs->actions, fs->actions_len);
}

static void encode13(struct strbuf *s, const struct ofp_flow_stats *fs)
{
    wire_put16(s, 0);
    wire_put8(s, fs->table_id);
    wire_put8(s, 0);
    wire_put32(s, (uint32_t)(fs->duration_ms / 1000));
    wire_put32(s, (uint32_t)(fs->duration_ms % 1000 * 1000000));
    wire_put16(s, fs->priority);
    wire_put16(s, fs->idle_timeout_s);
    wire_put16(s, fs->hard_timeout_s);
    wire_put16(s, fs->flags);
    wire_zeros(s, 4);
    wire_put64(s, fs->cookie);
    wire_put64(s, fs->packets);
    wire_put64(s, fs->bytes);
    ofp13_match_encode(s, &fs->match);
    if (fs->actions_len) {
        size_t start = s->len;

        wire_put16(s, OFPIT_APPLY_ACTIONS);
        wire_put16(s, 0);
        wire_put32(s, 0);
        ofp_actions_encode(s, OFP13, fs->actions, fs->actions_len);
        wire_set16(s, start + 2, (uint16_t)(s->len - start));
    }
}

void ofp_flow_stats_encode(struct strbuf *s, enum ofp_version version,
                           const struct ofp_flow_stats *fs)
{
    size_t start = s->len;

    if (version == OFP10) {
        encode10(s, fs);
    } else {
        encode13(s, fs);
    }
    wire_set16(s, start, (uint16_t)(s->len - start));
}
