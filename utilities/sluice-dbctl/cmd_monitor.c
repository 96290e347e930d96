/* monitor: prints what is in tables, then every change as it happens, until it is stopped. */
#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/jsonrpc.h"
#include "lib/output.h"
#include "lib/stream.h"
#include "utilities/sluice-dbctl/dbctl.h"

/* One table that is watched. */
struct watched {
    const struct db_table_schema *table;
    struct dbctl_columns columns;
    json_t *requests; /* [<monitor-request>...] */
};

struct monitor {
    struct dbctl *d;
    struct event_base *base;
    size_t n_tables;
    struct watched *tables;
    bool with_captions;
    struct error *err;
    int rc;
};

static const char *const actions[] = {"initial", "insert", "delete", "modify"};

/* --- What to watch ------------------------------------------------------------------------------
 */

/* "a,b,!initial" into a <monitor-request>. */
static int parse_group(struct watched *w, const char *group, struct error *err)
{
    json_t *select = json_object(), *names = json_array();
    char *copy = xstrdup(group), *save = NULL, *word;
    size_t first = w->columns.n;
    int rc = 0;

    for (word = strtok_r(copy, ",", &save); word && !rc; word = strtok_r(NULL, ",", &save)) {
        bool is_action = false;

        for (size_t i = 0; word[0] == '!' && i < ARRAY_SIZE(actions); i++) {
            if (!strcmp(word + 1, actions[i])) {
                json_object_set_new(select, actions[i], json_false());
                is_action = true;
            }
        }
        if (!is_action) {
            rc = word[0] == '!' ? error_set(err, EINVAL,
                                            "'%.100s': !initial, !insert, !delete or "
                                            "!modify is expected",
                                            word)
                                : dbctl_columns_add(&w->columns, w->table, word, err);
        }
    }
    free(copy);
    if (w->columns.n == first) {
        dbctl_columns_all(&w->columns, w->table, false);
    }
    for (size_t i = first; i < w->columns.n; i++) {
        const struct db_column *c = w->columns.columns[i];

        json_array_append_new(names, json_string(c ? c->name : "_uuid"));
    }
    json_array_append_new(w->requests, json_pack("{s:o, s:o}", "columns", names, "select", select));
    return rc;
}

static int choose_tables(struct monitor *m, const struct db_schema *schema, int argc, char *argv[],
                         struct error *err)
{
    int rc = 0;

    m->with_captions = !strcmp(argv[0], "ALL") && !db_schema_table(schema, "ALL");
    if (m->with_captions && argc > 1) {
        return error_set(err, EINVAL, "'%.100s': nothing may follow ALL", argv[1]);
    }
    m->tables = xcalloc(schema->n_tables + 1, sizeof *m->tables);
    for (unsigned int i = 0; m->with_captions && i < schema->n_tables; i++) {
        m->tables[m->n_tables++].table = &schema->tables[i];
    }
    if (!m->with_captions) {
        rc = dbctl_find_table(schema, argv[0], &m->tables[0].table, err);
        m->n_tables = rc ? 0 : 1;
    }
    for (size_t i = 0; i < m->n_tables; i++) {
        m->tables[i].requests = json_array();
        for (int k = 1; k < argc && !rc; k++) {
            rc = parse_group(&m->tables[i], argv[k], err);
        }
        if (argc == 1) {
            rc = parse_group(&m->tables[i], "", err);
        }
    }
    return rc;
}

/* --- Printing -----------------------------------------------------------------------------------
 */

static void print_columns(struct db_report *r, const struct watched *w, const json_t *row)
{
    for (size_t i = 0; i < w->columns.n; i++) {
        const struct db_column *c = w->columns.columns[i];
        const json_t *value = c ? json_object_get(row, c->name) : NULL;
        struct db_datum d;

        if (value && !db_datum_from_json(&d, &c->type, value, NULL, NULL, NULL)) {
            db_report_datum(r, &d, &c->type);
            db_datum_free(&d, &c->type);
        } else {
            db_report_text(r, "");
        }
    }
}

static void print_row(struct db_report *r, const struct watched *w, const char *uuid,
                      const json_t *update, bool is_initial)
{
    const json_t *old = json_object_get(update, "old"), *new = json_object_get(update, "new");

    if (old && new) {
        db_report_text(r, uuid);
        db_report_text(r, "old");
        print_columns(r, w, old);
        db_report_text(r, "");
        db_report_text(r, "new");
        print_columns(r, w, new);
        return;
    }
    db_report_text(r, uuid);
    db_report_text(r, old ? "delete" : is_initial ? "initial" : "insert");
    print_columns(r, w, old ? old : new);
}

