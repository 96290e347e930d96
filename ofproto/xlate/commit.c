/* Commit: the datapath actions that turn the packet as it stands ('base') into the packet as it
 * shall leave ('now'). Called before each output. */
#include "ofproto/xlate/xlate.h"

static void put_set_vlan(struct xlate_ctx *ctx, be16_t tci, be16_t mask)
{
    struct dp_action_set_vlan *a;

    mask &= (be16_t)~be16_make(FLOW_VLAN_PRESENT);
    if (mask) {
        a = dp_actions_put(ctx->actions, DP_ACTION_SET_VLAN, sizeof *a);
        a->tci = tci & mask;
        a->tci_mask = mask;
    }
}

/* The whole tag becomes a constant of an action: the packet's own bits in it decide. */
static void look_whole_tag(struct xlate_ctx *ctx, unsigned int place)
{
    vlan_stack_look(&ctx->now.vlans, place, 0xffff, 0xffff, &ctx->wc);
}

/* Two pushes of the same constants are the same tag. */
static bool same_tag(const struct vlan_tag *a, const struct vlan_tag *b)
{
    bool constant = a->written == UINT16_MAX && a->tpid == b->tpid;

    return (a->id == b->id || constant) && a->written == b->written && a->tci == b->tci;
}

/* Makes base's tag 'from' into now's tag 'place' by setting bits. */
static void set_tag(struct xlate_ctx *ctx, const struct vlan_tag *from, unsigned int place)
{
    const struct vlan_tag *to = &ctx->now.vlans.tag[place];

    if (from->id == to->id) {
        be16_t mask = from->written | to->written;
        be16_t own = mask ^ to->written; /* Bits that go back to what the packet had. */

        vlan_stack_look(&ctx->now.vlans, place, 0, own, &ctx->wc);
        put_set_vlan(ctx, to->tci,
                     (be16_t)((from->written ^ to->written) | ((from->tci ^ to->tci) & mask)));
    } else {
        look_whole_tag(ctx, place);
        put_set_vlan(ctx, to->tci, 0xffff);
    }
}

static void commit_vlans(struct xlate_ctx *ctx)
{
    const struct vlan_stack *now = &ctx->now.vlans;
    struct vlan_stack *base = &ctx->base.vlans;
    unsigned int n_base = base->n, n_now = now->n;

    while (n_base && n_now && same_tag(&base->tag[n_base - 1], &now->tag[n_now - 1])) {
        n_base--;
        n_now--;
    }
    if (!n_base && !n_now) {
        return;
    }
    for (unsigned int i = 0; i < n_base; i++) {
        /* The innermost one that differs may do with a set, if it has the right TPID. */
        if (i == n_base - 1 && n_now) {
            const struct vlan_tag *from = &base->tag[i];

            if (from->id != now->tag[n_now - 1].id) {
                vlan_stack_look(base, i, 0xffff, 0, &ctx->wc);
                look_whole_tag(ctx, n_now - 1);
            }
            if (from->tpid == now->tag[n_now - 1].tpid) {
                set_tag(ctx, from, --n_now);
                break;
            }
        }
        dp_actions_put(ctx->actions, DP_ACTION_POP_VLAN, sizeof(struct dp_action_pop_vlan));
    }
    while (n_now) {
        struct dp_action_push_vlan *a = dp_actions_put(ctx->actions, DP_ACTION_PUSH_VLAN,
                                                       sizeof *a);

        look_whole_tag(ctx, --n_now);
        a->tpid = now->tag[n_now].tpid;
        a->tci = now->tag[n_now].tci;
    }
    *base = *now;
}

static bool nonzero(const void *p, size_t n)
{
    const uint8_t *b = p;

    while (n && !*b) {
        b++;
        n--;
    }
    return n != 0;
}

/* Where one bit of a field is to be set, all that were written are: people read whole addresses. */
static void widen_to_fields(const struct xlate_ctx *ctx, struct ofp_flow *mask)
{
#define FIELD(MEMBER)                                                                              \
    {                                                                                              \
        offsetof(struct ofp_flow, pkt.MEMBER), sizeof mask->pkt.MEMBER                             \
    }
    static const struct {
        size_t offset, size;
    } fields[] = {FIELD(eth_dst),  FIELD(eth_src),  FIELD(nw_src),     FIELD(nw_dst),
                  FIELD(ipv6_src), FIELD(ipv6_dst), FIELD(ipv6_label), FIELD(nw_tos),
                  FIELD(nw_ttl),   FIELD(tp_src),   FIELD(tp_dst),     FIELD(nd_target),
                  FIELD(arp_sha),  FIELD(arp_tha)};
#undef FIELD
    const uint8_t *now = (const uint8_t *)&ctx->now.written;
    const uint8_t *base = (const uint8_t *)&ctx->base.written;
    uint8_t *m = (uint8_t *)mask;

    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        size_t end = fields[i].offset + fields[i].size;

        if (nonzero(m + fields[i].offset, fields[i].size)) {
            for (size_t b = fields[i].offset; b < end; b++) {
                m[b] = now[b] | base[b];
            }
        }
    }
}

