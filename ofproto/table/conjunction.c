/* See conjunction.h. */
#include "ofproto/table/conjunction.h"

#include <stdlib.h>

#include "ofproto/codec/action_conjunction.h"

void soft_matches_add(struct soft_matches *soft, const struct ofp_rule *rule)
{
    if (soft->n == soft->size) {
        soft->size = soft->size ? soft->size * 2 : 16;
        soft->rule = xreallocarray(soft->rule, soft->size, sizeof(*soft->rule));
    }
    soft->rule[soft->n++] = rule;
}

static int by_priority(const void *a_, const void *b_)
{
    const struct ofp_rule *a = *(const struct ofp_rule *const *)a_;
    const struct ofp_rule *b = *(const struct ofp_rule *const *)b_;

    return (int)b->priority - (int)a->priority;
}

static int by_id(const void *a_, const void *b_)
{
    const struct ofp_action_conjunction *a = *(const struct ofp_action_conjunction *const *)a_;
    const struct ofp_action_conjunction *b = *(const struct ofp_action_conjunction *const *)b_;

    return a->id != b->id ? (a->id < b->id ? -1 : 1) : (int)a->n_clauses - (int)b->n_clauses;
}

/* The conjunctions of the rules, by id. */
static size_t gather(const struct ofp_rule *const *rule, size_t n,
                     const struct ofp_action_conjunction ***ret)
{
    const struct ofp_action_conjunction **list = NULL;
    size_t n_list = 0, size = 0;

    for (size_t i = 0; i < n; i++) {
        for (const struct ofp_action *a = ofp_actions_first(rule[i]->actions, rule[i]->actions_len);
             a; a = ofp_actions_next(rule[i]->actions, rule[i]->actions_len, a)) {
            if (a->type != OFP_ACTION_CONJUNCTION) {
                continue;
            }
            if (n_list == size) {
                size = size ? size * 2 : 16;
                list = xreallocarray(list, size, sizeof(*list));
            }
            list[n_list++] = (const struct ofp_action_conjunction *)a;
        }
    }
    if (n_list) {
        qsort(list, n_list, sizeof(*list), by_id);
    }
    *ret = list;
    return n_list;
}

/* Rules of one priority: the first that a conjunction which is whole leads to. */
static struct ofp_rule *at_priority(const struct ofp_rule *const *rule, size_t n,
                                    conjunction_lookup *lookup, void *aux)
{
    const struct ofp_action_conjunction **list;
    struct ofp_rule *found = NULL;
    size_t n_list = gather(rule, n, &list), i = 0;

    while (i < n_list && !found) {
        const struct ofp_action_conjunction *first = list[i];
        uint64_t clauses = 0, all = UINT64_MAX >> (64 - first->n_clauses);

        for (; i < n_list && list[i]->id == first->id && list[i]->n_clauses == first->n_clauses;
             i++) {
            clauses |= UINT64_C(1) << list[i]->clause;
        }
        if (clauses == all) {
            found = lookup(first->id, aux);
        }
    }
    free(list);
    return found;
}

struct ofp_rule *conjunction_find(struct soft_matches *soft, int above, conjunction_lookup *lookup,
                                  void *aux)
{
    struct ofp_rule *found = NULL;
    size_t i = 0;

    qsort(soft->rule, soft->n, sizeof(*soft->rule), by_priority);
    while (i < soft->n && (int)soft->rule[i]->priority > above && !found) {
        size_t first = i;

        while (i < soft->n && soft->rule[i]->priority == soft->rule[first]->priority) {
            i++;
        }
        found = at_priority(soft->rule + first, i - first, lookup, aux);
    }
    return found;
}
