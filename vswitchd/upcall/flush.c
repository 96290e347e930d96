/* What all of upcall/ does to a cached flow: put, delete, and hand the queue over. See
 * internal.h. */
#include <errno.h>
#include <string.h>

#include "lib/log.h"
#include "vswitchd/upcall/internal.h"

LOG_MODULE(upcall_flush);

void upcall_put_flow(struct upcall *u, struct cached_flow *f, const struct flow_key *key,
                     uint64_t pending)
{
    struct dp_op op = {.type = DP_OP_FLOW_PUT,
                       .cookie = COOKIE_FLOW << 56,
                       .flow_no = f->flow_no,
                       .key = key ? key : &f->id.masked,
                       .mask = &f->id.mask->mask,
                       .actions = f->actions.data,
                       .actions_len = f->actions.len,
                       .pending = pending};

    u->is_dirty |= f->installed || f->puts_in_flight; /* A new flow contradicts nothing. */
    f->puts_in_flight++;
    f->pending = pending;
    op_queue_put(&u->ops, &op);
}

void upcall_delete_flow(struct upcall *u, struct cached_flow *f)
{
    struct dp_op op = {.type = DP_OP_FLOW_DEL, .cookie = COOKIE_FLOW << 56, .flow_no = f->flow_no};

    u->is_dirty = true;
    flow_table_start_delete(&u->flows, f);
    op_queue_put(&u->ops, &op);
}

/* Stands for a completion that will never come. */
static void refused(const struct dp_op *op, int error, void *aux)
{
    struct upcall *u = aux;
    struct cached_flow *f = NULL;

    log_warn_limit("the datapath refuses an operation: %s", strerror(-error));
    if (COOKIE_KIND(op->cookie) == COOKIE_FLOW) {
        f = flow_table_get(&u->flows, op->flow_no);
    }
    if (f && op->type == DP_OP_FLOW_PUT && f->puts_in_flight) {
        f->puts_in_flight--;
        f->refused = true;
        u->n.put_errors++;
    }
    if (COOKIE_KIND(op->cookie) == COOKIE_METER) {
        ofproto_meter_done(u->ofprotos, op->meter_no, op->type == DP_OP_METER_DEL);
    }
    if (op->type == DP_OP_EXECUTE && op->pending == DP_NO_PENDING) {
        upcall_drop(u, UPCALL_DROP_REFUSED, op->in_port);
    }
}

/* A flow whose put was refused is not what the datapath holds: away with it. Deleting one that it
 * never had completes with -ENOENT, which is as good. */
static void delete_refused(struct upcall *u)
{
    for (uint32_t i = 0; i < u->flows.high; i++) {
        struct cached_flow *f = u->flows.by_no[i];

        if (f && f->refused && !f->deleting) {
            upcall_delete_flow(u, f);
        }
    }
}

void upcall_flush_ops(struct upcall *u)
{
    uint64_t n_refused = u->n.put_errors;

    if (!u->dp) {
        return;
    }
    /* -ENOTCONN: 'lost' follows and clears everything. */
    op_queue_flush(&u->ops, u->dp, refused, u);
    if (u->n.put_errors != n_refused) {
        delete_refused(u);
    }
}

/* Of packets that controllers send: a share of the queue, so that misses find room. */
#define EXECUTE_MAX_OPS 4096
#define EXECUTE_MAX_BYTES ((size_t)8 << 20)

/* Meters that wait for the datapath, with all else that does: as many as there can be. */
#define METER_MAX_OPS (OP_QUEUE_MAX + DP_MAX_METERS)

bool upcall_execute(struct upcall *u, const void *packet, uint32_t len, uint32_t in_port,
                    const struct dp_actions *actions)
{
    struct dp_op op = {.type = DP_OP_EXECUTE,
                       .cookie = COOKIE_EXECUTE << 56,
                       .actions = actions->data,
                       .actions_len = actions->len,
                       .packet = packet,
                       .packet_len = len,
                       .in_port = in_port};

    if (!u->dp || !u->is_running || op_queue_length(&u->ops) >= EXECUTE_MAX_OPS ||
        u->ops.n_bytes >= EXECUTE_MAX_BYTES) {
        u->n.refused++;
        return false;
    }
    op_queue_put(&u->ops, &op);
    u->n.executed++;
    upcall_flush_ops(u);
    return true;
}

int upcall_meter(struct upcall *u, uint32_t meter_no, const struct dp_meter *meter)
{
    struct dp_op op = {.type = meter ? DP_OP_METER_PUT : DP_OP_METER_DEL,
                       .cookie = COOKIE_METER << 56,
                       .meter_no = meter_no,
                       .meter = meter};

    if (!u->dp || !u->is_running) {
        return -ENOTCONN;
    }
    /* Deletions are as many as the puts before them. */
    if (meter && op_queue_length(&u->ops) >= METER_MAX_OPS) {
        return -EAGAIN;
    }
    u->is_dirty = true;
    op_queue_put(&u->ops, &op);
    upcall_kick(u); /* Which flushes. */
    return 0;
}

void upcall_flush(struct upcall *u)
{
    for (uint32_t i = 0; i < u->flows.high; i++) {
        struct cached_flow *f = u->flows.by_no[i];

        if (f && !f->deleting) {
            upcall_delete_flow(u, f);
        }
    }
    upcall_flush_ops(u);
}
