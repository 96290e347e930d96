/* Ports of the datapath: claims those that it holds already, makes those that are missing, removes
 * those that nobody wants.
 *
 * Numbers are given out round, so that one is not used again soon: a cached flow of a port that is
 * gone cannot become a new port's while revalidation has not met it yet. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "vswitchd/reconcile/live.h"
#include "vswitchd/upcall/upcall.h"

LOG_MODULE(dp_port);

#define RETRY_MS 1000

/* --- What the datapath holds.
 * -------------------------------------------------------------------- */

void dp_ports_forget(struct reconcile *r)
{
    struct known_port *k, *next;

    for (k = r->known; k; k = next) {
        next = k->hh.next;
        HASH_DEL(r->known, k);
        free(k);
    }
}

void dp_ports_list(struct reconcile *r)
{
    struct dp_port_info *infos = NULL;
    struct error err = {0};
    size_t n = 0;

    dp_ports_forget(r);
    if (dp_port_list(r->dp, &infos, &n, &err)) {
        log_err("cannot list the datapath's ports: %s", err.text);
    }
    for (size_t i = 0; i < n; i++) {
        struct known_port *k, *old;

        HASH_FIND_STR(r->known, infos[i].name, old);
        if (old) {
            continue;
        }
        k = xcalloc(1, sizeof *k);
        k->info = infos[i];
        if (infos[i].port_no >= r->next_dp_port && infos[i].port_no + 1 < DP_MAX_PORTS) {
            r->next_dp_port = infos[i].port_no + 1;
        }
        HASH_ADD_STR(r->known, info.name, k);
    }
    free(infos);
}

void dp_ports_remove_unclaimed(struct reconcile *r)
{
    struct known_port *k, *next;
    struct error err;

    for (k = r->known; k; k = next) {
        next = k->hh.next;
        if (!reconcile_has_time(r)) {
            return;
        }
        log_info("removing port '%s', which the configuration does not have", k->info.name);
        if (dp_port_del(r->dp, k->info.port_no, &err)) {
            log_warn("%s", err.text);
        }
        HASH_DEL(r->known, k);
        free(k);
    }
}

void dp_ports_say_complete(struct reconcile *r)
{
    struct dp_option option = {(char *)"ports-complete", (char *)"true"};
    struct error err = {0};
    const struct iface *i;

    if (r->ports_complete || !r->attached) {
        return;
    }
    /* One that failed may succeed later, and then wants its old device. */
    for (i = r->ifaces; i; i = i->hh.next) {
        if (!i->dp_port && i->failed_print) {
            return;
        }
    }
    r->ports_complete = true;
    if (dp_set_config(r->dp, &option, 1, &err)) {
        log_info("the datapath keeps devices that nobody wants for a while: %s", err.text);
    }
}

/* --- What an interface wants.
 * -------------------------------------------------------------------- */

/* What the datapath calls it: an internal port is a tap. */
static const char *datapath_type(enum iface_type type)
{
    return iface_type_name(type == IFACE_INTERNAL ? IFACE_TAP : type);
}

static bool is_same_type(const char *held, enum iface_type type)
{
    return !strcmp(!strcmp(held, "internal") ? "tap" : held, datapath_type(type));
}

static void make_config(const struct iface *i, const struct bridge *b, struct dp_port_config *c)
{
    memset(c, 0, sizeof *c);
    c->name = i->name;
    c->type = iface_type_name(i->type);
    c->options = i->want->options;
    c->n_options = i->want->n_options;
    c->mtu = i->want->mtu_request;
    if (i->want->mac) {
        mac_from_text(i->want->mac, c->mac);
    } else if (!strcmp(i->name, i->want_bridge->name)) {
        memcpy(c->mac, b->local_mac, 6);
    }
}

static fingerprint fingerprint_of(const struct iface *i, const struct dp_port_config *c)
{
    fingerprint p = print_str(4, datapath_type(i->type));

    p = print_add(p, c->mac, 6);
    p = print_add(p, &c->mtu, sizeof c->mtu);
    for (size_t k = 0; k < c->n_options; k++) {
        p = print_str(print_str(p, c->options[k].key), c->options[k].value);
    }
    return p ? p : 1;
}

/* Puts the interface's name before a text that does not have it. */
static void set_dp_error(struct iface *i, const char *text)
{
    if (strstr(text, i->name)) {
        snprintf(i->dp_error, sizeof i->dp_error, "%s", text);
    } else {
        snprintf(i->dp_error, sizeof i->dp_error, "interface '%s': %.300s", i->name, text);
    }
}

static void failed(struct iface *i, fingerprint print, int error, const struct error *err)
{
    set_dp_error(i, err->text);
    i->failed_print = print;
    i->dp_error_code = error;
    i->retry_ms = time_now_ms() + RETRY_MS;
}

void dp_port_remove(struct reconcile *r, struct iface *i)
{
    struct error err = {0};

    if (!i->dp_port) {
        return;
    }
    if (r->attached && dp_port_del(r->dp, i->dp_port, &err)) {
        log_warn("%s", err.text);
    }
    leaving_add(r, i);
    i->dp_port = i->dp_port_before = 0;
    i->dp_print = 0;
    i->has_info = false;
}

static uint32_t next_number(struct reconcile *r)
{
    uint32_t no = r->next_dp_port;

    r->next_dp_port = no + 1 < DP_MAX_PORTS ? no + 1 : 1;
    return no;
}

static int create(struct reconcile *r, struct iface *i, const struct dp_port_config *c,
                  struct error *err)
{
    int error = -EEXIST;

