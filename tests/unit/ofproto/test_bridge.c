/* Bridges and ports: names, numbers, errors that say what is wrong, rules and their timeouts. */
#include <errno.h>

#include "tests/unit/ofproto/net.h"

static int setup(void **state)
{
    struct net *net = calloc(1, sizeof *net);

    net_init(net);
    *state = net;
    return 0;
}

static int teardown(void **state)
{
    net_free(*state);
    free(*state);
    return 0;
}

static int set_port(struct ofproto *br, const char *name, uint16_t ofport, uint32_t dp_port,
                    uint16_t *ret, struct error *err)
{
    struct ofproto_port_config config = {
        .name = name, .ofport = ofport, .dp_port = dp_port, .up = true};

    return ofproto_port_set(br, &config, ret, err);
}

static void numbers_are_given_in_turn_or_as_wanted(void **state)
{
    struct net *net = *state;
    struct error err;
    uint16_t n = 0;

    assert_int_equal(set_port(net->br, "a", 0, 1, &n, &err), 0);
    assert_int_equal(n, 1);
    assert_int_equal(set_port(net->br, "b", 2, 2, &n, &err), 0);
    assert_int_equal(n, 2);
    assert_int_equal(set_port(net->br, "c", 0, 3, &n, &err), 0);
    assert_int_equal(n, 3);
    assert_int_equal(set_port(net->br, "br0", 0, 4, &n, &err), 0);
    assert_int_equal(n, OFPROTO_LOCAL);
    /* A port that went does not give its number to the next one at once. */
    ofproto_port_remove(net->br, "a");
    assert_int_equal(set_port(net->br, "d", 0, 5, &n, &err), 0);
    assert_int_equal(n, 4);
    /* Set again: the same number. */
    assert_int_equal(set_port(net->br, "d", 0, 5, &n, &err), 0);
    assert_int_equal(n, 4);
}

static void wrong_ports_are_refused_by_name_and_reason(void **state)
{
    struct net *net = *state;
    struct ofproto *br1 = net_add_bridge(net, "br1", OFPROTO_STANDALONE);
    struct error err;
    uint16_t n = 77;

    assert_int_equal(set_port(net->br, "a", 5, 1, NULL, &err), 0);
    assert_int_equal(set_port(net->br, "b", 5, 2, &n, &err), -EEXIST);
    assert_string_equal(err.text,
                        "port 'b': OpenFlow port number 5 is taken by port 'a' of bridge 'br0'");
    assert_int_equal(set_port(net->br, "b", 0xff00, 2, &n, &err), -EINVAL);
    assert_int_equal(set_port(net->br, "br0", 3, 2, &n, &err), -EINVAL);
    assert_int_equal(set_port(net->br, "b", 0, 1, &n, &err), -EEXIST);
    assert_int_equal(set_port(net->br, "b", 0, DP_MAX_PORTS, &n, &err), -EINVAL);
    assert_int_equal(set_port(br1, "a", 0, 3, &n, &err), -EEXIST);
    assert_string_equal(err.text, "port 'a': bridge 'br0' already has a port of this name");
    assert_int_equal(n, 77);
}

static void wrong_bundles_are_refused_and_change_nothing(void **state)
{
    struct net *net = *state;
    const char *two[] = {"p1", "p2"}, *missing[] = {"nope"}, *one[] = {"p1"};
    struct ofproto_bundle_config c = {.name = "p1", .ports = two, .n_ports = 2, .tag = -1};
    uint16_t trunks[] = {4096};
    uint64_t generation;
    struct error err;

    net_port(net->br, 1, OFPROTO_VLAN_ACCESS, 1);
    net_port(net->br, 2, OFPROTO_VLAN_ACCESS, 1);
    generation = ofproto_set_generation(net->set);
    assert_int_equal(ofproto_bundle_set(net->br, &c, &err), -EOPNOTSUPP);
    c.n_ports = 1;
    c.ports = missing;
    assert_int_equal(ofproto_bundle_set(net->br, &c, &err), -ENOENT);
    c.ports = one;
    c.tag = 5000;
    assert_int_equal(ofproto_bundle_set(net->br, &c, &err), -EINVAL);
    assert_string_equal(err.text, "port 'p1': tag 5000 is not within 0...4095");
    c.tag = -1;
    c.trunks = trunks;
    c.n_trunks = 1;
    assert_int_equal(ofproto_bundle_set(net->br, &c, &err), -EINVAL);
    c.n_trunks = 0;
    c.name = "other";
    assert_int_equal(ofproto_bundle_set(net->br, &c, &err), -EEXIST);
    assert_int_equal(ofproto_set_generation(net->set), generation);
    assert_int_equal(bundle_find(net->br, "p1")->vlan, 1);
}

