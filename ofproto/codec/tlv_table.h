/* Nicira's messages about the options of tunnels that are match fields: NXT_TLV_TABLE_MOD, _REQUEST
 * and _REPLY. Pure functions. */
#ifndef OFPROTO_CODEC_TLV_TABLE_H
#define OFPROTO_CODEC_TLV_TABLE_H

#include "lib/strbuf.h"
#include "ofproto/codec/wire.h"

/* Their subtypes. */
enum { NXT_TLV_TABLE_MOD = 24, NXT_TLV_TABLE_REQUEST = 25, NXT_TLV_TABLE_REPLY = 26 };

enum ofp_tlv_command { NXTTMC_ADD, NXTTMC_DELETE, NXTTMC_CLEAR };

/* The option (class, type) of 'len' bytes is tun_metadata 'index'. */
struct ofp_tlv_mapping {
    uint16_t class;
    uint8_t type;
    uint8_t len;
    uint16_t index;
};

struct ofp_tlv_mod {
    enum ofp_tlv_command command;
    struct ofp_tlv_mapping *mapping; /* Of a clear: none that matter. */
    size_t n;
};

struct ofp_tlv_table {
    uint32_t max_bytes;
    uint16_t max_fields;
    struct ofp_tlv_mapping *mapping;
    size_t n;
};

/* What follows the header with the subtype. 0, then '*ret' is to be freed; or the error to answer
 * with. Lengths and indexes are such as a map can have. */
int ofp_tlv_mod_decode(const uint8_t *p, size_t len, struct ofp_tlv_mod *ret);
void ofp_tlv_mod_free(struct ofp_tlv_mod *);
/* The body alone, as decoded. */
void ofp_tlv_mod_encode(struct strbuf *, const struct ofp_tlv_mod *);

int ofp_tlv_table_decode(const uint8_t *p, size_t len, struct ofp_tlv_table *ret);
void ofp_tlv_table_free(struct ofp_tlv_table *);
void ofp_tlv_table_encode(struct strbuf *, const struct ofp_tlv_table *);

#endif
