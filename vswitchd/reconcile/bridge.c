/* Bridges: making, configuring and removing them. The MAC address of a bridge's local port, and
 * with it the datapath id, comes from other_config:hwaddr, else from the uuid of the Bridge's row:
 * so it is the same after every restart, and does not change when ports come and go (Open vSwitch
 * takes the lowest address of the ports, which makes neighbours lose it). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "vswitchd/reconcile/conf_table.h"
#include "vswitchd/reconcile/live.h"

LOG_MODULE(bridge);

struct bridge *bridge_find(struct reconcile *r, const char *name)
{
    struct bridge *b;

    HASH_FIND_STR(r->bridges, name, b);
    return b;
}

static void choose_mac(struct bridge *b, const struct conf_bridge *want)
{
    uint64_t h;

    if (want->has_hwaddr) {
        memcpy(b->local_mac, want->hwaddr, 6);
        return;
    }
    h = hash_bytes(&want->uuid, sizeof want->uuid, 0);
    memcpy(b->local_mac, &h, 6);
    b->local_mac[0] = (uint8_t)((b->local_mac[0] & 0xfc) | 0x02);
}

static void choose_datapath_id(struct bridge *b, const struct conf_bridge *want)
{
    b->datapath_id = want->datapath_id;
    if (b->datapath_id) {
        return;
    }
    for (int i = 0; i < 6; i++) {
        b->datapath_id = b->datapath_id << 8 | b->local_mac[i];
    }
}

static fingerprint print_texts(fingerprint p, const char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        p = print_str(p, texts[i]);
    }
    return print_add(p, &n, sizeof n);
}

static fingerprint print_table(fingerprint p, const struct conf_table *t)
{
    const struct ofproto_table_config *c = &t->config;
    uint32_t numbers[] = {t->id, c->has_limit, c->max_rules, c->evict};

    p = print_add(p, numbers, sizeof numbers);
    p = print_str(p, c->name ? c->name : "");
    p = print_texts(p, c->groups, c->n_groups);
    return print_texts(p, c->prefixes, c->n_prefixes);
}

static fingerprint fingerprint_of(const struct conf_bridge *w)
{
    fingerprint p = print_add(1, &w->uuid, sizeof w->uuid);
    unsigned int numbers[] = {w->secure, w->forward_bpdu, w->mac_aging_s, w->mac_table_size,
                              w->refused_versions};

    p = print_str(p, w->datapath_type);
    p = print_add(p, &w->has_hwaddr, sizeof w->has_hwaddr);
    p = print_add(p, w->hwaddr, sizeof w->hwaddr);
    p = print_add(p, &w->datapath_id, sizeof w->datapath_id);
    p = print_add(p, numbers, sizeof numbers);
    p = print_add(p, w->flood_vlans, w->n_flood_vlans * sizeof *w->flood_vlans);
    for (size_t i = 0; i < w->n_controllers; i++) {
        const struct conf_controller *c = &w->controllers[i];
        uint32_t limits[] = {c->max_backoff_ms, c->inactivity_probe_ms,
                             c->rate_limit,     c->burst_limit,
                             c->no_async,       c->is_primary};

        p = print_str(p, c->target);
        p = print_add(p, limits, sizeof limits);
    }
    for (size_t i = 0; i < w->n_tables; i++) {
        p = print_table(p, &w->tables[i]);
    }
    return p ? p : 1;
}

/* Without its sockets for ovs-ofctl a bridge still forwards. */
static void listen_on(struct reconcile *r, struct bridge *b, const char *suffix,
                      int (*listen)(struct ofproto *, struct event_base *, const char *path,
                                    struct error *))
{
    char *path = xasprintf("%s/%s.%s", r->rundir, b->name, suffix);
    struct error err = {0};

    if (listen(b->ofproto, r->base, path, &err)) {
        log_warn("%s", err.text);
    }
    free(path);
}

static int make_ofproto(struct reconcile *r, struct bridge *b, struct error *err)
{
    int error;

    if (b->ofproto) {
        return 0;
    }
    if (!b->name[0] || strchr(b->name, '/') || b->name[0] == '.') {
        return error_set(err, EINVAL,
                         "bridge '%s': the name must not be empty, begin with '.' or hold a '/'",
                         b->name);
    }
    error = ofproto_new(r->ofprotos, b->name, &b->ofproto, err);
    if (!error && r->rundir) {
        listen_on(r, b, "mgmt", ofproto_mgmt_listen);
        listen_on(r, b, "snoop", ofproto_snoop_listen);
    }
    return error;
}

