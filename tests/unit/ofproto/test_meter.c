/* Meters: what meter mods make of them, exact errors, that nothing of a failed mod stays, what
 * packets and rules have to do with them, their numbers in the datapath, and their text. */
#include <errno.h>

#include "ofproto/codec/action_text.h"
#include "ofproto/codec/flow_text.h"
#include "ofproto/codec/group_mod.h"
#include "ofproto/meter/numbers.h"
#include "tests/unit/ofproto/hex.h"

#define ADD(FLAGS, ID) "0000 " FLAGS " " ID " "
#define MODIFY(FLAGS, ID) "0001 " FLAGS " " ID " "
#define DELETE(ID) "0002 0000 " ID " "
#define KBPS "0001"
#define PKTPS "0002"
#define DROP(RATE, BURST) "0001 0010 " RATE " " BURST " 00000000 "
#define REMARK(RATE, LEVEL) "0002 0010 " RATE " 00000000 " LEVEL "000000 "
#define ONE "00000001"
#define METER(ID) "0006 0008 " ID " "
#define APPLY "0004 0018 00000000 0000 0010 00000002 0000 000000000000 "

/* What the datapath was asked for. */
static struct {
    int refuse;
    unsigned int n_puts, n_deletes;
    uint32_t last_no;
    struct dp_meter last;
    bool hold;
    void (*done[8])(void *);
    void *done_aux[8];
    unsigned int n_done;
} dp;

static int on_meter(uint32_t meter_no, const struct dp_meter *meter, void *aux UNUSED)
{
    if (dp.refuse) {
        return dp.refuse;
    }
    dp.last_no = meter_no;
    dp.n_puts += meter != NULL;
    dp.n_deletes += meter == NULL;
    if (meter) {
        dp.last = *meter;
        assert_int_equal(dp_meter_validate(meter, NULL), 0);
    }
    return 0;
}

static void on_sync(void (*done)(void *), void *done_aux, void *aux UNUSED)
{
    if (dp.hold) {
        dp.done[dp.n_done] = done;
        dp.done_aux[dp.n_done++] = done_aux;
    } else {
        done(done_aux);
    }
}

static int setup(void **state)
{
    static const struct ofproto_hooks hooks = {.meter = on_meter, .sync = on_sync};
    struct net *net = net_setup(state, 3);

    memset(&dp, 0, sizeof dp);
    bridge_flush_rules(net->br);
    ofproto_set_hooks(net->set, &hooks);
    net->set->meter_numbers->next = 0;
    return 0;
}

static int mod(struct net *net, const char *hex)
{
    struct ofp_meter_mod m;
    uint8_t bytes[512];
    size_t n = from_hex(hex, bytes);
    int rc = ofp_meter_mod_decode(bytes, n, &m);

    return rc ? rc : meter_mod_apply(net->br, &m, 1000);
}

