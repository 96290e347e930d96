/* A controller for unit tests: the other end of an OpenFlow connection of a bridge with the ports
 * p1, p2 and p3, and what the datapath was asked to execute. Header only. */
#ifndef TESTS_UNIT_OFPROTO_PEER_H
#define TESTS_UNIT_OFPROTO_PEER_H

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "ofproto/codec/flow_mod.h"
#include "ofproto/codec/match_wire.h"
#include "ofproto/conn/mgmt.h"
#include "tests/unit/ofproto/net.h"

#define PEER_XID 77

struct peer {
    struct net net;
    struct event_base *base;
    struct bufferevent *bev;
    uint8_t version;
    /* What was executed: the last one, and how many. */
    char actions[512];
    uint32_t in_port;
    uint32_t packet_len;
    unsigned int n_executed;
    bool refuse;
    /* A sync that waits to be told done; 'hold_syncs' false: they are at once. */
    bool hold_syncs;
    void (*synced)(void *);
    void *synced_aux;
    unsigned int n_syncs;
};

static inline void peer_run(struct peer *p)
{
    for (unsigned int i = 0; i < 4; i++) {
        event_base_loop(p->base, EVLOOP_NONBLOCK);
    }
}

static inline bool peer_execute(const void *packet, uint32_t len, uint32_t dp_port,
                                const struct dp_actions *actions, void *p_)
{
    struct strbuf s = STRBUF_INIT;
    struct peer *p = p_;

    (void)packet;
    if (p->refuse) {
        return false;
    }
    dp_actions_format(&s, actions->data, actions->len);
    snprintf(p->actions, sizeof p->actions, "%s", strbuf_str(&s));
    strbuf_free(&s);
    p->in_port = dp_port;
    p->packet_len = len;
    p->n_executed++;
    return true;
}

static inline void peer_sync(void (*done)(void *), void *done_aux, void *p_)
{
    struct peer *p = p_;

    p->n_syncs++;
    if (p->hold_syncs) {
        assert_null(p->synced);
        p->synced = done;
        p->synced_aux = done_aux;
    } else {
        done(done_aux);
    }
}

static inline void peer_cancel(void *done_aux, void *p_)
{
    struct peer *p = p_;

    if (p->synced_aux == done_aux) {
        p->synced = NULL;
    }
}

/* The cached flows agree now. */
static inline void peer_synced(struct peer *p)
{
    void (*done)(void *) = p->synced;

    assert_non_null(done);
    p->synced = NULL;
    done(p->synced_aux);
    peer_run(p);
}

/* One more connection to the bridge. */
static inline struct bufferevent *peer_connect(struct peer *p)
{
    struct bufferevent *pair[2];

    assert_int_equal(bufferevent_pair_new(p->base, BEV_OPT_CLOSE_ON_FREE, pair), 0);
    bufferevent_enable(pair[1], EV_READ | EV_WRITE);
    mgmt_serve(pair[0], "test", p->net.br->mgmt);
    peer_run(p);
    return pair[1];
}

/* With so many of the ports. */
static inline int peer_setup_ports(void **state, uint32_t n_ports)
{
    struct peer *p = calloc(1, sizeof *p);
    struct ofproto_hooks hooks = {
        .execute = peer_execute, .sync = peer_sync, .cancel = peer_cancel, .aux = p};

    net_init(&p->net);
    for (uint32_t i = 1; i <= n_ports; i++) {
        net_port(p->net.br, i, OFPROTO_VLAN_TRUNK, -1);
    }
    ofproto_set_hooks(p->net.set, &hooks);
    p->base = event_base_new();
    p->net.br->mgmt = mgmt_new(p->net.br);
    p->bev = peer_connect(p);
    *state = p;
    return 0;
}

static inline int peer_setup(void **state)
{
    return peer_setup_ports(state, 3);
}

static inline int peer_teardown(void **state)
{
    struct peer *p = *state;

    net_free(&p->net);
    bufferevent_free(p->bev);
    peer_run(p);
    event_base_free(p->base);
    free(p);
    return 0;
}

