/* Meters: packets are charged to the bands' buckets, and those that a band is hit by are dropped or
 * remarked. Workers; fast path. */
#include "datapath/action/checksum.h"
#include "datapath/action/layers.h"
#include "datapath/core/meters.h"

DROP_REASON(meter, "meter", "more than its meter lets pass")

#define NO_BAND UINT8_MAX

static uint64_t units(const struct core_meter *m, const struct rte_mbuf *pkt)
{
    return m->in_packets ? 1 : (uint64_t)pkt->pkt_len * 8;
}

/* The band that each packet hits, into 'hit'; false: none hits any. */
static bool charge(struct core_meter *m, struct rte_mbuf **pkts, uint16_t n, uint8_t *hit)
{
    uint64_t now = core_meter_now(), all = 0;
    bool any = false;

    for (uint16_t i = 0; i < n; i++) {
        all += units(m, pkts[i]);
    }
    for (uint8_t b = 0; b < m->n_bands; b++) {
        struct core_meter_band *band = &m->band[b];

        if (likely(meter_take(&band->bucket, &band->rate, all, now))) {
            continue;
        }
        if (!any) {
            memset(hit, NO_BAND, n);
            any = true;
        }
        for (uint16_t i = 0; i < n; i++) {
            if (!meter_take(&band->bucket, &band->rate, units(m, pkts[i]), now) &&
                (hit[i] == NO_BAND || band->rate_shown > m->band[hit[i]].rate_shown)) {
                hit[i] = b;
            }
        }
    }
    return any;
}

static void count(struct core_meter_counter *c, struct rte_mbuf **pkts, uint16_t n,
                  const uint8_t *hit)
{
    c->packets += n;
    for (uint16_t i = 0; i < n; i++) {
        c->bytes += pkts[i]->pkt_len;
        if (hit && hit[i] != NO_BAND) {
            c->band[hit[i]].packets++;
            c->band[hit[i]].bytes += pkts[i]->pkt_len;
        }
    }
}

/* NULL: it was dropped, for lack of memory. */
static struct rte_mbuf *remark(struct action_env *env, struct rte_mbuf *m, uint8_t level)
{
    struct layers l;
    uint8_t dscp, word[2];

    m = action_writable(env, m, ACTION_HEADER_BYTES);
    if (unlikely(!m)) {
        return NULL;
    }
    l = layers_find(m);
    if (!l.ip) {
        return m;
    }
    memcpy(word, l.ip, 2);
    if (word[0] >> 4 == 4) {
        dscp = meter_remark(word[1] >> 2, level);
        word[1] = (uint8_t)(dscp << 2 | (word[1] & 3));
        checksum_apply(l.ip + 10, checksum_delta(l.ip, word, 2));
    } else {
        dscp = meter_remark((uint8_t)((word[0] << 2 & 0x3c) | word[1] >> 6), level);
        word[0] = (uint8_t)(0x60 | dscp >> 2);
        word[1] = (uint8_t)((word[1] & 0x3f) | dscp << 6);
    }
    memcpy(l.ip, word, 2);
    return m;
}

static uint16_t apply(struct action_env *env, const struct core_meter *m, struct rte_mbuf **pkts,
                      uint16_t n, const uint8_t *hit)
{
    uint16_t left = 0;

    for (uint16_t i = 0; i < n; i++) {
        struct rte_mbuf *pkt = pkts[i];

        if (hit[i] != NO_BAND && m->band[hit[i]].type == DP_BAND_DROP) {
            drop_count(env->worker, pkt->port, &drop_meter, 1);
            rte_pktmbuf_free(pkt);
            continue;
        }
        if (hit[i] != NO_BAND) {
            pkt = remark(env, pkt, m->band[hit[i]].prec_level);
        }
        if (likely(pkt)) {
            pkts[left++] = pkt;
        }
    }
    return left;
}

static uint16_t meter(struct action_env *env, const struct dp_action *a, struct rte_mbuf **pkts,
                      uint16_t n)
{
    uint32_t meter_no = ((const struct dp_action_meter *)a)->meter_no;
    struct core_meter *m = core_meter_get(meter_no);
    uint8_t hit[ACTION_BATCH];

    if (unlikely(!m)) {
        return n;
    }
    if (likely(!charge(m, pkts, n, hit))) {
        count(&env->meters[meter_no], pkts, n, NULL);
        return n;
    }
    count(&env->meters[meter_no], pkts, n, hit);
    return apply(env, m, pkts, n, hit);
}

ACTION_REGISTER(DP_ACTION_METER, meter)

uint16_t action_meter_copies(struct action_env *env, uint32_t meter_no, struct rte_mbuf **pkts,
                             uint16_t n, struct rte_mbuf **ret_pass)
{
    struct core_meter *m = core_meter_get(meter_no);
    uint8_t hit[ACTION_BATCH];
    uint16_t left = 0;
    bool any;

    if (unlikely(!m)) {
        memcpy(ret_pass, pkts, n * sizeof *pkts);
        return n;
    }
    any = charge(m, pkts, n, hit);
    count(&env->meters[meter_no], pkts, n, any ? hit : NULL);
    for (uint16_t i = 0; i < n; i++) {
        if (any && hit[i] != NO_BAND && m->band[hit[i]].type == DP_BAND_DROP) {
            ++*env->copies;
            drop_count(env->worker, pkts[i]->port, &drop_meter, 1);
        } else {
            ret_pass[left++] = pkts[i];
        }
    }
    return left;
}
