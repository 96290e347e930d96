/* Monitors of sessions: monitor, monitor_cond, monitor_cond_since, monitor_cond_change,
 * monitor_cancel. What they ask for is parsed in monitor_parse.c; updates are made in
 * monitor_update.c. */
#include <stdlib.h>
#include <string.h>

#include "db/server/internal.h"

static struct monitor *find(const struct session *s, const json_t *id)
{
    struct monitor *monitor;

    LIST_FOREACH (monitor, &s->monitors, in_session) {
        if (json_equal(monitor->id, id)) {
            return monitor;
        }
    }
    return NULL;
}

static void set_id(struct monitor *monitor, json_t *id)
{
    json_decref(monitor->id);
    free(monitor->id_text);
    monitor->id = json_incref(id);
    monitor->id_text = json_dumps(id, JSON_ENCODE_ANY | JSON_COMPACT);
}

static void join(struct monitor *monitor, struct monitor_group *group)
{
    monitor->group = group;
    LIST_INSERT_HEAD(&group->monitors, monitor, in_group);
}

void monitor_free(struct monitor *monitor)
{
    LIST_REMOVE(monitor, in_group);
    LIST_REMOVE(monitor, in_session);
    monitor->session->n_monitors--;
    monitor_group_unref(monitor->group);
    json_decref(monitor->id);
    free(monitor->id_text);
    free(monitor);
}

void monitor_send(const struct monitor *monitor, const struct uuid *txn_id,
                  struct jsonrpc_text *updates)
{
    static const char *const methods[] = {"update", "update2", "update3"};
    struct strbuf head = STRBUF_INIT;
    char text[UUID_LEN + 1];

    strbuf_putc(&head, '[');
    strbuf_puts(&head, monitor->id_text);
    if (monitor->group->version == 3) {
        uuid_to_string(txn_id, text);
        strbuf_printf(&head, ",\"%s\"", text);
    }
    strbuf_putc(&head, ',');
    jsonrpc_send_notify_text(monitor->session->rpc, methods[monitor->group->version - 1],
                             strbuf_str(&head), updates, "]");
    strbuf_free(&head);
}

static void method_failure(struct session *s, const struct jsonrpc_msg *m, struct failure *failure)
{
    jsonrpc_send_error(s->rpc, m->id, failure_to_json(failure));
    failure_clear(failure);
}

/* The reply to monitor_cond_since: what changed since the transaction that the client knows, or
 * else everything. */
static void put_since(struct strbuf *s, const struct monitor_group *g, const json_t *last_id)
{
    const char *id_text = json_string_value(last_id);
    struct txn *changes = NULL;
    char text[UUID_LEN + 1];
    struct uuid id;
    size_t len;

    if (id_text && uuid_from_string(id_text, &id)) {
        changes = history_changes_since(g->hosted->history, &id);
    }
    uuid_to_string(history_last(g->hosted->history), text);
    strbuf_printf(s, "[%s,\"%s\",", changes ? "true" : "false", text);
    len = s->len;
    if (changes) {
        monitor_put_changes(s, g, changes);
        strbuf_puts(s, s->len == len ? "{}" : "");
        history_free_changes(changes);
    } else {
        monitor_put_initial(s, g);
    }
    strbuf_putc(s, ']');
}

static void reply_initial(const struct monitor *monitor, const struct jsonrpc_msg *m)
{
    struct strbuf s = STRBUF_INIT;

    if (monitor->group->version == 3) {
        put_since(&s, monitor->group, json_array_get(m->params, 3));
    } else {
        monitor_put_initial(&s, monitor->group);
    }
    jsonrpc_send_reply_text(monitor->session->rpc, m->id, s.data, s.len);
    strbuf_free(&s);
}

void monitor_request(struct session *s, const struct jsonrpc_msg *m, int version)
{
    size_t n_params = version == 3 ? 4 : 3;
    struct hosted *h = methods_find_db(s, m);
    json_t *id = json_array_get(m->params, 1);
    struct failure failure = {NULL, NULL, NULL};
    struct monitor_group *group;
    struct monitor *monitor;

    if (!h) {
        return;
    }
    if (json_array_size(m->params) != n_params) {
        methods_error(s, m, FAILURE_SYNTAX, "%s request has %zu params, not %zu", m->method,
                      n_params, json_array_size(m->params));
        return;
    }
    if (find(s, id)) {
        methods_error(s, m, FAILURE_SYNTAX, "duplicate monitor ID");
        return;
    }
    if (s->n_monitors >= MAX_MONITORS) {
        methods_error(s, m, FAILURE_RESOURCES, "a session may have at most %d monitors",
                      MAX_MONITORS);
        return;
    }
    if (monitor_group_find(h, json_array_get(m->params, 2), version, &group, &failure)) {
        method_failure(s, m, &failure);
        return;
    }
    monitor = xcalloc(1, sizeof *monitor);
    monitor->session = s;
    set_id(monitor, id);
    join(monitor, group);
    LIST_INSERT_HEAD(&s->monitors, monitor, in_session);
    s->n_monitors++;
    reply_initial(monitor, m);
}

