/* See store.h. */
#include "db/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
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
    pid_t child;         /* That compacts; 0: none. */
    int child_fd;        /* Becomes readable when it ends. */
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
    store_compact_cancel(store);
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

/* Plans the next compaction after one that ended with 'error'. */
static int compacted(struct store *store, int error)
{
    if (error) {
        store->compact_above = dbfile_size(store->file) + RETRY_AFTER;
    } else {
        plan_compaction(store);
    }
    return error;
}

int store_compact(struct store *store, struct error *err)
{
    struct strbuf records = STRBUF_INIT;
    int error;

    store_compact_cancel(store);
    put_compact(&records, store->db, "compacting database online");
    error = dbfile_replace(store->file, &records, err);
    strbuf_free(&records);
    return compacted(store, error);
}

/* The child: it has a picture of the memory as it was, and ends with the parent. */
static void run_child(const struct store *store, int fd)
{
    struct strbuf records = STRBUF_INIT;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* Above all the lock and the clients' connections, which are not ours to keep open. */
    if (fd > 3) {
        close_range(3, (unsigned int)fd - 1, 0);
    }
    close_range((unsigned int)fd + 1, UINT32_MAX, 0);
    put_compact(&records, store->db, "compacting database online");
    _exit(dbfile_write_new(store->file, &records, NULL) ? 1 : 0);
}

int store_compact_start(struct store *store, int *ret_fd, struct error *err)
{
    int fds[2];

    if (store->child) {
        return error_set(err, EALREADY, "a compaction is under way");
    }
    if (pipe2(fds, O_CLOEXEC)) {
        return compacted(store, error_set_errno(err, errno, "cannot compact: pipe"));
    }
    dbfile_replace_begin(store->file);
    store->child = fork();
    if (!store->child) {
        run_child(store, fds[1]);
    }
    close(fds[1]);
    if (store->child < 0) {
        store->child = 0;
        close(fds[0]);
        dbfile_replace_cancel(store->file);
        return compacted(store, error_set_errno(err, errno, "cannot compact: fork"));
    }
    *ret_fd = store->child_fd = fds[0];
    return 0;
}

/* Waits for the child's end; true when it did its work. */
static bool reap(struct store *store)
{
    int status = -1;

    while (waitpid(store->child, &status, 0) < 0 && errno == EINTR) {
    }
    close(store->child_fd);
    store->child = 0;
    return WIFEXITED(status) && !WEXITSTATUS(status);
}

int store_compact_end(struct store *store, struct error *err)
{
    if (!store->child) {
        return error_set(err, EINVAL, "no compaction is under way");
    }
    if (!reap(store)) {
        dbfile_replace_cancel(store->file);
        return compacted(store, error_set(err, EIO, "the compacted file could not be written"));
    }
    return compacted(store, dbfile_replace_end(store->file, err));
}

void store_compact_cancel(struct store *store)
{
    if (store->child) {
        kill(store->child, SIGKILL);
        reap(store);
        dbfile_replace_cancel(store->file);
    }
}

bool store_wants_compaction(const struct store *store)
{
    return dbfile_is_broken(store->file) ||
           (!store->child && dbfile_size(store->file) > store->compact_above);
}

int store_convert(struct store *store, struct database *db, struct error *err)
{
    struct strbuf records = STRBUF_INIT;
    int error;

    store_compact_cancel(store);
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

bool store_is_broken(const struct store *store)
{
    return dbfile_is_broken(store->file);
}

off_t store_size(const struct store *store)
{
    return dbfile_size(store->file);
}
