/* Cuts a TCP or UDP super-packet into the packets that a network card would make of it, for ports
 * that have no such card. Own code rather than rte_gso, which in DPDK 22.11 knows no TCP over IPv6
 * and takes a UDP super-packet for something to be fragmented. Workers. */
#ifndef DATAPATH_PORT_SEGMENT_H
#define DATAPATH_PORT_SEGMENT_H

#include <rte_mbuf.h>

#include "lib/util.h"

/* Bounds the work that one packet can cause: a hostile guest may ask for segments of one byte. */
#define SEGMENT_MAX 1024

struct segmenter {
    struct rte_mbuf *super; /* NULL: nothing is being cut. The caller's. */
    const struct rte_mbuf *from;
    uint32_t from_at; /* Of the next byte, in 'from'. */
    uint32_t done;    /* Payload bytes. */
    uint32_t payload; /* Payload bytes in all. */
    uint16_t headers; /* l2 + l3 + l4. */
    uint16_t n_segs;  /* So far. */
    bool tcp, ipv6;
};

enum segment_error { SEGMENT_OK, SEGMENT_BAD_HEADERS, SEGMENT_TOO_MANY };

/* Begins with a packet that has TX_TCP_SEG or TX_UDP_SEG set; nothing has changed on an error. */
enum segment_error segment_start(struct segmenter *, struct rte_mbuf *super);
/* The next segment, from 'pool', with a partial checksum and the flags to go with it; NULL when the
 * pool is empty. When '*ret_last' is set the super-packet is used up (and still to be freed). */
struct rte_mbuf *segment_next(struct segmenter *, struct rte_mempool *pool, bool *ret_last);

#endif
