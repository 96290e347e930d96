/* Incremental changes of Internet checksums (RFC 1624) and where a packet's transport checksum is.
 * Workers; fast path. */
#ifndef DATAPATH_ACTION_CHECKSUM_H
#define DATAPATH_ACTION_CHECKSUM_H

#include <rte_mbuf.h>

#include "lib/byteorder.h"

/* The ones' complement sum of words changing from 'from' to 'to' (n bytes, even): to be added to a
 * sum that covers them. */
static inline uint32_t checksum_delta(const void *from, const void *to, unsigned int n)
{
    const uint8_t *a = from, *b = to;
    uint32_t delta = 0;

    for (unsigned int i = 0; i < n; i += 2) {
        delta += (uint16_t)~be16_load(a + i);
        delta += be16_load(b + i);
    }
    return delta;
}

static inline uint16_t checksum_fold(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

/* A checksum field (the sum's complement) after a change. */
static inline void checksum_apply(void *field, uint32_t delta)
{
    uint16_t sum = (uint16_t)~checksum_fold((uint16_t)~be16_load(field) + delta);

    memcpy(field, &sum, sizeof sum);
}

/* Where a transport checksum stands, and what it covers. */
struct l4_checksum {
    uint8_t *field; /* NULL: there is none to care for. */
    bool partial;   /* Holds the pseudo header's sum, not complemented; the rest follows at tx. */
    bool udp;
};

/* 'l4': where the transport header starts, 'room' contiguous bytes of it are there. */
static inline struct l4_checksum l4_checksum_find(const struct rte_mbuf *m, uint8_t *l4,
                                                  uint32_t room, uint8_t proto)
{
    uint64_t partial = RTE_MBUF_F_TX_L4_MASK | RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG;
    struct l4_checksum c = {NULL, m->ol_flags & partial, proto == 17};

    switch (proto) {
    case 6: c.field = room >= 18 ? l4 + 16 : NULL; break;
    case 17: c.field = room >= 8 ? l4 + 6 : NULL; break;
    case 58: c.field = room >= 4 ? l4 + 2 : NULL; break;
    default: break;
    }
    if (c.udp && c.field && !c.partial && !be16_load(c.field)) {
        c.field = NULL; /* The sender left it out. */
    }
    return c;
}

/* After a change of what the pseudo header covers. */
static inline void l4_checksum_pseudo(const struct l4_checksum *c, uint32_t delta)
{
    if (!c->field) {
        return;
    }
    if (c->partial) {
        uint16_t sum = checksum_fold(be16_load(c->field) + delta);
        memcpy(c->field, &sum, sizeof sum);
        return;
    }
    checksum_apply(c->field, delta);
    if (c->udp && !be16_load(c->field)) {
        memset(c->field, 0xff, 2);
    }
}

/* After a change in the transport header itself, which a partial checksum does not cover yet. */
static inline void l4_checksum_header(const struct l4_checksum *c, uint32_t delta)
{
    if (!c->partial) {
        l4_checksum_pseudo(c, delta);
    }
}

#endif
