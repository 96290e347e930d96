/* See changes.h. */
#include "ofproto/conn/changes.h"

#include <stdlib.h>

#include "ofproto/conn/mgmt.h"

struct flow_before {
    uint64_t cookie;
    uint64_t packets;
    uint64_t bytes;
    uint64_t modified_ms;
    uint32_t actions_len;
    uint8_t actions[];
};

static struct flow_change *note(struct flow_changes *changes, enum flow_change_kind kind,
                                struct ofp_rule *rule)
{
    struct flow_change *c;

    if (changes->n == changes->size) {
        changes->size = MAX_OF(changes->size * 2, (size_t)1); /* Mostly it stays at one. */
        changes->list = xrealloc(changes->list, changes->size * sizeof *changes->list);
    }
    c = &changes->list[changes->n++];
    *c = (struct flow_change){.rule = rule, .kind = kind};
    rule_ref(rule);
    return c;
}

void flow_changes_add(struct flow_changes *changes, struct ofproto *bridge, uint8_t table_id,
                      struct ofp_rule *old, struct ofp_rule *rule)
{
    if (old) {
        rule_ref(old);
    }
    note(changes, FLOW_ADDED, rule)->replaced = old;
    bridge_replace_rule(bridge, table_id, old, rule);
}

void flow_changes_remove(struct flow_changes *changes, struct ofproto *bridge,
                         struct ofp_rule *rule, enum ofp_removed_reason reason)
{
    note(changes, FLOW_REMOVED, rule)->reason = reason;
    bridge_remove_rule(bridge, rule);
}

/* One rule goes, or none does. */
static bool make_room(struct flow_changes *changes, struct ofproto *bridge, struct ofp_table *table)
{
    bool is_enough = table->cls.n_rules <= table->max_rules;
    struct ofp_rule *victim = table->eviction && is_enough ? eviction_choose(table->eviction)
                                                           : NULL;

    if (victim) {
        flow_changes_remove(changes, bridge, victim, OFPRR_EVICTION);
    }
    return victim != NULL;
}

int flow_changes_add_within_limit(struct flow_changes *changes, struct ofproto *bridge,
                                  uint8_t table_id, struct ofp_rule *rule, bool reset_counts)
{
    struct ofp_table *table = bridge->tables[table_id];
    struct ofp_rule *old = bridge_find_same(bridge, table_id, rule);

    if (!old && table && table->cls.n_rules >= table->max_rules &&
        !make_room(changes, bridge, table)) {
        rule_unref(&bridge->set->masks, rule);
        return OFPERR_FMFC_TABLE_FULL;
    }
    if (old && !reset_counts) {
        rule->packets = old->packets;
        rule->bytes = old->bytes;
    }
    flow_changes_add(changes, bridge, table_id, old, rule);
    return 0;
}

void flow_changes_modify(struct flow_changes *changes, struct ofproto *bridge,
                         struct ofp_rule *rule)
{
    struct flow_before *before = xmalloc(sizeof *before + rule->actions_len);

    before->cookie = rule->cookie;
    before->packets = rule->packets;
    before->bytes = rule->bytes;
    before->modified_ms = rule->modified_ms;
    before->actions_len = rule->actions_len;
    if (rule->actions_len) {
        memcpy(before->actions, rule->actions, rule->actions_len);
    }
    note(changes, FLOW_MODIFIED, rule)->before = before;
    bridge_rule_changed(bridge, rule);
}

static void undo_modify(struct ofproto *bridge, struct ofp_rule *rule,
                        const struct flow_before *before)
{
    bridge_set_actions(bridge, rule, before->actions, before->actions_len, before->modified_ms);
    ofp_table_set_cookie(bridge->tables[rule->table_id], rule, before->cookie);
    rule->packets = before->packets;
    rule->bytes = before->bytes;
}

static void forget(struct flow_change *c, struct ofproto *bridge)
{
    if (c->kind == FLOW_ADDED && c->replaced) {
        rule_unref(&bridge->set->masks, c->replaced);
    } else if (c->kind == FLOW_MODIFIED) {
        free(c->before);
    }
    rule_unref(&bridge->set->masks, c->rule);
}

static void put_back(struct ofproto *bridge, struct ofp_rule *rule)
{
    rule_ref(rule);
    bridge_add_rule(bridge, rule->table_id, rule);
}

void flow_changes_undo(struct flow_changes *changes, struct ofproto *bridge)
{
    while (changes->n) {
        struct flow_change *c = &changes->list[--changes->n];

        if (c->kind == FLOW_ADDED) {
            bridge_remove_rule(bridge, c->rule);
            if (c->replaced) {
                put_back(bridge, c->replaced);
            }
        } else if (c->kind == FLOW_REMOVED) {
            put_back(bridge, c->rule);
        } else {
            undo_modify(bridge, c->rule, c->before);
            bridge_rule_changed(bridge, c->rule);
        }
        forget(c, bridge);
    }
    free(changes->list);
    *changes = (struct flow_changes){0};
}

static void tell(struct mgmt *mgmt, const struct flow_change *c, uint64_t now_ms,
                 const struct flow_author *author)
{
    enum ofp_monitor_event event = c->kind == FLOW_REMOVED                 ? OFPFME_REMOVED
                                   : c->kind == FLOW_ADDED && !c->replaced ? OFPFME_ADDED
                                                                           : OFPFME_MODIFIED;

    if (c->kind == FLOW_REMOVED) {
        mgmt_rule_removed(mgmt, c->rule, c->reason, now_ms);
    }
    mgmt_flow_changed(mgmt, c->rule, event, c->reason, author);
}

void flow_changes_finish(struct flow_changes *changes, struct ofproto *bridge, uint64_t now_ms,
                         const struct flow_author *author)
{
    for (size_t i = 0; i < changes->n; i++) {
        struct flow_change *c = &changes->list[i];

        if (bridge->mgmt) {
            tell(bridge->mgmt, c, now_ms, author);
        }
        forget(c, bridge);
    }
    bridge_tell_removed(bridge);
    free(changes->list);
    *changes = (struct flow_changes){0};
}
