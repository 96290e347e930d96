/* Packet-outs: what the datapath is asked to do with a controller's packet, and exact errors. */
#include "tests/unit/ofproto/peer.h"

static void output_to(struct peer *p, uint32_t in_port, uint32_t port)
{
    struct strbuf actions = STRBUF_INIT;

    peer_put_output(p, &actions, port);
    peer_packet_out(p, in_port, &actions, 1, 2);
    strbuf_free(&actions);
}

static void a_packet_goes_where_its_actions_say(struct peer *p)
{
    output_to(p, OFP_PORT_CONTROLLER, 2);
    assert_int_equal(peer_receive(p), 0);
    assert_int_equal(p->n_executed, 1);
    assert_string_equal(p->actions, "2");
    assert_int_equal(p->in_port, 0);
    assert_int_equal(p->packet_len, 64);
    output_to(p, 1, OFP_PORT_FLOOD);
    assert_string_equal(p->actions, "2,3");
    assert_int_equal(p->in_port, 1);
    output_to(p, 1, OFP_PORT_IN_PORT);
    assert_string_equal(p->actions, "1");
    output_to(p, OFP_PORT_NONE, OFP_PORT_ALL);
    assert_string_equal(p->actions, "1,2,3");
    peer_packet_out(p, 1, NULL, 1, 2); /* No action: a drop. */
    assert_string_equal(p->actions, "drop:no-rule");
    assert_int_equal(peer_receive(p), 0);
}

static void a_packet_goes_where_its_actions_say10(void **state)
{
    peer_greet(*state, OFP10);
    a_packet_goes_where_its_actions_say(*state);
}

static void a_packet_goes_where_its_actions_say13(void **state)
{
    peer_greet(*state, OFP13);
    a_packet_goes_where_its_actions_say(*state);
}

static void a_packet_goes_where_its_actions_say15(void **state)
{
    peer_greet(*state, OFP15);
    a_packet_goes_where_its_actions_say(*state);
}

/* A packet-out of OpenFlow 1.5 whose match is this, to the tables. */
static void send_with_match(struct peer *p, const struct ofp_match *match)
{
    struct strbuf s = STRBUF_INIT;

    wire_put32(&s, OFP_NO_BUFFER);
    wire_put16(&s, 16);
    wire_put16(&s, 0);
    ofp_match_encode(&s, OFP15, match);
    peer_put_output(p, &s, OFP_PORT_TABLE);
    peer_put_packet(&s, 1, 2);
    peer_send(p, OFPT_PACKET_OUT, &s);
    strbuf_free(&s);
}

static void a_packet_of_1_5_brings_its_metadata(void **state)
{
    struct ofp_actions actions = OFP_ACTIONS_INIT;
    struct peer *p = *state;
    struct ofp_match match;

    peer_greet(p, OFP15);
    ofp_actions_put_output(&actions, 3);
    net_rule(p->net.br, 0, 10, "in_port=1,metadata=0x77,reg3=5", &actions);
    ofp_match_init(&match);
    OFP_MATCH_SET(&match, in_port, 1);
    send_with_match(p, &match);
    assert_string_equal(p->actions, "2,3"); /* NORMAL: the rule wants more. */
    OFP_MATCH_SET(&match, metadata, 0x77);
    OFP_MATCH_SET(&match, reg[3], be32_make(5));
    send_with_match(p, &match);
    assert_string_equal(p->actions, "3");
    assert_int_equal(peer_receive(p), 0);
    OFP_MATCH_SET(&match, pkt.eth_type, be16_make(0x800)); /* The packet speaks for itself. */
    send_with_match(p, &match);
    peer_expect_error(p, 1, 17);
    ofp_match_init(&match);
    send_with_match(p, &match);
    peer_expect_error(p, 1, 11);
    ofp_actions_free(&actions);
}

static void table_runs_the_tables_and_credits_the_rule(void **state)
{
    struct ofp_actions actions = OFP_ACTIONS_INIT;
    struct peer *p = *state;
    struct ofp_rule *rule;

    peer_greet(p, OFP13);
    ofp_actions_put_output(&actions, 3);
    rule = net_rule(p->net.br, 0, 10, "in_port=1,udp,nw_dst=10.0.0.2", &actions);
    output_to(p, 1, OFP_PORT_TABLE);
    assert_string_equal(p->actions, "3");
    assert_int_equal(rule->packets, 1);
    assert_int_equal(rule->bytes, 64);
    /* What the datapath did not take is not counted. */
    p->refuse = true;
    output_to(p, 1, OFP_PORT_TABLE);
    assert_int_equal(rule->packets, 1);
    ofp_actions_free(&actions);
}

