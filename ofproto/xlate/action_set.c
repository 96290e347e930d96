/* Carries out set-field; see codec/action_set.c for its other forms. */
#include "ofproto/xlate/xlate.h"

static void write_words(struct xlate_ctx *ctx, const struct ofp_match *m)
{
    struct xlate_packet *now = &ctx->now;

    for (unsigned int i = 0; i < OFP_FLOW_WORDS; i++) {
        now->flow.u64[i] = (now->flow.u64[i] & ~m->mask.u64[i]) | m->flow.u64[i];
        now->written.u64[i] |= m->mask.u64[i];
    }
}

static void set_vlan(struct xlate_ctx *ctx, const struct ofp_match *m)
{
    xlate_look_vlan(ctx, FLOW_VLAN_PRESENT);
    if (ctx->unknown) {
        return; /* It is done when the packet comes back. */
    }
    if (!ctx->now.vlans.n) {
        /* OpenFlow 1.0's way: to set the VLAN of an untagged packet is to tag it. */
        xlate_vlan_push(ctx, be16_make(0x8100), m->flow.pkt.vlan[0].tci);
    } else {
        xlate_vlan_write(ctx, m->flow.pkt.vlan[0].tci, m->mask.pkt.vlan[0].tci);
    }
}

/* OpenFlow 1.0 sets "the transport port" of whatever has ports; later versions name the protocol,
 * but then the rule matches it. */
static bool has_field(struct xlate_ctx *ctx, const struct ofp_field *f)
{
    static const enum ofp_prereq with_ports[] = {OFP_PREREQ_TCP, OFP_PREREQ_UDP, OFP_PREREQ_SCTP};
    struct ofp_flow looked;
    bool holds;

    memset(&looked, 0, sizeof looked);
    holds = ofp_prereq_flow(f->prereq, &ctx->now.flow, &looked);
    for (unsigned int i = 0;
         i < ARRAY_SIZE(with_ports) && f->id >= OFP_FIELD_TCP_SRC && f->id <= OFP_FIELD_SCTP_DST;
         i++) {
        holds |= ofp_prereq_flow(with_ports[i], &ctx->now.flow, &looked);
    }
    xlate_look(ctx, &looked);
    return holds;
}

/* The whole tag as one number: without the bit that says that there is a tag, there is none. */
static void set_tci(struct xlate_ctx *ctx, const struct ofp_match *m)
{
    be16_t present = be16_make(FLOW_VLAN_PRESENT);

    xlate_look_vlan(ctx, FLOW_VLAN_PRESENT);
    if (m->mask.pkt.vlan[0].tci & present && !(m->flow.pkt.vlan[0].tci & present)) {
        xlate_vlan_pop(ctx);
    } else if (m->mask.pkt.vlan[0].tci & present || ctx->now.vlans.n) {
        set_vlan(ctx, m);
    }
}

void xlate_set_field(struct xlate_ctx *ctx, const struct ofp_field *f,
                     const uint8_t value[OFP_FIELD_MAX_BYTES],
                     const uint8_t mask[OFP_FIELD_MAX_BYTES])
{
    struct ofp_match m;
    bool holds;

    ofp_match_init(&m);
    ofp_field_put(f, &m.flow, value);
    ofp_field_put(f, &m.mask, mask);
    for (unsigned int i = 0; i < OFP_FLOW_WORDS; i++) {
        m.flow.u64[i] &= m.mask.u64[i];
    }
    if (f->id == OFP_FIELD_VLAN_TCI) {
        set_tci(ctx, &m);
        return;
    }
    if (f->id == OFP_FIELD_VLAN_VID || f->id == OFP_FIELD_VLAN_PCP) {
        set_vlan(ctx, &m);
        return;
    }
    holds = has_field(ctx, f);
    if (holds && f->stage == OFP_STAGE_L4) {
        /* Later fragments have no ports to write to. */
        XLATE_LOOK(ctx, pkt.nw_frag);
        holds = !(ctx->now.flow.pkt.nw_frag & FLOW_FRAG_LATER);
    }
    if (holds) {
        write_words(ctx, &m);
    } else {
        xlate_say(ctx, "     >> the packet has no %s to set", f->name);
    }
}

static void execute_set(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    const struct ofp_action_set_field *a = (const struct ofp_action_set_field *)h;

    const struct ofp_field *f = ofp_field((enum ofp_field_id)a->field);

    if (a->n_bytes == f->n_bytes) {
        xlate_set_field(ctx, f, ofp_set_value(a), ofp_set_mask(a));
    } else { /* Of a packet that waited while the option was mapped otherwise. */
        xlate_say(ctx, ">> %s is not mapped as it was", f->name);
    }
}

static void execute_delete(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    const struct ofp_action_delete_field *a = (const struct ofp_action_delete_field *)h;
    const struct ofp_field *f = ofp_field((enum ofp_field_id)a->field);

    ofp_field_clear(f, &ctx->now.flow);
    xlate_say(ctx, "-> delete %s", f->name);
}

CONSTRUCTOR static void register_set(void)
{
    static const struct xlate_action_class classes[] = {
        {OFP_ACTION_SET_FIELD, execute_set},
        {OFP_ACTION_DELETE_FIELD, execute_delete},
    };

    for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
        xlate_action_register(&classes[i]);
    }
}
