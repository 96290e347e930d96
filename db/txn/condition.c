/* See condition.h. */
#include "db/txn/condition.h"

#include <stdlib.h>
#include <string.h>

enum function { LT, LE, EQ, NE, GE, GT, INCLUDES, EXCLUDES };

struct clause {
    const struct db_column *column;
    enum function function;
    struct db_datum arg;
    struct db_type type; /* Of 'arg': the column's, with other counts. Borrows its insides. */
};

static const char *const function_names[] = {
    "<", "<=", "==", "!=", ">=", ">", "includes", "excludes"};

static int parse_function(const json_t *json, enum function *ret, struct failure *failure)
{
    const char *name = json_string_value(json);

    for (enum function f = LT; name && f <= EXCLUDES; f++) {
        if (!strcmp(name, function_names[f])) {
            *ret = f;
            return 0;
        }
    }
    return failure_set(failure, "unknown function", "No function named %.64s.",
                       name ? name : "(not a string)");
}

static bool is_comparison(enum function f)
{
    return f == LT || f == LE || f == GE || f == GT;
}

/* The type that the argument must have. */
static int argument_type(struct clause *clause, struct failure *failure)
{
    const struct db_type *type = &clause->column->type;

    clause->type = *type;
    if (is_comparison(clause->function)) {
        if (db_type_is_map(type) || type->n_max != 1 ||
            (type->key.type != DB_INTEGER && type->key.type != DB_REAL)) {
            return failure_set(failure, FAILURE_SYNTAX,
                               "Type mismatch: \"%s\" operator may not be applied to column %s.",
                               function_names[clause->function], clause->column->name);
        }
        clause->type.n_min = 1;
    } else if (clause->function == INCLUDES || clause->function == EXCLUDES) {
        if (!db_type_is_scalar(type)) {
            clause->type.n_min = 0;
            clause->type.n_max = DB_UNLIMITED;
        }
    }
    return 0;
}

static int parse_clause(struct clause *clause, const struct table *table, const json_t *json,
                        db_named_uuid_cb *named, void *aux, struct failure *failure)
{
    const char *name = json_string_value(json_array_get(json, 0));
    struct error err;
    int error;

    if (json_array_size(json) != 3 || !name) {
        return failure_set(failure, FAILURE_SYNTAX,
                           "Parse error in condition: a condition is an array of a column's name, "
                           "a function and a value.");
    }
    clause->column = table_column(table, name);
    if (!clause->column) {
        return failure_set(failure, FAILURE_UNKNOWN_COLUMN, "No column %.64s in table %s.", name,
                           table->schema->name);
    }
    if (parse_function(json_array_get(json, 1), &clause->function, failure) ||
        argument_type(clause, failure)) {
        return -1;
    }
    error = db_datum_from_json(&clause->arg, &clause->type, json_array_get(json, 2), named, aux,
                               &err);
    return error ? failure_set_error(failure, error, &err, json_array_get(json, 2)) : 0;
}

int condition_parse(struct condition *ret, const struct table *table, const json_t *json,
                    bool is_any_of, db_named_uuid_cb *named, void *aux, struct failure *failure)
{
    struct condition c = {.is_any_of = is_any_of};
    json_t *element;
    size_t i;

    if (!json_is_array(json)) {
        return failure_set(failure, FAILURE_SYNTAX, "\"where\" is not an array of conditions.");
    }
    c.clauses = xcalloc(json_array_size(json), sizeof *c.clauses);
    c.is_trivial = !json_array_size(json);
    json_array_foreach (json, i, element) {
        if (is_any_of && json_is_boolean(element)) {
            c.is_trivial |= json_is_true(element);
            c.is_false |= json_is_false(element);
            continue;
        }
        if (parse_clause(&c.clauses[c.n], table, element, named, aux, failure)) {
            condition_free(&c);
            return -1;
        }
        c.n++;
    }
    *ret = c;
    return 0;
}

void condition_free(struct condition *c)
{
    for (unsigned int i = 0; i < c->n; i++) {
        db_datum_free(&c->clauses[i].arg, &c->clauses[i].type);
    }
    free(c->clauses);
    *c = (struct condition){.clauses = NULL};
}

static bool clause_holds(const struct clause *clause, const struct db_datum *d)
{
    const struct db_type *type = &clause->column->type;
    int cmp;

    switch (clause->function) {
    case EQ: return db_datum_equal(d, &clause->arg, type);
    case NE: return !db_datum_equal(d, &clause->arg, type);
    case INCLUDES: return db_datum_includes(d, &clause->arg, type);
    case EXCLUDES: return db_datum_excludes(d, &clause->arg, type);
    default: break;
    }
    if (!d->n) {
        return false;
    }
    cmp = db_atom_compare(type->key.type, &d->keys[0], &clause->arg.keys[0]);
    switch (clause->function) {
    case LT: return cmp < 0;
    case LE: return cmp <= 0;
    case GE: return cmp >= 0;
    default: return cmp > 0;
    }
}

bool condition_holds(const struct condition *c, const struct row *row, const struct txn_row *before)
{
    struct row_scratch scratch;

    if (c->is_trivial) {
        return true;
    }
    for (unsigned int i = 0; i < c->n; i++) {
        const struct clause *clause = &c->clauses[i];
        const struct db_datum *d = before ? txn_row_old(before, clause->column, &scratch)
                                          : row_datum(row, clause->column, &scratch);

        if (clause_holds(clause, d) == c->is_any_of) {
            return c->is_any_of;
        }
    }
    return !c->is_any_of;
}

static void append(struct row ***rows, size_t *n, struct row *row)
{
    if (!(*n & (*n - 1))) { /* Room for 2^k. */
        *rows = xreallocarray(*rows, *n ? *n * 2 : 1, sizeof **rows);
    }
    (*rows)[(*n)++] = row;
}

/* The clause that fixes the uuid, if there is one. */
static const struct clause *find_uuid_clause(const struct condition *c)
{
    for (unsigned int i = 0; i < c->n && !c->is_any_of; i++) {
        const struct clause *clause = &c->clauses[i];

        if (clause->column == &database_column_uuid &&
            (clause->function == EQ || clause->function == INCLUDES)) {
            return clause;
        }
    }
    return NULL;
}

struct row **condition_find(const struct condition *c, const struct table *table, size_t *ret_n)
{
    const struct clause *by_uuid = find_uuid_clause(c);
    struct row **rows = NULL, *row;
    size_t cursor = 0;

    *ret_n = 0;
    if (by_uuid) {
        row = table_row(table, &by_uuid->arg.keys[0].uuid);
        if (row && condition_holds(c, row, NULL)) {
            append(&rows, ret_n, row);
        }
        return rows;
    }
    while ((row = table_next(table, &cursor))) {
        if (condition_holds(c, row, NULL)) {
            append(&rows, ret_n, row);
        }
    }
    return rows;
}
