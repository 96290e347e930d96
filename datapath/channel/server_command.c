/* Commands that come over the dp channel's socket: ports, settings, lists. Control thread; one
 * command at a time, answered before the next is read. See message.h for what they look like. */
#include "datapath/channel/server_conn.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "datapath/channel/server_ports.h"
#include "lib/daemon.h"
#include "lib/log.h"
#include "lib/util.h"

LOG_MODULE(dp_command);

/* Whether somebody chose a number of workers; else it follows from the cores that are given. */
static bool n_workers_chosen;

void server_put_limits(struct message *m)
{
    const struct core_settings *settings = core_get_settings();

    message_put_u32(m, settings->n_workers);
    message_put_u32(m, settings->flow_limit);
}

static void start_reply(struct conn *conn, struct message *m, uint32_t seq, int error,
                        const struct error *err)
{
    message_init(m, conn_buffer(conn), MESSAGE_REPLY, seq);
    message_put_result(m, error, err);
}

static void reply(struct conn *conn, uint32_t seq, int error, const struct error *err)
{
    struct message m;

    start_reply(conn, &m, seq, error, err);
    conn_send(conn, &m);
}

/* --- Ports. --- */

static int port_add(struct conn *conn, uint32_t seq, struct message_reader *r)
{
    struct message_config config;
    struct error err = {0, ""};
    uint32_t wanted = message_get_u32(r), port_no = 0;
    struct message m;
    int error;

    message_get_config(r, &config);
    if (!message_done(r)) {
        message_config_free(&config);
        return -EPROTO;
    }
    error = ports_add(&config.config, wanted, &port_no, &err);
    message_config_free(&config);
    if (!error) {
        server_counters_mark(conn_counters(conn), 0, port_no + 1);
    }
    start_reply(conn, &m, seq, error, &err);
    if (!error) {
        message_put_u32(&m, port_no);
    }
    conn_send(conn, &m);
    return 0;
}

static int port_del(struct conn *conn, uint32_t seq, struct message_reader *r)
{
    uint32_t port_no = message_get_u32(r);
    struct error err = {0, ""};

    if (!message_done(r)) {
        return -EPROTO;
    }
    reply(conn, seq, ports_del(port_no, &err), &err);
    return 0;
}

static int port_set(struct conn *conn, uint32_t seq, struct message_reader *r)
{
    struct message_config config;
    struct error err = {0, ""};
    uint32_t port_no = message_get_u32(r);
    int error;

    message_get_config(r, &config);
    if (!message_done(r)) {
        message_config_free(&config);
        return -EPROTO;
    }
    error = ports_set(port_no, &config.config, &err);
    message_config_free(&config);
    reply(conn, seq, error, &err);
    return 0;
}

/* Cuts a list into CHUNKs. */
struct chunker {
    struct conn *conn;
    uint32_t seq;
    struct message m;
    uint8_t *data;
    uint32_t n_ports; /* In this chunk; patched in at byte 'n_pos'. */
    size_t n_pos;
};

static void chunk_start(struct chunker *c, bool counted)
{
    message_init(&c->m, c->data, MESSAGE_CHUNK, c->seq);
    c->n_ports = 0;
    c->n_pos = c->m.len;
    if (counted) {
        message_put_u32(&c->m, 0);
    }
}

/* The most that one item takes. */
#define PORT_INFO_MAX (4 * DP_NAME_MAX + DP_ERROR_MAX + 64)
#define FLOW_MAX (DP_ACTIONS_MAX_LEN + 4 * 64 * FLOW_N_LINES + 64)

static void put_port(const struct dp_port_info *info, void *chunker_)
{
    struct chunker *c = chunker_;

    if (c->m.len + PORT_INFO_MAX > MESSAGE_MAX) {
        message_patch_u32(&c->m, c->n_pos, c->n_ports);
        conn_send(c->conn, &c->m);
        chunk_start(c, true);
    }
    message_put_port_info(&c->m, info);
    c->n_ports++;
}

static int port_list(struct conn *conn, uint32_t seq, struct message_reader *r)
{
    struct chunker c = {.conn = conn, .seq = seq};

    if (!message_done(r)) {
        return -EPROTO;
    }
    c.data = xmalloc(MESSAGE_MAX);
    chunk_start(&c, true);
    ports_each(put_port, &c);
    message_patch_u32(&c.m, c.n_pos, c.n_ports);
    conn_send(conn, &c.m);
    free(c.data);
    reply(conn, seq, 0, NULL);
    return 0;
}

