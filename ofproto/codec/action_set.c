/* The set-field family: overwrites bits of a field. Text and the forms that say which field by a
 * header: set-field, Nicira's reg_load and reg_load2; the actions of one field each are in
 * action_set_own.c. Execution is in xlate/action_set.c. Control thread. */
#include "ofproto/codec/action_set.h"

#include <errno.h>

#include "ofproto/codec/action_text.h"

#include "ofproto/codec/match_wire.h"
#include "ofproto/match/text.h"
#include "ofproto/match/tlv_map.h"

/* The run of ones in the mask, counted from the number's lowest bit. */
static unsigned int ones_of(const struct ofp_action_set_field *a, const struct ofp_field *f,
                            unsigned int *ret_first)
{
    const uint8_t *mask = ofp_set_mask(a);
    unsigned int first = 0, n = 0;

#define BIT(B) (mask[f->n_bytes - 1 - (B) / 8] >> (B) % 8 & 1)
    while (first < f->n_bits && !BIT(first)) {
        first++;
    }
    while (first + n < f->n_bits && BIT(first + n)) {
        n++;
    }
#undef BIT
    *ret_first = first;
    return n;
}

static uint64_t value_at(const struct ofp_action_set_field *a, const struct ofp_field *f,
                         unsigned int first, unsigned int n)
{
    uint64_t v = 0;

    for (unsigned int b = 0; b < n; b++) {
        unsigned int bit = first + b;

        v |= (uint64_t)(ofp_set_value(a)[f->n_bytes - 1 - bit / 8] >> bit % 8 & 1) << b;
    }
    return v;
}

static void format_load(struct strbuf *s, const struct ofp_action_set_field *a,
                        const struct ofp_field *f)
{
    unsigned int first, n = ones_of(a, f, &first);
    struct ofp_subfield sub = {(uint16_t)f->id, (uint16_t)first, (uint16_t)n, 0};

    strbuf_printf(s, "load:%#llx->", (unsigned long long)value_at(a, f, first, n));
    ofp_subfield_format(s, &sub);
}

static void format_set(struct strbuf *s, const struct ofp_action *h)
{
    const struct ofp_action_set_field *a = (const struct ofp_action_set_field *)h;
    const struct ofp_field *f = ofp_field((enum ofp_field_id)a->field);
    struct ofp_flow flow, bits;
    uint8_t value[OFP_FIELD_MAX_BYTES], mask[OFP_FIELD_MAX_BYTES];

    if (a->n_bytes != f->n_bytes) {
        strbuf_printf(s, "set_field:?->%s", f->name); /* Is not mapped as it was. */
        return;
    }
    if (a->form == OFP_SET_LOAD && !ofp_field_is_tlv(f)) {
        format_load(s, a, f);
        return;
    }
    memset(&flow, 0, sizeof flow);
    memset(&bits, 0, sizeof bits);
    ofp_field_put(f, &flow, ofp_set_value(a));
    ofp_field_put(f, &bits, ofp_set_mask(a));
    ofp_field_get(f, &flow, value); /* Cut to the field's bits. */
    ofp_field_get(f, &bits, mask);
    if (ofp_actions_format_version()) {
        ofp_format_set_like(s, a, f, value, mask, ofp_field_all(f, &bits));
        return;
    }
    if (a->form == OFP_SET_OWN && f->prereq == OFP_PREREQ_MPLS) {
        ofp_format_set_mpls(s, f, value);
        return;
    }
    if (ofp_field_all(f, &bits) &&
        (f->id == OFP_FIELD_VLAN_VID || f->id == OFP_FIELD_VLAN_PCP || a->form == OFP_SET_OWN)) {
        strbuf_printf(s, f->id == OFP_FIELD_VLAN_VID   ? "mod_vlan_vid:"
                         : f->id == OFP_FIELD_VLAN_PCP ? "mod_vlan_pcp:"
                         : f->id == OFP_FIELD_TUN_ID   ? "set_tunnel:"
                                                       : "mod_nw_ttl:");
        ofp_field_format(s, f, value, mask);
        return;
    }
    strbuf_puts(s, "set_field:");
    ofp_field_format(s, f, value, mask);
    strbuf_printf(s, "->%s", f->name);
}

