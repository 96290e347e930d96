/* The flow tables of a bridge: adding, removing and expiring rules, with the change of version that
 * each is. Called by bridge.c, conn/ and ctl commands. Control thread. */
#include "ofproto/bridge.h"
#include "ofproto/codec/flow_removed.h"
#include "ofproto/conn/mgmt.h"
#include "ofproto/table/retired.h"

#include <stdlib.h>

#define CLEAR_AT_ONCE 1000 /* Rules: fewer are quick to remove, and cached flows to compare. */
#define FREE_AT_ONCE 256

struct ofp_table *bridge_table(struct ofproto *bridge, unsigned int table_id)
{
    if (!bridge->tables[table_id]) {
        bridge->tables[table_id] = ofp_table_new((uint8_t)table_id);
    }
    return bridge->tables[table_id];
}

struct ofp_rule *bridge_find_same(const struct ofproto *bridge, uint8_t table_id,
                                  const struct ofp_rule *rule)
{
    const struct ofp_table *table = bridge->tables[table_id];
    return table ? classifier_find_same(&table->cls, rule) : NULL;
}

void bridge_replace_rule(struct ofproto *bridge, uint8_t table_id, struct ofp_rule *old,
                         struct ofp_rule *rule)
{
    struct ofp_table *table = bridge_table(bridge, table_id);

    if (old) {
        uses_remove_rule(&bridge->uses, old);
        learners_remove_rule(&bridge->learners, old);
        ofp_table_remove(&bridge->set->masks, table, old);
    }
    ofp_table_insert(table, rule);
    uses_add_rule(&bridge->uses, rule);
    learners_add_rule(&bridge->learners, rule);
    bridge_rule_changed(bridge, rule); /* Which says of the old one all that there is to say. */
}

void bridge_add_rule(struct ofproto *bridge, uint8_t table_id, struct ofp_rule *rule)
{
    bridge_replace_rule(bridge, table_id, bridge_find_same(bridge, table_id, rule), rule);
}

void bridge_remove_rule(struct ofproto *bridge, struct ofp_rule *rule)
{
    bridge_rule_changed(bridge, rule);
    uses_remove_rule(&bridge->uses, rule);
    learners_remove_rule(&bridge->learners, rule);
    ofp_table_remove(&bridge->set->masks, bridge->tables[rule->table_id], rule);
}

void bridge_set_actions(struct ofproto *bridge, struct ofp_rule *rule, const void *actions,
                        uint32_t len, uint64_t now_ms)
{
    uses_remove_rule(&bridge->uses, rule);
    learners_remove_rule(&bridge->learners, rule);
    rule_set_actions(rule, actions, len, now_ms);
    uses_add_rule(&bridge->uses, rule);
    learners_add_rule(&bridge->learners, rule);
}

void bridge_remove_rule_told(struct ofproto *bridge, struct ofp_rule *rule, unsigned int reason,
                             uint64_t now_ms)
{
    if (bridge->mgmt) {
        mgmt_rule_removed(bridge->mgmt, rule, (enum ofp_removed_reason)reason, now_ms);
        mgmt_flow_changed(bridge->mgmt, rule, OFPFME_REMOVED, (enum ofp_removed_reason)reason,
                          NULL);
    }
    bridge_remove_rule(bridge, rule);
}

struct orphans {
    struct ofproto *bridge;
    uint64_t now_ms;
};

static void remove_orphan_cb(struct ofp_rule *rule, void *orphans_)
{
    struct orphans *o = orphans_;

    if (learners_orphans(&o->bridge->learners, rule)) {
        bridge_remove_rule_told(o->bridge, rule, OFPRR_DELETE, o->now_ms);
    }
}

/* Rules that were learned for as long as others learn them. Those may have learned some, too. */
static void remove_orphans(struct ofproto *bridge)
{
    struct orphans o = {bridge, time_now_ms()};
    bool tables[256];

    while (learners_any_idle(&bridge->learners)) {
        learners_begin(&bridge->learners, tables);
        for (unsigned int i = 0; i < BRIDGE_MAX_TABLES; i++) {
            if (bridge->tables[i] && tables[i]) {
                classifier_each(&bridge->tables[i]->cls, remove_orphan_cb, &o);
            }
        }
        learners_end(&bridge->learners);
    }
}

