/* The operations on rows: insert, select, update, mutate, delete (RFC 7047 sections 5.2.1 to
 * 5.2.5). */
#include <stdlib.h>
#include <string.h>

#include "db/txn/mutation.h"
#include "db/txn/op.h"

static int unknown_column(struct execution *x, const struct table *table, const char *name)
{
    return failure_set(&x->failure, FAILURE_UNKNOWN_COLUMN, "No column %.64s in table %s.", name,
                       table->schema->name);
}

/* --- insert. --- */

static int insert_columns(struct execution *x, struct row *row, const json_t *json)
{
    const struct table *table = row->table;
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)json, name, value) {
        const struct db_column *column = table_column(table, name);
        struct db_datum datum;
        struct error err;
        int error;

        if (!column) {
            return unknown_column(x, table, name);
        }
        if (name[0] == '_') {
            return failure_set(&x->failure, FAILURE_CONSTRAINT,
                               "Column %s of table %s is set by the server only.", name,
                               table->schema->name);
        }
        error = db_datum_from_json(&datum, &column->type, value, op_named_uuid, x, &err);
        if (error) {
            error_prefix(&err, "column %s of table %s", name, table->schema->name);
            return failure_set_error(&x->failure, error, &err, value);
        }
        txn_set(x->txn, row, column, &datum);
    }
    return 0;
}

/* The defaults of RFC 7047 section 5.2.1 need not satisfy the column's constraints. */
static int check_defaults(struct execution *x, const struct row *row, const json_t *json)
{
    const struct table *table = row->table;

    for (unsigned int i = 0; i < table->schema->n_columns; i++) {
        const struct db_column *column = &table->schema->columns[i];
        struct error err;

        if (!json_object_get(json, column->name) &&
            db_datum_check(&row->columns[i], &column->type, &err)) {
            return failure_set(
                &x->failure, FAILURE_CONSTRAINT,
                "column %s of table %s has no value, and its default is not allowed: "
                "%s",
                column->name, table->schema->name, err.text);
        }
    }
    return 0;
}

/* The new row's uuid: of "uuid", else of "uuid-name", else a random one. */
static int choose_uuid(struct execution *x, struct uuid *ret)
{
    const json_t *name_json = op_member(x, "uuid-name"), *uuid_json = op_member(x, "uuid");
    const char *name = json_string_value(name_json), *uuid = json_string_value(uuid_json);
    struct named_row *named;

    uuid_generate(ret);
    if (name_json && !name) {
        return op_failed(x, "Member 'uuid-name' is not a string.");
    }
    if (uuid_json && (!uuid || !uuid_from_string(uuid, ret))) {
        return op_failed(x, "Member 'uuid' is not a UUID.");
    }
    if (!name) {
        return 0;
    }
    named = op_named_row(x, name);
    if (named->is_inserted) {
        failure_set(&x->failure, FAILURE_DUPLICATE_NAME,
                    "This \"uuid-name\" appeared on an earlier \"insert\" operation.");
        x->failure.syntax = json_dumps(name_json, JSON_ENCODE_ANY);
        return -1;
    }
    named->is_inserted = true;
    *ret = named->uuid;
    return 0;
}

int op_insert(struct execution *x, json_t *ret)
{
    struct table *table = op_table(x);
    const json_t *row_json;
    char text[UUID_LEN + 1];
    struct uuid uuid;
    struct row *row;

    if (!table || choose_uuid(x, &uuid)) {
        return -1;
    }
    row_json = op_member(x, "row");
    if (op_no_more(x)) {
        return -1;
    }
    if (row_json && !json_is_object(row_json)) {
        return op_failed(x, "Member 'row' is not an object.");
    }
    uuid_to_string(&uuid, text);
    row = txn_insert(x->txn, table, &uuid);
    if (!row) {
        return failure_set(&x->failure, FAILURE_DUPLICATE_UUID,
                           "This UUID would duplicate a UUID already present within the table or "
                           "deleted within the same transaction: %s",
                           text);
    }
    if (insert_columns(x, row, row_json) || check_defaults(x, row, row_json)) {
        return -1;
    }
    json_object_set_new(ret, "uuid", json_pack("[ss]", "uuid", text));
    return 0;
}

/* --- select. --- */

static bool same_values(const struct row *a, const struct row *b,
                        const struct db_column *const *columns, size_t n)
{
    struct row_scratch s1, s2;

    for (size_t i = 0; i < n; i++) {
        if (!db_datum_equal(row_datum(a, columns[i], &s1), row_datum(b, columns[i], &s2),
                            &columns[i]->type)) {
            return false;
        }
    }
    return true;
}

static uint64_t hash_values(const struct row *row, const struct db_column *const *columns, size_t n)
{
    struct row_scratch scratch;
    uint64_t h = row->table->db->hash_seed;

    for (size_t i = 0; i < n; i++) {
        h = db_datum_hash(row_datum(row, columns[i], &scratch), &columns[i]->type, h);
    }
    return h;
}

/* Leaves one of the rows whose selected columns are the same. */
static size_t drop_duplicates(struct row **rows, size_t n_rows,
                              const struct db_column *const *columns, size_t n)
{
    struct rowmap seen = {0, 0, NULL};
    size_t kept = 0;

    for (size_t i = 0; i < n_rows; i++) {
        uint64_t hash = hash_values(rows[i], columns, n);
        size_t cursor = 0;
        struct row *other;

        while ((other = rowmap_find(&seen, hash, &cursor))) {
            if (same_values(other, rows[i], columns, n)) {
                break;
            }
        }
        if (!other) {
            rowmap_put(&seen, hash, rows[i]);
            rows[kept++] = rows[i];
        }
    }
    rowmap_destroy(&seen);
    return kept;
}

