/* Where a packet's IP and transport headers are, for the actions that change them. Workers. */
#ifndef DATAPATH_ACTION_LAYERS_H
#define DATAPATH_ACTION_LAYERS_H

#include "datapath/action/exec.h"
#include "datapath/parse/parse_mbuf.h"

struct layers {
    uint8_t *ip;   /* NULL: no well-formed IP header. */
    uint8_t *l4;   /* NULL: no transport header here (a later fragment, too short). */
    uint32_t room; /* Contiguous bytes of the datagram at l4: Ethernet's padding is not of it. */
    uint32_t rest; /* Bytes of the datagram from l4 on. */
    uint8_t proto;
};

/* The packet's headers must be contiguous: action_writable(..., ACTION_HEADER_BYTES). For IPv4,
 * l2_len and l3_len as the parser set them and actions kept them, while the type before it says so
 * (a label that was pushed and popped may have left another); for IPv6 the parser runs again,
 * from the Ethernet type of what is behind all tags: it would not see through those that were
 * pushed. */
static inline struct layers layers_find(struct rte_mbuf *m)
{
    uint8_t *p = rte_pktmbuf_mtod(m, uint8_t *);
    struct layers l = {.ip = NULL};
    struct parse_lens lens;
    struct flow_key key;
    uint32_t skip;

    if (likely(m->l3_len >= 20 && m->l2_len >= 14 && m->l2_len + m->l3_len <= m->data_len &&
               p[m->l2_len] >> 4 == 4 && be16_load(p + m->l2_len - 2) == be16_make(0x0800))) {
        uint32_t total = MIN_OF(be16_get(be16_load(p + m->l2_len + 2)), m->pkt_len - m->l2_len);

        l.ip = p + m->l2_len;
        l.proto = l.ip[9];
        if (!(be16_load(l.ip + 6) & be16_make(0x1fff)) && total > m->l3_len) {
            l.l4 = l.ip + m->l3_len;
            l.rest = total - m->l3_len;
            l.room = MIN_OF(l.rest, (uint32_t)(m->data_len - m->l2_len - m->l3_len));
        }
        return l;
    }
    skip = m->l3_len && m->l2_len >= 14 && m->l2_len <= m->data_len ? m->l2_len - 14u : 0;
    p += skip;
    if (parse_bytes(p, m->data_len - skip, m->pkt_len - skip, 0, PARSE_ALL, &key, &lens) ==
            PARSE_OK &&
        lens.l3) {
        l.ip = p + lens.l2;
        l.proto = key.nw_proto;
        if (lens.l4) {
            uint32_t total = l.ip[0] >> 4 == 6 ? be16_get(be16_load(l.ip + 4)) + 40u
                                               : be16_get(be16_load(l.ip + 2));

            l.l4 = l.ip + lens.l3;
            l.rest = total - lens.l3;
            l.room = MIN_OF(l.rest, (uint32_t)(m->data_len - skip - lens.l2 - lens.l3));
        }
    }
    return l;
}

#endif
