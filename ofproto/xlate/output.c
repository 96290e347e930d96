/* Output: out of a datapath port, or through a patch port into the peer's bridge. */
#include "ofproto/codec/port_desc.h"
#include "ofproto/xlate/xlate.h"

/* Room for what one commit and one output may put. */
#define OUTPUT_RESERVE 512

static void output_patch(struct xlate_ctx *ctx, const struct ofport *port)
{
    const struct ofport *peer = ofport_peer(port), *in_port = ctx->in_port;
    struct xlate_packet before = ctx->now;
    struct ofproto *bridge = ctx->bridge;
    struct xlate_at at = ctx->at;
    struct xlate_scope scope;

    if (!peer) {
        xlate_say(ctx, "     >> patch port %s: its peer '%s' does not exist or is no peer of it",
                  port->name, port->patch_peer);
        xlate_drop(ctx, DP_DROP_NO_OUTPUT);
        return;
    }
    effects_add_patch(ctx->effects, port);
    /* The pipeline begins anew there; only the packet goes over. */
    memset(&ctx->now.flow.u64[FLOW_N_WORDS], 0, OFP_PIPELINE_WORDS * 8);
    ctx->depth++;
    xlate_scope_begin(ctx, &scope);
    xlate_enter_bridge(ctx, peer);
    xlate_scope_end(ctx, &scope);
    ctx->depth--;
    ctx->now = before;
    xlate_be_in(ctx, bridge);
    ctx->in_port = in_port;
    ctx->at = at;
}

bool xlate_has_room(struct xlate_ctx *ctx)
{
    if (ctx->actions->len + OUTPUT_RESERVE > DP_ACTIONS_MAX_LEN) {
        xlate_too_deep(ctx, "too many datapath actions");
        return false;
    }
    return true;
}

/* 'max_len' 0: the whole packet. */
static void output(struct xlate_ctx *ctx, const struct ofport *port, uint32_t max_len)
{
    if (ctx->too_deep || ctx->unknown || !xlate_has_room(ctx)) {
        return;
    }
    if (max_len && port->patch_peer) {
        xlate_say(ctx, "     >> output_trunc does not support patch port %s", port->name);
        xlate_drop(ctx, DP_DROP_NO_OUTPUT);
        return;
    }
    if (port->config & (OFPPC_PORT_DOWN | OFPPC_NO_FWD)) {
        xlate_say(ctx, "     >> port %s is configured not to forward", port->name);
        xlate_drop(ctx, DP_DROP_PORT_CONFIG);
        return;
    }
    if (port->patch_peer) {
        output_patch(ctx, port);
        return;
    }
    if (!port->dp_port) {
        xlate_say(ctx, "     >> port %s is not in the datapath", port->name);
        xlate_drop(ctx, DP_DROP_NO_OUTPUT);
        return;
    }
    xlate_commit(ctx);
    if (max_len) {
        dp_actions_put_output_trunc(ctx->actions, port->dp_port, max_len);
    } else {
        dp_actions_put_output(ctx->actions, port->dp_port);
    }
    ctx->last_output_end = ctx->actions->len;
}

void xlate_output(struct xlate_ctx *ctx, const struct ofport *port)
{
    output(ctx, port, 0);
}

void xlate_output_trunc(struct xlate_ctx *ctx, const struct ofport *port, uint32_t max_len)
{
    output(ctx, port, max_len);
}
