/* See shadow.h. */
#include "ofproto/shadow.h"

#include <stdlib.h>

#include "ofproto/conn/mgmt.h"
#include "ofproto/table/retired.h"

#define MERGE_MAX 2048 /* Rules of a table that move at once. */

struct shadow {
    struct ofproto *bridge;
    struct ofp_table *tables[BRIDGE_MAX_TABLES];
};

struct shadow *shadow_new(struct ofproto *bridge)
{
    struct shadow *s = xcalloc(1, sizeof *s);

    s->bridge = bridge;
    return s;
}

void shadow_free(struct shadow *s)
{
    for (unsigned int i = 0; s && i < BRIDGE_MAX_TABLES; i++) {
        if (s->tables[i]) {
            struct retired retired;

            retired_take(&retired, &s->tables[i]->cls);
            while (!retired_free_some(&retired, &s->bridge->set->masks, UINT32_MAX)) {
            }
            ofp_table_free(s->tables[i]);
        }
    }
    free(s);
}

static int is_named(const struct ofp_action *a, void *aux UNUSED)
{
    return a->type == OFP_ACTION_GROUP || a->type == OFP_ACTION_METER ||
           a->type == OFP_ACTION_LEARN;
}

bool shadow_may_have(const void *actions, uint32_t len)
{
    return !ofp_actions_each(actions, len, is_named, NULL);
}

void shadow_add(struct shadow *s, uint8_t table_id, struct ofp_rule *rule)
{
    struct ofp_table **table = &s->tables[table_id];
    struct ofp_rule *old;

    if (!*table) {
        *table = ofp_table_new(table_id);
    }
    old = classifier_find_same(&(*table)->cls, rule);
    if (old) {
        ofp_table_remove(&s->bridge->set->masks, *table, old);
    }
    ofp_table_insert(*table, rule);
}

/* --- The swap. */

struct merge {
    struct ofproto *bridge;
    struct ofp_table *from, *to;
    size_t n_stay; /* Rules of 'from' that none of 'to' replaces. */
};

static void count_cb(struct ofp_rule *rule, void *merge_)
{
    struct merge *m = merge_;

    m->n_stay += !classifier_find_same(&m->to->cls, rule);
}

static bool may_swap(struct ofproto *bridge, struct ofp_table *live, struct ofp_table *shadow)
{
    struct merge m = {bridge, live, shadow, 0};

    if (live->cls.n_rules > MERGE_MAX || live->eviction) {
        return false;
    }
    classifier_each(&live->cls, count_cb, &m);
    return shadow->cls.n_rules + m.n_stay <= live->max_rules;
}

static void merge_cb(struct ofp_rule *rule, void *merge_)
{
    struct merge *m = merge_;
    struct ofp_rule *same = classifier_find_same(&m->to->cls, rule);

    if (!same) {
        rule_ref(rule);
        ofp_table_remove(&m->bridge->set->masks, m->from, rule);
        ofp_table_insert(m->to, rule);
        return;
    }
    if (!(same->flags & OFP_RULE_RESET_COUNTS)) {
        same->packets = rule->packets;
        same->bytes = rule->bytes;
    }
    uses_remove_rule(&m->bridge->uses, rule);
    learners_remove_rule(&m->bridge->learners, rule);
    ofp_table_remove(&m->bridge->set->masks, m->from, rule);
}

bool shadow_swap(struct shadow *s)
{
    struct ofproto *bridge = s->bridge;

    if (bridge->mgmt && mgmt_has_monitors(bridge->mgmt)) {
        return false;
    }
    for (unsigned int i = 0; i < BRIDGE_MAX_TABLES; i++) {
        if (s->tables[i] && !may_swap(bridge, bridge_table(bridge, i), s->tables[i])) {
            return false;
        }
    }
    for (unsigned int i = 0; i < BRIDGE_MAX_TABLES; i++) {
        if (s->tables[i]) {
            struct merge m = {bridge, bridge->tables[i], s->tables[i], 0};

            classifier_each(&m.from->cls, merge_cb, &m);
            ofp_table_swap_rules(m.from, m.to);
            ofp_table_free(m.to);
            s->tables[i] = NULL;
        }
    }
    bridge_changed(bridge); /* No history of so many. */
    return true;
}
