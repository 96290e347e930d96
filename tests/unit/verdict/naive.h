/* What datapath actions do to bytes, written down plainly: nothing is cached, shared or batched,
 * and checksums are left alone (naive_same() says what they must be). Header only. */
#ifndef TESTS_UNIT_VERDICT_NAIVE_H
#define TESTS_UNIT_VERDICT_NAIVE_H

#include <netinet/in.h>

#include "ofproto/meter/meter.h"
#include "tests/unit/verdict/inproc.h"
#include "tests/unit/verdict/naive_nsh.h"
#include "tests/unit/verdict/naive_shim.h"

#define NAIVE_MAX_OUTPUTS 4096
#define NAIVE_MAX_ROUNDS 6

struct naive_output {
    uint32_t port;
    uint32_t whole_len; /* More than is left: its end, with what checksums cover, was cut off. */
    struct naive_packet packet;
    struct naive_view view;
};

struct naive_outputs {
    struct naive_output *of;
    unsigned int n;
    bool gave_up; /* More than can be checked. */
};

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

static inline void naive_arp(struct naive_packet *p, const struct dp_action_set_arp *a)
{
    uint32_t at = naive_type_at(p);
    uint8_t *arp = p->data + at + 2;

    if ((!naive_type_is(p, at, 0x0806) && !naive_type_is(p, at, 0x8035)) || p->len < at + 2 + 28 ||
        memcmp(arp, "\0\1\x8\0\6\4", 6)) {
        return;
    }
    naive_set(arp + 6, &a->op, &a->op_mask, 2);
    naive_set(arp + 8, a->sha, a->sha_mask, 6);
    naive_set(arp + 14, &a->spa, &a->spa_mask, 4);
    naive_set(arp + 18, a->tha, a->tha_mask, 6);
    naive_set(arp + 24, &a->tpa, &a->tpa_mask, 4);
}

/* RFC 4861 section 4.3, 4.4, 4.6.1. */
static inline void naive_nd(struct naive_packet *p, const struct naive_view *v,
                            const struct dp_action_set_nd *a)
{
    uint8_t *ip = p->data + v->lens.l2, *icmp = ip + v->lens.l3, *option = icmp + 24;
    uint8_t *end = ip + 40 + (ip[4] << 8 | ip[5]);
    bool first = true;

    if (icmp + 24 > end || (icmp[0] != 135 && icmp[0] != 136) || icmp[1]) {
        return;
    }
    naive_set(icmp + 4, &a->reserved, &a->reserved_mask, 4);
    naive_set(icmp + 8, a->target, a->target_mask, 16);
    while (option + 8 <= end && option[1] && option + option[1] * 8 <= end) {
        unsigned int len = option[1] * 8u;

        if ((option[0] == 1 || option[0] == 2) && len == 8) {
            if (first) {
                naive_set(option, &a->option, &a->option_mask, 1);
                first = false;
            }
            if (option[0] == 1) {
                naive_set(option + 2, a->sll, a->sll_mask, 6);
            } else if (option[0] == 2) {
                naive_set(option + 2, a->tll, a->tll_mask, 6);
            }
        }
        option += len;
    }
}

/* Actions that change the packet. */
static inline void naive_change(struct naive_packet *p, struct naive_view *v,
                                const struct dp_action *a)
{
    uint8_t *l3;

    naive_look_again(p, v);
    l3 = v->lens.l3 && !v->hidden ? p->data + v->lens.l2 : NULL;
    naive_see(p, v);
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
    case DP_ACTION_SET_ARP: naive_arp(p, (const void *)a); break;
    case DP_ACTION_SET_NSH: naive_set_nsh(p, (const void *)a); break;
    case DP_ACTION_SET_ND:
        if (l3 && v->lens.l4 && v->key.eth_type == be16_make(0x86dd) &&
            v->key.nw_proto == IPPROTO_ICMPV6) {
            naive_nd(p, v, (const void *)a);
        }
        break;
    case DP_ACTION_PUSH_MPLS: naive_push_mpls(p, v, (const void *)a); break;
    case DP_ACTION_POP_MPLS: naive_pop_mpls(p, v, (const void *)a); break;
    case DP_ACTION_SET_MPLS: {
        const struct dp_action_set_mpls *m = (const void *)a;

        naive_set_shim(p, true, m->lse, m->lse_mask);
        break;
    }
    case DP_ACTION_PUSH_PBB: naive_push_pbb(p, v, (const void *)a); break;
    case DP_ACTION_POP_PBB: naive_pop_pbb(p, v); break;
    case DP_ACTION_SET_PBB: {
        const struct dp_action_set_pbb *t = (const void *)a;

        naive_set_shim(p, false, t->tag, t->tag_mask);
        break;
    }
    case DP_ACTION_COPY_TTL:
        naive_copy_ttl(p, ((const struct dp_action_copy_ttl *)(const void *)a)->inwards);
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
    outs->of[outs->n].whole_len = p->len;
    outs->of[outs->n].view = *v;
    naive_view_of_sums(p, &outs->of[outs->n].view);
    outs->of[outs->n++].packet = *p;
}

