/* The configuration as the database has it, in plain structs.
 *
 * conf_read() copies it out of the replica, so that reconcile/ works on a state that does not move
 * under it, over several turns of the event loop, and tests can write one by hand. What a row asks
 * for in vain is a complaint of that object. Thread of the event base. */
#ifndef VSWITCHD_RECONCILE_CONF_H
#define VSWITCHD_RECONCILE_CONF_H

#include "datapath/dp.h"
#include "lib/uuid.h"
#include "ofproto/ofproto.h"
#include "vswitchd/reconcile/complaint.h"

struct db_client;

struct conf_iface {
    struct uuid uuid;
    char *name;
    char *type; /* As in the database: "" is "system". */
    struct dp_option *options;
    size_t n_options;
    uint16_t ofport_request; /* 0: none. */
    uint16_t ofport_before;  /* The number that the database remembers; 0: none. */
    char *mac;               /* As in the database, or NULL. */
    unsigned int mtu_request;
    struct complaints *complaints; /* NULL: none. */
};

struct conf_port {
    struct uuid uuid;
    char *name;
    struct conf_iface *ifaces;
    size_t n_ifaces;
    int tag; /* -1: none. */
    uint16_t *trunks;
    size_t n_trunks;
    enum ofproto_vlan_mode vlan_mode;
    int priority_tags; /* OFPROTO_PRIO_TAG_*. */
    bool is_protected;
    struct complaints *complaints;
};

struct conf_controller {
    struct uuid uuid;
    char *target;
    unsigned int max_backoff_ms;
    unsigned int inactivity_probe_ms;
    uint32_t rate_limit; /* 0: none. */
    uint32_t burst_limit;
    bool no_async;
    bool is_primary; /* Else it only asks: a listener, unless its type says otherwise. */
    struct complaints *complaints;
};

struct conf_bridge {
    struct uuid uuid;
    char *name;
    struct conf_port *ports;
    size_t n_ports;
    char *datapath_type;
    bool has_hwaddr;
    uint8_t hwaddr[6];
    uint64_t datapath_id; /* 0: not given. */
    bool secure;
    bool forward_bpdu;
    unsigned int mac_aging_s;
    unsigned int mac_table_size;
    uint16_t *flood_vlans;
    size_t n_flood_vlans;
    uint32_t refused_versions; /* Of OpenFlow: a bit a number on the wire. */
    struct conf_controller *controllers;
    size_t n_controllers;
    struct conf_table *tables;
    size_t n_tables;
    struct complaints *complaints;
};

/* The table SSL; NULL: as nothing was said. */
struct conf_tls {
    char *private_key;
    char *certificate;
    char *ca_cert;
    bool bootstrap_ca_cert;
    char *protocols;
    char *ciphers;
};

struct conf {
    struct conf_bridge *bridges;
    size_t n_bridges;
    struct dp_option *settings; /* Open_vSwitch's other_config. */
    size_t n_settings;
    struct conf_tls tls;
    int64_t next_cfg;
    struct complaints *complaints; /* Of Open_vSwitch's row. */
};

/* Empty when the database has no row in Open_vSwitch (ovs-vsctl makes it). */
struct conf *conf_read(struct db_client *);
void conf_free(struct conf *); /* NULL is fine. */
/* The value of a setting, or NULL. */
const char *conf_setting(const struct conf *, const char *key);
/* "02:00:00:00:00:01", and nothing else. */
bool mac_from_text(const char *text, uint8_t ret[6]);

#endif
