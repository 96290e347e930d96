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

static void encode_push(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    const struct ofp_action_push_vlan *a = (const struct ofp_action_push_vlan *)h;

    if (version != OFP10) { /* In 1.0 the set of a VLAN id that follows pushes. */
        wire_put16(s, 17);
        wire_put16(s, 8);
        wire_put16(s, be16_get(a->tpid));
        wire_put16(s, 0);
    }
}

static void encode_pop(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    (void)h;
    wire_put16(s, version == OFP10 ? 3 : 18);
    wire_put16(s, 8);
    wire_put32(s, 0);
}

static int decode_push(const uint8_t *p, size_t len, const struct ofp_match *match,
                       struct ofp_actions *out)
{
    uint16_t tpid = wire_get16(p + 4);
    struct ofp_action_push_vlan *a;

    (void)len;
    (void)match;
    if (tpid != 0x8100 && tpid != 0x88a8) {
        return OFPERR_BAC_BAD_ARGUMENT;
    }
    a = ofp_actions_put(out, OFP_ACTION_PUSH_VLAN, sizeof *a);
    if (!a) {
        return OFPERR_BAC_TOO_MANY;
    }
    a->tpid = be16_make(tpid);
    return 0;
}

static int decode_pop(const uint8_t *p, size_t len, const struct ofp_match *match,
                      struct ofp_actions *out)
{
    (void)p;
    (void)len;
    (void)match;
    return ofp_actions_put(out, OFP_ACTION_POP_VLAN, sizeof(struct ofp_action))
               ? 0
               : OFPERR_BAC_TOO_MANY;
}

CONSTRUCTOR static void register_vlan(void)
{
    static const struct ofp_action_codec push = {OFP_ACTION_PUSH_VLAN, format_push, encode_push};
    static const struct ofp_action_codec pop = {OFP_ACTION_POP_VLAN, format_pop, encode_pop};
    static const struct ofp_action_form forms[] = {
        {OFP10, 3, 8, decode_pop},
        {OFP13, 17, 8, decode_push},
        {OFP13, 18, 8, decode_pop},
    };

    ofp_action_codec_register(&push);
    ofp_action_codec_register(&pop);
    ofp_action_forms_register(forms, ARRAY_SIZE(forms));
}
