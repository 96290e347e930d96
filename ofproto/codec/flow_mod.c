/* See flow_mod.h. */
#include "ofproto/codec/flow_mod.h"

#include "ofproto/codec/group_mod.h"
#include "ofproto/codec/instruction.h"
#include "ofproto/codec/match_wire.h"

#define FLOW_MOD10_LEN 64 /* After the header: the match, then what is fixed. */
#define FLOW_MOD11_LEN 40 /* What is fixed, before the match. */
#define NX_FLOW_MOD_LEN 32
#define MAX_TABLE 254 /* The last one is nobody's to change: flow mods of it are refused later. */
#define OFPFF10_EMERG 4
#define NX_FLOW_MOD 13 /* Subtype of the extension. */

static bool is_delete(enum ofp_flow_mod_command command)
{
    return command >= OFPFC_DELETE;
}

static bool is_modify(enum ofp_flow_mod_command command)
{
    return command == OFPFC_MODIFY || command == OFPFC_MODIFY_STRICT;
}

/* OpenFlow 1.0 has the table, by extension, in the upper byte of the command. */
static int set_command10(struct ofp_flow_mod *fm, uint16_t command, bool with_table_id)
{
    fm->table_id = OFPTT_ALL;
    if (with_table_id) {
        fm->table_id = (uint8_t)(command >> 8);
        command &= 0xff;
    }
    if (command > OFPFC_DELETE_STRICT) {
        return OFPERR_FMFC_BAD_COMMAND;
    }
    fm->command = (enum ofp_flow_mod_command)command;
    if (fm->command == OFPFC_ADD && fm->table_id == OFPTT_ALL) {
        fm->table_id = 0;
    }
    return fm->table_id > MAX_TABLE && fm->table_id != OFPTT_ALL ? OFPERR_FMFC_BAD_TABLE_ID : 0;
}

/* What the versions have in common about the fields that only deletes, or only others, have. */
static int set_buffer_and_port(struct ofp_flow_mod *fm, uint32_t buffer_id, uint32_t out_port)
{
    fm->out_port = is_delete(fm->command) ? out_port : OFP_PORT_NONE;
    return is_delete(fm->command) || buffer_id == OFP_NO_BUFFER ? 0 : OFPERR_BRC_BUFFER_UNKNOWN;
}

static int set_flags10(struct ofp_flow_mod *fm, uint16_t flags)
{
    if (flags & ~(OFPFF_SEND_FLOW_REM | OFPFF_CHECK_OVERLAP) || flags & OFPFF10_EMERG) {
        return OFPERR_FMFC_BAD_FLAGS;
    }
    fm->flags = flags | (fm->command == OFPFC_ADD ? OFPFF_RESET_COUNTS : 0); /* In 1.0 always. */
    return 0;
}

/* OpenFlow 1.0's modify, and Nicira's, adds what is not there, and gives its cookie: unless it
 * looks for rules with a certain one, or has none to give. */
static void modify_as_in_10(struct ofp_flow_mod *fm)
{
    fm->change_cookie = is_modify(fm->command) && fm->new_cookie != UINT64_MAX;
    fm->adds_if_none = fm->change_cookie && !fm->cookie_mask;
}

static int decode10(const uint8_t *p, size_t len, bool with_table_id, struct ofp_flow_mod *fm)
{
    uint32_t buffer_id;
    int rc;

    if (len < FLOW_MOD10_LEN) {
        return OFPERR_BRC_BAD_LEN;
    }
    ofp10_match_decode(p, &fm->match);
    p += OFP10_MATCH_LEN;
    fm->new_cookie = wire_get64(p);
    fm->idle_timeout_s = wire_get16(p + 10);
    fm->hard_timeout_s = wire_get16(p + 12);
    fm->priority = wire_get16(p + 14);
    buffer_id = wire_get32(p + 16);
    rc = set_command10(fm, wire_get16(p + 8), with_table_id);
    if (!rc) {
        rc = set_buffer_and_port(fm, buffer_id, wire_get16(p + 20));
    }
    modify_as_in_10(fm);
    if (!rc) {
        rc = set_flags10(fm, wire_get16(p + 22));
    }
    return rc ? rc
              : ofp_actions_decode(OFP10, p + 24, len - FLOW_MOD10_LEN, &fm->match, &fm->actions);
}

