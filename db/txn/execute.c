/* Running the operations of a request one after the other: see execute.h. What each operation does
 * is in op_rows.c, op_wait.c and op_misc.c; a new one is a row in the table below. */
#include "db/txn/execute.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/txn/op.h"

static const struct {
    const char *name;
    op_function *run;
    bool is_read_only;
} operations[] = {
    {"insert", op_insert, false}, {"select", op_select, true},  {"update", op_update, false},
    {"mutate", op_mutate, false}, {"delete", op_delete, false}, {"wait", op_wait, true},
    {"commit", op_commit, false}, {"abort", op_abort, true},    {"comment", op_comment, true},
    {"assert", op_assert, true},
};

/* --- What operations use. --- */

int op_failed(struct execution *x, const char *fmt, ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return failure_set(&x->failure, FAILURE_SYNTAX, "%s", text);
}

const json_t *op_member(struct execution *x, const char *name)
{
    const json_t *json = json_object_get(x->op, name);

    x->n_used += json != NULL;
    return json;
}

const char *op_string(struct execution *x, const char *name)
{
    const json_t *json = op_member(x, name);

    if (!json_is_string(json)) {
        op_failed(x, json ? "Member '%s' is not a string." : "Required '%s' member is missing.",
                  name);
        return NULL;
    }
    return json_string_value(json);
}

struct table *op_table(struct execution *x)
{
    const char *name = op_string(x, "table");
    struct table *table = name ? database_table(x->txn->db, name) : NULL;

    if (name && !table) {
        op_failed(x, "No table named %.64s.", name);
    }
    return table;
}

int op_no_more(struct execution *x)
{
    static const char *const known[] = {"op",        "table", "row",     "rows",     "where",
                                        "columns",   "until", "timeout", "durable",  "comment",
                                        "mutations", "lock",  "uuid",    "uuid-name"};
    const char *name, *culprit = NULL;
    json_t *value;

    if (x->n_used == json_object_size(x->op)) {
        return 0;
    }
    /* Name one that no operation has, if there is one. */
    json_object_foreach ((json_t *)x->op, name, value) {
        size_t i = 0;

        while (i < ARRAY_SIZE(known) && strcmp(name, known[i])) {
            i++;
        }
        if (i == ARRAY_SIZE(known)) {
            culprit = name;
        }
    }
    return culprit ? op_failed(x, "Member '%.64s' is present but not allowed here.", culprit)
                   : op_failed(x, "A member is present but not allowed here.");
}

int op_where(struct execution *x, const struct table *table, struct row ***ret, size_t *ret_n)
{
    const json_t *where = op_member(x, "where");
    struct condition condition;

    if (!where) {
        return op_failed(x, "Required 'where' member is missing.");
    }
    if (op_no_more(x) ||
        condition_parse(&condition, table, where, false, op_named_uuid, x, &x->failure)) {
        return -1;
    }
    *ret = condition_find(&condition, table, ret_n);
    condition_free(&condition);
    return 0;
}

int op_columns(struct execution *x, const struct table *table, const json_t *json,
               const struct db_column ***ret, size_t *ret_n)
{
    size_t n = json ? json_array_size(json) : table->schema->n_columns + 2, i;
    const struct db_column **columns;
    json_t *element;

    if (json && !json_is_array(json)) {
        return op_failed(x, "\"columns\" is not an array.");
    }
    columns = xcalloc(n, sizeof *columns);
    if (!json) {
        columns[0] = &database_column_uuid;
        columns[1] = &database_column_version;
        for (i = 2; i < n; i++) {
            columns[i] = &table->schema->columns[i - 2];
        }
    }
    json_array_foreach (json, i, element) {
        const char *name = json_string_value(element);

        columns[i] = name ? table_column(table, name) : NULL;
        if (!columns[i]) {
            free(columns);
            return failure_set(&x->failure, FAILURE_UNKNOWN_COLUMN, "No column %.64s in table %s.",
                               name ? name : "(not a string)", table->schema->name);
        }
    }
    *ret = columns;
    *ret_n = n;
    return 0;
}

/* --- Named uuids: known before the first operation runs, so that any may refer to any. --- */

static int compare_named(const void *a, const void *b)
{
    return strcmp(((const struct named_row *)a)->name, ((const struct named_row *)b)->name);
}

