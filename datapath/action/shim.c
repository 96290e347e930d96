/* See shim.h. */
#include "datapath/action/shim.h"

struct rte_mbuf *shim_insert(struct action_env *env, struct rte_mbuf *m, uint32_t at, uint32_t n)
{
    uint8_t *p;

    if (unlikely(rte_pktmbuf_headroom(m) < n)) {
        m = action_make_writable(env, m); /* A copy starts with full headroom. */
        if (unlikely(!m)) {
            return NULL;
        }
    }
    m->data_off = (uint16_t)(m->data_off - n);
    m->data_len = (uint16_t)(m->data_len + n);
    m->pkt_len += n;
    p = rte_pktmbuf_mtod(m, uint8_t *);
    memmove(p, p + n, at);
    shim_moved(m, (int)n);
    return m;
}

void shim_remove(struct rte_mbuf *m, uint32_t at, uint32_t n)
{
    uint8_t *p = rte_pktmbuf_mtod(m, uint8_t *);

    memmove(p + n, p, at);
    rte_pktmbuf_adj(m, (uint16_t)n);
    shim_moved(m, -(int)n);
}
