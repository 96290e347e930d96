/* The MPLS family: push_mpls, pop_mpls and dec_mpls_ttl, with their forms as Nicira's in OpenFlow
 * 1.0 (set_mpls_label, _tc and _ttl are set-fields: action_set_own.c). Text and wire forms;
 * execution is in xlate/action_shim.c. Control thread. */
#include "ofproto/codec/action.h"

#include <errno.h>

#include "ofproto/codec/action_shim.h"
#include "ofproto/codec/action_text.h"

static bool is_mpls(uint16_t type)
{
    return type == 0x8847 || type == 0x8848;
}

void ofp_action_know_type(const struct ofp_action_in *in, uint16_t eth_type)
{
    if (in->match) {
        OFP_MATCH_SET(in->match, pkt.eth_type, be16_make(eth_type));
        in->match->flow.pkt.nw_proto = in->match->mask.pkt.nw_proto = 0;
    }
}

static int put_shim(struct ofp_actions *out, enum ofp_action_type type, uint16_t eth_type)
{
    struct ofp_action_shim *a = ofp_actions_put(out, type, sizeof *a);

    if (!a) {
        return OFPERR_BAC_TOO_MANY;
    }
    a->eth_type = be16_make(eth_type);
    return 0;
}

static void format_push(struct strbuf *s, const struct ofp_action *h)
{
    const struct ofp_action_shim *a = (const struct ofp_action_shim *)h;

    strbuf_printf(s, "push_mpls:0x%04x", be16_get(a->eth_type));
}

static void format_pop(struct strbuf *s, const struct ofp_action *h)
{
    const struct ofp_action_shim *a = (const struct ofp_action_shim *)h;

    strbuf_printf(s, "pop_mpls:0x%04x", be16_get(a->eth_type));
}

static void format_dec(struct strbuf *s, const struct ofp_action *h)
{
    (void)h;
    strbuf_puts(s, "dec_mpls_ttl");
}

/* Both have the same layout under other numbers. */
static void encode_shim(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    const struct ofp_action_shim *a = (const struct ofp_action_shim *)h;
    bool push = h->type == OFP_ACTION_PUSH_MPLS;

    if (version == OFP10) {
        size_t start = nx_action_begin(s, push ? 23 : 24);

        wire_put16(s, be16_get(a->eth_type));
        ofp_action_end(s, start);
    } else {
        wire_put16(s, push ? 19 : 20);
        wire_put16(s, 8);
        wire_put16(s, be16_get(a->eth_type));
        wire_put16(s, 0);
    }
}

static void encode_dec(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    (void)h;
    if (version == OFP10) {
        ofp_action_end(s, nx_action_begin(s, 26));
    } else {
        wire_put16(s, 16);
        wire_put16(s, 8);
        wire_put32(s, 0);
    }
}

static uint16_t type_of(const struct ofp_action_in *in)
{
    return wire_get16(in->p + (in->len == 16 ? 10 : 4));
}

static int decode_push(const struct ofp_action_in *in, struct ofp_actions *out)
{
    if (!is_mpls(type_of(in))) {
        return OFPERR_BAC_BAD_ARGUMENT;
    }
    ofp_action_know_type(in, type_of(in));
    return put_shim(out, OFP_ACTION_PUSH_MPLS, type_of(in));
}

static int decode_pop(const struct ofp_action_in *in, struct ofp_actions *out)
{
    int rc = ofp_action_check_prereq(in, ofp_field(OFP_FIELD_MPLS_LABEL));

    if (rc) {
        return rc;
    }
    ofp_action_know_type(in, type_of(in));
    return put_shim(out, OFP_ACTION_POP_MPLS, type_of(in));
}

static int decode_dec(const struct ofp_action_in *in, struct ofp_actions *out)
{
    int rc = ofp_action_check_prereq(in, ofp_field(OFP_FIELD_MPLS_TTL));

    return rc ? rc : put_shim(out, OFP_ACTION_DEC_MPLS_TTL, 0);
}

CONSTRUCTOR static void register_mpls(void)
{
    static const struct ofp_action_codec codecs[] = {
        {OFP_ACTION_PUSH_MPLS, format_push, encode_shim, OFP_PLACE_PUSH_MPLS},
        {OFP_ACTION_POP_MPLS, format_pop, encode_shim, OFP_PLACE_POP_MPLS},
        {OFP_ACTION_DEC_MPLS_TTL, format_dec, encode_dec, OFP_PLACE_DEC_MPLS_TTL},
    };
    static const struct ofp_action_form forms[] = {
        {OFP11, OFP15, 19, 8, decode_push},
        {OFP11, OFP15, 20, 8, decode_pop},
        {OFP11, OFP15, 16, 8, decode_dec},
        {OFP10, OFP15, 23, 16, decode_push, OFP_VENDOR_NX},
        {OFP10, OFP15, 24, 16, decode_pop, OFP_VENDOR_NX},
        {OFP10, OFP15, 26, 16, decode_dec, OFP_VENDOR_NX},
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
    if (!parse_u64(arg, UINT16_MAX, &type) || !is_mpls((uint16_t)type)) {
        return error_set(err, EINVAL, "action '%s': '%s' is neither 0x8847 nor 0x8848", name, arg);
    }
    return put_shim(out, OFP_ACTION_PUSH_MPLS, (uint16_t)type) ? ofp_action_text_full(name, err)
                                                               : 0;
}

static int parse_pop(const struct ofp_action_text *t, const char *name, char *arg,
                     struct ofp_actions *out, struct error *err)
{
    uint64_t type;
    int rc = ofp_action_text_number(name, "Ethernet type", arg, UINT16_MAX, &type, err);

    (void)t;
    if (rc) {
        return rc;
    }
    return put_shim(out, OFP_ACTION_POP_MPLS, (uint16_t)type) ? ofp_action_text_full(name, err) : 0;
}

static int parse_dec(const struct ofp_action_text *t, const char *name, char *arg,
                     struct ofp_actions *out, struct error *err)
{
    (void)t;
    (void)arg;
    return put_shim(out, OFP_ACTION_DEC_MPLS_TTL, 0) ? ofp_action_text_full(name, err) : 0;
}

CONSTRUCTOR static void register_mpls_words(void)
{
    static const struct ofp_action_word words[] = {
        {"push_mpls", OFP_ARG_WANTED, parse_push},
        {"pop_mpls", OFP_ARG_WANTED, parse_pop},
        {"dec_mpls_ttl", OFP_ARG_NONE, parse_dec},
    };

    ofp_action_words_register(words, ARRAY_SIZE(words));
}
