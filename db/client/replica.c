/* See replica.h. The formats of updates: RFC 7047 section 4.1.6 and ovsdb-server(7) sections 4.1.14
 * and 4.1.15. */
#include "db/client/replica.h"

#include <errno.h>
#include <string.h>

/* What became of one row. Its columns are shared with the row but for those in 'owned', which are
 * the ones that changed. */
struct replica_change {
    struct replica_change *next;
    struct replica_row *row;
    struct db_datum *old; /* NULL: inserted. */
    bool *owned;
    bool is_delete;
};

/* --- Making and freeing -------------------------------------------------------------------------
 */

static bool is_wanted(const char *const *columns, const char *name)
{
    if (!columns || !columns[0]) {
        return true;
    }
    for (; *columns; columns++) {
        if (!strcmp(*columns, name)) {
            return true;
        }
    }
    return false;
}

static void want_columns(struct replica_table *t, const char *const *columns)
{
    t->is_monitored = true;
    for (unsigned int i = 0; i < t->schema->n_columns; i++) {
        t->column_monitored[i] |= is_wanted(columns, t->schema->columns[i].name);
    }
}

struct replica *replica_new(const struct db_schema *schema, const struct db_client_table *tables)
{
    struct replica *r = xcalloc(1, sizeof *r);

    r->schema = schema;
    r->tables = xcalloc(schema->n_tables, sizeof *r->tables);
    for (unsigned int i = 0; i < schema->n_tables; i++) {
        r->tables[i].schema = &schema->tables[i];
        r->tables[i].column_monitored = xcalloc(schema->tables[i].n_columns, sizeof(bool));
        if (!tables) {
            want_columns(&r->tables[i], NULL);
        }
    }
    for (; tables && tables->name; tables++) {
        const struct db_table_schema *t = db_schema_table(schema, tables->name);

        if (t) {
            want_columns(&r->tables[t->index], tables->columns);
        }
    }
    return r;
}

static void row_free(struct replica_row *row)
{
    const struct db_table_schema *t = row->row.table;

    for (unsigned int i = 0; i < t->n_columns; i++) {
        db_datum_free(&row->row.columns[i], &t->columns[i].type);
    }
    free(row->row.columns);
    free(row);
}

void replica_free(struct replica *r)
{
    if (!r) {
        return;
    }
    replica_tell(r, NULL, NULL);
    for (unsigned int i = 0; i < r->schema->n_tables; i++) {
        struct replica_row *row, *tmp;

        HASH_ITER (hh, r->tables[i].rows, row, tmp) {
            HASH_DEL(r->tables[i].rows, row);
            row_free(row);
        }
        free(r->tables[i].column_monitored);
    }
    free(r->tables);
    free(r);
}

bool replica_is_nothing(const struct replica *r)
{
    for (unsigned int i = 0; i < r->schema->n_tables; i++) {
        if (r->tables[i].is_monitored) {
            return false;
        }
    }
    return true;
}

json_t *replica_monitor_requests(const struct replica *r)
{
    json_t *requests = json_object();

    for (unsigned int i = 0; i < r->schema->n_tables; i++) {
        const struct replica_table *t = &r->tables[i];
        json_t *columns;

        if (!t->is_monitored) {
            continue;
        }
        columns = json_array();
        for (unsigned int c = 0; c < t->schema->n_columns; c++) {
            if (t->column_monitored[c]) {
                json_array_append_new(columns, json_string(t->schema->columns[c].name));
            }
        }
        json_object_set_new(requests, t->schema->name, json_pack("[{s:o}]", "columns", columns));
    }
    return requests;
}

struct replica_row *replica_find(const struct replica_table *t, const struct uuid *uuid)
{
    struct replica_row *row;

    HASH_FIND(hh, t->rows, uuid, sizeof *uuid, row);
    return row;
}

/* --- Changes ------------------------------------------------------------------------------------
 */

static struct replica_change *add_change(struct replica *r, struct replica_row *row)
{
    struct replica_change *c = xcalloc(1, sizeof *c);

    c->row = row;
    row->change = c;
    if (r->changes_tail) {
        r->changes_tail->next = c;
    } else {
        r->changes = c;
    }
    r->changes_tail = c;
    return c;
}

