/* The dp provider "channel:RUNDIR": attaches vswitchd to sluice-datapath, notices its death and
 * attaches again. On the thread of the event base; nothing here blocks. See client.h. */
#include "datapath/channel/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/util.h"

LOG_MODULE(dp_client);

#define RETRY_FIRST_MS 10
#define RETRY_MAX_MS 1000
#define HANDSHAKE_MS 5000

static void try_again_later(struct client *);

static void set_timer(struct event *timer, unsigned int ms)
{
    const struct timeval tv = {ms / 1000, (ms % 1000) * 1000};

    event_add(timer, &tv);
}

void client_defer(struct client *client)
{
    set_timer(client->deferred, 0);
}

/* --- Loss. --- */

static void session_clear(struct client_session *session)
{
    if (session->woken) {
        event_free(session->woken);
    }
    if (session->rings) {
        munmap(session->rings, CHANNEL_RINGS_SIZE);
    }
    if (session->counters) {
        munmap((void *)session->counters, CHANNEL_COUNTERS_SIZE);
    }
    if (session->wake_datapath >= 0) {
        close(session->wake_datapath);
    }
    if (session->wake_us >= 0) {
        close(session->wake_us);
    }
    memset(session, 0, sizeof *session);
    session->wake_datapath = session->wake_us = -1;
}

static void disconnect(struct client *client)
{
    if (client->readable) {
        event_free(client->readable);
        client->readable = NULL;
    }
    if (client->sock >= 0) {
        close(client->sock);
        client->sock = -1;
    }
    session_clear(&client->session);
    memset(client->changed, 0, sizeof client->changed);
    client->any_changed = false;
    client->drain_more = false;
}

void client_broken(struct client *client, const char *fmt, ...)
{
    va_list args;

    if (client->broken) {
        return;
    }
    va_start(args, fmt);
    vsnprintf(client->lost_reason, sizeof client->lost_reason, fmt, args);
    va_end(args);
    client->broken = true;
    client_defer(client);
}

static void finish_loss(struct client *client)
{
    log_warn("datapath at %s: lost: %s", client->path, client->lost_reason);
    disconnect(client);
    client->attached = client->broken = false;
    client->retry_ms = RETRY_FIRST_MS;
    client->last_reason[0] = '\0';
    try_again_later(client);
    if (client->callbacks->lost) {
        client->callbacks->lost(client->lost_reason, client->aux);
    }
}

static void tell_changed_ports(struct client *client)
{
    client->any_changed = false;
    for (uint32_t i = 0; i < sizeof client->changed && client_usable(client); i++) {
        while (client->changed[i] && client_usable(client)) {
            unsigned int bit = (unsigned int)__builtin_ctz(client->changed[i]);

            client->changed[i] &= (uint8_t) ~(1u << bit);
            if (client->callbacks->port_changed) {
                client->callbacks->port_changed(i * 8 + bit, client->aux);
            }
        }
    }
}

static void run_deferred(evutil_socket_t fd UNUSED, short what UNUSED, void *client_)
{
    struct client *client = client_;

    if (client_usable(client) && client->any_changed) {
        tell_changed_ports(client);
    }
    if (client_usable(client) && client->drain_more) {
        client_drain(client);
    }
    if (client->broken) {
        finish_loss(client);
    }
}

/* --- The handshake. --- */

/* Says why it does not attach, unless that was the last thing said. */
static void not_attached(struct client *client, const char *reason)
{
    if (strcmp(reason, client->last_reason)) {
        log_info("datapath at %s: not attached: %s; trying again", client->path, reason);
        snprintf(client->last_reason, sizeof client->last_reason, "%s", reason);
    }
    disconnect(client);
    try_again_later(client);
}