static bool is_masked(const struct ofp_action_set_field *a, const struct ofp_field *f)
{
    unsigned int first;

    return f->id != OFP_FIELD_NW_TOS_BYTE && ones_of(a, f, &first) != f->n_bits;
}

struct ofp_action_set_field *ofp_put_set(struct ofp_actions *actions, const struct ofp_field *f,
                                         const uint8_t *value, const uint8_t *mask,
                                         enum ofp_set_form form)
{
    struct ofp_action_set_field *a = ofp_actions_put(actions, OFP_ACTION_SET_FIELD,
                                                     ofp_set_field_size(f->n_bytes));

    if (a) {
        a->field = (uint16_t)f->id;
        a->form = (uint8_t)form;
        a->n_bytes = f->n_bytes;
        for (unsigned int i = 0; i < f->n_bytes; i++) {
            uint8_t bits = mask ? mask[i] : 0xff;

            a->number[i] = value[i] & bits;
            a->number[f->n_bytes + i] = bits;
        }
    }
    return a;
}

void ofp_actions_put_set_field(struct ofp_actions *actions, const struct ofp_field *f,
                               const uint8_t *value, const uint8_t *mask)
{
    ofp_put_set(actions, f, value, mask, OFP_SET_FIELD);
}

/* --- Encoding. */

static void encode_load(struct strbuf *s, const struct ofp_action_set_field *a,
                        const struct ofp_field *f, enum ofp_version version)
{
    unsigned int first, n = ones_of(a, f, &first);
    size_t start = nx_action_begin(s, 7);

    wire_put16(s, (uint16_t)(first << 6 | (n - 1)));
    if (version < OFP12 || f->nxm) {
        oxm_encode_nx_header(s, f, first + n);
    } else {
        oxm_encode_header(s, version, f, false);
    }
    wire_put64(s, value_at(a, f, first, n));
    ofp_action_end(s, start);
}

/* Set-field where the version has it and it can have the mask, else reg_load2. */
static void encode_oxm(struct strbuf *s, enum ofp_version version,
                       const struct ofp_action_set_field *a, const struct ofp_field *f)
{
    bool masked = is_masked(a, f);
    bool own = version >= OFP12 && (!masked || version >= OFP15);
    uint8_t value[OFP_FIELD_MAX_BYTES], mask[OFP_FIELD_MAX_BYTES];
    size_t start;

    memcpy(value, ofp_set_value(a), f->n_bytes);
    memcpy(mask, ofp_set_mask(a), f->n_bytes);
    if (f->id == OFP_FIELD_VLAN_VID) {
        value[0] |= FLOW_VLAN_PRESENT >> 8; /* OFPVID_PRESENT. */
        mask[0] |= FLOW_VLAN_PRESENT >> 8;
    }
    if (own) {
        start = s->len;
        wire_put16(s, 25);
        wire_put16(s, 0);
    } else {
        start = nx_action_begin(s, 33);
    }
    oxm_encode_short(s, f->id == OFP_FIELD_IN_PORT ? OFP10 : version, f, value,
                     masked ? mask : NULL);
    ofp_action_end(s, start);
}

static void encode_set(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    const struct ofp_action_set_field *a = (const struct ofp_action_set_field *)h;
    const struct ofp_field *f = ofp_field((enum ofp_field_id)a->field);

    if (a->n_bytes != f->n_bytes) {
        return; /* Is not mapped as it was. */
    }
    if (a->form == OFP_SET_LOAD && version < OFP15 &&
        !ofp_field_is_tlv(f)) { /* Set-field then has masks of its own. */
        encode_load(s, a, f, version);
    } else if (!ofp_encode_set_own(s, version, a, f, is_masked(a, f))) {
        encode_oxm(s, version, a, f);
    }
}

/* --- Decoding. */

int ofp_action_check_prereq(const struct ofp_action_in *in, const struct ofp_field *f)
{
    return !in->match || f->id == OFP_FIELD_VLAN_TCI || ofp_prereq_match(f->prereq, in->match)
               ? 0
               : OFPERR_BAC_MATCH_INCONSISTENT;
}