static struct replica_row *insert_row(struct replica *r, struct replica_table *t,
                                      const struct uuid *uuid)
{
    struct replica_row *row = xcalloc(1, sizeof *row);

    row->row.uuid = *uuid;
    row->row.table = t->schema;
    row->row.columns = xcalloc(t->schema->n_columns, sizeof *row->row.columns);
    for (unsigned int i = 0; i < t->schema->n_columns; i++) {
        db_datum_default(&row->row.columns[i], &t->schema->columns[i].type);
    }
    HASH_ADD(hh, t->rows, row.uuid, sizeof row->row.uuid, row);
    add_change(r, row);
    return row;
}

static void delete_row(struct replica *r, struct replica_table *t, struct replica_row *row)
{
    HASH_DEL(t->rows, row);
    add_change(r, row)->is_delete = true;
}

/* Puts 'datum' (taken over) into a column, keeping what was there for the change's report. */
static void set_column(struct replica *r, struct replica_row *row, const struct db_column *column,
                       struct db_datum *datum)
{
    struct db_datum *d = &row->row.columns[column->index];
    struct replica_change *c = row->change;
    unsigned int n = row->row.table->n_columns;

    if (db_datum_equal(d, datum, &column->type)) {
        db_datum_free(datum, &column->type);
        return;
    }
    if (!c) {
        c = add_change(r, row);
        c->old = xmemdup(row->row.columns, n * sizeof *c->old);
        c->owned = xcalloc(n, sizeof *c->owned);
    }
    if (!c->old || c->owned[column->index]) {
        db_datum_free(d, &column->type);
    } else {
        c->owned[column->index] = true;
    }
    *d = *datum;
}

static void change_free(struct replica_change *c)
{
    const struct db_table_schema *t = c->row->row.table;

    c->row->change = NULL;
    for (unsigned int i = 0; c->old && i < t->n_columns; i++) {
        if (c->owned[i]) {
            db_datum_free(&c->old[i], &t->columns[i].type);
        }
    }
    if (c->is_delete) {
        row_free(c->row);
    }
    free(c->old);
    free(c->owned);
    free(c);
}

void replica_tell(struct replica *r, replica_row_cb *cb, void *aux)
{
    while (r->changes) {
        struct replica_change *c = r->changes;
        struct db_row old = c->row->row;

        old.columns = c->old;
        r->changes = c->next;
        if (!cb) {
        } else if (c->is_delete) {
            cb(&c->row->row, NULL, aux);
        } else {
            cb(c->old ? &old : NULL, &c->row->row, aux);
        }
        change_free(c);
    }
    r->changes_tail = NULL;
}

void replica_clear(struct replica *r)
{
    for (unsigned int i = 0; i < r->schema->n_tables; i++) {
        struct replica_row *row, *tmp;

        HASH_ITER (hh, r->tables[i].rows, row, tmp) {
            delete_row(r, &r->tables[i], row);
        }
    }
}

/* --- Updates ------------------------------------------------------------------------------------
 */

/* Differences and what comes from a server in general may hold any number of elements. */
static int parse_datum(struct db_datum *d, const struct db_column *column, bool any_count,
                       const json_t *json, struct error *err)
{
    struct db_type type = column->type;

    if (any_count) {
        type.n_min = 0;
        type.n_max = DB_UNLIMITED;
    }
    if (db_datum_from_json(d, &type, json, NULL, NULL, err)) {
        return error_prefix(err, "column '%s'", column->name);
    }
    return 0;
}

static int apply_column(struct replica *r, struct replica_row *row, const struct db_column *column,
                        bool is_diff, const json_t *json, struct error *err)
{
    const struct db_type *type = &column->type;
    struct db_datum datum, merged;

    /* Of a column that holds at most one element the new value is sent. */
    is_diff = is_diff && type->n_max > 1;
    if (parse_datum(&datum, column, is_diff, json, err)) {
        return err ? -err->code : -EPROTO;
    }
    if (is_diff) {
        db_datum_copy(&merged, &row->row.columns[column->index], type);
        db_datum_apply_diff(&merged, &datum, type);
        db_datum_free(&datum, type);
        datum = merged;
    }
    set_column(r, row, column, &datum);
    return 0;
}

static int apply_columns(struct replica *r, struct replica_table *t, struct replica_row *row,
                         bool is_diff, json_t *json, struct error *err)
{
    const char *name;
    json_t *value;

    if (!json_is_object(json)) {
        return error_set(err, EPROTO, "a row that is no JSON object");
    }
    json_object_foreach (json, name, value) {
        const struct db_column *column = db_table_column(t->schema, name);

        if (column && t->column_monitored[column->index]) {
            int rc = apply_column(r, row, column, is_diff, value, err);

            if (rc) {
                return rc;
            }
        }
    }
    return 0;
}

