/* See record.h. Text is put together directly, not by way of jansson: each commit comes through
 * here. */
#include "db/store/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A set or map of at least this many elements is written as a difference. */
#define DIFF_FROM 16

/* --- Writing. --- */

/* Puts "name": with a comma before all but the first. */
static void put_name(struct strbuf *s, const char *name, bool *first)
{
    if (!*first) {
        strbuf_putc(s, ',');
    }
    *first = false;
    strbuf_putc(s, '"');
    strbuf_puts(s, name); /* An identifier or a uuid: nothing to escape. */
    strbuf_puts(s, "\":");
}

static void put_uuid_name(struct strbuf *s, const struct uuid *uuid, bool *first)
{
    char text[UUID_LEN + 1];

    uuid_to_string(uuid, text);
    put_name(s, text, first);
}

static bool is_default(const struct db_datum *d, const struct db_type *type)
{
    struct db_datum def;
    bool same;

    if (d->n != type->n_min) {
        return false;
    }
    db_datum_default(&def, type);
    same = db_datum_equal(d, &def, type);
    db_datum_free(&def, type);
    return same;
}

/* The columns of a new row that are not the default. */
static void put_row(struct strbuf *s, const struct row *row)
{
    const struct db_table_schema *schema = row->table->schema;
    bool first = true;

    strbuf_putc(s, '{');
    for (unsigned int i = 0; i < schema->n_columns; i++) {
        const struct db_column *column = &schema->columns[i];

        if (!column->is_ephemeral && !is_default(&row->columns[i], &column->type)) {
            put_name(s, column->name, &first);
            db_datum_put_json(s, &row->columns[i], &column->type);
        }
    }
    strbuf_putc(s, '}');
}

/* The changed columns of a row; false, with nothing put, when none of them is kept in files. */
static bool put_changes(struct strbuf *s, const struct txn_row *t, bool as_diff, bool *first_row)
{
    bool first = true;

    for (unsigned int i = 0; i < t->n_saved; i++) {
        const struct db_column *column = t->saved[i].column;
        const struct db_datum *now = &t->row->columns[column->index];
        struct db_datum diff;

        if (column->is_ephemeral) {
            continue;
        }
        if (first) {
            put_uuid_name(s, &t->row->uuid, first_row);
            strbuf_putc(s, '{');
        }
        put_name(s, column->name, &first);
        if (as_diff) {
            db_datum_diff(&diff, &t->saved[i].datum, now, &column->type);
            db_datum_put_json(s, &diff, &column->type);
            db_datum_free(&diff, &column->type);
        } else {
            db_datum_put_json(s, now, &column->type);
        }
    }
    if (!first) {
        strbuf_putc(s, '}');
    }
    return !first;
}

/* Whether differences are worth it: adding one of a thousand ports should not write a thousand. */
static bool wants_diff(const struct txn *txn)
{
    for (size_t i = 0; i < txn->n_rows; i++) {
        const struct txn_row *t = txn->rows[i];

        for (unsigned int j = 0; j < t->n_saved && !t->is_deleted; j++) {
            const struct db_column *column = t->saved[j].column;

            if (!column->is_ephemeral &&
                MAX_OF(t->saved[j].datum.n, t->row->columns[column->index].n) >= DIFF_FROM) {
                return true;
            }
        }
    }
    return false;
}

static void put_txn_row(struct strbuf *s, const struct txn_row *t, bool as_diff)
{
    bool first = !s->len;

    if (txn_row_is_void(t)) {
        return;
    }
    if (t->is_deleted) {
        put_uuid_name(s, &t->row->uuid, &first);
        strbuf_puts(s, "null");
    } else if (t->is_inserted) {
        put_uuid_name(s, &t->row->uuid, &first);
        put_row(s, t->row);
    } else {
        put_changes(s, t, as_diff, &first);
    }
}

static void put_comment(struct strbuf *s, const char *comment, bool *first)
{
    if (comment && comment[0]) {
        put_name(s, "_comment", first);
        db_json_put_string(s, comment);
    }
    put_name(s, "_date", first);
    strbuf_printf(s, "%llu", (unsigned long long)time_wall_ms());
}

