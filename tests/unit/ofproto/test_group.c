/* Groups: what group mods make of them, exact errors, who gets which packet, and that nothing of a
 * failed mod stays. */
#include "ofproto/group/group.h"
#include "ofproto/xlate/effects.h"
#include "tests/unit/ofproto/hex.h"

#define OUTPUT(PORT) "0000 0010 000000" PORT " 0000 000000000000 "
#define GROUP(ID) "0016 0008 000000" ID " "
#define APPLY_GROUP(ID) "0004 0010 00000000 " GROUP(ID)
/* Of OpenFlow 1.3. */
#define ANY "ffffffff "
#define BUCKET(LEN, WEIGHT, WATCH_PORT, WATCH_GROUP, ACTIONS)                                      \
    LEN " " WEIGHT " " WATCH_PORT WATCH_GROUP "00000000 " ACTIONS
#define PLAIN(PORT) BUCKET("0020", "0000", ANY, ANY, OUTPUT(PORT))
#define WEIGHTED(WEIGHT, PORT) BUCKET("0020", WEIGHT, ANY, ANY, OUTPUT(PORT))
#define ADD(TYPE, ID) "0000 " TYPE " 00 000000" ID " "
#define MODIFY(TYPE, ID) "0001 " TYPE " 00 000000" ID " "
#define DELETE(ID) "0002 00 00 " ID " "
/* Of 1.5: a bucket with its id. */
#define BUCKET15(ID, PORT) "0018 0010 000000" ID " " OUTPUT(PORT)

static int setup(void **state)
{
    bridge_flush_rules(net_setup(state, 5)->br);
    return 0;
}

static int mod(struct net *net, enum ofp_version version, const char *hex)
{
    struct ofp_group_mod gm;
    uint8_t bytes[2048];
    size_t n = from_hex(hex, bytes);
    int rc = ofp_group_mod_decode(version, version, bytes, n, &gm);

    if (!rc) {
        rc = group_mod_apply(net->br, &gm, 1000);
        ofp_group_config_free(&gm.config);
    }
    return rc;
}

static void set_up(struct net *net, uint32_t dp_port, bool up)
{
    struct ofproto_port_config config = {.dp_port = dp_port, .up = up};
    struct error err;
    uint16_t number;
    char name[16];

    snprintf(name, sizeof name, "p%u", dp_port);
    config.name = name;
    assert_int_equal(ofproto_port_set(net->br, &config, &number, &err), 0);
}

static void all_buckets_get_a_copy_of_their_own(void **state)
{
    struct net *net = *state;

    /* The first bucket writes its output before its tag: it is an action set. */
    assert_int_equal(mod(net, OFP13,
                         ADD("00", "07")
                             BUCKET("0028", "0000", ANY, ANY, OUTPUT("02") "0011 0008 8100 0000")
                                 PLAIN("03") PLAIN("01")),
                     0);
    hex_rule(net->br, 0, 1, "", "0004 0020 00000000 " GROUP("07") OUTPUT("04"));
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "push_vlan(vid=0,pcp=0),2,pop_vlan,3,4");
    /* In an action set the group wins over the output. */
    bridge_flush_rules(net->br);
    hex_rule(net->br, 0, 1, "", "0003 0020 00000000 " GROUP("07") OUTPUT("04"));
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "push_vlan(vid=0,pcp=0),2,pop_vlan,3");
}

