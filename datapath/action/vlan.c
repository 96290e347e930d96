/* push_vlan, pop_vlan, set(vlan). They look at the packet's bytes alone, so the parser need not
 * have run; l2_len follows for the sake of offloads. Workers; fast path. */
#include "datapath/action/exec.h"

#define TAG_LEN 4
#define TCI_MASK 0xefff /* Without the DEI bit, which is not a field of ours. */

static bool is_tagged(const struct rte_mbuf *m)
{
    be16_t type = be16_load(rte_pktmbuf_mtod_offset(m, const uint8_t *, 12));

    return m->data_len >= 14 + TAG_LEN && (type == be16_make(0x8100) || type == be16_make(0x88a8));
}

static uint16_t push(struct action_env *env, const struct dp_action *action, struct rte_mbuf **pkts,
                     uint16_t n)
{
    const struct dp_action_push_vlan *a = (const void *)action;
    be16_t tag[2] = {a->tpid, a->tci & be16_make(TCI_MASK)};
    uint16_t left = 0;

    for (uint16_t i = 0; i < n; i++) {
        struct rte_mbuf *m = action_writable(env, pkts[i], 14);
        uint8_t *p;

        if (likely(m) && unlikely(rte_pktmbuf_headroom(m) < TAG_LEN)) {
            m = action_make_writable(env, m); /* A copy starts with full headroom. */
        }
        if (unlikely(!m)) {
            continue;
        }
        m->data_off -= TAG_LEN;
        m->data_len += TAG_LEN;
        m->pkt_len += TAG_LEN;
        p = rte_pktmbuf_mtod(m, uint8_t *);
        memmove(p, p + TAG_LEN, 12);
        memcpy(p + 12, tag, TAG_LEN);
        m->l2_len += TAG_LEN;
        pkts[left++] = m;
    }
    return left;
}

static uint16_t pop(struct action_env *env, const struct dp_action *action UNUSED,
                    struct rte_mbuf **pkts, uint16_t n)
{
    uint16_t left = 0;

    for (uint16_t i = 0; i < n; i++) {
        struct rte_mbuf *m = action_writable(env, pkts[i], 14 + TAG_LEN);

        if (unlikely(!m)) {
            continue;
        }
        if (likely(is_tagged(m))) {
            uint8_t *p = rte_pktmbuf_mtod(m, uint8_t *);

            memmove(p + TAG_LEN, p, 12);
            rte_pktmbuf_adj(m, TAG_LEN);
            m->l2_len -= TAG_LEN;
        }
        pkts[left++] = m;
    }
    return left;
}

static uint16_t set(struct action_env *env, const struct dp_action *action, struct rte_mbuf **pkts,
                    uint16_t n)
{
    const struct dp_action_set_vlan *a = (const void *)action;
    be16_t mask = a->tci_mask & be16_make(TCI_MASK);
    uint16_t left = 0;

    for (uint16_t i = 0; i < n; i++) {
        struct rte_mbuf *m = action_writable(env, pkts[i], 14 + TAG_LEN);

        if (unlikely(!m)) {
            continue;
        }
        if (likely(is_tagged(m))) {
            uint8_t *p = rte_pktmbuf_mtod_offset(m, uint8_t *, 14);
            be16_t tci = (be16_load(p) & ~mask) | (a->tci & mask);

            memcpy(p, &tci, sizeof tci);
        }
        pkts[left++] = m;
    }
    return left;
}

ACTION_REGISTER(DP_ACTION_PUSH_VLAN, push)
ACTION_REGISTER(DP_ACTION_POP_VLAN, pop)
ACTION_REGISTER(DP_ACTION_SET_VLAN, set)