static int decode_oxm(const struct ofp_action_in *in, const uint8_t *p, size_t len, bool may_mask,
                      struct ofp_actions *out)
{
    const struct ofp_field *f;
    uint8_t value[OFP_FIELD_MAX_BYTES], mask[OFP_FIELD_MAX_BYTES];
    bool has_mask;
    size_t n;
    int rc = oxm_decode(p, len, &f, value, mask, &has_mask, &n);

    if (rc) {
        return rc == OFPERR_BMC_BAD_LEN     ? OFPERR_BAC_BAD_SET_LEN
               : rc == OFPERR_BMC_BAD_FIELD ? OFPERR_BAC_BAD_SET_TYPE
               : rc == OFPERR_BMC_BAD_MASK  ? OFPERR_BAC_BAD_SET_MASK
               : rc == OFPERR_BMC_BAD_WILDCARDS || rc == OFPERR_NXFMFC_INVALID_TLV_FIELD
                   ? rc
                   : OFPERR_BAC_BAD_SET_ARGUMENT;
    }
    if (in->len != ROUND_UP((size_t)(p - in->p) + n, 8)) {
        return OFPERR_BAC_BAD_SET_LEN;
    }
    if (!f->is_settable || (f->id == OFP_FIELD_IN_PORT && p[0])) {
        return OFPERR_BAC_BAD_SET_ARGUMENT; /* OXM's in_port is none to set (section 7.2.5). */
    }
    if (has_mask && !may_mask) {
        return OFPERR_BAC_BAD_SET_TYPE;
    }
    if (f->id == OFP_FIELD_VLAN_VID) {
        if (!has_mask && !(value[0] & FLOW_VLAN_PRESENT >> 8)) {
            return OFPERR_BAC_BAD_SET_ARGUMENT;
        }
        value[0] &= 0xf;
        mask[0] &= 0xf;
        if (in->match && !ofp_prereq_match(OFP_PREREQ_VLAN, in->match)) {
            return OFPERR_BAC_MATCH_INCONSISTENT;
        }
    }
    rc = ofp_action_check_prereq(in, f);
    if (rc) {
        return rc;
    }
    return ofp_put_set(out, f, value, mask, OFP_SET_FIELD) ? 0 : OFPERR_BAC_TOO_MANY;
}

/* OpenFlow 1.3.5 section 7.2.5: one OXM without a mask; with one since 1.5. Its prerequisites are
 * in the match, or made by an action before (a pushed tag). */
static int decode_set_field(const struct ofp_action_in *in, struct ofp_actions *out)
{
    return decode_oxm(in, in->p + 4, in->len - 4, in->version >= OFP15, out);
}

static int decode_load2(const struct ofp_action_in *in, struct ofp_actions *out)
{
    return decode_oxm(in, in->p + 10, in->len - 10, true, out);
}

static int decode_load(const struct ofp_action_in *in, struct ofp_actions *out)
{
    unsigned int bits = wire_get16(in->p + 10), n_bits = (bits & 63) + 1;
    uint64_t v = wire_get64(in->p + 16);
    uint8_t value[OFP_FIELD_MAX_BYTES] = {0}, mask[OFP_FIELD_MAX_BYTES] = {0};
    const struct ofp_field *f;
    struct ofp_subfield sub;
    size_t n;
    int rc = ofp_subfield_decode(in, in->p + 12, 4, bits >> 6, n_bits, true, &sub, &n);

    if (rc) {
        return rc;
    }
    if (n_bits < 64 && v >> n_bits) {
        return OFPERR_BAC_BAD_ARGUMENT;
    }
    f = ofp_field((enum ofp_field_id)sub.field);
    for (unsigned int b = 0; b < n_bits; b++) {
        unsigned int bit = sub.ofs + b, at = f->n_bytes - 1u - bit / 8;

        mask[at] |= (uint8_t)(1u << bit % 8);
        value[at] |= (uint8_t)((v >> b & 1) << bit % 8);
    }
    return ofp_put_set(out, f, value, mask, OFP_SET_LOAD) ? 0 : OFPERR_BAC_TOO_MANY;
}

static uint64_t set_tlv_fields(const struct ofp_action *h)
{
    return ofp_tlv_bit(((const struct ofp_action_set_field *)h)->field);
}

