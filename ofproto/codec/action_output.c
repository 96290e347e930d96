/* The output family: OUTPUT to a port, to a reserved port, NORMAL. Text form; execution is in
 * xlate/action_output.c. Control thread. */
#include "ofproto/codec/action.h"

void ofp_actions_put_output(struct ofp_actions *actions, uint32_t port)
{
    struct ofp_action_output *a = ofp_actions_put(actions, OFP_ACTION_OUTPUT,
                                                  sizeof(struct ofp_action_output));

    if (a) {
        a->port = port;
    }
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

CONSTRUCTOR static void register_output(void)
{
    static const struct ofp_action_codec codec = {OFP_ACTION_OUTPUT, format_output};

    ofp_action_codec_register(&codec);
}
