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

/* NULL: it is gone, and the packets are dropped. */
static inline struct core_port *find_port(struct worker *w, uint32_t port_no,
                                          struct rte_mbuf **pkts, uint16_t n)
{
    struct core_port *cp = __atomic_load_n(&core.ports[port_no], __ATOMIC_ACQUIRE);

    if (unlikely(!cp)) {
        drop_count(w->id, port_no, &drop_gone, n);
        rte_pktmbuf_free_bulk(pkts, n);
    }
    return cp;
}

static void queue(struct worker *w, struct core_port *cp, struct rte_mbuf **pkts, uint16_t n)
{
    struct core_tx *tx = &cp->tx[w->id];

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

void transmit_output(struct action_env *env, uint32_t port_no, struct rte_mbuf **pkts, uint16_t n)
{
    struct worker *w = CONTAINER_OF(env, struct worker, env);
    struct core_port *cp = find_port(w, port_no, pkts, n);

    if (likely(cp)) {
        queue(w, cp, pkts, n);
    }
}

/* Takes off what is behind the first 'max_len' bytes; the packet is the caller's alone, though its
 * bytes may be shared. */
static void truncate(struct rte_mbuf *m, uint32_t max_len)
{
    struct rte_mbuf *last = m;
    uint32_t left = max_len;
    uint16_t segs = 1;

    if (m->pkt_len <= max_len) {
        return;
    }
    for (; last->data_len < left; last = last->next) {
        left -= last->data_len;
        segs++;
    }
    rte_pktmbuf_free(last->next);
    last->next = NULL;
    last->data_len = (uint16_t)left;
    m->nb_segs = segs;
    m->pkt_len = max_len;
    m->ol_flags &= ~RTE_MBUF_F_RX_L4_CKSUM_MASK; /* Nobody can verify it any more. */
}

/* A packet whose checksum or segments are not made yet: they are, of all of it, before it is cut.
 */
static void truncate_unfinished(struct worker *w, struct core_port *cp, uint32_t max_len,
                                struct rte_mbuf *m)
{
    struct port wire = {.port_no = cp->port->port_no, .features = PORT_TX_MULTI_SEG};
    uint16_t used = 0, extra = 0;
    struct rte_mbuf *out[64];

    if (cp->tx[w->id].n) {
        flush_port(w, &cp->tx[w->id]); /* What came before goes before. */
    }
    while (!used) {
        uint16_t n = offload_prepare(w->offload, &wire, &m, 1, out, ARRAY_SIZE(out), &used, &extra);

        w->totals->copies += extra;
        for (uint16_t i = 0; i < n; i++) {
            truncate(out[i], max_len);
        }
        /* None has anything left to do but to fit in one piece: that does not disturb the cutting
         * up that may be under way. */
        send_prepared(w, cp, out, n);
    }
}

void transmit_output_trunc(struct action_env *env, uint32_t port_no, uint32_t max_len,
                           struct rte_mbuf **pkts, uint16_t n)
{
    struct worker *w = CONTAINER_OF(env, struct worker, env);
    struct core_port *cp = find_port(w, port_no, pkts, n);

    for (uint16_t i = 0; cp && i < n; i++) {
        if (unlikely(pkts[i]->ol_flags & PARSE_TX_FLAGS) && pkts[i]->pkt_len > max_len) {
            truncate_unfinished(w, cp, max_len, pkts[i]);
        } else {
            truncate(pkts[i], max_len);
            queue(w, cp, &pkts[i], 1);
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
