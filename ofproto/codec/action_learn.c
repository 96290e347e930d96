/* The family that changes rules as packets come: learn makes one, fin_timeout shortens a rule's
 * time once TCP says goodbye. Text and wire forms; execution is in xlate/action_learn.c. Control
 * thread.
 */
#include "ofproto/codec/action_learn.h"

#include "ofproto/codec/action_set.h"
#include "ofproto/codec/match_wire.h"
#include "ofproto/match/tlv_map.h"

#define LEARN_LEN 32
#define LEARN2_LEN 40
#define MAX_TABLE 253

#define FLAGS (OFP_LEARN_SEND_REMOVED | OFP_LEARN_DELETE)
#define FLAGS2 (FLAGS | OFP_LEARN_WRITE_RESULT)
/* A spec's first word. */
#define SPEC_NUMBER (1u << 13)
#define SPEC_DST_SHIFT 11
#define SPEC_BITS 0x7ff

/* --- fin_timeout. */

static void format_fin(struct strbuf *s, const struct ofp_action *h)
{
    const struct ofp_action_fin_timeout *a = (const struct ofp_action_fin_timeout *)h;

    strbuf_puts(s, "fin_timeout(");
    if (a->idle_s) {
        strbuf_printf(s, "idle_timeout=%u%s", a->idle_s, a->hard_s ? "," : "");
    }
    if (a->hard_s) {
        strbuf_printf(s, "hard_timeout=%u", a->hard_s);
    }
    strbuf_putc(s, ')');
}

static void encode_fin(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    const struct ofp_action_fin_timeout *a = (const struct ofp_action_fin_timeout *)h;
    size_t start = nx_action_begin(s, 19);

    (void)version;
    wire_put16(s, a->idle_s);
    wire_put16(s, a->hard_s);
    ofp_action_end(s, start);
}

static int decode_fin(const struct ofp_action_in *in, struct ofp_actions *out)
{
    struct ofp_action_fin_timeout *a;

    if (in->version != OFP10 && in->match && !ofp_prereq_match(OFP_PREREQ_TCP, in->match)) {
        return OFPERR_BAC_MATCH_INCONSISTENT;
    }
    a = ofp_actions_put(out, OFP_ACTION_FIN_TIMEOUT, sizeof *a);
    if (!a) {
        return OFPERR_BAC_TOO_MANY;
    }
    a->idle_s = wire_get16(in->p + 10);
    a->hard_s = wire_get16(in->p + 12);
    return 0;
}

/* --- Learn: text. */

static void format_number(struct strbuf *s, const uint8_t *number, size_t n)
{
    for (; n > 1 && !*number; n--) {
        number++;
    }
    strbuf_printf(s, "0x%x", *number++);
    while (--n) {
        strbuf_printf(s, "%02x", *number++);
    }
}

static void format_source(struct strbuf *s, const struct ofp_action_learn *a,
                          const struct ofp_learn_spec *spec)
{
    if (spec->is_number) {
        format_number(s, ofp_learn_number(a, spec), ofp_learn_number_len(spec->n_bits));
    } else {
        ofp_subfield_format(s, &spec->src);
    }
}

static void format_spec(struct strbuf *s, const struct ofp_action_learn *a,
                        const struct ofp_learn_spec *spec)
{
    switch (spec->dst_kind) {
    case OFP_LEARN_MATCH:
        ofp_subfield_format(s, &spec->dst);
        if (spec->is_number || memcmp(&spec->src, &spec->dst, sizeof spec->src)) {
            strbuf_putc(s, '=');
            format_source(s, a, spec);
        }
        break;
    case OFP_LEARN_LOAD:
        strbuf_puts(s, "load:");
        format_source(s, a, spec);
        strbuf_puts(s, "->");
        ofp_subfield_format(s, &spec->dst);
        break;
    default:
        strbuf_puts(s, "output:");
        ofp_subfield_format(s, &spec->src);
        break;
    }
}

