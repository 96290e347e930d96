/* sluice-datapath: the program. Owns packets: starts DPDK, the core with its workers, the dp
 * channel to vswitchd and the ctl socket, then runs the event loop of the control thread until it
 * is told to stop.
 *
 * It reads no configuration: vswitchd tells it what ports and flows to have, and may die and come
 * back while packets are forwarded. Nothing here touches a packet. */
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "datapath/channel/server_ports.h"
#include "datapath/main_datapath.h"
#include "lib/ctl.h"
#include "lib/daemon.h"
#include "lib/link.h"
#include "lib/log.h"
#include "lib/options.h"

LOG_MODULE(datapath);

#define PROGRAM "sluice-datapath"
#define MIN_MEMORY_MB 64
#define MAX_MEMORY_MB (1u << 20)
/* How long after the first vswitchd attached the devices of a dead predecessor, which nobody asked
 * for again, are let go, when vswitchd does not say before that it has asked for all
 * ("ports-complete", datapath/dp.h). */
#define REST_AFTER_S 60

struct datapath {
    struct event_base *base;
    char *rundir;
    struct server_counters *counters;
    struct server *server;
    struct link_monitor *links;
    struct ctl_server *ctl;
    struct ctl_context ctl_context;
    struct event *tick;
    unsigned int rest_s; /* Seconds until daemon_fd_rest(); 0: done. */
    bool eal_started;
    bool core_started;
};

/* --- News of ports. --- */

static void port_changed(uint32_t port_no, void *datapath_)
{
    struct datapath *datapath = datapath_;

    log_info_limit("port '%s': its state changed", ports_name(port_no));
    server_port_changed(datapath->server, port_no);
}

static void device_changed(const struct link_info *info, bool gone UNUSED, void *datapath)
{
    ports_check_device(info->ifindex, info->name, port_changed, datapath);
}

static void on_tick(evutil_socket_t fd UNUSED, short what UNUSED, void *datapath_)
{
    struct datapath *datapath = datapath_;

    ports_check_some(port_changed, datapath);
    if (datapath->rest_s && server_attach_count(datapath->server) && !--datapath->rest_s) {
        daemon_fd_rest();
    }
}

/* --- Life. --- */

static int start_core(struct datapath *datapath, struct error *err)
{
    struct core_settings settings;
    int error;

    core_settings_default(&settings);
    error = core_start(&settings, server_counters_core(datapath->counters),
                       server_sink(datapath->server), err);
    datapath->core_started = !error;
    return error;
}

static int start_ctl(struct datapath *datapath, struct error *err)
{
    char *path = xasprintf("%s/" PROGRAM ".%ld.ctl", datapath->rundir, (long)getpid());
    int error = ctl_server_new(datapath->base, path, &datapath->ctl, err);

    free(path);
    return error;
}

static int start(struct datapath *datapath, unsigned int memory_mb, const char *eal_args,
                 struct error *err)
{
    static const struct timeval second = {1, 0};
    struct error link_err;
    int error = daemon_make_dir(datapath->rundir, err);

    error = error ? error : daemon_pidfile(datapath->rundir, PROGRAM, err);
    error = error ? error : eal_start(memory_mb, eal_args, datapath->rundir, err);
    if (error) {
        return error;
    }
    datapath->eal_started = true;
    daemon_signals(datapath->base);
    error = server_counters_new(&datapath->counters, err);
    if (error) {
        return error;
    }
    datapath->server = server_new(datapath->base, datapath->counters);
    error = start_core(datapath, err);
    error = error ? error : server_listen(datapath->server, datapath->rundir, err);
    if (error) {
        return error;
    }
    datapath->ctl_context = (struct ctl_context){datapath->base, datapath->server,
                                                 datapath->counters};
    datapath_ctl_init(&datapath->ctl_context);
    error = start_ctl(datapath, err);
    if (error) {
        return error;
    }
    if (link_monitor_new(datapath->base, device_changed, datapath, &datapath->links, &link_err)) {
        log_warn("changes of kernel devices are noticed late: %s", link_err.text);
    }
    datapath->rest_s = REST_AFTER_S;
    datapath->tick = event_new(datapath->base, -1, EV_PERSIST, on_tick, datapath);
    event_add(datapath->tick, &second);
    return 0;
}

static void stop(struct datapath *datapath)
{
    ctl_server_free(datapath->ctl);
    link_monitor_free(datapath->links);
    if (datapath->tick) {
        event_free(datapath->tick);
    }
    if (datapath->core_started) {
        /* A supervisor that started us keeps our taps for our successor, if there is to be one;
         * when it ends too, they go. */
        ports_close_all(getenv("NOTIFY_SOCKET") != NULL);
        core_stop();
    }
    server_free(datapath->server);
    server_counters_free(datapath->counters);
    if (datapath->eal_started) {
        eal_stop();
    }
    if (datapath->base) {
        event_base_free(datapath->base);
    }
    daemon_cleanup();
    free(datapath->rundir);
}

static int parse_memory(const char *text, unsigned int *ret, struct error *err)
{
    uint64_t mb;

    if (!parse_u64(text, MAX_MEMORY_MB, &mb) || mb < MIN_MEMORY_MB) {
        return error_set(err, EINVAL, "option --memory: '%s' is not a number of MiB within %u...%u",
                         text, MIN_MEMORY_MB, MAX_MEMORY_MB);
    }
    *ret = (unsigned int)mb;
    return 0;
}

int main(int argc, char *argv[])
{
    struct datapath datapath = {0};
    struct daemon_options d = {0};
    const char *memory = NULL, *eal_args = NULL;
    const struct option_def options[] = {
        OPTIONS_DAEMON(&d),
        {.name = "memory",
         .arg = "MB",
         .help = "memory for packets and caches (default 512, or what hugepages there are)",
         .value = &memory},
        {.name = "eal",
         .arg = "\"ARGS\"",
         .help = "more arguments for DPDK's EAL, such as \"-a 0000:03:00.0\"",
         .value = &eal_args},
        {NULL},
    };
    unsigned int memory_mb = 0;
    struct error err = {0};
    int first, error = 0;

    log_init(PROGRAM);
    first = options_parse(argc, argv, PROGRAM, "[OPTION]...",
                          "Moves packets between ports as sluice-vswitchd tells it.", options);
    if (first < argc) {
        fprintf(stderr, PROGRAM ": '%s' is not expected; see --help\n", argv[first]);
        return 1;
    }
    if (memory && parse_memory(memory, &memory_mb, &err)) {
        fprintf(stderr, PROGRAM ": %s\n", err.text);
        return 1;
    }
    datapath.rundir = daemon_rundir(d.rundir);
    datapath.base = event_base_new();
    if (!datapath.base) {
        error = error_set(&err, ENOMEM, "libevent does not start");
    } else if ((d.log_level && (error = log_set_levels(d.log_level, &err))) ||
               (d.log_file && (error = log_open_file(d.log_file, &err)))) {
        /* Told below. */
    } else {
        error = start(&datapath, memory_mb, eal_args, &err);
    }
    if (error) {
        fprintf(stderr, PROGRAM ": %s\n", err.text);
    } else {
        log_info("ready");
        daemon_notify_ready();
        event_base_dispatch(datapath.base);
        log_info("stopping");
    }
    stop(&datapath);
    return error ? 1 : 0;
}
