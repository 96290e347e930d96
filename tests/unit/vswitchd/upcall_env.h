/* What tests of upcall/ start from: a fake datapath with four ports, one bridge with these ports,
 * and packets between hosts. Host n (1...4) has the MAC address 02:00:00:00:00:0n and sits behind
 * datapath port n. */
#ifndef TESTS_UNIT_VSWITCHD_UPCALL_ENV_H
#define TESTS_UNIT_VSWITCHD_UPCALL_ENV_H

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "datapath/fake/fake.h"
#include "ofproto/bridge.h"
#include "ofproto/match/text.h"
#include "vswitchd/upcall/internal.h"

#define N_PORTS 4

struct env {
    struct event_base *base;
    struct dp *dp;
    struct ofproto_set *ofprotos;
    struct ofproto *bridge;
    struct upcall *u;
    unsigned int n_attached;
    unsigned int n_lost;
    bool fresh;
    uint64_t now_ms; /* 0: the real time. */
};

static inline uint64_t env_now(const struct env *e)
{
    return e->now_ms ? e->now_ms : time_now_ms();
}

static void env_attached(bool fresh, void *aux)
{
    struct env *e = aux;
    e->n_attached++;
    e->fresh = fresh;
}

static void env_lost(const char *reason, void *aux)
{
    struct env *e = aux;
    (void)reason;
    e->n_lost++;
    upcall_lost(e->u);
}

static void env_upcalls(const struct dp_upcall *ups, size_t n, void *aux)
{
    struct env *e = aux;
    upcall_handle(e->u, ups, n, env_now(e));
}

static void env_completions(const struct dp_completion *cs, size_t n, void *aux)
{
    struct env *e = aux;
    upcall_completions(e->u, cs, n);
}

static const struct dp_callbacks env_callbacks = {
    .attached = env_attached,
    .lost = env_lost,
    .upcalls = env_upcalls,
    .completions = env_completions,
};

static inline void env_set_vlan(struct env *e, unsigned int port, int tag)
{
    char name[8];
    const char *names[1] = {name};
    struct ofproto_bundle_config config = {
        .name = name, .ports = names, .n_ports = 1, .tag = tag, .vlan_mode = OFPROTO_VLAN_ACCESS};
    struct error err = {0};

    config.vlan_mode = tag < 0 ? OFPROTO_VLAN_TRUNK : OFPROTO_VLAN_ACCESS;
    snprintf(name, sizeof name, "p%u", port);
    assert_int_equal(ofproto_bundle_set(e->bridge, &config, &err), 0);
}

/* The bridge, as a process that has just started makes it. */
static inline void env_make_bridge(struct env *e)
{
    struct ofproto_config config = {.datapath_id = 1, .local_mac = {2, 0, 0, 0, 0, 0xff}};
    struct error err = {0};

    e->ofprotos = ofproto_set_new();
    assert_int_equal(ofproto_new(e->ofprotos, "br0", &e->bridge, &err), 0);
    assert_int_equal(ofproto_configure(e->bridge, &config, &err), 0);
    for (unsigned int i = 1; i <= N_PORTS; i++) {
        char name[8];
        struct ofproto_port_config port = {.name = name, .dp_port = i, .up = true};
        uint16_t ofport;

        snprintf(name, sizeof name, "p%u", i);
        assert_int_equal(ofproto_port_set(e->bridge, &port, &ofport, &err), 0);
        env_set_vlan(e, i, -1);
    }
    e->u = upcall_new(NULL, e->ofprotos);
}

static inline void env_free_bridge(struct env *e)
{
    upcall_free(e->u);
    ofproto_free(e->bridge);
    ofproto_set_free(e->ofprotos);
}

static inline void env_open(struct env *e, const char *target)
{
    struct error err = {0};

    assert_int_equal(dp_open(target, e->base, &env_callbacks, e, &e->dp, &err), 0);
    upcall_set_dp(e->u, e->dp);
    fake_run(e->base);
    assert_true(e->n_attached > 0);
}

static inline void env_add_ports(struct env *e)
{
    for (unsigned int i = 1; i <= N_PORTS; i++) {
        char name[8];
        struct dp_port_config config = {.name = name, .type = "tap"};
        uint32_t no;
        struct error err = {0};

        snprintf(name, sizeof name, "p%u", i);
        assert_int_equal(dp_port_add(e->dp, &config, i, &no, &err), 0);
    }
}

static inline int env_setup(void **state)
{
    struct env *e = xcalloc(1, sizeof *e);

    e->base = event_base_new();
    env_make_bridge(e);
    env_open(e, "fake:upcall");
    env_add_ports(e);
    upcall_start(e->u, true, env_now(e));
    *state = e;
    return 0;
}

static inline int env_teardown(void **state)
{
    struct env *e = *state;

    dp_close(e->dp);
    env_free_bridge(e);
    fake_destroy("upcall");
    event_base_free(e->base);
    free(e);
    return 0;
}

/* Key of an untagged UDP packet from one host to another. */
static inline struct flow_key env_key(unsigned int from, unsigned int to, uint16_t port)
{
    struct flow_key key;

    memset(&key, 0, sizeof key);
    key.lines = 1u << FLOW_LINE_BASE;
    key.in_port = (uint16_t)from;
    memcpy(key.eth_src, (uint8_t[6]){2, 0, 0, 0, 0, (uint8_t)from}, 6);
    memcpy(key.eth_dst, (uint8_t[6]){2, 0, 0, 0, 0, (uint8_t)to}, 6);
    key.eth_type = be16_make(0x0800);
    key.nw_src = be32_make(0x0a000000 + from);
    key.nw_dst = be32_make(0x0a000000 + to);
    key.nw_proto = 17;
    key.tp_src = be16_make(port);
    key.tp_dst = be16_make(9);
    return key;
}

/* A packet with that key comes in; true when a cached flow took it. */
static inline bool env_send_key(struct env *e, const struct flow_key *key)
{
    uint8_t packet[60] = {0};
    bool hit;

    memcpy(packet, key->eth_dst, 6);
    memcpy(packet + 6, key->eth_src, 6);
    memcpy(packet + 12, &key->eth_type, 2);
    hit = fake_receive(e->dp, key, packet, sizeof packet);
    fake_run(e->base);
    return hit;
}

static inline bool env_send(struct env *e, unsigned int from, unsigned int to)
{
    struct flow_key key = env_key(from, to, 1000);
    return env_send_key(e, &key);
}

/* How many packets went out of a port since the last call. */
static inline unsigned int env_sent(struct env *e, uint32_t port)
{
    size_t n;
    const struct fake_output *out = fake_outputs(e->dp, &n);
    unsigned int count = 0;

    for (size_t i = 0; i < n; i++) {
        count += out[i].port_no == port;
    }
    return count;
}

/* A rule of priority 100. */
static inline void env_drop(struct env *e, const char *text)
{
    struct ofp_match match;
    struct ofp_rule_config config = {.match = &match, .priority = 100};
    struct error err = {0};

    assert_int_equal(ofp_match_parse(text, NULL, NULL, &match, &err), 0);
    bridge_add_rule(e->bridge, 0, rule_new(&e->bridge->set->masks, &config));
}

/* All that there is to do, one whole pass with it, and in force. */
static inline void env_revalidate(struct env *e)
{
    unsigned int turns = 0;

    e->u->settled_ms = e->u->whole_ended_ms = 0;
    do {
        upcall_run(e->u, env_now(e));
        fake_run(e->base);
    } while (e->u->in_pass && ++turns < 100000);
    assert_false(e->u->in_pass);
}

#endif
