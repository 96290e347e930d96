/* See learned.h. */
#include "ofproto/xlate/learned.h"

#include <stdlib.h>

#include "ofproto/conn/changes.h"
#include "ofproto/table/tuple.h"

struct rule_change *rule_change_new(struct ofproto *bridge, struct ofp_rule *rule)
{
    struct rule_change *c = xcalloc(1, sizeof *c);

    bridge_ref(bridge);
    c->bridge = bridge;
    c->rule = rule;
    return c;
}

void rule_change_free(struct rule_change *c, struct ofproto_set *set)
{
    rule_unref(&set->masks, c->rule);
    bridge_unref(c->bridge);
    free(c);
}

static bool is_over_limit(const struct rule_change *c)
{
    struct ofp_table *table = c->bridge->tables[c->table_id];

    return c->limit && table && ofp_table_count_cookie(table, c->rule->cookie) >= c->limit;
}

static struct ofp_rule *copy(const struct rule_change *c, uint64_t now_ms)
{
    const struct ofp_rule *r = c->rule;
    struct ofp_match match;
    struct ofp_rule_config config = {
        .match = &match,
        .priority = r->priority,
        .cookie = r->cookie,
        .actions = r->actions,
        .actions_len = r->actions_len,
        .idle_timeout_s = r->idle_timeout_s,
        .hard_timeout_s = r->hard_timeout_s,
        .flags = r->flags,
        .now_ms = now_ms,
    };

    rule_get_match(r, &match);
    return rule_new(&c->bridge->set->masks, &config);
}

static bool is_same(const struct ofp_rule *a, const struct ofp_rule *b)
{
    return a->cookie == b->cookie && a->actions_len == b->actions_len &&
           (!a->actions_len || !memcmp(a->actions, b->actions, a->actions_len));
}

static bool learn(const struct rule_change *c, uint64_t now_ms)
{
    struct ofp_rule *old = bridge_find_same(c->bridge, c->table_id, c->rule);
    struct flow_changes changes = {0};
    int rc;

    if (old && is_same(old, c->rule)) {
        old->modified_ms = MAX_OF(old->modified_ms, now_ms); /* Lives on. */
        return true;
    }
    if (!old && is_over_limit(c)) {
        return false;
    }
    rc = flow_changes_add_within_limit(&changes, c->bridge, c->table_id, copy(c, now_ms), false);
    flow_changes_finish(&changes, c->bridge, now_ms, NULL); /* Of one that failed: none. */
    return !rc;
}

bool rule_change_is_possible(const struct rule_change *c)
{
    const struct ofp_table *table = c->bridge->tables[c->table_id];

    if (c->fin || bridge_find_same(c->bridge, c->table_id, c->rule)) {
        return true;
    }
    return !is_over_limit(c) && (!table || table->cls.n_rules < table->max_rules ||
                                 (table->eviction && eviction_choose(table->eviction)));
}

/* What a cached flow wrote of the outcome is not true any more. */
static void tell_outcome(struct rule_change *c, bool outcome)
{
    if (c->has_result && c->result != outcome) {
        c->result = outcome;
        bridge_changed(c->bridge);
    }
}

static uint16_t cut(uint16_t timeout_s, uint16_t most_s)
{
    return most_s && (!timeout_s || timeout_s > most_s) ? most_s : timeout_s;
}

bool rule_change_apply(struct rule_change *c, uint64_t now_ms)
{
    if (c->bridge->dead) {
        return false;
    }
    if (!c->fin) {
        bool outcome = learn(c, now_ms);

        tell_outcome(c, outcome);
        return outcome;
    }
    if (rule_is_in_table(c->rule)) {
        ofp_table_set_timeouts(c->bridge->tables[c->rule->table_id], c->rule,
                               cut(c->rule->idle_timeout_s, c->idle_s),
                               cut(c->rule->hard_timeout_s, c->hard_s));
    }
    return true;
}
