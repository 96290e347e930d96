/* NORMAL: what a learning switch with VLANs does to packets, and how little of them decides it. */
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

static void unknown_unicast_floods_then_learned_is_sent_to_one_port(void **state)
{
    struct net *net = *state;

    for (uint32_t p = 1; p <= 3; p++) {
        net_port(net->br, p, OFPROTO_VLAN_TRUNK, -1);
    }
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "2,3");
    assert_string_equal(net_send(net, net_key(2, 2, 1)), "1");
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "2");
    assert_string_equal(net_send(net, net_key(1, 1, 0xff)), "2,3");
    /* Its destination is where it came from. */
    assert_string_equal(net_send(net, net_key(1, 9, 1)), "drop:same-port");
}

static void access_ports_of_one_vlan_reach_each_other_and_no_other(void **state)
{
    struct net *net = *state;

    net_port(net->br, 1, OFPROTO_VLAN_ACCESS, 10);
    net_port(net->br, 2, OFPROTO_VLAN_ACCESS, 10);
    net_port(net->br, 3, OFPROTO_VLAN_ACCESS, 20);
    net_port(net->br, 4, OFPROTO_VLAN_ACCESS, 20);
    assert_string_equal(net_send(net, net_key(1, 1, 0xff)), "2");
    assert_string_equal(net_send(net, net_key(3, 3, 0xff)), "4");
    /* The same address in another VLAN is another address. */
    assert_string_equal(net_send(net, net_key(4, 1, 0xff)), "3");
    assert_string_equal(net_send(net, net_key(2, 2, 1)), "1");
    assert_string_equal(net_send(net, net_key(3, 3, 1)), "4");
}

static void an_access_port_admits_no_tag(void **state)
{
    struct net *net = *state;

    net_port(net->br, 1, OFPROTO_VLAN_ACCESS, 10);
    net_port(net->br, 2, OFPROTO_VLAN_ACCESS, 10);
    assert_string_equal(net_send(net, net_key_vlan(1, 1, 0xff, 10)), "drop:vlan-ingress");
    assert_string_equal(net_send(net, net_key_vlan(1, 1, 0xff, 20)), "drop:vlan-ingress");
    /* A priority tag names no VLAN, and is taken off. */
    assert_string_equal(net_send(net, net_key_vlan(1, 1, 0xff, 0xa000)), "pop_vlan,2");
}

static void a_native_vlan_is_tagged_or_not_by_mode(void **state)
{
    struct net *net = *state;

    net_port(net->br, 1, OFPROTO_VLAN_ACCESS, 10);
    net_port(net->br, 2, OFPROTO_VLAN_NATIVE_UNTAGGED, 10);
    net_port(net->br, 3, OFPROTO_VLAN_NATIVE_TAGGED, 10);
    net_port(net->br, 4, OFPROTO_VLAN_TRUNK, -1);
    assert_string_equal(net_send(net, net_key(1, 1, 0xff)), "2,push_vlan(vid=10,pcp=0),3,4");
    assert_string_equal(net_send(net, net_key_vlan(4, 2, 0xff, 10)), "3,pop_vlan,1,2");
    assert_string_equal(net_send(net, net_key_vlan(4, 2, 0xff, 11)), "2,3");
    assert_string_equal(net_send(net, net_key(2, 3, 0xff)), "1,push_vlan(vid=10,pcp=0),3,4");
}

static void trunks_carry_only_their_vlans(void **state)
{
    struct net *net = *state;
    uint16_t trunks[] = {10, 20};
    struct ofproto_bundle_config c = {
        .vlan_mode = OFPROTO_VLAN_TRUNK, .tag = -1, .trunks = trunks, .n_trunks = 2};

    net_port_full(net->br, 1, &c);
    net_port(net->br, 2, OFPROTO_VLAN_TRUNK, -1);
    assert_string_equal(net_send(net, net_key_vlan(1, 1, 0xff, 10)), "2");
    assert_string_equal(net_send(net, net_key_vlan(1, 1, 0xff, 30)), "drop:vlan-ingress");
    assert_string_equal(net_send(net, net_key(1, 1, 0xff)), "drop:vlan-ingress");
    assert_string_equal(net_send(net, net_key_vlan(2, 1, 0xff, 20)), "1");
    assert_string_equal(net_send(net, net_key_vlan(2, 1, 0xff, 21)), "drop:no-output");
    /* Reserved, unless somebody names it. */
    assert_string_equal(net_send(net, net_key_vlan(2, 1, 0xff, 4095)), "drop:vlan-ingress");
}

