/* Rules that packets make, keep alive and shorten: learn and fin_timeout. */
#include "ofproto/codec/action_set.h"
#include "tests/unit/ofproto/hex.h"

/* Into table 1, idle after 10 s, cookie 5. */
#define LEARN(LEN, SPECS)                                                                          \
    "ffff " LEN " 00002320 0010 000a 0000 8000 0000000000000005 0000 01 00 0003 0000 " SPECS
/* dl_dst = dl_src; output to in_port; padding. */
#define MAC_TO_PORT "0030 00000406 0000 00000206 0000 1010 00000002 0000 0000"
#define GOTO(TABLE) "0001 0008 " TABLE " 000000 "
#define OUTPUT(PORT) "0000 0010 000000" PORT " 0000 000000000000 "

static int setup(void **state)
{
    bridge_flush_rules(net_setup(state, 4)->br);
    return 0;
}

static size_t n_rules(const struct net *net, unsigned int table)
{
    return net->br->tables[table] ? net->br->tables[table]->cls.n_rules : 0;
}

static void find_cb(struct ofp_rule *rule, void *found)
{
    *(struct ofp_rule **)found = rule;
}

static struct ofp_rule *only_rule(struct net *net, unsigned int table)
{
    struct ofp_rule *found = NULL;

    assert_int_equal(n_rules(net, table), 1);
    classifier_each(&net->br->tables[table]->cls, find_cb, &found);
    return found;
}

static void packets_teach_a_table(void **state)
{
    struct net *net = *state;
    struct ofproto_xlate_out out;
    struct flow_key key = net_key(1, 1, 2);

    hex_rule(net->br, 0, 1, "", "0004 0040 00000000 " LEARN("0038", MAC_TO_PORT) GOTO("01"));
    net_translate(net, &key, false, &out); /* A trace teaches nothing. */
    ofproto_xlate_out_free(&out);
    assert_int_equal(n_rules(net, 1), 0);
    assert_string_equal(net_send_key(net, &key), "drop:no-rule"); /* Who is 2? */
    assert_int_equal(n_rules(net, 1), 1);
    assert_string_equal(net_send(net, net_key(2, 2, 1)), "1");
    assert_string_equal(net_send_key(net, &key), "2");
    assert_int_equal(n_rules(net, 1), 2);
    assert_string_equal(net_send(net, net_key(3, 2, 1)), "1"); /* 2 has moved. */
    assert_string_equal(net_send_key(net, &key), "3");
    assert_int_equal(n_rules(net, 1), 2);
}

static void what_was_learned_lives_as_long_as_packets_come(void **state)
{
    struct net *net = *state;
    struct ofproto_xlate_out out;
    struct flow_key key = net_key(1, 1, 2);
    struct ofp_rule *rule;

    hex_rule(net->br, 0, 1, "", "0004 0040 00000000 " LEARN("0038", MAC_TO_PORT));
    net_translate(net, &key, true, &out);
    rule = only_rule(net, 1);
    assert_int_equal(rule->cookie, 5);
    assert_int_equal(rule->idle_timeout_s, 10);
    assert_int_equal(ofp_rule_expiry(rule, net->now_ms + 9999), OFP_EXPIRY_NONE);
    ofproto_effects_credit(out.effects, 1, 60, net->now_ms + 9000);
    assert_ptr_equal(only_rule(net, 1), rule); /* The same, and nothing has to be translated. */
    bridge_expire_rules(net->br, net->now_ms + 18000);
    assert_int_equal(n_rules(net, 1), 1);
    bridge_expire_rules(net->br, net->now_ms + 19000);
    assert_int_equal(n_rules(net, 1), 0);
    ofproto_effects_credit(out.effects, 1, 60, net->now_ms + 20000);
    assert_int_equal(n_rules(net, 1), 1); /* Learned again. */
    ofproto_xlate_out_free(&out);
}

static void a_limit_is_kept(void **state)
{
    struct ofp_rule *last = NULL;
    struct net *net = *state;

    hex_rule(
        net->br, 0, 1, "",
        "0004 0048 00000000 ffff 0040 00002320 002d 0000 0000 8000 0000000000000005 0000 01 00 "
        "0000 0000 00000003 00000000 " MAC_TO_PORT);
    for (uint8_t i = 1; i < 10; i++) {
        net_send(net, net_key(1, i, 20));
    }
    assert_int_equal(n_rules(net, 1), 3);
    net_send(net, net_key(2, 1, 20)); /* Who is known may move. */
    assert_string_equal(net_send(net, net_key(1, 1, 20)), "drop:no-rule");
    assert_int_equal(n_rules(net, 1), 3);
    /* One that goes, or is another's from now on, makes room for one. */
    classifier_each(&net->br->tables[1]->cls, find_cb, &last);
    bridge_remove_rule(net->br, last);
    classifier_each(&net->br->tables[1]->cls, find_cb, &last);
    ofp_table_set_cookie(net->br->tables[1], last, 6);
    for (uint8_t i = 20; i < 30; i++) {
        net_send(net, net_key(1, i, 50));
    }
    assert_int_equal(n_rules(net, 1), 4);
    ofp_table_set_cookie(net->br->tables[1], last, 5);
    assert_int_equal(ofp_table_count_cookie(net->br->tables[1], 5), 4);
    assert_int_equal(ofp_table_count_cookie(net->br->tables[1], 6), 0);
}

