/* JSON-RPC connections: see jsonrpc.h.
 *
 * What arrives is cut into messages by json_scan(), collected when a message comes in several
 * pieces, parsed by jansson, checked for its form and handed over. A connection may be freed inside
 * any of its callbacks: it then lives, dead, until the outermost function that uses it returns
 * (enter()/leave()). A failure found while sending is told from the event loop, never from inside a
 * sender, so that callers need not expect their connection to vanish under them.
 *
 * What is sent is written at the end of the event loop's turn, all of a turn at once, without
 * asking the kernel first whether it can be: mostly it can. The bufferevent is let write (and epoll
 * asked) only while something is left over. */
#include "lib/jsonrpc.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json_scan.h"
#include "lib/strbuf.h"

#define DEFAULT_MAX_MESSAGE ((size_t)64 << 20)
#define DEFAULT_MAX_DEPTH 64
#define DEFAULT_MAX_BACKLOG ((size_t)256 << 20)
#define INPUT_HIGH_WATER ((size_t)256 << 10) /* Of libevent's buffer; the kernel has one too. */
#define KEEP_BUFFER ((size_t)64 << 10) /* A collecting buffer larger than this is given back. */
#define FLUSH_TIMEOUT_S 10
#define GROWTH_STEP ((size_t)1 << 20)

struct jsonrpc {
    struct bufferevent *bev;
    struct event *fail_event;  /* Activated when a sender failed. */
    struct event *flush_event; /* Activated when something is to be written. */
    const struct jsonrpc_callbacks *callbacks;
    void *aux;
    struct jsonrpc_limits limits;

    struct json_scan scan;
    struct strbuf partial; /* Earlier pieces of the present message. */
    size_t told_partial;   /* Its size when 'grew' was called. */
    struct jsonrpc_text_queue texts;
    json_int_t next_id;
    struct error failure; /* Why 'fail_event' was activated. */

    unsigned int busy; /* Functions on the stack that use this connection. */
    bool dead;         /* To be freed by the last of them. */
    bool closed;       /* 'closed' was called, or must not be any more. */
    bool paused;       /* Not reading until the backlog is written. */
    bool eof;          /* The peer sends no more; what it asked for is still written. */
    bool finishing;    /* jsonrpc_finish() was called. */
};

static uint64_t traffic;

static void process_input(struct jsonrpc *);

static void destroy(struct jsonrpc *j)
{
    struct evbuffer *out = bufferevent_get_output(j->bev);

    /* The bufferevent itself may live on until the event loop's next turn. */
    evbuffer_unfreeze(out, 1);
    evbuffer_drain(out, SIZE_MAX);
    jsonrpc_text_queue_abandon(&j->texts);
    bufferevent_free(j->bev);
    event_free(j->fail_event);
    event_free(j->flush_event);
    strbuf_free(&j->partial);
    free(j);
}

static void enter(struct jsonrpc *j)
{
    j->busy++;
}

static void leave(struct jsonrpc *j)
{
    if (!--j->busy && j->dead) {
        destroy(j);
    }
}

/* Ends the connection. The caller has called enter(). */
static void close_with(struct jsonrpc *j, const char *reason)
{
    if (j->closed) {
        return;
    }
    j->closed = true;
    bufferevent_disable(j->bev, EV_READ | EV_WRITE);
    if (j->finishing) {
        j->dead = true;
    } else {
        j->callbacks->closed(j, reason, j->aux);
    }
}

/* Ends the connection from the event loop. */
static void fail_later(struct jsonrpc *j, int code, const char *text)
{
    if (!j->failure.code) {
        error_set(&j->failure, code, "%s", text);
        event_active(j->fail_event, 0, 0);
    }
}

static void on_failure(evutil_socket_t fd UNUSED, short what UNUSED, void *j_)
{
    struct jsonrpc *j = j_;

    enter(j);
    close_with(j, j->failure.text);
    leave(j);
}

static void set_write_timeout(struct jsonrpc *j)
{
    struct timeval timeout = {.tv_sec = FLUSH_TIMEOUT_S};

    bufferevent_setwatermark(j->bev, EV_WRITE, 0, 0);
    bufferevent_set_timeouts(j->bev, NULL, &timeout);
    bufferevent_enable(j->bev, EV_WRITE);
}

/* --- Receiving -------------------------------------------------------------------------------- */

static bool is_null(const json_t *v)
{
    return !v || json_is_null(v);
}

