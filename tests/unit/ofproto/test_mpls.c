/* Labels, I-TAGs and TTLs in translation: what becomes of a packet, what of it is looked at, and
 * how translation goes on when the datapath has parsed a packet anew. */
#include "ofproto/codec/action_text.h"
#include "tests/unit/ofproto/net.h"

static int setup(void **state)
{
    bridge_flush_rules(net_setup(state, 4)->br);
    return 0;
}

static struct ofp_rule *rule(struct net *net, uint8_t table, uint16_t priority, const char *match,
                             const char *text)
{
    struct ofp_rule *made;
    struct ofp_actions actions = OFP_ACTIONS_INIT;
    struct error err;

    if (ofp_actions_parse(text, NULL, NULL, &actions, &err)) {
        fail_msg("%s", err.text);
    }
    made = net_rule(net->br, table, priority, match, &actions);
    ofp_actions_free(&actions);
    return made;
}

/* A packet with these labels, the last of which is the bottom of the stack when 'bottom'. */
static struct flow_key labels(unsigned int n, bool bottom, ...)
{
    struct flow_key key = net_key(1, 1, 2);
    be32_t lse[FLOW_MAX_MPLS] = {0};
    va_list args;

    va_start(args, bottom);
    for (unsigned int i = 0; i < n; i++) {
        lse[i] = be32_make(va_arg(args, uint32_t) << 12 | (i + 1 == n && bottom) << 8 | (64 - i));
    }
    va_end(args);
    key.eth_type = be16_make(0x8847);
    key.u64[4] = key.u64[5] = 0;
    key.tcp_flags = 0;
    key.nw_src = lse[0];
    key.nw_dst = lse[1];
    memcpy(&key.tp_src, &lse[2], sizeof lse[2]);
    return key;
}

static struct ofproto_xlate_out out;

/* The datapath actions, with recirculation ids in the order in which they came as 1, 2, ... */
static const char *send_key(struct net *net, const struct flow_key *key)
{
    static struct strbuf s;

    ofproto_xlate_out_free(&out);
    net_translate(net, key, false, &out);
    strbuf_free(&s);
    s = (struct strbuf)STRBUF_INIT;
    dp_actions_format(&s, out.actions.data, out.actions.len);
    return strbuf_str(&s);
}

static bool is_recirc(const struct dp_action *a)
{
    return a->type == DP_ACTION_RECIRC;
}

static uint32_t found_id;

static bool note_id(const struct dp_action *a)
{
    if (is_recirc(a)) {
        found_id = ((const struct dp_action_recirc *)a)->id;
    }
    return is_recirc(a);
}

/* The id under which the packet that was just translated comes back. */
static uint32_t id_of(void)
{
    found_id = 0;
    assert_true(dp_actions_any(out.actions.data, out.actions.len, note_id));
    return found_id;
}

/* "recirc(0x...)" has an id that is another in each run. */
static void assert_actions(const char *is, const char *want)
{
    const char *star = strchr(want, '*');

    if (!star) {
        assert_string_equal(is, want);
        return;
    }
    assert_memory_equal(is, want, star - want);
    is += star - want;
    is += strspn(is, "0123456789abcdefx");
    assert_string_equal(is, star + 1);
}

/* What the datapath would make of it when an IPv4 packet was within. */
static struct flow_key inner(uint32_t id, uint32_t nw_dst)
{
    struct flow_key key = net_key(1, 1, 2);

    key.recirc_id = id;
    key.nw_dst = be32_make(nw_dst);
    return key;
}

static int teardown(void **state)
{
    ofproto_xlate_out_free(&out);
    memset(&out, 0, sizeof out);
    return net_teardown(state);
}

