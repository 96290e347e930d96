/* The classifier: finds the highest-priority rule for a packet, and says which of the packet's bits
 * decided it.
 *
 * Rules lie in few tuples (hash tables under one mask each); a tuple's mask may be wider than its
 * rules' masks, so that many masks share one tuple and the cost of a lookup does not grow with the
 * number of masks. Tuples are visited by falling highest priority, until no better rule can come.
 * A tuple is given up as early as possible: after the first layer (metadata, L2, L3, L4) under
 * whose bits it has no rule, or when the prefix tries (addresses, ports) show that none of its
 * prefix lengths fits. What was looked at goes into the caller's mask, and nothing else:
 *
 *   any packet that agrees with this one on the mask's bits gets the same rule and the same mask.
 *
 * Rules that are clauses of a conjunction (conjunction.h) are never found themselves, but may lead
 * to another.
 *
 * Two rules that overlap at one priority: either may be found, but always the same one for the same
 * set of rules and history. Control thread; lookups do not recurse, and allocate nothing
 * but a list of clauses. */
#ifndef OFPROTO_TABLE_CLASSIFIER_H
#define OFPROTO_TABLE_CLASSIFIER_H

#include "ofproto/table/rule.h"
#include "ofproto/table/trie.h"

struct tuple;

struct classifier {
    struct tuple **tuples; /* By falling highest priority. */
    size_t n_tuples;
    size_t size_tuples;
    size_t n_rules;
    struct trie trie[N_TRIE_FIELDS];
    unsigned int tries_used; /* By lookups: a bit each. */
};

#define CLASSIFIER_ALL_TRIES ((1u << N_TRIE_FIELDS) - 1)

void classifier_init(struct classifier *);
/* All rules must have been removed. */
void classifier_destroy(struct classifier *);
/* The rule must not be in any classifier, and none with its match and priority in this one. The
 * classifier takes no reference. */
void classifier_insert(struct classifier *, struct ofp_rule *);
void classifier_remove(struct classifier *, struct ofp_rule *);
/* NULL when no rule matches. 'looked' gains bits; it may be NULL. */
struct ofp_rule *classifier_lookup(const struct classifier *, const struct ofp_flow *,
                                   struct ofp_flow *looked);
/* The rule with exactly this match (mask interned in the same pool) and priority. */
struct ofp_rule *classifier_find_same(const struct classifier *, const struct ofp_rule *);

/* Visits every rule. 'cb' may remove and free the rule that it is given, no other. */
typedef void classifier_cb(struct ofp_rule *, void *aux);
void classifier_each(struct classifier *cls, classifier_cb *cb, void *aux);
/* The same of the rules that overlap with the match: what names few rules of a big table is quick,
 * where tuples can tell. */
void classifier_each_overlapping(struct classifier *cls, const struct ofp_match *,
                                 classifier_cb *cb, void *aux);

#endif
