/* Translation: from a packet's key through the tables of its bridge to datapath actions and the
 * mask of what decided them. Called by vswitchd's upcall handling and revalidation and by
 * ofproto/trace. See xlate.h. Control thread. */
#include "ofproto/codec/table_mod.h"
#include "ofproto/xlate/xlate.h"

#include <stdlib.h>

#include "ofproto/codec/port_desc.h"
#include "ofproto/xlate/continuation.h"
#include "ofproto/xlate/controller.h"
#include "ofproto/xlate/fragment.h"

static const struct xlate_action_class *classes[OFP_N_ACTIONS];

void xlate_action_register(const struct xlate_action_class *class)
{
    classes[class->type] = class;
}

void xlate_drop(struct xlate_ctx *ctx, enum dp_policy_drop reason)
{
    ctx->reason = reason;
}

void xlate_too_deep(struct xlate_ctx *ctx, const char *what)
{
    if (!ctx->too_deep) {
        ctx->too_deep = true;
        xlate_say(ctx, ">>>> %s: dropping the packet", what);
    }
}

#define VLAN_WORD (offsetof(struct ofp_flow, pkt.vlan) / 8)
static_assert(offsetof(struct ofp_flow, pkt.vlan) % 8 == 0 && FLOW_MAX_VLANS == 2,
              "the VLAN tags are one word of the flow");

bool xlate_may_learn(const struct xlate_ctx *ctx)
{
    return ctx->in->may_learn && !ctx->unknown;
}

void xlate_look(struct xlate_ctx *ctx, const struct ofp_flow *bits)
{
    if (shims_changed(&ctx->now.shims)) {
        xlate_look_moved(ctx, bits);
        return;
    }
    for (unsigned int i = 0; i < FLOW_N_WORDS; i++) {
        if (i != VLAN_WORD) {
            ctx->wc.u64[i] |= bits->u64[i] & ~ctx->now.written.u64[i];
        }
    }
    if (bits->u64[VLAN_WORD]) {
        for (unsigned int v = 0; v < FLOW_MAX_VLANS; v++) {
            vlan_stack_look(&ctx->now.vlans, v, bits->pkt.vlan[v].tpid, bits->pkt.vlan[v].tci,
                            &ctx->wc);
        }
    }
}

void xlate_look_vlan(struct xlate_ctx *ctx, uint16_t tci_bits)
{
    if (ctx->now.shims.hidden_l2) {
        xlate_unknown(ctx);
        return;
    }
    vlan_stack_look(&ctx->now.vlans, 0, 0, be16_make(tci_bits), &ctx->wc);
}

void xlate_vlan_pop(struct xlate_ctx *ctx)
{
    vlan_stack_pop(&ctx->now.vlans);
    vlan_stack_show(&ctx->now.vlans, &ctx->now.flow.pkt);
}

bool xlate_vlan_push(struct xlate_ctx *ctx, be16_t tpid, be16_t tci)
{
    if (!vlan_stack_push(&ctx->now.vlans, tpid, tci, ctx->next_tag_id)) {
        xlate_too_deep(ctx, "too many VLAN tags");
        return false;
    }
    ctx->next_tag_id++;
    vlan_stack_show(&ctx->now.vlans, &ctx->now.flow.pkt);
    return true;
}

void xlate_vlan_write(struct xlate_ctx *ctx, be16_t tci, be16_t mask)
{
    vlan_stack_write(&ctx->now.vlans, tci, mask);
    vlan_stack_show(&ctx->now.vlans, &ctx->now.flow.pkt);
}

void xlate_vlan_restore(struct xlate_ctx *ctx, const struct vlan_stack *tags)
{
    ctx->now.vlans = *tags;
    vlan_stack_show(&ctx->now.vlans, &ctx->now.flow.pkt);
}

/* The pipeline is being frozen: 'a' and those behind it are for when the packet comes back. */
static void keep_from(struct xlate_ctx *ctx, const struct ofp_action *a, const void *actions,
                      size_t len)
{
    const uint8_t *rest = (const uint8_t *)a;

    xlate_freeze_actions(ctx, rest, (size_t)((const uint8_t *)actions + len - rest));
}

