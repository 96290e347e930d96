/* The database client: from a connection to a replica that follows the server. See client.h for the
 * contract; session.c holds the connection, replica.c the rows, txn.c builds transactions.
 *
 * On each connection: (with several remotes) ask whether this one leads the cluster, get the
 * schema, start a monitor by the best method that the server knows, apply its updates. All on the
 * event base's thread. */
#include "db/client/client.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>

#include "db/client/replica.h"
#include "db/client/session.h"
#include "db/client/txn.h"
#include "lib/log.h"

LOG_MODULE(db_client);

#define ZERO_UUID "00000000-0000-0000-0000-000000000000"
/* The id of the monitor that watches who leads a cluster; the replica's has the database's name. */
#define SERVER_MONITOR "_Server leader"
/* A transaction that cannot be sent fails after this time, so that one who tries again at once does
 * not keep a processor busy. */
#define REFUSE_MS 100

enum monitor_method { MONITOR_COND_SINCE, MONITOR_COND, MONITOR };

static const struct {
    const char *request;
    const char *update;
    enum replica_format format;
} methods[] = {
    [MONITOR_COND_SINCE] = {"monitor_cond_since", "update3", REPLICA_UPDATES2},
    [MONITOR_COND] = {"monitor_cond", "update2", REPLICA_UPDATES2},
    [MONITOR] = {"monitor", "update", REPLICA_UPDATES},
};

struct db_client {
    struct event_base *base;
    struct db_session *session;
    char *db_name;
    struct db_client_table *tables; /* NULL: all. Ends with a NULL name. */
    const struct db_client_callbacks *callbacks;
    void *aux;
    json_t *schema_json;
    struct db_schema *schema;
    struct replica *replica;
    enum monitor_method method;
    char last_txn[UUID_LEN + 1]; /* What the replica shows, for monitor_cond_since. */
    bool is_ready;               /* The schema of this connection is known. */
    bool is_synced;
    bool is_closing;
    char *lock_name; /* NULL: none is wanted. */
    bool has_lock;
    struct db_txn *refused; /* Whose 'verdict' is known and to be told by 'refuse_timer'. */
    struct event *refuse_timer;
};

static void tell_row(const struct db_row *old, struct db_row *new_row, void *aux)
{
    struct db_client *c = aux;

    if (c->callbacks->row) {
        c->callbacks->row(c, old, new_row, c->aux);
    }
}

/* --- What to replicate --------------------------------------------------------------------------
 */

static void free_tables(struct db_client_table *tables)
{
    for (struct db_client_table *t = tables; t && t->name; t++) {
        for (size_t i = 0; t->columns && t->columns[i]; i++) {
            free((char *)t->columns[i]);
        }
        free((void *)t->columns);
        free((char *)t->name);
    }
    free(tables);
}

static const char **copy_names(const char *const *names)
{
    const char **copy;
    size_t n = 0;

    while (names[n]) {
        n++;
    }
    copy = xcalloc(n + 1, sizeof *copy);
    for (size_t i = 0; i < n; i++) {
        copy[i] = xstrdup(names[i]);
    }
    return copy;
}

static struct db_client_table *copy_tables(const struct db_client_table *tables)
{
    struct db_client_table *copy;
    size_t n = 0;

    if (!tables) {
        return NULL;
    }
    while (tables[n].name) {
        n++;
    }
    copy = xcalloc(n + 1, sizeof *copy);
    for (size_t i = 0; i < n; i++) {
        copy[i].name = xstrdup(tables[i].name);
        copy[i].columns = tables[i].columns ? copy_names(tables[i].columns) : NULL;
    }
    return copy;
}

void db_client_set_tables(struct db_client *c, const struct db_client_table *tables)
{
    if (!c->replica) {
        free_tables(c->tables);
        c->tables = copy_tables(tables);
    }
}

/* --- The monitor --------------------------------------------------------------------------------
 */

/* Starts over with another connection; what the replica shows can no longer be trusted. */
static void resync(struct db_client *c, const char *reason)
{
    strcpy(c->last_txn, ZERO_UUID);
    c->is_synced = false;
    db_session_reconnect(c->session, reason);
}

