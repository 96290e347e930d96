/* See shims.h. */
#include "ofproto/xlate/shims.h"

#include <stdlib.h>

#include "ofproto/xlate/xlate.h"

#define VLAN_WORD (offsetof(struct ofp_flow, pkt.vlan) / 8)
#define TTL be32_make(0xff)

/* What is of Ethernet and of what is behind it, in words of the key; the rest is metadata. */
static void split(unsigned int i, uint64_t bits, uint64_t *l2, uint64_t *l3)
{
    struct flow_key key = {.lines = 0};

    *l2 = *l3 = 0;
    if (i == 1 || i == VLAN_WORD) {
        *l2 = bits;
    } else if (i == 2) {
        key.tcp_flags = UINT16_MAX;
        *l3 = bits & key.u64[2];
        *l2 = bits & ~key.u64[2];
    } else if (i == 4 || i == 5 || i >= FLOW_LINE_WORDS) {
        *l3 = bits;
    } else if (i == 6) {
        key.ipv6_exthdr = UINT16_MAX;
        *l3 = bits & key.u64[6];
    }
}

/* Or-s the bits of an entry into the mask where the packet has it. False: nowhere. */
static bool look_entry(struct xlate_ctx *ctx, uint8_t from, be32_t bits)
{
    be32_t third;

    switch (from) {
    case SHIM_FROM_LABEL0: ctx->wc.pkt.nw_src |= bits; return true;
    case SHIM_FROM_LABEL1: ctx->wc.pkt.nw_dst |= bits; return true;
    case SHIM_FROM_LABEL2:
        memcpy(&third, &ctx->wc.pkt.tp_src, sizeof third);
        third |= bits;
        memcpy(&ctx->wc.pkt.tp_src, &third, sizeof third);
        return true;
    case SHIM_FROM_IP: ctx->wc.pkt.nw_ttl = UINT8_MAX; return true;
    default: return false;
    }
}

/* A TTL that was decremented: each bit of it depends on all that are below. */
static void look_whole_ttl(struct ofp_flow *wc, uint64_t own, unsigned int word)
{
    struct flow_key ttl = {.lines = 0};

    ttl.nw_ttl = UINT8_MAX;
    if (own & ttl.u64[word]) {
        wc->u64[word] |= ttl.u64[word];
    }
}

/* Bits of the outermost label. */
static bool look_label(struct xlate_ctx *ctx, be32_t bits)
{
    const struct shim_entry *e = &ctx->now.shims.e[0];
    be32_t own = bits & ~ctx->now.written.pkt.nw_src;
    bool known = true;

    if (own & TTL) {
        known &= look_entry(ctx, e->ttl_from, TTL); /* All of it: it may have been decremented. */
    }
    if (own & ~TTL) {
        known &= look_entry(ctx, e->from, own & ~TTL);
    }
    return known;
}

void xlate_look_moved(struct xlate_ctx *ctx, const struct ofp_flow *bits)
{
    const struct shims *s = &ctx->now.shims;
    bool known = true;

    for (unsigned int i = 0; i < FLOW_N_WORDS; i++) {
        uint64_t own = bits->u64[i] & ~(i == VLAN_WORD ? 0 : ctx->now.written.u64[i]), l2, l3;

        split(i, own, &l2, &l3);
        if ((l2 && s->hidden_l2) || (l3 && s->hidden_l3)) {
            known = false;
        } else if (i != VLAN_WORD && !(s->moved && i == 4)) {
            ctx->wc.u64[i] |= own;
            if (s->ttl_moved) {
                look_whole_ttl(&ctx->wc, own, i);
            }
        }
    }
    if (s->moved && bits->pkt.nw_src) {
        known &= look_label(ctx, bits->pkt.nw_src);
    }
    if (bits->u64[VLAN_WORD] && !s->hidden_l2) {
        for (unsigned int v = 0; v < FLOW_MAX_VLANS; v++) {
            vlan_stack_look(&ctx->now.vlans, v, bits->pkt.vlan[v].tpid, bits->pkt.vlan[v].tci,
                            &ctx->wc);
        }
    }
    if (!known) {
        xlate_unknown(ctx);
    }
}

void xlate_unknown(struct xlate_ctx *ctx)
{
    if (!ctx->unknown) {
        ctx->unknown = true;
        effects_pause(ctx->effects, true);
        xlate_say(ctx, ">> what is behind headers that were popped must be looked at");
    }
}

bool xlate_ask_again(struct xlate_ctx *ctx)
{
    if (!ctx->unknown) {
        return false;
    }
    ctx->unknown = false;
    effects_pause(ctx->effects, false);
    xlate_freeze(ctx);
    return true;
}

void xlate_ask_table_again(struct xlate_ctx *ctx, uint8_t table_id)
{
    struct ofp_actions list = OFP_ACTIONS_INIT;
    struct ofp_action_resubmit *resubmit;
    struct ofp_action_goto_table *go;

    if (!xlate_ask_again(ctx)) {
        return;
    }
    if (ctx->resubmit_from) { /* With another port, for this lookup alone. */
        resubmit = ofp_actions_put(&list, OFP_ACTION_RESUBMIT, sizeof *resubmit);
        resubmit->in_port = ctx->now.flow.in_port;
        resubmit->table_id = table_id;
        ctx->now.flow.in_port = ctx->own_in_port;
        ctx->resubmit_from = false;
    } else {
        go = ofp_actions_put(&list, OFP_ACTION_GOTO_TABLE, sizeof *go);
        go->table_id = table_id;
    }
    xlate_freeze_actions(ctx, list.data, list.len);
    ofp_actions_free(&list);
}

void xlate_scope_begin(struct xlate_ctx *ctx, struct xlate_scope *s)
{
    s->start = ctx->actions->len;
    s->own_copy = ctx->own_copy;
    s->n_clones = ctx->n_clones;
    s->base = xmemdup(&ctx->base, sizeof ctx->base);
    /* What is not known cannot be put back. */
    ctx->own_copy = ctx->now.shims.moved | ctx->now.shims.hidden_l2 | ctx->now.shims.hidden_l3;
    ctx->n_clones = 0;
}

/* What was put since the scope began becomes a clone. */
static void wrap(struct xlate_ctx *ctx, const struct xlate_scope *s)
{
    if (ctx->last_output_end <= s->start) {
        ctx->actions->len = s->start;
    } else {
        ctx->actions->len = ctx->last_output_end;
        if (++ctx->n_clones > DP_MAX_CLONES || !xlate_has_room(ctx) ||
            !dp_actions_wrap_clone(ctx->actions, s->start)) {
            xlate_too_deep(ctx, "too many copies of the packet in each other");
        }
        ctx->last_output_end = ctx->actions->len;
    }
    ctx->base = *s->base;
}

void xlate_scope_end(struct xlate_ctx *ctx, struct xlate_scope *s)
{
    if (ctx->own_copy && !ctx->too_deep) {
        wrap(ctx, s);
    }
    ctx->n_clones = MAX_OF(ctx->n_clones, s->n_clones);
    ctx->own_copy = s->own_copy;
    free(s->base);
}
