/* Packets for controllers: which ones go, what is told of them in each version, and to whom. */
#include "ofproto/conn/conn.h"
#include "ofproto/xlate/controller.h"
#include "tests/unit/ofproto/peer.h"

static const uint8_t frame[60] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0};

/* Sends the packet through the tables, and what they tell the controllers on its way. Returns how
 * many upcalls there were. */
static unsigned int receive_packet(struct peer *p, const struct flow_key *key)
{
    struct ofproto_xlate_out out;
    const struct dp_action *a;
    unsigned int n = 0;

    net_translate(&p->net, key, true, &out);
    for (a = dp_actions_first(out.actions.data, out.actions.len); a;
         a = dp_actions_next(out.actions.data, out.actions.len, a)) {
        const struct dp_action_dec_ttl *dec = (const void *)a;
        bool over = a->type == DP_ACTION_DEC_TTL && key->nw_ttl <= 1;

        if (a->type == DP_ACTION_UPCALL || (over && dec->tell)) {
            struct dp_upcall up = {.reason = DP_UPCALL_ACTION,
                                   .in_port = key->in_port,
                                   .key = key,
                                   .packet = frame,
                                   .packet_len = sizeof frame,
                                   .full_len = 1000,
                                   .cookie = over ? dec->cookie
                                                  : ((const struct dp_action_upcall *)a)->cookie};

            ofproto_packet_in(p->net.set, &up, p->net.now_ms);
            n++;
        }
    }
    ofproto_xlate_out_free(&out);
    peer_run(p);
    return n;
}

static void listen_to_packets(struct peer *p, uint8_t version)
{
    struct strbuf s = STRBUF_INIT;

    peer_greet(p, version);
    wire_put16(&s, 0);
    wire_put16(&s, 128);
    peer_send(p, OFPT_SET_CONFIG, &s);
    strbuf_free(&s);
}

static struct ofp_rule *to_controller(struct peer *p, uint16_t priority, const char *match)
{
    struct ofp_actions actions = OFP_ACTIONS_INIT;
    struct ofp_rule *rule;

    ofp_actions_put_controller(&actions, 20);
    rule = net_rule(p->net.br, 0, priority, match, &actions);
    ofp_actions_free(&actions);
    rule->cookie = 0x1234;
    return rule;
}

static void a_packet_in_of_1_0_has_port_reason_and_all_bytes(void **state)
{
    struct flow_key key = net_key(3, 1, 2);
    struct peer *p = *state;

    listen_to_packets(p, OFP10);
    to_controller(p, 10, "in_port=3");
    assert_int_equal(receive_packet(p, &key), 1);
    /* No packet is buffered here, so all that there is of it goes (OpenFlow 1.3.5, 7.4.1). */
    assert_int_equal(peer_receive(p), 18 + sizeof frame);
    assert_int_equal(message[1], OFPT_PACKET_IN);
    assert_int_equal(wire_get32(message + 8), OFP_NO_BUFFER);
    assert_int_equal(wire_get16(message + 12), 1000);
    assert_int_equal(wire_get16(message + 14), 3);
    assert_int_equal(message[16], OFPR_ACTION);
    assert_memory_equal(message + 18, frame, sizeof frame);
    assert_int_equal(peer_receive(p), 0);
}

static void a_packet_in_of_1_3_says_table_cookie_and_match(void **state)
{
    struct flow_key key = net_key(3, 1, 2);
    struct peer *p = *state;

    listen_to_packets(p, OFP13);
    to_controller(p, 10, "in_port=3");
    assert_int_equal(receive_packet(p, &key), 1);
    assert_int_equal(peer_receive(p), 8 + 16 + 16 + 2 + sizeof frame);
    assert_int_equal(wire_get16(message + 12), 1000);
    assert_int_equal(message[14], OFPR_ACTION);
    assert_int_equal(message[15], 0);
    assert_int_equal(wire_get64(message + 16), 0x1234);
    assert_int_equal(wire_get16(message + 24), 1);
    assert_int_equal(wire_get16(message + 26), 12);
    assert_int_equal(wire_get32(message + 28), 0x80000004);
    assert_int_equal(wire_get32(message + 32), 3);
    assert_memory_equal(message + 42, frame, sizeof frame);
    /* The table-miss entry's are misses. */
    key.in_port = 1;
    to_controller(p, 0, "");
    assert_int_equal(receive_packet(p, &key), 1);
    assert_true(peer_receive(p));
    assert_int_equal(message[14], OFPR_NO_MATCH);
}

