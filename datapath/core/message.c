/* Messages from the control thread to a worker: releases of parked packets, packets to inject,
 * purges. They go through a ring of pointers and come back through another one, so that memory is
 * allocated and freed by the control thread alone. */
#include "datapath/core/private.h"
#include "datapath/parse/parse_mbuf.h"

#include <stdlib.h>

static void message_free(struct core_message *m)
{
    rte_pktmbuf_free(m->packet);
    free(m->actions);
    free(m);
}

/* Fills the inbox with what waits. What is between the rings never exceeds what either holds. */
static bool push_waiting(struct worker *w)
{
    bool pushed = false;

    while (!STAILQ_EMPTY(&w->waiting) && w->n_sent - w->n_back < CORE_MESSAGES) {
        struct core_message *m = STAILQ_FIRST(&w->waiting);

        if (rte_ring_enqueue(w->inbox, m)) {
            break;
        }
        STAILQ_REMOVE_HEAD(&w->waiting, link);
        w->n_sent++;
        pushed = true;
    }
    return pushed;
}

void message_send(struct worker *w, struct core_message *m)
{
    STAILQ_INSERT_TAIL(&w->waiting, m, link);
    if (push_waiting(w)) {
        worker_wake(w);
    }
}

bool message_collect(struct worker *w)
{
    void *m;

    while (!rte_ring_dequeue(w->outbox, &m)) {
        w->n_back++;
        message_free(m);
    }
    if (push_waiting(w)) {
        worker_wake(w);
    }
    return w->n_sent != w->n_back || !STAILQ_EMPTY(&w->waiting);
}

/* --- The worker's side. */

static void release(struct worker *w, const struct core_message *m)
{
    struct pending_entry *e = pending_by_token(w->pending, m->token);
    struct rte_mbuf *pkts[PENDING_MAX_PACKETS];
    uint64_t bytes = 0;
    unsigned int n;

    if (!e) {
        return; /* Its time ran out, or the token was made up. */
    }
    n = pending_close(w->pending, e, pkts);
    w->totals->parked -= n;
    for (unsigned int i = 0; i < n; i++) {
        bytes += pkts[i]->pkt_len;
    }
    if (m->flow_no != DP_NO_FLOW) {
        struct core_flow_counter *counter = &w->flows[m->flow_no];

        counter->packets += n;
        counter->bytes += bytes;
        counter->used_ms = w->now_ms;
        counter->tcp_flags |= be16_get(e->key.tcp_flags);
    }
    if (n) {
        w->env.depth = e->depth;
        action_run(&w->env, m->actions, pkts, (uint16_t)n);
        w->env.depth = 0;
    }
}

static void inject(struct worker *w, struct core_message *m)
{
    struct rte_mbuf *packet = m->packet;
    struct flow_key ignored;

    m->packet = NULL;
    w->totals->injected++;
    packet->port = (uint16_t)m->port_no;
    parse_mbuf(packet, packet->port, PARSE_ALL, &ignored); /* For the lengths. */
    action_run(&w->env, m->actions, &packet, 1);
}

unsigned int message_run(struct worker *w)
{
    unsigned int n;
    void *p;

    for (n = 0; n < CORE_BURST && !rte_ring_dequeue(w->inbox, &p); n++) {
        struct core_message *m = p;

        switch (m->type) {
        case MESSAGE_RELEASE: release(w, m); break;
        case MESSAGE_INJECT: inject(w, m); break;
        case MESSAGE_PURGE: miss_purge(w, m->port_no); break;
        }
        if (unlikely(w->n_again)) {
            recirculate_run(w);
        }
        __atomic_store_n(&w->n_taken, w->n_taken + 1, __ATOMIC_RELEASE);
        rte_ring_enqueue(w->outbox, m); /* Has room for all that are on their way. */
    }
    return n;
}
