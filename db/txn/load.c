/* The end of loading a database from its file: what rows refer to is counted, indexes are built,
 * and a file that breaks the schema's rules is found out. */
#include "db/txn/database.h"

#include <errno.h>
#include <stdlib.h>

#include "db/txn/txn.h"

static int load_strong_atom(const struct row *row, const struct db_column *column,
                            struct table *target_table, const struct uuid *uuid, struct error *err)
{
    struct row *target = table_row(target_table, uuid);
    char from[UUID_LEN + 1], to[UUID_LEN + 1];

    if (!target) {
        uuid_to_string(&row->uuid, from);
        uuid_to_string(uuid, to);
        return error_set(err, EINVAL,
                         "table %s row %s column %s refers to row %s of table %s, which does not "
                         "exist",
                         row->table->schema->name, from, column->name, to,
                         target_table->schema->name);
    }
    target->n_refs += target != row;
    return 0;
}

static int load_strong(const struct row *row, struct error *err)
{
    for (unsigned int i = 0; i < row->table->strong.n; i++) {
        const struct ref_column *ref = &row->table->strong.columns[i];
        const struct db_datum *d = &row->columns[ref->column->index];

        for (unsigned int j = 0; j < d->n; j++) {
            if ((ref->key && load_strong_atom(row, ref->column, ref->key, &d->keys[j].uuid, err)) ||
                (ref->value &&
                 load_strong_atom(row, ref->column, ref->value, &d->values[j].uuid, err))) {
                return -EINVAL;
            }
        }
    }
    return 0;
}

static struct row *load_weak_atom(struct table *target, const union db_atom *atom)
{
    return table_row(target, &atom->uuid);
}

/* Drops references to rows that are not there, and notes the others. */
static int load_weak_column(struct row *row, const struct ref_column *ref, unsigned int *n_dropped,
                            struct error *err)
{
    struct db_datum *d = &row->columns[ref->column->index];
    char uuid[UUID_LEN + 1];

    for (unsigned int j = d->n; j-- > 0;) {
        struct row *key = ref->key ? load_weak_atom(ref->key, &d->keys[j]) : NULL;
        struct row *value = ref->value ? load_weak_atom(ref->value, &d->values[j]) : NULL;

        if ((ref->key && !key) || (ref->value && !value)) {
            db_datum_remove(d, j, &ref->column->type);
            ++*n_dropped;
            continue;
        }
        if (key) {
            row_add_hint(key, row);
        }
        if (value) {
            row_add_hint(value, row);
        }
    }
    if (d->n < ref->column->type.n_min) {
        uuid_to_string(&row->uuid, uuid);
        return error_set(err, EINVAL,
                         "table %s row %s column %s refers to no row that exists, but it must",
                         row->table->schema->name, uuid, ref->column->name);
    }
    return 0;
}

static int load_weak(struct row *row, unsigned int *n_dropped, struct error *err)
{
    for (unsigned int i = 0; i < row->table->weak.n; i++) {
        if (load_weak_column(row, &row->table->weak.columns[i], n_dropped, err)) {
            return -EINVAL;
        }
    }
    return 0;
}

static int load_indexes(struct row *row, struct error *err)
{
    struct table *table = row->table;
    char uuid1[UUID_LEN + 1], uuid2[UUID_LEN + 1];

    for (unsigned int i = 0; i < table->schema->n_indexes; i++) {
        uint64_t hash = index_hash_row(table, i, row, NULL);
        struct row *other;
        size_t cursor = 0;

        while ((other = rowmap_find(&table->indexes[i], hash, &cursor))) {
            if (index_equal_rows(&table->schema->indexes[i], row, other)) {
                uuid_to_string(&row->uuid, uuid1);
                uuid_to_string(&other->uuid, uuid2);
                return error_set(err, EINVAL,
                                 "table %s: rows %s and %s have the same values in the columns of "
                                 "index %u",
                                 table->schema->name, uuid1, uuid2, i);
            }
        }
        rowmap_put(&table->indexes[i], hash, row);
    }
    return 0;
}

int database_load_done(struct database *db, unsigned int *ret_n_dropped, struct error *err)
{
    unsigned int n_dropped = 0;

    for (unsigned int i = 0; i < db->schema->n_tables; i++) {
        struct table *table = &db->tables[i];
        size_t cursor = 0;
        struct row *row;

        if (table->n_rows > table->schema->max_rows) {
            return error_set(err, EINVAL, "table %s has %zu rows, but at most %u are allowed",
                             table->schema->name, table->n_rows, table->schema->max_rows);
        }
        while ((row = table_next(table, &cursor))) {
            if (load_strong(row, err) || load_weak(row, &n_dropped, err) ||
                load_indexes(row, err)) {
                return -EINVAL;
            }
        }
    }
    *ret_n_dropped = n_dropped;
    return 0;
}
