/* A client's copy of the database's tables, kept by the updates that the server sends.
 *
 * Used by client.c (updates) and row.c (reading). It knows nothing of connections: JSON comes in,
 * changes of rows go out. Updates come from outside: all that does not fit the schema or the
 * replica is an error, after which client.c fetches everything anew. One thread. */
#ifndef DB_CLIENT_REPLICA_H
#define DB_CLIENT_REPLICA_H

#include <uthash.h>

#include "db/client/client.h"

struct replica_change;

struct replica_row {
    struct db_row row;
    struct replica_change *change; /* Of the update that is being applied, else NULL. */
    bool is_stale;                 /* Not seen yet in a full copy that comes in. */
    UT_hash_handle hh;             /* In replica_table.rows, by row.uuid. */
};

struct replica_table {
    const struct db_table_schema *schema;
    bool is_monitored;
    bool *column_monitored; /* By column index. */
    struct replica_row *rows;
};

struct replica {
    const struct db_schema *schema; /* Not owned. */
    struct replica_table *tables;   /* By table index. */
    struct replica_change *changes; /* Of the update that is being applied, oldest first. */
    struct replica_change *changes_tail;
};

/* <table-updates> of "monitor", or <table-updates2> of monitor_cond and monitor_cond_since. */
enum replica_format { REPLICA_UPDATES, REPLICA_UPDATES2 };

/* 'tables' as in db_client_new(). */
struct replica *replica_new(const struct db_schema *, const struct db_client_table *tables);
void replica_free(struct replica *);
/* True when no table is to be monitored. */
bool replica_is_nothing(const struct replica *);
/* The <monitor-requests> for what was asked for. */
json_t *replica_monitor_requests(const struct replica *);

/* Applies an update; changes are gathered until replica_tell(). With 'is_full' it holds all that
 * there is: rows that are not in it are deleted. On an error a part was applied. */
int replica_apply(struct replica *, enum replica_format, bool is_full, const json_t *updates,
                  struct error *);
/* Deletes every row, as a change. */
void replica_clear(struct replica *);
typedef void replica_row_cb(const struct db_row *old, struct db_row *new_row, void *aux);
/* Reports the gathered changes to 'cb' (may be NULL) and forgets them. */
void replica_tell(struct replica *, replica_row_cb *cb, void *aux);

struct replica_row *replica_find(const struct replica_table *, const struct uuid *);

#endif
