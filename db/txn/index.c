/* Indexes: no two rows of a table have the same values in an index's columns (RFC 7047 section 3.2,
 * <table-schema>). Kept as hash tables that transactions update as they end. */
#include "db/txn/txn.h"

#include <stdlib.h>

uint64_t index_hash_row(const struct table *table, unsigned int index, const struct row *row,
                        const struct txn_row *before)
{
    const struct db_index *ix = &table->schema->indexes[index];
    uint64_t h = table->db->hash_seed + index;
    struct row_scratch scratch;

    for (unsigned int i = 0; i < ix->n; i++) {
        const struct db_datum *d = before ? txn_row_old(before, ix->columns[i], &scratch)
                                          : &row->columns[ix->columns[i]->index];

        h = db_datum_hash(d, &ix->columns[i]->type, h);
    }
    return h;
}

bool index_equal_rows(const struct db_index *ix, const struct row *a, const struct row *b)
{
    for (unsigned int i = 0; i < ix->n; i++) {
        unsigned int c = ix->columns[i]->index;

        if (!db_datum_equal(&a->columns[c], &b->columns[c], &ix->columns[i]->type)) {
            return false;
        }
    }
    return true;
}

static void record(struct txn *txn, struct rowmap *map, uint64_t hash, struct row *row, bool add)
{
    if (txn->n_indexes == txn->indexes_size) {
        txn->indexes_size = txn->indexes_size * 2 + 4;
        txn->indexes = xreallocarray(txn->indexes, txn->indexes_size, sizeof *txn->indexes);
    }
    txn->indexes[txn->n_indexes++] = (struct txn_index_change){map, hash, row, add};
    if (add) {
        rowmap_put(map, hash, row);
    } else {
        rowmap_remove(map, hash, row);
    }
}

void txn_undo_indexes(struct txn *txn)
{
    while (txn->n_indexes) {
        const struct txn_index_change *change = &txn->indexes[--txn->n_indexes];

        if (change->is_added) {
            rowmap_remove(change->map, change->hash, change->row);
        } else {
            rowmap_put(change->map, change->hash, change->row);
        }
    }
}

static bool key_changed(const struct txn_row *t, const struct db_index *ix)
{
    for (unsigned int i = 0; i < ix->n; i++) {
        if (txn_row_changed(t, ix->columns[i])) {
            return true;
        }
    }
    return false;
}

static const char *history(const struct row *row, const struct db_index *ix)
{
    const struct txn_row *t = row->txn_row;

    if (!t || (!t->is_inserted && !t->n_saved)) {
        return "existed in the database before this transaction and was not modified by the "
               "transaction";
    }
    if (t->is_inserted) {
        return "was inserted by this transaction";
    }
    return key_changed(t, ix) ? "had the following index values before the transaction modified it"
                              : "existed in the database before this transaction, which modified "
                                "some of the row's columns but not any columns in this index";
}

static int conflict(const struct table *table, const struct db_index *ix, const struct row *old,
                    const struct row *new_row, struct failure *failure)
{
    struct strbuf values = STRBUF_INIT, columns = STRBUF_INIT;
    char uuid1[UUID_LEN + 1], uuid2[UUID_LEN + 1];

    for (unsigned int i = 0; i < ix->n; i++) {
        const struct db_column *column = ix->columns[i];

        strbuf_printf(&columns, "%s\"%s\"", !i ? "" : i + 1 < ix->n ? ", " : " and ", column->name);
        strbuf_puts(&values, i ? ", " : "");
        db_datum_to_text(&values, &new_row->columns[column->index], &column->type);
    }
    uuid_to_string(&old->uuid, uuid1);
    uuid_to_string(&new_row->uuid, uuid2);
    failure_set(failure, FAILURE_CONSTRAINT,
                "Transaction causes multiple rows in \"%s\" table to have identical values (%s) "
                "for index on column%s %s.  First row, with UUID %s, %s.  Second row, with UUID "
                "%s, %s.",
                table->schema->name, strbuf_str(&values), ix->n > 1 ? "s" : "",
                strbuf_str(&columns), uuid1, history(old, ix), uuid2, history(new_row, ix));
    strbuf_free(&values);
    strbuf_free(&columns);
    return -1;
}

static void remove_old(struct txn *txn, const struct txn_row *t)
{
    struct table *table = t->row->table;

    for (unsigned int i = 0; i < table->schema->n_indexes && !t->is_inserted; i++) {
        if (t->is_deleted || key_changed(t, &table->schema->indexes[i])) {
            record(txn, &table->indexes[i], index_hash_row(table, i, t->row, t), t->row, false);
        }
    }
}

static int add_new(struct txn *txn, const struct txn_row *t, struct failure *failure)
{
    struct table *table = t->row->table;

    for (unsigned int i = 0; i < table->schema->n_indexes && !t->is_deleted; i++) {
        const struct db_index *ix = &table->schema->indexes[i];
        size_t cursor = 0;
        uint64_t hash;
        struct row *other;

        if (!t->is_inserted && !key_changed(t, ix)) {
            continue;
        }
        hash = index_hash_row(table, i, t->row, NULL);
        while ((other = rowmap_find(&table->indexes[i], hash, &cursor))) {
            if (index_equal_rows(ix, other, t->row)) {
                return conflict(table, ix, other, t->row, failure);
            }
        }
        record(txn, &table->indexes[i], hash, t->row, true);
    }
    return 0;
}

int txn_check_indexes(struct txn *txn, struct failure *failure)
{
    /* All old keys go first, so that two rows may swap theirs. */
    for (size_t i = 0; i < txn->n_rows; i++) {
        remove_old(txn, txn->rows[i]);
    }
    for (size_t i = 0; i < txn->n_rows; i++) {
        if (add_new(txn, txn->rows[i], failure)) {
            return -1;
        }
    }
    return 0;
}