/* The bits to set: those that were overwritten in one of the two and differ, or may differ for
 * another packet. Looks at bits that go back to the packet's own value. */
static bool difference(struct xlate_ctx *ctx, struct ofp_flow *mask)
{
    bool any = false, moved = shims_changed(&ctx->now.shims);

    for (unsigned int i = 0; i < FLOW_N_WORDS; i++) {
        uint64_t now_w = ctx->now.written.u64[i], base_w = ctx->base.written.u64[i];
        uint64_t values = ctx->now.flow.u64[i] ^ ctx->base.flow.u64[i];
        /* The packet's own bits, known and already right. */
        uint64_t known = moved ? 0 : now_w & ~base_w & ctx->wc.u64[i] & ~values;

        mask->u64[i] = ((now_w ^ base_w) & ~known) | (values & (now_w | base_w));
        any |= mask->u64[i] != 0;
    }
    if (any) {
        widen_to_fields(ctx, mask);
        for (unsigned int i = 0; i < FLOW_N_WORDS; i++) {
            ctx->wc.u64[i] |= mask->u64[i] & ~ctx->now.written.u64[i];
        }
    }
    return any;
}

static void put_masked(uint8_t *value, uint8_t *mask, const void *flow, const void *bits, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        mask[i] = ((const uint8_t *)bits)[i];
        value[i] = ((const uint8_t *)flow)[i] & mask[i];
    }
}

static void commit_eth(struct xlate_ctx *ctx, const struct flow_key *mask)
{
    const struct flow_key *key = &ctx->now.flow.pkt;
    struct dp_action_set_eth *a;

    if (!nonzero(mask->eth_dst, 6) && !nonzero(mask->eth_src, 6)) {
        return;
    }
    a = dp_actions_put(ctx->actions, DP_ACTION_SET_ETH, sizeof *a);
    put_masked(a->src, a->src_mask, key->eth_src, mask->eth_src, 6);
    put_masked(a->dst, a->dst_mask, key->eth_dst, mask->eth_dst, 6);
}

static void commit_ipv4(struct xlate_ctx *ctx, const struct flow_key *mask)
{
    const struct flow_key *key = &ctx->now.flow.pkt;
    struct dp_action_set_ipv4 *a;

    if (!mask->nw_src && !mask->nw_dst && !mask->nw_tos && !mask->nw_ttl) {
        return;
    }
    a = dp_actions_put(ctx->actions, DP_ACTION_SET_IPV4, sizeof *a);
    a->src = key->nw_src & mask->nw_src;
    a->src_mask = mask->nw_src;
    a->dst = key->nw_dst & mask->nw_dst;
    a->dst_mask = mask->nw_dst;
    a->tos = key->nw_tos & mask->nw_tos;
    a->tos_mask = mask->nw_tos;
    a->ttl = key->nw_ttl & mask->nw_ttl;
    a->ttl_mask = mask->nw_ttl;
}

static void commit_ipv6(struct xlate_ctx *ctx, const struct flow_key *mask)
{
    const struct flow_key *key = &ctx->now.flow.pkt;
    struct dp_action_set_ipv6 *a;

    if (!nonzero(mask->ipv6_src, 16) && !nonzero(mask->ipv6_dst, 16) && !mask->ipv6_label &&
        !mask->nw_tos && !mask->nw_ttl) {
        return;
    }
    a = dp_actions_put(ctx->actions, DP_ACTION_SET_IPV6, sizeof *a);
    put_masked(a->src, a->src_mask, key->ipv6_src, mask->ipv6_src, 16);
    put_masked(a->dst, a->dst_mask, key->ipv6_dst, mask->ipv6_dst, 16);
    a->label = key->ipv6_label & mask->ipv6_label;
    a->label_mask = mask->ipv6_label;
    a->tclass = key->nw_tos & mask->nw_tos;
    a->tclass_mask = mask->nw_tos;
    a->hlimit = key->nw_ttl & mask->nw_ttl;
    a->hlimit_mask = mask->nw_ttl;
}

static void commit_l4(struct xlate_ctx *ctx, const struct flow_key *mask)
{
    const struct flow_key *key = &ctx->now.flow.pkt;
    struct dp_action_set_l4 *a;

    if (!mask->tp_src && !mask->tp_dst) {
        return;
    }
    a = dp_actions_put(ctx->actions, DP_ACTION_SET_L4, sizeof *a);
    a->src = key->tp_src & mask->tp_src;
    a->src_mask = mask->tp_src;
    a->dst = key->tp_dst & mask->tp_dst;
    a->dst_mask = mask->tp_dst;
}

