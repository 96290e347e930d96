/* Carries out push and pop of labels and of PBB's service instance tags; see codec/action_mpls.c
 * and action_pbb.c for their other forms, shims.h for how translation keeps track. */
#include "ofproto/codec/action_shim.h"

#include "ofproto/xlate/xlate.h"

#define BOS be32_make(0x100)
#define TTL be32_make(0xff)
#define TYPE_PBB be16_make(0x88e7)

static bool is_mpls(be16_t type)
{
    return type == be16_make(0x8847) || type == be16_make(0x8848);
}

static bool is_ip(be16_t type)
{
    return type == be16_make(0x0800) || type == be16_make(0x86dd);
}

/* A third VLAN tag is a payload to the parser, but labels go behind all tags. */
static bool is_tag(be16_t type)
{
    return type == be16_make(0x8100) || type == be16_make(0x88a8);
}

static void too_many(struct xlate_ctx *ctx)
{
    xlate_say(ctx, ">> more VLAN tags or labels than this can work on: dropping the packet");
    xlate_drop(ctx, DP_DROP_TOO_MANY_TAGS);
    ctx->action_set.len = 0;
    ctx->stop = true;
}

/* Counts the tags that were pushed, too: a parser that meets the packet again reads two. */
static bool tags_fit(struct xlate_ctx *ctx)
{
    vlan_stack_look(&ctx->now.vlans, FLOW_MAX_VLANS, 0, be16_make(FLOW_VLAN_PRESENT), &ctx->wc);
    return ctx->now.vlans.n <= FLOW_MAX_VLANS;
}

void xlate_check_tags(struct xlate_ctx *ctx)
{
    const struct shims *s = &ctx->now.shims;

    if ((s->moved || s->hidden_l3) && !s->hidden_l2 && !tags_fit(ctx)) {
        too_many(ctx);
    }
}

/* Looks at the Ethernet type; false: the packet's headers are not known, or cannot be worked on. */
static bool type_is_known(struct xlate_ctx *ctx)
{
    XLATE_LOOK(ctx, pkt.eth_type);
    if (!ctx->unknown && (is_tag(ctx->now.flow.pkt.eth_type) || !tags_fit(ctx))) {
        too_many(ctx);
        return false;
    }
    return !ctx->unknown && xlate_has_room(ctx);
}

/* The entry that is the outermost lives in the flow. */
static void load_outermost(struct xlate_packet *p)
{
    p->shims.e[0].lse = p->flow.pkt.nw_src;
    p->shims.e[0].written = p->written.pkt.nw_src;
}

static void show_outermost(struct xlate_packet *p)
{
    p->flow.pkt.nw_src = p->shims.e[0].lse;
    p->written.pkt.nw_src = p->shims.e[0].written;
}

/* Overwrites all that is behind the Ethernet type but the outermost label or tag. */
static void set_payload(struct xlate_packet *p, uint64_t written)
{
    struct flow_key *k = &p->flow.pkt, *w = &p->written.pkt;

    k->u64[4] = k->u64[5] = 0;
    w->u64[4] = w->u64[5] = written;
    k->tcp_flags = k->ipv6_exthdr = 0;
    w->tcp_flags = w->ipv6_exthdr = (uint16_t)written;
    for (unsigned int i = FLOW_LINE_WORDS; i < FLOW_N_WORDS; i++) {
        k->u64[i] = 0;
        w->u64[i] = written;
    }
}

static void set_type(struct xlate_packet *p, be16_t type)
{
    p->flow.pkt.eth_type = type;
    p->written.pkt.eth_type = UINT16_MAX;
}

void xlate_load_labels(struct xlate_packet *p)
{
    struct shims *s = &p->shims;

    if (s->moved) {
        load_outermost(p);
        return;
    }
    s->moved = true;
    s->n = s->hidden_l3 ? 1 : FLOW_MAX_MPLS;
    for (unsigned int i = 0; i < FLOW_MAX_MPLS; i++) {
        uint8_t from = (uint8_t)(s->hidden_l3 ? SHIM_FROM_UNKNOWN : SHIM_FROM_LABEL0 + i);

        s->e[i] = (struct shim_entry){.from = from, .ttl_from = from};
    }
    load_outermost(p);
    if (!s->hidden_l3) {
        s->e[1].lse = p->flow.pkt.nw_dst;
        s->e[1].written = p->written.pkt.nw_dst;
        memcpy(&s->e[2].lse, &p->flow.pkt.tp_src, sizeof s->e[2].lse);
        memcpy(&s->e[2].written, &p->written.pkt.tp_src, sizeof s->e[2].written);
    }
    s->hidden_l3 = false;
    set_payload(p, UINT64_MAX);
    show_outermost(p);
}

/* The datapath action was put: what it did to the packet is done. */
static void done(struct xlate_ctx *ctx)
{
    ctx->base = ctx->now;
    ctx->own_copy = true;
}

