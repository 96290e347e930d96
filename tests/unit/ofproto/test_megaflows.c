/* How many cached flows traffic makes: no more than rules can tell apart. */
#include "tests/unit/ofproto/cache.h"
#include "tests/unit/ofproto/text_rule.h"
#include "tests/unit/rng.h"

#define N_PACKETS 200000

static int setup(void **state)
{
    bridge_flush_rules(net_setup(state, 5)->br);
    return 0;
}

/* Any 5-tuple, between two of 'n_hosts' hosts. */
static void random_packet(struct flow_key *key, uint32_t n_hosts)
{
    uint32_t src = 1 + rnd(n_hosts), dst = 1 + (src + rnd(n_hosts - 1)) % n_hosts;

    *key = net_key((uint16_t)(1 + src % 4), (uint8_t)src, (uint8_t)dst);
    key->nw_src = be32_make(rnd(UINT32_MAX));
    key->nw_dst = be32_make(rnd(UINT32_MAX));
    key->nw_proto = rnd(2) ? 6 : 17;
    key->nw_ttl = (uint8_t)(1 + rnd(255));
    key->nw_tos = (uint8_t)rnd(256);
    key->tp_src = be16_make((uint16_t)rnd(65536));
    key->tp_dst = be16_make((uint16_t)rnd(65536));
    key->tcp_flags = key->nw_proto == 6 ? be16_make((uint16_t)rnd(64)) : 0;
}

static unsigned int n_flows(struct net *net, uint32_t n_hosts,
                            void (*change)(struct flow_key *, uint32_t))
{
    struct test_cache cache;
    unsigned int n;

    test_cache_init(&cache, net);
    for (uint32_t i = 0; i < N_PACKETS; i++) {
        struct flow_key key;

        random_packet(&key, n_hosts);
        if (change) {
            change(&key, i);
        }
        test_cache_send(&cache, &key);
    }
    n = cache.n;
    test_cache_free(&cache);
    return n;
}

static void rules_on_addresses_of_ethernet_make_one_for_a_pair(void **state)
{
    struct net *net = *state;

    for (unsigned int dst = 1; dst <= 4; dst++) {
        char rule[128];

        snprintf(rule, sizeof rule, "dl_dst=02:00:00:00:00:%02x,actions=output:%u", dst, 1 + dst);
        text_rule(net->br, rule);
    }
    assert_true(n_flows(net, 4, NULL) <= 4 * 3);
}

static void normal_makes_one_for_a_pair(void **state)
{
    struct net *net = *state;
    unsigned int n;

    text_rule(net->br, "actions=NORMAL");
    for (uint16_t host = 1; host <= 8; host++) { /* All have spoken. */
        net_send(net, net_key((uint16_t)(1 + host % 4), (uint8_t)host, 0xff));
    }
    n = n_flows(net, 8, NULL);
    assert_true(n <= 8 * 7);
}

/* Rules that cannot match a packet for what its lower layers say must not look at its higher ones.
 */
static void rules_on_ports_do_not_concern_other_protocols(void **state)
{
    struct net *net = *state;

    text_rule(net->br, "priority=9,sctp,tp_dst=99,actions=output:3");
    text_rule(net->br, "priority=8,icmp,icmp_type=8,actions=output:3");
    text_rule(net->br, "priority=7,arp,arp_tpa=10.0.0.1,actions=output:3");
    text_rule(net->br, "priority=6,ipv6,ipv6_dst=fd00::/8,actions=output:3");
    text_rule(net->br, "priority=1,actions=output:2");
    /* For each of the 4 ports: TCP and UDP. */
    assert_true(n_flows(net, 4, NULL) <= 4 * 2);
}

/* An access list: prefixes, some with ports. Traffic that none of its rules is about. */
static void add_acl(struct net *net)
{
    for (unsigned int i = 0; i < 64; i++) {
        char rule[160];

        snprintf(rule, sizeof rule, "priority=%u,tcp,nw_dst=10.%u.%u.0/24,tp_dst=%u,actions=drop",
                 100 + i, i % 4, i, 1 + i * 13);
        text_rule(net->br, rule);
        snprintf(rule, sizeof rule, "priority=%u,ip,nw_src=172.%u.0.0/16,actions=drop", 200 + i,
                 16 + i % 16);
        text_rule(net->br, rule);
    }
    text_rule(net->br, "priority=1,actions=output:5");
}

static void from_elsewhere(struct flow_key *key, uint32_t i)
{
    (void)i;
    key->in_port = 1;
    key->nw_src = be32_make(0xc0a80000 + rnd(65536)); /* 192.168. */
    key->nw_dst = be32_make(0xc0a90000 + rnd(65536));
}

static void traffic_that_an_access_list_is_not_about_makes_a_handful(void **state)
{
    struct net *net = *state;

    add_acl(net);
    assert_true(n_flows(net, 4, from_elsewhere) <= 8);
}

/* Web traffic to a network of which rules name other ports. */
static void to_the_network(struct flow_key *key, uint32_t i)
{
    from_elsewhere(key, i);
    key->nw_dst = be32_make(0x0a000000 + rnd(256)); /* 10.0.0., of which port 1 is dropped. */
    key->nw_proto = 6;
    key->tp_dst = be16_make((uint16_t)(rnd(2) ? 80 : 443));
}

static void web_traffic_beside_a_rule_on_a_port_makes_a_handful(void **state)
{
    struct net *net = *state;

    add_acl(net);
    assert_true(n_flows(net, 4, to_the_network) <= 8);
}

static void registers_and_resubmits_cost_nothing(void **state)
{
    struct net *net = *state;

    text_rule(net->br, "actions=load:5->NXM_NX_REG0[],resubmit(,1)");
    text_rule(net->br, "table=1,priority=9,reg0=6,tcp,tp_dst=80,actions=output:3");
    text_rule(net->br, "table=1,priority=8,reg0=5,actions=resubmit(,2)");
    text_rule(net->br, "table=1,priority=7,tcp,tp_src=1000,actions=output:3");
    text_rule(net->br, "table=2,actions=output:2");
    assert_true(n_flows(net, 4, NULL) <= 4);
}

int main(void)
{
#define T(NAME) cmocka_unit_test_setup_teardown(NAME, setup, net_teardown)
    const struct CMUnitTest tests[] = {
        T(rules_on_addresses_of_ethernet_make_one_for_a_pair),
        T(normal_makes_one_for_a_pair),
        T(rules_on_ports_do_not_concern_other_protocols),
        T(traffic_that_an_access_list_is_not_about_makes_a_handful),
        T(web_traffic_beside_a_rule_on_a_port_makes_a_handful),
        T(registers_and_resubmits_cost_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
