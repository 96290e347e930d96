/* The channel client's blocking calls: one request over the socket, then its CHUNKs and its REPLY.
 * On the event base's thread; blocks at most DP_CALL_TIMEOUT_MS without a sign of life, after which
 * the datapath counts as lost. See client.h. */
#include "datapath/channel/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "lib/util.h"

/* Reads one chunk of an answer; a malformed one is marked in the reader. May not call dp.h. */
typedef void chunk_cb(struct message_reader *, void *aux);

static int not_connected(struct error *err)
{
    return error_set(err, ENOTCONN, "the datapath is not attached");
}

static int lost_now(struct client *client, struct error *err, const char *what)
{
    client_broken(client, "%s", what);
    return error_set(err, ENOTCONN, "the datapath was lost: %s", what);
}

static int wait_for(struct client *client, short events, uint64_t deadline_ms)
{
    struct pollfd pfd = {client->sock, events, 0};
    uint64_t now;
    int n;

    do {
        now = time_now_ms();
        n = poll(&pfd, 1, now >= deadline_ms ? 0 : (int)(deadline_ms - now));
    } while (n < 0 && errno == EINTR);
    return n > 0 ? 0 : -ETIMEDOUT;
}

static int send_request(struct client *client, const struct message *m, struct error *err)
{
    uint64_t deadline = time_now_ms() + DP_CALL_TIMEOUT_MS;
    int error;

    while ((error = channel_send(client->sock, m, NULL, 0)) == -EAGAIN) {
        if (wait_for(client, POLLOUT, deadline)) {
            return lost_now(client, err, "it does not read its commands");
        }
    }
    if (error == -EMSGSIZE) {
        return error_set(err, E2BIG, "the command is longer than %d bytes", MESSAGE_MAX);
    }
    return error ? lost_now(client, err, strerror(-error)) : 0;
}

/* Sends a request and reads its answer. What follows the result in the REPLY is left in 'ret_reply'
 * (which points into client->buffer). */
static int call(struct client *client, const struct message *request, chunk_cb *chunk, void *aux,
                struct message_reader *ret_reply, struct error *err)
{
    uint32_t seq = client->seq;
    uint64_t deadline;
    int error = send_request(client, request, err);

    deadline = time_now_ms() + DP_CALL_TIMEOUT_MS;
    while (!error) {
        struct message_header header;
        int n = channel_recv(client->sock, client->buffer, NULL, NULL);

        if (n == -EAGAIN) {
            if (wait_for(client, POLLIN, deadline)) {
                return lost_now(client, err, "it did not answer a command within its time");
            }
            continue;
        }
        if (n <= 0 || !message_read(ret_reply, client->buffer, (size_t)n, &header)) {
            return lost_now(client, err,
                            !n ? "it closed the connection" : strerror(n < 0 ? -n : EPROTO));
        }
        if (header.seq != seq || (header.type != MESSAGE_REPLY && header.type != MESSAGE_CHUNK)) {
            client_handle_notice(client, &header, ret_reply);
            error = client->broken ? not_connected(err) : 0;
            continue;
        }
        if (header.type == MESSAGE_REPLY) {
            error = message_get_result(ret_reply, err);
            return message_ok(ret_reply) ? error : lost_now(client, err, "a malformed answer");
        }
        if (chunk) {
            chunk(ret_reply, aux);
        }
        if (!chunk || !message_done(ret_reply)) {
            return lost_now(client, err, "a malformed answer");
        }
        deadline = time_now_ms() + DP_CALL_TIMEOUT_MS;
    }
    return error;
}

static void start(struct client *client, struct message *m, enum message_type type)
{
    message_init(m, client->buffer, type, ++client->seq);
}

int client_set_config(struct dp *dp, const struct dp_option *options, size_t n, struct error *err)
{
    struct client *client = client_cast(dp);
    struct message_reader reply;
    struct dp_info info;
    struct message m;
    int error;

    if (!client_usable(client)) {
        return not_connected(err);
    }
    start(client, &m, MESSAGE_SET_CONFIG);
    message_put_options(&m, options, n);
    error = call(client, &m, NULL, NULL, &reply, err);
    if (error) {
        return error;
    }
    info = client->session.info;
    client_get_limits(&reply, &info);
    if (!message_done(&reply)) {
        return lost_now(client, err, "a malformed answer");
    }
    client->session.info = info;
    return 0;
}

static int check_values(const struct dp_port_config *config, struct error *err)
{
    for (size_t i = 0; i < config->n_options; i++) {
        if (strlen(config->options[i].key) >= DP_NAME_MAX) {
            return error_set(err, EINVAL, "port '%s': there is no option '%.100s'", config->name,
                             config->options[i].key);
        }
        if (strlen(config->options[i].value) > MESSAGE_VALUE_MAX) {
            return error_set(err, EINVAL, "port '%s': option '%s': its value is longer than %d",
                             config->name, config->options[i].key, MESSAGE_VALUE_MAX);
        }
    }
    return 0;
}

