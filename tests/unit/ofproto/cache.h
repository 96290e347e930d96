/* The cached flows that packets make: as many as a datapath would hold. Header only. */
#ifndef TESTS_UNIT_OFPROTO_CACHE_H
#define TESTS_UNIT_OFPROTO_CACHE_H

#include "tests/unit/ofproto/net.h"

#define TEST_CACHE_MAX 4096

struct test_cache {
    struct net *net;
    struct {
        struct flow_key masked;
        struct ofproto_xlate_out out;
    } * flow;
    unsigned int n;
};

static inline void test_cache_init(struct test_cache *c, struct net *net)
{
    *c = (struct test_cache){.net = net,
                             .flow = aligned_alloc(64, TEST_CACHE_MAX * sizeof *c->flow)};
    assert_non_null(c->flow);
}

static inline void test_cache_free(struct test_cache *c)
{
    for (unsigned int i = 0; i < c->n; i++) {
        ofproto_xlate_out_free(&c->flow[i].out);
    }
    free(c->flow);
}

/* The actions of the packet's flow, which is made when there is none. */
static inline const struct dp_actions *test_cache_find(struct test_cache *c,
                                                       const struct flow_key *key)
{
    for (unsigned int i = 0; i < c->n; i++) {
        struct flow_key masked;

        /* Most differ in the first words. */
        if ((key->u64[0] ^ c->flow[i].masked.u64[0]) & c->flow[i].out.mask.bits.u64[0]) {
            continue;
        }
        flow_key_mask(&masked, key, &c->flow[i].out.mask);
        if (flow_key_equal(&masked, &c->flow[i].masked)) {
            return &c->flow[i].out.actions;
        }
    }
    assert_true(c->n < TEST_CACHE_MAX);
    net_translate(c->net, key, true, &c->flow[c->n].out);
    flow_key_mask(&c->flow[c->n].masked, key, &c->flow[c->n].out.mask);
    return &c->flow[c->n++].out.actions;
}

/* Takes a packet through its flows, round by round. */
static inline void test_cache_send(struct test_cache *c, struct flow_key *key)
{
    struct dp_actions actions;
    uint32_t hash = 0;

    do {
        actions = *test_cache_find(c, key);
        key->recirc_id = 0;
        for (const struct dp_action *a = dp_actions_first(actions.data, actions.len); a;
             a = dp_actions_next(actions.data, actions.len, a)) {
            if (a->type == DP_ACTION_HASH) {
                const struct dp_action_hash *h = (const struct dp_action_hash *)a;

                hash = flow_key_hash(key, (enum dp_hash_alg)h->alg, h->basis);
            } else if (a->type == DP_ACTION_RECIRC) {
                key->recirc_id = ((const struct dp_action_recirc *)a)->id;
            }
        }
        key->dp_hash = hash;
    } while (key->recirc_id);
}

#endif
