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

static struct rte_mbuf *push(struct action_env *env, const struct dp_action *action,
                             struct rte_mbuf *m)
{
    const struct dp_action_push_mpls *a = (const void *)action;
    uint8_t *p = rte_pktmbuf_mtod(m, uint8_t *);
    struct shim s;
    be32_t entry;

    if (unlikely(!shim_find(p, shim_room(m), &s))) {
        return m;
    }
    entry = (inherited(p, shim_room(m), &s) & ~a->mask) | (a->lse & a->mask);
    m = shim_insert(env, m, s.at, SHIM_LEN);
    if (unlikely(!m)) {
        return NULL;
    }
    p = rte_pktmbuf_mtod(m, uint8_t *);
    memcpy(p + s.type_at, &a->eth_type, 2);
    memcpy(p + s.at, &entry, sizeof entry);
    m->packet_type = PORT_PTYPE_SHIM;
    return m;
}

static struct rte_mbuf *pop(struct action_env *env UNUSED, const struct dp_action *action,
                            struct rte_mbuf *m)
{
    const struct dp_action_pop_mpls *a = (const void *)action;
    struct shim s;

    if (shim_find_label(m, &s)) {
        memcpy(rte_pktmbuf_mtod_offset(m, uint8_t *, s.type_at), &a->eth_type, 2);
        shim_remove(m, s.at, SHIM_LEN);
        m->packet_type = shim_is_mpls(a->eth_type) ? PORT_PTYPE_SHIM : RTE_PTYPE_UNKNOWN;
    }
    return m;
}

static struct rte_mbuf *set(struct action_env *env UNUSED, const struct dp_action *action,
                            struct rte_mbuf *m)
{
    const struct dp_action_set_mpls *a = (const void *)action;
    struct shim s;

    if (shim_find_label(m, &s)) {
        uint8_t *p = rte_pktmbuf_mtod_offset(m, uint8_t *, s.at);
        be32_t entry = (be32_load(p) & ~a->lse_mask) | (a->lse & a->lse_mask);

        memcpy(p, &entry, sizeof entry);
    }
    return m;
}

ACTION_REGISTER_EACH(DP_ACTION_PUSH_MPLS, ACTION_HEADER_BYTES, push)
ACTION_REGISTER_EACH(DP_ACTION_POP_MPLS, ACTION_HEADER_BYTES, pop)
ACTION_REGISTER_EACH(DP_ACTION_SET_MPLS, ACTION_HEADER_BYTES, set)
