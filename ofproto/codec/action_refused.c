/* Actions that are known and cannot be carried out, with the error that says why: there are no
 * queues. Control thread. */
#include "ofproto/codec/action.h"

static int no_queue(const struct ofp_action_in *in, struct ofp_actions *out)
{
    (void)in;
    (void)out;
    return OFPERR_BAC_BAD_QUEUE;
}

CONSTRUCTOR static void register_refused(void)
{
    static const struct ofp_action_form forms[] = {
        {OFP10, OFP10, 11, 16, no_queue}, /* Enqueue. */
        {OFP11, OFP15, 21, 8, no_queue},
        {OFP10, OFP15, 4, 16, no_queue, OFP_VENDOR_NX},
    };

    ofp_action_forms_register(forms, ARRAY_SIZE(forms));
}
