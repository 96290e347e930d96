/* Frozen pipelines: what follows a freeze, wherever it happens, is done when the packet comes back,
 * and only then; ids stand for contents; nothing leaks. Here the action "note" freezes. */
#include "ofproto/xlate/trace.h"
#include "ofproto/xlate/xlate.h"
#include "tests/unit/ofproto/text_rule.h"

#define NOTE "note:01,"

static void execute_note(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    (void)h;
    xlate_freeze(ctx);
}

static int setup(void **state)
{
    static const struct xlate_action_class class = {OFP_ACTION_NOTE, execute_note};

    xlate_action_register(&class);
    bridge_flush_rules(net_setup(state, 5)->br);
    return 0;
}

static int teardown(void **state)
{
    struct net *net = *state;

    frozen_states_expire(net->set->frozen, UINT64_MAX);
    assert_int_equal(frozen_states_count(net->set->frozen), 0);
    return net_teardown(state);
}

/* The id of the last recirculation among the actions; 0: there is none. */
static uint32_t recirc_id(const struct ofproto_xlate_out *out)
{
    const struct dp_action *a = dp_actions_first(out->actions.data, out->actions.len);
    uint32_t id = 0;

    for (; a; a = dp_actions_next(out->actions.data, out->actions.len, a)) {
        id = a->type == DP_ACTION_RECIRC ? ((const struct dp_action_recirc *)a)->id : id;
    }
    return id;
}

/* The actions of each round, with "recirc" for those that lead to the next. */
static const char *rounds(struct net *net, const struct flow_key *first)
{
    struct ofproto_xlate_out out[8];
    static char text[512];
    struct strbuf s = STRBUF_INIT;
    struct flow_key key = *first;
    unsigned int n = 0;

    do {
        if (n) {
            strbuf_puts(&s, " / ");
        }
        net_translate(net, &key, true, &out[n]);
        dp_actions_format(&s, out[n].actions.data, out[n].actions.len);
        assert_true(out[n].mask.bits.recirc_id == UINT32_MAX);
        key.recirc_id = recirc_id(&out[n++]);
    } while (key.recirc_id && n < 8);
    snprintf(text, sizeof text, "%s", strbuf_str(&s));
    for (char *p; (p = strstr(text, "recirc(0x"));) {
        char *end = strchr(p, ')');

        assert_non_null(end);
        memmove(p + 6, end + 1, strlen(end));
    }
    strbuf_free(&s);
    while (n--) {
        ofproto_xlate_out_free(&out[n]);
    }
    return text;
}

#define ROUNDS(NET, EXPECTED)                                                                      \
    do {                                                                                           \
        struct flow_key key_ = net_key(1, 1, 2);                                                   \
        assert_string_equal(rounds(NET, &key_), EXPECTED);                                         \
    } while (0)

static void the_rest_of_a_rule_follows(void **state)
{
    struct net *net = *state;

    text_rule(net->br, "actions=output:2,mod_dl_dst:02:00:00:00:00:09,note:01,output:3,output:4");
    ROUNDS(net, "2,set(eth(dst=02:00:00:00:00:09)),recirc / 3,4");
}

/* What the datapath does with longer packets, and with others. */
static void the_length_decides_what_follows(void **state)
{
    static const char *const expected[] = {"3", "2"};
    struct flow_key key = net_key(1, 1, 2);
    struct ofproto_xlate_out out, next;
    const struct dp_action_check_len *check;
    struct net *net = *state;
    uint32_t ids[2];

    text_rule(net->br, "actions=resubmit(,1),output:reg1[]");
    text_rule(net->br, "table=1,actions=load:2->NXM_NX_REG1[],check_pkt_larger(1500)->reg1[0],"
                       "load:5->NXM_NX_REG2[]");
    net_translate(net, &key, true, &out);
    check = (const struct dp_action_check_len *)out.actions.data;
    assert_int_equal(out.actions.len, sizeof *check);
    assert_int_equal(check->h.type, DP_ACTION_CHECK_LEN);
    assert_int_equal(check->max_len, 1500);
    ids[0] = check->longer_id;
    ids[1] = check->other_id;
    for (unsigned int i = 0; i < 2; i++) {
        struct strbuf s = STRBUF_INIT;

        key.recirc_id = ids[i];
        net_translate(net, &key, true, &next);
        dp_actions_format(&s, next.actions.data, next.actions.len);
        assert_string_equal(strbuf_str(&s), expected[i]);
        strbuf_free(&s);
        ofproto_xlate_out_free(&next);
    }
    ofproto_xlate_out_free(&out);
    bridge_flush_rules(net->br);
    text_rule(net->br, "actions=output:2,check_pkt_larger(1500)->reg1[0]");
    ROUNDS(net, "2"); /* Nobody asks for the bit. */
}

