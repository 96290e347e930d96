/* The client against a scripted server: methods of older servers, lost connections, transactions
 * that succeed, that were overtaken and that are refused. */
#include "tests/unit/db/fixture.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <signal.h>
#include <unistd.h>

#include "db/client/client.h"
#include "lib/jsonrpc.h"
#include "lib/stream.h"

#define UUID_A "00000000-0000-0000-0000-00000000000a"
#define ROW_A "{'T':{'" UUID_A "':{'initial':{'name':'a','n':1}}}}"

/* --- The server. --- */

static struct event_base *base;
static char dir[] = "/tmp/sluice-test-client.XXXXXX";
static char *listen_name, *connect_name;
static struct {
    struct stream_listener *listener;
    struct jsonrpc *rpc;
    const char *best_method; /* The others are unknown. */
    json_t *reply;           /* To transact. */
    bool is_error;
    json_t *transact;  /* The last one's params. */
    const char *found; /* Reply to monitor_cond_since: "true" or "false", and its updates. */
    const char *updates;
    char last_txn[64]; /* As asked for. */
    unsigned int n_accepted;
} server;

static json_t *monitor_reply(const char *method, const json_t *params)
{
    json_t *updates = fixture_json(server.updates);

    if (strcmp(method, "monitor_cond_since")) {
        return updates;
    }
    snprintf(server.last_txn, sizeof server.last_txn, "%s",
             json_string_value(json_array_get(params, 3)));
    return json_pack("[o, s, o]", fixture_json(server.found),
                     "11111111-2222-3333-4444-555555555555", updates);
}

static void on_request(struct jsonrpc *rpc, const struct jsonrpc_msg *m, void *aux UNUSED)
{
    if (m->type != JSONRPC_REQUEST) {
        return;
    }
    if (!strcmp(m->method, "get_schema")) {
        jsonrpc_send_reply(rpc, m->id,
                           fixture_json("{'name':'D','version':'1.0.0','tables':{'T':{'columns':{"
                                        "'name':{'type':'string'},'n':{'type':'integer'}}}}}"));
    } else if (!strcmp(m->method, server.best_method)) {
        jsonrpc_send_reply(rpc, m->id, monitor_reply(m->method, m->params));
    } else if (!strcmp(m->method, "transact")) {
        json_decref(server.transact);
        server.transact = json_incref(m->params);
        if (server.is_error) {
            jsonrpc_send_error(rpc, m->id, json_incref(server.reply));
        } else {
            jsonrpc_send_reply(rpc, m->id, json_incref(server.reply));
        }
    } else {
        jsonrpc_send_error(rpc, m->id, json_string("unknown method"));
    }
}

static void on_gone(struct jsonrpc *rpc, const char *reason UNUSED, void *aux UNUSED)
{
    jsonrpc_free(rpc);
    server.rpc = rpc == server.rpc ? NULL : server.rpc;
}

static void on_accept(struct bufferevent *bev, const char *peer UNUSED, void *aux UNUSED)
{
    static const struct jsonrpc_callbacks callbacks = {.message = on_request, .closed = on_gone};

    server.rpc = jsonrpc_new(bev, NULL, &callbacks, NULL);
    server.n_accepted++;
}

/* --- The client. --- */

static struct db_client *client;
static unsigned int n_changed, n_connected, n_disconnected;
static char why[200]; /* The last connection was lost. */
static char told[512];
static int done_error;
static char done_text[200];
static json_t *done_results;
static unsigned int n_done;

static void on_changed(struct db_client *c UNUSED, void *aux UNUSED)
{
    n_changed++;
}

static void on_row(struct db_client *c UNUSED, const struct db_row *old, struct db_row *new_row,
                   void *aux UNUSED)
{
    size_t n = strlen(told);

    snprintf(told + n, sizeof told - n, "%s %s;",
             !old       ? "insert"
             : !new_row ? "delete"
                        : "modify",
             db_row_string(new_row ? new_row : old, "name", "?"));
}

static void on_connected(struct db_client *c UNUSED, void *aux UNUSED)
{
    n_connected++;
}

static void on_disconnected(struct db_client *c UNUSED, const char *reason, void *aux UNUSED)
{
    n_disconnected++;
    snprintf(why, sizeof why, "%s", reason);
}

