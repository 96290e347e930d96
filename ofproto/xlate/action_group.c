/* Carries out groups: each bucket is an action set for a copy of the packet.
 *
 * A select group chooses by a hash that the datapath computes: the group is put off until the
 * packet comes back with it, and then some of its bits choose a slot (group/slots.c), so there are
 * as many cached flows as slots. With the method "hash", or weights that lie too far apart for
 * slots, the hash is computed here; its fields are looked at, so packets that may go elsewhere get
 * cached flows of their own. */
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
    for (unsigned int i = 0; i < group->config.n && !ctx->too_deep; i++) {
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

/* Open vSwitch has the algorithm of "dp_hash" in the upper half of its parameter; one that it does
 * not know is as the first. */
static enum dp_hash_alg hash_alg(const struct ofp_group_config *config)
{
    uint32_t alg = config->method == OFP_GROUP_METHOD_DP_HASH ? config->method_param >> 32 : 0;

    return alg < DP_N_HASH_ALGS ? (enum dp_hash_alg)alg : DP_HASH_L4;
}

static uint32_t hash_basis(const struct ofp_group_config *config)
{
    return (uint32_t)config->method_param;
}

static bool uses_slots(const struct ofp_group *group)
{
    const struct ofp_group_config *c = &group->config;

    return c->type == OFP_GROUP_TYPE_SELECT && c->n > 1 && c->method != OFP_GROUP_METHOD_HASH &&
           group_n_slots(group);
}

/* Whether the packet has come back with a hash that can choose among the group's slots. */
static bool has_hash(const struct xlate_ctx *ctx, const struct ofp_group *group)
{
    const struct xlate_dp_hash *hash = &ctx->hash;

    return hash->on && hash->alg == hash_alg(&group->config) &&
           hash->basis == hash_basis(&group->config) &&
           group_n_slots(group) <= UINT32_MAX >> hash->n_used;
}

/* Each group that leads to another one leaves it other bits: else those of the second would be the
 * same for all packets that the first sends to it. */
static int select_by_slot(struct xlate_ctx *ctx, struct ofp_group *group)
{
    uint32_t slots = group_n_slots(group) - 1;
    uint32_t slot = ctx->now.flow.pkt.dp_hash >> ctx->hash.n_used & slots;
    struct ofp_flow looked;

    memset(&looked, 0, sizeof looked);
    looked.pkt.dp_hash = slots << ctx->hash.n_used;
    xlate_look(ctx, &looked);
    ctx->hash.n_used = (uint8_t)(ctx->hash.n_used + __builtin_popcount(slots));
    return group_slot_bucket(ctx->bridge, group, slot);
}

static void run_selected(struct xlate_ctx *ctx, struct ofp_group *group)
{
    const struct ofp_group_config *config = &group->config;
    struct xlate_dp_hash hash = ctx->hash;
    int i = 0;

    if (uses_slots(group)) {
        i = select_by_slot(ctx, group);
    } else if (config->n > 1) {
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
    ctx->hash = hash;
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
    if (uses_slots(group) && !has_hash(ctx, group)) {
        xlate_freeze_hashed(ctx, h, hash_alg(&group->config), hash_basis(&group->config));
        return;
    }
    effects_add_group(ctx->effects, group);
    /* Those without actions are work, too: groups of groups of them would be endless. */
    ctx->n_actions += group->config.n;
    if (++ctx->depth > XLATE_MAX_DEPTH) {
        xlate_too_deep(ctx, "too many groups in each other");
    } else if (ctx->n_actions > XLATE_MAX_ACTIONS) {
        xlate_too_deep(ctx, "too many buckets");
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
