/* The datapath's end of the rings: see server_rings.h.
 *
 * A command is only taken out of its ring when there is room for its completion, counting those of
 * earlier commands that core has not completed yet; so a completion never has to wait, and a
 * vswitchd that does not read its completions stops its own commands and nothing else. */
#include "datapath/channel/server_rings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "datapath/channel/record.h"
#include "datapath/core/meters.h"
#include "lib/util.h"

#define COMMAND_BUDGET 512 /* A turn. */

/* A command that core completes later. Outlives the rings when it must. */
struct pending_op {
    struct server_rings *rings; /* NULL: detached meanwhile. */
    struct pending_op *prev, *next;
    uint64_t cookie;
    enum dp_op_type type;
    uint32_t flow_no;
};

struct server_rings {
    int memfd;
    int datapath_eventfd;
    int vswitchd_pipe[2]; /* See server_rings_vswitchd_wake_fd(). */
    uint8_t *map;
    struct channel_rings *shared;
    struct ring_reader commands;
    struct ring_writer completions;
    struct ring_writer upcalls[CHANNEL_MAX_WORKERS];
    struct pending_op *pending;
    uint32_t n_pending;
    bool corrupt; /* Set by whoever notices; workers too. */
    struct record_op op;
    uint64_t record[ROUND_UP(RECORD_COMMAND_MAX, 8) / 8];
};

static void init_rings(struct server_rings *r)
{
    r->shared = (struct channel_rings *)r->map;
    ring_reader_init(&r->commands, &r->shared->commands, r->map + CHANNEL_COMMANDS_AT,
                     CHANNEL_COMMANDS_SIZE);
    ring_writer_init(&r->completions, &r->shared->completions, r->map + CHANNEL_COMPLETIONS_AT,
                     CHANNEL_COMPLETIONS_SIZE);
    for (unsigned int i = 0; i < CHANNEL_MAX_WORKERS; i++) {
        ring_writer_init(&r->upcalls[i], &r->shared->upcalls[i], r->map + CHANNEL_UPCALLS_AT(i),
                         CHANNEL_UPCALLS_SIZE);
    }
}