static void nothing_is_left_after_the_last_action(void **state)
{
    text_rule(((struct net *)*state)->br, "actions=output:2,note:01");
    ROUNDS(*state, "2");
}

static void all_levels_of_resubmits_go_on(void **state)
{
    struct net *net = *state;

    text_rule(net->br, "actions=resubmit(,1),output:reg0[],resubmit(,9),output:5");
    text_rule(net->br, "table=1,actions=load:3->NXM_NX_REG0[],resubmit(,2),output:reg0[]");
    text_rule(net->br, "table=2,actions=" NOTE "load:4->NXM_NX_REG0[],output:2");
    ROUNDS(net, "recirc / 2,4,4,5");
}

static void goto_and_the_action_set_follow(void **state)
{
    struct net *net = *state;

    text_rule(net->br, "actions=push:NXM_NX_REG0[]," NOTE
                       "output:2,write_actions(output:5),write_metadata:7,goto_table:1");
    text_rule(net->br, "table=1,metadata=7,actions=output:3,goto_table:2");
    text_rule(net->br, "table=2,actions=" NOTE "pop:NXM_NX_REG1[],output:4");
    ROUNDS(net, "recirc / 2,3,recirc / 4,5");
}

static void a_freeze_within_the_set_leaves_the_rest_of_it(void **state)
{
    struct net *net = *state;

    text_rule(net->br, "actions=write_actions(push_vlan:0x8100,resubmit(,1))");
    text_rule(net->br, "table=1,actions=output:2," NOTE "output:3");
    ROUNDS(net, "push_vlan(vid=0,pcp=0),2,recirc / 3");
}

/* Copies are frozen for themselves; whoever made them goes on. */
static void a_clone_goes_on_alone(void **state)
{
    struct net *net = *state;

    text_rule(net->br, "actions=clone(mod_dl_dst:02:00:00:00:00:09," NOTE
                       "mod_dl_src:02:00:00:00:00:08,output:2),output:3");
    ROUNDS(net, "set(eth(dst=02:00:00:00:00:09)),recirc,set(eth(dst=02:00:00:00:00:02)),3 / "
                "set(eth(src=02:00:00:00:00:08)),2");
}

static void the_bridge_behind_a_patch_port_goes_on_alone(void **state)
{
    struct net *net = *state;
    struct ofproto *br1 = net_add_bridge(net, "br1", OFPROTO_SECURE);

    net_patch(net->br, "to1", br1, "to0");
    net_port(br1, 8, OFPROTO_VLAN_TRUNK, -1);
    text_rule(net->br, "actions=load:1->NXM_NX_REG0[],output:6,output:3");
    text_rule(br1, "actions=load:2->NXM_NX_REG0[]," NOTE "resubmit(,1)");
    text_rule(br1, "table=1,reg0=2,in_port=1,actions=output:2");
    ROUNDS(net, "recirc,3 / 8");
}

static void a_hostile_loop_of_rounds_is_bounded_by_state_not_by_number(void **state)
{
    struct net *net = *state;

    text_rule(net->br, "actions=" NOTE "resubmit(,0)");
    ROUNDS(net, "recirc / recirc / recirc / recirc / recirc / recirc / recirc / recirc");
    assert_int_equal(frozen_states_count(net->set->frozen), 2);
}

