/* The connection of a database client: one JSON-RPC session at a time with one of several remotes.
 *
 * Used by client.c only. It connects, gives up on a server that does not answer probes, waits
 * between attempts (1, 2, 4, 8 s) and pairs replies with requests. It knows nothing of what the
 * messages say. One thread: the event base's. */
#ifndef DB_CLIENT_SESSION_H
#define DB_CLIENT_SESSION_H

#include <jansson.h>

#include "lib/error.h"

struct event_base;
struct db_session;

struct db_session_callbacks {
    void (*connected)(void *aux);
    /* The connection, or an attempt to make one, failed; all requests were answered before. The
     * next attempt is already planned. */
    void (*disconnected)(const char *reason, void *aux);
    void (*notify)(const char *method, json_t *params, void *aux);
};

/* Exactly one of 'result' and 'error' is not NULL; both are NULL when the connection was lost. */
typedef void db_session_reply(json_t *result, json_t *error, void *aux);

/* 'remotes': stream names separated by commas, tried in turn. The first attempt is made from the
 * base's loop. -EINVAL when a name is no active stream. */
int db_session_new(struct event_base *, const char *remotes, const struct db_session_callbacks *,
                   void *aux, struct db_session **ret, struct error *);
/* Open requests are answered (both NULL) first. */
void db_session_free(struct db_session *);

bool db_session_is_connected(const struct db_session *);
/* Takes 'params' over. Without a connection it is answered (both NULL) at once. */
void db_session_request(struct db_session *, const char *method, json_t *params, db_session_reply *,
                        void *aux);
/* Drops the connection, from the loop rather than at once, and goes on with the next remote. */
void db_session_reconnect(struct db_session *, const char *reason);
/* The server turned out to be useful: the next failure starts with the shortest pause again. */
void db_session_healthy(struct db_session *);
unsigned int db_session_n_remotes(const struct db_session *);
/* The remote in use, or tried last. */
const char *db_session_remote(const struct db_session *);

#endif
