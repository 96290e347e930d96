/* Transactions: gathering changes by row, turning them into RFC 7047 operations, judging the reply.
 * See client.h for the contract; client.c sends them. */
#include "db/client/txn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <uthash.h>

#include "lib/strbuf.h"

/* One row that the transaction touches. */
struct txn_row {
    char *key; /* "TABLE UUID" or "TABLE NAME". */
    char *table;
    char *uuid;        /* Of a new one: NULL, or what it is to be. */
    char *name;        /* "rowN" of a new one. */
    size_t slot;       /* Of a new one. */
    json_t *verify;    /* {column: value} */
    json_t *set;       /* {column: value} */
    json_t *mutations; /* [[column, mutator, value]...] */
    bool is_delete;
    UT_hash_handle hh;
};

/* A result that the caller of db_txn_commit() is to see: of operation 'op' of those sent. */
struct txn_slot {
    size_t op;
    size_t extra; /* Index in ops + 1; 0: an insert. */
};

struct db_txn *db_txn_new(struct db_client *client)
{
    struct db_txn *txn = xcalloc(1, sizeof *txn);

    txn->client = client;
    txn->ops = json_array();
    return txn;
}

void db_txn_free(struct db_txn *txn)
{
    struct txn_row *r, *tmp;

    if (!txn) {
        return;
    }
    HASH_ITER (hh, txn->rows, r, tmp) {
        HASH_DEL(txn->rows, r);
        json_decref(r->verify);
        json_decref(r->set);
        json_decref(r->mutations);
        free(r->key);
        free(r->table);
        free(r->uuid);
        free(r->name);
        free(r);
    }
    json_decref(txn->ops);
    free(txn->slots);
    free(txn->comment);
    free(txn);
}

void db_txn_comment(struct db_txn *txn, const char *text)
{
    char *joined = txn->comment ? xasprintf("%s\n%s", txn->comment, text) : xstrdup(text);

    free(txn->comment);
    txn->comment = joined;
}

/* --- Gathering ----------------------------------------------------------------------------------
 */

static struct txn_row *get_row(struct db_txn *txn, const char *table, const struct uuid *uuid,
                               const char *name)
{
    char text[UUID_LEN + 1];
    struct txn_row *r;
    char *key;

    if (uuid) {
        uuid_to_string(uuid, text);
    }
    key = xasprintf("%s %s", table, uuid ? text : name);
    HASH_FIND_STR(txn->rows, key, r);
    if (r) {
        free(key);
        return r;
    }
    r = xcalloc(1, sizeof *r);
    r->key = key;
    r->table = xstrdup(table);
    r->uuid = uuid ? xstrdup(text) : NULL;
    r->name = uuid ? NULL : xstrdup(name);
    HASH_ADD_KEYPTR(hh, txn->rows, r->key, strlen(r->key), r);
    return r;
}

static struct txn_slot *add_slot(struct db_txn *txn)
{
    txn->slots = xreallocarray(txn->slots, txn->n_slots + 1, sizeof *txn->slots);
    txn->slots[txn->n_slots] = (struct txn_slot){0, 0};
    return &txn->slots[txn->n_slots++];
}

void db_txn_insert(struct db_txn *txn, const char *table, const char **ret_uuid_name)
{
    db_txn_insert_as(txn, table, NULL, ret_uuid_name);
}

void db_txn_insert_as(struct db_txn *txn, const char *table, const struct uuid *uuid,
                      const char **ret_uuid_name)
{
    char text[UUID_LEN + 1];
    struct txn_row *r;
    char name[32];

    snprintf(name, sizeof name, "row%u", ++txn->n_inserted);
    r = get_row(txn, table, NULL, name);
    r->set = json_object();
    if (uuid) {
        uuid_to_string(uuid, text);
        r->uuid = xstrdup(text);
    }
    r->slot = txn->n_slots;
    add_slot(txn);
    if (ret_uuid_name) {
        *ret_uuid_name = r->name;
    }
}

void db_txn_set(struct db_txn *txn, const char *table, const struct uuid *uuid,
                const char *uuid_name, const char *column, json_t *value)
{
    struct txn_row *r = get_row(txn, table, uuid, uuid_name);

    if (!r->set) {
        r->set = json_object();
    }
    json_object_set_new(r->set, column, value);
}

void db_txn_mutate(struct db_txn *txn, const char *table, const struct uuid *uuid,
                   const char *column, const char *mutator, json_t *value)
{
    struct txn_row *r = get_row(txn, table, uuid, NULL);

    if (!r->mutations) {
        r->mutations = json_array();
    }
    json_array_append_new(r->mutations, json_pack("[sso]", column, mutator, value));
}

void db_txn_delete(struct db_txn *txn, const char *table, const struct uuid *uuid)
{
    get_row(txn, table, uuid, NULL)->is_delete = true;
}

void db_txn_verify(struct db_txn *txn, const struct db_row *row, const char *column)
{
    struct txn_row *r = get_row(txn, row->table->name, &row->uuid, NULL);
    const struct db_type *type;
    const struct db_datum *datum = db_row_datum(row, column, &type);

    if (!db_table_column(row->table, column)) {
        return;
    }
    if (!r->verify) {
        r->verify = json_object();
    }
    json_object_set_new(r->verify, column, db_datum_to_json(datum, type));
}

size_t db_txn_op(struct db_txn *txn, json_t *op)
{
    struct txn_slot *slot = add_slot(txn);

    json_array_append_new(txn->ops, op);
    slot->extra = json_array_size(txn->ops);
    return txn->n_slots - 1;
}

bool db_txn_is_empty(const struct db_txn *txn)
{
    return !txn->rows && !json_array_size(txn->ops);
}

/* --- Compiling ----------------------------------------------------------------------------------
 */

