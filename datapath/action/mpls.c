/* push_mpls, pop_mpls, set(mpls): label stack entries (RFC 3032) behind the VLAN tags. Workers;
 * fast path. */
#include "datapath/action/shim.h"

/* What a new entry copies from what is outside so far (OpenFlow 1.5.1 section 5.13). */
static be32_t inherited(const uint8_t *p, uint32_t room, const struct shim *s)
{
    if (shim_is_mpls(s->type)) {
        return room >= s->at + 4u ? be32_load(p + s->at) & ~MPLS_BOS : 0;
    }
    if (s->type == be16_make(0x0800) && room >= s->at + 20u && p[s->at] >> 4 == 4) {
        return be32_make(p[s->at + 8]);
    }
    if (s->type == be16_make(0x86dd) && room >= s->at + 40u && p[s->at] >> 4 == 6) {
        return be32_make(p[s->at + 7]);
    }
    return 0;
}

static uint16_t push(struct action_env *env, const struct dp_action *action, struct rte_mbuf **pkts,
                     uint16_t n)
{
    const struct dp_action_push_mpls *a = (const void *)action;
    uint16_t left = 0;

    for (uint16_t i = 0; i < n; i++) {
        struct rte_mbuf *m = action_writable(env, pkts[i], ACTION_HEADER_BYTES);
        struct shim s;
        be32_t entry;
        uint8_t *p;

        if (unlikely(!m)) {
            continue;
        }
        p = rte_pktmbuf_mtod(m, uint8_t *);
        if (likely(shim_find(p, shim_room(m), &s))) {
            entry = (inherited(p, shim_room(m), &s) & ~a->mask) | (a->lse & a->mask);
            m = shim_insert(env, m, s.at, SHIM_LEN);
            if (unlikely(!m)) {
                continue;
            }
            p = rte_pktmbuf_mtod(m, uint8_t *);
            memcpy(p + s.type_at, &a->eth_type, 2);
            memcpy(p + s.at, &entry, sizeof entry);
            m->packet_type = PORT_PTYPE_SHIM;
        }
        pkts[left++] = m;
    }
    return left;
}

static uint16_t pop(struct action_env *env, const struct dp_action *action, struct rte_mbuf **pkts,
                    uint16_t n)
{
    const struct dp_action_pop_mpls *a = (const void *)action;
    uint16_t left = 0;

    for (uint16_t i = 0; i < n; i++) {
        struct rte_mbuf *m = action_writable(env, pkts[i], ACTION_HEADER_BYTES);
        struct shim s;
        uint8_t *p;

        if (unlikely(!m)) {
            continue;
        }
        p = rte_pktmbuf_mtod(m, uint8_t *);
        if (likely(shim_find(p, shim_room(m), &s) && shim_is_mpls(s.type) &&
                   shim_room(m) >= s.at + SHIM_LEN)) {
            memcpy(p + s.type_at, &a->eth_type, 2);
            shim_remove(m, s.at, SHIM_LEN);
            m->packet_type = shim_is_mpls(a->eth_type) ? PORT_PTYPE_SHIM : RTE_PTYPE_UNKNOWN;
        }
        pkts[left++] = m;
    }
    return left;
}

static uint16_t set(struct action_env *env, const struct dp_action *action, struct rte_mbuf **pkts,
                    uint16_t n)
{
    const struct dp_action_set_mpls *a = (const void *)action;
    uint16_t left = 0;

    for (uint16_t i = 0; i < n; i++) {
        struct rte_mbuf *m = action_writable(env, pkts[i], ACTION_HEADER_BYTES);
        struct shim s;
        uint8_t *p;

        if (unlikely(!m)) {
            continue;
        }
        p = rte_pktmbuf_mtod(m, uint8_t *);
        if (likely(shim_find(p, shim_room(m), &s) && shim_is_mpls(s.type) &&
                   shim_room(m) >= s.at + SHIM_LEN)) {
            be32_t entry = (be32_load(p + s.at) & ~a->lse_mask) | (a->lse & a->lse_mask);

            memcpy(p + s.at, &entry, sizeof entry);
        }
        pkts[left++] = m;
    }
    return left;
}

ACTION_REGISTER(DP_ACTION_PUSH_MPLS, push)
ACTION_REGISTER(DP_ACTION_POP_MPLS, pop)
ACTION_REGISTER(DP_ACTION_SET_MPLS, set)
