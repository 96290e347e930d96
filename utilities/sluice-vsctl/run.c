/* One invocation from connecting to the daemon's confirmation.
 *
 * Connect; when the schema is known ask the commands what they need; when the replica is there run
 * them against a model of it; commit; if the database was changed by somebody meanwhile do it anew;
 * print what they say; wait until sluice-vswitchd has taken the change over. All in one event
 * loop; on_*() are its callbacks. */
#include <event2/event.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/output.h"
#include "utilities/sluice-vsctl/topology.h"
#include "utilities/sluice-vsctl/vsctl.h"

enum state {
    STATE_ATTEMPT,    /* The next change of the replica starts an attempt. */
    STATE_COMMITTING, /* A transaction is under way. */
    STATE_CONFIRM,    /* Done; waiting for cur_cfg. */
    STATE_DONE,
};

struct run {
    struct vsctl *v;
    struct event_base *base;
    enum state state;
    bool changed;            /* The replica, since the transaction was sent. */
    unsigned int n_failures; /* Of connecting, in a row. */
    bool had_schema;
    bool increments; /* next_cfg; then 'cfg_slot' is the result that tells it, or 'next_cfg' is it.
                      */
    size_t cfg_slot;
    int64_t next_cfg;
    int exit_code;
};

static const char *program = "sluice-vsctl";

void vsctl_warn(const char *fmt, ...)
{
    va_list args;

    fflush(stdout);
    fprintf(stderr, "%s: ", program);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
}

static void finish(struct run *r, int exit_code)
{
    r->state = STATE_DONE;
    r->exit_code = exit_code;
    event_base_loopbreak(r->base);
}

static void fail(struct run *r, const char *text)
{
    vsctl_warn("%s", text);
    finish(r, 1);
}

/* --- Output -------------------------------------------------------------------------------------
 */

static void print_oneline(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n') {
            if (i + 1 < len) {
                fputs("\\n", stdout);
            }
        } else if (text[i] == '\\') {
            fputs("\\\\", stdout);
        } else {
            putchar(text[i]);
        }
    }
    putchar('\n');
}

static void print_output(struct vsctl *v)
{
    enum db_report_format format = v->options->style.format;
    bool separates = format != DB_REPORT_JSON && format != DB_REPORT_HTML, had_table = false;

    for (size_t i = 0; i < v->n_commands; i++) {
        struct command *c = &v->commands[i];
        struct strbuf s = STRBUF_INIT;

        if (c->created) {
            char text[UUID_LEN + 1];

            uuid_to_string(mrow_final_uuid(c->created), text);
            strbuf_printf(&c->output, "%s\n", text);
        }
        if (c->report) {
            if (had_table && separates) {
                putchar('\n');
            }
            db_report_print(c->report, &s);
            fputs(strbuf_str(&s), stdout);
            had_table = true;
        } else if (v->options->oneline) {
            print_oneline(strbuf_str(&c->output), c->output.len);
        } else {
            fputs(strbuf_str(&c->output), stdout);
        }
        strbuf_free(&s);
    }
    fflush(stdout);
}

/* --- An attempt ---------------------------------------------------------------------------------
 */

static void drop_attempt(struct vsctl *v)
{
    for (size_t i = 0; i < v->n_commands; i++) {
        command_reset(&v->commands[i]);
    }
    for (size_t i = 0; i < v->n_new_ifaces; i++) {
        free(v->new_ifaces[i]);
    }
    free(v->new_ifaces);
    v->new_ifaces = NULL;
    v->n_new_ifaces = 0;
    topology_free(v->topology);
    v->topology = NULL;
    model_free(v->model);
    v->model = NULL;
    v->is_waiting = false;
}

static int run_commands(struct vsctl *v, struct error *err)
{
    vsctl_root(v);
    for (size_t i = 0; i < v->n_commands && !v->is_waiting; i++) {
        int rc = v->commands[i].def->run(v, &v->commands[i], err);

        if (rc) {
            return rc;
        }
    }
    return v->is_waiting ? 0 : model_check_symbols(v->model, err);
}

/* Asks sluice-vswitchd to confirm: increments next_cfg. */
static void increment_cfg(struct run *r, struct db_txn *txn)
{
    struct mrow *root = vsctl_root(r->v);
    char text[UUID_LEN + 1];

    r->increments = true;
    if (mrow_is_new(root)) {
        r->cfg_slot = SIZE_MAX; /* attempt() wrote 'next_cfg'. */
        return;
    }
    uuid_to_string(mrow_uuid(root), text);
    db_txn_mutate(txn, "Open_vSwitch", mrow_uuid(root), "next_cfg", "+=", json_integer(1));
    r->cfg_slot = db_txn_op(txn, json_pack("{s:s, s:s, s:[[s,s,[s,s]]], s:[s]}", "op", "select",
                                           "table", "Open_vSwitch", "where", "_uuid", "==", "uuid",
                                           text, "columns", "next_cfg"));
}

