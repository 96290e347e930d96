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

int main(void)
{
#define T(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(unknown_unicast_floods_then_learned_is_sent_to_one_port),
        T(access_ports_of_one_vlan_reach_each_other_and_no_other),
        T(an_access_port_admits_no_tag),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
