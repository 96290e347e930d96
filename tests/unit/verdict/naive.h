/* What datapath actions do to bytes, written down plainly: nothing is cached, shared or batched,
 * and checksums are left alone (naive_same() says what they must be). Header only. */
#ifndef TESTS_UNIT_VERDICT_NAIVE_H
#define TESTS_UNIT_VERDICT_NAIVE_H

#include <netinet/in.h>

#include "datapath/parse/parse.h"
#include "tests/unit/verdict/inproc.h"

#define NAIVE_MAX 1024
#define NAIVE_MAX_OUTPUTS 4096
#define NAIVE_MAX_ROUNDS 6

struct naive_packet {
    uint8_t data[NAIVE_MAX];
    uint32_t len;
};

/* What a parser says of it; actions keep it true, also where it would not see through more tags. */
struct naive_view {
    struct flow_key key;
    struct parse_lens lens;
};

struct naive_output {
    uint32_t port;
    bool cut; /* Its checksums are of bytes that are not there any more. */
    struct naive_packet packet;
    struct naive_view view;
};

struct naive_outputs {
    struct naive_output *of;
    unsigned int n;
    bool gave_up; /* More than can be checked. */
};

static inline bool naive_parse(const struct naive_packet *p, uint16_t in_port,
                               struct naive_view *ret)
{
    struct flow_key key;
    bool ok = parse_bytes(p->data, MIN_OF(p->len, (uint32_t)PARSE_MAX_BYTES), p->len, in_port,
                          PARSE_ALL, &key, &ret->lens) == PARSE_OK;

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

static inline bool naive_is_tagged(const struct naive_packet *p)
{
    return p->len >= 18 && ((p->data[12] == 0x81 && p->data[13] == 0x00) ||
                            (p->data[12] == 0x88 && p->data[13] == 0xa8));
}

static inline void naive_push(struct naive_packet *p, const struct dp_action_push_vlan *a)
{
    be16_t tci = a->tci & be16_make(0xefff);

    MUST(p->len + 4 <= NAIVE_MAX);
    memmove(p->data + 16, p->data + 12, p->len - 12);
    memcpy(p->data + 12, &a->tpid, 2);
    memcpy(p->data + 14, &tci, 2);
    p->len += 4;
}

static inline void naive_ipv4(uint8_t *ip, const struct dp_action_set_ipv4 *a)
{
    naive_set(ip + 1, &a->tos, &a->tos_mask, 1);
    naive_set(ip + 8, &a->ttl, &a->ttl_mask, 1);
    naive_set(ip + 12, &a->src, &a->src_mask, 4);
    naive_set(ip + 16, &a->dst, &a->dst_mask, 4);
}

static inline void naive_ipv6(uint8_t *ip, const struct dp_action_set_ipv6 *a)
{
    be32_t word = be32_make((uint32_t)a->tclass << 20), mask;

    word |= a->label;
    mask = be32_make((uint32_t)a->tclass_mask << 20) | a->label_mask;
    naive_set(ip, &word, &mask, 4);
    naive_set(ip + 7, &a->hlimit, &a->hlimit_mask, 1);
    naive_set(ip + 8, a->src, a->src_mask, 16);
    naive_set(ip + 24, a->dst, a->dst_mask, 16);
}

static inline void naive_l4(uint8_t *l4, uint8_t proto, const struct dp_action_set_l4 *a)
{
    if (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6) {
        naive_set(l4, (const uint8_t *)&a->src + 1, (const uint8_t *)&a->src_mask + 1, 1);
        naive_set(l4 + 1, (const uint8_t *)&a->dst + 1, (const uint8_t *)&a->dst_mask + 1, 1);
    } else if (proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP) {
        naive_set(l4, &a->src, &a->src_mask, 2);
        naive_set(l4 + 2, &a->dst, &a->dst_mask, 2);
    }
}

/* Whether the ports, or type and code, are there to be changed. */
static inline bool naive_has_l4(const struct naive_packet *p, const struct naive_view *v)
{
    const uint8_t *ip = p->data + v->lens.l2;
    uint32_t total, room;

    if (v->key.eth_type != be16_make(0x0800)) {
        return v->lens.l4;
    }
    total = MIN_OF((uint32_t)(ip[2] << 8 | ip[3]), p->len - v->lens.l2);
    room = total > v->lens.l3 ? total - v->lens.l3 : 0;
    return !(v->key.nw_frag & FLOW_FRAG_LATER) && room >= (v->key.nw_proto == IPPROTO_TCP    ? 18u
                                                           : v->key.nw_proto == IPPROTO_SCTP ? 12u
                                                                                             : 8u);
}

/* Actions that change the packet. */
static inline void naive_change(struct naive_packet *p, struct naive_view *v,
                                const struct dp_action *a)
{
    uint8_t *l3 = v->lens.l3 ? p->data + v->lens.l2 : NULL;

    switch (a->type) {
    case DP_ACTION_PUSH_VLAN:
        naive_push(p, (const void *)a);
        v->lens.l2 += 4;
        break;
    case DP_ACTION_POP_VLAN:
        if (naive_is_tagged(p)) {
            memmove(p->data + 12, p->data + 16, p->len - 16);
            p->len -= 4;
            v->lens.l2 -= 4;
        }
        break;
    case DP_ACTION_SET_VLAN: {
        const struct dp_action_set_vlan *s = (const void *)a;
        be16_t mask = s->tci_mask & be16_make(0xefff);

        if (naive_is_tagged(p)) {
            naive_set(p->data + 14, &s->tci, &mask, 2);
        }
        break;
    }
    case DP_ACTION_SET_ETH: {
        const struct dp_action_set_eth *s = (const void *)a;

        naive_set(p->data, s->dst, s->dst_mask, 6);
        naive_set(p->data + 6, s->src, s->src_mask, 6);
        break;
    }
    case DP_ACTION_SET_IPV4:
        if (l3 && v->key.eth_type == be16_make(0x0800)) {
            naive_ipv4(l3, (const void *)a);
        }
        break;
    case DP_ACTION_SET_IPV6:
        if (l3 && v->key.eth_type == be16_make(0x86dd)) {
            naive_ipv6(l3, (const void *)a);
        }
        break;
    case DP_ACTION_SET_L4:
        if (l3 && naive_has_l4(p, v)) {
            naive_l4(l3 + v->lens.l3, v->key.nw_proto, (const void *)a);
        }
        break;
    default: fprintf(stderr, "action %u is not known here\n", a->type); abort();
    }
}

static inline void naive_output(struct naive_outputs *outs, uint32_t port,
                                const struct naive_packet *p, const struct naive_view *v)
{
    if (outs->n == NAIVE_MAX_OUTPUTS) {
        outs->gave_up = true;
        return;
    }
    outs->of[outs->n].port = port;
    outs->of[outs->n].cut = false;
    outs->of[outs->n].view = *v;
    outs->of[outs->n++].packet = *p;
}

static inline void naive_output_trunc(struct naive_outputs *outs,
                                      const struct dp_action_output_trunc *a,
                                      const struct naive_packet *p, const struct naive_view *v)
{
    naive_output(outs, a->port, p, v);
    if (!outs->gave_up && p->len > a->max_len) {
        outs->of[outs->n - 1].packet.len = a->max_len;
        outs->of[outs->n - 1].cut = true;
    }
}

struct naive_walk {
    struct ofproto_set *set;
    uint16_t in_port;
    uint32_t dp_hash;
    unsigned int depth;
    bool teach;
    struct naive_outputs *outs;
};
static inline void naive_round(struct ofproto_set *set, const struct naive_packet *packet,
                               uint16_t in_port, uint32_t recirc_id, uint32_t dp_hash,
                               unsigned int depth, bool teach, struct naive_outputs *outs);

/* False: the packet's time is over. */
static inline bool naive_dec_ttl(struct naive_packet *p, const struct naive_view *v)
{
    uint8_t *ip = p->data + v->lens.l2, *ttl = ip + (ip[0] >> 4 == 6 ? 7 : 8);

    if (v->lens.l3 && *ttl <= 1) {
        return false;
    }
    *ttl = (uint8_t)(*ttl - (v->lens.l3 != 0));
    return true;
}

static inline void naive_list(struct naive_walk *w, const void *data, size_t len,
                              struct naive_packet *p, struct naive_view *v)
{
    for (const struct dp_action *a = dp_actions_first(data, len); a;
         a = dp_actions_next(data, len, a)) {
        if (a->type == DP_ACTION_OUTPUT) {
            naive_output(w->outs, ((const struct dp_action_output *)a)->port, p, v);
        } else if (a->type == DP_ACTION_OUTPUT_TRUNC) {
            naive_output_trunc(w->outs, (const void *)a, p, v);
        } else if (a->type == DP_ACTION_RECIRC && w->depth < NAIVE_MAX_ROUNDS) {
            naive_round(w->set, p, w->in_port, ((const struct dp_action_recirc *)a)->id, w->dp_hash,
                        w->depth + 1, w->teach, w->outs);
        } else if (a->type == DP_ACTION_HASH) {
            const struct dp_action_hash *hash = (const void *)a;
            struct naive_view now;

            w->dp_hash = naive_parse(p, w->in_port, &now)
                             ? flow_key_hash(&now.key, (enum dp_hash_alg)hash->alg, hash->basis)
                             : 1;
        } else if (a->type == DP_ACTION_CLONE) {
            struct naive_packet *copy = xmemdup(p, sizeof *p);
            struct naive_walk inner = *w;
            struct naive_view view = *v;
            size_t n;
            const void *nested = dp_action_nested(a, &n);

            naive_list(&inner, nested, n, copy, &view);
            free(copy);
        } else if (a->type == DP_ACTION_DEC_TTL) {
            if (!naive_dec_ttl(p, v)) {
                return;
            }
        } else if (a->type != DP_ACTION_DROP && a->type != DP_ACTION_UPCALL &&
                   a->type != DP_ACTION_RECIRC) {
            naive_change(p, v, a);
        }
    }
}

/* What the tables say of the packet, in this round and those that follow, and what comes of it.
 * 'teach': the tables learn from it. */
static inline void naive_round(struct ofproto_set *set, const struct naive_packet *packet,
                               uint16_t in_port, uint32_t recirc_id, uint32_t dp_hash,
                               unsigned int depth, bool teach, struct naive_outputs *outs)
{
    struct naive_packet *p = xmemdup(packet, sizeof *packet);
    struct naive_walk w = {set, in_port, 0, depth, teach, outs};
    struct ofproto_xlate_out out;
    struct naive_view v;
    struct ofproto_xlate_in in = {.key = &v.key,
                                  .packet = p->data,
                                  .packet_len = p->len,
                                  .may_learn = teach,
                                  .now_ms = time_now_ms()};

    if (naive_parse(p, in_port, &v)) {
        v.key.recirc_id = recirc_id;
        v.key.dp_hash = dp_hash;
        ofproto_translate(set, &in, &out);
        naive_list(&w, out.actions.data, out.actions.len, p, &v);
        ofproto_xlate_out_free(&out);
    }
    free(p);
}

/* --- Comparing, checksums apart. */

static inline uint32_t naive_sum(const uint8_t *p, size_t n)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++) {
        sum += i & 1 ? p[i] : (uint64_t)p[i] << 8;
    }
    return (uint32_t)(sum % 0xffff);
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

