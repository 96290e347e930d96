/* Database commands that read: list, find, get, wait-until. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "utilities/sluice-vsctl/column_arg.h"
#include "utilities/sluice-vsctl/names.h"

/* --- Columns to show ----------------------------------------------------------------------------
 */

struct columns {
    size_t n;
    const struct db_column **columns; /* NULL elements: _uuid. */
};

static void add_column(struct columns *cs, const struct db_column *column)
{
    cs->columns = xreallocarray(cs->columns, cs->n + 1, sizeof *cs->columns);
    cs->columns[cs->n++] = column;
}

/* Those of --columns, or all. The array is the caller's, also after an error. */
static int parse_columns(const struct db_table_schema *table, const char *option,
                         struct columns *ret, struct error *err)
{
    char *copy = xstrdup(option ? option : ""), *save = NULL, *name;
    int rc = 0;

    for (name = strtok_r(copy, ", ", &save); name && !rc; name = strtok_r(NULL, ", ", &save)) {
        const struct db_column *column;

        rc = find_column(table, name, &column, err);
        if (!rc) {
            add_column(ret, column);
        }
    }
    free(copy);
    if (!rc && option && !ret->n) {
        return error_set(err, EINVAL, "must specify at least one column name");
    }
    if (!rc && !ret->n) {
        add_column(ret, NULL);
        for (unsigned int i = 0; i < table->n_columns; i++) {
            add_column(ret, &table->columns[i]);
        }
    }
    return rc;
}

static int need_columns(struct vsctl *v, const struct db_table_schema *table,
                        const struct command *c, struct error *err)
{
    struct columns cs = {0};
    int rc = parse_columns(table, command_option(c, "columns"), &cs, err);

    for (size_t i = 0; i < cs.n && !rc; i++) {
        if (cs.columns[i]) {
            vsctl_need(v, table->name, cs.columns[i]->name);
        }
    }
    free(cs.columns);
    return rc;
}

static void report_headings(struct db_report *r, const struct columns *cs)
{
    for (size_t i = 0; i < cs->n; i++) {
        db_report_heading(r, cs->columns[i] ? cs->columns[i]->name : "_uuid");
    }
}

static void report_row(struct db_report *r, const struct columns *cs, const struct mrow *row)
{
    static const struct db_type uuid_type = {.key.type = DB_UUID, .n_min = 1, .n_max = 1};

    for (size_t i = 0; i < cs->n; i++) {
        const struct db_column *column = cs->columns[i];

        if (column) {
            db_report_datum(r, mrow_get(row, column), &column->type);
        } else {
            union db_atom atom = {.uuid = *mrow_uuid(row)};
            struct db_datum d = {.n = 1, .keys = &atom};

            db_report_datum(r, &d, &uuid_type);
        }
    }
}

/* --- list and find ------------------------------------------------------------------------------
 */

static int needs_list(struct vsctl *v, struct command *c, struct error *err)
{
    const struct db_table_schema *table;
    int rc = find_table(v, c->argv[1], &table, err);

    if (rc) {
        return rc;
    }
    need_records(v, table);
    return need_columns(v, table, c, err);
}

static int needs_find(struct vsctl *v, struct command *c, struct error *err)
{
    const struct db_table_schema *table;
    int rc = find_table(v, c->argv[1], &table, err);

    if (!rc) {
        need_records(v, table);
        rc = need_columns(v, table, c, err);
    }
    return rc ? rc : column_args_need(v, table, c, 2, COLUMN_ARG_CONDITION, err);
}

static int begin_report(struct vsctl *v, struct command *c,
                        const struct db_table_schema **ret_table, struct columns *cs,
                        struct error *err)
{
    int rc = find_table(v, c->argv[1], ret_table, err);

    if (!rc) {
        rc = parse_columns(*ret_table, command_option(c, "columns"), cs, err);
    }
    if (!rc) {
        c->report = db_report_new(&v->options->style, NULL);
        report_headings(c->report, cs);
    }
    return rc;
}

static int list(struct vsctl *v, struct command *c, struct error *err)
{
    const struct db_table_schema *table;
    struct columns cs = {0};
    int rc = begin_report(v, c, &table, &cs, err);

    for (int i = 2; i < c->argc && !rc; i++) {
        struct mrow *row;

        rc = find_record(v, table, c->argv[i], !command_has(c, "if-exists"), &row, err);
        if (!rc && row) {
            report_row(c->report, &cs, row);
        }
    }
    if (!rc && c->argc == 2) {
        size_t n;
        struct mrow **rows = model_rows(v->model, table, &n);

        for (size_t i = 0; i < n; i++) {
            report_row(c->report, &cs, rows[i]);
        }
        free(rows);
    }
    free(cs.columns);
    return rc;
}

/* Whether all conditions, from argument 'first' on, hold. */
static int test_all(struct vsctl *v, struct command *c, const struct mrow *row, int first,
                    bool *ret, struct error *err)
{
    bool all = true;
    int rc = 0;

    for (int i = first; i < c->argc && !rc && all; i++) {
        rc = column_arg_test(v, row, c->argv[i], &all, err);
    }
    *ret = all;
    return rc;
}

