/* MAC learning: ageing, fairness when full, moves, and which cached flows a change disturbs. */
#include "tests/unit/ofproto/net.h"

static void full_table_takes_from_the_greediest_owner(void **state)
{
    struct mac_owner quiet, flooder;
    uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0};
    uint64_t generation = 1;
    struct mac_table t;

    (void)state;
    mac_table_init(&t, &generation);
    mac_table_configure(&t, 100, 300);
    mac_owner_init(&quiet);
    mac_owner_init(&flooder);
    for (unsigned int i = 0; i < 10; i++) {
        mac[5] = (uint8_t)i;
        mac_learn(&t, 0, mac, &quiet, 1000);
    }
    mac[4] = 1;
    for (unsigned int i = 0; i < 10000; i++) {
        mac[2] = (uint8_t)(i >> 8);
        mac[5] = (uint8_t)i;
        mac_learn(&t, 0, mac, &flooder, 2000 + i);
    }
    assert_int_equal(t.n, 100);
    assert_int_equal(quiet.n, 10);
    assert_int_equal(flooder.n, 90);
    assert_int_equal(t.n_evicted, 10000 - 90);
    /* Its own newest ones stay. */
    assert_non_null(mac_lookup(&t, 0, mac, NULL));
    mac_table_destroy(&t);
}

static void entries_age_unless_refreshed(void **state)
{
    uint8_t a[6] = {0x02, 0, 0, 0, 0, 1}, b[6] = {0x02, 0, 0, 0, 0, 2};
    struct mac_owner owner;
    uint64_t generation = 1;
    struct mac_table t;

    (void)state;
    mac_table_init(&t, &generation);
    mac_table_configure(&t, 0, 10);
    mac_owner_init(&owner);
    mac_learn(&t, 0, a, &owner, 1000);
    mac_learn(&t, 0, b, &owner, 1000);
    mac_credit(&t, 0, b, &owner, 9000);
    mac_expire(&t, 10999);
    assert_int_equal(t.n, 2);
    mac_expire(&t, 11000);
    assert_int_equal(t.n, 1);
    assert_non_null(mac_lookup(&t, 0, b, NULL));
    mac_expire(&t, 19000);
    assert_int_equal(t.n, 0);
    assert_int_equal(t.n_expired, 2);
    mac_table_destroy(&t);
}

static void multicast_and_zero_sources_are_not_learned(void **state)
{
    uint8_t multicast[6] = {0x01, 0, 0x5e, 0, 0, 1}, zero[6] = {0};
    struct mac_owner owner;
    uint64_t generation = 1;
    struct mac_table t;

    (void)state;
    mac_table_init(&t, &generation);
    mac_owner_init(&owner);
    assert_false(mac_learn(&t, 0, multicast, &owner, 1));
    assert_false(mac_learn(&t, 0, zero, &owner, 1));
    assert_int_equal(t.n, 0);
    mac_table_destroy(&t);
}

static void random_changes_keep_counts_and_heap_right(void **state)
{
    struct mac_owner owners[5];
    uint8_t mac[6] = {0x02};
    uint64_t generation = 1;
    struct mac_table t;

    (void)state;
    srand(3);
    mac_table_init(&t, &generation);
    mac_table_configure(&t, 50, 20);
    for (unsigned int i = 0; i < 5; i++) {
        mac_owner_init(&owners[i]);
    }
    for (unsigned int i = 0; i < 20000; i++) {
        size_t sum = 0, most = 0;

        mac[5] = (uint8_t)(rand() % 100);
        switch (rand() % 20) {
        case 0: mac_owner_flush(&t, &owners[rand() % 5]); break;
        case 1: mac_expire(&t, i * 10); break;
        case 2: mac_flush_vlan(&t, (uint16_t)(rand() % 3)); break;
        case 3: mac_table_configure(&t, (size_t)(10 + rand() % 60), 20); break;
        default:
            mac_learn(&t, (uint16_t)(rand() % 3), mac, &owners[rand() % (1 + rand() % 5)], i * 10);
        }
        for (unsigned int o = 0; o < 5; o++) {
            sum += owners[o].n;
            most = MAX_OF(most, owners[o].n);
        }
        assert_int_equal(sum, t.n);
        assert_true(t.n <= t.max);
        assert_int_equal(t.n_heap ? t.heap[0]->n : 0, most);
    }
    mac_table_destroy(&t);
}

/* --- What a change disturbs, seen through translation. */

static int setup(void **state)
{
    net_setup(state, 3);
    return 0;
}

