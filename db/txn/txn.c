/* Transactions: changing rows and taking it back. See txn.h; the checks of references are in
 * refs.c, of indexes in index.c, the operations of clients in op_*.c. */
#include "db/txn/txn.h"

#include <stdlib.h>
#include <string.h>

struct txn *txn_new(struct database *db)
{
    struct txn *txn = xcalloc(1, sizeof *txn);

    txn->db = db;
    return txn;
}

struct txn_row *txn_touch(struct txn *txn, struct row *row)
{
    struct txn_row *t = row->txn_row;

    if (!t) {
        t = xcalloc(1, sizeof *t);
        t->row = row;
        t->old_version = row->version;
        row->txn_row = t;
        if (txn->n_rows == txn->rows_size) {
            txn->rows_size = txn->rows_size * 2 + 4;
            txn->rows = xreallocarray(txn->rows, txn->rows_size, sizeof(struct txn_row *));
        }
        txn->rows[txn->n_rows++] = t;
    }
    return t;
}

/* True when a row of this uuid lives, or lived until the present transaction deleted it. */
static bool uuid_is_taken(const struct table *table, const struct uuid *uuid)
{
    uint64_t hash = table_uuid_hash(table, uuid);
    size_t cursor = 0;
    struct row *row;

    while ((row = rowmap_find(&table->rows, hash, &cursor))) {
        if (!uuid_compare(&row->uuid, uuid) &&
            (!row->is_deleted || (row->txn_row && !row->txn_row->is_inserted))) {
            return true;
        }
    }
    return false;
}

struct row *txn_insert(struct txn *txn, struct table *table, const struct uuid *uuid)
{
    struct row *row;

    if (uuid_is_taken(table, uuid)) {
        return NULL;
    }
    row = row_new(table, uuid);
    database_load_row(row);
    txn_touch(txn, row)->is_inserted = true;
    return row;
}

static struct saved_datum *find_saved(const struct txn_row *t, const struct db_column *column)
{
    for (unsigned int i = 0; i < t->n_saved; i++) {
        if (t->saved[i].column == column) {
            return &t->saved[i];
        }
    }
    return NULL;
}

void txn_set(struct txn *txn, struct row *row, const struct db_column *column,
             struct db_datum *value)
{
    struct txn_row *t = txn_touch(txn, row);
    struct db_datum *datum = &row->columns[column->index];

    if (t->is_inserted || find_saved(t, column)) {
        db_datum_free(datum, &column->type);
    } else {
        t->saved = xreallocarray(t->saved, t->n_saved + 1, sizeof *t->saved);
        t->saved[t->n_saved++] = (struct saved_datum){column, *datum};
    }
    *datum = *value;
    db_datum_init(value);
}

void txn_delete(struct txn *txn, struct row *row)
{
    txn_touch(txn, row)->is_deleted = true;
    row->is_deleted = true;
    row->table->n_rows--;
}

const struct db_datum *txn_row_old(const struct txn_row *t, const struct db_column *column,
                                   struct row_scratch *scratch)
{
    const struct saved_datum *saved = find_saved(t, column);

    if (column == &database_column_version) {
        scratch->atom.uuid = t->old_version;
        scratch->datum = (struct db_datum){1, &scratch->atom, NULL};
        return &scratch->datum;
    }
    return saved ? &saved->datum : row_datum(t->row, column, scratch);
}

bool txn_row_changed(const struct txn_row *t, const struct db_column *column)
{
    return column == &database_column_version || find_saved(t, column);
}

bool txn_is_empty(const struct txn *txn)
{
    for (size_t i = 0; i < txn->n_rows; i++) {
        if (!txn_row_is_void(txn->rows[i])) {
            return false;
        }
    }
    return true;
}

/* --- Preparing. --- */

static void put_back(struct row *row, struct saved_datum *saved)
{
    struct db_datum *datum = &row->columns[saved->column->index];

    db_datum_free(datum, &saved->column->type);
    *datum = saved->datum;
}

/* Forgets columns that were set to what they were. */
static void drop_unchanged_columns(struct txn_row *t)
{
    unsigned int kept = 0;

    for (unsigned int i = 0; i < t->n_saved; i++) {
        struct saved_datum *saved = &t->saved[i];

        if (db_datum_equal(&saved->datum, &t->row->columns[saved->column->index],
                           &saved->column->type)) {
            put_back(t->row, saved);
        } else {
            t->saved[kept++] = *saved;
        }
    }
    t->n_saved = kept;
}

static void free_changes(struct txn_row *t)
{
    for (unsigned int i = 0; i < t->n_saved; i++) {
        db_datum_free(&t->saved[i].datum, &t->saved[i].column->type);
    }
    free(t->saved);
    free(t);
}

