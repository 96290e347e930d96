/* Texts that several connections send: serialised once, kept until the last of them has written it
 * or is gone, and counted once. For lib/jsonrpc and those who send through it. One thread: the
 * event base's. */
#ifndef LIB_JSONRPC_TEXT_H
#define LIB_JSONRPC_TEXT_H

#include <stddef.h>
#include <sys/queue.h>

struct evbuffer;
struct jsonrpc_text;
struct jsonrpc_text_ref;

/* Takes over 'data' (from malloc()). The caller holds a reference. */
struct jsonrpc_text *jsonrpc_text_new(char *data, size_t len);
void jsonrpc_text_unref(struct jsonrpc_text *);

/* Bytes of all that wait in any queue, each text counted once, by this process. */
size_t jsonrpc_text_bytes(void);

/* The texts that wait in one connection's output. */
struct jsonrpc_text_queue {
    LIST_HEAD(jsonrpc_text_refs, jsonrpc_text_ref) refs;
    size_t bytes;
};

/* Appends the text to 'out', which holds it until it is written. Short ones are copied, for what
 * holding them would cost. 0 or -ENOMEM. */
int jsonrpc_text_put(struct jsonrpc_text_queue *, struct evbuffer *out, struct jsonrpc_text *);
/* The queue's owner goes; the buffer may hold its texts for a while yet. */
void jsonrpc_text_queue_abandon(struct jsonrpc_text_queue *);

#endif