static void put_flow(const struct dp_flow *flow, void *chunker_)
{
    struct chunker *c = chunker_;

    message_put_flow(&c->m, flow);
}

uint32_t server_send_flows(struct conn *conn, uint32_t seq, uint32_t first)
{
    struct chunker c = {.conn = conn, .seq = seq, .data = conn_buffer(conn)};

    chunk_start(&c, false);
    while (first != DP_NO_FLOW && c.m.len + FLOW_MAX <= MESSAGE_MAX) {
        first = core_flow_list_some(first, 1, put_flow, &c);
    }
    conn_send(conn, &c.m);
    if (first == DP_NO_FLOW) {
        reply(conn, seq, 0, NULL);
    }
    return first;
}

static int flow_list(struct conn *conn, uint32_t seq, struct message_reader *r)
{
    if (!message_done(r)) {
        return -EPROTO;
    }
    conn_stream_flows(conn, seq);
    return 0;
}

/* --- Settings. --- */

static int bad_value(struct error *err, const struct dp_option *o, const char *what)
{
    return error_set(err, EINVAL, "datapath: setting '%s': '%.80s' is not %s", o->key, o->value,
                     what);
}

static int parse_number(const struct dp_option *o, uint64_t min, uint64_t max, uint64_t *ret,
                        struct error *err)
{
    uint64_t v;

    if (!parse_u64(o->value, max, &v) || v < min) {
        return error_set(err, EINVAL,
                         "datapath: setting '%s': '%.80s' is not a number within %llu...%llu",
                         o->key, o->value, (unsigned long long)min, (unsigned long long)max);
    }
    *ret = v;
    return 0;
}

#define CORES_WANTED "a list of CPUs (0 to 63) such as '1,3-5', or a mask '0x6'"

/* "0x6", or a list of CPUs and ranges: "1,2" or "1-2". */
static int parse_cores(const struct dp_option *o, uint64_t *ret, struct error *err)
{
    char *copy, *word, *save = NULL;
    uint64_t mask = 0;
    int error = 0;

    if (!strncmp(o->value, "0x", 2)) {
        return parse_u64(o->value, UINT64_MAX, ret) ? 0 : bad_value(err, o, "a mask of CPUs");
    }
    copy = xstrdup(o->value);
    for (word = strtok_r(copy, ",", &save); word && !error; word = strtok_r(NULL, ",", &save)) {
        char *dash = strchr(word, '-');
        uint64_t first, last;

        if (dash) {
            *dash = '\0';
        }
        if (!parse_u64(word, 63, &first) || !parse_u64(dash ? dash + 1 : word, 63, &last) ||
            last < first) {
            error = bad_value(err, o, CORES_WANTED);
            break;
        }
        mask |= (UINT64_MAX >> (63 - last)) & (UINT64_MAX << first);
    }
    free(copy);
    if (!error && !mask) {
        error = bad_value(err, o, CORES_WANTED);
    }
    if (!error) {
        *ret = mask;
    }
    return error;
}

static int parse_setting(const struct dp_option *o, struct core_settings *s,
                         const struct core_settings *defaults, struct error *err)
{
    bool reset = !*o->value; /* An empty value: the default again. */
    uint64_t v = 0;
    int error = 0;

    if (!strcmp(o->key, "worker-cores")) {
        s->cores = 0;
        return reset ? 0 : parse_cores(o, &s->cores, err);
    } else if (!strcmp(o->key, "n-workers")) {
        error = reset ? 0 : parse_number(o, 0, CORE_MAX_WORKERS, &v, err);
        s->n_workers = reset ? defaults->n_workers : (unsigned int)v;
    } else if (!strcmp(o->key, "flow-limit")) {
        error = reset ? 0 : parse_number(o, 1, DP_MAX_FLOWS, &v, err);
        s->flow_limit = reset ? defaults->flow_limit : (uint32_t)v;
    } else if (!strcmp(o->key, "mask-limit")) {
        error = reset ? 0 : parse_number(o, CORE_MIN_MASKS, CORE_MAX_MASKS, &v, err);
        s->mask_limit = reset ? defaults->mask_limit : (unsigned int)v;
    } else if (!strcmp(o->key, "upcall-rate")) {
        error = reset ? 0 : parse_number(o, 0, UINT32_MAX, &v, err);
        s->upcall_rate = reset ? defaults->upcall_rate : (uint32_t)v;
    } else if (!strcmp(o->key, "pending-limit")) {
        error = reset ? 0 : parse_number(o, 1, 65536, &v, err);
        s->pending_per_port = reset ? defaults->pending_per_port : (unsigned int)v;
    } else {
        return error_set(err, EINVAL, "datapath: there is no setting '%s'", o->key);
    }
    return error;
}

