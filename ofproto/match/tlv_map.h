/* Options of tunnels (TLVs: class, type, value) as the match fields tun_metadata0 to 63.
 *
 * Which option is which field, and how long it is, each bridge says by a map of its own, that
 * controllers write (NXT_TLV_TABLE_MOD). All its fields share the 256 bytes of
 * ofp_flow.tun_metadata: the map gives each of them 4-byte words, not always neighbours, so that
 * whatever is free can be used, and rules stay as they are while others come and go. A bit of
 * ofp_flow.tun_metadata_present says which options a packet has; bytes of one that it does not have
 * are zero. In a mask the bit says that the field is matched; of an option without a value, that is
 * all that can be.
 *
 * Offsets mean nothing without the map. Whoever is about to work on a bridge (a message of a
 * connection, a translation, a timer) calls ofp_tlv_map_use(), and until the next call ofp_field()
 * gives that bridge's fields. Whoever keeps a match or actions across such calls counts as a user
 * of the fields in them (table/uses.h): fields with users cannot be taken off the map.
 *
 * A program that has no map, as it shows the flows of another's switch, calls
 * ofp_tlv_use_numbers(): then each field has 124 bytes, and each 4 bytes of a flow are the number
 * of a value that is kept aside. Matches can then be made, written and compared for equality, which
 * is all that such a program does with them.
 *
 * A tunnel port finds the field of an option that it received by ofp_tlv_map_find() and puts it
 * into the flow by ofp_field_put(); on output it goes through the bits of tun_metadata_present and
 * encodes each option's class, type and value. Control thread. */
#ifndef OFPROTO_MATCH_TLV_MAP_H
#define OFPROTO_MATCH_TLV_MAP_H

#include "ofproto/match/field.h"

#define OFP_TLV_LEN_MAX 124
#define OFP_TLV_MAX_WORDS (OFP_TLV_LEN_MAX / 4)

struct ofp_tlv_option {
    uint16_t class;
    uint8_t type;
    uint8_t len;                     /* Bytes of the value: a multiple of 4, 0 too. */
    uint8_t word[OFP_TLV_MAX_WORDS]; /* Where they are in tun_metadata, in 4 bytes. */
};

struct ofp_tlv_map {
    uint64_t mapped;     /* A bit for each field. */
    uint64_t taken;      /* A bit for each 4 bytes of tun_metadata. */
    uint32_t n_removals; /* What an offset means changes with them alone. */
    struct ofp_tlv_option option[OFP_N_TLV_FIELDS];
    struct ofp_field row[OFP_N_TLV_FIELDS]; /* What ofp_field() gives; no bits: not mapped. */
};
static_assert(OFP_TUN_METADATA_BYTES / 4 == 64, "a bit for each 4 bytes");

/* Nothing is mapped. */
void ofp_tlv_map_init(struct ofp_tlv_map *);
/* Maps an option to field 'index', which is not mapped. False when there is no room, and then
 * nothing has changed. */
bool ofp_tlv_map_add(struct ofp_tlv_map *, unsigned int index, uint16_t class, uint8_t type,
                     uint8_t len);
/* Nothing when it is not mapped. */
void ofp_tlv_map_remove(struct ofp_tlv_map *, unsigned int index);
/* The field of an option; -1: there is none. */
int ofp_tlv_map_find(const struct ofp_tlv_map *, uint16_t class, uint8_t type);
/* Bytes of tun_metadata that are taken. */
unsigned int ofp_tlv_map_size(const struct ofp_tlv_map *);

/* From now on ofp_field() knows this map's fields (NULL: none is mapped). It is kept by address. */
void ofp_tlv_map_use(const struct ofp_tlv_map *);
/* The map is about to go: it is not used any more. */
void ofp_tlv_map_forget(const struct ofp_tlv_map *);
/* Instead of a map; once, before any field is asked for. */
void ofp_tlv_use_numbers(void);
/* Whether values go without a map, as short as they can be. */
bool ofp_tlv_uses_numbers(void);

static inline bool ofp_field_is_tlv(const struct ofp_field *f)
{
    return f->id >= OFP_FIELD_TUN_METADATA0 && f->id <= OFP_FIELD_TUN_METADATA63;
}
/* Whether it can hold anything: all but tun_metadata that no option is mapped to. */
static inline bool ofp_field_is_mapped(const struct ofp_field *f)
{
    return f->is_settable || !ofp_field_is_tlv(f);
}
/* A bit when it is one of these fields. */
static inline uint64_t ofp_tlv_bit(unsigned int field)
{
    return field >= OFP_FIELD_TUN_METADATA0 && field <= OFP_FIELD_TUN_METADATA63
               ? UINT64_C(1) << (field - OFP_FIELD_TUN_METADATA0)
               : 0;
}

/* For match/field.c: the row at work; the parts of ofp_field_get() and so on. */
const struct ofp_field *ofp_tlv_row(unsigned int index);
void ofp_tlv_get(const struct ofp_field *, const struct ofp_flow *, uint8_t *value);
void ofp_tlv_put(const struct ofp_field *, struct ofp_flow *, const uint8_t *value);
void ofp_tlv_clear(const struct ofp_field *, struct ofp_flow *);

#endif
