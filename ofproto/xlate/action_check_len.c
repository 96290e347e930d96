/* Carries out check_pkt_larger; see codec/action_check_len.c for its other forms. How long packets
 * are is in no key: what follows is kept twice, once with the bit and once without it, and the
 * datapath sends each packet the one way or the other. */
#include "ofproto/xlate/frozen.h"
#include "ofproto/xlate/xlate.h"

static void execute_check(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    const struct ofp_action_check_len *a = (const struct ofp_action_check_len *)h;
    struct ofp_actions set = OFP_ACTIONS_INIT;
    const uint8_t one[OFP_FIELD_MAX_BYTES] = {[OFP_FIELD_MAX_BYTES - 1] = 1};
    uint8_t value[OFP_FIELD_MAX_BYTES], mask[OFP_FIELD_MAX_BYTES];

    if (!xlate_has_bits(ctx, &a->dst)) {
        return;
    }
    xlate_place_subfield(&a->dst, one, value, mask);
    ofp_actions_put_set_field(&set, ofp_field((enum ofp_field_id)a->dst.field), value, mask);
    xlate_freeze_by_length(ctx, a->max_len, (struct ofp_action_set_field *)set.data);
    ofp_actions_free(&set);
}

CONSTRUCTOR static void register_check(void)
{
    static const struct xlate_action_class class = {OFP_ACTION_CHECK_LEN, execute_check};

    xlate_action_register(&class);
}
