/* The pipeline: tables, instructions, action sets, resubmits, registers; and that megaflows depend
 * on no more than they must. */
#include "ofproto/xlate/trace.h"
#include "tests/unit/ofproto/hex.h"

/* Instructions of OpenFlow 1.3. */
#define GOTO(TABLE) "0001 0008 " TABLE " 000000 "
#define METADATA(VALUE, MASK) "0002 0018 00000000 " VALUE MASK
#define WRITE(LEN, ACTIONS) "0003 " LEN " 00000000 " ACTIONS
#define APPLY(LEN, ACTIONS) "0004 " LEN " 00000000 " ACTIONS
#define CLEAR "0005 0008 00000000 "
/* Actions. */
#define OUTPUT(PORT) "0000 0010 000000" PORT " 0000 000000000000 " /* 16 bytes. */
#define IN_PORT "0000 0010 fffffff8 0000 000000000000 "
#define POP_VLAN "0012 0008 00000000 "
#define PUSH_VLAN "0011 0008 8100 0000 "
#define SET_VID(VID) "0019 0010 80000c02 1" VID " 0000 00000000 "
#define SET_DST(BYTE) "0019 0010 80000606 0200000000" BYTE " 0000 "
#define SET_TTL(TTL) "0017 0008 " TTL " 000000 "
#define DEC_TTL "0018 0008 00000000 "
#define NX "00002320 "
#define RESUBMIT(PORT, TABLE) "ffff 0010 " NX "000e " PORT " " TABLE " 000000 "
#define EXIT "ffff 0010 " NX "0011 000000000000 "
/* The low byte of register 0. */
#define LOAD_REG0(BYTE) "ffff 0018 " NX "0007 0007 00010004 00000000000000" BYTE " "
#define OUTPUT_REG0 "ffff 0018 " NX "000f 000f 00010004 ffff 000000000000 "
/* The last byte of the source address to register 0. */
#define MOVE_SRC_REG0 "ffff 0018 " NX "0006 0008 0000 0000 00000406 00010004 "
#define PUSH_REG0 "ffff 0018 " NX "001b 0000 00010004 0020 000000000000 "
#define POP_REG0 "ffff 0018 " NX "001c 0000 00010004 0020 000000000000 "

static int setup(void **state)
{
    bridge_flush_rules(net_setup(state, 4)->br);
    return 0;
}

static void packets_go_forward_through_tables(void **state)
{
    struct net *net = *state;

    hex_rule(net->br, 0, 1, "", APPLY("0018", OUTPUT("02")) GOTO("05"));
    hex_rule(net->br, 5, 1, "udp", METADATA("00000000000000ff", "00000000000000f0") GOTO("fd"));
    hex_rule(net->br, 253, 2, "metadata=0xf0", APPLY("0018", OUTPUT("03")));
    hex_rule(net->br, 253, 1, "", APPLY("0018", OUTPUT("04")));
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "2,3");
}

static void a_miss_drops_and_is_named(void **state)
{
    struct net *net = *state;

    assert_string_equal(net_send(net, net_key(1, 1, 2)), "drop:no-rule");
    hex_rule(net->br, 0, 1, "", WRITE("0018", OUTPUT("02")) GOTO("05"));
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "drop:no-rule");
    hex_rule(net->br, 5, 0, "", "");
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "2");
}

static void an_action_set_runs_in_the_order_of_the_specification(void **state)
{
    struct net *net = *state;

    /* Output first, on the wire; the second table replaces the output and adds a tag. */
    hex_rule(net->br, 0, 1, "ip", WRITE("0030", OUTPUT("02") DEC_TTL SET_DST("09")) GOTO("01"));
    hex_rule(net->br, 1, 1, "vlan_tci=0x1000/0x1000",
             WRITE("0038", SET_VID("00a") OUTPUT("03") POP_VLAN PUSH_VLAN));
    assert_string_equal(net_send(net, net_key_vlan(1, 1, 2, 7)),
                        "dec_ttl,set(vlan(vid=10,pcp=0)),set(eth(dst=02:00:00:00:00:09)),3");
}

