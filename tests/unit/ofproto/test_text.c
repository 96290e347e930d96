/* Matches and traces in words. */
#include "ofproto/xlate/trace.h"
#include "tests/unit/ofproto/net.h"

static void check_format(const char *in, const char *want)
{
    struct strbuf s = STRBUF_INIT;
    struct ofp_match match, again;
    struct error err = {0};

    if (ofp_match_parse(in, NULL, NULL, &match, &err)) {
        fail_msg("%s", err.text);
    }
    ofp_match_format(&s, &match);
    assert_string_equal(strbuf_str(&s), want);
    assert_int_equal(ofp_match_parse(strbuf_str(&s), NULL, NULL, &again, &err), 0);
    assert_true(ofp_match_equal(&match, &again));
    strbuf_free(&s);
}

static void matches_are_written_as_people_know_them(void **state)
{
    (void)state;
    check_format("", "");
    check_format("in_port=1", "in_port=1");
    check_format("in_port=LOCAL", "in_port=LOCAL");
    check_format("in_port=4294967294", "in_port=LOCAL");
    check_format("actset_output=65535", "actset_output=ANY");
    check_format("dl_type=0x0800,nw_proto=6,tp_dst=80,in_port=3", "tcp,in_port=3,tp_dst=80");
    check_format("dl_vlan=10", "dl_vlan=10");
    check_format("dl_vlan=0xffff", "vlan_tci=0x0000");
    check_format("vlan_tci=0x0000/0x1fff", "vlan_tci=0x0000");
    check_format("vlan_vid=0x100a", "dl_vlan=10");
    check_format("dl_vlan=10 dl_vlan_pcp=3", "dl_vlan=10,dl_vlan_pcp=3");
    check_format("vlan_tci=0x1000/0x1000", "vlan_tci=0x1000/0x1000");
    check_format("dl_src=00:11:22:33:44:55,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00",
                 "dl_src=00:11:22:33:44:55,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00");
    check_format("ip,nw_src=10.1.2.3/8", "ip,nw_src=10.0.0.0/8");
    check_format("ip,nw_dst=10.1.2.3/255.0.0.255", "ip,nw_dst=10.0.0.3/255.0.0.255");
    check_format("arp,arp_op=1,arp_tpa=10.0.0.1", "arp,arp_tpa=10.0.0.1,arp_op=1");
    check_format("arp,arp_op=1,arp_spa=1.2.3.4,arp_sha=00:00:00:00:00:01",
                 "arp,arp_spa=1.2.3.4,arp_op=1,arp_sha=00:00:00:00:00:01");
    check_format("icmp6,icmpv6_type=135,nd_target=fe80::1",
                 "icmp6,icmp_type=135,nd_target=fe80::1");
    check_format("ip,ip_dscp=8,conj_id=5", "conj_id=5,ip,nw_tos=32");
    check_format("arp,nw_dst=10.0.0.1", "arp,arp_tpa=10.0.0.1");
    check_format("tcp6,ipv6_dst=2001:db8::/32,tcp_src=0x10/0xfff0",
                 "tcp6,ipv6_dst=2001:db8::/32,tp_src=0x10/0xfff0");
    check_format("icmp,icmp_type=8", "icmp,icmp_type=8");
    check_format("udp,ip_frag=later", "udp,nw_frag=later");
    check_format("reg3=0x10/0xf0,metadata=5", "reg3=0x10/0xf0,metadata=0x5");
    check_format("tcp,tcp_flags=0x2/0x2", "tcp,tcp_flags=0x2/0x2");
}

