/* Random packets, of few values, so that rules meet them. What is random comes from a fuzzer's
 * bytes, and when those are used up from a seed. Header only. */
#ifndef TESTS_UNIT_VERDICT_RANDOM_H
#define TESTS_UNIT_VERDICT_RANDOM_H

#include <netinet/in.h>
#include <stdarg.h>

#include "lib/strbuf.h"
#include "tests/unit/verdict/naive.h"

static struct {
    uint64_t state;
    const uint8_t *bytes;
    size_t n;
} chance;

static inline uint32_t rnd(uint32_t n)
{
    uint32_t v;

    if (n <= 1) {
        return 0;
    }
    if (chance.n) {
        chance.n--;
        v = *chance.bytes++;
        if (n > 256 && chance.n) {
            chance.n--;
            v = v << 8 | *chance.bytes++;
        }
        return v % n;
    }
    chance.state = chance.state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)((chance.state >> 33) % n);
}

/* What most packets and rules of a run are about, so that they meet more often. */
static struct {
    const char *protocol; /* NULL: nothing. */
    uint16_t type;
    uint8_t ip_proto;
} theme;

#define PICK(ARRAY) ((ARRAY)[rnd(ARRAY_SIZE(ARRAY))])

/* --- Packets. */

static inline void put8(struct naive_packet *p, unsigned int v)
{
    p->data[p->len++] = (uint8_t)v;
}

static inline void put16(struct naive_packet *p, unsigned int v)
{
    put8(p, v >> 8);
    put8(p, v);
}

static inline void set16(struct naive_packet *p, uint32_t at, unsigned int v)
{
    p->data[at] = (uint8_t)(v >> 8);
    p->data[at + 1] = (uint8_t)v;
}

static inline void put32(struct naive_packet *p, uint32_t v)
{
    put16(p, v >> 16);
    put16(p, v);
}

static inline void put_random(struct naive_packet *p, unsigned int n)
{
    while (n--) {
        put8(p, rnd(3) ? rnd(4) : rnd(256));
    }
}

static inline void put_mac(struct naive_packet *p)
{
    uint32_t which = rnd(24);

    if (which == 0) {
        put16(p, 0x0180);
        put32(p, 0xc2000000 + rnd(3) * 7);
    } else if (which < 3) {
        put16(p, 0xffff);
        put32(p, 0xffffffff);
    } else {
        put16(p, 0x0200);
        put32(p, 1 + which % 5);
    }
}

static inline void put_l4(struct naive_packet *p, unsigned int proto, bool six)
{
    switch (proto) {
    case IPPROTO_TCP:
        put16(p, 1000 + rnd(3));
        put16(p, rnd(2) ? 80 : rnd(4));
        put_random(p, 8);
        put16(p, (rnd(10) ? 0x5000 : rnd(16) << 12) | rnd(64));
        put_random(p, 6);
        break;
    case IPPROTO_UDP:
        put16(p, 1000 + rnd(3));
        put16(p, rnd(2) ? 53 : rnd(4));
        put16(p, 8 + 16);
        put16(p, rnd(3) ? rnd(65536) : 0);
        break;
    case IPPROTO_SCTP:
        put16(p, rnd(3));
        put16(p, rnd(3));
        put_random(p, 8);
        break;
    case IPPROTO_ICMPV6:
        put8(p, six && rnd(3) ? 135 + rnd(2) : 128 + rnd(3));
        put8(p, rnd(4) ? 0 : rnd(3));
        put_random(p, 6);
        put_random(p, 16); /* The target. */
        for (unsigned int n = rnd(3); n; n--) {
            put8(p, rnd(6) ? 1 + rnd(2) : rnd(7));
            put8(p, rnd(10) ? 1 : rnd(3));
            put_mac(p);
        }
        break;
    default:
        put8(p, rnd(3) * 8);
        put8(p, rnd(3));
        put_random(p, 6);
        break;
    }
    put_random(p, rnd(3) ? rnd(24) : 60 + rnd(80));
}

static inline unsigned int any_proto(void)
{
    static const uint8_t protos[] = {IPPROTO_TCP,  IPPROTO_TCP,    IPPROTO_UDP,  IPPROTO_UDP,
                                     IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_SCTP, 47,
                                     IPPROTO_IPIP, IPPROTO_IPV6};

    return theme.protocol && theme.ip_proto && rnd(3) ? theme.ip_proto : PICK(protos);
}

