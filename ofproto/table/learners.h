/* Rules that learn for as long as they live: an action learn with "delete_learned" wants the rules
 * that have its cookie, in its table, deleted when no rule is left with such an action. Counts
 * those actions as rules come and go. Control thread. */
#ifndef OFPROTO_TABLE_LEARNERS_H
#define OFPROTO_TABLE_LEARNERS_H

#include "ofproto/table/rule.h"

struct learner; /* Of one cookie in one table. */

struct learners {
    struct learner *by_key;
    LIST_HEAD(learner_list, learner) idle; /* That no rule learns for any more. */
};

void learners_init(struct learners *);
/* A rule comes to its table, or gets other actions; or leaves it, or loses them. */
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
/* Makes those that are idle now the ones to ask for, and says of which tables they are. */
void learners_begin(struct learners *, bool ret_tables[256]);
/* Whether the rule, in its table, was learned for one of them. */
bool learners_orphans(const struct learners *, const struct ofp_rule *);
/* Forgets them. */
void learners_end(struct learners *);

#endif