static void reserved_addresses_are_forwarded_only_when_asked(void **state)
{
    struct net *net = *state;
    struct ofproto_config config = {.forward_bpdu = true};
    struct flow_key key = net_key(1, 1, 2);

    net_port(net->br, 1, OFPROTO_VLAN_TRUNK, -1);
    net_port(net->br, 2, OFPROTO_VLAN_TRUNK, -1);
    memcpy(key.eth_dst, "\x01\x80\xc2\0\0\0", 6);
    assert_string_equal(net_send(net, key), "drop:reserved-mac");
    ofproto_configure(net->br, &config, NULL);
    assert_string_equal(net_send(net, key), "2");
}

static void protected_ports_do_not_reach_each_other(void **state)
{
    struct net *net = *state;
    struct ofproto_bundle_config c = {
        .vlan_mode = OFPROTO_VLAN_TRUNK, .tag = -1, .is_protected = true};

    net_port_full(net->br, 1, &c);
    net_port_full(net->br, 2, &c);
    net_port(net->br, 3, OFPROTO_VLAN_TRUNK, -1);
    assert_string_equal(net_send(net, net_key(1, 1, 0xff)), "3");
    assert_string_equal(net_send(net, net_key(2, 2, 1)), "drop:no-output");
    assert_string_equal(net_send(net, net_key(3, 3, 1)), "1");
}

static void ports_that_are_down_are_left_out_of_floods(void **state)
{
    struct net *net = *state;
    struct ofproto_port_config down = {.name = "p2", .dp_port = 2};

    for (uint32_t p = 1; p <= 3; p++) {
        net_port(net->br, p, OFPROTO_VLAN_TRUNK, -1);
    }
    assert_int_equal(ofproto_port_set(net->br, &down, NULL, NULL), 0);
    assert_string_equal(net_send(net, net_key(1, 1, 0xff)), "3");
}

static void flood_vlans_flood_and_learn_nothing(void **state)
{
    struct net *net = *state;
    uint16_t vlans[] = {5};
    struct ofproto_config config = {.flood_vlans = vlans, .n_flood_vlans = 1};
    struct ofproto_xlate_out out;
    struct flow_key key = net_key(1, 1, 2);

    ofproto_configure(net->br, &config, NULL);
    for (uint32_t p = 1; p <= 3; p++) {
        net_port(net->br, p, OFPROTO_VLAN_ACCESS, 5);
    }
    net_send(net, net_key(2, 2, 1));
    assert_string_equal(net_send(net, key), "2,3");
    assert_int_equal(net->br->macs.n, 0);
    net_translate(net, &key, true, &out);
    assert_int_equal(out.mask.bits.eth_src[5], 0);
    ofproto_xlate_out_free(&out);
}

static void patch_ports_join_bridges_in_one_flow(void **state)
{
    struct net *net = *state;
    struct ofproto *br1 = net_add_bridge(net, "br1", OFPROTO_STANDALONE);
    struct dp_port_stats stats;
    struct ofproto_xlate_out out;
    struct flow_key key = net_key(1, 1, 2);

    net_port(net->br, 1, OFPROTO_VLAN_ACCESS, 10);
    net_port(br1, 2, OFPROTO_VLAN_ACCESS, 10);
    net_port(br1, 3, OFPROTO_VLAN_TRUNK, -1);
    net_patch(net->br, "a", br1, "b");
    /* Tagged between the bridges only: one push for the trunk, none for the access port. */
    assert_string_equal(net_send(net, key), "push_vlan(vid=10,pcp=0),3,pop_vlan,2");
    assert_string_equal(net_send(net, net_key(2, 2, 1)), "1");
    net_translate(net, &key, true, &out);
    ofproto_effects_credit(out.effects, 3, 300, 5);
    assert_int_equal(ofproto_port_patch_stats(net->br, "a", &stats), 0);
    assert_int_equal(stats.tx_packets, 3);
    assert_int_equal(ofproto_port_patch_stats(br1, "b", &stats), 0);
    assert_int_equal(stats.rx_bytes, 300);
    assert_true(net_holds(out.effects));
    ofproto_port_remove(br1, "b");
    assert_false(net_holds(out.effects));
    ofproto_xlate_out_free(&out);
    assert_string_equal(net_send(net, key), "drop:no-output");
}