static inline void random_theme(void)
{
    static const struct {
        const char *protocol;
        uint16_t type;
        uint8_t ip_proto;
    } themes[] = {{"icmp6", 0x86dd, IPPROTO_ICMPV6},
                  {"icmp6", 0x86dd, IPPROTO_ICMPV6},
                  {"tcp", 0x0800, IPPROTO_TCP},
                  {"udp6", 0x86dd, IPPROTO_UDP},
                  {"arp", 0x0806, 0},
                  {"mpls", 0x8847, 0},
                  {"dl_type=0x88e7", 0x88e7, 0},
                  {"dl_type=0x894f", 0x894f, 0},
                  {"ip", 0x0800, IPPROTO_IPIP},
                  {"icmp", 0x0800, IPPROTO_ICMP},
                  {"sctp", 0x0800, IPPROTO_SCTP},
                  {"ipv6", 0x86dd, 0}};
    unsigned int i = rnd(2 * ARRAY_SIZE(themes));

    theme.protocol = i < ARRAY_SIZE(themes) ? themes[i].protocol : NULL;
    theme.type = i < ARRAY_SIZE(themes) ? themes[i].type : 0;
    theme.ip_proto = i < ARRAY_SIZE(themes) ? themes[i].ip_proto : 0;
}

static inline void put_inner(struct naive_packet *p, unsigned int proto, bool six);

static inline void put_ipv4(struct naive_packet *p)
{
    unsigned int words = rnd(8) ? 5 : rnd(16), proto = any_proto();
    uint32_t begin = p->len;
    uint16_t frag = (uint16_t)(rnd(5) ? 0x4000 * rnd(2) : rnd(2) ? 0x2000 : rnd(2) ? 0x2001 : 7);

    put8(p, (rnd(30) ? 0x40 : rnd(16) << 4) | words);
    put8(p, rnd(3) ? 0 : rnd(256));
    put16(p, rnd(200));
    put16(p, rnd(65536));
    put16(p, frag);
    put8(p, rnd(4) ? 64 : rnd(3));
    put8(p, proto);
    put16(p, rnd(65536));
    put32(p, 0x0a000000 + rnd(4));
    put32(p, 0x0a000100 + rnd(4));
    if (words > 5) {
        put_random(p, (words - 5) * 4);
    }
    put_inner(p, proto, false);
    if (rnd(10)) { /* Else what is written there already. */
        set16(p, begin + 2, p->len - begin);
    }
}

static inline void put_ipv6(struct naive_packet *p)
{
    static const uint8_t extensions[] = {0, 43, 44, 51, 60};
    unsigned int proto = any_proto(), n_ext = rnd(3) ? 0 : rnd(4);
    unsigned int next = n_ext ? PICK(extensions) : proto;
    uint32_t begin = p->len;

    put32(p, 0x60000000 | (rnd(3) ? 0 : rnd(256) << 20) | (rnd(2) ? 0 : rnd(3)));
    put16(p, rnd(200));
    put8(p, next);
    put8(p, rnd(4) ? 64 : rnd(3));
    put32(p, 0xfd000000);
    put_random(p, 8);
    put32(p, rnd(3));
    put32(p, 0xfd000000);
    put32(p, 0);
    put32(p, 0);
    put32(p, rnd(4));
    while (n_ext--) {
        unsigned int type = next;

        next = n_ext ? PICK(extensions) : proto;
        put8(p, next);
        put8(p, type == 44 ? 0 : type == 51 ? 1 : rnd(6) ? 0 : rnd(3));
        if (type == 44) {
            put16(p, rnd(2) ? rnd(2) : 8 | rnd(2));
            put32(p, 1);
        } else {
            put_random(p, type == 51 ? 10 : 6);
        }
    }
    put_inner(p, proto, true);
    if (rnd(10)) {
        set16(p, begin + 4, p->len - begin - 40);
    }
}

/* IP in IP now and then. */
static inline void put_inner(struct naive_packet *p, unsigned int proto, bool six)
{
    if (p->len > 200 || (proto != IPPROTO_IPIP && proto != IPPROTO_IPV6)) {
        put_l4(p, proto, six);
    } else if (proto == IPPROTO_IPIP) {
        put_ipv4(p);
    } else {
        put_ipv6(p);
    }
}

