/* The listener and the connections of one bridge: bytes to messages, negotiation of the version,
 * limits. See mgmt.h. */
#include "ofproto/conn/mgmt.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>

#include "lib/log.h"
#include "lib/stream.h"
#include "ofproto/conn/conn.h"
#include "ofproto/conn/controller.h"
#include "ofproto/conn/snoop.h"

LOG_MODULE(openflow);

#define MAX_CONNECTIONS 64 /* Of the management socket; and of passive controllers. */
/* For the peer's hello; and, when a connection is to end, for reading what is left. */
#define LIMIT_S 5
/* A peer that leaves so much unread is not read from, until it has read down to the other. */
#define PAUSE_BYTES ((size_t)4 << 20)
#define RESUME_BYTES ((size_t)1 << 20)

/* Replies, to all connections of all bridges, that nobody reads; and what a flow that is yet to be
 * told may hold of it, when it is in no table any more. */
#define MAX_UNREAD ((size_t)1 << 30)
#define FLOW_BYTES 128

/* Of removed rules that wait for their last counters: a full table of usual ones. While the
 * datapath does not answer, no end of them would come. */
#define MAX_REMOVED_BYTES ((size_t)512 << 20)

/* A bit per version, as in a hello's bitmap. */
#define HIGHEST OFP15

static uint32_t versions_of(const struct mgmt *mgmt)
{
    return OFP_ALL_VERSIONS & ~mgmt->bridge->config.refused_versions;
}

static uint8_t highest(uint32_t versions)
{
    return versions ? (uint8_t)(31 - __builtin_clz(versions)) : HIGHEST;
}

void conn_close(struct conn *conn, const char *why)
{
    struct controller *controller = conn->controller;
    struct mgmt *mgmt = conn->mgmt;

    conn_cancel_barrier(conn);
    conn_free_bundles(conn);
    conn_free_features_request(conn);
    conn_free_monitors(conn);
    conn_free_dump(conn);
    LIST_REMOVE(conn, node);
    mgmt->n_conns[conn->kind]--;
    mgmt_async_changed(mgmt);
    conn_end_probe(conn);
    event_free(conn->limit);
    bufferevent_free(conn->bev);
    free(conn->peer);
    free(conn);
    if (controller) {
        controller_conn_gone(controller, why ? why : "closed");
    }
}

static void on_limit(evutil_socket_t fd UNUSED, short what UNUSED, void *conn_)
{
    struct conn *conn = conn_;

    if (!conn->closing) {
        log_info_limit("bridge '%s': OpenFlow connection ended: no hello within %d s",
                       conn->bridge->name, LIMIT_S);
    }
    conn_close(conn, "no hello in time");
}

static void start_limit(struct conn *conn)
{
    const struct timeval tv = {LIMIT_S, 0};

    event_add(conn->limit, &tv);
}

void conn_send(struct conn *conn, struct strbuf *s)
{
    snoop(conn, s->data, s->len);
    bufferevent_write(conn->bev, s->data, s->len);
    strbuf_free(s);
}

void conn_put_hello(struct strbuf *s, uint32_t versions)
{
    size_t start = ofp_begin(s, highest(versions), OFPT_HELLO, 1);

    wire_put16(s, 1); /* OFPHET_VERSIONBITMAP. */
    wire_put16(s, 8);
    wire_put32(s, versions);
    ofp_end(s, start);
}

static void send_hello(struct conn *conn)
{
    struct strbuf s = STRBUF_INIT;

    conn_put_hello(&s, versions_of(conn->mgmt));
    conn_send(conn, &s);
}

/* The versions that a hello offers (OpenFlow 1.3.5 section 7.5.1): its bitmap, or the header's
 * version alone. Elements that are malformed count as not there. */
static uint32_t hello_versions(const struct request *r, bool *ret_bitmap)
{
    const uint8_t *p = request_body(r);
    size_t left = request_body_len(r);

    *ret_bitmap = false;
    while (left >= 4) {
        size_t n = wire_get16(p + 2), padded = ROUND_UP(n, 8);

        if (n < 4 || n > left) {
            break;
        }
        if (wire_get16(p) == 1 && n >= 8) {
            *ret_bitmap = true;
            return wire_get32(p + 4);
        }
        p += MIN_OF(padded, left);
        left -= MIN_OF(padded, left);
    }
    return 0;
}