static void the_outermost_label_is_matched(void **state)
{
    struct flow_key key = labels(2, true, 16, 17);
    struct net *net = *state;

    rule(net, 0, 2, "mpls,mpls_label=16,mpls_tc=0,mpls_bos=0", "output:2");
    rule(net, 0, 1, "mpls", "output:3");
    assert_actions(send_key(net, &key), "2");
    assert_int_equal(out.mask.bits.nw_src, be32_make(0xffffff00));
    assert_int_equal(out.mask.bits.nw_dst, 0);
    key = labels(1, true, 17);
    assert_actions(send_key(net, &key), "3");
}

/* 0x20 and 0x21 differ in the low half alone, but not so when they are one less. */
static void half_of_a_decremented_ttl_depends_on_all_of_it(void **state)
{
    struct flow_key ip = net_key(1, 1, 2), mpls = labels(1, true, 16);
    struct net *net = *state;

    rule(net, 0, 1, "ip", "dec_ttl,move:NXM_NX_IP_TTL[4..7]->NXM_NX_REG0[0..3],resubmit(,1)");
    rule(net, 0, 1, "mpls",
         "dec_mpls_ttl,move:NXM_NX_MPLS_TTL[4..7]->NXM_NX_REG0[0..3],resubmit(,1)");
    rule(net, 0, 2, "ip,nw_dst=10.0.0.9",
         "load:2->NXM_NX_IP_TTL[4..7],dec_ttl,move:NXM_NX_IP_TTL[4..7]->NXM_NX_REG0[0..3],"
         "resubmit(,1)");
    rule(net, 1, 2, "reg0=1", "output:2");
    rule(net, 1, 1, "", "output:3");
    ip.nw_ttl = 0x20;
    assert_actions(send_key(net, &ip), "dec_ttl,2");
    assert_int_equal(out.mask.bits.nw_ttl, 0xff);
    ip.nw_dst = be32_make(0x0a000009);
    assert_actions(send_key(net, &ip), "set(ipv4(ttl=32/0xf0)),dec_ttl,2");
    assert_int_equal(out.mask.bits.nw_ttl, 0xff);
    mpls.nw_src = be32_make(16 << 12 | 0x100 | 0x20);
    assert_actions(send_key(net, &mpls), "dec_mpls_ttl,2");
    assert_int_equal(out.mask.bits.nw_src & be32_make(0xff), be32_make(0xff));
}

static void a_label_is_pushed_with_the_ttl_of_what_is_within(void **state)
{
    struct flow_key key = net_key(1, 1, 2);
    struct net *net = *state;

    rule(net, 0, 1, "ip", "push_mpls:0x8847,set_mpls_label:100,output:2");
    assert_actions(send_key(net, &key), "push_mpls(label=0,tc=0,bos=1,eth_type=0x8847),"
                                        "set(mpls(label=100,tc=0,bos=1)),2");
    assert_int_equal(out.mask.bits.nw_ttl, 0);
    key = labels(1, true, 16);
    rule(net, 0, 1, "mpls", "push_mpls:0x8847,output:2");
    assert_actions(send_key(net, &key), "push_mpls(bos=0,eth_type=0x8847),2");
    assert_int_equal(out.mask.bits.nw_src, 0);
}

static void what_was_pushed_is_matched_where_it_came_from(void **state)
{
    struct flow_key key = labels(1, true, 16);
    struct net *net = *state;

    rule(net, 0, 1, "mpls", "push_mpls:0x8847,resubmit(,1)");
    rule(net, 1, 2, "mpls,mpls_label=16,mpls_bos=0,mpls_ttl=64", "output:2");
    assert_actions(send_key(net, &key), "push_mpls(bos=0,eth_type=0x8847),2");
    assert_int_equal(out.mask.bits.nw_src, be32_make(0xfffff0ff));
    key = net_key(1, 1, 2);
    key.nw_ttl = 64;
    rule(net, 0, 1, "ip", "push_mpls:0x8847,resubmit(,2)");
    rule(net, 2, 2, "mpls,mpls_label=0,mpls_bos=1,mpls_ttl=64", "output:3");
    assert_actions(send_key(net, &key), "push_mpls(label=0,tc=0,bos=1,eth_type=0x8847),3");
    assert_int_equal(out.mask.bits.nw_ttl, 0xff);
}