int client_port_add(struct dp *dp, const struct dp_port_config *config, uint32_t port_no,
                    uint32_t *ret_port_no, struct error *err)
{
    struct client *client = client_cast(dp);
    struct message_reader reply;
    struct message m;
    int error = check_values(config, err);
    uint32_t got;

    if (error) {
        return error;
    }
    if (!client_usable(client)) {
        return not_connected(err);
    }
    start(client, &m, MESSAGE_PORT_ADD);
    message_put_u32(&m, port_no);
    message_put_config(&m, config);
    error = call(client, &m, NULL, NULL, &reply, err);
    if (error) {
        return error;
    }
    got = message_get_u32(&reply);
    if (!message_done(&reply) || !got || got >= DP_MAX_PORTS) {
        return lost_now(client, err, "a malformed answer");
    }
    *ret_port_no = got;
    return 0;
}

int client_port_del(struct dp *dp, uint32_t port_no, struct error *err)
{
    struct client *client = client_cast(dp);
    struct message_reader reply;
    struct message m;

    if (!client_usable(client)) {
        return not_connected(err);
    }
    start(client, &m, MESSAGE_PORT_DEL);
    message_put_u32(&m, port_no);
    return call(client, &m, NULL, NULL, &reply, err);
}

int client_port_set(struct dp *dp, uint32_t port_no, const struct dp_port_config *config,
                    struct error *err)
{
    struct client *client = client_cast(dp);
    struct message_reader reply;
    struct message m;
    int error = check_values(config, err);

    if (error) {
        return error;
    }
    if (!client_usable(client)) {
        return not_connected(err);
    }
    start(client, &m, MESSAGE_PORT_SET);
    message_put_u32(&m, port_no);
    message_put_config(&m, config);
    return call(client, &m, NULL, NULL, &reply, err);
}

struct port_collector {
    struct dp_port_info *ports;
    size_t n;
};

static void collect_ports(struct message_reader *r, void *collector_)
{
    struct port_collector *c = collector_;
    uint32_t n = message_get_u32(r);

    if (n > DP_MAX_PORTS - c->n) {
        r->bad = true;
        return;
    }
    c->ports = xreallocarray(c->ports, c->n + n + 1, sizeof *c->ports);
    while (n-- && message_ok(r)) {
        message_get_port_info(r, &c->ports[c->n++]);
    }
}

int client_port_list(struct dp *dp, struct dp_port_info **ret, size_t *ret_n, struct error *err)
{
    struct client *client = client_cast(dp);
    struct port_collector collector = {NULL, 0};
    struct message_reader reply;
    struct message m;
    int error;

    if (!client_usable(client)) {
        return not_connected(err);
    }
    start(client, &m, MESSAGE_PORT_LIST);
    error = call(client, &m, collect_ports, &collector, &reply, err);
    if (error || !collector.n) {
        free(collector.ports);
        collector.ports = NULL;
    }
    if (!error) {
        *ret = collector.ports;
        *ret_n = collector.n;
    }
    return error;
}

/* Flows are collected as the messages they came in, and shown to the callback when the call is
 * over: so the callback may do what it likes with the datapath. */
struct flow_collector {
    uint8_t *data;
    size_t len;
    size_t size;
};

static void collect_flows(struct message_reader *r, void *collector_)
{
    struct flow_collector *c = collector_;
    size_t n = r->len - r->pos;

    if (!n) {
        return;
    }
    if (c->len + n > c->size) {
        c->size = MAX_OF(c->size * 2, c->len + n + MESSAGE_MAX);
        c->data = xrealloc(c->data, c->size);
    }
    memcpy(c->data + c->len, message_get_bytes(r, n), n);
    c->len += n;
}

/* Checks all before showing any. */
static bool walk_flows(const struct flow_collector *c, void (*cb)(const struct dp_flow *, void *),
                       void *aux)
{
    struct message_reader reader = {.data = c->data, .len = c->len};
    uint8_t *actions = xmalloc(DP_ACTIONS_MAX_LEN);
    struct dp_flow flow;

    while (!reader.bad && reader.pos < reader.len) {
        message_get_flow(&reader, &flow, actions);
        if (!reader.bad && cb) {
            cb(&flow, aux);
        }
    }
    free(actions);
    return !reader.bad;
}

int client_flow_list(struct dp *dp, void (*cb)(const struct dp_flow *, void *aux), void *aux,
                     struct error *err)
{
    struct client *client = client_cast(dp);
    struct flow_collector collector = {NULL, 0, 0};
    struct message_reader reply;
    struct message m;
    int error;

    if (!client_usable(client)) {
        return not_connected(err);
    }
    start(client, &m, MESSAGE_FLOW_LIST);
    error = call(client, &m, collect_flows, &collector, &reply, err);
    if (!error && !walk_flows(&collector, NULL, NULL)) {
        error = lost_now(client, err, "it lists a malformed flow");
    }
    if (!error) {
        walk_flows(&collector, cb, aux);
    }
    free(collector.data);
    return error;
}
