/* See learned.h. */
#include "ofproto/xlate/learned.h"

#include <stdlib.h>

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

struct count {
    uint64_t cookie;
    uint32_t n;
};

static void count_cb(struct ofp_rule *rule, void *count_)
{
    struct count *count = count_;

    count->n += rule->cookie == count->cookie;
}

static bool is_full(const struct rule_change *c, struct ofp_table *table)
{
    struct count count = {c->rule->cookie, 0};

    if (!table) {
        return false;
    }
    if (c->limit) {
        classifier_each(&table->cls, count_cb, &count);
    }
    return table->cls.n_rules >= table->max_rules || (c->limit && count.n >= c->limit);
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
    struct ofp_table *table = c->bridge->tables[c->table_id];
    struct ofp_rule *old = bridge_find_same(c->bridge, c->table_id, c->rule), *rule;

    if (old && is_same(old, c->rule)) {
        old->modified_ms = MAX_OF(old->modified_ms, now_ms); /* Lives on. */
        return true;
    }
    if (!old && is_full(c, table)) {
        return false;
    }
    rule = copy(c, now_ms);
    if (old) {
        rule->packets = old->packets;
        rule->bytes = old->bytes;
    }
    bridge_replace_rule(c->bridge, c->table_id, old, rule);
    return true;
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
        return learn(c, now_ms);
    }
    if (c->rule->tuple) { /* In its table still. */
        ofp_table_set_timeouts(c->bridge->tables[c->rule->table_id], c->rule,
                               cut(c->rule->idle_timeout_s, c->idle_s),
                               cut(c->rule->hard_timeout_s, c->hard_s));
    }
    return true;
}