void xlate_actions(struct xlate_ctx *ctx, const void *actions, size_t len)
{
    const struct ofp_action *a;
    struct xlate_step *step;

    for (a = ofp_actions_first(actions, len); a && !ctx->too_deep && !ctx->stop && !ctx->unknown;
         a = ofp_actions_next(actions, len, a)) {
        if (ctx->freeze.on) {
            keep_from(ctx, a, actions, len);
            break;
        }
        if (++ctx->n_actions > XLATE_MAX_ACTIONS) {
            xlate_too_deep(ctx, "too many actions");
            break;
        }
        step = xlate_enter_action(ctx, a);
        classes[a->type]->execute(ctx, a);
        xlate_leave(ctx, step);
        if (xlate_ask_again(ctx)) {
            keep_from(ctx, a, actions, len);
            break;
        }
    }
}

/* OpenFlow 1.3.5 section 5.4: what no rule matches is dropped; OpenFlow 1.0 section 3.4: or told to
 * controllers of that version; 1.2 section A.3.3: or as the table was told. A resubmit that finds
 * nothing is no miss of the pipeline. */
static void miss(struct xlate_ctx *ctx, enum ofp_table_miss config)
{
    struct xlate_step *step = xlate_enter(ctx, XLATE_STEP_TABLE, "%2u. No match.",
                                          ctx->at.table_id);
    bool to_controller = config == OFP_MISS_CONTROLLER ||
                         (config != OFP_MISS_DROP && ctx->bridge->misses_to_controller);

    if (!ctx->n_resubmits && config == OFP_MISS_CONTINUE &&
        ctx->at.table_id + 1 < BRIDGE_MAX_TABLES) {
        ctx->next_table = ctx->at.table_id + 1;
        xlate_leave(ctx, step);
        return;
    }
    xlate_drop(ctx, DP_DROP_NO_RULE);
    if (!ctx->n_resubmits && to_controller) {
        xlate_say_action(ctx, "CONTROLLER");
        xlate_controller(ctx, OFPR_NO_MATCH);
    } else {
        xlate_say_action(ctx, "drop");
    }
    xlate_leave(ctx, step);
    if (!ctx->n_resubmits) {
        ctx->action_set.len = 0;
    }
}

/* One more lookup, in tables or among learned addresses: every way round a loop has one. */
static bool may_look_up(struct xlate_ctx *ctx)
{
    if (ctx->depth > XLATE_MAX_DEPTH || ++ctx->n_lookups > XLATE_MAX_LOOKUPS) {
        xlate_too_deep(ctx, "too many nested tables and bridges");
        return false;
    }
    return true;
}

static void one_table(struct xlate_ctx *ctx, uint8_t table_id)
{
    const struct ofp_table *table = ctx->bridge->tables[table_id];
    struct xlate_step *step;
    struct ofp_flow looked;
    struct ofp_rule *rule;
    bool dropped;

    if (!may_look_up(ctx)) {
        return;
    }
    ctx->at = (struct xlate_at){.cookie = UINT64_MAX, .table_id = table_id};
    dropped = xlate_drops_fragment(ctx);
    rule = dropped ? NULL : xlate_look_up(ctx, table_id, &looked);
    if (ctx->unknown) {
        xlate_ask_table_again(ctx, table_id);
        return;
    }
    if (ctx->resubmit_from) { /* The other port is for this lookup alone. */
        ctx->now.flow.in_port = ctx->own_in_port;
        ctx->resubmit_from = false;
    }
    if (dropped) {
        ctx->action_set.len = 0;
        return;
    }
    if (!rule) {
        miss(ctx, table ? (enum ofp_table_miss)table->miss : OFP_MISS_DEFAULT);
        return;
    }
    step = xlate_enter_rule(ctx, rule, &looked);
    effects_add_rule(ctx->effects, rule);
    ctx->at.rule = rule;
    ctx->at.cookie = rule->cookie;
    ctx->at.is_miss = !rule->priority && !rule->mask->n;
    if (!rule->actions_len) {
        xlate_say_action(ctx, "drop");
        xlate_drop(ctx, DP_DROP_NO_RULE);
    }
    xlate_actions(ctx, rule->actions, rule->actions_len);
    xlate_leave(ctx, step);
}

