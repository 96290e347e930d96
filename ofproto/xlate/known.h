/* What is known of a cached flow's packets when they come to a table, so that a rule that is added,
 * changed or removed there can be compared with the flow without translating it again.
 *
 * Bits that the pipeline did not write are those of the flow's masked key; the others, and the
 * pipeline fields, are recorded here at each lookup. Part of effects.c. Control thread. */
#ifndef OFPROTO_XLATE_KNOWN_H
#define OFPROTO_XLATE_KNOWN_H

#include "ofproto/table/history.h"

struct xlate_packet;

/* In place of the key's word: bits of 'mask' are those of 'value', the others are unknown. */
struct known_word {
    uint64_t value;
    uint64_t mask;
    uint64_t index; /* In ofp_flow; so wide that there is no padding. */
};

struct known_words {
    struct known_word *word;
    uint32_t n;
    uint32_t size;
};

/* The words of one lookup, by rising index: 'n' of them from word[at] on. */
struct known_range {
    uint32_t at;
    uint16_t n;
};

/* Records what is known of 'now' besides the key. 'looked': the bits that the lookup read.
 * 'ports_unknown': nothing is known of its ports, whatever 'now' and the key say. */
struct known_range known_add(struct known_words *, const struct xlate_packet *now,
                             const struct ofp_flow *looked, bool ports_unknown);
/* Everything that is known at that lookup. Key and mask NULL: the packet itself is unknown. */
void known_get(const struct known_words *, struct known_range, const struct flow_key *masked,
               const struct flow_mask *, struct known_flow *ret);

#endif
