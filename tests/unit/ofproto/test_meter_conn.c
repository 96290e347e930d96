/* Meters over a connection: what is told of them, to whom, and what a flow-removed says of rules
 * that went with one. */
#include "ofproto/codec/group_mod.h"
#include "ofproto/codec/meter_mod.h"
#include "ofproto/conn/conn.h"
#include "tests/unit/ofproto/peer.h"

static void send_mod(struct peer *p, enum ofp_meter_command command, uint32_t id)
{
    struct ofp_meter_mod mod = {
        .command = command,
        .meter_id = id,
        .config = {.flags = OFP_METER_KBPS,
                   .n = 2,
                   .band = {{.type = OFP_BAND_DROP, .rate = 1000, .burst = 5},
                            {.type = OFP_BAND_DSCP_REMARK, .rate = 500, .prec_level = 1}}}};
    struct strbuf s = STRBUF_INIT;

    ofp_meter_mod_encode(&s, (enum ofp_version)p->version, PEER_XID, &mod);
    bufferevent_write(p->bev, s.data, s.len);
    strbuf_free(&s);
    peer_run(p);
}

/* The body of a reply; the length of it. */
static size_t ask(struct peer *p, uint16_t type, uint32_t meter_id)
{
    struct strbuf s = STRBUF_INIT;
    size_t n;

    wire_put16(&s, type);
    wire_zeros(&s, 6);
    if (type != 11) {
        wire_put32(&s, meter_id);
        wire_zeros(&s, 4);
    }
    peer_send(p, OFPT13_MULTIPART_REQUEST, &s);
    strbuf_free(&s);
    n = peer_receive(p);
    assert_true(n >= 16);
    assert_int_equal(message[1], OFPT13_MULTIPART_REPLY);
    assert_int_equal(wire_get16(message + 8), type);
    return n - 16;
}

static void what_was_installed_is_told(void **state)
{
    struct peer *p = *state;
    struct ofp_meter_features features;
    struct ofp_meter_config config;
    struct ofp_meter_stats stats;
    uint32_t id;
    size_t n;

    peer_greet(p, OFP13);
    send_mod(p, OFP_METER_ADD, 7);
    send_mod(p, OFP_METER_ADD, OFP_METER_CONTROLLER);
    assert_int_equal(peer_receive(p), 0);
    assert_int_equal(ask(p, 10, 7), 8 + 2 * 16);
    assert_true(ofp_meter_desc_decode(message + 16, 40, &id, &config, &n));
    assert_int_equal(id, 7);
    assert_int_equal(config.flags, OFP_METER_KBPS);
    assert_int_equal(config.band[0].burst, 5); /* Though it has no meaning. */
    assert_int_equal(config.band[1].prec_level, 1);
    assert_int_equal(ask(p, 10, OFP_METER_ALL), 2 * 40);
    assert_int_equal(ask(p, 9, OFP_METER_ALL), 2 * (40 + 2 * 16));
    assert_true(ofp_meter_stats_decode(message + 16, 72, &stats, &n));
    assert_int_equal(stats.meter_id, 7);
    assert_int_equal(stats.n, 2);
    assert_int_equal(stats.packets, 0);
    assert_int_equal(ask(p, 11, 0), 16);
    assert_true(ofp_meter_features_decode(message + 16, 16, &features));
    assert_int_equal(features.max_meters, 262144);
    assert_int_equal(features.band_types, 6);
    assert_int_equal(features.capabilities, 15);
}

static void what_is_wrong_gets_the_exact_error(void **state)
{
    struct peer *p = *state;
    struct strbuf s = STRBUF_INIT;

    peer_greet(p, OFP13);
    send_mod(p, OFP_METER_MODIFY, 7);
    peer_expect_error(p, 12, 3);
    wire_put16(&s, 9);
    wire_zeros(&s, 6);
    wire_put32(&s, 7);
    wire_zeros(&s, 4);
    peer_send(p, OFPT13_MULTIPART_REQUEST, &s);
    peer_expect_error(p, 12, 3);
    wire_put32(&s, 0);
    peer_send(p, OFPT13_MULTIPART_REQUEST, &s);
    peer_expect_error(p, 1, 6);
    strbuf_free(&s);
}

static void before_1_3_there_are_none(void **state)
{
    struct peer *p = *state;

    peer_greet(p, OFP10);
    peer_send(p, 29, NULL);
    peer_expect_error(p, 1, 1);
}

/* The last connection that was made. */
static struct conn *newest(struct peer *p)
{
    return LIST_FIRST(&p->net.br->mgmt->conns);
}

static void other_controllers_hear_of_meter_mods(void **state)
{
    struct peer *p = *state;
    struct bufferevent *other;
    struct ofp_meter_mod mod;
    struct conn *conn;

    peer_greet(p, OFP14);
    other = peer_connect(p);
    peer_greet_on(p, other);
    conn = newest(p);
    conn->is_primary = true;
    conn->async.of[ASYNC_REQUESTFORWARD][ASYNC_MASTER] = 3;
    send_mod(p, OFP_METER_MODIFY, 7); /* Which fails. */
    peer_expect_error(p, 12, 3);
    assert_int_equal(peer_receive_on(other), 0);
    send_mod(p, OFP_METER_ADD, 7);
    assert_true(peer_receive_on(other) > 16);
    assert_int_equal(message[1], OFPT14_REQUESTFORWARD);
    assert_int_equal(message[9], OFPT13_METER_MOD);
    assert_int_equal(wire_get32(message + 12), PEER_XID);
    assert_int_equal(ofp_meter_mod_decode(message + 16, (size_t)wire_get16(message + 10) - 8, &mod),
                     0);
    assert_int_equal(mod.meter_id, 7);
    assert_int_equal(mod.config.n, 2);
    bufferevent_free(other);
    peer_run(p);
}

static void removed_rules_say_why(void **state)
{
    struct peer *p = *state;
    struct ofp_flow_mod fm = {.command = OFPFC_ADD,
                              .flags = OFPFF_SEND_FLOW_REM,
                              .out_port = OFP_PORT_NONE,
                              .out_group = OFP_GROUP_ANY};
    struct strbuf s = STRBUF_INIT;
    struct ofp_action_meter *a;

    peer_greet(p, OFP14);
    newest(p)->is_primary = true;
    send_mod(p, OFP_METER_ADD, 7);
    ofp_match_init(&fm.match);
    a = ofp_actions_put(&fm.actions, OFP_ACTION_METER, sizeof *a);
    a->meter_id = 7;
    ofp_flow_mod_encode(&s, OFP14, PEER_XID, false, &fm);
    bufferevent_write(p->bev, s.data, s.len);
    peer_run(p);
    ofp_actions_free(&fm.actions);
    strbuf_free(&s);
    assert_int_equal(peer_receive(p), 0);
    send_mod(p, OFP_METER_DELETE, 7);
    assert_true(peer_receive(p) > 48);
    assert_int_equal(message[1], OFPT_FLOW_REMOVED);
    assert_int_equal(message[8 + 10], 4); /* OFPRR_METER_DELETE. */
}

int main(void)
{
#define TEST(FN) cmocka_unit_test_setup_teardown(FN, peer_setup, peer_teardown)
    static const struct CMUnitTest tests[] = {
        TEST(what_was_installed_is_told), TEST(what_is_wrong_gets_the_exact_error),
        TEST(before_1_3_there_are_none),  TEST(other_controllers_hear_of_meter_mods),
        TEST(removed_rules_say_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