static int map_rings(struct client_session *session, int fd, struct error *err)
{
    struct stat st;
    int seals = fcntl(fd, F_GET_SEALS);

    /* Without these seals the other end could shrink it, and reading would raise SIGBUS. */
    if (seals < 0 || !(seals & F_SEAL_SHRINK) || fstat(fd, &st) ||
        st.st_size != (off_t)CHANNEL_RINGS_SIZE) {
        return error_set(err, EPROTO, "the rings' memory is not %llu sealed bytes",
                         (unsigned long long)CHANNEL_RINGS_SIZE);
    }
    session->rings = mmap(NULL, CHANNEL_RINGS_SIZE, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (session->rings == MAP_FAILED) {
        session->rings = NULL;
        return error_set_errno(err, errno, "the rings' memory cannot be mapped");
    }
    session->shared = (struct channel_rings *)session->rings;
    return 0;
}

void client_get_limits(struct message_reader *r, struct dp_info *info)
{
    uint32_t n_workers = message_get_u32(r);

    info->max_flows = message_get_u32(r);
    if (!n_workers || n_workers > CHANNEL_MAX_WORKERS || info->max_flows > DP_MAX_FLOWS) {
        r->bad = true;
    }
    info->n_workers = n_workers;
}

static int read_welcome(struct client *client, struct message_reader *r, const int *fds,
                        unsigned int n_fds, bool *ret_fresh, struct error *err)
{
    struct client_session *session = &client->session;
    uint32_t magic = message_get_u32(r), version = message_get_u32(r);
    int error;

    if (magic != MESSAGE_MAGIC || version != CHANNEL_VERSION) {
        return error_set(err, EPROTO, "it speaks channel version %u; this is %d", version,
                         CHANNEL_VERSION);
    }
    message_get_u64(r); /* Feature bits: none is defined. */
    session->info.boot_id = message_get_u64(r);
    *ret_fresh = message_get_u8(r);
    client_get_limits(r, &session->info);
    message_get_string(r, session->info.version, sizeof session->info.version);
    message_get_string(r, session->info.engine, sizeof session->info.engine);
    if (!message_done(r) || n_fds != 4) {
        return error_set(err, EPROTO, "its greeting is malformed");
    }
    error = client_counters_map(session, fds[0], err);
    error = error ? error : map_rings(session, fds[1], err);
    if (error) {
        return error;
    }
    session->wake_datapath = fcntl(fds[2], F_DUPFD_CLOEXEC, 0);
    session->wake_us = fcntl(fds[3], F_DUPFD_CLOEXEC, 0);
    if (session->wake_datapath < 0 || session->wake_us < 0) {
        return error_set_errno(err, errno, "a file descriptor cannot be duplicated");
    }
    return 0;
}

static void handle_greeting(struct client *client, const struct message_header *header,
                            struct message_reader *r, const int *fds, unsigned int n_fds)
{
    struct error err = {0, ""};
    bool fresh = false;
    int error;

    if (header->type == MESSAGE_REFUSED) {
        message_get_result(r, &err);
        error = -ECONNREFUSED;
    } else if (header->type == MESSAGE_WELCOME) {
        error = read_welcome(client, r, fds, n_fds, &fresh, &err);
    } else {
        error = error_set(&err, EPROTO, "it greets with message type %u", header->type);
    }
    if (error) {
        not_attached(client, err.text);
        return;
    }
    event_del(client->again);
    client_rings_start(client);
    client->attached = true;
    client->retry_ms = RETRY_FIRST_MS;
    client->last_reason[0] = '\0';
    log_info("datapath at %s: attached: version %s, %u workers%s", client->path,
             client->session.info.version, client->session.info.n_workers,
             fresh ? ", fresh" : ", with ports or flows");
    if (client->callbacks->attached) {
        client->callbacks->attached(fresh, client->aux);
    }
}

void client_handle_notice(struct client *client, const struct message_header *header,
                          struct message_reader *r)
{
    if (header->type == MESSAGE_PORT_CHANGED) {
        uint32_t n = message_get_u32(r);

        while (n-- && message_ok(r)) {
            uint32_t port_no = message_get_u32(r);

            if (port_no < DP_MAX_PORTS) {
                client->changed[port_no / 8] |= (uint8_t)(1u << port_no % 8);
            }
        }
        client->any_changed = true;
        client_defer(client);
    } else if (header->type != MESSAGE_REPLY && header->type != MESSAGE_CHUNK) {
        /* A REPLY that comes here answers a call that was given up. */
        client_broken(client, "it sent an unknown message of type %u", header->type);
    }
}

/* A message, or the end, of a datapath that is attached or greets. */
static void handle_received(struct client *client, int n, const int *fds, unsigned int n_fds)
{
    struct message_header header;
    struct message_reader reader;

    if (n <= 0 || !message_read(&reader, client->buffer, (size_t)n, &header)) {
        const char *reason = !n ? "it closed the connection" : strerror(n < 0 ? -n : EPROTO);

        if (client->attached) {
            client_broken(client, "%s", reason);
        } else {
            not_attached(client, reason);
        }
        return;
    }
    if (client->attached) {
        client_handle_notice(client, &header, &reader);
    } else {
        handle_greeting(client, &header, &reader, fds, n_fds);
    }
}

static void on_readable(evutil_socket_t fd UNUSED, short what UNUSED, void *client_)
{
    struct client *client = client_;
    int fds[MESSAGE_MAX_FDS];
    unsigned int n_fds = 0;
    int n = channel_recv(client->sock, client->buffer, client->attached ? NULL : fds, &n_fds);

    if (n != -EAGAIN && !client->broken) {
        handle_received(client, n, fds, n_fds);
    }
    for (unsigned int i = 0; i < n_fds; i++) {
        close(fds[i]); /* Whoever wanted one has a copy. */
    }
}

static int connect_socket(const char *path, struct error *err)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (sock < 0) {
        return error_set_errno(err, errno, "socket");
    }
    memcpy(addr.sun_path, path, strlen(path) + 1); /* The length was checked by client_open(). */
    if (connect(sock, (struct sockaddr *)&addr, sizeof addr)) {
        int code = errno;

        close(sock);
        return error_set_errno(err, code, "connect");
    }
    return sock;
}