int server_parse_settings(const struct dp_option *options, size_t n, struct core_settings *settings,
                          struct error *err)
{
    struct core_settings s = *settings, defaults;

    core_settings_default(&defaults);
    for (size_t i = 0; i < n; i++) {
        int error = parse_setting(&options[i], &s, &defaults, err);

        if (error) {
            return error;
        }
    }
    *settings = s;
    return 0;
}

/* Returns what 'n_workers_chosen' is to be if the settings are taken. */
static bool choose_n_workers(const struct dp_option *options, size_t n,
                             struct core_settings *settings)
{
    bool chosen = n_workers_chosen;

    for (size_t i = 0; i < n; i++) {
        if (!strcmp(options[i].key, "n-workers")) {
            chosen = settings->n_workers != 0;
        }
    }
    if (!chosen) {
        int n_cores = __builtin_popcountll(settings->cores);

        settings->n_workers = (unsigned int)MIN_OF(n_cores, CORE_MAX_WORKERS);
    }
    return chosen;
}

/* A worker cannot be pinned to a CPU that is not there or not ours. */
static int check_cores(uint64_t cores, struct error *err)
{
    cpu_set_t ours;

    if (sched_getaffinity(0, sizeof ours, &ours)) {
        return 0;
    }
    for (int cpu = 0; cpu < 64; cpu++) {
        if (cores >> cpu & 1 && !CPU_ISSET(cpu, &ours)) {
            return error_set(
                err, EINVAL,
                "datapath: setting 'worker-cores': CPU %d is not one that the datapath "
                "may run on",
                cpu);
        }
    }
    return 0;
}

/* Takes "ports-complete" out; true when it was there. */
static bool take_ports_complete(struct dp_option *options, size_t *n)
{
    for (size_t i = 0; i < *n; i++) {
        if (!strcmp(options[i].key, "ports-complete")) {
            struct dp_option gone = options[i];

            options[i] = options[--*n];
            message_options_free(&gone, 1);
            return true;
        }
    }
    return false;
}

static int set_config(struct conn *conn, uint32_t seq, struct message_reader *r)
{
    struct core_settings settings = *core_get_settings();
    struct dp_option options[DP_MAX_PORT_OPTIONS];
    struct error err = {0, ""};
    bool chosen = false, complete;
    struct message m;
    size_t n;
    int error;

    message_get_options(r, options, &n);
    if (!message_done(r)) {
        message_options_free(options, n);
        return -EPROTO;
    }
    complete = take_ports_complete(options, &n);
    error = server_parse_settings(options, n, &settings, &err);
    error = error ? error : check_cores(settings.cores, &err);
    if (!error) {
        chosen = choose_n_workers(options, n, &settings);
    }
    message_options_free(options, n);
    error = error ? error : core_set_settings(&settings, &err);
    if (error) {
        log_warn("settings refused: %s", err.text);
    } else {
        n_workers_chosen = chosen;
        if (complete) {
            daemon_fd_rest();
        }
    }
    server_counters_mark(conn_counters(conn), core_get_settings()->n_workers, 0);
    start_reply(conn, &m, seq, error, &err);
    if (!error) {
        server_put_limits(&m);
    }
    conn_send(conn, &m);
    return 0;
}

int server_command(struct conn *conn, const struct message_header *header, struct message_reader *r)
{
    switch (header->type) {
    case MESSAGE_PORT_ADD: return port_add(conn, header->seq, r);
    case MESSAGE_PORT_DEL: return port_del(conn, header->seq, r);
    case MESSAGE_PORT_SET: return port_set(conn, header->seq, r);
    case MESSAGE_PORT_LIST: return port_list(conn, header->seq, r);
    case MESSAGE_FLOW_LIST: return flow_list(conn, header->seq, r);
    case MESSAGE_SET_CONFIG: return set_config(conn, header->seq, r);
    default: return -EPROTO;
    }
}