static void wrong_mods_get_the_exact_error_and_change_nothing(void **state)
{
    static const struct {
        const char *hex;
        int error;
    } bad[] = {
        {"0000 0001 000000", OFPERR_BRC_BAD_LEN},
        {"0003 0001 " ONE, OFPERR_MMFC_BAD_COMMAND},
        {ADD("0003", ONE) DROP("00000001", "00000000"), OFPERR_MMFC_BAD_FLAGS},
        {ADD("0010", ONE) DROP("00000001", "00000000"), OFPERR_MMFC_BAD_FLAGS},
        {ADD(KBPS, ONE) "0001 0010 00000001", OFPERR_BRC_BAD_LEN},
        {ADD(KBPS, ONE) "0001 0008 00000001", OFPERR_BRC_BAD_LEN},
        {ADD(KBPS, ONE) "0001 000d 00000001 00000000 00000000", OFPERR_BRC_BAD_LEN},
        {ADD(KBPS, ONE) "0003 0010 00000001 00000000 00000000", OFPERR_MMFC_BAD_BAND},
        {ADD(KBPS, ONE) "ffff 0010 00000001 00000000 00002320", OFPERR_MMFC_BAD_BAND},
        {ADD(KBPS, ONE) "0001 0018 00000001 00000000 00000000 0000000000000000",
         OFPERR_MMFC_BAD_BAND},
        {ADD(KBPS, ONE) DROP("00000000", "00000000"), OFPERR_MMFC_BAD_RATE},
        {ADD(KBPS, "00000000") DROP("00000001", "00000000"), OFPERR_MMFC_INVALID_METER},
        {ADD(KBPS, "ffff0001") DROP("00000001", "00000000"), OFPERR_MMFC_INVALID_METER},
        {ADD(KBPS, "ffffffff") DROP("00000001", "00000000"), OFPERR_MMFC_INVALID_METER},
        {MODIFY(KBPS, "fffffffc") DROP("00000001", "00000000"), OFPERR_MMFC_INVALID_METER},
        {MODIFY(KBPS, "00000002") DROP("00000001", "00000000"), OFPERR_MMFC_UNKNOWN_METER},
        {ADD(KBPS, "00000007") DROP("00000009", "00000000"), OFPERR_MMFC_METER_EXISTS},
    };
    struct net *net = *state;

    assert_int_equal(mod(net, ADD(KBPS, "00000007") DROP("00000001", "00000000")), 0);
    dp.n_puts = 0;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        int rc = mod(net, bad[i].hex);

        if (rc != bad[i].error) {
            fail_msg("%s: %s", bad[i].hex, ofp_error_name((enum ofp_error)rc));
        }
    }
    assert_int_equal(HASH_COUNT(net->br->meters), 1);
    assert_int_equal(meter_find(net->br, 7)->config.band[0].rate, 1);
    assert_int_equal(dp.n_puts, 0);
    assert_int_equal(mod(net, DELETE("00000000")), 0);
    assert_int_equal(mod(net, DELETE("00000055")), 0);
    /* As when the datapath does not keep up. */
    dp.refuse = -EAGAIN;
    assert_int_equal(mod(net, ADD(KBPS, ONE)), OFPERR_MMFC_UNKNOWN);
    assert_int_equal(mod(net, MODIFY(KBPS, "00000007")), OFPERR_MMFC_UNKNOWN);
    assert_int_equal(meter_find(net->br, 7)->config.n, 1);
    assert_int_equal(net->set->meter_numbers->n_taken, 1);
}

static void bands_are_bounded(void **state)
{
    struct net *net = *state;
    char hex[1024] = ADD(KBPS, ONE);

    for (unsigned int i = 0; i < OFP_METER_MAX_BANDS; i++) {
        strcat(hex, DROP("00000001", "00000000"));
    }
    assert_int_equal(mod(net, hex), 0);
    memcpy(hex, "0001", 4);
    strcat(hex, DROP("00000001", "00000000"));
    assert_int_equal(mod(net, hex), OFPERR_MMFC_OUT_OF_BANDS);
}

static void the_datapath_gets_what_was_asked_for(void **state)
{
    struct net *net = *state;

    /* Without the flag a burst means nothing, and is told again. */
    assert_int_equal(
        mod(net, ADD(PKTPS, ONE) DROP("00000005", "00000009") REMARK("00000003", "02")), 0);
    assert_int_equal(dp.last.in_packets, 1);
    assert_int_equal(dp.last.n_bands, 2);
    assert_int_equal(dp.last.band[0].rate, 5);
    assert_int_equal(dp.last.band[0].burst, 0);
    assert_int_equal(dp.last.band[1].type, DP_BAND_DSCP_REMARK);
    assert_int_equal(dp.last.band[1].prec_level, 2);
    assert_int_equal(meter_find(net->br, 1)->config.band[0].burst, 9);
    assert_int_equal(mod(net, MODIFY("0005", ONE) DROP("00000005", "00000009")), 0);
    assert_int_equal(dp.last.in_packets, 0);
    assert_int_equal(dp.last.n_bands, 1);
    assert_int_equal(dp.last.band[0].burst, 9);
    assert_int_equal(dp.last_no, 0);
    /* No bands: it counts. */
    assert_int_equal(mod(net, ADD("0000", "ffff0000")), 0);
    assert_int_equal(dp.last_no, 1);
}

