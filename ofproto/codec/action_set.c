/* The set-field family: overwrites bits of a field. Text form; execution is in xlate/action_set.c.
 * Control thread. */
#include "ofproto/codec/action.h"
#include "ofproto/codec/match_wire.h"
#include "ofproto/match/text.h"

static void format_set(struct strbuf *s, const struct ofp_action *h)
{
    const struct ofp_action_set_field *a = (const struct ofp_action_set_field *)h;
    const struct ofp_field *f = ofp_field((enum ofp_field_id)a->field);
    struct strbuf text = STRBUF_INIT;
    struct ofp_match match;

    ofp_match_init(&match);
    ofp_field_put(f, &match.flow, a->value);
    ofp_field_put(f, &match.mask, a->mask);
    if (f->id == OFP_FIELD_VLAN_VID || f->id == OFP_FIELD_VLAN_PCP) {
        uint8_t v[16];

        ofp_field_get(f, &match.flow, v);
        strbuf_printf(s, f->id == OFP_FIELD_VLAN_VID ? "mod_vlan_vid:%u" : "mod_vlan_pcp:%u",
                      (unsigned int)(v[0] << 8 | v[1]));
        return;
    }
    ofp_match_format(&text, &match); /* "name=value". */
    strbuf_printf(s, "set_field:%s->%s", strchr(strbuf_str(&text), '=') + 1, f->name);
    strbuf_free(&text);
}

void ofp_actions_put_set_field(struct ofp_actions *actions, const struct ofp_field *f,
                               const uint8_t *value, const uint8_t *mask)
{
    struct ofp_action_set_field *a = ofp_actions_put(actions, OFP_ACTION_SET_FIELD,
                                                     sizeof(struct ofp_action_set_field));

    if (a) {
        a->field = (uint16_t)f->id;
        for (unsigned int i = 0; i < f->n_bytes; i++) {
            a->mask[i] = mask ? mask[i] : 0xff;
            a->value[i] = value[i] & a->mask[i];
        }
    }
}

/* OpenFlow 1.0 has an action per field. */
static const struct form10 {
    uint16_t wire_type;
    uint16_t len;
    enum ofp_field_id field;
    uint8_t n_bytes;
} forms10[] = {
    {1, 8, OFP_FIELD_VLAN_VID, 2}, {2, 8, OFP_FIELD_VLAN_PCP, 1}, {4, 16, OFP_FIELD_ETH_SRC, 6},
    {5, 16, OFP_FIELD_ETH_DST, 6}, {6, 8, OFP_FIELD_NW_SRC, 4},   {7, 8, OFP_FIELD_NW_DST, 4},
    {8, 8, OFP_FIELD_NW_TOS, 1},   {9, 8, OFP_FIELD_TCP_SRC, 2},  {10, 8, OFP_FIELD_TCP_DST, 2},
};

static const struct form10 *form10_of_field(enum ofp_field_id id)
{
    switch (id) { /* Ports are ports in 1.0. */
    case OFP_FIELD_UDP_SRC:
    case OFP_FIELD_SCTP_SRC: id = OFP_FIELD_TCP_SRC; break;
    case OFP_FIELD_UDP_DST:
    case OFP_FIELD_SCTP_DST: id = OFP_FIELD_TCP_DST; break;
    default: break;
    }
    for (size_t i = 0; i < ARRAY_SIZE(forms10); i++) {
        if (forms10[i].field == id) {
            return &forms10[i];
        }
    }
    return NULL;
}

/* Nicira's reg_load says in 1.0 what 1.0 has no action for: 64 bits of a field each. */
static void encode_reg_load(struct strbuf *s, const struct ofp_field *f, const uint8_t *value)
{
    for (unsigned int bit = 0; bit < f->n_bits && f->nxm; bit += 64) {
        unsigned int n = MIN_OF(f->n_bits - bit, 64u);
        uint64_t v = 0;

        for (unsigned int i = 0; i < (n + 7) / 8; i++) {
            v |= (uint64_t)value[f->n_bytes - 1 - bit / 8 - i] << 8 * i;
        }
        wire_put16(s, UINT16_MAX);
        wire_put16(s, 24);
        wire_put32(s, 0x2320);
        wire_put16(s, 7);
        wire_put16(s, (uint16_t)(bit << 6 | (n - 1)));
        wire_put32(s, f->nxm | (f->n_bits + 7u) / 8);
        wire_put64(s, v);
    }
}

static void encode10(struct strbuf *s, const struct ofp_field *f, const uint8_t *value)
{
    const struct form10 *form = form10_of_field(f->id);
    size_t start = s->len;

    if (!form) {
        encode_reg_load(s, f, value);
        return;
    }
    wire_put16(s, form->wire_type);
    wire_put16(s, form->len);
    if (f->id == OFP_FIELD_NW_TOS) {
        wire_put8(s, (uint8_t)(value[0] << 2));
    } else {
        strbuf_put(s, value + f->n_bytes - form->n_bytes, form->n_bytes);
    }
    wire_zeros(s, form->len - (s->len - start));
}

