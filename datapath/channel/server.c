/* The dp channel's server: listens at RUNDIR/dp.sock, lets one vswitchd attach, carries its
 * messages and turns the crank of rings and core_poll(). Control thread (the event base's), except
 * server_post() and server_post_flush(), which workers call: see detach() for how they and a detach
 * keep apart. */
#include "datapath/channel/server.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_version.h>

#include "datapath/channel/server_conn.h"
#include "datapath/channel/server_ports.h"
#include "datapath/channel/server_rings.h"
#include "lib/file_id.h"
#include "lib/log.h"
#include "lib/util.h"

LOG_MODULE(dp_server);

#define MAX_CONNS 16
#define HELLO_MS 5000
#define IDLE_POLL_MS 1000
#define STREAM_CHUNKS 16 /* A turn. */
#define DRAIN_TURNS 256  /* More than a full command ring takes. */

struct outgoing {
    STAILQ_ENTRY(outgoing) next;
    size_t len;
    uint8_t data[];
};

struct conn {
    LIST_ENTRY(conn) next;
    struct server *server;
    int sock;
    pid_t pid;
    struct event *readable;
    struct event *writable;
    struct event *hello_limit;
    STAILQ_HEAD(outgoing_list, outgoing) out;
    uint32_t stream_next; /* Of a flow list that is being answered, DP_NO_FLOW: none is. */
    uint32_t stream_seq;
    bool failed; /* Nothing more can be sent; it is freed when nobody uses it. */
};

/* Says that a worker is inside the sink; a line of its own. */
struct worker_guard {
    uint32_t inside __attribute__((aligned(64)));
};

struct server {
    struct worker_guard guards[CORE_MAX_WORKERS];
    struct server_rings *rings; /* Of the attached one; workers load it. */
    struct event_base *base;
    struct server_counters *counters;
    struct core_upcall_sink sink;
    uint64_t boot_id;
    char *path;
    struct file_id id; /* Of the socket at 'path'. */
    int sock;
    struct event *acceptable;
    bool accept_later; /* Out of descriptors: 'acceptable' would come again at once, for ever. */
    struct event *poll;
    struct event *woken;
    struct conn *attached;
    unsigned int n_attached;
    LIST_HEAD(conn_list, conn) conns;
    unsigned int n_conns;
    uint8_t changed[DP_MAX_PORTS / 8];
    bool any_changed;
    uint8_t buffer[MESSAGE_MAX];  /* Messages being read. */
    uint8_t scratch[MESSAGE_MAX]; /* Messages being built. */
};

static void set_timer(struct event *timer, unsigned int ms)
{
    const struct timeval tv = {ms / 1000, (ms % 1000) * 1000};

    event_add(timer, &tv);
}

/* --- The sink, on workers. --- */

/* The rings to use, or NULL; then leave() must follow. The store of 'inside' and the load of
 * 'rings' are in the one order of seq_cst with detach()'s store of 'rings' and loads of 'inside':
 * either we see NULL, or it sees us. */
static struct server_rings *enter(struct server *server, unsigned int worker)
{
    __atomic_store_n(&server->guards[worker].inside, 1, __ATOMIC_SEQ_CST);
    return __atomic_load_n(&server->rings, __ATOMIC_SEQ_CST);
}

static void leave(struct server *server, unsigned int worker)
{
    __atomic_store_n(&server->guards[worker].inside, 0, __ATOMIC_RELEASE);
}

static bool server_post(unsigned int worker, const struct dp_upcall *upcall, void *server_)
{
    struct server *server = server_;
    struct server_rings *rings = enter(server, worker);
    bool posted = rings && server_rings_post(rings, worker, upcall);

    leave(server, worker);
    return posted;
}

static void server_post_flush(unsigned int worker, void *server_)
{
    struct server *server = server_;
    struct server_rings *rings = enter(server, worker);

    if (rings) {
        server_rings_post_flush(rings, worker);
    }
    leave(server, worker);
}

