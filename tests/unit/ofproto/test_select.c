/* Select groups by slots of the datapath's hash: weights, who moves when buckets die, and how few
 * cached flows there are. */
#include "ofproto/codec/group_text.h"
#include "ofproto/group/group.h"
#include "tests/unit/ofproto/cache.h"
#include "tests/unit/ofproto/text_rule.h"

static int setup(void **state)
{
    bridge_flush_rules(net_setup(state, 5)->br);
    return 0;
}

static int teardown(void **state)
{
    return net_teardown(state);
}

static int add_group(struct net *net, const char *text)
{
    struct ofp_group_mod gm;
    struct error err;
    int rc;

    if (ofp_group_mod_parse(OFP_GROUP_ADD_OR_MODIFY, text, NULL, NULL, &gm, &err)) {
        fail_msg("%s", err.text);
    }
    rc = group_mod_apply(net->br, &gm, net->now_ms);
    ofp_group_config_free(&gm.config);
    return rc;
}

static void set_up(struct net *net, uint32_t dp_port, bool up)
{
    struct ofproto_port_config config = {.dp_port = dp_port, .up = up};
    struct error err;
    uint16_t number;
    char name[16];

    snprintf(name, sizeof name, "p%u", dp_port);
    config.name = name;
    assert_int_equal(ofproto_port_set(net->br, &config, &number, &err), 0);
}

/* A select group of 'n' buckets, of weight 1 + (i * 7) % spread. */
static struct ofp_group *group_of(struct net *net, unsigned int n, unsigned int spread)
{
    struct strbuf s = STRBUF_INIT;

    strbuf_puts(&s, "group_id=1,type=select");
    for (unsigned int i = 0; i < n; i++) {
        strbuf_printf(&s, ",bucket=bucket_id:%u,weight:%u,watch_port:%u,actions=output:%u", i,
                      1 + i * 7 % spread, 1 + i % 5, 1 + i % 5);
    }
    assert_int_equal(add_group(net, strbuf_str(&s)), 0);
    strbuf_free(&s);
    return group_find(net->br, 1);
}

static void count(struct net *net, struct ofp_group *group, unsigned int *have)
{
    unsigned int n = group_n_slots(group);

    memset(have, 0, group->config.n * sizeof *have);
    for (unsigned int s = 0; s < n; s++) {
        int b = group_slot_bucket(net->br, group, s);

        assert_in_range(b, 0, group->config.n - 1);
        have[b]++;
    }
}

static void buckets_have_slots_as_their_weights_say(void **state)
{
    struct net *net = *state;

    for (unsigned int n = 2; n <= 64; n += n < 10 ? 1 : 9) {
        for (unsigned int spread = 1; spread <= 5; spread++) {
            struct ofp_group *group = group_of(net, n, spread);
            unsigned int have[64], total = 0, n_slots = group_n_slots(group);

            assert_in_range(n_slots, 16, 1024);
            assert_int_equal(n_slots & (n_slots - 1), 0);
            count(net, group, have);
            for (unsigned int i = 0; i < n; i++) {
                total += group->config.bucket[i].weight;
            }
            for (unsigned int i = 0; i < n; i++) {
                double due = (double)n_slots * group->config.bucket[i].weight / total;

                assert_true(have[i] > due - 1.01 && have[i] < due + 1.01);
                assert_true(have[i] > 0);
            }
        }
    }
}

static void the_slots_of_the_dead_are_shared_out_and_given_back(void **state)
{
    struct net *net = *state;
    struct ofp_group *group = group_of(net, 5, 1);
    unsigned int n = group_n_slots(group), have[5];
    int before[1024];

    for (unsigned int s = 0; s < n; s++) {
        before[s] = group_slot_bucket(net->br, group, s);
    }
    set_up(net, 3, false);
    for (unsigned int s = 0; s < n; s++) {
        assert_true(before[s] == 2 || before[s] == group_slot_bucket(net->br, group, s));
    }
    count(net, group, have);
    assert_int_equal(have[2], 0);
    for (unsigned int i = 0; i < 5; i++) {
        assert_true(i == 2 || (have[i] >= n / 4 - 1 && have[i] <= n / 4 + 1));
    }
    set_up(net, 3, true);
    for (unsigned int s = 0; s < n; s++) {
        assert_int_equal(before[s], group_slot_bucket(net->br, group, s));
    }
    for (uint32_t p = 1; p <= 5; p++) {
        set_up(net, p, false);
    }
    assert_int_equal(group_slot_bucket(net->br, group, 0), -1);
}

static void random_connection(struct flow_key *key, uint32_t i)
{
    *key = net_key(1, 1, 2);
    key->nw_src = be32_make(0x0a000000 + i * 2654435761u % 60000);
    key->tp_src = be16_make((uint16_t)(i * 40503u));
    key->tp_dst = be16_make(80);
}

static void connections_share_cached_flows(void **state)
{
    struct net *net = *state;
    struct test_cache cache;

    group_of(net, 4, 1);
    text_rule(net->br, "ip,actions=group:1");
    test_cache_init(&cache, net);
    for (uint32_t i = 0; i < 100000; i++) {
        struct flow_key key;

        random_connection(&key, i);
        test_cache_send(&cache, &key);
    }
    assert_int_equal(cache.n, 1 + group_n_slots(group_find(net->br, 1)));
    assert_int_equal(cache.n, 33);
    test_cache_free(&cache);
}

