/* See table_features.h. */
#include "ofproto/codec/table_features.h"

#include "ofproto/codec/action.h"
#include "ofproto/codec/match_wire.h"

#define NAME_LEN 32

enum { INSTRUCTIONS = 0, NEXT_TABLES = 2, WRITE_ACTIONS = 4, APPLY_ACTIONS = 6, MATCH = 8 };
enum { WILDCARDS = 10, WRITE_SETFIELD = 12, APPLY_SETFIELD = 14 };

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

static void put_fields(struct strbuf *s, enum ofp_version version, uint16_t type, bool settable,
                       bool with_mask)
{
    size_t start = begin(s, type);

    for (unsigned int i = 0; i < OFP_N_FIELDS; i++) {
        const struct ofp_field *f = ofp_field((enum ofp_field_id)i);

        if (is_told(f) && (!settable || f->is_settable)) {
            oxm_encode_header(s, version, f, with_mask && f->is_maskable);
        }
    }
    end(s, start);
}

void ofp_table_features_encode(struct strbuf *s, enum ofp_version version, uint8_t table_id,
                               unsigned int n_tables, const char *name, uint32_t max_rules)
{
    static const uint16_t instructions[] = {1, 2, 3, 4, 5};
    /* Output, push and pop VLAN, group, set and decrement TTL, set-field, copy-field. */
    static const uint16_t actions[] = {0, 17, 18, 22, 23, 24, 25, 28};
    size_t n_actions = ARRAY_SIZE(actions) - (version < OFP15);
    size_t start = s->len, n = MIN_OF(strlen(name), (size_t)NAME_LEN - 1);
    bool is_last = table_id + 1u >= n_tables; /* Goes nowhere. */

    wire_put16(s, 0);
    wire_put8(s, table_id);
    wire_zeros(s, 5);
    strbuf_put(s, name, n);
    wire_zeros(s, NAME_LEN - n);
    wire_put64(s, UINT64_MAX); /* Metadata: what can be matched, and written. */
    wire_put64(s, UINT64_MAX);
    wire_put32(s, 0);
    wire_put32(s, max_rules);
    put_ids(s, INSTRUCTIONS, instructions + is_last, ARRAY_SIZE(instructions) - is_last);
    put_tables(s, table_id + 1u, n_tables);
    put_ids(s, WRITE_ACTIONS, actions, n_actions);
    put_ids(s, APPLY_ACTIONS, actions, n_actions);
    put_fields(s, version, MATCH, false, true);
    put_fields(s, version, WILDCARDS, false, false);
    put_fields(s, version, WRITE_SETFIELD, true, false);
    put_fields(s, version, APPLY_SETFIELD, true, false);
    wire_set16(s, start, (uint16_t)(s->len - start));
}
