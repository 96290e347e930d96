/* How the classifier sees the fields: which bits of a flow belong to which layer, and which fields
 * have prefix tries. Made from the table of fields before main(); constant after. Any thread. */
#ifndef OFPROTO_TABLE_LAYERS_H
#define OFPROTO_TABLE_LAYERS_H

#include "ofproto/match/field.h"

#define N_TRIE_FIELDS 6 /* IPv4 and IPv6 addresses, L4 ports; source and destination. */

struct trie_field {
    uint8_t offset; /* In ofp_flow. */
    uint8_t n_bytes;
    uint8_t round; /* Tuples keep prefixes of multiples of so many bits. */
    enum ofp_stage stage;
};

extern const struct trie_field trie_fields[N_TRIE_FIELDS];

/* The bits of word 'i' in this layer; every bit is in exactly one. */
uint64_t layer_bits(enum ofp_stage, unsigned int i);
/* Length of the prefix that the mask has of the field: 0 none, -1 it is no prefix. */
int prefix_of(const struct ofp_flow *mask, unsigned int field);
/* Makes the field's bits of 'mask' exactly, or at least, a prefix of this length. */
void prefix_set(struct ofp_flow *mask, unsigned int field, unsigned int length);
void prefix_add(struct ofp_flow *mask, unsigned int field, unsigned int length);

#endif
