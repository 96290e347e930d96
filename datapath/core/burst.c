/* The way of a burst: parse, exact cache, wildcard cache, actions by runs of packets of one
 * megaflow. Misses go to miss.c. Workers; the fastest of the fast path: everything here is per
 * packet. All packets of a burst come from one port, so what depends on it is looked up once. */
#include "datapath/core/private.h"
#include "datapath/parse/parse_mbuf.h"

DROP_REASON(runt, "runt-frame", "shorter than an Ethernet header")
DROP_REASON(cut_vlan, "cut-vlan-tag", "announces a VLAN tag that is not there whole")

/* Drops what cannot be a frame and closes the gaps; returns how many packets are left. */
static uint16_t parse_burst(struct worker *w, const struct wildcard_view *view, uint16_t in_port,
                            uint16_t n)
{
    /* Without a view, all is told to policy, which wants frames that are some. */
    enum parse_depth depth = view ? view->depth : PARSE_L2;
    bool parse = view ? view->parse : true;
    struct core_burst *b = &w->burst;
    uint16_t left = 0;

    for (uint16_t i = 0; i < n; i++) {
        struct rte_mbuf *m = b->pkts[i];
        enum parse_status status;

        if (i + 4 < n) {
            rte_prefetch0(rte_pktmbuf_mtod(b->pkts[i + 4], void *));
        }
        if (likely(parse)) {
            status = parse_mbuf(m, in_port, depth, &b->keys[left]);
        } else {
            status = m->pkt_len < 14 ? PARSE_RUNT : PARSE_OK;
        }
        if (likely(status == PARSE_OK)) {
            b->pkts[left++] = m;
        } else {
            drop_packets(w, status == PARSE_RUNT ? &drop_runt : &drop_cut_vlan, &m, 1);
        }
    }
    return left;
}

/* The megaflow of each packet into b->slots; returns the bits of those that have one. */
static uint32_t classify(struct worker *w, const struct wildcard_view *view, uint16_t n)
{
    uint32_t all = n == 32 ? UINT32_MAX : (1u << n) - 1, found = 0, wild;
    struct core_burst *b = &w->burst;
    /* One mask is one probe already; no words are one probe for all. */
    bool exact = view->n > 1 && view->all.n;

    if (exact) {
        found = exact_cache_lookup(w->exact, core.wildcard, view, b->keys, n, &b->exact, b->slots);
        w->totals->exact_hits += (unsigned int)__builtin_popcount(found);
        if (likely(found == all)) {
            return found;
        }
    }
    wild = wildcard_lookup(core.wildcard, view, b->keys, all & ~found, b->slots);
    w->totals->wildcard_hits += (unsigned int)__builtin_popcount(wild);
    for (uint32_t left = exact ? wild : 0; left; left &= left - 1) {
        unsigned int i = (unsigned int)__builtin_ctz(left);

        exact_cache_insert(w->exact, core.wildcard, view, &b->exact, i, b->slots[i]);
    }
    return found | wild;
}

/* Packets of one megaflow that follow each other. */
static void run_actions(struct worker *w, uint32_t slot_no, struct rte_mbuf **pkts, uint16_t n,
                        uint64_t bytes, uint16_t tcp_flags)
{
    const struct wildcard_slot *slot = &core.wildcard->slots[slot_no];
    struct core_flow_counter *counter = &w->flows[slot->flow_no];
    uint32_t only_port = __atomic_load_n(&slot->only_port, __ATOMIC_ACQUIRE);

    counter->packets += n;
    counter->bytes += bytes;
    counter->used_ms = w->now_ms;
    counter->tcp_flags |= tcp_flags;
    if (likely(only_port)) {
        transmit_output(&w->env, only_port, pkts, n);
    } else {
        action_run(&w->env, __atomic_load_n(&slot->actions, __ATOMIC_ACQUIRE), pkts, n);
    }
}

/* When a burst is of many megaflows, the lines of their counters come from far. */
static void prefetch_counters(const struct worker *w, uint32_t found)
{
    const struct core_burst *b = &w->burst;

    for (uint32_t left = found; left; left &= left - 1) {
        uint32_t slot = b->slots[__builtin_ctz(left)];

        rte_prefetch0(&w->flows[core.wildcard->slots[slot].flow_no]);
    }
}

/* A worker learns of a megaflow before the answer to the packet that waits for it: while a packet
 * waits, also one of this burst, those of its flow that find the megaflow must wait behind it. None
 * does that found a megaflow which was there when the oldest of those that wait was looked up, and
 * missed: so most traffic of a port some of whose flows always wait needs no closer look. */
static inline bool may_wait(const struct worker *w, const uint16_t *waiting, uint32_t slot)
{
    return unlikely(*waiting) && core.wildcard->births[slot] > pending_since(w->pending);
}

/* Runs the packets of a burst in its order. 'q' is NULL for recirculated ones. */
static void run_burst(struct worker *w, struct core_queue *q, uint16_t port_no, bool deep,
                      uint32_t found, uint16_t n)
{
    const uint16_t *waiting = &w->pending->ports[port_no].n_entries;
    struct core_burst *b = &w->burst;
    uint16_t i = 0;

    while (i < n) {
        uint16_t first = i, tcp_flags = 0;
        uint32_t slot = b->slots[i];
        uint64_t bytes = 0;
        bool look;

        if (unlikely(!(found & (1u << i)))) {
            if (q) {
                miss_run(w, q, b->pkts[i++]);
            } else {
                miss_run_again(w, &b->keys[i], b->pkts[i]);
                i++;
            }
            continue;
        }
        look = may_wait(w, waiting, slot);
        if (unlikely(look) &&
            miss_park_if_pending(w, port_no, b->pkts[i], deep ? &b->keys[i] : NULL)) {
            i++;
            continue;
        }
        do {
            bytes += b->pkts[i]->pkt_len;
            tcp_flags |= deep ? b->keys[i].tcp_flags : 0;
            i++;
        } while (likely(!look) && i < n && b->slots[i] == slot && (found & (1u << i)));
        run_actions(w, slot, &b->pkts[first], (uint16_t)(i - first), bytes, be16_get(tcp_flags));
    }
}

void burst_run(struct worker *w, struct core_queue *q, uint16_t n)
{
    struct core_port_counter *counter = &w->ports[q->port_no];
    struct core_burst *b = &w->burst;
    const struct wildcard_view *view = wildcard_view(core.wildcard, q->port_no);
    uint32_t found = 0;
    uint64_t bytes = 0;

    for (uint16_t i = 0; i < n; i++) {
        b->pkts[i]->port = q->port_no;
        bytes += b->pkts[i]->pkt_len;
    }
    counter->rx_packets += n;
    counter->rx_bytes += bytes;
    n = parse_burst(w, view, q->port_no, n);
    if (likely(view && n)) {
        found = classify(w, view, n);
        if (b->slots[0] != b->slots[n - 1]) {
            prefetch_counters(w, found);
        }
    }
    run_burst(w, q, q->port_no, view && view->parse && view->depth == PARSE_ALL, found, n);
}

void burst_run_again(struct worker *w, uint16_t port_no, uint16_t n)
{
    const struct wildcard_view *view = wildcard_view(core.wildcard,
                                                     wildcard_view_no(port_no, true));

    run_burst(w, NULL, port_no, true, view ? classify(w, view, n) : 0, n);
}
