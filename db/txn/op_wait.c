/* "wait": the transaction goes on only when a query gives (or does not give) these rows (RFC 7047
 * section 5.2.6). */
#include <stdlib.h>
#include <string.h>

#include "db/txn/op.h"

struct wait {
    const struct table *table;
    size_t n_columns;
    const struct db_column **columns;
    size_t n_expected;
    struct db_datum *expected; /* n_expected * n_columns. */
    bool is_equal;             /* "==", not "!=". */
    uint64_t timeout_ms;
};

static void free_wait(struct wait *w)
{
    for (size_t i = 0; w->expected && i < w->n_expected * w->n_columns; i++) {
        db_datum_free(&w->expected[i], &w->columns[i % w->n_columns]->type);
    }
    free(w->expected);
    free(w->columns);
}

/* One row of "rows": columns that it does not name have their defaults. */
static int parse_row(struct execution *x, struct wait *w, const json_t *json, struct db_datum *row)
{
    size_t n_used = 0;

    if (!json_is_object(json)) {
        return op_failed(x, "\"rows\" holds something that is not an object.");
    }
    for (size_t i = 0; i < w->n_columns; i++) {
        const struct db_column *column = w->columns[i];
        const json_t *value = json_object_get(json, column->name);
        struct error err;
        int error;

        if (!value) {
            db_datum_default(&row[i], &column->type);
            continue;
        }
        n_used++;
        error = db_datum_from_json(&row[i], &column->type, value, op_named_uuid, x, &err);
        if (error) {
            return failure_set_error(&x->failure, error, &err, value);
        }
    }
    if (n_used != json_object_size(json)) {
        const char *name;
        json_t *value;

        json_object_foreach ((json_t *)json, name, value) {
            if (!table_column(w->table, name)) {
                return failure_set(&x->failure, FAILURE_UNKNOWN_COLUMN,
                                   "No column %.64s in table %s.", name, w->table->schema->name);
            }
        }
        return op_failed(x, "\"rows\" names a column that is not one of \"columns\".");
    }
    return 0;
}

static int parse_rows(struct execution *x, struct wait *w, const json_t *json)
{
    json_t *element;
    size_t i;

    if (!json_is_array(json)) {
        return op_failed(x, json ? "Member 'rows' is not an array."
                                 : "Required 'rows' member is missing.");
    }
    w->n_expected = json_array_size(json);
    w->expected = xcalloc(w->n_expected * w->n_columns, sizeof *w->expected);
    json_array_foreach (json, i, element) {
        if (parse_row(x, w, element, &w->expected[i * w->n_columns])) {
            return -1;
        }
    }
    return 0;
}

static int parse(struct execution *x, struct wait *w)
{
    const json_t *timeout, *columns;
    const char *until;

    w->table = op_table(x);
    until = w->table ? op_string(x, "until") : NULL;
    if (!until) {
        return -1;
    }
    if (strcmp(until, "==") && strcmp(until, "!=")) {
        return op_failed(x, "\"until\" must be \"==\" or \"!=\"");
    }
    w->is_equal = !strcmp(until, "==");
    timeout = op_member(x, "timeout");
    if (timeout && (!json_is_number(timeout) || json_number_value(timeout) < 0)) {
        return op_failed(x, "timeout must be nonnegative");
    }
    w->timeout_ms = UINT64_MAX;
    if (timeout && json_number_value(timeout) < 1e18) {
        w->timeout_ms = (uint64_t)json_number_value(timeout);
    }
    columns = op_member(x, "columns");
    if (op_columns(x, w->table, columns, &w->columns, &w->n_columns)) {
        return -1;
    }
    return parse_rows(x, w, op_member(x, "rows"));
}

static bool row_matches(const struct wait *w, const struct row *row, const struct db_datum *want)
{
    struct row_scratch scratch;

    for (size_t i = 0; i < w->n_columns; i++) {
        if (!db_datum_equal(row_datum(row, w->columns[i], &scratch), &want[i],
                            &w->columns[i]->type)) {
            return false;
        }
    }
    return true;
}

/* Both as sets: each row found is expected, each expected row is found. */
static bool same_rows(const struct wait *w, struct row **rows, size_t n_rows)
{
    bool *seen = xcalloc(w->n_expected, sizeof *seen), same = true;

    for (size_t i = 0; i < n_rows && same; i++) {
        same = false;
        for (size_t j = 0; j < w->n_expected; j++) {
            if (row_matches(w, rows[i], &w->expected[j * w->n_columns])) {
                same = seen[j] = true;
            }
        }
    }
    for (size_t j = 0; j < w->n_expected && same; j++) {
        same = seen[j];
    }
    free(seen);
    return same;
}

/* Not yet: when to try again, or that it is too late. */
static int not_yet(struct execution *x, const struct wait *w)
{
    if (x->env->elapsed_ms >= w->timeout_ms) {
        return failure_set(&x->failure, FAILURE_TIMED_OUT,
                           w->timeout_ms ? "\"where\" clause test failed after %llu ms"
                                         : "\"where\" clause test failed",
                           (unsigned long long)w->timeout_ms);
    }
    x->must_wait = true;
    x->result->wait_table = w->table;
    x->result->wait_ms = w->timeout_ms == UINT64_MAX ? UINT64_MAX
                                                     : w->timeout_ms - x->env->elapsed_ms;
    return -1;
}

int op_wait(struct execution *x, json_t *ret UNUSED)
{
    struct wait w = {.table = NULL};
    struct row **rows = NULL;
    size_t n_rows;
    int error;

    error = parse(x, &w);
    if (!error) {
        error = op_where(x, w.table, &rows, &n_rows);
    }
    if (!error && same_rows(&w, rows, n_rows) != w.is_equal) {
        error = not_yet(x, &w);
    }
    free(rows);
    free_wait(&w);
    return error;
}
