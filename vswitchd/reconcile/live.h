/* What there is: the bridges, ports and interfaces that reconcile/ has made, and what its files
 * share. For the files of reconcile/ alone. */
#ifndef VSWITCHD_RECONCILE_LIVE_H
#define VSWITCHD_RECONCILE_LIVE_H

#include <jansson.h>
#include <uthash.h>

#include "lib/hash.h"
#include "lib/strbuf.h"
#include "vswitchd/reconcile/conf.h"
#include "vswitchd/reconcile/reconcile.h"

struct event;

/* A hash of what an object was last configured with: equal means that nothing is to be done. */
typedef uint64_t fingerprint;

#define IFACE_ERROR_MAX 400

enum iface_type { IFACE_NONE, IFACE_INTERNAL, IFACE_TAP, IFACE_SYSTEM, IFACE_PATCH, IFACE_DPDK };

struct iface {
    char *name;
    struct uuid uuid; /* Of its row. */
    /* What the present pass wants; valid during the pass. */
    const struct conf_iface *want;
    const struct conf_port *want_port;
    const struct conf_bridge *want_bridge;
    char *want_bridge_name; /* A copy, for showing. */
    uint64_t pass;          /* The last pass that met it. */

    struct bridge *bridge; /* Where its OpenFlow port is; NULL: it has none. */
    char *port_name;       /* The Port it is in. */
    enum iface_type type;
    uint32_t dp_port;          /* 0: not in the datapath. */
    uint32_t dp_port_before;   /* The number it had in a datapath that was lost. */
    fingerprint dp_print;      /* Of what the datapath was told. */
    fingerprint type_print;    /* Of the type alone. */
    uint16_t ofport;           /* 0: none. */
    uint32_t ofport_serial;    /* Differs each time it is made: its bundle must take it in anew. */
    uint16_t ofport_before;    /* The number it had last. */
    uint16_t ofport_requested; /* What was asked for when it got that. */
    fingerprint of_print;
    uint64_t retry_ms;        /* A port that failed is not tried again before, ... */
    fingerprint failed_print; /* ... unless this changed. 0: it did not fail. */
    int dp_error_code;
    char dp_error[IFACE_ERROR_MAX]; /* Why it failed. */
    char error[IFACE_ERROR_MAX];    /* Of the last pass. */
    char notice[IFACE_ERROR_MAX];   /* It works, but somebody wants to know this. */
    bool notice_is_complaint;       /* It is one of its row's complaints. */
    fingerprint said_print;         /* Of the error or notice that the log has. */
    char clash[IFACE_ERROR_MAX];    /* It is in two ports: about the other one. */

    bool has_info;
    struct dp_port_info info;
    int64_t link_resets;
    bool stats_written;
    struct dp_port_stats stats; /* As last written. */
    UT_hash_handle hh;
};

struct port {
    char *name;
    uint64_t pass;
    fingerprint print;
    UT_hash_handle hh;
};

struct bridge {
    char *name;
    struct uuid uuid;
    uint64_t pass;
    fingerprint print;
    struct ofproto *ofproto;
    uint64_t datapath_id;
    uint8_t local_mac[6];
    char error[IFACE_ERROR_MAX]; /* Why it has no ofproto. */
    struct port *ports;
    UT_hash_handle hh;
};

/* A port that the datapath holds and no interface has claimed yet. */
struct known_port {
    struct dp_port_info info;
    UT_hash_handle hh;
};

struct reconcile {
    struct event_base *base;
    const char *rundir;
    struct ofproto_set *ofprotos;
    struct upcall *upcall;
    struct dp *dp;
    struct db_client *db;
    void (*ready)(void *aux);
    void *ready_aux;
    struct event *timer;       /* The next pass. */
    struct event *info_timer;  /* Reads the ports' state a little after it changed. */
    struct event *stats_timer; /* Statistics. */

    struct conf *conf;      /* What the last pass worked on; NULL before. */
    struct conf *next_conf; /* What the next one is to work on, when it is another. */
    bool conf_is_old;       /* The database changed since. */
    bool is_active;         /* Not while another process has the database's lock. */
    bool settled;           /* The last pass left nothing to do. */
    uint64_t conf_since_ms; /* When there first was a configuration. */
    bool attached;
    bool fresh;
    bool ports_complete; /* The datapath was told that it has all ports. */
    struct known_port *known;
    uint32_t next_dp_port;
    struct leaving_device *leaving;
    uint64_t leaving_since_ms;
    fingerprint settings_print;
    unsigned int stats_interval_ms;
    bool system_stats;
    struct complaints *settings_complaints;
    struct said *said; /* Complaints that the log has. */

    struct bridge *bridges;
    struct iface *ifaces;

    uint64_t pass;
    uint64_t pass_end_us;
    bool may_create;      /* In this pass ports may be made. */
    bool more;            /* This pass left something to do. */
    uint64_t retry_at_ms; /* The earliest retry that somebody waits for; 0: none. */

    int64_t synced_cfg; /* The next_cfg whose pass and flows are in force. */
    bool synced_cfg_valid;
    int64_t syncing_cfg;
    bool sync_in_flight;
    bool sync_again;
    bool txn_in_flight;
    bool status_dirty;
    bool cfg_written;
    bool stats_in_flight;
    bool system_stats_written;
    bool is_ready;
};