/* OpenFlow 1.5.1 section 5.13: from the label outside so far, or IP's TTL; else zero. */
static struct shim_entry new_entry(const struct xlate_packet *p)
{
    struct shim_entry e = {.lse = BOS, .written = UINT32_MAX};

    if (is_mpls(p->flow.pkt.eth_type)) {
        e = p->shims.e[0];
        e.lse &= ~BOS;
        e.written |= BOS;
    } else if (is_ip(p->flow.pkt.eth_type)) {
        e.lse |= be32_make(p->flow.pkt.nw_ttl);
        if (p->written.pkt.nw_ttl != UINT8_MAX) {
            e.written = ~TTL;
            e.ttl_from = p->shims.hidden_l3 ? SHIM_FROM_UNKNOWN : SHIM_FROM_IP;
        }
    }
    return e;
}

static void execute_push_mpls(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    be16_t type = ((const struct ofp_action_shim *)h)->eth_type;
    struct xlate_packet *now = &ctx->now;
    struct dp_action_push_mpls *a;
    struct shim_entry e;
    bool onto_mpls;

    if (!type_is_known(ctx)) {
        return;
    }
    xlate_commit(ctx);
    onto_mpls = is_mpls(now->flow.pkt.eth_type);
    if (onto_mpls) {
        xlate_load_labels(now);
        if (now->shims.n == SHIMS_MAX) {
            too_many(ctx);
            return;
        }
    }
    e = new_entry(now);
    a = dp_actions_put(ctx->actions, DP_ACTION_PUSH_MPLS, sizeof *a);
    a->eth_type = type;
    a->mask = onto_mpls ? BOS : is_ip(now->flow.pkt.eth_type) ? ~TTL : UINT32_MAX;
    a->lse = e.lse & a->mask;
    if (!onto_mpls) {
        now->shims.n = 0;
        now->shims.moved = true;
        now->shims.hidden_l3 = now->shims.ttl_moved = false;
        set_payload(now, UINT64_MAX);
    }
    memmove(&now->shims.e[1], &now->shims.e[0], now->shims.n++ * sizeof e);
    now->shims.e[0] = e;
    show_outermost(now);
    set_type(now, type);
    done(ctx);
}

/* Nobody knows what is behind the Ethernet type. */
static void hide_payload(struct xlate_packet *p)
{
    p->shims.moved = p->shims.ttl_moved = false;
    p->shims.hidden_l3 = true;
    set_payload(p, 0);
}

/* The labels that are left, when the type says that it is still a label. */
static void shift_labels(struct xlate_packet *p, bool was_last)
{
    struct shims *s = &p->shims;

    if (was_last || s->n <= 1) {
        s->n = 1;
        s->e[0] = (struct shim_entry){.from = SHIM_FROM_UNKNOWN, .ttl_from = SHIM_FROM_UNKNOWN};
    } else {
        memmove(&s->e[0], &s->e[1], --s->n * sizeof s->e[0]);
    }
    show_outermost(p);
}

static void look_bos(struct xlate_ctx *ctx)
{
    struct ofp_flow looked;

    memset(&looked, 0, sizeof looked);
    looked.pkt.nw_src = BOS;
    xlate_look(ctx, &looked);
}

static void execute_pop_mpls(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    be16_t type = ((const struct ofp_action_shim *)h)->eth_type;
    struct xlate_packet *now = &ctx->now;
    struct dp_action_pop_mpls *a;

    if (!type_is_known(ctx)) {
        return;
    }
    if (!is_mpls(now->flow.pkt.eth_type)) {
        xlate_say(ctx, ">> the packet has no label to pop");
        return;
    }
    if (is_mpls(type)) {
        look_bos(ctx);
        if (ctx->unknown) {
            return;
        }
    }
    xlate_commit(ctx);
    a = dp_actions_put(ctx->actions, DP_ACTION_POP_MPLS, sizeof *a);
    a->eth_type = type;
    if (is_mpls(type)) {
        xlate_load_labels(now);
        shift_labels(now, now->flow.pkt.nw_src & BOS);
    } else {
        hide_payload(now);
    }
    set_type(now, type);
    done(ctx);
}

/* The priority of the tag outside, and the service of the I-TAG. */
static be32_t new_tag(struct xlate_ctx *ctx)
{
    const struct flow_key *key = &ctx->now.flow.pkt;
    const struct ofp_field *isid = ofp_field(OFP_FIELD_PBB_ISID);
    struct ofp_flow looked;
    uint32_t tag = 0;

    memset(&looked, 0, sizeof looked);
    looked.pkt.vlan[0].tci = be16_make(0xe000 | FLOW_VLAN_PRESENT);
    looked.pkt.eth_type = UINT16_MAX;
    if (key->eth_type == TYPE_PBB) {
        ofp_field_fill(isid, &looked);
        tag = be32_get(key->nw_src) & 0xffffff;
    }
    xlate_look(ctx, &looked);
    return be32_make(tag | (uint32_t)(be16_get(key->vlan[0].tci) >> 13) << 29);
}

