/* See trace.h; the command is in trace_ctl.c. Control thread. */
#include "ofproto/xlate/trace.h"

#include <errno.h>

#include "datapath/parse/parse.h"
#include "ofproto/codec/action_text.h"
#include "ofproto/xlate/xlate.h"

#define MAX_ROUNDS 16

/* Keys of packets that go round, each of which is traced in its turn. */
struct rounds {
    struct flow_key key[MAX_ROUNDS];
    unsigned int n;
};

struct trace {
    const struct ofproto_trace *in;
    struct ofp_match match;    /* As it was asked. */
    const struct ofport *port; /* Or NULL. */
    struct ofp_actions actions;
    struct rounds rounds;
    struct strbuf *text;
    json_t *json; /* NULL: text. */
};

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

/* --- What is traced. */

/* The key that the parser would make of a packet with these fields. */
static void key_of_match(struct ofp_match *match, struct flow_key *key)
{
    uint16_t type = be16_get(match->flow.pkt.eth_type);

    match->flow.pkt.lines = 1u << FLOW_LINE_BASE;
    if (type == 0x86dd || type == 0x0806 || type == 0x8035) {
        match->flow.pkt.lines |= 1u << FLOW_LINE_L3X;
    }
    if (match->flow.pkt.vlan[0].tci && !match->flow.pkt.vlan[0].tpid) {
        match->flow.pkt.vlan[0].tpid = be16_make(0x8100);
    }
    flow_key_copy(key, &match->flow.pkt);
}

static int make_key(struct trace *t, struct error *err)
{
    struct flow_key *key = &t->rounds.key[0];
    uint16_t in_port = t->port ? (uint16_t)t->port->dp_port : 0;
    struct parse_lens lens;

    t->rounds.n = 1;
    if (!t->in->packet) {
        key_of_match(&t->match, key);
        key->in_port = in_port;
        return 0;
    }
    if (parse_bytes(t->in->packet, (uint32_t)t->in->packet_len, (uint32_t)t->in->packet_len,
                    in_port, PARSE_ALL, key, &lens) != PARSE_OK) {
        return error_set(err, EINVAL, "the packet of %zu bytes is shorter than its headers",
                         t->in->packet_len);
    }
    key->pkt_mark = t->match.flow.pkt.pkt_mark;
    return 0;
}

static void note_round(const struct flow_key *key, void *aux)
{
    struct rounds *rounds = aux;

    if (rounds->n < MAX_ROUNDS) {
        flow_key_copy(&rounds->key[rounds->n++], key);
    }
}

/* --- What is told. */

/* A flow under a mask of the packet's bits, in the words of matches; of the pipeline's fields those
 * that are not zero. */
static void format_masked(struct strbuf *s, const struct ofp_flow *flow,
                          const struct flow_mask *mask, bool has_pipeline)
{
    struct ofp_match match;

    ofp_match_init(&match);
    match.flow = *flow;
    match.flow.pkt.lines = 0;
    memcpy(&match.mask.pkt, &mask->bits, sizeof match.mask.pkt);
    match.flow.pkt.in_port = match.mask.pkt.in_port = 0;
    for (unsigned int i = 0; has_pipeline && i < OFP_N_FIELDS; i++) {
        const struct ofp_field *f = ofp_field((enum ofp_field_id)i);
        bool is_part = (i >= OFP_FIELD_XREG0 && i <= OFP_FIELD_XXREG3) ||
                       f->id == OFP_FIELD_ACTSET_OUTPUT || f->id == OFP_FIELD_PACKET_TYPE;

        if (f->offset >= FLOW_N_WORDS * 8 && !is_part && ofp_field_any(f, flow)) {
            ofp_field_fill(f, &match.mask);
        }
    }
    OFP_MATCH_SET(&match, in_port, flow->in_port);
    ofp_match_normalize(&match);
    ofp_match_format(s, &match);
}