static void format_learn(struct strbuf *s, const struct ofp_action *h)
{
    const struct ofp_action_learn *a = (const struct ofp_action_learn *)h;
    const struct {
        const char *name;
        unsigned long long value, normal;
    } numbers[] = {
        {"idle_timeout", a->idle_timeout_s, 0}, {"hard_timeout", a->hard_timeout_s, 0},
        {"fin_idle_timeout", a->fin_idle_s, 0}, {"fin_hard_timeout", a->fin_hard_s, 0},
        {"priority", a->priority, 32768},
    };

    strbuf_printf(s, "learn(table=%u", a->table_id);
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        if (numbers[i].value != numbers[i].normal) {
            strbuf_printf(s, ",%s=%llu", numbers[i].name, numbers[i].value);
        }
    }
    if (a->flags & OFP_LEARN_SEND_REMOVED) {
        strbuf_puts(s, ",send_flow_rem");
    }
    if (a->flags & OFP_LEARN_DELETE) {
        strbuf_puts(s, ",delete_learned");
    }
    if (a->cookie) {
        strbuf_printf(s, ",cookie=%#llx", (unsigned long long)a->cookie);
    }
    if (a->limit) {
        strbuf_printf(s, ",limit=%u", a->limit);
    }
    if (a->flags & OFP_LEARN_WRITE_RESULT) {
        strbuf_puts(s, ",result_dst=");
        ofp_subfield_format(s, &a->result);
    }
    for (unsigned int i = 0; i < a->n; i++) {
        strbuf_putc(s, ',');
        format_spec(s, a, &a->spec[i]);
    }
    strbuf_putc(s, ')');
}

/* --- Learn: encoding. */

static void put_subfield(struct strbuf *s, const struct ofp_subfield *sub)
{
    oxm_encode_nx_header(s, ofp_field((enum ofp_field_id)sub->field), sub->ofs + sub->n_bits);
    wire_put16(s, sub->ofs);
}

static void put_spec(struct strbuf *s, const struct ofp_action_learn *a,
                     const struct ofp_learn_spec *spec)
{
    wire_put16(s, (uint16_t)((spec->is_number ? SPEC_NUMBER : 0) |
                             (unsigned int)spec->dst_kind << SPEC_DST_SHIFT | spec->n_bits));
    if (spec->is_number) {
        strbuf_put(s, ofp_learn_number(a, spec), ofp_learn_number_len(spec->n_bits));
    } else {
        put_subfield(s, &spec->src);
    }
    if (spec->dst_kind != OFP_LEARN_OUTPUT) {
        put_subfield(s, &spec->dst);
    }
}

static void encode_learn(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    const struct ofp_action_learn *a = (const struct ofp_action_learn *)h;
    bool is_second = a->limit || a->flags & OFP_LEARN_WRITE_RESULT;
    size_t start = nx_action_begin(s, is_second ? 45 : 16);

    (void)version;
    wire_put16(s, a->idle_timeout_s);
    wire_put16(s, a->hard_timeout_s);
    wire_put16(s, a->priority);
    wire_put64(s, a->cookie);
    wire_put16(s, a->flags);
    wire_put8(s, a->table_id);
    wire_put8(s, 0);
    wire_put16(s, a->fin_idle_s);
    wire_put16(s, a->fin_hard_s);
    if (is_second) {
        wire_put32(s, a->limit);
        wire_put16(s, a->result.ofs);
        wire_put16(s, 0);
    }
    if (a->flags & OFP_LEARN_WRITE_RESULT) {
        const struct ofp_field *f = ofp_field((enum ofp_field_id)a->result.field);

        oxm_encode_nx_header(s, f, (unsigned int)a->result.ofs + a->result.n_bits);
    }
    for (unsigned int i = 0; i < a->n; i++) {
        put_spec(s, a, &a->spec[i]);
    }
    ofp_action_end(s, start);
}

/* --- Learn: decoding. */

/* A part of a field at 'p': header and first bit. */
static int get_subfield(const struct ofp_action_in *in, const uint8_t *p, size_t len,
                        unsigned int n_bits, bool to_write, struct ofp_subfield *ret,
                        size_t *ret_len)
{
    bool is_long = len >= 2 && wire_get16(p) == OFP_OXM_EXPERIMENTER;
    size_t head = is_long ? 8 : 4;
    int rc;

    if (len < head + 2) {
        return OFPERR_BAC_BAD_LEN;
    }
    rc = ofp_subfield_decode(in, p, head, wire_get16(p + head), n_bits, to_write, ret, ret_len);
    *ret_len = head + 2;
    return rc;
}

/* What the learned rule matches, as far as it is known: other fields' prerequisites. */
static void know_match(struct ofp_match *learned, const struct ofp_learn_spec *spec,
                       const uint8_t *number)
{
    const struct ofp_field *f = ofp_field((enum ofp_field_id)spec->dst.field);
    size_t n = ofp_learn_number_len(spec->n_bits);
    uint8_t value[OFP_FIELD_MAX_BYTES] = {0};

    if (spec->is_number && !spec->dst.ofs && spec->n_bits == f->n_bits) {
        memcpy(value + sizeof value - n, number, n);
        ofp_match_set_field(learned, f, value + sizeof value - f->n_bytes, NULL);
    }
}

