/* Packet-outs: a controller's packet is parsed, taken through its list of actions by translation,
 * as a flow's packets are through the tables, and executed by the datapath. Nothing is kept: where
 * the datapath takes no more, the packet is gone. Event base's thread. */
#include "ofproto/codec/packet_out.h"

#include "datapath/parse/parse.h"
#include "ofproto/codec/action.h"
#include "ofproto/conn/conn.h"
#include "ofproto/xlate/xlate.h"

/* Every field that the packet has, for the prerequisites of set-field actions. */
static void match_of(const struct flow_key *key, struct ofp_match *ret)
{
    ofp_flow_init(&ret->flow, key);
    memset(&ret->mask, 0xff, sizeof ret->mask);
}

static int parse(const struct ofproto *bridge, const struct ofp_packet_out *po,
                 struct flow_key *ret)
{
    const struct ofport *port = ofport_by_number(bridge, po->in_port);
    struct parse_lens lens;
    struct flow_key key;

    if (!port && po->in_port != OFP_PORT_CONTROLLER && po->in_port != OFP_PORT_NONE) {
        return OFPERR_BRC_BAD_PORT;
    }
    if (parse_bytes(po->packet, (uint32_t)po->packet_len, (uint32_t)po->packet_len,
                    port ? (uint16_t)port->dp_port : 0, PARSE_ALL, &key, &lens) != PARSE_OK) {
        return OFPERR_BRC_BAD_LEN;
    }
    flow_key_copy(ret, &key);
    return 0;
}

static void execute(struct ofproto *bridge, const struct ofp_packet_out *po,
                    const struct ofp_actions *actions, const struct flow_key *key)
{
    struct ofproto_xlate_in in = {.key = key,
                                  .packet = po->packet,
                                  .packet_len = (uint32_t)po->packet_len,
                                  .may_learn = true,
                                  .now_ms = time_now_ms()};
    struct xlate_packet_out xpo = {bridge, po->in_port, &po->match.flow, actions->data,
                                   actions->len};
    const struct ofproto_hooks *hooks = &bridge->set->hooks;
    struct ofproto_xlate_out out;

    translate_packet_out(&xpo, &in, &out);
    if (hooks->execute && hooks->execute(po->packet, (uint32_t)po->packet_len, key->in_port,
                                         &out.actions, hooks->aux)) {
        ofproto_effects_credit(bridge->set, out.effects, 1, po->packet_len, in.now_ms);
    }
    ofproto_xlate_out_free(&out);
}

int handle_packet_out(struct conn *conn, const struct request *r)
{
    enum ofp_version version = (enum ofp_version)conn->version;
    struct ofp_actions actions = OFP_ACTIONS_INIT;
    struct ofp_packet_out po;
    struct ofp_match match;
    struct flow_key key;
    int rc = ofp_packet_out_decode(version, request_body(r), request_body_len(r), &po);

    rc = rc ? rc : parse(conn->bridge, &po, &key);
    if (rc) {
        return rc;
    }
    match_of(&key, &match);
    rc = ofp_actions_decode(version, po.actions, po.actions_len, &match, &actions);
    if (!rc) {
        execute(conn->bridge, &po, &actions, &key);
        ofp_actions_free(&actions);
    }
    return rc;
}
