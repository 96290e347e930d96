/* Flow monitors: what is told of which rule, in each form, and of who does not read. */
#include "ofproto/codec/flow_monitor.h"

#include "ofproto/codec/group_mod.h"

#include "ofproto/conn/conn.h"
#include "tests/unit/ofproto/hex.h"
#include "tests/unit/ofproto/peer.h"

#define ALL_EVENTS (OFPFMF_ADD | OFPFMF_REMOVED | OFPFMF_MODIFY)

static void change(struct peer *p, enum ofp_flow_mod_command command, uint16_t priority,
                   uint32_t out_port, const struct flow_author *author)
{
    struct ofp_flow_mod fm = {.command = command,
                              .table_id = command == OFPFC_DELETE ? OFPTT_ALL : 0,
                              .priority = priority,
                              .new_cookie = priority,
                              .out_port = OFP_PORT_NONE,
                              .out_group = OFP_GROUP_ANY};

    assert_int_equal(ofp_match_parse("in_port=1", NULL, NULL, &fm.match, NULL), 0);
    ofp_actions_put_output(&fm.actions, out_port);
    assert_int_equal(flow_mod_apply(p->net.br, &fm, p->net.now_ms, author), 0);
    ofp_actions_free(&fm.actions);
    peer_run(p);
}

static void put_request(const struct peer *p, struct strbuf *s)
{
    wire_put16(s, p->version >= OFP14 ? 16 : 0xffff);
    wire_zeros(s, p->version == OFP10 ? 2 : 6);
    if (p->version == OFP13) {
        wire_put32(s, OFP_VENDOR_ONF);
        wire_put32(s, ONFST_FLOW_MONITOR);
    } else if (p->version < OFP13) {
        wire_put32(s, OFP_VENDOR_NX);
        wire_put32(s, NXST_FLOW_MONITOR);
        wire_zeros(s, p->version == OFP10 ? 4 : 0);
    }
}

static void put_entry(const struct peer *p, struct strbuf *to, uint8_t command, uint32_t id,
                      uint16_t flags)
{
    struct strbuf s = STRBUF_INIT;
    struct ofp_match any;

    ofp_match_init(&any);
    if (p->version >= OFP14) {
        wire_put32(&s, id);
        wire_put32(&s, UINT32_MAX);
        wire_put32(&s, UINT32_MAX);
        wire_put16(&s, flags);
        wire_put8(&s, 0xff);
        wire_put8(&s, command);
        ofp_match_encode(&s, (enum ofp_version)p->version, &any);
    } else if (p->version == OFP13) {
        wire_put32(&s, id);
        wire_put16(&s, flags);
        wire_put16(&s, 4);
        wire_put32(&s, UINT32_MAX);
        wire_put8(&s, 0xff);
        wire_zeros(&s, 3);
        ofp_match_encode(&s, OFP13, &any);
    } else {
        wire_put32(&s, id);
        wire_put16(&s, flags);
        wire_put16(&s, OFP_PORT_NONE);
        wire_put16(&s, 0);
        wire_put8(&s, 0xff);
        wire_zeros(&s, 5);
    }
    strbuf_put(to, s.data, s.len);
    strbuf_free(&s);
}

static void watch_with(struct peer *p, uint8_t command, uint32_t id, uint16_t flags)
{
    struct strbuf s = STRBUF_INIT;

    put_request(p, &s);
    put_entry(p, &s, command, id, flags);
    peer_send(p, p->version == OFP10 ? OFPT10_STATS_REQUEST : OFPT13_MULTIPART_REQUEST, &s);
    strbuf_free(&s);
}

/* Where the entries of the message begin. */
static size_t receive_updates(struct peer *p, uint32_t xid)
{
    assert_true(peer_receive(p) >= 16);
    assert_int_equal(message[1], p->version == OFP10 ? OFPT10_STATS_REPLY : OFPT13_MULTIPART_REPLY);
    assert_int_equal(wire_get32(message + 4), xid);
    assert_int_equal(wire_get16(message + 8), p->version >= OFP14 ? 16 : 0xffff);
    return p->version >= OFP14 ? 16 : 24;
}

