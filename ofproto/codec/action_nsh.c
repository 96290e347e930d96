/* Dec_nsh_ttl: the TTL of a network service header (fields of it are set-fields). Text and wire
 * form (Nicira's 48, since OpenFlow 1.3); execution is in xlate/action_ttl.c. Control thread. */
#include "ofproto/codec/action_text.h"

static void format_dec(struct strbuf *s, const struct ofp_action *h)
{
    (void)h;
    strbuf_puts(s, "dec_nsh_ttl");
}

static void encode_dec(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    (void)h;
    if (version >= OFP13) {
        ofp_action_end(s, nx_action_begin(s, 48));
    }
}

static int decode_dec(const struct ofp_action_in *in, struct ofp_actions *out)
{
    int rc = ofp_action_check_prereq(in, ofp_field(OFP_FIELD_NSH_TTL));

    if (!rc && !ofp_actions_put(out, OFP_ACTION_DEC_NSH_TTL, sizeof(struct ofp_action))) {
        rc = OFPERR_BAC_TOO_MANY;
    }
    return rc;
}

static int parse_dec(const struct ofp_action_text *t, const char *name, char *arg,
                     struct ofp_actions *out, struct error *err)
{
    (void)t;
    (void)arg;
    return ofp_actions_put(out, OFP_ACTION_DEC_NSH_TTL, sizeof(struct ofp_action))
               ? 0
               : ofp_action_text_full(name, err);
}

CONSTRUCTOR static void register_nsh(void)
{
    static const struct ofp_action_codec codec = {OFP_ACTION_DEC_NSH_TTL, format_dec, encode_dec,
                                                  OFP_PLACE_DEC_NSH_TTL};
    static const struct ofp_action_form form = {OFP13, OFP15, 48, 16, decode_dec, OFP_VENDOR_NX};
    static const struct ofp_action_word word = {"dec_nsh_ttl", OFP_ARG_NONE, parse_dec};

    ofp_action_codec_register(&codec);
    ofp_action_forms_register(&form, 1);
    ofp_action_words_register(&word, 1);
}
