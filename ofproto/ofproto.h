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

/* A number that grows with every change that may make a cached flow wrong: of ports, VLANs, rules,
 * or MAC addresses that moved. For cached flows translated under an older number,
 * ofproto_effects_hold() says which must be translated again. */
uint64_t ofproto_set_generation(const struct ofproto_set *);
/* 'changed' is called when something other than a call of this header made the generation grow: an
 * OpenFlow message or a ctl command. It may read and schedule, but not call back into ofproto. */
void ofproto_set_on_change(struct ofproto_set *, void (*changed)(void *aux), void *aux);
/* What the set asks of its user, who drives the datapath. Called on the set's thread. */
struct ofproto_hooks {
    /* Executes actions on a packet, as if it had come in on a datapath port (0: on none). False:
     * the packet is lost, as there is no datapath or no room. Keeps neither packet nor actions. */
    bool (*execute)(const void *packet, uint32_t len, uint32_t dp_port, const struct dp_actions *,
                    void *aux);
    /* Calls 'done', at once or later, when no cached flow contradicts the tables as they are now.
     * 'cancel' drops the pending calls with this 'done_aux'. */
    void (*sync)(void (*done)(void *done_aux), void *done_aux, void *aux);
    void (*cancel)(void *done_aux, void *aux);
    /* Puts a meter into the datapath or, if the configuration is NULL, deletes it (DP_NO_METER: as
     * dp.h says), in the order of the calls. On 0, ofproto_meter_done() follows. -ENOTCONN: there
     * is no datapath; ofproto_meters_attach() follows when there is one. -EAGAIN: no room now. */
    int (*meter)(uint32_t meter_no, const struct dp_meter *, void *aux);
    /* There is work: wants ofproto_set_work() to be called, later, until it says that there is no
     * more. NULL: nothing is put off. */
    void (*work)(void *aux);
    /* What ofproto_get_controller() returns has changed. May read and schedule, not call back. */
    void (*controllers_changed)(void *aux);
    void *aux;
};
/* The struct is copied. Without hooks (in tests, a fuzzer) nothing is executed, and there are no
 * cached flows. */
void ofproto_set_hooks(struct ofproto_set *, const struct ofproto_hooks *);
/* A slice, of about half a millisecond, of work that was put off. False: nothing is left. */
bool ofproto_set_work(struct ofproto_set *);
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

/* A row of the database's table Flow_Table. Borrowed strings. */
struct ofproto_table_config {
    const char *name; /* NULL: none. */
    bool has_limit;
    uint32_t max_rules;          /* If has_limit. */
    bool evict;                  /* When the table is full, evict a rule; else refuse a new one. */
    const char *const *groups;   /* Subfields: eviction takes from the largest group of rules that
                                  * agree in them. */
    size_t n_groups;             /* 0: all rules are one group. */
    const char *const *prefixes; /* Fields to look up by prefix, or "none". */
    size_t n_prefixes;           /* 0: every field that can be. */
};
/* 'table_id' is less than OFPROTO_N_TABLES. NULL: the database has no row for the table. Texts that
 * the checks below refuse are ignored. */
#define OFPROTO_N_TABLES 254
/* What controllers, and tools that ask for a version, decide by: the release whose schema and
 * behaviour Sluice keeps to. */
#define OFPROTO_OVS_VERSION "3.1.0"
void ofproto_configure_table(struct ofproto *, unsigned int table_id,
                             const struct ofproto_table_config *);
/* 0 if the text may be one of 'groups' ("NXM_OF_IN_PORT[]"), or of 'prefixes'; else -EINVAL. */
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
    bool up;                /* Link and admin state; ports that are down get no floods. */
    uint8_t mac[6];
    uint64_t speed_bps; /* Of its link; 0: unknown. */
};

/* Adds the port, or changes the one of this name, whose number stays the same as long as it exists.
 * -EEXIST: another port has the number. */