/* Every field that a packet like this has. */
static void format_flow(struct strbuf *s, const struct ofp_flow *flow)
{
    struct flow_mask mask;
    struct ofp_match all;
    struct ofp_flow fields;

    ofp_match_init(&all);
    all.flow = *flow;
    memset(&all.mask, 0xff, sizeof all.mask);
    memset(&fields, 0, sizeof fields);
    for (unsigned int i = OFP_FIELD_VLAN_VID; i < OFP_N_FIELDS; i++) {
        const struct ofp_field *f = ofp_field((enum ofp_field_id)i);
        /* Packets seldom have extension headers, and Open vSwitch does not know them. */
        bool is_seldom = f->id == OFP_FIELD_IPV6_EXTHDR && !flow->pkt.ipv6_exthdr;

        if (ofp_prereq_match(f->prereq, &all) && !is_seldom) {
            ofp_field_fill(f, &fields);
        }
    }
    fields.pkt.vlan[0].tci = UINT16_MAX;
    flow_mask_init(&mask);
    mask.bits = fields.pkt;
    flow_mask_seal(&mask);
    format_masked(s, flow, &mask, true);
}

/* As ovs-appctl says it: that it is Ethernet stands behind the recirculation's number. */
static void format_megaflow(struct strbuf *s, const struct ofp_flow *flow,
                            const struct flow_mask *mask)
{
    struct strbuf text = STRBUF_INIT;
    const char *rest;

    format_masked(&text, flow, mask, false);
    rest = strchr(strbuf_str(&text), ',');
    rest = rest ? rest : strbuf_str(&text) + text.len;
    strbuf_printf(s, "%.*s,eth%s", (int)(rest - strbuf_str(&text)), strbuf_str(&text), rest);
    strbuf_free(&text);
}

struct told {
    struct strbuf flow, final, megaflow, actions;
    const char *dropped; /* Why; NULL: it is not. */
};

/* Whether the datapath finds that the packet's time is over. */
static bool expires(const struct flow_key *key, const struct dp_actions *actions)
{
    const struct dp_action *a = dp_actions_first(actions->data, actions->len);

    while (a && (a->type != DP_ACTION_DEC_TTL ||
                 ((const struct dp_action_dec_ttl *)a)->layer != DP_TTL_IP)) {
        a = dp_actions_next(actions->data, actions->len, a);
    }
    return a && key->nw_ttl <= 1;
}

static const char *why_dropped(const struct flow_key *key, const struct ofproto_xlate_out *out,
                               const struct xlate_record *r)
{
    return r->dropped                    ? dp_policy_drop_name(r->reason)
           : expires(key, &out->actions) ? dp_policy_drop_name(DP_DROP_TTL_EXPIRED)
                                         : NULL;
}

static void tell_text(struct trace *t, const struct told *told, const struct xlate_record *r)
{
    strbuf_printf(t->text, "Flow: %s\n", strbuf_str(&told->flow));
    xlate_record_format(t->text, r);
    strbuf_printf(t->text, "\nFinal flow: %s\nMegaflow: %s\nDatapath actions: %s\n",
                  told->final.len ? strbuf_str(&told->final) : "unchanged",
                  strbuf_str(&told->megaflow), r->dropped ? "drop" : strbuf_str(&told->actions));
    if (told->dropped) {
        strbuf_printf(t->text, "Dropped: %s\n", told->dropped);
    }
}

static json_t *tell_json(const struct told *told, const struct xlate_record *r)
{
    json_t *j = json_pack("{s:s, s:o, s:s, s:s, s:s}", "flow", strbuf_str(&told->flow), "steps",
                          xlate_record_json(r), "final_flow",
                          strbuf_str(told->final.len ? &told->final : &told->flow), "megaflow",
                          strbuf_str(&told->megaflow), "datapath_actions",
                          r->dropped ? "drop" : strbuf_str(&told->actions));

    if (told->dropped) {
        json_object_set_new(j, "dropped", json_string(told->dropped));
    }
    return j;
}

static void translate(struct trace *t, const struct ofproto_xlate_in *in,
                      struct ofproto_xlate_out *out)
{
    struct ofproto *bridge = t->in->bridge;

    if (in->key->recirc_id) {
        ofproto_translate(bridge->set, in, out);
    } else if (t->in->actions) {
        const struct xlate_packet_out po = {bridge, t->match.flow.in_port, &t->match.flow,
                                            t->actions.data, t->actions.len};

        translate_packet_out(&po, in, out);
    } else if (t->port) {
        translate_from(bridge->set, t->port, in, out);
    } else {
        translate_from_none(bridge, t->match.flow.in_port, in, out);
    }
}

