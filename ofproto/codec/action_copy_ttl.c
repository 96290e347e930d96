/* copy_ttl_in and copy_ttl_out of OpenFlow 1.1 and later, which Open vSwitch does not have. Text
 * and wire forms; execution is in xlate/action_ttl.c. Control thread. */
#include "ofproto/codec/action.h"

#include "ofproto/codec/action_text.h"

static void format(struct strbuf *s, const struct ofp_action *h)
{
    strbuf_puts(s, h->type == OFP_ACTION_COPY_TTL_IN ? "copy_ttl_in" : "copy_ttl_out");
}

/* OpenFlow 1.0 has no way to say it. */
static void encode(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    if (version >= OFP11) {
        wire_put16(s, h->type == OFP_ACTION_COPY_TTL_IN ? 12 : 11);
        wire_put16(s, 8);
        wire_put32(s, 0);
    }
}

static int put(struct ofp_actions *out, enum ofp_action_type type)
{
    return ofp_actions_put(out, type, sizeof(struct ofp_action)) ? 0 : OFPERR_BAC_TOO_MANY;
}

/* Of labels, and of IP within IP. */
static int decode(const struct ofp_action_in *in, struct ofp_actions *out)
{
    if (in->match && !ofp_prereq_match(OFP_PREREQ_MPLS, in->match) &&
        !ofp_prereq_match(OFP_PREREQ_IP, in->match)) {
        return OFPERR_BAC_MATCH_INCONSISTENT;
    }
    return put(out, wire_get16(in->p) == 12 ? OFP_ACTION_COPY_TTL_IN : OFP_ACTION_COPY_TTL_OUT);
}

static int parse(const struct ofp_action_text *t, const char *name, char *arg,
                 struct ofp_actions *out, struct error *err)
{
    (void)t;
    (void)arg;
    return put(out, !strcmp(name, "copy_ttl_in") ? OFP_ACTION_COPY_TTL_IN : OFP_ACTION_COPY_TTL_OUT)
               ? ofp_action_text_full(name, err)
               : 0;
}

CONSTRUCTOR static void register_copy_ttl(void)
{
    static const struct ofp_action_codec codecs[] = {
        {OFP_ACTION_COPY_TTL_IN, format, encode, OFP_PLACE_COPY_TTL_IN},
        {OFP_ACTION_COPY_TTL_OUT, format, encode, OFP_PLACE_COPY_TTL_OUT},
    };
    static const struct ofp_action_form forms[] = {
        {OFP11, OFP15, 11, 8, decode},
        {OFP11, OFP15, 12, 8, decode},
    };
    static const struct ofp_action_word words[] = {
        {"copy_ttl_in", OFP_ARG_NONE, parse},
        {"copy_ttl_out", OFP_ARG_NONE, parse},
    };

    for (size_t i = 0; i < ARRAY_SIZE(codecs); i++) {
        ofp_action_codec_register(&codecs[i]);
    }
    ofp_action_forms_register(forms, ARRAY_SIZE(forms));
    ofp_action_words_register(words, ARRAY_SIZE(words));
}
