/* The family that works on parts of fields: move (copy-field since 1.5), stack push and pop, output
 * to the port that a field names. Text and wire forms; execution is in xlate/action_move.c. Control
 * thread. */
#include "ofproto/codec/match_wire.h"
#include "ofproto/codec/action.h"

#include <errno.h>

#include "ofproto/codec/action_text.h"
#include "ofproto/match/tlv_map.h"

int ofp_subfield_decode(const struct ofp_action_in *in, const uint8_t *p, size_t len,
                        unsigned int ofs, unsigned int n_bits, bool to_write,
                        struct ofp_subfield *ret, size_t *ret_len)
{
    const struct ofp_field *f;
    bool has_mask;
    size_t body;
    int rc = oxm_decode_header(p, len, &f, &has_mask, &body, ret_len);

    if (rc) {
        return rc == OFPERR_BMC_BAD_LEN                ? OFPERR_BAC_BAD_SET_LEN
               : rc == OFPERR_NXFMFC_INVALID_TLV_FIELD ? rc
                                                       : OFPERR_BAC_BAD_SET_TYPE;
    }
    if (has_mask || !n_bits || ofs + n_bits > f->n_bits) {
        return ofp_field_is_tlv(f) && !has_mask && n_bits ? OFPERR_BAC_BAD_SET_LEN
                                                          : OFPERR_BAC_BAD_ARGUMENT;
    }
    if (to_write && !f->is_settable) {
        return OFPERR_BAC_BAD_SET_ARGUMENT;
    }
    rc = ofp_action_check_prereq(in, f);
    if (!rc) {
        *ret = (struct ofp_subfield){(uint16_t)f->id, (uint16_t)ofs, (uint16_t)n_bits, 0};
    }
    return rc;
}

void ofp_subfield_format(struct strbuf *s, const struct ofp_subfield *sub)
{
    const struct ofp_field *f = ofp_field((enum ofp_field_id)sub->field);

    if (ofp_actions_format_version()) {
        ofp_field_format_nxm_name(s, f);
    } else {
        strbuf_puts(s, f->name);
    }
    if (!sub->ofs && sub->n_bits == f->n_bits) {
        strbuf_puts(s, "[]");
    } else if (sub->n_bits == 1) {
        strbuf_printf(s, "[%u]", sub->ofs);
    } else {
        strbuf_printf(s, "[%u..%u]", sub->ofs, sub->ofs + sub->n_bits - 1u);
    }
}

static void put_header(struct strbuf *s, const struct ofp_subfield *sub)
{
    oxm_encode_nx_header(s, ofp_field((enum ofp_field_id)sub->field), sub->ofs + sub->n_bits);
}

/* Of OpenFlow 1.5's own action: in_port is 16 bits wide where that will do. */
static void put_header15(struct strbuf *s, const struct ofp_subfield *sub)
{
    if (sub->field == OFP_FIELD_IN_PORT) {
        put_header(s, sub);
    } else {
        oxm_encode_header(s, OFP15, ofp_field((enum ofp_field_id)sub->field), false);
    }
}

/* --- Move. */

static void format_move(struct strbuf *s, const struct ofp_action *h)
{
    const struct ofp_action_move *a = (const struct ofp_action_move *)h;

    strbuf_puts(s, "move:");
    ofp_subfield_format(s, &a->src);
    strbuf_puts(s, "->");
    ofp_subfield_format(s, &a->dst);
}

static void encode_move(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    const struct ofp_action_move *a = (const struct ofp_action_move *)h;
    size_t start;

    if (version >= OFP15) {
        start = s->len;
        wire_put16(s, 28);
        wire_put16(s, 0);
    } else {
        start = nx_action_begin(s, 6);
    }
    wire_put16(s, a->src.n_bits);
    wire_put16(s, a->src.ofs);
    wire_put16(s, a->dst.ofs);
    if (version >= OFP15) {
        wire_put16(s, 0);
        put_header15(s, &a->src);
        put_header15(s, &a->dst);
    } else {
        put_header(s, &a->src);
        put_header(s, &a->dst);
    }
    ofp_action_end(s, start);
}

/* 'p' is at the number of bits, 'fields' at the two headers. */
static int put_move(const struct ofp_action_in *in, const uint8_t *p, size_t fields,
                    struct ofp_actions *out)
{
    unsigned int n_bits = wire_get16(p);
    struct ofp_subfield src, dst;
    struct ofp_action_move *a;
    size_t n, m;
    int rc;

