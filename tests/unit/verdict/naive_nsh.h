/* Network service headers (RFC 8300 section 2), written down plainly for naive.h. Header only. */
#ifndef TESTS_UNIT_VERDICT_NAIVE_NSH_H
#define TESTS_UNIT_VERDICT_NAIVE_NSH_H

#include "tests/unit/verdict/naive_shim.h"

/* Where one begins that is whole and of a length that fits its MD type; 0: there is none. */
static inline uint32_t naive_nsh_at(const struct naive_packet *p)
{
    uint32_t at = naive_type_at(p), len;
    const uint8_t *h = p->data + at + 2;

    if (!naive_type_is(p, at, 0x894f) || p->len < at + 10 || h[0] & 0xc0) {
        return 0;
    }
    len = (h[1] & 63u) * 4;
    return len < 8 || p->len < at + 2 + len || ((h[2] & 15) == 1 && len != 24) ? 0 : at + 2;
}

static inline void naive_set_nsh(struct naive_packet *p, const struct dp_action_set_nsh *a)
{
    uint16_t mask = (uint16_t)(a->flags_mask << 12 | a->ttl_mask << 6), word;
    uint32_t at = naive_nsh_at(p);
    uint8_t *h = p->data + at;

    if (!at) {
        return;
    }
    naive_break(p, at, 8);
    word = (uint16_t)((h[0] << 8 | h[1]) & ~mask);
    word = (uint16_t)(word | ((a->flags << 12 | a->ttl << 6) & mask));
    h[0] = (uint8_t)(word >> 8);
    h[1] = (uint8_t)word;
    naive_set(h + 4, &a->path, &a->path_mask, 4);
    if ((h[2] & 15) == 1) {
        naive_break(p, at, 24);
        naive_set(h + 8, a->context, a->context_mask, 16);
    }
}

/* False: the packet's time is over. */
static inline bool naive_dec_nsh_ttl(struct naive_packet *p)
{
    struct dp_action_set_nsh less = {.ttl_mask = 63};
    uint32_t at = naive_nsh_at(p);
    unsigned int ttl = (p->data[at] & 15u) << 2 | p->data[at + 1] >> 6;

    if (at && ttl <= 1) {
        return false;
    }
    less.ttl = (uint8_t)(ttl - 1);
    naive_set_nsh(p, &less);
    return true;
}

#endif
