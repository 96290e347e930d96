/* The family that chooses by a hash of the packet: multipath (a number of a link, to a field),
 * bundle and bundle_load (a port that is up: to send to, or to a field). Text and wire forms;
 * execution is in xlate/action_hash.c. Control thread. */
#include "ofproto/codec/action_hash.h"

#include <errno.h>

#include "ofproto/codec/action_text.h"
#include "ofproto/match/tlv_map.h"

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
    oxm_encode_nx_header(s, ofp_field((enum ofp_field_id)dst->field), dst->ofs + dst->n_bits);
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

static uint64_t multipath_tlv_fields(const struct ofp_action *h)
{
    return ofp_tlv_bit(((const struct ofp_action_multipath *)h)->dst.field);
}

static uint64_t bundle_tlv_fields(const struct ofp_action *h)
{
    return ofp_tlv_bit(((const struct ofp_action_bundle *)h)->dst.field);
}

CONSTRUCTOR static void register_hash(void)
{
    static const struct ofp_action_codec codecs[] = {
        {OFP_ACTION_MULTIPATH, format_multipath, encode_multipath, OFP_PLACE_NONE,
         multipath_tlv_fields},
        {OFP_ACTION_BUNDLE, format_bundle, encode_bundle, OFP_PLACE_NONE, bundle_tlv_fields},
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

/* --- From text. */

static int find_name(const char *action, const char *what, const char *text,
                     const char *const *names, size_t n, uint16_t *ret, struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(text, names[i])) {
            *ret = (uint16_t)i;
            return 0;
        }
    }
    return error_set(err, EINVAL, "action '%s': '%s' is no %s it knows", action, text, what);
}

/* Cuts 'arg' at its commas into exactly 'n'. */
static int cut(const char *name, char **arg, char *parts[], size_t n, struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        parts[i] = ofp_action_text_next(arg);
        if (!parts[i]) {
            return error_set(err, EINVAL, "action '%s': it has %zu arguments and takes more", name,
                             i);
        }
    }
    return 0;
}

/* "multipath(FIELDS,BASIS,ALGORITHM,LINKS,ARG,DST)". */
static int parse_multipath(const struct ofp_action_text *t, const char *name, char *arg,
                           struct ofp_actions *out, struct error *err)
{
    static const char *const algorithms[] = {"modulo_n", "hash_threshold", "hrw", "iter_hash"};
    uint64_t basis = 0, links = 0, parameter = 0;
    struct ofp_action_multipath *a;
    uint16_t fields = 0, algorithm = 0;
    struct ofp_subfield dst;
    char *p[6];
    int rc = cut(name, &arg, p, ARRAY_SIZE(p), err);

    (void)t;
    rc = rc ? rc : find_name(name, "fields", p[0], field_names, OFP_N_HASH_FIELDS, &fields, err);
    rc = rc ? rc : ofp_action_text_number(name, "basis", p[1], UINT16_MAX, &basis, err);
    rc = rc ? rc
            : find_name(name, "algorithm", p[2], algorithms, ARRAY_SIZE(algorithms), &algorithm,
                        err);
    rc = rc ? rc : ofp_action_text_number(name, "links", p[3], 1u << 16, &links, err);
    rc = rc ? rc : ofp_action_text_number(name, "argument", p[4], UINT32_MAX, &parameter, err);
    rc = rc ? rc : ofp_action_text_subfield(name, p[5], true, &dst, err);
    if (rc) {
        return rc;
    }
    if (!links || (dst.n_bits < 16 && (links - 1) >> dst.n_bits)) {
        return error_set(err, EINVAL, "action '%s': '%s' does not hold the numbers of %s links",
                         name, p[5], p[3]);
    }
    a = ofp_actions_put(out, OFP_ACTION_MULTIPATH, sizeof *a);
    if (!a) {
        return ofp_action_text_full(name, err);
    }
    a->fields = fields;
    a->basis = (uint16_t)basis;
    a->algorithm = algorithm;
    a->max_link = (uint16_t)(links - 1);
    a->arg = (uint32_t)parameter;
    a->dst = dst;
    return 0;
}

/* The ports behind "members:". */
static int parse_members(const struct ofp_action_text *t, const char *name, char *text,
                         uint16_t *ports, size_t max, size_t *ret_n, struct error *err)
{
    size_t n = 0;
    char *word;

    while ((word = ofp_action_text_next(&text))) {
        uint32_t port;
        int rc = ofp_action_text_port(t, name, word, &port, err);

        if (rc) {
            return rc;
        }
        if (n == max) {
            return error_set(err, E2BIG, "action '%s': more than %zu ports", name, max);
        }
        ports[n++] = (uint16_t)port;
    }
    *ret_n = n;
    return n ? 0 : error_set(err, EINVAL, "action '%s': it names no port", name);
}

/* "bundle(FIELDS,BASIS,ALGORITHM,ofport,members:PORT,...)"; bundle_load has DST before members. */
static int parse_bundle(const struct ofp_action_text *t, const char *name, char *arg,
                        struct ofp_actions *out, struct error *err)
{
    static const char *const algorithms[] = {"active_backup", "hrw"};
    bool is_load = !strcmp(name, "bundle_load");
    struct ofp_subfield dst = {0};
    struct ofp_action_bundle *a;
    uint16_t fields = 0, algorithm = 0, ports[256];
    uint64_t basis = 0;
    size_t n;
    char *p[5];
    int rc = cut(name, &arg, p, is_load ? 5 : 4, err);

    rc = rc ? rc : find_name(name, "fields", p[0], field_names, OFP_N_HASH_FIELDS, &fields, err);
    rc = rc ? rc : ofp_action_text_number(name, "basis", p[1], UINT16_MAX, &basis, err);
    rc = rc ? rc
            : find_name(name, "algorithm", p[2], algorithms, ARRAY_SIZE(algorithms), &algorithm,
                        err);
    if (!rc && strcmp(p[3], "ofport")) {
        rc = error_set(err, EINVAL, "action '%s': '%s': members are of type 'ofport'", name, p[3]);
    }
    if (!rc && is_load) {
        rc = ofp_action_text_subfield(name, p[4], true, &dst, err);
    }
    arg = rc ? arg : arg + strspn(arg, " ");
    if (!rc && strncmp(arg, "members:", 8) && strncmp(arg, "slaves:", 7)) {
        rc = error_set(err, EINVAL, "action '%s': '%s': 'members:' is missing", name, arg);
    }
    rc = rc ? rc : parse_members(t, name, strchr(arg, ':') + 1, ports, ARRAY_SIZE(ports), &n, err);
    if (rc) {
        return rc;
    }
    a = ofp_actions_put(out, OFP_ACTION_BUNDLE, sizeof *a + n * sizeof a->port[0]);
    if (!a) {
        return ofp_action_text_full(name, err);
    }
    a->algorithm = algorithm;
    a->fields = fields;
    a->basis = (uint16_t)basis;
    a->dst = dst;
    a->n = (uint16_t)n;
    memcpy(a->port, ports, n * sizeof ports[0]);
    return 0;
}

CONSTRUCTOR static void register_hash_words(void)
{
    static const struct ofp_action_word words[] = {
        {"multipath", OFP_ARG_WANTED, parse_multipath},
        {"bundle", OFP_ARG_WANTED, parse_bundle},
        {"bundle_load", OFP_ARG_WANTED, parse_bundle},
    };

    ofp_action_words_register(words, ARRAY_SIZE(words));
}
