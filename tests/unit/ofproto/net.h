/* A bridge with ports for the unit tests of ofproto: short ways to make ports, packets' keys and
 * translations. Header only. */
#ifndef TESTS_UNIT_OFPROTO_NET_H
#define TESTS_UNIT_OFPROTO_NET_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "ofproto/bridge.h"
#include "ofproto/match/text.h"

struct net {
    struct ofproto_set *set;
    struct ofproto *br;
    uint64_t now_ms;
};

static inline struct ofproto *net_add_bridge(struct net *net, const char *name,
                                             enum ofproto_fail_mode mode)
{
    struct ofproto_config config = {.datapath_id = 1, .fail_mode = mode};
    struct ofproto *br;
    struct error err;

    assert_int_equal(ofproto_new(net->set, name, &br, &err), 0);
    assert_int_equal(ofproto_configure(br, &config, &err), 0);
    return br;
}

static inline void net_init(struct net *net)
{
    memset(net, 0, sizeof *net);
    net->set = ofproto_set_new();
    net->now_ms = 1000000;
    net->br = net_add_bridge(net, "br0", OFPROTO_STANDALONE);
}

static inline void net_free(struct net *net)
{
    struct ofproto *br, *next;

    HASH_ITER (hh, net->set->bridges, br, next) {
        ofproto_free(br);
    }
    ofproto_set_free(net->set);
}

static inline uint16_t net_port_number(struct ofproto *br, const char *name, uint32_t dp_port,
                                       const char *peer)
{
    struct ofproto_port_config config = {
        .name = name, .dp_port = dp_port, .patch_peer = peer, .up = true};
    struct error err;
    uint16_t ofport = 0;

    assert_int_equal(ofproto_port_set(br, &config, &ofport, &err), 0);
    return ofport;
}

/* "p<dp_port>" in a bundle of the same name. */
static inline void net_port_full(struct ofproto *br, uint32_t dp_port,
                                 const struct ofproto_bundle_config *settings)
{
    struct ofproto_bundle_config config = *settings;
    const char *ports[1];
    struct error err;
    char name[16];

    snprintf(name, sizeof name, "p%u", dp_port);
    net_port_number(br, name, dp_port, NULL);
    ports[0] = name;
    config.name = name;
    config.ports = ports;
    config.n_ports = 1;
    assert_int_equal(ofproto_bundle_set(br, &config, &err), 0);
}

static inline void net_port(struct ofproto *br, uint32_t dp_port, enum ofproto_vlan_mode mode,
                            int tag)
{
    struct ofproto_bundle_config config = {.vlan_mode = mode, .tag = tag};

    net_port_full(br, dp_port, &config);
}

/* For cmocka: a bridge with trunk ports 1 to 'n_ports' (and its NORMAL rule) as the state, and its
 * end. */
static inline struct net *net_setup(void **state, uint32_t n_ports)
{
    struct net *net = calloc(1, sizeof *net);

    net_init(net);
    for (uint32_t p = 1; p <= n_ports; p++) {
        net_port(net->br, p, OFPROTO_VLAN_TRUNK, -1);
    }
    *state = net;
    return net;
}

static inline int net_teardown(void **state)
{
    net_free(*state);
    free(*state);
    return 0;
}

/* Two patch ports that join the bridges. */
static inline void net_patch(struct ofproto *a, const char *name_a, struct ofproto *b,
                             const char *name_b)
{
    struct ofproto_bundle_config config = {.vlan_mode = OFPROTO_VLAN_TRUNK, .tag = -1};
    struct error err;

    net_port_number(a, name_a, 0, name_b);
    net_port_number(b, name_b, 0, name_a);
    config.n_ports = 1;
    config.name = name_a;
    config.ports = &name_a;
    assert_int_equal(ofproto_bundle_set(a, &config, &err), 0);
    config.name = name_b;
    config.ports = &name_b;
    assert_int_equal(ofproto_bundle_set(b, &config, &err), 0);
}

