/* See column_arg.h. */
#include "utilities/sluice-vsctl/column_arg.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "utilities/sluice-vsctl/names.h"

/* Longer ones first where one begins with another. */
static const struct {
    const char *text;
    enum relop op;
} relops[] = {
    {"{not-in}", RELOP_SET_NOT_IN},
    {"{in}", RELOP_SET_IN},
    {"{!=}", RELOP_SET_NE},
    {"{<=}", RELOP_SET_LE},
    {"{>=}", RELOP_SET_GE},
    {"{=}", RELOP_SET_EQ},
    {"{<}", RELOP_SET_LT},
    {"{>}", RELOP_SET_GT},
    {"!=", RELOP_NE},
    {"<=", RELOP_LE},
    {">=", RELOP_GE},
    {"=", RELOP_EQ},
    {"<", RELOP_LT},
    {">", RELOP_GT},
};

/* --- Parsing ------------------------------------------------------------------------------------
 */

/* The length of the word at 's': quoted, or up to a character of the syntax. */
static size_t word_length(const char *s)
{
    size_t n = 1;

    if (*s != '"') {
        return strcspn(s, ":=, []{}!<>");
    }
    while (s[n] && s[n] != '"') {
        n += s[n] == '\\' && s[n + 1] ? 2 : 1;
    }
    return s[n] ? n + 1 : n;
}

static int missing_value(const char *text, enum column_arg_form form, struct error *err)
{
    if (form == COLUMN_ARG_SET) {
        return error_set(err, EINVAL, "%.200s: argument does not end in \"=\" followed by a value.",
                         text);
    }
    return error_set(
        err, EINVAL,
        "%.100s: argument does not end in \"=\", \"!=\", \"<\", \">\", \"<=\", "
        "\">=\", \"{=}\", \"{!=}\", \"{<}\", \"{>}\", \"{<=}\", \"{>=}\", \"{in}\", or "
        "\"{not-in}\" followed by a value.",
        text);
}

static int parse_operator(const char *text, const char *p, enum column_arg_form form,
                          struct column_arg *arg, struct error *err)
{
    if (form == COLUMN_ARG_KEY) {
        if (*p) {
            return error_set(err, EINVAL, "%.200s: trailing garbage \"%.100s\" in argument", text,
                             p);
        }
        arg->op = RELOP_NONE;
        arg->value = NULL;
        return 0;
    }
    for (size_t i = 0; i < ARRAY_SIZE(relops); i++) {
        size_t n = strlen(relops[i].text);

        if (!strncmp(p, relops[i].text, n) && p[n] &&
            (form == COLUMN_ARG_CONDITION || relops[i].op == RELOP_EQ)) {
            arg->op = relops[i].op;
            arg->value = p + n;
            return 0;
        }
    }
    return missing_value(text, form, err);
}

int column_arg_parse(const struct db_table_schema *table, const char *text,
                     enum column_arg_form form, struct column_arg *ret, struct error *err)
{
    struct column_arg arg = {0};
    const char *p = text;
    size_t n = word_length(p);
    char *name;
    int rc;

    if (!n) {
        return error_set(err, EINVAL, "%.200s: missing column name", text);
    }
    name = xstrndup(p, n);
    p += n;
    rc = find_column(table, name, &arg.column, err);
    free(name);
    if (rc) {
        return rc;
    }
    if (*p == ':') {
        n = word_length(++p);
        arg.has_key = true;
        arg.key = xstrndup(p, n);
        p += n;
    }
    rc = parse_operator(text, p, form, &arg, err);
    if (rc) {
        free(arg.key);
        return rc;
    }
    *ret = arg;
    return 0;
}

void column_arg_free(struct column_arg *arg)
{
    free(arg->key);
}

static int need_arg(struct vsctl *v, const struct db_table_schema *table, const char *text,
                    enum column_arg_form form, struct error *err)
{
    struct column_arg arg;
    int rc = column_arg_parse(table, text, form, &arg, err);

