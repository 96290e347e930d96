/* Learn actions with "delete_learned": when the last rule with such an action for a table and
 * cookie is gone, the rules that were learned for it (those with that cookie in that table) are
 * deleted, too. Counts these actions as rules come and go. Control thread. */
#ifndef OFPROTO_TABLE_LEARNERS_H
#define OFPROTO_TABLE_LEARNERS_H

#include "ofproto/table/rule.h"

struct learner; /* Of one cookie in one table. */

struct learners {
    struct learner *by_key;
    LIST_HEAD(learner_list, learner) idle; /* Those for which no rule learns any more. */
};

void learners_init(struct learners *);
/* The rule was added to its table, or has new actions; it is about to leave, or to lose them. */
void learners_add_rule(struct learners *, const struct ofp_rule *);
void learners_remove_rule(struct learners *, const struct ofp_rule *);

static inline bool learners_any(const struct learners *l)
{
    return l->by_key != NULL;
}
static inline bool learners_any_idle(const struct learners *l)
{
    return !LIST_EMPTY(&l->idle);
}
/* Begins a deletion for those that are idle now, and returns which tables they learned into. */
void learners_begin(struct learners *, bool ret_tables[256]);
/* Whether the rule was learned for one of them, and is to be deleted. */
bool learners_orphans(const struct learners *, const struct ofp_rule *);
/* Ends the deletion. */
void learners_end(struct learners *);

#endif