void monitor_cancel_request(struct session *s, const struct jsonrpc_msg *m)
{
    struct monitor *monitor = find(s, json_array_get(m->params, 0));

    if (!monitor || json_array_size(m->params) != 1) {
        jsonrpc_send_error(s->rpc, m->id, json_string("unknown monitor"));
        return;
    }
    monitor_free(monitor);
    jsonrpc_send_reply(s->rpc, m->id, json_object());
}

void monitor_cancel_all(struct hosted *h)
{
    struct monitor_group *g, *next_group;
    struct monitor *monitor;

    HASH_ITER (hh, h->groups, g, next_group) {
        HASH_DEL(h->groups, g);
        g->hosted = NULL;
        g->n_refs++; /* Until its monitors are gone. */
        while ((monitor = LIST_FIRST(&g->monitors))) {
            jsonrpc_send_notify(monitor->session->rpc, "monitor_canceled",
                                json_pack("[O]", monitor->id));
            monitor_free(monitor);
        }
        monitor_group_unref(g);
    }
}

/* --- monitor_cond_change. --- */

/* Puts a new "where" into each of a table's requests. */
static int change_where(json_t *requests, const char *table, const json_t *change,
                        struct failure *failure)
{
    json_t *mine = json_object_get(requests, table), *where, *element;
    size_t i;

    if (!mine) {
        return failure_set(failure, FAILURE_SYNTAX, "table %.64s is not monitored", table);
    }
    if (json_is_array(change)) {
        if (json_array_size(change) != 1) {
            return failure_set(failure, FAILURE_SYNTAX,
                               "table %.64s: <monitor-cond-update-request> is not one object",
                               table);
        }
        change = json_array_get(change, 0);
    }
    if (!json_is_object(change) || json_object_get(change, "columns")) {
        return failure_set(failure, FAILURE_SYNTAX,
                           "table %.64s: <monitor-cond-update-request> is an object with a member "
                           "\"where\" (changing \"columns\" is not supported)",
                           table);
    }
    where = json_object_get(change, "where");
    where = where ? json_incref(where) : json_array();
    if (json_is_object(mine)) {
        json_object_set(mine, "where", where);
    }
    json_array_foreach (mine, i, element) {
        json_object_set(element, "where", where);
    }
    json_decref(where);
    return 0;
}

/* The group that results from changing the conditions of a monitor. */
static int changed_group(const struct monitor *monitor, const json_t *changes,
                         struct monitor_group **ret, struct failure *failure)
{
    const struct monitor_group *g = monitor->group;
    json_t *requests = json_deep_copy(g->requests), *change;
    const char *table;
    int error = 0;

    if (!json_is_object(changes)) {
        json_decref(requests);
        return failure_set(failure, FAILURE_SYNTAX,
                           "<monitor-cond-update-requests> is not an object");
    }
    json_object_foreach ((json_t *)changes, table, change) {
        error = error ? error : change_where(requests, table, change, failure);
    }
    if (!error) {
        error = monitor_group_find(g->hosted, requests, g->version, ret, failure);
    }
    json_decref(requests);
    return error;
}

void monitor_cond_change_request(struct session *s, const struct jsonrpc_msg *m)
{
    json_t *old_id = json_array_get(m->params, 0), *new_id = json_array_get(m->params, 1);
    struct monitor *monitor = find(s, old_id), *other;
    struct failure failure = {NULL, NULL, NULL};
    struct monitor_group *old, *group;
    struct strbuf updates = STRBUF_INIT;

    if (json_array_size(m->params) != 3) {
        methods_error(s, m, FAILURE_SYNTAX, "monitor_cond_change request has 3 params, not %zu",
                      json_array_size(m->params));
        return;
    }
    if (!monitor || monitor->group->version == 1) {
        methods_error(s, m, FAILURE_SYNTAX, "unknown monitor session");
        return;
    }
    other = find(s, new_id);
    if (other && other != monitor) {
        methods_error(s, m, FAILURE_SYNTAX, "duplicate monitor ID");
        return;
    }
    if (changed_group(monitor, json_array_get(m->params, 2), &group, &failure)) {
        method_failure(s, m, &failure);
        return;
    }
    old = monitor->group;
    monitor_put_cond_change(&updates, old, group);
    LIST_REMOVE(monitor, in_group);
    join(monitor, group);
    monitor_group_unref(old);
    set_id(monitor, new_id);
    if (updates.len) {
        struct jsonrpc_text *text = jsonrpc_text_new(updates.data, updates.len);

        monitor_send(monitor, history_last(group->hosted->history), text);
        jsonrpc_text_unref(text);
    } else {
        strbuf_free(&updates);
    }
    jsonrpc_send_reply(s->rpc, m->id, json_object());
}