static void an_id_stands_for_what_is_frozen(void **state)
{
    static const char *const rule = "priority=5,udp,actions=" NOTE "output:3";
    struct flow_key a = net_key(1, 1, 2), b = net_key(1, 7, 9), c = net_key(2, 1, 2);
    struct ofproto_xlate_out out[4];
    struct net *net = *state, *other;
    void *other_state;

    text_rule(net->br, rule);
    net_translate(net, &a, false, &out[0]);
    net_translate(net, &b, false, &out[1]);
    net_translate(net, &c, false, &out[2]);
    assert_int_equal(recirc_id(&out[0]), recirc_id(&out[1]));
    assert_int_not_equal(recirc_id(&out[0]), recirc_id(&out[2]));
    assert_int_equal(frozen_states_count(net->set->frozen), 2);
    /* Another process that has the same rules. */
    other = net_setup(&other_state, 5);
    bridge_flush_rules(other->br);
    text_rule(other->br, rule);
    net_translate(other, &a, false, &out[3]);
    assert_int_equal(recirc_id(&out[0]), recirc_id(&out[3]));
    for (unsigned int i = 0; i < 4; i++) {
        ofproto_xlate_out_free(&out[i]);
    }
    net_teardown(&other_state);
}

static void a_state_lives_while_flows_use_it_and_a_while_longer(void **state)
{
    struct flow_key key = net_key(1, 1, 2);
    struct ofproto_xlate_out first, second;
    struct net *net = *state;

    text_rule(net->br, "actions=" NOTE "output:3");
    net_translate(net, &key, false, &first);
    key.recirc_id = recirc_id(&first);
    frozen_states_expire(net->set->frozen, UINT64_MAX);
    net_translate(net, &key, false, &second);
    assert_false(second.no_cache);
    ofproto_xlate_out_free(&first);
    ofproto_set_run(net->set, net->now_ms + 60000);
    assert_int_equal(frozen_states_count(net->set->frozen), 1); /* The second holds it. */
    ofproto_xlate_out_free(&second);
    ofproto_set_run(net->set, net->now_ms + 69000);
    assert_int_equal(frozen_states_count(net->set->frozen), 1);
    ofproto_set_run(net->set, net->now_ms + 70001);
    assert_int_equal(frozen_states_count(net->set->frozen), 0);
    net_translate(net, &key, false, &second);
    assert_true(second.no_cache);
    assert_string_equal(net_send_key(net, &key), "drop:recirc-unknown");
    ofproto_xlate_out_free(&second);
}

static void a_state_of_a_bridge_that_is_gone_means_nothing(void **state)
{
    struct net *net = *state;
    struct ofproto *br1 = net_add_bridge(net, "br1", OFPROTO_SECURE);
    struct flow_key key = net_key(8, 1, 2);
    struct ofproto_xlate_out first, second;

    net_port(br1, 8, OFPROTO_VLAN_TRUNK, -1);
    text_rule(br1, "actions=" NOTE "in_port");
    net_translate(net, &key, false, &first);
    key.recirc_id = recirc_id(&first);
    net_translate(net, &key, false, &second);
    assert_true(net_holds(second.effects));
    ofproto_free(br1);
    assert_false(net_holds(second.effects));
    assert_string_equal(net_send_key(net, &key), "drop:recirc-unknown");
    ofproto_xlate_out_free(&first);
    ofproto_xlate_out_free(&second);
}

/* What rules wrote is known in the next round, and not in the packet. */
static void marks_that_rules_wrote_are_kept(void **state)
{
    struct flow_key key = net_key(1, 1, 2);
    struct ofproto_xlate_out first, second;
    struct net *net = *state;

    text_rule(net->br, "actions=load:5->NXM_NX_PKT_MARK[0..7]," NOTE "resubmit(,1)");
    text_rule(net->br, "table=1,pkt_mark=5/0xff,actions=output:3");
    net_translate(net, &key, false, &first);
    key.recirc_id = recirc_id(&first);
    net_translate(net, &key, false, &second);
    assert_int_equal(second.mask.bits.pkt_mark, 0);
    assert_string_equal(net_send_key(net, &key), "3");
    ofproto_xlate_out_free(&first);
    ofproto_xlate_out_free(&second);
}