static void try_now(evutil_socket_t fd UNUSED, short what UNUSED, void *client_)
{
    struct client *client = client_;
    struct error err = {0, ""};
    struct message hello;
    int error;

    if (client->sock >= 0) {
        not_attached(client, "it accepted the connection but does not answer");
        return;
    }
    client->sock = connect_socket(client->path, &err);
    if (client->sock < 0) {
        not_attached(client, err.text);
        return;
    }
    message_init(&hello, client->buffer, MESSAGE_HELLO, 0);
    message_put_u32(&hello, MESSAGE_MAGIC);
    message_put_u32(&hello, CHANNEL_VERSION);
    message_put_u64(&hello, 0); /* Feature bits. */
    message_put_string(&hello, SLUICE_VERSION);
    error = channel_send(client->sock, &hello, NULL, 0);
    if (error) {
        not_attached(client, strerror(-error));
        return;
    }
    client->readable = event_new(client->base, client->sock, EV_READ | EV_PERSIST, on_readable,
                                 client);
    event_add(client->readable, NULL);
    set_timer(client->again, HANDSHAKE_MS);
}

static void try_again_later(struct client *client)
{
    set_timer(client->again, client->retry_ms);
    client->retry_ms = MIN_OF(client->retry_ms * 2, RETRY_MAX_MS);
}

/* --- The provider. --- */

static const struct dp_provider client_provider;

static int client_open(const char *rundir, struct event_base *base,
                       const struct dp_callbacks *callbacks, void *aux, struct dp **ret,
                       struct error *err)
{
    struct client *client;
    char *path;

    if (!*rundir) {
        return error_set(err, EINVAL, "datapath 'channel:': the run directory is missing");
    }
    path = xasprintf("%s/%s", rundir, CHANNEL_SOCKET);
    if (strlen(path) >= sizeof((struct sockaddr_un *)0)->sun_path) {
        error_set(err, ENAMETOOLONG, "datapath 'channel:%s': the socket's path is longer than %zu",
                  rundir, sizeof((struct sockaddr_un *)0)->sun_path - 1);
        free(path);
        return -ENAMETOOLONG;
    }
    client = xcalloc(1, sizeof *client);
    client->dp.provider = &client_provider;
    client->base = base;
    client->callbacks = callbacks;
    client->aux = aux;
    client->path = path;
    client->sock = -1;
    client->session.wake_datapath = client->session.wake_us = -1;
    client->retry_ms = RETRY_FIRST_MS;
    client->again = evtimer_new(base, try_now, client);
    client->deferred = evtimer_new(base, run_deferred, client);
    client->batch = client_batch_new();
    set_timer(client->again, 0);
    *ret = &client->dp;
    return 0;
}

static void client_close(struct dp *dp)
{
    struct client *client = client_cast(dp);

    disconnect(client);
    event_free(client->again);
    event_free(client->deferred);
    client_batch_free(client->batch);
    free(client->path);
    free(client);
}

static int client_get_info(struct dp *dp, struct dp_info *ret)
{
    struct client *client = client_cast(dp);

    if (!client_usable(client)) {
        return -ENOTCONN;
    }
    *ret = client->session.info;
    return 0;
}

static const struct dp_provider client_provider = {
    .name = "channel",
    .open = client_open,
    .close = client_close,
    .set_config = client_set_config,
    .get_info = client_get_info,
    .port_add = client_port_add,
    .port_del = client_port_del,
    .port_set = client_port_set,
    .port_list = client_port_list,
    .flow_list = client_flow_list,
    .submit = client_submit,
    .flow_stats = client_flow_stats,
    .port_stats = client_port_stats,
    .drops = client_drops,
    .meter_stats = client_meter_stats,
};

CONSTRUCTOR static void register_client(void)
{
    dp_provider_register(&client_provider);
}
