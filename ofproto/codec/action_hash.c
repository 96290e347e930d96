/* The family that chooses by a hash of the packet: multipath (a number of a link, to a field),
 * bundle and bundle_load (a port that is up: to send to, or to a field). Text and wire forms;
 * execution is in xlate/action_hash.c. Control thread. */
#include "ofproto/codec/action_hash.h"

#define MULTIPATH_LEN 32
#define BUNDLE_LEN 32 /* Before the ports. */
#define NXM_IN_PORT 0x00000002u

static const char *const field_names[OFP_N_HASH_FIELDS] = {
    "eth_src", "symmetric_l4", "symmetric_l3l4", "symmetric_l3l4+udp",
    "nw_src",  "nw_dst",       "symmetric_l3"};

/* --- Multipath. */

static void format_multipath(struct strbuf *s, const struct ofp_action *h)
{
    static const char *const algorithms[] = {"modulo_n", "hash_threshold", "hrw", "iter_hash"};
    const struct ofp_action_multipath *a = (const struct ofp_action_multipath *)h;

    strbuf_printf(s, "multipath(%s,%u,%s,%u,%u,", field_names[a->fields], a->basis,
                  algorithms[a->algorithm], a->max_link + 1u, a->arg);
    ofp_subfield_format(s, &a->dst);
    strbuf_putc(s, ')');
}

static void put_dst(struct strbuf *s, const struct ofp_subfield *dst)
{
    wire_put16(s, (uint16_t)(dst->ofs << 6 | (dst->n_bits - 1)));
    oxm_encode_header(s, OFP10, ofp_field((enum ofp_field_id)dst->field), false);
}

static void encode_multipath(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    const struct ofp_action_multipath *a = (const struct ofp_action_multipath *)h;
    size_t start = nx_action_begin(s, 10);

    (void)version;
    wire_put16(s, a->fields);
    wire_put16(s, a->basis);
    wire_zeros(s, 2);
    wire_put16(s, a->algorithm);
    wire_put16(s, a->max_link);
    wire_put32(s, a->arg);
    wire_zeros(s, 2);
    put_dst(s, &a->dst);
    ofp_action_end(s, start);
}

static int decode_dst(const struct ofp_action_in *in, const uint8_t *p, struct ofp_subfield *ret)
{
    unsigned int bits = wire_get16(p);
    size_t n;

    return ofp_subfield_decode(in, p + 2, 4, bits >> 6, (bits & 63) + 1, true, ret, &n);
}

static int decode_multipath(const struct ofp_action_in *in, struct ofp_actions *out)
{
    struct ofp_action_multipath *a;
    struct ofp_subfield dst;
    int rc = decode_dst(in, in->p + 26, &dst);

    if (rc) {
        return rc;
    }
    a = ofp_actions_put(out, OFP_ACTION_MULTIPATH, sizeof *a);
    if (!a) {
        return OFPERR_BAC_TOO_MANY;
    }
    a->fields = wire_get16(in->p + 10);
    a->basis = wire_get16(in->p + 12);
    a->algorithm = wire_get16(in->p + 16);
    a->max_link = wire_get16(in->p + 18);
    a->arg = wire_get32(in->p + 20);
    a->dst = dst;
    if (a->fields >= OFP_N_HASH_FIELDS || a->algorithm > OFP_MULTIPATH_ITER_HASH ||
        (dst.n_bits < 16 && a->max_link >> dst.n_bits)) { /* The field must hold every link. */
        return OFPERR_BAC_BAD_ARGUMENT;
    }
    return 0;
}

/* --- Bundle. */

static void format_bundle(struct strbuf *s, const struct ofp_action *h)
{
    const struct ofp_action_bundle *a = (const struct ofp_action_bundle *)h;

    strbuf_printf(s, "%s(%s,%u,%s,ofport,", a->dst.n_bits ? "bundle_load" : "bundle",
                  field_names[a->fields], a->basis,
                  a->algorithm == OFP_BUNDLE_HRW ? "hrw" : "active_backup");
    if (a->dst.n_bits) {
        ofp_subfield_format(s, &a->dst);
        strbuf_putc(s, ',');
    }
    strbuf_puts(s, "members:");
    for (unsigned int i = 0; i < a->n; i++) {
        strbuf_puts(s, i ? "," : "");
        ofp_port_format(s, a->port[i]);
    }
    strbuf_putc(s, ')');
}

