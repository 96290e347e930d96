/* What controllers hear of unasked (ports, removed flows), and what their roles let them do. */
#include "ofproto/codec/async.h"
#include "ofproto/codec/group_mod.h"
#include "ofproto/codec/role.h"
#include "ofproto/conn/conn.h"
#include "tests/unit/ofproto/peer.h"

static void listen_on(struct peer *p, struct bufferevent *bev)
{
    struct strbuf s = STRBUF_INIT;

    wire_put16(&s, 0);
    wire_put16(&s, 128);
    peer_send_on(p, bev, OFPT_SET_CONFIG, &s);
    strbuf_free(&s);
}

static void ask_role(struct peer *p, struct bufferevent *bev, uint32_t role, uint64_t generation)
{
    struct strbuf s = STRBUF_INIT;

    wire_put32(&s, role);
    wire_put32(&s, 0);
    wire_put64(&s, generation);
    peer_send_on(p, bev, OFPT13_ROLE_REQUEST, &s);
    strbuf_free(&s);
}

static void expect_role(struct bufferevent *bev, uint32_t role, uint64_t generation)
{
    assert_int_equal(peer_receive_on(bev), 24);
    assert_int_equal(message[1], OFPT13_ROLE_REPLY);
    assert_int_equal(wire_get32(message + 8), role);
    assert_int_equal(wire_get64(message + 16), generation);
}

/* --- Roles. */

static void there_is_one_master_and_old_generations_are_refused(void **state)
{
    struct peer *p = *state;
    struct bufferevent *other;

    peer_greet(p, OFP13);
    other = peer_connect(p);
    peer_greet_on(p, other);
    ask_role(p, p->bev, OFPCR_NOCHANGE, 0);
    expect_role(p->bev, OFPCR_EQUAL, UINT64_MAX);
    ask_role(p, p->bev, OFPCR_MASTER, UINT64_MAX - 1);
    expect_role(p->bev, OFPCR_MASTER, UINT64_MAX - 1);
    ask_role(p, other, OFPCR_MASTER, 2); /* Numbers are a circle. */
    expect_role(other, OFPCR_MASTER, 2);
    assert_int_equal(peer_receive(p), 32); /* That it is a slave. */
    ask_role(p, p->bev, OFPCR_NOCHANGE, 0);
    expect_role(p->bev, OFPCR_SLAVE, 2);
    ask_role(p, p->bev, OFPCR_MASTER, 1);
    peer_expect_error(p, 11, 0);
    ask_role(p, p->bev, 9, 3);
    peer_expect_error(p, 11, 2);
    ask_role(p, p->bev, OFPCR_EQUAL, 0); /* Needs no generation. */
    expect_role(p->bev, OFPCR_EQUAL, 2);
    peer_send(p, OFPT13_ROLE_REQUEST, NULL);
    peer_expect_error(p, 1, 6);
    bufferevent_free(other);
}

static void who_is_master_no_more_is_told_from_1_4_on(void **state)
{
    struct peer *p = *state;
    struct bufferevent *other;

    peer_greet(p, OFP15);
    other = peer_connect(p);
    peer_greet_on(p, other);
    ask_role(p, p->bev, OFPCR_MASTER, 5);
    expect_role(p->bev, OFPCR_MASTER, 5);
    ask_role(p, other, OFPCR_MASTER, 6);
    expect_role(other, OFPCR_MASTER, 6);
    assert_int_equal(peer_receive(p), 24);
    assert_int_equal(message[1], OFPT14_ROLE_STATUS);
    assert_int_equal(wire_get32(message + 8), OFPCR_SLAVE);
    assert_int_equal(message[12], OFPCRR_MASTER_REQUEST);
    assert_int_equal(wire_get64(message + 16), 6);
    ask_role(p, other, OFPCR_MASTER, 7); /* It is already: nobody hears of it. */
    expect_role(other, OFPCR_MASTER, 7);
    assert_int_equal(peer_receive(p), 0);
    assert_int_equal(peer_receive_on(other), 0);
    bufferevent_free(other);
}

