/* Carries out resubmit and exit; note and conjunction, which do nothing here; see
 * codec/action_resubmit.c for their other forms. */
#include "ofproto/xlate/xlate.h"

static void execute_resubmit(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    const struct ofp_action_resubmit *a = (const struct ofp_action_resubmit *)h;
    struct xlate_at at = ctx->at;
    uint8_t to = a->table_id == OFP_RESUBMIT_SAME_TABLE ? at.table_id : (uint8_t)a->table_id;

    if (to >= BRIDGE_MAX_TABLES) {
        xlate_say(ctx, "     >> there is no table %u", to);
        return;
    }
    if (a->in_port != OFP_PORT_IN_PORT) {
        ctx->own_in_port = ctx->now.flow.in_port;
        ctx->now.flow.in_port = a->in_port;
        ctx->resubmit_from = true;
    }
    ctx->depth++;
    ctx->n_resubmits++;
    xlate_table(ctx, to);
    ctx->n_resubmits--;
    ctx->depth--;
    ctx->at = at;
}

static void execute_exit(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    (void)h;
    ctx->stop = true;
}

static void execute_note(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    (void)ctx;
    (void)h;
}

CONSTRUCTOR static void register_resubmit(void)
{
    static const struct xlate_action_class classes[] = {
        {OFP_ACTION_RESUBMIT, execute_resubmit},
        {OFP_ACTION_EXIT, execute_exit},
        {OFP_ACTION_NOTE, execute_note},
        {OFP_ACTION_CONJUNCTION, execute_note}, /* The classifier knows it. */
    };

    for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
        xlate_action_register(&classes[i]);
    }
}