static void apply(struct db_client *c, bool is_full, const json_t *updates)
{
    struct error err = {0};
    int rc = replica_apply(c->replica, methods[c->method].format, is_full, updates, &err);

    if (rc) {
        log_warn_limit("%s: %s", db_session_remote(c->session), err.text);
        resync(c, err.text);
    } else if (is_full || !c->is_synced) {
        c->is_synced = true;
        db_session_healthy(c->session);
    }
    replica_tell(c->replica, tell_row, c);
    if (!rc) {
        c->callbacks->changed(c, c->aux);
    }
}

static void set_last_txn(struct db_client *c, const json_t *json)
{
    struct uuid uuid;
    const char *text = json_string_value(json);

    if (text && uuid_from_string(text, &uuid)) {
        uuid_to_string(&uuid, c->last_txn);
    } else {
        strcpy(c->last_txn, ZERO_UUID);
    }
}

static void start_monitor(struct db_client *c);

static void on_monitor_reply(json_t *result, json_t *error, void *aux)
{
    struct db_client *c = aux;

    if (error && c->method != MONITOR) {
        c->method++; /* An older server, or one without extensions. */
        start_monitor(c);
    } else if (error) {
        resync(c, "the server refuses to let its tables be monitored");
    } else if (result && c->method != MONITOR_COND_SINCE) {
        apply(c, true, result);
    } else if (result && json_array_size(result) == 3) {
        set_last_txn(c, json_array_get(result, 1));
        apply(c, !json_is_true(json_array_get(result, 0)), json_array_get(result, 2));
    } else if (result) {
        resync(c, "the reply to monitor_cond_since is no array of three");
    }
}

static void start_monitor(struct db_client *c)
{
    json_t *params = json_pack("[sso]", c->db_name, c->db_name,
                               replica_monitor_requests(c->replica));

    if (c->method == MONITOR_COND_SINCE) {
        json_array_append_new(params, json_string(c->last_txn));
    }
    db_session_request(c->session, methods[c->method].request, params, on_monitor_reply, c);
}

/* --- The lock -----------------------------------------------------------------------------------
 */

static void set_lock(struct db_client *c, bool has_lock)
{
    if (c->has_lock != has_lock) {
        c->has_lock = has_lock;
        if (c->is_synced) {
            c->callbacks->changed(c, c->aux);
        }
    }
}

static void on_lock_reply(json_t *result, json_t *error, void *aux)
{
    if (result || error) {
        set_lock(aux, error || json_is_true(json_object_get(result, "locked")));
    }
}

/* Goes out before the monitor, so that its answer is there when the replica is. */
static void ask_for_lock(struct db_client *c)
{
    if (c->lock_name) {
        db_session_request(c->session, "lock", json_pack("[s]", c->lock_name), on_lock_reply, c);
    }
}

/* --- Schema -------------------------------------------------------------------------------------
 */

static void drop_schema(struct db_client *c)
{
    if (c->replica) {
        replica_clear(c->replica);
        replica_tell(c->replica, c->is_closing ? NULL : tell_row, c);
        replica_free(c->replica);
        c->replica = NULL;
    }
    db_schema_free(c->schema);
    c->schema = NULL;
    json_decref(c->schema_json);
    c->schema_json = NULL;
    strcpy(c->last_txn, ZERO_UUID);
}

static int take_schema(struct db_client *c, json_t *json, struct error *err)
{
    struct db_schema *schema;

    if (c->schema && json_equal(c->schema_json, json)) {
        return 0;
    }
    if (db_schema_from_json(&schema, json, err)) {
        return error_prefix(err, "schema of database '%s'", c->db_name);
    }
    drop_schema(c);
    c->schema = schema;
    c->schema_json = json_incref(json);
    return 0;
}

static void on_schema_reply(json_t *result, json_t *error, void *aux)
{
    struct db_client *c = aux;
    struct error err = {0};

    if (error) {
        const char *text = json_string_value(json_object_get(error, "error"));

        text = text ? text : json_string_value(error);
        error_set(&err, ENOENT, "database '%s': %s", c->db_name,
                  text ? text : "the server refuses to give its schema");
    } else if (result) {
        take_schema(c, result, &err);
    } else {
        return;
    }
    if (err.code) {
        resync(c, err.text);
        return;
    }
    c->is_ready = true;
    ask_for_lock(c);
    if (c->callbacks->connected) {
        c->callbacks->connected(c, c->aux);
    }
    if (!c->replica) {
        c->replica = replica_new(c->schema, c->tables);
    }
    if (replica_is_nothing(c->replica)) {
        c->is_synced = true;
        db_session_healthy(c->session);
        c->callbacks->changed(c, c->aux);
        return;
    }
    start_monitor(c);
}