static void setting_what_is_so_disturbs_no_cached_flow(void **state)
{
    struct net *net = *state;
    struct ofproto_config config = {.datapath_id = 1};
    uint64_t generation;

    net_port(net->br, 1, OFPROTO_VLAN_ACCESS, 10);
    generation = ofproto_set_generation(net->set);
    net_port(net->br, 1, OFPROTO_VLAN_ACCESS, 10);
    ofproto_configure(net->br, &config, NULL);
    assert_int_equal(ofproto_set_generation(net->set), generation);
    net_port(net->br, 1, OFPROTO_VLAN_ACCESS, 11);
    assert_true(ofproto_set_generation(net->set) > generation);
}

static void fail_mode_decides_the_first_rule(void **state)
{
    struct net *net = *state;
    struct ofproto_config config = {.fail_mode = OFPROTO_SECURE};

    assert_int_equal(net->br->tables[0]->cls.n_rules, 1);
    ofproto_configure(net->br, &config, NULL);
    assert_int_equal(net->br->tables[0]->cls.n_rules, 0);
    config.fail_mode = OFPROTO_STANDALONE;
    ofproto_configure(net->br, &config, NULL);
    assert_int_equal(net->br->tables[0]->cls.n_rules, 1);
}

static void rules_count_and_expire(void **state)
{
    struct net *net = *state;
    struct ofp_match match;
    struct ofp_rule_config config = {
        .match = &match, .priority = 7, .idle_timeout_s = 10, .hard_timeout_s = 100, .now_ms = 0};
    struct flow_key key = net_key(1, 1, 2);
    struct ofproto_xlate_out out;
    struct ofp_rule *rule;

    net_port(net->br, 1, OFPROTO_VLAN_TRUNK, -1);
    ofp_match_init(&match);
    rule = rule_new(&net->set->masks, &config);
    bridge_add_rule(net->br, 0, rule);
    net_translate(net, &key, true, &out);
    ofproto_effects_credit(out.effects, 2, 128, 9500);
    assert_int_equal(rule->packets, 2);
    assert_int_equal(rule->bytes, 128);
    ofproto_set_run(net->set, 19000);
    assert_true(net_holds(out.effects));
    ofproto_set_run(net->set, 19500);
    assert_false(net_holds(out.effects));
    ofproto_xlate_out_free(&out);
    assert_int_equal(net->br->tables[0]->cls.n_rules, 1);
    rule = rule_new(&net->set->masks, &config);
    bridge_add_rule(net->br, 0, rule);
    rule->used_ms = 99999;
    ofproto_set_run(net->set, 99999);
    assert_int_equal(net->br->tables[0]->cls.n_rules, 2);
    ofproto_set_run(net->set, 100000);
    assert_int_equal(net->br->tables[0]->cls.n_rules, 1);
}

static void a_bridge_needs_a_name_of_its_own(void **state)
{
    struct net *net = *state;
    struct ofproto *br;
    struct error err;

    assert_int_equal(ofproto_new(net->set, "br0", &br, &err), -EEXIST);
    assert_int_equal(ofproto_new(net->set, "a/b", &br, &err), -EINVAL);
    assert_int_equal(ofproto_new(net->set, "", &br, &err), -EINVAL);
}

int main(void)
{
#define T(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(numbers_are_given_in_turn_or_as_wanted),
        T(wrong_ports_are_refused_by_name_and_reason),
        T(wrong_bundles_are_refused_and_change_nothing),
        T(setting_what_is_so_disturbs_no_cached_flow),
        T(fail_mode_decides_the_first_rule),
        T(rules_count_and_expire),
        T(a_bridge_needs_a_name_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