/* --- Connections. --- */

static void detach(struct server *, const char *reason);

static void conn_free(struct conn *conn)
{
    struct outgoing *out;

    if (conn->server->attached == conn) {
        conn->server->attached = NULL;
    }
    while ((out = STAILQ_FIRST(&conn->out))) {
        STAILQ_REMOVE_HEAD(&conn->out, next);
        free(out);
    }
    event_free(conn->readable);
    event_free(conn->writable);
    event_free(conn->hello_limit);
    close(conn->sock);
    LIST_REMOVE(conn, next);
    conn->server->n_conns--;
    free(conn);
}

/* Ends a connection, attached or not. */
static void conn_end(struct conn *conn, const char *reason)
{
    if (conn->server->attached == conn) {
        detach(conn->server, reason);
    } else {
        log_info_limit("process %d: connection ended: %s", (int)conn->pid, reason);
        conn_free(conn);
    }
}

uint8_t *conn_buffer(struct conn *conn)
{
    return conn->server->scratch;
}

struct server_counters *conn_counters(struct conn *conn)
{
    return conn->server->counters;
}

static void conn_queue(struct conn *conn, const struct message *m)
{
    struct outgoing *out = xmalloc(sizeof *out + m->len);

    out->len = m->len;
    memcpy(out->data, m->data, m->len);
    STAILQ_INSERT_TAIL(&conn->out, out, next);
    event_add(conn->writable, NULL);
    event_del(conn->readable);
}

void conn_send(struct conn *conn, const struct message *m)
{
    int error = -EAGAIN;

    if (conn->failed) {
        return;
    }
    if (STAILQ_EMPTY(&conn->out)) {
        error = channel_send(conn->sock, m, NULL, 0);
    }
    if (error == -EAGAIN) {
        conn_queue(conn, m);
    } else if (error) {
        conn->failed = true;
    }
}

static void send_changed_ports(struct server *server)
{
    struct message m;
    uint32_t n = 0;
    size_t n_pos;

    if (!server->any_changed || !server->attached || !STAILQ_EMPTY(&server->attached->out)) {
        return;
    }
    message_init(&m, server->scratch, MESSAGE_PORT_CHANGED, 0);
    n_pos = m.len;
    message_put_u32(&m, 0);
    for (uint32_t port_no = 0; port_no < DP_MAX_PORTS; port_no++) {
        if (server->changed[port_no / 8] & (1u << port_no % 8)) {
            message_put_u32(&m, port_no);
            n++;
        }
    }
    message_patch_u32(&m, n_pos, n);
    memset(server->changed, 0, sizeof server->changed);
    server->any_changed = false;
    conn_send(server->attached, &m);
}

void server_port_changed(struct server *server, uint32_t port_no)
{
    if (server->attached) {
        server->changed[port_no / 8] |= (uint8_t)(1u << port_no % 8);
        server->any_changed = true;
        set_timer(server->poll, 0);
    }
}

/* Goes on with a flow list until the socket is full, or for a turn's share of it. */
static void continue_stream(struct conn *conn)
{
    for (int i = 0; i < STREAM_CHUNKS && conn->stream_next != DP_NO_FLOW && !conn->failed; i++) {
        if (!STAILQ_EMPTY(&conn->out)) {
            return;
        }
        conn->stream_next = server_send_flows(conn, conn->stream_seq, conn->stream_next);
    }
    if (conn->stream_next != DP_NO_FLOW && !conn->failed) {
        event_add(conn->writable, NULL);
    }
}

void conn_stream_flows(struct conn *conn, uint32_t seq)
{
    conn->stream_seq = seq;
    conn->stream_next = 0;
    continue_stream(conn);
}

