/* See mutation.h. Each mutator is one row of a table and a function from number to number, or from
 * set to set. */
#include "db/txn/mutation.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a mutator on a number returns. */
enum outcome { FINE, DIVISION_BY_ZERO, OVERFLOW_ };

struct mutator {
    const char *name;
    enum outcome (*integer)(int64_t *, int64_t arg); /* NULL: for sets. */
    enum outcome (*real)(double *, double arg);      /* NULL: not for reals. */
};

struct mutation {
    const struct db_column *column;
    const struct mutator *mutator;
    struct db_datum arg;
    struct db_type type; /* Of 'arg'; borrows the column type's insides. */
    bool keys_only;      /* "delete" from a map by keys. */
};

static enum outcome integer_add(int64_t *x, int64_t arg)
{
    return __builtin_add_overflow(*x, arg, x) ? OVERFLOW_ : FINE;
}

static enum outcome integer_sub(int64_t *x, int64_t arg)
{
    return __builtin_sub_overflow(*x, arg, x) ? OVERFLOW_ : FINE;
}

static enum outcome integer_mul(int64_t *x, int64_t arg)
{
    return __builtin_mul_overflow(*x, arg, x) ? OVERFLOW_ : FINE;
}

static enum outcome integer_div(int64_t *x, int64_t arg)
{
    if (!arg) {
        return DIVISION_BY_ZERO;
    }
    if (arg == -1) { /* INT64_MIN / -1 would trap. */
        return integer_mul(x, -1);
    }
    *x /= arg;
    return FINE;
}

static enum outcome integer_mod(int64_t *x, int64_t arg)
{
    if (!arg) {
        return DIVISION_BY_ZERO;
    }
    *x = arg == -1 ? 0 : *x % arg;
    return FINE;
}

static enum outcome real_result(double *x, double result)
{
    *x = result;
    return isfinite(result) ? FINE : OVERFLOW_;
}

static enum outcome real_add(double *x, double arg)
{
    return real_result(x, *x + arg);
}

static enum outcome real_sub(double *x, double arg)
{
    return real_result(x, *x - arg);
}

static enum outcome real_mul(double *x, double arg)
{
    return real_result(x, *x * arg);
}

static enum outcome real_div(double *x, double arg)
{
    return arg == 0 ? DIVISION_BY_ZERO : real_result(x, *x / arg);
}

static const struct mutator mutators[] = {
    {"+=", integer_add, real_add}, {"-=", integer_sub, real_sub}, {"*=", integer_mul, real_mul},
    {"/=", integer_div, real_div}, {"%=", integer_mod, NULL},     {"insert", NULL, NULL},
    {"delete", NULL, NULL},
};
#define MUTATOR_INSERT (&mutators[5])

static int mismatch(const struct mutation *m, struct failure *failure)
{
    return failure_set(failure, FAILURE_SYNTAX,
                       "Type mismatch: \"%s\" operator may not be applied to column %s.",
                       m->mutator->name, m->column->name);
}

static int parse_argument(struct mutation *m, const json_t *json, db_named_uuid_cb *named,
                          void *aux, struct failure *failure)
{
    const struct db_type *type = &m->column->type;
    enum db_atom_type key = type->key.type;
    struct error err;
    int error;

    if (m->mutator->integer) {
        if (db_type_is_map(type) || !(key == DB_INTEGER || (key == DB_REAL && m->mutator->real))) {
            return mismatch(m, failure);
        }
        /* The argument need not be a value that the column could have: the result must. */
        db_base_type_init(&m->type.key, key);
        m->type.n_min = m->type.n_max = 1;
    } else {
        if (db_type_is_scalar(type)) {
            return mismatch(m, failure);
        }
        m->type = *type;
        m->type.n_min = 0;
        m->type.n_max = DB_UNLIMITED;
    }
    if (m->mutator != MUTATOR_INSERT && db_type_is_map(type)) {
        error = db_datum_from_json(&m->arg, &m->type, json, named, aux, NULL);
        if (!error) {
            return 0;
        }
        m->keys_only = true;
        db_base_type_init(&m->type.value, DB_VOID);
    }
    error = db_datum_from_json(&m->arg, &m->type, json, named, aux, &err);
    return error ? failure_set_error(failure, error, &err, json) : 0;
}

