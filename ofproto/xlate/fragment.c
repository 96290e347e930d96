/* A look-up in a table, and what it sees of IP fragments, as OFPT_SET_CONFIG says (OpenFlow 1.0
 * section 5.3.2); translate.c asks. Control thread.
 *
 * Normally fragments have no ports, not even the first, so that rules treat all pieces of a packet
 * alike: look-ups see zeros there. With Nicira's "nx-match" they see what the first fragment has.
 */
#include "ofproto/xlate/fragment.h"

#include "ofproto/codec/switch_info.h"

#define FRAGMENT_BITS (FLOW_FRAG_ANY | FLOW_FRAG_LATER)

/* What is not IP never says so; whether it is need not be known. */
static bool is_fragment(const struct flow_key *key)
{
    return key->nw_frag & FLOW_FRAG_ANY;
}

bool xlate_drops_fragment(struct xlate_ctx *ctx)
{
    struct ofp_flow looked;
    bool may_be;

    if (ctx->bridge->frag_handling != OFPC_FRAG_DROP) {
        return false;
    }
    memset(&looked, 0, sizeof looked);
    may_be = ofp_prereq_flow(OFP_PREREQ_IP, &ctx->now.flow, &looked);
    looked.pkt.nw_frag |= may_be ? FRAGMENT_BITS : 0;
    xlate_look(ctx, &looked);
    if (ctx->unknown || !is_fragment(&ctx->now.flow.pkt)) {
        return false;
    }
    xlate_say(ctx, ">> IP fragments are to be dropped (set-frags)");
    xlate_drop(ctx, DP_DROP_FRAGMENT);
    return true;
}

/* Of a fragment without ports. When the look-up asked for them, what came of it is for fragments
 * alone. */
static struct ofp_rule *look_up_without_ports(struct xlate_ctx *ctx, struct ofp_table *table,
                                              uint8_t table_id, struct ofp_flow *looked)
{
    struct flow_key *now = &ctx->now.flow.pkt, *written = &ctx->now.written.pkt;
    const struct xlate_packet saved = ctx->now;
    bool asked;
    struct ofp_rule *rule;

    now->tp_src = now->tp_dst = 0;
    rule = classifier_lookup(&table->cls, &ctx->now.flow, looked);
    asked = looked->pkt.tp_src || looked->pkt.tp_dst;
    if (asked) {
        written->tp_src = written->tp_dst = UINT16_MAX;
        looked->pkt.nw_frag |= FRAGMENT_BITS;
    }
    xlate_look(ctx, looked);
    effects_add_lookup(ctx->effects, ctx->bridge, table_id, rule, &ctx->now, looked, !asked);
    now->tp_src = saved.flow.pkt.tp_src;
    now->tp_dst = saved.flow.pkt.tp_dst;
    written->tp_src = saved.written.pkt.tp_src;
    written->tp_dst = saved.written.pkt.tp_dst;
    return rule;
}

struct ofp_rule *xlate_look_up(struct xlate_ctx *ctx, uint8_t table_id, struct ofp_flow *looked)
{
    struct ofp_table *table = ctx->bridge->tables[table_id];
    struct ofp_rule *rule = NULL;

    memset(looked, 0, sizeof *looked);
    if (table && ctx->bridge->frag_handling == OFPC_FRAG_NORMAL &&
        is_fragment(&ctx->now.flow.pkt)) {
        return look_up_without_ports(ctx, table, table_id, looked);
    }
    if (table) {
        rule = classifier_lookup(&table->cls, &ctx->now.flow, looked);
        xlate_look(ctx, looked);
    }
    effects_add_lookup(ctx->effects, ctx->bridge, table_id, rule, &ctx->now, looked, false);
    return rule;
}

void xlate_part_fragments(struct ofp_flow *wc)
{
    if (wc->pkt.tp_src || wc->pkt.tp_dst) {
        wc->pkt.nw_frag |= FRAGMENT_BITS;
    }
}
