/* A tuple: rules that share a hash table under one mask, which every rule's mask includes. Part of
 * the classifier; see classifier.h. Control thread. */
#ifndef OFPROTO_TABLE_TUPLE_H
#define OFPROTO_TABLE_TUPLE_H

#include "ofproto/table/conjunction.h"
#include "ofproto/table/counted.h"
#include "ofproto/table/layers.h"
#include "ofproto/table/rule.h"
#include "ofproto/table/trie.h"

struct tuple_word {
    uint64_t mask;
    uint8_t index; /* In ofp_flow. */
};

struct tuple {
    struct ofp_flow mask;
    unsigned int n_bits; /* Of the mask. */
    int max_priority;
    /* The mask's non-zero words cut into layers: layer s is word[end[s-1]]...word[end[s]-1]. */
    uint8_t end[OFP_N_STAGES];
    struct tuple_word word[OFP_FLOW_WORDS + OFP_N_STAGES * 4];
    /* Hashes that rules have up to and including each layer; unused for the last non-empty one. */
    struct hash_counts partial[OFP_N_STAGES - 1];
    uint8_t last_stage;        /* The last non-empty layer. */
    bool is_retired;           /* In no table any more: retired.h. */
    struct ofp_rule **buckets; /* Chains by falling priority. */
    uint32_t n_buckets;        /* A power of two. */
    uint32_t n_rules;
    struct prio_counts priorities;
    /* Which prefix lengths its rules have of each field; useless while some rule has none. */
    struct trie_lengths lengths[N_TRIE_FIELDS];
    uint32_t n_without_prefix[N_TRIE_FIELDS];
    uint32_t *n_of_length[N_TRIE_FIELDS]; /* [length], made with the first. */
};

struct tuple *tuple_new(const struct ofp_flow *mask);
void tuple_free(struct tuple *); /* Must be empty. */
void tuple_insert(struct tuple *, struct ofp_rule *);
void tuple_remove(struct tuple *, struct ofp_rule *);
/* Whether the rule is in a table's classifier. */
static inline bool rule_is_in_table(const struct ofp_rule *rule)
{
    return rule->tuple && !rule->tuple->is_retired;
}
/* True when rules with this mask may be in it. */
bool tuple_fits(const struct tuple *, const struct rule_mask *);
/* How many rules have the hash that this one would have; stops counting at 'limit'. */
unsigned int tuple_crowd(const struct tuple *, const struct ofp_rule *, unsigned int limit);
/* Rules that overlap with the match all have this hash; false when they need not. */
bool tuple_hash_match(const struct tuple *, const struct ofp_match *, uint32_t *ret_hash);
struct ofp_rule *tuple_find_same(const struct tuple *, const struct ofp_rule *);

/* What one lookup knows of the tries: filled in when first needed. */
struct trie_answers {
    const struct trie *tries; /* The classifier's. */
    unsigned int used;        /* A bit each. */
    bool done[N_TRIE_FIELDS];
    struct trie_lengths lengths[N_TRIE_FIELDS];
    unsigned int n_bits[N_TRIE_FIELDS];
};

/* The best rule of a priority above 'above' that is not soft, or NULL; soft rules above it go to
 * 'soft' (NULL: nowhere). 'looked' gains the bits that prove it. */
struct ofp_rule *tuple_lookup(const struct tuple *, const struct ofp_flow *, int above,
                              struct trie_answers *, struct soft_matches *soft,
                              struct ofp_flow *looked);

#endif
