/* A transaction on a database in memory: changes rows in place and remembers how to take it back.
 *
 *     txn = txn_new(db);
 *     ... txn_insert(), txn_set(), txn_delete() ...
 *     if (txn_prepare(txn, &failure)) -> txn_abort(txn);
 *     ... write it to the file, tell monitors ...
 *     txn_commit(txn), or, when the file could not be written, txn_abort(txn)
 *
 * Only one transaction runs at a time; but several may be prepared and not yet finished (they share
 * one write to the disk): those must be aborted in reverse order, or finished in order. One thread.
 */
#ifndef DB_TXN_TXN_H
#define DB_TXN_TXN_H

#include "db/txn/database.h"
#include "db/txn/failure.h"

struct saved_datum {
    const struct db_column *column;
    struct db_datum datum; /* As it was before the transaction. */
};

/* What a transaction did to one row. A row that it both inserted and deleted has both flags and is
 * of no interest to anybody. */
struct txn_row {
    struct row *row;
    bool is_inserted, is_deleted;
    unsigned int n_saved; /* None for an inserted row. */
    struct saved_datum *saved;
    struct uuid old_version;
};

struct txn_ref_change {
    struct row *row;
    int delta;
};

struct txn_index_change {
    struct rowmap *map;
    uint64_t hash;
    struct row *row;
    bool is_added;
};

struct txn {
    struct database *db;
    size_t n_rows, rows_size;
    struct txn_row **rows;

    /* Journals of txn_prepare(). */
    size_t n_refs, refs_size;
    struct txn_ref_change *refs;
    size_t n_indexes, indexes_size;
    struct txn_index_change *indexes;
    /* Rows that may have lost their last reference. */
    size_t n_garbage, garbage_size;
    struct row **garbage;
    bool is_prepared;
};

struct txn *txn_new(struct database *);

/* A new row with default values; NULL when the table has, or had in this transaction, one with this
 * uuid. */
struct row *txn_insert(struct txn *, struct table *, const struct uuid *);
/* Sets a column; takes the atoms of 'value' (which is left empty). */
void txn_set(struct txn *, struct row *, const struct db_column *, struct db_datum *value);
void txn_delete(struct txn *, struct row *);

/* Everything that a commit checks (RFC 7047 section 4.1.3): references, garbage, maxRows, indexes.
 * Afterwards 'rows' holds just what changed. Returns 0, or -1 with the reason; in both cases the
 * transaction is still to be ended by one of the functions below. */
int txn_prepare(struct txn *, struct failure *);
/* True when nothing changed in the end. */
bool txn_is_empty(const struct txn *);
/* A row that came and went. */
static inline bool txn_row_is_void(const struct txn_row *t)
{
    return t->is_inserted && t->is_deleted;
}

/* End it, one way or the other, and free it. */
void txn_commit(struct txn *);
void txn_abort(struct txn *);

/* As txn_commit(), but each row's changes go to 'keep', which takes them over (with the row itself
 * when it was deleted; it is in no table any more) and ends them with txn_row_free(). */
void txn_commit_keep(struct txn *, void (*keep)(struct txn_row *, void *aux), void *aux);
/* Frees what was saved, and the row when it was deleted. */
void txn_row_free(struct txn_row *);

/* The value of a column before the transaction. */
const struct db_datum *txn_row_old(const struct txn_row *, const struct db_column *,
                                   struct row_scratch *);
/* True when the transaction (not only touched but) changed the column. Of a modified row. */
bool txn_row_changed(const struct txn_row *, const struct db_column *);

/* --- For the parts of txn_prepare() in refs.c and index.c. --- */
struct txn_row *txn_touch(struct txn *, struct row *);
int txn_check_references(struct txn *, struct failure *);
int txn_check_indexes(struct txn *, struct failure *);
/* Takes back what the two did. */
void txn_undo_references(struct txn *);
void txn_undo_indexes(struct txn *);
uint64_t index_hash_row(const struct table *, unsigned int index, const struct row *,
                        const struct txn_row *before);
bool index_equal_rows(const struct db_index *, const struct row *, const struct row *);

#endif
