/* Actions that are known and cannot be carried out, with the error that Open vSwitch gives where
 * its datapath cannot either: connections are not tracked. Control thread. */
#include "ofproto/codec/action.h"

static int no_tracking(const struct ofp_action_in *in, struct ofp_actions *out)
{
    (void)in;
    (void)out;
    return OFPERR_BAC_BAD_TYPE;
}

CONSTRUCTOR static void register_refused(void)
{
    static const struct ofp_action_form forms[] = {
        {OFP10, OFP15, 35, 0, no_tracking, OFP_VENDOR_NX}, /* ct, ct_clear. */
        {OFP10, OFP15, 43, 0, no_tracking, OFP_VENDOR_NX},
    };

    ofp_action_forms_register(forms, ARRAY_SIZE(forms));
}
