/* Errors on the wire: the numbers that Open vSwitch's tools know for each version, and what is
 * quoted of the request. */
#include "ofproto/codec/ofp_error.h"

#include "tests/unit/ofproto/hex.h"

#define NX "00002320"
#define ONF "4f4e4600"

/* By `ovs-ofctl ofp-print` of each. */
static const struct {
    enum ofp_error error;
    uint8_t version;
    const char *name;
    const char *hex; /* Between the header and what is quoted. */
} rows[] = {
    {OFPERR_BRC_BAD_TYPE, OFP10, "OFPBRC_BAD_TYPE", "00010001"},
    {OFPERR_BPC_BAD_VALUE, OFP10, "OFPBPC_BAD_VALUE", "b0c20000" NX "000d0004"},
    {OFPERR_BPC_BAD_VALUE, OFP11, "OFPBPC_BAD_VALUE", "b0c20000" NX "000d0004"},
    {OFPERR_BPC_BAD_VALUE, OFP12, "OFPBPC_BAD_VALUE", "ffff001b" NX},
    {OFPERR_BPC_BAD_VALUE, OFP13, "OFPBPC_BAD_VALUE", "000d0004"},
    {OFPERR_BPC_BAD_VALUE, OFP14, "OFPBPC_BAD_VALUE", "000e0002"},
    {OFPERR_BPC_DUP_TYPE, OFP10, "OFPBPC_DUP_TYPE", "b0c20000" NX "000e0004"},
    {OFPERR_BPC_DUP_TYPE, OFP12, "OFPBPC_DUP_TYPE", "ffff001d" NX},
    {OFPERR_BPC_DUP_TYPE, OFP13, "NXBRC_UNENCODABLE_ERROR", "ffff000a" NX},
    {OFPERR_BPC_DUP_TYPE, OFP15, "OFPBPC_DUP_TYPE", "000e0004"},
    {OFPERR_BIC_DUP_INST, OFP10, "NXBRC_UNENCODABLE_ERROR", "b0c20000" NX "00010209"},
    {OFPERR_BIC_DUP_INST, OFP11, "OFPBIC_DUP_INST", "b0c20000" NX "00030100"},
    {OFPERR_BIC_DUP_INST, OFP13, "OFPBIC_DUP_INST", "ffff0a28" ONF},
    {OFPERR_BIC_DUP_INST, OFP14, "OFPBIC_DUP_INST", "00030009"},
    {OFPERR_FMFC_BAD_FLAGS, OFP10, "OFPFMFC_BAD_FLAGS", "b0c20000" NX "00030102"},
    {OFPERR_FMFC_BAD_FLAGS, OFP11, "OFPFMFC_BAD_FLAGS", "b0c20000" NX "00050102"},
    {OFPERR_FMFC_BAD_FLAGS, OFP13, "OFPFMFC_BAD_FLAGS", "00050007"},
    {OFPERR_GMFC_CHAINED_GROUP, OFP10, "OFPGMFC_CHAINED_GROUP", "b0c20000" NX "00060009"},
    {OFPERR_GMFC_CHAINED_GROUP, OFP11, "NXBRC_UNENCODABLE_ERROR", "b0c20000" NX "00010209"},
    {OFPERR_GMFC_CHAINED_GROUP, OFP12, "OFPGMFC_CHAINED_GROUP", "00060009"},
    {OFPERR_GMFC_UNKNOWN_BUCKET, OFP14, "NXBRC_UNENCODABLE_ERROR", "ffff000a" NX},
    {OFPERR_GMFC_UNKNOWN_BUCKET, OFP15, "OFPGMFC_UNKNOWN_BUCKET", "0006000f"},
    {OFPERR_MMFC_INVALID_METER, OFP12, "NXBRC_UNENCODABLE_ERROR", "ffff000a" NX},
    {OFPERR_MMFC_INVALID_METER, OFP13, "OFPMMFC_INVALID_METER", "000c0002"},
    {OFPERR_MOFC_BAD_FLAGS, OFP10, "OFPMOFC_BAD_FLAGS", "b0c20000" NX "00010206"},
    {OFPERR_MOFC_BAD_FLAGS, OFP13, "OFPMOFC_BAD_FLAGS", "ffff0007" NX},
    {OFPERR_MOFC_BAD_FLAGS, OFP14, "OFPMOFC_BAD_FLAGS", "00100005"},
    {OFPERR_BFC_BAD_ID, OFP13, "OFPBFC_BAD_ID", "ffff08fe" ONF},
    {OFPERR_BFC_BAD_ID, OFP14, "OFPBFC_BAD_ID", "00110002"},
};

static void errors_have_the_numbers_of_their_version(void **state)
{
    const uint8_t request[12] = {OFP13, OFPT_HELLO, 0, 12, 0, 0, 0, 5, 1, 2, 3, 4};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        uint8_t want[64];
        size_t n = from_hex(rows[i].hex, want);
        bool is_vendors = want[0] == 0xb0;
        const uint8_t *numbers = want + (is_vendors ? 8 : 0);
        struct strbuf s = STRBUF_INIT;
        const char *name;

        ofp_error_encode(&s, rows[i].version, rows[i].error, request, sizeof request);
        assert_int_equal(s.len, OFP_HEADER_LEN + n + sizeof request);
        assert_memory_equal(s.data + OFP_HEADER_LEN, want, n);
        assert_memory_equal(s.data + OFP_HEADER_LEN + n, request, sizeof request);
        assert_int_equal(wire_get32((const uint8_t *)s.data + 4), 5);
        name = ofp_error_find(rows[i].version, wire_get16(numbers), wire_get16(numbers + 2));
        assert_non_null(name);
        assert_string_equal(name, rows[i].name);
        strbuf_free(&s);
    }
}

static void the_request_is_quoted_whole_where_it_fits(void **state)
{
    uint8_t request[UINT16_MAX] = {OFP13, OFPT_VENDOR, 0xff, 0xff};
    struct strbuf s = STRBUF_INIT;

    (void)state;
    memset(request + OFP_HEADER_LEN, 7, sizeof request - OFP_HEADER_LEN);
    ofp_error_encode(&s, OFP13, OFPERR_BRC_BAD_VENDOR, request, 5000);
    assert_int_equal(s.len, 5012);
    assert_memory_equal(s.data + 12, request, 5000);
    strbuf_free(&s);
    ofp_error_encode(&s, OFP13, OFPERR_BRC_BAD_VENDOR, request, sizeof request);
    assert_int_equal(s.len, UINT16_MAX);
    assert_int_equal(wire_get16((const uint8_t *)s.data + 2), UINT16_MAX);
    strbuf_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_have_the_numbers_of_their_version),
        cmocka_unit_test(the_request_is_quoted_whole_where_it_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