/* For the peer's log: what it could have offered. */
static void put_versions(struct strbuf *s, uint32_t versions)
{
    strbuf_puts(s, versions ? "this bridge speaks OpenFlow" : "this bridge speaks no OpenFlow");
    for (unsigned int v = 0; v < 32; v++) {
        if (versions >> v & 1) { /* 1.0 is number 1. */
            strbuf_printf(s, " 1.%u", v - 1);
        }
    }
}

/* False when there is no common version. */
static bool negotiate(struct conn *conn, const struct request *r)
{
    struct strbuf s = STRBUF_INIT;
    bool has_bitmap;
    uint32_t versions = versions_of(conn->mgmt);
    uint32_t common = hello_versions(r, &has_bitmap) & versions;
    uint8_t lower = MIN_OF(r->h.version, highest(versions));
    size_t start;

    if (!has_bitmap) {
        common = versions & 1u << MIN_OF(lower, (uint8_t)31);
    }
    if (common) {
        conn->version = highest(common);
        event_del(conn->limit);
        return true;
    }
    start = ofp_begin(&s, lower, OFPT_ERROR, r->h.xid);
    wire_put16(&s, 0); /* OFPET_HELLO_FAILED, OFPHFC_INCOMPATIBLE; a text for the log follows. */
    wire_put16(&s, 0);
    put_versions(&s, versions);
    ofp_end(&s, start);
    conn_send(conn, &s);
    return false;
}

static void send_error(struct conn *conn, const struct request *r, enum ofp_error error)
{
    struct strbuf s = STRBUF_INIT;

    ofp_error_encode(&s, conn->version ? conn->version : (uint8_t)HIGHEST, error, r->msg, r->len);
    conn_send(conn, &s);
}

/* False: the connection ends once everything is written. */
static bool message(struct conn *conn, const struct request *r)
{
    snoop(conn, r->msg, r->len);
    if (!conn->version) {
        if (r->h.type != OFPT_HELLO) {
            send_error(conn, r, OFPERR_BRC_BAD_VERSION);
            return false;
        }
        if (!negotiate(conn, r)) {
            return false;
        }
        conn_async_init(conn);
        mgmt_async_changed(conn->mgmt);
        if (conn->controller) {
            controller_conn_changed(conn->controller);
        }
        return true;
    }
    if (r->h.version != conn->version && r->h.type != OFPT_HELLO) {
        send_error(conn, r, OFPERR_BRC_BAD_VERSION);
        return true;
    }
    conn_handle(conn, r);
    return true;
}

/* Handles the messages that are whole. Returns false when the connection is to end. */
static bool read_messages(struct conn *conn)
{
    struct evbuffer *in = bufferevent_get_input(conn->bev);
    struct evbuffer *out = bufferevent_get_output(conn->bev);
    uint8_t head[OFP_HEADER_LEN];

    while (!conn->in_barrier && !conn->paused &&
           evbuffer_copyout(in, head, sizeof head) == (ssize_t)sizeof head) {
        struct request r;

        if (evbuffer_get_length(out) > PAUSE_BYTES) {
            conn->paused = true;
            break;
        }
        ofp_header_decode(head, &r.h);
        r.len = r.h.length;
        if (r.len < OFP_HEADER_LEN) { /* Where the next message begins is not known any more. */
            r.msg = head;
            r.len = OFP_HEADER_LEN;
            send_error(conn, &r, OFPERR_BRC_BAD_LEN);
            return false;
        }
        if (evbuffer_get_length(in) < r.len) {
            return true;
        }
        r.msg = evbuffer_pullup(in, (ssize_t)r.len);
        if (!message(conn, &r)) {
            return false;
        }
        evbuffer_drain(in, r.len);
    }
    if (conn->in_barrier || conn->paused) {
        bufferevent_disable(conn->bev, EV_READ);
    }
    return true;
}

