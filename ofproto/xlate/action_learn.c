/* Carries out learn and fin_timeout; see codec/action_learn.c for their other forms. Only a packet
 * that came changes rules: a trace and a revalidation say what would be done. */
#include "ofproto/codec/action_learn.h"

#include "ofproto/codec/action_set.h"
#include "ofproto/xlate/learned.h"
#include "ofproto/xlate/xlate.h"

#define TCP_FIN 0x001
#define TCP_RST 0x004

/* The number that a spec brings, right-aligned in OFP_FIELD_MAX_BYTES. */
static void source(struct xlate_ctx *ctx, const struct ofp_action_learn *a,
                   const struct ofp_learn_spec *spec, uint8_t number[OFP_FIELD_MAX_BYTES])
{
    size_t n = ofp_learn_number_len(spec->n_bits);

    if (spec->is_number) {
        memset(number, 0, OFP_FIELD_MAX_BYTES - n);
        memcpy(number + OFP_FIELD_MAX_BYTES - n, ofp_learn_number(a, spec), n);
    } else {
        xlate_read_subfield(ctx, &spec->src, number);
    }
}

static void add_match(struct ofp_match *match, const struct ofp_subfield *dst,
                      const uint8_t number[OFP_FIELD_MAX_BYTES])
{
    const struct ofp_field *f = ofp_field((enum ofp_field_id)dst->field);
    uint8_t value[OFP_FIELD_MAX_BYTES], mask[OFP_FIELD_MAX_BYTES], was[OFP_FIELD_MAX_BYTES];
    struct ofp_flow flow = match->flow, bits = match->mask;

    xlate_place_subfield(dst, number, value, mask);
    ofp_field_get(f, &flow, was);
    for (unsigned int i = 0; i < f->n_bytes; i++) {
        value[i] |= was[i] & (uint8_t)~mask[i];
    }
    ofp_field_put(f, &flow, value);
    ofp_field_get(f, &bits, was);
    for (unsigned int i = 0; i < f->n_bytes; i++) {
        mask[i] |= was[i];
    }
    ofp_field_put(f, &bits, mask);
    match->flow = flow;
    match->mask = bits;
    if (f->id == OFP_FIELD_VLAN_VID || f->id == OFP_FIELD_VLAN_PCP) {
        match->flow.pkt.vlan[0].tci |= be16_make(FLOW_VLAN_PRESENT);
        match->mask.pkt.vlan[0].tci |= be16_make(FLOW_VLAN_PRESENT);
    }
}

static void add_load(struct ofp_actions *actions, const struct ofp_subfield *dst,
                     const uint8_t number[OFP_FIELD_MAX_BYTES])
{
    uint8_t value[OFP_FIELD_MAX_BYTES], mask[OFP_FIELD_MAX_BYTES];

    xlate_place_subfield(dst, number, value, mask);
    ofp_put_set(actions, ofp_field((enum ofp_field_id)dst->field), value, mask,
                dst->n_bits <= 64 ? OFP_SET_LOAD : OFP_SET_FIELD);
}

static void add_fin(struct ofp_actions *actions, const struct ofp_action_learn *a,
                    const struct ofp_match *match)
{
    struct ofp_action_fin_timeout *fin;

    if ((a->fin_idle_s || a->fin_hard_s) && ofp_prereq_match(OFP_PREREQ_TCP, match)) {
        fin = ofp_actions_put(actions, OFP_ACTION_FIN_TIMEOUT, sizeof *fin);
        fin->idle_s = a->fin_idle_s;
        fin->hard_s = a->fin_hard_s;
    }
}

static void add_spec(struct xlate_ctx *ctx, const struct ofp_action_learn *a,
                     const struct ofp_learn_spec *spec, struct ofp_match *match,
                     struct ofp_actions *actions)
{
    uint8_t number[OFP_FIELD_MAX_BYTES];
    uint32_t port;

    source(ctx, a, spec, number);
    if (spec->dst_kind != OFP_LEARN_OUTPUT && !xlate_has_bits(ctx, &spec->dst)) {
        return;
    }
    switch (spec->dst_kind) {
    case OFP_LEARN_MATCH: add_match(match, &spec->dst, number); break;
    case OFP_LEARN_LOAD: add_load(actions, &spec->dst, number); break;
    default:
        port = (uint32_t)number[OFP_FIELD_MAX_BYTES - 2] << 8 | number[OFP_FIELD_MAX_BYTES - 1];
        ofp_actions_put_output(actions, port);
        break;
    }
}