/* Fills 'm' from 'json', whose references it borrows. */
static int classify(const json_t *json, struct jsonrpc_msg *m, struct error *err)
{
    json_t *method = json_object_get(json, "method");

    memset(m, 0, sizeof *m);
    m->id = json_object_get(json, "id");
    if (!is_null(method)) {
        m->params = json_object_get(json, "params");
        if (!json_is_string(method)) {
            return error_set(err, EPROTO, "bad message: 'method' is not a string");
        }
        if (!json_is_array(m->params)) {
            return error_set(err, EPROTO, "bad message: 'params' of method '%.64s' is not an array",
                             json_string_value(method));
        }
        m->method = json_string_value(method);
        m->type = is_null(m->id) ? JSONRPC_NOTIFY : JSONRPC_REQUEST;
        return 0;
    }

    m->result = json_object_get(json, "result");
    m->error = json_object_get(json, "error");
    if (!m->id || (!m->result && !m->error)) {
        return error_set(err, EPROTO,
                         "bad message: neither a request (method, params, id) nor a reply (result, "
                         "error, id)");
    }
    if (!is_null(m->result) && !is_null(m->error)) {
        return error_set(err, EPROTO, "bad message: a reply with both 'result' and 'error'");
    }
    m->type = is_null(m->error) ? JSONRPC_REPLY : JSONRPC_ERROR;
    return 0;
}

/* 'text' is one whole object by its brackets. The caller has called enter(). */
static void handle_message(struct jsonrpc *j, const char *text, size_t n)
{
    uint64_t start = j->scan.offset - n;
    struct error err = {0};
    struct jsonrpc_msg m;
    json_error_t jerr;
    json_t *json = json_loadb(text, n, 0, &jerr);

    if (!json) {
        error_set(&err, EPROTO, "bad JSON at byte %llu: %s",
                  (unsigned long long)(start + (uint64_t)MAX_OF(jerr.position, 0)), jerr.text);
        close_with(j, err.text);
        return;
    }
    if (classify(json, &m, &err)) {
        close_with(j, err.text);
    } else {
        j->callbacks->message(j, &m, j->aux);
    }
    json_decref(json);
}

static void keep_piece(struct jsonrpc *j, const char *data, size_t n)
{
    strbuf_put(&j->partial, data, n);
    traffic += n;
    if (j->partial.len - j->told_partial >= GROWTH_STEP && j->callbacks->grew) {
        j->told_partial = j->partial.len;
        j->callbacks->grew(j, j->aux);
    }
}

/* Takes one piece of input, up to the end of the message in it. Returns the bytes that were used.
 */
static size_t take_piece(struct jsonrpc *j, const char *data, size_t n)
{
    struct error err = {0};
    size_t space = json_scan_space(&j->scan, data, n), used;

    data += space;
    n -= space;
    if (!n) {
        return space;
    }
    switch (json_scan(&j->scan, data, n, &used, &err)) {
    case JSON_SCAN_MORE: keep_piece(j, data, used); break;
    case JSON_SCAN_END:
        j->told_partial = 0;
        if (!j->partial.len) {
            handle_message(j, data, used); /* In place: no copy. */
            break;
        }
        strbuf_put(&j->partial, data, used);
        handle_message(j, j->partial.data, j->partial.len);
        if (j->partial.size > KEEP_BUFFER) {
            strbuf_free(&j->partial);
        } else {
            strbuf_clear(&j->partial);
        }
        break;
    case JSON_SCAN_ERROR: close_with(j, err.text); break;
    }
    return space + used;
}

static bool must_pause(const struct jsonrpc *j)
{
    return j->limits.pause_reading && jsonrpc_backlog(j) > j->limits.pause_reading;
}

/* Takes all input there is, unless the connection ends or pauses. The caller has called enter(). */
static void process_input(struct jsonrpc *j)
{
    struct evbuffer *in = bufferevent_get_input(j->bev);
    struct evbuffer_iovec piece;

    while (!j->dead && !j->closed && !j->finishing && !j->failure.code &&
           evbuffer_peek(in, -1, NULL, &piece, 1) > 0 && piece.iov_len) {
        if (must_pause(j)) {
            j->paused = true;
            bufferevent_disable(j->bev, EV_READ);
            return;
        }
        evbuffer_drain(in, take_piece(j, piece.iov_base, piece.iov_len));
    }
}

static void on_read(struct bufferevent *bev UNUSED, void *j_)
{
    struct jsonrpc *j = j_;

    enter(j);
    process_input(j);
    leave(j);
}