static void expect_update(struct peer *p, uint16_t event, uint16_t priority, size_t n_after_match)
{
    size_t at = receive_updates(p, 0);

    assert_int_equal(wire_get16(message + at + 2), event);
    if (p->version == OFP13) {
        assert_int_equal(wire_get32(message + 16), OFP_VENDOR_ONF);
        assert_int_equal(wire_get32(message + 20), ONFST_FLOW_MONITOR);
        assert_int_equal(wire_get16(message + at), 24 + 16 + n_after_match);
        assert_int_equal(wire_get16(message + at + 6), priority);
        assert_int_equal(wire_get16(message + at + 12), 12); /* Of the match, unpadded. */
        assert_int_equal(wire_get64(message + at + 16), priority);
    } else if (p->version >= OFP14) {
        assert_int_equal(wire_get16(message + at), 24 + 16 + n_after_match);
        assert_int_equal(wire_get16(message + at + 10), priority);
        assert_int_equal(wire_get64(message + at + 16), priority);
    } else {
        assert_int_equal(wire_get16(message + at), 24 + 8 + n_after_match);
        assert_int_equal(wire_get16(message + at + 6), priority);
        assert_int_equal(wire_get64(message + at + 16), priority);
    }
    assert_int_equal(peer_receive(p), 0);
}

static void changes_are_told(struct peer *p, size_t instructions)
{
    uint16_t added = p->version >= OFP14 ? OFPFME_ADDED : 0;
    size_t at;

    watch_with(p, OFPFMC_ADD, 1, ALL_EVENTS | OFPFMF_INSTRUCTIONS);
    at = receive_updates(p, PEER_XID);
    assert_int_equal(wire_get16(message + 2), at); /* Empty. */
    change(p, OFPFC_ADD, 5, 2, NULL);
    expect_update(p, added, 5, instructions);
    change(p, OFPFC_MODIFY, 5, 3, NULL);
    expect_update(p, (uint16_t)(added + 2), 5, instructions);
    change(p, OFPFC_ADD, 5, 2, NULL); /* Replaces it. */
    expect_update(p, (uint16_t)(added + 2), 5, instructions);
    change(p, OFPFC_DELETE, 0, 2, NULL);
    expect_update(p, (uint16_t)(added + 1), 5, instructions);
}

static void changes_are_told10(void **state)
{
    peer_greet(*state, OFP10);
    changes_are_told(*state, 8);
}

static void changes_are_told12(void **state)
{
    peer_greet(*state, OFP12);
    changes_are_told(*state, 16);
}

static void changes_are_told13(void **state)
{
    peer_greet(*state, OFP13);
    changes_are_told(*state, 24);
}

static void changes_are_told15(void **state)
{
    peer_greet(*state, OFP15);
    changes_are_told(*state, 24);
}

static void what_is_there_is_told_at_first(void **state)
{
    struct peer *p = *state;
    size_t at;

    peer_greet(p, OFP14);
    change(p, OFPFC_ADD, 5, 2, NULL);
    watch_with(p, OFPFMC_ADD, 1, OFPFMF_INITIAL);
    at = receive_updates(p, PEER_XID);
    assert_int_equal(wire_get16(message + at + 2), OFPFME_INITIAL);
    assert_true(wire_get16(message + 2) > at + wire_get16(message + at)); /* NORMAL's, too. */
    assert_int_equal(peer_receive(p), 0);
    change(p, OFPFC_ADD, 6, 2, NULL); /* It did not ask for more. */
    assert_int_equal(peer_receive(p), 0);
}