static const struct db_client_callbacks callbacks = {
    .changed = on_changed,
    .row = on_row,
    .connected = on_connected,
    .disconnected = on_disconnected,
};

static void on_done(int error, const char *text, const json_t *results, void *aux UNUSED)
{
    n_done++;
    done_error = error;
    snprintf(done_text, sizeof done_text, "%s", text ? text : "");
    json_decref(done_results);
    done_results = results ? json_deep_copy(results) : NULL;
}

/* Runs the loop until '*counter' has reached 'n' (10 s at most). */
static void run_until(const unsigned int *counter, unsigned int n)
{
    uint64_t end = time_now_ms() + 10000;

    while (*counter < n) {
        struct timeval tv = {0, 20000};

        assert_true(time_now_ms() < end);
        event_base_loopexit(base, &tv);
        event_base_dispatch(base);
    }
}

static int setup(void **state UNUSED)
{
    memset(&server, 0, sizeof server);
    server.best_method = "monitor_cond_since";
    server.found = "false";
    server.updates = ROW_A;
    n_changed = n_connected = n_disconnected = n_done = 0;
    told[0] = '\0';
    base = event_base_new();
    assert_int_equal(stream_listen(base, listen_name, on_accept, NULL, &server.listener, NULL), 0);
    assert_int_equal(db_client_new(base, connect_name, "D", NULL, &callbacks, NULL, &client, NULL),
                     0);
    return 0;
}

static int teardown(void **state UNUSED)
{
    db_client_free(client);
    jsonrpc_free(server.rpc);
    stream_listener_free(server.listener);
    json_decref(server.reply);
    json_decref(server.transact);
    json_decref(done_results);
    done_results = NULL;
    event_base_free(base);
    return 0;
}

static void notify(const char *method, const char *params)
{
    jsonrpc_send_notify(server.rpc, method, fixture_json(params));
}

static void follows(const char *method, const char *initial, const char *update_method,
                    const char *update)
{
    server.best_method = method;
    server.updates = initial;
    run_until(&n_changed, 1);
    assert_true(db_client_is_synced(client));
    assert_int_equal(db_row_integer(db_client_only(client, "T"), "n", 0), 1);
    notify(update_method, update);
    run_until(&n_changed, 2);
    assert_int_equal(db_row_integer(db_client_only(client, "T"), "n", 0), 2);
    assert_string_equal(told, "insert a;modify a;");
}

static void follows_a_server_with_monitor_cond_since(void **state UNUSED)
{
    follows("monitor_cond_since", ROW_A, "update3",
            "['D','11111111-2222-3333-4444-666666666666',{'T':{'" UUID_A "':{'modify':{'n':2}}}}]");
    assert_string_equal(server.last_txn, "00000000-0000-0000-0000-000000000000");
}

static void follows_a_server_with_monitor_cond(void **state UNUSED)
{
    follows("monitor_cond", ROW_A, "update2", "['D',{'T':{'" UUID_A "':{'modify':{'n':2}}}}]");
}

static void follows_a_server_with_monitor_alone(void **state UNUSED)
{
    follows("monitor", "{'T':{'" UUID_A "':{'new':{'name':'a','n':1}}}}", "update",
            "['D',{'T':{'" UUID_A "':{'old':{'n':1},'new':{'name':'a','n':2}}}}]");
}

static void updates_of_other_monitors_are_ignored(void **state UNUSED)
{
    run_until(&n_changed, 1);
    notify("update2", "['D',{'T':{'" UUID_A "':{'modify':{'n':2}}}}]");
    notify("update3", "['other','x',{'T':{'" UUID_A "':{'modify':{'n':2}}}}]");
    notify("update3", "[]");
    notify("update3", "['D','11111111-2222-3333-4444-666666666666',{}]");
    run_until(&n_changed, 2);
    assert_int_equal(db_row_integer(db_client_only(client, "T"), "n", 0), 1);
}

static void comes_back_after_a_loss_and_asks_for_what_it_missed(void **state UNUSED)
{
    run_until(&n_changed, 1);
    server.found = "true";
    server.updates = "{'T':{'" UUID_A "':{'modify':{'n':5}}}}";
    jsonrpc_free(server.rpc);
    server.rpc = NULL;
    run_until(&n_disconnected, 1);
    assert_false(db_client_is_synced(client));
    assert_non_null(db_client_only(client, "T")); /* What was known can still be read. */
    run_until(&n_changed, 2);
    assert_string_equal(server.last_txn, "11111111-2222-3333-4444-555555555555");
    assert_int_equal(db_row_integer(db_client_only(client, "T"), "n", 0), 5);
    assert_string_equal(told, "insert a;modify a;");
}