static void commit_arp(struct xlate_ctx *ctx, const struct flow_key *mask)
{
    const struct flow_key *key = &ctx->now.flow.pkt;
    struct dp_action_set_arp *a;

    if (!mask->nw_src && !mask->nw_dst && !mask->tp_src && !nonzero(mask->arp_sha, 6) &&
        !nonzero(mask->arp_tha, 6)) {
        return;
    }
    a = dp_actions_put(ctx->actions, DP_ACTION_SET_ARP, sizeof *a);
    a->op = key->tp_src & mask->tp_src;
    a->op_mask = mask->tp_src;
    a->spa = key->nw_src & mask->nw_src;
    a->spa_mask = mask->nw_src;
    a->tpa = key->nw_dst & mask->nw_dst;
    a->tpa_mask = mask->nw_dst;
    put_masked(a->sha, a->sha_mask, key->arp_sha, mask->arp_sha, 6);
    put_masked(a->tha, a->tha_mask, key->arp_tha, mask->arp_tha, 6);
}

static void commit_nd(struct xlate_ctx *ctx, const struct flow_key *mask)
{
    const struct flow_key *key = &ctx->now.flow.pkt;
    struct dp_action_set_nd *a;

    if (!mask->nw_src && !mask->nw_dst && !nonzero(mask->nd_target, 16) &&
        !nonzero(mask->arp_sha, 6) && !nonzero(mask->arp_tha, 6)) {
        return;
    }
    a = dp_actions_put(ctx->actions, DP_ACTION_SET_ND, sizeof *a);
    a->option_mask = (uint8_t)be32_get(mask->nw_dst);
    a->option = (uint8_t)be32_get(key->nw_dst) & a->option_mask;
    a->reserved = key->nw_src & mask->nw_src;
    a->reserved_mask = mask->nw_src;
    put_masked(a->target, a->target_mask, key->nd_target, mask->nd_target, 16);
    put_masked(a->sll, a->sll_mask, key->arp_sha, mask->arp_sha, 6);
    put_masked(a->tll, a->tll_mask, key->arp_tha, mask->arp_tha, 6);
}

static void commit_mpls(struct xlate_ctx *ctx, const struct flow_key *mask)
{
    struct dp_action_set_mpls *a;

    if (mask->nw_src) {
        a = dp_actions_put(ctx->actions, DP_ACTION_SET_MPLS, sizeof *a);
        a->lse = ctx->now.flow.pkt.nw_src & mask->nw_src;
        a->lse_mask = mask->nw_src;
    }
}

static void commit_pbb(struct xlate_ctx *ctx, const struct flow_key *mask)
{
    struct dp_action_set_pbb *a;

    if (mask->nw_src) {
        a = dp_actions_put(ctx->actions, DP_ACTION_SET_PBB, sizeof *a);
        a->tag = ctx->now.flow.pkt.nw_src & mask->nw_src;
        a->tag_mask = mask->nw_src;
    }
}

static void commit_nsh(struct xlate_ctx *ctx, const struct flow_key *mask)
{
    const struct flow_key *key = &ctx->now.flow.pkt;
    struct dp_action_set_nsh *a;

    if (!mask->nw_src && !mask->nw_tos && !mask->nw_ttl && !nonzero(mask->ipv6_src, 16)) {
        return;
    }
    a = dp_actions_put(ctx->actions, DP_ACTION_SET_NSH, sizeof *a);
    a->path = key->nw_src & mask->nw_src;
    a->path_mask = mask->nw_src;
    a->flags_mask = mask->nw_tos & FLOW_NSH_FLAGS;
    a->flags = key->nw_tos & a->flags_mask;
    a->ttl_mask = mask->nw_ttl & FLOW_NSH_TTL;
    a->ttl = key->nw_ttl & a->ttl_mask;
    put_masked((uint8_t *)a->context, (uint8_t *)a->context_mask, key->ipv6_src, mask->ipv6_src,
               16);
}

/* Set-field looked at the Ethernet type and protocol before it wrote anything below. */
static void commit_behind_eth(struct xlate_ctx *ctx, const struct flow_key *mask)
{
    switch (be16_get(ctx->now.flow.pkt.eth_type)) {
    case 0x0806:
    case 0x8035: commit_arp(ctx, mask); break;
    case 0x86dd:
        commit_ipv6(ctx, mask);
        commit_l4(ctx, mask);
        commit_nd(ctx, mask);
        break;
    case 0x8847:
    case 0x8848: commit_mpls(ctx, mask); break;
    case 0x88e7: commit_pbb(ctx, mask); break;
    case 0x894f: commit_nsh(ctx, mask); break;
    default:
        commit_ipv4(ctx, mask);
        commit_l4(ctx, mask);
        break;
    }
}

void xlate_commit(struct xlate_ctx *ctx)
{
    struct ofp_flow mask;

    commit_vlans(ctx);
    if (!difference(ctx, &mask)) {
        return;
    }
    commit_eth(ctx, &mask.pkt);
    commit_behind_eth(ctx, &mask.pkt);
    memcpy(ctx->base.flow.u64, ctx->now.flow.u64, FLOW_N_WORDS * 8);
    memcpy(ctx->base.written.u64, ctx->now.written.u64, FLOW_N_WORDS * 8);
}
