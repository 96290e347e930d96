/* push_pbb, pop_pbb, set(pbb): provider backbone bridging (IEEE 802.1Q clause 9.7): a frame within
 * a frame, behind a service instance tag. Workers; fast path. */
#include "datapath/action/shim.h"

#define MACS_LEN 12
#define OUTER_LEN (MACS_LEN + 2 + SHIM_LEN) /* Backbone addresses, type, I-TAG. */

static struct rte_mbuf *push(struct action_env *env, const struct dp_action *action,
                             struct rte_mbuf *m)
{
    const struct dp_action_push_pbb *a = (const void *)action;
    be16_t type = TYPE_PBB;
    uint8_t *p;

    m = shim_insert(env, m, 0, OUTER_LEN);
    if (unlikely(!m)) {
        return NULL;
    }
    p = rte_pktmbuf_mtod(m, uint8_t *);
    memcpy(p, p + OUTER_LEN, MACS_LEN);
    memcpy(p + MACS_LEN, &type, sizeof type);
    memcpy(p + MACS_LEN + 2, &a->tag, SHIM_LEN);
    m->packet_type = PORT_PTYPE_SHIM;
    return m;
}

/* Finds the I-TAG, at 's->at'. */
static bool find_tag(const struct rte_mbuf *m, struct shim *s)
{
    return likely(shim_find(rte_pktmbuf_mtod(m, const uint8_t *), shim_room(m), s) &&
                  s->type == TYPE_PBB && shim_room(m) >= s->at + SHIM_LEN);
}

/* Backbone VLAN tags, which have an action of their own, stay in front of the customer's frame. */
static struct rte_mbuf *pop(struct action_env *env UNUSED, const struct dp_action *action UNUSED,
                            struct rte_mbuf *m)
{
    struct shim s;

    if (find_tag(m, &s) && likely(shim_room(m) >= s.at + SHIM_LEN + MACS_LEN + 2u)) {
        uint8_t *p = rte_pktmbuf_mtod(m, uint8_t *);

        memcpy(p, p + s.at + SHIM_LEN, MACS_LEN);
        shim_remove(m, s.type_at, 2 + SHIM_LEN + MACS_LEN);
        m->packet_type = RTE_PTYPE_UNKNOWN;
    }
    return m;
}

static struct rte_mbuf *set(struct action_env *env UNUSED, const struct dp_action *action,
                            struct rte_mbuf *m)
{
    const struct dp_action_set_pbb *a = (const void *)action;
    struct shim s;

    if (find_tag(m, &s)) {
        uint8_t *p = rte_pktmbuf_mtod_offset(m, uint8_t *, s.at);
        be32_t tag = (be32_load(p) & ~a->tag_mask) | (a->tag & a->tag_mask);

        memcpy(p, &tag, sizeof tag);
    }
    return m;
}

ACTION_REGISTER_EACH(DP_ACTION_PUSH_PBB, MACS_LEN + 2, push)
ACTION_REGISTER_EACH(DP_ACTION_POP_PBB, ACTION_HEADER_BYTES, pop)
ACTION_REGISTER_EACH(DP_ACTION_SET_PBB, ACTION_HEADER_BYTES, set)
