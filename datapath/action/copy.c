/* Copies of packets, for several outputs and before a shared packet is changed. A small packet is
 * copied whole; of a large one the headers are copied and the payload is shared, so that flooding a
 * 64 KiB super-packet does not copy 64 KiB per port. Workers; fast path. */
#include "datapath/action/exec.h"

DROP_REASON(write, "no-memory-change", "no packet buffer was left to change a shared packet")

/* Takes over what the packet is, not where its bytes are. */
static void copy_metadata(struct rte_mbuf *to, const struct rte_mbuf *from)
{
    to->ol_flags |= from->ol_flags & ~(RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL);
    to->tx_offload = from->tx_offload;
    to->port = from->port;
    to->packet_type = from->packet_type;
    to->hash = from->hash;
    to->vlan_tci = from->vlan_tci;
    to->vlan_tci_outer = from->vlan_tci_outer;
}

/* Appends to 'head' segments that share the bytes of 'm' from 'skip' on. */
static bool share_rest(struct action_env *env, struct rte_mbuf *head, struct rte_mbuf *m,
                       uint32_t skip)
{
    struct rte_mbuf *last = head;

    for (struct rte_mbuf *seg = m; seg; seg = seg->next) {
        struct rte_mbuf *part;

        if (seg->data_len <= skip) {
            skip -= seg->data_len;
            continue;
        }
        part = rte_pktmbuf_alloc(env->pools->small);
        if (!part) {
            return false;
        }
        rte_pktmbuf_attach(part, seg);
        part->data_off = (uint16_t)(seg->data_off + skip);
        part->data_len = (uint16_t)(seg->data_len - skip);
        part->next = NULL;
        last->next = part;
        last = part;
        head->nb_segs++;
        head->pkt_len += part->data_len;
        skip = 0;
    }
    return true;
}

struct rte_mbuf *action_copy(struct action_env *env, struct rte_mbuf *m)
{
    struct rte_mbuf *to = rte_pktmbuf_alloc(env->pools->small);
    uint32_t n;
    const void *from;
    void *data;

    if (unlikely(!to)) {
        return NULL;
    }
    n = m->pkt_len <= rte_pktmbuf_tailroom(to) ? m->pkt_len : ACTION_HEADER_BYTES;
    data = rte_pktmbuf_mtod(to, void *);
    from = rte_pktmbuf_read(m, 0, n, data);
    if (unlikely(!from)) {
        rte_pktmbuf_free(to);
        return NULL;
    }
    if (from != data) {
        memcpy(data, from, n);
    }
    to->data_len = (uint16_t)n;
    to->pkt_len = n;
    copy_metadata(to, m);
    if (unlikely(n < m->pkt_len) && !share_rest(env, to, m, n)) {
        rte_pktmbuf_free(to);
        return NULL;
    }
    return to;
}

struct rte_mbuf *action_make_writable(struct action_env *env, struct rte_mbuf *m)
{
    struct rte_mbuf *to = action_copy(env, m);

    if (unlikely(!to)) {
        drop_count(env->worker, m->port, &drop_write, 1);
    }
    rte_pktmbuf_free(m);
    return to;
}
