/* References at the end of a transaction: strong ones are counted, rows of non-root tables that
 * nobody refers to are deleted, weak ones to rows that went are dropped. RFC 7047 sections 3.2
 * (<base-type>, isRoot) and 4.1.3. Only what the transaction touched is looked at. */
#include "db/txn/txn.h"

#include <stdlib.h>

/* A row as this transaction sees it, or that it deleted. */
static struct row *find_any(const struct table *table, const struct uuid *uuid)
{
    uint64_t hash = table_uuid_hash(table, uuid);
    size_t cursor = 0;
    struct row *row;

    while ((row = rowmap_find(&table->rows, hash, &cursor))) {
        if (!uuid_compare(&row->uuid, uuid) && (!row->is_deleted || row->txn_row)) {
            return row;
        }
    }
    return NULL;
}

static void push_garbage(struct txn *txn, struct row *row)
{
    if (row->table->schema->is_root) {
        return;
    }
    if (txn->n_garbage == txn->garbage_size) {
        txn->garbage_size = txn->garbage_size * 2 + 8;
        txn->garbage = xreallocarray(txn->garbage, txn->garbage_size, sizeof *txn->garbage);
    }
    txn->garbage[txn->n_garbage++] = row;
}

static void count(struct txn *txn, struct row *target, int delta)
{
    if (txn->n_refs == txn->refs_size) {
        txn->refs_size = txn->refs_size * 2 + 8;
        txn->refs = xreallocarray(txn->refs, txn->refs_size, sizeof *txn->refs);
    }
    txn->refs[txn->n_refs++] = (struct txn_ref_change){target, delta};
    target->n_refs += (unsigned int)delta;
    if (!target->n_refs) {
        push_garbage(txn, target);
    }
}

void txn_undo_references(struct txn *txn)
{
    while (txn->n_refs) {
        const struct txn_ref_change *change = &txn->refs[--txn->n_refs];

        change->row->n_refs -= (unsigned int)change->delta;
    }
}

static int missing(const struct row *row, const struct db_column *column,
                   const struct table *target, const struct uuid *uuid, struct failure *failure)
{
    char from[UUID_LEN + 1], to[UUID_LEN + 1];

    uuid_to_string(&row->uuid, from);
    uuid_to_string(uuid, to);
    return failure_set(failure, FAILURE_REFERENTIAL,
                       "Table %s column %s row %s references nonexistent row %s in table %s.",
                       row->table->schema->name, column->name, from, to, target->schema->name);
}

/* Goes on in 'other', from '*at', to the first element that is not before 'atom'. True when that is
 * the same. For one walk over two sets, both of which are sorted: a bridge of thousands of ports
 * that gets one more has thousands in common with what it was. */
static bool is_at(const struct db_datum *other, unsigned int *at, const union db_atom *atom)
{
    int order = 1;

    while (*at < other->n && (order = uuid_compare(&other->keys[*at].uuid, &atom->uuid)) < 0) {
        ++*at;
    }
    return *at < other->n && !order;
}

/* Counts the references by 'atoms', but for those that are also in 'other' (may be NULL; sets
 * only). A row's references to itself do not keep it. */
static int count_atoms(struct txn *txn, const struct row *row, const struct ref_column *ref,
                       struct table *target_table, const union db_atom *atoms, unsigned int n,
                       const struct db_datum *other, int delta, struct failure *failure)
{
    unsigned int at = 0;

    for (unsigned int i = 0; target_table && i < n; i++) {
        struct row *target;

        if (other && is_at(other, &at, &atoms[i])) {
            continue;
        }
        target = find_any(target_table, &atoms[i].uuid);
        if (delta > 0 && (!target || target->is_deleted)) {
            return missing(row, ref->column, target_table, &atoms[i].uuid, failure);
        }
        if (target && target != row) {
            count(txn, target, delta);
        }
    }
    return 0;
}

static int count_datum(struct txn *txn, const struct row *row, const struct ref_column *ref,
                       const struct db_datum *d, const struct db_datum *other, int delta,
                       struct failure *failure)
{
    if (db_type_is_map(&ref->column->type)) {
        other = NULL; /* Values may occur several times: everything is counted anew. */
    }
    return count_atoms(txn, row, ref, ref->key, d->keys, d->n, other, delta, failure) ||
                   count_atoms(txn, row, ref, ref->value, d->values, d->n, other, delta, failure)
               ? -1
               : 0;
}

/* The strong references that a row has gained and lost. */
static int count_row(struct txn *txn, const struct txn_row *t, struct failure *failure)
{
    struct row *row = t->row;
    struct row_scratch scratch;

    if (txn_row_is_void(t)) {
        return 0;
    }
    for (unsigned int i = 0; i < row->table->strong.n; i++) {
        const struct ref_column *ref = &row->table->strong.columns[i];
        const struct db_datum *now = &row->columns[ref->column->index], *before;

        before = txn_row_old(t, ref->column, &scratch);
        if (t->is_inserted) {
            before = NULL;
        } else if (t->is_deleted) {
            now = NULL;
        } else if (before == now) {
            continue;
        }
        if (now && count_datum(txn, row, ref, now, before, 1, failure)) {
            return -1;
        }
        if (before) {
            count_datum(txn, row, ref, before, now, -1, NULL);
        }
    }
    if (t->is_inserted && !row->n_refs) {
        push_garbage(txn, row);
    }
    return 0;
}

static int check_deleted(const struct txn *txn, struct failure *failure)
{
    char uuid[UUID_LEN + 1];

    for (size_t i = 0; i < txn->n_rows; i++) {
        const struct row *row = txn->rows[i]->row;

        if (row->is_deleted && row->n_refs) {
            uuid_to_string(&row->uuid, uuid);
            return failure_set(failure, FAILURE_REFERENTIAL,
                               "cannot delete %s row %s because of %u remaining reference(s)",
                               row->table->schema->name, uuid, row->n_refs);
        }
    }
    return 0;
}