static void a_cleared_action_set_is_empty(void **state)
{
    struct net *net = *state;

    hex_rule(net->br, 0, 1, "", WRITE("0018", OUTPUT("02")) GOTO("01"));
    hex_rule(net->br, 1, 2, "udp", CLEAR WRITE("0018", OUTPUT("03")));
    hex_rule(net->br, 1, 1, "", CLEAR);
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "3");
    struct flow_key tcp = net_key(1, 1, 2);

    tcp.nw_proto = 6;
    assert_string_equal(net_send_key(net, &tcp), "drop:no-rule");
}

static void a_set_without_output_drops(void **state)
{
    struct net *net = *state;

    hex_rule(net->br, 0, 1, "", WRITE("0018", SET_DST("09")));
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "drop:no-output");
}

static void resubmits_come_back(void **state)
{
    struct net *net = *state;

    hex_rule(net->br, 0, 2, "in_port=4", APPLY("0018", OUTPUT("03")));
    hex_rule(net->br, 0, 1, "in_port=1",
             APPLY("0050", LOAD_REG0("02") RESUBMIT("fff8", "07") RESUBMIT("0004", "ff") IN_PORT));
    hex_rule(net->br, 7, 1, "reg0=2", APPLY("0020", OUTPUT_REG0));
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "2,3,1");
}

static void exit_ends_all_levels_but_not_the_set(void **state)
{
    struct net *net = *state;

    hex_rule(net->br, 0, 1, "",
             APPLY("0028", RESUBMIT("fff8", "07") OUTPUT("02")) WRITE("0018", OUTPUT("04")));
    hex_rule(net->br, 7, 1, "", APPLY("0028", OUTPUT("03") EXIT) WRITE("0018", OUTPUT("02")));
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "3");
    bridge_flush_rules(net->br);
    hex_rule(net->br, 0, 1, "", WRITE("0018", OUTPUT("04")) GOTO("07"));
    hex_rule(net->br, 7, 1, "", APPLY("0028", OUTPUT("03") EXIT));
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "3,4");
}

static void a_loop_of_resubmits_is_dropped_by_name(void **state)
{
    struct net *net = *state;

    hex_rule(net->br, 0, 1, "", APPLY("0028", OUTPUT("02") RESUBMIT("fff8", "00")));
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "drop:too-deep");
    bridge_flush_rules(net->br);
    /* Not deep, but wide. */
    for (uint8_t t = 0; t < 13; t++) {
        static const char *const to[] = {"01", "02", "03", "04", "05", "06", "07",
                                         "08", "09", "0a", "0b", "0c", "0d"};
        char text[128];

        snprintf(text, sizeof text,
                 "0004 0028 00000000 ffff 0010 " NX "000e fff8 %s 000000"
                 "ffff 0010 " NX "000e fff8 %s 000000",
                 to[t], to[t]);
        hex_rule(net->br, t, 1, "", text);
    }
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "drop:too-deep");
}

static void an_action_set_may_resubmit(void **state)
{
    struct net *net = *state;

    hex_rule(net->br, 0, 1, "", WRITE("0018", RESUBMIT("fff8", "07")));
    hex_rule(net->br, 7, 1, "", APPLY("0018", OUTPUT("03")) WRITE("0018", RESUBMIT("fff8", "07")));
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "3");
}

static void packets_of_any_ttl_share_a_flow(void **state)
{
    struct net *net = *state;
    struct ofproto_xlate_out out;
    struct flow_key key = net_key(1, 1, 2);

    hex_rule(net->br, 0, 1, "ip", APPLY("0038", DEC_TTL OUTPUT("02") DEC_TTL OUTPUT("03")));
    for (unsigned int ttl = 0; ttl < 4; ttl++) {
        key.nw_ttl = (uint8_t)ttl;
        assert_string_equal(net_send_key(net, &key), "dec_ttl,2,dec_ttl,3");
    }
    net_translate(net, &key, false, &out);
    assert_int_equal(out.mask.bits.nw_ttl, 0);
    ofproto_xlate_out_free(&out);
    bridge_flush_rules(net->br);
    /* A later table that asks for it is told what is left. */
    hex_rule(net->br, 0, 1, "ip", APPLY("0010", DEC_TTL) GOTO("01"));
    hex_rule(net->br, 1, 1, "ip,nw_ttl=7", APPLY("0018", OUTPUT("02")));
    key.nw_ttl = 8;
    assert_string_equal(net_send_key(net, &key), "dec_ttl,2");
    key.nw_ttl = 7;
    assert_string_equal(net_send_key(net, &key), "drop:no-rule");
    net_translate(net, &key, false, &out);
    assert_int_equal(out.mask.bits.nw_ttl, 0xff);
    ofproto_xlate_out_free(&out);
}

