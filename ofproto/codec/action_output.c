/* The output family: OUTPUT to a port, to a reserved port, NORMAL. Text form; execution is in
 * xlate/action_output.c. Control thread. */
#include "ofproto/codec/action_queue.h"
#include "ofproto/codec/action_text.h"
#include "ofproto/codec/action_trunc.h"
#include "ofproto/codec/match_wire.h"
#include "ofproto/match/text.h"

void ofp_actions_put_output(struct ofp_actions *actions, uint32_t port)
{
    struct ofp_action_output *a = ofp_actions_put(actions, OFP_ACTION_OUTPUT,
                                                  sizeof(struct ofp_action_output));

    if (a) {
        a->port = (uint16_t)port;
    }
}

void ofp_actions_put_controller(struct ofp_actions *actions, uint16_t max_len)
{
    struct ofp_action_output *a = ofp_actions_put(actions, OFP_ACTION_OUTPUT, sizeof *a);

    if (a) {
        a->port = OFP_PORT_CONTROLLER;
        a->max_len = max_len;
    }
}

bool ofp_actions_output_to(const void *data, size_t len, uint32_t port)
{
    for (const struct ofp_action *a = ofp_actions_first(data, len); a;
         a = ofp_actions_next(data, len, a)) {
        const struct ofp_action_nested *w = (const struct ofp_action_nested *)a;

        if ((a->type == OFP_ACTION_CONTROLLER && port == OFP_PORT_CONTROLLER) ||
            (a->type == OFP_ACTION_OUTPUT && ((const struct ofp_action_output *)a)->port == port) ||
            (a->type == OFP_ACTION_ENQUEUE &&
             ((const struct ofp_action_enqueue *)a)->port == port) ||
            ((a->type == OFP_ACTION_WRITE_ACTIONS || a->type == OFP_ACTION_CLONE) &&
             ofp_actions_output_to(w->data, w->len, port))) {
            return true;
        }
    }
    return false;
}

static const char *reserved_port_name(uint32_t port)
{
    switch (port) {
    case OFP_PORT_IN_PORT: return "IN_PORT";
    case OFP_PORT_TABLE: return "TABLE";
    case OFP_PORT_NORMAL: return "NORMAL";
    case OFP_PORT_FLOOD: return "FLOOD";
    case OFP_PORT_ALL: return "ALL";
    case OFP_PORT_CONTROLLER: return "CONTROLLER";
    case OFP_PORT_LOCAL: return "LOCAL";
    case OFP_PORT_NONE: return "NONE";
    default: return NULL;
    }
}

void ofp_port_format(struct strbuf *s, uint32_t port)
{
    const char *name = reserved_port_name(port);

    if (name) {
        strbuf_puts(s, name);
    } else if (!ofp_port_format_name(s, port)) {
        strbuf_printf(s, "%u", port);
    }
}

static void format_output(struct strbuf *s, const struct ofp_action *h)
{
    const struct ofp_action_output *a = (const struct ofp_action_output *)h;

    if (a->port == OFP_PORT_CONTROLLER) {
        strbuf_printf(s, "CONTROLLER:%u", a->max_len);
    } else if (reserved_port_name(a->port)) {
        ofp_port_format(s, a->port);
    } else {
        strbuf_puts(s, "output:");
        ofp_port_format(s, a->port);
    }
}

static void encode_output(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    const struct ofp_action_output *a = (const struct ofp_action_output *)h;

    wire_put16(s, 0);
    if (version == OFP10) {
        wire_put16(s, 8);
        wire_put16(s, a->port);
        wire_put16(s, a->max_len);
    } else {
        wire_put16(s, 16);
        wire_put32(s, ofp_port_to32(a->port));
        wire_put16(s, a->max_len);
        wire_zeros(s, 6);
    }
}