/* One spec of at most 'len' bytes; '*ret_len' 0: it is padding. A number is at p + 2. */
static int get_spec(const struct ofp_action_in *in, const uint8_t *p, size_t len,
                    struct ofp_match *learned, struct ofp_learn_spec *spec, size_t *ret_len)
{
    struct ofp_action_in to = *in;
    unsigned int head = wire_get16(p);
    size_t at = 2, n;
    int rc;

    memset(spec, 0, sizeof *spec);
    *ret_len = 0;
    if (!head) {
        return 0;
    }
    spec->is_number = (head & SPEC_NUMBER) != 0;
    spec->dst_kind = (uint8_t)(head >> SPEC_DST_SHIFT & 3);
    spec->n_bits = head & SPEC_BITS;
    if (head >> 14 || spec->dst_kind > OFP_LEARN_OUTPUT || !spec->n_bits ||
        spec->n_bits > 8 * OFP_FIELD_MAX_BYTES ||
        (spec->dst_kind == OFP_LEARN_OUTPUT && (spec->is_number || spec->n_bits > 32))) {
        return OFPERR_BAC_BAD_ARGUMENT;
    }
    if (spec->is_number) {
        n = ofp_learn_number_len(spec->n_bits);
        if (n > len - at) {
            return OFPERR_BAC_BAD_LEN;
        }
        at += n;
    } else {
        rc = get_subfield(in, p + at, len - at, spec->n_bits, false, &spec->src, &n);
        if (rc) {
            return rc;
        }
        at += n;
    }
    if (spec->dst_kind != OFP_LEARN_OUTPUT) {
        to.match = learned;
        rc = get_subfield(&to, p + at, len - at, spec->n_bits, spec->dst_kind == OFP_LEARN_LOAD,
                          &spec->dst, &n);
        if (rc) {
            return rc;
        }
        at += n;
    }
    if (spec->dst_kind == OFP_LEARN_MATCH) {
        know_match(learned, spec, p + 2);
    }
    *ret_len = at;
    return 0;
}

/* Bytes of a learned rule's actions for it. */
static size_t learned_size(const struct ofp_learn_spec *spec)
{
    const struct ofp_field *f = ofp_field((enum ofp_field_id)spec->dst.field);

    return spec->dst_kind == OFP_LEARN_LOAD     ? ofp_set_field_size(f->n_bytes)
           : spec->dst_kind == OFP_LEARN_OUTPUT ? sizeof(struct ofp_action_output)
                                                : 0;
}

/* Into 'spec', and their numbers behind each other into 'numbers'. */
static int get_specs(const struct ofp_action_in *in, size_t at, struct ofp_learn_spec *spec,
                     struct strbuf *numbers, uint16_t *ret_n)
{
    size_t actions = ROUND_UP(sizeof(struct ofp_action_fin_timeout), 8);
    struct ofp_match learned;
    uint16_t n = 0;

    ofp_match_init(&learned);
    while (in->len - at >= 2) {
        size_t len;
        int rc = get_spec(in, in->p + at, in->len - at, &learned, &spec[n], &len);

        if (rc) {
            return rc;
        }
        if (!len) {
            break;
        }
        if (spec[n].is_number) {
            spec[n].number_at = (uint32_t)numbers->len;
            strbuf_put(numbers, in->p + at + 2, ofp_learn_number_len(spec[n].n_bits));
        }
        actions += learned_size(&spec[n]);
        at += len;
        n++;
    }
    if (actions > OFP_ACTIONS_MAX_LEN) {
        return OFPERR_BAC_TOO_MANY; /* No rule could have what is learned. */
    }
    for (; at < in->len; at++) {
        if (in->p[at]) {
            return OFPERR_BAC_BAD_ARGUMENT;
        }
    }
    *ret_n = n;
    return 0;
}

/* Of the second form, from byte 32 on; '*ret_head' is where the specs begin. */
static int get_limit(const struct ofp_action_in *in, bool has_result, struct ofp_action_learn *a,
                     size_t *ret_head)
{
    const uint8_t *p = in->p + LEARN2_LEN;
    size_t left = in->len - LEARN2_LEN, n;
    size_t head = left >= 2 && wire_get16(p) == OFP_OXM_EXPERIMENTER ? 8 : 4;

    a->limit = wire_get32(in->p + 32);
    *ret_head = LEARN2_LEN;
    if (wire_get16(in->p + 38) || (!has_result && wire_get16(in->p + 36))) {
        return OFPERR_BAC_BAD_ARGUMENT;
    }
    if (!has_result) {
        return 0;
    }
    if (left < head) {
        return OFPERR_BAC_BAD_LEN;
    }
    *ret_head = LEARN2_LEN + head;
    return ofp_subfield_decode(in, p, head, wire_get16(in->p + 36), 1, true, &a->result, &n);
}