static void three_labels_are_popped_without_parsing_anew(void **state)
{
    struct flow_key key = labels(3, true, 16, 17, 18);
    struct net *net = *state;

    rule(net, 0, 1, "mpls,mpls_label=16", "pop_mpls:0x8847,resubmit(,1)");
    rule(net, 1, 1, "mpls,mpls_label=17", "pop_mpls:0x8847,resubmit(,2)");
    rule(net, 2, 1, "mpls,mpls_label=18,mpls_bos=1",
         "pop_mpls:0x0800,set_field:9.9.9.9->ip_dst,output:2");
    assert_actions(send_key(net, &key), "pop_mpls(eth_type=0x8847),pop_mpls(eth_type=0x8847),"
                                        "pop_mpls(eth_type=0x800),set(ipv4(dst=9.9.9.9)),2");
    assert_int_equal(out.mask.bits.nw_src, be32_make(0xfffff100));
    assert_int_equal(out.mask.bits.nw_dst, be32_make(0xfffff100));
}

static void a_fourth_label_is_parsed_when_it_is_looked_at(void **state)
{
    struct flow_key key = labels(3, false, 16, 17, 18);
    struct net *net = *state;

    rule(net, 0, 1, "mpls", "pop_mpls:0x8847,pop_mpls:0x8847,pop_mpls:0x8847,resubmit(,1)");
    rule(net, 1, 1, "mpls,mpls_label=19", "output:2");
    assert_actions(send_key(net, &key), "pop_mpls(eth_type=0x8847),pop_mpls(eth_type=0x8847),"
                                        "pop_mpls(eth_type=0x8847),recirc(*)");
    key = labels(1, true, 19);
    key.recirc_id = id_of();
    assert_actions(send_key(net, &key), "2");
}

static void what_is_behind_a_label_is_looked_at_when_it_comes_back(void **state)
{
    struct flow_key key = labels(1, true, 16), again;
    struct net *net = *state;
    uint32_t id;

    rule(net, 0, 1, "mpls", "load:7->reg0,output:4,pop_mpls:0x0800,resubmit(,1),output:3");
    rule(net, 1, 2, "ip,nw_dst=10.0.0.0/8,reg0=7", "set_field:02:00:00:00:00:77->eth_dst,output:2");
    rule(net, 1, 1, "ip", "output:1");
    assert_actions(send_key(net, &key), "4,pop_mpls(eth_type=0x800),recirc(*)");
    id = id_of();
    send_key(net, &key);
    assert_int_equal(id_of(), id); /* As long as it means the same. */
    flow_key_mask(&again, &key, &out.mask);
    send_key(net, &again);
    assert_int_equal(id_of(), id); /* Also for revalidation. */
    key = inner(id, 0x0a000001);
    assert_actions(send_key(net, &key), "set(eth(dst=02:00:00:00:00:77)),2,3");
    assert_int_equal(out.mask.bits.recirc_id, UINT32_MAX);
    assert_int_equal(out.mask.bits.nw_dst, be32_make(0xff000000));
    flow_key_mask(&again, &key, &out.mask);
    assert_actions(send_key(net, &again), "set(eth(dst=02:00:00:00:00:77)),2,3");
    key = inner(id, 0x0b000001);
    assert_actions(send_key(net, &key), "3"); /* Not back by where it came from. */
}

static void a_copy_that_comes_back_is_the_only_one_that_goes_on(void **state)
{
    struct flow_key key = labels(1, true, 16);
    struct net *net = *state;

    rule(net, 0, 1, "mpls", "clone(pop_mpls:0x0800,resubmit(,1),output:3),output:4");
    rule(net, 1, 1, "udp", "output:2");
    rule(net, 1, 1, "tcp", "output:2");
    assert_actions(send_key(net, &key), "clone(pop_mpls(eth_type=0x800),recirc(*)),4");
    key = inner(id_of(), 0x0a000001);
    key.nw_proto = 17;
    assert_actions(send_key(net, &key), "2,3");
}

