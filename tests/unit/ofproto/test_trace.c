/* What ofproto/trace tells: Open vSwitch's indentation, side effects that are asked for, packets,
 * flows in the datapath's words, JSON. */
#include <errno.h>

#include "ofproto/codec/flow_text.h"
#include "ofproto/xlate/trace.h"
#include "tests/unit/ofproto/net.h"
#include "tests/unit/ofproto/text_rule.h"

static int setup(void **state)
{
    struct net *net = xcalloc(1, sizeof *net);

    net_init(net);
    for (unsigned int i = 1; i <= 3; i++) {
        net_port(net->br, i, OFPROTO_VLAN_TRUNK, -1);
    }
    *state = net;
    return 0;
}

static int teardown(void **state)
{
    struct net *net = *state;

    net_free(net);
    free(net);
    return 0;
}

static char *traced(const struct ofproto_trace *trace)
{
    struct strbuf s = STRBUF_INIT;
    struct error err = {0};

    if (ofproto_trace(trace, &s, NULL, &err)) {
        fail_msg("%s", err.text);
    }
    return strbuf_steal(&s);
}

static void says(struct ofproto *br, const char *flow, const char *what)
{
    const struct ofproto_trace trace = {.bridge = br, .flow = flow};
    char *text = traced(&trace);

    if (!strstr(text, what)) {
        fail_msg("%s", text);
    }
    free(text);
}

static void steps_are_indented_as_open_vswitch_does(void **state)
{
    struct net *net = *state;

    text_rule(net->br, "in_port=1,actions=load:5->NXM_NX_REG0[],resubmit(,2),output:3");
    text_rule(net->br, "in_port=2,actions=resubmit(,2)");
    text_rule(net->br, "table=2,actions=resubmit(,3),move:NXM_NX_REG0[]->NXM_NX_REG1[],output:2");
    text_rule(net->br, "table=3,priority=7,cookie=0x9,actions=output:1");
    says(net->br, "in_port=1",
         "\nbridge(\"br0\")\n"
         "-------------\n"
         " 0. in_port=1, priority 32768\n"
         "    load:0x5->NXM_NX_REG0[]\n"
         "    resubmit(,2)\n"
         "     2. priority 32768\n"
         "            resubmit(,3)\n"
         "             3. priority 7, cookie 0x9\n"
         "                    output:1\n"
         "                     >> skipping output to input port\n"
         "            move:NXM_NX_REG0[]->NXM_NX_REG1[]\n"
         "             -> NXM_NX_REG1[] is now 0x5\n"
         "            output:2\n"
         "    output:3\n"
         "\n"
         "Final flow: reg0=0x5,reg1=0x5,in_port=1,vlan_tci=0x0000,dl_src=00:00:00:00:00:00,"
         "dl_dst=00:00:00:00:00:00,dl_type=0x0000\n"
         "Megaflow: recirc_id=0,eth,in_port=1\n"
         "Datapath actions: 2,3\n");
    says(net->br, "in_port=2",
         " 0. in_port=2, priority 32768\n"
         "    resubmit(,2)\n"
         " 2. priority 32768\n"
         "    resubmit(,3)\n"
         "     3. priority 7, cookie 0x9\n"
         "            output:1\n"
         "    move:NXM_NX_REG0[]->NXM_NX_REG1[]\n");
}

static void a_drop_says_why(void **state)
{
    struct net *net = *state;

    text_rule(net->br, "in_port=1,actions=output:1");
    says(net->br, "in_port=1", "Datapath actions: drop\nDropped: same-port\n");
    text_rule(net->br, "in_port=2,actions=resubmit(,9)");
    says(net->br, "in_port=2",
         "    resubmit(,9)\n 9. No match.\n    drop\n\nFinal flow: unchanged\n");
    says(net->br, "in_port=2", "Dropped: no-rule\n");
    says(net->br, "in_port=99", "Flow: in_port=99,"); /* No such port: the rules may say so. */
    says(net->br, "tcp", "Flow: tcp,in_port=ANY,");
}

static void only_what_is_asked_for_is_learned(void **state)
{
    struct net *net = *state;
    struct ofproto_trace trace = {.bridge = net->br, .flow = "in_port=1,dl_src=02:00:00:00:00:01"};
    char *text;

    text = traced(&trace);
    free(text);
    assert_int_equal(net->br->macs.n, 0);
    trace.may_learn = true;
    text = traced(&trace);
    free(text);
    assert_int_equal(net->br->macs.n, 1);
}

static void a_packet_is_what_it_is(void **state)
{
    static const uint8_t packet[] = {2, 0,    0,    0, 0,    2, 2, 0, 0, 0, 0, 1,
                                     8, 0x06, 0x00, 0, 0x00, 0, 0, 0, 0, 0, 0};
    struct net *net = *state;
    struct ofproto_trace trace = {.bridge = net->br,
                                  .flow = "in_port=1,metadata=7",
                                  .packet = packet,
                                  .packet_len = sizeof packet};
    struct error err = {0};
    struct strbuf s = STRBUF_INIT;
    char *text;

    text_rule(net->br, "metadata=7,actions=output:2");
    text = traced(&trace);
    assert_non_null(strstr(text, "dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02"));
    assert_non_null(strstr(text, " 0. metadata=0x7, priority 32768\n    output:2\n"));
    free(text);
    trace.packet_len = 13;
    assert_int_equal(ofproto_trace(&trace, &s, NULL, &err), -EINVAL);
    assert_non_null(strstr(err.text, "the packet of 13 bytes is shorter than its headers"));
    strbuf_free(&s);
}

