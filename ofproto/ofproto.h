/* Bridges: OpenFlow tables, ports, MAC learning and the translation of packets into datapath
 * actions.
 *
 * All bridges that share one datapath live in one 'struct ofproto_set', so that a packet can go
 * from bridge to bridge through patch ports within one translation. Asks nothing of the datapath
 * but what datapath/dp.h offers. vswitchd configures it (reconcile/) and calls ofproto_translate()
 * for misses and for revalidation (upcall/). One thread; times are milliseconds of CLOCK_MONOTONIC,
 * passed in, so that tests can make time pass. */
#ifndef OFPROTO_OFPROTO_H
#define OFPROTO_OFPROTO_H

#include "datapath/dp.h"

struct ofproto_set;
struct ofproto;

struct ofproto_set *ofproto_set_new(void);
void ofproto_set_free(struct ofproto_set *); /* Bridges must be gone. */

/* Grows whenever something changed that may make a cached flow wrong: ports, VLANs, rules, MACs
 * that moved. Of cached flows translated under an older number ofproto_effects_hold() tells which
 * must be translated again. */
uint64_t ofproto_set_generation(const struct ofproto_set *);
/* 'changed' is called when the generation grew by something that did not come through this header:
 * an OpenFlow message, a ctl command. It may look and schedule, not call back into ofproto. */
void ofproto_set_on_change(struct ofproto_set *, void (*changed)(void *aux), void *aux);
/* What the set asks of whoever drives the datapath, when a controller wants it. */
struct ofproto_hooks {
    /* Takes a packet through actions, as received on a datapath port (0: on none). False: there is
     * no room or no datapath, and the packet is gone. */
    bool (*execute)(const void *packet, uint32_t len, uint32_t dp_port, const struct dp_actions *,
                    void *aux);
    /* Calls 'done' when no cached flow contradicts the tables as they are now: later, or at once.
     * 'cancel' forgets those calls that have this 'done_aux'. */
    void (*sync)(void (*done)(void *done_aux), void *done_aux, void *aux);
    void (*cancel)(void *done_aux, void *aux);
    /* Puts a meter into the datapath, behind what was asked for before, or, without a
     * configuration, deletes it (DP_NO_METER: as dp.h says). ofproto_meter_done() tells the end. 0,
     * -ENOTCONN: there is no datapath (ofproto_meters_attach() follows when there is), -EAGAIN: no
     * room now. */
    int (*meter)(uint32_t meter_no, const struct dp_meter *, void *aux);
    /* What ofproto_get_controller() says changed. May look and schedule, not call back. */
    void (*controllers_changed)(void *aux);
    void *aux;
};
/* Copied. Without hooks (tests, a fuzzer) nothing is executed, and there are no cached flows. */
void ofproto_set_hooks(struct ofproto_set *, const struct ofproto_hooks *);
/* Ages MAC entries and rules; call at least every second. */
void ofproto_set_run(struct ofproto_set *, uint64_t now_ms);

enum ofproto_fail_mode { OFPROTO_STANDALONE, OFPROTO_SECURE };

struct ofproto_config {
    uint64_t datapath_id;
    uint8_t local_mac[6];
    enum ofproto_fail_mode fail_mode; /* Standalone without a controller: one NORMAL rule. */
    unsigned int mac_aging_s;         /* Default 300. */
    unsigned int mac_table_size;      /* Default 8192. */
    bool forward_bpdu;                /* Forward reserved group addresses too. */
    const uint16_t *flood_vlans;      /* VLANs without MAC learning. */
    size_t n_flood_vlans;
    uint32_t refused_versions; /* Of OpenFlow: a bit a number on the wire. 0: none is. */
};

int ofproto_new(struct ofproto_set *, const char *name, struct ofproto **ret, struct error *);
void ofproto_free(struct ofproto *);
int ofproto_configure(struct ofproto *, const struct ofproto_config *, struct error *);
const char *ofproto_name(const struct ofproto *);
struct ofproto *ofproto_find(const struct ofproto_set *, const char *name);

/* What the database says of a flow table. */
struct ofproto_table_config {
    const char *name; /* NULL: none. */
    bool has_limit;
    uint32_t max_rules;
    bool evict;                  /* Rules make room when it is full; else more are refused. */
    const char *const *groups;   /* Parts of fields whose values rules are treated fairly by. */
    size_t n_groups;             /* 0: all alike. */
    const char *const *prefixes; /* Fields that are looked up by prefixes; or "none". */
    size_t n_prefixes;           /* 0: all that can be. */
};
/* 'table_id' is less than OFPROTO_N_TABLES. NULL: the database says nothing. Texts that the checks
 * below refuse count as not there. */
