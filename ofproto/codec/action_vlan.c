/* The VLAN family: push_vlan and pop_vlan (set-field on VLAN fields is action_set.c's). Text and
 * wire forms; execution is in xlate/action_vlan.c. Control thread. */
#include "ofproto/codec/action.h"

#include <errno.h>

#include "ofproto/codec/action_text.h"

static void format_push(struct strbuf *s, const struct ofp_action *h)
{
    const struct ofp_action_push_vlan *a = (const struct ofp_action_push_vlan *)h;

    strbuf_printf(s, "push_vlan:0x%04x", be16_get(a->tpid));
}

static void format_pop(struct strbuf *s, const struct ofp_action *h)
{
    (void)h;
    strbuf_puts(s, ofp_actions_format_version() == OFP10 ? "strip_vlan" : "pop_vlan");
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

/* What is known of the tag after an action. */
static void know_tag(const struct ofp_action_in *in, bool present)
{
    be16_t bit = be16_make(FLOW_VLAN_PRESENT);

    if (in->match) {
        in->match->flow.pkt.vlan[0].tci = present ? bit : 0;
        in->match->mask.pkt.vlan[0].tci = present ? bit : 0;
    }
}

static int decode_push(const struct ofp_action_in *in, struct ofp_actions *out)
{
    uint16_t tpid = wire_get16(in->p + 4);
    struct ofp_action_push_vlan *a;

    if (tpid != 0x8100 && tpid != 0x88a8) {
        return OFPERR_BAC_BAD_ARGUMENT;
    }
    a = ofp_actions_put(out, OFP_ACTION_PUSH_VLAN, sizeof *a);
    if (!a) {
        return OFPERR_BAC_TOO_MANY;
    }
    a->tpid = be16_make(tpid);
    know_tag(in, true);
    return 0;
}

static int decode_pop(const struct ofp_action_in *in, struct ofp_actions *out)
{
    know_tag(in, false);
    return ofp_actions_put(out, OFP_ACTION_POP_VLAN, sizeof(struct ofp_action))
               ? 0
               : OFPERR_BAC_TOO_MANY;
}

CONSTRUCTOR static void register_vlan(void)
{
    static const struct ofp_action_codec push = {OFP_ACTION_PUSH_VLAN, format_push, encode_push,
                                                 OFP_PLACE_PUSH_VLAN};
    static const struct ofp_action_codec pop = {OFP_ACTION_POP_VLAN, format_pop, encode_pop,
                                                OFP_PLACE_POP_VLAN};
    static const struct ofp_action_form forms[] = {
        {OFP10, OFP10, 3, 8, decode_pop},
        {OFP11, OFP15, 17, 8, decode_push},
        {OFP11, OFP15, 18, 8, decode_pop},
    };

    ofp_action_codec_register(&push);
    ofp_action_codec_register(&pop);
    ofp_action_forms_register(forms, ARRAY_SIZE(forms));
}

/* --- From text. */

static int parse_push(const struct ofp_action_text *t, const char *name, char *arg,
                      struct ofp_actions *out, struct error *err)
{
    struct ofp_action_push_vlan *a;
    uint64_t tpid;

    (void)t;
    if (!parse_u64(arg, UINT16_MAX, &tpid) || (tpid != 0x8100 && tpid != 0x88a8)) {
        return error_set(err, EINVAL, "action '%s': '%s' is neither 0x8100 nor 0x88a8", name, arg);
    }
    a = ofp_actions_put(out, OFP_ACTION_PUSH_VLAN, sizeof *a);
    if (!a) {
        return ofp_action_text_full(name, err);
    }
    a->tpid = be16_make((uint16_t)tpid);
    return 0;
}

static int parse_pop(const struct ofp_action_text *t, const char *name, char *arg,
                     struct ofp_actions *out, struct error *err)
{
    (void)t;
    (void)arg;
    return ofp_actions_put(out, OFP_ACTION_POP_VLAN, sizeof(struct ofp_action))
               ? 0
               : ofp_action_text_full(name, err);
}

CONSTRUCTOR static void register_vlan_words(void)
{
    static const struct ofp_action_word words[] = {
        {"push_vlan", OFP_ARG_WANTED, parse_push},
        {"pop_vlan", OFP_ARG_NONE, parse_pop},
        {"strip_vlan", OFP_ARG_NONE, parse_pop},
    };

    ofp_action_words_register(words, ARRAY_SIZE(words));
}