static void in_1_3_an_extension_tells_who_is_master_no_more(void **state)
{
    struct peer *p = *state;
    struct bufferevent *other;

    peer_greet(p, OFP13);
    other = peer_connect(p);
    peer_greet_on(p, other);
    ask_role(p, p->bev, OFPCR_MASTER, 5);
    expect_role(p->bev, OFPCR_MASTER, 5);
    ask_role(p, other, OFPCR_MASTER, 6);
    expect_role(other, OFPCR_MASTER, 6);
    assert_int_equal(peer_receive(p), 32);
    assert_int_equal(message[1], OFPT_VENDOR);
    assert_int_equal(wire_get32(message + 8), OFP_VENDOR_ONF);
    assert_int_equal(wire_get32(message + 12), 1911);
    assert_int_equal(wire_get32(message + 16), OFPCR_SLAVE);
    assert_int_equal(message[20], OFPCRR_MASTER_REQUEST);
    assert_int_equal(wire_get64(message + 24), 6);
    bufferevent_free(other);
}

static void a_short_id_of_1_5_is_kept(void **state)
{
    struct peer *p = *state;
    struct strbuf s = STRBUF_INIT;

    peer_greet(p, OFP15);
    wire_put32(&s, OFPCR_EQUAL);
    wire_put16(&s, 77);
    wire_zeros(&s, 10);
    peer_send(p, OFPT13_ROLE_REQUEST, &s);
    assert_int_equal(peer_receive(p), 24);
    assert_int_equal(wire_get16(message + 12), 77);
    strbuf_free(&s);
}

static void a_slave_reads_and_changes_nothing(void **state)
{
    struct strbuf s = STRBUF_INIT;
    struct peer *p = *state;

    peer_greet(p, OFP13);
    ask_role(p, p->bev, OFPCR_SLAVE, 1);
    expect_role(p->bev, OFPCR_SLAVE, 1);
    peer_packet_out(p, 1, NULL, 1, 2);
    peer_expect_error(p, 1, 10);
    assert_int_equal(p->n_executed, 0);
    wire_zeros(&s, 32);
    peer_send(p, OFPT13_PORT_MOD, &s);
    peer_expect_error(p, 1, 10);
    peer_send(p, OFPT_FLOW_MOD, &s);
    peer_expect_error(p, 1, 10);
    peer_send(p, OFPT13_BARRIER_REQUEST, NULL);
    assert_int_equal(peer_receive(p), 8);
    strbuf_free(&s);
}

/* --- Ports. */

static void expect_port_status(struct peer *p, struct bufferevent *bev, uint8_t reason,
                               const char *name, uint32_t config, uint32_t state)
{
    size_t at = p->version == OFP10 ? 8 : 16;

    assert_int_equal(peer_receive_on(bev), p->version == OFP10 ? 64 : 80);
    assert_int_equal(message[1], OFPT_PORT_STATUS);
    assert_int_equal(message[8], reason);
    assert_string_equal((char *)message + 16 + at, name);
    assert_int_equal(wire_get32(message + 32 + at), config);
    assert_int_equal(wire_get32(message + 36 + at), state);
}

static void ports_that_come_change_and_go_are_told(struct peer *p)
{
    struct ofproto_port_config config = {.name = "new", .dp_port = 9, .up = true};
    uint32_t live = p->version == OFP10 ? 0 : 4;
    struct error err;

    listen_on(p, p->bev);
    assert_int_equal(ofproto_port_set(p->net.br, &config, NULL, &err), 0);
    peer_run(p);
    expect_port_status(p, p->bev, OFPPR_ADD, "new", 0, live);
    assert_int_equal(ofproto_port_set(p->net.br, &config, NULL, &err), 0);
    peer_run(p);
    assert_int_equal(peer_receive(p), 0); /* Nothing changed. */
    config.up = false;
    assert_int_equal(ofproto_port_set(p->net.br, &config, NULL, &err), 0);
    peer_run(p);
    expect_port_status(p, p->bev, OFPPR_MODIFY, "new", 0, 1);
    ofproto_port_remove(p->net.br, "new");
    peer_run(p);
    expect_port_status(p, p->bev, OFPPR_DELETE, "new", 0, 1);
    assert_int_equal(peer_receive(p), 0);
}

static void ports_are_told10(void **state)
{
    peer_greet(*state, OFP10);
    ports_that_come_change_and_go_are_told(*state);
}