/* An untagged IPv4 UDP packet; addresses by their last byte. */
static inline struct flow_key net_key(uint16_t in_port, uint8_t src, uint8_t dst)
{
    struct flow_key key;

    memset(&key, 0, sizeof key);
    key.lines = 1 << FLOW_LINE_BASE;
    key.in_port = in_port;
    key.eth_src[0] = key.eth_dst[0] = 0x02;
    key.eth_src[5] = src;
    key.eth_dst[5] = dst;
    if (dst == 0xff) {
        memset(key.eth_dst, 0xff, 6);
    }
    key.eth_type = be16_make(0x0800);
    key.nw_src = be32_make(0x0a000000u + src);
    key.nw_dst = be32_make(0x0a000000u + dst);
    key.nw_proto = 17;
    key.nw_ttl = 64;
    key.tp_src = be16_make(1000);
    key.tp_dst = be16_make(2000);
    return key;
}

static inline struct flow_key net_key_vlan(uint16_t in_port, uint8_t src, uint8_t dst, uint16_t tci)
{
    struct flow_key key = net_key(in_port, src, dst);

    key.vlan[0].tpid = be16_make(0x8100);
    key.vlan[0].tci = be16_make(tci | FLOW_VLAN_PRESENT);
    return key;
}

static inline void net_translate(struct net *net, const struct flow_key *key, bool learn,
                                 struct ofproto_xlate_out *out)
{
    struct ofproto_xlate_in in = {.key = key, .may_learn = learn, .now_ms = net->now_ms};

    ofproto_translate(net->set, &in, out);
}

/* Whether nothing has changed that a translation depended on. */
static inline bool net_holds(struct ofproto_effects *effects)
{
    return ofproto_effects_hold(effects, 0, NULL, NULL);
}

/* The datapath actions as text, in a buffer that the next call overwrites. The packet is learned
 * from. */
static inline const char *net_send_key(struct net *net, const struct flow_key *key)
{
    struct ofproto_xlate_out out;
    struct strbuf s = STRBUF_INIT;
    static char text[512];

    net_translate(net, key, true, &out);
    dp_actions_format(&s, out.actions.data, out.actions.len);
    snprintf(text, sizeof text, "%s", strbuf_str(&s));
    strbuf_free(&s);
    ofproto_xlate_out_free(&out);
    return text;
}

/* The same where the packet may go round: what it comes to in the end. 'key' becomes that of the
 * last round. */
static inline const char *net_send_round(struct net *net, struct flow_key *key)
{
    struct ofproto_xlate_out out;
    const struct dp_action *a;

    net_translate(net, key, true, &out);
    for (a = dp_actions_first(out.actions.data, out.actions.len); a;
         a = dp_actions_next(out.actions.data, out.actions.len, a)) {
        if (a->type == DP_ACTION_HASH) {
            const struct dp_action_hash *hash = (const struct dp_action_hash *)a;

            key->dp_hash = flow_key_hash(key, (enum dp_hash_alg)hash->alg, hash->basis);
        } else if (a->type == DP_ACTION_RECIRC) {
            key->recirc_id = ((const struct dp_action_recirc *)a)->id;
            ofproto_xlate_out_free(&out);
            return net_send_round(net, key);
        }
    }
    ofproto_xlate_out_free(&out);
    return net_send_key(net, key);
}

#define net_send(NET, KEY)                                                                         \
    ({                                                                                             \
        struct flow_key key_ = (KEY);                                                              \
        net_send_key(NET, &key_);                                                                  \
    })

static inline struct ofp_rule *net_rule(struct ofproto *br, uint8_t table, uint16_t priority,
                                        const char *match_text, const struct ofp_actions *actions)
{
    struct ofp_match match;
    struct ofp_rule_config config = {.match = &match, .priority = priority};
    struct ofp_rule *rule;
    struct error err = {0};

    if (ofp_match_parse(match_text, NULL, NULL, &match, &err)) {
        fail_msg("%s", err.text);
    }
    config.actions = actions ? actions->data : NULL;
    config.actions_len = actions ? actions->len : 0;
    rule = rule_new(&br->set->masks, &config);
    bridge_add_rule(br, table, rule);
    return rule;
}

#endif
