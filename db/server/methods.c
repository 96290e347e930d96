/* The methods of the protocol: a table, and those that need no file of their own. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/server/internal.h"

typedef void method_function(struct session *, const struct jsonrpc_msg *);

struct hosted *server_find(const struct server *server, const char *name)
{
    struct hosted *h;

    LIST_FOREACH (h, &server->dbs, entry) {
        if (!strcmp(h->name, name)) {
            return h;
        }
    }
    return NULL;
}

void methods_error(struct session *s, const struct jsonrpc_msg *m, const char *error,
                   const char *fmt, ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    jsonrpc_send_error(s->rpc, m->id, json_pack("{s:s, s:s*}", "error", error, "details", text));
}

struct hosted *methods_find_db(struct session *s, const struct jsonrpc_msg *m)
{
    const char *name = json_string_value(json_array_get(m->params, 0));
    struct hosted *h = name ? server_find(s->server, name) : NULL;

    if (!name) {
        methods_error(s, m, FAILURE_SYNTAX, "%s request params must begin with <db-name>",
                      m->method);
    } else if (!h) {
        methods_error(s, m, FAILURE_UNKNOWN_DATABASE, "%s request specifies unknown database %.64s",
                      m->method, name);
    }
    return h;
}

static void method_list_dbs(struct session *s, const struct jsonrpc_msg *m)
{
    json_t *names = json_array();
    struct hosted *h;

    LIST_FOREACH (h, &s->server->dbs, entry) {
        json_array_append_new(names, json_string(h->name));
    }
    jsonrpc_send_reply(s->rpc, m->id, names);
}

static void method_get_schema(struct session *s, const struct jsonrpc_msg *m)
{
    struct hosted *h = methods_find_db(s, m);

    if (h) {
        jsonrpc_send_reply(s->rpc, m->id, db_schema_to_json(h->db->schema));
    }
}

static void method_get_server_id(struct session *s, const struct jsonrpc_msg *m)
{
    char text[UUID_LEN + 1];

    uuid_to_string(&s->server->id, text);
    jsonrpc_send_reply(s->rpc, m->id, json_string(text));
}

static void method_set_db_change_aware(struct session *s, const struct jsonrpc_msg *m)
{
    const json_t *value = json_array_get(m->params, 0);

    if (json_array_size(m->params) != 1 || !json_is_boolean(value)) {
        methods_error(s, m, FAILURE_SYNTAX,
                      "set_db_change_aware request params must be [<boolean>]");
        return;
    }
    s->is_db_change_aware = json_is_true(value);
    jsonrpc_send_reply(s->rpc, m->id, json_object());
}

static void method_echo(struct session *s, const struct jsonrpc_msg *m)
{
    jsonrpc_send_reply(s->rpc, m->id, json_incref(m->params));
}

static void method_monitor(struct session *s, const struct jsonrpc_msg *m)
{
    monitor_request(s, m, 1);
}

static void method_monitor_cond(struct session *s, const struct jsonrpc_msg *m)
{
    monitor_request(s, m, 2);
}

static void method_monitor_cond_since(struct session *s, const struct jsonrpc_msg *m)
{
    monitor_request(s, m, 3);
}

static void method_lock(struct session *s, const struct jsonrpc_msg *m)
{
    lock_request(s, m, false);
}

static void method_steal(struct session *s, const struct jsonrpc_msg *m)
{
    lock_request(s, m, true);
}

static const struct {
    const char *name;
    method_function *run;
    bool is_behind_writes; /* It may tell of data, so what is finished is written first. */
} methods[] = {
    {"transact", transact_request, false},
    {"echo", method_echo, false},
    {"monitor", method_monitor, true},
    {"monitor_cond", method_monitor_cond, true},
    {"monitor_cond_since", method_monitor_cond_since, true},
    {"monitor_cond_change", monitor_cond_change_request, true},
    {"monitor_cancel", monitor_cancel_request, true},
    {"list_dbs", method_list_dbs, false},
    {"get_schema", method_get_schema, false},
    {"get_server_id", method_get_server_id, false},
    {"set_db_change_aware", method_set_db_change_aware, false},
    {"lock", method_lock, false},
    {"steal", method_steal, false},
    {"unlock", lock_unlock_request, false},
    {"convert", convert_request, true},
};

static void flush_all(struct server *server)
{
    struct hosted *h;

    LIST_FOREACH (h, &server->dbs, entry) {
        hosted_flush_all(h);
    }
}

void methods_dispatch(struct session *s, const struct jsonrpc_msg *m)
{
    if (m->type == JSONRPC_NOTIFY && !strcmp(m->method, "cancel")) {
        const json_t *id = json_array_get(m->params, 0);

        if (id) {
            transact_cancel(s, id);
        }
        return;
    }
    if (m->type != JSONRPC_REQUEST) {
        return; /* Replies to our requests, and notifications that we need not know. */
    }
    for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
        if (!strcmp(m->method, methods[i].name)) {
            if (methods[i].is_behind_writes) {
                flush_all(s->server);
            }
            methods[i].run(s, m);
            return;
        }
    }
    jsonrpc_send_error(s->rpc, m->id, json_string("unknown method"));
}
