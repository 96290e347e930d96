/* Carries out dec_ttl, dec_mpls_ttl and dec_nsh_ttl; see codec/action_ttl.c, action_mpls.c and
 * action_nsh.c for their other forms.
 *
 * The datapath decrements and sorts out packets whose time is over, so that packets of any TTL
 * share a cached flow. Where a rule wrote the TTL before, it is a set. */
#include "ofproto/meter/meter.h"
#include "ofproto/xlate/controller.h"
#include "ofproto/xlate/xlate.h"

static void tell_controllers(struct xlate_ctx *ctx, const struct ofp_action_dec_ttl *a)
{
    struct packet_to_controller to = {.reason = OFPR_INVALID_TTL};

    if (!a->n_ids) {
        xlate_to_controller(ctx, &to);
    }
    for (unsigned int i = 0; i < a->n_ids; i++) {
        to.controller_id = a->id[i];
        xlate_to_controller(ctx, &to);
    }
}

static void expired(struct xlate_ctx *ctx, const struct ofp_action_dec_ttl *a, unsigned int ttl)
{
    xlate_say(ctx, ">> its TTL is %u: dropping the packet", ttl);
    xlate_drop(ctx, DP_DROP_TTL_EXPIRED);
    if (ctx->bridge->ttl_to_controller) {
        tell_controllers(ctx, a);
    }
    ctx->action_set.len = 0;
    ctx->stop = true;
}

/* By a constant: the TTL is known. */
static void set_less(struct xlate_ctx *ctx, const struct ofp_action_dec_ttl *a,
                     const struct ofp_field *f, uint8_t ttl)
{
    uint8_t value[OFP_FIELD_MAX_BYTES] = {0}, mask[OFP_FIELD_MAX_BYTES] = {0};

    if (ttl <= 1) {
        expired(ctx, a, ttl);
        return;
    }
    value[f->n_bytes - 1] = (uint8_t)(ttl - 1);
    mask[f->n_bytes - 1] = 0xff;
    xlate_set_field(ctx, f, value, mask);
}

static void put_dec(struct xlate_ctx *ctx, const struct ofp_action_dec_ttl *dec,
                    enum dp_ttl_layer layer)
{
    struct packet_to_controller to = {.reason = OFPR_INVALID_TTL,
                                      .controller_id = dec->n_ids ? dec->id[0] : 0};
    struct dp_action_dec_ttl *a;
    uint32_t origin = 0;
    bool tell;

    tell = ctx->bridge->ttl_to_controller && xlate_origin(ctx, &to, &origin);
    a = dp_actions_put(ctx->actions, DP_ACTION_DEC_TTL, sizeof *a);
    a->layer = (uint16_t)layer;
    a->tell = tell;
    a->cookie = origin;
    a->meter_no = tell ? meter_dp_no(ctx->bridge, OFP_METER_CONTROLLER) : DP_NO_METER;
    if (tell) { /* Somebody gets packets here. */
        ctx->last_output_end = ctx->actions->len;
    }
    ctx->own_copy = true;
}

/* The datapath decrements what stands in nw_ttl: IP's, or a network service header's, whose bits
 * are 'bits'. */
static void dec_packets(struct xlate_ctx *ctx, const struct ofp_action_dec_ttl *a,
                        enum dp_ttl_layer layer, uint8_t bits)
{
    struct xlate_packet *now = &ctx->now;

    if (!xlate_has_room(ctx)) {
        return;
    }
    /* Changes that wait go well after it, but for those of the TTL, and when somebody is shown the
     * packet. */
    if (ctx->bridge->ttl_to_controller || now->written.pkt.nw_ttl || ctx->base.written.pkt.nw_ttl) {
        xlate_commit(ctx);
    }
    put_dec(ctx, a, layer);
    now->flow.pkt.nw_ttl = (uint8_t)(now->flow.pkt.nw_ttl - 1) & bits;
    now->written.pkt.nw_ttl = 0; /* Bits that were constants depend on the others now. */
    ctx->base.flow.pkt.nw_ttl = now->flow.pkt.nw_ttl;
    ctx->base.written.pkt.nw_ttl = 0;
    now->shims.ttl_moved |= !now->shims.hidden_l3;
    ctx->base.shims = now->shims;
}

