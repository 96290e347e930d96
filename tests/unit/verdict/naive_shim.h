/* Labels, backbone frames and TTLs, written down plainly for naive.h: OpenFlow 1.5.1 section 5.13
 * and 7.2.6, RFC 3032, IEEE 802.1Q clause 9.7. Header only. */
#ifndef TESTS_UNIT_VERDICT_NAIVE_SHIM_H
#define TESTS_UNIT_VERDICT_NAIVE_SHIM_H

#include <stdlib.h>

#include "tests/unit/verdict/naive_packet.h"

/* Where the type stands that is not a VLAN tag's, nor a length before LLC and SNAP; 0: it is cut.
 */
static inline uint32_t naive_type_at(const struct naive_packet *p)
{
    uint32_t at = 12;

    while (p->len >= at + 2 && ((p->data[at] == 0x81 && p->data[at + 1] == 0x00) ||
                                (p->data[at] == 0x88 && p->data[at + 1] == 0xa8))) {
        at += 4;
    }
    if (p->len < at + 2) {
        return 0;
    }
    if (p->data[at] < 6 && p->len >= at + 10 &&
        !memcmp(p->data + at + 2, "\xaa\xaa\x03\0\0\0", 6) && p->data[at + 8] >= 6) {
        at += 8;
    }
    return at;
}

static inline bool naive_type_is(const struct naive_packet *p, uint32_t at, unsigned int type)
{
    return at && p->data[at] == type >> 8 && p->data[at + 1] == (type & 0xff);
}

/* The outermost label, 0: there is none. */
static inline uint32_t naive_label_at(const struct naive_packet *p)
{
    uint32_t at = naive_type_at(p);

    return (naive_type_is(p, at, 0x8847) || naive_type_is(p, at, 0x8848)) && p->len >= at + 6
               ? at + 2
               : 0;
}

static inline void naive_insert(struct naive_packet *p, struct naive_view *v, uint32_t at,
                                uint32_t n)
{
    if (p->len + n > NAIVE_MAX) {
        abort();
    }
    memmove(p->data + at + n, p->data + at, p->len - at);
    p->len += n;
    v->lens.l2 = (uint16_t)(v->lens.l2 + (v->lens.l3 ? n : 0));
}

static inline void naive_remove(struct naive_packet *p, struct naive_view *v, uint32_t at,
                                uint32_t n)
{
    naive_break(p, at, n);
    memmove(p->data + at, p->data + at + n, p->len - at - n);
    p->len -= n;
    v->lens.l2 = (uint16_t)(v->lens.l2 - (v->lens.l3 ? n : 0));
}

/* --- TTLs. */

struct naive_ttl {
    uint32_t at; /* Of the TTL; 0: there is none. */
    uint32_t ip; /* Of the IPv4 header that has it; 0: none does. */
};

static inline struct naive_ttl naive_ttl_of_ip(const struct naive_packet *p, uint32_t at)
{
    struct naive_ttl ttl = {0, 0};

    if (p->len >= at + 20 && p->data[at] >> 4 == 4) {
        ttl.at = at + 8;
        ttl.ip = at;
    } else if (p->len >= at + 40 && p->data[at] >> 4 == 6) {
        ttl.at = at + 7;
    }
    return ttl;
}

/* Those of the two outermost headers that have one. */
static inline void naive_two_ttls(const struct naive_packet *p, struct naive_ttl two[2])
{
    uint32_t at = naive_type_at(p), label = naive_label_at(p);

    memset(two, 0, 2 * sizeof *two);
    if (label) {
        two[0].at = label + 3;
        if (p->data[label + 2] & 1) {
            two[1] = naive_ttl_of_ip(p, label + 4);
        } else if (p->len >= label + 8) {
            two[1].at = label + 7;
        }
    } else if (naive_type_is(p, at, 0x0800) || naive_type_is(p, at, 0x86dd)) {
        const uint8_t *ip = p->data + at + 2;
        uint32_t len;
        uint8_t proto;

        two[0] = naive_ttl_of_ip(p, at + 2);
        if (!two[0].at) {
            return;
        }
        len = two[0].ip ? (ip[0] & 15u) * 4 : 40;
        proto = two[0].ip ? ip[9] : ip[6];
        if ((proto == 4 || proto == 41) && len >= 20 && p->len >= at + 2 + len &&
            !(two[0].ip && ((ip[6] & 0x1f) || ip[7]))) {
            two[1] = naive_ttl_of_ip(p, at + 2 + len);
        }
    }
}

