/* See controller.h. An active target is connected to at once, and again after each failure, with a
 * backoff that doubles up to max_backoff. A passive one listens; who connects there is served as on
 * the management socket. */
#include "ofproto/conn/controller.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/log.h"
#include "lib/stream.h"
#include "ofproto/conn/conn.h"
#include "ofproto/conn/mgmt.h"
#include "ofproto/conn/snoop.h"

LOG_MODULE(controller);

#define MIN_BACKOFF_MS 1000
#define DEFAULT_MISS_SEND_LEN 128 /* OpenFlow 1.3.5 section 7.3.2. */

struct controller {
    LIST_ENTRY(controller) node; /* In its mgmt. */
    struct mgmt *mgmt;
    struct event_base *base;
    char *target;
    unsigned int max_backoff_ms;
    unsigned int probe_ms;
    bool no_async;
    bool is_primary;
    struct rate_limit packet_in_limit;

    struct event *timer;        /* To try again; while connecting: to give up. */
    struct bufferevent *stream; /* While connecting. */
    struct conn *conn;          /* While connected. */
    struct stream_listener *listener;
    unsigned int backoff_ms;                /* Before the next attempt. */
    uint64_t connected_ms, disconnected_ms; /* The last time; 0: never. */
    char error[256];                        /* Of the last failure. */
    bool met;                               /* Is among those that are wanted now. */
};

static void changed(struct controller *c)
{
    const struct ofproto_hooks *hooks = &c->mgmt->bridge->set->hooks;

    if (hooks->controllers_changed) {
        hooks->controllers_changed(hooks->aux);
    }
}

static bool any_connected(const struct mgmt *mgmt)
{
    const struct conn *conn;

    LIST_FOREACH (conn, &mgmt->conns, node) {
        if (conn->is_primary && conn->version) {
            return true;
        }
    }
    return false;
}

static bool has_primary(const struct mgmt *mgmt)
{
    const struct controller *c;

    LIST_FOREACH (c, &mgmt->controllers, node) {
        if (c->is_primary) {
            return true;
        }
    }
    return false;
}

static unsigned int preference(const struct controller *c)
{
    if (!c->conn || !c->conn->version) {
        return 2;
    }
    return c->conn->role == OFPCR_MASTER ? 4 : c->conn->role == OFPCR_SLAVE ? 1 : 3;
}

const struct controller *controllers_pick(const struct mgmt *mgmt)
{
    const struct controller *c, *best = NULL;

    LIST_FOREACH (c, &mgmt->controllers, node) {
        if (stream_name_is_active(c->target) && (!best || preference(c) > preference(best))) {
            best = c;
        }
    }
    return best;
}

/* --- Fail-open. */

static unsigned int patience_ms(const struct mgmt *mgmt)
{
    const struct controller *c;
    unsigned int probe_ms = 0;

    LIST_FOREACH (c, &mgmt->controllers, node) {
        probe_ms = MAX_OF(probe_ms, c->probe_ms);
    }
    return 3 * (probe_ms ? probe_ms : 5000);
}

void controllers_run(struct mgmt *mgmt, uint64_t now_ms)
{
    struct ofproto *bridge = mgmt->bridge;
    bool open = bridge->fail_open;

    if (bridge->config.fail_mode == OFPROTO_SECURE || !bridge->has_controllers ||
        any_connected(mgmt)) {
        mgmt->alone_since_ms = now_ms;
        open = false;
    } else if (now_ms - MIN_OF(now_ms, mgmt->alone_since_ms) >= patience_ms(mgmt)) {
        open = true;
    }
    if (open != bridge->fail_open) {
        log_warn("bridge '%s': %s", bridge->name,
                 open ? "no controller is there: forwarding as a learning switch (fail-mode "
                        "standalone)"
                      : "a controller is there again, or none is wanted: forwarding by the tables");
        bridge->fail_open = open;
        bridge_changed(bridge);
    }
}

/* --- Connecting. */

static void set_timer(struct controller *c, unsigned int ms)
{
    struct timeval tv = {ms / 1000, (int)(ms % 1000) * 1000};

    event_add(c->timer, &tv);
}