static void set_controllers(struct reconcile *r, struct bridge *b, const struct conf_bridge *want)
{
    size_t n = want->n_controllers;
    struct ofproto_controller_config *configs = xcalloc(n, sizeof *configs);

    for (size_t i = 0; i < n; i++) {
        const struct conf_controller *c = &want->controllers[i];

        configs[i] = (struct ofproto_controller_config){
            .target = c->target,
            .max_backoff_ms = c->max_backoff_ms,
            .inactivity_probe_ms = c->inactivity_probe_ms,
            .rate_limit = c->rate_limit,
            .burst_limit = c->burst_limit,
            .no_async = c->no_async,
            .is_primary = c->is_primary,
        };
    }
    ofproto_set_controllers(b->ofproto, r->base, configs, n);
    free(configs);
}

static void set_tables(struct bridge *b, const struct conf_bridge *want)
{
    for (unsigned int id = 0; id < OFPROTO_N_TABLES; id++) {
        const struct ofproto_table_config *config = NULL;

        for (size_t i = 0; i < want->n_tables; i++) {
            if (want->tables[i].id == id) {
                config = &want->tables[i].config;
            }
        }
        ofproto_configure_table(b->ofproto, id, config);
    }
}

static int configure(struct reconcile *r, struct bridge *b, const struct conf_bridge *want,
                     struct error *err)
{
    struct ofproto_config config = {
        .fail_mode = want->secure ? OFPROTO_SECURE : OFPROTO_STANDALONE,
        .mac_aging_s = want->mac_aging_s,
        .mac_table_size = want->mac_table_size,
        .forward_bpdu = want->forward_bpdu,
        .flood_vlans = want->flood_vlans,
        .n_flood_vlans = want->n_flood_vlans,
    };
    const char *type = want->datapath_type;
    int error;

    if (strcmp(type, "") && strcmp(type, "netdev") && strcmp(type, "system")) {
        return error_set(err, EINVAL,
                         "bridge '%s': datapath_type '%s' is not known: use \"netdev\" or "
                         "\"system\" (both are Sluice's datapath)",
                         b->name, type);
    }
    error = make_ofproto(r, b, err);
    if (error) {
        return error;
    }
    choose_mac(b, want);
    config.refused_versions = want->refused_versions;
    choose_datapath_id(b, want);
    config.datapath_id = b->datapath_id;
    memcpy(config.local_mac, b->local_mac, 6);
    error = ofproto_configure(b->ofproto, &config, err);
    if (!error) {
        set_tables(b, want);
        set_controllers(r, b, want);
    }
    return error;
}

struct bridge *bridge_sync(struct reconcile *r, const struct conf_bridge *want)
{
    struct bridge *b = bridge_find(r, want->name);
    fingerprint print = fingerprint_of(want);
    struct error err = {0};

    if (!b) {
        b = xcalloc(1, sizeof *b);
        b->name = xstrdup(want->name);
        HASH_ADD_KEYPTR(hh, r->bridges, b->name, strlen(b->name), b);
    }
    b->pass = r->pass;
    b->uuid = want->uuid;
    if (b->print == print) {
        return b;
    }
    b->print = print;
    b->error[0] = '\0';
    if (configure(r, b, want, &err)) {
        snprintf(b->error, sizeof b->error, "%s", err.text);
        log_err("%s", err.text);
    }
    return b;
}

static void bridge_free(struct reconcile *r, struct bridge *b)
{
    struct port *p, *next;

    for (p = b->ports; p; p = next) {
        next = p->hh.next;
        port_free(b, p);
    }
    if (b->ofproto) {
        ofproto_free(b->ofproto);
    }
    HASH_DEL(r->bridges, b);
    free(b->name);
    free(b);
}

/* Interfaces that move to another bridge leave here first, so that the bridge can go. */
static void evict_ifaces(struct reconcile *r, struct bridge *b)
{
    struct iface *i;

    for (i = r->ifaces; i; i = i->hh.next) {
        if (i->bridge == b) {
            iface_leave_bridge(i);
        }
    }
}

void bridges_remove_gone(struct reconcile *r)
{
    struct bridge *b, *next;

    for (b = r->bridges; b; b = next) {
        next = b->hh.next;
        if (b->pass != r->pass) {
            evict_ifaces(r, b);
            bridge_free(r, b);
        }
    }
}

void bridges_free(struct reconcile *r)
{
    struct bridge *b, *next;

    for (b = r->bridges; b; b = next) {
        next = b->hh.next;
        evict_ifaces(r, b);
        bridge_free(r, b);
    }
}