/* reconcile.c */
void reconcile_schedule(struct reconcile *, unsigned int in_ms);
/* False, and another pass will follow, when this one has blocked the loop for long enough. */
bool reconcile_has_time(struct reconcile *);
void reconcile_first_confirmed(struct reconcile *);
/* Writes the status again a second later. */
void reconcile_retry_status(struct reconcile *);

/* bridge.c */
struct bridge *bridge_find(struct reconcile *, const char *name);
/* Makes and configures it; on failure its 'error' says why. */
struct bridge *bridge_sync(struct reconcile *, const struct conf_bridge *);
/* Removes those that the pass has not met. */
void bridges_remove_gone(struct reconcile *);
void bridges_free(struct reconcile *);

/* port.c */
/* The pass has met it. */
void port_mark(struct reconcile *, struct bridge *, const struct conf_port *);
void port_sync(struct reconcile *, struct bridge *, const struct conf_port *);
void ports_remove_gone(struct reconcile *, struct bridge *);
void port_free(struct bridge *, struct port *);

/* iface.c */
/* Notes what the pass wants of it, making the object when it is new. */
void iface_mark(struct reconcile *, const struct conf_bridge *, const struct conf_port *,
                const struct conf_iface *);
void iface_sync(struct reconcile *, struct iface *, struct bridge *);
void ifaces_remove_gone(struct reconcile *);
/* Takes its OpenFlow port away. */
void iface_leave_bridge(struct iface *);
void ifaces_free(struct reconcile *);
struct iface *iface_find(const struct reconcile *, const char *name);
void iface_set_error(struct iface *, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Tells ofproto of the port as it is now. */
void iface_sync_ofport(struct reconcile *, struct iface *);

/* iface_check.c */
/* The type that 'want' has within that bridge; IFACE_NONE, with the error set, when the
 * configuration is wrong. */
enum iface_type iface_check(struct iface *, const struct bridge *);
const char *iface_type_name(enum iface_type);
/* Sets 'notice': a patch port without a peer, else a complaint of its row, else nothing. */
void iface_notice(const struct reconcile *, struct iface *);
/* What its column 'error' says, "" when all is well. */
const char *iface_error(const struct iface *);

/* dp_port.c */
/* Makes the datapath's port what the interface wants. True when it has one. */
bool dp_port_sync(struct reconcile *, struct iface *, const struct bridge *);
void dp_port_remove(struct reconcile *, struct iface *);
void dp_ports_list(struct reconcile *);
void dp_ports_forget(struct reconcile *);
/* Tells the datapath, once, when it has every port that is wanted: what it held for others goes. */
void dp_ports_say_complete(struct reconcile *);
/* Removes what no interface wants. */
void dp_ports_remove_unclaimed(struct reconcile *);
/* Reads the state of all ports and tells ofproto of what changed. */
void dp_ports_read_info(struct reconcile *);

/* leaving.c */
/* The interface's port was removed from the datapath. */
void leaving_add(struct reconcile *, const struct iface *);
/* True, and another pass is scheduled, while a device of those is still there. */
bool leaving_wait(struct reconcile *);
void leaving_free(struct reconcile *);

/* settings.c */
void settings_sync(struct reconcile *);

/* status.c */
void status_write(struct reconcile *);
struct db_txn;
/* What is known of controllers; with statistics, too, as it tells of seconds. */
void status_put_controllers(struct reconcile *, struct db_txn *);
void status_put(struct db_txn *, const struct db_row *, const char *column, json_t *value);

/* report.c */
/* Calls 'cb' for each complaint there is: of the configuration, of settings, of interfaces. 'name'
 * is "" for Open_vSwitch. */
typedef void complaint_cb(const char *table, const char *name, const char *column,
                          const char *reason, void *aux);
void complaints_for_each(const struct reconcile *, complaint_cb *, void *aux);
/* Logs those that it has not logged. Interfaces log their own. */
void complaints_say(struct reconcile *);
void complaints_forget_said(struct reconcile *);
/* Registers config/complaints. */
void complaints_ctl_init(struct reconcile *);

/* stats.c */
void stats_start(struct reconcile *);
/* The statistics of an interface that has none in the database yet. */
void stats_put_first(struct reconcile *, struct db_txn *, struct iface *);
void stats_interval_changed(struct reconcile *);

/* system_stats.c */
/* {cpu, load_average, memory, ...} as Open_vSwitch's column 'statistics' has them. */
json_t *system_stats(void);
/* os_release.c */
/* The value of a key such as "ID" of os-release(5), for the caller to free; NULL: unknown. */
char *os_release(const char *key);
char *os_release_value(const char *text, const char *key);

/* A map in RFC 7047's notation: map_new(), map_put()..., the value is a JSON array. */
json_t *map_new(void);
void map_put(json_t *map, const char *key, json_t *value);

static inline fingerprint print_add(fingerprint p, const void *data, size_t n)
{
    return hash_bytes(data, n, p ^ UINT64_C(0x9e3779b97f4a7c15));
}

static inline fingerprint print_str(fingerprint p, const char *s)
{
    return s ? print_add(p, s, strlen(s)) : print_add(p, "\xff", 1);
}

#endif
