/* Carries out Nicira's controller action; see codec/action_controller.c for its other forms. */
#include "ofproto/codec/action_controller.h"

#include "ofproto/xlate/continuation.h"
#include "ofproto/xlate/controller.h"
#include "ofproto/xlate/xlate.h"

static void execute_controller(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    const struct ofp_action_controller *a = (const struct ofp_action_controller *)h;
    const struct packet_to_controller to = {.reason = (enum ofp_packet_in_reason)a->reason,
                                            .controller_id = a->controller_id,
                                            .userdata = a->userdata,
                                            .userdata_len = a->userdata_len,
                                            .meter_id = a->meter_id};

    if (a->pause) {
        xlate_pause(ctx, a);
    } else {
        xlate_to_controller(ctx, &to);
    }
}

CONSTRUCTOR static void register_controller(void)
{
    static const struct xlate_action_class class = {OFP_ACTION_CONTROLLER, execute_controller};

    xlate_action_register(&class);
}