static inline void put_arp(struct naive_packet *p)
{
    put16(p, rnd(20) ? 1 : 6);
    put16(p, rnd(20) ? 0x0800 : 1);
    put16(p, rnd(20) ? 0x0604 : 0x0804);
    put16(p, rnd(12) ? 1 + rnd(2) : rnd(1000));
    put_mac(p);
    put32(p, 0x0a000000 + rnd(4));
    put_mac(p);
    put32(p, 0x0a000100 + rnd(4));
}

static inline void put_frame(struct naive_packet *p, unsigned int depth);

static inline void put_labels(struct naive_packet *p)
{
    unsigned int n_bottom = rnd(8) ? 1 : rnd(5); /* 0: a stack without a bottom. */

    for (unsigned int n = 1 + rnd(4); n; n--) {
        put32(p, rnd(4) << 12 | rnd(2) << 9 | (n == n_bottom) << 8 | (rnd(2) ? 64 : rnd(3)));
    }
    switch (rnd(5)) {
    case 0: put_ipv6(p); break;
    case 1: put_random(p, 30); break;
    default: put_ipv4(p); break;
    }
}

/* Of a length that fits mostly. */
static inline void put_nsh(struct naive_packet *p)
{
    unsigned int type = 1 + rnd(2);
    unsigned int words = rnd(20) ? (type == 1 ? 6 : 2 + rnd(3)) : rnd(64);

    put16(p, (rnd(20) ? rnd(4) : rnd(16)) << 12 | (rnd(3) ? 63 : rnd(4)) << 6 | words);
    put8(p, rnd(20) ? type : rnd(256));
    put8(p, rnd(5));
    put32(p, rnd(3) << 8 | rnd(3));
    put_random(p, type == 1 ? 16 : words < 2 ? 0 : (words - 2) * 4);
    put_ipv4(p);
}

static inline void put_llc(struct naive_packet *p)
{
    put_random(p, rnd(4));
    put16(p, 0xaaaa);
    put8(p, 3);
    put_random(p, rnd(6) ? 0 : 1);
    put16(p, 0);
    put8(p, 0);
    put16(p, 0x0800);
    put_ipv4(p);
}

/* Behind the addresses. */
static inline void put_payload(struct naive_packet *p, unsigned int depth)
{
    static const uint16_t types[] = {0x0800, 0x0800, 0x0800, 0x0800, 0x86dd, 0x86dd, 0x86dd, 0x0806,
                                     0x8035, 0x8847, 0x8848, 0x88e7, 0x894f, 0x9000, 0x0040};
    uint16_t type = theme.protocol && rnd(3) ? theme.type : PICK(types);

    put16(p, type);
    switch (type) {
    case 0x0800: put_ipv4(p); break;
    case 0x86dd: put_ipv6(p); break;
    case 0x0806:
    case 0x8035: put_arp(p); break;
    case 0x8847:
    case 0x8848: put_labels(p); break;
    case 0x88e7:
        put32(p, rnd(4) | rnd(3) << 26 | rnd(2) << 29);
        if (depth < 2) {
            put_frame(p, depth + 1);
        } else {
            put_random(p, 14);
        }
        break;
    case 0x894f: put_nsh(p); break;
    case 0x0040: put_llc(p); break;
    default: put_random(p, 40); break;
    }
}

static inline void put_frame(struct naive_packet *p, unsigned int depth)
{
    put_mac(p);
    put_mac(p);
    for (unsigned int n = rnd(2) ? 0 : rnd(4); n; n--) {
        put16(p, rnd(3) ? 0x8100 : 0x88a8);
        put16(p, (rnd(3) ? rnd(4) : 4095) | (rnd(3) ? 0 : rnd(16) << 12));
    }
    put_payload(p, depth);
}

static inline void random_packet(struct naive_packet *p)
{
    memset(p, 0, sizeof *p);
    put_frame(p, 0);
    if (rnd(8) == 0) {
        p->len = 12 + rnd(p->len - 12);
    }
    for (unsigned int n = rnd(12) ? 0 : 1 + rnd(3); n && p->len; n--) {
        p->data[rnd(p->len)] = (uint8_t)rnd(256);
    }
}

/* One like it: mostly the same flow to rules that do not look at much. */
static inline void vary_packet(struct naive_packet *p)
{
    for (unsigned int n = 1 + rnd(3); n && p->len; n--) {
        p->data[rnd(p->len)] ^= (uint8_t)(1u << rnd(8));
    }
}

#endif
