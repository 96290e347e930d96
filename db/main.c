/* sluice-db: serves a database file over the OVSDB protocol (RFC 7047). */
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/schema/vswitch.h"
#include "db/server/server.h"
#include "lib/ctl.h"
#include "lib/daemon.h"
#include "lib/log.h"
#include "lib/options.h"

LOG_MODULE(db)

#define MAX_REMOTES 64
/* Descriptors for all that is no client: files, listeners, ctl connections. */
#define SPARE_FDS 200

struct arguments {
    struct daemon_options daemon;
    const char *dbdir;
    const char *db;
    const char *client_memory;
    size_t n_remotes;
    const char *remotes[MAX_REMOTES];
};

static void add_remote(const char *value, void *args_)
{
    struct arguments *args = args_;

    if (args->n_remotes == MAX_REMOTES) {
        fprintf(stderr, "sluice-db: --remote: more than %d remotes\n", MAX_REMOTES);
        exit(1);
    }
    args->remotes[args->n_remotes++] = value;
}

static void parse(int argc, char *argv[], struct arguments *args)
{
    const struct option_def options[] = {
        {"dbdir", 0, "DIR",
         "directory of the database (default $SLUICE_DBDIR, $OVS_DBDIR, "
         "/var/lib/sluice)",
         &args->dbdir},
        {"db", 0, "FILE", "database file (default DBDIR/conf.db); made when there is none",
         &args->db},
        {"remote", 0, "REMOTE",
         "listen on punix:PATH or ptcp:PORT[:HOST]; may be given several times (default "
         "punix:RUNDIR/db.sock)",
         .each = add_remote, .aux = args},
        {"client-memory", 0, "MB",
         "what messages to and from all clients may hold together (default: an eighth of the "
         "machine's memory, but 64...1024); 'memory/show' tells what they do",
         &args->client_memory},
        OPTIONS_DAEMON(&args->daemon),
        {NULL},
    };
    int first = options_parse(argc, argv, "sluice-db", "[OPTION]...",
                              "Serves the switch's configuration database (OVSDB, RFC 7047).",
                              options);

    if (first < argc) {
        fprintf(stderr, "sluice-db: unexpected argument '%s' (see sluice-db --help)\n",
                argv[first]);
        exit(1);
    }
}

static int set_up_log(const struct daemon_options *options, struct error *err)
{
    int error = 0;

    if (options->log_file) {
        error = log_open_file(options->log_file, err);
    }
    if (!error && options->log_level) {
        error = log_set_levels(options->log_level, err);
    }
    return error;
}

/* Makes the directories, and takes the pid files: of our own name, and of the one that Open
 * vSwitch's tools look for. */
static int set_up_dirs(const struct arguments *args, const char *rundir, const char *dbdir,
                       struct error *err)
{
    int error = daemon_make_dir(rundir, err);

    if (!error && !args->db) {
        error = daemon_make_dir(dbdir, err);
    }
    if (!error) {
        error = daemon_pidfile(rundir, "sluice-db", err);
    }
    if (!error) {
        error = daemon_pidfile(rundir, "ovsdb-server", err);
    }
    return error;
}

static int set_up_db(struct server *server, const char *path, struct error *err)
{
    struct store *store;
    int error;

    error = store_open(path, db_vswitch_schema(), "Open_vSwitch", &store, err);
    if (error) {
        return error;
    }
    if (store_warning(store)[0]) {
        log_warn("%s", store_warning(store));
    }
    error = server_add_store(server, store, err);
    if (error) {
        store_close(store);
    }
    return error;
}

static int set_up_remotes(struct server *server, const struct arguments *args, const char *rundir,
                          struct error *err)
{
    char *name;
    int error = 0;

    for (size_t i = 0; i < args->n_remotes && !error; i++) {
        error = server_add_remote(server, args->remotes[i], err);
    }
    if (!args->n_remotes) {
        name = xasprintf("punix:%s/db.sock", rundir);
        error = server_add_remote(server, name, err);
        free(name);
    }
    return error;
}

static int set_up_ctl(struct event_base *base, const char *rundir, struct ctl_server **ret,
                      struct error *err)
{
    char *path = xasprintf("%s/sluice-db.%ld.ctl", rundir, (long)getpid());
    int error = ctl_server_new(base, path, ret, err);

    free(path);
    if (!error) {
        path = xasprintf("%s/ovsdb-server.%ld.ctl", rundir, (long)getpid());
        error = ctl_server_add_path(*ret, path, err);
        free(path);
    }
    return error;
}

static int set_limits(const struct arguments *args, struct server_limits *limits, struct error *err)
{
    unsigned int n_fds = daemon_raise_fd_limit();
    uint64_t mb = 0;

    if (args->client_memory && (!parse_u64(args->client_memory, 1 << 20, &mb) || !mb)) {
        return error_set(err, EINVAL, "option --client-memory: '%s' is not within 1...%u MiB",
                         args->client_memory, 1u << 20);
    }
    limits->max_memory = (size_t)mb << 20;
    if (n_fds > SPARE_FDS && n_fds - SPARE_FDS < SERVER_MAX_SESSIONS) {
        limits->max_sessions = n_fds - SPARE_FDS;
    }
    return 0;
}

static int run(const struct arguments *args, const char *rundir, const char *dbdir,
               struct error *err)
{
    char *path = args->db ? xstrdup(args->db) : xasprintf("%s/conf.db", dbdir);
    struct event_base *base = event_base_new();
    struct server_limits limits = {0};
    struct ctl_server *ctl = NULL;
    struct server *server;
    int error;

    if (!base) {
        free(path);
        return error_set(err, ENOMEM, "libevent does not start");
    }
    error = set_limits(args, &limits, err);
    server = server_new(base, &limits);
    error = error ? error : set_up_dirs(args, rundir, dbdir, err);
    if (!error) {
        daemon_signals(base);
        server_register_ctl(server);
        error = set_up_db(server, path, err);
    }
    if (!error) {
        error = set_up_remotes(server, args, rundir, err);
    }
    if (!error) {
        error = set_up_ctl(base, rundir, &ctl, err);
    }
    if (!error) {
        log_info("serving %s", path);
        daemon_notify_ready();
        event_base_dispatch(base);
        log_info("ending");
    }
    ctl_server_free(ctl);
    server_free(server);
    daemon_cleanup();
    event_base_free(base);
    free(path);
    return error;
}

int main(int argc, char *argv[])
{
    struct arguments args = {.n_remotes = 0};
    struct error err = {0};
    char *rundir, *dbdir;
    int error;

    parse(argc, argv, &args);
    log_init("sluice-db");
    error = set_up_log(&args.daemon, &err);
    rundir = daemon_rundir(args.daemon.rundir);
    dbdir = daemon_dbdir(args.dbdir);
    if (!error) {
        error = run(&args, rundir, dbdir, &err);
    }
    if (error) {
        fprintf(stderr, "sluice-db: %s\n", err.text);
    }
    free(rundir);
    free(dbdir);
    return error ? 1 : 0;
}