static void collect_garbage(struct txn *txn)
{
    while (txn->n_garbage) {
        struct row *row = txn->garbage[--txn->n_garbage];

        if (row->is_deleted || row->n_refs) {
            continue;
        }
        txn_delete(txn, row);
        for (unsigned int i = 0; i < row->table->strong.n; i++) {
            const struct ref_column *ref = &row->table->strong.columns[i];

            count_datum(txn, row, ref, &row->columns[ref->column->index], NULL, -1, NULL);
        }
    }
}

/* --- Weak references. --- */

static bool is_dangling(const struct table *target, const union db_atom *atom)
{
    return target && !table_row(target, &atom->uuid);
}

static int weak_violation(const struct row *row, const struct db_column *column,
                          struct failure *failure)
{
    char uuid[UUID_LEN + 1];

    uuid_to_string(&row->uuid, uuid);
    return failure_set(failure, FAILURE_CONSTRAINT,
                       "Weak reference column \"%s\" in \"%s\" row %s became empty because the "
                       "rows that it referenced do not exist, but it must have at least one",
                       column->name, row->table->schema->name, uuid);
}

/* Gives up the strong reference at the other side of a pair that goes. */
static void uncount_other_side(struct txn *txn, const struct row *row,
                               const struct db_column *column, const struct db_datum *d,
                               unsigned int i)
{
    for (unsigned int j = 0; j < row->table->strong.n; j++) {
        const struct ref_column *ref = &row->table->strong.columns[j];
        struct row *target = NULL;

        if (ref->column != column) {
            continue;
        }
        if (ref->key) {
            target = find_any(ref->key, &d->keys[i].uuid);
        } else if (ref->value) {
            target = find_any(ref->value, &d->values[i].uuid);
        }
        if (target && target != row) {
            count(txn, target, -1);
        }
    }
}

/* Drops a column's references to rows that are not there. */
static int clean_column(struct txn *txn, struct row *row, const struct ref_column *ref,
                        struct failure *failure)
{
    const struct db_column *column = ref->column;
    const struct db_datum *d = &row->columns[column->index];
    struct db_datum kept;
    bool is_clean = true;

    for (unsigned int i = 0; i < d->n && is_clean; i++) {
        is_clean = !is_dangling(ref->key, &d->keys[i]) &&
                   !(ref->value && is_dangling(ref->value, &d->values[i]));
    }
    if (is_clean) {
        return 0;
    }
    db_datum_copy(&kept, d, &column->type);
    for (unsigned int i = kept.n; i-- > 0;) {
        if (is_dangling(ref->key, &kept.keys[i]) ||
            (ref->value && is_dangling(ref->value, &kept.values[i]))) {
            uncount_other_side(txn, row, column, &kept, i);
            db_datum_remove(&kept, i, &column->type);
        }
    }
    if (kept.n < column->type.n_min) {
        db_datum_free(&kept, &column->type);
        return weak_violation(row, column, failure);
    }
    txn_set(txn, row, column, &kept);
    return 0;
}

static int clean_row(struct txn *txn, struct row *row, struct failure *failure)
{
    for (unsigned int i = 0; i < row->table->weak.n; i++) {
        if (clean_column(txn, row, &row->table->weak.columns[i], failure)) {
            return -1;
        }
    }
    return 0;
}

static void add_hints(const struct txn_row *t, const struct ref_column *ref)
{
    struct row_scratch scratch;
    const struct db_datum *now = &t->row->columns[ref->column->index];
    const struct db_datum *before = t->is_inserted ? NULL : txn_row_old(t, ref->column, &scratch);

    for (unsigned int i = 0; i < now->n && now != before; i++) {
        if (ref->key && !(before && db_datum_find(before, &now->keys[i], DB_UUID) >= 0)) {
            row_add_hint(table_row(ref->key, &now->keys[i].uuid), t->row);
        }
        if (ref->value) {
            row_add_hint(table_row(ref->value, &now->values[i].uuid), t->row);
        }
    }
}

/* Rows that refer to the one that was deleted. */
static int clean_referrers(struct txn *txn, const struct row *row, struct failure *failure)
{
    for (unsigned int i = 0; row->hints && i < row->hints->n; i++) {
        const struct weak_hint *hint = &row->hints->hint[i];
        struct row *referrer = table_row(hint->table, &hint->uuid);

        if (referrer && clean_row(txn, referrer, failure)) {
            return -1;
        }
    }
    return 0;
}

static int check_weak(struct txn *txn, struct txn_row *t, struct failure *failure)
{
    if (t->is_deleted) {
        return clean_referrers(txn, t->row, failure);
    }
    if (clean_row(txn, t->row, failure)) {
        return -1;
    }
    for (unsigned int i = 0; i < t->row->table->weak.n; i++) {
        add_hints(t, &t->row->table->weak.columns[i]);
    }
    return 0;
}

int txn_check_references(struct txn *txn, struct failure *failure)
{
    size_t n = txn->n_rows, next = 0;

    for (size_t i = 0; i < n; i++) {
        if (count_row(txn, txn->rows[i], failure)) {
            return -1;
        }
    }
    if (check_deleted(txn, failure)) {
        return -1;
    }
    do {
        collect_garbage(txn);
        /* Both kinds of work append to 'rows' and to the garbage until nothing is left. */
        for (; next < txn->n_rows; next++) {
            if (check_weak(txn, txn->rows[next], failure)) {
                return -1;
            }
        }
    } while (txn->n_garbage);
    return 0;
}