static void encode_set(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    const struct ofp_action_set_field *a = (const struct ofp_action_set_field *)h;
    const struct ofp_field *f = ofp_field((enum ofp_field_id)a->field);
    size_t start = s->len;
    uint8_t value[16];

    if (version == OFP10) {
        encode10(s, f, a->value);
        return;
    }
    memcpy(value, a->value, sizeof value);
    if (f->id == OFP_FIELD_VLAN_VID) {
        value[0] |= 0x10; /* OFPVID_PRESENT. */
    }
    wire_put16(s, 25);
    wire_put16(s, 0);
    oxm_encode(s, f, value, NULL);
    wire_pad8(s, start);
    wire_set16(s, start + 2, (uint16_t)(s->len - start));
}

static int put_checked(struct ofp_actions *out, const struct ofp_field *f, const uint8_t *value)
{
    if (out->len + sizeof(struct ofp_action_set_field) > OFP_ACTIONS_MAX_LEN) {
        return OFPERR_BAC_TOO_MANY;
    }
    ofp_actions_put_set_field(out, f, value, NULL);
    return 0;
}

static int decode10(const uint8_t *p, size_t len, const struct ofp_match *match,
                    struct ofp_actions *out)
{
    const struct form10 *form = &forms10[0];
    const struct ofp_field *f;
    uint8_t value[16] = {0};

    (void)len;
    (void)match;
    for (size_t i = 0; i < ARRAY_SIZE(forms10); i++) {
        if (forms10[i].wire_type == wire_get16(p)) {
            form = &forms10[i];
        }
    }
    f = ofp_field(form->field);
    memcpy(value + f->n_bytes - form->n_bytes, p + 4, form->n_bytes);
    if ((f->id == OFP_FIELD_VLAN_VID && value[0] & 0xf0) ||
        (f->id == OFP_FIELD_VLAN_PCP && value[1] & 0xf8) ||
        (f->id == OFP_FIELD_NW_TOS && value[0] & 3)) {
        return OFPERR_BAC_BAD_ARGUMENT;
    }
    if (f->id == OFP_FIELD_NW_TOS) {
        value[0] >>= 2;
    }
    return put_checked(out, f, value);
}

/* OpenFlow 1.3.5 section 7.2.5: one OXM without a mask, padded to 8; its prerequisites are in the
 * match, or made by an action before (a pushed tag). */
static int decode13(const uint8_t *p, size_t len, const struct ofp_match *match,
                    struct ofp_actions *out)
{
    const struct ofp_field *f;
    uint8_t value[16], mask[16];
    bool has_mask;
    size_t n;
    int rc = oxm_decode(p + 4, len - 4, &f, value, mask, &has_mask, &n);

    if (rc) {
        return rc == OFPERR_BMC_BAD_LEN     ? OFPERR_BAC_BAD_SET_LEN
               : rc == OFPERR_BMC_BAD_FIELD ? OFPERR_BAC_BAD_SET_TYPE
                                            : OFPERR_BAC_BAD_SET_ARGUMENT;
    }
    if (len != ROUND_UP(n + 4, 8)) {
        return OFPERR_BAC_BAD_SET_LEN;
    }
    if (has_mask || !f->is_settable || f->id == OFP_FIELD_METADATA) {
        return has_mask ? OFPERR_BAC_BAD_SET_TYPE : OFPERR_BAC_BAD_SET_ARGUMENT;
    }
    if (f->id == OFP_FIELD_VLAN_VID) {
        if (!(value[0] & 0x10)) {
            return OFPERR_BAC_BAD_SET_ARGUMENT;
        }
        value[0] &= 0xf;
    } else if (match && f->prereq != OFP_PREREQ_VLAN && !ofp_prereq_match(f->prereq, match)) {
        return OFPERR_BAC_MATCH_INCONSISTENT;
    }
    return put_checked(out, f, value);
}

CONSTRUCTOR static void register_set(void)
{
    static const struct ofp_action_codec codec = {OFP_ACTION_SET_FIELD, format_set, encode_set};
    static const struct ofp_action_form form13 = {OFP13, 25, 0, decode13};
    static struct ofp_action_form set10[ARRAY_SIZE(forms10)];

    for (size_t i = 0; i < ARRAY_SIZE(forms10); i++) {
        set10[i] = (struct ofp_action_form){OFP10, forms10[i].wire_type, forms10[i].len, decode10};
    }
    ofp_action_codec_register(&codec);
    ofp_action_forms_register(set10, ARRAY_SIZE(set10));
    ofp_action_forms_register(&form13, 1);
}
