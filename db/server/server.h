/* The OVSDB server: databases, remotes to listen on, and the sessions of clients. RFC 7047 section
 * 4 with the extensions of ovsdb-server(7). One thread: the event base's. */
#ifndef DB_SERVER_SERVER_H
#define DB_SERVER_SERVER_H

#include "db/store/store.h"

struct event_base;
struct server;

#define SERVER_MAX_SESSIONS 1000

/* What a server lets its clients use; 0: the default. */
struct server_limits {
    unsigned int max_sessions; /* SERVER_MAX_SESSIONS. */
    size_t max_message;        /* Bytes of one message: 64 MiB. */
    size_t max_backlog;        /* Bytes that wait for a slow client: 256 MiB. */
    size_t max_memory;         /* Bytes that all clients' messages hold: an eighth of the memory,
                                  but 64 MiB...1 GiB. */
};

struct server *server_new(struct event_base *, const struct server_limits *);
/* Writes what is pending, closes all connections and databases. */
void server_free(struct server *);

/* Serves a database; takes over the store. */
int server_add_store(struct server *, struct store *, struct error *);
/* Listens on "punix:PATH", "ptcp:PORT[:HOST]". */
int server_add_remote(struct server *, const char *remote, struct error *);

/* Registers ovsdb-server/list-dbs, compact, list-remotes, memory/show and exit. Once a program. */
void server_register_ctl(struct server *);

#endif
