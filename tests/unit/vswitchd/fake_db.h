/* A database client in memory, for tests of vswitchd/reconcile: the functions of db/client/client.h
 * that vswitchd calls, over a real replica with the real schema, but with no server.
 *
 * A test puts rows (JSON with ' for ", RFC 7047's notation) and runs its base. A transaction that
 * vswitchd commits waits until the test answers it: by success, which changes the replica as the
 * server would, or by an error. It replaces client.c and txn.c, so a test that includes this links
 * neither. One per program. */
#ifndef TESTS_UNIT_VSWITCHD_FAKE_DB_H
#define TESTS_UNIT_VSWITCHD_FAKE_DB_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "db/client/replica.h"
#include "db/schema/vswitch.h"
#include "vswitchd/reconcile/reconcile.h"

struct db_txn {
    struct db_client *db;
    json_t *updates; /* {TABLE: {UUID: {"new": {COLUMN: VALUE}}}} */
    db_txn_done *done;
    void *aux;
};

struct db_client {
    struct db_schema *schema;
    struct replica *replica;
    struct reconcile *reconcile; /* Is told of changes; NULL: nobody. */
    struct db_txn *txns[2];      /* Committed and not answered, oldest first: state, statistics. */
    json_t *last;                /* The updates of the last one that was committed. */
    unsigned int n_commits;
    bool is_unsynced;
    bool lost_lock;
};