/* The ports that can be sent to now. */
static int put_checked(struct ofp_actions *out, uint32_t port, uint16_t max_len)
{
    bool ok = port < OFP_PORT_MAX || port == OFP_PORT_IN_PORT || port == OFP_PORT_NORMAL ||
              port == OFP_PORT_FLOOD || port == OFP_PORT_ALL ||
              port == OFP_PORT_TABLE || /* Of packet-outs alone; flow mods are asked again. */
              port == OFP_PORT_LOCAL;

    if (out->len + 16 > OFP_ACTIONS_MAX_LEN) {
        return OFPERR_BAC_TOO_MANY;
    }
    if (port == OFP_PORT_CONTROLLER) {
        ofp_actions_put_controller(out, max_len);
        return 0;
    }
    if (!ok) {
        return OFPERR_BAC_BAD_OUT_PORT;
    }
    ofp_actions_put_output(out, port);
    return 0;
}

static int decode_output10(const struct ofp_action_in *in, struct ofp_actions *out)
{
    return put_checked(out, wire_get16(in->p + 4), wire_get16(in->p + 6));
}

static int decode_output11(const struct ofp_action_in *in, struct ofp_actions *out)
{
    uint32_t port;

    return ofp_port_from32(wire_get32(in->p + 4), &port)
               ? put_checked(out, port, wire_get16(in->p + 8))
               : OFPERR_BAC_BAD_OUT_PORT;
}

CONSTRUCTOR static void register_output(void)
{
    static const struct ofp_action_codec codec = {OFP_ACTION_OUTPUT, format_output, encode_output,
                                                  OFP_PLACE_OUTPUT};
    static const struct ofp_action_form forms[] = {
        {OFP10, OFP10, 0, 8, decode_output10},
        {OFP11, OFP15, 0, 16, decode_output11},
    };

    ofp_action_codec_register(&codec);
    ofp_action_forms_register(forms, ARRAY_SIZE(forms));
}

/* --- From text. */

static int parse_output(const struct ofp_action_text *t, const char *name, char *arg,
                        struct ofp_actions *out, struct error *err)
{
    struct ofp_action_output_reg *reg;
    struct ofp_subfield src;
    uint32_t port;
    int rc;

    if (ofp_action_trunc_is_text(arg)) {
        return ofp_action_trunc_parse(t, name, arg, out, err);
    }
    if (!strchr(arg, '[')) {
        rc = ofp_action_text_port(t, name, arg, &port, err);
        if (!rc && out->len + sizeof(struct ofp_action_output) > OFP_ACTIONS_MAX_LEN) {
            rc = ofp_action_text_full(name, err);
        }
        if (!rc && port == OFP_PORT_CONTROLLER) {
            ofp_actions_put_controller(out, UINT16_MAX);
        } else if (!rc) {
            ofp_actions_put_output(out, port);
        }
        return rc;
    }
    rc = ofp_action_text_subfield(name, arg, false, &src, err); /* "output:reg0[]". */
    if (rc) {
        return rc;
    }
    reg = ofp_actions_put(out, OFP_ACTION_OUTPUT_REG, sizeof *reg);
    if (!reg) {
        return ofp_action_text_full(name, err);
    }
    reg->src = src;
    reg->max_len = UINT16_MAX;
    return 0;
}

static int parse_reserved(const struct ofp_action_text *t, const char *name, char *arg,
                          struct ofp_actions *out, struct error *err)
{
    uint32_t port = OFP_PORT_NONE;

    (void)t;
    (void)arg;
    ofp_port_by_name(name, &port);
    if (out->len + sizeof(struct ofp_action_output) > OFP_ACTIONS_MAX_LEN) {
        return ofp_action_text_full(name, err);
    }
    ofp_actions_put_output(out, port);
    return 0;
}

CONSTRUCTOR static void register_output_words(void)
{
    static const struct ofp_action_word words[] = {
        {"output", OFP_ARG_WANTED, parse_output},  {"normal", OFP_ARG_NONE, parse_reserved},
        {"flood", OFP_ARG_NONE, parse_reserved},   {"all", OFP_ARG_NONE, parse_reserved},
        {"in_port", OFP_ARG_NONE, parse_reserved}, {"local", OFP_ARG_NONE, parse_reserved},
        {"table", OFP_ARG_NONE, parse_reserved},
    };

    ofp_action_words_register(words, ARRAY_SIZE(words));
}
