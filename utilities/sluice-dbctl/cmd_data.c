/* Commands on data: transact, query, dump. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "utilities/sluice-dbctl/dbctl.h"

/* --- transact and query -------------------------------------------------------------------------
 */

static int parse_transaction(const char *text, json_t **ret, struct error *err)
{
    json_error_t where;
    json_t *json = json_loads(text, 0, &where);

    if (!json || !json_is_array(json)) {
        error_set(err, EINVAL, "transaction: %s",
                  json            ? "it is no JSON array"
                  : where.text[0] ? where.text
                                  : "bad JSON");
        json_decref(json);
        return -EINVAL;
    }
    *ret = json;
    return 0;
}

static int transact(struct dbctl *d, int argc UNUSED, char *argv[], struct error *err)
{
    json_t *params, *result;
    int rc = parse_transaction(argv[0], &params, err);

    if (!rc) {
        rc = dbctl_call(d, "transact", params, &result, err);
    }
    if (!rc) {
        dbctl_print_json(d, result);
        json_decref(result);
    }
    return rc;
}

/* An "abort" at the end takes everything back; its error is not shown. */
static int query(struct dbctl *d, int argc UNUSED, char *argv[], struct error *err)
{
    json_t *params, *result, *last;
    int rc = parse_transaction(argv[0], &params, err);

    if (rc) {
        return rc;
    }
    json_array_append_new(params, json_pack("{s:s}", "op", "abort"));
    rc = dbctl_call(d, "transact", params, &result, err);
    if (rc) {
        return rc;
    }
    last = json_array_get(result, json_array_size(result) - 1);
    if (json_is_string(json_object_get(last, "error")) &&
        !strcmp(json_string_value(json_object_get(last, "error")), "aborted")) {
        json_array_remove(result, json_array_size(result) - 1);
    }
    dbctl_print_json(d, result);
    json_decref(result);
    return 0;
}

/* --- dump ---------------------------------------------------------------------------------------
 */

struct dumped {
    const struct db_table_schema *table;
    struct dbctl_columns columns;
};

struct row {
    const struct dbctl_columns *columns;
    struct db_datum *data;
};

static const struct db_type uuid_type = {.key.type = DB_UUID, .n_min = 1, .n_max = 1};

static const char *column_name(const struct db_column *c)
{
    return c ? c->name : "_uuid";
}

static const struct db_type *column_type(const struct db_column *c)
{
    return c ? &c->type : &uuid_type;
}

/* By contents; UUIDs, which say nothing, count last. */
static int compare_rows(const void *a_, const void *b_)
{
    const struct row *a = a_, *b = b_;

    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < a->columns->n; i++) {
            const struct db_column *c = a->columns->columns[i];
            int order = (c == NULL) != pass
                            ? 0
                            : db_datum_compare(&a->data[i], &b->data[i], column_type(c));

            if (order) {
                return order;
            }
        }
    }
    return 0;
}

static void row_free(struct row *row)
{
    for (size_t i = 0; i < row->columns->n; i++) {
        db_datum_free(&row->data[i], column_type(row->columns->columns[i]));
    }
    free(row->data);
}

static int parse_row(struct row *row, const struct dumped *t, const json_t *json, struct error *err)
{
    row->columns = &t->columns;
    row->data = xcalloc(t->columns.n, sizeof *row->data);
    for (size_t i = 0; i < t->columns.n; i++) {
        const struct db_column *c = t->columns.columns[i];
        const json_t *value = json_object_get(json, column_name(c));

        if (!value || db_datum_from_json(&row->data[i], column_type(c), value, NULL, NULL, err)) {
            return value ? error_prefix(err, "table %s column %s", t->table->name, column_name(c))
                         : error_set(err, EPROTO, "table %s: the reply lacks column %s",
                                     t->table->name, column_name(c));
        }
    }
    return 0;
}