int ofproto_port_set(struct ofproto *, const struct ofproto_port_config *, uint16_t *ret_ofport,
                     struct error *);
void ofproto_port_remove(struct ofproto *, const char *name);
/* The datapath from which OpenFlow reads the statistics of ports and meters; NULL: none. It must
 * stay open as long as it is set. */
void ofproto_set_dp(struct ofproto_set *, struct dp *);
/* The packets that flows sent through a patch port, as far as their effects were credited. -ENOENT:
 * there is no such patch port. */
int ofproto_port_patch_stats(const struct ofproto *, const char *name, struct dp_port_stats *ret);

enum ofproto_vlan_mode {
    OFPROTO_VLAN_ACCESS,
    OFPROTO_VLAN_TRUNK,
    OFPROTO_VLAN_NATIVE_TAGGED,
    OFPROTO_VLAN_NATIVE_UNTAGGED,
};

/* A row of the database's table Port: one interface (several, once there is bonding) and its VLAN
 * settings. */
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

/* Serves OpenFlow 1.0 to 1.5 to ovs-ofctl and the like on the Unix socket 'path'
 * (RUNDIR/BRIDGE.mgmt) until the bridge is freed. -EALREADY: it is served already; -EADDRINUSE and
 * other errors of sockets, with a text. */
struct event_base;
int ofproto_mgmt_listen(struct ofproto *, struct event_base *, const char *path, struct error *);
/* The same for RUNDIR/BRIDGE.snoop, where one may listen to a controller's connection. */
int ofproto_snoop_listen(struct ofproto *, struct event_base *, const char *path, struct error *);

/* --- Controllers.
 * ------------------------------------------------------------------------------------------------------------
 */

struct ofproto_controller_config {
    const char *target; /* tcp:, unix:, ssl: are connected to; ptcp:, punix:, pssl: listened on. */
    unsigned int max_backoff_ms;      /* At least 1000. */
    unsigned int inactivity_probe_ms; /* 0: no probes. */
    uint32_t rate_limit;              /* Packet-ins a second; 0: no limit. */
    uint32_t burst_limit;             /* 0: a quarter of the rate. */
    bool no_async;                    /* No asynchronous messages until it enables some. */
    bool is_primary; /* A controller, which gets asynchronous messages; else a service's client. */
};

/* Makes these the bridge's controllers, one for each target; those it has already stay connected.
 * When the bridge gets its first primary controller, or loses its last, the tables are emptied, as
 * in Open vSwitch; without controllers and with fail-mode standalone they then have a NORMAL rule.
 */
void ofproto_set_controllers(struct ofproto *, struct event_base *,
                             const struct ofproto_controller_config *, size_t n);

struct ofproto_controller_status {
    bool is_connected;
    const char *role;  /* "other", "master", "slave"; NULL: not connected. */
    const char *state; /* As Open vSwitch's: "ACTIVE", "CONNECTING", "BACKOFF", "VOID"; and
                          "LISTENING". */
    const char *error; /* Why it is not connected; "": no failure. Valid until the next event. */
    int64_t connected_s, disconnected_s; /* For how long, since the last time; -1: never. */
};
/* False: the bridge has no such controller. */
bool ofproto_get_controller(const struct ofproto *, const char *target,
                            struct ofproto_controller_status *);

/* --- Translation.
 * ------------------------------------------------------------------------------------------------------------
 */

/* What a cached flow's packets are credited to (rules, groups, patch ports, MAC entries that they
 * keep alive) and what its verdict depends on. Opaque; holds references. */
struct ofproto_effects;

struct ofp_flow;
struct xlate_record;
struct ofproto_xlate_in {
    const struct flow_key *key;
    const void *packet; /* NULL when only the key is known (revalidation). */
    uint32_t packet_len;
    bool may_learn; /* Learn MACs and rules: for packets that came, not for revalidation. */
    uint64_t now_ms;
    const struct ofp_flow *pipeline; /* For a trace: the pipeline fields to begin with; or NULL. */
    struct xlate_record *record;     /* If not NULL, gets a description of each step. */
    /* If not NULL, is called with the key of each recirculated packet, as far as it is known. */
    void (*recirculated)(const struct flow_key *, void *aux);
    void *aux;
};

