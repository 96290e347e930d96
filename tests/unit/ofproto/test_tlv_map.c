/* Options of tunnels as fields: where a map puts them, and what actions, tables and what holds a
 * packet up do to a packet's. */
#include "ofproto/codec/action_text.h"
#include "ofproto/match/tlv_map.h"
#include "ofproto/xlate/trace.h"
#include "ofproto/xlate/xlate.h"
#include "tests/unit/ofproto/hex.h"
#include "tests/unit/ofproto/text_rule.h"

#define NOTE "note:01,"

static void execute_note(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    (void)h;
    xlate_freeze(ctx);
}

/* Ports 1 to 5; tun_metadata0 has 4 bytes, 1 has 20, 2 none, 63 has 8. */
static int setup(void **state)
{
    static const struct xlate_action_class class = {OFP_ACTION_NOTE, execute_note};
    struct net *net = net_setup(state, 5);

    xlate_action_register(&class);
    bridge_flush_rules(net->br);
    assert_true(ofp_tlv_map_add(&net->br->tlvs, 0, 0xffff, 0, 4));
    assert_true(ofp_tlv_map_add(&net->br->tlvs, 1, 0xffff, 1, 20));
    assert_true(ofp_tlv_map_add(&net->br->tlvs, 2, 0xffff, 2, 0));
    assert_true(ofp_tlv_map_add(&net->br->tlvs, 63, 0xffff, 3, 8));
    ofp_tlv_map_use(&net->br->tlvs);
    return 0;
}

#define SENT(NET, EXPECTED) assert_string_equal(net_send(NET, net_key(1, 1, 2)), EXPECTED)

/* --- The map. */

static void fields_use_whatever_is_free(void **state)
{
    uint8_t in[OFP_TLV_LEN_MAX], out[OFP_TLV_LEN_MAX];
    struct ofp_flow flow = {0};
    struct ofp_tlv_map map;

    (void)state;
    ofp_tlv_map_init(&map);
    for (unsigned int i = 0; i < 32; i++) {
        assert_true(ofp_tlv_map_add(&map, i, 7, (uint8_t)i, 8));
    }
    assert_int_equal(ofp_tlv_map_size(&map), 256);
    assert_false(ofp_tlv_map_add(&map, 40, 8, 1, 4));
    assert_true(ofp_tlv_map_add(&map, 41, 8, 2, 0));
    for (unsigned int i = 0; i < 32; i += 2) {
        ofp_tlv_map_remove(&map, i);
    }
    assert_false(ofp_tlv_map_add(&map, 40, 9, 1, 132));
    assert_true(ofp_tlv_map_add(&map, 40, 9, 1, OFP_TLV_LEN_MAX));
    assert_int_equal(ofp_tlv_map_find(&map, 9, 1), 40);
    assert_int_equal(ofp_tlv_map_find(&map, 7, 0), -1);
    assert_int_equal(ofp_tlv_map_find(&map, 7, 1), 1);

    ofp_tlv_map_use(&map);
    assert_int_equal(ofp_field(OFP_FIELD_TUN_METADATA0)->n_bits, 0);
    assert_int_equal(ofp_field(OFP_FIELD_TUN_METADATA0 + 40)->n_bits, 992);
    for (unsigned int i = 0; i < sizeof in; i++) {
        in[i] = (uint8_t)(i + 1);
    }
    for (unsigned int i = 1; i < 32; i += 2) {
        ofp_field_put(ofp_field(OFP_FIELD_TUN_METADATA0 + i), &flow, in + i);
    }
    ofp_field_put(ofp_field(OFP_FIELD_TUN_METADATA0 + 40), &flow, in);
    for (unsigned int i = 1; i < 32; i += 2) {
        ofp_field_get(ofp_field(OFP_FIELD_TUN_METADATA0 + i), &flow, out);
        assert_memory_equal(out, in + i, 8);
    }
    ofp_field_get(ofp_field(OFP_FIELD_TUN_METADATA0 + 40), &flow, out);
    assert_memory_equal(out, in, sizeof in);
    ofp_tlv_map_forget(&map);
    assert_int_equal(ofp_field(OFP_FIELD_TUN_METADATA0 + 40)->n_bits, 0);
}