    if (rc) {
        return rc;
    }
    if (arg.column) {
        vsctl_need(v, table->name, arg.column->name);
    }
    column_arg_free(&arg);
    return 0;
}

int column_args_need(struct vsctl *v, const struct db_table_schema *table, const struct command *c,
                     int first, enum column_arg_form form, struct error *err)
{
    int rc = 0;

    for (int i = first; i < c->argc && !rc; i++) {
        rc = need_arg(v, table, c->argv[i], form, err);
    }
    return rc;
}

/* --- Keys ---------------------------------------------------------------------------------------
 */

/* The argument's key, for 'purpose'. */
static int parse_key(struct vsctl *v, const struct column_arg *arg, const char *purpose,
                     union db_atom *ret, struct error *err)
{
    const struct db_type *type = &arg->column->type;

    if (!db_type_is_map(type)) {
        return error_set(err, EINVAL, "cannot specify key to %s for non-map column %s", purpose,
                         arg->column->name);
    }
    return db_atom_from_word(ret, &type->key, arg->key, model_named_uuid, v->model, err);
}

int column_arg_find_key(struct vsctl *v, const struct mrow *row, const struct column_arg *arg,
                        const char *purpose, int *ret_at, struct error *err)
{
    enum db_atom_type type = arg->column->type.key.type;
    union db_atom key;
    int rc = parse_key(v, arg, purpose, &key, err);

    if (!rc) {
        *ret_at = db_datum_find(mrow_get(row, arg->column), &key, type);
        db_atom_free(type, &key);
    }
    return rc;
}

/* --- Setting ------------------------------------------------------------------------------------
 */

int check_mutable(const struct mrow *row, const struct db_column *column, struct error *err)
{
    if (!column || (!column->is_mutable && !mrow_is_new(row))) {
        return error_set(err, EPERM, "cannot modify read-only column %s in table %s",
                         column ? column->name : "_uuid", mrow_table(row)->name);
    }
    return 0;
}

int column_value_error(const struct mrow *row, const char *record, const struct db_column *column,
                       struct error *err)
{
    const char *table = mrow_table(row)->name;

    return record ? error_prefix(err, "%s '%s': column '%s'", table, record, column->name)
                  : error_prefix(err, "new %s: column '%s'", table, column->name);
}

static int set_key(struct vsctl *v, struct mrow *row, const struct column_arg *arg,
                   struct error *err)
{
    const struct db_type *type = &arg->column->type;
    union db_atom key, value;
    struct db_datum *d;
    int at, rc;

    rc = parse_key(v, arg, "set", &key, err);
    if (rc) {
        return rc;
    }
    rc = db_atom_from_word(&value, &type->value, arg->value, model_named_uuid, v->model, err);
    if (rc) {
        db_atom_free(type->key.type, &key);
        return rc;
    }
    d = mrow_modify(row, arg->column);
    at = db_datum_find(d, &key, type->key.type);
    if (at >= 0) {
        db_datum_remove(d, (unsigned int)at, type);
    }
    db_datum_add(d, &key, &value);
    db_datum_sort(d, type);
    return 0;
}

static int set_value(struct vsctl *v, struct mrow *row, const struct column_arg *arg,
                     struct error *err)
{
    struct db_datum d;
    int rc;

    if (arg->has_key) {
        return set_key(v, row, arg, err);
    }
    rc = db_datum_from_text(&d, &arg->column->type, arg->value, model_named_uuid, v->model, err);
    if (!rc) {
        mrow_set(row, arg->column, &d);
    }
    return rc;
}

int column_arg_set(struct vsctl *v, struct mrow *row, const char *record, const char *text,
                   struct error *err)
{
    struct column_arg arg;
    int rc = column_arg_parse(mrow_table(row), text, COLUMN_ARG_SET, &arg, err);

    if (rc) {
        return rc;
    }
    rc = check_mutable(row, arg.column, err);
    if (!rc && set_value(v, row, &arg, err)) {
        rc = column_value_error(row, record, arg.column, err);
    }
    column_arg_free(&arg);
    return rc;
}

