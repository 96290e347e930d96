/* The passes: when they run, in which order they do things, and what follows. See reconcile.h. */
#include "vswitchd/reconcile/reconcile.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "db/client/client.h"
#include "lib/link.h"
#include "lib/coverage.h"
#include "lib/log.h"
#include "vswitchd/reconcile/live.h"
#include "vswitchd/upcall/upcall.h"

LOG_MODULE(reconcile);

COVERAGE(bridge_reconfigure)
COVERAGE(datapath_attach)
COVERAGE(link_event)

#define PASS_BUDGET_US 20000
/* For how long the first pass waits for a datapath that is starting, too. */
#define DATAPATH_GRACE_MS 5000

static uint64_t now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

bool reconcile_has_time(struct reconcile *r)
{
    if (now_us() < r->pass_end_us) {
        return true;
    }
    r->more = true;
    return false;
}

void reconcile_schedule(struct reconcile *r, unsigned int in_ms)
{
    struct timeval tv = {in_ms / 1000, in_ms % 1000 * 1000};

    event_add(r->timer, &tv);
}

/* --- What a pass does.
 * --------------------------------------------------------------------------- */

static void mark_all(struct reconcile *r)
{
    for (size_t i = 0; i < r->conf->n_bridges; i++) {
        const struct conf_bridge *b = &r->conf->bridges[i];

        for (size_t j = 0; j < b->n_ports; j++) {
            for (size_t k = 0; k < b->ports[j].n_ifaces; k++) {
                iface_mark(r, b, &b->ports[j], &b->ports[j].ifaces[k]);
            }
        }
    }
}

static void sync_bridge(struct reconcile *r, const struct conf_bridge *want)
{
    struct bridge *b = bridge_find(r, want->name);

    /* Old ports leave before new ones take over their interfaces. */
    for (size_t i = 0; i < want->n_ports; i++) {
        port_mark(r, b, &want->ports[i]);
    }
    ports_remove_gone(r, b);
    for (size_t i = 0; i < want->n_ports; i++) {
        port_sync(r, b, &want->ports[i]);
    }
}

static void pass_run(struct reconcile *r)
{
    r->pass++;
    coverage_hit(bridge_reconfigure);
    r->more = false;
    r->retry_at_ms = 0;
    r->pass_end_us = now_us() + PASS_BUDGET_US;
    settings_sync(r);
    complaints_say(r);
    if (r->attached && r->fresh && !upcall_is_running(r->upcall)) {
        upcall_start(r->upcall, true, time_now_ms());
    }
    /* A datapath that forwards already: first take over what is there, so that upcalls that wait
     * are answered; then make what is missing. */
    r->may_create = r->attached && upcall_is_running(r->upcall);

    mark_all(r);
    for (size_t i = 0; i < r->conf->n_bridges; i++) {
        bridge_sync(r, &r->conf->bridges[i]);
    }
    ifaces_remove_gone(r);
    bridges_remove_gone(r);
    for (size_t i = 0; i < r->conf->n_bridges; i++) {
        sync_bridge(r, &r->conf->bridges[i]);
    }
    if (r->attached && !upcall_is_running(r->upcall)) {
        dp_ports_read_info(r);
        upcall_start(r->upcall, false, time_now_ms());
    }
    if (r->attached && !r->more && r->known) {
        dp_ports_remove_unclaimed(r);
    }
}

static void start_sync(struct reconcile *r);

static void synced(void *aux)
{
    struct reconcile *r = aux;

    r->sync_in_flight = false;
    r->synced_cfg = r->syncing_cfg;
    r->synced_cfg_valid = true;
    r->cfg_written = false;
    status_write(r);
    if (r->sync_again && r->settled) {
        start_sync(r);
    }
}

/* One at a time, so that changes which never end do not put off the confirmation of the first. */
static void start_sync(struct reconcile *r)
{
    if (r->sync_in_flight) {
        r->sync_again = true;
        return;
    }
    r->sync_again = false;
    r->sync_in_flight = true;
    r->syncing_cfg = r->conf->next_cfg;
    upcall_sync(r->upcall, synced, r);
}