void bridge_tell_removed(struct ofproto *bridge)
{
    if (learners_any_idle(&bridge->learners)) {
        remove_orphans(bridge);
    }
    if (bridge->mgmt) {
        mgmt_tell_removed(bridge->mgmt);
        mgmt_tell_flow_changes(bridge->mgmt);
        mgmt_tell_vacancy(bridge->mgmt);
    }
}

static void remove_cb(struct ofp_rule *rule, void *bridge_)
{
    struct ofproto *bridge = bridge_;

    if (bridge->mgmt) {
        mgmt_flow_changed(bridge->mgmt, rule, OFPFME_REMOVED, OFPRR_DELETE, NULL);
    }
    bridge_remove_rule(bridge, rule);
}

void bridge_flush_rules(struct ofproto *bridge)
{
    for (unsigned int i = 0; i < BRIDGE_MAX_TABLES; i++) {
        if (bridge->tables[i] && !bridge_clear_table(bridge, bridge->tables[i])) {
            classifier_each(&bridge->tables[i]->cls, remove_cb, bridge);
        }
    }
    bridge_tell_removed(bridge);
}

struct clearing {
    struct chore chore;
    struct ofproto_set *set; /* A reference. */
    struct retired rules;
};

static bool clear_some(struct chore *c, uint64_t end_us)
{
    struct clearing *clearing = CONTAINER_OF(c, struct clearing, chore);
    struct ofproto_set *set = clearing->set;

    while (!retired_free_some(&clearing->rules, &set->masks, FREE_AT_ONCE)) {
        if (chore_slice_is_over(end_us)) {
            return false;
        }
    }
    free(clearing);
    set_unref(set);
    return true;
}

bool bridge_clear_table(struct ofproto *bridge, struct ofp_table *table)
{
    struct clearing *clearing;

    if (table->cls.n_rules < CLEAR_AT_ONCE || table->n_told || !LIST_EMPTY(&table->expirable) ||
        uses_any(&bridge->uses) || learners_any(&bridge->learners) ||
        (bridge->mgmt && mgmt_has_monitors(bridge->mgmt))) {
        return false;
    }
    clearing = xcalloc(1, sizeof *clearing);
    clearing->chore.run = clear_some;
    clearing->set = bridge->set;
    set_ref(bridge->set);
    retired_take(&clearing->rules, &table->cls);
    cookies_free(&table->cookies); /* Counted again when somebody asks. */
    bridge_changed(bridge);        /* No history of so many. */
    set_add_chore(bridge->set, &clearing->chore);
    return true;
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

void bridge_start_anew(struct ofproto *bridge)
{
    bridge_flush_rules(bridge);
    if (bridge->config.fail_mode == OFPROTO_STANDALONE && !bridge->has_controllers) {
        bridge_add_normal_rule(bridge);
    }
}

void bridge_expire_rules(struct ofproto *bridge, uint64_t now_ms)
{
    for (unsigned int i = 0; i < BRIDGE_MAX_TABLES; i++) {
        struct ofp_rule *rule, *next;

        if (!bridge->tables[i]) {
            continue;
        }
        for (rule = LIST_FIRST(&bridge->tables[i]->expirable); rule; rule = next) {
            enum ofp_expiry expiry = ofp_rule_expiry(rule, now_ms);

            next = LIST_NEXT(rule, expiry);
            if (expiry != OFP_EXPIRY_NONE) {
                bridge_remove_rule_told(
                    bridge, rule,
                    expiry == OFP_EXPIRY_HARD ? OFPRR_HARD_TIMEOUT : OFPRR_IDLE_TIMEOUT, now_ms);
            }
        }
    }
    bridge_tell_removed(bridge);
}

void ofproto_count(const struct ofproto_set *set, size_t *ret_ports, size_t *ret_rules)
{
    size_t rules = 0;

    for (const struct ofproto *br = set->bridges; br; br = br->hh.next) {
        for (unsigned int i = 0; i < BRIDGE_MAX_TABLES; i++) {
            rules += br->tables[i] ? br->tables[i]->cls.n_rules : 0;
        }
    }
    *ret_ports = HASH_CNT(by_name, set->ports_by_name);
    *ret_rules = rules;
}
