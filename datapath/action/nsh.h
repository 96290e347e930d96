/* Where a packet's network service header is (RFC 8300 section 2.2), for the actions that work on
 * it. Workers; fast path. */
#ifndef DATAPATH_ACTION_NSH_H
#define DATAPATH_ACTION_NSH_H

#include "datapath/action/shim.h"

#define TYPE_NSH be16_make(0x894f)

static inline uint32_t nsh_len(const uint8_t *h)
{
    return (h[1] & 0x3f) * 4u;
}

static inline uint8_t nsh_ttl(const uint8_t *h)
{
    return (uint8_t)((h[0] << 2 | h[1] >> 6) & FLOW_NSH_TTL);
}

static inline void nsh_put_ttl(uint8_t *h, uint8_t ttl)
{
    h[0] = (uint8_t)((h[0] & 0xf0) | ttl >> 2);
    h[1] = (uint8_t)((h[1] & 0x3f) | ttl << 6);
}

/* At 's->at' of contiguous headers; the whole of it is in the packet, and of MD type 1 contiguous.
 * NULL: there is none that the parser would believe. */
static inline uint8_t *nsh_find_at(const struct rte_mbuf *m, struct shim *s)
{
    uint8_t *h = rte_pktmbuf_mtod(m, uint8_t *);
    uint32_t len;

    if (unlikely(!shim_find(h, shim_room(m), s) || s->type != TYPE_NSH ||
                 shim_room(m) < s->at + 8u)) {
        return NULL;
    }
    h += s->at;
    len = nsh_len(h);
    if (unlikely(h[0] >> 6 || len < 8 || s->at + len > m->pkt_len ||
                 ((h[2] & 0x0f) == 1 && (len != 24 || shim_room(m) < s->at + 24u)))) {
        return NULL;
    }
    return h;
}

static inline uint8_t *nsh_find(const struct rte_mbuf *m)
{
    struct shim s;

    return nsh_find_at(m, &s);
}

#endif