static void a_group_behind_a_group_chooses_anew(void **state)
{
    struct net *net = *state;
    unsigned int n[6] = {0};

    assert_int_equal(add_group(net, "group_id=2,type=select,bucket=actions=output:2,"
                                    "bucket=actions=output:3"),
                     0);
    assert_int_equal(add_group(net, "group_id=1,type=select,bucket=actions=output:4,"
                                    "bucket=actions=group:2"),
                     0);
    text_rule(net->br, "actions=group:1");
    for (uint32_t i = 0; i < 4000; i++) {
        struct flow_key key;

        random_connection(&key, i);
        n[atoi(net_send_round(net, &key))]++;
    }
    assert_in_range(n[4], 1800, 2200);
    assert_in_range(n[2], 850, 1150);
    assert_in_range(n[3], 850, 1150);
}

static void the_method_names_algorithm_and_basis(void **state)
{
    struct flow_key there = net_key(1, 1, 2), back = net_key(1, 2, 1);
    struct ofproto_xlate_out out;
    struct strbuf s = STRBUF_INIT;
    struct net *net = *state;

    assert_int_equal(add_group(net, "group_id=1,type=select,selection_method=dp_hash,"
                                    "selection_method_param=4294967303,bucket=actions=output:2,"
                                    "bucket=actions=output:3"),
                     0);
    text_rule(net->br, "actions=group:1,output:4");
    net_translate(net, &there, false, &out);
    dp_actions_format(&s, out.actions.data, out.actions.len);
    assert_non_null(strstr(strbuf_str(&s), "hash(sym_l4(7)),recirc(0x"));
    assert_null(strstr(strbuf_str(&s), "),4")); /* It waits behind the group. */
    ofproto_xlate_out_free(&out);
    strbuf_free(&s);
    back.tp_src = there.tp_dst;
    back.tp_dst = there.tp_src;
    assert_int_equal(flow_key_hash(&there, DP_HASH_SYM_L4, 7),
                     flow_key_hash(&back, DP_HASH_SYM_L4, 7));
}

/* Outputs are in the order of the list, and the other levels' behind it. */
static void what_follows_a_group_waits_for_its_round(void **state)
{
    struct flow_key key = net_key(1, 1, 2);
    struct net *net = *state;
    const char *actions;

    assert_int_equal(add_group(net, "group_id=1,type=select,bucket=actions=mod_nw_tos:8,output:2,"
                                    "bucket=actions=mod_nw_tos:8,output:2"),
                     0);
    text_rule(net->br, "actions=output:3,resubmit(,1),output:4");
    text_rule(net->br, "table=1,ip,actions=group:1,mod_dl_src:02:00:00:00:00:09,output:2");
    actions = net_send_round(net, &key);
    assert_string_equal(actions, "set(ipv4(tos=0x8/0xfc)),2,set(eth(src=02:00:00:00:00:09)),"
                                 "set(ipv4(tos=0/0xfc)),2,4");
}

/* Slots cannot tell such weights: each connection has a cached flow. */
static void weights_that_lie_too_far_apart_need_no_round(void **state)
{
    struct flow_key key = net_key(1, 1, 2);
    struct net *net = *state;

    assert_int_equal(add_group(net, "group_id=1,type=select,bucket=weight:1,actions=output:2,"
                                    "bucket=weight:60000,actions=output:3"),
                     0);
    assert_int_equal(group_n_slots(group_find(net->br, 1)), 0);
    text_rule(net->br, "actions=group:1");
    assert_string_equal(net_send_key(net, &key), "3");
}

/* What revalidation asks: the key under the mask, of which few bits of the hash are left. */
static void a_masked_hash_chooses_the_same(void **state)
{
    struct net *net = *state;

    group_of(net, 4, 1);
    text_rule(net->br, "actions=group:1");
    for (uint32_t i = 0; i < 100; i++) {
        struct flow_key key, masked;
        struct ofproto_xlate_out a, b;

        random_connection(&key, i);
        net_send_round(net, &key);
        net_translate(net, &key, false, &a);
        assert_int_equal(a.mask.bits.dp_hash, group_n_slots(group_find(net->br, 1)) - 1);
        assert_int_equal(a.mask.bits.nw_src, 0);
        flow_key_mask(&masked, &key, &a.mask);
        net_translate(net, &masked, false, &b);
        assert_true(dp_actions_equal(&a.actions, &b.actions));
        ofproto_xlate_out_free(&a);
        ofproto_xlate_out_free(&b);
    }
}

/* Packets and buckets are counted once, by the round that chose. */
static void the_round_that_chooses_counts(void **state)
{
    struct ofproto_xlate_out out;
    struct net *net = *state;
    struct flow_key key = net_key(1, 1, 2);
    struct ofp_group *group = group_of(net, 4, 1);

    text_rule(net->br, "actions=group:1");
    net_translate(net, &key, false, &out);
    ofproto_effects_credit(out.effects, 5, 500, 2000);
    ofproto_xlate_out_free(&out);
    assert_int_equal(group->counters.packets, 0);
    net_send_round(net, &key);
    net_translate(net, &key, false, &out);
    ofproto_effects_credit(out.effects, 5, 500, 2000);
    ofproto_xlate_out_free(&out);
    assert_int_equal(group->counters.packets, 5);
}

int main(void)
{
#define T(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(buckets_have_slots_as_their_weights_say),
        T(the_slots_of_the_dead_are_shared_out_and_given_back),
        T(connections_share_cached_flows),
        T(a_group_behind_a_group_chooses_anew),
        T(the_method_names_algorithm_and_basis),
        T(weights_that_lie_too_far_apart_need_no_round),
        T(a_masked_hash_chooses_the_same),
        T(the_round_that_chooses_counts),
        T(what_follows_a_group_waits_for_its_round),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