static void an_indirect_group_is_changed_in_one_place(void **state)
{
    struct ofproto_xlate_out out;
    struct net *net = *state;
    struct flow_key key = net_key(1, 1, 2);

    assert_int_equal(mod(net, OFP13, ADD("02", "07") PLAIN("02")), 0);
    hex_rule(net->br, 0, 1, "", APPLY_GROUP("07"));
    assert_string_equal(net_send_key(net, &key), "2");
    net_translate(net, &key, false, &out);
    assert_true(net_holds(out.effects));
    assert_int_equal(mod(net, OFP13, MODIFY("02", "07") PLAIN("03")), 0);
    assert_false(net_holds(out.effects));
    assert_string_equal(net_send_key(net, &key), "3");
    /* What was translated before is credited to the group as it was. */
    ofproto_effects_credit(out.effects, 5, 500, 2000);
    ofproto_xlate_out_free(&out);
    assert_int_equal(group_find(net->br, 7)->counters.packets, 0);
    net_translate(net, &key, false, &out);
    ofproto_effects_credit(out.effects, 5, 500, 2000);
    assert_int_equal(group_find(net->br, 7)->counters.packets, 5);
    assert_int_equal(group_find(net->br, 7)->bucket_counters[0].bytes, 500);
    ofproto_xlate_out_free(&out);
}

#define N_FLOWS 3000

/* How many flows go to ports 2...5; remembers who went where. */
static void spread(struct net *net, uint8_t where[N_FLOWS], unsigned int n[6])
{
    memset(n, 0, 6 * sizeof n[0]);
    for (uint16_t i = 0; i < N_FLOWS; i++) {
        struct flow_key key = net_key(1, 1, 2);

        key.tp_src = be16_make(i);
        where[i] = (uint8_t)atoi(net_send_round(net, &key));
        assert_in_range(where[i], 2, 5);
        n[where[i]]++;
    }
}

static void a_select_group_spreads_flows_as_the_weights_say(void **state)
{
    uint8_t before[N_FLOWS], after[N_FLOWS];
    struct net *net = *state;
    unsigned int n[6], moved = 0;

    assert_int_equal(mod(net, OFP13,
                         ADD("01", "07") BUCKET("0020", "0001", "00000002", ANY, OUTPUT("02"))
                             BUCKET("0020", "0002", "00000003", ANY, OUTPUT("03"))
                                 WEIGHTED("0003", "04") WEIGHTED("0000", "05")),
                     0);
    hex_rule(net->br, 0, 1, "", APPLY_GROUP("07"));
    spread(net, before, n);
    assert_in_range(n[2], 430, 570);
    assert_in_range(n[3], 900, 1100);
    assert_in_range(n[4], 1380, 1620);
    assert_int_equal(n[5], 0);
    set_up(net, 3, false);
    spread(net, after, n);
    assert_int_equal(n[3], 0);
    for (size_t i = 0; i < N_FLOWS; i++) {
        moved += before[i] != 3 && before[i] != after[i];
    }
    assert_int_equal(moved, 0);
}

static void a_select_group_hashes_the_fields_it_was_given(void **state)
{
    struct ofproto_xlate_out out;
    struct net *net = *state;
    struct flow_key key = net_key(1, 1, 2);

    /* 1.5: method "hash", parameter 5, of the last byte of the IP destination. */
    assert_int_equal(
        mod(net, OFP15,
            "0000 01 00 00000007 0030 0000 ffffffff" BUCKET15("00", "02") BUCKET15(
                "01", "03") "ffff 0030 0000154d 00000001 00000000 68617368000000000000000000000000"
                            "0000000000000005 80001804 000000ff"),
        0);
    hex_rule(net->br, 0, 1, "ip", APPLY_GROUP("07"));
    net_translate(net, &key, false, &out);
    assert_int_equal(be32_get(out.mask.bits.nw_dst), 0xff);
    assert_int_equal(out.mask.bits.nw_src, 0);
    assert_int_equal(out.mask.bits.tp_src, 0);
    ofproto_xlate_out_free(&out);
}

static void the_first_bucket_that_lives_gets_it(void **state)
{
    struct net *net = *state;

    /* The second one watches a group that lives by port 4. */
    assert_int_equal(
        mod(net, OFP13, ADD("03", "08") BUCKET("0020", "0000", "00000004", ANY, OUTPUT("04"))), 0);
    assert_int_equal(mod(net, OFP13,
                         ADD("03", "07") BUCKET("0020", "0000", "00000002", ANY, OUTPUT("02"))
                             BUCKET("0018", "0000", ANY, "00000008 ", GROUP("08"))),
                     0);
    hex_rule(net->br, 0, 1, "", APPLY_GROUP("07"));
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "2");
    set_up(net, 2, false);
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "4");
    set_up(net, 4, false);
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "drop:no-output");
    set_up(net, 2, true);
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "2");
}

