/* See effects.h. */
#include "ofproto/xlate/effects.h"

#include <stdlib.h>

#include "ofproto/group/group.h"
#include "ofproto/xlate/controller.h"
#include "ofproto/xlate/frozen.h"
#include "ofproto/xlate/learned.h"

struct ofproto_effects *effects_new(struct ofproto_set *set)
{
    struct ofproto_effects *effects = xcalloc(1, sizeof *effects);

    set_ref(set);
    effects->set = set;
    effects->version = set->generation;
    return effects;
}

void effects_pause(struct ofproto_effects *effects, bool pause)
{
    effects->paused = pause;
}

static struct effect *add(struct ofproto_effects *effects, enum effect_kind kind)
{
    struct effect *e;

    if (effects->n == effects->size) {
        effects->size = effects->size ? effects->size * 2 : 6;
        effects->effect = xreallocarray(effects->effect, effects->size, sizeof effects->effect[0]);
    }
    e = &effects->effect[effects->n++];
    memset(e, 0, sizeof *e);
    e->kind = kind;
    return e;
}

static struct effect *add_bridge(struct ofproto_effects *effects, enum effect_kind kind,
                                 struct ofproto *bridge)
{
    struct effect *e = add(effects, kind);

    bridge_ref(bridge);
    e->bridge = bridge;
    return e;
}

void effects_add_rule(struct ofproto_effects *effects, struct ofp_rule *rule)
{
    if (!effects->paused) {
        rule_ref(rule);
        add(effects, EFFECT_RULE)->rule = rule;
    }
}

void effects_add_mac(struct ofproto_effects *effects, struct ofproto *bridge, uint16_t vlan,
                     const uint8_t mac[6], uint16_t ofport)
{
    struct effect *e;

    if (effects->paused) {
        return;
    }
    e = add_bridge(effects, EFFECT_MAC, bridge);
    e->vlan = vlan;
    e->ofport = ofport;
    memcpy(e->mac, mac, 6);
}

void effects_add_patch(struct ofproto_effects *effects, const struct ofport *from)
{
    if (!effects->paused) {
        add_bridge(effects, EFFECT_PATCH, from->bridge)->ofport = from->ofport;
    }
}

void effects_add_lookup(struct ofproto_effects *effects, struct ofproto *bridge, uint8_t table_id,
                        const struct ofp_rule *rule, const struct xlate_packet *now,
                        const struct ofp_flow *looked, bool ports_unknown)
{
    struct effect *e;

    if (effects->paused) {
        return;
    }
    e = add_bridge(effects, EFFECT_LOOKUP, bridge);
    e->table_id = table_id;
    e->found = rule != NULL;
    e->priority = rule && !rule_is_conjunctive(rule) ? rule->priority : -1;
    e->known = known_add(&effects->known, now, looked, ports_unknown);
}

void effects_add_group(struct ofproto_effects *effects, struct ofp_group *group)
{
    if (!effects->paused) {
        group_ref(group);
        add(effects, EFFECT_GROUP)->group = group;
    }
}

void effects_add_bucket(struct ofproto_effects *effects, struct ofp_group *group,
                        unsigned int bucket)
{
    struct effect *e;

    if (effects->paused) {
        return;
    }
    e = add(effects, EFFECT_BUCKET);
    group_ref(group);
    e->group = group;
    e->bucket = (uint16_t)bucket;
}

void effects_add_change(struct ofproto_effects *effects, struct rule_change *change)
{
    if (effects->paused) {
        rule_change_free(change, effects->set);
    } else {
        add(effects, EFFECT_CHANGE)->change = change;
    }
}

void effects_add_origin(struct ofproto_effects *effects, struct packet_origin *origin)
{
    packet_origin_ref(effects->set->origins, origin);
    add(effects, EFFECT_ORIGIN)->origin = origin;
}

void effects_add_frozen(struct ofproto_effects *effects, struct frozen_state *state)
{
    frozen_state_ref(effects->set->frozen, state);
    add(effects, EFFECT_FROZEN)->frozen = state;
}

void effects_depend_bridge(struct ofproto_effects *effects, struct ofproto *bridge)
{
    for (uint32_t i = 0; i < effects->n; i++) {
        if (effects->effect[i].kind == EFFECT_DEPEND_BRIDGE &&
            effects->effect[i].bridge == bridge) {
            return;
        }
    }
    add_bridge(effects, EFFECT_DEPEND_BRIDGE, bridge);
}

void effects_depend_mac(struct ofproto_effects *effects, struct ofproto *bridge,
                        unsigned int bucket)
{
    add_bridge(effects, EFFECT_DEPEND_MAC, bridge)->mac_bucket = (uint16_t)bucket;
}

static bool lookup_is_stale(const struct ofproto_effects *effects, const struct effect *e,
                            uint64_t since, const struct flow_key *masked,
                            const struct flow_mask *mask)
{
    const struct rule_history *history = &e->bridge->history;
    struct known_flow known;

    if (rule_history_is_quiet(history, e->table_id, since)) {
        return false;
    }
    known_get(&effects->known, e->known, masked, mask, &known);
    return rule_history_concerns(history, e->table_id, since, &known, e->priority);
}

