/* See classifier.h. Here: which tuple a rule goes into, and the way through the tuples. */
#include "ofproto/table/classifier.h"

#include <stdlib.h>

#include "lib/hash.h"
#include "ofproto/table/tuple.h"

#define MANY_RULES 4096 /* Beyond what caches hold. */
#define FEW_TUPLES 16   /* So many may be as narrow as their rules. */
#define MANY_TUPLES 256
#define THIN_BITS 5

/* At most so many rules may have one hash in a tuple that is wider than it could be. The more
 * tuples there are, the more crowded they may get: a lookup visits tuples one after the other. */
static unsigned int crowd_limit(const struct classifier *cls)
{
    size_t n = cls->n_tuples;

    return n < 16 ? 4 : n < 64 ? 16 : n < 256 ? 64 : 512;
}

void classifier_init(struct classifier *cls)
{
    memset(cls, 0, sizeof *cls);
    cls->tries_used = CLASSIFIER_ALL_TRIES;
    for (unsigned int f = 0; f < N_TRIE_FIELDS; f++) {
        trie_init(&cls->trie[f], trie_fields[f].n_bytes);
    }
}

void classifier_destroy(struct classifier *cls)
{
    for (unsigned int f = 0; f < N_TRIE_FIELDS; f++) {
        trie_destroy(&cls->trie[f]);
    }
    free(cls->tuples);
    memset(cls, 0, sizeof *cls);
}

/* Moves tuple 'i' to where its priority belongs. */
static void resort(struct classifier *cls, size_t i)
{
    struct tuple *t = cls->tuples[i];

    for (; i && cls->tuples[i - 1]->max_priority < t->max_priority; i--) {
        cls->tuples[i] = cls->tuples[i - 1];
    }
    for (; i + 1 < cls->n_tuples && cls->tuples[i + 1]->max_priority > t->max_priority; i++) {
        cls->tuples[i] = cls->tuples[i + 1];
    }
    cls->tuples[i] = t;
}

static size_t index_of(const struct classifier *cls, const struct tuple *t)
{
    size_t i = 0;

    while (cls->tuples[i] != t) {
        i++;
    }
    return i;
}

static struct tuple *find_tuple(const struct classifier *cls, const struct ofp_flow *mask)
{
    for (size_t i = 0; i < cls->n_tuples; i++) {
        if (!memcmp(&cls->tuples[i]->mask, mask, sizeof *mask)) {
            return cls->tuples[i];
        }
    }
    return NULL;
}

static struct tuple *add_tuple(struct classifier *cls, const struct ofp_flow *mask)
{
    struct tuple *t = tuple_new(mask);

    if (cls->n_tuples == cls->size_tuples) {
        cls->size_tuples = cls->size_tuples ? cls->size_tuples * 2 : 4;
        cls->tuples = xreallocarray(cls->tuples, cls->size_tuples, sizeof(*cls->tuples));
    }
    cls->tuples[cls->n_tuples++] = t;
    return t;
}

/* The mask of the tuple that rules with such a mask share: prefixes are cut to a few lengths. */
static void widen(const struct rule_mask *mask, struct ofp_flow *wide)
{
    memset(wide, 0, sizeof *wide);
    for (unsigned int i = 0; i < mask->n; i++) {
        wide->u64[mask->index[i]] = mask->word[i];
    }
    for (unsigned int f = 0; f < N_TRIE_FIELDS; f++) {
        if (mask->prefix[f] > 0) {
            unsigned int length = (unsigned int)mask->prefix[f];

            prefix_set(wide, f, length - length % trie_fields[f].round);
        }
    }
}

static void exact(const struct rule_mask *mask, struct ofp_flow *flow)
{
    memset(flow, 0, sizeof *flow);
    for (unsigned int i = 0; i < mask->n; i++) {
        flow->u64[mask->index[i]] = mask->word[i];
    }
}

/* Bits of the mask that are no whole field and no prefix: controllers may choose them at will. */
static void odd_bits(const struct ofp_flow *mask, struct ofp_flow *odd)
{
    struct ofp_flow even;

    memset(&even, 0, sizeof even);
    for (unsigned int f = 0; f < OFP_N_FIELDS; f++) {
        if (ofp_field_all(ofp_field((enum ofp_field_id)f), mask)) {
            ofp_field_fill(ofp_field((enum ofp_field_id)f), &even);
        }
    }
    for (unsigned int f = 0; f < N_TRIE_FIELDS; f++) {
        int length = prefix_of(mask, f);

        if (length > 0) {
            prefix_add(&even, f, (unsigned int)length);
        }
    }
    for (unsigned int i = 0; i < OFP_FLOW_WORDS; i++) {
        odd->u64[i] = mask->u64[i] & ~even.u64[i];
    }
}