static void a_deleted_group_takes_its_rules_along(void **state)
{
    struct net *net = *state;

    assert_int_equal(mod(net, OFP13, ADD("00", "07") PLAIN("02")), 0);
    assert_int_equal(mod(net, OFP13, ADD("00", "08") BUCKET("0018", "0000", ANY, ANY, GROUP("07"))),
                     0);
    hex_rule(net->br, 0, 2, "udp", APPLY_GROUP("08"));
    hex_rule(net->br, 0, 1, "", "0004 0018 00000000 " OUTPUT("03"));
    assert_int_equal(mod(net, OFP13, DELETE("00000007")), OFPERR_GMFC_CHAINED_GROUP);
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "2");
    assert_int_equal(mod(net, OFP13, DELETE("00000008")), 0);
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "3");
    assert_int_equal(mod(net, OFP13, DELETE("fffffffc")), 0);
    assert_null(group_find(net->br, 7));
    assert_int_equal(mod(net, OFP13, DELETE("00000008")), 0);
}

static uint32_t n_uses(const struct net *net, uint32_t group_id)
{
    return uses_count(&net->br->uses, USE_OF_GROUP, group_id, NULL);
}

static void uses_are_counted_as_they_come_and_go(void **state)
{
    struct net *net = *state;
    struct ofp_rule *rule;

    assert_int_equal(mod(net, OFP13, ADD("00", "07") PLAIN("02")), 0);
    assert_int_equal(mod(net, OFP13,
                         ADD("00", "08") BUCKET("0018", "0000", ANY, ANY, GROUP("07"))
                             BUCKET("0018", "0000", ANY, ANY, GROUP("07"))),
                     0);
    assert_int_equal(n_uses(net, 7), 2);
    /* Twice in one rule, and in a copy. */
    rule = hex_rule(net->br, 0, 1, "",
                    "0004 0030 00000000 " GROUP("07") GROUP("08")
                        GROUP("07") "ffff 0010 00002320 002a 000000000000 ");
    assert_int_equal(n_uses(net, 7), 3);
    assert_int_equal(n_uses(net, 8), 1);
    bridge_set_actions(net->br, rule, NULL, 0, 1000);
    assert_int_equal(n_uses(net, 7), 2);
    assert_int_equal(n_uses(net, 8), 0);
    hex_rule(net->br, 0, 1, "", APPLY_GROUP("08"));
    hex_rule(net->br, 0, 1, "", APPLY_GROUP("07")); /* In the place of the last. */
    assert_int_equal(n_uses(net, 7), 3);
    assert_int_equal(n_uses(net, 8), 0);
    assert_int_equal(mod(net, OFP13, MODIFY("00", "08") PLAIN("02")), 0);
    assert_int_equal(n_uses(net, 7), 1);
    assert_int_equal(mod(net, OFP13, DELETE("fffffffc")), 0);
    assert_int_equal(n_uses(net, 7), 0);
    assert_null(net->br->uses.things);
}