static void an_update_that_does_not_fit_makes_it_fetch_all_anew(void **state UNUSED)
{
    run_until(&n_changed, 1);
    server.updates = "{}";
    notify("update3", "['D','11111111-2222-3333-4444-666666666666',{'T':{'" UUID_A
                      "':{'modify':{'n':'x'}}}}]");
    run_until(&n_changed, 2);
    assert_string_equal(server.last_txn, "00000000-0000-0000-0000-000000000000");
    assert_null(db_client_only(client, "T"));
    assert_string_equal(told, "insert a;delete a;");
}

static void one_connection_is_lost_once(void **state UNUSED)
{
    run_until(&n_changed, 1);
    notify("monitor_canceled", "['D']");
    jsonrpc_finish(server.rpc); /* Both ends give up the connection. */
    server.rpc = NULL;
    run_until(&n_changed, 2);
    assert_int_equal(n_disconnected, 1);
    assert_int_equal(server.n_accepted, 2);
    assert_string_equal(why, "the server ended the monitor");
}

/* --- Transactions. --- */

static void assert_sent(const char *expected)
{
    json_t *json = fixture_json(expected);

    if (!json_equal(server.transact, json)) {
        char *text = json_dumps(server.transact, 0);

        fail_msg("sent %s", text);
    }
    json_decref(json);
}

static void a_transaction_becomes_the_operations_of_the_rfc(void **state UNUSED)
{
    struct db_row *a;
    struct db_txn *txn;
    const char *name;

    server.reply = fixture_json("[{},{'uuid':['uuid','" UUID_A "']},{'count':1},{'count':1},"
                                "{'rows':[]},{}]");
    run_until(&n_changed, 1);
    a = db_client_only(client, "T");
    txn = db_txn_new(client);
    assert_true(db_txn_is_empty(txn));
    db_txn_comment(txn, "why");
    assert_int_equal(db_txn_op(txn, fixture_json("{'op':'select','table':'T','where':[]}")), 0);
    db_txn_insert(txn, "T", &name);
    db_txn_set(txn, "T", NULL, name, "name", json_string("new"));
    db_txn_set(txn, "T", &a->uuid, NULL, "name", json_string("x"));
    db_txn_mutate(txn, "T", &a->uuid, "n", "+=", json_integer(1));
    db_txn_verify(txn, a, "n");
    db_txn_verify(txn, a, "no-such-column");
    db_txn_commit(txn, on_done, NULL);
    assert_int_equal(n_done, 0);
    run_until(&n_done, 1);
    assert_int_equal(done_error, 0);
    assert_sent("['D',{'op':'wait','table':'T','timeout':0,'where':[['_uuid','==',['uuid','" UUID_A
                "']]],'columns':['n'],'until':'==','rows':[{'n':1}]},"
                "{'op':'insert','table':'T','uuid-name':'row1','row':{'name':'new'}},"
                "{'op':'update','table':'T','where':[['_uuid','==',['uuid','" UUID_A
                "']]],'row':{'name':'x'}},"
                "{'op':'mutate','table':'T','where':[['_uuid','==',['uuid','" UUID_A
                "']]],'mutations':[['n','+=',1]]},"
                "{'op':'select','table':'T','where':[]},{'op':'comment','comment':'why'}]");
    assert_int_equal(json_array_size(done_results), 2);
    assert_non_null(json_object_get(json_array_get(done_results, 0), "rows"));
    assert_non_null(json_object_get(json_array_get(done_results, 1), "uuid"));
}

static void commit_delete(void)
{
    struct db_txn *txn = db_txn_new(client);
    struct uuid uuid;

    assert_true(uuid_from_string(UUID_A, &uuid));
    db_txn_delete(txn, "T", &uuid);
    db_txn_commit(txn, on_done, NULL);
}

static void outcome(const char *reply, bool is_error, int error, const char *text)
{
    unsigned int before = n_done;

    json_decref(server.reply);
    server.reply = fixture_json(reply);
    server.is_error = is_error;
    commit_delete();
    run_until(&n_done, before + 1);
    assert_int_equal(done_error, error);
    assert_string_equal(done_text, text);
}

