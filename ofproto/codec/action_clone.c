/* Clone: a list of actions on a copy of the packet, which itself stays as it was. Text and wire
 * forms; execution is in xlate/action_clone.c. Control thread. */
#include "ofproto/codec/action.h"

#include <errno.h>

#include "ofproto/codec/action_text.h"

#define CLONE_LEN 16 /* Before the actions. */

static void format_clone(struct strbuf *s, const struct ofp_action *h)
{
    const struct ofp_action_nested *a = (const struct ofp_action_nested *)h;

    strbuf_puts(s, "clone(");
    ofp_actions_format(s, a->data, a->len);
    strbuf_putc(s, ')');
}

static void encode_clone(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    const struct ofp_action_nested *a = (const struct ofp_action_nested *)h;
    size_t start = nx_action_begin(s, 42);

    wire_zeros(s, 6);
    ofp_actions_encode(s, version, a->data, a->len);
    ofp_action_end(s, start);
}

/* Appends a clone of these actions, which it frees. False: the list is full. */
static bool put_clone(struct ofp_actions *out, struct ofp_actions *nested)
{
    struct ofp_action_nested *a = ofp_actions_put(out, OFP_ACTION_CLONE, sizeof *a + nested->len);

    if (a && nested->len) {
        a->len = nested->len;
        memcpy(a->data, nested->data, nested->len);
    }
    ofp_actions_free(nested);
    return a;
}

static int decode_clone(const struct ofp_action_in *in, struct ofp_actions *out)
{
    struct ofp_actions nested = OFP_ACTIONS_INIT;
    int rc = ofp_actions_decode_nested(in, in->p + CLONE_LEN, in->len - CLONE_LEN, &nested);

    return rc ? rc : put_clone(out, &nested) ? 0 : OFPERR_BAC_TOO_MANY;
}

CONSTRUCTOR static void register_clone(void)
{
    static const struct ofp_action_codec codec = {OFP_ACTION_CLONE, format_clone, encode_clone};
    static const struct ofp_action_form form = {OFP10, OFP15, 42, 0, decode_clone, OFP_VENDOR_NX};

    ofp_action_codec_register(&codec);
    ofp_action_forms_register(&form, 1);
}

/* --- From text. */

static int parse_clone(const struct ofp_action_text *t, const char *name, char *arg,
                       struct ofp_actions *out, struct error *err)
{
    struct ofp_actions nested = OFP_ACTIONS_INIT;
    int rc = ofp_actions_parse_nested(t, name, arg, &nested, err);

    return rc ? rc : put_clone(out, &nested) ? 0 : ofp_action_text_full(name, err);
}

CONSTRUCTOR static void register_clone_words(void)
{
    static const struct ofp_action_word word = {"clone", OFP_ARG_OPTIONAL, parse_clone};

    ofp_action_words_register(&word, 1);
}
