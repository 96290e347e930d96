/* Sending: packets gather per output port and leave in bursts, at the latest when the worker has
 * gone round its queues. Workers; fast path. */
#include "datapath/core/private.h"
#include "datapath/parse/parse_mbuf.h"

DROP_REASON(gone, "port-gone", "its output port does not exist (any more)")
DROP_REASON(full, "tx-queue-full", "its output port's queue was full")

/* Sends what fits the port, and drops what it does not take. */
static void send(struct worker *w, struct core_port *cp, struct rte_mbuf **pkts, uint16_t n)
{
    struct core_port_counter *counter = &w->ports[cp->port->port_no];
    struct port_refused refused = {0};
    uint64_t bytes = 0;
    uint16_t sent;

    for (uint16_t i = 0; i < n; i++) {
        bytes += pkts[i]->pkt_len;
    }
    sent = cp->port->type->tx(cp->port, w->id, w->id, pkts, n, &refused);
    if (unlikely(sent < n)) {
        for (uint16_t i = sent; i < n; i++) {
            bytes -= pkts[i]->pkt_len;
        }
        drop_count(w->id, cp->port->port_no, &drop_full, n - sent);
        counter->tx_dropped += (uint64_t)(n - sent);
        rte_pktmbuf_free_bulk(pkts + sent, n - sent);
    }
    counter->tx_packets += (uint64_t)(sent - refused.packets);
    counter->tx_errors += refused.packets;
    counter->tx_bytes += bytes - refused.bytes;
}

static void send_prepared(struct worker *w, struct core_port *cp, struct rte_mbuf **pkts,
                          uint16_t n)
{
    struct rte_mbuf *out[64];

    while (n) {
        uint16_t used = 0, extra = 0;
        uint16_t n_out = offload_prepare(w->offload, cp->port, pkts, n, out, 64, &used, &extra);

        w->totals->copies += extra;
        if (n_out) {
            send(w, cp, out, n_out);
        }
        pkts += used;
        n = (uint16_t)(n - used);
    }
}

static void flush_port(struct worker *w, struct core_tx *tx)
{
    uint64_t flags = 0;
    uint16_t n = tx->n, segs = 1;

    for (uint16_t i = 0; i < n; i++) {
        flags |= tx->pkts[i]->ol_flags;
        segs |= tx->pkts[i]->nb_segs;
    }
    tx->n = 0;
    if (likely(!(flags & PARSE_TX_FLAGS)) && likely(segs == 1)) {
        send(w, tx->port, tx->pkts, n);
    } else {
        send_prepared(w, tx->port, tx->pkts, n);
    }
}

void transmit_output(struct action_env *env, uint32_t port_no, struct rte_mbuf **pkts, uint16_t n)
{
    struct worker *w = CONTAINER_OF(env, struct worker, env);
    struct core_port *cp = __atomic_load_n(&core.ports[port_no], __ATOMIC_ACQUIRE);
    struct core_tx *tx;

    if (unlikely(!cp)) {
        drop_count(w->id, port_no, &drop_gone, n);
        rte_pktmbuf_free_bulk(pkts, n);
        return;
    }
    tx = &cp->tx[w->id];
    if (!tx->listed) {
        tx->listed = true;
        tx->next = w->tx_list;
        w->tx_list = tx;
    }
    for (uint16_t i = 0; i < n; i++) {
        tx->pkts[tx->n++] = pkts[i];
        if (unlikely(tx->n == CORE_BURST)) {
            flush_port(w, tx);
        }
    }
}

void transmit_flush(struct worker *w)
{
    struct core_tx *tx = w->tx_list;

    w->tx_list = NULL;
    while (tx) {
        struct core_tx *next = tx->next;

        tx->listed = false;
        if (tx->n) {
            flush_port(w, tx);
        }
        tx = next;
    }
}