static json_t *where_uuid(const struct txn_row *r)
{
    return json_pack("[[s,s,[s,s]]]", "_uuid", "==", "uuid", r->uuid);
}

/* The columns of a row must still be as the replica knew them. */
static json_t *compile_verify(const struct txn_row *r)
{
    json_t *columns = json_array(), *value;
    const char *name;

    json_object_foreach (r->verify, name, value) {
        json_array_append_new(columns, json_string(name));
    }
    return json_pack("{s:s, s:s, s:i, s:o, s:o, s:s, s:[O]}", "op", "wait", "table", r->table,
                     "timeout", 0, "where", where_uuid(r), "columns", columns, "until",
                     "==", "rows", r->verify);
}

static void compile_row(struct db_txn *txn, const struct txn_row *r, json_t *ops)
{
    if (r->is_delete) {
        json_array_append_new(ops, json_pack("{s:s, s:s, s:o}", "op", "delete", "table", r->table,
                                             "where", where_uuid(r)));
    } else if (r->name) {
        txn->slots[r->slot].op = json_array_size(ops) - 1;
        json_array_append_new(ops, json_pack("{s:s, s:s, s:s, s:s*, s:O}", "op", "insert", "table",
                                             r->table, "uuid-name", r->name, "uuid", r->uuid, "row",
                                             r->set));
    } else {
        if (r->set) {
            json_array_append_new(ops, json_pack("{s:s, s:s, s:o, s:O}", "op", "update", "table",
                                                 r->table, "where", where_uuid(r), "row", r->set));
        }
        if (r->mutations) {
            json_array_append_new(ops, json_pack("{s:s, s:s, s:o, s:O}", "op", "mutate", "table",
                                                 r->table, "where", where_uuid(r), "mutations",
                                                 r->mutations));
        }
    }
}

json_t *txn_compile(struct db_txn *txn, const char *db_name)
{
    json_t *params = json_array(), *op;
    struct txn_row *r, *tmp;
    size_t i, first_extra;

    json_array_append_new(params, json_string(db_name));
    HASH_ITER (hh, txn->rows, r, tmp) {
        if (r->verify) {
            json_array_append_new(params, compile_verify(r));
        }
    }
    HASH_ITER (hh, txn->rows, r, tmp) {
        compile_row(txn, r, params);
    }
    first_extra = json_array_size(params) - 1;
    json_array_foreach (txn->ops, i, op) {
        json_array_append(params, op);
    }
    for (i = 0; i < txn->n_slots; i++) {
        if (txn->slots[i].extra) {
            txn->slots[i].op = first_extra + txn->slots[i].extra - 1;
        }
    }
    if (txn->comment) {
        json_array_append_new(params,
                              json_pack("{s:s, s:s}", "op", "comment", "comment", txn->comment));
    }
    return params;
}

/* --- Judging the reply --------------------------------------------------------------------------
 */

/* RFC 7047 section 5.2's error names, and ovsdb-server's own. */
static int error_code(const char *name)
{
    static const struct {
        const char *name;
        int code;
    } codes[] = {
        {"timed out", EAGAIN}, /* Of "wait": a verified column has changed. */
        {"not leader", EAGAIN}, {"aborted", ECANCELED},       {"not owner", EPERM},
        {"not allowed", EPERM}, {"permission error", EPERM},  {"resources exhausted", ENOSPC},
        {"I/O error", EIO},     {"unknown database", ENOENT}, {"not supported", EOPNOTSUPP},
    };

    for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
        if (!strcmp(codes[i].name, name)) {
            return codes[i].code;
        }
    }
    return EINVAL;
}

/* {"error": ..., "details": ...} as text; 0 when 'json' is no such thing. */
static int read_error(const json_t *json, struct strbuf *text)
{
    const char *name = json_string_value(json_object_get(json, "error"));
    const char *details = json_string_value(json_object_get(json, "details"));

    if (!name) {
        return 0;
    }
    strbuf_printf(text, details && *details ? "%s: %s" : "%s", name, details);
    return -error_code(name);
}

/* The first error is the transaction's; the results behind it are null. One behind the last
 * operation is the commit's own. */
static int judge(const json_t *result, struct strbuf *text)
{
    size_t i;
    json_t *op;

    if (!json_is_array(result)) {
        strbuf_puts(text, "the database's reply is no array");
        return -EPROTO;
    }
    json_array_foreach (result, i, op) {
        int rc = read_error(op, text);

        if (rc) {
            return rc;
        }
    }
    return 0;
}

void txn_finish(struct db_txn *txn, const json_t *result, const json_t *error)
{
    struct strbuf text = STRBUF_INIT;
    json_t *results = NULL;
    int rc;

    if (error) {
        rc = read_error(error, &text);
        if (!rc) {
            char *dump = json_dumps(error, JSON_ENCODE_ANY | JSON_COMPACT);

            strbuf_puts(&text, json_is_string(error) ? json_string_value(error)
                               : dump                ? dump
                                                     : "unknown error");
            free(dump);
            rc = json_is_string(error) ? -error_code(json_string_value(error)) : -EINVAL;
        }
    } else {
        rc = judge(result, &text);
    }
    if (!rc) {
        results = json_array();
        for (size_t i = 0; i < txn->n_slots; i++) {
            json_t *op = json_array_get(result, txn->slots[i].op);

            json_array_append_new(results, op ? json_incref(op) : json_null());
        }
    }
    txn->done(rc, rc ? strbuf_str(&text) : NULL, results, txn->aux);
    json_decref(results);
    strbuf_free(&text);
    db_txn_free(txn);
}

void txn_fail(struct db_txn *txn, int error, const char *text)
{
    txn->done(error, text, NULL, txn->aux);
    db_txn_free(txn);
}
