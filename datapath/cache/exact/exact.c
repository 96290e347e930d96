/* The exact-match cache: see exact.h. Workers; fast path. A burst goes through in stages, each of
 * which starts the loads that the next one needs: hash -> bucket -> entry -> megaflow. The stages
 * are compiled once for each number of words, so that they have no inner loops. */
#include "datapath/cache/exact/exact.h"

#include <emmintrin.h>
#include <errno.h>
#include <stdlib.h>

#include "datapath/cache/memory.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))

int exact_cache_new(uint32_t n_entries, struct exact_cache **ret)
{
    struct exact_cache *c = xcalloc(1, sizeof *c);
    uint32_t n_buckets = 1;

    cache_hash_init();
    while (n_buckets * EXACT_PLACES < n_entries) {
        n_buckets *= 2;
    }
    c->bucket_mask = n_buckets - 1;
    c->signatures = cache_memory_new(n_buckets * sizeof *c->signatures);
    c->entries = cache_memory_new((size_t)n_buckets * EXACT_PLACES * sizeof *c->entries);
    c->more = cache_memory_new((size_t)n_buckets * EXACT_PLACES * sizeof *c->more);
    if (!c->signatures || !c->entries || !c->more) {
        exact_cache_free(c);
        return -ENOMEM;
    }
    *ret = c;
    return 0;
}

void exact_cache_free(struct exact_cache *c)
{
    size_t n;

    if (!c) {
        return;
    }
    n = (size_t)c->bucket_mask + 1;
    cache_memory_free(c->signatures, n * sizeof *c->signatures);
    cache_memory_free(c->entries, n * EXACT_PLACES * sizeof *c->entries);
    cache_memory_free(c->more, n * EXACT_PLACES * sizeof *c->more);
    free(c);
}

static inline uint16_t signature(uint64_t hash)
{
    return (uint16_t)(hash >> 48) | 1; /* 0 is "empty". */
}

static inline unsigned int match(const struct exact_signatures *s, uint16_t value)
{
    __m128i equal = _mm_cmpeq_epi16(_mm_load_si128((const __m128i *)s->of),
                                    _mm_set1_epi16((short)value));

    return (unsigned int)_mm_movemask_epi8(_mm_packs_epi16(equal, _mm_setzero_si128()));
}

/* Whether entry 'place' is for these words. 'n' is a constant where it is small. */
static ALWAYS_INLINE bool is_for(const struct exact_cache *c, uint32_t place,
                                 const struct wildcard_view *view, const uint64_t *words,
                                 unsigned int n)
{
    const struct exact_entry *e = &c->entries[place];
    uint64_t differ = e->view ^ view->all.id;

    for (unsigned int i = 0; i < MIN_OF(n, EXACT_INLINE_WORDS); i++) {
        differ |= e->words[i] ^ words[i];
    }
    for (unsigned int i = EXACT_INLINE_WORDS; i < n; i++) {
        differ |= c->more[place][i - EXACT_INLINE_WORDS] ^ words[i];
    }
    return !differ;
}

/* The first place of the bucket that may be it, or the bucket's first. */
static inline uint32_t candidate(const struct exact_cache *c, uint64_t hash)
{
    uint32_t bucket = (uint32_t)hash & c->bucket_mask;
    unsigned int m = match(&c->signatures[bucket], signature(hash));

    return bucket * EXACT_PLACES + (m ? (unsigned int)__builtin_ctz(m) : 0);
}

/* The candidate was not it: others of the bucket with its signature. */
static bool search(const struct exact_cache *c, const struct wildcard_view *view,
                   const uint64_t *words, unsigned int n, uint64_t hash, uint32_t *place)
{
    uint32_t bucket = (uint32_t)hash & c->bucket_mask;

    for (unsigned int m = match(&c->signatures[bucket], signature(hash)); m; m &= m - 1) {
        uint32_t p = bucket * EXACT_PLACES + (unsigned int)__builtin_ctz(m);

        if (is_for(c, p, view, words, n)) {
            *place = p;
            return true;
        }
    }
    return false;
}