static void a_known_ttl_is_decremented_and_its_end_drops(void **state)
{
    struct net *net = *state;
    struct ofproto_xlate_out out;
    struct flow_key key = net_key(1, 1, 2);

    hex_rule(net->br, 0, 1, "ip",
             APPLY("0040", SET_TTL("03") DEC_TTL OUTPUT("02") DEC_TTL OUTPUT("03")));
    assert_string_equal(net_send_key(net, &key), "set(ipv4(ttl=2)),2,set(ipv4(ttl=1)),3");
    hex_rule(net->br, 0, 1, "ip",
             APPLY("0040", SET_TTL("02") DEC_TTL OUTPUT("02") DEC_TTL OUTPUT("03")));
    assert_string_equal(net_send_key(net, &key), "set(ipv4(ttl=1)),2");
    hex_rule(net->br, 0, 1, "ip", APPLY("0028", SET_TTL("01") DEC_TTL OUTPUT("02")));
    assert_string_equal(net_send_key(net, &key), "drop:ttl-expired");
    /* A constant one depends on nothing. */
    hex_rule(net->br, 0, 1, "ip", APPLY("0028", SET_TTL("09") DEC_TTL OUTPUT("02")));
    net_translate(net, &key, false, &out);
    assert_int_equal(out.mask.bits.nw_ttl, 0);
    ofproto_xlate_out_free(&out);
    assert_string_equal(net_send_key(net, &key), "set(ipv4(ttl=8)),2");
}

static void the_stack_keeps_values(void **state)
{
    struct net *net = *state;

    hex_rule(net->br, 0, 1, "",
             APPLY("0080", LOAD_REG0("02") PUSH_REG0 LOAD_REG0("03") POP_REG0 OUTPUT_REG0));
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "2");
    bridge_flush_rules(net->br);
    hex_rule(net->br, 0, 1, "", APPLY("0050", LOAD_REG0("03") POP_REG0 OUTPUT_REG0));
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "3");
}

static void megaflows_see_what_was_moved_and_nothing_that_was_written(void **state)
{
    struct net *net = *state;
    struct ofproto_xlate_out out;
    struct flow_key key = net_key(1, 2, 9);

    hex_rule(net->br, 0, 1, "", APPLY("0040", MOVE_SRC_REG0 SET_DST("07") RESUBMIT("fff8", "07")));
    hex_rule(net->br, 7, 1, "reg0=2,dl_dst=02:00:00:00:00:07", APPLY("0020", OUTPUT_REG0));
    net_translate(net, &key, false, &out);
    for (unsigned int i = 0; i < 6; i++) {
        assert_int_equal(out.mask.bits.eth_src[i], i == 5 ? 0xff : 0);
        assert_int_equal(out.mask.bits.eth_dst[i], 0);
    }
    ofproto_xlate_out_free(&out);
    assert_string_equal(net_send_key(net, &key), "set(eth(dst=02:00:00:00:00:07)),2");
}

static void a_changed_in_port_may_be_sent_to(void **state)
{
    struct net *net = *state;

    /* load:0->NXM_OF_IN_PORT[] */
    hex_rule(net->br, 0, 1, "in_port=1",
             APPLY("0030", "ffff 0018 " NX "0007 000f 00000002 0000000000000000" OUTPUT("01")));
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "1");
}

static void an_output_may_be_of_the_first_bytes_alone(void **state)
{
    static const struct {
        const char *port, *sent;
    } cases[] = {
        {"0002", "trunc(20),2,3"},
        {"0001", "3"}, /* Only IN_PORT sends back. */
        {"fff8", "trunc(20),1,3"},
        {"0063", "3"}, /* There is none. */
        {"0009", "3"}, /* A patch port. */
        {"fffa", "3"},
        {"fffd", "3"},
        {"fff9", "3"},
    };
    struct net *net = *state;
    struct ofproto *br1 = net_add_bridge(net, "br1", OFPROTO_SECURE);
    char actions[256];

    net_patch(net->br, "to-br1", br1, "to-br0");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        snprintf(actions, sizeof actions, "0004 0028 00000000 ffff 0010 " NX "0027 %s 00000014 %s",
                 cases[i].port, OUTPUT("03"));
        bridge_flush_rules(net->br);
        hex_rule(net->br, 0, 1, "", actions);
        assert_string_equal(net_send(net, net_key(1, 1, 2)), cases[i].sent);
    }
}

