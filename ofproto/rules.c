/* The flow tables of a bridge: adding, removing and expiring rules, with the change of version that
 * each is. Called by bridge.c, conn/ and ctl commands. Control thread. */
#include "ofproto/bridge.h"

void bridge_add_rule(struct ofproto *bridge, uint8_t table_id, struct ofp_rule *rule)
{
    struct ofp_table *table = bridge->tables[table_id];
    struct ofp_rule *old;

    if (!table) {
        table = bridge->tables[table_id] = ofp_table_new(table_id);
    }
    old = classifier_find_same(&table->cls, rule);
    if (old) {
        ofp_table_remove(&bridge->set->masks, table, old);
    }
    ofp_table_insert(table, rule);
    bridge_rule_changed(bridge, rule); /* Which says of the old one all that there is to say. */
}

void bridge_remove_rule(struct ofproto *bridge, struct ofp_rule *rule)
{
    bridge_rule_changed(bridge, rule);
    ofp_table_remove(&bridge->set->masks, bridge->tables[rule->table_id], rule);
}

static void remove_cb(struct ofp_rule *rule, void *bridge)
{
    bridge_remove_rule(bridge, rule);
}

void bridge_flush_rules(struct ofproto *bridge)
{
    for (unsigned int i = 0; i < BRIDGE_MAX_TABLES; i++) {
        if (bridge->tables[i]) {
            classifier_each(&bridge->tables[i]->cls, remove_cb, bridge);
        }
    }
}

/* What a bridge does when nobody told it otherwise: be a learning switch. A plain rule: visible,
 * and deletable. */
void bridge_add_normal_rule(struct ofproto *bridge)
{
    struct ofp_actions actions = OFP_ACTIONS_INIT;
    struct ofp_match match;
    struct ofp_rule_config config = {.match = &match, .now_ms = time_now_ms()};

    ofp_match_init(&match);
    ofp_actions_put_output(&actions, OFP_PORT_NORMAL);
    config.actions = actions.data;
    config.actions_len = actions.len;
    bridge_add_rule(bridge, 0, rule_new(&bridge->set->masks, &config));
    ofp_actions_free(&actions);
}

void bridge_expire_rules(struct ofproto *bridge, uint64_t now_ms)
{
    for (unsigned int i = 0; i < BRIDGE_MAX_TABLES; i++) {
        struct ofp_rule *rule, *next;

        if (!bridge->tables[i]) {
            continue;
        }
        for (rule = LIST_FIRST(&bridge->tables[i]->expirable); rule; rule = next) {
            next = LIST_NEXT(rule, expiry);
            if (ofp_rule_expiry(rule, now_ms) != OFP_EXPIRY_NONE) {
                bridge_remove_rule(bridge, rule);
            }
        }
    }
}
