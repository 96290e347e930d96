/* Interfaces: from what the database wants to a port of the datapath and a port of the bridge. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "vswitchd/reconcile/live.h"

LOG_MODULE(iface);

void iface_set_error(struct iface *i, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(i->error, sizeof i->error, fmt, args);
    va_end(args);
}

struct iface *iface_find(const struct reconcile *r, const char *name)
{
    struct iface *i;

    HASH_FIND_STR(r->ifaces, name, i);
    return i;
}

/* An interface that two ports have stays where it is; when it is new, it goes to the first. */
static void mark_again(struct iface *i, const struct conf_bridge *b, const struct conf_port *p,
                       const struct conf_iface *want)
{
    const struct conf_bridge *other_b = b;
    const struct conf_port *other_p = p;

    if (i->bridge && i->port_name && !strcmp(i->bridge->name, b->name) &&
        !strcmp(i->port_name, p->name)) {
        other_b = i->want_bridge;
        other_p = i->want_port;
        i->want = want;
        i->want_port = p;
        i->want_bridge = b;
    }
    snprintf(i->clash, sizeof i->clash,
             "interface '%s' is in port '%s' of bridge '%s' and stays there: remove it from port "
             "'%s' of bridge '%s'",
             i->name, i->want_port->name, i->want_bridge->name, other_p->name, other_b->name);
}

void iface_mark(struct reconcile *r, const struct conf_bridge *b, const struct conf_port *p,
                const struct conf_iface *want)
{
    struct iface *i = iface_find(r, want->name);

    if (!i) {
        i = xcalloc(1, sizeof *i);
        i->name = xstrdup(want->name);
        HASH_ADD_KEYPTR(hh, r->ifaces, i->name, strlen(i->name), i);
    }
    if (i->pass == r->pass) {
        mark_again(i, b, p, want);
        return;
    }
    i->pass = r->pass;
    if (uuid_compare(&i->uuid, &want->uuid)) {
        i->uuid = want->uuid;
        i->stats_written = false;
    }
    i->want = want;
    i->want_port = p;
    i->want_bridge = b;
    if (!i->want_bridge_name || strcmp(i->want_bridge_name, b->name)) {
        free(i->want_bridge_name);
        i->want_bridge_name = xstrdup(b->name);
    }
    i->clash[0] = '\0';
}

void iface_leave_bridge(struct iface *i)
{
    if (i->bridge) {
        if (i->ofport) {
            ofproto_port_remove(i->bridge->ofproto, i->name);
            i->ofport_before = i->ofport;
        }
        i->bridge = NULL;
    }
    i->ofport = 0;
    i->of_print = 0;
    free(i->port_name);
    i->port_name = NULL;
}

static const char *patch_peer(const struct iface *i)
{
    for (size_t k = 0; i->type == IFACE_PATCH && k < i->want->n_options; k++) {
        if (!strcmp(i->want->options[k].key, "peer")) {
            return i->want->options[k].value;
        }
    }
    return NULL;
}

static uint16_t wanted_ofport(const struct iface *i)
{
    if (!strcmp(i->name, i->want_bridge->name)) {
        return OFPROTO_LOCAL;
    }
    return i->want->ofport_request;
}

/* Tries the number that is asked for, else the one it had, else the one that the database
 * remembers, else any. */
static int set_ofport(struct iface *i, struct ofproto *of, struct ofproto_port_config *config,
                      struct error *err)
{
    uint16_t tries[] = {i->ofport, wanted_ofport(i), i->ofport_before, i->want->ofport_before, 0};
    int error = -1;

    for (size_t k = 0; k < ARRAY_SIZE(tries); k++) {
        if (!tries[k] && k + 1 < ARRAY_SIZE(tries)) {
            continue;
        }
        config->ofport = tries[k];
        error = ofproto_port_set(of, config, &i->ofport, err);
        if (error != -EEXIST || i->ofport) {
            break;
        }
    }
    return error;
}

/* Of a tap in another namespace (a container's) no news comes, so its state is known late: it
 * counts as up, or it would miss the first broadcasts. */
