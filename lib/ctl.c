/* The server's side of the ctl socket: see ctl.h. Runs on the event base's thread.
 *
 * Clients are programs of the same machine that could open the socket, but even so a client can
 * only slow down itself: the number of connections and the size of a request are limited, one that
 * does not read its answers is not read from, and when all places are taken, the connection that
 * has been silent the longest and waits for no answer gives its place to the newcomer. */
#include "lib/ctl.h"

#include <event2/bufferevent.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "lib/jsonrpc.h"
#include "lib/log.h"
#include "lib/strbuf.h"
#include "lib/stream.h"

LOG_MODULE(ctl)

#define MAX_CONNECTIONS 256
#define MAX_REQUEST ((size_t)1 << 20)
#define MAX_ARGS 1024
#define MAX_BACKLOG ((size_t)1 << 30)
#define PAUSE_BACKLOG ((size_t)1 << 20)

struct command {
    struct command *next;
    const char *name;
    const char *usage;
    int min_args;
    int max_args;
    ctl_handler *handler;
    void *aux;
};

static struct command *commands; /* Sorted by name. */

struct connection {
    TAILQ_ENTRY(connection) node;
    struct ctl_server *server;
    struct jsonrpc *rpc;
    LIST_HEAD(request_list, ctl_request) requests;
};

struct ctl_request {
    LIST_ENTRY(ctl_request) node;
    struct connection *connection; /* NULL when the client has gone. */
    json_t *id;
    bool wants_json;
};

struct path {
    SLIST_ENTRY(path) node;
    struct stream_listener *listener;
};

struct ctl_server {
    struct event_base *base;
    SLIST_HEAD(path_list, path) paths;
    TAILQ_HEAD(connection_list, connection) connections; /* The most silent first. */
    unsigned int n_connections;
};

/* --- Commands --------------------------------------------------------------------------------- */

void ctl_register(const char *name, const char *usage, int min_args, int max_args,
                  ctl_handler *handler, void *aux)
{
    struct command **where = &commands, *c;

    while (*where && strcmp((*where)->name, name) < 0) {
        where = &(*where)->next;
    }
    if (*where && !strcmp((*where)->name, name)) {
        c = *where; /* Registered anew: by a second instance, in tests. */
    } else {
        c = xcalloc(1, sizeof *c);
        c->next = *where;
        *where = c;
    }
    c->name = name;
    c->usage = usage;
    c->min_args = min_args;
    c->max_args = max_args;
    c->handler = handler;
    c->aux = aux;
}

static const struct command *find_command(const char *name)
{
    for (const struct command *c = commands; c; c = c->next) {
        if (!strcmp(c->name, name)) {
            return c;
        }
    }
    return NULL;
}

/* --- Requests --------------------------------------------------------------------------------- */

static void end_request(struct ctl_request *r, const char *text, bool ok)
{
    if (r->connection) {
        size_t n = strlen(text);
        bool whole = !n || text[n - 1] == '\n'; /* ovs-appctl prints what it gets, no more. */
        json_t *value = whole ? json_string(text) : json_sprintf("%s\n", text);

        if (!value) {
            value = json_string("the answer is not valid UTF-8");
            ok = false;
        }
        if (ok) {
            jsonrpc_send_reply(r->connection->rpc, r->id, value);
        } else {
            jsonrpc_send_error(r->connection->rpc, r->id, value);
        }
        LIST_REMOVE(r, node);
    }
    json_decref(r->id);
    free(r);
}

bool ctl_wants_json(const struct ctl_request *r)
{
    return r->wants_json;
}

void ctl_reply_json(struct ctl_request *r, json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

    end_request(r, text ? text : "null", true);
    free(text);
    json_decref(value);
}

void ctl_reply(struct ctl_request *r, const char *text)
{
    end_request(r, text, true);
}

void ctl_reply_error(struct ctl_request *r, const char *text)
{
    end_request(r, text, false);
}

static void PRINTF_LIKE(2, 3) reply_errorf(struct ctl_request *r, const char *fmt, ...)
{
    char text[400];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    ctl_reply_error(r, text);
}