bool record_put_txn(struct strbuf *s, const struct txn *txn, const char *comment)
{
    unsigned int n_tables = txn->db->schema->n_tables;
    struct strbuf *tables = xcalloc(n_tables, sizeof *tables);
    bool as_diff = wants_diff(txn), first = true;
    size_t start = s->len;

    for (size_t i = 0; i < txn->n_rows; i++) {
        const struct txn_row *t = txn->rows[i];

        put_txn_row(&tables[t->row->table->schema->index], t, as_diff);
    }
    strbuf_putc(s, '{');
    for (unsigned int i = 0; i < n_tables; i++) {
        if (tables[i].len) {
            put_name(s, txn->db->schema->tables[i].name, &first);
            strbuf_putc(s, '{');
            strbuf_put(s, tables[i].data, tables[i].len);
            strbuf_putc(s, '}');
        }
        strbuf_free(&tables[i]);
    }
    free(tables);
    if (first) {
        strbuf_chop(s, s->len - start);
        return false;
    }
    put_comment(s, comment, &first);
    if (as_diff) {
        put_name(s, "_is_diff", &first);
        strbuf_puts(s, "true");
    }
    strbuf_putc(s, '}');
    return true;
}

void record_put_database(struct strbuf *s, const struct database *db, const char *comment)
{
    bool first_table = true;

    strbuf_putc(s, '{');
    for (unsigned int i = 0; i < db->schema->n_tables; i++) {
        const struct table *table = &db->tables[i];
        bool first = true;
        size_t cursor = 0;
        struct row *row;

        if (!table->n_rows) {
            continue;
        }
        put_name(s, table->schema->name, &first_table);
        strbuf_putc(s, '{');
        while ((row = table_next(table, &cursor))) {
            put_uuid_name(s, &row->uuid, &first);
            put_row(s, row);
        }
        strbuf_putc(s, '}');
    }
    put_comment(s, comment, &first_table);
    strbuf_putc(s, '}');
}

/* --- Reading. --- */

static int apply_column(struct row *row, const char *name, const json_t *json, bool is_diff,
                        struct error *err)
{
    const struct db_column *column = db_table_column(row->table->schema, name);
    struct db_datum *d, datum;
    struct db_type type;
    int error;

    if (!column) {
        return error_set(err, EINVAL, "there is no column \"%.64s\"", name);
    }
    type = column->type;
    if (is_diff && type.n_max != 1) {
        type.n_min = 0;
        type.n_max = DB_UNLIMITED;
    }
    error = db_datum_from_json(&datum, &type, json, NULL, NULL, err);
    if (error) {
        error_prefix(err, "column %s", name);
        return -EINVAL;
    }
    d = &row->columns[column->index];
    if (is_diff) {
        db_datum_apply_diff(d, &datum, &column->type);
        db_datum_free(&datum, &column->type);
        if (db_datum_check(d, &column->type, err)) {
            error_prefix(err, "column %s", name);
            return -EINVAL;
        }
    } else {
        db_datum_free(d, &column->type);
        *d = datum;
    }
    return 0;
}

static int apply_row(struct table *table, const struct uuid *uuid, const json_t *json, bool is_diff,
                     struct error *err)
{
    struct row *row = table_row(table, uuid);
    const char *name;
    json_t *value;

    if (json_is_null(json)) {
        if (!row) {
            return error_set(err, EINVAL, "it deletes a row that is not there");
        }
        database_unload_row(row);
        return 0;
    }
    if (!json_is_object(json)) {
        return error_set(err, EINVAL, "neither null nor an object");
    }
    if (!row) {
        row = row_new(table, uuid);
        database_load_row(row);
        is_diff = false;
    }
    json_object_foreach ((json_t *)json, name, value) {
        if (apply_column(row, name, value, is_diff, err)) {
            return -EINVAL;
        }
    }
    return 0;
}

static int apply_table(struct table *table, const json_t *json, bool is_diff, struct error *err)
{
    const char *name;
    struct uuid uuid;
    json_t *value;

    if (!json_is_object(json)) {
        return error_set(err, EINVAL, "table %s: not an object", table->schema->name);
    }
    json_object_foreach ((json_t *)json, name, value) {
        if (!uuid_from_string(name, &uuid)) {
            return error_set(err, EINVAL, "table %s: \"%.64s\" is not a uuid", table->schema->name,
                             name);
        }
        if (apply_row(table, &uuid, value, is_diff, err)) {
            error_prefix(err, "table %s row %s", table->schema->name, name);
            return -EINVAL;
        }
    }
    return 0;
}

int record_apply(struct database *db, const json_t *json, struct error *err)
{
    bool is_diff = json_is_true(json_object_get(json, "_is_diff"));
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)json, name, value) {
        struct table *table;

        if (name[0] == '_') {
            continue; /* _date, _comment, _is_diff: RFC 7047 keeps such names free of tables. */
        }
        table = database_table(db, name);
        if (!table) {
            return error_set(err, EINVAL, "there is no table \"%.64s\"", name);
        }
        if (apply_table(table, value, is_diff, err)) {
            return -EINVAL;
        }
    }
    return 0;
}