struct ofproto_xlate_out {
    struct flow_mask mask;     /* Every bit that the verdict depends on, sealed. */
    struct dp_actions actions; /* Never empty: a drop says its reason. */
    struct ofproto_effects *effects;
    bool no_cache; /* The verdict holds for this packet only: execute it, do not install a flow. */
};

/* Never fails: a packet that cannot be translated is dropped, with a reason. The caller owns the
 * result: ofproto_xlate_out_free(), or takes over its members. */
void ofproto_translate(struct ofproto_set *, const struct ofproto_xlate_in *,
                       struct ofproto_xlate_out *);
void ofproto_xlate_out_free(struct ofproto_xlate_out *);

/* Sends a packet that a translated upcall action brought to the controllers that want it. */
void ofproto_packet_in(struct ofproto_set *, const struct dp_upcall *, uint64_t now_ms);

/* Credits packets and bytes that came since the last call, the latest of them at 'used_ms'. */
void ofproto_effects_credit(struct ofproto_effects *, uint64_t packets, uint64_t bytes,
                            uint64_t used_ms);
void ofproto_effects_free(struct ofproto_effects *);
/* Whether the verdict still holds although the set's generation grew, because nothing changed that
 * it depends on. Mostly a few comparisons. Of the rules that changed, only those count that a
 * packet with this masked key (NULL: any packet) may match in one of its lookups, so a flow mod
 * leaves most cached flows alone. The caller knows that nothing up to generation 'since' concerns
 * the flow (0: it knows nothing). If true, what happened until now is not asked about again. */
bool ofproto_effects_hold(struct ofproto_effects *, uint64_t since, const struct flow_key *masked,
                          const struct flow_mask *);
/* Prefetches what ofproto_effects_hold() will read. */
void ofproto_effects_prefetch(const struct ofproto_effects *);

/* Makes the effects those of a cached flow with this key and mask, among which
 * ofproto_find_concerned() searches until they are freed. Key and mask must live as long. */
void ofproto_effects_watch(struct ofproto_effects *, const struct flow_key *masked,
                           const struct flow_mask *, void *owner);
/* Finds all cached flows whose verdict may have changed since this generation, without asking each.
 * False: too much changed, or something other than rules; then each flow must be asked. */
bool ofproto_find_concerned(struct ofproto_set *, uint64_t since);
/* The owner of a flow that was found and must be translated again, each once; NULL: no more. */
void *ofproto_next_concerned(struct ofproto_set *);

/* --- Meters. */

/* The datapath can be used (again): puts all meters into it. Call before any flow is put. */
void ofproto_meters_attach(struct ofproto_set *);
/* What the hook 'meter' was asked for is done, successfully or not. */
void ofproto_meter_done(struct ofproto_set *, uint32_t meter_no, bool was_deleted);

/* --- For people (ctl commands fdb/show, fdb/flush and so on register themselves in l2/).
 * ------------------------------------------- */

/* Names for flow_key_format(): port names by datapath number. */
const char *ofproto_dp_port_name(uint32_t dp_port, void *ofproto_set);
/* The reverse; false: the datapath has no port of this name. */
bool ofproto_dp_port_by_name(const struct ofproto_set *, const char *name, uint32_t *ret);
/* The numbers of ports and rules of all bridges together. */
void ofproto_count(const struct ofproto_set *, size_t *ret_ports, size_t *ret_rules);
/* The bridge that a datapath port belongs to; NULL: none. */
const struct ofproto *ofproto_of_dp_port(const struct ofproto_set *, uint32_t dp_port);

#endif