/* Checks the arguments and calls the command's handler. */
static void run_command(struct ctl_request *r, const char *name, const json_t *params)
{
    const struct command *c = find_command(name);
    const char *argv[MAX_ARGS];
    size_t argc = json_array_size(params), first = 0;

    if (argc && json_is_string(json_array_get(params, 0)) &&
        !strcmp(json_string_value(json_array_get(params, 0)), CTL_JSON_ARG)) {
        r->wants_json = true;
        first = 1;
        argc--;
    }
    if (!c) {
        reply_errorf(r,
                     "\"%.100s\" is not a valid command (use \"list-commands\" to see a list of "
                     "valid commands)",
                     name);
        return;
    }
    if (argc < (size_t)c->min_args) {
        reply_errorf(r, "\"%.100s\" command requires at least %d argument%s (%s%s%s)", name,
                     c->min_args, c->min_args == 1 ? "" : "s", name, *c->usage ? " " : "",
                     c->usage);
        return;
    }
    if (argc > (size_t)c->max_args || argc > MAX_ARGS) {
        reply_errorf(r, "\"%.100s\" command takes at most %d argument%s (%s%s%s)", name,
                     MIN_OF(c->max_args, MAX_ARGS), c->max_args == 1 ? "" : "s", name,
                     *c->usage ? " " : "", c->usage);
        return;
    }
    for (size_t i = 0; i < argc; i++) {
        argv[i] = json_string_value(json_array_get(params, first + i));
        if (!argv[i]) {
            reply_errorf(r, "\"%.100s\" command: argument %zu is not a string", name, i + 1);
            return;
        }
    }
    c->handler(r, (int)argc, argv, c->aux);
}

/* --- Connections ------------------------------------------------------------------------------ */

static void close_connection(struct connection *c)
{
    struct ctl_request *r;

    while ((r = LIST_FIRST(&c->requests))) {
        LIST_REMOVE(r, node);
        r->connection = NULL; /* Its handler still answers, into the void. */
    }
    jsonrpc_free(c->rpc);
    TAILQ_REMOVE(&c->server->connections, c, node);
    c->server->n_connections--;
    free(c);
}

static void on_message(struct jsonrpc *rpc, const struct jsonrpc_msg *m, void *c_)
{
    struct connection *c = c_;
    struct ctl_request *r;

    TAILQ_REMOVE(&c->server->connections, c, node);
    TAILQ_INSERT_TAIL(&c->server->connections, c, node);
    if (m->type != JSONRPC_REQUEST) {
        return;
    }
    if (!strcmp(m->method, "echo") && !find_command("echo")) {
        jsonrpc_send_reply(rpc, m->id, json_incref(m->params));
        return;
    }
    r = xcalloc(1, sizeof *r);
    r->connection = c;
    r->id = json_incref(m->id);
    LIST_INSERT_HEAD(&c->requests, r, node);
    run_command(r, m->method, m->params);
}

static void on_closed(struct jsonrpc *rpc UNUSED, const char *reason UNUSED, void *c)
{
    close_connection(c);
}

/* False when all connections wait for answers. */
static bool make_room(struct ctl_server *s)
{
    struct connection *c;

    TAILQ_FOREACH (c, &s->connections, node) {
        if (LIST_EMPTY(&c->requests)) {
            log_warn_limit("ctl socket: a silent connection is closed to make room: %d are open, "
                           "which is the limit",
                           MAX_CONNECTIONS);
            close_connection(c);
            return true;
        }
    }
    return false;
}

static void on_accept(struct bufferevent *bev, const char *peer UNUSED, void *server_)
{
    static const struct jsonrpc_callbacks callbacks = {.message = on_message, .closed = on_closed};
    static const struct jsonrpc_limits limits = {
        .max_message = MAX_REQUEST, .max_backlog = MAX_BACKLOG, .pause_reading = PAUSE_BACKLOG};
    struct ctl_server *s = server_;
    struct connection *c;

    if (s->n_connections >= MAX_CONNECTIONS && !make_room(s)) {
        bufferevent_free(bev);
        return;
    }
    c = xcalloc(1, sizeof *c);
    c->server = s;
    LIST_INIT(&c->requests);
    TAILQ_INSERT_TAIL(&s->connections, c, node);
    s->n_connections++;
    c->rpc = jsonrpc_new(bev, &limits, &callbacks, c);
}