static int print_table(struct dbctl *d, const struct dumped *t, const json_t *rows_json,
                       struct error *err)
{
    size_t n = json_array_size(rows_json), n_parsed = 0;
    struct row *rows = xcalloc(n, sizeof *rows);
    char *caption = xasprintf("%s table", t->table->name);
    struct db_report *r = db_report_new(&d->style, caption);
    int rc = 0;

    while (n_parsed < n && !rc) {
        rc = parse_row(&rows[n_parsed], t, json_array_get(rows_json, n_parsed), err);
        n_parsed++;
    }
    if (!rc && n) {
        qsort(rows, n, sizeof *rows, compare_rows);
    }
    for (size_t i = 0; i < t->columns.n; i++) {
        db_report_heading(r, column_name(t->columns.columns[i]));
    }
    for (size_t k = 0; k < n_parsed; k++) {
        for (size_t i = 0; i < t->columns.n && !rc; i++) {
            db_report_datum(r, &rows[k].data[i], column_type(t->columns.columns[i]));
        }
        row_free(&rows[k]);
    }
    if (rc) {
        db_report_free(r);
    } else {
        dbctl_print_report(d, r);
    }
    free(rows);
    free(caption);
    return rc;
}

static json_t *select_op(const struct dumped *t)
{
    json_t *columns = json_array();

    for (size_t i = 0; i < t->columns.n; i++) {
        json_array_append_new(columns, json_string(column_name(t->columns.columns[i])));
    }
    return json_pack("{s:s, s:s, s:[], s:o}", "op", "select", "table", t->table->name, "where",
                     "columns", columns);
}

/* All tables in one transaction: what is shown was true at one moment. */
static int dump_tables(struct dbctl *d, size_t n, const struct dumped *tables, struct error *err)
{
    json_t *params = json_pack("[s]", d->db), *result;
    int rc;

    for (size_t i = 0; i < n; i++) {
        json_array_append_new(params, select_op(&tables[i]));
    }
    rc = dbctl_call(d, "transact", params, &result, err);
    if (rc) {
        return rc;
    }
    for (size_t i = 0; i < n && !rc; i++) {
        json_t *rows = json_object_get(json_array_get(result, i), "rows");

        rc = json_is_array(rows) ? print_table(d, &tables[i], rows, err)
                                 : error_set(err, EPROTO, "table %s: the server refuses to select",
                                             tables[i].table->name);
    }
    json_decref(result);
    return rc;
}

static int dump(struct dbctl *d, int argc, char *argv[], struct error *err)
{
    struct db_schema *schema;
    struct dumped *tables;
    size_t n = 0;
    int rc = dbctl_schema(d, &schema, err);

    if (rc) {
        return rc;
    }
    tables = xcalloc(schema->n_tables + 1, sizeof *tables);
    for (unsigned int i = 0; i < schema->n_tables && !argc; i++) {
        tables[n].table = &schema->tables[i];
        dbctl_columns_all(&tables[n++].columns, &schema->tables[i], true);
    }
    if (argc) {
        rc = dbctl_find_table(schema, argv[0], &tables[0].table, err);
        for (int i = 1; i < argc && !rc; i++) {
            rc = dbctl_columns_add(&tables[0].columns, tables[0].table, argv[i], err);
        }
        if (!rc && argc == 1) {
            dbctl_columns_all(&tables[0].columns, tables[0].table, true);
        }
        n = 1;
    }
    if (!rc) {
        rc = dump_tables(d, n, tables, err);
    }
    for (size_t i = 0; i < n; i++) {
        free(tables[i].columns.columns);
    }
    free(tables);
    db_schema_free(schema);
    return rc;
}

static const struct dbctl_command commands[] = {
    {"transact", DBCTL_SERVER, 1, 1, "TRANSACTION", transact},
    {"query", DBCTL_SERVER, 1, 1, "TRANSACTION", query},
    {"dump", DBCTL_DATABASE, 0, INT_MAX, "[TABLE [COLUMN...]]", dump},
    {NULL},
};

DBCTL_COMMANDS(commands)