static void get_schema(struct db_client *c)
{
    db_session_request(c->session, "get_schema", json_pack("[s]", c->db_name), on_schema_reply, c);
}

/* --- The leader of a cluster --------------------------------------------------------------------
 */

/* False when 'updates', of the _Server database, say that this server is not the one to use. */
static bool is_leader(const struct db_client *c, json_t *updates)
{
    json_t *rows = json_object_get(updates, "Database"), *update;
    const char *uuid;

    json_object_foreach (rows, uuid, update) {
        json_t *row = json_object_get(update, "new");
        const char *name = json_string_value(json_object_get(row, "name"));
        const char *model = json_string_value(json_object_get(row, "model"));

        if (name && model && !strcmp(name, c->db_name) && !strcmp(model, "clustered")) {
            return json_is_true(json_object_get(row, "leader"));
        }
    }
    return true;
}

static void on_server_reply(json_t *result, json_t *error, void *aux)
{
    struct db_client *c = aux;

    if (result && !is_leader(c, result)) {
        db_session_reconnect(c->session, "not the cluster's leader");
    } else if (result || error) {
        get_schema(c); /* A server without that database has no clusters. */
    }
}

static void check_leader(struct db_client *c)
{
    json_t *params = json_pack("[s, s, {s:[{s:[s, s, s]}]}]", "_Server", SERVER_MONITOR, "Database",
                               "columns", "name", "model", "leader");

    db_session_request(c->session, "monitor", params, on_server_reply, c);
}

/* --- The session's callbacks --------------------------------------------------------------------
 */

static void on_connected(void *aux)
{
    struct db_client *c = aux;

    c->method = MONITOR_COND_SINCE;
    if (db_session_n_remotes(c->session) > 1) {
        check_leader(c);
    } else {
        get_schema(c);
    }
}

static void on_disconnected(const char *reason, void *aux)
{
    struct db_client *c = aux;

    c->is_ready = false;
    c->is_synced = false;
    c->has_lock = false;
    if (c->callbacks->disconnected) {
        c->callbacks->disconnected(c, reason, c->aux);
    }
}

static void on_notify(const char *method, json_t *params, void *aux)
{
    struct db_client *c = aux;
    const char *id = json_string_value(json_array_get(params, 0));
    json_t *updates = json_array_get(params, json_array_size(params) - 1);

    if (id && !strcmp(id, SERVER_MONITOR) && !strcmp(method, "update")) {
        if (!is_leader(c, updates)) {
            db_session_reconnect(c->session, "not the cluster's leader any more");
        }
    } else if (id && c->lock_name && !strcmp(id, c->lock_name) &&
               (!strcmp(method, "locked") || !strcmp(method, "stolen"))) {
        set_lock(c, !strcmp(method, "locked"));
    } else if (!id || strcmp(id, c->db_name) || !c->is_synced) {
        return;
    } else if (!strcmp(method, "monitor_canceled")) {
        resync(c, "the server ended the monitor");
    } else if (!strcmp(method, methods[c->method].update)) {
        if (c->method == MONITOR_COND_SINCE) {
            set_last_txn(c, json_array_get(params, 1));
        }
        apply(c, false, updates);
    }
}

static const struct db_session_callbacks session_callbacks = {
    .connected = on_connected,
    .disconnected = on_disconnected,
    .notify = on_notify,
};

/* --- Transactions -------------------------------------------------------------------------------
 */

static void on_transact_reply(json_t *result, json_t *error, void *aux)
{
    struct db_txn *txn = aux;

    if (result || error) {
        txn_finish(txn, result, error);
    } else if (txn->client->is_closing) {
        txn_fail(txn, -ECANCELED, "the client was closed");
    } else {
        txn_fail(txn, -EAGAIN, "the connection to the database was lost");
    }
}

static void tell_refused(evutil_socket_t fd UNUSED, short what UNUSED, void *aux)
{
    struct db_client *c = aux;
    struct db_txn *txn = c->refused;

    c->refused = NULL; /* The callbacks may add more. */
    while (txn) {
        struct db_txn *next = txn->next;

        if (c->is_closing) {
            txn_fail(txn, -ECANCELED, "the client was closed");
        } else if (txn->verdict) {
            txn_fail(txn, txn->verdict, "not connected to the database");
        } else {
            json_t *nothing = json_array();

            txn_finish(txn, nothing, NULL);
            json_decref(nothing);
        }
        txn = next;
    }
}