static void ones_own_changes_are_abbreviated(void **state)
{
    struct peer *p = *state;
    struct flow_author author = {.xid = 0x1234};
    size_t at;

    peer_greet(p, OFP14);
    author.conn = LIST_FIRST(&p->net.br->mgmt->conns);
    watch_with(p, OFPFMC_ADD, 1, ALL_EVENTS);
    receive_updates(p, PEER_XID);
    change(p, OFPFC_ADD, 5, 2, &author);
    at = receive_updates(p, 0);
    assert_int_equal(wire_get16(message + at), 8);
    assert_int_equal(wire_get16(message + at + 2), OFPFME_ABBREV);
    assert_int_equal(wire_get32(message + at + 4), 0x1234);
    change(p, OFPFC_ADD, 6, 2, &author);
    receive_updates(p, 0);
    change(p, OFPFC_DELETE, 0, 2, &author); /* Both by one message. */
    at = receive_updates(p, 0);
    assert_int_equal(wire_get16(message + 2), at + 8);
    watch_with(p, OFPFMC_MODIFY, 1, ALL_EVENTS | OFPFMF_NO_ABBREV);
    receive_updates(p, PEER_XID);
    change(p, OFPFC_ADD, 5, 2, &author);
    expect_update(p, OFPFME_ADDED, 5, 0);
    watch_with(p, OFPFMC_MODIFY, 1, ALL_EVENTS | OFPFMF_ONLY_OWN | OFPFMF_NO_ABBREV);
    receive_updates(p, PEER_XID);
    change(p, OFPFC_ADD, 6, 2, NULL);
    assert_int_equal(peer_receive(p), 0);
    change(p, OFPFC_ADD, 7, 2, &author);
    expect_update(p, OFPFME_ADDED, 7, 0);
    watch_with(p, OFPFMC_DELETE, 1, 0);
    receive_updates(p, PEER_XID);
    change(p, OFPFC_ADD, 8, 2, &author);
    assert_int_equal(peer_receive(p), 0);
}

static void flows_that_expire_are_told(void **state)
{
    struct peer *p = *state;
    struct ofp_match match;
    struct ofp_rule_config config = {
        .match = &match, .priority = 5, .cookie = 5, .hard_timeout_s = 10};

    config.now_ms = p->net.now_ms;
    peer_greet(p, OFP14);
    watch_with(p, OFPFMC_ADD, 1, ALL_EVENTS);
    receive_updates(p, PEER_XID);
    assert_int_equal(ofp_match_parse("in_port=1", NULL, NULL, &match, NULL), 0);
    bridge_add_rule(p->net.br, 0, rule_new(&p->net.set->masks, &config));
    ofproto_set_run(p->net.set, p->net.now_ms + 10000);
    peer_run(p);
    receive_updates(p, 0);
    assert_int_equal(wire_get16(message + 18), OFPFME_REMOVED);
    assert_int_equal(message[21], OFPRR_HARD_TIMEOUT);
}

static void learned_rules_are_told(void **state)
{
    struct peer *p = *state;
    struct ofp_rule *teacher;

    peer_greet(p, OFP14);
    watch_with(p, OFPFMC_ADD, 1, ALL_EVENTS);
    receive_updates(p, PEER_XID);
    teacher = hex_rule(p->net.br, 0, 9, "in_port=1",
                       "0004 0028 00000000 ffff 0020 00002320 0010 0000 0000 0007 "
                       "0000000000000007 0002 02 00 0000 0000 ");
    net_send(&p->net, net_key(1, 1, 2));
    peer_run(p);
    assert_int_equal(receive_updates(p, 0), 16);
    assert_int_equal(wire_get16(message + 18), OFPFME_ADDED);
    assert_int_equal(message[20], 2);
    assert_int_equal(wire_get16(message + 26), 7);
    bridge_remove_rule(p->net.br, teacher);
    bridge_tell_removed(p->net.br);
    peer_run(p);
    assert_int_equal(receive_updates(p, 0), 16);
    assert_int_equal(wire_get16(message + 18), OFPFME_REMOVED);
    assert_int_equal(message[20], 2);
    assert_int_equal(peer_receive(p), 0);
}

