/* Carries out what instructions do beyond applying actions: the action set, metadata, going to a
 * table; see codec/instruction.h for their other forms. */
#include "ofproto/xlate/xlate.h"

/* OpenFlow 1.5.1 section 7.2.3.10: the port that the set would output to; none where a group
 * decides. */
static void show_output(struct xlate_ctx *ctx)
{
    const struct ofp_actions *set = &ctx->action_set;

    ctx->now.flow.actset_output = OFP_PORT_UNSET;
    for (const struct ofp_action *a = ofp_actions_first(set->data, set->len); a;
         a = ofp_actions_next(set->data, set->len, a)) {
        if (a->type == OFP_ACTION_OUTPUT) {
            ctx->now.flow.actset_output = ((const struct ofp_action_output *)a)->port;
        } else if (ofp_action_set_place((enum ofp_action_type)a->type) == OFP_PLACE_GROUP) {
            ctx->now.flow.actset_output = OFP_PORT_UNSET;
            return;
        }
    }
}

void xlate_write_actions(struct xlate_ctx *ctx, const void *actions, size_t len)
{
    for (const struct ofp_action *a = ofp_actions_first(actions, len); a;
         a = ofp_actions_next(actions, len, a)) {
        struct ofp_action *copy = ofp_actions_put(&ctx->action_set, (enum ofp_action_type)a->type,
                                                  a->len);

        if (!copy) {
            xlate_too_deep(ctx, "too many actions in the action set");
            return;
        }
        memcpy(copy, a, a->len);
    }
    show_output(ctx);
}

/* The last one of the place that was written, or all of those that set. */
static bool run_place(struct xlate_ctx *ctx, const void *set, size_t len, enum ofp_set_place place)
{
    const struct ofp_action *last = NULL;

    for (const struct ofp_action *a = ofp_actions_first(set, len); a;
         a = ofp_actions_next(set, len, a)) {
        if (ofp_action_set_place((enum ofp_action_type)a->type) == place) {
            last = a;
            if (place == OFP_PLACE_SET) {
                xlate_actions(ctx, a, a->len);
            }
        }
    }
    if (last && place != OFP_PLACE_SET) {
        xlate_actions(ctx, last, last->len);
    }
    return last != NULL;
}

/* Each of the last places sends the packet to where it ends. */
static bool run_places(struct xlate_ctx *ctx, const void *set, size_t len)
{
    for (unsigned int place = OFP_PLACE_NONE + 1; place < OFP_N_PLACES; place++) {
        if (run_place(ctx, set, len, (enum ofp_set_place)place) && place >= OFP_PLACE_GROUP) {
            return true;
        }
    }
    return false;
}

void xlate_run_set(struct xlate_ctx *ctx, const void *actions, size_t len)
{
    if (!run_places(ctx, actions, len) && !ctx->stop) {
        /* OpenFlow 1.3.5 section 5.10: without output it is dropped. */
        xlate_drop(ctx, DP_DROP_NO_OUTPUT);
    }
}

void xlate_run_action_set(struct xlate_ctx *ctx)
{
    struct ofp_actions set = ctx->action_set;
    enum ofp_packet_in_reason via = ctx->via;
    struct xlate_step *step;

    if (!set.len) {
        return;
    }
    /* What a resubmit in the set may write into one is for nobody. */
    ctx->action_set = (struct ofp_actions)OFP_ACTIONS_INIT;
    ctx->stop = false; /* Of "exit"; a packet whose time is over has no set. */
    step = xlate_enter(ctx, XLATE_STEP_SET, "--. Executing action set:");
    ctx->via = OFPR_ACTION_SET;
    xlate_run_set(ctx, set.data, set.len);
    xlate_leave(ctx, step);
    ctx->via = via;
    ofp_actions_free(&set);
}

/* What of the set would be carried out, in its order. */
static void say_set(struct xlate_ctx *ctx)
{
    const struct ofp_actions *set = &ctx->action_set;
    struct strbuf s = STRBUF_INIT;
    bool ended = false;

    if (!ctx->in->record) {
        return;
    }
    for (unsigned int place = OFP_PLACE_NONE + 1; place < OFP_N_PLACES && !ended; place++) {
        const struct ofp_action *last = NULL;

        for (const struct ofp_action *a = ofp_actions_first(set->data, set->len); a;
             a = ofp_actions_next(set->data, set->len, a)) {
            if (ofp_action_set_place((enum ofp_action_type)a->type) != place) {
                continue;
            }
            if (last && place == OFP_PLACE_SET) {
                strbuf_puts(&s, s.len ? "," : "");
                ofp_action_format(&s, last);
            }
            last = a;
        }
        if (last) {
            strbuf_puts(&s, s.len ? "," : "");
            ofp_action_format(&s, last);
            ended = place >= OFP_PLACE_GROUP;
        }
    }
    xlate_say(ctx, "-> action set is: %s", s.len ? strbuf_str(&s) : "empty");
    strbuf_free(&s);
}

static void execute_clear(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    (void)h;
    ctx->action_set.len = 0;
    show_output(ctx);
}

static void execute_write(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    const struct ofp_action_nested *a = (const struct ofp_action_nested *)h;

    xlate_write_actions(ctx, a->data, a->len);
    say_set(ctx);
}

static void execute_metadata(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    const struct ofp_action_write_metadata *a = (const struct ofp_action_write_metadata *)h;

    ctx->now.flow.metadata = (ctx->now.flow.metadata & ~a->mask) | (a->metadata & a->mask);
}

static void execute_goto(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    ctx->next_table = ((const struct ofp_action_goto_table *)h)->table_id;
}

CONSTRUCTOR static void register_instructions(void)
{
    static const struct xlate_action_class classes[] = {
        {OFP_ACTION_CLEAR_ACTIONS, execute_clear},
        {OFP_ACTION_WRITE_ACTIONS, execute_write},
        {OFP_ACTION_WRITE_METADATA, execute_metadata},
        {OFP_ACTION_GOTO_TABLE, execute_goto},
    };

    for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
        xlate_action_register(&classes[i]);
    }
}