static void normal_learns_from_a_port_and_not_from_the_controller(void **state)
{
    struct peer *p = *state;

    peer_greet(p, OFP10);
    output_to(p, OFP_PORT_CONTROLLER, OFP_PORT_NORMAL);
    assert_string_equal(p->actions, "1,2,3");
    assert_string_equal(net_send(&p->net, net_key(3, 9, 1)), "1,2"); /* Host 1 is unknown. */
    output_to(p, 1, OFP_PORT_NORMAL);
    assert_string_equal(p->actions, "2,3");
    assert_string_equal(net_send(&p->net, net_key(3, 9, 1)), "1");
}

static void fields_are_set_where_the_packet_has_them(void **state)
{
    const struct ofp_field *udp = ofp_field(OFP_FIELD_UDP_DST), *tcp = ofp_field(OFP_FIELD_TCP_DST);
    const uint8_t port[16] = {0, 99};
    struct strbuf actions = STRBUF_INIT;
    struct peer *p = *state;

    peer_greet(p, OFP13);
    wire_put16(&actions, 25);
    wire_put16(&actions, 16);
    oxm_encode(&actions, OFP13, udp, port, NULL);
    wire_pad8(&actions, 0);
    peer_put_output(p, &actions, 2);
    peer_packet_out(p, 1, &actions, 1, 2);
    assert_int_equal(peer_receive(p), 0);
    assert_string_equal(p->actions, "set(l4(dst=99)),2");
    strbuf_clear(&actions);
    wire_put16(&actions, 25);
    wire_put16(&actions, 16);
    oxm_encode(&actions, OFP13, tcp, port, NULL);
    wire_pad8(&actions, 0);
    peer_packet_out(p, 1, &actions, 1, 2);
    peer_expect_error(p, 2, 10); /* BAC, MATCH_INCONSISTENT. */
    assert_int_equal(p->n_executed, 1);
    strbuf_free(&actions);
}

static void what_is_wrong_gets_the_exact_error_and_does_nothing(void **state)
{
    struct strbuf s = STRBUF_INIT;
    struct peer *p = *state;

    peer_greet(p, OFP13);
    output_to(p, 7, 2); /* No such port. */
    peer_expect_error(p, 1, 11);
    output_to(p, OFP_PORT_FLOOD, 2);
    peer_expect_error(p, 1, 11);
    output_to(p, 1, OFP_PORT_UNSET);
    peer_expect_error(p, 2, 4);
    wire_zeros(&s, 15);
    peer_send(p, OFPT_PACKET_OUT, &s);
    peer_expect_error(p, 1, 6);
    strbuf_clear(&s);
    wire_put32(&s, 5); /* A buffer. */
    wire_put32(&s, 1);
    wire_zeros(&s, 8);
    peer_send(p, OFPT_PACKET_OUT, &s);
    peer_expect_error(p, 1, 8);
    strbuf_clear(&s);
    wire_put32(&s, OFP_NO_BUFFER);
    wire_put32(&s, 1);
    wire_put16(&s, 40); /* More actions than there are bytes. */
    wire_zeros(&s, 6 + 30);
    peer_send(p, OFPT_PACKET_OUT, &s);
    peer_expect_error(p, 1, 6);
    strbuf_clear(&s);
    wire_put32(&s, OFP_NO_BUFFER);
    wire_put32(&s, 1);
    wire_zeros(&s, 8 + 13); /* A packet of 13 bytes. */
    peer_send(p, OFPT_PACKET_OUT, &s);
    peer_expect_error(p, 1, 6);
    strbuf_free(&s);
    assert_int_equal(p->n_executed, 0);
}

int main(void)
{
#define TEST(F) cmocka_unit_test_setup_teardown(F, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_packet_goes_where_its_actions_say10),
        TEST(a_packet_goes_where_its_actions_say13),
        TEST(a_packet_goes_where_its_actions_say15),
        TEST(a_packet_of_1_5_brings_its_metadata),
        TEST(table_runs_the_tables_and_credits_the_rule),
        TEST(normal_learns_from_a_port_and_not_from_the_controller),
        TEST(fields_are_set_where_the_packet_has_them),
        TEST(what_is_wrong_gets_the_exact_error_and_does_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
