/* Effects: what a cached flow's packets are credited to, and what its verdict depends on.
 *
 * Recorded during translation and kept by the owner of the cached flow. They hold references to
 * rules, groups and bridges; ports and MAC entries, which may go away earlier, are found by number
 * or address. Control thread. */
#ifndef OFPROTO_XLATE_EFFECTS_H
#define OFPROTO_XLATE_EFFECTS_H

#include "ofproto/bridge.h"
#include "ofproto/xlate/known.h"

enum effect_kind {
    EFFECT_RULE,
    EFFECT_MAC,
    EFFECT_PATCH,
    EFFECT_LOOKUP,
    EFFECT_GROUP,
    EFFECT_BUCKET,
    EFFECT_CHANGE,
    EFFECT_DEPEND_BRIDGE,
    EFFECT_DEPEND_MAC,
    EFFECT_ORIGIN,
    EFFECT_FROZEN
};

struct effect {
    union {
        struct ofp_rule *rule;
        struct ofproto *bridge;
        struct ofp_group *group;
        struct rule_change *change;
        struct packet_origin *origin;
        struct frozen_state *frozen;
    };
    uint8_t kind;
    uint8_t table_id;
    uint16_t ofport;
    union {
        uint16_t vlan;       /* EFFECT_MAC. */
        uint16_t bucket;     /* EFFECT_BUCKET: its place in the group. */
        uint16_t mac_bucket; /* EFFECT_DEPEND_MAC: of the bridge's MAC table. */
        bool found;          /* EFFECT_LOOKUP: a rule. */
    };
    union {
        uint8_t mac[6];
        struct known_range known; /* Of a lookup. */
    };
    int32_t priority; /* Of a lookup: a rule of a lower one has no say; -1: any may have. */
};

struct ofproto_effects {
    struct ofproto_set *set;
    uint64_t version; /* The set's, before the translation began. */
    uint32_t n;
    uint32_t size;
    struct effect *effect;
    struct known_words known;    /* At each lookup. */
    struct effects_watch *watch; /* NULL: not watched. */
    bool paused;                 /* See effects_pause(). */
};

struct ofproto_effects *effects_new(struct ofproto_set *);
void effects_add_rule(struct ofproto_effects *, struct ofp_rule *);
void effects_add_mac(struct ofproto_effects *, struct ofproto *, uint16_t vlan,
                     const uint8_t mac[6], uint16_t ofport);
void effects_add_patch(struct ofproto_effects *, const struct ofport *from);
/* A lookup of 'now', which read the bits of 'looked', found 'rule' (NULL: none). It counts for the
 * table, and the verdict depends on the table's rules. 'ports_unknown': the cached flow's packets
 * may have other ports than the lookup saw, which did not read them. */
void effects_add_lookup(struct ofproto_effects *, struct ofproto *, uint8_t table_id,
                        const struct ofp_rule *rule, const struct xlate_packet *now,
                        const struct ofp_flow *looked, bool ports_unknown);
/* The packet went through a group, and through a bucket of it. */
void effects_add_group(struct ofproto_effects *, struct ofp_group *);
void effects_add_bucket(struct ofproto_effects *, struct ofp_group *, unsigned int bucket);
/* A change to apply again whenever packets come; takes it over. */
struct rule_change;
void effects_add_change(struct ofproto_effects *, struct rule_change *);
struct packet_origin;
void effects_add_origin(struct ofproto_effects *, struct packet_origin *);
/* While paused, rules, lookups, MACs, patch ports, groups and changes are not recorded. */
void effects_pause(struct ofproto_effects *, bool);
struct frozen_state;
void effects_add_frozen(struct ofproto_effects *, struct frozen_state *);
/* The verdict depends on the bridge's configuration and groups; on a bucket of its MAC table. */
void effects_depend_bridge(struct ofproto_effects *, struct ofproto *);
void effects_depend_mac(struct ofproto_effects *, struct ofproto *, unsigned int bucket);

/* In watch.c: takes the lookups out of the indexes of their tables, if they are in any. */
void effects_unwatch(struct ofproto_effects *);
/* Whether ofproto_next_concerned() has yet to return their owner. */
bool effects_are_concerned(const struct ofproto_effects *);

#endif
