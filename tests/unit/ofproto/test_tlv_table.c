/* The messages by which controllers map options of tunnels to fields: their bytes, their errors,
 * and who keeps a field from being taken off the map. */
#include "ofproto/codec/bundle.h"
#include "ofproto/codec/packet_in.h"
#include "ofproto/codec/tlv_table.h"
#include "ofproto/conn/bundle.h"
#include "ofproto/conn/conn.h"
#include "ofproto/conn/vendor.h"
#include "ofproto/group/group.h"
#include "tests/unit/ofproto/hex.h"
#include "tests/unit/ofproto/peer.h"
#include "tests/unit/ofproto/text_rule.h"

static void send_nx(struct peer *p, uint32_t subtype, const char *hex)
{
    struct strbuf s = STRBUF_INIT;
    uint8_t bytes[1024];
    size_t n = from_hex(hex, bytes);

    wire_put32(&s, OFP_VENDOR_NX);
    wire_put32(&s, subtype);
    strbuf_put(&s, bytes, n);
    peer_send(p, OFPT_VENDOR, &s);
    strbuf_free(&s);
}

#define ADD "0000 000000000000 "
#define DELETE "0001 000000000000 "
#define CLEAR "0002 000000000000 "

static void mod(struct peer *p, const char *hex)
{
    send_nx(p, NXT_TLV_TABLE_MOD, hex);
}

static void accepted(struct peer *p, const char *hex)
{
    mod(p, hex);
    assert_int_equal(peer_receive(p), 0);
}

/* An error of Nicira's, in both of its forms. */
static void refused(struct peer *p, const char *hex, uint16_t code10, uint16_t code13)
{
    bool old = p->version == OFP10;

    mod(p, hex);
    assert_true(peer_receive(p));
    assert_int_equal(message[1], OFPT_ERROR);
    assert_int_equal(wire_get16(message + 8), old ? 0xb0c2 : 0xffff);
    assert_int_equal(wire_get16(message + (old ? 18 : 10)), old ? code10 : code13);
    assert_int_equal(peer_receive(p), 0);
}

static void greet(struct peer *p, uint8_t version)
{
    peer_greet(p, version);
    ofp_tlv_map_use(&p->net.br->tlvs);
}

static void the_table_is_told_as_it_is(void **state)
{
    struct peer *p = *state;
    uint8_t expected[128];
    size_t n;

    greet(p, OFP13);
    accepted(p, ADD "ffff 02 08 003f 0000  0103 80 7c 0001 0000  0001 00 00 0002 0000");
    accepted(p, DELETE "1234 56 04 0007 0000"); /* It is not mapped. */
    send_nx(p, NXT_TLV_TABLE_REQUEST, "");
    n = from_hex("04 04 0038 0000004d 00002320 0000001a 00000100 0040 00000000000000000000 "
                 "0103 80 7c 0001 0000  0001 00 00 0002 0000  ffff 02 08 003f 0000",
                 expected);
    assert_int_equal(peer_receive(p), n);
    assert_memory_equal(message, expected, n);
    accepted(p, CLEAR);
    send_nx(p, NXT_TLV_TABLE_REQUEST, "");
    assert_int_equal(peer_receive(p), 32);
    send_nx(p, NXT_TLV_TABLE_REQUEST, "00000000");
    peer_expect_error(p, 1, 6);
}

static void wrong_mods_change_nothing(struct peer *p, uint8_t version)
{
    struct ofp_tlv_map before;

    greet(p, version);
    accepted(p, ADD "ffff 00 04 0000 0000  ffff 01 7c 0001 0000");
    before = p->net.br->tlvs;
    refused(p, "0003 000000000000", 527, 16);
    refused(p, "ffff 000000000000 0001 02 04 003c 0000", 527, 16);
    refused(p, ADD "0001 02 05 003c 0000", 528, 17);
    refused(p, ADD "0001 02 80 003c 0000", 528, 17);
    refused(p, ADD "0001 02 04 0040 0000", 529, 18);
    refused(p, ADD "0001 02 7c 003c 0000  0001 03 08 003d 0000", 530, 19);
    refused(p, ADD "0001 02 04 0000 0000", 531, 20);
    refused(p, ADD "0001 02 04 0005 0000 0001 03 04 0005 0000", 531, 20);
    refused(p, ADD "ffff 01 04 0005 0000", 532, 21);
    refused(p, ADD "0001 02 04 0005 0000 0001 02 04 0006 0000", 532, 21);
    mod(p, ADD "0001 02 04 0005");
    peer_expect_error(p, 1, 6);
    mod(p, "0000");
    peer_expect_error(p, 1, 6);
    assert_memory_equal(&before, &p->net.br->tlvs, sizeof before);
}

