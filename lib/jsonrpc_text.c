/* See jsonrpc_text.h. */
#include "lib/jsonrpc_text.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>

#include "lib/util.h"

#define COPY_UP_TO 2048

struct jsonrpc_text {
    unsigned int n_refs;
    unsigned int n_queued; /* Of these, by outputs. */
    size_t len;
    char *data;
};

/* A text in one output. */
struct jsonrpc_text_ref {
    LIST_ENTRY(jsonrpc_text_ref) entry;
    struct jsonrpc_text_queue *queue; /* NULL: abandoned. */
    struct jsonrpc_text *text;
};

static size_t queued_bytes;

struct jsonrpc_text *jsonrpc_text_new(char *data, size_t len)
{
    struct jsonrpc_text *t = xcalloc(1, sizeof *t);

    t->n_refs = 1;
    t->len = len;
    t->data = data;
    return t;
}

void jsonrpc_text_unref(struct jsonrpc_text *t)
{
    if (t && !--t->n_refs) {
        free(t->data);
        free(t);
    }
}

size_t jsonrpc_text_bytes(void)
{
    return queued_bytes;
}

/* The output has written it, or is gone. */
static void on_written(const void *data UNUSED, size_t len UNUSED, void *ref_)
{
    struct jsonrpc_text_ref *ref = ref_;

    if (ref->queue) {
        LIST_REMOVE(ref, entry);
        ref->queue->bytes -= ref->text->len;
    }
    if (!--ref->text->n_queued) {
        queued_bytes -= ref->text->len;
    }
    jsonrpc_text_unref(ref->text);
    free(ref);
}

int jsonrpc_text_put(struct jsonrpc_text_queue *q, struct evbuffer *out, struct jsonrpc_text *t)
{
    struct jsonrpc_text_ref *ref;

    if (t->len <= COPY_UP_TO) {
        return evbuffer_add(out, t->data, t->len) ? -ENOMEM : 0;
    }
    ref = xcalloc(1, sizeof *ref);
    ref->queue = q;
    ref->text = t;
    if (evbuffer_add_reference(out, t->data, t->len, on_written, ref)) {
        free(ref);
        return -ENOMEM;
    }
    LIST_INSERT_HEAD(&q->refs, ref, entry);
    q->bytes += t->len;
    t->n_refs++;
    if (!t->n_queued++) {
        queued_bytes += t->len;
    }
    return 0;
}

void jsonrpc_text_queue_abandon(struct jsonrpc_text_queue *q)
{
    struct jsonrpc_text_ref *ref;

    while ((ref = LIST_FIRST(&q->refs))) {
        LIST_REMOVE(ref, entry);
        ref->queue = NULL;
    }
    q->bytes = 0;
}