static void execute_push_pbb(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    struct xlate_packet *now = &ctx->now;
    struct dp_action_push_pbb *a;
    be32_t tag;

    (void)h;
    tag = new_tag(ctx);
    if (ctx->unknown || !xlate_has_room(ctx)) {
        return;
    }
    xlate_commit(ctx);
    a = dp_actions_put(ctx->actions, DP_ACTION_PUSH_PBB, sizeof *a);
    a->tag = tag;
    memset(&now->shims, 0, sizeof now->shims);
    set_payload(now, UINT64_MAX);
    now->flow.pkt.nw_src = tag;
    set_type(now, TYPE_PBB);
    /* Without tags, whatever came with the packet. */
    now->vlans = (struct vlan_stack){.n_original = FLOW_MAX_VLANS};
    vlan_stack_show(&now->vlans, &now->flow.pkt);
    done(ctx);
}

static void execute_pop_pbb(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    struct xlate_packet *now = &ctx->now;

    (void)h;
    if (!type_is_known(ctx)) {
        return;
    }
    if (now->flow.pkt.eth_type != TYPE_PBB) {
        xlate_say(ctx, ">> the packet has no I-TAG to pop");
        return;
    }
    xlate_commit(ctx);
    dp_actions_put(ctx->actions, DP_ACTION_POP_PBB, sizeof(struct dp_action_pop_pbb));
    hide_payload(now);
    now->shims.hidden_l2 = true;
    now->vlans = (struct vlan_stack){.n_original = FLOW_MAX_VLANS};
    vlan_stack_show(&now->vlans, &now->flow.pkt);
    now->flow.pkt.u64[1] = now->written.pkt.u64[1] = 0;
    memset(now->flow.pkt.eth_src, 0, 6);
    memset(now->written.pkt.eth_src, 0, 6);
    now->flow.pkt.eth_type = now->written.pkt.eth_type = 0;
    done(ctx);
}

/* Of the outermost label: its TTL becomes the second's, or the reverse. */
static void copy_label_ttl(struct shims *s, bool inwards)
{
    struct shim_entry *to = &s->e[inwards];
    const struct shim_entry *from = &s->e[!inwards];

    to->lse = (to->lse & ~TTL) | (from->lse & TTL);
    to->written = (to->written & ~TTL) | (from->written & TTL);
    to->ttl_from = from->ttl_from;
}

static void copy_between_labels(struct xlate_ctx *ctx, bool inwards)
{
    struct xlate_packet *now = &ctx->now;
    bool is_last = now->flow.pkt.nw_src & BOS;

    xlate_load_labels(now);
    if (!is_last && now->shims.n > 1) {
        copy_label_ttl(&now->shims, inwards);
    } else if (!inwards) {
        now->shims.e[0].lse &= ~TTL;
        now->shims.e[0].written &= ~TTL;
        now->shims.e[0].ttl_from = SHIM_FROM_UNKNOWN;
    }
    show_outermost(now);
}

/* OpenFlow 1.5.1 section 5.13: between labels, from the last label to IP, between IP and IP. */
static void execute_copy_ttl(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    bool inwards = h->type == OFP_ACTION_COPY_TTL_IN;
    struct xlate_packet *now = &ctx->now;
    struct dp_action_copy_ttl *a;
    bool mpls;

    if (!type_is_known(ctx)) {
        return;
    }
    mpls = is_mpls(now->flow.pkt.eth_type);
    if (mpls) {
        look_bos(ctx);
    } else if (is_ip(now->flow.pkt.eth_type)) {
        XLATE_LOOK(ctx, pkt.nw_proto);
    }
    if (ctx->unknown) {
        return;
    }
    if (!mpls && (!is_ip(now->flow.pkt.eth_type) ||
                  (now->flow.pkt.nw_proto != 4 && now->flow.pkt.nw_proto != 41))) {
        xlate_say(ctx, ">> the packet has no two TTLs");
        return;
    }
    xlate_commit(ctx);
    a = dp_actions_put(ctx->actions, DP_ACTION_COPY_TTL, sizeof *a);
    a->inwards = inwards;
    if (mpls) {
        copy_between_labels(ctx, inwards);
    } else if (!inwards) {
        hide_payload(now); /* The inner header was not parsed. */
    }
    done(ctx);
}

CONSTRUCTOR static void register_shim(void)
{
    static const struct xlate_action_class classes[] = {
        {OFP_ACTION_PUSH_MPLS, execute_push_mpls},  {OFP_ACTION_POP_MPLS, execute_pop_mpls},
        {OFP_ACTION_PUSH_PBB, execute_push_pbb},    {OFP_ACTION_POP_PBB, execute_pop_pbb},
        {OFP_ACTION_COPY_TTL_IN, execute_copy_ttl}, {OFP_ACTION_COPY_TTL_OUT, execute_copy_ttl},
    };

    for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
        xlate_action_register(&classes[i]);
    }
}