static int put_learn(const struct ofp_action_in *in, size_t head, struct ofp_actions *out)
{
    unsigned int flags = wire_get16(in->p + 24);
    /* The shortest spec: a number of 16 bits to a match. */
    size_t most = (in->len - head) / 8 + 1;
    struct strbuf numbers = STRBUF_INIT;
    uint32_t start = out->len;
    struct ofp_action_learn *a;
    uint16_t n;
    int rc = 0;

    if (flags & ~(unsigned int)(head == LEARN2_LEN ? FLAGS2 : FLAGS) || in->p[26] > MAX_TABLE) {
        return OFPERR_BAC_BAD_ARGUMENT;
    }
    a = ofp_actions_put(out, OFP_ACTION_LEARN,
                        sizeof *a + most * sizeof a->spec[0] + (in->len - head));
    if (!a) {
        return OFPERR_BAC_TOO_MANY;
    }
    a->idle_timeout_s = wire_get16(in->p + 10);
    a->hard_timeout_s = wire_get16(in->p + 12);
    a->priority = wire_get16(in->p + 14);
    a->cookie = wire_get64(in->p + 16);
    a->flags = (uint16_t)flags;
    a->table_id = in->p[26];
    a->fin_idle_s = wire_get16(in->p + 28);
    a->fin_hard_s = wire_get16(in->p + 30);
    if (head == LEARN2_LEN) {
        rc = get_limit(in, flags & OFP_LEARN_WRITE_RESULT, a, &head);
    }
    rc = rc ? rc : get_specs(in, head, a->spec, &numbers, &n);
    if (rc) {
        strbuf_free(&numbers);
        return rc;
    }
    a->n = n;
    if (numbers.len) {
        memcpy(&a->spec[n], numbers.data, numbers.len);
    }
    a->h.len = (uint16_t)ROUND_UP(sizeof *a + n * sizeof a->spec[0] + numbers.len, 8);
    out->len = start + a->h.len;
    strbuf_free(&numbers);
    return 0;
}

static int decode_learn(const struct ofp_action_in *in, struct ofp_actions *out)
{
    return in->len < LEARN_LEN ? OFPERR_BAC_BAD_LEN : put_learn(in, LEARN_LEN, out);
}

static int decode_learn2(const struct ofp_action_in *in, struct ofp_actions *out)
{
    return in->len < LEARN2_LEN ? OFPERR_BAC_BAD_LEN : put_learn(in, LEARN2_LEN, out);
}

static uint64_t learn_tlv_fields(const struct ofp_action *h)
{
    const struct ofp_action_learn *a = (const struct ofp_action_learn *)h;
    uint64_t fields = a->flags & OFP_LEARN_WRITE_RESULT ? ofp_tlv_bit(a->result.field) : 0;

    for (unsigned int i = 0; i < a->n; i++) {
        const struct ofp_learn_spec *spec = &a->spec[i];

        fields |= spec->is_number ? 0 : ofp_tlv_bit(spec->src.field);
        fields |= spec->dst_kind == OFP_LEARN_OUTPUT ? 0 : ofp_tlv_bit(spec->dst.field);
    }
    return fields;
}

CONSTRUCTOR static void register_learn(void)
{
    static const struct ofp_action_codec codecs[] = {
        {OFP_ACTION_LEARN, format_learn, encode_learn, OFP_PLACE_NONE, learn_tlv_fields},
        {OFP_ACTION_FIN_TIMEOUT, format_fin, encode_fin},
    };
    static const struct ofp_action_form forms[] = {
        {OFP10, OFP15, 16, 0, decode_learn, OFP_VENDOR_NX},
        {OFP10, OFP15, 45, 0, decode_learn2, OFP_VENDOR_NX},
        {OFP10, OFP15, 19, 16, decode_fin, OFP_VENDOR_NX},
    };

    for (size_t i = 0; i < ARRAY_SIZE(codecs); i++) {
        ofp_action_codec_register(&codecs[i]);
    }
    ofp_action_forms_register(forms, ARRAY_SIZE(forms));
}