/* 1.2 has added "reset counts", which is always done before; 1.3 "no counts". */
static int set_flags11(struct ofp_flow_mod *fm, enum ofp_version version)
{
    unsigned int known = version == OFP11 ? 3 : version == OFP12 ? 7 : 31;

    if (fm->flags & ~known) {
        return OFPERR_FMFC_BAD_FLAGS;
    }
    if (version == OFP11 && fm->command == OFPFC_ADD) {
        fm->flags |= OFPFF_RESET_COUNTS;
    }
    return 0;
}

/* OpenFlow 1.1 and later (1.3.5 section 7.3.4.1). */
static int decode11(enum ofp_version version, const uint8_t *p, size_t len, struct ofp_flow_mod *fm)
{
    uint32_t out_port = OFP_PORT_NONE;
    size_t match_len;
    int rc;

    if (len < FLOW_MOD11_LEN + 8) {
        return OFPERR_BRC_BAD_LEN;
    }
    fm->new_cookie = fm->cookie = wire_get64(p);
    fm->cookie_mask = wire_get64(p + 8);
    fm->table_id = p[16];
    fm->idle_timeout_s = wire_get16(p + 18);
    fm->hard_timeout_s = wire_get16(p + 20);
    fm->priority = wire_get16(p + 22);
    fm->flags = wire_get16(p + 36);
    fm->importance = version >= OFP14 ? wire_get16(p + 38) : 0;
    if (p[17] > OFPFC_DELETE_STRICT) {
        return OFPERR_FMFC_BAD_COMMAND;
    }
    fm->command = (enum ofp_flow_mod_command)p[17];
    fm->adds_if_none = version == OFP11 && is_modify(fm->command) && !fm->cookie_mask;
    if (fm->table_id > MAX_TABLE && !(is_delete(fm->command) && fm->table_id == OFPTT_ALL)) {
        return OFPERR_FMFC_BAD_TABLE_ID;
    }
    if (is_delete(fm->command) && !ofp_port_from32(wire_get32(p + 28), &out_port)) {
        return OFPERR_BAC_BAD_OUT_PORT;
    }
    if (is_delete(fm->command)) {
        fm->out_group = wire_get32(p + 32);
    }
    rc = set_buffer_and_port(fm, wire_get32(p + 24), out_port);
    if (rc) {
        return rc;
    }
    rc = set_flags11(fm, version);
    if (rc) {
        return rc;
    }
    rc = ofp_match_decode(p + FLOW_MOD11_LEN, len - FLOW_MOD11_LEN, &fm->match, &match_len);
    if (rc) {
        return rc;
    }
    match_len += FLOW_MOD11_LEN;
    return ofp_instructions_decode(version, p + match_len, len - match_len,
                                   is_delete(fm->command) ? 0 : fm->table_id, &fm->match,
                                   &fm->actions);
}

/* Deletes do nothing with what they carry to do. */
static void finish(struct ofp_flow_mod *fm)
{
    if (is_delete(fm->command)) {
        ofp_actions_free(&fm->actions);
    } else if (fm->command == OFPFC_ADD) {
        fm->cookie = fm->cookie_mask = 0;
    }
}

int ofp_flow_mod_decode(enum ofp_version version, const uint8_t *p, size_t len, bool with_table_id,
                        struct ofp_flow_mod *ret)
{
    int rc;

    memset(ret, 0, sizeof *ret);
    ret->out_group = OFP_GROUP_ANY;
    rc = version == OFP10 ? decode10(p, len, with_table_id, ret) : decode11(version, p, len, ret);
    if (!rc) {
        finish(ret);
    }
    return rc;
}

int nx_flow_mod_decode(enum ofp_version version, const uint8_t *p, size_t len, bool with_table_id,
                       struct ofp_flow_mod *fm)
{
    struct nxm_cookie cookie = {0, 0};
    size_t match_len, padded;
    int rc;

    memset(fm, 0, sizeof *fm);
    fm->out_group = OFP_GROUP_ANY;
    if (len < NX_FLOW_MOD_LEN) {
        return OFPERR_BRC_BAD_LEN;
    }
    fm->new_cookie = wire_get64(p);
    fm->idle_timeout_s = wire_get16(p + 10);
    fm->hard_timeout_s = wire_get16(p + 12);
    fm->priority = wire_get16(p + 14);
    match_len = wire_get16(p + 24);
    padded = ROUND_UP(match_len, 8);
    rc = set_command10(fm, wire_get16(p + 8), with_table_id);
    if (!rc) {
        rc = set_buffer_and_port(fm, wire_get32(p + 16), wire_get16(p + 20));
    }
    if (!rc) {
        rc = set_flags10(fm, wire_get16(p + 22));
    }
    if (!rc && padded > len - NX_FLOW_MOD_LEN) {
        rc = OFPERR_BRC_BAD_LEN;
    }
    p += NX_FLOW_MOD_LEN;
    if (!rc) {
        rc = nxm_match_decode(p, match_len, &fm->match, fm->command == OFPFC_ADD ? NULL : &cookie);
    }
    if (!rc) {
        fm->cookie = cookie.value;
        fm->cookie_mask = cookie.mask;
        modify_as_in_10(fm);
        rc = ofp_actions_decode(version, p + padded, len - NX_FLOW_MOD_LEN - padded, &fm->match,
                                &fm->actions);
    }
    if (!rc) {
        finish(fm);
    }
    return rc;
}

