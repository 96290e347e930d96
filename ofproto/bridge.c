/* Sets and bridges: life, configuration, ageing; see ofproto.h and bridge.h. Control thread. */
#include "ofproto/bridge.h"

#include <errno.h>
#include <stdlib.h>

#include "ofproto/conn/controller.h"
#include "ofproto/conn/mgmt.h"
#include "ofproto/group/group.h"
#include "ofproto/meter/meter.h"
#include "ofproto/xlate/controller.h"
#include "ofproto/xlate/frozen.h"

static LIST_HEAD(ofproto_set_list, ofproto_set) live_sets = LIST_HEAD_INITIALIZER(live_sets);

struct ofproto_set *ofproto_set_new(void)
{
    struct ofproto_set *set = xcalloc(1, sizeof *set);

    set->refs = 1;
    set->generation = 1;
    set->origins = packet_origins_new();
    set->meter_numbers = meter_numbers_new();
    TAILQ_INIT(&set->concerned);
    TAILQ_INIT(&set->chores);
    set->frozen = frozen_states_new();
    LIST_INSERT_HEAD(&live_sets, set, live);
    return set;
}

void ofproto_set_free(struct ofproto_set *set)
{
    if (set) {
        LIST_REMOVE(set, live);
        set_finish_chores(set);
        set_unref(set);
    }
}

void set_ref(struct ofproto_set *set)
{
    set->refs++;
}

void set_unref(struct ofproto_set *set)
{
    if (!--set->refs) {
        packet_origins_free(set->origins);
        frozen_states_free(set->frozen);
        meter_numbers_free(set->meter_numbers);
        mask_pool_free(&set->masks);
        free(set);
    }
}

uint64_t ofproto_set_generation(const struct ofproto_set *set)
{
    return set->generation;
}

void ofproto_set_on_change(struct ofproto_set *set, void (*changed)(void *aux), void *aux)
{
    set->changed = changed;
    set->changed_aux = aux;
    set->told_generation = set->generation;
}

void ofproto_set_hooks(struct ofproto_set *set, const struct ofproto_hooks *hooks)
{
    set->hooks = *hooks;
}

void set_tell_changes(struct ofproto_set *set)
{
    if (set->changed && set->told_generation != set->generation) {
        set->told_generation = set->generation;
        set->changed(set->changed_aux);
    }
}

void ofproto_set_run(struct ofproto_set *set, uint64_t now_ms)
{
    struct ofproto *bridge, *next;

    set->now_ms = MAX_OF(set->now_ms, now_ms);
    packet_origins_expire(set->origins, now_ms);
    frozen_states_expire(set->frozen, now_ms);
    meter_read_some(set);
    HASH_ITER (hh, set->bridges, bridge, next) {
        mac_expire(&bridge->macs, now_ms);
        bridge_expire_rules(bridge, now_ms);
        if (bridge->mgmt) {
            controllers_run(bridge->mgmt, now_ms);
            mgmt_expire_bundles(bridge->mgmt, now_ms);
        }
    }
}

struct ofproto *ofproto_find(const struct ofproto_set *set, const char *name)
{
    struct ofproto *bridge;

    HASH_FIND_STR(set->bridges, name, bridge);
    return bridge;
}

struct ofproto *bridge_find_anywhere(const char *name)
{
    struct ofproto_set *set;

    LIST_FOREACH (set, &live_sets, live) {
        struct ofproto *bridge = ofproto_find(set, name);

        if (bridge) {
            return bridge;
        }
    }
    return NULL;
}

void bridge_each(void (*cb)(struct ofproto *, void *aux), void *aux)
{
    struct ofproto *bridge, *next;
    struct ofproto_set *set;

    LIST_FOREACH (set, &live_sets, live) {
        HASH_ITER (hh, set->bridges, bridge, next) {
            cb(bridge, aux);
        }
    }
}

