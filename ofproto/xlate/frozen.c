/* See frozen.h. Freezing unwinds the translation: each level that was at work (rules that resubmit
 * led to, within each other) leaves a frame with the actions it had not come to, the innermost
 * first; thawing carries the frames out in that order, so levels need not be rebuilt. What works on
 * a copy of the packet (clone, a group's bucket, the bridge behind a patch port) is frozen for
 * itself, and whoever made the copy goes on. */
#include "ofproto/xlate/frozen.h"

#include <stdlib.h>

#include "lib/hash.h"
#include "ofproto/xlate/continuation.h"

#define UNUSED_MAX 16384
#define UNUSED_MS 10000

/* What a state's contents begin with; then come frames, action set, stack and the bridge's name.
 * Hashed and compared as bytes: no padding, no addresses. */
struct contents {
    uint64_t pipeline[OFP_PIPELINE_WORDS];
    uint32_t pkt_mark, pkt_mark_written; /* That of the packet is in no header. */
    uint32_t in_port;
    uint32_t frames_len;
    uint32_t set_len;
    uint16_t n_stack;
    uint8_t run_set;
    uint8_t hash_alg; /* Plus one; 0: no hash. */
    uint32_t hash_basis;
    uint32_t tlv_removals; /* Which map of tunnels' options the pipeline's are of. */
};
static_assert(sizeof(struct contents) == OFP_PIPELINE_WORDS * 8 + 32, "no padding");

struct frame {
    uint64_t cookie;
    uint32_t len; /* Of the actions that follow. */
    uint16_t in_resubmit;
    uint8_t table_id;
    uint8_t via; /* enum ofp_packet_in_reason. */
    uint32_t is_miss;
    uint32_t zero;
};
static_assert(sizeof(struct frame) == 24, "no padding");

struct frozen_state {
    uint32_t id;
    uint32_t refs;
    uint64_t unused_ms;               /* Since when nobody holds it. */
    TAILQ_ENTRY(frozen_state) unused; /* While nobody does. */
    UT_hash_handle by_id, by_contents;
    uint32_t len;
    uint8_t contents[] __attribute__((aligned(8)));
};

struct frozen_states {
    struct frozen_state *by_id;
    struct frozen_state *by_contents;
    TAILQ_HEAD(frozen_state_list, frozen_state) unused; /* The oldest first. */
    unsigned int n_unused;
    size_t bytes; /* Of all. */
};

struct frozen_states *frozen_states_new(void)
{
    struct frozen_states *states = xcalloc(1, sizeof *states);

    TAILQ_INIT(&states->unused);
    return states;
}

void frozen_states_free(struct frozen_states *states)
{
    if (states) {
        frozen_states_expire(states, UINT64_MAX);
        free(states);
    }
}

static void forget(struct frozen_states *states, struct frozen_state *state)
{
    TAILQ_REMOVE(&states->unused, state, unused);
    states->n_unused--;
    HASH_DELETE(by_id, states->by_id, state);
    HASH_DELETE(by_contents, states->by_contents, state);
    states->bytes -= sizeof *state + state->len;
    free(state);
}

void frozen_states_expire(struct frozen_states *states, uint64_t now_ms)
{
    struct frozen_state *state;

    while ((state = TAILQ_FIRST(&states->unused)) &&
           (states->n_unused > UNUSED_MAX || now_ms - state->unused_ms >= UNUSED_MS)) {
        forget(states, state);
    }
}

size_t frozen_states_count(const struct frozen_states *states)
{
    return HASH_CNT(by_id, states->by_id);
}

void frozen_state_ref(struct frozen_states *states, struct frozen_state *state)
{
    if (!state->refs++) {
        TAILQ_REMOVE(&states->unused, state, unused);
        states->n_unused--;
    }
}

void frozen_state_unref(struct frozen_states *states, struct frozen_state *state, uint64_t now_ms)
{
    if (!--state->refs) {
        state->unused_ms = now_ms;
        TAILQ_INSERT_TAIL(&states->unused, state, unused);
        states->n_unused++;
        frozen_states_expire(states, now_ms);
    }
}

struct frozen_state *frozen_state_find(const struct frozen_states *states, uint32_t id)
{
    struct frozen_state *state;

    HASH_FIND(by_id, states->by_id, &id, sizeof id, state);
    return state;
}

/* Forgets those that nobody holds, until there is room for one more. */
static bool make_room(struct frozen_states *states, size_t size)
{
    while (frozen_states_count(states) >= FROZEN_MAX_STATES ||
           states->bytes + size > FROZEN_MAX_BYTES) {
        if (TAILQ_EMPTY(&states->unused)) {
            return false;
        }
        forget(states, TAILQ_FIRST(&states->unused));
    }
    return true;
}

