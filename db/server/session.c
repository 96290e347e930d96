/* A client's connection and what hangs on it: monitors, locks, requests. Whatever ends it (the
 * client, an error, the server), session_close() lets go of everything. */
#include <event2/bufferevent.h>
#include <stdlib.h>

#include "db/server/internal.h"
#include "lib/log.h"

LOG_MODULE(db_session)

/* A client that does not read its replies is not read from either, above this. */
#define PAUSE_READING ((size_t)1 << 20)

static void on_message(struct jsonrpc *rpc UNUSED, const struct jsonrpc_msg *m, void *s)
{
    methods_dispatch(s, m);
}

static void on_closed(struct jsonrpc *rpc UNUSED, const char *reason, void *s_)
{
    struct session *s = s_;

    log_dbg("%s: %s", s->peer, reason);
    session_close(s, false);
}

static const struct jsonrpc_callbacks callbacks = {.message = on_message, .closed = on_closed};

void session_accept(struct server *server, struct bufferevent *bev, const char *peer)
{
    struct jsonrpc_limits limits = {
        .max_message = server->limits.max_message,
        .max_backlog = server->limits.max_backlog,
        .pause_reading = PAUSE_READING,
    };
    struct session *s;

    if (server->n_sessions >= server->limits.max_sessions) {
        log_warn_limit("%s: refused: %u clients are connected, which is the limit", peer,
                       server->n_sessions);
        bufferevent_free(bev);
        return;
    }
    s = xcalloc(1, sizeof *s);
    s->server = server;
    s->peer = xstrdup(peer);
    LIST_INIT(&s->monitors);
    LIST_INIT(&s->locks);
    LIST_INSERT_HEAD(&server->sessions, s, entry);
    server->n_sessions++;
    s->rpc = jsonrpc_new(bev, &limits, &callbacks, s);
}

void session_close(struct session *s, bool finish)
{
    struct monitor *monitor;

    while ((monitor = LIST_FIRST(&s->monitors))) {
        monitor_free(monitor);
    }
    lock_release_all(s);
    transact_forget(s);
    LIST_REMOVE(s, entry);
    s->server->n_sessions--;
    if (finish) {
        jsonrpc_finish(s->rpc);
    } else {
        jsonrpc_free(s->rpc);
    }
    free(s->peer);
    free(s);
}