static void packets_go_through_the_meter_before_all_else(void **state)
{
    struct net *net = *state;
    struct flow_key key = net_key(1, 1, 2);

    assert_int_equal(mod(net, ADD(KBPS, ONE) DROP("00000001", "00000000")), 0);
    hex_rule(net->br, 0, 1, "", APPLY METER(ONE));
    assert_string_equal(net_send_key(net, &key), "meter(0),2");
    /* What is dropped behind a meter is counted by it. */
    bridge_flush_rules(net->br);
    hex_rule(net->br, 0, 1, "", METER(ONE));
    assert_string_equal(net_send_key(net, &key), "meter(0),drop:no-rule");
}

/* A rule of IP packets, as it is written. */
static void rule(struct net *net, const char *actions)
{
    struct ofp_actions list = OFP_ACTIONS_INIT;
    struct error err = {0};

    if (ofp_actions_parse(actions, NULL, NULL, &list, &err)) {
        fail_msg("%s: %s", actions, err.text);
    }
    bridge_flush_rules(net->br);
    net_rule(net->br, 0, 1, "ip", &list);
    ofp_actions_free(&list);
}

static void meters_stand_anywhere(void **state)
{
    struct net *net = *state;
    struct flow_key key = net_key(1, 1, 2);

    assert_int_equal(mod(net, ADD(KBPS, ONE) DROP("00000001", "00000000")), 0);
    assert_int_equal(mod(net, ADD(KBPS, "00000002") DROP("00000001", "00000000")), 0);
    rule(net, "output:2,meter:1,output:3,meter:1");
    assert_string_equal(net_send_key(net, &key), "2,meter(0),3,meter(0)");
    /* What stands before it is done before it. */
    rule(net, "mod_dl_src:02:00:00:00:00:09,meter:1,output:2");
    assert_string_equal(net_send_key(net, &key), "set(eth(src=02:00:00:00:00:09)),meter(0),2");
    /* The last one of an action set, before its output. */
    rule(net, "write_actions(output:2,meter:2,meter:1)");
    assert_string_equal(net_send_key(net, &key), "meter(0),2");
    rule(net, "clone(meter:1,output:2),output:3");
    assert_string_equal(net_send_key(net, &key), "meter(0),2,3");
    rule(net, "mod_nw_tos:40,meter:1,mod_nw_tos:40,output:2");
    assert_string_equal(net_send_key(net, &key), "set(ipv4(tos=0x28/0xfc)),meter(0),2");
    rule(net, "meter:1,check_pkt_larger(1500)->reg0[0],output:2");
    assert_null(strstr(net_send_key(net, &key), "drop"));
}

/* What is behind a meter that may change the DSCP goes by what it became. */
static void a_remarked_packet_comes_back(void **state)
{
    struct net *net = *state;
    struct flow_key key = net_key(1, 1, 2);
    unsigned int id = 0;

    assert_int_equal(mod(net, ADD(KBPS, ONE) REMARK("00000001", "01")), 0);
    rule(net, "meter:1,mod_nw_tos:40,output:2");
    assert_int_equal(sscanf(net_send_key(net, &key), "meter(0),recirc(%x)", &id), 1);
    key.recirc_id = id;
    key.nw_tos = 12 << 2;
    assert_string_equal(net_send_key(net, &key), "set(ipv4(tos=0x28/0xfc)),2");
    /* Nothing is left to do. */
    rule(net, "output:2,meter:1");
    key.recirc_id = 0;
    assert_string_equal(net_send_key(net, &key), "2,meter(0)");
}

static void a_meter_that_begins_to_remark_concerns_cached_flows(void **state)
{
    struct net *net = *state;
    struct flow_key key = net_key(1, 1, 2);
    struct ofproto_xlate_out out;

    assert_int_equal(mod(net, ADD(KBPS, ONE) DROP("00000001", "00000000")), 0);
    hex_rule(net->br, 0, 1, "", APPLY METER(ONE));
    net_translate(net, &key, false, &out);
    assert_int_equal(mod(net, MODIFY(KBPS, ONE) DROP("00000002", "00000000")), 0);
    assert_true(net_holds(out.effects));
    assert_int_equal(mod(net, MODIFY(KBPS, ONE) REMARK("00000002", "01")), 0);
    assert_false(net_holds(out.effects));
    ofproto_xlate_out_free(&out);
}