/* How many of such bits a new tuple keeps. Of masks that have half of all bits, a tuple with n of
 * them suits one in 2^n, and a lookup compares one rule in 2^n: what costs least is about as many
 * tuples as comparisons. Where masks have less in common, fewer. */
static unsigned int n_thin_bits(const struct classifier *cls)
{
    unsigned int taken = (unsigned int)MIN_OF(cls->n_tuples, (size_t)MANY_TUPLES);

    return THIN_BITS - taken * (THIN_BITS - 1) / MANY_TUPLES;
}

/* Leaves so many of such bits, any of them: so that the tuple suits many other masks, too, and few
 * tuples suit them all. */
static void thin(struct ofp_flow *mask, unsigned int keep, uint64_t seed)
{
    struct {
        uint8_t index;
        uint8_t bit;
    } kept[THIN_BITS];
    struct ofp_flow odd;
    unsigned int n = 0;

    odd_bits(mask, &odd);
    for (unsigned int i = 0; i < OFP_FLOW_WORDS; i++) {
        mask->u64[i] &= ~odd.u64[i];
        for (uint64_t left = odd.u64[i]; left; left &= left - 1) {
            uint64_t at = n < keep ? n : hash_mix64(seed + n) % (n + 1);

            if (at < keep) {
                kept[at].index = (uint8_t)i;
                kept[at].bit = (uint8_t)__builtin_ctzll(left);
            }
            n++;
        }
    }
    for (unsigned int k = 0; k < MIN_OF(n, keep); k++) {
        mask->u64[kept[k].index] |= UINT64_C(1) << kept[k].bit;
    }
}

/* The tuple with most bits among those that may have the rule and are not crowded at its place. */
static struct tuple *find_room(const struct classifier *cls, const struct ofp_rule *rule)
{
    unsigned int limit = crowd_limit(cls);
    struct tuple *best = NULL;

    for (size_t i = 0; i < cls->n_tuples; i++) {
        struct tuple *t = cls->tuples[i];

        if ((!best || t->n_bits > best->n_bits) && tuple_fits(t, rule->mask) &&
            tuple_crowd(t, rule, limit) < limit) {
            best = t;
        }
    }
    return best;
}

static struct tuple *choose_tuple(struct classifier *cls, const struct ofp_rule *rule)
{
    unsigned int limit = crowd_limit(cls);
    struct ofp_flow mask;
    struct tuple *t;

    widen(rule->mask, &mask);
    t = find_tuple(cls, &mask);
    if (t && tuple_crowd(t, rule, limit) < limit) {
        return t;
    }
    if (!t) {
        t = find_room(cls, rule);
        if (t) {
            return t;
        }
        if (cls->n_tuples >= FEW_TUPLES) {
            thin(&mask, n_thin_bits(cls), rule->mask->hash);
        }
        t = find_tuple(cls, &mask);
        if (!t) {
            return add_tuple(cls, &mask);
        }
        if (cls->n_tuples >= MANY_TUPLES) {
            return t; /* Crowded, but more tuples would cost more. */
        }
    }
    exact(rule->mask, &mask);
    t = find_tuple(cls, &mask);
    return t ? t : add_tuple(cls, &mask);
}

static void update_tries(struct classifier *cls, const struct ofp_rule *rule, bool add)
{
    struct ofp_match match;

    rule_get_match(rule, &match);
    for (unsigned int f = 0; f < N_TRIE_FIELDS; f++) {
        const uint8_t *key = (const uint8_t *)&match.flow + trie_fields[f].offset;

        if (rule->mask->prefix[f] > 0) {
            (add ? trie_add : trie_remove)(&cls->trie[f], key, (unsigned int)rule->mask->prefix[f]);
        }
    }
}

void classifier_insert(struct classifier *cls, struct ofp_rule *rule)
{
    struct tuple *t = choose_tuple(cls, rule);
    int before = t->max_priority;

    tuple_insert(t, rule);
    if (t->max_priority != before) {
        resort(cls, index_of(cls, t));
    }
    update_tries(cls, rule, true);
    cls->n_rules++;
}

void classifier_remove(struct classifier *cls, struct ofp_rule *rule)
{
    struct tuple *t = rule->tuple;
    int before = t->max_priority;

    tuple_remove(t, rule);
    update_tries(cls, rule, false);
    cls->n_rules--;
    if (!t->n_rules) {
        size_t i = index_of(cls, t);

        memmove(&cls->tuples[i], &cls->tuples[i + 1], (--cls->n_tuples - i) * sizeof(*cls->tuples));
        tuple_free(t);
    } else if (t->max_priority != before) {
        resort(cls, index_of(cls, t));
    }
}

