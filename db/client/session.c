/* See session.h. */
#include "db/client/session.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <string.h>
#include <uthash.h>

#include "lib/jsonrpc.h"
#include "lib/stream.h"

#define BACKOFF_MIN_MS 1000
#define BACKOFF_MAX_MS 8000
/* Time for a connection to be established. */
#define CONNECT_MS 10000
/* Silence after which the server is asked whether it lives, and how long it may take to answer. A
 * server that writes a big commit to a slow disk, or sends tens of megabytes, is alive. */
#define PROBE_MS 5000
#define PROBE_REPLY_MS 30000
/* The first copy of a large database is one message. */
#define MAX_MESSAGE ((size_t)512 << 20)

struct request {
    json_int_t id;
    db_session_reply *reply;
    void *aux;
    UT_hash_handle hh;
};

struct db_session {
    struct event_base *base;
    char **remotes;
    unsigned int n_remotes;
    unsigned int current;         /* In remotes: in use, or to be tried next. */
    unsigned int failed_in_a_row; /* Attempts since one was healthy. */
    unsigned int backoff_ms;
    struct jsonrpc *rpc; /* NULL while waiting for the next attempt. */
    bool is_connected;
    bool is_probing;
    char *drop_reason; /* Set by db_session_reconnect(). */
    struct event *timer;
    struct request *requests;
    const struct db_session_callbacks *callbacks;
    void *aux;
};

static void set_timer(struct db_session *s, unsigned int ms)
{
    struct timeval tv = {ms / 1000, (ms % 1000) * 1000};

    event_add(s->timer, &tv);
}

static void fail_requests(struct db_session *s)
{
    struct request *r, *tmp;

    HASH_ITER (hh, s->requests, r, tmp) {
        HASH_DEL(s->requests, r);
        r->reply(NULL, NULL, r->aux);
        free(r);
    }
}

/* Ends the attempt or the connection; a drop that was asked for is the reason, even when the server
 * is faster. One round over all remotes goes without a pause. */
static void lost(struct db_session *s, const char *reason)
{
    char *drop_reason = s->drop_reason;
    unsigned int pause_ms = 0;

    jsonrpc_free(s->rpc);
    s->rpc = NULL;
    s->is_connected = false;
    s->is_probing = false;
    s->drop_reason = NULL;
    fail_requests(s);
    if (++s->failed_in_a_row % s->n_remotes == 0) {
        pause_ms = s->backoff_ms;
        s->backoff_ms = MIN_OF(s->backoff_ms * 2, BACKOFF_MAX_MS);
    }
    set_timer(s, pause_ms);
    s->callbacks->disconnected(drop_reason ? drop_reason : reason, s->aux);
    free(drop_reason);
    s->current = (s->current + 1) % s->n_remotes;
}

static void on_closed(struct jsonrpc *rpc UNUSED, const char *reason, void *aux)
{
    lost(aux, reason);
}

static void on_connected(struct jsonrpc *rpc UNUSED, void *aux)
{
    struct db_session *s = aux;

    s->is_connected = true;
    set_timer(s, PROBE_MS);
    s->callbacks->connected(s->aux);
}

static void on_reply(struct db_session *s, const struct jsonrpc_msg *msg)
{
    struct request *r;
    json_int_t id;

    if (!json_is_integer(msg->id)) {
        return; /* Not an id of ours; nobody waits for it. */
    }
    id = json_integer_value(msg->id);
    HASH_FIND(hh, s->requests, &id, sizeof id, r);
    if (!r) {
        return; /* Such as a probe's echo. */
    }
    HASH_DEL(s->requests, r);
    if (msg->type == JSONRPC_REPLY) {
        r->reply(msg->result, NULL, r->aux);
    } else {
        r->reply(NULL, msg->error, r->aux);
    }
    free(r);
}

static void on_message(struct jsonrpc *rpc, const struct jsonrpc_msg *msg, void *aux)
{
    struct db_session *s = aux;

    s->is_probing = false;
    if (s->drop_reason) {
        return; /* What comes before the timer fires is of no interest any more. */
    }
    set_timer(s, PROBE_MS);
    switch (msg->type) {
    case JSONRPC_REQUEST:
        if (!strcmp(msg->method, "echo")) {
            jsonrpc_send_reply(rpc, msg->id, json_incref(msg->params));
        } else {
            jsonrpc_send_error(rpc, msg->id, json_string("unknown method"));
        }
        break;
    case JSONRPC_NOTIFY: s->callbacks->notify(msg->method, msg->params, s->aux); break;
    case JSONRPC_REPLY:
    case JSONRPC_ERROR: on_reply(s, msg); break;
    }
}

