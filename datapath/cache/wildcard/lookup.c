/* Look-ups in the wildcard cache. Workers only; fast path. The batch goes through one selector
 * after the other, in stages each of which starts the loads that the next one needs: hash ->
 * bucket -> instance. The stages are compiled once for each small number of words, so that they
 * have no inner loops. */
#include "datapath/cache/wildcard/private.h"

uint32_t wildcard_probe(const struct wildcard *w, const struct wildcard_index *index,
                        const struct selector *s, const uint64_t *words, uint64_t hash)
{
    const struct wildcard_bucket *b = &index->buckets[hash & index->mask];

    for (;;) {
        unsigned int match = wildcard_signature_match(b, wildcard_signature(hash));

        while (match) {
            unsigned int i = (unsigned int)__builtin_ctz(match);
            uint32_t slot = __atomic_load_n(&b->slot[i], __ATOMIC_ACQUIRE);

            if (wildcard_slot_is(w, slot, s, words, s->n)) {
                return slot;
            }
            match &= match - 1;
        }
        if (__builtin_expect(!b->next, 1)) {
            return WILDCARD_NONE;
        }
        b = &index->buckets[__atomic_load_n(&b->next, __ATOMIC_ACQUIRE)];
    }
}

/* All packets of a selector without words have the same answer. */
static uint32_t lookup_constant(const struct wildcard *w, const struct wildcard_index *index,
                                const struct selector *s, uint32_t which, uint32_t *ret_slots)
{
    static const uint64_t none[1];
    uint32_t slot = wildcard_probe(w, index, s, none, cache_hash_words(none, 0, s->id));

    if (slot == WILDCARD_NONE) {
        return 0;
    }
    for (uint32_t left = which; left; left &= left - 1) {
        ret_slots[__builtin_ctz(left)] = slot;
    }
    return which;
}

static WILDCARD_INLINE uint32_t lookup(const struct wildcard *w, const struct wildcard_index *index,
                                       const struct selector *s, const struct flow_key *keys,
                                       uint32_t which, uint32_t *ret_slots, const unsigned int n)
{
    uint64_t words[WILDCARD_BATCH][FLOW_N_WORDS];
    uint64_t hash[WILDCARD_BATCH], bits[FLOW_N_WORDS];
    uint32_t found = 0, maybe = 0;
    uint8_t word[FLOW_N_WORDS];

    for (unsigned int i = 0; i < n; i++) {
        word[i] = s->word[i];
        bits[i] = s->bits[i];
    }
    for (uint32_t left = which; left; left &= left - 1) {
        unsigned int i = (unsigned int)__builtin_ctz(left);

        selector_extract_n(s, &keys[i], words[i], n, word, bits);
        hash[i] = cache_hash_words(words[i], n, s->id);
        __builtin_prefetch(&index->buckets[hash[i] & index->mask]);
    }
    for (uint32_t left = which; left; left &= left - 1) {
        unsigned int i = (unsigned int)__builtin_ctz(left);
        const struct wildcard_bucket *b = &index->buckets[hash[i] & index->mask];
        unsigned int match = wildcard_signature_match(b, wildcard_signature(hash[i]));

        /* The first candidate; WILDCARD_NONE, which no packet matches, when there is none. */
        ret_slots[i] = match ? __atomic_load_n(&b->slot[__builtin_ctz(match)], __ATOMIC_ACQUIRE)
                             : WILDCARD_NONE;
        __builtin_prefetch(&w->slots[ret_slots[i]]);
        maybe |= (uint32_t)(match || b->next) << i;
    }
    for (uint32_t left = maybe; left; left &= left - 1) {
        unsigned int i = (unsigned int)__builtin_ctz(left);

        if (__builtin_expect(!wildcard_slot_is(w, ret_slots[i], s, words[i], n), 0)) {
            ret_slots[i] = wildcard_probe(w, index, s, words[i], hash[i]);
        }
        found |= (uint32_t)(ret_slots[i] != WILDCARD_NONE) << i;
    }
    return found;
}

static uint32_t lookup_selector(const struct wildcard *w, const struct wildcard_index *index,
                                const struct selector *s, const struct flow_key *keys,
                                uint32_t which, uint32_t *ret_slots)
{
    switch (s->n) {
#define CASE(N)                                                                                    \
    case N: return lookup(w, index, s, keys, which, ret_slots, N)
    case 0:
        return lookup_constant(w, index, s, which, ret_slots);
        CASE(1);
        CASE(2);
        CASE(3);
        CASE(4);
        CASE(5);
#undef CASE
    default: return lookup(w, index, s, keys, which, ret_slots, s->n);
    }
}

uint32_t wildcard_lookup(const struct wildcard *w, const struct wildcard_view *view,
                         const struct flow_key *keys, uint32_t which, uint32_t *ret_slots)
{
    const struct wildcard_index *index = __atomic_load_n(&w->index, __ATOMIC_ACQUIRE);
    uint32_t left = which;

    for (unsigned int k = 0; k < view->n && left; k++) {
        left &= ~lookup_selector(w, index, view->selectors[k], keys, left, ret_slots);
    }
    for (uint32_t missed = left; missed; missed &= missed - 1) {
        ret_slots[__builtin_ctz(missed)] = WILDCARD_NONE;
    }
    return which & ~left;
}
