/* What is known of a cached flow's packets when they come to a table: so a rule that was added to
 * it, changed or removed can be held against the flow without translating it again.
 *
 * Of bits that the pipeline did not write, the flow's own key under its mask tells; the others, and
 * the pipeline's own fields, are noted here at each lookup. Part of effects.c. Control thread. */
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

/* Some of the words: what one lookup had; 'at' is the first. By rising index. */
struct known_range {
    uint32_t at;
    uint16_t n;
};

/* Notes what is known of 'now' besides the key. 'looked' is what the lookup read of it.
 * 'ports_unknown': nothing is known of its ports, whatever 'now' and the key say. */
struct known_range known_add(struct known_words *, const struct xlate_packet *now,
                             const struct ofp_flow *looked, bool ports_unknown);
/* All that is known there. Without key and mask: nothing of what came with the packet. */
void known_get(const struct known_words *, struct known_range, const struct flow_key *masked,
               const struct flow_mask *, struct known_flow *ret);

#endif