static void buckets_come_and_go_by_their_ids(void **state)
{
    struct net *net = *state;

#define INSERT(AT) "0003 00 00 00000007 0018 0000 " AT " "
#define REMOVE(AT) "0005 00 00 00000007 0000 0000 " AT
    assert_int_equal(mod(net, OFP15, "0000 00 00 00000007 0018 0000 ffffffff" BUCKET15("05", "02")),
                     0);
    hex_rule(net->br, 0, 1, "", APPLY_GROUP("07"));
    assert_int_equal(mod(net, OFP15, INSERT("fffffffd") BUCKET15("06", "03")), 0);
    assert_int_equal(mod(net, OFP15, INSERT("00000006") BUCKET15("07", "04")), 0);
    assert_int_equal(mod(net, OFP15, INSERT("fffffffe") BUCKET15("08", "05")), 0);
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "3,4,2,5");
    assert_int_equal(mod(net, OFP15, INSERT("fffffffd") BUCKET15("07", "04")),
                     OFPERR_GMFC_BUCKET_EXISTS);
    assert_int_equal(mod(net, OFP15, INSERT("00000009") BUCKET15("09", "04")),
                     OFPERR_GMFC_UNKNOWN_BUCKET);
    assert_int_equal(mod(net, OFP15, REMOVE("00000009")), OFPERR_GMFC_UNKNOWN_BUCKET);
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "3,4,2,5");
    assert_int_equal(mod(net, OFP15, REMOVE("00000007")), 0);
    assert_int_equal(mod(net, OFP15, REMOVE("fffffffd")), 0);
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "2,5");
    assert_int_equal(mod(net, OFP15, REMOVE("fffffffe")), 0);
    assert_int_equal(mod(net, OFP15, REMOVE("ffffffff")), 0);
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "drop:no-output");
}

static void wrong_mods_get_the_exact_error_and_change_nothing(void **state)
{
    static const struct {
        enum ofp_version version;
        enum ofp_error error;
        const char *hex;
    } bad[] = {
        {OFP13, OFPERR_BRC_BAD_LEN, "0000 00"},
        {OFP13, OFPERR_GMFC_BAD_COMMAND, "0003 00 00 00000001"},
        {OFP15, OFPERR_GMFC_BAD_COMMAND, "0004 00 00 00000001 0000 0000 00000000"},
        {OFP13, OFPERR_GMFC_BAD_TYPE, ADD("04", "01")},
        {OFP13, OFPERR_GMFC_GROUP_EXISTS, ADD("00", "07")},
        {OFP13, OFPERR_GMFC_UNKNOWN_GROUP, MODIFY("00", "01")},
        {OFP13, OFPERR_GMFC_INVALID_GROUP, "0000 00 00 ffffff01"},
        {OFP13, OFPERR_GMFC_INVALID_GROUP, ADD("02", "01")}, /* Indirect without a bucket. */
        {OFP13, OFPERR_GMFC_INVALID_GROUP, ADD("00", "01") WEIGHTED("0001", "02")},
        {OFP13, OFPERR_GMFC_INVALID_GROUP, ADD("03", "01") PLAIN("02")}, /* Watches nothing. */
        {OFP13, OFPERR_GMFC_WATCH_UNSUPPORTED,
         ADD("00", "01") BUCKET("0020", "0000", "00000002", ANY, OUTPUT("02"))},
        {OFP13, OFPERR_GMFC_BAD_WATCH,
         ADD("03", "01") BUCKET("0020", "0000", "fffffffa", ANY, OUTPUT("02"))},
        {OFP13, OFPERR_GMFC_BAD_BUCKET, ADD("00", "01") "000f 0000 00000000"},
        {OFP13, OFPERR_GMFC_BAD_BUCKET,
         ADD("00", "01") BUCKET("0030", "0000", ANY, ANY, OUTPUT("02"))},
        {OFP13, OFPERR_BAC_BAD_OUT_GROUP,
         ADD("00", "01") BUCKET("0018", "0000", ANY, ANY, GROUP("63"))},
        {OFP13, OFPERR_GMFC_LOOP, MODIFY("00", "07") BUCKET("0018", "0000", ANY, ANY, GROUP("07"))},
        {OFP13, OFPERR_GMFC_LOOP, MODIFY("00", "07") BUCKET("0018", "0000", ANY, ANY, GROUP("08"))},
        {OFP13, OFPERR_BAC_BAD_TYPE,
         ADD("00", "01") BUCKET("0020", "0000", ANY, ANY, "ffff 0010 00002320 0011 000000000000")},
        {OFP15, OFPERR_GMFC_BUCKET_EXISTS,
         "0000 00 00 00000001 0030 0000 ffffffff" BUCKET15("01", "02") BUCKET15("01", "03")},
        {OFP15, OFPERR_BRC_BAD_LEN, "0000 00 00 00000001 0020 0000 ffffffff"},
        {OFP15, OFPERR_BPC_BAD_TYPE, "0000 01 00 00000001 0000 0000 ffffffff 0009 0008 00000000"},
        {OFP15, OFPERR_BPC_BAD_LEN, "0000 01 00 00000001 0000 0000 ffffffff ffff 0010 00000000"},
        {OFP15, OFPERR_BPC_BAD_VALUE,
         "0000 01 00 00000001 0000 0000 ffffffff ffff 0028 0000154d 00000001 00000000"
         "68617369000000000000000000000000 0000000000000000"}, /* "hasi". */
        {OFP15, OFPERR_BPC_BAD_VALUE, /* Of a group that chooses nothing. */
         "0000 00 00 00000001 0000 0000 ffffffff ffff 0028 0000154d 00000001 00000000"
         "68617368000000000000000000000000 0000000000000000"},
    };
    struct net *net = *state;

    assert_int_equal(mod(net, OFP13, ADD("00", "07") PLAIN("02")), 0);
    assert_int_equal(mod(net, OFP13, ADD("00", "08") BUCKET("0018", "0000", ANY, ANY, GROUP("07"))),
                     0);
    hex_rule(net->br, 0, 1, "", APPLY_GROUP("08"));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        int rc = mod(net, bad[i].version, bad[i].hex);

        if (rc != (int)bad[i].error) {
            fail_msg("%s: %s", bad[i].hex, ofp_error_name((enum ofp_error)rc));
        }
        assert_null(group_find(net->br, 1));
        assert_string_equal(net_send(net, net_key(1, 1, 2)), "2");
    }
}