static void failed(struct controller *c, const char *why)
{
    if (strcmp(c->error, why)) {
        log_warn("bridge '%s': controller %s: %s", c->mgmt->bridge->name, c->target, why);
    }
    snprintf(c->error, sizeof c->error, "%s", why);
    set_timer(c, c->backoff_ms);
    c->backoff_ms = MIN_OF(c->backoff_ms * 2, c->max_backoff_ms);
    changed(c);
}

static void settle(const struct controller *c, struct conn *conn)
{
    conn->packet_in_limit = c->packet_in_limit;
    conn_set_probe(conn, c->probe_ms);
    conn->no_async = c->no_async;
    /* Nobody who just asks something gets messages unasked: see conn_wants(). */
    conn->is_primary = c->is_primary;
    conn->miss_send_len = c->is_primary ? DEFAULT_MISS_SEND_LEN : 0;
}

static void on_connect(struct bufferevent *bev, short what, void *c_)
{
    struct controller *c = c_;

    c->stream = NULL;
    event_del(c->timer);
    if (!(what & BEV_EVENT_CONNECTED)) {
        char why[256];

        stream_reason(bev, what, why, sizeof why);
        bufferevent_free(bev);
        failed(c, why);
        return;
    }
    c->connected_ms = time_now_ms();
    c->conn = mgmt_serve_kind(c->mgmt, bev, c->target, CONN_ACTIVE, c);
    settle(c, c->conn);
    log_info("bridge '%s': connected to controller %s", c->mgmt->bridge->name, c->target);
    c->error[0] = '\0';
    changed(c);
}

static void serve(struct bufferevent *bev, const char *peer, void *c_)
{
    struct controller *c = c_;
    struct conn *conn = mgmt_serve_kind(c->mgmt, bev, peer, CONN_PASSIVE, NULL);

    if (conn) {
        settle(c, conn);
    }
}

static void start(struct controller *c)
{
    struct error err = {0};

    if (stream_name_is_passive(c->target)) {
        if (stream_listen(c->base, c->target, serve, c, &c->listener, &err)) {
            failed(c, err.text);
        } else {
            c->error[0] = '\0';
            changed(c);
        }
        return;
    }
    if (!stream_name_is_active(c->target)) {
        snprintf(c->error, sizeof c->error,
                 "target '%s' is none of tcp:, unix:, ssl:, ptcp:, punix:, pssl:", c->target);
        log_warn("bridge '%s': controller: %s", c->mgmt->bridge->name, c->error);
        return;
    }
    c->stream = stream_connect(c->base, c->target, &err);
    if (!c->stream) {
        failed(c, err.text);
        return;
    }
    bufferevent_setcb(c->stream, NULL, NULL, on_connect, c);
    set_timer(c, MAX_OF(c->backoff_ms, MIN_BACKOFF_MS));
}

static void on_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *c_)
{
    struct controller *c = c_;

    if (c->stream) {
        bufferevent_free(c->stream);
        c->stream = NULL;
        failed(c, "connecting took too long");
    } else {
        start(c);
    }
}

void controller_conn_gone(struct controller *c, const char *why)
{
    c->conn = NULL;
    c->disconnected_ms = time_now_ms();
    if (c->disconnected_ms - c->connected_ms >= c->backoff_ms) {
        c->backoff_ms = MIN_BACKOFF_MS;
    }
    c->mgmt->alone_since_ms = c->disconnected_ms;
    failed(c, why);
}

void controller_conn_changed(struct controller *c)
{
    controllers_run(c->mgmt, time_now_ms());
    changed(c);
}

/* --- Those that are wanted. */

static void controller_free(struct controller *c)
{
    snoop_end(c->mgmt, c);
    LIST_REMOVE(c, node);
    if (c->conn) {
        c->conn->controller = NULL;
        conn_close(c->conn, NULL);
    }
    if (c->stream) {
        bufferevent_free(c->stream);
    }
    stream_listener_free(c->listener);
    event_free(c->timer);
    free(c->target);
    free(c);
}

void controllers_free(struct mgmt *mgmt)
{
    while (!LIST_EMPTY(&mgmt->controllers)) {
        controller_free(LIST_FIRST(&mgmt->controllers));
    }
}

static struct controller *find(const struct mgmt *mgmt, const char *target)
{
    struct controller *c;

