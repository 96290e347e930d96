/* Database commands that write: set, add, remove, clear, create, destroy. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "utilities/sluice-vsctl/column_arg.h"
#include "utilities/sluice-vsctl/names.h"
#include "utilities/sluice-vsctl/topology.h"

/* The topology may depend on what is changed here: it is then built anew when it is needed. */
static void touch_topology(struct vsctl *v, const struct db_table_schema *table)
{
    if (!strcmp(table->name, "Open_vSwitch") || !strcmp(table->name, "Bridge") ||
        !strcmp(table->name, "Port")) {
        topology_free(v->topology);
        v->topology = NULL;
    }
}

/* The row that the first two arguments name. '*ret' NULL: not there, with --if-exists. */
static int get_row(struct vsctl *v, struct command *c, struct mrow **ret, struct error *err)
{
    const struct db_table_schema *table;
    int rc = find_table(v, c->argv[1], &table, err);

    if (rc) {
        return rc;
    }
    touch_topology(v, table);
    return find_record(v, table, c->argv[2], !command_has(c, "if-exists"), ret, err);
}

static int need_table(struct vsctl *v, struct command *c, const struct db_table_schema **ret,
                      struct error *err)
{
    int rc = find_table(v, c->argv[1], ret, err);

    if (!rc) {
        need_records(v, *ret);
    }
    return rc;
}

/* --- set ----------------------------------------------------------------------------------------
 */

static int needs_set(struct vsctl *v, struct command *c, struct error *err)
{
    const struct db_table_schema *table;
    int rc = need_table(v, c, &table, err);

    return rc ? rc : column_args_need(v, table, c, 3, COLUMN_ARG_SET, err);
}

static int set(struct vsctl *v, struct command *c, struct error *err)
{
    struct mrow *row;
    int rc = get_row(v, c, &row, err);

    for (int i = 3; i < c->argc && !rc && row; i++) {
        rc = column_arg_set(v, row, c->argv[2], c->argv[i], err);
    }
    return rc;
}

/* --- add and remove -----------------------------------------------------------------------------
 */

static int needs_column(struct vsctl *v, struct command *c, struct error *err)
{
    const struct db_table_schema *table;
    const struct db_column *column;
    int rc = need_table(v, c, &table, err);

    if (!rc) {
        rc = find_column(table, c->argv[3], &column, err);
    }
    if (!rc && column) {
        vsctl_need(v, table->name, column->name);
    }
    return rc;
}

/* The row and column that "TABLE RECORD COLUMN" name. */
static int get_cell(struct vsctl *v, struct command *c, struct mrow **ret_row,
                    const struct db_column **ret_column, struct error *err)
{
    int rc = get_row(v, c, ret_row, err);

    if (rc || !*ret_row) {
        return rc;
    }
    rc = find_column(mrow_table(*ret_row), c->argv[3], ret_column, err);
    return rc ? rc : check_mutable(*ret_row, *ret_column, err);
}

static int check_count(const struct mrow *row, const struct db_column *column, struct error *err)
{
    const struct db_type *type = &column->type;
    unsigned int n = mrow_get(row, column)->n;

    if (n > type->n_max) {
        return error_set(err, EINVAL,
                         "\"add\" operation would put %u values in column %s of table %s but the "
                         "maximum number is %u",
                         n, column->name, mrow_table(row)->name, type->n_max);
    }
    if (n < type->n_min) {
        return error_set(err, EINVAL,
                         "\"remove\" operation would put %u values in column %s of table %s but "
                         "the minimum number is %u",
                         n, column->name, mrow_table(row)->name, type->n_min);
    }
    return 0;
}

static int add(struct vsctl *v, struct command *c, struct error *err)
{
    const struct db_column *column;
    struct db_type type;
    struct mrow *row;
    int rc = get_cell(v, c, &row, &column, err);

    if (rc || !row) {
        return rc;
    }
    type = column->type;
    type.n_min = 0;
    type.n_max = DB_UNLIMITED;
    for (int i = 4; i < c->argc; i++) {
        struct db_datum d;

        if (db_datum_from_text(&d, &type, c->argv[i], model_named_uuid, v->model, err)) {
            return column_value_error(row, c->argv[2], column, err);
        }
        db_datum_union(mrow_modify(row, column), &d, &type);
        db_datum_free(&d, &type);
    }
    return check_count(row, column, err);
}

/* One value, pair or key. */
static int remove_one(struct vsctl *v, struct mrow *row, const struct db_column *column,
                      const char *text, struct error *err)
{
    struct db_type type = column->type, keys;
    bool keys_only = false;
    struct db_datum d;
    int rc;

    type.n_min = 0;
    type.n_max = DB_UNLIMITED;
    keys = type;
    keys.value.type = DB_VOID;
    rc = db_datum_from_text(&d, &type, text, model_named_uuid, v->model, err);
    if (rc && db_type_is_map(&type)) {
        rc = db_datum_from_text(&d, &keys, text, model_named_uuid, v->model, err);
        keys_only = true;
    }
    if (!rc) {
        db_datum_subtract(mrow_modify(row, column), &d, &type, keys_only);
        db_datum_free(&d, keys_only ? &keys : &type);
    }
    return rc;
}

