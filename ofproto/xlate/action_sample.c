/* Carries out sample; see codec/action_sample.c for its other forms. */
#include "ofproto/xlate/xlate.h"

static void execute_sample(struct xlate_ctx *ctx, const struct ofp_action *h UNUSED)
{
    xlate_say(ctx, "     >> no collector is configured: no sample is taken");
}

CONSTRUCTOR static void register_sample(void)
{
    static const struct xlate_action_class class = {OFP_ACTION_SAMPLE, execute_sample};

    xlate_action_register(&class);
}