int ofproto_new(struct ofproto_set *set, const char *name, struct ofproto **ret, struct error *err)
{
    struct ofproto *bridge;

    if (!*name || strchr(name, '/')) {
        return error_set(err, EINVAL, "bridge '%s': a name is not empty and has no '/'", name);
    }
    if (ofproto_find(set, name)) {
        return error_set(err, EEXIST, "bridge '%s' already exists", name);
    }
    bridge = xcalloc(1, sizeof *bridge);
    bridge->set = set;
    bridge->name = xstrdup(name);
    bridge->refs = 1;
    bridge->next_ofport = 1;
    bridge->tables[0] = ofp_table_new(0);
    learners_init(&bridge->learners);
    ofp_tlv_map_init(&bridge->tlvs);
    mac_table_init(&bridge->macs, &set->generation);
    HASH_ADD_KEYPTR(hh, set->bridges, bridge->name, strlen(bridge->name), bridge);
    bridge_changed(bridge);
    bridge_add_normal_rule(bridge); /* Until configured otherwise: standalone. */
    *ret = bridge;
    return 0;
}

void bridge_ref(struct ofproto *bridge)
{
    bridge->refs++;
}

void bridge_unref(struct ofproto *bridge)
{
    if (!--bridge->refs) {
        ofp_tlv_map_forget(&bridge->tlvs);
        free(bridge->name);
        free(bridge);
    }
}

void ofproto_free(struct ofproto *bridge)
{
    if (!bridge) {
        return;
    }
    mgmt_free(bridge->mgmt);
    bridge->mgmt = NULL;
    bridge_free_ports(bridge);
    bridge_flush_rules(bridge);
    group_flush(bridge);
    meter_flush(bridge);
    for (unsigned int i = 0; i < BRIDGE_MAX_TABLES; i++) {
        ofp_table_free(bridge->tables[i]);
        bridge->tables[i] = NULL;
    }
    rule_history_clear(&bridge->history, &bridge->set->masks);
    mac_table_destroy(&bridge->macs);
    free(bridge->flood_vlans);
    bridge->flood_vlans = NULL;
    HASH_DEL(bridge->set->bridges, bridge);
    bridge_changed(bridge);
    bridge->dead = true;
    bridge_unref(bridge);
}

const char *ofproto_name(const struct ofproto *bridge)
{
    return bridge->name;
}

static bool set_flood_vlans(struct ofproto *bridge, const struct ofproto_config *config)
{
    uint64_t *map = NULL, *old = bridge->flood_vlans;
    bool changed;

    if (config->n_flood_vlans) {
        map = xcalloc(VLAN_BITMAP_WORDS, sizeof *map);
        for (size_t i = 0; i < config->n_flood_vlans; i++) {
            map[config->flood_vlans[i] / 64] |= UINT64_C(1) << (config->flood_vlans[i] % 64);
        }
    }
    changed = map && old ? memcmp(map, old, VLAN_BITMAP_WORDS * sizeof *map) != 0 : map != old;
    bridge->flood_vlans = map;
    free(old);
    return changed;
}

int ofproto_configure(struct ofproto *bridge, const struct ofproto_config *config,
                      struct error *err)
{
    enum ofproto_fail_mode old_mode = bridge->config.fail_mode;
    const uint64_t old_id = bridge->config.datapath_id;
    bool changed;

    for (size_t i = 0; i < config->n_flood_vlans; i++) {
        if (config->flood_vlans[i] > 4095) {
            return error_set(err, EINVAL,
                             "bridge '%s': flood_vlans: VLAN %u is not within 0...4095",
                             bridge->name, config->flood_vlans[i]);
        }
    }
    changed = set_flood_vlans(bridge, config);
    changed |= bridge->config.forward_bpdu != config->forward_bpdu;
    bridge->config = *config;
    bridge->config.flood_vlans = NULL;
    bridge->config.n_flood_vlans = 0;
    if (bridge->mgmt) {
        mgmt_versions_changed(bridge->mgmt);
        if (old_id != config->datapath_id) {
            mgmt_reconnect(bridge->mgmt);
        }
    }
    mac_table_configure(&bridge->macs, config->mac_table_size, config->mac_aging_s);
    if (old_mode != config->fail_mode && !bridge->has_controllers) {
        bridge_start_anew(bridge); /* As Open vSwitch does. */
    }
    if (changed) {
        bridge_changed(bridge);
    }
    return 0;
}