static void wrong_mods_change_nothing_in_10(void **state)
{
    wrong_mods_change_nothing(*state, OFP10);
}

static void wrong_mods_change_nothing_in_13(void **state)
{
    wrong_mods_change_nothing(*state, OFP13);
}

static void slaves_only_ask(void **state)
{
    struct peer *p = *state;
    struct strbuf s = STRBUF_INIT;

    greet(p, OFP13);
    wire_put32(&s, 3); /* Slave. */
    wire_put32(&s, 0);
    wire_put64(&s, 1);
    peer_send(p, OFPT13_ROLE_REQUEST, &s);
    strbuf_free(&s);
    assert_true(peer_receive(p));
    mod(p, ADD "ffff 00 04 0000 0000");
    peer_expect_error(p, 1, 10);
    send_nx(p, NXT_TLV_TABLE_REQUEST, "");
    assert_int_equal(peer_receive(p), 32);
}

/* --- Users. */

#define MAP_TWO ADD "ffff 00 04 0000 0000  ffff 01 08 0001 0000"
#define DELETE_0 DELETE "ffff 00 04 0000 0000"
#define DELETE_BOTH DELETE "0000 00 00 0001 0000  0000 00 00 0000 0000"

static void rules_keep_the_fields_that_they_name(void **state)
{
    static const char *const rules[] = {
        "tun_metadata0=5/0xff,actions=drop",
        "tun_metadata0,actions=drop",
        "actions=set_field:1->tun_metadata0",
        "actions=move:tun_metadata0[0..7]->NXM_NX_REG0[0..7]",
        "actions=push:tun_metadata0[]",
        "actions=clone(delete_field:tun_metadata0)",
        "actions=write_actions(set_field:1->tun_metadata0)",
        "actions=output:tun_metadata0[0..15]",
        "actions=multipath(eth_src,50,modulo_n,1,0,tun_metadata0[0..15])",
        "actions=check_pkt_larger(100)->tun_metadata0[3]",
    };
    struct peer *p = *state;

    greet(p, OFP13);
    accepted(p, MAP_TWO);
    for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
        struct ofp_rule *rule = text_rule(p->net.br, rules[i]);

        refused(p, DELETE_0, 0, 38);
        refused(p, DELETE_BOTH, 0, 38);
        refused(p, CLEAR, 0, 38);
        assert_int_equal(p->net.br->tlvs.mapped, 3);
        bridge_remove_rule(p->net.br, rule);
    }
    accepted(p, DELETE_0);
    assert_int_equal(p->net.br->tlvs.mapped, 2);
    accepted(p, CLEAR);
}

static void an_open_bundle_keeps_them(void **state)
{
    struct peer *p = *state;
    struct strbuf s = STRBUF_INIT;
    struct ofp_flow_mod fm = {
        .command = OFPFC_ADD, .out_port = OFP_PORT_NONE, .out_group = UINT32_MAX, .table_id = 0};

    greet(p, OFP14);
    accepted(p, MAP_TWO);
    assert_int_equal(ofp_match_parse("tun_metadata0=5", NULL, NULL, &fm.match, NULL), 0);
    wire_put32(&s, 7);
    wire_put16(&s, 0);
    wire_put16(&s, OFPBF_ATOMIC | OFPBF_ORDERED);
    ofp_flow_mod_encode(&s, OFP14, PEER_XID, false, &fm);
    peer_send(p, OFPT14_BUNDLE_ADD, &s);
    assert_int_equal(peer_receive(p), 0);
    refused(p, DELETE_0, 0, 38);
    strbuf_clear(&s);
    wire_put32(&s, 7);
    wire_put16(&s, OFPBCT_DISCARD_REQUEST);
    wire_put16(&s, OFPBF_ATOMIC | OFPBF_ORDERED);
    peer_send(p, OFPT14_BUNDLE_CONTROL, &s);
    strbuf_free(&s);
    assert_true(peer_receive(p));
    accepted(p, DELETE_BOTH);
}