static void encode_bundle(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    const struct ofp_action_bundle *a = (const struct ofp_action_bundle *)h;
    size_t start = nx_action_begin(s, a->dst.n_bits ? 13 : 12);

    (void)version;
    wire_put16(s, a->algorithm);
    wire_put16(s, a->fields);
    wire_put16(s, a->basis);
    wire_put32(s, NXM_IN_PORT);
    wire_put16(s, a->n);
    if (a->dst.n_bits) {
        put_dst(s, &a->dst);
    } else {
        wire_zeros(s, 6);
    }
    wire_zeros(s, 4);
    for (unsigned int i = 0; i < a->n; i++) {
        wire_put16(s, a->port[i]);
    }
    ofp_action_end(s, start);
}

static int put_bundle(const struct ofp_action_in *in, const struct ofp_subfield *dst,
                      struct ofp_actions *out)
{
    unsigned int n = wire_get16(in->p + 20);
    struct ofp_action_bundle *a;

    if (in->len != ROUND_UP(BUNDLE_LEN + 2 * (size_t)n, 8)) {
        return OFPERR_BAC_BAD_LEN;
    }
    if (wire_get16(in->p + 10) > OFP_BUNDLE_HRW || wire_get16(in->p + 12) >= OFP_N_HASH_FIELDS ||
        wire_get32(in->p + 16) != NXM_IN_PORT || !n) {
        return OFPERR_BAC_BAD_ARGUMENT;
    }
    a = ofp_actions_put(out, OFP_ACTION_BUNDLE, sizeof *a + n * sizeof a->port[0]);
    if (!a) {
        return OFPERR_BAC_TOO_MANY;
    }
    a->algorithm = wire_get16(in->p + 10);
    a->fields = wire_get16(in->p + 12);
    a->basis = wire_get16(in->p + 14);
    a->dst = *dst;
    a->n = (uint16_t)n;
    for (unsigned int i = 0; i < n; i++) {
        a->port[i] = wire_get16(in->p + BUNDLE_LEN + 2 * i);
        if (!a->port[i] || (a->port[i] >= OFP_PORT_MAX && a->port[i] != OFP_PORT_LOCAL &&
                            a->port[i] != OFP_PORT_NONE)) {
            return OFPERR_BAC_BAD_OUT_PORT;
        }
    }
    return 0;
}

static int decode_bundle(const struct ofp_action_in *in, struct ofp_actions *out)
{
    static const struct ofp_subfield none;

    if (in->len < BUNDLE_LEN) {
        return OFPERR_BAC_BAD_LEN;
    }
    if (wire_get16(in->p + 22) || wire_get32(in->p + 24)) {
        return OFPERR_BAC_BAD_ARGUMENT;
    }
    return put_bundle(in, &none, out);
}

static int decode_bundle_load(const struct ofp_action_in *in, struct ofp_actions *out)
{
    struct ofp_subfield dst;
    int rc = in->len < BUNDLE_LEN ? OFPERR_BAC_BAD_LEN : decode_dst(in, in->p + 22, &dst);

    if (!rc && dst.n_bits < 16) {
        rc = OFPERR_BAC_BAD_ARGUMENT; /* It must hold a port's number. */
    }
    return rc ? rc : put_bundle(in, &dst, out);
}

CONSTRUCTOR static void register_hash(void)
{
    static const struct ofp_action_codec codecs[] = {
        {OFP_ACTION_MULTIPATH, format_multipath, encode_multipath},
        {OFP_ACTION_BUNDLE, format_bundle, encode_bundle},
    };
    static const struct ofp_action_form forms[] = {
        {OFP10, OFP15, 10, MULTIPATH_LEN, decode_multipath, OFP_VENDOR_NX},
        {OFP10, OFP15, 12, 0, decode_bundle, OFP_VENDOR_NX},
        {OFP10, OFP15, 13, 0, decode_bundle_load, OFP_VENDOR_NX},
    };

    for (size_t i = 0; i < ARRAY_SIZE(codecs); i++) {
        ofp_action_codec_register(&codecs[i]);
    }
    ofp_action_forms_register(forms, ARRAY_SIZE(forms));
}
