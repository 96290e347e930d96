/* The PBB family: push_pbb and pop_pbb of OpenFlow 1.3 and later, which Open vSwitch does not have
 * (PBB_ISID and PBB_UCA are fields to set). Text and wire forms; execution is in
 * xlate/action_shim.c. Control thread. */
#include "ofproto/codec/action.h"

#include <errno.h>

#include "ofproto/codec/action_shim.h"
#include "ofproto/codec/action_text.h"

#define TYPE_PBB 0x88e7

static void format_push(struct strbuf *s, const struct ofp_action *h)
{
    (void)h;
    strbuf_printf(s, "push_pbb:0x%04x", TYPE_PBB);
}

static void format_pop(struct strbuf *s, const struct ofp_action *h)
{
    (void)h;
    strbuf_puts(s, "pop_pbb");
}

/* Versions before 1.3 have no way to say it. */
static void encode(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    if (version >= OFP13) {
        bool push = h->type == OFP_ACTION_PUSH_PBB;

        wire_put16(s, push ? 26 : 27);
        wire_put16(s, 8);
        wire_put16(s, push ? TYPE_PBB : 0);
        wire_put16(s, 0);
    }
}

static int put(struct ofp_actions *out, enum ofp_action_type type)
{
    return ofp_actions_put(out, type, sizeof(struct ofp_action)) ? 0 : OFPERR_BAC_TOO_MANY;
}

static int decode_push(const struct ofp_action_in *in, struct ofp_actions *out)
{
    if (wire_get16(in->p + 4) != TYPE_PBB) {
        return OFPERR_BAC_BAD_ARGUMENT;
    }
    ofp_action_know_type(in, TYPE_PBB);
    if (in->match) { /* The customer's tags are within. */
        OFP_MATCH_SET(in->match, pkt.vlan[0].tci, 0);
    }
    return put(out, OFP_ACTION_PUSH_PBB);
}

static int decode_pop(const struct ofp_action_in *in, struct ofp_actions *out)
{
    int rc = ofp_action_check_prereq(in, ofp_field(OFP_FIELD_PBB_ISID));

    if (rc) {
        return rc;
    }
    ofp_action_know_type(in, 0);
    if (in->match) { /* Nothing is known of the customer's frame. */
        in->match->mask.pkt.eth_type = 0;
        in->match->flow.pkt.vlan[0].tci = in->match->mask.pkt.vlan[0].tci = 0;
    }
    return put(out, OFP_ACTION_POP_PBB);
}

CONSTRUCTOR static void register_pbb(void)
{
    static const struct ofp_action_codec codecs[] = {
        {OFP_ACTION_PUSH_PBB, format_push, encode, OFP_PLACE_PUSH_PBB},
        {OFP_ACTION_POP_PBB, format_pop, encode, OFP_PLACE_POP_PBB},
    };
    static const struct ofp_action_form forms[] = {
        {OFP13, OFP15, 26, 8, decode_push},
        {OFP13, OFP15, 27, 8, decode_pop},
    };

    for (size_t i = 0; i < ARRAY_SIZE(codecs); i++) {
        ofp_action_codec_register(&codecs[i]);
    }
    ofp_action_forms_register(forms, ARRAY_SIZE(forms));
}

/* --- From text. */

static int parse_push(const struct ofp_action_text *t, const char *name, char *arg,
                      struct ofp_actions *out, struct error *err)
{
    uint64_t type;

    (void)t;
    if (!parse_u64(arg, UINT16_MAX, &type) || type != TYPE_PBB) {
        return error_set(err, EINVAL, "action '%s': '%s' is not 0x88e7", name, arg);
    }
    return put(out, OFP_ACTION_PUSH_PBB) ? ofp_action_text_full(name, err) : 0;
}

static int parse_pop(const struct ofp_action_text *t, const char *name, char *arg,
                     struct ofp_actions *out, struct error *err)
{
    (void)t;
    (void)arg;
    return put(out, OFP_ACTION_POP_PBB) ? ofp_action_text_full(name, err) : 0;
}

CONSTRUCTOR static void register_pbb_words(void)
{
    static const struct ofp_action_word words[] = {
        {"push_pbb", OFP_ARG_WANTED, parse_push},
        {"pop_pbb", OFP_ARG_NONE, parse_pop},
    };

    ofp_action_words_register(words, ARRAY_SIZE(words));
}
