/* Nicira's extensions for controllers: forms of packet-ins, ids, asynchronous configuration and
 * roles of every version. */
#include "ofproto/conn/conn.h"
#include "ofproto/conn/vendor.h"
#include "ofproto/xlate/controller.h"
#include "tests/unit/ofproto/hex.h"
#include "tests/unit/ofproto/peer.h"

static const uint8_t frame[60] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0};

static void send_nx(struct peer *p, uint32_t subtype, const char *hex)
{
    struct strbuf s = STRBUF_INIT;
    uint8_t bytes[128];
    size_t n = from_hex(hex, bytes);

    wire_put32(&s, OFP_VENDOR_NX);
    wire_put32(&s, subtype);
    strbuf_put(&s, bytes, n);
    peer_send(p, OFPT_VENDOR, &s);
    strbuf_free(&s);
}

static void expect_nx_error(struct peer *p, uint16_t code10, uint16_t code13)
{
    bool old = p->version == OFP10;
    unsigned int at = old ? 18 : 10;

    assert_true(peer_receive(p));
    assert_int_equal(message[1], OFPT_ERROR);
    assert_int_equal(wire_get16(message + 8), old ? 0xb0c2 : 0xffff);
    assert_int_equal(wire_get16(message + at), old ? code10 : code13);
}

static void greet(struct peer *p, uint8_t version)
{
    struct strbuf s = STRBUF_INIT;

    peer_greet(p, version);
    wire_put16(&s, 0);
    wire_put16(&s, 128);
    peer_send(p, OFPT_SET_CONFIG, &s);
    strbuf_free(&s);
}

static void add_rule(struct peer *p, uint8_t table, const char *actions)
{
    struct ofp_actions list = OFP_ACTIONS_INIT;
    uint8_t bytes[512];
    size_t n = from_hex(actions, bytes);

    assert_int_equal(ofp_actions_decode(OFP10, bytes, n, NULL, &list), 0);
    net_rule(p->net.br, table, 1, "", &list)->cookie = 0x77;
    ofp_actions_free(&list);
}

/* Sends a packet through the tables, and what they tell controllers on its way. */
static unsigned int receive(struct peer *p, struct flow_key key)
{
    struct ofproto_xlate_out out;
    const struct dp_action *a;
    unsigned int n = 0;

    net_translate(&p->net, &key, true, &out);
    for (a = dp_actions_first(out.actions.data, out.actions.len); a;
         a = dp_actions_next(out.actions.data, out.actions.len, a)) {
        if (a->type == DP_ACTION_UPCALL) {
            struct dp_upcall up = {.reason = DP_UPCALL_ACTION,
                                   .in_port = key.in_port,
                                   .key = &key,
                                   .packet = frame,
                                   .packet_len = sizeof frame,
                                   .full_len = sizeof frame,
                                   .cookie = ((const struct dp_action_upcall *)a)->cookie};

            ofproto_packet_in(p->net.set, &up, p->net.now_ms);
            n++;
        }
    }
    ofproto_xlate_out_free(&out);
    peer_run(p);
    return n;
}

static unsigned int receive_packet(struct peer *p)
{
    return receive(p, net_key(3, 1, 2));
}

#define USERDATA_ACTION                                                                            \
    "ffff 0018 00002320 0007 001f 00010604 0000000000000005" /* reg3. */                           \
    "ffff 0018 00002320 0025 000000000000 0003 0007 010203 00"

static void nxt_packet_in_has_a_nicira_match(void **state)
{
    struct peer *p = *state;

    greet(p, OFP10);
    send_nx(p, NXT_SET_PACKET_IN_FORMAT, "00000001");
    add_rule(p, 0, USERDATA_ACTION);
    assert_int_equal(receive_packet(p), 1);
    assert_int_equal(peer_receive(p), 40 + 16 + 2 + sizeof frame);
    assert_int_equal(message[1], OFPT_VENDOR);
    assert_int_equal(wire_get32(message + 8), OFP_VENDOR_NX);
    assert_int_equal(wire_get32(message + 12), 17);
    assert_int_equal(wire_get32(message + 16), OFP_NO_BUFFER);
    assert_int_equal(wire_get16(message + 20), sizeof frame);
    assert_int_equal(message[22], OFPR_ACTION);
    assert_int_equal(message[23], 0);
    assert_int_equal(wire_get64(message + 24), 0x77);
    assert_int_equal(wire_get16(message + 32), 14);
    assert_int_equal(wire_get32(message + 40), 0x00000002); /* in_port. */
    assert_int_equal(wire_get16(message + 44), 3);
    assert_int_equal(wire_get32(message + 46), 0x00010604); /* reg3. */
    assert_int_equal(wire_get32(message + 50), 5);
    assert_memory_equal(message + 58, frame, sizeof frame);
}