static inline json_t *fake_db_json(const char *text)
{
    char *copy = xstrdup(text);
    json_error_t err;
    json_t *json;

    for (char *p = copy; *p; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    json = json_loads(copy, JSON_DECODE_ANY, &err);
    if (!json) {
        fail_msg("%s: %s", copy, err.text);
    }
    free(copy);
    return json;
}

static inline struct db_client *fake_db_new(void)
{
    struct db_client *db = xcalloc(1, sizeof *db);
    json_t *json = json_loads(db_vswitch_schema(), 0, NULL);
    struct error err = {0};

    assert_int_equal(db_schema_from_json(&db->schema, json, &err), 0);
    json_decref(json);
    db->replica = replica_new(db->schema, reconcile_db_tables());
    return db;
}

static inline void fake_db_free(struct db_client *db)
{
    db_txn_free(db->txns[0]);
    db_txn_free(db->txns[1]);
    json_decref(db->last);
    replica_free(db->replica);
    db_schema_free(db->schema);
    free(db);
}

/* The uuid of row 'n': one numbering for all tables. */
static inline void fake_db_uuid(unsigned int n, char text[UUID_LEN + 1])
{
    snprintf(text, UUID_LEN + 1, "00000000-0000-4000-8000-%012x", n);
}

static void fake_db_tell_row(const struct db_row *old, struct db_row *new_row, void *aux)
{
    const struct db_client *db = aux;

    if (db->reconcile) {
        reconcile_db_row(db->reconcile, old, new_row);
    }
}

/* Takes 'updates' over. */
static inline void fake_db_apply(struct db_client *db, json_t *updates)
{
    struct error err = {0};

    if (replica_apply(db->replica, REPLICA_UPDATES, false, updates, &err)) {
        fail_msg("%s", err.text);
    }
    json_decref(updates);
    replica_tell(db->replica, fake_db_tell_row, db);
    if (db->reconcile) {
        reconcile_db_changed(db->reconcile);
    }
}

/* Adds row 'n', or changes columns of it. U1 in the text stands for row 1's ["uuid", ...]. */
static inline void fake_db_put(struct db_client *db, const char *table, unsigned int n,
                               const char *columns)
{
    struct strbuf s = STRBUF_INIT;
    char text[UUID_LEN + 1];
    json_t *updates;

    for (const char *p = columns; *p; p++) {
        if (*p == 'U' && p[1] >= '0' && p[1] <= '9') {
            char *end;
            fake_db_uuid((unsigned int)strtoul(p + 1, &end, 10), text);
            strbuf_printf(&s, "['uuid','%s']", text);
            p = end - 1;
        } else {
            strbuf_putc(&s, *p);
        }
    }
    fake_db_uuid(n, text);
    updates = json_pack("{s:{s:{s:o}}}", table, text, "new", fake_db_json(strbuf_str(&s)));
    strbuf_free(&s);
    fake_db_apply(db, updates);
}

static inline void fake_db_delete(struct db_client *db, const char *table, unsigned int n)
{
    char text[UUID_LEN + 1];

    fake_db_uuid(n, text);
    fake_db_apply(db, json_pack("{s:{s:{s:{}}}}", table, text, "old"));
}

static inline struct db_row *fake_db_row(struct db_client *db, const char *table, unsigned int n)
{
    char text[UUID_LEN + 1];
    struct uuid uuid;

    fake_db_uuid(n, text);
    assert_true(uuid_from_string(text, &uuid));
    return db_client_get(db, table, &uuid);
}

/* Answers the oldest transaction that waits: success with 'error' 0. False when there is none. */
static inline bool fake_db_answer(struct db_client *db, int error)
{
    struct db_txn *txn = db->txns[0];

    if (!txn) {
        return false;
    }
    db->txns[0] = db->txns[1];
    db->txns[1] = NULL;
    if (!error) {
        fake_db_apply(db, json_incref(txn->updates));
    }
    txn->done(error, error ? "refused" : NULL, NULL, txn->aux);
    db_txn_free(txn);
    return true;
}

/* What the last transaction set a column of row 'n' to, as compact JSON with ' for "; NULL: it left
 * the column alone. Valid until the next call. */
static inline const char *fake_db_written(struct db_client *db, const char *table, unsigned int n,
                                          const char *column)
{
    static char *text;
    char uuid[UUID_LEN + 1];
    json_t *row;

    free(text);
    text = NULL;
    fake_db_uuid(n, uuid);
    row = json_object_get(json_object_get(json_object_get(db->last, table), uuid), "new");
    if (json_object_get(row, column)) {
        text = json_dumps(json_object_get(row, column), JSON_COMPACT | JSON_ENCODE_ANY);
        for (char *p = text; *p; p++) {
            *p = *p == '"' ? '\'' : *p;
        }
    }
    return text;
}

/* --- db/client/client.h.
 * ------------------------------------------------------------------------- */

bool db_client_has_lock(const struct db_client *db)
{
    return !db->lost_lock;
}

bool db_client_is_synced(const struct db_client *db)
{
    return !db->is_unsynced;
}

const struct db_schema *db_client_schema(const struct db_client *db)
{
    return db->schema;
}

struct db_row *db_client_next(struct db_client *db, const char *table, struct db_row *after)
{
    struct replica_row *next = db->replica->tables[db_schema_table(db->schema, table)->index].rows;

    next = after ? CONTAINER_OF(after, struct replica_row, row)->hh.next : next;
    return next ? &next->row : NULL;
}

struct db_row *db_client_get(struct db_client *db, const char *table, const struct uuid *uuid)
{
    struct replica_row *row = replica_find(
        &db->replica->tables[db_schema_table(db->schema, table)->index], uuid);
    return row ? &row->row : NULL;
}

struct db_row *db_client_only(struct db_client *db, const char *table)
{
    return db_client_next(db, table, NULL);
}

struct db_row *db_row_ref(struct db_client *db, const struct db_row *row, const char *column,
                          unsigned int n)
{
    const struct db_type *type;
    const struct db_datum *d = db_row_datum(row, column, &type);

    return n < d->n ? db_client_get(db, type->key.ref_table, &d->keys[n].uuid) : NULL;
}

struct db_txn *db_txn_new(struct db_client *db)
{
    struct db_txn *txn = xcalloc(1, sizeof *txn);

    txn->db = db;
    txn->updates = json_object();
    return txn;
}

void db_txn_free(struct db_txn *txn)
{
    if (txn) {
        json_decref(txn->updates);
        free(txn);
    }
}

static inline json_t *fake_db_member(json_t *object, const char *key)
{
    if (!json_object_get(object, key)) {
        json_object_set_new(object, key, json_object());
    }
    return json_object_get(object, key);
}

void db_txn_set(struct db_txn *txn, const char *table, const struct uuid *uuid,
                const char *uuid_name UNUSED, const char *column, json_t *value)
{
    char text[UUID_LEN + 1];
    json_t *row;

    uuid_to_string(uuid, text);
    row = fake_db_member(fake_db_member(fake_db_member(txn->updates, table), text), "new");
    assert_non_null(db_table_column(db_schema_table(txn->db->schema, table), column));
    json_object_set_new(row, column, value);
}

bool db_txn_is_empty(const struct db_txn *txn)
{
    return json_object_size(txn->updates) == 0;
}

void db_txn_commit(struct db_txn *txn, db_txn_done *done, void *aux)
{
    assert_null(txn->db->txns[1]);
    txn->done = done;
    txn->aux = aux;
    txn->db->txns[txn->db->txns[0] != NULL] = txn;
    txn->db->n_commits++;
    json_decref(txn->db->last);
    txn->db->last = json_deep_copy(txn->updates);
}

#endif
