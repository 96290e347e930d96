/* Check_pkt_larger: whether the packet is longer than so many bytes (without its VLAN tag) becomes
 * a bit of a field. Text and wire form (Nicira's 49); execution is in xlate/action_check_len.c.
 * Control thread. */
#include <errno.h>

#include "ofproto/codec/action_text.h"
#include "ofproto/codec/match_wire.h"
#include "ofproto/match/tlv_map.h"

static void format_check(struct strbuf *s, const struct ofp_action *h)
{
    const struct ofp_action_check_len *a = (const struct ofp_action_check_len *)h;

    strbuf_printf(s, "check_pkt_larger(%u)->", a->max_len);
    ofp_subfield_format(s, &a->dst);
}

static void encode_check(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    const struct ofp_action_check_len *a = (const struct ofp_action_check_len *)h;
    size_t start = nx_action_begin(s, 49);

    (void)version;
    wire_put16(s, a->max_len);
    wire_put16(s, a->dst.ofs);
    oxm_encode_nx_header(s, ofp_field((enum ofp_field_id)a->dst.field), a->dst.ofs + 1u);
    wire_zeros(s, 24 - (s->len - start));
    ofp_action_end(s, start);
}

static int decode_check(const struct ofp_action_in *in, struct ofp_actions *out)
{
    struct ofp_action_in any = *in;
    struct ofp_action_check_len *a;
    struct ofp_subfield dst;
    size_t n;
    int rc;

    any.match = NULL; /* A field that the packet does not have is not written. */
    rc = ofp_subfield_decode(&any, in->p + 14, in->len - 14, wire_get16(in->p + 12), 1, true, &dst,
                             &n);

    if (rc) {
        return rc;
    }
    for (size_t i = 14 + n; i < in->len; i++) {
        if (in->p[i]) {
            return OFPERR_NXBRC_MUST_BE_ZERO;
        }
    }
    a = ofp_actions_put(out, OFP_ACTION_CHECK_LEN, sizeof *a);
    if (!a) {
        return OFPERR_BAC_TOO_MANY;
    }
    a->max_len = wire_get16(in->p + 10);
    a->dst = dst;
    return 0;
}

/* "check_pkt_larger(1500)->reg0[0]": the length is the first word of what came between brackets. */
static int parse_check(const struct ofp_action_text *t, const char *name, char *arg,
                       struct ofp_actions *out, struct error *err)
{
    char *to = ofp_action_text_arrow(name, arg, err);
    struct ofp_action_check_len *a;
    struct ofp_subfield dst;
    uint64_t max_len;
    size_t len;
    int rc;

    (void)t;
    if (!to) {
        return -EINVAL;
    }
    len = strlen(arg);
    if (len && arg[len - 1] == ')') {
        arg[len - 1] = '\0';
        arg += *arg == '(';
    }
    rc = ofp_action_text_number(name, "length in bytes", arg, UINT16_MAX, &max_len, err);
    if (!rc) {
        rc = ofp_action_text_subfield(name, to, true, &dst, err);
    }
    if (rc) {
        return rc;
    }
    if (dst.n_bits != 1) {
        return error_set(err, EINVAL, "action '%s': '%s' has %u bits: only one is written", name,
                         to, dst.n_bits);
    }
    a = ofp_actions_put(out, OFP_ACTION_CHECK_LEN, sizeof *a);
    if (!a) {
        return ofp_action_text_full(name, err);
    }
    a->max_len = (uint16_t)max_len;
    a->dst = dst;
    return 0;
}

static uint64_t check_tlv_fields(const struct ofp_action *h)
{
    return ofp_tlv_bit(((const struct ofp_action_check_len *)h)->dst.field);
}

CONSTRUCTOR static void register_check(void)
{
    static const struct ofp_action_codec codec = {OFP_ACTION_CHECK_LEN, format_check, encode_check,
                                                  OFP_PLACE_NONE, check_tlv_fields};
    static const struct ofp_action_form form = {OFP10, OFP15, 49, 24, decode_check, OFP_VENDOR_NX};
    static const struct ofp_action_word word = {"check_pkt_larger", OFP_ARG_WANTED, parse_check};

    ofp_action_codec_register(&codec);
    ofp_action_forms_register(&form, 1);
    ofp_action_words_register(&word, 1);
}
