/* Sample: tells collectors of IPFIX about a share of the packets. Text and wire forms; there are no
 * collectors, so execution (xlate/action_sample.c) does what Open vSwitch does without one:
 * nothing. Control thread. */
#include "ofproto/codec/action.h"

#include <errno.h>

#include "ofproto/codec/action_text.h"

#define NXAST_SAMPLE 29
#define NXAST_SAMPLE2 38 /* And the port. */
#define NXAST_SAMPLE3 41 /* And the direction. */
#define SAMPLE_LEN 24
#define SAMPLE3_LEN 32

static const char *const directions[] = {"", "ingress", "egress"};

static void format_sample(struct strbuf *s, const struct ofp_action *h)
{
    const struct ofp_action_sample *a = (const struct ofp_action_sample *)h;

    strbuf_printf(s, "sample(probability=%u,collector_set_id=%u,obs_domain_id=%u,obs_point_id=%u",
                  a->probability, a->collector_set_id, a->obs_domain_id, a->obs_point_id);
    if (a->sampling_port != OFP_PORT_NONE) {
        strbuf_puts(s, ",sampling_port=");
        ofp_port_format(s, a->sampling_port);
    }
    if (a->direction) {
        strbuf_printf(s, ",%s", directions[a->direction]);
    }
    strbuf_putc(s, ')');
}

static void encode_sample(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    const struct ofp_action_sample *a = (const struct ofp_action_sample *)h;
    uint16_t subtype = a->direction                        ? NXAST_SAMPLE3
                       : a->sampling_port != OFP_PORT_NONE ? NXAST_SAMPLE2
                                                           : NXAST_SAMPLE;
    size_t start = nx_action_begin(s, subtype);

    (void)version;
    wire_put16(s, a->probability);
    wire_put32(s, a->collector_set_id);
    wire_put32(s, a->obs_domain_id);
    wire_put32(s, a->obs_point_id);
    if (subtype != NXAST_SAMPLE) {
        wire_put16(s, a->sampling_port);
        wire_put8(s, a->direction);
        wire_zeros(s, 5);
    }
    ofp_action_end(s, start);
}

static bool is_zero(const uint8_t *p, size_t n)
{
    uint8_t any = 0;

    while (n) {
        any |= p[--n];
    }
    return !any;
}

static int decode_sample(const struct ofp_action_in *in, struct ofp_actions *out)
{
    bool has_port = in->len == SAMPLE3_LEN, has_direction = wire_get16(in->p + 8) == NXAST_SAMPLE3;
    const uint8_t *p = in->p;
    struct ofp_action_sample *a;

    if (!wire_get16(p + 10) || (has_direction && p[26] >= ARRAY_SIZE(directions))) {
        return OFPERR_BAC_BAD_ARGUMENT;
    }
    if (has_port && !is_zero(p + 26 + has_direction, 6u - has_direction)) {
        return OFPERR_NXBRC_MUST_BE_ZERO;
    }
    a = ofp_actions_put(out, OFP_ACTION_SAMPLE, sizeof *a);
    if (!a) {
        return OFPERR_BAC_TOO_MANY;
    }
    a->probability = wire_get16(p + 10);
    a->collector_set_id = wire_get32(p + 12);
    a->obs_domain_id = wire_get32(p + 16);
    a->obs_point_id = wire_get32(p + 20);
    a->sampling_port = has_port ? wire_get16(p + 24) : OFP_PORT_NONE;
    a->direction = has_direction ? p[26] : 0;
    return 0;
}

CONSTRUCTOR static void register_sample(void)
{
    static const struct ofp_action_codec codec = {OFP_ACTION_SAMPLE, format_sample, encode_sample};
    static const struct ofp_action_form forms[] = {
        {OFP10, OFP15, NXAST_SAMPLE, SAMPLE_LEN, decode_sample, OFP_VENDOR_NX},
        {OFP10, OFP15, NXAST_SAMPLE2, SAMPLE3_LEN, decode_sample, OFP_VENDOR_NX},
        {OFP10, OFP15, NXAST_SAMPLE3, SAMPLE3_LEN, decode_sample, OFP_VENDOR_NX},
    };

    ofp_action_codec_register(&codec);
    ofp_action_forms_register(forms, ARRAY_SIZE(forms));
}

/* --- From text. */

static int parse_option(const struct ofp_action_text *t, const char *name, char *word,
                        struct ofp_action_sample *a, struct error *err)
{
    char *value = strchr(word, '=');
    uint64_t n = 0;
    uint32_t port;
    int rc;

    if (!strcmp(word, "ingress") || !strcmp(word, "egress")) {
        a->direction = *word == 'i' ? 1 : 2;
        return 0;
    }
    if (!value) {
        return error_set(err, EINVAL, "action '%s': '%s' has no value", name, word);
    }
    *value++ = '\0';
    if (!strcmp(word, "sampling_port")) {
        rc = ofp_action_text_port(t, name, value, &port, err);
        a->sampling_port = rc ? 0 : (uint16_t)port;
        return rc;
    }
    rc = ofp_action_text_number(name, word, value,
                                !strcmp(word, "probability") ? UINT16_MAX : UINT32_MAX, &n, err);
    if (rc) {
        return rc;
    }
    if (!strcmp(word, "probability")) {
        a->probability = (uint16_t)n;
    } else if (!strcmp(word, "collector_set_id")) {
        a->collector_set_id = (uint32_t)n;
    } else if (!strcmp(word, "obs_domain_id")) {
        a->obs_domain_id = (uint32_t)n;
    } else if (!strcmp(word, "obs_point_id")) {
        a->obs_point_id = (uint32_t)n;
    } else {
        return error_set(err, EINVAL,
                         "action '%s': '%s' is none of probability=, collector_set_id=, "
                         "obs_domain_id=, obs_point_id=, sampling_port=, ingress, egress",
                         name, word);
    }
    return 0;
}

static int parse_sample(const struct ofp_action_text *t, const char *name, char *arg,
                        struct ofp_actions *out, struct error *err)
{
    struct ofp_action_sample sample = {.sampling_port = OFP_PORT_NONE}, *a;
    char *word;

    while ((word = ofp_action_text_next(&arg))) {
        int rc = parse_option(t, name, word, &sample, err);

        if (rc) {
            return rc;
        }
    }
    if (!sample.probability) {
        return error_set(err, EINVAL, "action '%s': probability= is wanted, within 1...65535",
                         name);
    }
    a = ofp_actions_put(out, OFP_ACTION_SAMPLE, sizeof *a);
    if (!a) {
        return ofp_action_text_full(name, err);
    }
    sample.h = a->h;
    *a = sample;
    return 0;
}

CONSTRUCTOR static void register_sample_words(void)
{
    static const struct ofp_action_word word = {"sample", OFP_ARG_WANTED, parse_sample};

    ofp_action_words_register(&word, 1);
}