static void on_writable(evutil_socket_t fd UNUSED, short what UNUSED, void *conn_)
{
    struct conn *conn = conn_;
    struct outgoing *out;

    while ((out = STAILQ_FIRST(&conn->out))) {
        const struct message m = {.data = out->data, .len = out->len};
        int error = channel_send(conn->sock, &m, NULL, 0);

        if (error == -EAGAIN) {
            return;
        }
        if (error) {
            conn_end(conn, strerror(-error));
            return;
        }
        STAILQ_REMOVE_HEAD(&conn->out, next);
        free(out);
    }
    event_del(conn->writable);
    event_add(conn->readable, NULL);
    continue_stream(conn);
    send_changed_ports(conn->server);
}

/* --- Attaching and detaching. --- */

/* Takes the rings from the workers: after the store, a worker that enters sees NULL; those that are
 * inside are out after the copy of one packet. */
static void take_rings(struct server *server)
{
    struct server_rings *rings = server->rings;

    __atomic_store_n(&server->rings, NULL, __ATOMIC_SEQ_CST);
    for (unsigned int w = 0; w < CORE_MAX_WORKERS; w++) {
        while (__atomic_load_n(&server->guards[w].inside, __ATOMIC_SEQ_CST)) {
            sched_yield();
        }
    }
    if (server->woken) {
        event_free(server->woken);
        server->woken = NULL;
    }
    server_rings_free(rings);
}

static void detach(struct server *server, const char *reason)
{
    struct conn *conn = server->attached;

    log_info("vswitchd (process %d) detached: %s; %zu ports and %zu flows stay", (int)conn->pid,
             reason, ports_count(), core_flow_count());
    take_rings(server);
    conn_free(conn);
    memset(server->changed, 0, sizeof server->changed);
    server->any_changed = false;
    core_upcalls_reset();
}

static void turn(struct server *server)
{
    int more = server->rings ? server_rings_run(server->rings) : 0;
    unsigned int ms = core_poll();

    if (server->rings && more >= 0 && server_rings_flush(server->rings)) {
        more = -EPROTO;
    }
    if (more < 0) {
        detach(server, "it wrote something impossible into its rings");
    } else if (server->attached && server->attached->failed) {
        detach(server, "it does not take messages any more");
    }
    send_changed_ports(server);
    if (server->accept_later) {
        server->accept_later = false;
        event_add(server->acceptable, NULL);
    }
    set_timer(server->poll, more > 0 ? 0 : MIN_OF(ms, IDLE_POLL_MS));
}

static void on_turn(evutil_socket_t fd UNUSED, short what UNUSED, void *server_)
{
    turn(server_);
}

static void refuse(struct conn *conn, int code, const struct error *err)
{
    struct message m;

    log_warn_limit("process %d may not attach: %s", (int)conn->pid, err->text);
    message_init(&m, conn->server->scratch, MESSAGE_REFUSED, 0);
    message_put_result(&m, code, err);
    channel_send(conn->sock, &m, NULL, 0);
    conn_free(conn);
}

/* When the attached one is dead, its end of the socket is closed, though we may not have been told.
 */
static void notice_death(struct server *server)
{
    struct pollfd pfd = {.events = POLLIN};

    if (server->attached) {
        pfd.fd = server->attached->sock;
        if (poll(&pfd, 1, 0) > 0 && pfd.revents & (POLLHUP | POLLERR)) {
            detach(server, "it ended");
        }
    }
}

static int read_hello(struct message_reader *r, const struct message_header *header,
                      struct error *err)
{
    uint32_t magic = message_get_u32(r), version = message_get_u32(r);
    char program_version[DP_NAME_MAX];

    if (header->type != MESSAGE_HELLO || !message_ok(r) || magic != MESSAGE_MAGIC) {
        return error_set(err, EPROTO,
                         "this is the socket of sluice-datapath's channel; what was "
                         "sent is no greeting of it");
    }
    message_get_u64(r); /* Feature bits: none is defined. */
    message_get_string(r, program_version, sizeof program_version);
    if (version != CHANNEL_VERSION || !message_ok(r)) {
        return error_set(err, EPROTO,
                         "it speaks channel version %u; sluice-datapath %s speaks %d: use programs "
                         "of one release",
                         version, SLUICE_VERSION, CHANNEL_VERSION);
    }
    return 0;
}

