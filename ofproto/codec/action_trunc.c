/* Output of a packet's first bytes: "output(port=2,max_len=100)", Nicira's subtype 39. Text and
 * wire form; execution is in xlate/action_trunc.c. Control thread. */
#include "ofproto/codec/action_trunc.h"

#include <errno.h>
#include <string.h>

#include "ofproto/codec/match_wire.h"

static void format_trunc(struct strbuf *s, const struct ofp_action *h)
{
    const struct ofp_action_output_trunc *a = (const struct ofp_action_output_trunc *)h;

    strbuf_puts(s, "output(port=");
    ofp_port_format(s, a->port);
    strbuf_printf(s, ",max_len=%u)", a->max_len);
}

static void encode_trunc(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    const struct ofp_action_output_trunc *a = (const struct ofp_action_output_trunc *)h;
    size_t start = nx_action_begin(s, 39);

    (void)version;
    wire_put16(s, a->port);
    wire_put32(s, a->max_len);
    ofp_action_end(s, start);
}

static int put(struct ofp_actions *out, uint32_t port, uint32_t max_len)
{
    struct ofp_action_output_trunc *a = ofp_actions_put(out, OFP_ACTION_OUTPUT_TRUNC, sizeof *a);

    if (!a) {
        return OFPERR_BAC_TOO_MANY;
    }
    a->port = (uint16_t)port;
    a->max_len = max_len;
    return 0;
}

/* As Open vSwitch, reserved ports are let in whose packets then go nowhere. */
static int decode_trunc(const struct ofp_action_in *in, struct ofp_actions *out)
{
    uint16_t port = wire_get16(in->p + 10);
    uint32_t max_len = wire_get32(in->p + 12);

    if (max_len < OFP_TRUNC_MIN) {
        return OFPERR_BAC_BAD_ARGUMENT;
    }
    if (port >= OFP_PORT_MAX && (port < OFP_PORT_IN_PORT || port == OFP_PORT_NONE)) {
        return OFPERR_BAC_BAD_OUT_PORT;
    }
    return put(out, port, max_len);
}

bool ofp_action_trunc_is_text(const char *arg)
{
    return strstr(arg, "port=") && strstr(arg, "max_len=");
}

static int parse_port(const struct ofp_action_text *t, const char *name, const char *text,
                      uint32_t *ret, struct error *err)
{
    int rc = ofp_action_text_port(t, name, text, ret, err);

    if (!rc && *ret >= OFP_PORT_MAX && *ret != OFP_PORT_LOCAL && *ret != OFP_PORT_IN_PORT) {
        rc = error_set(err, EINVAL,
                       "action '%s': port '%s': with max_len it is a port's number or name, LOCAL "
                       "or IN_PORT",
                       name, text);
    }
    return rc;
}

static int parse_max_len(const char *name, const char *text, uint32_t *ret, struct error *err)
{
    uint64_t value;
    int rc = ofp_action_text_number(name, "max_len", text, UINT32_MAX, &value, err);

    if (!rc && value < OFP_TRUNC_MIN) {
        rc = error_set(err, EINVAL,
                       "action '%s': max_len '%s' is less than an Ethernet header's %d bytes", name,
                       text, OFP_TRUNC_MIN);
    }
    if (!rc) {
        *ret = (uint32_t)value;
    }
    return rc;
}

int ofp_action_trunc_parse(const struct ofp_action_text *t, const char *name, char *arg,
                           struct ofp_actions *out, struct error *err)
{
    uint32_t port = OFP_PORT_NONE, max_len = 0;
    char *part;
    int rc = 0;

    while (!rc && (part = ofp_action_text_next(&arg))) {
        if (!strncmp(part, "port=", 5)) {
            rc = parse_port(t, name, part + 5, &port, err);
        } else if (!strncmp(part, "max_len=", 8)) {
            rc = parse_max_len(name, part + 8, &max_len, err);
        } else {
            rc = error_set(err, EINVAL, "action '%s': '%s' is neither port= nor max_len=", name,
                           part);
        }
    }
    if (!rc && (port == OFP_PORT_NONE || !max_len)) {
        rc = error_set(err, EINVAL, "action '%s': it is written as output(port=PORT,max_len=BYTES)",
                       name);
    }
    if (!rc && put(out, port, max_len)) {
        rc = ofp_action_text_full(name, err);
    }
    return rc;
}

CONSTRUCTOR static void register_trunc(void)
{
    static const struct ofp_action_codec codec = {OFP_ACTION_OUTPUT_TRUNC, format_trunc,
                                                  encode_trunc, OFP_PLACE_NONE};
    static const struct ofp_action_form form = {OFP10, OFP15, 39, 16, decode_trunc, OFP_VENDOR_NX};

    ofp_action_codec_register(&codec);
    ofp_action_forms_register(&form, 1);
}
