/* Actions that are known and cannot be carried out, with the error that Open vSwitch gives where
 * its datapath cannot either, or nothing is mapped: connections are not tracked, tunnels have no
 * options. Control thread. */
#include "ofproto/codec/action.h"
#include "ofproto/codec/match_wire.h"

static int no_tracking(const struct ofp_action_in *in, struct ofp_actions *out)
{
    (void)in;
    (void)out;
    return OFPERR_BAC_BAD_TYPE;
}

/* Delete_field is about fields of tunnels' options, and there are none. */
static int no_option(const struct ofp_action_in *in, struct ofp_actions *out)
{
    const struct ofp_field *f;
    size_t body, n;
    bool has_mask;
    int rc = oxm_decode_header(in->p + 10, in->len - 10, &f, &has_mask, &body, &n);

    (void)out;
    return rc ? rc : OFPERR_BAC_BAD_ARGUMENT;
}

CONSTRUCTOR static void register_refused(void)
{
    static const struct ofp_action_form forms[] = {
        {OFP10, OFP15, 35, 0, no_tracking, OFP_VENDOR_NX}, /* ct, ct_clear. */
        {OFP10, OFP15, 43, 0, no_tracking, OFP_VENDOR_NX},
        {OFP10, OFP15, 50, 24, no_option, OFP_VENDOR_NX},
    };

    ofp_action_forms_register(forms, ARRAY_SIZE(forms));
}