static int parse_mutation(struct mutation *m, const struct table *table, const json_t *json,
                          db_named_uuid_cb *named, void *aux, struct failure *failure)
{
    const char *column = json_string_value(json_array_get(json, 0));
    const char *mutator = json_string_value(json_array_get(json, 1));

    if (json_array_size(json) != 3 || !column || !mutator) {
        return failure_set(failure, FAILURE_SYNTAX,
                           "Parse error in mutation: a mutation is an array of a column's name, a "
                           "mutator and a value.");
    }
    m->column = table_column(table, column);
    if (!m->column) {
        return failure_set(failure, FAILURE_UNKNOWN_COLUMN, "No column %.64s in table %s.", column,
                           table->schema->name);
    }
    if (!m->column->is_mutable) {
        return failure_set(failure, FAILURE_CONSTRAINT,
                           "Cannot mutate immutable column %s in table %s.", column,
                           table->schema->name);
    }
    for (size_t i = 0; i < ARRAY_SIZE(mutators); i++) {
        if (!strcmp(mutator, mutators[i].name)) {
            m->mutator = &mutators[i];
            return parse_argument(m, json_array_get(json, 2), named, aux, failure);
        }
    }
    return failure_set(failure, "unknown mutator", "No mutator named %.64s.", mutator);
}

int mutations_parse(struct mutations *ret, const struct table *table, const json_t *json,
                    db_named_uuid_cb *named, void *aux, struct failure *failure)
{
    struct mutations ms = {0, NULL};
    json_t *element;
    size_t i;

    if (!json_is_array(json)) {
        return failure_set(failure, FAILURE_SYNTAX, "\"mutations\" is not an array.");
    }
    ms.mutations = xcalloc(json_array_size(json), sizeof *ms.mutations);
    json_array_foreach (json, i, element) {
        if (parse_mutation(&ms.mutations[i], table, element, named, aux, failure)) {
            mutations_free(&ms);
            return -1;
        }
        ms.n++;
    }
    *ret = ms;
    return 0;
}

void mutations_free(struct mutations *ms)
{
    for (unsigned int i = 0; i < ms->n; i++) {
        db_datum_free(&ms->mutations[i].arg, &ms->mutations[i].type);
    }
    free(ms->mutations);
    *ms = (struct mutations){0, NULL};
}

static int mutate_numbers(const struct mutation *m, struct db_datum *d, struct failure *failure)
{
    const union db_atom *arg = &m->arg.keys[0];
    unsigned int n = d->n;

    for (unsigned int i = 0; i < n; i++) {
        enum outcome outcome = m->column->type.key.type == DB_INTEGER
                                   ? m->mutator->integer(&d->keys[i].integer, arg->integer)
                                   : m->mutator->real(&d->keys[i].real, arg->real);

        if (outcome == DIVISION_BY_ZERO) {
            return failure_set(failure, FAILURE_DOMAIN, "Division by zero.");
        }
        if (outcome == OVERFLOW_) {
            return failure_set(failure, FAILURE_RANGE,
                               "Result of \"%s\" operation is out of range.", m->mutator->name);
        }
    }
    db_datum_sort(d, &m->column->type);
    if (d->n != n) {
        return failure_set(failure, FAILURE_CONSTRAINT,
                           "Result of \"%s\" operation on column %s contains a value twice.",
                           m->mutator->name, m->column->name);
    }
    return 0;
}

static int apply(const struct mutation *m, struct txn *txn, struct row *row,
                 struct failure *failure)
{
    const struct db_type *type = &m->column->type;
    struct db_datum d;
    struct error err;
    int error;

    db_datum_copy(&d, &row->columns[m->column->index], type);
    if (m->mutator->integer) {
        if (mutate_numbers(m, &d, failure)) {
            db_datum_free(&d, type);
            return -1;
        }
    } else if (m->mutator == MUTATOR_INSERT) {
        db_datum_union(&d, &m->arg, type);
    } else {
        db_datum_subtract(&d, &m->arg, type, m->keys_only);
    }
    error = db_datum_check(&d, type, &err);
    if (error) {
        db_datum_free(&d, type);
        return failure_set(failure, FAILURE_CONSTRAINT,
                           "Attempted mutation of column %s of table %s: %s", m->column->name,
                           row->table->schema->name, err.text);
    }
    txn_set(txn, row, m->column, &d);
    return 0;
}

int mutations_apply(const struct mutations *ms, struct txn *txn, struct row *row,
                    struct failure *failure)
{
    for (unsigned int i = 0; i < ms->n; i++) {
        if (apply(&ms->mutations[i], txn, row, failure)) {
            return -1;
        }
    }
    return 0;
}