#define OFPROTO_N_TABLES 254
void ofproto_configure_table(struct ofproto *, unsigned int table_id,
                             const struct ofproto_table_config *);
/* Whether a text can be among 'groups' ("NXM_OF_IN_PORT[]"), or 'prefixes'; -EINVAL. */
int ofproto_check_table_group(const char *text, struct error *);
int ofproto_check_table_prefix(const char *text, struct error *);

/* --- Ports.
 * ------------------------------------------------------------------------------------------------------------------
 */

#define OFPROTO_MAX_PORTS 0xff00
#define OFPROTO_LOCAL 0xfffe /* OFPP_LOCAL: the port with the bridge's name. */

struct ofproto_port_config {
    const char *name;
    uint16_t ofport;        /* OpenFlow number wanted; 0: any. */
    uint32_t dp_port;       /* 0 for a patch port. */
    const char *patch_peer; /* The name of the peer port, for a patch port. */
    bool up;                /* Link and admin state: a port that is down is left out of floods. */
    uint8_t mac[6];
};

/* Adds the port or changes the one of this name; its number never changes while it lives. -EEXIST
 * when the number is taken by another. */
int ofproto_port_set(struct ofproto *, const struct ofproto_port_config *, uint16_t *ret_ofport,
                     struct error *);
void ofproto_port_remove(struct ofproto *, const char *name);
/* Where OpenFlow reads the statistics of ports; NULL: nowhere. It must live
 * as long as it is set. */
void ofproto_set_dp(struct ofproto_set *, struct dp *);
/* What translated flows sent through a patch port, as far as effects were credited. -ENOENT. */
int ofproto_port_patch_stats(const struct ofproto *, const char *name, struct dp_port_stats *ret);

enum ofproto_vlan_mode {
    OFPROTO_VLAN_ACCESS,
    OFPROTO_VLAN_TRUNK,
    OFPROTO_VLAN_NATIVE_TAGGED,
    OFPROTO_VLAN_NATIVE_UNTAGGED,
};

/* A "Port" of the database: one interface (several when bonding comes) with VLAN settings. */
struct ofproto_bundle_config {
    const char *name;
    const char *const *ports; /* Names of ports set before. */
    size_t n_ports;
    enum ofproto_vlan_mode vlan_mode;
    int tag;                /* -1: none; 0...4095. */
    const uint16_t *trunks; /* None: all VLANs. */
    size_t n_trunks;
    bool is_protected; /* Does not forward to other protected ports. */
    enum {
        OFPROTO_PRIO_TAG_NEVER,
        OFPROTO_PRIO_TAG_IF_NONZERO,
        OFPROTO_PRIO_TAG_ALWAYS
    } priority_tags;
};
int ofproto_bundle_set(struct ofproto *, const struct ofproto_bundle_config *, struct error *);
void ofproto_bundle_remove(struct ofproto *, const char *name);

/* Serves OpenFlow (1.0, 1.3, 1.4 and 1.5) to ovs-ofctl and the like on a Unix socket,
 * RUNDIR/BRIDGE.mgmt, until the bridge is freed. -EADDRINUSE and so on with a text; -EALREADY when
 * it is served. */
struct event_base;
int ofproto_mgmt_listen(struct ofproto *, struct event_base *, const char *path, struct error *);

/* --- Controllers.
 * ------------------------------------------------------------------------------------------------------------
 */

struct ofproto_controller_config {
    const char *target; /* tcp:, unix:, ssl: are connected to; ptcp:, punix:, pssl: listened on. */
    unsigned int max_backoff_ms;      /* At least 1000. */
    unsigned int inactivity_probe_ms; /* 0: no probes. */
    uint32_t rate_limit;              /* Packet-ins a second; 0: no limit. */
    uint32_t burst_limit;             /* 0: a quarter of the rate. */
    bool no_async;                    /* Tells it nothing unasked until it asks to be. */
};

/* Makes these the bridge's controllers, one for each target; those that are there stay connected.
 * With the first that is connected to, and without the last, the tables start anew, as Open vSwitch
 * does it: empty, or with NORMAL when there is none and fail-mode is standalone. */
void ofproto_set_controllers(struct ofproto *, struct event_base *,
                             const struct ofproto_controller_config *, size_t n);

struct ofproto_controller_status {
    bool is_connected;
    const char *role;  /* "other", "master", "slave"; NULL: not connected. */
    const char *state; /* As Open vSwitch's: "ACTIVE", "CONNECTING", "BACKOFF", "VOID"; and
                          "LISTENING". */
    const char *error; /* Why it is not connected; "": no failure. Valid until the next event. */
};
/* False when the bridge has no such controller. */
bool ofproto_get_controller(const struct ofproto *, const char *target,
                            struct ofproto_controller_status *);