static json_t *trace_key(struct trace *t, const struct flow_key *key)
{
    struct xlate_record record;
    struct told told = {STRBUF_INIT, STRBUF_INIT, STRBUF_INIT, STRBUF_INIT, NULL};
    struct ofproto_xlate_in in = {.key = key,
                                  .now_ms = t->in->bridge->set->now_ms,
                                  .packet = t->in->packet,
                                  .packet_len = (uint32_t)t->in->packet_len,
                                  .may_learn = t->in->may_learn,
                                  .record = &record,
                                  .pipeline = &t->match.flow,
                                  .recirculated = note_round,
                                  .aux = &t->rounds};
    struct ofproto_xlate_out out;
    struct ofp_flow flow = t->match.flow;
    json_t *json = NULL;

    xlate_record_init(&record);
    flow_key_copy(&flow.pkt, key);
    format_flow(&told.flow, &flow);
    translate(t, &in, &out);
    format_megaflow(&told.megaflow, &flow, &out.mask);
    format_flow(&told.final, &record.final);
    if (!strcmp(strbuf_str(&told.flow), strbuf_str(&told.final))) {
        strbuf_clear(&told.final);
    }
    dp_actions_format(&told.actions, out.actions.data, out.actions.len);
    told.dropped = why_dropped(key, &out, &record);
    if (t->json) {
        json = tell_json(&told, &record);
    } else {
        tell_text(t, &told, &record);
    }
    strbuf_free(&told.flow);
    strbuf_free(&told.final);
    strbuf_free(&told.megaflow);
    strbuf_free(&told.actions);
    ofproto_xlate_out_free(&out);
    xlate_record_free(&record);
    return json;
}

static void trace_rounds(struct trace *t)
{
    static const char line[] =
        "===============================================================================";
    json_t *again = json_array();

    for (unsigned int i = 0; i < t->rounds.n; i++) {
        json_t *json;

        if (i && !t->json) {
            strbuf_printf(t->text, "\n%s\nrecirc(0x%x)\n%s\n\n", line, t->rounds.key[i].recirc_id,
                          line);
        }
        json = trace_key(t, &t->rounds.key[i]);
        if (i && json) {
            json_array_append_new(again, json);
        } else if (json) {
            json_object_update(t->json, json);
            json_decref(json);
        }
    }
    if (t->json && json_array_size(again)) {
        json_object_set(t->json, "recirculations", again);
    }
    json_decref(again);
}

/* --- Asking. */

static int parse(struct trace *t, struct error *err)
{
    const struct ofproto_trace *in = t->in;
    int rc;

    ofp_tlv_map_use(&in->bridge->tlvs);
    rc = ofp_match_parse(in->flow, lookup_port, in->bridge, &t->match, err);
    if (rc) {
        return error_prefix(err, "flow '%s'", in->flow);
    }
    if (!t->match.mask.in_port) {
        t->match.flow.in_port = OFP_PORT_NONE;
    }
    t->port = ofport_by_number(in->bridge, t->match.flow.in_port);
    if (in->actions) {
        rc = ofp_actions_parse(in->actions, lookup_port, in->bridge, &t->actions, err);
    }
    for (const struct ofp_action *a = ofp_actions_first(t->actions.data, t->actions.len); !rc && a;
         a = ofp_actions_next(t->actions.data, t->actions.len, a)) {
        if (a->type >= OFP_ACTION_CLEAR_ACTIONS) {
            rc = error_set(err, EINVAL, "actions '%s': a packet-out has no instructions",
                           in->actions);
        }
    }
    return rc ? rc : make_key(t, err);
}

int ofproto_trace(const struct ofproto_trace *in, struct strbuf *text, json_t **ret_json,
                  struct error *err)
{
    struct trace t = {.in = in, .text = text};
    int rc = parse(&t, err);

    if (!rc) {
        t.json = ret_json ? json_object() : NULL;
        ofp_actions_format_like(OFP15);
        trace_rounds(&t);
        ofp_actions_format_like(0);
    }
    ofp_actions_free(&t.actions);
    if (ret_json && !rc) {
        *ret_json = t.json;
    }
    return rc;
}