/* Bucket i leads to group 'to' + i * 'step' (0: to none). */
static void add_type(struct net *net, enum ofp_group_type type, uint32_t id, unsigned int n,
                     uint32_t to, uint32_t step, uint32_t watch)
{
    struct ofp_group_mod gm = {.command = OFP_GROUP_ADD_OR_MODIFY, .group_id = id};

    gm.config.type = (uint8_t)type;
    gm.config.n = n;
    gm.config.bucket = calloc(n, sizeof *gm.config.bucket);
    for (unsigned int i = 0; i < n; i++) {
        struct ofp_bucket *b = &gm.config.bucket[i];
        struct ofp_action_group *a;

        *b = (struct ofp_bucket){.id = i,
                                 .weight = type == OFP_GROUP_TYPE_SELECT,
                                 .watch_port = OFP_PORT_NONE,
                                 .watch_group = watch};
        if (to) {
            a = ofp_actions_put(&b->actions, OFP_ACTION_GROUP, sizeof *a);
            a->group_id = to + i * step;
        }
    }
    assert_int_equal(group_mod_apply(net->br, &gm, 1000), 0);
    ofp_group_config_free(&gm.config);
}

static void add(struct net *net, uint32_t id, unsigned int n, uint32_t to, uint32_t watch)
{
    add_type(net, OFP_GROUP_TYPE_SELECT, id, n, to, 1, watch);
}

static void groups_of_groups_of_empty_buckets_are_bounded(void **state)
{
    struct flow_key key = net_key(1, 1, 2);
    struct ofproto_xlate_out out;
    struct net *net = *state;

    for (uint32_t id = 9; id >= 7; id--) { /* 125 million buckets. */
        add_type(net, OFP_GROUP_TYPE_ALL, id, 500, id < 9 ? id + 1 : 0, 0, OFP_GROUP_ANY);
    }
    hex_rule(net->br, 0, 1, "", APPLY_GROUP("07"));
    assert_string_equal(net_send(net, key), "drop:too-deep");
    net_translate(net, &key, true, &out);
    assert_true(out.effects->n < 200000);
    ofproto_xlate_out_free(&out);
}

