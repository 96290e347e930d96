/* A database in memory: tables of rows, found by uuid and by index.
 *
 * Rows are changed by transactions only (txn.h), in place, with what is needed to take it back
 * kept by the transaction; the loader of the file (database_load_*) is the exception. A row that a
 * transaction deleted stays in its table, marked, until the transaction is finished, because it may
 * have to come back. One thread. */
#ifndef DB_TXN_DATABASE_H
#define DB_TXN_DATABASE_H

#include "db/schema/schema.h"
#include "db/txn/rowmap.h"

struct txn_row;

/* Rows that may hold weak references to this one. Only hints: added when a reference is made, never
 * removed when it goes, and verified when used; pruned whenever they double. */
struct weak_hint {
    struct table *table;
    struct uuid uuid;
};

struct weak_hints {
    unsigned int n, size;
    struct weak_hint hint[];
};

struct row {
    struct uuid uuid;
    struct uuid version;
    struct table *table;
    struct txn_row *txn_row;   /* Of the transaction that runs, or NULL. */
    struct weak_hints *hints;  /* NULL: none. */
    unsigned int n_refs;       /* Strong references from other rows. */
    bool is_deleted;           /* By a transaction that is not finished. */
    struct db_datum columns[]; /* table->schema->n_columns. */
};

/* A column that holds references, with the tables that they are to. */
struct ref_column {
    const struct db_column *column;
    struct table *key, *value; /* NULL: no such reference. */
};

struct ref_columns {
    unsigned int n;
    struct ref_column *columns;
};

struct table {
    const struct db_table_schema *schema;
    struct database *db;
    struct rowmap rows;        /* By uuid; including deleted ones. */
    size_t n_rows;             /* Without deleted ones. */
    struct rowmap *indexes;    /* schema->n_indexes. */
    struct ref_columns strong; /* 'key' and 'value' are set for strong references only. */
    struct ref_columns weak;
};

struct database {
    struct db_schema *schema;
    struct table *tables; /* schema->n_tables, in its order. */
    uint64_t hash_seed;
};

/* Takes over the schema. */
struct database *database_new(struct db_schema *);
void database_free(struct database *);
struct table *database_table(const struct database *, const char *name);
size_t database_n_rows(const struct database *);

/* NULL when there is none, or it is deleted. */
struct row *table_row(const struct table *, const struct uuid *);
/* The next row that is not deleted; '*cursor' is 0 at first. The table must not change meanwhile
 * (marking rows as deleted is allowed). */
struct row *table_next(const struct table *, size_t *cursor);
uint64_t table_uuid_hash(const struct table *, const struct uuid *);

/* The two columns that every table has beside its schema's (RFC 7047 section 3.2). */
extern const struct db_column database_column_uuid, database_column_version;
/* A column by name, these two included; NULL when there is none. */
const struct db_column *table_column(const struct table *, const char *name);

/* Room for the value of a column that is not stored as a datum. */
struct row_scratch {
    struct db_datum datum;
    union db_atom atom;
};

/* The value of a column; valid until the row changes or 'scratch' goes. */
const struct db_datum *row_datum(const struct row *, const struct db_column *,
                                 struct row_scratch *);

/* A row with default values that is in no table. */
struct row *row_new(struct table *, const struct uuid *);
void row_free(struct row *);

/* Notes that 'referrer' holds a weak reference to 'target'; the second one does so for all rows
 * that a column refers to. */
void row_add_hint(struct row *target, const struct row *referrer);
void row_add_hints(const struct row *referrer, const struct ref_column *);

/* --- Loading: rows as a file says they are, with no checks of references until the end. --- */

/* Puts a row of row_new() into its table. */
void database_load_row(struct row *);
void database_unload_row(struct row *); /* Removes and frees it. */
/* Counts references and builds indexes. -EINVAL names the row that violates a constraint; weak
 * references to rows that are not there are dropped and counted. */
int database_load_done(struct database *, unsigned int *ret_n_dropped, struct error *);

#endif