static inline void naive_copy_ttl(struct naive_packet *p, bool inwards)
{
    struct naive_ttl two[2], *to = &two[inwards];

    naive_two_ttls(p, two);
    if (two[0].at && two[1].at) {
        p->data[to->at] = p->data[two[!inwards].at];
        if (!to->ip) {
            naive_break(p, to->at, 1);
        } else if (p->n_ttls < NAIVE_MAX_TTLS) {
            p->ttl_at[p->n_ttls++] = (uint16_t)(p->len - to->ip);
            naive_sum_changes(p, to->ip + 10, 2);
        }
    }
}

/* False: the packet's time is over. */
static inline bool naive_dec_ttl(struct naive_packet *p, struct naive_view *v, bool mpls)
{
    uint32_t at;

    if (mpls) {
        at = naive_label_at(p);
        at = at ? at + 3 : 0;
        naive_break(p, at, 1);
    } else {
        naive_look_again(p, v);
        naive_see(p, v);
        at = !v->lens.l3 || v->hidden ? 0 : v->lens.l2 + (p->data[v->lens.l2] >> 4 == 6 ? 7u : 8u);
    }
    if (!at) {
        return true;
    }
    if (p->data[at] <= 1) {
        return false;
    }
    p->data[at]--;
    return true;
}

/* --- Labels and frames. */

static inline void naive_push_mpls(struct naive_packet *p, struct naive_view *v,
                                   const struct dp_action_push_mpls *a)
{
    uint32_t at = naive_type_at(p), label = naive_label_at(p);
    uint8_t entry[4] = {0};

    if (!at) {
        return;
    }
    if (label) {
        memcpy(entry, p->data + label, 4);
        entry[2] &= 0xfe;
    } else if (naive_type_is(p, at, 0x0800) && naive_ttl_of_ip(p, at + 2).ip) {
        entry[3] = p->data[at + 2 + 8];
    } else if (naive_type_is(p, at, 0x86dd) && naive_ttl_of_ip(p, at + 2).at &&
               !naive_ttl_of_ip(p, at + 2).ip) {
        entry[3] = p->data[at + 2 + 7];
    }
    naive_set(entry, &a->lse, &a->mask, 4);
    naive_insert(p, v, at + 2, 4);
    memcpy(p->data + at, &a->eth_type, 2);
    memcpy(p->data + at + 2, entry, 4);
}

static inline void naive_pop_mpls(struct naive_packet *p, struct naive_view *v,
                                  const struct dp_action_pop_mpls *a)
{
    uint32_t label = naive_label_at(p);

    if (label) {
        memcpy(p->data + label - 2, &a->eth_type, 2);
        naive_remove(p, v, label, 4);
    }
}

static inline void naive_push_pbb(struct naive_packet *p, struct naive_view *v,
                                  const struct dp_action_push_pbb *a)
{
    uint8_t macs[12];

    memcpy(macs, p->data, 12);
    naive_insert(p, v, 0, 18);
    memcpy(p->data, macs, 12);
    memcpy(p->data + 12, "\x88\xe7", 2);
    memcpy(p->data + 14, &a->tag, 4);
}

/* The customer's addresses and type take the place of the backbone's; its tags stay. */
static inline void naive_pop_pbb(struct naive_packet *p, struct naive_view *v)
{
    uint32_t at = naive_type_at(p);

    if (naive_type_is(p, at, 0x88e7) && p->len >= at + 2 + 4 + 12 + 2) {
        memcpy(p->data, p->data + at + 6, 12);
        naive_remove(p, v, at, 18);
    }
}

static inline void naive_set_shim(struct naive_packet *p, bool mpls, be32_t value, be32_t mask)
{
    uint32_t at = naive_type_at(p);

    if (mpls ? naive_label_at(p) : naive_type_is(p, at, 0x88e7) && p->len >= at + 6) {
        naive_break(p, at + 2, 4);
        naive_set(p->data + at + 2, &value, &mask, 4);
    }
}

#endif