/* The one with these contents, made if need be, with a reference; NULL: there are too many. */
static struct frozen_state *get(struct frozen_states *states, const void *contents, size_t len)
{
    struct frozen_state *state;

    HASH_FIND(by_contents, states->by_contents, contents, len, state);
    if (state) {
        frozen_state_ref(states, state);
        return state;
    }
    if (!make_room(states, sizeof *state + len)) {
        return NULL;
    }
    state = xcalloc(1, sizeof *state + len);
    state->id = (uint32_t)hash_bytes(contents, len, 0);
    while (!state->id || frozen_state_find(states, state->id)) {
        state->id++;
    }
    state->refs = 1;
    state->len = (uint32_t)len;
    states->bytes += sizeof *state + len;
    memcpy(state->contents, contents, len);
    HASH_ADD(by_id, states->by_id, id, sizeof state->id, state);
    HASH_ADD(by_contents, states->by_contents, contents, len, state);
    return state;
}

static const struct contents *contents_of(const struct frozen_state *state)
{
    return (const struct contents *)state->contents;
}

static size_t stack_size(const struct contents *c)
{
    return (size_t)c->n_stack * OFP_FIELD_MAX_BYTES;
}

struct ofproto *frozen_state_bridge(const struct ofproto_set *set, const struct frozen_state *state)
{
    const struct contents *c = contents_of(state);
    size_t ofs = sizeof *c + c->frames_len + c->set_len + stack_size(c);

    return ofproto_find(set, (const char *)state->contents + ofs);
}

uint32_t frozen_state_in_port(const struct frozen_state *state)
{
    return contents_of(state)->in_port;
}

/* --- Freezing. */

void xlate_freeze(struct xlate_ctx *ctx)
{
    ctx->freeze.on = true;
}

void xlate_freeze_actions(struct xlate_ctx *ctx, const void *actions, size_t len)
{
    struct xlate_freeze *freeze = &ctx->freeze;
    struct frame frame = {.cookie = ctx->at.cookie,
                          .len = (uint32_t)len,
                          .in_resubmit = ctx->n_resubmits != 0,
                          .table_id = ctx->at.table_id,
                          .via = (uint8_t)ctx->via,
                          .is_miss = ctx->at.is_miss};
    size_t need = freeze->len + sizeof frame + len;

    if (!len) {
        return;
    }
    if (need > FROZEN_MAX_LEN) {
        xlate_too_deep(ctx, "too many actions to recirculate with");
        return;
    }
    if (need > freeze->size) {
        freeze->size = (uint32_t)need * 2;
        freeze->frames = xrealloc(freeze->frames, freeze->size);
    }
    memcpy(freeze->frames + freeze->len, &frame, sizeof frame);
    memcpy(freeze->frames + freeze->len + sizeof frame, actions, len);
    freeze->len = (uint32_t)need;
}

void xlate_freeze_by_length(struct xlate_ctx *ctx, uint16_t max_len,
                            const struct ofp_action_set_field *set)
{
    xlate_freeze(ctx);
    xlate_freeze_actions(ctx, set, set->h.len);
    ctx->freeze.by_length = ctx->freeze.len;
    ctx->freeze.max_len = max_len;
}

/* The state of the translation as it stands. */
static void put_contents(struct strbuf *s, const struct xlate_ctx *ctx, bool run_set)
{
    struct contents c = {.in_port = ctx->in_port->ofport,
                         .pkt_mark = ctx->now.flow.pkt.pkt_mark & ctx->now.written.pkt.pkt_mark,
                         .pkt_mark_written = ctx->now.written.pkt.pkt_mark,
                         .frames_len = ctx->freeze.len,
                         .set_len = run_set ? ctx->action_set.len : 0,
                         .n_stack = (uint16_t)(ctx->stack.n - ctx->stack.floor),
                         .run_set = run_set,
                         .hash_alg = (uint8_t)(ctx->freeze.hash.on ? ctx->freeze.hash.alg + 1 : 0),
                         .hash_basis = ctx->freeze.hash.basis,
                         .tlv_removals = ctx->bridge->tlvs.n_removals};

    memcpy(c.pipeline, &ctx->now.flow.u64[FLOW_N_WORDS], sizeof c.pipeline);
    strbuf_put(s, &c, sizeof c);
    strbuf_put(s, ctx->freeze.frames, c.frames_len);
    strbuf_put(s, ctx->action_set.data, c.set_len);
    if (c.n_stack) {
        strbuf_put(s, ctx->stack.value[ctx->stack.floor], stack_size(&c));
    }
    strbuf_put(s, ctx->bridge->name, strlen(ctx->bridge->name) + 1);
}