static void finish(struct conn *conn)
{
    if (!evbuffer_get_length(bufferevent_get_output(conn->bev))) {
        conn_close(conn, "it does not speak OpenFlow as we do");
        return;
    }
    conn->closing = true;
    bufferevent_disable(conn->bev, EV_READ);
    bufferevent_setwatermark(conn->bev, EV_WRITE, 0, 0);
    start_limit(conn);
}

static void on_read(struct bufferevent *bev, void *conn_)
{
    struct conn *conn = conn_;
    struct ofproto_set *set = conn->bridge->set;

    (void)bev;
    conn->heard_ms = time_now_ms();
    conn->probing = false; /* However late its timer comes. */
    if (!conn->closing) {
        bool go_on;

        conn->reading = true;
        go_on = read_messages(conn);
        conn->reading = false;
        if (!go_on) {
            finish(conn);
        }
    }
    set_tell_changes(set);
}

void conn_resume(struct conn *conn)
{
    if (!conn->reading && !conn->closing && !conn->paused && !conn->in_barrier) {
        bufferevent_enable(conn->bev, EV_READ);
        on_read(conn->bev, conn);
    }
}

/* The output is down to the low mark. */
static void on_written(struct bufferevent *bev, void *conn_)
{
    struct conn *conn = conn_;

    (void)bev;
    if (conn->closing) {
        conn_close(conn, "it does not speak OpenFlow as we do");
        return;
    }
    conn_resume_monitors(conn);
    if (conn->paused && (!conn->dump || conn_go_on_dumping(conn))) {
        conn->paused = false;
        conn_resume(conn);
    }
}

static void on_event(struct bufferevent *bev, short what, void *conn)
{
    struct ofproto_set *set = ((struct conn *)conn)->bridge->set;

    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) {
        char why[256];

        stream_reason(bev, what, why, sizeof why);
        conn_close(conn, why);
        set_tell_changes(set);
    }
}

/* When all places of a kind are taken: the oldest connection that has said no hello, does not read
 * its answers or is to end loses its place. False when there is none. */
static bool make_room(struct mgmt *mgmt, enum conn_kind kind)
{
    struct conn *conn, *victim = NULL;

    LIST_FOREACH (conn, &mgmt->conns, node) {
        if (conn->kind == kind && (!conn->version || conn->paused || conn->closing)) {
            victim = conn; /* The newest is first. */
        }
    }
    if (!victim) {
        return false;
    }
    log_warn_limit("bridge '%s': an OpenFlow connection that %s is ended to make room: there are "
                   "%d, which is the limit",
                   mgmt->bridge->name,
                   victim->version ? "does not read its answers" : "has said no hello",
                   MAX_CONNECTIONS);
    conn_close(victim, NULL);
    return true;
}

static size_t unread(const struct conn *conn)
{
    return evbuffer_get_length(bufferevent_get_output(conn->bev)) +
           conn_dump_left(conn) * FLOW_BYTES;
}

/* The sum, and who has the most but for 'asker', and whose message is at work behind its. */
static size_t all_unread(const struct conn *asker, struct conn **ret_most)
{
    struct ofproto *bridge, *next;
    struct conn *conn;
    size_t sum = 0;

    *ret_most = NULL;
    HASH_ITER (hh, asker->bridge->set->bridges, bridge, next) {
        if (!bridge->mgmt) {
            continue;
        }
        LIST_FOREACH (conn, &bridge->mgmt->conns, node) {
            sum += unread(conn);
            if (conn != asker && !conn->reading &&
                (!*ret_most || unread(conn) > unread(*ret_most))) {
                *ret_most = conn;
            }
        }
    }
    return sum;
}

void conn_make_memory(const struct conn *asker)
{
    struct conn *most;

    while (all_unread(asker, &most) > MAX_UNREAD && most && unread(most) > PAUSE_BYTES) {
        log_warn_limit("bridge '%s': an OpenFlow connection is ended: it leaves %zu bytes unread, "
                       "and all together leave more than %zu",
                       most->bridge->name, unread(most), MAX_UNREAD);
        conn_close(most, "it does not read its answers");
    }
}

struct conn *mgmt_serve_kind(struct mgmt *mgmt, struct bufferevent *bev, const char *peer,
                             enum conn_kind kind, struct controller *controller)
{
    struct conn *conn;

