/* A client's connection and what hangs on it: monitors, locks, requests. Whatever ends it (the
 * client, an error, the server), session_close() lets go of everything. */
#include <event2/bufferevent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "db/server/internal.h"
#include "lib/log.h"

LOG_MODULE(db_session)

/* A client that does not read its replies is not read from either, above this. */
#define PAUSE_READING ((size_t)1 << 20)

static void on_message(struct jsonrpc *rpc UNUSED, const struct jsonrpc_msg *m, void *s_)
{
    struct session *s = s_;
    struct server *server = s->server;

    TAILQ_REMOVE(&server->sessions, s, entry);
    TAILQ_INSERT_TAIL(&server->sessions, s, entry);
    methods_dispatch(s, m);
    limits_check(server);
}

static void on_grew(struct jsonrpc *rpc UNUSED, void *s)
{
    limits_check(((struct session *)s)->server);
}

static void on_closed(struct jsonrpc *rpc UNUSED, const char *reason, void *s_)
{
    struct session *s = s_;

    log_dbg("%s: %s", s->peer, reason);
    session_close(s, false);
}

static const struct jsonrpc_callbacks callbacks = {
    .message = on_message, .closed = on_closed, .grew = on_grew};

/* Names the other end of 'bev' for people: a Unix socket's by its process. */
static char *name_peer(struct bufferevent *bev, const char *peer)
{
    struct ucred cred;
    socklen_t len = sizeof cred;

    if (!strcmp(peer, "unix") &&
        !getsockopt(bufferevent_getfd(bev), SOL_SOCKET, SO_PEERCRED, &cred, &len)) {
        return xasprintf("unix:process %ld", (long)cred.pid);
    }
    return xstrdup(peer);
}

/* All sessions of a process, or of a host, whatever its ports. */
static struct session_owner *find_owner(struct server *server, const char *peer)
{
    const char *port = strncmp(peer, "tcp:", 4) ? NULL : strrchr(peer, ':');
    char *name = port ? xstrndup(peer, (size_t)(port - peer)) : xstrdup(peer);
    struct session_owner *owner = limits_owner_ref(server, name);

    free(name);
    return owner;
}

void session_accept(struct server *server, struct bufferevent *bev, const char *peer)
{
    struct jsonrpc_limits limits = {
        .max_message = server->limits.max_message,
        .max_backlog = server->limits.max_backlog,
        .pause_reading = PAUSE_READING,
    };
    struct session *s;

    if (!limits_make_room(server)) {
        log_warn_limit("%s: refused: %u clients are connected, which is the limit", peer,
                       server->n_sessions);
        bufferevent_free(bev);
        return;
    }
    s = xcalloc(1, sizeof *s);
    s->server = server;
    s->peer = name_peer(bev, peer);
    s->owner = find_owner(server, s->peer);
    LIST_INIT(&s->monitors);
    LIST_INIT(&s->locks);
    TAILQ_INSERT_TAIL(&server->sessions, s, entry);
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
    TAILQ_REMOVE(&s->server->sessions, s, entry);
    limits_owner_unref(s->server, s->owner);
    s->server->n_sessions--;
    if (finish) {
        jsonrpc_finish(s->rpc);
    } else {
        jsonrpc_free(s->rpc);
    }
    free(s->peer);
    free(s);
}