static const struct jsonrpc_callbacks rpc_callbacks = {
    .message = on_message,
    .closed = on_closed,
    .connected = on_connected,
};

static void attempt(struct db_session *s)
{
    static const struct jsonrpc_limits limits = {.max_message = MAX_MESSAGE};
    struct bufferevent *bev;
    struct error err = {0};

    bev = stream_connect(s->base, s->remotes[s->current], &err);
    if (!bev) {
        lost(s, err.text);
        return;
    }
    s->rpc = jsonrpc_new(bev, &limits, &rpc_callbacks, s);
    set_timer(s, CONNECT_MS);
}

/* One timer serves all states: pause between attempts, connecting, silence, probe sent, drop. */
static void on_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *aux)
{
    struct db_session *s = aux;

    if (s->drop_reason) {
        lost(s, s->drop_reason);
    } else if (!s->rpc) {
        attempt(s);
    } else if (!s->is_connected) {
        lost(s, "connecting took too long");
    } else if (!s->is_probing) {
        s->is_probing = true;
        jsonrpc_send_request(s->rpc, "echo", json_array(), NULL);
        set_timer(s, PROBE_REPLY_MS);
    } else {
        lost(s, "no answer to a probe");
    }
}

static int split_remotes(struct db_session *s, const char *remotes, struct error *err)
{
    char *copy = xstrdup(remotes), *save = NULL, *name;
    int rc = 0;

    for (name = strtok_r(copy, ",", &save); name && !rc; name = strtok_r(NULL, ",", &save)) {
        if (!stream_name_is_active(name)) {
            rc = error_set(err, EINVAL,
                           "database '%s': not of the form unix:PATH, tcp:HOST:PORT or "
                           "ssl:HOST:PORT",
                           name);
            break;
        }
        s->remotes = xreallocarray(s->remotes, s->n_remotes + 1, sizeof *s->remotes);
        s->remotes[s->n_remotes++] = xstrdup(name);
    }
    free(copy);
    if (!rc && !s->n_remotes) {
        rc = error_set(err, EINVAL, "database '%s': no remote is named", remotes);
    }
    return rc;
}

int db_session_new(struct event_base *base, const char *remotes,
                   const struct db_session_callbacks *callbacks, void *aux, struct db_session **ret,
                   struct error *err)
{
    struct db_session *s = xcalloc(1, sizeof *s);
    int rc = split_remotes(s, remotes, err);

    if (rc) {
        db_session_free(s);
        return rc;
    }
    s->base = base;
    s->callbacks = callbacks;
    s->aux = aux;
    s->backoff_ms = BACKOFF_MIN_MS;
    s->timer = evtimer_new(base, on_timer, s);
    set_timer(s, 0);
    *ret = s;
    return 0;
}

void db_session_free(struct db_session *s)
{
    if (!s) {
        return;
    }
    if (s->timer) {
        event_free(s->timer);
    }
    jsonrpc_free(s->rpc);
    fail_requests(s);
    for (unsigned int i = 0; i < s->n_remotes; i++) {
        free(s->remotes[i]);
    }
    free(s->remotes);
    free(s->drop_reason);
    free(s);
}

void db_session_request(struct db_session *s, const char *method, json_t *params,
                        db_session_reply *reply, void *aux)
{
    struct request *r;

    if (!s->is_connected) {
        json_decref(params);
        reply(NULL, NULL, aux);
        return;
    }
    r = xcalloc(1, sizeof *r);
    r->reply = reply;
    r->aux = aux;
    jsonrpc_send_request(s->rpc, method, params, &r->id);
    if (!s->is_connected) { /* Sending found the connection broken. */
        free(r);
        reply(NULL, NULL, aux);
        return;
    }
    HASH_ADD(hh, s->requests, id, sizeof r->id, r);
}

bool db_session_is_connected(const struct db_session *s)
{
    return s->is_connected;
}

void db_session_reconnect(struct db_session *s, const char *reason)
{
    if (!s->drop_reason) {
        s->drop_reason = xstrdup(reason);
        set_timer(s, 0);
    }
}

void db_session_healthy(struct db_session *s)
{
    s->failed_in_a_row = 0;
    s->backoff_ms = BACKOFF_MIN_MS;
}

unsigned int db_session_n_remotes(const struct db_session *s)
{
    return s->n_remotes;
}

const char *db_session_remote(const struct db_session *s)
{
    return s->remotes[s->current];
}