static void ports_are_told13(void **state)
{
    peer_greet(*state, OFP13);
    ports_that_come_change_and_go_are_told(*state);
}

static void masks_say_who_hears_what(void **state)
{
    struct ofproto_port_config config = {.name = "new", .dp_port = 9, .up = true};
    struct peer *p = *state;
    struct strbuf s = STRBUF_INIT;
    struct error err;

    peer_greet(p, OFP13);
    listen_on(p, p->bev);
    peer_send(p, OFPT13_GET_ASYNC_REQUEST, NULL);
    assert_int_equal(peer_receive(p), 32);
    assert_int_equal(message[1], OFPT13_GET_ASYNC_REPLY);
    assert_int_equal(wire_get32(message + 8), 3);
    assert_int_equal(wire_get32(message + 12), 0);
    assert_int_equal(wire_get32(message + 16), 7);
    assert_int_equal(wire_get32(message + 20), 7);
    assert_int_equal(wire_get32(message + 24), 0xf);
    wire_zeros(&s, 8);
    wire_put32(&s, 1u << OFPPR_DELETE);
    wire_zeros(&s, 12);
    peer_send(p, OFPT13_SET_ASYNC, &s);
    assert_int_equal(ofproto_port_set(p->net.br, &config, NULL, &err), 0);
    peer_run(p);
    assert_int_equal(peer_receive(p), 0);
    ofproto_port_remove(p->net.br, "new");
    peer_run(p);
    expect_port_status(p, p->bev, OFPPR_DELETE, "new", 0, 4);
    strbuf_chop(&s, 4);
    peer_send(p, OFPT13_SET_ASYNC, &s);
    peer_expect_error(p, 1, 6);
    strbuf_free(&s);
}

static void put_mask(struct strbuf *s, unsigned int type, uint32_t mask)
{
    wire_put16(s, (uint16_t)type);
    wire_put16(s, 8);
    wire_put32(s, mask);
}

static void from_1_4_on_masks_are_properties(void **state)
{
    struct ofproto_port_config config = {.name = "new", .dp_port = 9, .up = true};
    struct peer *p = *state;
    struct strbuf s = STRBUF_INIT;
    struct error err;

    peer_greet(p, OFP14);
    listen_on(p, p->bev);
    put_mask(&s, 2 * ASYNC_PORT_STATUS + 1, 1u << OFPPR_DELETE);
    peer_send(p, OFPT13_SET_ASYNC, &s);
    assert_int_equal(ofproto_port_set(p->net.br, &config, NULL, &err), 0);
    peer_run(p);
    assert_int_equal(peer_receive(p), 0);
    peer_send(p, OFPT13_GET_ASYNC_REQUEST, NULL);
    assert_int_equal(peer_receive(p), 8 + 12 * 8);
    for (unsigned int i = 0; i < 12; i++) {
        static const uint32_t masks[12] = {0, 0x3b, 7, 2, 0, 0x3f, 7, 7};

        assert_int_equal(wire_get16(message + 8 + 8 * i), i);
        assert_int_equal(wire_get16(message + 10 + 8 * i), 8);
        assert_int_equal(wire_get32(message + 12 + 8 * i), masks[i]);
    }
    /* One that is wrong changes nothing. */
    put_mask(&s, 2 * ASYNC_PACKET_IN, 1u << 6);
    peer_send(p, OFPT13_SET_ASYNC, &s);
    peer_expect_error(p, 15, 0);
    strbuf_free(&s);
    put_mask(&s, 2 * ASYNC_N, 0);
    peer_send(p, OFPT13_SET_ASYNC, &s);
    peer_expect_error(p, 15, 1);
    strbuf_chop(&s, 1);
    peer_send(p, OFPT13_SET_ASYNC, &s);
    peer_expect_error(p, 14, 1);
    strbuf_free(&s);
}