static inline void peer_send_on(struct peer *p, struct bufferevent *bev, uint8_t type,
                                const struct strbuf *body)
{
    struct strbuf s = STRBUF_INIT;
    size_t start = ofp_begin(&s, p->version, type, PEER_XID);

    if (body) {
        strbuf_put(&s, strbuf_str(body), body->len);
    }
    ofp_end(&s, start);
    bufferevent_write(bev, s.data, s.len);
    strbuf_free(&s);
    peer_run(p);
}

static inline void peer_send(struct peer *p, uint8_t type, const struct strbuf *body)
{
    peer_send_on(p, p->bev, type, body);
}

/* The next message that came, here; its length, 0 when there is none. */
static uint8_t message[65536];

static inline size_t peer_receive_on(struct bufferevent *bev)
{
    struct evbuffer *in = bufferevent_get_input(bev);
    size_t n;

    if (evbuffer_copyout(in, message, OFP_HEADER_LEN) != OFP_HEADER_LEN) {
        return 0;
    }
    n = wire_get16(message + 2);
    assert_true(evbuffer_get_length(in) >= n);
    evbuffer_remove(in, message, n);
    return n;
}

static inline size_t peer_receive(struct peer *p)
{
    return peer_receive_on(p->bev);
}

static inline void peer_greet_on(struct peer *p, struct bufferevent *bev)
{
    assert_int_equal(peer_receive_on(bev), 16);
    assert_int_equal(message[1], OFPT_HELLO);
    peer_send_on(p, bev, OFPT_HELLO, NULL);
    assert_int_equal(peer_receive_on(bev), 0);
}

static inline void peer_greet(struct peer *p, uint8_t version)
{
    p->version = version;
    peer_greet_on(p, p->bev);
}

static inline void peer_expect_error(struct peer *p, uint16_t type, uint16_t code)
{
    assert_true(peer_receive(p) >= 12);
    assert_int_equal(message[1], OFPT_ERROR);
    assert_int_equal(wire_get32(message + 4), PEER_XID);
    assert_int_equal(wire_get16(message + 8), type);
    assert_int_equal(wire_get16(message + 10), code);
    assert_int_equal(peer_receive(p), 0);
}

/* An action output:PORT in the version's form. */
static inline void peer_put_output(struct peer *p, struct strbuf *s, uint32_t port)
{
    wire_put16(s, 0);
    if (p->version == OFP10) {
        wire_put16(s, 8);
        wire_put16(s, (uint16_t)port);
        wire_put16(s, UINT16_MAX);
    } else {
        wire_put16(s, 16);
        wire_put32(s, ofp_port_to32(port));
        wire_put16(s, UINT16_MAX);
        wire_zeros(s, 6);
    }
}

/* A UDP packet from host 'src' to host 'dst', by the last byte of their addresses. */
static inline void peer_put_packet(struct strbuf *s, uint8_t src, uint8_t dst)
{
    uint8_t frame[64] = {2, 0, 0, 0, 0, dst, 2, 0, 0, 0, 0, src, 8, 0, 0x45, 0, 0, 50};

    frame[23] = 17;
    frame[22] = 64;
    frame[26] = frame[30] = 10;
    frame[29] = src;
    frame[33] = dst;
    frame[39] = 30;
    strbuf_put(s, frame, sizeof frame);
}

/* A packet-out of that packet. */
static inline void peer_packet_out(struct peer *p, uint32_t in_port, const struct strbuf *actions,
                                   uint8_t src, uint8_t dst)
{
    struct strbuf s = STRBUF_INIT;
    size_t len = actions ? actions->len : 0;

    wire_put32(&s, OFP_NO_BUFFER);
    if (p->version >= OFP15) {
        struct ofp_match match;

        ofp_match_init(&match);
        OFP_MATCH_SET(&match, in_port, in_port);
        wire_put16(&s, (uint16_t)len);
        wire_put16(&s, 0);
        ofp_match_encode(&s, OFP15, &match);
    } else if (p->version == OFP10) {
        wire_put16(&s, (uint16_t)in_port);
        wire_put16(&s, (uint16_t)len);
    } else {
        wire_put32(&s, ofp_port_to32(in_port));
        wire_put16(&s, (uint16_t)len);
        wire_zeros(&s, 6);
    }
    if (len) {
        strbuf_put(&s, actions->data, len);
    }
    peer_put_packet(&s, src, dst);
    peer_send(p, OFPT_PACKET_OUT, &s);
    strbuf_free(&s);
}

#endif