static void a_controllers_packet_is_traced_through_its_actions(void **state)
{
    struct net *net = *state;
    const struct ofproto_trace trace = {
        .bridge = net->br, .flow = "in_port=1", .actions = "output:2,resubmit(,1)"};
    char *text;

    text_rule(net->br, "table=1,actions=output:3");
    text = traced(&trace);
    assert_non_null(strstr(text, "    output:2\n    resubmit(,1)\n 1. priority 32768\n"));
    assert_non_null(strstr(text, "Datapath actions: 2,3\n"));
    free(text);
}

static void json_has_the_same_tree(void **state)
{
    struct net *net = *state;
    const struct ofproto_trace trace = {.bridge = net->br, .flow = "in_port=1,ip"};
    struct error err = {0};
    const json_t *bridge, *table, *rule;
    json_t *json = NULL;

    text_rule(net->br, "priority=5,cookie=0xa,ip,actions=output:2");
    assert_int_equal(ofproto_trace(&trace, NULL, &json, &err), 0);
    bridge = json_array_get(json_object_get(json, "steps"), 0);
    assert_string_equal(json_string_value(json_object_get(bridge, "text")), "bridge(\"br0\")");
    table = json_array_get(json_object_get(bridge, "steps"), 0);
    rule = json_object_get(table, "rule");
    assert_int_equal(json_integer_value(json_object_get(rule, "priority")), 5);
    assert_string_equal(json_string_value(json_object_get(rule, "cookie")), "0xa");
    assert_string_equal(json_string_value(json_object_get(rule, "match")), "ip");
    assert_int_equal(json_array_size(json_object_get(table, "steps")), 1);
    assert_string_equal(json_string_value(json_object_get(json, "datapath_actions")), "2");
    assert_null(json_object_get(json, "dropped"));
    json_decref(json);
}

static void a_flow_of_the_datapath_is_one_of_matches(void **state)
{
    static const struct {
        const char *odp, *match;
        uint32_t in_port;
    } good[] = {
        {"in_port(3)", "", 3},
        {"recirc_id(0),in_port(3),packet_type(ns=0,id=0),eth(src=00:00:00:00:00:01/ff:ff:ff:ff:ff:"
         "ff,dst=00:00:00:00:00:02),eth_type(0x0800),ipv4(src=1.2.3.4/255.0.0.0,proto=6,tos=0x7,"
         "frag=no),tcp(src=1,dst=2)",
         "recirc_id=0,dl_src=00:00:00:00:00:01,dl_dst=00:00:00:00:00:02,dl_type=0x0800,nw_src=1.2."
         "3.4,nw_proto=6,nw_tos=4,nw_ecn=3,nw_frag=no,tcp_src=1,tcp_dst=2",
         3},
        {"in_port(1),eth_type(0x8100),vlan(vid=5,pcp=1),encap(eth_type(0x0806),arp(sip=1.2.3.4))",
         "dl_vlan=5,dl_vlan_pcp=1,dl_type=0x0806,arp_spa=1.2.3.4", 1},
        {"in_port(1),eth_type(0x8847),mpls(label=16,bos=0,label=17,tc=1,bos=1)",
         "dl_type=0x8847,mpls_label=16,mpls_bos=0", 1},
        {"in_port(1),eth_type(0x88e7),pbb(pcp=1,dei=0,uca=1,isid=5)",
         "dl_type=0x88e7,pbb_uca=1,pbb_isid=5", 1},
        {"in_port(1),eth_type(0x86dd),ipv6(exthdr=0x40/0x40,proto=58),nd(reserved=0x1,option=2)",
         "dl_type=0x86dd,ipv6_exthdr=0x40,nw_proto=58,nd_reserved=0x1,nd_options_type=2", 1},
    };
    static const char *const bad[][2] = {
        {"eth_type(5)", "'in_port(...)' is missing"},
        {"in_port(1", "'in_port(1': it is written as WORD(...)"},
        {"in_port(x)", "'in_port(...)': 'x' is not a number within 0...65535"},
        {"in_port(1),frob(1)", "'frob(...)': no flow has this"},
        {"in_port(1),ipv4(frob=1)", "'ipv4(...)': 'frob' is no part of it"},
        {"in_port(1),ct_state(1)", "'ct_state(1)': a trace knows only 0 here"},
        {"encap(encap(encap(encap(encap(x)))))", "'encap(...)': too many in each other"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        struct strbuf s = STRBUF_INIT;
        struct error err = {0};
        uint32_t in_port;

        if (ofproto_odp_to_match(good[i].odp, &s, &in_port, &err)) {
            fail_msg("%s", err.text);
        }
        assert_string_equal(strbuf_str(&s), good[i].match);
        assert_int_equal(in_port, good[i].in_port);
        strbuf_free(&s);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct strbuf s = STRBUF_INIT;
        struct error err = {0};
        uint32_t in_port;

        assert_int_equal(ofproto_odp_to_match(bad[i][0], &s, &in_port, &err), -EINVAL);
        assert_string_equal(err.text, bad[i][1]);
        strbuf_free(&s);
    }
}

int main(void)
{
#define T(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(steps_are_indented_as_open_vswitch_does),
        T(a_drop_says_why),
        T(only_what_is_asked_for_is_learned),
        T(a_packet_is_what_it_is),
        T(a_controllers_packet_is_traced_through_its_actions),
        T(json_has_the_same_tree),
        cmocka_unit_test(a_flow_of_the_datapath_is_one_of_matches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
