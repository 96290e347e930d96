/* Which type an interface has, and what is wrong with its configuration before anybody tries it. */
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "vswitchd/reconcile/live.h"

static const char *const type_names[] = {
    [IFACE_NONE] = "none",     [IFACE_INTERNAL] = "internal", [IFACE_TAP] = "tap",
    [IFACE_SYSTEM] = "system", [IFACE_PATCH] = "patch",       [IFACE_DPDK] = "dpdk"};

const char *iface_type_name(enum iface_type type)
{
    return type_names[type];
}

static enum iface_type find_type(const struct iface *i)
{
    /* As in Open vSwitch, the interface named as its bridge is the bridge's local port. */
    if (!strcmp(i->name, i->want_bridge->name)) {
        return IFACE_INTERNAL;
    }
    if (!i->want->type[0]) {
        return IFACE_SYSTEM;
    }
    for (unsigned int k = IFACE_NONE + 1; k < ARRAY_SIZE(type_names); k++) {
        if (!strcmp(i->want->type, type_names[k])) {
            return (enum iface_type)k;
        }
    }
    return IFACE_NONE;
}

static bool is_device_name(struct iface *i)
{
    size_t n = strlen(i->name);

    if (n >= IFNAMSIZ) {
        iface_set_error(i,
                        "interface '%s': the name is too long for a network device: %zu bytes, at "
                        "most %d are possible",
                        i->name, n, IFNAMSIZ - 1);
        return false;
    }
    if (!n || strpbrk(i->name, "/: \t\n") || !strcmp(i->name, ".") || !strcmp(i->name, "..")) {
        iface_set_error(i,
                        "interface '%s': a network device's name cannot be empty, '.' or '..', nor "
                        "hold '/', ':' or white space",
                        i->name);
        return false;
    }
    return true;
}

static const char *option(const struct conf_iface *want, const char *key)
{
    for (size_t k = 0; k < want->n_options; k++) {
        if (!strcmp(want->options[k].key, key)) {
            return want->options[k].value;
        }
    }
    return NULL;
}

static bool check_patch(struct iface *i)
{
    const char *peer = option(i->want, "peer");

    if (!peer || !peer[0]) {
        iface_set_error(i,
                        "interface '%s': type 'patch' requires options:peer, the name of the "
                        "other patch port",
                        i->name);
        return false;
    }
    if (!strcmp(peer, i->name)) {
        iface_set_error(i, "interface '%s': options:peer: a patch port cannot be its own peer",
                        i->name);
        return false;
    }
    return true;
}

enum iface_type iface_check(struct iface *i, const struct bridge *b)
{
    enum iface_type type = find_type(i);
    uint8_t mac[6];

    if (b->error[0]) {
        iface_set_error(i, "%s", b->error);
        return IFACE_NONE;
    }
    if (type == IFACE_NONE) {
        iface_set_error(
            i,
            "interface '%s': type '%s' is not known, or not built yet: use internal, tap, "
            "system, patch or dpdk",
            i->name, i->want->type);
        return IFACE_NONE;
    }
    if (i->want->n_options > DP_MAX_PORT_OPTIONS) {
        iface_set_error(i, "interface '%s': %zu options are too many: at most %d", i->name,
                        i->want->n_options, DP_MAX_PORT_OPTIONS);
        return IFACE_NONE;
    }
    if (i->want->mac && (!mac_from_text(i->want->mac, mac) || mac[0] & 1)) {
        iface_set_error(i, "interface '%s': mac: '%s' is not a unicast MAC address", i->name,
                        i->want->mac);
        return IFACE_NONE;
    }
    if (type == IFACE_PATCH) {
        return check_patch(i) ? type : IFACE_NONE;
    }
    if (type == IFACE_DPDK ? strlen(i->name) >= DP_NAME_MAX : !is_device_name(i)) {
        if (type == IFACE_DPDK) {
            iface_set_error(i, "interface '%s': the name is too long: at most %d bytes", i->name,
                            DP_NAME_MAX - 1);
        }
        return IFACE_NONE;
    }
    return type;
}

/* As ofport_peer() of ofproto decides: a patch port, in whatever bridge, that names this one. */
static void check_peer(const struct reconcile *r, struct iface *i)
{
    const char *name = option(i->want, "peer");
    const struct iface *peer = iface_find(r, name);
    const char *back;

    if (!peer || peer->pass != r->pass || strcmp(peer->want->type, "patch")) {
        snprintf(i->notice, sizeof i->notice,
                 "interface '%s': options:peer: there is no patch port '%.100s': packets sent here "
                 "are dropped",
                 i->name, name);
        return;
    }
    back = option(peer->want, "peer");
    if (!back || strcmp(back, i->name)) {
        snprintf(i->notice, sizeof i->notice,
                 "interface '%s': options:peer: patch port '%.100s' has peer '%.100s', not this "
                 "one: packets sent here are dropped",
                 i->name, name, back ? back : "");
    }
}

void iface_notice(const struct reconcile *r, struct iface *i)
{
    const struct complaints *c = i->want->complaints;
    struct strbuf s = STRBUF_INIT;

    i->notice[0] = '\0';
    i->notice_is_complaint = false;
    if (i->type == IFACE_PATCH) {
        check_peer(r, i);
    }
    if (i->notice[0] || !c) {
        return;
    }
    i->notice_is_complaint = true;
    complaint_format(&s, &c->list[0], "Interface", i->name);
    if (c->n > 1) {
        strbuf_printf(&s, " (config/complaints says %u more)", c->n - 1);
    }
    snprintf(i->notice, sizeof i->notice, "%s", strbuf_str(&s));
    strbuf_free(&s);
}

const char *iface_error(const struct iface *i)
{
    return i->error[0]                                     ? i->error
           : i->dp_port && i->has_info && i->info.error[0] ? i->info.error
                                                           : i->notice;
}
