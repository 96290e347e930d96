/* See store.h. */
#include "db/store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/store/record.h"

/* A file is compacted when it is this many times what it was after the last time... */
#define GROWTH 4
/* ...and at least this large. */
#define MIN_SIZE (1 << 20)
/* After a failed compaction, the file may grow by this much before the next try. */
#define RETRY_AFTER (4 << 20)

struct store {
    struct dbfile *file;
    struct database *db;
    struct strbuf warning;
    struct strbuf text;  /* Kept for its memory. */
    off_t compact_above; /* Size at which the file is compacted. */
};

/* The two records of a compact file. */
static void put_compact(struct strbuf *s, const struct database *db, const char *comment)
{
    json_t *schema = db_schema_to_json(db->schema);
    char *schema_text = json_dumps(schema, JSON_COMPACT);
    struct strbuf text = STRBUF_INIT;

    dbfile_put_record(s, schema_text, strlen(schema_text));
    free(schema_text);
    json_decref(schema);
    if (database_n_rows(db)) {
        record_put_database(&text, db, comment);
        dbfile_put_record(s, text.data, text.len);
        strbuf_free(&text);
    }
}

static int schema_from_text(const char *text, struct db_schema **ret, struct error *err)
{
    json_error_t json_error;
    json_t *json = json_loads(text, 0, &json_error);
    int error;

    if (!json) {
        return error_set(err, EINVAL, "schema: %s", json_error.text);
    }
    error = db_schema_from_json(ret, json, err);
    json_decref(json);
    return error;
}

static int create(const char *path, const char *schema_text, const char *first_row,
                  struct error *err)
{
    struct strbuf records = STRBUF_INIT;
    struct db_schema *schema;
    struct database *db;
    struct table *table;
    struct uuid uuid;
    int error;

    error = schema_from_text(schema_text, &schema, err);
    if (error) {
        return error;
    }
    db = database_new(schema);
    table = first_row ? database_table(db, first_row) : NULL;
    if (table) {
        uuid_generate(&uuid);
        database_load_row(row_new(table, &uuid));
    }
    put_compact(&records, db, "created by sluice-db");
    error = dbfile_create(path, &records, err);
    strbuf_free(&records);
    database_free(db);
    return error;
}

static int bad_record(const struct store *store, const char *path, struct error *err)
{
    return error_prefix(err,
                        "database file '%s': the record at offset %lld does not fit the "
                        "database",
                        path, (long long)dbfile_record_offset(store->file));
}

static int load_schema(struct store *store, const char *path, struct error *err)
{
    struct db_schema *schema;
    json_t *json;
    int n = dbfile_read(store->file, &json, err);

    if (n < 0) {
        return n;
    }
    if (!n) {
        return error_set(err, EINVAL,
                         "database file '%s' is damaged at offset 0: its first record, the schema, "
                         "is incomplete; nothing was changed",
                         path);
    }
    n = db_schema_from_json(&schema, json, err);
    json_decref(json);
    if (n) {
        return bad_record(store, path, err);
    }
    store->db = database_new(schema);
    return 0;
}

static int load(struct store *store, const char *path, struct error *err)
{
    unsigned int n_dropped;
    json_t *json;
    int n;

    n = load_schema(store, path, err);
    if (n) {
        return n;
    }
    while ((n = dbfile_read(store->file, &json, err)) > 0) {
        n = record_apply(store->db, json, err);
        json_decref(json);
        if (n) {
            return bad_record(store, path, err);
        }
    }
    if (n < 0) {
        return n;
    }
    if (database_load_done(store->db, &n_dropped, err)) {
        return error_prefix(err, "database file '%s'", path);
    }
    if (dbfile_torn(store->file)) {
        strbuf_printf(&store->warning,
                      "database file '%s': the last record was not written completely (a crash?): "
                      "cutting off %lld bytes at offset %lld",
                      path, (long long)dbfile_torn(store->file),
                      (long long)dbfile_size(store->file));
    }
    if (n_dropped) {
        strbuf_printf(&store->warning, "%sdropped %u weak references to rows that do not exist",
                      store->warning.len ? "; " : "", n_dropped);
    }
    return 0;
}

static void plan_compaction(struct store *store)
{
    store->compact_above = MAX_OF(dbfile_size(store->file) * GROWTH, MIN_SIZE);
}

int store_open(const char *path, const char *schema, const char *first_row, struct store **ret,
               struct error *err)
{
    struct store *store;
    int error;

    if (schema && access(path, F_OK) && errno == ENOENT) {
        error = create(path, schema, first_row, err);
        if (error && error != -EEXIST) {
            return error;
        }
    }
    store = xcalloc(1, sizeof *store);
    error = dbfile_open(path, &store->file, err);
    if (!error) {
        error = load(store, path, err);
    }
    if (error) {
        store_close(store);
        return error;
    }
    plan_compaction(store);
    *ret = store;
    return 0;
}

void store_close(struct store *store)
{
    if (!store) {
        return;
    }
    dbfile_close(store->file);
    database_free(store->db);
    strbuf_free(&store->warning);
    strbuf_free(&store->text);
    free(store);
}

struct database *store_database(const struct store *store)
{
    return store->db;
}

const char *store_warning(const struct store *store)
{
    return strbuf_str(&store->warning);
}

void store_add(struct store *store, const struct txn *txn, const char *comment)
{
    strbuf_clear(&store->text);
    if (record_put_txn(&store->text, txn, comment)) {
        dbfile_append(store->file, store->text.data, store->text.len);
    }
}

int store_flush(struct store *store, bool sync, struct error *err)
{
    return dbfile_flush(store->file, sync, err);
}

int store_compact(struct store *store, struct error *err)
{
    struct strbuf records = STRBUF_INIT;
    int error;

    put_compact(&records, store->db, "compacting database online");
    error = dbfile_replace(store->file, &records, err);
    strbuf_free(&records);
    if (error) {
        store->compact_above = dbfile_size(store->file) + RETRY_AFTER;
    } else {
        plan_compaction(store);
    }
    return error;
}

bool store_wants_compaction(const struct store *store)
{
    return dbfile_is_broken(store->file) || dbfile_size(store->file) > store->compact_above;
}

int store_convert(struct store *store, struct database *db, struct error *err)
{
    struct strbuf records = STRBUF_INIT;
    int error;

    put_compact(&records, db, "converting database schema");
    error = dbfile_replace(store->file, &records, err);
    strbuf_free(&records);
    if (error) {
        return error;
    }
    database_free(store->db);
    store->db = db;
    plan_compaction(store);
    return 0;
}

off_t store_size(const struct store *store)
{
    return dbfile_size(store->file);
}