static void expect_reason(struct peer *p, unsigned int reason)
{
    assert_true(peer_receive(p));
    assert_int_equal(message[1], OFPT_PACKET_IN);
    assert_int_equal(message[p->version == OFP10 ? 16 : 14], reason);
    assert_int_equal(peer_receive(p), 0);
}

/* To the controller by an action set, and by a rule behind a resubmit in it. */
static void through_an_action_set(struct peer *p, uint8_t version, unsigned int reason)
{
    struct ofp_actions actions = OFP_ACTIONS_INIT, set = OFP_ACTIONS_INIT;
    struct flow_key key = net_key(3, 1, 2);
    struct ofp_action_nested *w;

    listen_to_packets(p, version);
    ofp_actions_put_controller(&set, UINT16_MAX);
    w = ofp_actions_put(&actions, OFP_ACTION_WRITE_ACTIONS, sizeof *w + set.len);
    w->len = (uint32_t)set.len;
    memcpy(w->data, set.data, set.len);
    net_rule(p->net.br, 0, 10, "in_port=3", &actions);
    assert_int_equal(receive_packet(p, &key), 1);
    expect_reason(p, reason);
    ofp_actions_free(&actions);
    ofp_actions_free(&set);
}

static void an_action_set_is_a_reason_of_1_4(void **state)
{
    through_an_action_set(*state, OFP14, OFPR_ACTION_SET);
}

static void an_action_set_is_an_action_to_1_3(void **state)
{
    through_an_action_set(*state, OFP13, OFPR_ACTION);
}

static void whose_time_is_over_goes_to_who_asked(void **state)
{
    struct ofp_actions actions = OFP_ACTIONS_INIT;
    struct flow_key key = net_key(3, 1, 2);
    struct peer *p = *state;
    struct strbuf s = STRBUF_INIT;

    listen_to_packets(p, OFP13);
    ofp_actions_put(&actions, OFP_ACTION_DEC_TTL, sizeof(struct ofp_action_dec_ttl));
    ofp_actions_put_output(&actions, 2);
    net_rule(p->net.br, 0, 10, "in_port=3", &actions);
    key.nw_ttl = 1;
    assert_int_equal(receive_packet(p, &key), 0);
    wire_put32(&s, 1u << OFPR_INVALID_TTL);
    wire_zeros(&s, 20);
    peer_send(p, OFPT13_SET_ASYNC, &s);
    assert_int_equal(receive_packet(p, &key), 1);
    expect_reason(p, OFPR_INVALID_TTL);
    key.nw_ttl = 2;
    assert_int_equal(receive_packet(p, &key), 0);
    ofp_actions_free(&actions);
    strbuf_free(&s);
}

static void misses_go_to_a_controller_of_1_0_and_none_of_1_3(void **state)
{
    struct flow_key key = net_key(3, 1, 2);
    struct peer *p = *state;
    uint64_t generation;

    bridge_flush_rules(p->net.br);
    peer_greet(p, OFP10);
    assert_int_equal(receive_packet(p, &key), 0); /* It did not ask for any. */
    generation = ofproto_set_generation(p->net.set);
    {
        struct strbuf s = STRBUF_INIT;

        wire_put16(&s, 0);
        wire_put16(&s, 1);
        peer_send(p, OFPT_SET_CONFIG, &s);
        strbuf_free(&s);
    }
    assert_true(ofproto_set_generation(p->net.set) > generation);
    assert_int_equal(receive_packet(p, &key), 1);
    assert_true(peer_receive(p));
    assert_int_equal(message[16], OFPR_NO_MATCH);
    bufferevent_flush(p->bev, EV_WRITE, BEV_FINISHED);
    peer_run(p);
    bufferevent_free(p->bev);
    p->bev = peer_connect(p);
    assert_int_equal(receive_packet(p, &key), 0);
    listen_to_packets(p, OFP13);
    assert_int_equal(receive_packet(p, &key), 0);
}