static void wrong_matches_are_refused_by_name(void **state)
{
    static const struct {
        const char *text, *error;
    } bad[] = {
        {"foo=1", "'foo=1': 'foo' is not a field"},
        {"foo", "'foo' is neither FIELD=VALUE nor a protocol's name"},
        {"in_port=65536", "field 'in_port': '65536' is not a valid value for it"},
        {"dl_vlan=4096", "field 'dl_vlan': '4096' is not a valid value for it"},
        {"dl_src=1:2", "field 'dl_src': '1:2' is not a valid value for it"},
        {"ip,nw_src=10.0.0.0/33", "field 'nw_src': '10.0.0.0/33' is not a valid value for it"},
        {"nw_src=10.0.0.1", "field 'nw_src': the match does not name the protocol that has it; "
                            "add a word such as 'ip', 'tcp' or 'arp'"},
        {"in_port=eth0", "field 'in_port': 'eth0' is not a valid value for it"},
        {"dl_type=0x800/0xff00",
         "field 'dl_type': '0x800/0xff00': it cannot be matched under a mask"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct ofp_match match;
        struct error err = {0};

        assert_true(ofp_match_parse(bad[i].text, NULL, NULL, &match, &err) < 0);
        assert_string_equal(err.text, bad[i].error);
    }
}

static void actions_are_written_as_people_know_them(void **state)
{
    struct ofp_actions actions = OFP_ACTIONS_INIT;
    struct ofp_action_push_vlan *push;
    uint8_t vid[2] = {0, 10}, mac[6] = {2, 0, 0, 0, 0, 9};
    struct strbuf s = STRBUF_INIT;

    (void)state;
    ofp_actions_format(&s, NULL, 0);
    assert_string_equal(strbuf_str(&s), "drop");
    strbuf_clear(&s);
    push = ofp_actions_put(&actions, OFP_ACTION_PUSH_VLAN, sizeof *push);
    push->tpid = be16_make(0x8100);
    ofp_actions_put_set_field(&actions, ofp_field(OFP_FIELD_VLAN_VID), vid, NULL);
    ofp_actions_put_set_field(&actions, ofp_field(OFP_FIELD_ETH_DST), mac, NULL);
    ofp_actions_put(&actions, OFP_ACTION_POP_VLAN, sizeof(struct ofp_action));
    ofp_actions_put_output(&actions, 3);
    ofp_actions_put_output(&actions, OFP_PORT_NORMAL);
    ofp_actions_format(&s, actions.data, actions.len);
    assert_string_equal(strbuf_str(&s),
                        "push_vlan:0x8100,mod_vlan_vid:10,set_field:02:00:00:00:00:09->dl_dst,"
                        "pop_vlan,output:3,NORMAL");
    ofp_actions_free(&actions);
    strbuf_free(&s);
}

static void a_trace_tells_the_way_and_learns_nothing(void **state)
{
    struct ofproto_trace trace = {
        .flow = "in_port=p1,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02"};
    struct strbuf s = STRBUF_INIT;
    struct error err = {0};
    struct net net;

    (void)state;
    net_init(&net);
    net_port(net.br, 1, OFPROTO_VLAN_ACCESS, 10);
    net_port(net.br, 2, OFPROTO_VLAN_ACCESS, 10);
    net_port(net.br, 3, OFPROTO_VLAN_TRUNK, -1);
    trace.bridge = net.br;
    if (ofproto_trace(&trace, &s, NULL, &err)) {
        fail_msg("%s", err.text);
    }
    assert_string_equal(strbuf_str(&s), "Flow: in_port=1,vlan_tci=0x0000,dl_src=02:00:00:00:00:01,"
                                        "dl_dst=02:00:00:00:00:02,dl_type=0x0000\n"
                                        "\n"
                                        "bridge(\"br0\")\n"
                                        "-------------\n"
                                        " 0. priority 0\n"
                                        "    NORMAL\n"
                                        "     -> no learned MAC for destination, flooding\n"
                                        "\n"
                                        "Final flow: unchanged\n"
                                        "Megaflow: recirc_id=0,eth,in_port=1,vlan_tci=0x0000,"
                                        "dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02\n"
                                        "Datapath actions: 2,push_vlan(vid=10,pcp=0),3\n");
    assert_int_equal(net.br->macs.n, 0);
    strbuf_clear(&s);
    trace.flow = "frob=1";
    assert_true(ofproto_trace(&trace, &s, NULL, &err) < 0);
    assert_string_equal(err.text, "flow 'frob=1': 'frob=1': 'frob' is not a field");
    strbuf_free(&s);
    net_free(&net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_are_written_as_people_know_them),
        cmocka_unit_test(wrong_matches_are_refused_by_name),
        cmocka_unit_test(actions_are_written_as_people_know_them),
        cmocka_unit_test(a_trace_tells_the_way_and_learns_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