static void nxt_packet_in2_has_properties_and_userdata(void **state)
{
    struct ofp_packet_in pin;
    struct peer *p = *state;
    size_t n;

    greet(p, OFP13);
    send_nx(p, NXT_SET_PACKET_IN_FORMAT, "00000002");
    add_rule(p, 0, USERDATA_ACTION);
    assert_int_equal(receive_packet(p), 1);
    n = peer_receive(p);
    assert_int_equal(wire_get32(message + 12), 30);
    assert_int_equal(ofp_packet_in2_decode(message + 16, n - 16, &pin), 0);
    assert_int_equal(pin.packet_len, sizeof frame);
    assert_memory_equal(pin.packet, frame, sizeof frame);
    assert_int_equal(pin.table_id, 0);
    assert_int_equal(pin.cookie, 0x77);
    assert_int_equal(pin.reason, OFPR_ACTION);
    assert_int_equal(pin.match.flow.in_port, 3);
    assert_int_equal(be32_get(pin.match.flow.reg[3]), 5);
    assert_int_equal(pin.userdata_len, 3);
    assert_memory_equal(pin.userdata, "\1\2\3", 3);
    assert_int_equal(pin.continuation_len, 0);
}

static void packets_beyond_a_message_are_cut_and_say_so(void **state)
{
    static uint8_t packet[65535], userdata[1000];
    struct ofp_packet_in pin = {.packet = packet,
                                .packet_len = sizeof packet,
                                .full_len = sizeof packet,
                                .userdata = userdata,
                                .userdata_len = sizeof userdata};
    struct strbuf s = STRBUF_INIT;
    struct ofp_packet_in got;

    (void)state;
    ofp_match_init(&pin.match);
    OFP_MATCH_SET(&pin.match, in_port, 3);
    for (unsigned int f = 0; f < OFP_N_PACKET_IN_FORMATS; f++) {
        ofp_packet_in_encode(&s, OFP13, (enum ofp_packet_in_format)f, &pin);
        assert_true(s.len <= UINT16_MAX && s.len > UINT16_MAX - 32);
        assert_int_equal(wire_get16((uint8_t *)s.data + 2), s.len);
        if (f == OFP_PACKET_IN_NXT2) {
            assert_int_equal(ofp_packet_in2_decode((uint8_t *)s.data + 16, s.len - 16, &got), 0);
            assert_int_equal(got.full_len, sizeof packet);
            assert_int_equal(got.userdata_len, sizeof userdata);
            assert_true(got.packet_len < sizeof packet);
        }
        strbuf_free(&s);
    }
}

static void packets_go_to_the_controllers_of_their_id(void **state)
{
    struct peer *p = *state;

    greet(p, OFP10);
    add_rule(p, 0,
             "ffff 0010 00002320 0014 ffff 0005 00 00" /* id=5,reason=no_match */
             "ffff 0010 00002320 0014 ffff 0006 02 00" /* id=6,reason=invalid_ttl */
             "0000 0008 fffd ffff");
    assert_int_equal(receive_packet(p), 3);
    assert_true(peer_receive(p));
    assert_int_equal(message[16], OFPR_ACTION);
    assert_int_equal(peer_receive(p), 0);
    send_nx(p, NXT_SET_CONTROLLER_ID, "000000000000 0005");
    receive_packet(p);
    assert_true(peer_receive(p));
    assert_int_equal(message[16], OFPR_NO_MATCH);
    assert_int_equal(peer_receive(p), 0);
    send_nx(p, NXT_SET_CONTROLLER_ID, "000000000000 0006");
    receive_packet(p);
    assert_int_equal(peer_receive(p), 0); /* Nobody wants these unless he asks. */
}