/* A whole row: what is not said is the default ('rest_is_default') or stays. */
static int apply_whole(struct replica *r, struct replica_table *t, const struct uuid *uuid,
                       bool rest_is_default, json_t *json, struct error *err)
{
    struct replica_row *row = replica_find(t, uuid);

    if (!row) {
        row = insert_row(r, t, uuid);
    } else if (rest_is_default && json_is_object(json)) {
        for (unsigned int i = 0; i < t->schema->n_columns; i++) {
            const struct db_column *column = &t->schema->columns[i];
            struct db_datum datum;

            if (!json_object_get(json, column->name)) {
                db_datum_default(&datum, &column->type);
                set_column(r, row, column, &datum);
            }
        }
    }
    row->is_stale = false;
    return apply_columns(r, t, row, false, json, err);
}

static int apply_row1(struct replica *r, struct replica_table *t, const struct uuid *uuid,
                      json_t *json, struct error *err)
{
    json_t *new = json_object_get(json, "new");
    struct replica_row *row;

    if (new) {
        return apply_whole(r, t, uuid, false, new, err);
    }
    if (!json_object_get(json, "old")) {
        return error_set(err, EPROTO, "neither \"old\" nor \"new\"");
    }
    row = replica_find(t, uuid);
    if (!row) {
        return error_set(err, EPROTO, "deleted, but it was never there");
    }
    delete_row(r, t, row);
    return 0;
}

static int apply_row2(struct replica *r, struct replica_table *t, const struct uuid *uuid,
                      json_t *json, struct error *err)
{
    json_t *whole = json_object_get(json, "initial"), *diff = json_object_get(json, "modify");
    struct replica_row *row;

    whole = whole ? whole : json_object_get(json, "insert");
    if (whole) {
        return apply_whole(r, t, uuid, true, whole, err);
    }
    row = replica_find(t, uuid);
    if (!row) {
        return error_set(err, EPROTO, "changed, but it was never there");
    }
    if (diff) {
        return apply_columns(r, t, row, true, diff, err);
    }
    if (!json_object_get(json, "delete")) {
        return error_set(err, EPROTO, "none of \"initial\", \"insert\", \"modify\" and \"delete\"");
    }
    delete_row(r, t, row);
    return 0;
}

static int apply_table(struct replica *r, struct replica_table *t, enum replica_format format,
                       json_t *json, struct error *err)
{
    const char *text;
    json_t *value;

    if (!json_is_object(json)) {
        return error_set(err, EPROTO, "table '%s': no JSON object", t->schema->name);
    }
    json_object_foreach (json, text, value) {
        struct uuid uuid;
        int rc;

        if (!uuid_from_string(text, &uuid)) {
            return error_set(err, EPROTO, "table '%s': '%.60s' is no UUID", t->schema->name, text);
        }
        rc = format == REPLICA_UPDATES ? apply_row1(r, t, &uuid, value, err)
                                       : apply_row2(r, t, &uuid, value, err);
        if (rc) {
            error_prefix(err, "table '%s' row %s", t->schema->name, text);
            return rc;
        }
    }
    return 0;
}

static void set_stale(struct replica *r)
{
    for (unsigned int i = 0; i < r->schema->n_tables; i++) {
        struct replica_row *row, *tmp;

        HASH_ITER (hh, r->tables[i].rows, row, tmp) {
            row->is_stale = true;
        }
    }
}

static void delete_stale(struct replica *r)
{
    for (unsigned int i = 0; i < r->schema->n_tables; i++) {
        struct replica_row *row, *tmp;

        HASH_ITER (hh, r->tables[i].rows, row, tmp) {
            if (row->is_stale) {
                delete_row(r, &r->tables[i], row);
            }
        }
    }
}

int replica_apply(struct replica *r, enum replica_format format, bool is_full,
                  const json_t *updates, struct error *err)
{
    const char *name;
    json_t *value;

    if (!json_is_object(updates)) {
        return error_set(err, EPROTO, "an update that is no JSON object");
    }
    if (is_full) {
        set_stale(r);
    }
    json_object_foreach ((json_t *)updates, name, value) {
        const struct db_table_schema *schema = db_schema_table(r->schema, name);
        int rc;

        if (!schema || !r->tables[schema->index].is_monitored) {
            return error_set(err, EPROTO, "an update of table '%.60s', which was not asked for",
                             name);
        }
        rc = apply_table(r, &r->tables[schema->index], format, value, err);
        if (rc) {
            return rc;
        }
    }
    if (is_full) {
        delete_stale(r);
    }
    return 0;
}
