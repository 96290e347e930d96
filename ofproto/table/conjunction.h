/* Conjunctions: rules whose actions say "clause k of n of conjunction ID" are soft. A lookup
 * gathers the soft rules that match; where all clauses of an ID are fulfilled at one priority, the
 * lookup is made again with the field conj_id set to it, and soft rules do not count. So rules over
 * a product of sets (these addresses times those ports) are as many as the sum. Used by the
 * classifier alone. Control thread. */
#ifndef OFPROTO_TABLE_CONJUNCTION_H
#define OFPROTO_TABLE_CONJUNCTION_H

#include "ofproto/table/rule.h"

struct soft_matches {
    const struct ofp_rule **rule;
    size_t n;
    size_t size;
};

/* free(soft->rule) in the end. */
void soft_matches_add(struct soft_matches *, const struct ofp_rule *);

/* The rule that matches with this conj_id; NULL when none does. */
typedef struct ofp_rule *conjunction_lookup(uint32_t id, void *aux);
/* The rule that the highest conjunction above a priority leads to; NULL: none. */
struct ofp_rule *conjunction_find(struct soft_matches *, int above, conjunction_lookup *,
                                  void *aux);

#endif