void xlate_table(struct xlate_ctx *ctx, uint8_t table_id)
{
    struct xlate_step *step = xlate_say_place(ctx);
    enum ofp_packet_in_reason via = ctx->via;
    int next = table_id;

    ctx->via = OFPR_ACTION;

    while (next >= 0 && !ctx->too_deep && !ctx->stop && !ctx->freeze.on && !ctx->unknown) {
        ctx->next_table = -1;
        one_table(ctx, (uint8_t)next);
        next = ctx->next_table;
        if (next >= 0) {
            xlate_enter_goto(ctx);
        }
    }
    xlate_leave(ctx, step);
    ctx->next_table = -1;
    ctx->via = via;
}

void xlate_end_pipeline(struct xlate_ctx *ctx, bool has_set)
{
    bool before_set = ctx->freeze.on && has_set;

    if (has_set && !before_set) {
        xlate_run_action_set(ctx);
    }
    xlate_freeze_end(ctx, before_set);
    ofp_actions_free(&ctx->action_set);
}

/* As an action, so that it can be frozen as one. */
static void normal_for_tables(struct xlate_ctx *ctx)
{
    struct ofp_actions normal = OFP_ACTIONS_INIT;

    xlate_say(ctx, " -> the controllers are gone: NORMAL in place of the tables");
    ctx->at = (struct xlate_at){.cookie = UINT64_MAX};
    if (may_look_up(ctx)) {
        ofp_actions_put_output(&normal, OFP_PORT_NORMAL);
        xlate_actions(ctx, normal.data, normal.len);
        ofp_actions_free(&normal);
    }
}

/* The pipeline of a bridge, from its first table to the end of the action set. */
static void run_pipeline(struct xlate_ctx *ctx)
{
    struct ofp_actions outer = ctx->action_set;
    unsigned int floor = ctx->stack.floor, n_resubmits = ctx->n_resubmits;
    bool stop = ctx->stop;

    ctx->action_set = (struct ofp_actions)OFP_ACTIONS_INIT;
    ctx->stack.floor = ctx->stack.n;
    ctx->n_resubmits = 0;
    ctx->stop = false;
    if (ctx->bridge->fail_open) {
        normal_for_tables(ctx);
    } else {
        xlate_table(ctx, 0);
    }
    xlate_end_pipeline(ctx, true);
    ctx->action_set = outer;
    ctx->stack.n = ctx->stack.floor;
    ctx->stack.floor = floor;
    ctx->n_resubmits = n_resubmits;
    ctx->stop = stop;
}

/* OpenFlow 1.0 section 5.2.1: spanning tree's frames have a switch of their own. */
static bool may_receive(struct xlate_ctx *ctx, const struct ofport *port)
{
    static const uint8_t stp[6] = {0x01, 0x80, 0xc2, 0, 0, 0};
    uint32_t off = OFPPC_PORT_DOWN | OFPPC_NO_RECV;

    if (!port->config) {
        return true;
    }
    if ((port->config & (OFPPC_NO_RECV | OFPPC_NO_RECV_STP))) {
        XLATE_LOOK(ctx, pkt.eth_dst);
        if (!memcmp(ctx->now.flow.pkt.eth_dst, stp, sizeof stp)) {
            off = OFPPC_PORT_DOWN | OFPPC_NO_RECV_STP;
        }
    }
    if (!(port->config & off)) {
        return true;
    }
    xlate_say(ctx, " >> port %s is configured not to receive: drop", port->name);
    xlate_drop(ctx, DP_DROP_PORT_CONFIG);
    return false;
}

void xlate_be_in(struct xlate_ctx *ctx, struct ofproto *bridge)
{
    ctx->bridge = bridge;
    ofp_tlv_map_use(&bridge->tlvs);
}

void xlate_enter_bridge(struct xlate_ctx *ctx, const struct ofport *in_port)
{
    struct xlate_step *step;

    xlate_be_in(ctx, in_port->bridge);
    ctx->in_port = in_port;
    ctx->now.flow.in_port = in_port->ofport;
    ctx->now.flow.actset_output = OFP_PORT_UNSET;
    effects_depend_bridge(ctx->effects, ctx->bridge);
    step = xlate_enter(ctx, XLATE_STEP_BRIDGE, "bridge(\"%s\")", ctx->bridge->name);
    if (!may_receive(ctx, in_port)) {
        xlate_leave(ctx, step);
        return;
    }
    run_pipeline(ctx);
    xlate_leave(ctx, step);
}

