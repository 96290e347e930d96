/* Carries out output(port=...,max_len=...); see codec/action_trunc.c for its other forms. */
#include "ofproto/xlate/xlate.h"

static void execute_trunc(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    const struct ofp_action_output_trunc *a = (const struct ofp_action_output_trunc *)h;
    struct strbuf name = STRBUF_INIT;

    if (a->port < OFP_PORT_MAX || a->port == OFP_PORT_LOCAL || a->port == OFP_PORT_IN_PORT) {
        xlate_output_first(ctx, a->port, a->max_len);
        return;
    }
    ofp_port_format(&name, a->port);
    xlate_say(ctx, "     >> output_trunc does not support port: %s", strbuf_str(&name));
    xlate_drop(ctx, DP_DROP_NO_OUTPUT);
    strbuf_free(&name);
}

CONSTRUCTOR static void register_trunc(void)
{
    static const struct xlate_action_class class = {OFP_ACTION_OUTPUT_TRUNC, execute_trunc};

    xlate_action_register(&class);
}