static int send_welcome(struct conn *conn, struct server_rings *rings)
{
    struct server *server = conn->server;
    int fds[4] = {server_counters_fd(server->counters), server_rings_memfd(rings),
                  server_rings_datapath_eventfd(rings), server_rings_vswitchd_wake_fd(rings)};
    struct message m;

    message_init(&m, server->scratch, MESSAGE_WELCOME, 0);
    message_put_u32(&m, MESSAGE_MAGIC);
    message_put_u32(&m, CHANNEL_VERSION);
    message_put_u64(&m, 0); /* Feature bits. */
    message_put_u64(&m, server->boot_id);
    message_put_u8(&m, !ports_count() && !core_flow_count());
    server_put_limits(&m);
    message_put_string(&m, SLUICE_VERSION);
    message_put_string(&m, rte_version());
    return channel_send(conn->sock, &m, fds, 4);
}

static void attach(struct conn *conn, struct message_reader *r, const struct message_header *header)
{
    struct server *server = conn->server;
    struct server_rings *rings = NULL;
    struct error err = {0, ""};
    int error = read_hello(r, header, &err);

    notice_death(server);
    if (!error && server->attached) {
        error = error_set(&err, EBUSY,
                          "process %d is attached to this datapath; only one vswitchd can be",
                          (int)server->attached->pid);
    }
    error = error ? error : server_rings_new(&rings, &err);
    if (error) {
        refuse(conn, error, &err);
        return;
    }
    error = send_welcome(conn, rings);
    if (error) {
        server_rings_free(rings);
        conn_end(conn, strerror(-error));
        return;
    }
    event_del(conn->hello_limit);
    server->attached = conn;
    server->n_attached++;
    server->woken = event_new(server->base, server_rings_datapath_eventfd(rings),
                              EV_READ | EV_PERSIST | EV_ET, on_turn, server);
    event_add(server->woken, NULL);
    __atomic_store_n(&server->rings, rings, __ATOMIC_SEQ_CST);
    log_info("vswitchd (process %d) attached; %zu ports, %zu flows", (int)conn->pid, ports_count(),
             core_flow_count());
    turn(server); /* So that a first command finds the flag of a sleeper. */
}

/* What was put into the rings before a message comes before it. */
static void drain_commands(struct server *server)
{
    int n = 1;

    for (int i = 0; i < DRAIN_TURNS && n > 0; i++) {
        n = server_rings_run(server->rings);
    }
    set_timer(server->poll, 0);
}

static void on_readable(evutil_socket_t fd UNUSED, short what UNUSED, void *conn_)
{
    struct conn *conn = conn_;
    struct server *server = conn->server;
    struct message_header header;
    struct message_reader reader;
    int n = channel_recv(conn->sock, server->buffer, NULL, NULL);

    if (n == -EAGAIN) {
        return;
    }
    if (n <= 0) {
        conn_end(conn, n ? strerror(-n) : "it ended");
        return;
    }
    if (!message_read(&reader, server->buffer, (size_t)n, &header)) {
        conn_end(conn, "it sent a malformed message");
        return;
    }
    if (conn != server->attached) {
        attach(conn, &reader, &header);
        return;
    }
    drain_commands(server);
    if (server_command(conn, &header, &reader)) {
        detach(server, "it sent a malformed command");
    }
}

static void on_hello_limit(evutil_socket_t fd UNUSED, short what UNUSED, void *conn_)
{
    conn_end(conn_, "it did not greet in time");
}

static pid_t peer_pid(int sock)
{
    struct ucred cred;
    socklen_t len = sizeof cred;

    return getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &len) ? 0 : cred.pid;
}

