/* What stands between Ethernet's addresses and the payload: VLAN tags, then labels or an I-TAG. For
 * the actions that work there. Workers; fast path. */
#ifndef DATAPATH_ACTION_SHIM_H
#define DATAPATH_ACTION_SHIM_H

#include "datapath/action/exec.h"

#define SHIM_LEN 4u     /* Of a label stack entry, of an I-TAG. */
#define SHIM_MAX_TAGS 8 /* VLAN tags that may stand before. */
#define TYPE_PBB be16_make(0x88e7)
#define MPLS_BOS be32_make(0x100)
#define MPLS_TTL be32_make(0xff)

struct shim {
    uint16_t type_at; /* Of the type that says what the payload is, */
    uint16_t at;      /* which begins here. */
    be16_t type;
};

static inline bool shim_is_mpls(be16_t type)
{
    return type == be16_make(0x8847) || type == be16_make(0x8848);
}

static inline be16_t shim_type_at(const uint8_t *p, uint32_t at)
{
    return be16_load(p + at);
}

/* 'room' contiguous bytes are at 'p'. False: a tag is cut. */
static inline bool shim_find(const uint8_t *p, uint32_t room, struct shim *ret)
{
    uint32_t at = 12;

    if (unlikely(room < 14)) {
        return false;
    }
    for (unsigned int n = 0; n < SHIM_MAX_TAGS; n++) {
        be16_t type = shim_type_at(p, at);

        if (likely(type != be16_make(0x8100) && type != be16_make(0x88a8))) {
            break;
        }
        at += 4;
        if (unlikely(room < at + 2)) {
            return false;
        }
    }
    if (unlikely(be16_get(shim_type_at(p, at)) < 0x600) && room >= at + 10 &&
        !memcmp(p + at + 2, "\xaa\xaa\x03\x00\x00", 6) &&
        be16_get(shim_type_at(p, at + 8)) >= 0x600) {
        at += 8; /* RFC 1042: the type is behind LLC and SNAP. */
    }
    ret->type_at = (uint16_t)at;
    ret->at = (uint16_t)(at + 2);
    ret->type = shim_type_at(p, at);
    return true;
}

/* Bytes of a packet whose headers action_writable() made contiguous. */
static inline uint32_t shim_room(const struct rte_mbuf *m)
{
    return RTE_MIN(m->data_len, (uint32_t)ACTION_HEADER_BYTES);
}

/* The outermost label stack entry, at 's->at' of contiguous headers. False: there is none. */
static inline bool shim_find_label(const struct rte_mbuf *m, struct shim *ret)
{
    return likely(shim_find(rte_pktmbuf_mtod(m, const uint8_t *), shim_room(m), ret) &&
                  shim_is_mpls(ret->type) && shim_room(m) >= ret->at + SHIM_LEN);
}

/* What the lengths of the headers must follow: where the parser, or the driver whose checksum is
 * still to be made, found an IP header, it moves with the bytes before it. */
static inline void shim_moved(struct rte_mbuf *m, int n)
{
    if (m->l3_len) {
        m->l2_len = (uint16_t)(m->l2_len + n);
    }
}

/* Makes room for 'n' bytes at 'at'; NULL: dropped, for lack of memory. */
struct rte_mbuf *shim_insert(struct action_env *, struct rte_mbuf *, uint32_t at, uint32_t n);
/* Takes out 'n' bytes at 'at', which must be there. */
void shim_remove(struct rte_mbuf *, uint32_t at, uint32_t n);

#endif