static void dec_ttl_tells_the_controllers_that_it_names(void **state)
{
    struct ofp_actions list = OFP_ACTIONS_INIT;
    struct flow_key key = net_key(3, 1, 2);
    struct ofp_action_dec_ttl *a;
    struct peer *p = *state;

    greet(p, OFP10);
    send_nx(p, NXT_SET_ASYNC_CONFIG, "00000007 00000000 00000007 00000000 0000000f 00000000");
    send_nx(p, NXT_SET_CONTROLLER_ID, "000000000000 0002");
    a = ofp_actions_put(&list, OFP_ACTION_DEC_TTL, sizeof *a + 2 * sizeof a->id[0]);
    a->n_ids = 2;
    a->id[0] = 1;
    a->id[1] = 2;
    net_rule(p->net.br, 0, 2, "ip", &list);
    ofp_actions_free(&list);
    key.nw_ttl = 1;
    assert_int_equal(receive(p, key), 2);
    assert_true(peer_receive(p));
    assert_int_equal(message[16], OFPR_INVALID_TTL);
    assert_int_equal(peer_receive(p), 0);
}

static void roles_of_nicira_need_no_generation(void **state)
{
    struct peer *p = *state;
    struct conn *conn;

    greet(p, OFP10);
    conn = LIST_FIRST(&p->net.br->mgmt->conns);
    for (uint32_t role = 2; role < 3; role--) {
        char hex[9];

        snprintf(hex, sizeof hex, "%08x", role);
        send_nx(p, NXT_ROLE_REQUEST, hex);
        assert_int_equal(peer_receive(p), 20);
        assert_int_equal(wire_get32(message + 12), NXT_ROLE_REPLY);
        assert_int_equal(wire_get32(message + 16), role);
        assert_int_equal(conn->role, role + OFPCR_EQUAL);
    }
    send_nx(p, NXT_ROLE_REQUEST, "00000003");
    expect_nx_error(p, 513, 0);
}

static void wrong_settings_change_nothing(void **state)
{
    struct ofp_async_masks before;
    struct peer *p = *state;
    struct conn *conn;

    greet(p, OFP10);
    conn = LIST_FIRST(&p->net.br->mgmt->conns);
    before = conn->async;
    send_nx(p, NXT_SET_PACKET_IN_FORMAT, "00000003");
    peer_expect_error(p, 1, 5);
    send_nx(p, NXT_SET_PACKET_IN_FORMAT, "0000");
    peer_expect_error(p, 1, 6);
    send_nx(p, NXT_SET_CONTROLLER_ID, "000000010000 0005");
    expect_nx_error(p, 515, 4);
    send_nx(p, NXT_SET_ASYNC_CONFIG, "00000007");
    peer_expect_error(p, 1, 6);
    send_nx(p, NXT_SET_ASYNC_CONFIG2, "0001 0008 00000002 0000 0008 00000080");
    expect_nx_error(p, 521, 0);
    send_nx(p, NXT_FLOW_AGE, "00");
    peer_expect_error(p, 1, 6);
    send_nx(p, NXT_FLOW_AGE, "");
    assert_int_equal(peer_receive(p), 0);
    assert_int_equal(conn->packet_in_format, OFP_PACKET_IN_STANDARD);
    assert_int_equal(conn->controller_id, 0);
    assert_memory_equal(&conn->async, &before, sizeof before);
    send_nx(p, NXT_SET_ASYNC_CONFIG2, "0001 0008 00000002");
    assert_int_equal(peer_receive(p), 0);
    assert_int_equal(conn->async.of[ASYNC_PACKET_IN][ASYNC_MASTER], 2);
}

