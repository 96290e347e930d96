/* The set-field family's actions for one field each: OpenFlow 1.0's and 1.1's mod_dl_src and so on,
 * and set_nw_ttl, which no version can say by set-field. See action_set.c. */
#include "ofproto/codec/action_set.h"

#include <errno.h>

#include "ofproto/codec/action_text.h"

/* In the order of 1.0's numbers; 1.1 numbers them anew. */
static const struct own {
    uint16_t type10; /* 0: none. */
    uint16_t type11;
    uint16_t len;
    enum ofp_field_id field;
    uint8_t n_bytes;
    uint16_t nx; /* Nicira's subtype in 1.0; 0: none. */
} owns[] = {
    {1, 1, 8, OFP_FIELD_VLAN_VID, 2},     {2, 2, 8, OFP_FIELD_VLAN_PCP, 1},
    {4, 3, 16, OFP_FIELD_ETH_SRC, 6},     {5, 4, 16, OFP_FIELD_ETH_DST, 6},
    {6, 5, 8, OFP_FIELD_NW_SRC, 4},       {7, 6, 8, OFP_FIELD_NW_DST, 4},
    {8, 7, 8, OFP_FIELD_NW_TOS, 1},       {9, 9, 8, OFP_FIELD_TCP_SRC, 2},
    {10, 10, 8, OFP_FIELD_TCP_DST, 2},    {0, 8, 8, OFP_FIELD_NW_ECN, 1},
    {0, 23, 8, OFP_FIELD_NW_TTL, 1},      {0, 13, 8, OFP_FIELD_MPLS_LABEL, 4, 30},
    {0, 14, 8, OFP_FIELD_MPLS_TC, 1, 31}, {0, 15, 8, OFP_FIELD_MPLS_TTL, 1, 25},
};

static enum ofp_field_id port_field(enum ofp_field_id id)
{
    switch (id) { /* Ports are ports in 1.0. */
    case OFP_FIELD_UDP_SRC:
    case OFP_FIELD_SCTP_SRC: return OFP_FIELD_TCP_SRC;
    case OFP_FIELD_UDP_DST:
    case OFP_FIELD_SCTP_DST: return OFP_FIELD_TCP_DST;
    default: return id;
    }
}

/* Fields that later versions set by actions of their own, too. */
static bool is_ttl(enum ofp_field_id id)
{
    return id == OFP_FIELD_NW_TTL || id == OFP_FIELD_MPLS_TTL;
}

static bool is_mpls(enum ofp_field_id id)
{
    return id >= OFP_FIELD_MPLS_LABEL && id <= OFP_FIELD_MPLS_TTL;
}

static uint16_t type_in(const struct own *own, enum ofp_version version)
{
    bool always = is_ttl(own->field);

    return version == OFP10 ? own->type10 : version == OFP11 || always ? own->type11 : 0;
}

/* Nicira's set_tunnel, of 32 or 64 bits; later versions have set-field. */
static bool encode_set_tunnel(struct strbuf *s, const struct ofp_action_set_field *a)
{
    uint64_t id = wire_get64(ofp_set_value(a));
    size_t start = nx_action_begin(s, id > UINT32_MAX ? 9 : 2);

    wire_zeros(s, id > UINT32_MAX ? 6 : 2);
    if (id > UINT32_MAX) {
        wire_put64(s, id);
    } else {
        wire_put32(s, (uint32_t)id);
    }
    ofp_action_end(s, start);
    return true;
}

/* Where Nicira's actions on labels have the value. */
static unsigned int nx_value_at(const struct own *own)
{
    return own->n_bytes == 4 ? 12 : 10;
}

static void encode_nx_mpls(struct strbuf *s, const struct own *own, const uint8_t *value)
{
    size_t start = nx_action_begin(s, own->nx);

    wire_zeros(s, nx_value_at(own) - 10);
    strbuf_put(s, value, own->n_bytes);
    ofp_action_end(s, start);
}