/* Some of the output was written. The caller has called enter(). */
static void after_write(struct jsonrpc *j)
{
    if (!j->closed && !jsonrpc_backlog(j)) {
        bufferevent_disable(j->bev, EV_WRITE);
    }
    if (j->paused && !must_pause(j) && !j->dead && !j->closed) {
        j->paused = false;
        bufferevent_enable(j->bev, EV_READ);
        process_input(j);
    }
    if (!j->closed && !jsonrpc_backlog(j)) {
        if (j->finishing) {
            j->dead = j->closed = true;
        } else if (j->eof) {
            close_with(j, "closed by peer");
        }
    }
}

static void on_write(struct bufferevent *bev UNUSED, void *j_)
{
    struct jsonrpc *j = j_;

    enter(j);
    after_write(j);
    leave(j);
}

/* Errors are left to the bufferevent, which will meet them, too, and tells of them. */
static void on_flush(evutil_socket_t unused UNUSED, short what UNUSED, void *j_)
{
    struct jsonrpc *j = j_;
    struct evbuffer *out = bufferevent_get_output(j->bev);
    evutil_socket_t fd = bufferevent_getfd(j->bev);

    if (j->dead || j->closed || bufferevent_get_enabled(j->bev) & EV_WRITE) {
        return;
    }
    enter(j);
    if (fd >= 0) {
        evbuffer_unfreeze(out, 1);
        evbuffer_write(out, fd);
        evbuffer_freeze(out, 1);
    }
    if (jsonrpc_backlog(j)) {
        bufferevent_enable(j->bev, EV_WRITE);
    }
    after_write(j);
    leave(j);
}

static void on_event(struct bufferevent *bev UNUSED, short what, void *j_)
{
    struct jsonrpc *j = j_;
    int code = EVUTIL_SOCKET_ERROR();

    enter(j);
    if (j->dead || j->closed) {
        /* Nobody is told any more. */
    } else if (what & BEV_EVENT_CONNECTED) {
        if (j->callbacks->connected) {
            j->callbacks->connected(j, j->aux);
        }
    } else if (what & BEV_EVENT_TIMEOUT) {
        close_with(j, "peer does not read");
    } else if (what & BEV_EVENT_ERROR) {
        close_with(j, code ? strerror(code) : "connection failed");
    } else if (jsonrpc_backlog(j)) {
        /* A peer such as socat closes its side once it has asked, and still waits for answers. */
        j->eof = true;
        set_write_timeout(j);
    } else {
        close_with(j, "closed by peer");
    }
    leave(j);
}

/* --- Life ------------------------------------------------------------------------------------- */

struct jsonrpc *jsonrpc_new(struct bufferevent *bev, const struct jsonrpc_limits *limits,
                            const struct jsonrpc_callbacks *callbacks, void *aux)
{
    struct jsonrpc *j = xcalloc(1, sizeof *j);

    j->bev = bev;
    j->callbacks = callbacks;
    j->aux = aux;
    if (limits) {
        j->limits = *limits;
    }
    j->limits.max_message = j->limits.max_message ? j->limits.max_message : DEFAULT_MAX_MESSAGE;
    j->limits.max_depth = j->limits.max_depth ? j->limits.max_depth : DEFAULT_MAX_DEPTH;
    j->limits.max_backlog = j->limits.max_backlog ? j->limits.max_backlog : DEFAULT_MAX_BACKLOG;
    json_scan_init(&j->scan, j->limits.max_message, j->limits.max_depth);

    j->fail_event = event_new(bufferevent_get_base(bev), -1, 0, on_failure, j);
    j->flush_event = event_new(bufferevent_get_base(bev), -1, 0, on_flush, j);
    if (!j->fail_event || !j->flush_event) {
        abort(); /* Out of memory, as for the x*() allocators. */
    }
    bufferevent_setcb(bev, on_read, on_write, on_event, j);
    bufferevent_setwatermark(bev, EV_READ, 0, INPUT_HIGH_WATER);
    bufferevent_setwatermark(bev, EV_WRITE, j->limits.pause_reading / 2, 0);
    bufferevent_enable(bev, EV_READ);
    bufferevent_disable(bev, EV_WRITE);
    return j;
}

void jsonrpc_free(struct jsonrpc *j)
{
    if (!j || j->dead) {
        return;
    }
    j->closed = true;
    if (j->busy) {
        j->dead = true;
        bufferevent_disable(j->bev, EV_READ | EV_WRITE);
    } else {
        destroy(j);
    }
}

void jsonrpc_finish(struct jsonrpc *j)
{
    if (j->closed || j->failure.code || !jsonrpc_backlog(j)) {
        jsonrpc_free(j);
        return;
    }
    j->finishing = true;
    bufferevent_disable(j->bev, EV_READ);
    set_write_timeout(j);
}