    LIST_FOREACH (c, &mgmt->controllers, node) {
        if (!strcmp(c->target, target)) {
            return c;
        }
    }
    return NULL;
}

static void configure(struct controller *c, const struct ofproto_controller_config *config)
{
    uint32_t burst = config->burst_limit ? config->burst_limit : config->rate_limit / 4;

    c->max_backoff_ms = MAX_OF(config->max_backoff_ms, (unsigned int)MIN_BACKOFF_MS);
    c->backoff_ms = MIN_OF(c->backoff_ms, c->max_backoff_ms);
    c->probe_ms = config->inactivity_probe_ms;
    c->no_async = config->no_async;
    c->is_primary = config->is_primary;
    c->packet_in_limit = (struct rate_limit){.rate = config->rate_limit,
                                             .burst = MAX_OF(burst, 1u)};
    if (c->conn && c->conn->is_primary != c->is_primary) {
        conn_close(c->conn, "it is of another type now");
    } else if (c->conn) {
        conn_set_probe(c->conn, c->probe_ms);
        c->conn->packet_in_limit = c->packet_in_limit;
    }
}

static void controller_new(struct mgmt *mgmt, struct event_base *base,
                           const struct ofproto_controller_config *config)
{
    struct controller *c = xcalloc(1, sizeof *c);

    c->mgmt = mgmt;
    c->base = base;
    c->target = xstrdup(config->target);
    c->backoff_ms = MIN_BACKOFF_MS;
    c->met = true;
    c->timer = event_new(base, -1, 0, on_timer, c);
    LIST_INSERT_HEAD(&mgmt->controllers, c, node);
    configure(c, config);
    set_timer(c, 0);
}

void ofproto_set_controllers(struct ofproto *bridge, struct event_base *base,
                             const struct ofproto_controller_config *configs, size_t n)
{
    struct controller *c, *next;
    bool has;

    if (!bridge->mgmt) {
        if (!n) {
            return;
        }
        bridge->mgmt = mgmt_new(bridge);
    }
    LIST_FOREACH (c, &bridge->mgmt->controllers, node) {
        c->met = false;
    }
    for (size_t i = 0; i < n; i++) {
        c = find(bridge->mgmt, configs[i].target);
        if (c) {
            c->met = true;
            configure(c, &configs[i]);
        } else {
            controller_new(bridge->mgmt, base, &configs[i]);
        }
    }
    for (c = LIST_FIRST(&bridge->mgmt->controllers); c; c = next) {
        next = LIST_NEXT(c, node);
        if (!c->met) {
            controller_free(c);
        }
    }
    has = has_primary(bridge->mgmt);
    if (has != bridge->has_controllers) {
        bridge->has_controllers = has;
        bridge->mgmt->alone_since_ms = time_now_ms();
        bridge_start_anew(bridge);
    }
    controllers_run(bridge->mgmt, time_now_ms());
}

static int64_t seconds_since(uint64_t then_ms, uint64_t now_ms)
{
    return then_ms ? (int64_t)((now_ms - MIN_OF(now_ms, then_ms)) / 1000) : -1;
}

bool ofproto_get_controller(const struct ofproto *bridge, const char *target,
                            struct ofproto_controller_status *ret)
{
    const struct controller *c = bridge->mgmt ? find(bridge->mgmt, target) : NULL;
    const uint64_t now_ms = time_now_ms();
    bool is_connected;

    if (!c) {
        return false;
    }
    is_connected = c->conn && c->conn->version;
    *ret = (struct ofproto_controller_status){
        .is_connected = is_connected,
        .role = !is_connected                  ? NULL
                : c->conn->role == OFPCR_EQUAL ? "other"
                                               : conn_role_name(c->conn),
        .state = is_connected                                ? "ACTIVE"
                 : c->stream || c->conn                      ? "CONNECTING"
                 : c->listener                               ? "LISTENING"
                 : event_pending(c->timer, EV_TIMEOUT, NULL) ? "BACKOFF"
                                                             : "VOID",
        .error = c->error,
        .connected_s = seconds_since(c->connected_ms, now_ms),
        .disconnected_s = seconds_since(c->disconnected_ms, now_ms),
    };
    return true;
}
