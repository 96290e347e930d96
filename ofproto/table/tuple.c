/* See tuple.h. Filling of tuples is here, looking into them in tuple_lookup.c. */
#include "ofproto/table/tuple.h"

#include <stdlib.h>

#include "lib/hash.h"

struct tuple *tuple_new(const struct ofp_flow *mask)
{
    struct tuple *t = xcalloc(1, sizeof *t);
    unsigned int n = 0;

    t->mask = *mask;
    t->max_priority = -1;
    for (unsigned int i = 0; i < OFP_FLOW_WORDS; i++) {
        t->n_bits += (unsigned int)__builtin_popcountll(mask->u64[i]);
    }
    for (unsigned int s = 0; s < OFP_N_STAGES; s++) {
        for (unsigned int i = 0; i < OFP_FLOW_WORDS; i++) {
            uint64_t bits = mask->u64[i] & layer_bits((enum ofp_stage)s, i);

            if (bits) {
                t->word[n++] = (struct tuple_word){bits, (uint8_t)i};
                t->last_stage = (uint8_t)s;
            }
        }
        t->end[s] = (uint8_t)n;
    }
    t->n_buckets = 4;
    t->buckets = xcalloc(t->n_buckets, sizeof(*t->buckets));
    return t;
}

void tuple_free(struct tuple *t)
{
    for (unsigned int s = 0; s < OFP_N_STAGES - 1; s++) {
        hash_counts_free(&t->partial[s]);
    }
    for (unsigned int f = 0; f < N_TRIE_FIELDS; f++) {
        free(t->n_of_length[f]);
    }
    prio_counts_free(&t->priorities);
    free(t->buckets);
    free(t);
}

bool tuple_fits(const struct tuple *t, const struct rule_mask *mask)
{
    unsigned int found = 0;

    for (unsigned int i = 0; i < mask->n; i++) {
        uint64_t bits = t->mask.u64[mask->index[i]];

        if (bits & ~mask->word[i]) {
            return false;
        }
        found += (unsigned int)__builtin_popcountll(bits);
    }
    return found == t->n_bits; /* Else the tuple has bits in words that the rule has not. */
}

/* The rule's hash in the tuple after each layer; the last one is the one that counts. */
static void hash_rule(const struct tuple *t, const struct ofp_rule *rule,
                      uint32_t hash[OFP_N_STAGES])
{
    uint64_t value[OFP_FLOW_WORDS], h = 0;
    unsigned int w = 0;

    for (unsigned int i = 0; i < rule->mask->n; i++) {
        value[rule->mask->index[i]] = rule->value[i];
    }
    for (unsigned int s = 0; s < OFP_N_STAGES; s++) {
        for (; w < t->end[s]; w++) {
            h = hash_mix64(h ^ (value[t->word[w].index] & t->word[w].mask));
        }
        hash[s] = (uint32_t)h;
    }
}

bool tuple_hash_match(const struct tuple *t, const struct ofp_match *match, uint32_t *ret_hash)
{
    unsigned int n = t->end[OFP_N_STAGES - 1];
    uint64_t h = 0;

    for (unsigned int w = 0; w < n; w++) {
        if (t->word[w].mask & ~match->mask.u64[t->word[w].index]) {
            return false;
        }
        h = hash_mix64(h ^ (match->flow.u64[t->word[w].index] & t->word[w].mask));
    }
    *ret_hash = (uint32_t)h;
    return true;
}

static bool is_partial(const struct tuple *t, unsigned int s)
{
    return s < t->last_stage && t->end[s] != (s ? t->end[s - 1] : 0);
}

static void put(struct ofp_rule **bucket, struct ofp_rule *rule)
{
    while (*bucket && (*bucket)->priority > rule->priority) {
        bucket = &(*bucket)->chain;
    }
    rule->chain = *bucket;
    *bucket = rule;
}