static void mod_port(struct peer *p, uint32_t port, uint8_t mac, uint32_t config, uint32_t mask)
{
    struct strbuf s = STRBUF_INIT;

    if (p->version == OFP10) {
        wire_put16(&s, (uint16_t)port);
        wire_zeros(&s, 5);
        wire_put8(&s, mac);
    } else {
        wire_put32(&s, port);
        wire_zeros(&s, 9);
        wire_put8(&s, mac);
        wire_zeros(&s, 2);
    }
    wire_put32(&s, config);
    wire_put32(&s, mask);
    wire_zeros(&s, p->version >= OFP14 ? 0 : 8);
    peer_send(p, p->version == OFP10 ? OFPT10_PORT_MOD : OFPT13_PORT_MOD, &s);
    strbuf_free(&s);
}

static void a_port_mod_decides_what_a_port_does(void **state)
{
    struct peer *p = *state;

    peer_greet(p, OFP10);
    assert_string_equal(net_send(&p->net, net_key(1, 1, 9)), "2,3");
    mod_port(p, 2, 0, OFPPC_NO_FLOOD, OFPPC_NO_FLOOD);
    assert_int_equal(peer_receive(p), 0);
    assert_string_equal(net_send(&p->net, net_key(1, 1, 9)), "3");
    mod_port(p, 2, 0, 0, OFPPC_NO_FLOOD);
    mod_port(p, 3, 0, OFPPC_PORT_DOWN, OFPPC_PORT_DOWN);
    assert_string_equal(net_send(&p->net, net_key(1, 1, 9)), "2");
    assert_string_equal(net_send(&p->net, net_key(3, 3, 9)), "drop:port-config");
    assert_string_equal(net_send(&p->net, net_key(1, 1, 3)), "2"); /* It was not learned. */
    mod_port(p, 3, 0, 0, OFPPC_PORT_DOWN);
    assert_string_equal(net_send(&p->net, net_key(3, 3, 9)), "1,2");
    mod_port(p, 3, 0, OFPPC_NO_FWD, OFPPC_NO_FWD);
    assert_string_equal(net_send(&p->net, net_key(1, 1, 3)), "drop:port-config");
    mod_port(p, 3, 0, OFPPC_NO_RECV, OFPPC_NO_RECV | OFPPC_NO_FWD);
    assert_string_equal(net_send(&p->net, net_key(1, 1, 3)), "3");
    assert_string_equal(net_send(&p->net, net_key(3, 3, 1)), "drop:port-config");
    assert_int_equal(peer_receive(p), 0);
    mod_port(p, 9, 0, 0, 0);
    peer_expect_error(p, 4, 0);
    mod_port(p, 1, 1, 0, 0);
    peer_expect_error(p, 4, 1);
    mod_port(p, 1, 0, OFPPC_NO_STP, OFPPC_NO_STP); /* It takes part in none anyway. */
    assert_int_equal(peer_receive(p), 0);
    mod_port(p, 1, 0, 0x80, 0x80);
    peer_expect_error(p, 0xb0c2, 0); /* Which 1.0 has no error for. */
}

static void a_port_mod_of_1_3_is_told_and_stays_with_the_port(void **state)
{
    struct ofproto_port_config config = {.name = "p2", .dp_port = 2, .up = true, .mac = {0}};
    struct peer *p = *state;
    struct error err;

    peer_greet(p, OFP13);
    listen_on(p, p->bev);
    mod_port(p, 2, 0, OFPPC_PORT_DOWN | OFPPC_NO_PACKET_IN, OFPPC_PORT_DOWN | OFPPC_NO_PACKET_IN);
    expect_port_status(p, p->bev, OFPPR_MODIFY, "p2", 0x41, 1); /* It is not live. */
    config.up = false;
    assert_int_equal(ofproto_port_set(p->net.br, &config, NULL, &err), 0);
    peer_run(p);
    expect_port_status(p, p->bev, OFPPR_MODIFY, "p2", 0x41, 1);
    mod_port(p, 2, 0, OFPPC_NO_FLOOD, OFPPC_NO_FLOOD); /* 1.3 has none. */
    peer_expect_error(p, 7, 2);
}