    rc = ofp_subfield_decode(in, in->p + fields, in->len - fields, wire_get16(p + 2), n_bits, false,
                             &src, &n);
    if (rc) {
        return rc;
    }
    fields += n;
    rc = ofp_subfield_decode(in, in->p + fields, in->len - fields, wire_get16(p + 4), n_bits, true,
                             &dst, &m);
    if (rc) {
        return rc;
    }
    if (in->len != ROUND_UP(fields + m, 8)) {
        return OFPERR_BAC_BAD_LEN;
    }
    a = ofp_actions_put(out, OFP_ACTION_MOVE, sizeof *a);
    if (!a) {
        return OFPERR_BAC_TOO_MANY;
    }
    a->src = src;
    a->dst = dst;
    return 0;
}

static int decode_move(const struct ofp_action_in *in, struct ofp_actions *out)
{
    return in->len < 24 ? OFPERR_BAC_BAD_LEN : put_move(in, in->p + 10, 16, out);
}

static int decode_copy_field(const struct ofp_action_in *in, struct ofp_actions *out)
{
    return in->len < 24 ? OFPERR_BAC_BAD_LEN : put_move(in, in->p + 4, 12, out);
}

/* --- Stack. */

static void format_stack(struct strbuf *s, const struct ofp_action *h)
{
    strbuf_puts(s, h->type == OFP_ACTION_STACK_PUSH ? "push:" : "pop:");
    ofp_subfield_format(s, &((const struct ofp_action_stack *)h)->subfield);
}

static void encode_stack(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    const struct ofp_action_stack *a = (const struct ofp_action_stack *)h;
    size_t start = nx_action_begin(s, h->type == OFP_ACTION_STACK_PUSH ? 27 : 28);

    (void)version;
    wire_put16(s, a->subfield.ofs);
    put_header(s, &a->subfield);
    wire_put16(s, a->subfield.n_bits);
    ofp_action_end(s, start);
}

static int put_stack(const struct ofp_action_in *in, enum ofp_action_type type,
                     struct ofp_actions *out)
{
    bool is_long = in->len >= 24 && wire_get16(in->p + 12) == OFP_OXM_EXPERIMENTER;
    struct ofp_action_stack *a;
    struct ofp_subfield sub;
    size_t n;
    int rc;

    if (in->len != 24) {
        return OFPERR_BAC_BAD_LEN;
    }
    rc = ofp_subfield_decode(in, in->p + 12, in->len - 14, wire_get16(in->p + 10),
                             wire_get16(in->p + (is_long ? 20 : 16)), type == OFP_ACTION_STACK_POP,
                             &sub, &n);
    if (rc) {
        return rc;
    }
    a = ofp_actions_put(out, type, sizeof *a);
    if (!a) {
        return OFPERR_BAC_TOO_MANY;
    }
    a->subfield = sub;
    return 0;
}

static int decode_push(const struct ofp_action_in *in, struct ofp_actions *out)
{
    return put_stack(in, OFP_ACTION_STACK_PUSH, out);
}

static int decode_pop(const struct ofp_action_in *in, struct ofp_actions *out)
{
    return put_stack(in, OFP_ACTION_STACK_POP, out);
}

/* --- Output to the port in a field. */

static void format_output_reg(struct strbuf *s, const struct ofp_action *h)
{
    strbuf_puts(s, "output:");
    ofp_subfield_format(s, &((const struct ofp_action_output_reg *)h)->src);
}

static void encode_output_reg(struct strbuf *s, enum ofp_version version,
                              const struct ofp_action *h)
{
    const struct ofp_action_output_reg *a = (const struct ofp_action_output_reg *)h;
    const struct ofp_field *f = ofp_field((enum ofp_field_id)a->src.field);
    bool is_long = !f->nxm && f->oxm_is_late && f->oxm >> 16 == OFP_OXM_BASIC;
    size_t start = nx_action_begin(s, is_long ? 32 : 15);

    (void)version;
    wire_put16(s, (uint16_t)(a->src.ofs << 6 | (a->src.n_bits - 1)));
    if (is_long) {
        wire_put16(s, a->max_len);
        put_header(s, &a->src);
    } else {
        put_header(s, &a->src);
        wire_put16(s, a->max_len);
    }
    ofp_action_end(s, start);
}

static int put_output_reg(const struct ofp_action_in *in, size_t header, size_t max_len,
                          struct ofp_actions *out)
{
    unsigned int bits;
    struct ofp_action_output_reg *a;
    struct ofp_subfield sub;
    size_t n;
    int rc;

    if (in->len != 24) {
        return OFPERR_BAC_BAD_LEN;
    }
    bits = wire_get16(in->p + 10);
    rc = ofp_subfield_decode(in, in->p + header, in->len - header, bits >> 6, (bits & 63) + 1,
                             false, &sub, &n);
    if (rc) {
        return rc;
    }
    if (sub.n_bits > 32) {
        return OFPERR_BAC_BAD_ARGUMENT;
    }
    a = ofp_actions_put(out, OFP_ACTION_OUTPUT_REG, sizeof *a);
    if (!a) {
        return OFPERR_BAC_TOO_MANY;
    }
    a->src = sub;
    a->max_len = wire_get16(in->p + max_len);
    return 0;
}

