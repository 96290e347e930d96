/* The exact-match cache: one per worker, in front of the wildcard cache.
 *
 * It maps what a packet's key says *under the union of its port's masks* to the megaflow that
 * matched: packets that no mask could tell apart share an entry, so a million connections through a
 * rule on a port's number need one. An entry names the union (view->all.id) that it was made under,
 * and the generation of the megaflow's slot; neither a changed view nor a deleted megaflow has to
 * search the cache, their entries just stop matching.
 *
 * A bucket has 8 places whose 16-bit signatures are compared at once; an entry is one cache line. A
 * key has one bucket, so a look-up is bounded; when it is full, an entry picked by the hash gives
 * way. Workers only, each its own; nothing is shared. */
#ifndef DATAPATH_CACHE_EXACT_H
#define DATAPATH_CACHE_EXACT_H

#include "datapath/cache/wildcard/wildcard.h"

#define EXACT_INLINE_WORDS 6
#define EXACT_MORE_WORDS (FLOW_N_WORDS - EXACT_INLINE_WORDS)
#define EXACT_PLACES 8

struct exact_entry {
    uint64_t words[EXACT_INLINE_WORDS]; /* Those not used are 0. The others are in 'more'. */
    uint64_t view;                      /* view->all.id; 0: empty. */
    uint32_t slot;
    uint32_t generation;
} __attribute__((aligned(64)));
static_assert(sizeof(struct exact_entry) == 64, "one line");

struct exact_signatures {
    uint16_t of[EXACT_PLACES];
} __attribute__((aligned(16)));

struct exact_cache {
    struct exact_signatures *signatures; /* Per bucket. */
    struct exact_entry *entries;         /* EXACT_PLACES per bucket. */
    uint64_t (*more)[EXACT_MORE_WORDS];
    uint32_t bucket_mask;
};

/* What a look-up worked out and a later insertion needs again. */
struct exact_work {
    uint64_t words[WILDCARD_BATCH][FLOW_N_WORDS];
    uint64_t hash[WILDCARD_BATCH];
    uint32_t place[WILDCARD_BATCH];
};

/* 'n_entries' is rounded up to a power of two. Control thread. -ENOMEM. */
int exact_cache_new(uint32_t n_entries, struct exact_cache **ret);
void exact_cache_free(struct exact_cache *);

/* Looks up keys[0...n-1] of one view (n <= WILDCARD_BATCH), writes the slot of each that is found
 * and returns their bits. */
uint32_t exact_cache_lookup(const struct exact_cache *, const struct wildcard *,
                            const struct wildcard_view *, const struct flow_key *keys,
                            unsigned int n, struct exact_work *, uint32_t *ret_slots);

/* Remembers what the wildcard cache said of packet 'i' of the look-up that filled the work. */
void exact_cache_insert(struct exact_cache *, const struct wildcard *, const struct wildcard_view *,
                        const struct exact_work *, unsigned int i, uint32_t slot);

#endif