static void what_controllers_are_told_is_metered(void **state)
{
    struct net *net = *state;
    struct flow_key key = net_key(1, 1, 2);
    struct ofproto_xlate_out out;

    rule(net, "controller");
    assert_non_null(strstr(net_send_key(net, &key), "userspace(cookie="));
    net_translate(net, &key, false, &out);
    assert_int_equal(mod(net, ADD(KBPS, "fffffffe") DROP("00000001", "00000000")), 0);
    assert_false(net_holds(out.effects));
    ofproto_xlate_out_free(&out);
    assert_non_null(strstr(net_send_key(net, &key), "clone(meter(0),userspace(cookie="));
    net_translate(net, &key, false, &out);
    assert_int_equal(mod(net, DELETE("fffffffe")), 0);
    assert_false(net_holds(out.effects));
    ofproto_xlate_out_free(&out);
    assert_null(strstr(net_send_key(net, &key), "meter"));
}

/* One that the action names; without it the packet goes as it is. */
static void a_controller_action_may_name_a_meter(void **state)
{
    struct net *net = *state;
    struct flow_key key = net_key(1, 1, 2);
    struct ofproto_xlate_out before, with;

    rule(net, "controller(meter_id=1,id=2),output:3");
    assert_null(strstr(net_send_key(net, &key), "meter"));
    net_translate(net, &key, false, &before);
    assert_int_equal(mod(net, ADD(KBPS, ONE) DROP("00000001", "00000000")), 0);
    assert_false(net_holds(before.effects)); /* A cached flow follows. */
    assert_non_null(strstr(net_send_key(net, &key), "clone(meter(0),userspace(cookie="));
    net_translate(net, &key, false, &with);
    assert_int_equal(mod(net, DELETE(ONE)), 0);
    assert_false(net_holds(with.effects));
    assert_null(strstr(net_send_key(net, &key), "meter"));
    ofproto_xlate_out_free(&before);
    ofproto_xlate_out_free(&with);
}

static unsigned int n_rules(const struct net *net)
{
    return net->br->tables[0]->cls.n_rules;
}

static void rules_go_with_their_meter(void **state)
{
    struct net *net = *state;

    for (unsigned int i = 1; i <= 3; i++) {
        static const char *const adds[] = {ADD(KBPS, "00000001"), ADD(KBPS, "00000002"),
                                           ADD(KBPS, "00000003")};

        assert_int_equal(mod(net, adds[i - 1]), 0);
    }
    hex_rule(net->br, 0, 1, "tcp", APPLY METER(ONE));
    hex_rule(net->br, 0, 1, "udp", METER(ONE));
    hex_rule(net->br, 0, 1, "icmp", METER("00000002"));
    hex_rule(net->br, 0, 1, "arp", APPLY);
    assert_int_equal(meter_n_rules(net->br, meter_find(net->br, 1)), 2);
    assert_int_equal(meter_n_rules(net->br, meter_find(net->br, 2)), 1);
    assert_int_equal(meter_n_rules(net->br, meter_find(net->br, 3)), 0);
    assert_int_equal(mod(net, DELETE("00000003")), 0);
    assert_int_equal(n_rules(net), 4);
    assert_int_equal(mod(net, DELETE("00000001")), 0);
    assert_int_equal(n_rules(net), 2);
    assert_int_equal(mod(net, DELETE("ffffffff")), 0);
    assert_int_equal(n_rules(net), 1);
    assert_null(net->br->meters);
}