static void who_does_not_read_is_paused_and_catches_up(void **state)
{
    struct peer *p = *state;
    struct conn *conn = LIST_FIRST(&p->net.br->mgmt->conns);
    bool paused = false, resumed = false, caught_up = false, removed = false;

    peer_greet(p, OFP14);
    p->net.now_ms = time_now_ms(); /* As the clock of pauses is. */
    watch_with(p, OFPFMC_ADD, 1, ALL_EVENTS);
    receive_updates(p, PEER_XID);
    change(p, OFPFC_ADD, 5, 2, NULL);
    receive_updates(p, 0);
    bufferevent_disable(p->bev, EV_READ);
    for (unsigned int i = 0; i < 100000 && !conn->monitors_paused_ms; i++) {
        change(p, OFPFC_MODIFY, 5, 2 + i % 2, NULL);
    }
    assert_true(conn->monitors_paused_ms > 0);
    p->net.now_ms = time_now_ms() + 1000;
    change(p, OFPFC_ADD, 6, 2, NULL);
    change(p, OFPFC_DELETE, 0, 2, NULL);
    change(p, OFPFC_ADD, 7, 2, NULL);
    bufferevent_enable(p->bev, EV_READ);
    for (unsigned int i = 0; i < 1000 && !resumed; i++) {
        peer_run(p);
        while (peer_receive(p)) {
            size_t end = wire_get16(message + 2), at = 16;

            while (at < end) {
                uint16_t event = wire_get16(message + at + 2);

                paused |= event == OFPFME_PAUSED;
                resumed |= event == OFPFME_RESUMED;
                removed |= event == OFPFME_REMOVED && wire_get16(message + at + 10) == 5;
                assert_false(event < OFPFME_ABBREV && wire_get16(message + at + 10) == 6);
                caught_up |= event == OFPFME_ADDED && wire_get16(message + at + 10) == 7;
                at += wire_get16(message + at);
            }
        }
    }
    assert_true(paused && resumed && removed && caught_up);
}

static void what_is_wrong_gets_the_exact_error(void **state)
{
    struct peer *p = *state;

    peer_greet(p, OFP14);
    watch_with(p, OFPFMC_DELETE, 1, 0);
    peer_expect_error(p, 16, 3);
    watch_with(p, 3, 1, 0);
    peer_expect_error(p, 16, 4);
    watch_with(p, OFPFMC_ADD, 1, 128 | ALL_EVENTS);
    peer_expect_error(p, 16, 5);
    watch_with(p, OFPFMC_ADD, 1, OFPFMF_INSTRUCTIONS);
    peer_expect_error(p, 16, 5);
    watch_with(p, OFPFMC_ADD, 1, ALL_EVENTS);
    receive_updates(p, PEER_XID);
    watch_with(p, OFPFMC_ADD, 1, ALL_EVENTS);
    peer_expect_error(p, 16, 1);
    for (uint32_t id = 2; id <= 256; id++) {
        watch_with(p, OFPFMC_ADD, id, ALL_EVENTS);
        receive_updates(p, PEER_XID);
    }
    watch_with(p, OFPFMC_ADD, 300, ALL_EVENTS);
    peer_expect_error(p, 16, 0);
}

static void a_request_is_carried_out_whole_or_not_at_all(void **state)
{
    struct strbuf s = STRBUF_INIT;
    struct peer *p = *state;

    peer_greet(p, OFP14);
    put_request(p, &s);
    put_entry(p, &s, OFPFMC_ADD, 1, OFPFMF_INITIAL);
    put_entry(p, &s, OFPFMC_DELETE, 1, 0);
    put_entry(p, &s, OFPFMC_ADD, 1, ALL_EVENTS);
    put_entry(p, &s, OFPFMC_ADD, 2, ALL_EVENTS);
    put_entry(p, &s, OFPFMC_ADD, 2, ALL_EVENTS); /* It is there. */
    peer_send(p, OFPT13_MULTIPART_REQUEST, &s);
    peer_expect_error(p, 16, 1);
    assert_int_equal(p->net.br->mgmt->n_monitors, 0);
    strbuf_chop(&s, 24);
    peer_send(p, OFPT13_MULTIPART_REQUEST, &s);
    receive_updates(p, PEER_XID);
    assert_int_equal(p->net.br->mgmt->n_monitors, 2);
    strbuf_free(&s);
}

