/* What the files of db/server share: the server, its databases, sessions, requests, monitors,
 * locks. Internal.
 *
 * How a transaction goes: a request is executed as it comes, in memory. If it changed something,
 * its record and its updates for monitors are prepared at once, but neither they nor the reply (nor
 * any later reply that could tell of its effects) leave the server before the end of the event
 * loop's turn, when one write and at most one sync to the disk serve all requests of the turn. If
 * that fails, all of them are taken back. */
#ifndef DB_SERVER_INTERNAL_H
#define DB_SERVER_INTERNAL_H

#include <sys/queue.h>
#include <uthash.h>

#include "db/server/server.h"
#include "db/txn/condition.h"
#include "db/txn/execute.h"
#include "lib/jsonrpc.h"

struct event;

LIST_HEAD(monitor_list, monitor);
LIST_HEAD(lock_wait_list, lock_wait);
LIST_HEAD(hosted_list, hosted);
TAILQ_HEAD(session_list, session);
LIST_HEAD(remote_list, remote);

/* --- Monitors. --- */

enum select_bits { SELECT_INITIAL = 1, SELECT_INSERT = 2, SELECT_DELETE = 4, SELECT_MODIFY = 8 };

struct monitor_column {
    const struct db_column *column;
    unsigned int select;
};

struct monitor_table {
    const struct table *table;
    unsigned int select; /* All columns' together. */
    unsigned int n_columns;
    struct monitor_column *columns;
    struct condition condition;
};

/* Monitors that ask for exactly the same: updates are made once for all of them. */
struct monitor_group {
    UT_hash_handle hh; /* In hosted->groups, by 'key'. */
    char *key;
    struct hosted *hosted; /* NULL once the database is gone. */
    unsigned int n_refs;   /* Monitors, and updates that wait to be sent. */
    int version;           /* 1: monitor, 2: monitor_cond, 3: monitor_cond_since. */
    json_t *requests;      /* As the client gave them; of monitor_cond_change, too. */
    unsigned int n_tables;
    struct monitor_table *tables;          /* Sorted by table. */
    const struct monitor_table **by_table; /* hosted's number of tables; NULL: not monitored. */
    struct monitor_list monitors;
};

struct monitor {
    LIST_ENTRY(monitor) in_group;
    LIST_ENTRY(monitor) in_session;
    struct session *session;
    struct monitor_group *group;
    json_t *id;
    char *id_text;
};

/* An update that is sent when the transaction is in the file. */
struct staged_update {
    STAILQ_ENTRY(staged_update) entry;
    struct monitor_group *group;
    struct strbuf text; /* <table-updates> or <table-updates2>. */
};

STAILQ_HEAD(staged_updates, staged_update);

/* --- Requests. --- */

/* A "transact" on its way. */
struct request {
    TAILQ_ENTRY(request) entry; /* In hosted->finished or hosted->waiting. */
    struct hosted *hosted;
    struct session *session; /* NULL: gone, nobody gets the reply. */
    json_t *id;
    json_t *params;
    uint64_t start_ms;
    struct execute_result result;
    struct txn *txn; /* Prepared; NULL when nothing changed. */
    struct uuid txn_id;
    struct staged_updates updates;
    const struct table *wait_table; /* While in 'waiting'. */
    struct event *timeout;
    bool is_due; /* To be run again. */
};

TAILQ_HEAD(request_list, request);

/* A database that is served. */
struct hosted {
    LIST_ENTRY(hosted) entry;
    struct server *server;
    const char *name; /* The schema's. */
    struct store *store;
    struct database *db;
    bool is_read_only;            /* For clients: "_Server". */
    struct request_list finished; /* Wait for the flush, in order. */
    size_t n_finished;
    struct request_list waiting; /* "wait" does not hold yet. */
    struct event *flush_event;
    struct monitor_group *groups;
    struct history *history;
    struct event *compaction; /* Watches a compaction that is under way; NULL: none. */
    off_t size_before;        /* Of the file, when it began. */
};

/* --- Sessions. --- */

struct lock_wait;

struct session {
    TAILQ_ENTRY(session) entry;
    struct server *server;
    struct jsonrpc *rpc;
    char *peer;
    struct session_owner *owner;
    struct monitor_list monitors;
    struct lock_wait_list locks; /* Owned and waited for. */
    unsigned int n_monitors, n_locks, n_waiting;
    bool is_db_change_aware;
};

/* Whom sessions count for: the process or the host at their other end. */
struct session_owner {
    UT_hash_handle hh;
    char *name;
    unsigned int n_sessions;
};

struct lock;

struct remote {
    LIST_ENTRY(remote) entry;
    char *name;
    struct stream_listener *listener;
};

struct server {
    struct event_base *base;
    struct server_limits limits;
    struct uuid id;
    struct hosted_list dbs;
    struct session_list sessions; /* Who spoke last is last. */
    struct remote_list remotes;
    unsigned int n_sessions;
    struct lock *locks; /* By name. */
    struct hosted *server_db;
    struct limits *bounds;
};

/* What a session may hold at most. */
#define MAX_MONITORS 1000
#define MAX_LOCKS 1000
#define MAX_WAITING 1000

