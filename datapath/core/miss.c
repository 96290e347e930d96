/* Packets that policy is told of, within their port's fair share: those that no megaflow matches,
 * which are parked meanwhile, and those that an action says are for policy. Workers. */
#include "datapath/core/private.h"
#include "datapath/parse/parse_mbuf.h"

DROP_REASON(unparsed, "miss-malformed", "too malformed to be told to policy")
DROP_REASON(rate, "upcall-rate", "its port has more for policy a second than its share")
DROP_REASON(told, "controller-copy", "made to tell the controllers of it, and done with")
DROP_REASON(refused, "upcall-refused", "policy is away or does not keep up with new flows")
DROP_REASON(flow_full, "pending-flow-full", "too many packets wait for policy on this flow")
DROP_REASON(port_full, "pending-port-full", "too many new flows of its port wait for policy")
DROP_REASON(total_full, "pending-full", "too many packets wait for policy in all")
DROP_REASON(timeout, "pending-timeout", "policy did not answer in time")
DROP_REASON(purged, "port-removed", "waited for policy when its port was removed")

#define UPCALL_BYTES 2048        /* Told of a packet that is a miss: its headers, and more. */
#define ACTION_UPCALL_BYTES 9728 /* Of one that an action sends: the whole of a jumbo frame. */

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

    e->depth = (uint8_t)MAX_OF(e->depth, w->env.depth);
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

/* A bucket gains the port's rate each second, and an upcall costs 1000 for each of those that share
 * it: so that a share may be less than one a second. A burst of a tenth of a second is fine. One
 * that an action sends costs less, as it costs policy less: it is passed on, not translated. */
#define MISS_PRICE UINT64_C(1000)
#define ACTION_PRICE (MISS_PRICE / 4)

static bool take_token(struct worker *w, struct token_bucket *b, uint64_t price)
{
    uint64_t rate = core.settings.upcall_rate;

    return !rate || token_bucket_take(b, rate, RTE_MAX(rate * 100, price), price, w->now_ms);
}

/* Says of the packet as much as 'max' bytes, which are copied only where they are not in a row. */
static bool post(struct worker *w, struct dp_upcall *upcall, const struct rte_mbuf *m, uint32_t max)
{
    uint8_t copy[ACTION_UPCALL_BYTES];

    upcall->in_port = upcall->key->in_port;
    upcall->full_len = m->pkt_len;
    upcall->packet_len = RTE_MIN(m->pkt_len, max);
    upcall->packet = rte_pktmbuf_read(m, 0, upcall->packet_len, copy);
    if (!core.sink.post || !upcall->packet || !core.sink.post(w->id, upcall, core.sink.aux)) {
        return false;
    }
    w->totals->upcalls++;
    w->posted = true;
    return true;
}

/* 'share' and 'price' are those of the upcall. */
static void miss(struct worker *w, const struct flow_key *key, struct token_bucket *share,
                 uint64_t price, struct rte_mbuf *m)
{
    struct dp_upcall upcall = {.reason = DP_UPCALL_MISS};
    struct rte_mbuf *none[PENDING_MAX_PACKETS];
    struct pending_entry *e = pending_find(w->pending, key);
    enum pending_status status;

    if (e) {
        park(w, e, m);
        return;
    }
    if (!take_token(w, share, price)) {
        drop_packets(w, &drop_rate, &m, 1);
        return;
    }
    status = pending_open(w->pending, key, w->now_ms, w->births, &e);
    if (status != PENDING_PARKED) {
        drop_packets(w, full_reason(status), &m, 1);
        return;
    }
    upcall.key = &e->key;
    upcall.pending = e->token;
    if (!post(w, &upcall, m, UPCALL_BYTES)) {
        pending_close(w->pending, e, none);
        drop_packets(w, &drop_refused, &m, 1);
        return;
    }
    park(w, e, m);
}

void miss_run(struct worker *w, struct core_queue *q, struct rte_mbuf *m)
{
    struct flow_key key;

    w->totals->misses++;
    if (parse_mbuf(m, q->port_no, PARSE_ALL, &key) != PARSE_OK) {
        drop_packets(w, &drop_unparsed, &m, 1);
        return;
    }
    miss(w, &key, &q->share, MISS_PRICE * q->port->n_rxq, m);
}

void miss_run_again(struct worker *w, const struct flow_key *key, struct rte_mbuf *m)
{
    w->totals->misses++;
    miss(w, key, &w->told[key->in_port], MISS_PRICE * MAX_OF(core.settings.n_workers, 1u), m);
}

/* --- By an action. */

/* A packet that was told of is no other one; one that was not counts as a copy that was dropped. */
static void not_told(struct worker *w, const struct drop_reason *reason, uint32_t port_no)
{
    w->totals->copies++;
    drop_count(w->id, port_no, reason, 1);
}

static void tell(struct worker *w, uint32_t cookie, struct rte_mbuf *m, uint16_t port_no)
{
    struct dp_upcall upcall = {.reason = DP_UPCALL_ACTION, .cookie = cookie};
    struct flow_key key;

    if (parse_mbuf_key(m, port_no, &key) != PARSE_OK) {
        not_told(w, &drop_unparsed, port_no);
        return;
    }
    upcall.key = &key;
    if (!post(w, &upcall, m, ACTION_UPCALL_BYTES)) {
        not_told(w, &drop_refused, port_no);
    }
}

/* Whoever gets the packet from policy knows nothing of offloads: a copy of it is made what goes
 * over a wire. */
static void tell_finished(struct worker *w, uint32_t cookie, struct rte_mbuf *m)
{
    static const struct port wire; /* Can do nothing by itself. */
    struct rte_mbuf *copy = action_copy(&w->env, m), *out[8];
    uint16_t used = 0, extra, n;

    if (!copy) {
        not_told(w, &drop_refused, m->port);
        return;
    }
    w->totals->copies++;
    while (!used) {
        n = offload_prepare(w->offload, &wire, &copy, 1, out, ARRAY_SIZE(out), &used, &extra);
        w->totals->copies += extra;
        for (uint16_t i = 0; i < n; i++) {
            tell(w, cookie, out[i], m->port);
        }
        drop_packets(w, &drop_told, out, n);
    }
}

void miss_upcall(struct action_env *env, uint32_t cookie, struct rte_mbuf **pkts, uint16_t n)
{
    struct worker *w = CONTAINER_OF(env, struct worker, env);
    uint64_t price = ACTION_PRICE * MAX_OF(core.settings.n_workers, 1u);

    for (uint16_t i = 0; i < n; i++) {
        uint16_t port_no = pkts[i]->port;

        if (!take_token(w, &w->told[port_no], price)) {
            not_told(w, &drop_rate, port_no);
        } else if (pkts[i]->ol_flags & PARSE_TX_FLAGS) {
            tell_finished(w, cookie, pkts[i]);
        } else {
            tell(w, cookie, pkts[i], port_no);
        }
    }
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