static void a_rate_limit_holds_and_the_rest_is_gone(void **state)
{
    struct flow_key key = net_key(3, 1, 2);
    struct peer *p = *state;
    struct conn *conn;
    unsigned int n = 0;

    listen_to_packets(p, OFP10);
    to_controller(p, 10, "in_port=3");
    conn = LIST_FIRST(&p->net.br->mgmt->conns);
    conn->packet_in_limit = (struct rate_limit){.rate = 10, .burst = 5};
    for (unsigned int i = 0; i < 100; i++) {
        receive_packet(p, &key);
    }
    while (peer_receive(p)) {
        n++;
    }
    assert_int_equal(n, 5);
    assert_int_equal(conn->n_packet_ins_dropped, 95);
    p->net.now_ms += 300;
    for (unsigned int i = 0; i < 100; i++) {
        receive_packet(p, &key);
    }
    for (n = 0; peer_receive(p); n++) {
    }
    assert_int_equal(n, 3);
}

static void who_does_not_read_gets_no_more(void **state)
{
    struct flow_key key = net_key(3, 1, 2);
    struct peer *p = *state;
    struct conn *conn;

    listen_to_packets(p, OFP10);
    to_controller(p, 10, "in_port=3");
    conn = LIST_FIRST(&p->net.br->mgmt->conns);
    bufferevent_setwatermark(p->bev, EV_READ, 0, 4096);
    bufferevent_disable(p->bev, EV_READ);
    for (unsigned int i = 0; i < 40000; i++) {
        receive_packet(p, &key);
    }
    assert_true(evbuffer_get_length(bufferevent_get_output(conn->bev)) < (2u << 20));
    assert_true(conn->n_packet_ins_dropped > 0);
}

static void origins_are_shared_and_end_a_while_after_their_flows(void **state)
{
    struct flow_key key = net_key(3, 1, 2), other = net_key(3, 5, 6);
    struct ofproto_xlate_out a, b;
    struct peer *p = *state;
    uint32_t number;

    to_controller(p, 10, "in_port=3");
    net_translate(&p->net, &key, false, &a);
    net_translate(&p->net, &other, false, &b);
    assert_true(dp_actions_equal(&a.actions, &b.actions));
    number = ((const struct dp_action_upcall *)a.actions.data)->cookie;
    ofproto_xlate_out_free(&a);
    ofproto_set_run(p->net.set, p->net.now_ms + 60000);
    assert_non_null(packet_origin_find(p->net.set->origins, number));
    ofproto_xlate_out_free(&b);
    /* Its packets may be on their way. */
    ofproto_set_run(p->net.set, p->net.now_ms + 61000);
    assert_non_null(packet_origin_find(p->net.set->origins, number));
    ofproto_set_run(p->net.set, p->net.now_ms + 75000);
    assert_null(packet_origin_find(p->net.set->origins, number));
}

static void changes_before_it_show_and_outputs_go_on(void **state)
{
    struct ofp_actions actions = OFP_ACTIONS_INIT;
    const uint8_t port[16] = {0, 99};
    struct peer *p = *state;
    const char *text;

    ofp_actions_put_output(&actions, 1);
    ofp_actions_put_set_field(&actions, ofp_field(OFP_FIELD_UDP_DST), port, NULL);
    ofp_actions_put_controller(&actions, 0);
    ofp_actions_put_output(&actions, 2);
    net_rule(p->net.br, 0, 10, "udp,in_port=3", &actions);
    ofp_actions_free(&actions);
    text = net_send(&p->net, net_key(3, 1, 2));
    assert_non_null(strstr(text, "1,set(l4(dst=99)),userspace(cookie=0x"));
    assert_string_equal(strchr(strstr(text, "userspace"), ')'), "),2");
}

int main(void)
{
#define TEST(F) cmocka_unit_test_setup_teardown(F, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_packet_in_of_1_0_has_port_reason_and_all_bytes),
        TEST(a_packet_in_of_1_3_says_table_cookie_and_match),
        TEST(an_action_set_is_a_reason_of_1_4),
        TEST(an_action_set_is_an_action_to_1_3),
        TEST(whose_time_is_over_goes_to_who_asked),
        TEST(misses_go_to_a_controller_of_1_0_and_none_of_1_3),
        TEST(a_rate_limit_holds_and_the_rest_is_gone),
        TEST(who_does_not_read_gets_no_more),
        TEST(origins_are_shared_and_end_a_while_after_their_flows),
        TEST(changes_before_it_show_and_outputs_go_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
