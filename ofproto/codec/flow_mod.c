/* See flow_mod.h. */
#include "ofproto/codec/flow_mod.h"

#include "ofproto/codec/group_mod.h"
#include "ofproto/codec/instruction.h"
#include "ofproto/codec/match_wire.h"

#define FLOW_MOD10_LEN 64 /* After the header: the match, then what is fixed. */
#define FLOW_MOD11_LEN 40 /* What is fixed, before the match. */
#define NX_FLOW_MOD_LEN 32
#define MAX_TABLE 253
#define OFPFF10_EMERG 4

static bool is_delete(enum ofp_flow_mod_command command)
{
    return command >= OFPFC_DELETE;
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
    fm->adds_if_none = fm->command == OFPFC_MODIFY || fm->command == OFPFC_MODIFY_STRICT;
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
    if (!rc) {
        rc = set_flags10(fm, wire_get16(p + 22));
    }
    return rc ? rc
              : ofp_actions_decode(OFP10, p + 24, len - FLOW_MOD10_LEN, &fm->match, &fm->actions);
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
    if (fm->flags & ~31) {
        return OFPERR_FMFC_BAD_FLAGS;
    }
    rc = ofp13_match_decode(p + FLOW_MOD11_LEN, len - FLOW_MOD11_LEN, &fm->match, &match_len);
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
        fm->change_cookie = fm->adds_if_none && fm->new_cookie != UINT64_MAX;
        rc = ofp_actions_decode(version, p + padded, len - NX_FLOW_MOD_LEN - padded, &fm->match,
                                &fm->actions);
    }
    if (!rc) {
        finish(fm);
    }
    return rc;
}