bool ofp_encode_set_own(struct strbuf *s, enum ofp_version version,
                        const struct ofp_action_set_field *a, const struct ofp_field *f,
                        bool is_masked)
{
    size_t start = s->len;

    if (f->id == OFP_FIELD_TUN_ID) {
        return !is_masked && version < OFP12 && encode_set_tunnel(s, a);
    }
    if (is_masked ||
        ((is_ttl(f->id) || (version == OFP10 && is_mpls(f->id))) && a->form != OFP_SET_OWN)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(owns); i++) {
        const struct own *own = &owns[i];

        if (own->field == f->id && own->nx && version == OFP10) {
            encode_nx_mpls(s, own, ofp_set_value(a) + f->n_bytes - own->n_bytes);
            return true;
        }
        if (own->field != port_field(f->id) || !type_in(own, version)) {
            continue;
        }
        wire_put16(s, type_in(own, version));
        wire_put16(s, own->len);
        if (f->id == OFP_FIELD_NW_TOS) {
            wire_put8(s, (uint8_t)(ofp_set_value(a)[0] << 2));
        } else {
            strbuf_put(s, ofp_set_value(a) + f->n_bytes - own->n_bytes, own->n_bytes);
        }
        wire_zeros(s, own->len - (s->len - start));
        return true;
    }
    return false;
}

/* Of a label: has no bits that the field does not. */
static int put_mpls(const struct ofp_action_in *in, const struct own *own, const uint8_t *bytes,
                    struct ofp_actions *out)
{
    const struct ofp_field *f = ofp_field(own->field);
    uint8_t value[OFP_FIELD_MAX_BYTES] = {0};

    memcpy(value + f->n_bytes - own->n_bytes, bytes, own->n_bytes);
    if (wire_get32(value) >> f->n_bits) {
        return OFPERR_BAC_BAD_ARGUMENT;
    }
    if (ofp_action_check_prereq(in, f)) {
        return OFPERR_BAC_MATCH_INCONSISTENT;
    }
    return ofp_put_set(out, f, value, NULL, OFP_SET_OWN) ? 0 : OFPERR_BAC_TOO_MANY;
}

static int decode_nx_mpls(const struct ofp_action_in *in, struct ofp_actions *out)
{
    const struct own *own = owns;

    while (own->nx != wire_get16(in->p + 8)) {
        own++;
    }
    return put_mpls(in, own, in->p + nx_value_at(own), out);
}

static int decode_own(const struct ofp_action_in *in, struct ofp_actions *out)
{
    const struct own *own = &owns[0];
    const struct ofp_field *f;
    uint8_t value[OFP_FIELD_MAX_BYTES] = {0};

    for (size_t i = 0; i < ARRAY_SIZE(owns); i++) {
        if (type_in(&owns[i], in->version) == wire_get16(in->p)) {
            own = &owns[i];
        }
    }
    f = ofp_field(own->field);
    if (own->nx) {
        return put_mpls(in, own, in->p + 4, out);
    }
    memcpy(value + f->n_bytes - own->n_bytes, in->p + 4, own->n_bytes);
    if ((f->id == OFP_FIELD_VLAN_VID && value[0] & 0xf0) ||
        (f->id == OFP_FIELD_VLAN_PCP && value[1] & 0xf8) ||
        (f->id == OFP_FIELD_NW_TOS && value[0] & 3) ||
        (f->id == OFP_FIELD_NW_ECN && value[0] & 0xfc)) {
        return OFPERR_BAC_BAD_ARGUMENT;
    }
    if (f->id == OFP_FIELD_NW_TOS) {
        value[0] >>= 2;
    }
    if (f->id == OFP_FIELD_NW_TTL && ofp_action_check_prereq(in, f)) {
        return OFPERR_BAC_MATCH_INCONSISTENT;
    }
    if ((f->id == OFP_FIELD_VLAN_VID || f->id == OFP_FIELD_VLAN_PCP) && in->match) {
        in->match->flow.pkt.vlan[0].tci |= be16_make(FLOW_VLAN_PRESENT); /* It pushes a tag. */
        in->match->mask.pkt.vlan[0].tci |= be16_make(FLOW_VLAN_PRESENT);
    }
    return ofp_put_set(out, f, value, NULL, f->id == OFP_FIELD_NW_TTL ? OFP_SET_OWN : OFP_SET_FIELD)
               ? 0
               : OFPERR_BAC_TOO_MANY;
}