int server_rings_new(struct server_rings **ret, struct error *err)
{
    struct server_rings *r = aligned_alloc(64, ROUND_UP(sizeof *r, 64));
    int code;

    if (!r) {
        return error_set_errno(err, ENOMEM, "the rings");
    }
    memset(r, 0, sizeof *r);
    r->datapath_eventfd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    r->vswitchd_pipe[0] = r->vswitchd_pipe[1] = -1;
    r->memfd = memfd_create("sluice-rings", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (r->datapath_eventfd < 0 || r->memfd < 0 ||
        pipe2(r->vswitchd_pipe, O_NONBLOCK | O_CLOEXEC) ||
        ftruncate(r->memfd, CHANNEL_RINGS_SIZE) ||
        fcntl(r->memfd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
        goto fail;
    }
    r->map = mmap(NULL, CHANNEL_RINGS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                  r->memfd, 0);
    if (r->map == MAP_FAILED) {
        r->map = NULL;
        goto fail;
    }
    init_rings(r);
    *ret = r;
    return 0;
fail:
    code = errno;
    server_rings_free(r);
    return error_set_errno(err, code, "the rings' shared memory cannot be made");
}

static void close_fd(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

void server_rings_free(struct server_rings *r)
{
    if (!r) {
        return;
    }
    for (struct pending_op *op = r->pending; op; op = op->next) {
        op->rings = NULL;
    }
    if (r->map) {
        munmap(r->map, CHANNEL_RINGS_SIZE);
    }
    close_fd(r->memfd);
    close_fd(r->datapath_eventfd);
    close_fd(r->vswitchd_pipe[0]);
    close_fd(r->vswitchd_pipe[1]);
    free(r);
}

int server_rings_memfd(const struct server_rings *r)
{
    return r->memfd;
}

int server_rings_datapath_eventfd(const struct server_rings *r)
{
    return r->datapath_eventfd;
}

int server_rings_vswitchd_wake_fd(const struct server_rings *r)
{
    return r->vswitchd_pipe[0];
}

static void mark_corrupt(struct server_rings *r)
{
    __atomic_store_n(&r->corrupt, true, __ATOMIC_RELAXED);
}

static bool is_corrupt(const struct server_rings *r)
{
    return __atomic_load_n(&r->corrupt, __ATOMIC_RELAXED);
}

/* --- Commands. --- */

static void complete(struct server_rings *r, const struct dp_completion *c)
{
    /* There is room, or the other end broke its side of the ring. */
    if (record_put_completion(&r->completions, c)) {
        mark_corrupt(r);
    }
}

static struct pending_op *pending_new(struct server_rings *r, const struct dp_op *op)
{
    struct pending_op *p = xmalloc(sizeof *p);

    *p = (struct pending_op){.rings = r,
                             .next = r->pending,
                             .cookie = op->cookie,
                             .type = op->type,
                             .flow_no = op->flow_no};
    if (p->next) {
        p->next->prev = p;
    }
    r->pending = p;
    r->n_pending++;
    return p;
}

static void pending_unlink(struct pending_op *p)
{
    struct server_rings *r = p->rings;

    if (p->prev) {
        p->prev->next = p->next;
    } else {
        r->pending = p->next;
    }
    if (p->next) {
        p->next->prev = p->prev;
    }
    r->n_pending--;
}

static void pending_done(int error, const struct dp_flow_stats *stats, void *pending_)
{
    struct pending_op *p = pending_;

    if (p->rings) {
        struct dp_completion c = {
            .cookie = p->cookie, .type = p->type, .error = error, .flow_no = p->flow_no};

        if (stats) {
            c.stats = *stats;
        }
        pending_unlink(p);
        complete(p->rings, &c);
    }
    free(p);
}

/* What carry_out() is to return of an operation that completes later, unless it failed at once. */
static bool carried_out(struct pending_op *p, int error, int *ret_error)
{
    if (error) {
        pending_unlink(p);
        free(p);
        *ret_error = error;
    }
    return error;
}

/* Carries out a command. True: 'ret_error' is its result; false: it completes later. */
static bool carry_out(struct server_rings *r, const struct dp_op *op, int *ret_error)
{
    struct pending_op *p;

    switch (op->type) {
    case DP_OP_FLOW_PUT:
        *ret_error = core_flow_put(op->flow_no, op->key, op->mask, op->actions, op->actions_len,
                                   op->pending);
        return true;
    case DP_OP_EXECUTE:
        *ret_error = core_execute(op->pending, op->packet, op->packet_len, op->in_port, op->actions,
                                  op->actions_len);
        return true;
    case DP_OP_FLOW_DEL:
        p = pending_new(r, op);
        return carried_out(p, core_flow_del(op->flow_no, pending_done, p), ret_error);
    case DP_OP_METER_PUT:
        p = pending_new(r, op);
        return carried_out(p, core_meter_put(op->meter_no, op->meter, pending_done, p), ret_error);
    case DP_OP_METER_DEL:
        p = pending_new(r, op);
        return carried_out(p, core_meter_del(op->meter_no, pending_done, p), ret_error);
    case DP_OP_BARRIER: core_barrier(pending_done, pending_new(r, op)); return false;
    }
    *ret_error = -EINVAL;
    return true;
}

static int run_one(struct server_rings *r)
{
    uint32_t type, len;
    int n = ring_get(&r->commands, r->record, RECORD_COMMAND_MAX, &type, &len);
    int error;

    if (n <= 0) {
        return n;
    }
    error = record_get_op(type, r->record, len, &r->op);
    if (error == -EPROTO) {
        return error;
    }
    if (error || carry_out(r, &r->op.op, &error)) {
        const struct dp_completion c = {.cookie = r->op.op.cookie,
                                        .type = r->op.op.type,
                                        .error = error,
                                        .flow_no = r->op.op.flow_no};

        complete(r, &c);
    }
    return 1;
}

/* 0 when one more completion fits, after all that are promised. */
static int completion_room(struct server_rings *r)
{
    uint32_t each = RING_RECORD_SIZE(RECORD_COMPLETION_LEN);
    int error = ring_has_room(&r->completions, (r->n_pending + 1) * each - RING_RECORD_HEADER);

    return error == -EMSGSIZE ? -ENOSPC : error;
}

int server_rings_run(struct server_rings *r)
{
    int room = 0, n = 1;

    channel_awake(&r->shared->datapath_waits);
    for (unsigned int budget = COMMAND_BUDGET; budget && n > 0; budget--) {
        room = completion_room(r);
        n = room ? 0 : run_one(r);
    }
    ring_release(&r->commands);
    if (n < 0 || room == -EPROTO) {
        mark_corrupt(r); /* The record has been read: nobody would see it again. */
    }
    if (server_rings_flush(r)) {
        return -EPROTO;
    }
    if (n > 0) {
        return 1;
    }
    channel_prepare_sleep(&r->shared->datapath_waits,
                          room ? CHANNEL_WAIT_ROOM : CHANNEL_WAIT_RECORDS);
    if (room) {
        room = completion_room(r);
        return room == -ENOSPC ? 0 : room ? room : 1;
    }
    return ring_pending(&r->commands);
}

int server_rings_flush(struct server_rings *r)
{
    if (ring_publish(&r->completions)) {
        channel_wake(&r->shared->vswitchd_waits, CHANNEL_WAIT_RECORDS, r->vswitchd_pipe[1]);
    }
    return is_corrupt(r) ? -EPROTO : 0;
}

/* --- The sink. --- */

bool server_rings_post(struct server_rings *r, unsigned int worker, const struct dp_upcall *upcall)
{
    int error = record_put_upcall(&r->upcalls[worker], upcall);

    if (error == -EPROTO) {
        mark_corrupt(r);
    }
    return !error;
}

void server_rings_post_flush(struct server_rings *r, unsigned int worker)
{
    if (ring_publish(&r->upcalls[worker])) {
        channel_wake(&r->shared->vswitchd_waits, CHANNEL_WAIT_RECORDS, r->vswitchd_pipe[1]);
    }
}