/* --- Translation.
 * ------------------------------------------------------------------------------------------------------------
 */

/* What a cached flow's packets must be credited to: rules, ports of patch pairs, MAC entries that
 * stay fresh. Opaque, holds references. */
struct ofproto_effects;

struct ofp_flow;
struct xlate_record;
struct ofproto_xlate_in {
    const struct flow_key *key;
    const void *packet; /* NULL when only the key is known (revalidation). */
    uint32_t packet_len;
    bool may_learn; /* Learn the source MAC: true for a packet that came, false for trace. */
    uint64_t now_ms;
    const struct ofp_flow *pipeline; /* Of a trace: what its fields say as it begins; or NULL. */
    struct xlate_record *record;     /* Not NULL: what happens, and why, in words. */
    /* Not NULL: is told of each packet that is recirculated, as far as it is known. */
    void (*recirculated)(const struct flow_key *, void *aux);
    void *aux;
};

struct ofproto_xlate_out {
    struct flow_mask mask; /* Every bit that the verdict depended on, sealed. */
    struct dp_actions
        actions; /* Owned by the caller: dp_actions_free(). Never empty: a drop says its reason. */
    struct ofproto_effects *effects;
    bool no_cache; /* This verdict holds for this packet alone: execute, do not install. */
};

/* Never fails: what cannot be translated is a drop with a reason. */
void ofproto_translate(struct ofproto_set *, const struct ofproto_xlate_in *,
                       struct ofproto_xlate_out *);
void ofproto_xlate_out_free(struct ofproto_xlate_out *);

/* A packet that an upcall action of translated actions brings: goes to the controllers that want
 * it. */
void ofproto_packet_in(struct ofproto_set *, const struct dp_upcall *, uint64_t now_ms);

/* Credits 'packets' and 'bytes' that came since the last call, the latest at 'used_ms'. */
void ofproto_effects_credit(struct ofproto_set *, struct ofproto_effects *, uint64_t packets,
                            uint64_t bytes, uint64_t used_ms);
void ofproto_effects_free(struct ofproto_effects *);
/* Whether anything that the verdict depended on changed since its translation: when not, it still
 * holds, even though the set's generation moved on (somebody else's MAC moved). A few comparisons:
 * ask this of each cached flow before translating it again. */
bool ofproto_effects_stale(const struct ofproto_effects *);
/* The opposite, and finer: of changed rules only those count that a packet with this masked key may
 * match at one of its lookups, so a flow mod leaves most cached flows alone. Nothing that happened
 * until 'since' (0: unknown) concerns it. True makes the effects as young as the set. */
void ofproto_effects_prefetch(const struct ofproto_effects *); /* It will be asked soon. */
bool ofproto_effects_hold(struct ofproto_effects *, uint64_t since, const struct flow_key *masked,
                          const struct flow_mask *);

/* The effects are those of a cached flow with this key and mask, which live as long as they:
 * ofproto_find_concerned() looks among such. Until they are freed. */
void ofproto_effects_watch(struct ofproto_effects *, const struct flow_key *masked,
                           const struct flow_mask *, void *owner);
/* Finds all cached flows whose verdict something that changed since this generation may have
 * changed, without asking each. False when too much changed, or anything but rules: each must be
 * asked. */
bool ofproto_find_concerned(struct ofproto_set *, uint64_t since);
/* The owner of one that was found, each once; NULL: no more. It is to be translated again. */
void *ofproto_next_concerned(struct ofproto_set *);

/* --- Meters. */

/* The datapath can be used (again): puts all meters into it. Before any flow. */
void ofproto_meters_attach(struct ofproto_set *);
/* What the hook 'meter' was asked for is done, well or not. */
void ofproto_meter_done(struct ofproto_set *, uint32_t meter_no, bool was_deleted);

/* --- For people (ctl commands fdb/show, fdb/flush and so on register themselves in l2/).
 * ------------------------------------------- */

/* Names for flow_key_format(): port names by datapath number. */
const char *ofproto_dp_port_name(uint32_t dp_port, void *ofproto_set);
/* And the reverse; false when there is no such port in the datapath. */
bool ofproto_dp_port_by_name(const struct ofproto_set *, const char *name, uint32_t *ret);
/* How many ports and rules there are in all bridges. */
void ofproto_count(const struct ofproto_set *, size_t *ret_ports, size_t *ret_rules);
/* The bridge that a port of the datapath belongs to; NULL when it belongs to none. */
const struct ofproto *ofproto_of_dp_port(const struct ofproto_set *, uint32_t dp_port);

#endif