/* Nothing is left to do: read what became of it, wait for the flows, then confirm. */
static void pass_settled(struct reconcile *r)
{
    r->settled = true;
    if (r->attached) {
        dp_ports_say_complete(r);
    }
    if (r->attached) {
        dp_ports_read_info(r);
    }
    if (r->retry_at_ms) {
        uint64_t now_ms = time_now_ms();
        reconcile_schedule(r,
                           r->retry_at_ms > now_ms ? (unsigned int)(r->retry_at_ms - now_ms) : 1);
    }
    start_sync(r);
}

static bool waits_for_datapath(struct reconcile *r)
{
    uint64_t since;

    if (r->attached || r->pass) {
        return false;
    }
    since = time_now_ms() - r->conf_since_ms;
    if (since >= DATAPATH_GRACE_MS) {
        log_warn("the datapath is not running: ports are made when it is there");
        return false;
    }
    reconcile_schedule(r, (unsigned int)(DATAPATH_GRACE_MS - since));
    return true;
}

/* The old one lives until the next pass: interfaces point into it. */
static void take_conf(struct reconcile *r, struct conf *conf)
{
    if (!r->conf && !r->next_conf) {
        r->conf_since_ms = time_now_ms();
    }
    conf_free(r->next_conf);
    r->next_conf = conf;
    r->settled = false;
}

static void on_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *aux)
{
    struct reconcile *r = aux;

    if (r->conf_is_old && r->db && db_client_is_synced(r->db)) {
        r->conf_is_old = false;
        take_conf(r, conf_read(r->db));
    }
    if (!r->is_active || (!r->conf && !r->next_conf) || waits_for_datapath(r)) {
        return;
    }
    if (r->next_conf) {
        conf_free(r->conf);
        r->conf = r->next_conf;
        r->next_conf = NULL;
    }
    pass_run(r);
    if (r->more) {
        reconcile_schedule(r, 0);
    } else if (!leaving_wait(r)) {
        pass_settled(r);
    }
}

void reconcile_retry_status(struct reconcile *r)
{
    static const struct timeval later = {1, 0};

    event_add(r->info_timer, &later);
}

void reconcile_first_confirmed(struct reconcile *r)
{
    if (!r->is_ready) {
        r->is_ready = true;
        if (r->ready) {
            r->ready(r->ready_aux);
        }
    }
}

/* --- What happened.
 * ------------------------------------------------------------------------------ */

void reconcile_set_conf(struct reconcile *r, struct conf *conf)
{
    take_conf(r, conf);
    reconcile_schedule(r, 0);
}

/* Of several processes on one database, the one that holds its lock acts. One that loses the
 * connection goes on with what it knows. */
static void check_lock(struct reconcile *r)
{
    bool is_active = db_client_has_lock(r->db);

    if (is_active != r->is_active) {
        log_info(is_active ? "the database's lock is ours"
                           : "another process holds the database's lock: doing nothing");
        r->is_active = is_active;
        r->conf_is_old = true;
    }
}

void reconcile_db_changed(struct reconcile *r)
{
    if (db_client_is_synced(r->db)) {
        check_lock(r);
    }
    if (r->conf_is_old || !r->conf) {
        r->conf_is_old = true;
        r->settled = false;
        reconcile_schedule(r, 0);
    } else if (r->status_dirty) {
        status_write(r);
    }
}

void reconcile_dp_attached(struct reconcile *r, bool fresh)
{
    struct iface *i;

    r->attached = true;
    coverage_hit(datapath_attach);
    r->fresh = fresh;
    r->ports_complete = false;
    r->settled = false;
    r->settings_print = 0;
    for (i = r->ifaces; i; i = i->hh.next) {
        i->failed_print = 0;
    }
    dp_ports_list(r);
    log_info("attached to %s datapath with %u ports", fresh ? "a fresh" : "a running",
             HASH_COUNT(r->known));
    reconcile_schedule(r, 0);
}

void reconcile_dp_lost(struct reconcile *r, const char *reason)
{
    struct iface *i;

    log_warn("the datapath is gone: %s", reason);
    r->attached = false;
    r->settled = false;
    dp_ports_forget(r);
    for (i = r->ifaces; i; i = i->hh.next) {
        if (i->dp_port) {
            i->dp_port_before = i->dp_port;
            i->dp_port = 0;
            i->dp_print = 0;
            i->has_info = false;
        }
    }
    reconcile_schedule(r, 0);
}