static void on_acceptable(evutil_socket_t listener, short what UNUSED, void *server_)
{
    struct server *server = server_;
    int sock = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct conn *conn;

    if (sock < 0) {
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
            log_warn_limit("%s: cannot accept a connection: %s", server->path, strerror(errno));
            event_del(server->acceptable);
            server->accept_later = true;
        }
        return;
    }
    if (server->n_conns >= MAX_CONNS) {
        log_warn_limit("process %d: refused: %d connections are open", (int)peer_pid(sock),
                       MAX_CONNS);
        close(sock);
        return;
    }
    conn = xcalloc(1, sizeof *conn);
    conn->server = server;
    conn->sock = sock;
    conn->pid = peer_pid(sock);
    conn->stream_next = DP_NO_FLOW;
    STAILQ_INIT(&conn->out);
    conn->readable = event_new(server->base, sock, EV_READ | EV_PERSIST, on_readable, conn);
    conn->writable = event_new(server->base, sock, EV_WRITE | EV_PERSIST, on_writable, conn);
    conn->hello_limit = evtimer_new(server->base, on_hello_limit, conn);
    event_add(conn->readable, NULL);
    set_timer(conn->hello_limit, HELLO_MS);
    LIST_INSERT_HEAD(&server->conns, conn, next);
    server->n_conns++;
}

/* --- Life. --- */

struct server *server_new(struct event_base *base, struct server_counters *counters)
{
    struct server *server = aligned_alloc(64, ROUND_UP(sizeof *server, 64));

    if (!server) {
        abort();
    }
    memset(server, 0, sizeof *server);
    server->base = base;
    server->counters = counters;
    server->sink = (struct core_upcall_sink){server_post, server_post_flush, server};
    server->sock = -1;
    LIST_INIT(&server->conns);
    if (getrandom(&server->boot_id, sizeof server->boot_id, 0) != sizeof server->boot_id) {
        server->boot_id = time_wall_ms();
    }
    server->poll = evtimer_new(base, on_turn, server);
    return server;
}

const struct core_upcall_sink *server_sink(struct server *server)
{
    return &server->sink;
}

static int open_listener(const char *path, struct error *err)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int sock, code;

    if (strlen(path) >= sizeof addr.sun_path) {
        return error_set(err, ENAMETOOLONG, "%s: the socket's path is longer than %zu characters",
                         path, sizeof addr.sun_path - 1);
    }
    memcpy(addr.sun_path, path, strlen(path) + 1);
    sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (sock < 0) {
        return error_set_errno(err, errno, "%s: socket", path);
    }
    /* Of a dead predecessor: the pid file's lock says that no other datapath lives here. */
    unlink(path);
    if (bind(sock, (struct sockaddr *)&addr, sizeof addr) || chmod(path, 0660) ||
        listen(sock, MAX_CONNS)) {
        code = errno;
        close(sock);
        return error_set_errno(err, code, "%s: cannot listen", path);
    }
    return sock;
}

int server_listen(struct server *server, const char *rundir, struct error *err)
{
    char *path = xasprintf("%s/%s", rundir, CHANNEL_SOCKET);
    int sock = open_listener(path, err);

    if (sock < 0) {
        free(path);
        return sock;
    }
    server->path = path;
    server->id = file_id_of(path);
    server->sock = sock;
    server->acceptable = event_new(server->base, sock, EV_READ | EV_PERSIST, on_acceptable, server);
    event_add(server->acceptable, NULL);
    server_counters_mark(server->counters, core_get_settings()->n_workers, 1);
    set_timer(server->poll, 0);
    return 0;
}

void server_free(struct server *server)
{
    struct conn *conn;

    if (!server) {
        return;
    }
    take_rings(server);
    while ((conn = LIST_FIRST(&server->conns))) {
        conn_free(conn);
    }
    if (server->acceptable) {
        event_free(server->acceptable);
        file_id_unlink(&server->id, server->path);
        close(server->sock);
    }
    event_free(server->poll);
    free(server->path);
    free(server);
}

int server_attached_pid(const struct server *server)
{
    return server->attached ? (int)server->attached->pid : 0;
}

unsigned int server_attach_count(const struct server *server)
{
    return server->n_attached;
}