static void expect_nx_error(struct peer *p, uint16_t code)
{
    assert_true(peer_receive(p) >= 16);
    assert_int_equal(message[1], OFPT_ERROR);
    assert_int_equal(wire_get16(message + 8), 0xffff);
    assert_int_equal(wire_get16(message + 10), code);
    assert_int_equal(wire_get32(message + 12), OFP_VENDOR_NX);
    assert_int_equal(peer_receive(p), 0);
}

static void the_extensions_errors_are_niciras(void **state)
{
    struct strbuf s = STRBUF_INIT;
    struct peer *p = *state;

    peer_greet(p, OFP13);
    watch_with(p, OFPFMC_ADD, 1, 0);
    expect_nx_error(p, 7);
    watch_with(p, OFPFMC_ADD, 1, OFPFMF_ONLY_OWN | ALL_EVENTS);
    expect_nx_error(p, 7);
    watch_with(p, OFPFMC_ADD, 1, ALL_EVENTS);
    receive_updates(p, PEER_XID);
    watch_with(p, OFPFMC_ADD, 1, ALL_EVENTS);
    expect_nx_error(p, 6);
    wire_put32(&s, OFP_VENDOR_ONF);
    wire_put32(&s, ONFT_MONITOR_CANCEL);
    wire_put32(&s, 1);
    peer_send(p, OFPT_VENDOR, &s);
    assert_int_equal(peer_receive(p), 0);
    assert_int_equal(p->net.br->mgmt->n_monitors, 0);
    peer_send(p, OFPT_VENDOR, &s);
    peer_expect_error(p, 0xffff, 8);
    strbuf_free(&s);
}

static void a_rule_is_told_once_for_all_entries_of_a_request(void **state)
{
    struct peer *p = *state;
    struct strbuf s = STRBUF_INIT;

    peer_greet(p, OFP14);
    bridge_flush_rules(p->net.br);
    change(p, OFPFC_ADD, 5, 2, NULL);
    put_request(p, &s);
    for (unsigned int i = 0; i < 500; i++) { /* Added, deleted, added. */
        put_entry(p, &s, OFPFMC_ADD, 1, OFPFMF_INITIAL);
        put_entry(p, &s, OFPFMC_DELETE, 1, 0);
    }
    put_entry(p, &s, OFPFMC_ADD, 1, OFPFMF_INITIAL);
    put_entry(p, &s, OFPFMC_ADD, 2, OFPFMF_INITIAL | OFPFMF_INSTRUCTIONS);
    peer_send(p, OFPT13_MULTIPART_REQUEST, &s);
    strbuf_free(&s);
    assert_true(peer_receive(p) > 16);
    assert_int_equal(wire_get16(message + 18), OFPFME_INITIAL);
    assert_int_equal(wire_get16(message + 2), 16 + wire_get16(message + 16));
    assert_int_equal(peer_receive(p), 0);
}

int main(void)
{
#define TEST(F) cmocka_unit_test_setup_teardown(F, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(changes_are_told10),
        TEST(changes_are_told12),
        TEST(changes_are_told13),
        TEST(changes_are_told15),
        TEST(a_request_is_carried_out_whole_or_not_at_all),
        TEST(the_extensions_errors_are_niciras),
        TEST(what_is_there_is_told_at_first),
        TEST(ones_own_changes_are_abbreviated),
        TEST(flows_that_expire_are_told),
        TEST(learned_rules_are_told),
        TEST(who_does_not_read_is_paused_and_catches_up),
        TEST(what_is_wrong_gets_the_exact_error),
        TEST(a_rule_is_told_once_for_all_entries_of_a_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