static void what_is_said_of_a_field_that_is_not_mapped_names_it(void **state)
{
    static const char *const words[] = {"tun_metadata5", "tun_metadata5=1", "tun_metadata5=1/1"};
    struct ofp_actions list = OFP_ACTIONS_INIT;
    struct ofp_match match;
    struct error err;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        assert_int_not_equal(ofp_match_parse(words[i], NULL, NULL, &match, &err), 0);
        assert_non_null(strstr(err.text, "tun_metadata5"));
        assert_non_null(strstr(err.text, "mapped"));
    }
    assert_int_not_equal(ofp_actions_parse("set_field:1->tun_metadata5", NULL, NULL, &list, &err),
                         0);
    assert_non_null(strstr(err.text, "tun_metadata5"));
    assert_int_not_equal(ofp_match_parse("tun_metadata0=0x123456789", NULL, NULL, &match, &err), 0);
    assert_int_not_equal(ofp_match_parse("tun_metadata2=1", NULL, NULL, &match, &err), 0);
}

/* --- What actions do. */

static void a_packet_has_an_option_once_it_is_written(void **state)
{
    struct net *net = *state;

    text_rule(net->br, "priority=1,actions=resubmit(,1),set_field:0->tun_metadata0,resubmit(,1),"
                       "set_field:0x7/0xff->tun_metadata0,resubmit(,1),"
                       "delete_field:tun_metadata0,resubmit(,1)");
    text_rule(net->br, "table=1,priority=9,tun_metadata0=7,actions=output:2");
    text_rule(net->br, "table=1,priority=8,tun_metadata0=0,actions=output:3");
    text_rule(net->br, "table=1,priority=7,tun_metadata0,actions=output:4");
    text_rule(net->br, "table=1,priority=6,actions=output:5");
    SENT(net, "5,3,2,5");
}

static void an_option_without_a_value_is_there_or_not(void **state)
{
    struct net *net = *state;

    text_rule(net->br, "actions=resubmit(,1),set_field:0->tun_metadata2,resubmit(,1),"
                       "delete_field:tun_metadata2,resubmit(,1)");
    text_rule(net->br, "table=1,priority=7,tun_metadata2,actions=output:4");
    text_rule(net->br, "table=1,priority=6,actions=output:5");
    SENT(net, "5,4,5");
}

static void parts_are_moved_and_pushed(void **state)
{
    struct net *net = *state;

    text_rule(net->br,
              "actions=set_field:0x112233445566778899aabbccddeeff0011223344->tun_metadata1,"
              "move:tun_metadata1[32..63]->NXM_NX_REG1[],push:tun_metadata1[64..127],"
              "pop:tun_metadata63[],move:NXM_NX_REG1[0..15]->tun_metadata0[8..23],"
              "resubmit(,1)");
    text_rule(net->br, "table=1,priority=6,actions=output:5");
    text_rule(net->br, "table=1,priority=9,reg1=0xddeeff00,tun_metadata0=0xff0000,"
                       "tun_metadata63=0x5566778899aabbcc,actions=output:2");
    SENT(net, "2");
}

static void find_cb(struct ofp_rule *rule, void *ret)
{
    *(struct ofp_rule **)ret = rule;
}

static void a_learned_rule_matches_and_sets_options(void **state)
{
    struct net *net = *state;
    struct strbuf s = STRBUF_INIT;
    struct ofp_match match;
    struct ofp_rule *rule = NULL;

    text_rule(net->br, "actions=set_field:0x77->tun_metadata63,resubmit(,1)");
    /* tun_metadata63[] and tun_metadata0[]=5 are matched, tun_metadata0[0..7] = 9, and all of
     * tun_metadata1 is copied. */
    hex_rule(
        net->br, 1, 1, "",
        "0004 0060 00000000 ffff 0058 00002320 0010 0000 0000 8000 0000000000000000 0000 02 00 "
        "0000 0000 0040 0001ce7c 0000 0001ce7c 0000 2020 00000005 0001507c 0000 "
        "2808 0009 0001507c 0000 08a0 0001527c 0000 0001527c 0000 000000000000");
    net_send(net, net_key(1, 1, 2));
    assert_non_null(net->br->tables[2]);
    classifier_each(&net->br->tables[2]->cls, find_cb, &rule);
    assert_non_null(rule);
    rule_get_match(rule, &match);
    ofp_match_format(&s, &match);
    strbuf_puts(&s, " ");
    ofp_actions_format(&s, rule->actions, rule->actions_len);
    assert_string_equal(strbuf_str(&s), "tun_metadata0=0x5,tun_metadata63=0x77 "
                                        "set_field:0x9/0xff->tun_metadata0,"
                                        "set_field:0->tun_metadata1");
    assert_int_equal(uses_of_tlvs(&net->br->uses, UINT64_MAX), 1u | 2u | UINT64_C(1) << 63);
    strbuf_free(&s);
}

/* --- Who gets them. */

