/* The parser over mbufs, whose headers may be spread over segments. Fast path; workers only (any
 * thread that owns the mbuf, really: there is no state). */
#ifndef DATAPATH_PARSE_PARSE_MBUF_H
#define DATAPATH_PARSE_PARSE_MBUF_H

#include <rte_mbuf.h>

#include "datapath/parse/parse.h"

#define PARSE_TX_FLAGS                                                                             \
    (RTE_MBUF_F_TX_L4_MASK | RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG)

/* As parse_bytes(). Sets l2_len, l3_len and l4_len of the mbuf, unless it has TX offload flags:
 * then those lengths are the rx driver's, who checked them. */
static inline enum parse_status parse_mbuf(struct rte_mbuf *m, uint16_t in_port,
                                           enum parse_depth depth, struct flow_key *key)
{
    uint8_t copy[PARSE_MAX_BYTES];
    const void *data = rte_pktmbuf_mtod(m, const void *);
    uint32_t len = m->data_len;
    struct parse_lens lens;
    enum parse_status status;

    if (unlikely(len < m->pkt_len && len < PARSE_MAX_BYTES)) {
        len = RTE_MIN(m->pkt_len, (uint32_t)PARSE_MAX_BYTES);
        data = rte_pktmbuf_read(m, 0, len, copy);
        if (!data) {
            return PARSE_RUNT; /* pkt_len lies: cannot come from our ports. */
        }
    }
    status = parse_bytes(data, len, m->pkt_len, in_port, depth, key, &lens);
    if (likely(!(m->ol_flags & PARSE_TX_FLAGS)) && likely(status == PARSE_OK)) {
        m->tx_offload = rte_mbuf_tx_offload(lens.l2, lens.l3, lens.l4, 0, 0, 0, 0);
    }
    return status;
}

/* The whole key of a packet that actions are at work on: the lengths stay, which know of headers
 * behind more tags than a parser sees through. */
static inline enum parse_status parse_mbuf_key(struct rte_mbuf *m, uint16_t in_port,
                                               struct flow_key *key)
{
    uint64_t lens = m->tx_offload;
    enum parse_status status = parse_mbuf(m, in_port, PARSE_ALL, key);

    m->tx_offload = lens;
    return status;
}

#endif