static void rules_are_credited_once(void **state)
{
    struct flow_key key = labels(1, true, 16);
    struct net *net = *state;
    struct ofp_rule *first, *second;

    first = rule(net, 0, 1, "mpls", "pop_mpls:0x0800,resubmit(,1)");
    second = rule(net, 1, 1, "ip,nw_dst=10.0.0.1", "output:2");
    send_key(net, &key);
    ofproto_effects_credit(out.effects, 1, 100, 1);
    assert_int_equal(first->packets, 1);
    key = inner(id_of(), 0x0a000001);
    assert_actions(send_key(net, &key), "2");
    ofproto_effects_credit(out.effects, 1, 100, 1);
    assert_int_equal(first->packets, 1);
    assert_int_equal(second->packets, 1);
}

static void it_comes_back_more_than_once(void **state)
{
    struct flow_key key = labels(1, true, 16);
    struct net *net = *state;

    rule(net, 0, 1, "mpls", "pop_mpls:0x0800,resubmit(,1)");
    rule(net, 1, 1, "ip,nw_dst=10.0.0.1", "push_mpls:0x8847,pop_mpls:0x0800,resubmit(,2)");
    rule(net, 2, 1, "udp", "output:2");
    send_key(net, &key);
    key = inner(id_of(), 0x0a000001);
    assert_actions(send_key(net, &key), "push_mpls(label=0,tc=0,bos=1,eth_type=0x8847),"
                                        "pop_mpls(eth_type=0x800),recirc(*)");
    key = inner(id_of(), 0x0a000001);
    key.nw_proto = 17;
    assert_actions(send_key(net, &key), "2");
}

static void ttls_are_copied_and_decremented(void **state)
{
    struct flow_key key = labels(2, true, 16, 17);
    struct net *net = *state;

    rule(net, 0, 1, "mpls", "dec_mpls_ttl,copy_ttl_in,output:2");
    assert_actions(send_key(net, &key), "dec_mpls_ttl,copy_ttl_in,2");
    assert_int_equal(out.mask.bits.nw_src, be32_make(0x100));
    rule(net, 0, 1, "mpls", "copy_ttl_out,resubmit(,1)");
    rule(net, 1, 1, "mpls,mpls_ttl=63", "output:3");
    assert_actions(send_key(net, &key), "copy_ttl_out,3");
    assert_int_equal(out.mask.bits.nw_dst, be32_make(0xff)); /* That is where it came from. */
}

static void labels_go_behind_no_more_tags_than_are_parsed(void **state)
{
    struct flow_key key = net_key_vlan(1, 1, 2, 5);
    struct net *net = *state;

    rule(net, 0, 1, "", "push_mpls:0x8847,output:2");
    key.eth_type = be16_make(0x8100);
    assert_actions(send_key(net, &key), "drop:too-many-tags");
    /* Those that are pushed count, before labels and behind them. */
    key.eth_type = be16_make(0x0800);
    rule(net, 0, 1, "", "push_vlan:0x8100,push_vlan:0x8100,push_mpls:0x8847,output:2");
    assert_actions(send_key(net, &key), "drop:too-many-tags");
    rule(net, 0, 1, "", "push_mpls:0x8847,push_vlan:0x8100,push_vlan:0x8100,output:2");
    assert_actions(send_key(net, &key), "drop:too-many-tags");
    assert_true(out.mask.bits.vlan[0].tci & be16_make(FLOW_VLAN_PRESENT));
    key = net_key(1, 1, 2); /* The same without the first tag. */
    assert_string_not_equal(send_key(net, &key), "drop:too-many-tags");
}