static bool is_up(const struct iface *i)
{
    bool is_elsewhere = (i->type == IFACE_TAP || i->type == IFACE_INTERNAL) && !i->info.ifindex &&
                        !i->info.error[0];

    return is_elsewhere || (i->info.admin_up && i->info.link_up);
}

void iface_sync_ofport(struct reconcile *r UNUSED, struct iface *i)
{
    struct ofproto_port_config config = {
        .name = i->name, .dp_port = i->dp_port, .patch_peer = patch_peer(i), .up = true};
    uint16_t request = wanted_ofport(i);
    struct error err = {0};
    fingerprint print;

    if (i->has_info) {
        config.up = is_up(i);
        memcpy(config.mac, i->info.mac, 6);
        config.speed_bps = i->info.link_speed_bps;
    }
    print = print_str(3, config.patch_peer);
    print = print_add(print, &i->dp_port, sizeof i->dp_port);
    print = print_add(print, config.mac, 6);
    print = print_add(print, &config.speed_bps, sizeof config.speed_bps);
    print = print_add(print, &request, sizeof request) + config.up;
    if (i->ofport && print == i->of_print) {
        return;
    }
    if (i->ofport && request && request != i->ofport && print != i->of_print &&
        i->ofport_requested != request) {
        /* A port's number never changes: it is made anew. */
        ofproto_port_remove(i->bridge->ofproto, i->name);
        i->ofport = 0;
    }
    i->ofport_requested = request;
    i->ofport_serial += !i->ofport;
    if (set_ofport(i, i->bridge->ofproto, &config, &err)) {
        iface_set_error(i, "interface '%s': %s", i->name, err.text);
        return;
    }
    i->of_print = print;
}

static void sync_all(struct reconcile *r, struct iface *i, struct bridge *b)
{
    i->error[0] = '\0';
    i->type = iface_check(i, b);
    if (i->bridge && i->bridge != b) {
        iface_leave_bridge(i);
    }
    if (i->type == IFACE_NONE) {
        iface_leave_bridge(i);
        dp_port_remove(r, i);
        return;
    }
    if (i->type == IFACE_PATCH) {
        dp_port_remove(r, i);
    } else if (!dp_port_sync(r, i, b)) {
        /* While the datapath is away, or others' turn comes first, bridges keep their ports, and
         * learned MACs with them. */
        if (i->failed_print) {
            iface_leave_bridge(i);
        }
        return;
    }
    i->bridge = b;
    if (!i->port_name || strcmp(i->port_name, i->want_port->name)) {
        free(i->port_name);
        i->port_name = xstrdup(i->want_port->name);
    }
    iface_sync_ofport(r, i);
    if (i->clash[0]) {
        iface_set_error(i, "%s", i->clash);
    }
}

/* Says an error once. That the datapath is gone was said for all. */
static void say_error(const struct reconcile *r, struct iface *i)
{
    const char *text = i->error[0] ? i->error : i->notice;
    fingerprint print = text[0] ? print_str(7, text) : 0;

    if (print && print != i->said_print && r->attached) {
        log_warn("%s", text);
    }
    i->said_print = print;
}

void iface_sync(struct reconcile *r, struct iface *i, struct bridge *b)
{
    sync_all(r, i, b);
    iface_notice(r, i);
    say_error(r, i);
}

static void iface_free(struct reconcile *r, struct iface *i)
{
    HASH_DEL(r->ifaces, i);
    free(i->want_bridge_name);
    free(i->port_name);
    free(i->name);
    free(i);
}

void ifaces_remove_gone(struct reconcile *r)
{
    struct iface *i, *next;

    for (i = r->ifaces; i; i = next) {
        next = i->hh.next;
        if (i->pass == r->pass) {
            continue;
        }
        iface_leave_bridge(i);
        if (i->dp_port && !reconcile_has_time(r)) {
            continue;
        }
        dp_port_remove(r, i);
        iface_free(r, i);
    }
}

void ifaces_free(struct reconcile *r)
{
    struct iface *i, *next;

    for (i = r->ifaces; i; i = next) {
        next = i->hh.next;
        iface_leave_bridge(i);
        iface_free(r, i);
    }
}
