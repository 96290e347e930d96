/* What policy asks of flows and packets: put, delete, list, execute, barrier. Control thread. */
#include "datapath/core/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/core/meters.h"

static void send_release(uint64_t token, uint32_t flow_no, const void *actions, uint32_t len)
{
    unsigned int worker = pending_token_worker(token);
    struct core_message *m;

    if (token == DP_NO_PENDING || worker >= core.n_workers) {
        return;
    }
    m = xcalloc(1, sizeof *m);
    m->type = MESSAGE_RELEASE;
    m->token = token;
    m->flow_no = flow_no;
    m->actions = wildcard_actions_new(actions, len);
    message_send(core.workers[worker], m);
}

int core_flow_put(uint32_t flow_no, const struct flow_key *key, const struct flow_mask *mask,
                  const void *actions, uint32_t actions_len, uint64_t pending)
{
    int error;

    if (flow_no >= DP_MAX_FLOWS) {
        return -EINVAL;
    }
    error = wildcard_put(core.wildcard, flow_no, key, mask, actions, actions_len,
                         pending != DP_NO_PENDING);
    /* Even when it could not be cached, these packets go where policy said. */
    send_release(pending, error ? DP_NO_FLOW : flow_no, actions, actions_len);
    return error;
}

/* --- Deleting. */

struct deletion {
    uint32_t flow_no;
    core_done_cb *done;
    void *aux;
};

static void take_stats(uint32_t flow_no, struct dp_flow_stats *ret)
{
    *ret = (struct dp_flow_stats){0};
    for (unsigned int i = 0; i < core.max_workers; i++) {
        struct core_flow_counter *c = &core.counters.flows[i][flow_no];

        if (!c->packets) {
            continue;
        }
        ret->packets += c->packets;
        ret->bytes += c->bytes;
        ret->used_ms = MAX_OF(ret->used_ms, c->used_ms);
        ret->tcp_flags |= (uint16_t)c->tcp_flags;
        /* No worker has this number any more, and the next flow starts from nothing. */
        memset(c, 0, sizeof *c);
    }
}

static void deleted(void *deletion_)
{
    struct deletion *d = deletion_;
    struct dp_flow_stats stats;

    take_stats(d->flow_no, &stats);
    if (d->done) {
        d->done(0, &stats, d->aux);
    }
    free(d);
}

int core_flow_del(uint32_t flow_no, core_done_cb *done, void *aux)
{
    struct deletion *d;
    int error = flow_no < DP_MAX_FLOWS ? wildcard_del(core.wildcard, flow_no) : -ENOENT;

    if (error) {
        return error;
    }
    d = xmalloc(sizeof *d);
    *d = (struct deletion){flow_no, done, aux};
    grace_defer(deleted, d);
    return 0;
}

void core_flow_list(void (*cb)(const struct dp_flow *, void *aux), void *aux)
{
    wildcard_list(core.wildcard, 0, DP_MAX_FLOWS, cb, aux);
}

uint32_t core_flow_list_some(uint32_t first, uint32_t max,
                             void (*cb)(const struct dp_flow *, void *aux), void *aux)
{
    return wildcard_list(core.wildcard, first, max, cb, aux);
}

size_t core_flow_count(void)
{
    return core.wildcard ? wildcard_n_flows(core.wildcard) : 0;
}

/* --- Executing. */

static uint32_t room_of(struct rte_mempool *pool)
{
    return rte_pktmbuf_data_room_size(pool) - RTE_PKTMBUF_HEADROOM;
}

static struct rte_mbuf *packet_mbuf(const void *packet, uint32_t len)
{
    bool small = len <= room_of(core.pools.small);
    struct rte_mbuf *m = rte_pktmbuf_alloc(small ? core.pools.small : core.pools.jumbo);

    if (m) {
        memcpy(rte_pktmbuf_append(m, (uint16_t)len), packet, len);
    }
    return m;
}

int core_execute(uint64_t pending, const void *packet, uint32_t packet_len, uint32_t in_port,
                 const void *actions, uint32_t actions_len)
{
    struct core_message *m;

    if (pending != DP_NO_PENDING) {
        send_release(pending, DP_NO_FLOW, actions, actions_len);
        return 0;
    }
    if (packet_len < 14 || in_port >= DP_MAX_PORTS) {
        return -EINVAL;
    }
    if (packet_len > room_of(core.pools.jumbo)) {
        return -EMSGSIZE;
    }
    m = xcalloc(1, sizeof *m);
    m->type = MESSAGE_INJECT;
    m->port_no = in_port;
    m->packet = packet_mbuf(packet, packet_len);
    if (!m->packet) {
        free(m);
        return -ENOMEM;
    }
    m->actions = wildcard_actions_new(actions, actions_len);
    /* One worker for all, which keeps them in order. */
    message_send(core.workers[0], m);
    return 0;
}

/* --- Barriers. */

struct barrier {
    core_done_cb *done;
    void *aux;
};

static void barrier_passed(void *barrier_)
{
    struct barrier *b = barrier_;
    struct dp_flow_stats none = {0};

    b->done(0, &none, b->aux);
    free(b);
}

void core_barrier(core_done_cb *done, void *aux)
{
    struct barrier *b = xmalloc(sizeof *b);

    *b = (struct barrier){done, aux};
    grace_defer(barrier_passed, b);
}

void core_upcalls_reset(void)
{
    core_meters_new_epoch();
    /* Tokens that a listener before knew stay valid until they time out: they are unique, so a new
     * listener cannot mistake them for its own. */
}