static void a_monitor_keeps_them(void **state)
{
    struct peer *p = *state;
    struct strbuf s = STRBUF_INIT;
    uint8_t bytes[128];
    size_t n;

    greet(p, OFP14);
    accepted(p, MAP_TWO);
    /* Id 9, all events, any port, group and table, what has tun_metadata0. */
    n = from_hex("0010 0000 00000000 00000009 ffffffff ffffffff 000e ff 00 "
                 "0001 0008 00015100",
                 bytes);
    strbuf_put(&s, (char *)bytes, n);
    peer_send(p, OFPT13_MULTIPART_REQUEST, &s);
    assert_int_equal(peer_receive(p), 16);
    assert_int_equal(p->net.br->mgmt->n_monitors, 1);
    refused(p, DELETE_0, 0, 38);
    s.data[8 + 15] = 2; /* It ends. */
    peer_send(p, OFPT13_MULTIPART_REQUEST, &s);
    strbuf_free(&s);
    assert_int_equal(peer_receive(p), 16);
    assert_int_equal(p->net.br->mgmt->n_monitors, 0);
    accepted(p, DELETE_BOTH);
}

/* --- What controllers are told. */

static void a_packet_in_has_the_packets_options(void **state)
{
    struct flow_key key = net_key(1, 1, 2);
    static const uint8_t frame[60] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0};
    const struct dp_action_upcall *a;
    struct ofproto_xlate_out out;
    struct peer *p = *state;
    struct ofp_packet_in pin;
    struct strbuf s = STRBUF_INIT;
    struct dp_upcall up;
    size_t n;

    greet(p, OFP13);
    wire_put32(&s, 128);
    peer_send(p, OFPT_SET_CONFIG, &s); /* Who sets it gets packets. */
    strbuf_free(&s);
    send_nx(p, NXT_SET_PACKET_IN_FORMAT, "00000002");
    accepted(p, MAP_TWO);
    bridge_flush_rules(p->net.br);
    text_rule(p->net.br, "actions=set_field:0x1234->tun_metadata1,controller");
    net_translate(&p->net, &key, true, &out);
    a = (const struct dp_action_upcall *)dp_actions_first(out.actions.data, out.actions.len);
    assert_int_equal(a->h.type, DP_ACTION_UPCALL);
    up = (struct dp_upcall){.reason = DP_UPCALL_ACTION,
                            .in_port = 1,
                            .key = &key,
                            .packet = frame,
                            .packet_len = sizeof frame,
                            .full_len = sizeof frame,
                            .cookie = a->cookie};
    ofproto_packet_in(p->net.set, &up, p->net.now_ms);
    peer_run(p);
    n = peer_receive(p);
    assert_true(n > 16);
    assert_int_equal(ofp_packet_in2_decode(message + 16, n - 16, &pin), 0);
    ofp_match_format(&s, &pin.match);
    assert_string_equal(strbuf_str(&s), "tun_metadata1=0x1234,in_port=1");
    strbuf_free(&s);
    ofproto_xlate_out_free(&out);
}

#define T(NAME) cmocka_unit_test_setup_teardown(NAME, peer_setup, peer_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_table_is_told_as_it_is),
        T(wrong_mods_change_nothing_in_10),
        T(wrong_mods_change_nothing_in_13),
        T(slaves_only_ask),
        T(rules_keep_the_fields_that_they_name),
        T(an_open_bundle_keeps_them),
        T(a_monitor_keeps_them),
        T(a_packet_in_has_the_packets_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
