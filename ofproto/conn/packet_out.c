/* Packet-outs: a controller's packet is parsed, taken through its list of actions by translation,
 * as a flow's packets are through the tables, and executed by the datapath. Nothing is kept: where
 * the datapath takes no more, the packet is gone. Event base's thread. */
#include "ofproto/codec/packet_out.h"

#include <stdlib.h>

#include "datapath/parse/parse.h"
#include "ofproto/codec/action.h"
#include "ofproto/conn/bundle.h"
#include "ofproto/group/group.h"
#include "ofproto/conn/packet_out.h"
#include "ofproto/meter/meter.h"

/* Every field that the packet has, for the prerequisites of set-field actions. */
static void match_of(const struct flow_key *key, struct ofp_match *ret)
{
    ofp_flow_init(&ret->flow, key);
    memset(&ret->mask, 0xff, sizeof ret->mask);
}

int controller_packet_parse(const struct ofproto *bridge, uint32_t in_port, const void *packet,
                            size_t len, struct flow_key *ret)
{
    const struct ofport *port = ofport_by_number(bridge, in_port);
    struct parse_lens lens;
    struct flow_key key;

    if (!port && in_port != OFP_PORT_CONTROLLER && in_port != OFP_PORT_NONE) {
        return OFPERR_BRC_BAD_PORT;
    }
    if (parse_bytes(packet, (uint32_t)len, (uint32_t)len, port ? (uint16_t)port->dp_port : 0,
                    PARSE_ALL, &key, &lens) != PARSE_OK) {
        return OFPERR_BRC_BAD_LEN;
    }
    flow_key_copy(ret, &key);
    return 0;
}

void controller_packet_execute(const struct xlate_packet_out *po, const void *packet, size_t len,
                               const struct flow_key *key)
{
    struct ofproto_xlate_in in = {.key = key,
                                  .packet = packet,
                                  .packet_len = (uint32_t)len,
                                  .may_learn = true,
                                  .now_ms = time_now_ms()};
    struct ofproto_set *set = po->bridge->set;
    struct ofproto_xlate_out out;

    translate_packet_out(po, &in, &out);
    if (set->hooks.execute &&
        set->hooks.execute(packet, (uint32_t)len, key->in_port, &out.actions, set->hooks.aux)) {
        ofproto_effects_credit(out.effects, 1, len, in.now_ms);
    }
    ofproto_xlate_out_free(&out);
}

static int parse(const struct ofproto *bridge, const struct ofp_packet_out *po,
                 struct flow_key *ret)
{
    return controller_packet_parse(bridge, po->in_port, po->packet, po->packet_len, ret);
}

static void execute(struct ofproto *bridge, const struct ofp_packet_out *po,
                    const struct ofp_actions *actions, const struct flow_key *key)
{
    struct xlate_packet_out xpo = {.bridge = bridge,
                                   .in_port = po->in_port,
                                   .pipeline = &po->match.flow,
                                   .actions = actions->data,
                                   .actions_len = actions->len};

    controller_packet_execute(&xpo, po->packet, po->packet_len, key);
}

/* Checks all that can be checked without a look at the tables; '*actions' is the caller's to free
 * on success. */
static int prepare(struct conn *conn, const struct request *r, struct ofp_packet_out *po,
                   struct flow_key *key, struct ofp_actions *actions)
{
    enum ofp_version version = (enum ofp_version)conn->version;
    struct ofp_match match;
    int rc = ofp_packet_out_decode(version, request_body(r), request_body_len(r), po);

    rc = rc ? rc : parse(conn->bridge, po, key);
    if (rc) {
        return rc;
    }
    match_of(key, &match);
    *actions = (struct ofp_actions)OFP_ACTIONS_INIT;
    return ofp_actions_decode(version, po->actions, po->actions_len, &match, actions);
}

/* The same, and of the tables as they are. */
static int prepare_now(struct conn *conn, const struct request *r, struct ofp_packet_out *po,
                       struct flow_key *key, struct ofp_actions *actions)
{
    int rc = prepare(conn, r, po, key, actions);

    if (!rc) {
        rc = group_check_actions(conn->bridge, actions->data, actions->len);
        rc = rc ? rc : meter_check_actions(conn->bridge, actions->data, actions->len);
        if (rc) {
            ofp_actions_free(actions);
        }
    }
    return rc;
}

int handle_packet_out(struct conn *conn, const struct request *r)
{
    struct ofp_actions actions;
    struct ofp_packet_out po;
    struct flow_key key;
    int rc = prepare_now(conn, r, &po, &key, &actions);

    if (!rc) {
        execute(conn->bridge, &po, &actions, &key);
        ofp_actions_free(&actions);
    }
    return rc;
}

/* --- In a bundle: the packet goes when the tables are those after it. */

struct staged_packet_out {
    struct request r;
    uint8_t msg[];
};

static int stage(struct conn *conn, const struct request *r, struct staged *ret)
{
    struct staged_packet_out *s;
    struct ofp_actions actions;
    struct ofp_packet_out po;
    struct flow_key key;
    int rc = prepare(conn, r, &po, &key, &actions);

    if (rc) {
        return rc;
    }
    ofp_actions_free(&actions);
    ret->bytes = sizeof *s + r->len;
    ret->arg = s = xmalloc(ret->bytes);
    s->r = (struct request){.h = r->h, .msg = s->msg, .len = r->len};
    memcpy(s->msg, r->msg, r->len);
    return 0;
}

/* Its port may have gone meanwhile; its group may be in the bundle. */
static int apply(struct conn *conn, void *arg, uint64_t now_ms UNUSED)
{
    struct staged_packet_out *s = arg;
    struct ofp_actions actions;
    struct ofp_packet_out po;
    struct flow_key key;
    int rc = prepare_now(conn, &s->r, &po, &key, &actions);

    if (!rc) {
        ofp_actions_free(&actions);
    }
    return rc;
}

static void finish(struct conn *conn, void *arg, uint64_t now_ms UNUSED)
{
    struct staged_packet_out *s = arg;
    handle_packet_out(conn, &s->r);
}

static void free_staged(struct ofproto_set *set UNUSED, void *arg)
{
    free(arg);
}

CONSTRUCTOR static void register_op(void)
{
    static const struct bundle_op op = {
        .type = OFPT_PACKET_OUT,
        .stage = stage,
        .apply = apply,
        .finish = finish,
        .free = free_staged,
    };

    bundle_op_register(&op);
}