static void registers_end_at_a_patch_port(void **state)
{
    struct net *net = *state;
    struct ofproto *br1 = net_add_bridge(net, "br1", OFPROTO_SECURE);

    net_patch(net->br, "to-br1", br1, "to-br0");
    net_port(br1, 7, OFPROTO_VLAN_TRUNK, -1);
    hex_rule(net->br, 0, 1, "",
             APPLY("0058", LOAD_REG0("02") PUSH_REG0 OUTPUT("05") OUTPUT("03")) GOTO("01"));
    hex_rule(net->br, 1, 1, "reg0=2", APPLY("0018", OUTPUT("04")));
    hex_rule(br1, 0, 2, "reg0=0", APPLY("0040", POP_REG0 OUTPUT("02") EXIT));
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "7,3,4");
}

static void a_clone_leaves_the_packet_as_it_was(void **state)
{
    struct net *net = *state;

    /* The copy takes what is on the stack, has a tag, goes to port 4, and exits. */
    hex_rule(net->br, 0, 1, "",
             APPLY("00b8",
                   LOAD_REG0("02") PUSH_REG0 LOAD_REG0(
                       "03") "ffff 0050 " NX "002a 000000000000 " POP_REG0 PUSH_VLAN OUTPUT("04")
                       EXIT OUTPUT_REG0) GOTO("01"));
    hex_rule(net->br, 1, 1, "", APPLY("0048", OUTPUT("01") POP_REG0 OUTPUT_REG0));
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "push_vlan(vid=0,pcp=0),4,pop_vlan,3,2");
}

/* As in Open vSwitch: also what was written before; unless it exits. */
static void a_clones_action_set_is_carried_out_on_it(void **state)
{
    struct net *net = *state;

    hex_rule(net->br, 0, 1, "", "0003 0018 00000000 " OUTPUT("03") GOTO("01"));
    hex_rule(net->br, 1, 1, "", APPLY("0028", "ffff 0020 " NX "002a 000000000000 " OUTPUT("04")));
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "4,3,3");
}

/* Links 0 to 3, to register 0; of what is hashed alone. */
#define MULTIPATH(FIELDS, ALGORITHM)                                                               \
    "ffff 0020 " NX "000a " FIELDS " 0000 0000 " ALGORITHM " 0002 00000000 0000 0001 00010004 "

static void multipath_spreads_flows_over_links(void **state)
{
    static const char *const algorithms[] = {MULTIPATH("0001", "0000"), MULTIPATH("0001", "0001"),
                                             MULTIPATH("0001", "0002"), MULTIPATH("0001", "0003")};
    struct net *net = *state;

    for (size_t a = 0; a < ARRAY_SIZE(algorithms); a++) {
        unsigned int n[3] = {0};
        char text[512];

        snprintf(text, sizeof text, "0004 0028 00000000 %s" GOTO("01"), algorithms[a]);
        bridge_flush_rules(net->br);
        hex_rule(net->br, 0, 1, "", text);
        hex_rule(net->br, 1, 1, "reg0=0", APPLY("0018", OUTPUT("02")));
        hex_rule(net->br, 1, 1, "reg0=1", APPLY("0018", OUTPUT("03")));
        hex_rule(net->br, 1, 1, "reg0=2", APPLY("0018", OUTPUT("04")));
        for (uint16_t i = 0; i < 600; i++) {
            struct flow_key key = net_key(1, 1, 2), back;
            int port;

            key.nw_proto = 6;
            key.tp_src = be16_make(i);
            back = key;
            memcpy(back.eth_src, key.eth_dst, 6);
            memcpy(back.eth_dst, key.eth_src, 6);
            back.nw_src = key.nw_dst;
            back.nw_dst = key.nw_src;
            back.tp_src = key.tp_dst;
            back.tp_dst = key.tp_src;
            port = atoi(net_send_key(net, &key));
            assert_in_range(port, 2, 4);
            assert_int_equal(atoi(net_send_key(net, &back)), port);
            n[port - 2]++;
        }
        for (size_t i = 0; i < 3; i++) {
            assert_in_range(n[i], 120, 300);
        }
    }
}