/* --- Built-in commands ------------------------------------------------------------------------ */

static void list_commands(struct ctl_request *r, int argc UNUSED, const char *const argv[] UNUSED,
                          void *aux UNUSED)
{
    struct strbuf s = STRBUF_INIT;

    strbuf_puts(&s, "The available commands are:\n");
    for (const struct command *c = commands; c; c = c->next) {
        strbuf_printf(&s, "  %-23s %s", c->name, c->usage);
        while (s.data[s.len - 1] == ' ') {
            strbuf_chop(&s, 1);
        }
        strbuf_putc(&s, '\n');
    }
    ctl_reply(r, strbuf_str(&s));
    strbuf_free(&s);
}

static void show_version(struct ctl_request *r, int argc UNUSED, const char *const argv[] UNUSED,
                         void *aux UNUSED)
{
    char text[128];

    snprintf(text, sizeof text, "%s (Sluice) %s\n", log_program(), SLUICE_VERSION);
    ctl_reply(r, text);
}

static void vlog_set(struct ctl_request *r, int argc, const char *const argv[], void *aux UNUSED)
{
    struct error err = {0};
    int error = 0;

    if (!argc) {
        error = log_set_levels("dbg", &err);
    }
    for (int i = 0; i < argc && !error; i++) {
        error = log_set_levels(argv[i], &err);
    }
    if (error) {
        ctl_reply_error(r, err.text);
    } else {
        ctl_reply(r, "");
    }
}

static void vlog_list(struct ctl_request *r, int argc UNUSED, const char *const argv[] UNUSED,
                      void *aux UNUSED)
{
    struct strbuf s = STRBUF_INIT;

    log_list(&s);
    ctl_reply(r, strbuf_str(&s));
    strbuf_free(&s);
}

static void vlog_reopen(struct ctl_request *r, int argc UNUSED, const char *const argv[] UNUSED,
                        void *aux UNUSED)
{
    struct error err = {0};

    if (log_reopen(&err)) {
        ctl_reply_error(r, err.text);
    } else {
        ctl_reply(r, "");
    }
}

CONSTRUCTOR static void register_built_in(void)
{
    ctl_register("list-commands", "", 0, 0, list_commands, NULL);
    ctl_register("version", "", 0, 0, show_version, NULL);
    ctl_register("vlog/set", "[[MODULE:]LEVEL]...", 0, INT_MAX, vlog_set, NULL);
    ctl_register("vlog/list", "", 0, 0, vlog_list, NULL);
    ctl_register("vlog/reopen", "", 0, 0, vlog_reopen, NULL);
}

/* --- Server ----------------------------------------------------------------------------------- */

int ctl_server_add_path(struct ctl_server *s, const char *path, struct error *err)
{
    char *name = xasprintf("punix:%s", path);
    struct stream_listener *listener;
    int error = stream_listen(s->base, name, on_accept, s, &listener, err);

    if (!error) {
        struct path *p = xcalloc(1, sizeof *p);

        p->listener = listener;
        SLIST_INSERT_HEAD(&s->paths, p, node);
    }
    free(name);
    return error;
}

int ctl_server_new(struct event_base *base, const char *path, struct ctl_server **ret,
                   struct error *err)
{
    struct ctl_server *s = xcalloc(1, sizeof *s);
    int error;

    s->base = base;
    SLIST_INIT(&s->paths);
    TAILQ_INIT(&s->connections);
    error = ctl_server_add_path(s, path, err);
    if (error) {
        ctl_server_free(s);
        return error;
    }
    *ret = s;
    return 0;
}

void ctl_server_free(struct ctl_server *s)
{
    struct path *p;

    if (!s) {
        return;
    }
    while (!TAILQ_EMPTY(&s->connections)) {
        close_connection(TAILQ_FIRST(&s->connections));
    }
    while ((p = SLIST_FIRST(&s->paths))) {
        SLIST_REMOVE_HEAD(&s->paths, node);
        stream_listener_free(p->listener);
        free(p);
    }
    free(s);
}