static struct frozen_state *freeze_state(struct xlate_ctx *ctx, bool run_set)
{
    struct strbuf s = STRBUF_INIT;
    struct frozen_state *state;

    put_contents(&s, ctx, run_set);
    state = get(ctx->set->frozen, s.data, s.len);
    strbuf_free(&s);
    return state;
}

/* Packets will come back for this state. Takes over the reference. */
static uint32_t use_state(struct xlate_ctx *ctx, struct frozen_state *state)
{
    const struct xlate_dp_hash *hash = &ctx->freeze.hash;
    struct flow_key key;

    if (ctx->in->recirculated) {
        flow_key_copy(&key, &ctx->now.flow.pkt);
        key.recirc_id = state->id;
        key.dp_hash = hash->on ? flow_key_hash(&key, (enum dp_hash_alg)hash->alg, hash->basis) : 0;
        ctx->in->recirculated(&key, ctx->in->aux);
    }
    effects_add_frozen(ctx->effects, state);
    frozen_state_unref(ctx->set->frozen, state, ctx->set->now_ms);
    return state->id;
}

static void no_state(struct xlate_ctx *ctx)
{
    xlate_say(ctx, " >> too many recirculation ids are in use: drop");
    xlate_drop(ctx, DP_DROP_RECIRC_LIMIT);
    ctx->no_cache = true;
}

static void recirculate(struct xlate_ctx *ctx, bool run_set)
{
    struct frozen_state *state = freeze_state(ctx, run_set);
    uint32_t id;

    if (!state) {
        no_state(ctx);
        return;
    }
    xlate_commit(ctx);
    id = use_state(ctx, state);
    xlate_say(ctx, "    >> recirculated as 0x%x", id);
    if (ctx->freeze.hash.on) {
        dp_actions_put_hash(ctx->actions, (enum dp_hash_alg)ctx->freeze.hash.alg,
                            ctx->freeze.hash.basis);
    }
    dp_actions_put_recirc(ctx->actions, id);
    ctx->last_output_end = ctx->actions->len;
}

/* The second state is the first one but for the bit that the first frame writes. */
static void recirculate_by_length(struct xlate_ctx *ctx, bool run_set)
{
    struct frozen_state *longer = freeze_state(ctx, run_set), *other;
    struct ofp_action_set_field *set = (void *)(ctx->freeze.frames + sizeof(struct frame));
    struct dp_action_check_len *a;

    if (!longer) {
        no_state(ctx);
        return;
    }
    memset(set->number, 0, set->n_bytes); /* The value. */
    other = freeze_state(ctx, run_set);
    if (!other) {
        frozen_state_unref(ctx->set->frozen, longer, ctx->set->now_ms);
        no_state(ctx);
        return;
    }
    xlate_commit(ctx);
    a = dp_actions_put(ctx->actions, DP_ACTION_CHECK_LEN, sizeof *a);
    a->max_len = ctx->freeze.max_len;
    a->longer_id = use_state(ctx, longer);
    a->other_id = use_state(ctx, other);
    xlate_say(ctx, "    >> recirculated as 0x%x when longer than %u bytes, else as 0x%x",
              a->longer_id, a->max_len, a->other_id);
    ctx->last_output_end = ctx->actions->len;
}

void xlate_freeze_end(struct xlate_ctx *ctx, bool run_set)
{
    if (!ctx->freeze.on) {
        return;
    }
    ctx->freeze.on = false;
    if (ctx->freeze.pause) {
        struct strbuf s = STRBUF_INIT;

        put_contents(&s, ctx, run_set);
        xlate_pause_end(ctx, s.data, s.len);
        strbuf_free(&s);
        goto out;
    }
    if (ctx->too_deep ||
        (ctx->freeze.len == ctx->freeze.by_length && !(run_set && ctx->action_set.len))) {
        goto out; /* There was nothing left to do. */
    }
    if (!xlate_has_room(ctx)) {
        goto out;
    }
    if (ctx->freeze.by_length) {
        recirculate_by_length(ctx, run_set);
    } else {
        recirculate(ctx, run_set);
    }
out:
    ctx->freeze.len = ctx->freeze.by_length = 0;
    ctx->freeze.pause = NULL;
    ctx->freeze.hash = (struct xlate_dp_hash){0};
}

void xlate_freeze_hashed(struct xlate_ctx *ctx, const struct ofp_action *again,
                         enum dp_hash_alg alg, uint32_t basis)
{
    xlate_freeze(ctx);
    xlate_freeze_actions(ctx, again, again->len);
    ctx->freeze.hash = (struct xlate_dp_hash){.on = true, .alg = (uint8_t)alg, .basis = basis};
}