size_t jsonrpc_backlog(const struct jsonrpc *j)
{
    return evbuffer_get_length(bufferevent_get_output(j->bev));
}

size_t jsonrpc_own_bytes(const struct jsonrpc *j)
{
    size_t backlog = jsonrpc_backlog(j);

    return j->partial.size + (backlog > j->texts.bytes ? backlog - j->texts.bytes : 0);
}

uint64_t jsonrpc_traffic(void)
{
    return traffic;
}

/* --- Sending ---------------------------------------------------------------------------------- */

static bool can_send(const struct jsonrpc *j)
{
    return !j->dead && !j->closed && !j->finishing && !j->failure.code;
}

/* Something was put into the output. */
static void queued(struct jsonrpc *j)
{
    event_active(j->flush_event, 0, 0);
    if (jsonrpc_backlog(j) > j->limits.max_backlog) {
        fail_later(j, ENOBUFS, "too much is waiting to be written: the peer does not read");
    }
}

static void free_text(const void *text, size_t n UNUSED, void *extra UNUSED)
{
    free((void *)text);
}

/* Sends 'message', which it takes over (NULL when it could not be made). */
static void send_json(struct jsonrpc *j, json_t *message)
{
    if (can_send(j)) {
        char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;

        if (!text) {
            fail_later(j, EINVAL, "a message to send is not valid UTF-8");
        } else if (evbuffer_add_reference(bufferevent_get_output(j->bev), text, strlen(text),
                                          free_text, NULL)) {
            free(text);
            fail_later(j, ENOMEM, "out of memory");
        } else {
            traffic += strlen(text);
            queued(j);
        }
    }
    json_decref(message);
}

void jsonrpc_send_request(struct jsonrpc *j, const char *method, json_t *params, json_int_t *ret_id)
{
    json_int_t id = j->next_id++;

    if (ret_id) {
        *ret_id = id;
    }
    send_json(j, json_pack("{s:s, s:o, s:I}", "method", method, "params", params, "id", id));
}

void jsonrpc_send_notify(struct jsonrpc *j, const char *method, json_t *params)
{
    send_json(j, json_pack("{s:s, s:o, s:n}", "method", method, "params", params, "id"));
}

void jsonrpc_send_reply(struct jsonrpc *j, json_t *id, json_t *result)
{
    send_json(j, json_pack("{s:O, s:o, s:n}", "id", id, "result", result, "error"));
}

void jsonrpc_send_error(struct jsonrpc *j, json_t *id, json_t *error)
{
    send_json(j, json_pack("{s:O, s:n, s:o}", "id", id, "result", "error", error));
}

static bool put_shared(struct jsonrpc *j, struct jsonrpc_text *text)
{
    size_t before = jsonrpc_backlog(j);
    int error = jsonrpc_text_put(&j->texts, bufferevent_get_output(j->bev), text);

    traffic += jsonrpc_backlog(j) - before;
    return !error;
}

static bool put(struct jsonrpc *j, const char *text, size_t len)
{
    traffic += len;
    return !evbuffer_add(bufferevent_get_output(j->bev), text, len);
}

/* A message whose parts were put, if 'ok'. */
static void end_parts(struct jsonrpc *j, bool ok)
{
    if (!ok) {
        fail_later(j, ENOMEM, "out of memory");
    } else {
        queued(j);
    }
}

void jsonrpc_send_notify_text(struct jsonrpc *j, const char *method, const char *head,
                              struct jsonrpc_text *text, const char *tail)
{
    struct strbuf s = STRBUF_INIT;

    if (can_send(j)) {
        strbuf_printf(&s, "{\"id\":null,\"method\":\"%s\",\"params\":%s", method, head);
        end_parts(j, put(j, s.data, s.len) && put_shared(j, text) && put(j, tail, strlen(tail)) &&
                         put(j, "}", 1));
    }
    strbuf_free(&s);
}

void jsonrpc_send_reply_text(struct jsonrpc *j, const json_t *id, const char *result, size_t len)
{
    static const char tail[] = ",\"error\":null}";
    char *quoted = json_dumps(id, JSON_ENCODE_ANY | JSON_COMPACT);
    struct strbuf head = STRBUF_INIT;

    if (!quoted) {
        fail_later(j, EINVAL, "a message to send is not valid UTF-8");
    } else if (can_send(j)) {
        strbuf_printf(&head, "{\"id\":%s,\"result\":", quoted);
        end_parts(j, put(j, head.data, head.len) && put(j, result, len) &&
                         put(j, tail, sizeof tail - 1));
    }
    strbuf_free(&head);
    free(quoted);
}