static void collect_named(struct execution *x, const json_t *ops)
{
    json_t *op;
    size_t i;

    x->named = xcalloc(json_array_size(ops), sizeof *x->named);
    json_array_foreach (ops, i, op) {
        const char *name = json_string_value(json_object_get(op, "uuid-name"));
        const char *uuid = json_string_value(json_object_get(op, "uuid"));
        struct named_row *named = &x->named[x->n_named];

        if (name) {
            named->name = name;
            if (!uuid || !uuid_from_string(uuid, &named->uuid)) {
                uuid_generate(&named->uuid);
            }
            x->n_named++;
        }
    }
    if (x->n_named) {
        qsort(x->named, x->n_named, sizeof *x->named, compare_named);
    }
}

struct named_row *op_named_row(struct execution *x, const char *name)
{
    struct named_row key = {.name = name}, *found = NULL;

    if (x->n_named) {
        found = bsearch(&key, x->named, x->n_named, sizeof key, compare_named);
    }
    /* Of several with the same name (an error, which the second "insert" finds) always the same. */
    while (found && found > x->named && !strcmp(found[-1].name, name)) {
        found--;
    }
    return found;
}

bool op_named_uuid(const char *name, struct uuid *ret, void *x)
{
    const struct named_row *found = op_named_row(x, name);

    if (found) {
        *ret = found->uuid;
    }
    return found != NULL;
}

/* --- Running. --- */

static int run_one(struct execution *x, const json_t *op, json_t *ret)
{
    const char *name;

    x->op = op;
    x->n_used = 0;
    if (!json_is_object(op)) {
        return op_failed(x, "Object expected.");
    }
    name = op_string(x, "op");
    for (size_t i = 0; name && i < ARRAY_SIZE(operations); i++) {
        if (strcmp(name, operations[i].name)) {
            continue;
        }
        if (x->env->is_read_only && !operations[i].is_read_only) {
            return failure_set(&x->failure, FAILURE_NOT_ALLOWED,
                               "%s operation not allowed when database server is in read only mode",
                               name);
        }
        return operations[i].run(x, ret);
    }
    return name ? op_failed(x, "No operation \"%.64s\"", name) : -1;
}

/* Says which operation a syntax error was in. */
static void locate_failure(struct failure *f, const json_t *op, size_t index, size_t n)
{
    struct failure located = {NULL, NULL, NULL};
    char *text;

    if (strcmp(f->error, FAILURE_SYNTAX) || f->syntax) {
        return;
    }
    failure_set(&located, f->error, "Parsing ovsdb operation %zu of %zu failed: %s", index, n,
                f->details ? f->details : "");
    text = json_dumps(op, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
    if (text && strlen(text) <= 1024) {
        located.syntax = text;
    } else {
        free(text);
    }
    failure_clear(f);
    *f = located;
}

static void append_failure(struct execution *x, const json_t *op, size_t index, size_t n)
{
    locate_failure(&x->failure, op, index, n);
    json_array_append_new(x->result->results, failure_to_json(&x->failure));
    for (; index < n; index++) {
        json_array_append_new(x->result->results, json_null());
    }
    x->result->has_failed = true;
}

enum execute_status execute(struct txn *txn, const json_t *ops, const struct execute_env *env,
                            struct execute_result *ret)
{
    struct execution x = {.txn = txn, .env = env, .result = ret};
    size_t n = json_array_size(ops);
    enum execute_status status = EXECUTE_DONE;

    *ret = (struct execute_result){.results = json_array(), .wait_ms = UINT64_MAX};
    collect_named(&x, ops);
    for (size_t i = 1; i < n && status == EXECUTE_DONE; i++) {
        const json_t *op = json_array_get(ops, i);
        json_t *result = json_object();

        if (!run_one(&x, op, result)) {
            json_array_append_new(ret->results, result);
            continue;
        }
        json_decref(result);
        if (x.must_wait) {
            status = EXECUTE_WAIT;
        } else {
            status = EXECUTE_FAILED;
            append_failure(&x, op, i, n - 1);
        }
    }
    failure_clear(&x.failure);
    free(x.named);
    return status;
}

void execute_result_fail(struct execute_result *result, const struct failure *failure)
{
    json_array_append_new(result->results, failure_to_json(failure));
    result->has_failed = true;
}

void execute_result_free(struct execute_result *result)
{
    json_decref(result->results);
    free(result->comment);
    *result = (struct execute_result){.results = NULL};
}
