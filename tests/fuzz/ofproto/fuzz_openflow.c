/* An OpenFlow connection gets any bytes: after a hello of some version, or at once. Whatever
 * comes, each answer is a whole message of a right length, and the tables still translate. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>

#include "ofproto/bridge.h"
#include "ofproto/codec/wire.h"
#include "ofproto/conn/mgmt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const uint8_t versions[] = {OFP13, OFP10, OFP14, OFP15};

static void check_answers(struct bufferevent *bev)
{
    struct evbuffer *in = bufferevent_get_input(bev);

    while (evbuffer_get_length(in)) {
        uint8_t *p = evbuffer_pullup(in, OFP_HEADER_LEN);
        struct ofp_header h;

        if (!p) {
            abort();
        }
        ofp_header_decode(p, &h);
        if (h.length < OFP_HEADER_LEN || evbuffer_get_length(in) < h.length) {
            abort();
        }
        evbuffer_drain(in, h.length);
    }
}

static void hello(struct bufferevent *bev, uint8_t version)
{
    uint8_t msg[OFP_HEADER_LEN] = {version, OFPT_HELLO, 0, OFP_HEADER_LEN, 0, 0, 0, 9};

    bufferevent_write(bev, msg, sizeof msg);
}

static void translate(struct ofproto_set *set)
{
    struct flow_key key = {.lines = 1, .in_port = 1, .eth_type = be16_make(0x0800), .nw_proto = 6};
    struct ofproto_xlate_in in = {.key = &key, .may_learn = true, .now_ms = 1};
    struct ofproto_xlate_out out;
    struct error err;

    ofproto_translate(set, &in, &out);
    if (dp_actions_validate(out.actions.data, out.actions.len, &err)) {
        abort();
    }
    ofproto_xlate_out_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ofproto_port_config port = {.name = "p1", .dp_port = 1, .up = true};
    struct event_base *base = event_base_new();
    struct ofproto_set *set = ofproto_set_new();
    struct bufferevent *pair[2];
    struct ofproto *bridge;

    if (ofproto_new(set, "br0", &bridge, NULL) || ofproto_port_set(bridge, &port, NULL, NULL) ||
        bufferevent_pair_new(base, BEV_OPT_CLOSE_ON_FREE, pair)) {
        abort();
    }
    bridge->mgmt = mgmt_new(bridge);
    bufferevent_enable(pair[1], EV_READ | EV_WRITE);
    mgmt_serve(pair[0], "fuzz", bridge->mgmt);
    if (len && data[0] & 1) {
        hello(pair[1], versions[data[0] >> 1 & 3]);
    }
    if (len) {
        bufferevent_write(pair[1], data + 1, len - 1);
    }
    event_base_loop(base, EVLOOP_NONBLOCK);
    event_base_loop(base, EVLOOP_NONBLOCK);
    check_answers(pair[1]);
    translate(set);
    ofproto_free(bridge);
    ofproto_set_free(set);
    bufferevent_free(pair[1]);
    event_base_loop(base, EVLOOP_NONBLOCK);
    event_base_free(base);
    return 0;
}
