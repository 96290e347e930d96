/* packet-out, in both of ovs-ofctl's forms: "IN_PORT ACTIONS PACKET..." and one text,
 * "in_port=1,packet=...,actions=...", which a bundle has, too. */
#include "utilities/sluice-ofctl/packet_out.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ofproto/codec/action_text.h"
#include "ofproto/codec/flow_text.h"
#include "utilities/sluice-ofctl/batch.h"

#define MIN_PACKET 14
#define MAX_PACKET 65000

/* Hexadecimal digits, spaces among them. */
static int parse_hex(const char *text, struct packet_out *po, struct error *err)
{
    size_t len = strlen(text), n = 0;
    uint8_t *bytes = xmalloc(len / 2 + 1);

    for (const char *p = text; *p; p++) {
        char byte[3] = {p[0], p[0] ? p[1] : '\0', '\0'};

        if (isspace((unsigned char)*p)) {
            continue;
        }
        if (!isxdigit((unsigned char)p[0]) || !isxdigit((unsigned char)p[1])) {
            free(bytes);
            return error_set(err, EINVAL,
                             "packet '%.40s': it is not written in pairs of "
                             "hexadecimal digits",
                             text);
        }
        bytes[n++] = (uint8_t)strtoul(byte, NULL, 16);
        p++;
    }
    if (n < MIN_PACKET || n > MAX_PACKET) {
        free(bytes);
        return error_set(err, EINVAL, "packet '%.40s': it has %zu bytes, not %d to %d", text, n,
                         MIN_PACKET, MAX_PACKET);
    }
    free(po->bytes);
    po->bytes = bytes;
    po->po.packet = bytes;
    po->po.packet_len = n;
    return 0;
}

static int parse_in_port(const char *text, struct ofports *ports, uint32_t *ret, struct error *err)
{
    if (!strcasecmp(text, "none")) {
        *ret = OFP_PORT_NONE;
        return 0;
    }
    return ofports_find(ports, text, ret, err);
}

void packet_out_free(struct packet_out *po)
{
    ofp_actions_free(&po->actions);
    free(po->bytes);
    *po = (struct packet_out){.bytes = NULL};
}

uint32_t packet_out_versions(const struct packet_out *po)
{
    const struct ofp_flow_mod fm = {.out_port = OFP_PORT_NONE,
                                    .out_group = UINT32_MAX,
                                    .actions = {po->actions.data, po->actions.len, 0}};
    uint32_t versions = ofp_flow_mod_versions(&fm);

    for (unsigned int i = FLOW_N_WORDS; i < OFP_FLOW_WORDS; i++) {
        if (po->po.match.mask.u64[i]) {
            return versions & 1u << OFP15; /* It alone has fields of the pipeline. */
        }
    }
    return versions;
}

static int finish(struct packet_out *po, const char *actions, struct ofports *ports,
                  struct error *err)
{
    int rc = ofp_actions_parse(actions, ofports_lookup, ports, &po->actions, err);

    return rc ? ofports_error(ports, error_prefix(err, "actions '%s'", actions), err) : 0;
}

/* Takes "NAME=VALUE" off the text; its commas go with it. */
static char *take_value(char *text, const char *name)
{
    size_t n = strlen(name);

    for (char *p = text; (p = strstr(p, name)); p += n) {
        if ((p == text || strchr(", \t", p[-1])) && p[n] == '=') {
            char *value = p + n + 1, *end = value + strcspn(value, ",\t");

            value = xmalloc((size_t)(end - p));
            memcpy(value, p + n + 1, (size_t)(end - p) - n - 1);
            value[(size_t)(end - p) - n - 1] = '\0';
            memmove(p, end, strlen(end) + 1);
            return value;
        }
    }
    return NULL;
}

static int parse_parts(char *text, char *in_port, char *packet, struct ofports *ports,
                       struct packet_out *po, struct error *err)
{
    char *actions = strstr(text, "actions=");
    int rc;