/* session.c */
void session_accept(struct server *, struct bufferevent *, const char *peer);
/* Frees the session with all it holds. 'finish' writes what is pending first. */
void session_close(struct session *, bool finish);

/* methods.c */
void methods_dispatch(struct session *, const struct jsonrpc_msg *);
/* The database that params[0] names; NULL after an error reply. */
struct hosted *methods_find_db(struct session *, const struct jsonrpc_msg *);
void methods_error(struct session *, const struct jsonrpc_msg *, const char *error, const char *fmt,
                   ...) PRINTF_LIKE(4, 5);
struct hosted *server_find(const struct server *, const char *name);

/* hosted.c */
struct hosted *hosted_new(struct server *, struct store *, struct database *, bool is_read_only);
void hosted_free(struct hosted *);
/* Writes and answers everything that is finished. */
void hosted_flush(struct hosted *);
/* The same until nothing is finished: what is written may end the waiting of others, who then have
 * something to be written. Before anything that looks at the whole database, or replaces it. */
void hosted_flush_all(struct hosted *);
void hosted_flush_later(struct hosted *);
/* For changes that no request made: txn is prepared here. */
int hosted_commit_internal(struct hosted *, struct txn *, struct error *);
int hosted_compact(struct hosted *, struct error *);
/* Gives up a compaction that is under way in the background. */
void hosted_stop_compaction(struct hosted *);

/* history.c: what the last transactions changed, for monitor_cond_since. */
struct history *history_new(struct database *);
void history_free(struct history *);
/* Commits a transaction, keeping what it changed under an id. */
void history_commit(struct history *, struct txn *, const struct uuid *txn_id);
/* The id of the last transaction (of the start, when there was none). */
const struct uuid *history_last(const struct history *);
/* Everything that changed after a transaction, as if it were one, or NULL when that transaction is
 * not known (any more). For reading only; ends with history_free_changes(). */
struct txn *history_changes_since(const struct history *, const struct uuid *txn_id);
void history_free_changes(struct txn *);

/* transact.c */
void transact_request(struct session *, const struct jsonrpc_msg *);
/* Executes it, for the first time or again after a "wait". */
void transact_run(struct request *);
/* Runs those that wait for the tables that 'is_due' marks, and those whose time has come. */
void transact_retry(struct hosted *);
void transact_cancel(struct session *, const json_t *id);
/* Of all sessions, as the database is another now. */
void transact_cancel_waiting(struct hosted *);
/* The session is gone. */
void transact_forget(struct session *);
void transact_reply(struct request *); /* And frees it. */
void request_free(struct request *);

/* monitor.c, monitor_parse.c, monitor_update.c */
void monitor_request(struct session *, const struct jsonrpc_msg *, int version);
void monitor_cancel_request(struct session *, const struct jsonrpc_msg *);
void monitor_cond_change_request(struct session *, const struct jsonrpc_msg *);
void monitor_free(struct monitor *);
/* All of a database, telling the clients. */
void monitor_cancel_all(struct hosted *);
void monitor_group_unref(struct monitor_group *);
int monitor_group_find(struct hosted *, const json_t *requests, int version,
                       struct monitor_group **ret, struct failure *);
/* Makes the updates that a prepared transaction causes. */
void monitor_stage(struct hosted *, const struct txn *, struct staged_updates *);
void monitor_publish(struct staged_updates *, const struct uuid *txn_id);
void monitor_discard(struct staged_updates *);
/* The contents at present, for the reply to "monitor". */
void monitor_put_initial(struct strbuf *, const struct monitor_group *);
/* What a transaction means for one group; nothing is put when that is nothing. */
void monitor_put_changes(struct strbuf *, const struct monitor_group *, const struct txn *);
/* What changing the conditions from 'old' to 'new_group' means for the client. */
void monitor_put_cond_change(struct strbuf *, const struct monitor_group *old,
                             const struct monitor_group *new_group);
void monitor_send(const struct monitor *, const struct uuid *txn_id, struct jsonrpc_text *updates);

/* limits.c: what all clients together may use. */
struct limits *limits_new(struct server *);
void limits_free(struct limits *);
/* Makes room for one more session, if the server is full and somebody can be made to leave. */
bool limits_make_room(struct server *);
struct session_owner *limits_owner_ref(struct server *, const char *name);
void limits_owner_unref(struct server *, struct session_owner *);
/* Clients may hold more than before: looks to it soon. Cheap. */
void limits_check(struct server *);
/* A member for each number, for memory/show. */
void limits_put(struct strbuf *, const struct server *);

/* lock.c */
void lock_request(struct session *, const struct jsonrpc_msg *, bool steal);
void lock_unlock_request(struct session *, const struct jsonrpc_msg *);
bool lock_is_owned(const struct session *, const char *name);
void lock_release_all(struct session *);

/* convert.c */
void convert_request(struct session *, const struct jsonrpc_msg *);

/* server_db.c: the database "_Server" (ovsdb-server(5)). */
struct hosted *server_db_new(struct server *);
/* Makes its rows agree with the databases that are served. */
void server_db_update(struct server *);

#endif
