/* Nicira's controller action in its two wire forms, NXAST_CONTROLLER and, with properties,
 * NXAST_CONTROLLER2; and as text. Execution is in xlate/action_controller.c. Control thread. */
#include "ofproto/codec/action_controller.h"

#include <errno.h>
#include <stdlib.h>

#include "ofproto/codec/action_text.h"
#include "ofproto/codec/packet_in.h"
#include "ofproto/codec/property.h"

#define NXAST_CONTROLLER 20
#define NXAST_CONTROLLER2 37
#define CONTROLLER2_LEN 16 /* Before the properties. */

enum { PROP_MAX_LEN, PROP_CONTROLLER_ID, PROP_REASON, PROP_USERDATA, PROP_PAUSE, PROP_METER };

static const struct ofp_action_controller plain = {.max_len = UINT16_MAX, .reason = OFPR_ACTION};

/* It is like an output. */
static bool is_plain(const struct ofp_action_controller *a)
{
    return a->reason == OFPR_ACTION && !a->controller_id && !a->userdata_len && !a->pause &&
           !a->meter_id;
}

/* --- Text. */

static void format_controller(struct strbuf *s, const struct ofp_action *h)
{
    const struct ofp_action_controller *a = (const struct ofp_action_controller *)h;
    const char *comma = "";

    if (is_plain(a)) {
        strbuf_printf(s, "CONTROLLER:%u", a->max_len);
        return;
    }
    strbuf_puts(s, "controller(");
    if (a->reason != OFPR_ACTION) {
        strbuf_puts(s, "reason=");
        ofp_packet_in_reason_format(s, a->reason);
        comma = ",";
    }
    if (a->max_len != UINT16_MAX) {
        strbuf_printf(s, "%smax_len=%u", comma, a->max_len);
        comma = ",";
    }
    if (a->controller_id) {
        strbuf_printf(s, "%sid=%u", comma, a->controller_id);
        comma = ",";
    }
    for (unsigned int i = 0; i < a->userdata_len; i++) {
        strbuf_puts(s, i ? "." : comma);
        strbuf_printf(s, i ? "%02x" : "userdata=%02x", a->userdata[i]);
    }
    if (a->userdata_len) {
        comma = ",";
    }
    if (a->pause) {
        strbuf_printf(s, "%spause", comma);
        comma = ",";
    }
    if (a->meter_id) {
        strbuf_printf(s, "%smeter_id=%u", comma, a->meter_id);
    }
    strbuf_putc(s, ')');
}

static int parse_option(const char *name, char *word, struct ofp_action_controller *a,
                        uint8_t **userdata, struct error *err)
{
    char *value = strchr(word, '=');
    uint64_t n = 0;
    size_t len;
    int rc;

    if (!strcmp(word, "pause")) {
        a->pause = 1;
        return 0;
    }
    if (value) {
        *value++ = '\0';
    }
    if (value && !strcmp(word, "max_len")) {
        rc = ofp_action_text_number(name, "length in bytes", value, UINT16_MAX, &n, err);
        a->max_len = (uint16_t)n;
    } else if (value && !strcmp(word, "id")) {
        rc = ofp_action_text_number(name, "controller's id", value, UINT16_MAX, &n, err);
        a->controller_id = (uint16_t)n;
    } else if (value && !strcmp(word, "meter_id")) {
        rc = ofp_action_text_number(name, "meter", value, UINT32_MAX, &n, err);
        a->meter_id = (uint32_t)n;
    } else if (value && !strcmp(word, "reason")) {
        rc = ofp_packet_in_reason_parse(value, &a->reason)
                 ? 0
                 : error_set(err, EINVAL, "action '%s': '%s' is no reason of a packet-in", name,
                             value);
    } else if (value && !strcmp(word, "userdata")) {
        free(*userdata);
        *userdata = NULL;
        rc = ofp_action_text_bytes(name, value, userdata, &len, err);
        if (!rc && len > OFP_ACTIONS_MAX_LEN) {
            rc = ofp_action_text_full(name, err);
        } else if (!rc) {
            a->userdata_len = (uint16_t)len;
        }
    } else {
        rc = error_set(
            err, EINVAL,
            "action '%s': '%s' is none of max_len=, id=, reason=, userdata=, pause, meter_id=",
            name, word);
    }
    return rc;
}

static int put(struct ofp_actions *out, const struct ofp_action_controller *a,
               const uint8_t *userdata)
{
    struct ofp_action_controller *copy = ofp_actions_put(out, OFP_ACTION_CONTROLLER,
                                                         sizeof *a + a->userdata_len);

    if (!copy) {
        return -E2BIG;
    }
    copy->max_len = a->max_len;
    copy->controller_id = a->controller_id;
    copy->reason = a->reason;
    copy->pause = a->pause;
    copy->meter_id = a->meter_id;
    copy->userdata_len = a->userdata_len;
    if (a->userdata_len) {
        memcpy(copy->userdata, userdata, a->userdata_len);
    }
    return 0;
}

/* "controller", "controller:MAX_LEN" or "controller(OPTION,...)"; what has nothing but a length is
 * an output. */
static int parse_controller(const struct ofp_action_text *t UNUSED, const char *name, char *arg,
                            struct ofp_actions *out, struct error *err)
{
    struct ofp_action_controller a = plain;
    uint8_t *userdata = NULL;
    uint64_t max_len;
    int rc = 0;