static json_t *row_to_json(const struct row *row, const struct db_column *const *columns, size_t n)
{
    struct row_scratch scratch;
    json_t *json = json_object();

    for (size_t i = 0; i < n; i++) {
        json_object_set_new(
            json, columns[i]->name,
            db_datum_to_json(row_datum(row, columns[i], &scratch), &columns[i]->type));
    }
    return json;
}

int op_select(struct execution *x, json_t *ret)
{
    const struct table *table = op_table(x);
    const json_t *columns_json;
    const struct db_column **columns;
    size_t n_columns, n_rows;
    struct row **rows;
    json_t *json;

    if (!table) {
        return -1;
    }
    columns_json = op_member(x, "columns");
    if (op_columns(x, table, columns_json, &columns, &n_columns)) {
        return -1;
    }
    if (op_where(x, table, &rows, &n_rows)) {
        free(columns);
        return -1;
    }
    if (columns_json) {
        n_rows = drop_duplicates(rows, n_rows, columns, n_columns);
    }
    json = json_array();
    for (size_t i = 0; i < n_rows; i++) {
        json_array_append_new(json, row_to_json(rows[i], columns, n_columns));
    }
    json_object_set_new(ret, "rows", json);
    free(rows);
    free(columns);
    return 0;
}

/* --- update. --- */

struct assignment {
    const struct db_column *column;
    struct db_datum datum;
};

static int parse_assignment(struct execution *x, const struct table *table, const char *name,
                            const json_t *json, struct assignment *ret)
{
    struct error err;
    int error;

    ret->column = table_column(table, name);
    if (!ret->column) {
        return unknown_column(x, table, name);
    }
    if (!ret->column->is_mutable) {
        return failure_set(&x->failure, FAILURE_CONSTRAINT,
                           "Cannot update immutable column %s in table %s.", name,
                           table->schema->name);
    }
    error = db_datum_from_json(&ret->datum, &ret->column->type, json, op_named_uuid, x, &err);
    if (error) {
        error_prefix(&err, "column %s of table %s", name, table->schema->name);
        return failure_set_error(&x->failure, error, &err, json);
    }
    return 0;
}

static void free_assignments(struct assignment *assignments, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        db_datum_free(&assignments[i].datum, &assignments[i].column->type);
    }
    free(assignments);
}

static int parse_assignments(struct execution *x, const struct table *table, const json_t *json,
                             struct assignment **ret, size_t *ret_n)
{
    struct assignment *assignments;
    const char *name;
    json_t *value;
    size_t n = 0;

    if (!json_is_object(json)) {
        return op_failed(x, json ? "Member 'row' is not an object."
                                 : "Required 'row' member is missing.");
    }
    assignments = xcalloc(json_object_size(json), sizeof *assignments);
    json_object_foreach ((json_t *)json, name, value) {
        if (parse_assignment(x, table, name, value, &assignments[n])) {
            free_assignments(assignments, n);
            return -1;
        }
        n++;
    }
    *ret = assignments;
    *ret_n = n;
    return 0;
}

int op_update(struct execution *x, json_t *ret)
{
    const struct table *table = op_table(x);
    struct assignment *assignments = NULL;
    struct db_datum copy;
    struct row **rows;
    size_t n = 0, n_rows;

    if (!table || parse_assignments(x, table, op_member(x, "row"), &assignments, &n)) {
        return -1;
    }
    if (op_where(x, table, &rows, &n_rows)) {
        free_assignments(assignments, n);
        return -1;
    }
    for (size_t i = 0; i < n_rows; i++) {
        for (size_t j = 0; j < n; j++) {
            db_datum_copy(&copy, &assignments[j].datum, &assignments[j].column->type);
            txn_set(x->txn, rows[i], assignments[j].column, &copy);
        }
    }
    json_object_set_new(ret, "count", json_integer((json_int_t)n_rows));
    free(rows);
    free_assignments(assignments, n);
    return 0;
}

/* --- mutate, delete. --- */

int op_mutate(struct execution *x, json_t *ret)
{
    const struct table *table = op_table(x);
    const json_t *json;
    struct mutations mutations;
    struct row **rows;
    size_t n_rows;
    int error = 0;

    if (!table) {
        return -1;
    }
    json = op_member(x, "mutations");
    if (!json) {
        return op_failed(x, "Required 'mutations' member is missing.");
    }
    if (mutations_parse(&mutations, table, json, op_named_uuid, x, &x->failure)) {
        return -1;
    }
    if (op_where(x, table, &rows, &n_rows)) {
        mutations_free(&mutations);
        return -1;
    }
    for (size_t i = 0; i < n_rows && !error; i++) {
        error = mutations_apply(&mutations, x->txn, rows[i], &x->failure);
    }
    if (!error) {
        json_object_set_new(ret, "count", json_integer((json_int_t)n_rows));
    }
    free(rows);
    mutations_free(&mutations);
    return error;
}

int op_delete(struct execution *x, json_t *ret)
{
    const struct table *table = op_table(x);
    struct row **rows;
    size_t n_rows;

    if (!table || op_where(x, table, &rows, &n_rows)) {
        return -1;
    }
    for (size_t i = 0; i < n_rows; i++) {
        txn_delete(x->txn, rows[i]);
    }
    json_object_set_new(ret, "count", json_integer((json_int_t)n_rows));
    free(rows);
    return 0;
}