static ALWAYS_INLINE uint32_t lookup(const struct exact_cache *c, const struct wildcard *w,
                                     const struct wildcard_view *view, const struct flow_key *keys,
                                     unsigned int n_keys, struct exact_work *work,
                                     uint32_t *ret_slots, const unsigned int n_words)
{
    uint64_t bits[FLOW_N_WORDS];
    uint8_t word[FLOW_N_WORDS];
    uint32_t found = 0;

    for (unsigned int i = 0; i < n_words; i++) {
        word[i] = view->all.word[i];
        bits[i] = view->all.bits[i];
    }
    for (unsigned int i = 0; i < n_keys; i++) {
        selector_extract_n(&view->all, &keys[i], work->words[i], n_words, word, bits);
        work->hash[i] = cache_hash_words(work->words[i], n_words, view->all.id);
        __builtin_prefetch(&c->signatures[work->hash[i] & c->bucket_mask]);
    }
    for (unsigned int i = 0; i < n_keys; i++) {
        work->place[i] = candidate(c, work->hash[i]);
        __builtin_prefetch(&c->entries[work->place[i]]);
    }
    for (unsigned int i = 0; i < n_keys; i++) {
        uint32_t place = work->place[i];

        if (__builtin_expect(is_for(c, place, view, work->words[i], n_words), 1) ||
            search(c, view, work->words[i], n_words, work->hash[i], &place)) {
            work->place[i] = place;
            ret_slots[i] = c->entries[place].slot;
            __builtin_prefetch(&w->slots[ret_slots[i]]);
            found |= 1u << i;
        }
    }
    for (uint32_t left = found; left; left &= left - 1) {
        unsigned int i = (unsigned int)__builtin_ctz(left);

        if (__builtin_expect(
                !wildcard_is_live(w, ret_slots[i], c->entries[work->place[i]].generation), 0)) {
            found &= ~(1u << i);
        }
    }
    return found;
}

uint32_t exact_cache_lookup(const struct exact_cache *c, const struct wildcard *w,
                            const struct wildcard_view *view, const struct flow_key *keys,
                            unsigned int n, struct exact_work *work, uint32_t *ret_slots)
{
    switch (view->all.n) {
#define CASE(N)                                                                                    \
    case N: return lookup(c, w, view, keys, n, work, ret_slots, N)
        CASE(1);
        CASE(2);
        CASE(3);
        CASE(4);
        CASE(5);
        CASE(6);
#undef CASE
    default: return lookup(c, w, view, keys, n, work, ret_slots, view->all.n);
    }
}

void exact_cache_insert(struct exact_cache *c, const struct wildcard *w,
                        const struct wildcard_view *view, const struct exact_work *work,
                        unsigned int i, uint32_t slot)
{
    uint32_t generation = __atomic_load_n(&w->slots[slot].generation, __ATOMIC_ACQUIRE);
    uint64_t hash = work->hash[i];
    uint32_t bucket = (uint32_t)hash & c->bucket_mask, place;
    struct exact_signatures *s = &c->signatures[bucket];
    struct exact_entry *e;
    unsigned int m;

    if (generation & 1) {
        return; /* Deleted since it was found: an entry would match until the slot lives again. */
    }
    /* Its own entry with a dead megaflow (or of a packet before it in the burst), an empty place,
     * else one picked by bits of the hash that choose nothing else. */
    if (!search(c, view, work->words[i], view->all.n, hash, &place)) {
        m = match(s, 0);
        place = bucket * EXACT_PLACES +
                (m ? (unsigned int)__builtin_ctz(m) : (unsigned int)(hash >> 40) % EXACT_PLACES);
    }
    e = &c->entries[place];
    for (unsigned int k = 0; k < EXACT_INLINE_WORDS; k++) {
        e->words[k] = k < view->all.n ? work->words[i][k] : 0;
    }
    for (unsigned int k = EXACT_INLINE_WORDS; k < view->all.n; k++) {
        c->more[place][k - EXACT_INLINE_WORDS] = work->words[i][k];
    }
    e->view = view->all.id;
    e->slot = slot;
    e->generation = generation;
    s->of[place % EXACT_PLACES] = signature(hash);
}
