/* What meter mods do to the meters of a bridge (OpenFlow 1.3.5 section 6.6), and which rules and
 * groups refer to them. See meter.h. */
#include <stdlib.h>

#include "ofproto/codec/flow_removed.h"
#include "ofproto/group/group.h"
#include "ofproto/meter/numbers.h"

static int check_exists(uint32_t meter_id, void *bridge)
{
    return meter_find(bridge, meter_id) ? 0 : OFPERR_MMFC_INVALID_METER;
}

int meter_check_actions(const struct ofproto *bridge, const void *actions, size_t len)
{
    return ofp_actions_each_meter(actions, len, check_exists, (void *)bridge);
}

static void each_rule(struct ofproto *bridge, classifier_cb *cb, void *aux)
{
    for (unsigned int i = 0; i < BRIDGE_MAX_TABLES; i++) {
        if (bridge->tables[i]) {
            classifier_each(&bridge->tables[i]->cls, cb, aux);
        }
    }
}

static bool groups_use(const struct ofproto *bridge, uint32_t meter_id)
{
    for (const struct ofp_group *g = bridge->groups; g; g = g->hh.next) {
        for (unsigned int i = 0; i < g->config.n; i++) {
            const struct ofp_actions *a = &g->config.bucket[i].actions;

            if (ofp_actions_use_meter(a->data, a->len, meter_id)) {
                return true;
            }
        }
    }
    return false;
}

/* Cached flows that may name the meter, or miss it, without a rule that names it. */
static void tell_cache(struct ofproto *bridge, uint32_t meter_id)
{
    if (meter_id == OFP_METER_CONTROLLER || groups_use(bridge, meter_id)) {
        bridge_changed(bridge);
    }
}

/* --- Deleting. */

struct removal {
    struct ofproto *bridge;
    uint32_t meter_id;
};

static void remove_rule_cb(struct ofp_rule *rule, void *removal_)
{
    struct removal *r = removal_;

    if (ofp_actions_use_meter(rule->actions, rule->actions_len, r->meter_id)) {
        bridge_remove_rule_told(r->bridge, rule, OFPRR_METER_DELETE, time_now_ms());
    }
}

/* Rules that refer to it go with it: OpenFlow 1.3.5 section 6.6. */
static void remove_rules(struct ofproto *bridge, uint32_t meter_id)
{
    struct removal r = {bridge, meter_id};

    each_rule(bridge, remove_rule_cb, &r);
    bridge_tell_removed(bridge);
}

static void delete (struct ofproto *bridge, uint32_t meter_id)
{
    struct ofp_meter *meter = meter_find(bridge, meter_id);
    bool all = meter_id == OFP_METER_ALL;
    uint32_t *number;

    if (all ? !bridge->meters : !meter) {
        return;
    }
    /* No rule names a virtual meter. */
    if (all || meter_id <= OFP_METER_MAX) {
        remove_rules(bridge, meter_id);
    }
    tell_cache(bridge, meter_id);
    if (all) {
        if (meter_find(bridge, OFP_METER_CONTROLLER)) {
            bridge_changed(bridge);
        }
        meter_flush(bridge);
        return;
    }
    number = xmalloc(sizeof *number);
    *number = meter_remove(bridge, meter);
    meter_numbers_leave(bridge->set, number, 1);
}

static int modify(struct ofproto *bridge, struct ofp_meter *meter,
                  const struct ofp_meter_config *config)
{
    bool remarked = meter_remarks(meter);
    int rc = meter_change(bridge->set, meter, config);

    if (!rc && meter_remarks(meter) != remarked) {
        bridge_changed(bridge); /* Packets have to come back, or have not to. */
    }
    return rc;
}

int meter_mod_apply(struct ofproto *bridge, const struct ofp_meter_mod *mod, uint64_t now_ms)
{
    struct ofp_meter *meter = meter_find(bridge, mod->meter_id);
    int rc;

    switch (mod->command) {
    case OFP_METER_ADD:
        rc = meter ? OFPERR_MMFC_METER_EXISTS
                   : meter_add(bridge, mod->meter_id, &mod->config, now_ms);
        if (!rc) {
            tell_cache(bridge, mod->meter_id);
        }
        return rc;
    case OFP_METER_MODIFY:
        return meter ? modify(bridge, meter, &mod->config) : OFPERR_MMFC_UNKNOWN_METER;
    default: delete (bridge, mod->meter_id); return 0;
    }
}

/* --- Counting. */

static int count_one(uint32_t meter_id, void *bridge)
{
    struct ofp_meter *meter = meter_find(bridge, meter_id);

    if (meter) {
        meter->n_flows++;
    }
    return 0;
}

static void count_cb(struct ofp_rule *rule, void *bridge)
{
    ofp_actions_each_meter(rule->actions, rule->actions_len, count_one, bridge);
}

void meter_count_flows(struct ofproto *bridge)
{
    for (struct ofp_meter *m = bridge->meters; m; m = m->hh.next) {
        m->n_flows = 0;
    }
    each_rule(bridge, count_cb, bridge);
}