static struct ofp_rule *make_rule(struct xlate_ctx *ctx, const struct ofp_action_learn *a)
{
    struct ofp_actions actions = OFP_ACTIONS_INIT;
    struct ofp_match match;
    struct ofp_rule_config config = {
        .match = &match,
        .priority = a->priority,
        .cookie = a->cookie,
        .idle_timeout_s = a->idle_timeout_s,
        .hard_timeout_s = a->hard_timeout_s,
        .flags = a->flags & OFP_LEARN_SEND_REMOVED ? OFP_RULE_SEND_REMOVED : 0,
        .now_ms = ctx->set->now_ms,
    };
    struct ofp_rule *rule;

    ofp_match_init(&match);
    for (unsigned int i = 0; i < a->n; i++) {
        add_spec(ctx, a, &a->spec[i], &match, &actions);
    }
    ofp_match_normalize(&match);
    add_fin(&actions, a, &match);
    config.actions = actions.data;
    config.actions_len = actions.len;
    rule = rule_new(&ctx->set->masks, &config);
    ofp_actions_free(&actions);
    return rule;
}

static void say_learned(struct xlate_ctx *ctx, const struct rule_change *c)
{
    struct strbuf s = STRBUF_INIT;
    struct ofp_match match;

    if (ctx->in->record) {
        rule_get_match(c->rule, &match);
        strbuf_printf(&s, "-> table=%u priority=%u ", c->table_id, c->rule->priority);
        ofp_match_format(&s, &match);
        strbuf_puts(&s, " actions=");
        ofp_actions_format(&s, c->rule->actions, c->rule->actions_len);
        xlate_say(ctx, "%s", strbuf_str(&s));
        strbuf_free(&s);
        if (!ctx->in->may_learn) {
            xlate_say(ctx, ">> suppressing side effects, so learn action ignored");
        }
    }
}

static void execute_learn(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    const struct ofp_action_learn *a = (const struct ofp_action_learn *)h;
    struct rule_change *c = rule_change_new(ctx->bridge, make_rule(ctx, a));
    bool outcome;

    c->table_id = a->table_id;
    c->limit = a->limit;
    if (ctx->unknown) {
        rule_change_free(c, ctx->set);
        return;
    }
    say_learned(ctx, c);
    outcome = ctx->in->may_learn ? rule_change_apply(c, ctx->set->now_ms)
                                 : rule_change_is_possible(c);
    if (!outcome) {
        xlate_say(ctx, ">> table %u takes no more rules", a->table_id);
    }
    if (a->flags & OFP_LEARN_WRITE_RESULT) {
        uint8_t number[OFP_FIELD_MAX_BYTES] = {[OFP_FIELD_MAX_BYTES - 1] = outcome};

        xlate_write_subfield(ctx, &a->result, number);
        c->has_result = true;
        c->result = outcome;
    }
    effects_add_change(ctx->effects, c);
}

static void execute_fin(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    const struct ofp_action_fin_timeout *a = (const struct ofp_action_fin_timeout *)h;
    struct ofp_flow looked;
    struct rule_change *c;
    bool is_tcp;

    memset(&looked, 0, sizeof looked);
    is_tcp = ofp_prereq_flow(OFP_PREREQ_TCP, &ctx->now.flow, &looked);
    if (is_tcp) {
        looked.pkt.tcp_flags = be16_make(TCP_FIN | TCP_RST);
    }
    xlate_look(ctx, &looked);
    if (!is_tcp || !ctx->at.rule || !(ctx->now.flow.pkt.tcp_flags & be16_make(TCP_FIN | TCP_RST))) {
        return;
    }
    rule_ref(ctx->at.rule);
    c = rule_change_new(ctx->bridge, ctx->at.rule);
    c->fin = true;
    c->idle_s = a->idle_s;
    c->hard_s = a->hard_s;
    if (xlate_may_learn(ctx)) {
        rule_change_apply(c, ctx->set->now_ms);
    }
    effects_add_change(ctx->effects, c);
}

CONSTRUCTOR static void register_learn(void)
{
    static const struct xlate_action_class learn = {OFP_ACTION_LEARN, execute_learn};
    static const struct xlate_action_class fin = {OFP_ACTION_FIN_TIMEOUT, execute_fin};

    xlate_action_register(&learn);
    xlate_action_register(&fin);
}
