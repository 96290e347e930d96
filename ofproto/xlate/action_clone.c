/* Carries out clone; see codec/action_clone.c for its other forms. */
#include <stdlib.h>

#include "ofproto/xlate/xlate.h"

/* 'run_set': the copy's action set, which it inherits, is carried out behind it. */
static void on_copy(struct xlate_ctx *ctx, const void *actions, size_t len, bool run_set,
                    void (*carry_out)(struct xlate_ctx *, const void *actions, size_t len))
{
    struct xlate_packet before = ctx->now;
    struct ofp_actions set = ctx->action_set;
    unsigned int n_stack = ctx->stack.n;
    void *stack = n_stack ? xmemdup(ctx->stack.value, n_stack * sizeof ctx->stack.value[0]) : NULL;
    bool stop = ctx->stop;
    struct xlate_scope scope;

    xlate_scope_begin(ctx, &scope);
    ctx->action_set = (struct ofp_actions)OFP_ACTIONS_INIT;
    if (set.len) { /* It may be read as a field, and is put back as it was. */
        uint32_t actset_output = ctx->now.flow.actset_output;

        xlate_write_actions(ctx, set.data, set.len);
        ctx->now.flow.actset_output = actset_output;
    }
    ctx->stop = false;
    carry_out(ctx, actions, len);
    xlate_end_pipeline(ctx, run_set && !ctx->stop);
    ofp_actions_free(&ctx->action_set);
    ctx->action_set = set;
    ctx->stack.n = n_stack;
    if (stack) {
        memcpy(ctx->stack.value, stack, n_stack * sizeof ctx->stack.value[0]);
        free(stack);
    }
    ctx->stop = stop;
    xlate_scope_end(ctx, &scope);
    ctx->now = before;
}

void xlate_set_on_copy(struct xlate_ctx *ctx, const void *actions, size_t len)
{
    on_copy(ctx, actions, len, false, xlate_run_set);
}

static void execute_clone(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    const struct ofp_action_nested *a = (const struct ofp_action_nested *)h;

    if (++ctx->depth > XLATE_MAX_DEPTH) {
        xlate_too_deep(ctx, "too many clones in each other");
    } else {
        on_copy(ctx, a->data, a->len, true, xlate_actions); /* As in Open vSwitch. */
    }
    ctx->depth--;
}

CONSTRUCTOR static void register_clone(void)
{
    static const struct xlate_action_class class = {OFP_ACTION_CLONE, execute_clone};

    xlate_action_register(&class);
}
