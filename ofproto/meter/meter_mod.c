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
    if (meter_id == OFP_METER_CONTROLLER || n_buckets || bridge->meters_some_packet_ins) {
        bridge_changed(bridge);
    }
}

/* --- Deleting. */

struct removal {
    struct ofproto *bridge;
    struct flow_changes *changes;
};

static void remove_rule_cb(struct ofp_rule *rule, void *removal_)
{
    struct removal *r = removal_;

    flow_changes_remove(r->changes, r->bridge, rule, OFPRR_METER_DELETE);
}

/* Rules that refer to it go with it: OpenFlow 1.3.5 section 6.6. The datapath keeps it until that
 * stands. */
static void take_out(struct ofproto *bridge, struct ofp_meter *meter, struct meter_changes *changes)
{
    struct removal r = {bridge, &changes->flows};

    uses_each_rule(&bridge->uses, USE_OF_METER, meter->id, remove_rule_cb, &r);
    HASH_DELETE(hh, bridge->meters, meter);
    changes->removed[changes->n_removed++] = meter;
    tell_cache(bridge, meter->id);
}

static void delete (struct ofproto *bridge, uint32_t meter_id, struct meter_changes *changes)
{
    struct ofp_meter *meter = meter_find(bridge, meter_id), *next;
    bool all = meter_id == OFP_METER_ALL;

    if (all ? !bridge->meters : !meter) {
        return;
    }
    changes->removed = xcalloc(all ? HASH_COUNT(bridge->meters) : 1, sizeof(struct ofp_meter *));
    if (all) {
        HASH_ITER (hh, bridge->meters, meter, next) {
            take_out(bridge, meter, changes);
        }
    } else {
        take_out(bridge, meter, changes);
    }
}

/* --- Adding and changing. */

static int add(struct ofproto *bridge, const struct ofp_meter_mod *mod, uint64_t now_ms,
               struct meter_changes *changes)
{
    int rc = meter_find(bridge, mod->meter_id)
                 ? OFPERR_MMFC_METER_EXISTS
                 : meter_add(bridge, mod->meter_id, &mod->config, now_ms);

    if (!rc) {
        changes->added = meter_find(bridge, mod->meter_id);
        tell_cache(bridge, mod->meter_id);
    }
    return rc;
}

static int change(struct ofproto *bridge, struct ofp_meter *meter,
                  const struct ofp_meter_config *config)
{
    bool remarked = meter_remarks(meter);
    int rc = meter_change(bridge->set, meter, config);

    if (!rc && meter_remarks(meter) != remarked) {
        bridge_changed(bridge); /* Packets have to come back, or have not to. */
    }
    return rc;
}

static int modify(struct ofproto *bridge, const struct ofp_meter_mod *mod,
                  struct meter_changes *changes)
{
    struct ofp_meter *meter = meter_find(bridge, mod->meter_id);
    struct ofp_meter_config before;
    int rc;

    if (!meter) {
        return OFPERR_MMFC_UNKNOWN_METER;
    }
    before = meter->config;
    meter_read(bridge->set, meter, &changes->counted);
    rc = change(bridge, meter, &mod->config);
    if (!rc) {
        changes->modified = meter;
        changes->before = before;
    }
    return rc;
}

int meter_mod_change(struct ofproto *bridge, const struct ofp_meter_mod *mod, uint64_t now_ms,
                     struct meter_changes *changes)
{
    switch (mod->command) {
    case OFP_METER_ADD: return add(bridge, mod, now_ms, changes);
    case OFP_METER_MODIFY: return modify(bridge, mod, changes);
    default: delete (bridge, mod->meter_id, changes); return 0;
    }
}

/* --- How it ends. */

static void leave(struct ofproto *bridge, uint32_t dp_no)
{
    uint32_t *number = xmalloc(sizeof *number);

    *number = dp_no;
    meter_numbers_leave(bridge->set, number, 1);
}

void meter_changes_undo(struct meter_changes *changes, struct ofproto *bridge)
{
    for (size_t i = 0; i < changes->n_removed; i++) {
        struct ofp_meter *meter = changes->removed[i];

        HASH_ADD(hh, bridge->meters, id, sizeof meter->id, meter);
        tell_cache(bridge, meter->id);
    }
    if (changes->modified) {
        change(bridge, changes->modified, &changes->before);
        meter_restore_bands(changes->modified, &changes->counted);
    }
    if (changes->added) {
        uint32_t id = changes->added->id;

        leave(bridge, meter_remove(bridge, changes->added));
        tell_cache(bridge, id);
    }
    flow_changes_undo(&changes->flows, bridge);
    free(changes->removed);
    *changes = (struct meter_changes){0};
}

void meter_changes_finish(struct meter_changes *changes, struct ofproto *bridge, uint64_t now_ms)
{
    uint32_t *numbers = xcalloc(changes->n_removed + 1, sizeof *numbers);

    flow_changes_finish(&changes->flows, bridge, now_ms, NULL);
    for (size_t i = 0; i < changes->n_removed; i++) {
        numbers[i] = meter_end(bridge->set, changes->removed[i]);
    }
    if (changes->n_removed) {
        meter_numbers_leave(bridge->set, numbers, changes->n_removed);
    } else {
        free(numbers);
    }
    free(changes->removed);
    *changes = (struct meter_changes){0};
}

int meter_mod_apply(struct ofproto *bridge, const struct ofp_meter_mod *mod, uint64_t now_ms)
{
    struct meter_changes changes = {0};
    int rc = meter_mod_change(bridge, mod, now_ms, &changes);

    meter_changes_finish(&changes, bridge, now_ms); /* Of one that failed: none. */
    return rc;
}
