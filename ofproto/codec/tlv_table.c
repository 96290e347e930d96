/* See tlv_table.h. */
#include "ofproto/codec/tlv_table.h"

#include <stdlib.h>

#include "ofproto/codec/ofp_error.h"
#include "ofproto/match/tlv_map.h"

#define MAPPING_LEN 8
#define MOD_LEN 8    /* Before the mappings. */
#define TABLE_LEN 16 /* Likewise. */

static int decode_mapping(const uint8_t *p, struct ofp_tlv_mapping *ret)
{
    *ret = (struct ofp_tlv_mapping){wire_get16(p), p[2], p[3], wire_get16(p + 4)};
    if (ret->len % 4 || ret->len > OFP_TLV_LEN_MAX) {
        return OFPERR_NXTTMFC_BAD_OPT_LEN;
    }
    return ret->index >= OFP_N_TLV_FIELDS ? OFPERR_NXTTMFC_BAD_FIELD_IDX : 0;
}

/* Mappings to the end. */
static int decode_mappings(const uint8_t *p, size_t len, struct ofp_tlv_mapping **ret,
                           size_t *ret_n)
{
    size_t n = len / MAPPING_LEN;
    struct ofp_tlv_mapping *mapping;

    if (len % MAPPING_LEN) {
        return OFPERR_BRC_BAD_LEN;
    }
    mapping = xcalloc(n + 1, sizeof *mapping);
    for (size_t i = 0; i < n; i++) {
        int rc = decode_mapping(p + i * MAPPING_LEN, &mapping[i]);

        if (rc) {
            free(mapping);
            return rc;
        }
    }
    *ret = mapping;
    *ret_n = n;
    return 0;
}

static void encode_mappings(struct strbuf *s, const struct ofp_tlv_mapping *mapping, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        wire_put16(s, mapping[i].class);
        wire_put8(s, mapping[i].type);
        wire_put8(s, mapping[i].len);
        wire_put16(s, mapping[i].index);
        wire_zeros(s, 2);
    }
}

int ofp_tlv_mod_decode(const uint8_t *p, size_t len, struct ofp_tlv_mod *ret)
{
    if (len < MOD_LEN) {
        return OFPERR_BRC_BAD_LEN;
    }
    if (wire_get16(p) > NXTTMC_CLEAR) {
        return OFPERR_NXTTMFC_BAD_COMMAND;
    }
    ret->command = (enum ofp_tlv_command)wire_get16(p);
    return decode_mappings(p + MOD_LEN, len - MOD_LEN, &ret->mapping, &ret->n);
}

void ofp_tlv_mod_free(struct ofp_tlv_mod *mod)
{
    free(mod->mapping);
}

void ofp_tlv_mod_encode(struct strbuf *s, const struct ofp_tlv_mod *mod)
{
    wire_put16(s, (uint16_t)mod->command);
    wire_zeros(s, MOD_LEN - 2);
    encode_mappings(s, mod->mapping, mod->n);
}

int ofp_tlv_table_decode(const uint8_t *p, size_t len, struct ofp_tlv_table *ret)
{
    if (len < TABLE_LEN) {
        return OFPERR_BRC_BAD_LEN;
    }
    ret->max_bytes = wire_get32(p);
    ret->max_fields = wire_get16(p + 4);
    return decode_mappings(p + TABLE_LEN, len - TABLE_LEN, &ret->mapping, &ret->n);
}

void ofp_tlv_table_free(struct ofp_tlv_table *table)
{
    free(table->mapping);
}

void ofp_tlv_table_encode(struct strbuf *s, const struct ofp_tlv_table *table)
{
    wire_put32(s, table->max_bytes);
    wire_put16(s, table->max_fields);
    wire_zeros(s, TABLE_LEN - 6);
    encode_mappings(s, table->mapping, table->n);
}