static int remove_values(struct vsctl *v, struct command *c, struct error *err)
{
    const struct db_column *column;
    struct mrow *row;
    int rc = get_cell(v, c, &row, &column, err);

    if (rc || !row) {
        return rc;
    }
    for (int i = 4; i < c->argc; i++) {
        if (remove_one(v, row, column, c->argv[i], err)) {
            return column_value_error(row, c->argv[2], column, err);
        }
    }
    return check_count(row, column, err);
}

/* --- clear --------------------------------------------------------------------------------------
 */

static int needs_clear(struct vsctl *v, struct command *c, struct error *err)
{
    const struct db_table_schema *table;
    int rc = need_table(v, c, &table, err);

    for (int i = 3; i < c->argc && !rc; i++) {
        const struct db_column *column;

        rc = find_column(table, c->argv[i], &column, err);
        if (!rc && column) {
            vsctl_need(v, table->name, column->name);
        }
    }
    return rc;
}

static int clear(struct vsctl *v, struct command *c, struct error *err)
{
    struct mrow *row;
    int rc = get_row(v, c, &row, err);

    for (int i = 3; i < c->argc && !rc && row; i++) {
        const struct db_column *column;

        rc = find_column(mrow_table(row), c->argv[i], &column, err);
        if (!rc) {
            rc = check_mutable(row, column, err);
        }
        if (!rc && column->type.n_min > 0) {
            rc = error_set(err, EINVAL,
                           "\"clear\" operation cannot be applied to column %s of table %s, which "
                           "is not allowed to be empty",
                           column->name, mrow_table(row)->name);
        }
        if (!rc) {
            mrow_clear(row, column->name);
        }
    }
    return rc;
}

/* --- create and destroy -------------------------------------------------------------------------
 */

static int needs_create(struct vsctl *v, struct command *c, struct error *err)
{
    const struct db_table_schema *table;
    int rc = find_table(v, c->argv[1], &table, err);

    return rc ? rc : column_args_need(v, table, c, 2, COLUMN_ARG_SET, err);
}

static int create(struct vsctl *v, struct command *c, struct error *err)
{
    const char *id = command_option(c, "id");
    const struct db_table_schema *table;
    struct uuid uuid;
    struct mrow *row;
    int rc = find_table(v, c->argv[1], &table, err);

    if (rc) {
        return rc;
    }
    if (id && id[0] == '@' && id[1]) {
        if (!model_define_symbol(v->model, id + 1, NULL, &uuid)) {
            return error_set(err, EINVAL, "row id \"%s\" may only be specified on one --id option",
                             id);
        }
    } else if (id && !uuid_from_string(id, &uuid)) {
        return error_set(err, EINVAL, "row id \"%s\" does not begin with \"@\"", id);
    } else if (!id && !table->is_root) {
        vsctl_warn(
            "applying \"create\" command to table %s without --id option will have no effect",
            table->name);
    }
    row = model_insert(v->model, table, id ? &uuid : NULL, id && id[0] != '@');
    for (int i = 2; i < c->argc && !rc; i++) {
        rc = column_arg_set(v, row, NULL, c->argv[i], err);
    }
    c->created = row;
    return rc;
}

static int needs_destroy(struct vsctl *v, struct command *c, struct error *err)
{
    const struct db_table_schema *table;

    return need_table(v, c, &table, err);
}

static int destroy_all(struct vsctl *v, struct command *c, const struct db_table_schema *table,
                       struct error *err)
{
    struct mrow **rows;
    size_t n;

    if (c->argc > 2) {
        return error_set(err, EINVAL,
                         "--all and records argument should not be specified together");
    }
    if (command_has(c, "if-exists")) {
        return error_set(err, EINVAL, "--all and --if-exists should not be specified together");
    }
    rows = model_rows(v->model, table, &n);
    for (size_t i = 0; i < n; i++) {
        model_delete(rows[i]);
    }
    free(rows);
    return 0;
}

static int destroy(struct vsctl *v, struct command *c, struct error *err)
{
    const struct db_table_schema *table;
    int rc = find_table(v, c->argv[1], &table, err);

    if (rc) {
        return rc;
    }
    topology_free(v->topology); /* Whose rows may go. */
    v->topology = NULL;
    if (command_has(c, "all")) {
        return destroy_all(v, c, table, err);
    }
    if (!rc && c->argc == 2) {
        vsctl_warn("either --all or records argument should be specified");
    }
    for (int i = 2; i < c->argc && !rc; i++) {
        struct mrow *row;

        rc = find_record(v, table, c->argv[i], !command_has(c, "if-exists"), &row, err);
        if (!rc && row) {
            model_delete(row);
        }
    }
    return rc;
}

static const struct command_def defs[] = {
    {"set", 3, INT_MAX, "TABLE RECORD COLUMN[:KEY]=VALUE...", "if-exists", needs_set, set},
    {"add", 4, INT_MAX, "TABLE RECORD COLUMN [KEY=]VALUE...", "if-exists", needs_column, add},
    {"remove", 4, INT_MAX, "TABLE RECORD COLUMN KEY|VALUE|KEY=VALUE...", "if-exists", needs_column,
     remove_values},
    {"clear", 3, INT_MAX, "TABLE RECORD COLUMN...", "if-exists", needs_clear, clear},
    {"create", 2, INT_MAX, "TABLE COLUMN[:KEY]=VALUE...", "id=@NAME", needs_create, create},
    {"destroy", 1, INT_MAX, "TABLE [RECORD]...", "if-exists,all", needs_destroy, destroy},
    {NULL},
};

VSCTL_COMMANDS(defs)