static int find(struct vsctl *v, struct command *c, struct error *err)
{
    const struct db_table_schema *table;
    struct columns cs = {0};
    struct mrow **rows = NULL;
    size_t n = 0;
    int rc = begin_report(v, c, &table, &cs, err);

    if (!rc) {
        rows = model_rows(v->model, table, &n);
    }
    for (size_t i = 0; i < n && !rc; i++) {
        bool matches;

        rc = test_all(v, c, rows[i], 2, &matches, err);
        if (!rc && matches) {
            report_row(c->report, &cs, rows[i]);
        }
    }
    free(rows);
    free(cs.columns);
    return rc;
}

/* --- get ----------------------------------------------------------------------------------------
 */

/* Of TABLE RECORD ARG... */
static int need_record_and_args(struct vsctl *v, struct command *c, enum column_arg_form form,
                                struct error *err)
{
    const struct db_table_schema *table;
    int rc = find_table(v, c->argv[1], &table, err);

    if (rc) {
        return rc;
    }
    need_records(v, table);
    return column_args_need(v, table, c, 3, form, err);
}

static int needs_get(struct vsctl *v, struct command *c, struct error *err)
{
    return need_record_and_args(v, c, COLUMN_ARG_KEY, err);
}

static int get_key(struct vsctl *v, struct command *c, const struct mrow *row,
                   const struct column_arg *arg, struct error *err)
{
    int at, rc = column_arg_find_key(v, row, arg, "get", &at, err);

    if (rc) {
        return rc;
    }
    if (at >= 0) {
        db_atom_to_text(&c->output, &mrow_get(row, arg->column)->values[at],
                        arg->column->type.value.type);
    } else if (!command_has(c, "if-exists")) {
        return error_set(err, ENOENT, "no key \"%s\" in %s record \"%s\" column %s", arg->key,
                         mrow_table(row)->name, c->argv[2], arg->column->name);
    }
    strbuf_putc(&c->output, '\n');
    return 0;
}

static int get_column(struct vsctl *v, struct command *c, const struct mrow *row, const char *text,
                      struct error *err)
{
    struct column_arg arg;
    char uuid[UUID_LEN + 1];
    int rc = column_arg_parse(mrow_table(row), text, COLUMN_ARG_KEY, &arg, err);

    if (rc) {
        return rc;
    }
    if (arg.column && arg.has_key) {
        rc = get_key(v, c, row, &arg, err);
    } else if (arg.column) {
        db_datum_to_text(&c->output, mrow_get(row, arg.column), &arg.column->type);
        strbuf_putc(&c->output, '\n');
    } else if (arg.has_key) {
        rc = error_set(err, EINVAL, "cannot specify key to get for non-map column _uuid");
    } else {
        uuid_to_string(mrow_uuid(row), uuid);
        strbuf_printf(&c->output, "%s\n", uuid);
    }
    column_arg_free(&arg);
    return rc;
}

static int get(struct vsctl *v, struct command *c, struct error *err)
{
    const char *id = command_option(c, "id");
    const struct db_table_schema *table;
    struct mrow *row = NULL;
    int rc;

    if (id && command_has(c, "if-exists")) {
        return error_set(err, EINVAL, "--if-exists and --id may not be specified together");
    }
    if (id && (id[0] != '@' || !id[1])) {
        return error_set(err, EINVAL, "row id \"%s\" does not begin with \"@\"", id);
    }
    rc = find_table(v, c->argv[1], &table, err);
    if (!rc) {
        rc = find_record(v, table, c->argv[2], !command_has(c, "if-exists"), &row, err);
    }
    if (rc || !row) {
        return rc;
    }
    if (id && !model_define_symbol(v->model, id + 1, row, NULL)) {
        return error_set(
            err, EINVAL,
            "row id \"%s\" specified on \"get\" command was used before it was defined", id);
    }
    for (int i = 3; i < c->argc && !rc; i++) {
        rc = get_column(v, c, row, c->argv[i], err);
    }
    return rc;
}

/* --- wait-until ---------------------------------------------------------------------------------
 */

static int needs_wait(struct vsctl *v, struct command *c, struct error *err)
{
    return need_record_and_args(v, c, COLUMN_ARG_CONDITION, err);
}

static int wait_until(struct vsctl *v, struct command *c, struct error *err)
{
    const struct db_table_schema *table;
    struct mrow *row;
    bool holds = false;
    int rc = find_table(v, c->argv[1], &table, err);

    if (!rc) {
        rc = find_record(v, table, c->argv[2], false, &row, err);
    }
    if (!rc && row) {
        rc = test_all(v, c, row, 3, &holds, err);
    }
    v->is_waiting = !rc && !holds;
    return rc;
}

static const struct command_def defs[] = {
    {"list", 1, INT_MAX, "TABLE [RECORD]...", "if-exists,columns=COLUMNS", needs_list, list},
    {"find", 1, INT_MAX, "TABLE [COLUMN[:KEY]=VALUE]...", "columns=COLUMNS", needs_find, find},
    {"get", 2, INT_MAX, "TABLE RECORD [COLUMN[:KEY]]...", "if-exists,id=@NAME", needs_get, get},
    {"wait-until", 2, INT_MAX, "TABLE RECORD [COLUMN[:KEY]=VALUE]...", NULL, needs_wait,
     wait_until},
    {NULL},
};

VSCTL_COMMANDS(defs)
