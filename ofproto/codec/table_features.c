/* See table_features.h. */
#include "ofproto/codec/table_features.h"

#include "ofproto/codec/action.h"
#include "ofproto/codec/match_wire.h"
#include "ofproto/codec/table_mod.h"
#include "ofproto/match/tlv_map.h"

#define NAME_LEN 32

enum { INSTRUCTIONS = 0, NEXT_TABLES = 2, WRITE_ACTIONS = 4, APPLY_ACTIONS = 6, MATCH = 8 };
enum { WILDCARDS = 10, WRITE_SETFIELD = 12, APPLY_SETFIELD = 14 };

/* The last, meter, came with 1.3 and is an action since 1.5. */
static const uint16_t instructions[] = {1, 2, 3, 4, 5, 6};
#define N_INSTRUCTIONS(VERSION) ((VERSION) == OFP13 || (VERSION) == OFP14 ? 6u : 5u)

static size_t begin(struct strbuf *s, uint16_t type)
{
    size_t start = s->len;

    wire_put16(s, type);
    wire_put16(s, 0);
    return start;
}

static void end(struct strbuf *s, size_t start)
{
    wire_set16(s, start + 2, (uint16_t)(s->len - start));
    wire_pad8(s, start);
}

static void put_ids(struct strbuf *s, uint16_t type, const uint16_t *ids, size_t n)
{
    size_t start = begin(s, type);

    for (size_t i = 0; i < n; i++) {
        wire_put16(s, ids[i]);
        wire_put16(s, 4);
    }
    end(s, start);
}

static void put_actions(struct strbuf *s, uint16_t type, enum ofp_version version)
{
    uint16_t ids[32];
    size_t n = 0;

    for (uint16_t i = 0; i < 32; i++) {
        if (ofp_action_types(version) >> i & 1) {
            ids[n++] = i;
        }
    }
    put_ids(s, type, ids, n);
}

static void put_tables(struct strbuf *s, unsigned int first, unsigned int n)
{
    size_t start = begin(s, NEXT_TABLES);

    for (unsigned int i = first; i < n; i++) {
        wire_put8(s, (uint8_t)i);
    }
    end(s, start);
}

/* Registers by their own headers, not as two or four. */
static bool is_told(const struct ofp_field *f)
{
    return oxm_has_header(f) && !(f->id >= OFP_FIELD_XREG0 && f->id <= OFP_FIELD_XXREG3);
}

/* Options of tunnels are told in their greatest length, whether any is mapped or not. */
static void put_field(struct strbuf *s, enum ofp_version version, const struct ofp_field *f,
                      bool with_mask)
{
    if (ofp_field_is_tlv(f)) {
        wire_put32(s, (f->nxm & ~(uint32_t)0x1ff) |
                          (with_mask ? 0x100u | 2 * OFP_TLV_LEN_MAX : OFP_TLV_LEN_MAX));
    } else {
        oxm_encode_header(s, version, f, with_mask && f->is_maskable);
    }
}

static void put_fields(struct strbuf *s, enum ofp_version version, uint16_t type, bool settable,
                       bool with_mask)
{
    size_t start = begin(s, type);

    for (unsigned int i = 0; i < OFP_N_FIELDS; i++) {
        const struct ofp_field *f = ofp_field((enum ofp_field_id)i);

        if (is_told(f) && (!settable || f->is_settable || ofp_field_is_tlv(f))) {
            put_field(s, version, f, with_mask);
        }
    }
    end(s, start);
}

void ofp_table_features_encode(struct strbuf *s, enum ofp_version version, uint8_t table_id,
                               unsigned int n_tables, const char *name, uint32_t max_rules)
{
    size_t start = s->len, n = MIN_OF(strlen(name), (size_t)NAME_LEN - 1);
    bool is_last = table_id + 1u >= n_tables; /* Goes nowhere. */

    wire_put16(s, 0);
    wire_put8(s, table_id);
    wire_zeros(s, 5);
    strbuf_put(s, name, n);
    wire_zeros(s, NAME_LEN - n);
    wire_put64(s, UINT64_MAX); /* Metadata: what can be matched, and written. */
    wire_put64(s, UINT64_MAX);
    wire_put32(s, version >= OFP14 ? OFPTC_EVICTION | OFPTC_VACANCY_EVENTS : 0u);
    wire_put32(s, max_rules);
    put_ids(s, INSTRUCTIONS, instructions + is_last, N_INSTRUCTIONS(version) - is_last);
    put_tables(s, table_id + 1u, n_tables);
    put_actions(s, WRITE_ACTIONS, version);
    put_actions(s, APPLY_ACTIONS, version);
    put_fields(s, version, MATCH, false, true);
    put_fields(s, version, WILDCARDS, false, false);
    put_fields(s, version, WRITE_SETFIELD, true, false);
    put_fields(s, version, APPLY_SETFIELD, true, false);
    wire_set16(s, start, (uint16_t)(s->len - start));
}

/* --- Before 1.3, bitmaps. */

static uint32_t instruction_bits(bool is_last)
{
    uint32_t bits = 0;

    for (size_t i = is_last; i < N_INSTRUCTIONS(OFP12); i++) {
        bits |= 1u << instructions[i];
    }
    return bits;
}

/* Fields of OXM's own class, as many as there are bits. */
static uint64_t field_bits(bool settable)
{
    uint64_t bits = 0;

    for (unsigned int i = 0; i < OFP_N_FIELDS; i++) {
        const struct ofp_field *f = ofp_field((enum ofp_field_id)i);
        uint32_t number = f->oxm >> 9 & 0x7f;

        if (f->oxm >> 16 == OFP_OXM_BASIC && number < 64 && (!settable || f->is_settable)) {
            bits |= UINT64_C(1) << number;
        }
    }
    return bits;
}

static void encode11(struct strbuf *s, bool is_last, uint32_t config)
{
    /* What may be wild, and matched: the ten that have bits in a match, Ethernet and IPv4
     * addresses, metadata. */
    uint32_t fields = 0x3ff | 0xf800;

    wire_put32(s, fields);
    wire_put32(s, fields);
    wire_put32(s, instruction_bits(is_last));
    wire_put32(s, ofp_action_types(OFP11));
    wire_put32(s, ofp_action_types(OFP11));
    wire_put32(s, config);
}

static void encode12(struct strbuf *s, bool is_last, uint32_t config)
{
    wire_put64(s, field_bits(false));
    wire_put64(s, field_bits(false));
    wire_put32(s, ofp_action_types(OFP12));
    wire_put32(s, ofp_action_types(OFP12));
    wire_put64(s, field_bits(true));
    wire_put64(s, field_bits(true));
    wire_put64(s, UINT64_MAX); /* Metadata: what can be matched, and written. */
    wire_put64(s, UINT64_MAX);
    wire_put32(s, instruction_bits(is_last));
    wire_put32(s, config);
}

void ofp_table_abilities_encode(struct strbuf *s, enum ofp_version version, bool is_last,
                                uint32_t config)
{
    if (version == OFP11) {
        encode11(s, is_last, config);
    } else {
        encode12(s, is_last, config);
    }
}
