/* JSON-RPC 1.0 over a stream: what both the ctl sockets and OVSDB (RFC 7047 section 4) speak.
 *
 * A connection reads a sequence of JSON objects with no separator, cuts it into messages, checks
 * their form and hands each to the callback. Hostile peers are bounded: a message's size and
 * nesting, and the bytes that wait to be written (a peer that does not read is disconnected with a
 * reason). One thread: the event base's. */
#ifndef LIB_JSONRPC_H
#define LIB_JSONRPC_H

#include <jansson.h>

#include "lib/error.h"
#include "lib/jsonrpc_text.h"

struct bufferevent;
struct event_base;

enum jsonrpc_type { JSONRPC_REQUEST, JSONRPC_NOTIFY, JSONRPC_REPLY, JSONRPC_ERROR };

/* A message as received: borrowed references, valid during the callback. */
struct jsonrpc_msg {
    enum jsonrpc_type type;
    const char *method; /* Request and notification. */
    json_t *params;     /* Request and notification: always an array. */
    json_t *result;     /* Reply. */
    json_t *error;      /* Error reply. */
    json_t *id;         /* Not for a notification. */
};

struct jsonrpc;

struct jsonrpc_callbacks {
    /* A well-formed message came. May send, and may call jsonrpc_free() on the connection. */
    void (*message)(struct jsonrpc *, const struct jsonrpc_msg *, void *aux);
    /* The connection ended; 'reason' is a text for the log ("closed by peer", "bad JSON at byte 17:
     * ..."). The callee is expected to jsonrpc_free() it; nothing more is called after this. */
    void (*closed)(struct jsonrpc *, const char *reason, void *aux);
    /* An active connection is established; may be NULL. */
    void (*connected)(struct jsonrpc *, void *aux);
    /* Another MiB of a message that is not complete was kept; may be NULL. Must not free. */
    void (*grew)(struct jsonrpc *, void *aux);
};

struct jsonrpc_limits {
    size_t max_message; /* Bytes of one message; 0: 64 MiB. */
    size_t max_depth;   /* Nesting of one message; 0: 64. */
    size_t max_backlog; /* Bytes waiting to be written; 0: 256 MiB. */
    /* While more bytes than this wait to be written, nothing is read: a peer that asks without
     * reading its answers is slowed down rather than disconnected. 0: never. For servers only; two
     * ends that both wait would wait for ever. */
    size_t pause_reading;
};

/* Takes ownership of 'bev'. 'callbacks' must live on; 'limits' (NULL: the defaults) is copied. */
struct jsonrpc *jsonrpc_new(struct bufferevent *bev, const struct jsonrpc_limits *limits,
                            const struct jsonrpc_callbacks *callbacks, void *aux);
/* Closes at once; what was not written yet is lost. NULL is fine. Safe inside callbacks. */
void jsonrpc_free(struct jsonrpc *);
/* Writes what is pending, then closes and frees, with no further callback. A peer that does not
 * read for 10 s is given up. */
void jsonrpc_finish(struct jsonrpc *);

/* Senders. They take over the references 'params', 'result' and 'error' ('id' is not taken).
 * 'method' is copied; of jsonrpc_send_notify_text() it must need no escape in JSON. A request's id
 * is made here and returned through 'ret_id' (a number unique in this connection), when that is not
 * NULL. */
void jsonrpc_send_request(struct jsonrpc *, const char *method, json_t *params, json_int_t *ret_id);
void jsonrpc_send_notify(struct jsonrpc *, const char *method, json_t *params);
void jsonrpc_send_reply(struct jsonrpc *, json_t *id, json_t *result);
void jsonrpc_send_error(struct jsonrpc *, json_t *id, json_t *error);
/* As jsonrpc_send_notify() with serialized params, which are 'head', 'text' and 'tail' one behind
 * the other: for one update to many clients, which share 'text'. */
void jsonrpc_send_notify_text(struct jsonrpc *, const char *method, const char *head,
                              struct jsonrpc_text *text, const char *tail);
/* As jsonrpc_send_reply() with an already serialized result. */
void jsonrpc_send_reply_text(struct jsonrpc *, const json_t *id, const char *result, size_t len);
/* Bytes not yet written to the socket. */
size_t jsonrpc_backlog(const struct jsonrpc *);
/* Bytes that the connection alone holds: of messages that are not complete or not written, without
 * the texts that others may hold, too (jsonrpc_text_bytes() counts those). */
size_t jsonrpc_own_bytes(const struct jsonrpc *);
/* Bytes that all connections of this process ever took in and gave out: says cheaply whether there
 * may be something new to look at. */
uint64_t jsonrpc_traffic(void);

/* A blocking call for command-line tools: connects to 'stream', sends one request, waits at most
 * 'timeout_ms' (0: for ever) for its reply. Returns 0 and exactly one of '*ret_result' and
 * '*ret_error' (owned by the caller; an error that is JSON null counts as none), or a negative
 * errno. */
int jsonrpc_call(const char *stream, const char *method, json_t *params, unsigned int timeout_ms,
                 json_t **ret_result, json_t **ret_error, struct error *);

#endif