/* Takes a row out of its table for good. */
static void discard_row(struct row *row)
{
    rowmap_remove(&row->table->rows, table_uuid_hash(row->table, &row->uuid), row);
    row_free(row);
}

/* Forgets rows that did not change in the end. Those that came and went stay, because journals may
 * still name them; see txn_commit(). */
static void drop_unchanged_rows(struct txn *txn)
{
    size_t kept = 0;

    for (size_t i = 0; i < txn->n_rows; i++) {
        struct txn_row *t = txn->rows[i];

        if (!t->is_deleted) {
            drop_unchanged_columns(t);
        }
        if (t->is_inserted || t->is_deleted || t->n_saved) {
            txn->rows[kept++] = t;
        } else {
            t->row->txn_row = NULL;
            free_changes(t);
        }
    }
    txn->n_rows = kept;
}

static int check_max_rows(const struct txn *txn, struct failure *failure)
{
    for (size_t i = 0; i < txn->n_rows; i++) {
        const struct table *table = txn->rows[i]->row->table;

        if (txn->rows[i]->is_inserted && table->n_rows > table->schema->max_rows) {
            return failure_set(
                failure, FAILURE_CONSTRAINT,
                "transaction causes \"%s\" table to contain %zu rows, greater than the "
                "schema-defined limit of %u row(s)",
                table->schema->name, table->n_rows, table->schema->max_rows);
        }
    }
    return 0;
}

int txn_prepare(struct txn *txn, struct failure *failure)
{
    drop_unchanged_rows(txn);
    if (txn_check_references(txn, failure) || check_max_rows(txn, failure) ||
        txn_check_indexes(txn, failure)) {
        return -1;
    }
    /* Weak references that were dropped may have made a change undone. */
    drop_unchanged_rows(txn);
    for (size_t i = 0; i < txn->n_rows; i++) {
        struct txn_row *t = txn->rows[i];

        if (!t->is_inserted && !t->is_deleted) {
            uuid_generate(&t->row->version);
        }
        t->row->txn_row = NULL; /* The next transaction makes its own. */
    }
    txn->is_prepared = true;
    return 0;
}

/* --- The end. --- */

static void free_txn(struct txn *txn)
{
    free(txn->rows);
    free(txn->refs);
    free(txn->indexes);
    free(txn->garbage);
    free(txn);
}

void txn_row_free(struct txn_row *t)
{
    struct row *row = t->is_deleted ? t->row : NULL;

    free_changes(t);
    row_free(row);
}

static void drop(struct txn_row *t, void *aux UNUSED)
{
    txn_row_free(t);
}

void txn_commit_keep(struct txn *txn, void (*keep)(struct txn_row *, void *aux), void *aux)
{
    for (size_t i = 0; i < txn->n_rows; i++) {
        struct txn_row *t = txn->rows[i];
        struct row *row = t->row;

        if (t->is_deleted) {
            rowmap_remove(&row->table->rows, table_uuid_hash(row->table, &row->uuid), row);
        }
        if (txn_row_is_void(t)) {
            txn_row_free(t);
        } else {
            keep(t, aux);
        }
    }
    free_txn(txn);
}

void txn_commit(struct txn *txn)
{
    txn_commit_keep(txn, drop, NULL);
}

/* A hint may have been pruned while the reference was not there. */
static void restore_hints(const struct row *row)
{
    for (unsigned int i = 0; i < row->table->weak.n; i++) {
        row_add_hints(row, &row->table->weak.columns[i]);
    }
}

static void restore_row(const struct txn_row *t)
{
    struct row *row = t->row;

    for (unsigned int i = 0; i < t->n_saved; i++) {
        put_back(row, &t->saved[i]);
    }
    row->version = t->old_version;
    row->txn_row = NULL;
    if (t->is_deleted) {
        row->is_deleted = false;
        row->table->n_rows++;
    }
}

void txn_abort(struct txn *txn)
{
    txn_undo_indexes(txn);
    txn_undo_references(txn);
    for (size_t i = txn->n_rows; i-- > 0;) {
        restore_row(txn->rows[i]);
    }
    for (size_t i = 0; i < txn->n_rows; i++) {
        struct txn_row *t = txn->rows[i];

        t->n_saved = 0; /* The row has them again. */
        if (t->is_inserted) {
            t->row->table->n_rows--;
            discard_row(t->row);
        }
    }
    for (size_t i = 0; i < txn->n_rows; i++) {
        if (!txn->rows[i]->is_inserted) {
            restore_hints(txn->rows[i]->row);
        }
        free_changes(txn->rows[i]);
    }
    free_txn(txn);
}
