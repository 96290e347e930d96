/* Operations on their way to the datapath.
 *
 * Handlers queue what they want done and flush once per batch, so that the ring is rung once. What
 * the ring does not take waits here, in order, for the next flush. Used by upcall/ alone, on the
 * thread of the event base. The memory is bounded: op_queue_is_full() says when an upcall must go
 * unanswered (the datapath then drops its packets under a reason of its own). */
#ifndef VSWITCHD_UPCALL_OP_QUEUE_H
#define VSWITCHD_UPCALL_OP_QUEUE_H

#include "datapath/dp.h"

#define OP_QUEUE_MAX 65536

struct op_queue {
    struct dp_op *ops;
    size_t *actions_at; /* Offsets into 'bytes', plus one; 0: none. */
    size_t *packet_at;
    struct flow_key *keys; /* Of those that have one. */
    size_t head, n, size;  /* ops[head...n-1] wait. */
    uint8_t *bytes;
    size_t n_bytes, bytes_size;
};

void op_queue_init(struct op_queue *);
void op_queue_free(struct op_queue *);
/* Forgets everything: the datapath is gone. */
void op_queue_reset(struct op_queue *);
bool op_queue_is_full(const struct op_queue *);
size_t op_queue_length(const struct op_queue *);

/* Copies what 'op' points to, except the mask: that must live until the operation completed. */
void op_queue_put(struct op_queue *, const struct dp_op *op);
/* Called for an operation that the datapath refuses to queue; it will never complete. */
typedef void op_queue_refused_cb(const struct dp_op *, int error, void *aux);
/* Hands over as much as the datapath takes. Returns 0, or -ENOTCONN: everything waits. 'refused'
 * must not change the queue. */
int op_queue_flush(struct op_queue *, struct dp *, op_queue_refused_cb *refused, void *aux);

#endif
