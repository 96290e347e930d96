/* set(eth): the two MAC addresses. Workers; fast path. */
#include "datapath/action/exec.h"

static uint16_t set(struct action_env *env, const struct dp_action *action, struct rte_mbuf **pkts,
                    uint16_t n)
{
    const struct dp_action_set_eth *a = (const void *)action;
    uint8_t value[12], keep[12];
    uint16_t left = 0;

    /* In the packet's order. */
    for (unsigned int i = 0; i < 6; i++) {
        value[i] = a->dst[i] & a->dst_mask[i];
        keep[i] = (uint8_t)~a->dst_mask[i];
        value[6 + i] = a->src[i] & a->src_mask[i];
        keep[6 + i] = (uint8_t)~a->src_mask[i];
    }
    for (uint16_t i = 0; i < n; i++) {
        struct rte_mbuf *m = action_writable(env, pkts[i], 14);
        uint8_t *p;

        if (unlikely(!m)) {
            continue;
        }
        p = rte_pktmbuf_mtod(m, uint8_t *);
        for (unsigned int k = 0; k < 12; k++) {
            p[k] = (p[k] & keep[k]) | value[k];
        }
        pkts[left++] = m;
    }
    return left;
}

ACTION_REGISTER(DP_ACTION_SET_ETH, set)