static void a_port_mod_of_1_4_has_properties(void **state)
{
    static const struct {
        uint16_t type, len;
        uint32_t value;
        uint16_t error_type, error_code;
    } properties[] = {{0, 8, 1, 7, 3}, {7, 8, 0, 14, 0}, {0, 6, 0, 14, 1}, {0, 20, 0, 14, 1}};
    struct peer *p = *state;

    peer_greet(p, OFP14);
    listen_on(p, p->bev);
    mod_port(p, 2, 0, OFPPC_NO_RECV, OFPPC_NO_RECV);
    assert_int_equal(peer_receive(p), 16 + 40 + 32); /* With the Ethernet property. */
    assert_int_equal(message[1], OFPT_PORT_STATUS);
    assert_int_equal(wire_get16(message + 20), 72);
    assert_int_equal(wire_get32(message + 56), 32);
    assert_int_equal(wire_get32(message + 48), OFPPC_NO_RECV);
    for (size_t i = 0; i < ARRAY_SIZE(properties); i++) {
        struct strbuf s = STRBUF_INIT;

        wire_put32(&s, 2);
        wire_zeros(&s, 12);
        wire_put32(&s, 0);
        wire_put32(&s, OFPPC_NO_RECV);
        wire_put16(&s, properties[i].type);
        wire_put16(&s, properties[i].len);
        wire_put32(&s, properties[i].value);
        peer_send(p, OFPT13_PORT_MOD, &s);
        peer_expect_error(p, properties[i].error_type, properties[i].error_code);
        strbuf_free(&s);
    }
}

/* --- Removed flows. */

static struct ofp_rule *add_rule(struct peer *p, const char *text, uint16_t idle_s, uint16_t hard_s,
                                 uint16_t flags)
{
    struct ofp_match match;
    struct ofp_rule_config config = {.match = &match,
                                     .priority = 5,
                                     .cookie = 0x99,
                                     .idle_timeout_s = idle_s,
                                     .hard_timeout_s = hard_s,
                                     .flags = flags,
                                     .now_ms = p->net.now_ms};
    struct ofp_rule *rule;

    assert_int_equal(ofp_match_parse(text, NULL, NULL, &match, NULL), 0);
    rule = rule_new(&p->net.set->masks, &config);
    bridge_add_rule(p->net.br, 0, rule);
    return rule;
}

static void expect_removed(struct peer *p, uint8_t reason, uint64_t packets)
{
    assert_int_equal(peer_receive(p), p->version == OFP10 ? 88 : p->version == OFP15 ? 80 : 64);
    assert_int_equal(message[1], OFPT_FLOW_REMOVED);
    if (p->version == OFP15) {
        assert_int_equal(message[9], reason);
        assert_int_equal(wire_get16(message + 10), 5);
        assert_int_equal(wire_get64(message + 16), 0x99);
        assert_int_equal(wire_get16(message + 42), 40); /* Duration, packets, bytes. */
        assert_int_equal(wire_get32(message + 44), 0x80020008);
        assert_int_equal(wire_get32(message + 56), 0x80020808);
        assert_int_equal(wire_get64(message + 60), packets);
        assert_int_equal(wire_get32(message + 68), 0x80020a08);
        return;
    }
    if (p->version == OFP10) {
        assert_int_equal(wire_get64(message + 48), 0x99);
        assert_int_equal(wire_get16(message + 56), 5);
        assert_int_equal(message[58], reason);
        assert_int_equal(wire_get64(message + 72), packets);
    } else {
        assert_int_equal(wire_get64(message + 8), 0x99);
        assert_int_equal(wire_get16(message + 16), 5);
        assert_int_equal(message[18], reason);
        assert_int_equal(wire_get64(message + 32), packets);
    }
}

static void removed_flows_are_told_with_their_reason(struct peer *p)
{
    listen_on(p, p->bev);
    add_rule(p, "in_port=1", 0, 10, OFP_RULE_SEND_REMOVED);
    add_rule(p, "in_port=2", 20, 0, OFP_RULE_SEND_REMOVED);
    add_rule(p, "in_port=3", 0, 10, 0); /* Does not want it. */
    ofproto_set_run(p->net.set, p->net.now_ms + 10000);
    peer_run(p);
    expect_removed(p, OFPRR_HARD_TIMEOUT, 0);
    assert_int_equal(peer_receive(p), 0);
    ofproto_set_run(p->net.set, p->net.now_ms + 20000);
    peer_run(p);
    expect_removed(p, OFPRR_IDLE_TIMEOUT, 0);
    assert_int_equal(peer_receive(p), 0);
}

