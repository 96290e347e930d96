/* Ports and bundles of bridges: names, numbers, VLAN settings. Called by vswitchd's reconciler
 * through ofproto.h. Setting what is already so changes nothing and disturbs no cached flow.
 * Control thread. */
#include "ofproto/bridge.h"

#include <errno.h>
#include <stdlib.h>

#include "ofproto/codec/action.h"
#include "ofproto/codec/port_desc.h"
#include "ofproto/conn/mgmt.h"

static struct ofport *find_by_name(const struct ofproto_set *set, const char *name)
{
    struct ofport *port;

    HASH_FIND(by_name, set->ports_by_name, name, strlen(name), port);
    return port;
}

static struct ofport *find_in(const struct ofproto *bridge, const char *name)
{
    struct ofport *port = find_by_name(bridge->set, name);

    return port && port->bridge == bridge ? port : NULL;
}

struct ofport *ofport_by_dp(const struct ofproto_set *set, uint32_t dp_port)
{
    struct ofport *port;

    HASH_FIND(by_dp, set->ports_by_dp, &dp_port, sizeof dp_port, port);
    return port;
}

struct ofport *ofport_by_number(const struct ofproto *bridge, uint32_t number)
{
    uint16_t ofport = (uint16_t)number;
    struct ofport *port;

    if (number > UINT16_MAX) {
        return NULL;
    }
    HASH_FIND(by_number, bridge->ports, &ofport, sizeof ofport, port);
    return port;
}

struct ofport *ofport_peer(const struct ofport *port)
{
    struct ofport *peer;

    if (!port->patch_peer) {
        return NULL;
    }
    peer = find_by_name(port->bridge->set, port->patch_peer);
    return peer && peer != port && peer->patch_peer && !strcmp(peer->patch_peer, port->name) ? peer
                                                                                             : NULL;
}

/* Ports came, went or changed what they are connected to. */
static void ports_changed(struct ofproto *bridge)
{
    bridge_changed(bridge);
    bridge->set->ports_version = bridge->version;
}

/* The next free number, in turn, so that the number of a port that went is not soon another's. */
static uint16_t allocate_number(struct ofproto *bridge)
{
    for (unsigned int i = 1; i < OFPROTO_MAX_PORTS; i++) {
        uint16_t n = bridge->next_ofport;

        bridge->next_ofport = n + 1 < OFPROTO_MAX_PORTS ? (uint16_t)(n + 1) : 1;
        if (!ofport_by_number(bridge, n)) {
            return n;
        }
    }
    return 0;
}