    if (!actions) {
        return error_set(err, EINVAL, "'actions=...' is missing");
    }
    if (actions > text) {
        actions[-1] = '\0';
    } else {
        text += strlen(text);
    }
    po->po.in_port = OFP_PORT_CONTROLLER;
    rc = in_port ? parse_in_port(in_port, ports, &po->po.in_port, err) : 0;
    if (!rc && !packet) {
        rc = error_set(err, EINVAL, "'packet=...' is missing");
    }
    rc = rc ? rc : parse_hex(packet, po, err);
    rc = rc ? rc : ofp_match_parse(text, NULL, NULL, &po->po.match, err);
    for (unsigned int i = 0; !rc && i < FLOW_N_WORDS; i++) {
        if (po->po.match.mask.u64[i]) {
            rc = error_set(err, EINVAL,
                           "'%s': only fields of the pipeline may stand here; of the "
                           "packet, the packet speaks",
                           text);
        }
    }
    return rc ? rc : finish(po, actions + strlen("actions="), ports, err);
}

int packet_out_parse(const char *text, struct ofports *ports, struct packet_out *po,
                     struct error *err)
{
    char *copy = xstrdup(text), *actions = strstr(copy, "actions="), *in_port, *packet;
    char end = '\0';
    int rc;

    if (actions) { /* What is in them is not looked for. */
        end = *actions;
        *actions = '\0';
    }
    *po = (struct packet_out){.bytes = NULL};
    ofp_match_init(&po->po.match);
    in_port = take_value(copy, "in_port");
    packet = take_value(copy, "packet");
    if (actions) {
        size_t n = strlen(copy);

        *actions = end;
        memmove(copy + n, actions, strlen(actions) + 1);
    }
    rc = parse_parts(copy, in_port, packet, ports, po, err);
    if (rc) {
        packet_out_free(po);
    }
    free(in_port);
    free(packet);
    free(copy);
    return rc;
}

static int send_one(struct batch *b, const struct packet_out *po, struct error *err)
{
    struct strbuf s = STRBUF_INIT;

    ofp_packet_out_encode(&s, ofconn_version(b->conn), batch_xid(b), &po->po, &po->actions);
    return batch_add(b, &s, 0, err);
}

/* 'hex' ends with NULL: packets; of the new form there is none, the packet is in 'po'. */
static int send_all(const struct ofctl_options *o, const char *target, struct packet_out *po,
                    char *hex[], struct error *err)
{
    struct ofconn *c = NULL;
    struct batch b = {.conn = NULL};
    int rc = ofconn_open(o, target, packet_out_versions(po) & batch_versions(o), &c, err);

    rc = rc ? rc : batch_begin(&b, c, NULL, "packet", o->bundle, err);
    if (!rc && !hex[0]) {
        rc = send_one(&b, po, err);
    }
    for (size_t i = 0; !rc && hex[i]; i++) {
        rc = parse_hex(hex[i], po, err);
        rc = rc ? rc : send_one(&b, po, err);
    }
    rc = rc ? rc : batch_end(&b, err);
    batch_free(&b);
    ofconn_close(c);
    return rc;
}

static int packet_out(const struct ofctl_options *o, char *args[], struct error *err)
{
    struct packet_out po = {.bytes = NULL};
    struct ofports ports;
    int rc;

    ofports_init(&ports, o, args[0]);
    if (!args[2]) {
        rc = packet_out_parse(args[1], &ports, &po, err);
        rc = rc ? error_prefix(err, "packet-out '%.80s'", args[1]) : 0;
    } else if (!args[3]) {
        rc = error_set(err, EINVAL, "command 'packet-out': the packet is missing");
    } else {
        ofp_match_init(&po.po.match);
        rc = parse_in_port(args[1], &ports, &po.po.in_port, err);
        rc = rc ? rc : finish(&po, args[2], &ports, err);
        for (size_t i = 3; !rc && args[i]; i++) {
            rc = parse_hex(args[i], &po, err);
        }
    }
    rc = rc ? rc : send_all(o, args[0], &po, args[2] ? args + 3 : args + 2, err);
    packet_out_free(&po);
    ofports_free(&ports);
    return rc;
}

static const struct ofctl_command commands[] = {
    {"packet-out", 2, OFCTL_MAX_ARGS, "SWITCH IN_PORT ACTIONS PACKET... | SWITCH TEXT",
     "carries ACTIONS out on packets in hexadecimal digits; TEXT is in_port=...,packet=...,"
     "actions=...",
     packet_out, true},
    {NULL},
};
OFCTL_COMMANDS(commands)