static int decode_output_reg(const struct ofp_action_in *in, struct ofp_actions *out)
{
    return put_output_reg(in, 12, 16, out);
}

static int decode_output_reg2(const struct ofp_action_in *in, struct ofp_actions *out)
{
    return put_output_reg(in, 14, 12, out);
}

/* --- Options of tunnels among them. */

static uint64_t move_tlv_fields(const struct ofp_action *h)
{
    const struct ofp_action_move *a = (const struct ofp_action_move *)h;

    return ofp_tlv_bit(a->src.field) | ofp_tlv_bit(a->dst.field);
}

static uint64_t stack_tlv_fields(const struct ofp_action *h)
{
    return ofp_tlv_bit(((const struct ofp_action_stack *)h)->subfield.field);
}

static uint64_t output_reg_tlv_fields(const struct ofp_action *h)
{
    return ofp_tlv_bit(((const struct ofp_action_output_reg *)h)->src.field);
}

CONSTRUCTOR static void register_move(void)
{
    static const struct ofp_action_codec codecs[] = {
        {OFP_ACTION_MOVE, format_move, encode_move, OFP_PLACE_SET, move_tlv_fields},
        {OFP_ACTION_STACK_PUSH, format_stack, encode_stack, OFP_PLACE_NONE, stack_tlv_fields},
        {OFP_ACTION_STACK_POP, format_stack, encode_stack, OFP_PLACE_NONE, stack_tlv_fields},
        {OFP_ACTION_OUTPUT_REG, format_output_reg, encode_output_reg, OFP_PLACE_NONE,
         output_reg_tlv_fields},
    };
    static const struct ofp_action_form forms[] = {
        {OFP10, OFP15, 6, 0, decode_move, OFP_VENDOR_NX},
        {OFP15, OFP15, 28, 0, decode_copy_field},
        {OFP10, OFP15, 27, 0, decode_push, OFP_VENDOR_NX},
        {OFP10, OFP15, 28, 0, decode_pop, OFP_VENDOR_NX},
        {OFP10, OFP15, 15, 0, decode_output_reg, OFP_VENDOR_NX},
        {OFP10, OFP15, 32, 0, decode_output_reg2, OFP_VENDOR_NX},
    };

    for (size_t i = 0; i < ARRAY_SIZE(codecs); i++) {
        ofp_action_codec_register(&codecs[i]);
    }
    ofp_action_forms_register(forms, ARRAY_SIZE(forms));
}

/* --- From text. */

static int parse_move(const struct ofp_action_text *t, const char *name, char *arg,
                      struct ofp_actions *out, struct error *err)
{
    char *to = ofp_action_text_arrow(name, arg, err);
    struct ofp_subfield src, dst;
    struct ofp_action_move *a;
    int rc;

    (void)t;
    rc = to ? ofp_action_text_subfield(name, arg, false, &src, err) : -EINVAL;
    if (!rc) {
        rc = ofp_action_text_subfield(name, to, true, &dst, err);
    }
    if (rc) {
        return rc;
    }
    if (src.n_bits != dst.n_bits) {
        return error_set(err, EINVAL, "action '%s': '%s' has %u bits and '%s' %u", name, arg,
                         src.n_bits, to, dst.n_bits);
    }
    a = ofp_actions_put(out, OFP_ACTION_MOVE, sizeof *a);
    if (!a) {
        return ofp_action_text_full(name, err);
    }
    a->src = src;
    a->dst = dst;
    return 0;
}

static int parse_stack(const struct ofp_action_text *t, const char *name, char *arg,
                       struct ofp_actions *out, struct error *err)
{
    bool is_pop = !strcmp(name, "pop");
    struct ofp_action_stack *a;
    struct ofp_subfield sub;
    int rc = ofp_action_text_subfield(name, arg, is_pop, &sub, err);

    (void)t;
    if (rc) {
        return rc;
    }
    a = ofp_actions_put(out, is_pop ? OFP_ACTION_STACK_POP : OFP_ACTION_STACK_PUSH, sizeof *a);
    if (!a) {
        return ofp_action_text_full(name, err);
    }
    a->subfield = sub;
    return 0;
}

CONSTRUCTOR static void register_move_words(void)
{
    static const struct ofp_action_word words[] = {
        {"move", OFP_ARG_WANTED, parse_move},
        {"push", OFP_ARG_WANTED, parse_stack},
        {"pop", OFP_ARG_WANTED, parse_stack},
    };

    ofp_action_words_register(words, ARRAY_SIZE(words));
}