static int choose_number(struct ofproto *bridge, const struct ofproto_port_config *config,
                         uint16_t *ret, struct error *err)
{
    uint16_t want = config->ofport;
    struct ofport *other;

    if (!strcmp(config->name, bridge->name)) {
        if (want && want != OFPROTO_LOCAL) {
            return error_set(err, EINVAL,
                             "port '%s': OpenFlow port number %u: the port with its bridge's name "
                             "always has number %d",
                             config->name, want, OFPROTO_LOCAL);
        }
        *ret = OFPROTO_LOCAL;
        return 0;
    }
    if (want) {
        if (want >= OFPROTO_MAX_PORTS) {
            return error_set(err, EINVAL, "port '%s': OpenFlow port number %u is not within 1...%d",
                             config->name, want, OFPROTO_MAX_PORTS - 1);
        }
        other = ofport_by_number(bridge, want);
        if (other) {
            return error_set(err, EEXIST,
                             "port '%s': OpenFlow port number %u is taken by port '%s' of bridge "
                             "'%s'",
                             config->name, want, other->name, bridge->name);
        }
        *ret = want;
        return 0;
    }
    want = allocate_number(bridge);
    if (!want) {
        return error_set(err, ENOSPC, "port '%s': bridge '%s' has no free OpenFlow port number",
                         config->name, bridge->name);
    }
    *ret = want;
    return 0;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static int check_dp_port(const struct ofproto *bridge, const struct ofproto_port_config *config,
                         struct error *err)
{
    struct ofport *other = config->dp_port ? ofport_by_dp(bridge->set, config->dp_port) : NULL;

    if (config->dp_port >= DP_MAX_PORTS) {
        return error_set(err, EINVAL, "port '%s': datapath port number %u is not within 1...%d",
                         config->name, config->dp_port, DP_MAX_PORTS - 1);
    }
    if (other && strcmp(other->name, config->name)) {
        return error_set(err, EEXIST,
                         "port '%s': datapath port number %u is already port '%s' of bridge '%s'",
                         config->name, config->dp_port, other->name, other->bridge->name);
    }
    return 0;
}

static void set_dp_port(struct ofport *port, uint32_t dp_port)
{
    struct ofproto_set *set = port->bridge->set;

    if (port->dp_port) {
        HASH_DELETE(by_dp, set->ports_by_dp, port);
    }
    port->dp_port = dp_port;
    if (dp_port) {
        HASH_ADD(by_dp, set->ports_by_dp, dp_port, sizeof port->dp_port, port);
    }
}

static struct ofport *port_new(struct ofproto *bridge, const char *name, uint16_t number)
{
    struct ofport *port = xcalloc(1, sizeof *port);

    port->bridge = bridge;
    port->name = xstrdup(name);
    port->ofport = number;
    port->created_ms = time_now_ms();
    HASH_ADD_KEYPTR(by_name, bridge->set->ports_by_name, port->name, strlen(port->name), port);
    HASH_ADD(by_number, bridge->ports, ofport, sizeof port->ofport, port);
    return port;
}

static void tell(const struct ofport *port, enum ofp_port_reason reason)
{
    if (port->bridge->mgmt) {
        mgmt_port_status(port->bridge->mgmt, port, reason);
    }
}

/* Whether it takes part follows from its device and its configuration. */
static void update_up(struct ofport *port)
{
    bool up = port->link_up && !(port->config & OFPPC_PORT_DOWN);

    if (port->up != up) {
        port->up = up;
        bridge_changed(port->bridge);
    }
}

void ofport_configure(struct ofport *port, uint32_t config)
{
    if (port->config != config) {
        port->config = config;
        bridge_changed(port->bridge);
        update_up(port); /* Before it is told: a port that is off has no link. */
        tell(port, OFPPR_MODIFY);
    }
}

int ofproto_port_set(struct ofproto *bridge, const struct ofproto_port_config *config,
                     uint16_t *ret_ofport, struct error *err)
{
    struct ofport *port = find_by_name(bridge->set, config->name);
    bool moved = false, is_new = false, differs;
    uint16_t number = 0;
    int rc;

    if (port && port->bridge != bridge) {
        return error_set(err, EEXIST, "port '%s': bridge '%s' already has a port of this name",
                         config->name, port->bridge->name);
    }
    rc = check_dp_port(bridge, config, err);
    if (rc) {
        return rc;
    }
    if (!port) {
        rc = choose_number(bridge, config, &number, err);
        if (rc) {
            return rc;
        }
        port = port_new(bridge, config->name, number);
        moved = is_new = true;
    }
    if (port->dp_port != config->dp_port) {
        set_dp_port(port, config->dp_port);
        moved = true;
    }
    if (!same_text(port->patch_peer, config->patch_peer)) {
        free(port->patch_peer);
        port->patch_peer = config->patch_peer ? xstrdup(config->patch_peer) : NULL;
        moved = true;
    }
    if (moved) {
        ports_changed(bridge);
    }
    differs = port->link_up != config->up || port->speed_bps != config->speed_bps ||
              memcmp(port->mac, config->mac, sizeof port->mac) != 0;
    port->speed_bps = config->speed_bps;
    port->link_up = config->up;
    memcpy(port->mac, config->mac, sizeof port->mac);
    update_up(port);
    if (is_new || differs) {
        tell(port, is_new ? OFPPR_ADD : OFPPR_MODIFY);
    }
    if (ret_ofport) {
        *ret_ofport = port->ofport;
    }
    return 0;
}

static void port_free(struct ofport *port)
{
    struct ofproto *bridge = port->bridge;

    tell(port, OFPPR_DELETE);
    if (port->bundle) {
        mac_owner_flush(&bridge->macs, &port->bundle->macs);
        port->bundle->port = NULL;
    }
    set_dp_port(port, 0);
    HASH_DELETE(by_name, bridge->set->ports_by_name, port);
    HASH_DELETE(by_number, bridge->ports, port);
    free(port->name);
    free(port->patch_peer);
    free(port);
    ports_changed(bridge);
}

void ofproto_port_remove(struct ofproto *bridge, const char *name)
{
    struct ofport *port = find_in(bridge, name);

    if (port) {
        port_free(port);
    }
}

void ofproto_set_dp(struct ofproto_set *set, struct dp *dp)
{
    set->dp = dp;
}

void ofport_stats(const struct ofport *port, struct dp_port_stats *ret)
{
    if (port->patch_peer) {
        *ret = port->stats;
    } else if (!port->dp_port || !port->bridge->set->dp ||
               dp_port_stats(port->bridge->set->dp, port->dp_port, ret)) {
        memset(ret, 0xff, sizeof *ret);
    }
}

int ofproto_port_patch_stats(const struct ofproto *bridge, const char *name,
                             struct dp_port_stats *ret)
{
    const struct ofport *port = find_in(bridge, name);

    if (!port) {
        return -ENOENT;
    }
    *ret = port->stats;
    return 0;
}

const char *ofproto_dp_port_name(uint32_t dp_port, void *set)
{
    const struct ofport *port = ofport_by_dp(set, dp_port);

    return port ? port->name : NULL;
}

bool ofproto_dp_port_by_name(const struct ofproto_set *set, const char *name, uint32_t *ret)
{
    struct ofport *port;

    HASH_FIND(by_name, set->ports_by_name, name, strlen(name), port);
    if (!port || !port->dp_port) {
        return false;
    }
    *ret = port->dp_port;
    return true;
}

const struct ofproto *ofproto_of_dp_port(const struct ofproto_set *set, uint32_t dp_port)
{
    const struct ofport *port = ofport_by_dp(set, dp_port);

    return port ? port->bridge : NULL;
}

/* --- Bundles. */

struct bundle *bundle_find(const struct ofproto *bridge, const char *name)
{
    struct bundle *b;

    HASH_FIND_STR(bridge->bundles, name, b);
    return b;
}

static int check_bundle(const struct ofproto *bridge, const struct ofproto_bundle_config *config,
                        struct ofport **ret_port, struct error *err)
{
    *ret_port = NULL;
    if (config->n_ports > 1) {
        return error_set(err, EOPNOTSUPP,
                         "port '%s': %zu interfaces: bonds are not supported yet; give it one",
                         config->name, config->n_ports);
    }
    if (config->tag < -1 || config->tag > 4095) {
        return error_set(err, EINVAL, "port '%s': tag %d is not within 0...4095", config->name,
                         config->tag);
    }
    for (size_t i = 0; i < config->n_trunks; i++) {
        if (config->trunks[i] > 4095) {
            return error_set(err, EINVAL, "port '%s': trunks: VLAN %u is not within 0...4095",
                             config->name, config->trunks[i]);
        }
    }
    if (config->n_ports) {
        *ret_port = find_in(bridge, config->ports[0]);
        if (!*ret_port) {
            return error_set(err, ENOENT, "port '%s': bridge '%s' has no interface '%s'",
                             config->name, bridge->name, config->ports[0]);
        }
        if ((*ret_port)->bundle && strcmp((*ret_port)->bundle->name, config->name)) {
            return error_set(err, EEXIST, "port '%s': interface '%s' already belongs to port '%s'",
                             config->name, config->ports[0], (*ret_port)->bundle->name);
        }
    }
    return 0;
}

static uint64_t *trunks_bitmap(const struct ofproto_bundle_config *config, uint16_t native)
{
    uint64_t *map;

    if (config->vlan_mode == OFPROTO_VLAN_ACCESS || !config->n_trunks) {
        return NULL;
    }
    map = xcalloc(VLAN_BITMAP_WORDS, sizeof *map);
    for (size_t i = 0; i < config->n_trunks; i++) {
        map[config->trunks[i] / 64] |= UINT64_C(1) << (config->trunks[i] % 64);
    }
    if (config->vlan_mode != OFPROTO_VLAN_TRUNK) { /* A port always carries its native VLAN. */
        map[native / 64] |= UINT64_C(1) << (native % 64);
    }
    return map;
}

static bool same_bitmap(const uint64_t *a, const uint64_t *b)
{
    return a && b ? !memcmp(a, b, VLAN_BITMAP_WORDS * sizeof *a) : a == b;
}

/* Gives the bundle its port; true when that is a change. */
static bool set_member(struct bundle *b, struct ofport *port)
{
    if (b->port == port) {
        return false;
    }
    if (b->port) {
        b->port->bundle = NULL;
    }
    b->port = port;
    if (port) {
        port->bundle = b;
    }
    return true;
}

int ofproto_bundle_set(struct ofproto *bridge, const struct ofproto_bundle_config *config,
                       struct error *err)
{
    struct bundle *b = bundle_find(bridge, config->name);
    bool changed = false, forget = false;
    struct ofport *port;
    uint64_t *trunks;
    uint16_t vlan;
    int rc = check_bundle(bridge, config, &port, err);

    if (rc) {
        return rc;
    }
    vlan = config->vlan_mode == OFPROTO_VLAN_TRUNK || config->tag < 0 ? 0 : (uint16_t)config->tag;
    if (!b) {
        b = xcalloc(1, sizeof *b);
        b->bridge = bridge;
        b->name = xstrdup(config->name);
        mac_owner_init(&b->macs);
        HASH_ADD_KEYPTR(hh, bridge->bundles, b->name, strlen(b->name), b);
        changed = true;
    }
    trunks = trunks_bitmap(config, vlan);
    /* What was learned behind other settings or another port need not hold any more. */
    forget = set_member(b, port) || b->vlan_mode != config->vlan_mode || b->vlan != vlan ||
             !same_bitmap(b->trunks, trunks);
    changed |= forget || b->is_protected != config->is_protected ||
               b->priority_tags != config->priority_tags;
    free(b->trunks);
    b->trunks = trunks;
    b->vlan_mode = config->vlan_mode;
    b->vlan = vlan;
    b->is_protected = config->is_protected;
    b->priority_tags = (uint8_t)config->priority_tags;
    if (forget) {
        mac_owner_flush(&bridge->macs, &b->macs);
    }
    if (changed) {
        bridge_changed(bridge);
    }
    return 0;
}

static void bundle_free(struct bundle *b)
{
    struct ofproto *bridge = b->bridge;

    mac_owner_flush(&bridge->macs, &b->macs);
    set_member(b, NULL);
    HASH_DEL(bridge->bundles, b);
    free(b->name);
    free(b->trunks);
    free(b);
    bridge_changed(bridge);
}

void ofproto_bundle_remove(struct ofproto *bridge, const char *name)
{
    struct bundle *b = bundle_find(bridge, name);

    if (b) {
        bundle_free(b);
    }
}

void bridge_free_ports(struct ofproto *bridge)
{
    struct bundle *b, *next_b;
    struct ofport *port, *next;

    HASH_ITER (hh, bridge->bundles, b, next_b) {
        bundle_free(b);
    }
    HASH_ITER (by_number, bridge->ports, port, next) {
        port_free(port);
    }
}