static void a_bundle_sends_to_ports_that_are_up(void **state)
{
    struct ofproto_port_config down = {.name = "p2", .dp_port = 2, .up = false};
    struct net *net = *state;
    struct error err;
    uint16_t number;

    hex_rule(net->br, 0, 1, "",
             APPLY("0030", "ffff 0028 " NX "000c 0000 0000 0000 00000002 0003 0000 00000000 "
                           "00000000 0002 0003 0004 0000 "));
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "2");
    assert_int_equal(ofproto_port_set(net->br, &down, &number, &err), 0);
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "3");
    down.name = "p3";
    down.dp_port = 3;
    assert_int_equal(ofproto_port_set(net->br, &down, &number, &err), 0);
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "4");
    down.name = "p4";
    down.dp_port = 4;
    assert_int_equal(ofproto_port_set(net->br, &down, &number, &err), 0);
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "drop:no-output");
}

#define CONJUNCTION(ID, CLAUSE, N) "ffff 0010 " NX "0022 " CLAUSE " " N " 000000" ID " "

static void conjunctions_are_products_of_sets(void **state)
{
    struct net *net = *state;
    struct flow_key key = net_key(1, 1, 2);

    hex_rule(net->br, 0, 5, "ip,nw_src=10.0.0.1", APPLY("0018", CONJUNCTION("07", "00", "02")));
    hex_rule(net->br, 0, 5, "ip,nw_src=10.0.0.3", APPLY("0018", CONJUNCTION("07", "00", "02")));
    hex_rule(net->br, 0, 5, "udp,udp_dst=2000",
             APPLY("0028", CONJUNCTION("07", "01", "02") CONJUNCTION("08", "01", "02")));
    hex_rule(net->br, 0, 5, "udp,udp_dst=0x800/0x800",
             APPLY("0018", CONJUNCTION("07", "01", "02")));
    hex_rule(net->br, 0, 1, "ip,conj_id=7", APPLY("0018", OUTPUT("02")));
    hex_rule(net->br, 0, 1, "conj_id=8", APPLY("0018", OUTPUT("04")));
    hex_rule(net->br, 0, 3, "ip", APPLY("0018", OUTPUT("03")));
    /* The rules of conj_id are looked up as any other: here "ip" is better. */
    assert_string_equal(net_send_key(net, &key), "3");
    hex_rule(net->br, 0, 4, "ip,conj_id=7", APPLY("0018", OUTPUT("02")));
    assert_string_equal(net_send_key(net, &key), "2");
    key.nw_src = be32_make(0x0a000003);
    key.tp_dst = be16_make(0x801);
    assert_string_equal(net_send_key(net, &key), "2");
    key.tp_dst = be16_make(0x701); /* One clause alone. */
    assert_string_equal(net_send_key(net, &key), "3");
    key.tp_dst = be16_make(2000);
    key.nw_src = be32_make(0x0a000002);
    assert_string_equal(net_send_key(net, &key), "3");
    /* A better rule than the clauses wins. */
    key.nw_src = be32_make(0x0a000003);
    hex_rule(net->br, 0, 6, "udp", APPLY("0018", OUTPUT("04")));
    assert_string_equal(net_send_key(net, &key), "4");
}

/* Whether a flow that is cached now outlives the adding of a rule. */
static bool holds_after(struct net *net, const struct flow_key *key, uint8_t table,
                        uint16_t priority, const char *match)
{
    struct ofproto_xlate_out out;
    struct ofp_rule *rule;
    struct flow_key masked;
    bool holds;

    net_translate(net, key, false, &out);
    flow_key_mask(&masked, key, &out.mask);
    rule = hex_rule(net->br, table, priority, match, "");
    holds = ofproto_effects_hold(out.effects, 0, &masked, &out.mask);
    ofproto_xlate_out_free(&out);
    bridge_remove_rule(net->br, rule);
    return holds;
}