/* Two teachers of table 1: with the last of them goes what was learned, and nothing else. */
static void what_was_learned_goes_with_its_teachers(void **state)
{
#define TEACHER                                                                                    \
    "0004 0040 00000000 ffff 0038 00002320 0010 0000 0000 8000 0000000000000005 0002 01 00 0000 "  \
    "0000 " MAC_TO_PORT
    struct net *net = *state;
    struct ofp_rule *first, *second, *other;

    first = hex_rule(net->br, 0, 1, "in_port=1", TEACHER);
    second = hex_rule(net->br, 0, 1, "in_port=2", TEACHER);
    net_send(net, net_key(1, 1, 20));
    net_send(net, net_key(2, 2, 20));
    other = hex_rule(net->br, 1, 9, "in_port=4", ""); /* Another cookie. */
    assert_int_equal(n_rules(net, 1), 3);
    bridge_remove_rule(net->br, first);
    bridge_tell_removed(net->br);
    assert_int_equal(n_rules(net, 1), 3);
    bridge_set_actions(net->br, second, NULL, 0, 0);
    bridge_tell_removed(net->br);
    assert_ptr_equal(only_rule(net, 1), other);
}

/* Rules that learn each other away, one after the other. */
static void rules_that_go_may_take_others_along(void **state)
{
    struct net *net = *state;
    struct ofp_rule *head = NULL;

    for (unsigned int i = 1; i < 100; i++) {
        char hex[200];
        struct ofp_rule *rule;

        snprintf(hex, sizeof hex,
                 "0004 0028 00000000 ffff 0020 00002320 0010 0000 0000 8000 %016x 0002 00 00 0000 "
                 "0000",
                 i + 1);
        rule = hex_rule(net->br, 0, (uint16_t)i, "", hex);
        rule->cookie = i;
        head = head ? head : rule;
    }
    assert_int_equal(n_rules(net, 0), 99);
    bridge_remove_rule(net->br, head);
    bridge_tell_removed(net->br);
    assert_int_equal(n_rules(net, 0), 0);
}

/* A limit of 1; whether there was room is bit 2 of register 0, which is the port to output to. */
static void the_outcome_is_written(void **state)
{
    struct net *net = *state;
    struct flow_key one = net_key(1, 1, 20), two = net_key(1, 2, 20);
    struct ofproto_xlate_out out;
    struct ofp_rule *rule;
    uint64_t before;

    hex_rule(
        net->br, 0, 1, "",
        "0004 0060 00000000 ffff 0040 00002320 002d 0000 0000 8000 0000000000000005 0004 01 "
        "00 0000 0000 00000001 0002 0000 00010004 0030 00000406 0000 00000206 0000 000000000000 "
        "ffff 0018 00002320 000f 001f 00010004 ffff 000000000000");
    assert_string_equal(net_send_key(net, &one), "4");
    assert_string_equal(net_send_key(net, &one), "4");
    net_translate(net, &two, true, &out);
    assert_int_equal(n_rules(net, 1), 1);
    assert_string_equal(net_send_key(net, &two), "drop:no-output"); /* No port 0. */
    rule = only_rule(net, 1);
    bridge_remove_rule(net->br, rule);
    before = net->br->version;
    ofproto_effects_credit(out.effects, 1, 60, net->now_ms); /* Now there is room. */
    assert_int_equal(n_rules(net, 1), 1);
    assert_true(net->br->version > before);
    assert_false(net_holds(out.effects));
    assert_string_equal(net_send_key(net, &two), "4");
    ofproto_xlate_out_free(&out);
}

static void a_full_table_makes_room_for_what_is_learned(void **state)
{
    const struct ofproto_table_config config = {.has_limit = true, .max_rules = 2, .evict = true};
    struct net *net = *state;

    ofproto_configure_table(net->br, 1, &config);
    hex_rule(net->br, 0, 1, "", "0004 0040 00000000 " LEARN("0038", MAC_TO_PORT));
    for (uint8_t i = 1; i < 10; i++) {
        net_send(net, net_key(1, i, 20));
    }
    assert_int_equal(n_rules(net, 1), 2);
    ofproto_configure_table(net->br, 1, NULL);
    net_send(net, net_key(1, 1, 20));
    assert_int_equal(n_rules(net, 1), 3);
}