    if (i->dp_port_before) {
        error = dp_port_add(r->dp, c, i->dp_port_before, &i->dp_port, err);
    }
    for (unsigned int k = 0; error == -EEXIST && k < 4; k++) {
        error = dp_port_add(r->dp, c, next_number(r), &i->dp_port, err);
    }
    /* Many numbers in a row are taken: let the datapath find one. */
    if (error == -EEXIST) {
        error = dp_port_add(r->dp, c, 0, &i->dp_port, err);
    }
    if (!error) {
        i->dp_port_before = 0;
        i->has_info = false;
    }
    return error;
}

/* Takes a port over that the datapath holds under this name. Its options are unknown; when setting
 * them says that it must be made anew, it was another port. */
static void claim(struct reconcile *r, struct iface *i, const struct dp_port_config *c,
                  fingerprint print)
{
    static const uint8_t no_mac[6];
    struct known_port *k;
    struct error err = {0};
    bool differs;
    int error = 0;

    HASH_FIND_STR(r->known, i->name, k);
    if (!k) {
        return;
    }
    HASH_DEL(r->known, k);
    if (is_same_type(k->info.type, i->type)) {
        differs = c->n_options || (c->mtu && c->mtu != k->info.mtu) ||
                  (memcmp(c->mac, no_mac, 6) && memcmp(c->mac, k->info.mac, 6));
        i->dp_port = k->info.port_no;
        i->info = k->info;
        i->has_info = true;
        error = differs ? dp_port_set(r->dp, i->dp_port, c, &err) : 0;
        i->dp_print = print;
        if (error && error != -EOPNOTSUPP) {
            log_warn("port '%s': %s", i->name, err.text);
        }
    }
    if (!i->dp_port || error == -EOPNOTSUPP) {
        log_info("port '%s' is made anew as type '%s'", i->name, iface_type_name(i->type));
        i->dp_port = k->info.port_no;
        dp_port_remove(r, i);
    }
    free(k);
}

/* Applies a changed configuration to a live port; false when it is gone now and must be made anew.
 */
static bool change(struct reconcile *r, struct iface *i, const struct dp_port_config *c,
                   fingerprint print)
{
    struct error err = {0};
    int error = i->type_print == print_str(0, datapath_type(i->type))
                    ? dp_port_set(r->dp, i->dp_port, c, &err)
                    : -EOPNOTSUPP;

    if (error == -EOPNOTSUPP) {
        iface_leave_bridge(i);
        dp_port_remove(r, i);
        return false;
    }
    if (error) {
        failed(i, print, error, &err);
        iface_set_error(i, "%s", i->dp_error);
        return true;
    }
    i->dp_print = print;
    i->failed_print = 0;
    return true;
}

static void wait_for_retry(struct reconcile *r, struct iface *i)
{
    iface_set_error(i, "%s", i->dp_error);
    /* A device that is not there is waited for by the link monitor, not by trying. */
    if (i->dp_error_code == -ENOTCONN || i->dp_error_code == -ENODEV) {
        return;
    }
    if (!r->retry_at_ms || i->retry_ms < r->retry_at_ms) {
        r->retry_at_ms = MAX_OF(i->retry_ms, UINT64_C(1));
    }
}

bool dp_port_sync(struct reconcile *r, struct iface *i, const struct bridge *b)
{
    struct dp_port_config c;
    struct error err = {0};
    fingerprint print;
    int error;

    if (!r->attached) {
        iface_set_error(i, "interface '%s': the datapath is not running", i->name);
        return false;
    }
    make_config(i, b, &c);
    print = fingerprint_of(i, &c);
    if (!i->dp_port) {
        claim(r, i, &c, print);
    }
    if (i->dp_port && i->dp_print != print &&
        !(i->failed_print == print && time_now_ms() < i->retry_ms)) {
        change(r, i, &c, print);
    } else if (i->dp_port && i->failed_print == print) {
        wait_for_retry(r, i);
    }
    i->type_print = print_str(0, datapath_type(i->type));
    if (i->dp_port) {
        return true;
    }
    if (i->failed_print == print && time_now_ms() < i->retry_ms) {
        wait_for_retry(r, i);
        return false;
    }
    if (!r->may_create || !reconcile_has_time(r)) {
        r->more = true;
        return false;
    }
    error = create(r, i, &c, &err);
    if (error) {
        failed(i, print, error, &err);
        wait_for_retry(r, i);
        return false;
    }
    i->dp_print = print;
    i->failed_print = 0;
    return true;
}

/* --- How ports are.
 * ------------------------------------------------------------------------------ */

void dp_ports_read_info(struct reconcile *r)
{
    struct dp_port_info *infos = NULL;
    struct iface **by_no;
    struct iface *i;
    struct error err = {0};
    size_t n = 0;

    if (dp_port_list(r->dp, &infos, &n, &err)) {
        log_warn("cannot list the datapath's ports: %s", err.text);
        return;
    }
    by_no = xcalloc(DP_MAX_PORTS, sizeof(struct iface *));
    for (i = r->ifaces; i; i = i->hh.next) {
        if (i->dp_port && i->dp_port < DP_MAX_PORTS) {
            by_no[i->dp_port] = i;
        }
    }
    for (size_t k = 0; k < n; k++) {
        i = infos[k].port_no < DP_MAX_PORTS ? by_no[infos[k].port_no] : NULL;
        if (!i || strcmp(i->name, infos[k].name)) {
            continue;
        }
        if (i->has_info && i->info.link_up != infos[k].link_up) {
            i->link_resets++;
        }
        i->info = infos[k];
        i->has_info = true;
        /* Between passes 'want' is the configuration that is still kept. */
        if (i->bridge && i->ofport && i->pass == r->pass) {
            iface_sync_ofport(r, i);
        }
    }
    free(by_no);
    free(infos);
    if (upcall_is_running(r->upcall)) {
        upcall_kick(r->upcall);
    }
}
