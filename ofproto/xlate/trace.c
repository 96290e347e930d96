/* See trace.h. Registers the ctl command. Control thread. */
#include "ofproto/xlate/trace.h"

#include <errno.h>

#include "lib/ctl.h"
#include "ofproto/xlate/xlate.h"

#define MAX_ROUNDS 16

static bool lookup_port(const char *name, uint32_t *ret, void *bridge)
{
    struct ofport *port;

    HASH_FIND(by_name, ((struct ofproto *)bridge)->set->ports_by_name, name, strlen(name), port);
    if (!port || port->bridge != bridge) {
        return false;
    }
    *ret = port->ofport;
    return true;
}

/* The key that the parser would make of a packet with these fields. */
static void make_key(struct ofp_match *match, const struct ofport *port, struct flow_key *key)
{
    uint16_t type = be16_get(match->flow.pkt.eth_type);

    match->flow.pkt.lines = 1u << FLOW_LINE_BASE;
    if (type == 0x86dd || type == 0x0806 || type == 0x8035) {
        match->flow.pkt.lines |= 1u << FLOW_LINE_L3X;
    }
    if (match->flow.pkt.vlan[0].tci && !match->flow.pkt.vlan[0].tpid) {
        match->flow.pkt.vlan[0].tpid = be16_make(0x8100);
    }
    match->flow.pkt.in_port = (uint16_t)port->dp_port;
    flow_key_copy(key, &match->flow.pkt);
}

/* A key under a mask in the words of matches; the datapath's port number becomes the bridge's. */
static void format_masked(struct strbuf *s, const struct flow_key *key,
                          const struct flow_mask *mask, const struct ofport *port)
{
    struct ofp_match match;

    ofp_match_init(&match);
    ofp_flow_init(&match.flow, key);
    match.flow.pkt.lines = 0;
    memcpy(&match.mask.pkt, &mask->bits, sizeof match.mask.pkt);
    match.flow.pkt.in_port = match.mask.pkt.in_port = 0;
    OFP_MATCH_SET(&match, in_port, port->ofport);
    ofp_match_normalize(&match);
    ofp_match_format(s, &match);
}

/* Every field that a packet like this has. */
static void format_flow(struct strbuf *s, const struct flow_key *key, const struct ofport *port)
{
    struct flow_mask mask;
    struct ofp_match all;
    struct ofp_flow fields;

    ofp_match_init(&all);
    ofp_flow_init(&all.flow, key);
    memset(&all.mask, 0xff, sizeof all.mask);
    memset(&fields, 0, sizeof fields);
    for (unsigned int i = OFP_FIELD_VLAN_VID; i < OFP_N_FIELDS; i++) {
        const struct ofp_field *f = ofp_field((enum ofp_field_id)i);

        if (ofp_prereq_match(f->prereq, &all)) {
            ofp_field_fill(f, &fields);
        }
    }
    fields.pkt.vlan[0].tci = UINT16_MAX;
    flow_mask_init(&mask);
    mask.bits = fields.pkt;
    flow_mask_seal(&mask);
    format_masked(s, key, &mask, port);
}

/* Keys of packets that go round, each of which is traced in its turn. */
struct rounds {
    struct flow_key key[MAX_ROUNDS];
    unsigned int n;
};

static void note_round(const struct flow_key *key, void *aux)
{
    struct rounds *rounds = aux;

    if (rounds->n < MAX_ROUNDS) {
        flow_key_copy(&rounds->key[rounds->n++], key);
    }
}

static void trace_key(struct ofproto *bridge, const struct ofport *port, struct rounds *rounds,
                      const struct flow_key *key, struct strbuf *s)
{
    struct ofproto_xlate_in in = {.key = key,
                                  .now_ms = bridge->set->now_ms,
                                  .trace = s,
                                  .recirculated = note_round,
                                  .aux = rounds};
    struct ofproto_xlate_out out;

    strbuf_puts(s, "Flow: ");
    format_flow(s, key, port);
    strbuf_puts(s, "\n\n");
    if (key->recirc_id) {
        ofproto_translate(bridge->set, &in, &out);
    } else {
        translate_from(bridge->set, port, &in, &out);
    }
    strbuf_puts(s, "\nMegaflow: ");
    format_masked(s, key, &out.mask, port);
    strbuf_puts(s, "\nDatapath actions: ");
    dp_actions_format(s, out.actions.data, out.actions.len);
    strbuf_putc(s, '\n');
    ofproto_xlate_out_free(&out);
}

static void trace_port(struct ofproto *bridge, const struct ofport *port, struct ofp_match *match,
                       struct strbuf *s)
{
    static const char line[] =
        "===============================================================================";
    struct rounds rounds = {.n = 1};

    make_key(match, port, &rounds.key[0]);
    for (unsigned int i = 0; i < rounds.n; i++) {
        if (i) {
            strbuf_printf(s, "\n%s\nrecirc(0x%x)\n%s\n\n", line, rounds.key[i].recirc_id, line);
        }
        trace_key(bridge, port, &rounds, &rounds.key[i], s);
    }
}

int ofproto_trace(struct ofproto *bridge, const char *flow, struct strbuf *s, struct error *err)
{
    const struct ofport *port;
    struct ofp_match match;
    int rc = ofp_match_parse(flow, lookup_port, bridge, &match, err);

    if (rc) {
        return error_prefix(err, "flow '%s'", flow);
    }
    if (!match.mask.in_port) {
        return error_set(err, EINVAL, "flow '%s': names no in_port", flow);
    }
    port = ofport_by_number(bridge, match.flow.in_port);
    if (!port) {
        return error_set(err, EINVAL, "flow '%s': bridge '%s' has no port %u", flow, bridge->name,
                         match.flow.in_port);
    }
    trace_port(bridge, port, &match, s);
    return 0;
}

static void trace(struct ctl_request *req, int argc, const char *const argv[], void *aux)
{
    struct ofproto *bridge = bridge_find_anywhere(argv[0]);
    struct strbuf s = STRBUF_INIT;
    struct error err;

    (void)argc;
    (void)aux;
    if (!bridge) {
        strbuf_printf(&s, "bridge '%s': no such bridge; see ofproto/list", argv[0]);
        ctl_reply_error(req, strbuf_str(&s));
    } else if (ofproto_trace(bridge, argv[1], &s, &err)) {
        ctl_reply_error(req, err.text);
    } else {
        ctl_reply(req, strbuf_str(&s));
    }
    strbuf_free(&s);
}

CONSTRUCTOR static void register_trace(void)
{
    ctl_register("ofproto/trace", "BRIDGE FLOW", 2, 2, trace, NULL);
}