    if (*arg && strcmp(arg, "pause") && !strpbrk(arg, "=,")) {
        rc = ofp_action_text_number(name, "length in bytes", arg, UINT16_MAX, &max_len, err);
        a.max_len = rc ? 0 : (uint16_t)max_len;
    } else {
        char *word;

        while (!rc && (word = ofp_action_text_next(&arg))) {
            rc = parse_option(name, word, &a, &userdata, err);
        }
    }
    if (rc) {
        free(userdata);
        return rc;
    }
    if (is_plain(&a)) {
        if (out->len + sizeof(struct ofp_action_output) > OFP_ACTIONS_MAX_LEN) {
            rc = ofp_action_text_full(name, err);
        } else {
            ofp_actions_put_controller(out, a.max_len);
        }
    } else if (put(out, &a, userdata)) {
        rc = ofp_action_text_full(name, err);
    }
    free(userdata);
    return rc;
}

/* --- Wire. */

/* Two bytes of padding count. */
static void put_property16(struct strbuf *s, uint16_t type, uint16_t value)
{
    be16_t v[2] = {be16_make(value), 0};

    ofp_property_put(s, type, v, sizeof v);
}

static void encode_controller(struct strbuf *s, enum ofp_version version,
                              const struct ofp_action *h)
{
    const struct ofp_action_controller *a = (const struct ofp_action_controller *)h;
    bool has_properties = a->userdata_len || a->pause || a->meter_id;
    size_t start = nx_action_begin(s, has_properties ? NXAST_CONTROLLER2 : NXAST_CONTROLLER);

    (void)version;
    if (!has_properties) {
        wire_put16(s, a->max_len);
        wire_put16(s, a->controller_id);
        wire_put8(s, a->reason);
        wire_zeros(s, 1);
        ofp_action_end(s, start);
        return;
    }
    wire_zeros(s, 6);
    if (a->max_len != UINT16_MAX) {
        put_property16(s, PROP_MAX_LEN, a->max_len);
    }
    if (a->controller_id) {
        put_property16(s, PROP_CONTROLLER_ID, a->controller_id);
    }
    if (a->reason != OFPR_ACTION) {
        ofp_property_put(s, PROP_REASON, &a->reason, 1);
    }
    if (a->userdata_len) {
        ofp_property_put(s, PROP_USERDATA, a->userdata, a->userdata_len);
    }
    if (a->pause) {
        ofp_property_put(s, PROP_PAUSE, NULL, 0);
    }
    if (a->meter_id) {
        be32_t meter_id = be32_make(a->meter_id);

        ofp_property_put(s, PROP_METER, &meter_id, sizeof meter_id);
    }
    ofp_action_end(s, start);
}

static int decode_controller(const struct ofp_action_in *in, struct ofp_actions *out)
{
    struct ofp_action_controller a = plain;

    a.max_len = wire_get16(in->p + 10);
    a.controller_id = wire_get16(in->p + 12);
    a.reason = in->p[14];
    if (a.reason >= OFPR_N) {
        return OFPERR_BAC_BAD_ARGUMENT;
    }
    return put(out, &a, NULL) ? OFPERR_BAC_TOO_MANY : 0;
}

static int decode_property(const struct ofp_property *property, struct ofp_action_controller *a,
                           const uint8_t **userdata)
{
    static const uint8_t lens[] = {8, 8, 5, 0, 4, 8};
    const uint8_t *p = property->p + 4;

    if (property->type > PROP_METER) {
        return OFPERR_BPC_BAD_TYPE;
    }
    if (lens[property->type] && property->len != lens[property->type]) {
        return OFPERR_BPC_BAD_LEN;
    }
    switch (property->type) {
    case PROP_MAX_LEN: a->max_len = wire_get16(p); break;
    case PROP_CONTROLLER_ID: a->controller_id = wire_get16(p); break;
    case PROP_REASON: a->reason = *p; break;
    case PROP_PAUSE: a->pause = 1; break;
    case PROP_METER: a->meter_id = wire_get32(p); break;
    default: *userdata = p; a->userdata_len = (uint16_t)(property->len - 4);
    }
    return a->reason < OFPR_N ? 0 : OFPERR_BAC_BAD_ARGUMENT;
}

static int decode_controller2(const struct ofp_action_in *in, struct ofp_actions *out)
{
    const uint8_t *p = in->p + CONTROLLER2_LEN, *userdata = NULL;
    struct ofp_action_controller a = plain;
    size_t left = in->len - CONTROLLER2_LEN;

    if (wire_get16(in->p + 10) || wire_get32(in->p + 12)) {
        return OFPERR_NXBRC_MUST_BE_ZERO;
    }
    while (left) {
        struct ofp_property property;
        int rc = ofp_property_take(&p, &left, &property);

        rc = rc ? rc : decode_property(&property, &a, &userdata);
        if (rc) {
            return rc;
        }
    }
    return put(out, &a, userdata) ? OFPERR_BAC_TOO_MANY : 0;
}

CONSTRUCTOR static void register_controller(void)
{
    static const struct ofp_action_codec codec = {OFP_ACTION_CONTROLLER, format_controller,
                                                  encode_controller};
    static const struct ofp_action_form forms[] = {
        {OFP10, OFP15, NXAST_CONTROLLER, 16, decode_controller, OFP_VENDOR_NX},
        {OFP10, OFP15, NXAST_CONTROLLER2, 0, decode_controller2, OFP_VENDOR_NX},
    };
    static const struct ofp_action_word word = {"controller", OFP_ARG_OPTIONAL, parse_controller};

    ofp_action_codec_register(&codec);
    ofp_action_forms_register(forms, ARRAY_SIZE(forms));
    ofp_action_words_register(&word, 1);
}