static void start(struct xlate_ctx *ctx, struct ofproto_set *set, const struct ofproto_xlate_in *in,
                  struct ofproto_xlate_out *out)
{
    memset(ctx, 0, sizeof *ctx);
    ctx->set = set;
    ctx->in = in;
    ofp_flow_init(&ctx->now.flow, in->key);
    if (in->pipeline) {
        memcpy(&ctx->now.flow.u64[FLOW_N_WORDS], &in->pipeline->u64[FLOW_N_WORDS],
               OFP_PIPELINE_WORDS * 8);
    }
    memset(&ctx->now.written.u64[FLOW_N_WORDS], 0xff, OFP_PIPELINE_WORDS * 8);
    vlan_stack_init(&ctx->now.vlans, in->key);
    ctx->base = ctx->now;
    ctx->next_tag_id = FLOW_MAX_VLANS;
    ctx->reason = DP_DROP_NO_RULE;
    ctx->wc.pkt.recirc_id = UINT32_MAX;
    ctx->wc.pkt.in_port = UINT16_MAX;
    ctx->actions = &out->actions;
    ctx->effects = out->effects;
    ctx->next_table = -1;
    ctx->at.cookie = UINT64_MAX;
}

/* Packets that a meter lets pass, and that go nowhere, are dropped for a reason, too. */
static void end_metered(struct xlate_ctx *ctx)
{
    if (!dp_actions_any(ctx->actions->data, ctx->actions->len, dp_action_is_output)) {
        dp_actions_put_drop(ctx->actions, ctx->reason);
    }
}

/* What it all comes to: the mask, and actions that end with the last output. */
static void finish(struct xlate_ctx *ctx, struct ofproto_xlate_out *out)
{
    const struct flow_key *key = ctx->in->key;
    bool no_l3x = !(key->lines & 1u << FLOW_LINE_L3X) && key->eth_type != be16_make(0x0806) &&
                  key->eth_type != be16_make(0x8035) && key->eth_type != be16_make(0x86dd) &&
                  key->eth_type != be16_make(0x894f);

    xlate_part_fragments(&ctx->wc);
    flow_mask_init(&out->mask);
    for (unsigned int i = 0; i < FLOW_N_WORDS; i++) {
        if (no_l3x && ctx->wc.u64[i] && i / FLOW_LINE_WORDS == FLOW_LINE_L3X) {
            /* A packet of such a type never has these fields: the type says it all. */
            out->mask.bits.eth_type = UINT16_MAX;
        } else {
            out->mask.bits.u64[i] |= ctx->wc.u64[i];
        }
    }
    flow_mask_seal(&out->mask);
    out->no_cache = ctx->no_cache;
    if (ctx->too_deep) {
        dp_actions_clear(&out->actions);
        dp_actions_put_drop(&out->actions, DP_DROP_TOO_DEEP);
    } else if (!ctx->last_output_end) {
        dp_actions_clear(&out->actions);
        dp_actions_put_drop(&out->actions, ctx->reason);
    } else {
        out->actions.len = ctx->last_output_end;
        if (ctx->is_metered) {
            end_metered(ctx);
        }
    }
    if (ctx->in->record) {
        ctx->in->record->final = ctx->now.flow;
        ctx->in->record->dropped = ctx->too_deep || !ctx->last_output_end;
        ctx->in->record->reason = ctx->too_deep ? DP_DROP_TOO_DEEP : ctx->reason;
    }
}

static void end(struct xlate_ctx *ctx, struct ofproto_xlate_out *out)
{
    finish(ctx, out);
    free(ctx->stack.value);
    free(ctx->freeze.frames);
}

/* A packet that came by no port may go to every VLAN, and teaches nothing. */
static void port_of_none(struct ofproto *bridge, uint32_t in_port, struct ofport *port,
                         struct bundle *bundle)
{
    *bundle = (struct bundle){
        .bridge = bridge, .name = (char *)"CONTROLLER", .vlan_mode = OFPROTO_VLAN_TRUNK};
    *port = (struct ofport){.bridge = bridge,
                            .bundle = bundle,
                            .name = (char *)"CONTROLLER",
                            .ofport = (uint16_t)in_port};
}

void translate_from_none(struct ofproto *bridge, uint32_t in_port,
                         const struct ofproto_xlate_in *in, struct ofproto_xlate_out *out)
{
    struct bundle anywhere;
    struct ofport nowhere;

    port_of_none(bridge, in_port, &nowhere, &anywhere);
    translate_from(bridge->set, &nowhere, in, out);
}

