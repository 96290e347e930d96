/* What meter mods do to the meters of a bridge (OpenFlow 1.3.5 section 6.6). See
 * meter.h. */
#include <stdlib.h>

#include "ofproto/codec/flow_removed.h"
#include "ofproto/meter/numbers.h"

static int check_exists(uint32_t meter_id, void *bridge)
{
    return meter_find(bridge, meter_id) ? 0 : OFPERR_MMFC_INVALID_METER;
}

int meter_check_actions(const struct ofproto *bridge, const void *actions, size_t len)
{
    return ofp_actions_each_meter(actions, len, check_exists, (void *)bridge);
}

/* Cached flows that may name the meter, or miss it, without a rule that names it. */
static void tell_cache(struct ofproto *bridge, uint32_t meter_id)
{
    uint32_t n_buckets;

    uses_count(&bridge->uses, USE_OF_METER, meter_id, &n_buckets);
    if (meter_id == OFP_METER_CONTROLLER || n_buckets) {
        bridge_changed(bridge);
    }
}

/* --- Deleting. */

static void remove_rule_cb(struct ofp_rule *rule, void *bridge)
{
    bridge_remove_rule_told(bridge, rule, OFPRR_METER_DELETE, time_now_ms());
}

/* Rules that refer to it go with it: OpenFlow 1.3.5 section 6.6. */
static uint32_t delete_one(struct ofproto *bridge, struct ofp_meter *meter)
{
    uses_each_rule(&bridge->uses, USE_OF_METER, meter->id, remove_rule_cb, bridge);
    tell_cache(bridge, meter->id);
    return meter_remove(bridge, meter);
}

static void delete (struct ofproto *bridge, uint32_t meter_id)
{
    struct ofp_meter *meter = meter_find(bridge, meter_id), *next;
    bool all = meter_id == OFP_METER_ALL;
    uint32_t *numbers;
    size_t n = 0;

    if (all ? !bridge->meters : !meter) {
        return;
    }
    numbers = xcalloc(all ? HASH_COUNT(bridge->meters) : 1, sizeof *numbers);
    if (all) {
        HASH_ITER (hh, bridge->meters, meter, next) {
            numbers[n++] = delete_one(bridge, meter);
        }
    } else {
        numbers[n++] = delete_one(bridge, meter);
    }
    bridge_tell_removed(bridge);
    meter_numbers_leave(bridge->set, numbers, n);
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