/* --- Encoding. */

/* Only Nicira's form can say that the cookie is to stay as it was. */
static uint64_t cookie_to_set(const struct ofp_flow_mod *fm)
{
    return fm->new_cookie == UINT64_MAX ? 0 : fm->new_cookie;
}

/* What follows the cookie in both forms of 1.0. */
static void put_command10(struct strbuf *s, const struct ofp_flow_mod *fm, bool with_table_id)
{
    wire_put16(s, (uint16_t)(fm->command | (with_table_id ? fm->table_id << 8 : 0)));
    wire_put16(s, fm->idle_timeout_s);
    wire_put16(s, fm->hard_timeout_s);
    wire_put16(s, fm->priority);
    wire_put32(s, OFP_NO_BUFFER);
    wire_put16(s, (uint16_t)fm->out_port);
    wire_put16(s, fm->flags & (OFPFF_SEND_FLOW_REM | OFPFF_CHECK_OVERLAP));
}

static void encode_nx(struct strbuf *s, const struct ofp_flow_mod *fm, bool with_table_id)
{
    const struct nxm_cookie cookie = {fm->cookie, fm->cookie_mask};
    size_t start, match_len_at;

    wire_put32(s, OFP_VENDOR_NX);
    wire_put32(s, NX_FLOW_MOD);
    wire_put64(s, fm->new_cookie);
    put_command10(s, fm, with_table_id);
    match_len_at = s->len;
    wire_zeros(s, 8);
    start = s->len;
    nxm_match_encode(s, &fm->match);
    nxm_cookie_encode(s, &cookie);
    wire_set16(s, match_len_at, (uint16_t)(s->len - start));
    wire_pad8(s, start);
}

static void encode11(struct strbuf *s, enum ofp_version version, const struct ofp_flow_mod *fm)
{
    bool is_new = fm->command == OFPFC_ADD || (!is_delete(fm->command) && !fm->cookie_mask);
    uint8_t table_id = fm->command == OFPFC_ADD && fm->table_id == OFPTT_ALL ? 0 : fm->table_id;

    wire_put64(s, is_new ? cookie_to_set(fm) : fm->cookie);
    wire_put64(s, is_new ? 0 : fm->cookie_mask);
    wire_put8(s, table_id);
    wire_put8(s, (uint8_t)fm->command);
    wire_put16(s, fm->idle_timeout_s);
    wire_put16(s, fm->hard_timeout_s);
    wire_put16(s, fm->priority);
    wire_put32(s, OFP_NO_BUFFER);
    wire_put32(s, ofp_port_to32(fm->out_port));
    wire_put32(s, fm->out_group);
    wire_put16(s, fm->flags);
    wire_put16(s, version >= OFP14 ? fm->importance : 0);
    ofp_match_encode(s, version, &fm->match);
    ofp_instructions_encode(s, version, fm->actions.data, fm->actions.len);
}

void ofp_flow_mod_encode(struct strbuf *s, enum ofp_version version, uint32_t xid,
                         bool with_table_id, const struct ofp_flow_mod *fm)
{
    bool nx = version == OFP10 && (fm->cookie_mask || !ofp_match_fits(version, &fm->match));
    size_t start = ofp_begin(s, (uint8_t)version, nx ? OFPT_VENDOR : OFPT_FLOW_MOD, xid);

    if (version != OFP10) {
        encode11(s, version, fm);
    } else if (nx) {
        encode_nx(s, fm, with_table_id);
        ofp_actions_encode(s, version, fm->actions.data, fm->actions.len);
    } else {
        ofp10_match_encode(s, &fm->match);
        wire_put64(s, cookie_to_set(fm));
        put_command10(s, fm, with_table_id);
        ofp_actions_encode(s, version, fm->actions.data, fm->actions.len);
    }
    ofp_end(s, start);
}
