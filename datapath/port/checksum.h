/* Internet checksums (RFC 1071) over mbufs. Workers. */
#ifndef DATAPATH_PORT_CHECKSUM_H
#define DATAPATH_PORT_CHECKSUM_H

#include <rte_ip.h>
#include <rte_mbuf.h>

#include "lib/byteorder.h"

/* Completes a partial checksum: sums from 'start' to the packet's end, over the pseudo header's sum
 * that stands at start + offset, and writes the result there. The field must be in the first
 * segment. As RFC 768 has it, and as it is right for TCP too, a result of zero is written as
 * 0xffff. */
static inline void checksum_complete(struct rte_mbuf *m, uint16_t start, uint16_t offset)
{
    uint16_t sum = 0;

    if (m->next) {
        rte_raw_cksum_mbuf(m, start, m->pkt_len - start, &sum);
    } else {
        sum = rte_raw_cksum(rte_pktmbuf_mtod_offset(m, const void *, start),
                            (size_t)(m->data_len - start));
    }
    sum = (uint16_t)~sum;
    if (!sum) {
        sum = 0xffff;
    }
    memcpy(rte_pktmbuf_mtod_offset(m, uint8_t *, start + offset), &sum, 2);
}

/* A partial checksum (a folded sum, not inverted) after a 16-bit word under it changed. All in the
 * order of the wire or all in host order. */
static inline uint16_t checksum_replace(uint16_t sum, uint32_t old_word, uint32_t new_word)
{
    uint32_t s = sum + (~old_word & 0xffff) + (new_word & 0xffff);

    s = (s & 0xffff) + (s >> 16);
    s = (s & 0xffff) + (s >> 16);
    return (uint16_t)s;
}

#endif