static void removed_flows_are_told10(void **state)
{
    peer_greet(*state, OFP10);
    removed_flows_are_told_with_their_reason(*state);
}

static void removed_flows_are_told13(void **state)
{
    peer_greet(*state, OFP13);
    removed_flows_are_told_with_their_reason(*state);
}

static void removed_flows_are_told15(void **state)
{
    peer_greet(*state, OFP15);
    removed_flows_are_told_with_their_reason(*state);
}

static void delete_all(struct peer *p)
{
    struct ofp_flow_mod fm = {.command = OFPFC_DELETE,
                              .table_id = OFPTT_ALL,
                              .out_port = OFP_PORT_NONE,
                              .out_group = OFP_GROUP_ANY};

    ofp_match_init(&fm.match);
    assert_int_equal(flow_mod_apply(p->net.br, &fm, p->net.now_ms, NULL), 0);
    peer_run(p);
}

static void the_counters_are_those_after_the_last_packet(void **state)
{
    struct ofproto_xlate_out out;
    struct peer *p = *state;
    struct flow_key key = net_key(1, 1, 2);

    p->hold_syncs = true;
    peer_greet(p, OFP13);
    listen_on(p, p->bev);
    add_rule(p, "in_port=1", 0, 0, OFP_RULE_SEND_REMOVED);
    net_translate(&p->net, &key, false, &out);
    delete_all(p);
    assert_int_equal(peer_receive(p), 0); /* Cached flows may count for it still. */
    add_rule(p, "in_port=1", 0, 0, OFP_RULE_SEND_REMOVED);
    delete_all(p);
    ofproto_effects_credit(out.effects, 7, 700, p->net.now_ms);
    peer_synced(p);
    expect_removed(p, OFPRR_DELETE, 7);
    assert_int_equal(peer_receive(p), 0);
    peer_synced(p); /* The second one was removed after the first was asked about. */
    expect_removed(p, OFPRR_DELETE, 0);
    ofproto_xlate_out_free(&out);
    /* One that is never told of leaks nothing. */
    add_rule(p, "in_port=1", 0, 0, OFP_RULE_SEND_REMOVED);
    delete_all(p);
}

/* The datapath does not answer. */
static void removed_flows_beyond_a_bound_wait_for_no_counters(void **state)
{
    struct peer *p = *state;

    p->hold_syncs = true;
    peer_greet(p, OFP13);
    listen_on(p, p->bev);
    add_rule(p, "in_port=1", 0, 0, OFP_RULE_SEND_REMOVED);
    delete_all(p);
    p->net.br->mgmt->max_removed_bytes = p->net.br->mgmt->removed_bytes;
    assert_int_equal(peer_receive(p), 0);
    for (unsigned int i = 0; i < 3; i++) {
        add_rule(p, "in_port=1", 0, 0, OFP_RULE_SEND_REMOVED);
        delete_all(p);
        expect_removed(p, OFPRR_DELETE, 0);
    }
    peer_synced(p);
    expect_removed(p, OFPRR_DELETE, 0);
    assert_int_equal(p->net.br->mgmt->removed_bytes, 0);
}

int main(void)
{
#define TEST(F) cmocka_unit_test_setup_teardown(F, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(there_is_one_master_and_old_generations_are_refused),
        TEST(who_is_master_no_more_is_told_from_1_4_on),
        TEST(in_1_3_an_extension_tells_who_is_master_no_more),
        TEST(a_short_id_of_1_5_is_kept),
        TEST(a_slave_reads_and_changes_nothing),
        TEST(ports_are_told10),
        TEST(ports_are_told13),
        TEST(masks_say_who_hears_what),
        TEST(from_1_4_on_masks_are_properties),
        TEST(a_port_mod_decides_what_a_port_does),
        TEST(a_port_mod_of_1_3_is_told_and_stays_with_the_port),
        TEST(a_port_mod_of_1_4_has_properties),
        TEST(removed_flows_are_told10),
        TEST(removed_flows_are_told13),
        TEST(removed_flows_are_told15),
        TEST(the_counters_are_those_after_the_last_packet),
        TEST(removed_flows_beyond_a_bound_wait_for_no_counters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