/* --- Testing ------------------------------------------------------------------------------------
 */

static bool is_set_operator(enum relop op)
{
    return op >= RELOP_SET_EQ;
}

static bool evaluate(const struct db_datum *a, const struct db_datum *b, const struct db_type *type,
                     enum relop op)
{
    switch (op) {
    case RELOP_EQ:
    case RELOP_SET_EQ: return db_datum_compare(a, b, type) == 0;
    case RELOP_NE:
    case RELOP_SET_NE: return db_datum_compare(a, b, type) != 0;
    case RELOP_LT: return db_datum_compare(a, b, type) < 0;
    case RELOP_GT: return db_datum_compare(a, b, type) > 0;
    case RELOP_LE: return db_datum_compare(a, b, type) <= 0;
    case RELOP_GE: return db_datum_compare(a, b, type) >= 0;
    case RELOP_SET_LT: return a->n < b->n && db_datum_includes(b, a, type);
    case RELOP_SET_GT: return a->n > b->n && db_datum_includes(a, b, type);
    case RELOP_SET_LE:
    case RELOP_SET_IN: return db_datum_includes(b, a, type);
    case RELOP_SET_GE: return db_datum_includes(a, b, type);
    case RELOP_SET_NOT_IN: return db_datum_excludes(b, a, type);
    case RELOP_NONE: break;
    }
    return false;
}

/* "COLUMN:KEY OP VALUE": compares the key's value with a set of values. */
static int test_key(struct vsctl *v, const struct mrow *row, const struct column_arg *arg,
                    bool *ret, struct error *err)
{
    const struct db_type *type = &arg->column->type;
    struct db_type values = {.key = type->value, .n_min = 0, .n_max = DB_UNLIMITED};
    const struct db_datum *d = mrow_get(row, arg->column);
    struct db_datum have, want;
    union db_atom value;
    int at, rc;

    rc = column_arg_find_key(v, row, arg, "check", &at, err);
    if (rc) {
        return rc;
    }
    rc = db_datum_from_text(&want, &values, arg->value, model_named_uuid, v->model, err);
    if (rc) {
        return rc;
    }
    db_datum_init(&have);
    if (at >= 0) {
        db_atom_copy(type->value.type, &value, &d->values[at]);
        db_datum_add(&have, &value, NULL);
    }
    *ret = (at >= 0 || is_set_operator(arg->op)) && evaluate(&have, &want, &values, arg->op);
    db_datum_free(&have, &values);
    db_datum_free(&want, &values);
    return 0;
}

static int test_whole(struct vsctl *v, const struct mrow *row, const struct column_arg *arg,
                      bool *ret, struct error *err)
{
    struct db_type uuid_type = {.key.type = DB_UUID, .n_min = 1, .n_max = 1};
    struct db_type type = arg->column ? arg->column->type : uuid_type;
    union db_atom uuid = {.uuid = *mrow_uuid(row)};
    struct db_datum uuid_datum = {.n = 1, .keys = &uuid};
    struct db_datum want;
    int rc;

    type.n_min = 0;
    type.n_max = DB_UNLIMITED;
    rc = db_datum_from_text(&want, &type, arg->value, model_named_uuid, v->model, err);
    if (!rc) {
        *ret = evaluate(arg->column ? mrow_get(row, arg->column) : &uuid_datum, &want, &type,
                        arg->op);
        db_datum_free(&want, &type);
    }
    return rc;
}

int column_arg_test(struct vsctl *v, const struct mrow *row, const char *text, bool *ret,
                    struct error *err)
{
    struct column_arg arg;
    int rc = column_arg_parse(mrow_table(row), text, COLUMN_ARG_CONDITION, &arg, err);

    if (!rc) {
        rc = arg.has_key && arg.column ? test_key(v, row, &arg, ret, err)
                                       : test_whole(v, row, &arg, ret, err);
        column_arg_free(&arg);
    }
    return rc;
}
