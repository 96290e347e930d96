/* What the files of the wildcard cache share. Not for others. */
#ifndef DATAPATH_CACHE_WILDCARD_PRIVATE_H
#define DATAPATH_CACHE_WILDCARD_PRIVATE_H

#include <emmintrin.h>

#include "datapath/cache/wildcard/wildcard.h"

/* Instances, live or waiting for the end of a grace period. */
#define WILDCARD_MAX_SLOTS (DP_MAX_FLOWS + DP_MAX_FLOWS / 8)

/* A mask of a view. */
struct wildcard_mask {
    struct selector selector; /* Workers read it. */
    struct flow_mask mask;
    uint32_t n_instances;
    uint64_t idle_since_ms; /* While n_instances is 0. */
};

/* The writer's side of a view. */
struct wildcard_port {
    struct wildcard_mask *masks[WILDCARD_MAX_MASKS];
    unsigned int n_masks;
    uint32_t n_needs_l3; /* Instances whose actions do. */
    struct flow_mask all;
    uint64_t all_id;
    bool changed; /* Since it was published. */
};

/* The writer's side of an instance. */
struct wildcard_instance {
    uint64_t hash;
    uint32_t next; /* Of the same flow. */
    uint16_t view_no;
    uint8_t lines; /* Of the packet's key. */
    struct wildcard_mask *mask;
};

/* A logical flow. */
struct wildcard_flow {
    struct flow_mask *mask; /* As put; shared, see masks.c. */
    struct wildcard_actions *actions;
    uint32_t first; /* Instance. */
    uint32_t n;
};

struct wildcard_interned; /* A shared mask: masks.c. */

struct wildcard_table {
    wildcard_defer *defer;
    struct wildcard *owner;
    uint32_t flow_limit;
    unsigned int mask_limit;
    struct wildcard_flow **flows;        /* [DP_MAX_FLOWS] */
    struct wildcard_instance *instances; /* [WILDCARD_MAX_SLOTS] */
    struct wildcard_port *ports[WILDCARD_N_VIEWS];
    uint32_t *free_slots; /* A stack. */
    uint32_t n_free_slots;
    uint32_t next_slot;    /* Never used so far. */
    uint64_t last_id;      /* Of unions; 64 bits never wrap. */
    uint32_t last_mask_id; /* These may, for a tenant can make masks come and go: views.c. */
    size_t n_flows;
    size_t n_instances;
    struct wildcard_interned *interned;
};

static inline uint16_t wildcard_signature(uint64_t hash)
{
    return (uint16_t)(hash >> 48) | 1; /* Not 0, which is "empty". */
}

/* A bit per place of the bucket with this signature. */
static inline unsigned int wildcard_signature_match(const struct wildcard_bucket *b,
                                                    uint16_t signature)
{
    __m128i have = _mm_load_si128((const __m128i *)b->signature);
    __m128i equal = _mm_cmpeq_epi16(have, _mm_set1_epi16((short)signature));

    return (unsigned int)_mm_movemask_epi8(_mm_packs_epi16(equal, _mm_setzero_si128()));
}

#define WILDCARD_INLINE inline __attribute__((always_inline))

/* Whether an instance is for these n = s->n words; 'n' is a constant where it matters. */
static WILDCARD_INLINE bool wildcard_slot_is(const struct wildcard *w, uint32_t slot,
                                             const struct selector *s, const uint64_t *words,
                                             unsigned int n)
{
    const struct wildcard_slot *at = &w->slots[slot];
    uint64_t differ = at->selector ^ s->id;

    for (unsigned int i = 0; i < MIN_OF(n, WILDCARD_INLINE_WORDS); i++) {
        differ |= at->words[i] ^ words[i];
    }
    for (unsigned int i = WILDCARD_INLINE_WORDS; i < n; i++) {
        differ |= w->more[slot][i - WILDCARD_INLINE_WORDS] ^ words[i];
    }
    return !differ;
}

/* lookup.c: one probe. */
uint32_t wildcard_probe(const struct wildcard *, const struct wildcard_index *,
                        const struct selector *, const uint64_t *words, uint64_t hash);

/* masks.c: shares equal masks; NULL is fine to release. */
struct flow_mask *wildcard_mask_intern(struct wildcard_table *, const struct flow_mask *);
void wildcard_mask_release(struct wildcard_table *, struct flow_mask *);

/* views.c: the mask of view 'view_no' under which to file a megaflow of 'mask', made when there is
 * room for it. */
struct wildcard_mask *wildcard_mask_for(struct wildcard *, uint16_t view_no,
                                        const struct flow_mask *mask);
/* Counts an instance of the mask in (1) or out (-1). */
void wildcard_mask_count(struct wildcard *, uint16_t view_no, struct wildcard_mask *,
                         const struct wildcard_actions *, int n);
/* Makes what changed in the view's masks known to workers. */
void wildcard_publish(struct wildcard *, uint16_t view_no);
void wildcard_views_free(struct wildcard *);

/* index.c. */
struct wildcard_index *wildcard_index_new(uint32_t flow_limit);
void wildcard_index_free(void *);
/* -ENOSPC when the chain would become too long. */
int wildcard_index_add(struct wildcard_index *, uint64_t hash, uint32_t slot);
void wildcard_index_remove(struct wildcard_index *, uint64_t hash, uint32_t slot);

#endif
