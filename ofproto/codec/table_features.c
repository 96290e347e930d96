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

static void put_fields(struct strbuf *s, uint16_t type, bool settable, bool with_mask)
{
    size_t start = begin(s, type);

    for (unsigned int i = 0; i < OFP_N_FIELDS; i++) {
        const struct ofp_field *f = ofp_field((enum ofp_field_id)i);
        uint32_t header = oxm_header(f, with_mask && f->is_maskable);

        if (header && (!settable || (f->is_settable && f->id != OFP_FIELD_METADATA))) {
            wire_put32(s, header);
        }
    }
    end(s, start);
}

void ofp_table_features_encode(struct strbuf *s, uint8_t table_id, const char *name,
                               uint32_t max_rules)
{
    static const uint16_t instructions[] = {4};        /* Apply-actions. */
    static const uint16_t actions[] = {0, 17, 18, 25}; /* Output, push and pop VLAN, set-field. */
    size_t start = s->len, n = MIN_OF(strlen(name), (size_t)NAME_LEN - 1);

    wire_put16(s, 0);
    wire_put8(s, table_id);
    wire_zeros(s, 5);
    strbuf_put(s, name, n);
    wire_zeros(s, NAME_LEN - n);
    wire_put64(s, UINT64_MAX); /* Metadata can be matched, and not yet written. */
    wire_put64(s, 0);
    wire_put32(s, 0);
    wire_put32(s, max_rules);
    put_ids(s, INSTRUCTIONS, instructions, ARRAY_SIZE(instructions));
    put_ids(s, NEXT_TABLES, NULL, 0);
    put_ids(s, WRITE_ACTIONS, NULL, 0);
    put_ids(s, APPLY_ACTIONS, actions, ARRAY_SIZE(actions));
    put_fields(s, MATCH, false, true);
    put_fields(s, WILDCARDS, false, false);
    put_ids(s, WRITE_SETFIELD, NULL, 0);
    put_fields(s, APPLY_SETFIELD, true, false);
    wire_set16(s, start, (uint16_t)(s->len - start));
}