static void a_loop_of_bridges_is_cut_with_a_reason(void **state)
{
    struct net *net = *state;
    struct ofproto *br1 = net_add_bridge(net, "br1", OFPROTO_STANDALONE);

    net_port(net->br, 1, OFPROTO_VLAN_TRUNK, -1);
    net_patch(net->br, "a1", br1, "b1");
    net_patch(net->br, "a2", br1, "b2");
    assert_string_equal(net_send(net, net_key(1, 1, 0xff)), "drop:too-deep");
    /* Also where no tables are asked: with more than one way round, there are endless ways. */
    net_patch(net->br, "a3", br1, "b3");
    net->br->fail_open = br1->fail_open = true;
    assert_string_equal(net_send(net, net_key(1, 1, 0xff)), "drop:too-deep");
}

static void a_million_connections_are_one_megaflow(void **state)
{
    struct net *net = *state;
    struct ofproto_xlate_out first, out;
    struct flow_key key = net_key(1, 1, 2), masked, masked_first;

    net_port(net->br, 1, OFPROTO_VLAN_TRUNK, -1);
    net_port(net->br, 2, OFPROTO_VLAN_TRUNK, -1);
    net_send(net, net_key(2, 2, 1));
    net_translate(net, &key, true, &first);
    flow_key_mask(&masked_first, &key, &first.mask);
    for (unsigned int i = 0; i < 1000; i++) {
        key.nw_src = be32_make(i * 7919);
        key.tp_src = be16_make((uint16_t)(i * 31));
        key.nw_ttl = (uint8_t)i;
        net_translate(net, &key, true, &out);
        assert_true(flow_mask_equal(&out.mask, &first.mask));
        flow_key_mask(&masked, &key, &out.mask);
        assert_true(flow_key_equal(&masked, &masked_first));
        ofproto_xlate_out_free(&out);
    }
    ofproto_xlate_out_free(&first);
}

static void a_port_of_no_bridge_and_a_secure_bridge_drop(void **state)
{
    struct net *net = *state;
    struct ofproto *br1 = net_add_bridge(net, "br1", OFPROTO_SECURE);

    net_port(br1, 7, OFPROTO_VLAN_TRUNK, -1);
    net_port(br1, 8, OFPROTO_VLAN_TRUNK, -1);
    assert_string_equal(net_send(net, net_key(99, 1, 2)), "drop:port-not-in-bridge");
    assert_string_equal(net_send(net, net_key(7, 1, 2)), "drop:no-rule");
}

static void set_fields_are_put_whole_and_only_when_needed(void **state)
{
    struct net *net = *state;
    struct ofp_actions actions = OFP_ACTIONS_INIT;
    uint8_t address[4] = {10, 0, 0, 77}, ttl[1] = {64};

    net_port(net->br, 1, OFPROTO_VLAN_TRUNK, -1);
    net_port(net->br, 2, OFPROTO_VLAN_TRUNK, -1);
    ofp_actions_put_set_field(&actions, ofp_field(OFP_FIELD_NW_DST), address, NULL);
    ofp_actions_put_set_field(&actions, ofp_field(OFP_FIELD_NW_TTL), ttl, NULL);
    ofp_actions_put_output(&actions, 2);
    /* The rule knows the address, so what is right already need not be set; the TTL it does not. */
    net_rule(net->br, 0, 10, "ip,nw_dst=10.0.0.2", &actions);
    net_rule(net->br, 0, 20, "ip,nw_dst=10.0.0.77,nw_ttl=64", &actions);
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "set(ipv4(dst=10.0.0.77,ttl=64)),2");
    assert_string_equal(net_send(net, net_key(1, 1, 77)), "2");
    ofp_actions_free(&actions);
}

int main(void)
{
#define T(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(unknown_unicast_floods_then_learned_is_sent_to_one_port),
        T(access_ports_of_one_vlan_reach_each_other_and_no_other),
        T(an_access_port_admits_no_tag),
        T(a_native_vlan_is_tagged_or_not_by_mode),
        T(trunks_carry_only_their_vlans),
        T(reserved_addresses_are_forwarded_only_when_asked),
        T(protected_ports_do_not_reach_each_other),
        T(ports_that_are_down_are_left_out_of_floods),
        T(flood_vlans_flood_and_learn_nothing),
        T(patch_ports_join_bridges_in_one_flow),
        T(set_fields_are_put_whole_and_only_when_needed),
        T(a_loop_of_bridges_is_cut_with_a_reason),
        T(a_million_connections_are_one_megaflow),
        T(a_port_of_no_bridge_and_a_secure_bridge_drop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
