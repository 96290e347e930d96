/* The database "_Server", by which clients learn what databases there are and in what state
 * (ovsdb-server(5)). In memory, read-only for clients. */
#include <stdlib.h>
#include <string.h>

#include "db/server/internal.h"
#include "lib/log.h"

LOG_MODULE(db_server_db)

static const char schema_text[] =
    "{\"name\": \"_Server\", \"version\": \"1.2.0\", \"tables\": {\"Database\": {\"columns\": {"
    "\"name\": {\"type\": \"string\"},"
    "\"model\": {\"type\": {\"key\": {\"type\": \"string\","
    " \"enum\": [\"set\", [\"clustered\", \"relay\", \"standalone\"]]}}},"
    "\"connected\": {\"type\": \"boolean\"},"
    "\"leader\": {\"type\": \"boolean\"},"
    "\"schema\": {\"type\": {\"key\": \"string\", \"min\": 0}},"
    "\"cid\": {\"type\": {\"key\": \"uuid\", \"min\": 0}},"
    "\"sid\": {\"type\": {\"key\": \"uuid\", \"min\": 0}},"
    "\"index\": {\"type\": {\"key\": \"integer\", \"min\": 0}}}}}}";

struct hosted *server_db_new(struct server *server)
{
    json_t *json = json_loads(schema_text, 0, NULL);
    struct db_schema *schema;

    if (!json || db_schema_from_json(&schema, json, NULL)) {
        abort(); /* The text above is wrong. */
    }
    json_decref(json);
    return hosted_new(server, NULL, database_new(schema), true);
}

static const struct db_column *column(const struct row *row, const char *name)
{
    return db_table_column(row->table->schema, name);
}

static void set(struct txn *txn, struct row *row, const char *name, union db_atom atom)
{
    struct db_datum d;

    db_datum_init(&d);
    db_datum_add(&d, &atom, NULL);
    txn_set(txn, row, column(row, name), &d);
}

static const char *row_name(const struct row *row)
{
    return row->columns[column(row, "name")->index].keys[0].string;
}

static struct row *find_row(const struct table *table, const char *name)
{
    struct row *row;
    size_t cursor = 0;

    while ((row = table_next(table, &cursor))) {
        if (!strcmp(row_name(row), name)) {
            return row;
        }
    }
    return NULL;
}

static void update_row(struct txn *txn, struct table *table, const struct hosted *h)
{
    struct row *row = find_row(table, h->name);
    json_t *schema = db_schema_to_json(h->db->schema);
    struct uuid uuid;

    if (!row) {
        uuid_generate(&uuid);
        row = txn_insert(txn, table, &uuid);
        set(txn, row, "name", (union db_atom){.string = xstrdup(h->name)});
    }
    set(txn, row, "model", (union db_atom){.string = xstrdup("standalone")});
    set(txn, row, "connected", (union db_atom){.boolean = true});
    set(txn, row, "leader", (union db_atom){.boolean = true});
    set(txn, row, "schema",
        (union db_atom){.string = json_dumps(schema, JSON_COMPACT | JSON_SORT_KEYS)});
    json_decref(schema);
}

void server_db_update(struct server *server)
{
    struct hosted *me = server->server_db, *h;
    struct table *table = database_table(me->db, "Database");
    struct txn *txn = txn_new(me->db);
    struct error err;
    struct row *row;
    size_t cursor = 0;

    while ((row = table_next(table, &cursor))) {
        if (!server_find(server, row_name(row))) {
            txn_delete(txn, row);
        }
    }
    LIST_FOREACH (h, &server->dbs, entry) {
        update_row(txn, table, h);
    }
    if (hosted_commit_internal(me, txn, &err)) {
        log_err("database _Server: %s", err.text);
    }
}