/* By how much the packet's L4 checksum is wrong. */
static inline uint32_t naive_residue(const struct naive_packet *p, const struct naive_view *v,
                                     const struct naive_sums *s)
{
    size_t l3 = v->lens.l2, l4 = l3 + v->lens.l3;
    uint64_t sum = naive_sum(p->data + l4, p->len - l4);

    if (s->pseudo && v->key.eth_type == be16_make(0x0800)) {
        sum += naive_sum(p->data + l3 + 12, 8);
    } else if (s->pseudo) {
        sum += naive_sum(p->data + l3 + 8, 32);
    }
    return (uint32_t)(sum % 0xffff);
}

/* NULL: 'got' is what 'want', made of 'in', is to be. Else what is wrong. */
static inline const char *naive_same(const struct naive_packet *in, const struct naive_output *want,
                                     const struct naive_packet *got)
{
    struct naive_packet w = want->packet, g = *got;
    const struct naive_view *vg = &want->view;
    struct naive_sums si, sg;
    struct naive_view vi;

    if (w.len != g.len) {
        return "length";
    }
    naive_find_sums(vg, &sg);
    if (sg.ip) {
        memset(w.data + sg.ip, 0, 2);
        memset(g.data + sg.ip, 0, 2);
    }
    if (sg.l4 && sg.l4 < w.len) {
        size_t n = MIN_OF((size_t)sg.l4_len, w.len - sg.l4);

        memset(w.data + sg.l4, 0, n);
        memset(g.data + sg.l4, 0, n);
    }
    if (memcmp(w.data, g.data, g.len)) {
        return "bytes";
    }
    if (want->cut || !naive_parse(in, 0, &vi)) {
        return NULL;
    }
    naive_find_sums(&vi, &si);
    if (si.ip && sg.ip &&
        naive_sum(in->data + vi.lens.l2, vi.lens.l3) !=
            naive_sum(got->data + vg->lens.l2, vg->lens.l3)) {
        return "IPv4 checksum";
    }
    if (si.l4 && sg.l4 && sg.l4_len == 2 && si.sure && sg.sure) {
        bool none = vi.key.nw_proto == IPPROTO_UDP && !in->data[si.l4] && !in->data[si.l4 + 1];

        if (none && (got->data[sg.l4] || got->data[sg.l4 + 1])) {
            return "UDP checksum that was not there";
        }
        if (!none && naive_residue(in, &vi, &si) != naive_residue(got, vg, &sg)) {
            return "L4 checksum";
        }
    }
    return NULL;
}

#endif
