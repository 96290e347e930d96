/* The TTL family: dec_ttl of IPv4 and IPv6, for all or certain controllers (set_nw_ttl is a
 * set-field). Text and wire forms; execution is in xlate/action_ttl.c. Control thread. */
#include "ofproto/codec/action.h"

#include <errno.h>

#include "ofproto/codec/action_text.h"
#include "ofproto/match/field.h"

static void format_dec(struct strbuf *s, const struct ofp_action *h)
{
    const struct ofp_action_dec_ttl *a = (const struct ofp_action_dec_ttl *)h;

    strbuf_puts(s, "dec_ttl");
    for (unsigned int i = 0; i < a->n_ids; i++) {
        strbuf_printf(s, "%c%u", i ? ',' : '(', a->id[i]);
    }
    strbuf_puts(s, a->n_ids ? ")" : "");
}

static void encode_dec(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    const struct ofp_action_dec_ttl *a = (const struct ofp_action_dec_ttl *)h;
    size_t start;

    if (a->n_ids) {
        start = nx_action_begin(s, 21);
        wire_put16(s, a->n_ids);
        wire_zeros(s, 4);
        for (unsigned int i = 0; i < a->n_ids; i++) {
            wire_put16(s, a->id[i]);
        }
        ofp_action_end(s, start);
    } else if (version == OFP10) {
        ofp_action_end(s, nx_action_begin(s, 18));
    } else {
        wire_put16(s, 24);
        wire_put16(s, 8);
        wire_zeros(s, 4);
    }
}

static int put_dec(const struct ofp_action_in *in, const uint8_t *ids, unsigned int n,
                   struct ofp_actions *out)
{
    struct ofp_action_dec_ttl *a;
    /* OpenFlow 1.0 lets rules say what does not fit their matches. */
    int rc = in->version == OFP10 ? 0 : ofp_action_check_prereq(in, ofp_field(OFP_FIELD_NW_TTL));

    if (rc) {
        return rc;
    }
    a = ofp_actions_put(out, OFP_ACTION_DEC_TTL, sizeof *a + n * sizeof a->id[0]);
    if (!a) {
        return OFPERR_BAC_TOO_MANY;
    }
    a->n_ids = (uint16_t)n;
    for (unsigned int i = 0; i < n; i++) {
        a->id[i] = wire_get16(ids + 2 * i);
    }
    return 0;
}

static int decode_dec(const struct ofp_action_in *in, struct ofp_actions *out)
{
    return put_dec(in, NULL, 0, out);
}

static int decode_dec_ids(const struct ofp_action_in *in, struct ofp_actions *out)
{
    unsigned int n = wire_get16(in->p + 10);

    if (!n || in->len < 16 + 2 * n) {
        return OFPERR_BAC_BAD_LEN;
    }
    return put_dec(in, in->p + 16, n, out);
}

CONSTRUCTOR static void register_ttl(void)
{
    static const struct ofp_action_codec codec = {OFP_ACTION_DEC_TTL, format_dec, encode_dec,
                                                  OFP_PLACE_DEC_TTL};
    static const struct ofp_action_form forms[] = {
        {OFP11, OFP15, 24, 8, decode_dec},
        {OFP10, OFP15, 18, 16, decode_dec, OFP_VENDOR_NX},
        {OFP10, OFP15, 21, 0, decode_dec_ids, OFP_VENDOR_NX},
    };

    ofp_action_codec_register(&codec);
    ofp_action_forms_register(forms, ARRAY_SIZE(forms));
}

/* --- From text. */

static int parse_dec(const struct ofp_action_text *t, const char *name, char *arg,
                     struct ofp_actions *out, struct error *err)
{
    uint16_t ids[64];
    struct ofp_action_dec_ttl *a;
    unsigned int n = 0;
    char *word;

    (void)t;
    while ((word = ofp_action_text_next(&arg))) {
        uint64_t id;
        int rc = ofp_action_text_number(name, "controller's id", word, UINT16_MAX, &id, err);

        if (rc) {
            return rc;
        }
        if (n == ARRAY_SIZE(ids)) {
            return error_set(err, E2BIG, "action '%s': more than %zu controllers", name,
                             ARRAY_SIZE(ids));
        }
        ids[n++] = (uint16_t)id;
    }
    a = ofp_actions_put(out, OFP_ACTION_DEC_TTL, sizeof *a + n * sizeof a->id[0]);
    if (!a) {
        return ofp_action_text_full(name, err);
    }
    a->n_ids = (uint16_t)n;
    memcpy(a->id, ids, n * sizeof ids[0]);
    return 0;
}

CONSTRUCTOR static void register_ttl_words(void)
{
    static const struct ofp_action_word word = {"dec_ttl", OFP_ARG_OPTIONAL, parse_dec};

    ofp_action_words_register(&word, 1);
}