/* The learned rule sets fields, and matches bits of a number. */
static void a_rule_may_load_and_match_numbers(void **state)
{
    struct net *net = *state;
    struct strbuf s = STRBUF_INIT;
    struct ofp_match match;
    struct ofp_rule *rule;

    hex_rule(net->br, 0, 1, "udp",
             "0004 0068 00000000 " LEARN(
                 "0060", "2010 0800 00000602 0000"          /* dl_type=0x800 */
                         "2008 0011 00000c01 0000"          /* nw_proto=17 */
                         "0010 00001802 0000 00001602 0000" /* udp_src=udp_dst */
                         "2804 000a 00010004 0004"          /* load 10 to reg0[4..7] */
                         "0810 00000002 0000 00010204 0000" /* load in_port to reg1[0..15] */
                         "0000 0000 0000"));
    net_send(net, net_key(3, 1, 2));
    rule = only_rule(net, 1);
    rule_get_match(rule, &match);
    ofp_match_format(&s, &match);
    assert_string_equal(strbuf_str(&s), "udp,tp_src=2000");
    strbuf_free(&s);
    ofp_actions_format(&s, rule->actions, rule->actions_len);
    assert_string_equal(strbuf_str(&s), "load:0xa->reg0[4..7],load:0x3->reg1[0..15]");
    strbuf_free(&s);
}

/* apply_actions(learn(n times load:1->reg0[0..15])), OpenFlow 1.3. */
static size_t learn_loads(unsigned int n, uint8_t *bytes)
{
    size_t len = 32 + ROUND_UP(10 * n, 8);

    memset(bytes, 0, 8 + len);
    bytes[1] = 4;
    bytes[2] = (uint8_t)((8 + len) >> 8);
    bytes[3] = (uint8_t)(8 + len);
    from_hex("ffff 0000 00002320 0010 0000 0000 8000 0000000000000000 0000 01 00 0000 0000",
             bytes + 8);
    bytes[10] = (uint8_t)(len >> 8);
    bytes[11] = (uint8_t)len;
    for (unsigned int i = 0; i < n; i++) {
        from_hex("2810 0001 00010004 0000", bytes + 40 + 10 * (size_t)i);
    }
    return 8 + len;
}

/* As many loads as a list may have: the rule that is learned has them all. */
static void no_rule_is_learned_by_halves(void **state)
{
    struct net *net = *state;
    struct ofp_actions list = OFP_ACTIONS_INIT, fits = OFP_ACTIONS_INIT;
    static uint8_t bytes[16384];
    struct flow_key key = net_key(1, 1, 2);
    struct ofp_match match;
    unsigned int n = 600;
    int rc;

    assert_int_equal(ofp_match_parse("tcp", NULL, NULL, &match, NULL), 0);
    while (!(rc = ofp_instructions_decode(OFP13, bytes, learn_loads(n, bytes), 0, &match, &list))) {
        ofp_actions_free(&fits);
        fits = list;
        list = (struct ofp_actions)OFP_ACTIONS_INIT;
        n++;
    }
    assert_int_equal(rc, OFPERR_BAC_TOO_MANY);
    assert_true(n > 600);
    ofp_actions_free(&list);
    net_rule(net->br, 0, 1, "tcp", &fits);
    ofp_actions_free(&fits);
    key.nw_proto = 6;
    net_send_key(net, &key);
    assert_int_equal(only_rule(net, 1)->actions_len, (n - 1) * ofp_set_field_size(4));
}

static void a_connection_that_ends_shortens_its_rule(void **state)
{
    struct net *net = *state;
    struct ofproto_xlate_out out;
    struct flow_key key = net_key(1, 1, 2);
    struct ofp_rule *rule = hex_rule(net->br, 0, 1, "tcp",
                                     "0004 0028 00000000 "
                                     "ffff 0010 00002320 0013 0005 0007 0000" OUTPUT("02"));

    key.nw_proto = 6;
    key.tcp_flags = be16_make(0x10);
    net_translate(net, &key, true, &out);
    assert_int_equal(be16_get(out.mask.bits.tcp_flags), 5); /* FIN and RST, no more. */
    ofproto_effects_credit(out.effects, 1, 60, net->now_ms);
    ofproto_xlate_out_free(&out);
    assert_int_equal(rule->idle_timeout_s, 0);
    key.tcp_flags = be16_make(0x11);
    assert_string_equal(net_send_key(net, &key), "2");
    assert_int_equal(rule->idle_timeout_s, 5);
    assert_int_equal(rule->hard_timeout_s, 7);
    bridge_expire_rules(net->br, net->now_ms + 5000);
    assert_int_equal(n_rules(net, 0), 0);
}

int main(void)
{
#define T(NAME) cmocka_unit_test_setup_teardown(NAME, setup, net_teardown)
    const struct CMUnitTest tests[] = {
        T(packets_teach_a_table),
        T(what_was_learned_lives_as_long_as_packets_come),
        T(a_limit_is_kept),
        T(what_was_learned_goes_with_its_teachers),
        T(rules_that_go_may_take_others_along),
        T(the_outcome_is_written),
        T(a_full_table_makes_room_for_what_is_learned),
        T(a_rule_may_load_and_match_numbers),
        T(no_rule_is_learned_by_halves),
        T(a_connection_that_ends_shortens_its_rule),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