static void learning_what_nobody_sends_to_disturbs_nothing(void **state)
{
    struct net *net = *state;
    uint64_t generation = ofproto_set_generation(net->set);

    for (unsigned int i = 1; i < 200; i++) {
        struct flow_key key = net_key(1, (uint8_t)i, 0xff);

        mac_learn(&net->br->macs, 0, key.eth_src, &ofport_by_dp(net->set, 1)->bundle->macs, 1);
    }
    assert_int_equal(ofproto_set_generation(net->set), generation);
}

static void a_flood_is_stale_once_its_destination_is_learned(void **state)
{
    struct net *net = *state;
    struct flow_key key = net_key(1, 1, 2);
    struct ofproto_xlate_out out;
    uint64_t generation;

    net_translate(net, &key, true, &out);
    assert_true(net_holds(out.effects));
    generation = ofproto_set_generation(net->set);
    net_send(net, net_key(2, 2, 1));
    assert_true(ofproto_set_generation(net->set) > generation);
    assert_false(net_holds(out.effects));
    ofproto_xlate_out_free(&out);
}

/* The last byte of an address whose changes do not touch what depends on host 1. */
static uint8_t in_another_bucket(const struct mac_table *t)
{
    struct flow_key key = net_key(1, 1, 2);
    unsigned int bucket = mac_bucket(t, 0, key.eth_src);

    while (mac_bucket(t, 0, key.eth_dst) == bucket) {
        key.eth_dst[5]++;
    }
    return key.eth_dst[5];
}

static void a_move_makes_flows_to_the_address_stale_and_few_others(void **state)
{
    struct net *net = *state;
    uint8_t mover = in_another_bucket(&net->br->macs);
    struct flow_key to_mover = net_key(1, 1, mover);
    struct ofproto_xlate_out moved, others[100];
    unsigned int n_stale = 0;

    net_send(net, net_key(2, mover, 1));
    net_translate(net, &to_mover, true, &moved);
    for (unsigned int i = 0; i < 100; i++) {
        struct flow_key key = net_key(1, 1, (uint8_t)(100 + i));

        net_translate(net, &key, true, &others[i]);
    }
    net_send(net, net_key(3, mover, 1));
    assert_false(net_holds(moved.effects));
    for (unsigned int i = 0; i < 100; i++) {
        n_stale += !net_holds(others[i].effects);
        ofproto_xlate_out_free(&others[i]);
    }
    assert_true(n_stale < 10);
    ofproto_xlate_out_free(&moved);
    assert_string_equal(net_send(net, to_mover), "3");
}

static void traffic_of_cached_flows_keeps_and_restores_entries(void **state)
{
    struct net *net = *state;
    struct flow_key key = net_key(1, 1, 2);
    struct ofproto_xlate_out out;

    net_translate(net, &key, true, &out);
    ofproto_effects_credit(out.effects, 1, 60, net->now_ms + 250000);
    ofproto_set_run(net->set, net->now_ms + 400000);
    assert_int_equal(net->br->macs.n, 1);
    ofproto_set_run(net->set, net->now_ms + 600000);
    assert_int_equal(net->br->macs.n, 0);
    ofproto_effects_credit(out.effects, 1, 60, net->now_ms + 700000);
    assert_int_equal(net->br->macs.n, 1);
    ofproto_xlate_out_free(&out);
}

static void a_port_that_goes_takes_its_addresses_along(void **state)
{
    struct net *net = *state;

    net_send(net, net_key(2, 2, 1));
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "2");
    ofproto_port_remove(net->br, "p2");
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "3");
}

static void effects_outlive_their_rules_bridges_and_set(void **state)
{
    struct flow_key key = net_key(1, 1, 2);
    struct ofproto_xlate_out out;
    struct net net;

    (void)state;
    net_init(&net);
    net_port(net.br, 1, OFPROTO_VLAN_TRUNK, -1);
    net_translate(&net, &key, true, &out);
    ofproto_free(net.br);
    assert_false(net_holds(out.effects));
    ofproto_effects_credit(out.effects, 1, 1, 1);
    ofproto_set_free(net.set);
    ofproto_xlate_out_free(&out);
}

int main(void)
{
#define T(NAME) cmocka_unit_test_setup_teardown(NAME, setup, net_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_table_takes_from_the_greediest_owner),
        cmocka_unit_test(entries_age_unless_refreshed),
        cmocka_unit_test(multicast_and_zero_sources_are_not_learned),
        cmocka_unit_test(random_changes_keep_counts_and_heap_right),
        T(learning_what_nobody_sends_to_disturbs_nothing),
        T(a_flood_is_stale_once_its_destination_is_learned),
        T(a_move_makes_flows_to_the_address_stale_and_few_others),
        T(traffic_of_cached_flows_keeps_and_restores_entries),
        T(a_port_that_goes_takes_its_addresses_along),
        cmocka_unit_test(effects_outlive_their_rules_bridges_and_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