/* --- Thawing. */

static void thaw_frame(struct xlate_ctx *ctx, const struct frame *frame, const void *actions)
{
    int next;

    ctx->at = (struct xlate_at){
        .cookie = frame->cookie, .is_miss = frame->is_miss, .table_id = frame->table_id};
    ctx->via = (enum ofp_packet_in_reason)frame->via;
    ctx->n_resubmits = frame->in_resubmit;
    xlate_actions(ctx, actions, frame->len);
    next = ctx->next_table;
    ctx->next_table = -1;
    if (next >= 0) {
        xlate_table(ctx, (uint8_t)next);
    }
}

/* What tun_metadata holds by another map than there is now is lost. */
static void thaw_pipeline(struct xlate_ctx *ctx, const struct contents *c)
{
    struct ofp_flow *flow = &ctx->now.flow;

    memcpy(&flow->u64[FLOW_N_WORDS], c->pipeline, sizeof c->pipeline);
    if (c->tlv_removals != ctx->bridge->tlvs.n_removals) {
        flow->tun_metadata_present = 0;
        memset(flow->tun_metadata, 0, sizeof flow->tun_metadata);
    }
}

/* The packet comes anew: the datapath knows no mark of it. */
static void thaw_resumed(struct xlate_ctx *ctx, const struct contents *c,
                         const struct ofp_flow *pipeline)
{
    struct ofp_flow *flow = &ctx->now.flow;

    thaw_pipeline(ctx, c);
    flow->metadata = pipeline->metadata;
    memcpy(flow->reg, pipeline->reg, sizeof flow->reg);
    flow->in_port = pipeline->in_port;
    flow->tun_metadata_present = pipeline->tun_metadata_present;
    memcpy(flow->tun_metadata, pipeline->tun_metadata, sizeof flow->tun_metadata);
    flow->pkt.pkt_mark = pipeline->pkt.pkt_mark;
    ctx->now.written.pkt.pkt_mark = UINT32_MAX;
}

static void thaw_packet(struct xlate_ctx *ctx, const struct contents *c)
{
    struct flow_key *key = &ctx->now.flow.pkt;

    thaw_pipeline(ctx, c);
    key->pkt_mark = (key->pkt_mark & ~c->pkt_mark_written) | c->pkt_mark;
    ctx->now.written.pkt.pkt_mark |= c->pkt_mark_written;
    /* To rules it is the packet that it was. */
    key->recirc_id = 0;
    ctx->now.written.pkt.recirc_id = UINT32_MAX;
    if (c->hash_alg) {
        ctx->hash = (struct xlate_dp_hash){
            .on = true, .alg = (uint8_t)(c->hash_alg - 1), .basis = c->hash_basis};
    }
    ctx->base = ctx->now;
}

static void thaw(struct xlate_ctx *ctx, const struct contents *c)
{
    const uint8_t *frames = (const uint8_t *)c + sizeof *c, *set = frames + c->frames_len;
    struct ofp_actions actions = {NULL, c->set_len, c->set_len};

    if (c->set_len) {
        actions.data = xmemdup(set, c->set_len);
        ctx->action_set = actions;
    }
    if (c->n_stack) {
        ctx->stack.value = xcalloc(XLATE_MAX_STACK, sizeof ctx->stack.value[0]);
        memcpy(ctx->stack.value, set + c->set_len, stack_size(c));
        ctx->stack.n = c->n_stack;
    }
    for (const uint8_t *p = frames; p < set && !ctx->too_deep && !ctx->stop;) {
        struct frame frame;

        memcpy(&frame, p, sizeof frame);
        thaw_frame(ctx, &frame, p + sizeof frame);
        p += sizeof frame + frame.len;
    }
    ctx->n_resubmits = 0;
    xlate_end_pipeline(ctx, c->run_set);
}

void xlate_thaw(struct xlate_ctx *ctx, struct frozen_state *state)
{
    struct xlate_step *step = xlate_enter(ctx, XLATE_STEP_BRIDGE, "bridge(\"%s\")",
                                          ctx->bridge->name);

    xlate_say(ctx, "-> goes on where it was when it was recirculated as 0x%x", state->id);
    effects_add_frozen(ctx->effects, state);
    effects_depend_bridge(ctx->effects, ctx->bridge);
    thaw_packet(ctx, contents_of(state));
    thaw(ctx, contents_of(state));
    xlate_leave(ctx, step);
}

void xlate_thaw_contents(struct xlate_ctx *ctx, const void *contents,
                         const struct ofp_flow *pipeline)
{
    thaw_resumed(ctx, contents, pipeline);
    thaw(ctx, contents);
}
