/* The output family: OUTPUT to a port, to a reserved port, NORMAL. Text form; execution is in
 * xlate/action_output.c. Control thread. */
#include "ofproto/codec/action.h"
#include "ofproto/codec/match_wire.h"

void ofp_actions_put_output(struct ofp_actions *actions, uint32_t port)
{
    struct ofp_action_output *a = ofp_actions_put(actions, OFP_ACTION_OUTPUT,
                                                  sizeof(struct ofp_action_output));

    if (a) {
        a->port = port;
    }
}

bool ofp_actions_output_to(const void *data, size_t len, uint32_t port)
{
    for (const struct ofp_action *a = ofp_actions_first(data, len); a;
         a = ofp_actions_next(data, len, a)) {
        const struct ofp_action_nested *w = (const struct ofp_action_nested *)a;

        if ((a->type == OFP_ACTION_OUTPUT && ((const struct ofp_action_output *)a)->port == port) ||
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
    } else {
        strbuf_printf(s, "%u", port);
    }
}

static void format_output(struct strbuf *s, const struct ofp_action *h)
{
    const struct ofp_action_output *a = (const struct ofp_action_output *)h;

    if (reserved_port_name(a->port)) {
        ofp_port_format(s, a->port);
    } else {
        strbuf_printf(s, "output:%u", a->port);
    }
}

static void encode_output(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    const struct ofp_action_output *a = (const struct ofp_action_output *)h;

    wire_put16(s, 0);
    if (version == OFP10) {
        wire_put16(s, 8);
        wire_put16(s, (uint16_t)a->port);
        wire_put16(s, 0);
    } else {
        wire_put16(s, 16);
        wire_put32(s, ofp_port_to32(a->port));
        wire_zeros(s, 8);
    }
}

/* The ports that can be sent to now. */
static int put_checked(struct ofp_actions *out, uint32_t port)
{
    bool ok = (port && port < OFP_PORT_MAX) || port == OFP_PORT_IN_PORT ||
              port == OFP_PORT_NORMAL || port == OFP_PORT_FLOOD || port == OFP_PORT_ALL ||
              port == OFP_PORT_LOCAL;

    if (!ok) {
        return OFPERR_BAC_BAD_OUT_PORT;
    }
    if (out->len + 16 > OFP_ACTIONS_MAX_LEN) {
        return OFPERR_BAC_TOO_MANY;
    }
    ofp_actions_put_output(out, port);
    return 0;
}

static int decode_output10(const struct ofp_action_in *in, struct ofp_actions *out)
{
    return put_checked(out, wire_get16(in->p + 4));
}

static int decode_output11(const struct ofp_action_in *in, struct ofp_actions *out)
{
    uint32_t port;

    return ofp_port_from32(wire_get32(in->p + 4), &port) ? put_checked(out, port)
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
