/* Carries out dec_ttl; see codec/action_ttl.c for its other forms.
 *
 * The packet's TTL is looked at as a whole: packets of one flow have few values of it, so a cached
 * flow for each costs little, its action is a plain set, and later tables see the result. */
#include "ofproto/xlate/controller.h"
#include "ofproto/xlate/xlate.h"

static void tell_controllers(struct xlate_ctx *ctx, const struct ofp_action_dec_ttl *a)
{
    struct packet_to_controller to = {.reason = OFPR_INVALID_TTL};

    if (!a->n_ids) {
        xlate_to_controller(ctx, &to);
    }
    for (unsigned int i = 0; i < a->n_ids; i++) {
        to.controller_id = a->id[i];
        xlate_to_controller(ctx, &to);
    }
}

static void execute_dec(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    struct ofp_flow looked;
    uint8_t value[16], mask[16] = {0xff};
    bool is_ip;

    memset(&looked, 0, sizeof looked);
    is_ip = ofp_prereq_flow(OFP_PREREQ_IP, &ctx->now.flow, &looked);
    xlate_look(ctx, &looked);
    if (!is_ip) {
        xlate_say(ctx, "     >> the packet has no TTL");
        return;
    }
    XLATE_LOOK(ctx, pkt.nw_ttl);
    if (ctx->now.flow.pkt.nw_ttl <= 1) {
        xlate_say(ctx, "     >> its TTL is %u: dropping the packet", ctx->now.flow.pkt.nw_ttl);
        xlate_drop(ctx, DP_DROP_TTL_EXPIRED);
        if (ctx->bridge->ttl_to_controller) {
            tell_controllers(ctx, (const struct ofp_action_dec_ttl *)h);
        }
        ctx->action_set.len = 0;
        ctx->stop = true;
        return;
    }
    value[0] = (uint8_t)(ctx->now.flow.pkt.nw_ttl - 1);
    xlate_set_field(ctx, ofp_field(OFP_FIELD_NW_TTL), value, mask);
}

CONSTRUCTOR static void register_ttl(void)
{
    static const struct xlate_action_class class = {OFP_ACTION_DEC_TTL, execute_dec};

    xlate_action_register(&class);
}