static inline void naive_output_trunc(struct naive_outputs *outs,
                                      const struct dp_action_output_trunc *a,
                                      const struct naive_packet *p, const struct naive_view *v)
{
    naive_output(outs, a->port, p, v);
    if (!outs->gave_up && p->len > a->max_len) {
        outs->of[outs->n - 1].packet.len = a->max_len;
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

/* Longer than so many bytes from Ethernet's header on, without a VLAN tag. */
static inline bool naive_is_longer(const struct naive_packet *p, uint32_t max_len)
{
    return p->len - (naive_is_tagged(p) ? 4 : 0) > max_len;
}

/* Which precedence a meter's band makes of this DSCP: RFC 2597. */
static inline uint8_t naive_remarked(uint8_t dscp, unsigned int level)
{
    unsigned int class = dscp >> 3, precedence = dscp >> 1 & 3;

    if (class < 1 || class > 4 || !precedence || dscp & 1) {
        return dscp;
    }
    return (uint8_t)(class << 3 | MIN_OF(precedence + level, 3u) << 1);
}

static inline void naive_remark(struct naive_packet *p, struct naive_view *v, unsigned int level)
{
    uint8_t *ip, dscp;

    naive_look_again(p, v);
    if (!v->lens.l3 || v->hidden) {
        return;
    }
    naive_see(p, v);
    ip = p->data + v->lens.l2;
    if (v->key.eth_type == be16_make(0x0800)) {
        ip[1] = (uint8_t)(naive_remarked(ip[1] >> 2, level) << 2 | (ip[1] & 3));
    } else {
        dscp = naive_remarked((uint8_t)((ip[0] & 15) << 2 | ip[1] >> 6), level);
        ip[0] = (uint8_t)(0x60 | dscp >> 2);
        ip[1] = (uint8_t)(dscp << 6 | (ip[1] & 0x3f));
    }
}

/* NULL: no bridge has a meter that goes by this number. */
static inline const struct ofp_meter *naive_find_meter(const struct ofproto_set *set,
                                                       uint32_t meter_no)
{
    for (const struct ofproto *br = set->bridges; br; br = br->hh.next) {
        for (const struct ofp_meter *m = br->meters; m; m = m->hh.next) {
            if (m->dp_no == meter_no) {
                return m;
            }
        }
    }
    return NULL;
}

/* Meters here have bands of two kinds: whose bucket never runs dry, and which are hit by whatever
 * is longer than a bucket holds. What shorter packets meet depends on the time. False: the packet
 * is dropped. */
static inline bool naive_meter(struct naive_walk *w, uint32_t meter_no, struct naive_packet *p,
                               struct naive_view *v)
{
    const struct ofp_meter *m = naive_find_meter(w->set, meter_no);
    const struct ofp_band *hit = NULL;

    for (unsigned int i = 0; m && i < m->config.n; i++) {
        const struct ofp_band *b = &m->config.band[i];
        uint64_t burst = m->config.flags & OFP_METER_BURST ? b->burst : b->rate;

        if (burst > 100000) {
            continue;
        }
        if (m->config.flags & OFP_METER_PKTPS || p->len * 8ull <= burst * 1000) {
            w->outs->gave_up = true;
            return false;
        }
        hit = !hit || b->rate > hit->rate ? b : hit;
    }
    if (hit && hit->type == OFP_BAND_DROP) {
        return false;
    }
    if (hit) {
        naive_remark(p, v, hit->prec_level);
    }
    return true;
}

/* False: nothing is left to go on with. */
static inline bool naive_decide(struct naive_walk *w, const struct dp_action *a,
                                struct naive_packet *p, struct naive_view *v)
{
    if (a->type == DP_ACTION_DEC_TTL &&
        ((const struct dp_action_dec_ttl *)(const void *)a)->layer == DP_TTL_NSH) {
        return naive_dec_nsh_ttl(p);
    }
    if (a->type == DP_ACTION_DEC_TTL) {
        return naive_dec_ttl(
            p, v, ((const struct dp_action_dec_ttl *)(const void *)a)->layer == DP_TTL_MPLS);
    }
    if (a->type == DP_ACTION_METER) {
        return naive_meter(w, ((const struct dp_action_meter *)a)->meter_no, p, v);
    }
    if (a->type != DP_ACTION_DROP && a->type != DP_ACTION_UPCALL) {
        naive_change(p, v, a);
    }
    return true;
}

static inline void naive_again(struct naive_walk *w, uint32_t id, const struct naive_packet *p)
{
    if (w->depth < NAIVE_MAX_ROUNDS) {
        naive_round(w->set, p, w->in_port, id, w->dp_hash, w->depth + 1, w->teach, w->outs);
    }
}

static uint64_t naive_done[DP_N_ACTIONS]; /* How often each was carried out. */

static inline void naive_list(struct naive_walk *w, const void *data, size_t len,
                              struct naive_packet *p, struct naive_view *v)
{
    for (const struct dp_action *a = dp_actions_first(data, len); a;
         a = dp_actions_next(data, len, a)) {
        naive_done[a->type]++;
        if (a->type == DP_ACTION_OUTPUT) {
            naive_output(w->outs, ((const struct dp_action_output *)a)->port, p, v);
        } else if (a->type == DP_ACTION_OUTPUT_TRUNC) {
            naive_output_trunc(w->outs, (const void *)a, p, v);
        } else if (a->type == DP_ACTION_RECIRC) {
            naive_again(w, ((const struct dp_action_recirc *)a)->id, p);
        } else if (a->type == DP_ACTION_CHECK_LEN) {
            const struct dp_action_check_len *c = (const void *)a;

            naive_again(w, naive_is_longer(p, c->max_len) ? c->longer_id : c->other_id, p);
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
        } else if (!naive_decide(w, a, p, v)) {
            return;
        }
    }
}

static struct strbuf *naive_report; /* Not NULL: gets the flow and the actions of each round. */

static inline void naive_tell(const struct naive_packet *p, const struct naive_view *v,
                              const struct ofproto_xlate_out *out)
{
    for (uint32_t i = 0; i < p->len; i++) {
        strbuf_printf(naive_report, "%02x", p->data[i]);
    }
    strbuf_puts(naive_report, "\n ");
    flow_key_format(naive_report, &v->key, &out->mask, NULL, NULL);
    strbuf_puts(naive_report, "\n ");
    dp_actions_format(naive_report, out->actions.data, out->actions.len);
    strbuf_puts(naive_report, "\n");
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
        if (naive_report) {
            naive_tell(p, &v, &out);
        }
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

/* The bytes of a header that stands so far before the end of both. */
static inline bool naive_sum_differs(const struct naive_packet *a, const struct naive_packet *b,
                                     uint32_t before_end, uint32_t n)
{
    return a->len >= before_end && naive_sum(a->data + a->len - before_end, n) !=
                                       naive_sum(b->data + b->len - before_end, n);
}

/* Checksums are wrong by as much as they were: NULL, or which is not. Nothing behind an IP header
 * is ever changed in length, so it is found again from the end. */
static inline const char *naive_same_sums(const struct naive_packet *in,
                                          const struct naive_output *want,
                                          const struct naive_packet *got,
                                          const struct naive_sums *sg)
{
    const struct naive_view *vg = &want->view;
    struct naive_view vi = *vg;
    struct naive_sums si;

    if (want->packet.broken || want->whole_len > want->packet.len) {
        return NULL;
    }
    for (unsigned int i = 0; i < want->packet.n_ttls; i++) {
        uint32_t end = want->packet.ttl_at[i];

        if (naive_sum_differs(in, got, end, MAX_OF((got->data[got->len - end] & 15u) * 4, 20u))) {
            return "IPv4 checksum within";
        }
    }
    if (!sg->ip && !sg->l4) {
        return NULL;
    }
    if (in->len < got->len - vg->lens.l2) {
        return "more than there was";
    }
    vi.lens.l2 = (uint16_t)(in->len - (got->len - vg->lens.l2));
    if (sg->ip && naive_sum_differs(in, got, got->len - vg->lens.l2, vg->lens.l3)) {
        return "IPv4 checksum";
    }
    naive_find_sums(&vi, &si);
    if (si.l4 && sg->l4_len == 2 && sg->sure) {
        bool none = vi.key.nw_proto == IPPROTO_UDP && !in->data[si.l4] && !in->data[si.l4 + 1];

        if (none && (got->data[sg->l4] || got->data[sg->l4 + 1])) {
            return "UDP checksum that was not there";
        }
        if (!none && naive_residue(in, &vi, &si) != naive_residue(got, vg, sg)) {
            return "L4 checksum";
        }
    }
    return NULL;
}

/* NULL: 'got' is what 'want', made of 'in', is to be. Else what is wrong. */
static inline const char *naive_same(const struct naive_packet *in, const struct naive_output *want,
                                     const struct naive_packet *got)
{
    struct naive_packet w = want->packet, g = *got;
    struct naive_sums sg;

    if (w.len != g.len) {
        return "length";
    }
    naive_find_sums(&want->view, &sg);
    for (unsigned int i = 0; i < w.n_sums; i++) {
        uint32_t at = want->whole_len - w.sum_at[i];

        memset(w.data + at, 0, 2);
        memset(g.data + at, 0, 2);
    }
    if (memcmp(w.data, g.data, g.len)) {
        return "bytes";
    }
    return naive_same_sums(in, want, got, &sg);
}

#endif
