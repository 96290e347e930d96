/* The VLAN family: push_vlan and pop_vlan (set-field on VLAN fields is action_set.c's). Text form;
 * execution is in xlate/action_vlan.c. Control thread. */
#include "ofproto/codec/action.h"

static void format_push(struct strbuf *s, const struct ofp_action *h)
{
    const struct ofp_action_push_vlan *a = (const struct ofp_action_push_vlan *)h;

    strbuf_printf(s, "push_vlan:0x%04x", be16_get(a->tpid));
}

static void format_pop(struct strbuf *s, const struct ofp_action *h)
{
    (void)h;
    strbuf_puts(s, "pop_vlan");
}

CONSTRUCTOR static void register_vlan(void)
{
    static const struct ofp_action_codec push = {OFP_ACTION_PUSH_VLAN, format_push};
    static const struct ofp_action_codec pop = {OFP_ACTION_POP_VLAN, format_pop};

    ofp_action_codec_register(&push);
    ofp_action_codec_register(&pop);
}
