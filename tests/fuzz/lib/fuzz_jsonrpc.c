/* Feeds hostile bytes to a JSON-RPC connection, twice: whole, and cut into pieces whose sizes the
 * input chooses. Both must give the same messages and the same end, within the limits. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/jsonrpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    unsigned int n_messages;
    uint64_t hash; /* Of all messages. */
    bool closed;
};

static void on_message(struct jsonrpc *rpc, const struct jsonrpc_msg *m, void *o_)
{
    json_t *parts[] = {m->params, m->result, m->error, m->id};
    struct outcome *o = o_;

    o->n_messages++;
    o->hash = hash_mix64(o->hash + m->type);
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        char *text = parts[i] ? json_dumps(parts[i], JSON_ENCODE_ANY) : NULL;

        if (text) {
            o->hash = hash_bytes(text, strlen(text), o->hash);
        }
        free(text);
    }
    if (m->type == JSONRPC_REQUEST) {
        jsonrpc_send_reply(rpc, m->id, json_incref(m->params));
    }
}

static void on_closed(struct jsonrpc *rpc UNUSED, const char *reason UNUSED, void *o_)
{
    struct outcome *o = o_;

    if (o->closed) {
        abort();
    }
    o->closed = true;
}

static struct outcome play(const uint8_t *data, size_t size, bool in_pieces)
{
    static const struct jsonrpc_callbacks callbacks = {.message = on_message, .closed = on_closed};
    static const struct jsonrpc_limits limits = {
        .max_message = 4096, .max_depth = 8, .max_backlog = 1 << 20};
    static struct event_base *base;
    struct bufferevent *pair[2];
    struct outcome o = {0};
    struct jsonrpc *rpc;
    size_t at = 0;

    if (!base) {
        base = event_base_new();
    }
    if (bufferevent_pair_new(base, 0, pair)) {
        abort();
    }
    rpc = jsonrpc_new(pair[0], &limits, &callbacks, &o);
    bufferevent_enable(pair[1], EV_READ | EV_WRITE);
    while (at < size && !o.closed) {
        size_t n = in_pieces ? (size_t)data[(at * 7) % size] % 13 + 1 : size;

        n = MIN_OF(n, size - at);
        bufferevent_write(pair[1], data + at, n);
        at += n;
        for (int i = 0; i < 4; i++) {
            event_base_loop(base, EVLOOP_NONBLOCK);
        }
        evbuffer_drain(bufferevent_get_input(pair[1]), SIZE_MAX);
    }
    jsonrpc_free(rpc);
    bufferevent_free(pair[1]);
    event_base_loop(base, EVLOOP_NONBLOCK);
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome whole = play(data, size, false);
    struct outcome pieces = play(data, size, true);

    if (whole.n_messages != pieces.n_messages || whole.hash != pieces.hash ||
        whole.closed != pieces.closed) {
        abort();
    }
    return 0;
}
