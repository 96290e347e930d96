/* Network service headers in OpenFlow: fields and actions on the wire, and what becomes of packets
 * in translation. */
#include "ofproto/codec/action_text.h"
#include "ofproto/codec/match_wire.h"
#include "tests/unit/ofproto/hex.h"

static int setup(void **state)
{
    bridge_flush_rules(net_setup(state, 4)->br);
    return 0;
}

#define TYPE "80000a02 894f "
#define EXP "005ad650 "

static const struct {
    const char *text, *hex;
} fields[] = {
    {"dl_type=0x894f,nsh_flags=1,nsh_ttl=2,nsh_mdtype=1,nsh_np=3,nsh_spi=0x4,nsh_si=5",
     TYPE "ffff0205" EXP "01 ffff1405" EXP "02 ffff0405" EXP "01 ffff0605" EXP "03 ffff0808" EXP
          "00000004 ffff0a05" EXP "05"},
    {"dl_type=0x894f,nsh_flags=0x02/0x02,nsh_c1=0x1,nsh_c4=0x2/0x0000000f",
     TYPE "ffff0306" EXP "0202 ffff0c08" EXP "00000001 ffff130c" EXP "00000002 0000000f"},
    {"packet_type=(1,0x894f),nsh_spi=0x0", "80005804 0001894f ffff0808" EXP "00000000"},
};

static void fields_read_as_they_were_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        struct strbuf text = STRBUF_INIT, wire = STRBUF_INIT;
        struct ofp_match match, parsed;
        uint8_t bytes[256];
        size_t n = from_hex(fields[i].hex, bytes);
        struct error err;

        ofp_match_init(&match);
        assert_int_equal(oxm_fields_decode(bytes, n, &match), 0);
        ofp_match_format(&text, &match);
        assert_string_equal(strbuf_str(&text), fields[i].text);
        oxm_fields_encode(&wire, OFP13, &match);
        assert_int_equal(wire.len, n);
        assert_memory_equal(wire.data, bytes, n);
        assert_int_equal(ofp_match_parse(fields[i].text, NULL, NULL, &parsed, &err), 0);
        assert_memory_equal(&parsed, &match, sizeof match);
        strbuf_free(&text);
        strbuf_free(&wire);
    }
}

static void wrong_fields_get_the_exact_error(void **state)
{
    static const struct {
        const char *hex;
        enum ofp_error error;
    } wrong[] = {
        {"ffff0a05" EXP "05", OFPERR_BMC_BAD_PREREQ},
        {"80000a02 0800 ffff0c08" EXP "00000001", OFPERR_BMC_BAD_PREREQ},
        {TYPE "ffff1405" EXP "40", OFPERR_BMC_BAD_VALUE},
        {TYPE "ffff0405" EXP "10", OFPERR_BMC_BAD_VALUE},
        {TYPE "ffff0205" EXP "04", OFPERR_BMC_BAD_VALUE},
        {TYPE "ffff0808" EXP "01000000", OFPERR_BMC_BAD_VALUE},
        {TYPE "ffff0807" EXP "000000", OFPERR_BMC_BAD_LEN},
        {TYPE "ffff0b06" EXP "0101", OFPERR_BMC_BAD_MASK},
        {TYPE "ffff1605" EXP "01", OFPERR_BMC_BAD_FIELD},
        {TYPE "ffff0005" EXP "01", OFPERR_BMC_BAD_FIELD},
        {TYPE "fffe0201 01", OFPERR_BMC_BAD_FIELD},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        struct ofp_match match;
        uint8_t bytes[256];
        size_t n = from_hex(wrong[i].hex, bytes);

        ofp_match_init(&match);
        assert_int_equal(oxm_fields_decode(bytes, n, &match), wrong[i].error);
    }
}

static void actions_of_other_packets_are_refused(void **state)
{
    static const struct {
        const char *hex, *match;
        enum ofp_version version;
        int error;
    } cases[] = {
        {"ffff0010 00002320 0030 000000000000", "dl_type=0x894f", OFP13, 0},
        {"ffff0010 00002320 0030 000000000000", "packet_type=(1,0x894f)", OFP15, 0},
        {"ffff0010 00002320 0030 000000000000", "dl_type=0x894f", OFP12,
         OFPERR_BAC_BAD_VENDOR_TYPE},
        {"ffff0010 00002320 0030 000000000000", "", OFP13, OFPERR_BAC_MATCH_INCONSISTENT},
        {"ffff0010 00002320 0030 000000000000", "ip", OFP13, OFPERR_BAC_MATCH_INCONSISTENT},
        {"ffff0018 00002320 0030 000000000000 0000000000000000", "dl_type=0x894f", OFP13,
         OFPERR_BAC_BAD_LEN},
        {"00190010 ffff0a05" EXP "05 000000", "dl_type=0x894f", OFP13, 0},
        {"00190010 ffff0a05" EXP "05 000000", "ip", OFP13, OFPERR_BAC_MATCH_INCONSISTENT},
        {"00190010 ffff0605" EXP "05 000000", "dl_type=0x894f", OFP13, OFPERR_BAC_BAD_SET_ARGUMENT},
        {"00190010 ffff1405" EXP "40 000000", "dl_type=0x894f", OFP13, OFPERR_BAC_BAD_SET_ARGUMENT},
        {"00190010 ffff0205" EXP "04 000000", "dl_type=0x894f", OFP13, OFPERR_BAC_BAD_SET_ARGUMENT},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct ofp_actions list = OFP_ACTIONS_INIT;
        struct ofp_match match;
        uint8_t bytes[64];
        size_t n = from_hex(cases[i].hex, bytes);
        struct error err;

        assert_int_equal(ofp_match_parse(cases[i].match, NULL, NULL, &match, &err), 0);
        assert_int_equal(ofp_actions_decode(cases[i].version, bytes, n, &match, &list),
                         cases[i].error);
        ofp_actions_free(&list);
    }
}