static void what_1_3_lacks_of_errors_comes_from_onf(void **state)
{
    struct peer *p = *state;

    greet(p, OFP13);
    send_nx(p, NXT_SET_ASYNC_CONFIG2, "000c 0008 00000080");
    assert_true(peer_receive(p));
    assert_int_equal(wire_get16(message + 8), 0xffff);
    assert_int_equal(wire_get16(message + 10), 2371);
    assert_int_equal(wire_get32(message + 12), OFP_VENDOR_ONF);
}

/* --- Pausing. */

#define PAUSE "ffff 0018 00002320 0025 000000000000 0004 0004 00000000"
#define TO_REG1 "ffff 0018 00002320 0007 001f 00010204 0000000000000009"
#define RESUBMIT(TABLE) "ffff 0010 00002320 000e fff8" TABLE "000000"
#define OUTPUT(PORT) "0000 0008 00" PORT "0000"
#define REG_OUTPUT(HEADER) "ffff 0018 00002320 000f 000f" HEADER "ffff 000000000000"

/* What arrives, sent back with 'change' bytes of the continuation changed at 'at'. */
static void send_back(struct peer *p, size_t n, long at, uint8_t change)
{
    struct ofp_packet_in pin;
    struct strbuf s = STRBUF_INIT;

    assert_int_equal(wire_get32(message + 12), 30);
    assert_int_equal(ofp_packet_in2_decode(message + 16, n - 16, &pin), 0);
    assert_true(pin.continuation_len > 64);
    if (at >= 0) {
        message[pin.continuation + at - message] ^= change;
    }
    wire_put32(&s, OFP_VENDOR_NX);
    wire_put32(&s, NXT_RESUME);
    strbuf_put(&s, message + 16, n - 16);
    peer_send(p, OFPT_VENDOR, &s);
    strbuf_free(&s);
}

static void ask_for_packet_in2(struct peer *p)
{
    greet(p, OFP13);
    send_nx(p, NXT_SET_PACKET_IN_FORMAT, "00000002");
}

static void what_waits_goes_on_where_it_stopped(void **state)
{
    struct peer *p = *state;
    size_t n;

    ask_for_packet_in2(p);
    /* A value on the stack, a register, what is left in two tables. */
    add_rule(p, 0, OUTPUT("01") RESUBMIT("01") REG_OUTPUT("00010204"));
    add_rule(
        p, 1,
        "ffff 0018 00002320 0007 001f 00010004 0000000000000002"
        "ffff 0018 00002320 001b 0000 00010004 0020 000000000000" PAUSE
        "ffff 0018 00002320 001c 0000 00010604 0020 000000000000" TO_REG1 REG_OUTPUT("00010604"));
    assert_int_equal(receive_packet(p), 1);
    n = peer_receive(p);
    p->n_executed = 0;
    send_back(p, n, -1, 0);
    assert_int_equal(peer_receive(p), 0);
    assert_int_equal(p->n_executed, 1);
    /* To the port of the value on the stack; register 1 names no port: 9. */
    assert_string_equal(p->actions, "2");
    assert_int_equal(p->in_port, 3);
}

static void an_action_set_is_carried_out_after_the_rest(void **state)
{
    struct ofp_actions list = OFP_ACTIONS_INIT, set = OFP_ACTIONS_INIT;
    struct ofp_action_nested *w;
    struct peer *p = *state;
    uint8_t bytes[64];
    size_t n;

    ask_for_packet_in2(p);
    n = from_hex(PAUSE OUTPUT("01"), bytes);
    assert_int_equal(ofp_actions_decode(OFP10, bytes, n, NULL, &list), 0);
    ofp_actions_put_output(&set, 2);
    w = ofp_actions_put(&list, OFP_ACTION_WRITE_ACTIONS, sizeof *w + set.len);
    w->len = set.len;
    memcpy(w->data, set.data, set.len);
    net_rule(p->net.br, 0, 1, "", &list);
    ofp_actions_free(&list);
    ofp_actions_free(&set);
    assert_int_equal(receive_packet(p), 1);
    n = peer_receive(p);
    send_back(p, n, -1, 0);
    assert_string_equal(p->actions, "1,2");
}

