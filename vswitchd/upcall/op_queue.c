/* See op_queue.h. Actions and packets are copied into one growing byte buffer, addressed by offset
 * because it moves; both buffers start anew whenever everything was taken. */
#include "vswitchd/upcall/op_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"

#define SLICE 512 /* Operations given to the datapath at once. */

void op_queue_init(struct op_queue *q)
{
    memset(q, 0, sizeof *q);
}

void op_queue_free(struct op_queue *q)
{
    free(q->ops);
    free(q->actions_at);
    free(q->packet_at);
    free(q->keys);
    free(q->bytes);
    op_queue_init(q);
}

void op_queue_reset(struct op_queue *q)
{
    q->head = q->n = q->n_bytes = 0;
}

bool op_queue_is_full(const struct op_queue *q)
{
    return q->n - q->head >= OP_QUEUE_MAX;
}

size_t op_queue_length(const struct op_queue *q)
{
    return q->n - q->head;
}

static size_t keep_bytes(struct op_queue *q, const void *p, size_t len)
{
    size_t at = ROUND_UP(q->n_bytes, 8);

    if (!p) {
        return 0;
    }
    if (at + len > q->bytes_size) {
        q->bytes_size = MAX_OF(2 * q->bytes_size, ROUND_UP(at + len, 4096));
        q->bytes = xrealloc(q->bytes, q->bytes_size);
    }
    if (len) {
        memcpy(q->bytes + at, p, len);
    }
    q->n_bytes = at + len;
    return at + 1;
}

static void grow(struct op_queue *q)
{
    struct flow_key *keys;

    q->size = MAX_OF(2 * q->size, (size_t)64);
    q->ops = xreallocarray(q->ops, q->size, sizeof *q->ops);
    q->actions_at = xreallocarray(q->actions_at, q->size, sizeof *q->actions_at);
    q->packet_at = xreallocarray(q->packet_at, q->size, sizeof *q->packet_at);
    keys = aligned_alloc(64, q->size * sizeof *keys);
    if (!keys) {
        abort();
    }
    if (q->n) {
        memcpy(keys, q->keys, q->n * sizeof *keys);
    }
    free(q->keys);
    q->keys = keys;
}

void op_queue_put(struct op_queue *q, const struct dp_op *op)
{
    if (q->n == q->size) {
        grow(q);
    }
    q->ops[q->n] = *op;
    if (op->key) {
        flow_key_copy(&q->keys[q->n], op->key);
    }
    q->actions_at[q->n] = keep_bytes(q, op->actions, op->actions_len);
    q->packet_at[q->n] = op->meter ? keep_bytes(q, op->meter, sizeof *op->meter)
                                   : keep_bytes(q, op->packet, op->packet_len);
    q->n++;
}

/* Moves what waits to the front when the taken part is the larger: what stays long would otherwise
 * grow without end. */
static void compact(struct op_queue *q)
{
    size_t left = q->n - q->head;

    if (q->head < 1024 || q->head < left) {
        return;
    }
    memmove(q->ops, q->ops + q->head, left * sizeof *q->ops);
    memmove(q->keys, q->keys + q->head, left * sizeof *q->keys);
    memmove(q->actions_at, q->actions_at + q->head, left * sizeof *q->actions_at);
    memmove(q->packet_at, q->packet_at + q->head, left * sizeof *q->packet_at);
    q->head = 0;
    q->n = left;

    /* The bytes of the remaining ones follow in order, so the first offset is where they start. */
    size_t base = SIZE_MAX;
    for (size_t i = 0; i < left && base == SIZE_MAX; i++) {
        if (q->actions_at[i]) {
            base = q->actions_at[i] - 1;
        } else if (q->packet_at[i]) {
            base = q->packet_at[i] - 1;
        }
    }
    if (base == SIZE_MAX) {
        q->n_bytes = 0;
        return;
    }
    memmove(q->bytes, q->bytes + base, q->n_bytes - base);
    q->n_bytes -= base;
    for (size_t i = 0; i < left; i++) {
        q->actions_at[i] -= q->actions_at[i] ? base : 0;
        q->packet_at[i] -= q->packet_at[i] ? base : 0;
    }
}

/* Pointers into the arrays, which may have moved since the operations came. */
static void set_pointers(struct op_queue *q, size_t first, size_t n)
{
    for (size_t i = first; i < first + n; i++) {
        q->ops[i].key = q->ops[i].key ? &q->keys[i] : NULL;
        q->ops[i].actions = q->actions_at[i] ? q->bytes + q->actions_at[i] - 1 : NULL;
        q->ops[i].packet = q->packet_at[i] ? q->bytes + q->packet_at[i] - 1 : NULL;
        if (q->ops[i].type == DP_OP_METER_PUT) {
            q->ops[i].meter = q->ops[i].packet;
            q->ops[i].packet = NULL;
        }
    }
}

/* In slices: a full ring must cost no look at all that waits, each time that somebody tries. */
int op_queue_flush(struct op_queue *q, struct dp *dp, op_queue_refused_cb *refused, void *aux)
{
    if (q->head == q->n) {
        return 0;
    }
    while (q->head < q->n) {
        size_t n = MIN_OF(q->n - q->head, (size_t)SLICE);
        int taken;

        set_pointers(q, q->head, n);
        taken = dp_submit(dp, q->ops + q->head, n);
        if (taken == -ENOTCONN) {
            return taken;
        }
        if (taken < 0) {
            refused(&q->ops[q->head++], taken, aux);
            continue;
        }
        if (taken == 0) {
            break;
        }
        q->head += (size_t)taken;
    }
    if (q->head == q->n) {
        op_queue_reset(q);
    } else {
        compact(q);
    }
    return 0;
}
