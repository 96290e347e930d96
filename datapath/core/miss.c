/* Packets that no megaflow matches: parked, and told to policy, within the port's fair share.
 * Workers. */
#include "datapath/core/private.h"
#include "datapath/parse/parse_mbuf.h"

DROP_REASON(unparsed, "miss-malformed", "too malformed to be told to policy")
DROP_REASON(rate, "upcall-rate", "its port has more new flows a second than its share")
DROP_REASON(refused, "upcall-refused", "policy is away or does not keep up with new flows")
DROP_REASON(flow_full, "pending-flow-full", "too many packets wait for policy on this flow")
DROP_REASON(port_full, "pending-port-full", "too many new flows of its port wait for policy")
DROP_REASON(total_full, "pending-full", "too many packets wait for policy in all")
DROP_REASON(timeout, "pending-timeout", "policy did not answer in time")
DROP_REASON(purged, "port-removed", "waited for policy when its port was removed")

#define UPCALL_BYTES 2048 /* Told of a packet whose first segment is shorter. */

void pending_limits_of(const struct core_settings *s, struct pending_limits *ret)
{
    unsigned int n_workers = MAX_OF(s->n_workers, 1u);
    unsigned int total = rte_mempool_avail_count(core.pools.small) +
                         rte_mempool_in_use_count(core.pools.small);

    *ret = (struct pending_limits){
        .per_flow = s->pending_per_flow,
        .per_port = MAX_OF(s->pending_per_port / n_workers, 1u),
        .port_packets = MAX_OF(MIN_OF(s->pending_per_port * 4 / n_workers, total / 16), 1u),
        .packets = MAX_OF(total / 4 / n_workers, 1u),
        .timeout_ms = s->pending_timeout_ms,
    };
}

static const struct drop_reason *full_reason(enum pending_status status)
{
    return status == PENDING_FLOW_FULL   ? &drop_flow_full
           : status == PENDING_PORT_FULL ? &drop_port_full
                                         : &drop_total_full;
}

static void park(struct worker *w, struct pending_entry *e, struct rte_mbuf *m)
{
    enum pending_status status = pending_park(w->pending, e, m);

    if (likely(status == PENDING_PARKED)) {
        w->totals->parked++;
    } else {
        drop_packets(w, full_reason(status), &m, 1);
    }
}

bool miss_park_if_pending(struct worker *w, uint32_t in_port, struct rte_mbuf *m,
                          const struct flow_key *key)
{
    struct pending_entry *e;
    struct flow_key parsed;

    if (!key) {
        if (parse_mbuf(m, (uint16_t)in_port, PARSE_ALL, &parsed) != PARSE_OK) {
            return false;
        }
        key = &parsed;
    }
    e = pending_find(w->pending, key);
    if (e) {
        park(w, e, m);
    }
    return e;
}

/* The share is the queue's part of the port's rate, which may be less than one a second; a burst of
 * a tenth of a second is fine. */
static bool take_token(struct worker *w, struct core_queue *q)
{
    uint64_t rate = core.settings.upcall_rate, price = UINT64_C(1000) * q->port->n_rxq;

    if (!rate) {
        return true;
    }
    if (w->now_ms != q->tokens_ms) {
        q->tokens += RTE_MIN(w->now_ms - q->tokens_ms, price) * rate;
        q->tokens = RTE_MIN(q->tokens, RTE_MAX(rate * 100, price));
        q->tokens_ms = w->now_ms;
    }
    if (q->tokens < price) {
        return false;
    }
    q->tokens -= price;
    return true;
}

static bool post(struct worker *w, const struct flow_key *key, uint64_t token, struct rte_mbuf *m)
{
    uint8_t copy[UPCALL_BYTES];
    struct dp_upcall upcall = {
        .reason = DP_UPCALL_MISS,
        .in_port = key->in_port,
        .pending = token,
        .key = key,
        .packet = rte_pktmbuf_mtod(m, const void *),
        .packet_len = m->data_len,
        .full_len = m->pkt_len,
    };

    if (m->data_len < m->pkt_len && m->data_len < UPCALL_BYTES) {
        upcall.packet_len = RTE_MIN(m->pkt_len, (uint32_t)UPCALL_BYTES);
        upcall.packet = rte_pktmbuf_read(m, 0, upcall.packet_len, copy);
    }
    if (!core.sink.post || !upcall.packet || !core.sink.post(w->id, &upcall, core.sink.aux)) {
        return false;
    }
    w->totals->upcalls++;
    w->posted = true;
    return true;
}

void miss_run(struct worker *w, struct core_queue *q, struct rte_mbuf *m)
{
    struct rte_mbuf *none[PENDING_MAX_PACKETS];
    enum pending_status status;
    struct pending_entry *e;
    struct flow_key key;

    w->totals->misses++;
    if (parse_mbuf(m, q->port_no, PARSE_ALL, &key) != PARSE_OK) {
        drop_packets(w, &drop_unparsed, &m, 1);
        return;
    }
    e = pending_find(w->pending, &key);
    if (e) {
        park(w, e, m);
        return;
    }
    if (!take_token(w, q)) {
        drop_packets(w, &drop_rate, &m, 1);
        return;
    }
    status = pending_open(w->pending, &key, w->now_ms, w->births, &e);
    if (status != PENDING_PARKED) {
        drop_packets(w, full_reason(status), &m, 1);
        return;
    }
    if (!post(w, &e->key, e->token, m)) {
        pending_close(w->pending, e, none);
        drop_packets(w, &drop_refused, &m, 1);
        return;
    }
    park(w, e, m);
}

static void give_up(struct worker *w, struct pending_entry *e, const struct drop_reason *reason)
{
    struct rte_mbuf *pkts[PENDING_MAX_PACKETS];
    unsigned int n = pending_close(w->pending, e, pkts);

    w->totals->parked -= n;
    drop_packets(w, reason, pkts, n);
}

void miss_expire(struct worker *w)
{
    struct pending_entry *e;

    while ((e = pending_expired(w->pending, w->now_ms))) {
        give_up(w, e, &drop_timeout);
    }
}

void miss_purge(struct worker *w, uint32_t port_no)
{
    struct pending_entry *e;

    while ((e = pending_of_port(w->pending, port_no))) {
        give_up(w, e, &drop_purged);
    }
}