static void stop(struct monitor *m, int rc)
{
    m->rc = rc;
    event_base_loopbreak(m->base);
}

static void print_time(void)
{
    uint64_t ms = time_wall_ms();
    time_t s = (time_t)(ms / 1000);
    struct tm tm;
    char text[32];

    localtime_r(&s, &tm);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
    printf("%s.%03u\n", text, (unsigned int)(ms % 1000));
}

static void print_updates(struct monitor *m, const json_t *updates, bool is_initial)
{
    int error;

    for (size_t i = 0; i < m->n_tables; i++) {
        const struct watched *w = &m->tables[i];
        json_t *table = json_object_get(updates, w->table->name), *update;
        struct db_report *r;
        const char *uuid;

        if (!json_object_size(table)) {
            continue;
        }
        if (m->d->timestamps) {
            print_time();
        }
        r = db_report_new(&m->d->style, m->with_captions ? w->table->name : NULL);
        db_report_heading(r, "row");
        db_report_heading(r, "action");
        for (size_t k = 0; k < w->columns.n; k++) {
            db_report_heading(r, w->columns.columns[k] ? w->columns.columns[k]->name : "_uuid");
        }
        json_object_foreach (table, uuid, update) {
            print_row(r, w, uuid, update, is_initial);
        }
        dbctl_print_report(m->d, r);
    }
    error = output_flush(m->err);
    if (error) {
        stop(m, error);
    }
}

/* --- The connection -----------------------------------------------------------------------------
 */

static void on_message(struct jsonrpc *rpc, const struct jsonrpc_msg *msg, void *aux)
{
    struct monitor *m = aux;

    if (msg->type == JSONRPC_REPLY) {
        print_updates(m, msg->result, true);
    } else if (msg->type == JSONRPC_ERROR) {
        char *text = json_dumps(msg->error, JSON_COMPACT | JSON_ENCODE_ANY);

        stop(m, error_set(m->err, EREMOTEIO, "monitor returned error: %s", text ? text : "?"));
        free(text);
    } else if (msg->type == JSONRPC_REQUEST && !strcmp(msg->method, "echo")) {
        jsonrpc_send_reply(rpc, msg->id, json_incref(msg->params));
    } else if (msg->type == JSONRPC_NOTIFY && !strcmp(msg->method, "update")) {
        print_updates(m, json_array_get(msg->params, 1), false);
    }
}

static void on_closed(struct jsonrpc *rpc UNUSED, const char *reason, void *aux)
{
    struct monitor *m = aux;

    stop(m, error_set(m->err, ECONNRESET, "%s: %s", m->d->server, reason));
}

static const struct jsonrpc_callbacks callbacks = {.message = on_message, .closed = on_closed};

static int follow(struct monitor *m, struct error *err)
{
    json_t *requests = json_object();
    struct bufferevent *bev;
    struct jsonrpc *rpc;

    m->err = err;
    m->base = event_base_new();
    bev = stream_connect(m->base, m->d->server, err);
    if (!bev) {
        json_decref(requests);
        event_base_free(m->base);
        return -EIO;
    }
    for (size_t i = 0; i < m->n_tables; i++) {
        json_object_set(requests, m->tables[i].table->name, m->tables[i].requests);
    }
    rpc = jsonrpc_new(bev, NULL, &callbacks, m);
    jsonrpc_send_request(rpc, "monitor", json_pack("[s, n, o]", m->d->db, requests), NULL);
    event_base_dispatch(m->base);
    jsonrpc_free(rpc);
    event_base_free(m->base);
    return m->rc;
}

static int monitor(struct dbctl *d, int argc, char *argv[], struct error *err)
{
    struct monitor m = {.d = d};
    struct db_schema *schema;
    int rc = dbctl_schema(d, &schema, err);

    if (rc) {
        return rc;
    }
    rc = choose_tables(&m, schema, argc, argv, err);
    if (!rc) {
        rc = follow(&m, err);
    }
    for (size_t i = 0; i < m.n_tables; i++) {
        json_decref(m.tables[i].requests);
        free(m.tables[i].columns.columns);
    }
    free(m.tables);
    db_schema_free(schema);
    return rc;
}

static const struct dbctl_command commands[] = {
    {"monitor", DBCTL_DATABASE, 1, INT_MAX, "TABLE [COLUMN[,COLUMN]...]... | ALL", monitor},
    {NULL},
};

DBCTL_COMMANDS(commands)
