/* "convert" (ovsdb-server(7) section 4.1.19): another schema for the same data. */
#include <stdlib.h>
#include <string.h>

#include "db/server/internal.h"
#include "lib/log.h"

LOG_MODULE(db_convert)

static int convert_column(struct row *row, const struct db_column *column,
                          const struct db_column *old_column, const struct db_datum *old,
                          struct failure *failure)
{
    json_t *json = db_datum_to_json(old, &old_column->type);
    struct db_datum datum;
    struct error err;
    int error;

    /* By way of JSON: that is what "valid when interpreted under the new schema" means. */
    error = db_datum_from_json(&datum, &column->type, json, NULL, NULL, &err);
    if (error) {
        error_prefix(&err, "table %s column %s", row->table->schema->name, column->name);
        failure_set_error(failure, error, &err, json);
    } else {
        db_datum_free(&row->columns[column->index], &column->type);
        row->columns[column->index] = datum;
    }
    json_decref(json);
    return error ? -1 : 0;
}

static int convert_row(struct table *to, const struct row *old, struct failure *failure)
{
    struct row *row = row_new(to, &old->uuid);

    database_load_row(row);
    for (unsigned int i = 0; i < to->schema->n_columns; i++) {
        const struct db_column *column = &to->schema->columns[i];
        const struct db_column *old_column = db_table_column(old->table->schema, column->name);

        if (old_column &&
            convert_column(row, column, old_column, &old->columns[old_column->index], failure)) {
            return -1;
        }
    }
    return 0;
}

/* A database with the new schema and the old rows. Takes over the schema. */
static struct database *convert(const struct database *old, struct db_schema *schema,
                                struct failure *failure)
{
    struct database *db = database_new(schema);
    unsigned int n_dropped;
    struct error err;

    for (unsigned int i = 0; i < schema->n_tables; i++) {
        const struct table *from = database_table(old, schema->tables[i].name);
        size_t cursor = 0;
        struct row *row;

        while (from && (row = table_next(from, &cursor))) {
            if (convert_row(&db->tables[i], row, failure)) {
                database_free(db);
                return NULL;
            }
        }
    }
    if (database_load_done(db, &n_dropped, &err)) {
        failure_set(failure, FAILURE_CONSTRAINT, "%s", err.text);
        database_free(db);
        return NULL;
    }
    return db;
}

/* Tells clients that know of such things, and disconnects those that do not, except 'self'. */
static void tell_clients(struct hosted *h, const struct session *self)
{
    struct session *s, *next;

    monitor_cancel_all(h);
    for (s = TAILQ_FIRST(&h->server->sessions); s; s = next) {
        next = TAILQ_NEXT(s, entry);
        if (s != self && !s->is_db_change_aware) {
            session_close(s, true);
        }
    }
}

static int replace(struct hosted *h, struct db_schema *schema, struct failure *failure)
{
    struct database *db = convert(h->db, schema, failure);
    struct error err;

    if (!db) {
        return -1;
    }
    hosted_stop_compaction(h);
    /* It holds rows of the old database, which goes away below. */
    history_free(h->history);
    h->history = NULL;
    if (store_convert(h->store, db, &err)) {
        h->history = history_new(h->db);
        database_free(db);
        return failure_set(failure, FAILURE_IO, "%s", err.text);
    }
    h->history = history_new(db);
    h->db = db;
    h->name = db->schema->name;
    return 0;
}

void convert_request(struct session *s, const struct jsonrpc_msg *m)
{
    struct hosted *h = methods_find_db(s, m);
    struct failure failure = {NULL, NULL, NULL};
    struct db_schema *schema;
    struct error err;

    if (!h) {
        return;
    }
    if (!h->store) {
        methods_error(s, m, FAILURE_NOT_ALLOWED, "database %s cannot be converted", h->name);
        return;
    }
    if (db_schema_from_json(&schema, json_array_get(m->params, 1), &err)) {
        methods_error(s, m, FAILURE_SYNTAX, "%s", err.text);
        return;
    }
    if (strcmp(schema->name, h->name)) {
        methods_error(s, m, FAILURE_SYNTAX, "the schema's name is %.64s, not %s", schema->name,
                      h->name);
        db_schema_free(schema);
        return;
    }
    if (replace(h, schema, &failure)) {
        jsonrpc_send_error(s->rpc, m->id, failure_to_json(&failure));
        failure_clear(&failure);
        return;
    }
    log_info("database %s: converted to schema version %s", h->name, h->db->schema->version);
    transact_cancel_waiting(h);
    tell_clients(h, s);
    server_db_update(h->server);
    jsonrpc_send_reply(s->rpc, m->id, json_object());
}