static void a_trace_follows_the_packet(void **state)
{
    struct ofproto_trace trace = {.flow = "in_port=1,dl_dst=02:00:00:00:00:02"};
    struct strbuf s = STRBUF_INIT;
    struct net *net = *state;
    struct error err;

    text_rule(net->br, "actions=mod_dl_dst:02:00:00:00:00:09," NOTE "resubmit(,1)");
    text_rule(net->br, "table=1,dl_dst=02:00:00:00:00:09,actions=output:3");
    trace.bridge = net->br;
    assert_int_equal(ofproto_trace(&trace, &s, NULL, &err), 0);
    assert_non_null(strstr(strbuf_str(&s), "Datapath actions: set(eth(dst=02:00:00:00:00:09)),"));
    assert_non_null(strstr(strbuf_str(&s), "\nrecirc(0x"));
    assert_non_null(strstr(strbuf_str(&s), "Datapath actions: 3\n"));
    strbuf_free(&s);
}

/* Holds what is kept for packets of many addresses, each of which has registers of its own, until
 * one is dropped; then lets go of the first and sends that packet again. */
static void fill_memory(struct net *net, const char *reason)
{
    enum { MAX = 20000 };
    struct ofproto_xlate_out *out = calloc(MAX, sizeof *out);
    struct flow_key key = net_key(1, 1, 2);
    struct strbuf s = STRBUF_INIT;
    unsigned int n = 0;
    bool full = false;

    while (!full && n < MAX) {
        key.nw_src = be32_make(n + 1);
        net_translate(net, &key, true, &out[n]);
        strbuf_chop(&s, s.len);
        dp_actions_format(&s, out[n].actions.data, out[n].actions.len);
        full = !strcmp(strbuf_str(&s), reason);
        assert_int_equal(out[n++].no_cache, full);
    }
    assert_true(full);
    assert_true(n > 3000);
    ofproto_xlate_out_free(&out[0]);
    ofproto_xlate_out_free(&out[--n]);
    net_translate(net, &key, true, &out[n]);
    assert_false(out[n].no_cache);
    for (unsigned int i = 1; i <= n; i++) {
        ofproto_xlate_out_free(&out[i]);
    }
    strbuf_free(&s);
    free(out);
}

static void what_packets_can_have_kept_is_bounded_in_bytes(void **state)
{
    static const char begin[] = "actions=move:NXM_OF_IP_SRC[]->NXM_NX_REG0[]," NOTE;
    struct strbuf s = STRBUF_INIT;
    struct net *net = *state;

    strbuf_printf(&s, "ip,%s", begin);
    for (unsigned int i = 0; i < 1100; i++) {
        strbuf_puts(&s, "load:7->NXM_NX_REG1[],");
    }
    strbuf_puts(&s, "output:2");
    text_rule(net->br, strbuf_str(&s));
    fill_memory(net, "drop:recirc-limit");
    strbuf_free(&s);
}

static void what_packets_for_controllers_have_kept_is_bounded_in_bytes(void **state)
{
    struct strbuf s = STRBUF_INIT;
    struct net *net = *state;

    strbuf_puts(&s, "ip,actions=move:NXM_OF_IP_SRC[]->NXM_NX_REG0[],controller(userdata=00");
    for (unsigned int i = 0; i < 25000; i++) {
        strbuf_puts(&s, ".01");
    }
    strbuf_puts(&s, ")");
    text_rule(net->br, strbuf_str(&s));
    fill_memory(net, "drop:too-deep");
    strbuf_free(&s);
}

int main(void)
{
#define T(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(the_rest_of_a_rule_follows),
        T(the_length_decides_what_follows),
        T(nothing_is_left_after_the_last_action),
        T(all_levels_of_resubmits_go_on),
        T(goto_and_the_action_set_follow),
        T(a_freeze_within_the_set_leaves_the_rest_of_it),
        T(a_clone_goes_on_alone),
        T(the_bridge_behind_a_patch_port_goes_on_alone),
        T(a_hostile_loop_of_rounds_is_bounded_by_state_not_by_number),
        T(an_id_stands_for_what_is_frozen),
        T(a_state_lives_while_flows_use_it_and_a_while_longer),
        T(a_state_of_a_bridge_that_is_gone_means_nothing),
        T(marks_that_rules_wrote_are_kept),
        T(a_trace_follows_the_packet),
        T(what_packets_can_have_kept_is_bounded_in_bytes),
        T(what_packets_for_controllers_have_kept_is_bounded_in_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
