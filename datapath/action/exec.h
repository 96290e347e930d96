/* Execution of action lists over packets of one flow. One file per family of actions, each of which
 * registers what it handles; run.c walks the list.
 *
 * Rules of all of them: a packet is changed only when nobody else holds it (action_writable()
 * copies it otherwise); checksums are kept right incrementally, also partial ones, where only the
 * pseudo header's sum stands in the packet; an action that does not apply to a packet (a TCP port
 * of an ARP packet) leaves it alone. Workers; fast path. */
#ifndef DATAPATH_ACTION_EXEC_H
#define DATAPATH_ACTION_EXEC_H

#include <rte_mbuf.h>

#include "datapath/cache/wildcard/wildcard.h"
#include "datapath/core/drop.h"
#include "datapath/port/port.h"

#define ACTION_BATCH 64 /* The most packets at a time. */

/* What actions need of the worker they run on. */
struct core_meter_counter;
struct action_env {
    unsigned int worker;
    const struct port_pools *pools;
    uint64_t *copies; /* Counts packets made here. */
    /* Takes packets to send. */
    void (*output)(struct action_env *, uint32_t port_no, struct rte_mbuf **, uint16_t n);
    /* The same of which only the first bytes are sent. */
    void (*output_trunc)(struct action_env *, uint32_t port_no, uint32_t max_len,
                         struct rte_mbuf **, uint16_t n);
    /* Tells policy of packets, which stay the caller's and as they are. */
    void (*upcall)(struct action_env *, uint32_t cookie, struct rte_mbuf **, uint16_t n);
    struct core_meter_counter *meters; /* The worker's: [DP_MAX_METERS]. */
    /* Takes packets to look up again. */
    void (*recirculate)(struct action_env *, uint32_t id, struct rte_mbuf **, uint16_t n);
    bool hashed;        /* mbuf->hash.usr is that of this list's hash action. */
    unsigned int depth; /* How often the packets at work were recirculated. */
};

/* Applies one action to packets, which it may replace or drop; returns how many are left. */
typedef uint16_t action_fn(struct action_env *, const struct dp_action *, struct rte_mbuf **,
                           uint16_t n);

/* Takes packets of one flow (n <= ACTION_BATCH; mbuf->port says where each came in) through a
 * list. They belong to it. */
void action_run(struct action_env *, const struct wildcard_actions *, struct rte_mbuf **,
                uint16_t n);

/* Tells policy of the packets that the meter (DP_NO_METER: there is none) lets pass. */
void action_tell(struct action_env *, uint32_t cookie, uint32_t meter_no, struct rte_mbuf **,
                 uint16_t n);
/* Drops packets for a reason of policy's; 'told': policy knows of them. */
void action_drop(struct action_env *, enum dp_policy_drop, bool told, struct rte_mbuf **,
                 uint16_t n);

void action_register(enum dp_action_type, action_fn *);
#define ACTION_REGISTER(TYPE, FN)                                                                  \
    CONSTRUCTOR static void action_register_##TYPE(void)                                           \
    {                                                                                              \
        action_register(TYPE, FN);                                                                 \
    }

/* In meter.c: finds those of the packets that a meter would let pass, and charges and counts them.
 * None is changed; those that are not among 'ret_pass' count as copies that were dropped. Returns
 * how many pass. */
uint16_t action_meter_copies(struct action_env *, uint32_t meter_no, struct rte_mbuf **, uint16_t n,
                             struct rte_mbuf **ret_pass);

/* A packet with the same bytes whose headers are its own: its first segment has (at least) the
 * first ACTION_HEADER_BYTES of it; the payload of a large packet is shared. NULL when there is no
 * memory. In copy.c. */
#define ACTION_HEADER_BYTES 256
struct rte_mbuf *action_copy(struct action_env *, struct rte_mbuf *);

/* Makes the first 'need' (<= ACTION_HEADER_BYTES) bytes writable and contiguous, by a copy if need
 * be ('m' is freed then). NULL: it was dropped, for lack of memory. The packet may be shorter than
 * 'need'. */
struct rte_mbuf *action_make_writable(struct action_env *, struct rte_mbuf *);
static inline struct rte_mbuf *action_writable(struct action_env *env, struct rte_mbuf *m,
                                               uint32_t need)
{
    if (likely(rte_mbuf_refcnt_read(m) == 1 && RTE_MBUF_DIRECT(m) &&
               (m->data_len >= need || m->data_len == m->pkt_len))) {
        return m;
    }
    return action_make_writable(env, m);
}

/* For actions that treat each packet by itself: what one does to a packet whose first bytes are
 * writable and contiguous. Returns the packet, the one that replaces it, or NULL when it was
 * dropped. */
typedef struct rte_mbuf *action_one_fn(struct action_env *, const struct dp_action *,
                                       struct rte_mbuf *);

/* Inlined with 'one', so that the loop has no indirect call. */
static inline __attribute__((always_inline)) uint16_t action_each(struct action_env *env,
                                                                  const struct dp_action *a,
                                                                  struct rte_mbuf **pkts,
                                                                  uint16_t n, uint32_t need,
                                                                  action_one_fn *one)
{
    uint16_t left = 0;

    for (uint16_t i = 0; i < n; i++) {
        struct rte_mbuf *m = action_writable(env, pkts[i], need);

        if (likely(m)) {
            m = one(env, a, m);
        }
        if (likely(m)) {
            pkts[left++] = m;
        }
    }
    return left;
}

/* Registers such an action. 'NEED' is as of action_writable(). */
#define ACTION_REGISTER_EACH(TYPE, NEED, ONE)                                                      \
    static uint16_t action_each_##TYPE(struct action_env *env, const struct dp_action *a,          \
                                       struct rte_mbuf **pkts, uint16_t n)                         \
    {                                                                                              \
        return action_each(env, a, pkts, n, NEED, ONE);                                            \
    }                                                                                              \
    ACTION_REGISTER(TYPE, action_each_##TYPE)

#endif