static void a_rule_concerns_packets_as_they_are_at_its_table(void **state)
{
    struct net *net = *state;
    struct flow_key key = net_key(1, 1, 2);

    hex_rule(net->br, 0, 5, "dl_dst=02:00:00:00:00:02",
             APPLY("0018", SET_DST("07")) METADATA("0000000000000003", "ffffffffffffffff")
                 GOTO("01"));
    hex_rule(net->br, 1, 5, "", APPLY("0018", OUTPUT("02")));
    assert_false(holds_after(net, &key, 1, 9, "dl_dst=02:00:00:00:00:07"));
    assert_true(holds_after(net, &key, 1, 9, "dl_dst=02:00:00:00:00:02"));
    assert_true(holds_after(net, &key, 1, 4, "dl_dst=02:00:00:00:00:07,metadata=3"));
    assert_true(holds_after(net, &key, 2, 9, "dl_dst=02:00:00:00:00:07"));
    assert_true(holds_after(net, &key, 0, 9, "dl_dst=02:00:00:00:00:07"));
    assert_false(holds_after(net, &key, 1, 9, "metadata=3"));
    assert_true(holds_after(net, &key, 1, 9, "metadata=2"));
    assert_true(holds_after(net, &key, 0, 9, "metadata=3"));
    assert_false(holds_after(net, &key, 0, 9, "metadata=0"));
    assert_false(holds_after(net, &key, 1, 9, "udp,udp_dst=1")); /* Nobody looked at that. */
}

static void a_rule_between_clauses_and_their_conjunction_concerns(void **state)
{
    struct net *net = *state;
    struct flow_key key = net_key(1, 1, 2);

    hex_rule(net->br, 0, 1, "", APPLY("0018", OUTPUT("03")));
    hex_rule(net->br, 0, 5, "udp",
             APPLY("0028", CONJUNCTION("07", "00", "02") CONJUNCTION("07", "01", "02")));
    assert_false(holds_after(net, &key, 0, 1, "udp,conj_id=7"));
    hex_rule(net->br, 0, 50, "ip,conj_id=7", APPLY("0018", OUTPUT("02")));
    assert_string_equal(net_send_key(net, &key), "2");
    assert_false(holds_after(net, &key, 0, 30, "udp"));
    assert_true(holds_after(net, &key, 0, 30, "tcp"));
}

static void the_trace_shows_tables_and_the_set(void **state)
{
    struct net *net = *state;
    struct ofproto_trace trace = {.bridge = net->br, .flow = "in_port=p1"};
    struct strbuf s = STRBUF_INIT;
    struct error err = {0};

    hex_rule(net->br, 0, 1, "", WRITE("0018", OUTPUT("02")) GOTO("05"));
    hex_rule(net->br, 5, 1, "", "");
    assert_int_equal(ofproto_trace(&trace, &s, NULL, &err), 0);
    assert_non_null(strstr(strbuf_str(&s), " 0. priority 1\n"
                                           "    write_actions(output:2)\n"
                                           "     -> action set is: output:2\n"
                                           "    goto_table:5\n"
                                           "     5. priority 1\n"
                                           "            drop\n"
                                           "--. Executing action set:\n"
                                           "    output:2\n"));
    strbuf_free(&s);
}

int main(void)
{
#define T(NAME) cmocka_unit_test_setup_teardown(NAME, setup, net_teardown)
    const struct CMUnitTest tests[] = {
        T(packets_go_forward_through_tables),
        T(a_miss_drops_and_is_named),
        T(an_action_set_runs_in_the_order_of_the_specification),
        T(a_cleared_action_set_is_empty),
        T(a_set_without_output_drops),
        T(resubmits_come_back),
        T(exit_ends_all_levels_but_not_the_set),
        T(a_loop_of_resubmits_is_dropped_by_name),
        T(an_action_set_may_resubmit),
        T(packets_of_any_ttl_share_a_flow),
        T(a_known_ttl_is_decremented_and_its_end_drops),
        T(the_stack_keeps_values),
        T(megaflows_see_what_was_moved_and_nothing_that_was_written),
        T(a_changed_in_port_may_be_sent_to),
        T(an_output_may_be_of_the_first_bytes_alone),
        T(registers_end_at_a_patch_port),
        T(a_clone_leaves_the_packet_as_it_was),
        T(a_clones_action_set_is_carried_out_on_it),
        T(multipath_spreads_flows_over_links),
        T(a_bundle_sends_to_ports_that_are_up),
        T(conjunctions_are_products_of_sets),
        T(a_rule_concerns_packets_as_they_are_at_its_table),
        T(a_rule_between_clauses_and_their_conjunction_concerns),
        T(the_trace_shows_tables_and_the_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