static void text_reads_as_it_was_written(void **state)
{
    static const char *const texts[] = {
        "dec_nsh_ttl,output:1",
        "set_field:0x1234->nsh_spi,set_field:5->nsh_si,set_field:0x5/0xf->nsh_c1",
        "move:nsh_c1[]->reg0[],move:reg0[0..5]->nsh_ttl[]",
        "write_actions(dec_nsh_ttl,output:1)",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct ofp_actions list = OFP_ACTIONS_INIT;
        struct strbuf s = STRBUF_INIT;
        struct error err = {0};

        if (ofp_actions_parse(texts[i], NULL, NULL, &list, &err)) {
            fail_msg("%s: %s", texts[i], err.text);
        }
        ofp_actions_format(&s, list.data, list.len);
        assert_string_equal(strbuf_str(&s), texts[i]);
        strbuf_free(&s);
        ofp_actions_free(&list);
    }
}

/* --- Translation. */

static void rule(struct net *net, uint8_t table, uint16_t priority, const char *match,
                 const char *text)
{
    struct ofp_actions actions = OFP_ACTIONS_INIT;
    struct error err;

    if (ofp_actions_parse(text, NULL, NULL, &actions, &err)) {
        fail_msg("%s: %s", text, err.text);
    }
    net_rule(net->br, table, priority, match, &actions);
    ofp_actions_free(&actions);
}

/* MD type 1, service path 0x12, index 5, TTL 9, an Ethernet frame within. */
static struct flow_key service_key(void)
{
    struct flow_key key = net_key(1, 1, 2);

    key.eth_type = be16_make(0x894f);
    key.u64[4] = key.u64[5] = 0;
    key.tcp_flags = 0;
    key.nw_src = be32_make(0x1205);
    key.nw_ttl = 9;
    key.nw_proto = 3;
    key.tp_src = be16_make(1);
    key.lines |= 1u << FLOW_LINE_L3X;
    memset(&key.u64[FLOW_LINE_WORDS], 0, 64);
    key.ipv6_src[3] = 7;
    return key;
}

static void packets_are_matched_and_changed(void **state)
{
    struct flow_key key = service_key(), other = service_key();
    struct net *net = *state;

    rule(net, 0, 2, "dl_type=0x894f,nsh_spi=0x12,nsh_si=5,nsh_c1=7",
         "set_field:4->nsh_si,dec_nsh_ttl,set_field:0x3->nsh_c2,output:2");
    rule(net, 0, 1, "dl_type=0x894f", "set_field:0x3->nsh_c2,output:3");
    rule(net, 0, 1, "ip", "dec_nsh_ttl,output:4");
    assert_string_equal(net_send_key(net, &key), "dec_nsh_ttl,set(nsh(si=4,c2=0x3)),2");
    other.nw_src = be32_make(0x1206);
    assert_string_equal(net_send_key(net, &other), "set(nsh(c2=0x3)),3");
    /* Of another MD type, without context headers. */
    other.tp_src = be16_make(2);
    other.lines = 1;
    assert_string_equal(net_send_key(net, &other), "3");
    assert_string_equal(net_send(net, net_key(1, 1, 2)), "4");
}

static void packets_of_any_ttl_share_a_flow(void **state)
{
    struct flow_key key = service_key();
    struct ofproto_xlate_out out;
    struct net *net = *state;

    rule(net, 0, 1, "dl_type=0x894f", "dec_nsh_ttl,resubmit(,1)");
    rule(net, 1, 1, "dl_type=0x894f,nsh_np=3", "output:2");
    net_translate(net, &key, false, &out);
    assert_int_equal(out.mask.bits.nw_ttl, 0);
    assert_int_equal(out.mask.bits.nw_proto, UINT8_MAX);
    assert_int_equal(out.mask.bits.nw_src, 0);
    ofproto_xlate_out_free(&out);
    bridge_flush_rules(net->br);
    rule(net, 0, 1, "dl_type=0x894f", "set_field:1->nsh_ttl,dec_nsh_ttl,output:2");
    assert_string_equal(net_send_key(net, &key), "drop:ttl-expired");
    rule(net, 0, 1, "dl_type=0x894f", "set_field:7->nsh_ttl,dec_nsh_ttl,output:2");
    assert_string_equal(net_send_key(net, &key), "set(nsh(ttl=6)),2");
    rule(net, 0, 1, "dl_type=0x894f", "dec_nsh_ttl,resubmit(,1)");
    rule(net, 1, 1, "dl_type=0x894f,nsh_ttl=8", "output:2");
    rule(net, 1, 1, "dl_type=0x894f,nsh_ttl=7", "output:3");
    assert_string_equal(net_send_key(net, &key), "dec_nsh_ttl,2");
    key.nw_ttl = 8;
    assert_string_equal(net_send_key(net, &key), "dec_nsh_ttl,3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(NAME) cmocka_unit_test_setup_teardown(NAME, setup, net_teardown)
        T(fields_read_as_they_were_written),     T(wrong_fields_get_the_exact_error),
        T(actions_of_other_packets_are_refused), T(text_reads_as_it_was_written),
        T(packets_are_matched_and_changed),      T(packets_of_any_ttl_share_a_flow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