/* Whether a customer's frame has a tag is known when it comes back, and then it gets one more. */
static void a_customers_frame_is_tagged_once(void **state)
{
    static const char *const actions[] = {"pop_pbb,push_vlan:0x8100,output:2",
                                          "pop_pbb,mod_vlan_vid:5,output:2"};
    struct flow_key key = net_key(1, 1, 2);
    struct net *net = *state;

    key.eth_type = be16_make(0x88e7);
    for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
        rule(net, 0, 1, "dl_type=0x88e7", actions[i]);
        assert_non_null(strstr(send_key(net, &key), "pop_pbb,recirc("));
    }
}

static void a_backbone_frame_is_made_and_taken_apart(void **state)
{
    struct flow_key key = net_key_vlan(1, 1, 2, 5);
    struct net *net = *state;
    uint32_t id;

    key.vlan[0].tci = be16_make(0x6000 | FLOW_VLAN_PRESENT | 5);
    rule(net, 0, 1, "dl_vlan=5",
         "push_pbb:0x88e7,set_field:0x1234->pbb_isid,push_vlan:0x88a8,output:2");
    assert_actions(send_key(net, &key), "push_pbb(pcp=3,dei=0,uca=0,isid=0),"
                                        "push_vlan(tpid=0x88a8,vid=0,pcp=0),"
                                        "set(pbb(pcp=3,dei=0,uca=0,isid=4660)),2");
    key = net_key(1, 1, 2);
    key.eth_type = be16_make(0x88e7);
    key.u64[4] = key.u64[5] = 0;
    key.nw_src = be32_make(0x1234);
    rule(net, 0, 2, "dl_type=0x88e7,pbb_isid=0x1234,pbb_uca=0", "pop_pbb,resubmit(,1)");
    rule(net, 1, 1, "dl_dst=02:00:00:00:00:09", "output:3");
    assert_actions(send_key(net, &key), "pop_pbb,recirc(*)");
    id = id_of();
    key = net_key(1, 1, 9);
    key.recirc_id = id;
    assert_actions(send_key(net, &key), "3");
}

/* A bridge without its controllers looks at the addresses of the frame within. */
static void a_frame_that_was_popped_is_switched_behind_a_patch_port(void **state)
{
    struct net *net = *state;
    struct ofproto *br1 = net_add_bridge(net, "br1", OFPROTO_STANDALONE);
    struct flow_key key = net_key(1, 1, 2);

    net_patch(net->br, "to1", br1, "to0");
    net_port(br1, 9, OFPROTO_VLAN_TRUNK, -1);
    net_port(br1, 8, OFPROTO_VLAN_TRUNK, -1);
    br1->fail_open = true;
    bridge_flush_rules(br1);
    rule(net, 0, 1, "dl_type=0x88e7", "pop_pbb,output:5");
    key.eth_type = be16_make(0x88e7);
    assert_string_equal(net_send(net, net_key(9, 5, 2)), "8");
    assert_string_equal(net_send(net, net_key(8, 2, 5)), "9");
    assert_actions(send_key(net, &key), "pop_pbb,clone(recirc(*))");
    key = inner(id_of(), 1);
    assert_actions(send_key(net, &key), "8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
        T(the_outermost_label_is_matched),
        T(half_of_a_decremented_ttl_depends_on_all_of_it),
        T(a_label_is_pushed_with_the_ttl_of_what_is_within),
        T(what_was_pushed_is_matched_where_it_came_from),
        T(three_labels_are_popped_without_parsing_anew),
        T(a_fourth_label_is_parsed_when_it_is_looked_at),
        T(what_is_behind_a_label_is_looked_at_when_it_comes_back),
        T(a_copy_that_comes_back_is_the_only_one_that_goes_on),
        T(rules_are_credited_once),
        T(it_comes_back_more_than_once),
        T(ttls_are_copied_and_decremented),
        T(labels_go_behind_no_more_tags_than_are_parsed),
        T(a_customers_frame_is_tagged_once),
        T(a_backbone_frame_is_made_and_taken_apart),
        T(a_frame_that_was_popped_is_switched_behind_a_patch_port),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