static void many_groups_may_lead_to_each_other_and_watch_in_circles(void **state)
{
    struct net *net = *state;

    for (uint32_t i = 0; i < 200; i++) {
        add(net, 1000 + i, 1, 0, OFP_GROUP_ANY);
    }
    add(net, 7, 200, 1000, OFP_GROUP_ANY); /* Wide is no loop. */
    for (uint32_t i = 0; i < 8; i++) {     /* Each of 500 buckets watches the next group. */
        add(net, 10 + i, 500, 0, 10 + (i + 1) % 8);
    }
    assert_false(group_bucket_lives(net->br, &group_find(net->br, 10)->config.bucket[0]));
    assert_int_equal(group_select(net->br, group_find(net->br, 10), 5), -1);
}

/* What came in the form of one version is told in that of another. */
static void a_description_says_what_was_added(void **state)
{
    struct net *net = *state;

    assert_int_equal(
        mod(net, OFP15,
            "0000 01 00 00000007 0038 0000 ffffffff"
            "0038 0010 00000009" OUTPUT(
                "02") "0000 0008 0005 0000 0001 0008 00000003 0002 0008 00000008"
                      "ffff 0030 0000154d 00000001 00000000 68617368000000000000000000000000"
                      "0000000000000005 80001804 000000ff"),
        OFPERR_BPC_BAD_LEN); /* Cut. */
    assert_int_equal(
        mod(net, OFP15,
            "0000 01 00 00000007 0030 0000 ffffffff"
            "0030 0010 00000009" OUTPUT(
                "02") "0000 0008 0005 0000 0001 0008 00000003 0002 0008 00000008"
                      "ffff 0030 0000154d 00000001 00000000 68617368000000000000000000000000"
                      "0000000000000005 80001804 000000ff"),
        0);
    for (enum ofp_version v = OFP13; v <= OFP15; v++) {
        static const char *const wanted[] = {
            [OFP13] = "0028 01 00 00000007 0020 0005 00000003 00000008 00000000" OUTPUT("02"),
            [OFP14] = "0028 01 00 00000007 0020 0005 00000003 00000008 00000000" OUTPUT("02"),
            [OFP15] =
                "0070 01 00 00000007 0030 0000 00000000"
                "0030 0010 00000009" OUTPUT(
                    "02") "0000 0008 0005 0000 0001 0008 00000003 0002 0008 00000008"
                          "ffff 0030 0000154d 00000001 00000000 68617368000000000000000000000000"
                          "0000000000000005 80001804 000000ff"};
        struct strbuf s = STRBUF_INIT;
        uint8_t bytes[256];
        size_t n = from_hex(wanted[v], bytes);

        ofp_group_desc_encode(&s, v, 7, &group_find(net->br, 7)->config);
        assert_int_equal(s.len, n);
        assert_memory_equal(s.data, bytes, n);
        strbuf_free(&s);
    }
}

int main(void)
{
#define T(NAME) cmocka_unit_test_setup_teardown(NAME, setup, net_teardown)
    const struct CMUnitTest tests[] = {
        T(all_buckets_get_a_copy_of_their_own),
        T(an_indirect_group_is_changed_in_one_place),
        T(a_select_group_spreads_flows_as_the_weights_say),
        T(a_select_group_hashes_the_fields_it_was_given),
        T(the_first_bucket_that_lives_gets_it),
        T(a_deleted_group_takes_its_rules_along),
        T(uses_are_counted_as_they_come_and_go),
        T(buckets_come_and_go_by_their_ids),
        T(wrong_mods_get_the_exact_error_and_change_nothing),
        T(groups_of_groups_of_empty_buckets_are_bounded),
        T(many_groups_may_lead_to_each_other_and_watch_in_circles),
        T(a_description_says_what_was_added),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