static void on_info_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *aux)
{
    struct reconcile *r = aux;

    if (r->attached && r->conf) {
        dp_ports_read_info(r);
    }
    status_write(r);
}

void reconcile_port_changed(struct reconcile *r)
{
    static const struct timeval soon = {0, 20000};

    if (!event_pending(r->info_timer, EV_TIMEOUT, NULL)) {
        event_add(r->info_timer, &soon);
    }
}

/* Its status is written with that of ports. */
void reconcile_controllers_changed(struct reconcile *r)
{
    if (r) {
        reconcile_port_changed(r);
    }
}

/* The datapath will tell, too, but later; until then a container that has just got its device would
 * not get the first broadcasts. */
static void take_link_state(struct reconcile *r, struct iface *i, const struct link_info *link,
                            bool gone)
{
    if (gone) {
        i->info.ifindex = 0;
    } else if (i->info.ifindex == link->ifindex) {
        i->info.admin_up = link->admin_up;
        i->info.link_up = link->carrier;
    }
    if (i->bridge && i->ofport && i->pass == r->pass) {
        iface_sync_ofport(r, i);
        upcall_kick(r->upcall);
    }
    reconcile_port_changed(r);
}

void reconcile_device_changed(struct reconcile *r, const struct link_info *link, bool gone)
{
    struct iface *i = iface_find(r, link->name);

    coverage_hit(link_event);
    if (!i) {
        return;
    }
    if (i->type == IFACE_TAP || i->type == IFACE_INTERNAL) {
        if (i->dp_port && i->has_info) {
            take_link_state(r, i, link, gone);
        }
    } else if (i->type == IFACE_SYSTEM && !gone) {
        if (!i->dp_port && i->error[0]) {
            i->retry_ms = 0;
            reconcile_schedule(r, 0);
        } else if (i->dp_port && i->has_info && i->info.error[0]) {
            /* The device was gone and one of its name is back. */
            dp_port_remove(r, i);
            reconcile_schedule(r, 0);
        }
    }
}

/* --- Life.
 * --------------------------------------------------------------------------------------- */

struct reconcile *reconcile_new(struct event_base *base, const char *rundir,
                                struct ofproto_set *ofprotos, struct upcall *upcall,
                                void (*ready)(void *aux), void *aux)
{
    struct reconcile *r = xcalloc(1, sizeof *r);

    r->base = base;
    r->rundir = rundir;
    r->ofprotos = ofprotos;
    r->upcall = upcall;
    r->ready = ready;
    r->ready_aux = aux;
    r->next_dp_port = 1;
    r->is_active = true;
    r->timer = event_new(base, -1, 0, on_timer, r);
    r->info_timer = event_new(base, -1, 0, on_info_timer, r);
    stats_start(r);
    return r;
}

void reconcile_free(struct reconcile *r)
{
    if (!r) {
        return;
    }
    ifaces_free(r);
    bridges_free(r);
    dp_ports_forget(r);
    leaving_free(r);
    conf_free(r->conf);
    conf_free(r->next_conf);
    complaints_free(r->settings_complaints);
    complaints_forget_said(r);
    event_free(r->timer);
    event_free(r->info_timer);
    event_free(r->stats_timer);
    free(r);
}

void reconcile_set_dp(struct reconcile *r, struct dp *dp)
{
    r->dp = dp;
}

void reconcile_set_db(struct reconcile *r, struct db_client *db)
{
    r->db = db;
}

void reconcile_cleanup(struct reconcile *r)
{
    struct iface *i;

    upcall_flush(r->upcall);
    for (i = r->ifaces; i; i = i->hh.next) {
        dp_port_remove(r, i);
    }
}

const char *reconcile_iface_state(const struct reconcile *r, const char *name,
                                  uint32_t *ret_dp_port, uint16_t *ret_ofport)
{
    const struct iface *i = iface_find(r, name);

    if (!i) {
        return NULL;
    }
    *ret_dp_port = i->dp_port;
    *ret_ofport = i->ofport;
    return i->error;
}

bool reconcile_is_settled(const struct reconcile *r)
{
    return r->settled;
}
