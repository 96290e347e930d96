/* Options of tunnels in a program without a switch's map: values of any length are kept aside. */
#include "ofproto/codec/action_text.h"
#include "ofproto/codec/match_wire.h"
#include "ofproto/match/tlv_map.h"
#include "tests/unit/ofproto/hex.h"

static void parse(const char *text, struct ofp_match *ret)
{
    struct error err = {0};

    if (ofp_match_parse(text, NULL, NULL, ret, &err)) {
        fail_msg("%s", err.text);
    }
}

/* Each field as short as it can be, and read and written as before. */
static void values_go_as_short_as_they_can(void **state)
{
    static const struct {
        const char *text, *hex;
    } rows[] = {
        {"tun_metadata0", "00015100"},
        {"tun_metadata0=0", "00015000"},
        {"tun_metadata0=0x5", "0001500105"},
        {"tun_metadata1=0x100/0xff00", "000153040100ff00"},
        {"tun_metadata1=0x5/0xff", "0001530205ff"},
        {"tun_metadata63=0x112233445566778899", "0001ce09112233445566778899"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct strbuf s = STRBUF_INIT;
        struct ofp_match m, again;
        uint8_t expected[64];
        size_t n = from_hex(rows[i].hex, expected);

        parse(rows[i].text, &m);
        oxm_fields_encode(&s, OFP13, &m);
        assert_int_equal(s.len, n);
        assert_memory_equal(s.data, expected, n);
        ofp_match_init(&again);
        assert_int_equal(oxm_fields_decode(expected, n, &again), 0);
        assert_true(ofp_match_equal(&m, &again));
        strbuf_clear(&s);
        ofp_match_format(&s, &again);
        assert_string_equal(strbuf_str(&s), rows[i].text);
        strbuf_free(&s);
    }
}

static void matches_are_equal_when_their_values_are(void **state)
{
    struct ofp_match a, b;

    (void)state;
    parse("tun_metadata5=0x0000000000000000000000000000000007,tun_metadata6=1", &a);
    parse("tun_metadata6=1,tun_metadata5=7", &b);
    assert_true(ofp_match_equal(&a, &b));
    parse("tun_metadata6=1,tun_metadata5=7/0xff", &b);
    assert_false(ofp_match_equal(&a, &b));
    parse("tun_metadata6=1,tun_metadata5=8", &b);
    assert_false(ofp_match_equal(&a, &b));
}

static void actions_read_as_they_were_written(void **state)
{
    static const char *const texts[] = {
        "set_field:0x5->tun_metadata0", "set_field:0x500/0xff00->tun_metadata0",
        "set_field:0->tun_metadata9",   "move:tun_metadata1[960..991]->reg0[]",
        "push:tun_metadata63[]",        "delete_field:tun_metadata3",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct ofp_actions list = OFP_ACTIONS_INIT, again = OFP_ACTIONS_INIT;
        struct strbuf s = STRBUF_INIT;

        assert_int_equal(ofp_actions_parse(texts[i], NULL, NULL, &list, NULL), 0);
        ofp_actions_encode(&s, OFP15, list.data, list.len);
        assert_int_equal(ofp_actions_decode(OFP15, (uint8_t *)s.data, s.len, NULL, &again), 0);
        assert_true(ofp_actions_equal(&list, &again));
        strbuf_clear(&s);
        ofp_actions_format(&s, again.data, again.len);
        assert_string_equal(strbuf_str(&s), texts[i]);
        strbuf_free(&s);
        ofp_actions_free(&list);
        ofp_actions_free(&again);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_go_as_short_as_they_can),
        cmocka_unit_test(matches_are_equal_when_their_values_are),
        cmocka_unit_test(actions_read_as_they_were_written),
    };

    ofp_tlv_use_numbers();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
