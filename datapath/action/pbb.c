/* push_pbb, pop_pbb, set(pbb): provider backbone bridging (IEEE 802.1Q clause 9.7): a frame within
 * a frame, behind a service instance tag. Workers; fast path. */
#include "datapath/action/shim.h"

#define MACS_LEN 12
#define OUTER_LEN (MACS_LEN + 2 + SHIM_LEN) /* Backbone addresses, type, I-TAG. */

static uint16_t push(struct action_env *env, const struct dp_action *action, struct rte_mbuf **pkts,
                     uint16_t n)
{
    const struct dp_action_push_pbb *a = (const void *)action;
    be16_t type = TYPE_PBB;
    uint16_t left = 0;

    for (uint16_t i = 0; i < n; i++) {
        struct rte_mbuf *m = action_writable(env, pkts[i], MACS_LEN + 2);
        uint8_t *p;

        m = likely(m) ? shim_insert(env, m, 0, OUTER_LEN) : NULL;
        if (unlikely(!m)) {
            continue;
        }
        p = rte_pktmbuf_mtod(m, uint8_t *);
        memcpy(p, p + OUTER_LEN, MACS_LEN);
        memcpy(p + MACS_LEN, &type, sizeof type);
        memcpy(p + MACS_LEN + 2, &a->tag, SHIM_LEN);
        m->packet_type = PORT_PTYPE_SHIM;
        pkts[left++] = m;
    }
    return left;
}

/* Backbone VLAN tags, which have an action of their own, stay outside of the customer's frame. */
static uint16_t pop(struct action_env *env, const struct dp_action *action UNUSED,
                    struct rte_mbuf **pkts, uint16_t n)
{
    uint16_t left = 0;

    for (uint16_t i = 0; i < n; i++) {
        struct rte_mbuf *m = action_writable(env, pkts[i], ACTION_HEADER_BYTES);
        struct shim s;
        uint8_t *p;

        if (unlikely(!m)) {
            continue;
        }
        p = rte_pktmbuf_mtod(m, uint8_t *);
        if (likely(shim_find(p, shim_room(m), &s) && s.type == TYPE_PBB &&
                   shim_room(m) >= s.at + SHIM_LEN + MACS_LEN + 2u)) {
            memcpy(p, p + s.at + SHIM_LEN, MACS_LEN);
            shim_remove(m, s.type_at, 2 + SHIM_LEN + MACS_LEN);
            m->packet_type = RTE_PTYPE_UNKNOWN;
        }
        pkts[left++] = m;
    }
    return left;
}

static uint16_t set(struct action_env *env, const struct dp_action *action, struct rte_mbuf **pkts,
                    uint16_t n)
{
    const struct dp_action_set_pbb *a = (const void *)action;
    uint16_t left = 0;

    for (uint16_t i = 0; i < n; i++) {
        struct rte_mbuf *m = action_writable(env, pkts[i], ACTION_HEADER_BYTES);
        struct shim s;
        uint8_t *p;

        if (unlikely(!m)) {
            continue;
        }
        p = rte_pktmbuf_mtod(m, uint8_t *);
        if (likely(shim_find(p, shim_room(m), &s) && s.type == TYPE_PBB &&
                   shim_room(m) >= s.at + SHIM_LEN)) {
            be32_t tag = (be32_load(p + s.at) & ~a->tag_mask) | (a->tag & a->tag_mask);

            memcpy(p + s.at, &tag, sizeof tag);
        }
        pkts[left++] = m;
    }
    return left;
}

ACTION_REGISTER(DP_ACTION_PUSH_PBB, push)
ACTION_REGISTER(DP_ACTION_POP_PBB, pop)
ACTION_REGISTER(DP_ACTION_SET_PBB, set)