static void add_comment(struct vsctl *v, struct db_txn *txn)
{
    struct strbuf s = STRBUF_INIT;
    json_t *json;

    strbuf_printf(&s, "%s:", v->options->program);
    for (size_t i = 0; i < v->n_commands; i++) {
        char *text = command_text(&v->commands[i]);

        strbuf_printf(&s, "%s %s", i ? " --" : "", text);
        free(text);
    }
    json = json_string(strbuf_str(&s)); /* NULL when an argument is not UTF-8. */
    if (json) {
        db_txn_comment(txn, strbuf_str(&s));
    }
    json_decref(json);
    strbuf_free(&s);
}

static void warn_unused(const char *name)
{
    vsctl_warn("row id \"@%s\" was created but no reference to it was inserted, so it will not "
               "actually appear in the database",
               name);
}

static void on_committed(int error, const char *text, const json_t *results, void *aux);

static void attempt(struct run *r)
{
    struct vsctl *v = r->v;
    struct error err = {0};
    struct db_txn *txn;
    int rc;

    v->model = model_new(v->client);
    rc = run_commands(v, &err);
    if (rc == -VSCTL_EXIT_NOW) {
        finish(r, v->exit_code);
        return;
    }
    if (rc) {
        fail(r, err.text);
        return;
    }
    if (v->is_waiting) {
        drop_attempt(v);
        return;
    }
    model_each_unused(v->model, warn_unused);
    if (mrow_is_new(vsctl_root(v)) && !v->options->no_wait) {
        mrow_set_integer(vsctl_root(v), "next_cfg", 1);
        r->next_cfg = 1;
    }
    txn = db_txn_new(v->client);
    r->increments = false;
    if (!model_compile(v->model, txn) || v->options->dry_run) {
        db_txn_free(txn);
        print_output(v);
        finish(r, 0);
        return;
    }
    if (!v->options->no_wait) {
        increment_cfg(r, txn);
    }
    add_comment(v, txn);
    r->state = STATE_COMMITTING;
    r->changed = false;
    db_txn_commit(txn, on_committed, r);
}

/* --- After the commit ---------------------------------------------------------------------------
 */

static struct db_row *find_row_of_iface(struct db_client *client, const char *name)
{
    struct db_row *row = NULL;

    while ((row = db_client_next(client, "Interface", row)) != NULL) {
        if (!strcmp(db_row_string(row, "name", ""), name)) {
            return row;
        }
    }
    return NULL;
}

static void check_new_ifaces(struct vsctl *v)
{
    for (size_t i = 0; i < v->n_new_ifaces; i++) {
        struct db_row *row = find_row_of_iface(v->client, v->new_ifaces[i]);
        const char *text = row ? db_row_string(row, "error", "") : "";

        if (row && (*text || db_row_integer(row, "ofport", 0) == -1)) {
            vsctl_warn("Error detected while setting up '%s'%s%s.  See sluice-vswitchd's log for "
                       "details.",
                       v->new_ifaces[i], *text ? ": " : "", text);
        }
    }
}

static void check_confirmed(struct run *r)
{
    struct db_row *root = db_client_only(r->v->client, "Open_vSwitch");

    if (root && db_row_integer(root, "cur_cfg", 0) >= r->next_cfg) {
        check_new_ifaces(r->v);
        finish(r, 0);
    }
}

static void on_committed(int error, const char *text, const json_t *results, void *aux)
{
    struct run *r = aux;
    struct vsctl *v = r->v;
    char *message;

    if (error == -ECANCELED) {
        return; /* The program ends. */
    }
    if (error == -EAGAIN) {
        drop_attempt(v);
        r->state = STATE_ATTEMPT;
        if (r->changed && db_client_is_synced(v->client)) {
            attempt(r);
        }
        return;
    }
    if (error) {
        message = xasprintf("transaction error: %s", text);
        fail(r, message);
        free(message);
        return;
    }
    model_learn(v->model, results);
    print_output(v);
    if (!r->increments) {
        finish(r, 0);
        return;
    }
    if (r->cfg_slot != SIZE_MAX) {
        json_t *rows = json_object_get(json_array_get(results, r->cfg_slot), "rows");

        r->next_cfg = json_integer_value(json_object_get(json_array_get(rows, 0), "next_cfg"));
    }
    r->state = STATE_CONFIRM;
    check_confirmed(r);
}