static void execute_dec(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    const struct ofp_action_dec_ttl *a = (const struct ofp_action_dec_ttl *)h;
    struct xlate_packet *now = &ctx->now;
    struct ofp_flow looked;
    bool is_ip;

    memset(&looked, 0, sizeof looked);
    is_ip = ofp_prereq_flow(OFP_PREREQ_IP, &now->flow, &looked);
    xlate_look(ctx, &looked);
    if (ctx->unknown) {
        return;
    }
    if (!is_ip) {
        xlate_say(ctx, ">> the packet has no TTL");
        return;
    }
    if (a->n_ids > 1 && ctx->bridge->ttl_to_controller) {
        XLATE_LOOK(ctx, pkt.nw_ttl); /* The datapath tells one of them. */
        if (ctx->unknown) {
            return;
        }
        set_less(ctx, a, ofp_field(OFP_FIELD_NW_TTL), now->flow.pkt.nw_ttl);
        return;
    }
    if (now->written.pkt.nw_ttl == UINT8_MAX) {
        set_less(ctx, a, ofp_field(OFP_FIELD_NW_TTL), now->flow.pkt.nw_ttl);
        return;
    }
    dec_packets(ctx, a, DP_TTL_IP, UINT8_MAX);
}

static void execute_dec_nsh(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    static const struct ofp_action_dec_ttl nobody = {.n_ids = 0};
    struct xlate_packet *now = &ctx->now;
    struct ofp_flow looked;
    bool is_nsh;

    (void)h;
    memset(&looked, 0, sizeof looked);
    is_nsh = ofp_prereq_flow(OFP_PREREQ_NSH, &now->flow, &looked);
    xlate_look(ctx, &looked);
    if (ctx->unknown) {
        return;
    }
    if (!is_nsh) {
        xlate_say(ctx, ">> the packet has no network service header");
        return;
    }
    if ((now->written.pkt.nw_ttl & FLOW_NSH_TTL) == FLOW_NSH_TTL) {
        set_less(ctx, &nobody, ofp_field(OFP_FIELD_NSH_TTL), now->flow.pkt.nw_ttl);
        return;
    }
    dec_packets(ctx, &nobody, DP_TTL_NSH, FLOW_NSH_TTL);
}

static void execute_dec_mpls(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    static const struct ofp_action_dec_ttl nobody = {.n_ids = 0};
    struct xlate_packet *now = &ctx->now;
    struct ofp_flow looked;
    uint32_t lse;
    bool is_mpls;

    (void)h;
    memset(&looked, 0, sizeof looked);
    is_mpls = ofp_prereq_flow(OFP_PREREQ_MPLS, &now->flow, &looked);
    xlate_look(ctx, &looked);
    if (ctx->unknown) {
        return;
    }
    if (!is_mpls) {
        xlate_say(ctx, ">> the packet has no label");
        return;
    }
    lse = be32_get(now->flow.pkt.nw_src);
    if ((be32_get(now->written.pkt.nw_src) & 0xff) == 0xff) {
        set_less(ctx, &nobody, ofp_field(OFP_FIELD_MPLS_TTL), (uint8_t)lse);
        return;
    }
    if (!xlate_has_room(ctx)) {
        return;
    }
    xlate_commit(ctx);
    put_dec(ctx, &nobody, DP_TTL_MPLS);
    xlate_load_labels(now);
    now->flow.pkt.nw_src = be32_make((lse & ~0xffu) | ((lse - 1) & 0xff));
    now->written.pkt.nw_src &= be32_make(~0xffu);
    ctx->base = *now;
}

CONSTRUCTOR static void register_ttl(void)
{
    static const struct xlate_action_class classes[] = {
        {OFP_ACTION_DEC_TTL, execute_dec},
        {OFP_ACTION_DEC_MPLS_TTL, execute_dec_mpls},
        {OFP_ACTION_DEC_NSH_TTL, execute_dec_nsh},
    };

    for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
        xlate_action_register(&classes[i]);
    }
}