    if (kind != CONN_ACTIVE && mgmt->n_conns[kind] >= MAX_CONNECTIONS && !make_room(mgmt, kind)) {
        log_warn_limit("bridge '%s': OpenFlow connection from %s refused: there are %d already",
                       mgmt->bridge->name, peer, MAX_CONNECTIONS);
        bufferevent_free(bev);
        return NULL;
    }
    conn = xcalloc(1, sizeof *conn);
    conn->mgmt = mgmt;
    conn->bridge = mgmt->bridge;
    conn->bev = bev;
    conn->limit = evtimer_new(bufferevent_get_base(bev), on_limit, conn);
    conn->peer = xstrdup(peer);
    conn->kind = kind;
    conn->controller = controller;
    conn->role = OFPCR_EQUAL;
    LIST_INIT(&conn->bundles);
    LIST_INIT(&conn->monitors);
    conn->short_id = OFPCID_UNDEFINED;
    LIST_INSERT_HEAD(&mgmt->conns, conn, node);
    mgmt->n_conns[kind]++;
    bufferevent_setcb(bev, on_read, on_written, on_event, conn);
    bufferevent_setwatermark(bev, EV_WRITE, RESUME_BYTES, 0);
    send_hello(conn);
    start_limit(conn);
    bufferevent_enable(bev, EV_READ | EV_WRITE);
    return conn;
}

void mgmt_serve(struct bufferevent *bev, const char *peer, void *mgmt)
{
    mgmt_serve_kind(mgmt, bev, peer, CONN_MANAGEMENT, NULL);
}

struct mgmt *mgmt_new(struct ofproto *bridge)
{
    struct mgmt *mgmt = xcalloc(1, sizeof *mgmt);

    mgmt->bridge = bridge;
    LIST_INIT(&mgmt->conns);
    LIST_INIT(&mgmt->controllers);
    LIST_INIT(&mgmt->snoopers);
    STAILQ_INIT(&mgmt->counting);
    STAILQ_INIT(&mgmt->removed);
    mgmt->max_removed_bytes = MAX_REMOVED_BYTES;
    return mgmt;
}

int ofproto_mgmt_listen(struct ofproto *bridge, struct event_base *base, const char *path,
                        struct error *err)
{
    struct mgmt *mgmt;
    char *name;
    int rc;

    if (bridge->mgmt) {
        return error_set(err, EALREADY, "bridge '%s': OpenFlow is served already", bridge->name);
    }
    mgmt = mgmt_new(bridge);
    name = xasprintf("punix:%s", path);
    rc = stream_listen(base, name, mgmt_serve, mgmt, &mgmt->listener, err);
    free(name);
    if (rc) {
        mgmt_free(mgmt);
        return error_prefix(err, "bridge '%s': OpenFlow socket", bridge->name);
    }
    bridge->mgmt = mgmt;
    return 0;
}

void mgmt_reconnect(struct mgmt *mgmt)
{
    struct conn *conn, *next;

    for (conn = LIST_FIRST(&mgmt->conns); conn; conn = next) {
        next = LIST_NEXT(conn, node);
        if (conn->version) {
            conn_close(conn, "the bridge's datapath id changed");
        }
    }
}

void mgmt_versions_changed(struct mgmt *mgmt)
{
    struct conn *conn, *next;

    for (conn = LIST_FIRST(&mgmt->conns); conn; conn = next) {
        next = LIST_NEXT(conn, node);
        if (conn->version && !(versions_of(mgmt) >> conn->version & 1)) {
            conn_close(conn, "its OpenFlow version is not among the bridge's protocols any more");
        }
    }
}

void mgmt_free(struct mgmt *mgmt)
{
    if (!mgmt) {
        return;
    }
    stream_listener_free(mgmt->snoop_listener);
    controllers_free(mgmt);
    while (!LIST_EMPTY(&mgmt->conns)) {
        conn_close(LIST_FIRST(&mgmt->conns), NULL);
    }
    mgmt_forget_removed(mgmt);
    stream_listener_free(mgmt->listener);
    free(mgmt);
}
