/* Carries out groups: each bucket is an action set for a copy of the packet. A select group chooses
 * by a hash of the packet, whose fields are looked at: packets that may go elsewhere get cached
 * flows of their own. */
#include "lib/hash.h"
#include "ofproto/group/group.h"
#include "ofproto/xlate/hash.h"

static void run_bucket(struct xlate_ctx *ctx, struct ofp_group *group, unsigned int i)
{
    const struct ofp_actions *actions = &group->config.bucket[i].actions;
    enum ofp_packet_in_reason via = ctx->via;

    struct xlate_step *step = xlate_enter(ctx, XLATE_STEP_BUCKET, "bucket %u",
                                          group->config.bucket[i].id);

    effects_add_bucket(ctx->effects, group, i);
    ctx->via = OFPR_GROUP;
    xlate_set_on_copy(ctx, actions->data, actions->len);
    xlate_leave(ctx, step);
    ctx->via = via;
}

static void run_all(struct xlate_ctx *ctx, struct ofp_group *group)
{
    for (unsigned int i = 0; i < group->config.n; i++) {
        run_bucket(ctx, group, i);
    }
}

static void run_first_living(struct xlate_ctx *ctx, struct ofp_group *group)
{
    for (unsigned int i = 0; i < group->config.n; i++) {
        if (group_bucket_lives(ctx->bridge, &group->config.bucket[i])) {
            run_bucket(ctx, group, i);
            return;
        }
    }
    xlate_say(ctx, "     >> no bucket of group %u lives", group->id);
    xlate_drop(ctx, DP_DROP_NO_OUTPUT);
}

static uint32_t hash_fields(struct xlate_ctx *ctx, const struct ofp_group_config *config)
{
    struct ofp_flow masked;

    for (unsigned int i = 0; i < OFP_FLOW_WORDS; i++) {
        masked.u64[i] = ctx->now.flow.u64[i] & config->fields->u64[i];
    }
    xlate_look(ctx, config->fields);
    return (uint32_t)hash_bytes(&masked, sizeof masked, config->method_param);
}

static void run_selected(struct xlate_ctx *ctx, struct ofp_group *group)
{
    const struct ofp_group_config *config = &group->config;
    int i = 0;

    if (config->n > 1) {
        i = group_select(ctx->bridge, group,
                         config->fields ? hash_fields(ctx, config)
                                        : xlate_hash(ctx, OFP_HASH_SYMMETRIC_L4_UDP,
                                                     (uint32_t)config->method_param));
    } else {
        i = group_select(ctx->bridge, group, 0);
    }
    if (i >= 0) {
        run_bucket(ctx, group, (unsigned int)i);
    } else {
        xlate_say(ctx, "     >> no bucket of group %u lives", group->id);
        xlate_drop(ctx, DP_DROP_NO_OUTPUT);
    }
}

static void execute_group(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    uint32_t id = ((const struct ofp_action_group *)h)->group_id;
    struct ofp_group *group = group_find(ctx->bridge, id);

    if (!group || !group->config.n) {
        xlate_say(ctx, "     >> group %u %s", id, group ? "has no buckets" : "does not exist");
        xlate_drop(ctx, DP_DROP_NO_OUTPUT);
    }
    if (!group) {
        return;
    }
    effects_add_group(ctx->effects, group);
    if (++ctx->depth > XLATE_MAX_DEPTH) {
        xlate_too_deep(ctx, "too many groups in each other");
    } else {
        switch (group->config.type) {
        case OFP_GROUP_TYPE_SELECT: run_selected(ctx, group); break;
        case OFP_GROUP_TYPE_FF: run_first_living(ctx, group); break;
        default: run_all(ctx, group); break;
        }
    }
    ctx->depth--;
}

CONSTRUCTOR static void register_group(void)
{
    static const struct xlate_action_class class = {OFP_ACTION_GROUP, execute_group};

    xlate_action_register(&class);
}
