/* Carries out the output family; see codec/action_output.c for its other forms. */
#include "ofproto/codec/port_desc.h"
#include "ofproto/xlate/controller.h"
#include "ofproto/xlate/xlate.h"

static void output_port(struct xlate_ctx *ctx, const struct ofport *port, uint32_t max_len)
{
    if (!max_len) {
        xlate_output(ctx, port);
    } else {
        xlate_output_trunc(ctx, port, max_len);
    }
}

/* 'max_len' 0: the whole packet. */
static void output_number(struct xlate_ctx *ctx, uint32_t number, uint32_t max_len)
{
    const struct ofport *port = ofport_by_number(ctx->bridge, number);

    if (!port) {
        xlate_say(ctx, "     >> bridge %s has no port %u", ctx->bridge->name, number);
        xlate_drop(ctx, DP_DROP_NO_OUTPUT);
    } else if (number == ctx->now.flow.in_port) {
        /* OpenFlow 1.3.5 section 4.5: only IN_PORT may send a packet back. */
        xlate_say(ctx, "     >> skipping output to input port");
        xlate_drop(ctx, DP_DROP_SAME_PORT);
    } else {
        output_port(ctx, port, max_len);
    }
}

/* 'except': ports with such configuration are left out. */
static void output_all(struct xlate_ctx *ctx, uint32_t except)
{
    struct ofport *port, *next;

    xlate_drop(ctx, DP_DROP_NO_OUTPUT);
    HASH_ITER (by_number, ctx->bridge->ports, port, next) {
        if (port->ofport != ctx->now.flow.in_port && port->up && !(port->config & except)) {
            xlate_output(ctx, port);
        }
    }
}

/* OpenFlow 1.3.5 section 7.4.1: what a table-miss entry sends is a miss. */
static void output_controller(struct xlate_ctx *ctx)
{
    bool is_miss = ctx->via == OFPR_ACTION && ctx->at.is_miss;

    xlate_controller(ctx, is_miss ? OFPR_NO_MATCH : ctx->via);
}

/* OpenFlow 1.3.5 section 4.5: only packet-outs say so, whose pipeline begins here. */
static void output_table(struct xlate_ctx *ctx)
{
    effects_depend_bridge(ctx->effects, ctx->bridge);
    ctx->depth++;
    xlate_table(ctx, 0);
    ctx->depth--;
    ctx->at.rule = NULL;
    ctx->at.cookie = UINT64_MAX;
    ctx->at.is_miss = false;
}

static void output_in_port(struct xlate_ctx *ctx, uint32_t max_len)
{
    const struct ofport *port = ofport_by_number(ctx->bridge, ctx->now.flow.in_port);

    if (port) {
        output_port(ctx, port, max_len);
    } else {
        xlate_say(ctx, "     >> there is no input port %u any more", ctx->now.flow.in_port);
        xlate_drop(ctx, DP_DROP_NO_OUTPUT);
    }
}

void xlate_output_to(struct xlate_ctx *ctx, uint32_t port)
{
    switch (port) {
    case OFP_PORT_NORMAL: xlate_normal(ctx); break;
    case OFP_PORT_FLOOD: output_all(ctx, OFPPC_NO_FLOOD | OFPPC_NO_FWD); break;
    case OFP_PORT_ALL: output_all(ctx, OFPPC_NO_FWD); break;
    case OFP_PORT_IN_PORT: output_in_port(ctx, 0); break;
    case OFP_PORT_TABLE: output_table(ctx); break;
    case OFP_PORT_CONTROLLER: output_controller(ctx); break;
    case OFP_PORT_NONE: break;
    default: output_number(ctx, port, 0); break;
    }
}

void xlate_output_first(struct xlate_ctx *ctx, uint32_t port, uint32_t max_len)
{
    if (port == OFP_PORT_IN_PORT) {
        output_in_port(ctx, max_len);
    } else {
        output_number(ctx, port, max_len);
    }
}

static void execute_output(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    xlate_output_to(ctx, ((const struct ofp_action_output *)h)->port);
}

CONSTRUCTOR static void register_output(void)
{
    static const struct xlate_action_class class = {OFP_ACTION_OUTPUT, execute_output};

    xlate_action_register(&class);
}