static void meters_that_do_not_exist_are_refused(void **state)
{
    struct net *net = *state;
    struct ofp_actions list = OFP_ACTIONS_INIT;

    assert_int_equal(mod(net, ADD(KBPS, ONE)), 0);
    assert_int_equal(ofp_actions_parse("write_actions(meter:2)", NULL, NULL, &list, NULL), 0);
    assert_int_equal(meter_check_actions(net->br, list.data, list.len), OFPERR_MMFC_INVALID_METER);
    ofp_actions_free(&list);
    assert_int_equal(ofp_actions_parse("clone(meter:1),output:1", NULL, NULL, &list, NULL), 0);
    assert_int_equal(meter_check_actions(net->br, list.data, list.len), 0);
    ofp_actions_free(&list);
}

/* Until no cached flow names it any more. */
static void a_number_is_free_when_nobody_uses_it(void **state)
{
    struct net *net = *state;

    dp.hold = true;
    assert_int_equal(mod(net, ADD(KBPS, ONE)), 0);
    assert_int_equal(mod(net, DELETE(ONE)), 0);
    assert_int_equal(dp.n_deletes, 0);
    assert_int_equal(mod(net, ADD(KBPS, ONE)), 0);
    assert_int_equal(dp.last_no, 1);
    dp.done[0](dp.done_aux[0]);
    assert_int_equal(dp.n_deletes, 1);
    assert_int_equal(dp.last_no, 0);
    assert_int_equal(net->set->meter_numbers->n_taken, 2);
    ofproto_meter_done(net->set, 0, true);
    assert_int_equal(net->set->meter_numbers->n_taken, 1);
    ofproto_meter_done(net->set, 0, true); /* Nobody asked. */
    assert_int_equal(net->set->meter_numbers->n_taken, 1);
    /* One that leaves with the bridge. */
    dp.n_done = 0;
}

static void a_datapath_that_comes_gets_all_meters(void **state)
{
    struct net *net = *state;

    dp.refuse = -ENOTCONN;
    assert_int_equal(mod(net, ADD(KBPS, ONE)), 0);
    assert_int_equal(mod(net, ADD(KBPS, "00000002")), 0);
    assert_int_equal(mod(net, DELETE(ONE)), 0);
    assert_int_equal(net->set->meter_numbers->n_taken, 1);
    dp.refuse = 0;
    ofproto_meters_attach(net->set);
    assert_int_equal(dp.n_puts, 1);
    assert_int_equal(dp.n_deletes, 1); /* Of all others. */
    assert_int_equal(dp.last_no, DP_NO_METER);
}

/* --- Text. */

static void meters_are_parsed_and_formatted(void **state)
{
    static const char text[] = "kbps burst stats bands=\ntype=drop rate=1000 burst_size=200\n"
                               "type=dscp_remark rate=5 burst_size=7 prec_level=2\n";
    struct ofp_meter_mod m = {.command = OFP_METER_ADD}, again;
    struct strbuf s = STRBUF_INIT, wire = STRBUF_INIT;
    struct error err = {0};

    (void)state;
    if (ofp_meter_mod_parse("meter=7,kbps,burst,stats,bands=type=drop,rate=1000,burst_size=200 "
                            "type=dscp_remark rate=5,burst_size=7,prec_level=2",
                            &m, &err)) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(m.meter_id, 7);
    ofp_meter_config_format(&s, &m.config);
    assert_string_equal(strbuf_str(&s), text);
    ofp_meter_mod_encode(&wire, OFP13, 1, &m);
    assert_int_equal(ofp_meter_mod_decode((uint8_t *)wire.data + OFP_HEADER_LEN,
                                          wire.len - OFP_HEADER_LEN, &again),
                     0);
    assert_memory_equal(&m, &again, sizeof m);
    strbuf_free(&wire);
    strbuf_free(&s);
    m.command = OFP_METER_DELETE;
    assert_int_equal(ofp_meter_mod_parse("meter=controller", &m, &err), 0);
    assert_int_equal(m.meter_id, OFP_METER_CONTROLLER);
}