static int decode_set_tunnel(const struct ofp_action_in *in, struct ofp_actions *out)
{
    be64_t id = be64_make(in->len == 16 ? wire_get32(in->p + 12) : wire_get64(in->p + 16));
    uint8_t value[OFP_FIELD_MAX_BYTES] = {0};

    memcpy(value, &id, sizeof id);
    return ofp_put_set(out, ofp_field(OFP_FIELD_TUN_ID), value, NULL, OFP_SET_OWN)
               ? 0
               : OFPERR_BAC_TOO_MANY;
}

CONSTRUCTOR static void register_own(void)
{
    static struct ofp_action_form forms[4 * ARRAY_SIZE(owns)];
    static const struct ofp_action_form tunnel[] = {
        {OFP10, OFP15, 2, 16, decode_set_tunnel, OFP_VENDOR_NX},
        {OFP10, OFP15, 9, 24, decode_set_tunnel, OFP_VENDOR_NX},
    };
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_SIZE(owns); i++) {
        const struct own *own = &owns[i];

        if (own->type10) {
            forms[n++] = (struct ofp_action_form){OFP10, OFP10, own->type10, own->len, decode_own};
        }
        if (own->nx) {
            forms[n++] = (struct ofp_action_form){OFP10, OFP15,          own->nx,
                                                  16,    decode_nx_mpls, OFP_VENDOR_NX};
        }
        forms[n++] = (struct ofp_action_form){OFP11, is_ttl(own->field) ? OFP15 : OFP11,
                                              own->type11, own->len, decode_own};
    }
    ofp_action_forms_register(forms, n);
    ofp_action_forms_register(tunnel, ARRAY_SIZE(tunnel));
}

/* --- To text, as ovs-ofctl writes it, and from text. */

static const struct own_word {
    const char *name;
    enum ofp_field_id field;
    enum ofp_set_form form;
} own_words[] = {
    {"mod_vlan_vid", OFP_FIELD_VLAN_VID, OFP_SET_FIELD},
    {"set_vlan_vid", OFP_FIELD_VLAN_VID, OFP_SET_FIELD},
    {"mod_vlan_pcp", OFP_FIELD_VLAN_PCP, OFP_SET_FIELD},
    {"set_vlan_pcp", OFP_FIELD_VLAN_PCP, OFP_SET_FIELD},
    {"mod_dl_src", OFP_FIELD_ETH_SRC, OFP_SET_FIELD},
    {"mod_dl_dst", OFP_FIELD_ETH_DST, OFP_SET_FIELD},
    {"mod_nw_src", OFP_FIELD_NW_SRC, OFP_SET_FIELD},
    {"mod_nw_dst", OFP_FIELD_NW_DST, OFP_SET_FIELD},
    {"mod_nw_tos", OFP_FIELD_NW_TOS, OFP_SET_FIELD}, /* Written as it stands in the header. */
    {"mod_nw_ecn", OFP_FIELD_NW_ECN, OFP_SET_FIELD},
    {"mod_nw_ttl", OFP_FIELD_NW_TTL, OFP_SET_OWN},
    {"mod_tp_src", OFP_FIELD_TCP_SRC, OFP_SET_FIELD},
    {"mod_tp_dst", OFP_FIELD_TCP_DST, OFP_SET_FIELD},
    {"set_mpls_label", OFP_FIELD_MPLS_LABEL, OFP_SET_OWN},
    {"set_mpls_tc", OFP_FIELD_MPLS_TC, OFP_SET_OWN},
    {"set_mpls_ttl", OFP_FIELD_MPLS_TTL, OFP_SET_OWN},
    {"set_tunnel", OFP_FIELD_TUN_ID, OFP_SET_OWN},
    {"set_tunnel64", OFP_FIELD_TUN_ID, OFP_SET_OWN},
};

/* Nicira's set_tunnel, of 32 or 64 bits. */
static void format_set_tunnel(struct strbuf *s, const uint8_t *value)
{
    uint64_t id = wire_get64(value);

    strbuf_printf(s, id > UINT32_MAX ? "set_tunnel64:%#llx" : "set_tunnel:%#llx",
                  (unsigned long long)id);
}

void ofp_format_set_mpls(struct strbuf *s, const struct ofp_field *f, const uint8_t *value)
{
    strbuf_printf(s, "set_%s(%u)", f->name, wire_get32(value));
}

