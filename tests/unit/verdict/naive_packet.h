/* A packet, and what is known of it, for those who carry out actions plainly (naive.h). Header
 * only.
 */
#ifndef TESTS_UNIT_VERDICT_NAIVE_PACKET_H
#define TESTS_UNIT_VERDICT_NAIVE_PACKET_H

#include <netinet/in.h>
#include <string.h>

#include "datapath/flow/action.h"
#include "datapath/parse/parse.h"

#define NAIVE_MAX 1024

#define NAIVE_MAX_TTLS 8
#define NAIVE_MAX_SUMS 16

/* What a parser says of a packet; actions keep it true, also where it would not see through more
 * tags. */
struct naive_view {
    struct flow_key key;
    struct parse_lens lens;
    bool hidden; /* What stands before the IP header does not say that it is one. */
};

struct naive_packet {
    uint8_t data[NAIVE_MAX];
    uint32_t len;
    /* IPv4 headers that a TTL was copied into where no parser looks: how far before the packet's
     * end each stands. Nothing is ever changed in length behind them. */
    uint16_t ttl_at[NAIVE_MAX_TTLS];
    unsigned int n_ttls;
    /* The IP header that was changed last, for the sake of checksums; not 0: how far before the
     * end. */
    uint32_t seen_at;
    struct naive_view seen;
    /* Where checksums may have been changed, before the end; and whether an action took a changed
     * IP header for something else, so that nothing is known of its checksums. */
    uint16_t sum_at[NAIVE_MAX_SUMS];
    unsigned int n_sums;
    bool broken;
};

static inline bool naive_parse(const struct naive_packet *p, uint16_t in_port,
                               struct naive_view *ret)
{
    struct flow_key key;
    bool ok = parse_bytes(p->data, MIN_OF(p->len, (uint32_t)PARSE_MAX_BYTES), p->len, in_port,
                          PARSE_ALL, &key, &ret->lens) == PARSE_OK;

    ret->hidden = false;
    if (ok) {
        flow_key_copy(&ret->key, &key);
    }
    return ok;
}

static inline void naive_set(uint8_t *p, const void *value, const void *mask, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t m = ((const uint8_t *)mask)[i];

        p[i] = (uint8_t)((p[i] & ~m) | (((const uint8_t *)value)[i] & m));
    }
}

/* What came out from under a label or a backbone frame is told by its type, which may be another
 * than when it went under. */
static inline void naive_look_again(const struct naive_packet *p, struct naive_view *v)
{
    struct naive_view now;

    if (v->lens.l3 && memcmp(p->data + v->lens.l2 - 2, &v->key.eth_type, 2)) {
        v->hidden = true;
        return;
    }
    v->hidden = false;
    if (!v->lens.l3 && naive_parse(p, v->key.in_port, &now) && now.lens.l3) {
        *v = now;
    }
}

/* Where checksums stand. */
struct naive_sums {
    size_t ip, l4; /* 0: there is none. */
    unsigned int l4_len;
    bool pseudo;
    bool sure; /* What the L4 one covers is known. */
};

static inline void naive_find_sums(const struct naive_view *v, struct naive_sums *s)
{
    size_t l4 = (size_t)v->lens.l2 + v->lens.l3;

    memset(s, 0, sizeof *s);
    if (v->lens.l3 && v->key.eth_type == be16_make(0x0800)) {
        s->ip = v->lens.l2 + 10u;
    }
    if (!v->lens.l3 || (!v->lens.l4 && (!s->ip || v->key.nw_frag & FLOW_FRAG_LATER))) {
        return;
    }
    /* A header that contradicts itself, and a routing header, leave it open. */
    s->sure = v->lens.l4 && (s->ip || v->lens.l3 == 40);
    s->l4_len = 2;
    s->pseudo = v->key.nw_proto != IPPROTO_ICMP;
    switch (v->key.nw_proto) {
    case IPPROTO_TCP: s->l4 = l4 + 16; break;
    case IPPROTO_UDP: s->l4 = l4 + 6; break;
    case IPPROTO_ICMP: s->l4 = l4 + 2; break;
    case IPPROTO_ICMPV6: s->l4 = l4 + 2; break;
    case IPPROTO_SCTP:
        s->l4 = l4 + 8;
        s->l4_len = 4;
        break;
    default: break;
    }
}

static inline void naive_sum_changes(struct naive_packet *p, size_t at, unsigned int len)
{
    for (unsigned int i = 0; at && at + len <= p->len && i < len; i += 2) {
        uint16_t before_end = (uint16_t)(p->len - at - i);
        unsigned int k = 0;

        while (k < p->n_sums && p->sum_at[k] != before_end) {
            k++;
        }
        if (k == p->n_sums && k < NAIVE_MAX_SUMS) {
            p->sum_at[p->n_sums++] = before_end;
        }
    }
}

/* Its IP header, if it has one, is about to be changed. */
static inline void naive_see(struct naive_packet *p, const struct naive_view *v)
{
    struct naive_sums s;

    if (v->lens.l3 && !v->hidden) {
        p->seen = *v;
        p->seen_at = p->len - v->lens.l2;
        naive_find_sums(v, &s);
        naive_sum_changes(p, s.ip, 2);
        naive_sum_changes(p, s.l4, s.l4_len);
    }
}

/* An action changes n bytes here that are no IP header's. */
static inline void naive_break(struct naive_packet *p, uint32_t at, uint32_t n)
{
    p->broken |= p->seen_at && p->len < at + n + p->seen_at;
    for (unsigned int i = 0; i < p->n_ttls; i++) {
        p->broken |= p->len < at + n + p->ttl_at[i];
    }
}

/* The view by which checksums are compared: an IP header that was changed may be behind more tags
 * than a parser sees through. */
static inline void naive_view_of_sums(const struct naive_packet *p, struct naive_view *v)
{
    naive_look_again(p, v);
    if (!v->lens.l3 && p->seen_at && p->seen_at <= p->len) {
        *v = p->seen;
        v->lens.l2 = (uint16_t)(p->len - p->seen_at);
    }
}

#endif