static void what_is_wrong_with_a_meter_is_named(void **state)
{
    static const struct {
        const char *text, *want;
    } bad[] = {
        {"kbps,bands=type=drop,rate=1", "'meter=NUMBER' is missing"},
        {"meter=0,kbps,bands=type=drop,rate=1", "'0' is neither a number of 1 to 4294901760"},
        {"meter=x,kbps,bands=type=drop,rate=1", "'x' is neither"},
        {"meter=1,bands=type=drop,rate=1", "one of 'kbps' and 'pktps' is needed"},
        {"meter=1,kbps,foo,bands=type=drop,rate=1", "'foo' is unknown"},
        {"meter=1,kbps=1,bands=type=drop,rate=1", "'kbps' is unknown"},
        {"meter=1,kbps", "'bands=type=...' is missing"},
        {"meter=1,kbps,bands=", "'bands=type=...' is missing"},
        {"meter=1,kbps,bands=rate=1", "'rate' comes before its 'type'"},
        {"meter=1,kbps,bands=type=foo,rate=1", "type 'foo' is neither"},
        {"meter=1,kbps,bands=type=drop", "a band needs a 'rate'"},
        {"meter=1,kbps,bands=type=drop,rate=4294967296", "'4294967296' is not a number"},
        {"meter=1,kbps,bands=type=drop,rate=1,foo=2", "'foo' is unknown"},
        {"meter=1,kbps,burst,bands=type=drop,rate=1", "needs a 'burst_size'"},
        {"meter=1,kbps,bands=type=drop,rate=1,prec_level=2", "type dscp_remark has a"},
        {"meter=1,kbps,bands=type=drop,rate=1,type=drop,rate=1,type=drop,rate=1,type=drop,rate=1,"
         "type=drop,rate=1,type=drop,rate=1,type=drop,rate=1,type=drop,rate=1,type=drop,rate=1",
         "more than 8 bands"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct ofp_meter_mod m = {.command = OFP_METER_ADD};
        struct error err = {0};

        assert_int_equal(ofp_meter_mod_parse(bad[i].text, &m, &err), -EINVAL);
        if (!strstr(err.text, bad[i].want)) {
            fail_msg("%s: %s", bad[i].text, err.text);
        }
    }
}

static void which_versions_can_say_a_meter(void **state)
{
    static const uint32_t since13 = 1u << OFP13 | 1u << OFP14 | 1u << OFP15;
    static const struct {
        const char *actions;
        uint32_t versions;
    } rows[] = {
        {"output:1", OFP_ALL_VERSIONS},   {"meter:1", since13},
        {"meter:1,output:1", since13},    {"output:1,meter:1", 1u << OFP15},
        {"meter:1,meter:2", 1u << OFP15}, {"write_actions(meter:1)", 1u << OFP15},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct ofp_flow_mod fm = {.command = OFPFC_ADD, .out_group = OFP_GROUP_ANY};

        assert_int_equal(ofp_actions_parse(rows[i].actions, NULL, NULL, &fm.actions, NULL), 0);
        assert_int_equal(ofp_flow_mod_versions(&fm), rows[i].versions);
        ofp_actions_free(&fm.actions);
    }
}

int main(void)
{
#define TEST(FN) cmocka_unit_test_setup_teardown(FN, setup, net_teardown)
    static const struct CMUnitTest tests[] = {
        TEST(wrong_mods_get_the_exact_error_and_change_nothing),
        TEST(bands_are_bounded),
        TEST(the_datapath_gets_what_was_asked_for),
        TEST(packets_go_through_the_meter_before_all_else),
        TEST(meters_stand_anywhere),
        TEST(a_remarked_packet_comes_back),
        TEST(a_meter_that_begins_to_remark_concerns_cached_flows),
        TEST(what_controllers_are_told_is_metered),
        TEST(a_controller_action_may_name_a_meter),
        TEST(rules_go_with_their_meter),
        TEST(meters_that_do_not_exist_are_refused),
        TEST(a_number_is_free_when_nobody_uses_it),
        TEST(a_datapath_that_comes_gets_all_meters),
        cmocka_unit_test(meters_are_parsed_and_formatted),
        cmocka_unit_test(what_is_wrong_with_a_meter_is_named),
        cmocka_unit_test(which_versions_can_say_a_meter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