static void a_copy_of_the_packet_has_its_own(void **state)
{
    struct net *net = *state;

    text_rule(net->br, "actions=set_field:7->tun_metadata0,clone(resubmit(,1),"
                       "delete_field:tun_metadata0,resubmit(,1)),resubmit(,1)");
    text_rule(net->br, "table=1,priority=9,tun_metadata0=7,actions=output:2");
    text_rule(net->br, "table=1,priority=6,actions=output:5");
    SENT(net, "2,5,2");
}

static void a_patch_port_lets_none_through(void **state)
{
    struct net *net = *state;
    struct ofproto *br1 = net_add_bridge(net, "br1", OFPROTO_SECURE);

    net_patch(net->br, "to1", br1, "to0");
    net_port(br1, 8, OFPROTO_VLAN_TRUNK, -1);
    net_port(br1, 9, OFPROTO_VLAN_TRUNK, -1);
    text_rule(net->br, "actions=set_field:7->tun_metadata0,output:6,resubmit(,1)");
    text_rule(net->br, "table=1,priority=9,tun_metadata0=7,actions=output:2");
    text_rule(net->br, "table=1,priority=6,actions=output:5");
    /* Where the same option is another field, and one has the place of this bridge's. */
    assert_true(ofp_tlv_map_add(&br1->tlvs, 7, 1, 2, 4));
    ofp_tlv_map_use(&br1->tlvs);
    text_rule(br1, "priority=5,tun_metadata7,actions=output:3");
    text_rule(br1, "priority=4,actions=output:2,set_field:9->tun_metadata7,resubmit(,1)");
    text_rule(br1, "table=1,tun_metadata7=9,actions=output:3");
    SENT(net, "8,9,2");
}

static void what_waits_keeps_them_unless_the_map_changes(void **state)
{
    struct flow_key key = net_key(1, 1, 2), again;
    struct ofproto_xlate_out out, next;
    struct net *net = *state;
    struct ofp_rule *rule;

    rule = text_rule(net->br, "actions=set_field:7->tun_metadata0," NOTE "resubmit(,1)");
    text_rule(net->br, "table=1,priority=9,tun_metadata0=7,actions=output:2");
    text_rule(net->br, "table=1,priority=6,actions=output:5");
    again = key;
    assert_string_equal(net_send_round(net, &again), "2");
    net_translate(net, &key, false, &out);
    again = key;
    again.recirc_id = ((const struct dp_action_recirc *)out.actions.data)->id;
    net_translate(net, &again, false, &next);
    ofproto_xlate_out_free(&next);
    bridge_remove_rule(net->br, rule);
    ofp_tlv_map_remove(&net->br->tlvs, 63);
    assert_string_equal(net_send_key(net, &again), "5");
    ofproto_xlate_out_free(&out);
}

static void a_trace_tells_and_takes_them(void **state)
{
    struct net *net = *state;
    struct strbuf s = STRBUF_INIT;
    struct error err = {0};
    const struct ofproto_trace trace = {.bridge = net->br,
                                        .flow = "in_port=1,tun_metadata0=5,tun_metadata1=0x1122"};

    text_rule(net->br, "tun_metadata0=5,actions=move:tun_metadata0[]->NXM_NX_REG0[],"
                       "set_field:8->tun_metadata63,delete_field:tun_metadata0,output:2");
    ofp_tlv_map_use(NULL);
    if (ofproto_trace(&trace, &s, NULL, &err)) {
        fail_msg("%s", err.text);
    }
    assert_non_null(strstr(strbuf_str(&s), "tun_metadata0=0x5,tun_metadata1=0x1122"));
    assert_non_null(strstr(strbuf_str(&s), "set_field:0x8->tun_metadata63"));
    assert_non_null(strstr(strbuf_str(&s), "-> delete tun_metadata0"));
    assert_non_null(strstr(strbuf_str(&s), "Final flow: tun_metadata1=0x1122,tun_metadata63=0x8,"));
    strbuf_free(&s);
}

#define T(NAME) cmocka_unit_test_setup_teardown(NAME, setup, net_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(fields_use_whatever_is_free),
        T(what_is_said_of_a_field_that_is_not_mapped_names_it),
        T(a_packet_has_an_option_once_it_is_written),
        T(an_option_without_a_value_is_there_or_not),
        T(parts_are_moved_and_pushed),
        T(a_learned_rule_matches_and_sets_options),
        T(a_copy_of_the_packet_has_its_own),
        T(a_patch_port_lets_none_through),
        T(what_waits_keeps_them_unless_the_map_changes),
        T(a_trace_tells_and_takes_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
