/* Carries out push_vlan and pop_vlan; see codec/action_vlan.c for their other forms. */
#include "ofproto/xlate/xlate.h"

static void execute_push(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    const struct ofp_action_push_vlan *a = (const struct ofp_action_push_vlan *)h;

    /* OpenFlow 1.3.5 section 5.12.1: id and priority are copied from the tag outside so far. */
    xlate_look_vlan(ctx, 0xffff);
    if (ctx->unknown) {
        return; /* It is done when the packet comes back, and must not be done twice. */
    }
    if (xlate_vlan_push(ctx, a->tpid, ctx->now.flow.pkt.vlan[0].tci)) {
        xlate_check_tags(ctx);
    }
}

static void execute_pop(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    (void)h;
    xlate_look_vlan(ctx, FLOW_VLAN_PRESENT);
    xlate_vlan_pop(ctx);
}

CONSTRUCTOR static void register_vlan(void)
{
    static const struct xlate_action_class push = {OFP_ACTION_PUSH_VLAN, execute_push};
    static const struct xlate_action_class pop = {OFP_ACTION_POP_VLAN, execute_pop};

    xlate_action_register(&push);
    xlate_action_register(&pop);
}