/* The field's name in set_field. */
static const char *set_name(const struct ofp_field *f)
{
    switch (f->id) {
    case OFP_FIELD_VLAN_VID: return "vlan_vid";
    case OFP_FIELD_VLAN_PCP: return "vlan_pcp";
    case OFP_FIELD_ETH_SRC:
    case OFP_FIELD_ETH_DST:
    case OFP_FIELD_NW_SRC:
    case OFP_FIELD_NW_DST: return f->name2;
    default: return f->name;
    }
}

void ofp_format_set_like(struct strbuf *s, const struct ofp_action_set_field *a,
                         const struct ofp_field *f, const uint8_t *value, const uint8_t *mask,
                         bool is_exact)
{
    bool old = ofp_actions_format_version() < OFP12;

    for (size_t i = 0; i < ARRAY_SIZE(own_words) && is_exact; i++) {
        const struct own_word *w = &own_words[i];

        if (w->field != port_field(f->id) || (w->form == OFP_SET_FIELD && !old) ||
            (w->form == OFP_SET_OWN && a->form != OFP_SET_OWN)) {
            continue;
        }
        if (f->id == OFP_FIELD_TUN_ID) {
            format_set_tunnel(s, value);
            return;
        }
        if (is_mpls(f->id)) {
            ofp_format_set_mpls(s, f, value);
            return;
        }
        strbuf_printf(s, "%s:", w->name);
        if (f->id == OFP_FIELD_NW_TOS) {
            strbuf_printf(s, "%u", value[0] << 2);
        } else {
            ofp_field_format(s, f, value, mask);
        }
        return;
    }
    strbuf_puts(s, "set_field:");
    if (f->id == OFP_FIELD_VLAN_VID && is_exact) {
        strbuf_printf(s, "%u", wire_get16(value) | FLOW_VLAN_PRESENT);
    } else {
        ofp_field_format(s, f, value, mask);
    }
    strbuf_printf(s, "->%s", set_name(f));
}

/* "mod_tp_src" writes the port of whichever protocol the rule matches. */
static enum ofp_field_id field_for(enum ofp_field_id id, const struct ofp_match *match)
{
    bool is_src = id == OFP_FIELD_TCP_SRC;

    if (match && (is_src || id == OFP_FIELD_TCP_DST)) {
        if (ofp_prereq_match(OFP_PREREQ_UDP, match)) {
            return is_src ? OFP_FIELD_UDP_SRC : OFP_FIELD_UDP_DST;
        }
        if (ofp_prereq_match(OFP_PREREQ_SCTP, match)) {
            return is_src ? OFP_FIELD_SCTP_SRC : OFP_FIELD_SCTP_DST;
        }
    }
    return id;
}

static int parse_own(const struct ofp_action_text *t, const char *name, char *arg,
                     struct ofp_actions *out, struct error *err)
{
    const struct own_word *w = own_words;
    uint8_t value[OFP_FIELD_MAX_BYTES] = {0}, mask[OFP_FIELD_MAX_BYTES];
    const struct ofp_field *f;
    uint64_t tos;

    while (strcmp(w->name, name)) {
        w++;
    }
    f = ofp_field(field_for(w->field, t->match));
    if (w->field == OFP_FIELD_NW_TOS) {
        if (!parse_u64(arg, 255, &tos) || tos & 3) {
            return error_set(err, EINVAL, "action '%s': '%s' is not a multiple of 4 within 0...252",
                             name, arg);
        }
        value[0] = (uint8_t)(tos >> 2);
    } else if (strchr(arg, '/') || !ofp_field_parse(f, arg, t->lookup, t->aux, value, mask)) {
        return error_set(err, EINVAL, "action '%s': '%s' is not a valid value for field '%s'", name,
                         arg, f->name);
    }
    return ofp_put_set(out, f, value, NULL, w->form) ? 0 : ofp_action_text_full(name, err);
}

CONSTRUCTOR static void register_own_words(void)
{
    static struct ofp_action_word words[ARRAY_SIZE(own_words)];

    for (size_t i = 0; i < ARRAY_SIZE(own_words); i++) {
        words[i] = (struct ofp_action_word){own_words[i].name, OFP_ARG_WANTED, parse_own};
    }
    ofp_action_words_register(words, ARRAY_SIZE(words));
}
