/* What a bridge is made of, for the files of ofproto/ alone; others use ofproto.h.
 *
 * Versions: every change that can make a cached flow wrong takes the next number of the set's
 * counter and stores it with what changed: the set (ports come and go, patch peers), a bridge (its
 * configuration, bundles, groups), its rules (table/history.h) or a bucket of its MAC table. A
 * cached flow knows the number at its translation and what it depended on, so
 * ofproto_effects_hold() is a few comparisons. Every number is taken once, so whoever knows how
 * many rules changed since then knows whether anything else did. Control thread.
 */
#ifndef OFPROTO_BRIDGE_H
#define OFPROTO_BRIDGE_H

#include <sys/queue.h>
#include <uthash.h>

#include "ofproto/chores.h"
#include "ofproto/l2/mac_table.h"
#include "ofproto/match/tlv_map.h"
#include "ofproto/ofproto.h"
#include "ofproto/table/history.h"
#include "ofproto/table/uses.h"
#include "ofproto/table/learners.h"
#include "ofproto/table/lookup_index.h"
#include "ofproto/table/table.h"

#define BRIDGE_MAX_TABLES OFPROTO_N_TABLES
#define VLAN_BITMAP_WORDS (4096 / 64)

struct bundle;
struct ofp_group;
struct ofp_meter;
struct meter_numbers;

struct ofport {
    struct ofproto *bridge;
    struct bundle *bundle; /* NULL: in no bundle; NORMAL does not know it. */
    char *name;
    char *patch_peer; /* NULL: not a patch port. */
    uint32_t dp_port; /* 0: a patch port, or not in the datapath (yet). */
    uint16_t ofport;
    uint32_t config; /* OFPPC_*: what controllers made of it. */
    bool link_up;    /* As its device is. */
    bool up;         /* And no controller said otherwise. */
    uint8_t mac[6];
    uint64_t speed_bps; /* 0: unknown. */
    uint64_t created_ms;
    struct dp_port_stats stats; /* Of a patch port: what translation sent through it. */
    UT_hash_handle by_name;     /* In the set. */
    UT_hash_handle by_number;   /* In the bridge. */
    UT_hash_handle by_dp;       /* In the set, when dp_port is not 0. */
};

struct bundle {
    struct ofproto *bridge;
    char *name;
    struct ofport *port; /* The one interface; NULL while it is not there. */
    enum ofproto_vlan_mode vlan_mode;
    uint16_t vlan;    /* Access or native; 0 for a trunk. */
    uint64_t *trunks; /* Bitmap of 4096; NULL: all. */
    bool is_protected;
    uint8_t priority_tags; /* OFPROTO_PRIO_TAG_*. */
    struct mac_owner macs; /* Its share of the bridge's MAC table. */
    UT_hash_handle hh;     /* In the bridge, by name. */
};

struct ofproto {
    struct ofproto_set *set;
    char *name;
    uint32_t refs; /* The set's one, and one per effect. */
    bool dead;     /* Freed by its owner; effects hold the memory. */
    uint64_t version;
    struct ofproto_config config; /* flood_vlans points to nothing: see the bitmap. */
    bool configured;
    uint64_t *flood_vlans; /* Bitmap; NULL: none. */
    struct ofport *ports;
    struct bundle *bundles;
    uint16_t next_ofport;
    struct mac_table macs;
    struct ofp_table *tables[BRIDGE_MAX_TABLES];    /* Made by bridge_table(); [0] always there. */
    bool watches_vacancy;                           /* Some table tells when it gets full. */
    struct rule_history history;                    /* Of their rules. */
    struct learners learners;                       /* Of their actions. */
    struct uses uses;                               /* Of groups and meters. */
    struct lookup_index lookups[BRIDGE_MAX_TABLES]; /* Of cached flows: xlate/watch.c. */
    struct ofp_group *groups;                       /* By id. */
    struct ofp_meter *meters;                       /* By id. */
    struct ofp_tlv_map tlvs;                        /* Options of tunnels that are fields here. */
    bool has_controllers;                           /* That it connects to. */
    bool meters_some_packet_ins;                    /* An action named a meter for them. */
    bool fail_open;            /* They are gone: NORMAL in place of the tables. */
    uint8_t frag_handling;     /* Of IP fragments: enum ofp_frag_handling. */
    bool ttl_to_controller;    /* A controller wants packets whose time is over. */
    bool misses_to_controller; /* As OpenFlow 1.0 has it: a controller wants them. */
    struct mgmt *mgmt;         /* OpenFlow connections, when listening. */
    UT_hash_handle hh;         /* In the set. */
};

