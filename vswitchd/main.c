/* sluice-vswitchd: the program. Parses options, opens the database and the datapath, and passes on
 * what they tell: to reconcile/, which makes bridges and ports what the database says, and to
 * upcall/, which answers flow misses. One thread, one event loop; nothing here decides anything.
 *
 * Several for one database: only the one that holds the OVSDB lock "ovs_vswitchd" acts. */
#include <event2/event.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/client/client.h"
#include "lib/coverage.h"
#include "lib/ctl.h"
#include "lib/daemon.h"
#include "lib/link.h"
#include "lib/log.h"
#include "lib/options.h"
#include "lib/tls.h"
#include "vswitchd/reconcile/reconcile.h"
#include "vswitchd/upcall/ctl.h"
#include "vswitchd/upcall/upcall.h"

LOG_MODULE(vswitchd);

struct vswitchd {
    struct event_base *base;
    char *rundir;
    struct ofproto_set *ofprotos;
    struct upcall *upcall;
    struct reconcile *reconcile;
    struct dp *dp;
    struct db_client *db;
    struct link_monitor *links;
    struct ctl_server *ctl;
    struct event *tick;
    struct event *work; /* That ofproto puts off. */
};

/* --- What the datapath tells.
 * -------------------------------------------------------------------- */

static void dp_attached(bool fresh, void *aux)
{
    struct vswitchd *v = aux;
    reconcile_dp_attached(v->reconcile, fresh);
}

static void dp_lost(const char *reason, void *aux)
{
    struct vswitchd *v = aux;

    reconcile_dp_lost(v->reconcile, reason);
    upcall_lost(v->upcall);
}

static void dp_upcalls(const struct dp_upcall *ups, size_t n, void *aux)
{
    struct vswitchd *v = aux;
    upcall_handle(v->upcall, ups, n, time_now_ms());
}

static void dp_completions(const struct dp_completion *cs, size_t n, void *aux)
{
    struct vswitchd *v = aux;
    upcall_completions(v->upcall, cs, n);
}

static void dp_port_changed(uint32_t port_no UNUSED, void *aux)
{
    struct vswitchd *v = aux;
    reconcile_port_changed(v->reconcile);
}

static const struct dp_callbacks dp_callbacks = {.attached = dp_attached,
                                                 .lost = dp_lost,
                                                 .upcalls = dp_upcalls,
                                                 .completions = dp_completions,
                                                 .port_changed = dp_port_changed};

/* --- What the database tells.
 * -------------------------------------------------------------------- */

static void db_row(struct db_client *db UNUSED, const struct db_row *old, struct db_row *new_row,
                   void *aux)
{
    struct vswitchd *v = aux;
    reconcile_db_row(v->reconcile, old, new_row);
}

static void db_changed(struct db_client *db UNUSED, void *aux)
{
    struct vswitchd *v = aux;
    reconcile_db_changed(v->reconcile);
}