void translate_from(struct ofproto_set *set, const struct ofport *port,
                    const struct ofproto_xlate_in *in, struct ofproto_xlate_out *out)
{
    struct xlate_ctx ctx;

    memset(out, 0, sizeof *out);
    set->now_ms = MAX_OF(set->now_ms, in->now_ms);
    out->effects = effects_new(set);
    start(&ctx, set, in, out);
    if (port) {
        xlate_enter_bridge(&ctx, port);
    } else {
        xlate_say(&ctx, ">> datapath port %u belongs to no bridge: drop", in->key->in_port);
        xlate_drop(&ctx, DP_DROP_PORT_NOT_IN_BRIDGE);
    }
    end(&ctx, out);
}

/* Goes on where the packet was when it was recirculated. */
static void translate_again(struct ofproto_set *set, const struct ofproto_xlate_in *in,
                            struct ofproto_xlate_out *out)
{
    struct frozen_state *state = frozen_state_find(set->frozen, in->key->recirc_id);
    struct bundle anywhere;
    struct ofport nowhere;
    struct xlate_ctx ctx;

    memset(out, 0, sizeof *out);
    set->now_ms = MAX_OF(set->now_ms, in->now_ms);
    out->effects = effects_new(set);
    start(&ctx, set, in, out);
    if (state) {
        ctx.bridge = frozen_state_bridge(set, state);
    }
    if (ctx.bridge) {
        xlate_be_in(&ctx, ctx.bridge);
        port_of_none(ctx.bridge, frozen_state_in_port(state), &nowhere, &anywhere);
        ctx.in_port = ofport_by_number(ctx.bridge, nowhere.ofport);
        ctx.in_port = ctx.in_port ? ctx.in_port : &nowhere;
        xlate_thaw(&ctx, state);
    } else {
        xlate_say(&ctx, ">> recirculation id 0x%x means nothing (any more): drop",
                  in->key->recirc_id);
        xlate_drop(&ctx, DP_DROP_RECIRC_UNKNOWN);
        ctx.no_cache = true;
    }
    end(&ctx, out);
}

void translate_packet_out(const struct xlate_packet_out *po, const struct ofproto_xlate_in *in,
                          struct ofproto_xlate_out *out)
{
    const struct ofport *port = ofport_by_number(po->bridge, po->in_port);
    struct bundle anywhere;
    struct ofport nowhere;
    struct xlate_ctx ctx;

    port_of_none(po->bridge, po->in_port, &nowhere, &anywhere);
    memset(out, 0, sizeof *out);
    out->effects = effects_new(po->bridge->set);
    start(&ctx, po->bridge->set, in, out);
    xlate_be_in(&ctx, po->bridge);
    ctx.in_port = port ? port : &nowhere;
    ctx.now.flow.metadata = po->pipeline->metadata;
    memcpy(ctx.now.flow.reg, po->pipeline->reg, sizeof ctx.now.flow.reg);
    ctx.now.flow.tun_metadata_present = po->pipeline->tun_metadata_present;
    memcpy(ctx.now.flow.tun_metadata, po->pipeline->tun_metadata, sizeof ctx.now.flow.tun_metadata);
    ctx.now.flow.in_port = po->in_port;
    ctx.via = OFPR_PACKET_OUT;
    ctx.now.flow.actset_output = OFP_PORT_UNSET;
    if (po->resumed) {
        xlate_resume(&ctx, po->resumed, po->pipeline);
    } else {
        xlate_actions(&ctx, po->actions, po->actions_len);
        xlate_end_pipeline(&ctx, true); /* What tables wrote that "output:TABLE" led through. */
    }
    end(&ctx, out);
}

void ofproto_translate(struct ofproto_set *set, const struct ofproto_xlate_in *in,
                       struct ofproto_xlate_out *out)
{
    if (in->key->recirc_id) {
        translate_again(set, in, out);
    } else {
        translate_from(set, ofport_by_dp(set, in->key->in_port), in, out);
    }
}

void ofproto_xlate_out_free(struct ofproto_xlate_out *out)
{
    dp_actions_free(&out->actions);
    ofproto_effects_free(out->effects);
    out->effects = NULL;
}