struct packet_origins;
TAILQ_HEAD(concerned_list, effects_watch);
struct frozen_states;

struct ofproto_set {
    uint32_t refs; /* The owner's one, and one per effects. */
    uint64_t generation;
    uint64_t ports_version;
    uint64_t now_ms; /* Of the last call that told. */
    struct ofproto *bridges;
    struct ofport *ports_by_name;
    struct ofport *ports_by_dp;
    struct mask_pool masks;
    struct dp *dp;                  /* Of ports' statistics; may be NULL. */
    struct packet_origins *origins; /* Of packets for controllers. */
    struct frozen_states *frozen;   /* Of packets that will come back. */
    struct meter_numbers *meter_numbers;
    struct concerned_list concerned; /* Of whom is yet to be told. */
    struct ofproto_hooks hooks;      /* Of whoever drives the datapath. */
    struct chore_list chores;
    void (*changed)(void *aux); /* See ofproto_set_on_change(). */
    void *changed_aux;
    uint64_t told_generation;
    LIST_ENTRY(ofproto_set) live;
};

/* Every set of the process: where ctl commands look for bridges. */
struct ofproto *bridge_find_anywhere(const char *name);
void bridge_each(void (*cb)(struct ofproto *, void *aux), void *aux);

/* Takes the next version for something that changed. */
static inline void bridge_changed(struct ofproto *bridge)
{
    bridge->version = ++bridge->set->generation;
}

/* The same for a rule that came to, changed in or leaves its table: only cached flows whose lookups
 * it can change are concerned. */
static inline void bridge_rule_changed(struct ofproto *bridge, struct ofp_rule *rule)
{
    rule_history_add(&bridge->history, &bridge->set->masks, rule, ++bridge->set->generation);
}

/* Tells whoever wants to know when the generation grew since the last time. */
void set_tell_changes(struct ofproto_set *);
void set_ref(struct ofproto_set *);
void set_unref(struct ofproto_set *);
void bridge_ref(struct ofproto *);
void bridge_unref(struct ofproto *);

/* --- port.c */
struct ofport *ofport_by_dp(const struct ofproto_set *, uint32_t dp_port);
struct ofport *ofport_by_number(const struct ofproto *, uint32_t ofport);
/* The other end: NULL unless it is a patch port whose peer is this one. */
struct ofport *ofport_peer(const struct ofport *);
/* A controller gives it another configuration. */
void ofport_configure(struct ofport *, uint32_t config);
void bridge_free_ports(struct ofproto *);
/* As far as anybody knows: UINT64_MAX where not. */
void ofport_stats(const struct ofport *, struct dp_port_stats *ret);
struct bundle *bundle_find(const struct ofproto *, const char *name);

/* --- rules.c: the flow tables of a bridge. */
/* Makes it when it is not there. */
struct ofp_table *bridge_table(struct ofproto *, unsigned int table_id);
/* Puts the rule in table 'table_id', replacing the one with its match and priority. Takes over the
 * caller's reference. */
void bridge_add_rule(struct ofproto *, uint8_t table_id, struct ofp_rule *);
/* The same for who knows the rule that is replaced: bridge_find_same(), NULL when there is none. */
void bridge_replace_rule(struct ofproto *, uint8_t table_id, struct ofp_rule *old,
                         struct ofp_rule *);
struct ofp_rule *bridge_find_same(const struct ofproto *, uint8_t table_id,
                                  const struct ofp_rule *);
void bridge_remove_rule(struct ofproto *, struct ofp_rule *);
/* rule_set_actions() of a rule in its table. */
void bridge_set_actions(struct ofproto *, struct ofp_rule *, const void *actions, uint32_t len,
                        uint64_t now_ms);
/* The same, and controllers are told (enum ofp_removed_reason) where the rule wants it;
 * bridge_tell_removed() when the last of several is removed. */
void bridge_remove_rule_told(struct ofproto *, struct ofp_rule *, unsigned int reason,
                             uint64_t now_ms);
void bridge_tell_removed(struct ofproto *);
void bridge_flush_rules(struct ofproto *);
/* Empties a table of many rules at once, as far as anybody can see. False, and nothing is done:
 * there are few, or somebody must know of each. */
bool bridge_clear_table(struct ofproto *, struct ofp_table *);
void bridge_add_normal_rule(struct ofproto *);
/* Empties the tables; without a controller a standalone bridge gets its NORMAL rule. */
void bridge_start_anew(struct ofproto *);
void bridge_expire_rules(struct ofproto *, uint64_t now_ms);

#endif