CONSTRUCTOR static void register_set(void)
{
    static const struct ofp_action_codec codec = {OFP_ACTION_SET_FIELD, format_set, encode_set,
                                                  OFP_PLACE_SET, set_tlv_fields};
    static const struct ofp_action_form forms[] = {
        {OFP12, OFP15, 25, 0, decode_set_field},
        {OFP10, OFP15, 7, 24, decode_load, OFP_VENDOR_NX},
        {OFP10, OFP15, 33, 0, decode_load2, OFP_VENDOR_NX},
    };

    ofp_action_codec_register(&codec);
    ofp_action_forms_register(forms, ARRAY_SIZE(forms));
}

/* --- From text. */

/* "set_field:VALUE[/MASK]->FIELD". */
static int parse_set_field(const struct ofp_action_text *t, const char *name, char *arg,
                           struct ofp_actions *out, struct error *err)
{
    char *dst = ofp_action_text_arrow(name, arg, err);
    uint8_t value[OFP_FIELD_MAX_BYTES], mask[OFP_FIELD_MAX_BYTES];
    const struct ofp_field *f;
    uint64_t vid;

    if (!dst) {
        return -EINVAL;
    }
    f = ofp_field_by_any_name(dst, strlen(dst));
    if (f && !ofp_field_is_mapped(f)) {
        return error_set(err, EINVAL, "action '%s': field '%s': no option is mapped to it", name,
                         f->name);
    }
    if (!f || !f->is_settable) {
        return error_set(err, EINVAL, "action '%s': '%s' is not a field%s", name, dst,
                         f ? " that can be written" : "");
    }
    if (f->id == OFP_FIELD_VLAN_VID && parse_u64(arg, FLOW_VLAN_PRESENT | 0xfff, &vid)) {
        be16_t be = be16_make((uint16_t)(vid & 0xfff)); /* OXM's has a bit that there is a tag. */

        memset(mask, 0xff, sizeof mask);
        memcpy(value, &be, sizeof be);
    } else if (!ofp_field_parse(f, arg, t->lookup, t->aux, value, mask)) {
        return error_set(err, EINVAL, "action '%s': '%s' is not a valid value for field '%s'", name,
                         arg, dst);
    }
    return ofp_put_set(out, f, value, strchr(arg, '/') ? mask : NULL, OFP_SET_FIELD)
               ? 0
               : ofp_action_text_full(name, err);
}

/* "load:VALUE->FIELD[FIRST..LAST]". */
static int parse_load(const struct ofp_action_text *t, const char *name, char *arg,
                      struct ofp_actions *out, struct error *err)
{
    char *dst = ofp_action_text_arrow(name, arg, err);
    uint8_t value[OFP_FIELD_MAX_BYTES] = {0}, mask[OFP_FIELD_MAX_BYTES] = {0};
    const struct ofp_field *f;
    struct ofp_subfield sub;
    uint64_t v;
    int rc;

    (void)t;
    rc = dst ? ofp_action_text_subfield(name, dst, true, &sub, err) : -EINVAL;
    if (rc) {
        return rc;
    }
    f = ofp_field((enum ofp_field_id)sub.field);
    if (sub.n_bits > 64 && !ofp_field_is_tlv(f)) {
        return error_set(err, EINVAL, "action '%s': '%s': it writes at most 64 bits", name, dst);
    }
    rc = ofp_action_text_number(name, "value", arg, UINT64_MAX >> (64 - MIN_OF(sub.n_bits, 64)), &v,
                                err);
    if (rc) {
        return rc;
    }
    for (unsigned int b = 0; b < sub.n_bits; b++) {
        unsigned int bit = sub.ofs + b, at = f->n_bytes - 1u - bit / 8;

        mask[at] |= (uint8_t)(1u << bit % 8);
        value[at] |= (uint8_t)((b < 64 ? v >> b & 1 : 0) << bit % 8);
    }
    return ofp_put_set(out, f, value, mask, OFP_SET_LOAD) ? 0 : ofp_action_text_full(name, err);
}

CONSTRUCTOR static void register_set_words(void)
{
    static const struct ofp_action_word words[] = {
        {"set_field", OFP_ARG_WANTED, parse_set_field},
        {"load", OFP_ARG_WANTED, parse_load},
    };

    ofp_action_words_register(words, ARRAY_SIZE(words));
}