/* --- The client's callbacks ---------------------------------------------------------------------
 */

static void on_schema(struct db_client *client, void *aux)
{
    static const char *const tables[] = {"Open_vSwitch", "Bridge", "Port", "Interface"};
    struct run *r = aux;
    struct vsctl *v = r->v;
    struct error err = {0};

    r->n_failures = 0;
    v->schema = db_client_schema(client);
    if (r->had_schema) {
        return;
    }
    r->had_schema = true;
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        if (vsctl_require_table(v, tables[i], &err)) {
            fail(r, err.text);
            return;
        }
    }
    vsctl_need(v, "Open_vSwitch", "cur_cfg");
    for (size_t i = 0; i < v->n_commands; i++) {
        struct command *c = &v->commands[i];

        if (c->def->needs && c->def->needs(v, c, &err)) {
            fail(r, err.text);
            return;
        }
    }
    db_client_set_tables(client, needs_tables(v));
}

static void on_changed(struct db_client *client UNUSED, void *aux)
{
    struct run *r = aux;

    r->changed = true;
    if (r->state == STATE_ATTEMPT) {
        attempt(r);
    } else if (r->state == STATE_CONFIRM) {
        check_confirmed(r);
    }
}

static unsigned int count_remotes(const char *remotes)
{
    unsigned int n = 1;

    for (; *remotes; remotes++) {
        n += *remotes == ',';
    }
    return n;
}

static void on_disconnected(struct db_client *client, const char *reason, void *aux)
{
    static const char prefix[] = "cannot connect: ";
    struct run *r = aux;
    const char *cause = strstr(reason, prefix);
    char *text;

    if (r->state == STATE_DONE || r->v->options->retry ||
        ++r->n_failures < count_remotes(r->v->options->db)) {
        return;
    }
    text = xasprintf("%s: database connection failed (%s)", db_client_remote(client),
                     cause ? cause + strlen(prefix) : reason);
    fail(r, text);
    free(text);
}

static const struct db_client_callbacks callbacks = {
    .changed = on_changed,
    .connected = on_schema,
    .disconnected = on_disconnected,
};

/* --- Life ---------------------------------------------------------------------------------------
 */

/* Ends as ovs-vsctl does, by SIGALRM: a shell sees 142. */
static void on_timeout(evutil_socket_t fd UNUSED, short what UNUSED, void *aux)
{
    struct run *r = aux;

    vsctl_warn("gave up after %u seconds, waiting for %s", r->v->options->timeout_s,
               !r->had_schema              ? "the database server"
               : r->state == STATE_CONFIRM ? "sluice-vswitchd to take the change over"
                                           : "the database");
    signal(SIGALRM, SIG_DFL);
    raise(SIGALRM);
}

int vsctl_run(struct vsctl *v)
{
    struct run r = {.v = v, .base = event_base_new()};
    struct timeval tv = {v->options->timeout_s, 0};
    struct event *timer = evtimer_new(r.base, on_timeout, &r);
    struct error err = {0};

    if (v->options->timeout_s) {
        event_add(timer, &tv);
    }
    if (db_client_new(r.base, v->options->db, "Open_vSwitch", NULL, &callbacks, &r, &v->client,
                      &err)) {
        vsctl_warn("%s: database connection failed (%s)", v->options->db, err.text);
        r.exit_code = 1;
    } else {
        event_base_dispatch(r.base);
    }
    r.state = STATE_DONE;
    drop_attempt(v);
    db_client_free(v->client);
    event_free(timer);
    event_base_free(r.base);
    return r.exit_code;
}

int vsctl_main(int argc, char *argv[])
{
    struct vsctl_options options;
    struct vsctl v = {.options = &options};
    struct error err = {0};
    char **first = NULL;
    size_t n_first = 0;
    bool done = false;
    int next, rc = 0;

    signal(SIGPIPE, SIG_IGN); /* A server that dies is a lost connection. */
    next = vsctl_options_parse(&options, argc, argv, &n_first, &first, &done, &err);
    program = options.program;
    log_init(program);
    if (next < 0 || (!done && commands_parse(&v, argc - next, argv + next, n_first, first, &err))) {
        vsctl_warn("%s", err.text);
        rc = 1;
    } else if (!done) {
        rc = vsctl_run(&v);
    }
    if (output_flush(&err)) {
        vsctl_warn("%s", err.text);
        rc = rc ? rc : 1;
    }
    if (next >= 0) {
        vsctl_free_words(n_first, first);
    }
    commands_free(&v);
    needs_free(&v);
    vsctl_options_free(&options);
    return rc;
}