static void grow(struct tuple *t)
{
    uint32_t n = t->n_buckets * 2;
    struct ofp_rule **buckets = xcalloc(n, sizeof(*buckets));

    for (uint32_t i = 0; i < t->n_buckets; i++) {
        struct ofp_rule *rule, *next;

        for (rule = t->buckets[i]; rule; rule = next) {
            next = rule->chain;
            put(&buckets[rule->hash & (n - 1)], rule);
        }
    }
    free(t->buckets);
    t->buckets = buckets;
    t->n_buckets = n;
}

static void count_prefixes(struct tuple *t, const struct rule_mask *mask, bool add)
{
    for (unsigned int f = 0; f < N_TRIE_FIELDS; f++) {
        int length = mask->prefix[f];
        uint32_t *n;

        if (length <= 0) {
            t->n_without_prefix[f] += add ? 1 : UINT32_MAX;
            continue;
        }
        if (!t->n_of_length[f]) {
            t->n_of_length[f] = xcalloc(trie_fields[f].n_bytes * 8u + 1,
                                        sizeof(*t->n_of_length[f]));
        }
        n = &t->n_of_length[f][length];
        *n += add ? 1 : UINT32_MAX;
        if (*n == 1 && add) {
            trie_lengths_add(&t->lengths[f], (unsigned int)length);
        } else if (!*n) {
            t->lengths[f].bits[length / 64] &= ~(UINT64_C(1) << (length % 64));
        }
    }
}

void tuple_insert(struct tuple *t, struct ofp_rule *rule)
{
    uint32_t hash[OFP_N_STAGES];

    hash_rule(t, rule, hash);
    for (unsigned int s = 0; s < OFP_N_STAGES - 1; s++) {
        if (is_partial(t, s)) {
            hash_counts_add(&t->partial[s], hash[s]);
        }
    }
    if (t->n_rules >= t->n_buckets) {
        grow(t);
    }
    rule->hash = hash[OFP_N_STAGES - 1];
    rule->tuple = t;
    put(&t->buckets[rule->hash & (t->n_buckets - 1)], rule);
    t->n_rules++;
    count_prefixes(t, rule->mask, true);
    prio_counts_add(&t->priorities, rule->priority);
    t->max_priority = MAX_OF(t->max_priority, (int)rule->priority);
}

void tuple_remove(struct tuple *t, struct ofp_rule *rule)
{
    struct ofp_rule **p = &t->buckets[rule->hash & (t->n_buckets - 1)];
    uint32_t hash[OFP_N_STAGES];

    while (*p != rule) {
        p = &(*p)->chain;
    }
    *p = rule->chain;
    hash_rule(t, rule, hash);
    for (unsigned int s = 0; s < OFP_N_STAGES - 1; s++) {
        if (is_partial(t, s)) {
            hash_counts_remove(&t->partial[s], hash[s]);
        }
    }
    rule->tuple = NULL;
    t->n_rules--;
    count_prefixes(t, rule->mask, false);
    prio_counts_remove(&t->priorities, rule->priority);
    t->max_priority = prio_counts_max(&t->priorities);
}

static const struct ofp_rule *chain_of(const struct tuple *t, const struct ofp_rule *rule,
                                       uint32_t *ret_hash)
{
    uint32_t hash[OFP_N_STAGES];

    hash_rule(t, rule, hash);
    *ret_hash = hash[OFP_N_STAGES - 1];
    return t->buckets[*ret_hash & (t->n_buckets - 1)];
}

unsigned int tuple_crowd(const struct tuple *t, const struct ofp_rule *rule, unsigned int limit)
{
    unsigned int n = 0;
    uint32_t hash;

    for (const struct ofp_rule *r = chain_of(t, rule, &hash); r && n < limit; r = r->chain) {
        n += r->hash == hash;
    }
    return n;
}

struct ofp_rule *tuple_find_same(const struct tuple *t, const struct ofp_rule *rule)
{
    uint32_t hash;

    for (const struct ofp_rule *r = chain_of(t, rule, &hash); r && r->priority >= rule->priority;
         r = r->chain) {
        if (r->hash == hash && r->priority == rule->priority && rule_same_match(r, rule)) {
            return (struct ofp_rule *)r;
        }
    }
    return NULL;
}
