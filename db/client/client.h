/* A client of an OVSDB server that keeps a replica of the tables it asked for, tells of changes and
 * runs transactions.
 *
 * Works against sluice-db and ovsdb-server (also clustered, with several remotes separated by
 * commas: it moves on to the next when one fails or, for a cluster, is not the leader). Reconnects
 * by itself, with back-off; after that the replica is made anew (or resynchronised with
 * monitor_cond_since where the server can) and changes are told as differences. One thread: the
 * event base's. The program ignores SIGPIPE. */
#ifndef DB_CLIENT_CLIENT_H
#define DB_CLIENT_CLIENT_H

#include "db/schema/schema.h"

struct event_base;
struct db_client;
struct db_txn;

/* A row of the replica. 'columns' are indexed as table->columns; those that were not asked for are
 * defaults. */
struct db_row {
    struct uuid uuid;
    const struct db_table_schema *table;
    struct db_datum *columns;
    void *user; /* The application's; NULL at first. */
};

/* What to replicate; an empty or NULL list of columns means all. Tables and columns that the server
 * does not have are left out. */
struct db_client_table {
    const char *name;
    const char *const *columns; /* Ends with NULL. */
};

struct db_client_callbacks {
    /* The replica is whole for the first time, or changed; called once after each update message,
     * when all its changes are in. */
    void (*changed)(struct db_client *, void *aux);
    /* One row of a change, before 'changed'. 'old' is the row before (its column data only; NULL:
     * inserted), 'new' after (NULL: deleted; 'old' then is the replica's row with its 'user', freed
     * afterwards). May be NULL. */
    void (*row)(struct db_client *, const struct db_row *old, struct db_row *new_row, void *aux);
    void (*connected)(struct db_client *, void *aux); /* The schema is known; may be NULL. */
    /* The connection was lost, or an attempt failed. The replica stays as it was. May be NULL. */
    void (*disconnected)(struct db_client *, const char *reason, void *aux);
};

/* 'remotes' as "unix:PATH" or "tcp:A:P,tcp:B:P". 'tables' ends with a NULL name; NULL: every column
 * of every table. Copies all but callbacks. Everything happens from the base's loop: the callbacks
 * may run transactions but not free the client. -EINVAL when 'remotes' is none. */
int db_client_new(struct event_base *, const char *remotes, const char *db_name,
                  const struct db_client_table *tables, const struct db_client_callbacks *,
                  void *aux, struct db_client **ret, struct error *);
/* Transactions that are not done yet are answered with -ECANCELED. NULL is fine. */
void db_client_free(struct db_client *);
/* Chooses what to replicate when the schema has to be known for that. Only inside the first
 * 'connected'; instead of the 'tables' given above. */
void db_client_set_tables(struct db_client *, const struct db_client_table *tables);
/* Asks for the server's lock 'name' (RFC 7047 section 4.1.8) on every connection, and waits for it
 * there. Call it before the loop runs. The lock does not keep transactions from being run. */
void db_client_set_lock(struct db_client *, const char *name);
/* Whether the lock is ours: known when 'changed' is called, which is also called when it comes or
 * goes later. False without a connection. A server that knows no locks counts as giving it. */
bool db_client_has_lock(const struct db_client *);
/* The replica is whole and follows the server's changes. */
bool db_client_is_synced(const struct db_client *);
/* The remote in use, or tried last. */
const char *db_client_remote(const struct db_client *);
/* NULL before the first connection. */
const struct db_schema *db_client_schema(const struct db_client *);

/* Rows of a table, in no order; start with NULL, NULL at the end. Do not keep across changes. */
struct db_row *db_client_next(struct db_client *, const char *table, struct db_row *after);
struct db_row *db_client_get(struct db_client *, const char *table, const struct uuid *);
/* The only row of a table such as Open_vSwitch; NULL when there is none. */
struct db_row *db_client_only(struct db_client *, const char *table);

/* Reading columns by name. A column that the server's schema does not have, or that has another
 * type, reads as empty. Strings live as long as the row's column is unchanged. */
const struct db_datum *db_row_datum(const struct db_row *, const char *column,
                                    const struct db_type **ret_type);
const char *db_row_string(const struct db_row *, const char *column, const char *def);
int64_t db_row_integer(const struct db_row *, const char *column, int64_t def);
bool db_row_bool(const struct db_row *, const char *column, bool def);
/* The value of 'key' in a string-to-string map, or 'def'. */
const char *db_row_map(const struct db_row *, const char *column, const char *key, const char *def);
/* The n-th uuid of a set of references (a map's value), resolved in the replica; NULL when out of
 * range or not there. */
struct db_row *db_row_ref(struct db_client *, const struct db_row *, const char *column,
                          unsigned int n);

/* --- Transactions. Built, then committed once; freed by the commit.
 * ------------------------------------------------------------- */

struct db_txn *db_txn_new(struct db_client *);
void db_txn_free(struct db_txn *); /* Abandons. */
void db_txn_comment(struct db_txn *, const char *text);
/* A new row: its columns are set with db_txn_set(). 'uuid_name' receives the name ("row12") under
 * which this transaction may refer to it. */
void db_txn_insert(struct db_txn *, const char *table, const char **ret_uuid_name);
/* The same with a UUID of the caller's choice, for servers that know ovsdb-server's extension. */
void db_txn_insert_as(struct db_txn *, const char *table, const struct uuid *,
                      const char **ret_uuid_name);
/* Sets a column of an existing row (uuid) or of one inserted by this transaction (uuid_name); all
 * of one row make one operation. 'value' is JSON in RFC 7047's notation, taken over. */
void db_txn_set(struct db_txn *, const char *table, const struct uuid *, const char *uuid_name,
                const char *column, json_t *value);
void db_txn_mutate(struct db_txn *, const char *table, const struct uuid *, const char *column,
                   const char *mutator, json_t *value);
void db_txn_delete(struct db_txn *, const char *table, const struct uuid *);
/* The transaction fails with "try again" (done's error -EAGAIN) unless the column still has the
 * replica's value. */
void db_txn_verify(struct db_txn *, const struct db_row *, const char *column);
/* Any operation of RFC 7047 section 5.2, taken over, after those above. Returns its index in the
 * results given to 'done'. */
size_t db_txn_op(struct db_txn *, json_t *op);
bool db_txn_is_empty(const struct db_txn *);

/* 'error' is 0, -EAGAIN (changed under us, or not connected: build it anew), or another negative
 * errno with 'text' as the server said it. 'results' (borrowed, NULL when it failed) are the
 * results of db_txn_op() operations and inserts, in the order of those calls. When the connection
 * is lost in between, nobody knows whether the server carried it out: that is -EAGAIN, too. */
typedef void db_txn_done(int error, const char *text, const json_t *results, void *aux);
/* 'done' is called later, from the loop, exactly once; after the transaction's own changes have
 * reached the replica when it succeeded. */
void db_txn_commit(struct db_txn *, db_txn_done *, void *aux);

#endif