static bool is_stale(const struct ofproto_effects *effects, uint64_t since,
                     const struct flow_key *masked, const struct flow_mask *mask)
{
    if (effects->set->ports_version > since) {
        return true;
    }
    for (uint32_t i = 0; i < effects->n; i++) {
        const struct effect *e = &effects->effect[i];

        if (e->kind == EFFECT_DEPEND_BRIDGE && (e->bridge->dead || e->bridge->version > since)) {
            return true;
        }
        if (e->kind == EFFECT_DEPEND_MAC && e->bridge->macs.version[e->mac_bucket] > since) {
            return true;
        }
        if (e->kind == EFFECT_LOOKUP && lookup_is_stale(effects, e, since, masked, mask)) {
            return true;
        }
    }
    return false;
}

void ofproto_effects_prefetch(const struct ofproto_effects *effects)
{
    __builtin_prefetch(effects->effect);
    __builtin_prefetch((const void *)((uintptr_t)effects->effect + 64)); /* It may be NULL. */
    __builtin_prefetch(effects->known.word);
}

bool ofproto_effects_hold(struct ofproto_effects *effects, uint64_t since,
                          const struct flow_key *masked, const struct flow_mask *mask)
{
    if (effects_are_concerned(effects) ||
        is_stale(effects, MAX_OF(since, effects->version), masked, mask)) {
        return false;
    }
    /* What happened until now need not be asked again. */
    effects->version = effects->set->generation;
    return true;
}

static void credit_rule(struct ofp_rule *rule, uint64_t packets, uint64_t bytes, uint64_t used_ms)
{
    if (!(rule->flags & OFP_RULE_NO_PACKET_COUNTS)) {
        rule->packets += packets;
    }
    if (!(rule->flags & OFP_RULE_NO_BYTE_COUNTS)) {
        rule->bytes += bytes;
    }
    rule->used_ms = MAX_OF(rule->used_ms, used_ms);
}

static void credit_group(const struct effect *e, uint64_t packets, uint64_t bytes)
{
    struct group_counters *c = e->kind == EFFECT_GROUP ? &e->group->counters
                                                       : &e->group->bucket_counters[e->bucket];

    c->packets += packets;
    c->bytes += bytes;
}

static void credit_mac(const struct effect *e, uint64_t used_ms)
{
    const struct ofport *port = ofport_by_number(e->bridge, e->ofport);

    if (port && port->bundle) {
        mac_credit(&e->bridge->macs, e->vlan, e->mac, &port->bundle->macs, used_ms);
    }
}

static void credit_patch(const struct effect *e, uint64_t packets, uint64_t bytes)
{
    struct ofport *port = ofport_by_number(e->bridge, e->ofport);
    struct ofport *peer = port ? ofport_peer(port) : NULL;

    if (peer) {
        port->stats.tx_packets += packets;
        port->stats.tx_bytes += bytes;
        peer->stats.rx_packets += packets;
        peer->stats.rx_bytes += bytes;
    }
}

static void credit_table(const struct effect *e, uint64_t packets)
{
    struct ofp_table *table = e->bridge->tables[e->table_id];

    if (table) {
        table->n_lookups += packets;
        table->n_matched += e->found ? packets : 0;
    }
}

void ofproto_effects_credit(struct ofproto_effects *effects, uint64_t packets, uint64_t bytes,
                            uint64_t used_ms)
{
    if (!packets) {
        return;
    }
    for (uint32_t i = 0; i < effects->n; i++) {
        const struct effect *e = &effects->effect[i];

        if (e->kind == EFFECT_RULE) {
            credit_rule(e->rule, packets, bytes, used_ms);
        } else if (e->kind == EFFECT_GROUP || e->kind == EFFECT_BUCKET) {
            credit_group(e, packets, bytes);
        } else if (e->kind == EFFECT_CHANGE) {
            rule_change_apply(e->change, used_ms);
        } else if (e->kind == EFFECT_ORIGIN || e->kind == EFFECT_FROZEN || e->bridge->dead) {
            continue;
        } else if (e->kind == EFFECT_MAC) {
            credit_mac(e, used_ms);
        } else if (e->kind == EFFECT_PATCH) {
            credit_patch(e, packets, bytes);
        } else if (e->kind == EFFECT_LOOKUP) {
            credit_table(e, packets);
        }
    }
}

void ofproto_effects_free(struct ofproto_effects *effects)
{
    if (!effects) {
        return;
    }
    effects_unwatch(effects);
    for (uint32_t i = 0; i < effects->n; i++) {
        if (effects->effect[i].kind == EFFECT_RULE) {
            rule_unref(&effects->set->masks, effects->effect[i].rule);
        } else if (effects->effect[i].kind == EFFECT_GROUP ||
                   effects->effect[i].kind == EFFECT_BUCKET) {
            group_unref(effects->effect[i].group);
        } else if (effects->effect[i].kind == EFFECT_CHANGE) {
            rule_change_free(effects->effect[i].change, effects->set);
        } else if (effects->effect[i].kind == EFFECT_ORIGIN) {
            packet_origin_unref(effects->set->origins, effects->effect[i].origin,
                                effects->set->now_ms);
        } else if (effects->effect[i].kind == EFFECT_FROZEN) {
            frozen_state_unref(effects->set->frozen, effects->effect[i].frozen,
                               effects->set->now_ms);
        } else {
            bridge_unref(effects->effect[i].bridge);
        }
    }
    set_unref(effects->set);
    free(effects->effect);
    free(effects->known.word);
    free(effects);
}