/* The best rule that is not soft; soft ones go to 'soft', unless it is NULL. */
static struct ofp_rule *lookup(const struct classifier *cls, const struct ofp_flow *flow,
                               struct soft_matches *soft, struct ofp_flow *looked)
{
    struct trie_answers tries = {.tries = cls->trie, .used = cls->tries_used};
    struct ofp_rule *best = NULL;

    for (size_t i = 0; i < cls->n_tuples; i++) {
        int above = best ? (int)best->priority : -1;
        struct ofp_rule *rule;

        if (cls->tuples[i]->max_priority <= above) {
            break;
        }
        rule = tuple_lookup(cls->tuples[i], flow, above, &tries, soft, looked);
        if (rule) {
            best = rule;
        }
    }
    return best;
}

struct second_lookup {
    const struct classifier *cls;
    struct ofp_flow flow;
    struct ofp_flow *looked;
};

static struct ofp_rule *lookup_conjunction(uint32_t id, void *second_)
{
    struct second_lookup *second = second_;

    second->flow.conj_id = be32_make(id);
    return lookup(second->cls, &second->flow, NULL, second->looked);
}

struct ofp_rule *classifier_lookup(const struct classifier *cls, const struct ofp_flow *flow,
                                   struct ofp_flow *looked)
{
    struct soft_matches soft = {NULL, 0, 0};
    struct ofp_rule *best, *led_to;
    struct ofp_flow nobody;

    if (!looked) {
        memset(&nobody, 0, sizeof nobody);
        looked = &nobody;
    }
    best = lookup(cls, flow, &soft, looked);
    if (soft.n) {
        struct second_lookup second = {cls, *flow, looked};

        led_to = conjunction_find(&soft, best ? (int)best->priority : -1, lookup_conjunction,
                                  &second);
        best = led_to ? led_to : best;
        free(soft.rule);
    }
    return best;
}

struct ofp_rule *classifier_find_same(const struct classifier *cls, const struct ofp_rule *rule)
{
    for (size_t i = 0; i < cls->n_tuples; i++) {
        struct ofp_rule *same = NULL;

        if (cls->tuples[i]->max_priority >= (int)rule->priority &&
            tuple_fits(cls->tuples[i], rule->mask)) {
            same = tuple_find_same(cls->tuples[i], rule);
        }
        if (same) {
            return same;
        }
    }
    return NULL;
}

struct rule_list {
    struct ofp_rule **rule;
    size_t n;
    size_t size;
};

static void list_add(struct rule_list *l, struct ofp_rule *rule)
{
    if (l->n == l->size) {
        l->size = l->size ? l->size * 2 : 64;
        l->rule = xreallocarray(l->rule, l->size, sizeof(*l->rule));
    }
    l->rule[l->n++] = rule;
}

static bool overlaps(const struct ofp_rule *rule, const struct ofp_match *match)
{
    const struct rule_mask *mask = rule->mask;

    for (unsigned int i = 0; i < mask->n; i++) {
        unsigned int w = mask->index[i];

        if ((rule->value[i] ^ match->flow.u64[w]) & mask->word[i] & match->mask.u64[w]) {
            return false;
        }
    }
    return true;
}

static int by_address(const void *a_, const void *b_)
{
    const struct ofp_rule *const *a = a_, *const *b = b_;

    return (uintptr_t)*a < (uintptr_t)*b ? -1 : (uintptr_t)*a > (uintptr_t)*b;
}

void classifier_each_overlapping(struct classifier *cls, const struct ofp_match *match,
                                 classifier_cb *cb, void *aux)
{
    struct rule_list list = {NULL, 0, 0};

    /* Removing a rule may move or free its tuple: the list is made first. */
    for (size_t i = 0; i < cls->n_tuples; i++) {
        const struct tuple *t = cls->tuples[i];
        uint32_t hash = 0;
        bool one = tuple_hash_match(t, match, &hash);
        uint32_t b = one ? hash & (t->n_buckets - 1) : 0, end = one ? b + 1 : t->n_buckets;

        for (; b < end; b++) {
            for (struct ofp_rule *r = t->buckets[b]; r; r = r->chain) {
                if ((!one || r->hash == hash) && overlaps(r, match)) {
                    list_add(&list, r);
                }
            }
        }
    }
    if (list.n >= MANY_RULES) {
        /* About as they came, so that rules, tries and counts are not read criss-cross. */
        qsort(list.rule, list.n, sizeof(*list.rule), by_address);
    }
    for (size_t i = 0; i < list.n; i++) {
        cb(list.rule[i], aux);
    }
    free(list.rule);
}

void classifier_each(struct classifier *cls, classifier_cb *cb, void *aux)
{
    struct ofp_match all;

    ofp_match_init(&all);
    classifier_each_overlapping(cls, &all, cb, aux);
}