static void failures_are_told_apart(void **state UNUSED)
{
    run_until(&n_changed, 1);
    outcome("[{'error':'timed out','details':'where'},null]", false, -EAGAIN, "timed out: where");
    outcome("[{},null,{'error':'constraint violation','details':'x'}]", false, -EINVAL,
            "constraint violation: x");
    outcome("[{'error':'resources exhausted'}]", false, -ENOSPC, "resources exhausted");
    outcome("{'error':'unknown database','details':'D'}", true, -ENOENT, "unknown database: D");
    outcome("'unknown method'", true, -EINVAL, "unknown method");
    outcome("7", false, -EPROTO, "the database's reply is no array");
}

static void an_empty_transaction_succeeds_without_the_server(void **state UNUSED)
{
    db_txn_commit(db_txn_new(client), on_done, NULL);
    assert_int_equal(n_done, 0);
    run_until(&n_done, 1);
    assert_int_equal(done_error, 0);
}

static void without_a_connection_it_is_to_be_tried_again(void **state UNUSED)
{
    commit_delete();
    assert_int_equal(n_done, 0);
    run_until(&n_done, 1);
    assert_int_equal(done_error, -EAGAIN);
}

static void a_connection_lost_in_between_is_to_be_tried_again(void **state UNUSED)
{
    run_until(&n_changed, 1);
    commit_delete();
    jsonrpc_free(server.rpc);
    server.rpc = NULL;
    run_until(&n_done, 1);
    assert_int_equal(done_error, -EAGAIN);
}

static void closing_the_client_ends_its_transactions(void **state UNUSED)
{
    run_until(&n_changed, 1);
    commit_delete();
    db_txn_commit(db_txn_new(client), on_done, NULL);
    db_client_free(client);
    client = NULL;
    assert_int_equal(n_done, 2);
    assert_int_equal(done_error, -ECANCELED);
}

static void remotes_that_are_none_are_refused(void **state UNUSED)
{
    struct db_client *c;
    struct error err = {0};

    assert_int_equal(db_client_new(base, "unix:/x,foo", "D", NULL, &callbacks, NULL, &c, &err),
                     -EINVAL);
    assert_non_null(strstr(err.text, "'foo'"));
    assert_int_equal(db_client_new(base, ",", "D", NULL, &callbacks, NULL, &c, &err), -EINVAL);
}

static void goes_on_to_the_next_remote(void **state UNUSED)
{
    char *remotes = xasprintf("unix:%s/none,%s", dir, connect_name);

    db_client_free(client);
    n_changed = n_disconnected = 0;
    assert_int_equal(db_client_new(base, remotes, "D", NULL, &callbacks, NULL, &client, NULL), 0);
    run_until(&n_changed, 1);
    assert_true(n_disconnected >= 1);
    assert_string_equal(db_client_remote(client), connect_name);
    free(remotes);
}

int main(void)
{
#define T(F) cmocka_unit_test_setup_teardown(F, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(follows_a_server_with_monitor_cond_since),
        T(follows_a_server_with_monitor_cond),
        T(follows_a_server_with_monitor_alone),
        T(updates_of_other_monitors_are_ignored),
        T(comes_back_after_a_loss_and_asks_for_what_it_missed),
        T(an_update_that_does_not_fit_makes_it_fetch_all_anew),
        T(one_connection_is_lost_once),
        T(a_transaction_becomes_the_operations_of_the_rfc),
        T(failures_are_told_apart),
        T(an_empty_transaction_succeeds_without_the_server),
        T(without_a_connection_it_is_to_be_tried_again),
        T(a_connection_lost_in_between_is_to_be_tried_again),
        T(closing_the_client_ends_its_transactions),
        T(remotes_that_are_none_are_refused),
        T(goes_on_to_the_next_remote),
    };
    int rc;

    signal(SIGPIPE, SIG_IGN);
    if (!mkdtemp(dir)) {
        return 1;
    }
    listen_name = xasprintf("punix:%s/db.sock", dir);
    connect_name = xasprintf("unix:%s/db.sock", dir);
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    free(listen_name);
    free(connect_name);
    rmdir(dir);
    return rc;
}
