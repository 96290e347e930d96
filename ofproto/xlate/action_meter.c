/* Takes the packet through a meter: the datapath's, under the number that it has there. Where the
 * meter may change the packet, the pipeline goes on when it comes back. */
#include "ofproto/meter/meter.h"
#include "ofproto/xlate/xlate.h"

static void execute_meter(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    uint32_t id = ((const struct ofp_action_meter *)h)->meter_id;
    const struct ofp_meter *meter = meter_find(ctx->bridge, id);

    if (!meter) { /* Only a group may name one that was deleted. */
        xlate_say(ctx, "     >> meter %u does not exist", id);
        return;
    }
    if (!xlate_has_room(ctx)) {
        return;
    }
    xlate_commit(ctx);
    dp_actions_put_meter(ctx->actions, meter->dp_no);
    ctx->last_output_end = ctx->actions->len; /* It counts, whatever follows. */
    ctx->is_metered = true;
    if (meter_remarks(meter)) {
        xlate_freeze(ctx); /* What follows goes by the DSCP that the packet has then. */
    }
}

CONSTRUCTOR static void register_meter(void)
{
    static const struct xlate_action_class class = {OFP_ACTION_METER, execute_meter};

    xlate_action_register(&class);
}