static void a_pipeline_may_wait_more_than_once(void **state)
{
    struct peer *p = *state;
    size_t n;

    ask_for_packet_in2(p);
    add_rule(p, 0, RESUBMIT("01") OUTPUT("02"));
    add_rule(p, 1, PAUSE PAUSE OUTPUT("01"));
    assert_int_equal(receive_packet(p), 1);
    n = peer_receive(p);
    send_back(p, n, -1, 0);
    assert_non_null(strstr(p->actions, "userspace"));
    assert_null(strstr(p->actions, ",2"));
}

static void what_is_behind_a_copy_that_waits_does_not_wait(void **state)
{
    struct flow_key key = net_key(3, 1, 2);
    struct peer *p = *state;
    const char *sent;

    add_rule(p, 0, "ffff 0030 00002320 002a 000000000000" PAUSE OUTPUT("01") OUTPUT("02"));
    sent = net_send_key(&p->net, &key);
    assert_non_null(strstr(sent, "userspace"));
    assert_non_null(strstr(sent, ",2"));
    assert_null(strstr(sent, ",1"));
}

static void hostile_continuations_are_stale(void **state)
{
    struct peer *p = *state;
    static uint8_t kept[65536];
    size_t n;

    ask_for_packet_in2(p);
    add_rule(p, 0, PAUSE OUTPUT("02"));
    assert_int_equal(receive_packet(p), 1);
    n = peer_receive(p);
    memcpy(kept, message, n);
    p->n_executed = 0;
    for (long at = 24; at < 200; at++) { /* Behind table and cookie, which are for people. */
        if (at >= 28 && at < 32) {
            continue; /* Padding. */
        }
        memcpy(message, kept, n);
        send_back(p, n, at, 0x41);
        expect_nx_error(p, 534, 35);
    }
    assert_int_equal(p->n_executed, 0);
    send_nx(p, NXT_RESUME, "0000 0012 0202020202020202020202020800 00000000 0000");
    expect_nx_error(p, 534, 35);
    send_nx(p, NXT_RESUME, "");
    peer_expect_error(p, 1, 6);
}

/* Of a packet for nobody nothing is left. */
static void sample_does_nothing_without_a_collector(void **state)
{
    struct flow_key key = net_key(1, 1, 2);
    struct peer *p = *state;

    add_rule(p, 0, "ffff 0018 00002320 001d ffff 00000001 00000002 00000003 0000 0008 0003 0000");
    assert_string_equal(net_send_key(&p->net, &key), "3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nxt_packet_in_has_a_nicira_match, peer_setup,
                                        peer_teardown),
        cmocka_unit_test_setup_teardown(nxt_packet_in2_has_properties_and_userdata, peer_setup,
                                        peer_teardown),
        cmocka_unit_test(packets_beyond_a_message_are_cut_and_say_so),
        cmocka_unit_test_setup_teardown(packets_go_to_the_controllers_of_their_id, peer_setup,
                                        peer_teardown),
        cmocka_unit_test_setup_teardown(dec_ttl_tells_the_controllers_that_it_names, peer_setup,
                                        peer_teardown),
        cmocka_unit_test_setup_teardown(roles_of_nicira_need_no_generation, peer_setup,
                                        peer_teardown),
        cmocka_unit_test_setup_teardown(wrong_settings_change_nothing, peer_setup, peer_teardown),
        cmocka_unit_test_setup_teardown(what_1_3_lacks_of_errors_comes_from_onf, peer_setup,
                                        peer_teardown),
        cmocka_unit_test_setup_teardown(what_waits_goes_on_where_it_stopped, peer_setup,
                                        peer_teardown),
        cmocka_unit_test_setup_teardown(an_action_set_is_carried_out_after_the_rest, peer_setup,
                                        peer_teardown),
        cmocka_unit_test_setup_teardown(a_pipeline_may_wait_more_than_once, peer_setup,
                                        peer_teardown),
        cmocka_unit_test_setup_teardown(what_is_behind_a_copy_that_waits_does_not_wait, peer_setup,
                                        peer_teardown),
        cmocka_unit_test_setup_teardown(hostile_continuations_are_stale, peer_setup, peer_teardown),
        cmocka_unit_test_setup_teardown(sample_does_nothing_without_a_collector, peer_setup,
                                        peer_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