/* Ends a transaction from the loop, without asking the server. */
static void refuse(struct db_client *c, struct db_txn *txn, int verdict)
{
    struct timeval tv = {0, verdict ? REFUSE_MS * 1000 : 0};
    struct db_txn **end = &c->refused;

    while (*end) {
        end = &(*end)->next;
    }
    txn->verdict = verdict;
    *end = txn;
    event_add(c->refuse_timer, &tv);
}

void db_txn_commit(struct db_txn *txn, db_txn_done *done, void *aux)
{
    struct db_client *c = txn->client;

    txn->done = done;
    txn->aux = aux;
    if (db_txn_is_empty(txn)) {
        refuse(c, txn, 0);
    } else if (!c->is_ready || !db_session_is_connected(c->session)) {
        refuse(c, txn, -EAGAIN);
    } else {
        db_session_request(c->session, "transact", txn_compile(txn, c->db_name), on_transact_reply,
                           txn);
    }
}

/* --- Life ---------------------------------------------------------------------------------------
 */

int db_client_new(struct event_base *base, const char *remotes, const char *db_name,
                  const struct db_client_table *tables, const struct db_client_callbacks *callbacks,
                  void *aux, struct db_client **ret, struct error *err)
{
    struct db_client *c = xcalloc(1, sizeof *c);
    int rc = db_session_new(base, remotes, &session_callbacks, c, &c->session, err);

    if (rc) {
        free(c);
        return rc;
    }
    c->base = base;
    c->db_name = xstrdup(db_name);
    c->tables = copy_tables(tables);
    c->callbacks = callbacks;
    c->aux = aux;
    c->refuse_timer = evtimer_new(base, tell_refused, c);
    strcpy(c->last_txn, ZERO_UUID);
    *ret = c;
    return 0;
}

void db_client_free(struct db_client *c)
{
    if (!c) {
        return;
    }
    c->is_closing = true;
    c->is_ready = false;
    db_session_free(c->session);
    while (c->refused) {
        tell_refused(-1, 0, c);
    }
    event_free(c->refuse_timer);
    drop_schema(c);
    free_tables(c->tables);
    free(c->lock_name);
    free(c->db_name);
    free(c);
}

void db_client_set_lock(struct db_client *c, const char *name)
{
    free(c->lock_name);
    c->lock_name = xstrdup(name);
}

bool db_client_has_lock(const struct db_client *c)
{
    return c->has_lock;
}

bool db_client_is_synced(const struct db_client *c)
{
    return c->is_synced;
}

const char *db_client_remote(const struct db_client *c)
{
    return db_session_remote(c->session);
}

const struct db_schema *db_client_schema(const struct db_client *c)
{
    return c->schema;
}

/* --- Rows ---------------------------------------------------------------------------------------
 */

static struct replica_table *find_table(const struct db_client *c, const char *name)
{
    const struct db_table_schema *t = c->replica ? db_schema_table(c->schema, name) : NULL;

    return t ? &c->replica->tables[t->index] : NULL;
}

struct db_row *db_client_next(struct db_client *c, const char *table, struct db_row *after)
{
    struct replica_row *next;

    if (after) {
        next = CONTAINER_OF(after, struct replica_row, row)->hh.next;
    } else {
        struct replica_table *t = find_table(c, table);

        next = t ? t->rows : NULL;
    }
    return next ? &next->row : NULL;
}

struct db_row *db_client_get(struct db_client *c, const char *table, const struct uuid *uuid)
{
    struct replica_table *t = find_table(c, table);
    struct replica_row *row = t ? replica_find(t, uuid) : NULL;

    return row ? &row->row : NULL;
}

struct db_row *db_client_only(struct db_client *c, const char *table)
{
    return db_client_next(c, table, NULL);
}

struct db_row *db_row_ref(struct db_client *c, const struct db_row *row, const char *column,
                          unsigned int n)
{
    const struct db_type *type;
    const struct db_datum *d = db_row_datum(row, column, &type);
    const struct db_base_type *base = db_type_is_map(type) ? &type->value : &type->key;

    if (n >= d->n || base->type != DB_UUID || !base->ref_table) {
        return NULL;
    }
    return db_client_get(c, base->ref_table,
                         db_type_is_map(type) ? &d->values[n].uuid : &d->keys[n].uuid);
}