/* Tables and columns that the server lacks read as empty: without these, for ever. */
static void check_schema(struct db_client *db)
{
    static const char *const needed[][2] = {
        {"Open_vSwitch", "bridges"}, {"Bridge", "name"},    {"Bridge", "ports"},   {"Port", "name"},
        {"Port", "interfaces"},      {"Interface", "name"}, {"Interface", "type"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
        const struct db_table_schema *table = db_schema_table(db_client_schema(db), needed[i][0]);

        if (!table || !db_table_column(table, needed[i][1])) {
            log_err("the database at %s cannot be used: %s '%s' is not in its schema; start "
                    "sluice-db with a database file made from vswitch.ovsschema",
                    db_client_remote(db), table ? "column" : "table",
                    table ? needed[i][1] : needed[i][0]);
            return;
        }
    }
}

static void db_connected(struct db_client *db, void *aux UNUSED)
{
    log_info("connected to the database at %s", db_client_remote(db));
    check_schema(db);
}

static void db_disconnected(struct db_client *db, const char *reason, void *aux UNUSED)
{
    log_warn_limit("%s: %s: trying again", db_client_remote(db), reason);
}

static const struct db_client_callbacks db_callbacks = {.changed = db_changed,
                                                        .row = db_row,
                                                        .connected = db_connected,
                                                        .disconnected = db_disconnected};

/* --- The rest of the world.
 * ---------------------------------------------------------------------- */

static void link_changed(const struct link_info *info, bool gone, void *aux)
{
    struct vswitchd *v = aux;
    reconcile_device_changed(v->reconcile, info, gone);
}

static void on_tick(evutil_socket_t fd UNUSED, short what UNUSED, void *aux)
{
    struct vswitchd *v = aux;
    uint64_t generation = ofproto_set_generation(v->ofprotos);

    ofproto_set_run(v->ofprotos, time_now_ms());
    if (ofproto_set_generation(v->ofprotos) != generation) {
        upcall_kick(v->upcall);
    }
}

/* By a flow mod or a ctl command. */
static void tables_changed(void *aux)
{
    struct vswitchd *v = aux;
    upcall_kick(v->upcall);
}

/* A controller's packet. */
static bool execute(const void *packet, uint32_t len, uint32_t dp_port,
                    const struct dp_actions *actions, void *aux)
{
    struct vswitchd *v = aux;
    return upcall_execute(v->upcall, packet, len, dp_port, actions);
}

static void sync_flows(void (*done)(void *), void *done_aux, void *aux)
{
    struct vswitchd *v = aux;
    upcall_sync(v->upcall, done, done_aux);
}

static void cancel_sync(void *done_aux, void *aux)
{
    struct vswitchd *v = aux;
    upcall_sync_cancel(v->upcall, done_aux);
}

static int put_meter(uint32_t meter_no, const struct dp_meter *meter, void *aux)
{
    struct vswitchd *v = aux;
    return upcall_meter(v->upcall, meter_no, meter);
}

static void on_work(evutil_socket_t fd UNUSED, short what UNUSED, void *aux)
{
    static const struct timeval soon = {0, 0}; /* After whoever is ready now. */
    struct vswitchd *v = aux;

    if (ofproto_set_work(v->ofprotos)) {
        event_add(v->work, &soon);
    }
}

static void want_work(void *aux)
{
    static const struct timeval soon = {0, 0};
    struct vswitchd *v = aux;

    event_add(v->work, &soon);
}

static void controllers_changed(void *aux)
{
    struct vswitchd *v = aux;
    reconcile_controllers_changed(v->reconcile);
}

static void on_ready(void *aux UNUSED)
{
    log_info("ready");
    daemon_notify_ready();
}

static void ctl_exit(struct ctl_request *req, int argc, const char *const argv[], void *aux)
{
    struct vswitchd *v = aux;

    if (argc && strcmp(argv[0], "--cleanup")) {
        ctl_reply_error(req, "exit: the only argument is --cleanup, which also removes the "
                             "datapath's ports and flows");
        return;
    }
    if (argc) {
        reconcile_cleanup(v->reconcile);
    }
    ctl_reply(req, "");
    /* The reply is written by the turns of the loop until then. */
    struct timeval soon = {0, 50000};
    event_base_loopexit(v->base, &soon);
}

/* --- Life.
 * --------------------------------------------------------------------------------------- */

static int start_ctl(struct vswitchd *v, struct error *err)
{
    char *path = xasprintf("%s/sluice-vswitchd.%ld.ctl", v->rundir, (long)getpid());
    char *compat = xasprintf("%s/ovs-vswitchd.%ld.ctl", v->rundir, (long)getpid());
    int error = ctl_server_new(v->base, path, &v->ctl, err);

    if (!error) {
        error = ctl_server_add_path(v->ctl, compat, err);
    }
    free(path);
    free(compat);
    return error;
}

static int start(struct vswitchd *v, const char *db, const char *dp, struct error *err)
{
    static const struct timeval second = {1, 0};
    struct error link_err;
    int error;

    error = daemon_make_dir(v->rundir, err);
    error = error ? error : daemon_pidfile(v->rundir, "sluice-vswitchd", err);
    error = error ? error : daemon_pidfile(v->rundir, "ovs-vswitchd", err);
    if (error) {
        return error;
    }
    daemon_signals(v->base);
    v->ofprotos = ofproto_set_new();
    v->work = evtimer_new(v->base, on_work, v);
    v->upcall = upcall_new(v->base, v->ofprotos);
    ofproto_set_on_change(v->ofprotos, tables_changed, v);
    ofproto_set_hooks(v->ofprotos,
                      &(struct ofproto_hooks){.execute = execute,
                                              .sync = sync_flows,
                                              .cancel = cancel_sync,
                                              .meter = put_meter,
                                              .work = want_work,
                                              .controllers_changed = controllers_changed,
                                              .aux = v});
    v->reconcile = reconcile_new(v->base, v->rundir, v->ofprotos, v->upcall, on_ready, v);
    upcall_ctl_init(v->upcall);
    reconcile_ctl_init(v->reconcile);
    coverage_start(v->base);
    ctl_register("exit", "[--cleanup]", 0, 1, ctl_exit, v);
    error = start_ctl(v, err);
    error = error ? error : dp_open(dp, v->base, &dp_callbacks, v, &v->dp, err);
    if (error) {
        return error;
    }
    upcall_set_dp(v->upcall, v->dp);
    reconcile_set_dp(v->reconcile, v->dp);
    ofproto_set_dp(v->ofprotos, v->dp);
    error = db_client_new(v->base, db, "Open_vSwitch", reconcile_db_tables(), &db_callbacks, v,
                          &v->db, err);
    if (error) {
        return error;
    }
    db_client_set_lock(v->db, "ovs_vswitchd");
    reconcile_set_db(v->reconcile, v->db);
    if (link_monitor_new(v->base, link_changed, v, &v->links, &link_err)) {
        log_warn("devices that appear later are not noticed at once: %s", link_err.text);
    }
    v->tick = event_new(v->base, -1, EV_PERSIST, on_tick, v);
    event_add(v->tick, &second);
    return 0;
}

/* The datapath keeps its ports and flows. */
static void stop(struct vswitchd *v)
{
    coverage_stop();
    ctl_server_free(v->ctl);
    link_monitor_free(v->links);
    db_client_free(v->db);
    dp_close(v->dp);
    if (v->upcall) { /* Bridges that go may have something to say to it. */
        upcall_set_dp(v->upcall, NULL);
        ofproto_set_dp(v->ofprotos, NULL);
    }
    reconcile_free(v->reconcile); /* Whose bridges may wait for upcall/. */
    upcall_free(v->upcall);
    if (v->ofprotos) {
        ofproto_set_free(v->ofprotos);
    }
    if (v->work) {
        event_free(v->work);
    }
    if (v->tick) {
        event_free(v->tick);
    }
    if (v->base) {
        event_base_free(v->base);
    }
    tls_forget();
    daemon_cleanup();
}

int main(int argc, char *argv[])
{
    struct vswitchd v = {0};
    struct daemon_options d = {0};
    const char *db = NULL, *dp = NULL, *protocols = NULL, *ciphers = NULL;
    const struct option_def options[] = {
        OPTIONS_DAEMON(&d),
        {.name = "db",
         .arg = "REMOTES",
         .help = "database (default unix:RUNDIR/db.sock); several separated by commas",
         .value = &db},
        {.name = "dp", .arg = "TARGET", .help = "datapath (default channel:RUNDIR)", .value = &dp},
        {.name = "ssl-protocols",
         .arg = "LIST",
         .help = "versions of TLS for controllers (default TLSv1.2,TLSv1.3)",
         .value = &protocols},
        {.name = "ssl-ciphers",
         .arg = "LIST",
         .help = "ciphers of TLS up to 1.2, in OpenSSL's words",
         .value = &ciphers},
        {NULL},
    };
    char *default_db, *default_dp;
    struct error err = {0};
    int first, error;

    log_init("sluice-vswitchd");
    first = options_parse(argc, argv, "sluice-vswitchd", "[OPTION]...",
                          "Makes bridges and ports what the database says, and answers the "
                          "datapath's flow misses.",
                          options);
    if (first < argc) {
        fprintf(stderr, "sluice-vswitchd: '%s' is not expected; see --help\n", argv[first]);
        return 1;
    }
    v.rundir = daemon_rundir(d.rundir);
    default_db = xasprintf("unix:%s/db.sock", v.rundir);
    default_dp = xasprintf("channel:%s", v.rundir);
    v.base = event_base_new();
    if (!v.base) {
        error = error_set(&err, ENOMEM, "libevent does not start");
    } else if ((d.log_level && (error = log_set_levels(d.log_level, &err))) ||
               (d.log_file && (error = log_open_file(d.log_file, &err))) ||
               (error = tls_limit(protocols, ciphers, &err))) {
        /* Told below. */
    } else {
        error = start(&v, db ? db : default_db, dp ? dp : default_dp, &err);
    }
    if (error) {
        fprintf(stderr, "sluice-vswitchd: %s\n", err.text);
    } else {
        event_base_dispatch(v.base);
        log_info("stopping; the datapath goes on forwarding");
    }
    stop(&v);
    free(default_db);
    free(default_dp);
    free(v.rundir);
    return error ? 1 : 0;
}
