/* The blocking JSON-RPC call of command-line tools: see jsonrpc_call() in jsonrpc.h. It runs an
 * event loop of its own; not for daemons. */
#include "lib/jsonrpc.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <string.h>

#include "lib/stream.h"

#define CALL_MAX_MESSAGE ((size_t)1 << 30) /* A dump of many flows is one string. */

struct call {
    struct event_base *base;
    const char *stream;
    json_int_t id;
    json_t *result;
    json_t *error;
    bool done;
    struct error *err;
    int ret;
};

static void finish(struct call *c, int ret)
{
    if (!c->done) {
        c->done = true;
        c->ret = ret;
        event_base_loopbreak(c->base);
    }
}

static void on_message(struct jsonrpc *j, const struct jsonrpc_msg *m, void *c_)
{
    struct call *c = c_;

    if (m->type == JSONRPC_REQUEST && !strcmp(m->method, "echo")) {
        jsonrpc_send_reply(j, m->id, json_incref(m->params)); /* The server asks if we live. */
    } else if ((m->type == JSONRPC_REPLY || m->type == JSONRPC_ERROR) && json_is_integer(m->id) &&
               json_integer_value(m->id) == c->id && !c->done) {
        if (m->type == JSONRPC_ERROR) {
            c->error = json_incref(m->error);
        } else {
            c->result = m->result ? json_incref(m->result) : json_null();
        }
        finish(c, 0);
    }
}

static void on_closed(struct jsonrpc *j UNUSED, const char *reason, void *c_)
{
    struct call *c = c_;

    if (!c->done) {
        finish(c, error_set(c->err, ECONNRESET, "%s: %s", c->stream, reason));
    }
}

static void on_timeout(evutil_socket_t fd UNUSED, short what UNUSED, void *c_)
{
    struct call *c = c_;

    if (!c->done) {
        finish(c, error_set(c->err, ETIMEDOUT, "%s: no answer in time", c->stream));
    }
}

int jsonrpc_call(const char *stream, const char *method, json_t *params, unsigned int timeout_ms,
                 json_t **ret_result, json_t **ret_error, struct error *err)
{
    static const struct jsonrpc_callbacks callbacks = {.message = on_message, .closed = on_closed};
    struct jsonrpc_limits limits = {.max_message = CALL_MAX_MESSAGE,
                                    .max_backlog = CALL_MAX_MESSAGE};
    struct call c = {.stream = stream, .err = err};
    struct timeval timeout = {timeout_ms / 1000, (suseconds_t)(timeout_ms % 1000) * 1000};
    struct bufferevent *bev;
    struct jsonrpc *j = NULL;

    c.base = event_base_new();
    if (!c.base) {
        json_decref(params);
        return error_set(err, ENOMEM, "%s: no event loop", stream);
    }
    bev = stream_connect(c.base, stream, err);
    if (!bev) {
        json_decref(params);
        c.ret = err && err->code ? -err->code : -EIO;
        goto out;
    }
    j = jsonrpc_new(bev, &limits, &callbacks, &c);
    jsonrpc_send_request(j, method, params, &c.id);
    if (timeout_ms) {
        event_base_once(c.base, -1, EV_TIMEOUT, on_timeout, &c, &timeout);
    }
    event_base_dispatch(c.base);
    if (!c.done) {
        c.ret = error_set(err, EIO, "%s: the event loop ended", stream);
    } else if (!c.ret) {
        *ret_result = c.result;
        *ret_error = c.error;
    }
out:
    jsonrpc_free(j);
    event_base_free(c.base);
    return c.ret;
}
