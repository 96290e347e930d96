/* The server as a whole: see server.h. */
#include "db/server/server.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "db/server/internal.h"
#include "lib/log.h"
#include "lib/stream.h"

LOG_MODULE(db_server)

struct server *server_new(struct event_base *base, const struct server_limits *limits)
{
    struct server *server = xcalloc(1, sizeof *server);

    server->base = base;
    if (limits) {
        server->limits = *limits;
    }
    if (!server->limits.max_sessions) {
        server->limits.max_sessions = SERVER_MAX_SESSIONS;
    }
    uuid_generate(&server->id);
    LIST_INIT(&server->dbs);
    TAILQ_INIT(&server->sessions);
    LIST_INIT(&server->remotes);
    server->bounds = limits_new(server);
    server->server_db = server_db_new(server);
    server_db_update(server);
    return server;
}

void server_free(struct server *server)
{
    struct remote *remote;
    struct session *s;
    struct hosted *h;

    if (!server) {
        return;
    }
    while ((remote = LIST_FIRST(&server->remotes))) {
        LIST_REMOVE(remote, entry);
        stream_listener_free(remote->listener);
        free(remote->name);
        free(remote);
    }
    LIST_FOREACH (h, &server->dbs, entry) {
        hosted_flush(h);
    }
    while ((s = TAILQ_FIRST(&server->sessions))) {
        session_close(s, false);
    }
    while ((h = LIST_FIRST(&server->dbs))) {
        hosted_free(h);
    }
    limits_free(server->bounds);
    free(server);
}

int server_add_store(struct server *server, struct store *store, struct error *err)
{
    struct database *db = store_database(store);

    if (server_find(server, db->schema->name)) {
        return error_set(err, EEXIST, "a database named '%s' is served already", db->schema->name);
    }
    hosted_new(server, store, db, false);
    server_db_update(server);
    return 0;
}

static void on_accept(struct bufferevent *bev, const char *peer, void *server)
{
    session_accept(server, bev, peer);
}

int server_add_remote(struct server *server, const char *name, struct error *err)
{
    struct stream_listener *listener;
    struct remote *remote;
    int error;

    if (!stream_name_is_passive(name)) {
        return error_set(err, EINVAL,
                         "remote '%s': give punix:PATH or ptcp:PORT[:HOST] to listen on", name);
    }
    error = stream_listen(server->base, name, on_accept, server, &listener, err);
    if (error) {
        return error;
    }
    remote = xcalloc(1, sizeof *remote);
    remote->name = xstrdup(name);
    remote->listener = listener;
    LIST_INSERT_HEAD(&server->remotes, remote, entry);
    log_info("listening on %s", name);
    return 0;
}
