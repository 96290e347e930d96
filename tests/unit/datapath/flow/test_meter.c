/* Unit tests of meters' arithmetic: rates and bursts are what was asked for, from one packet a
 * second to the largest numbers there are, and bad configurations are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "datapath/flow/meter.h"
#include "lib/strbuf.h"
#include "lib/util.h"

#define SECOND (UINT64_C(1000000000) * METER_TICKS_PER_NS)

static struct dp_meter one_band(bool in_packets, uint32_t rate, uint32_t burst)
{
    struct dp_meter m = {.in_packets = in_packets,
                         .n_bands = 1,
                         .band = {{.type = DP_BAND_DROP, .rate = rate, .burst = burst}}};
    return m;
}

/* How many of 'n' packets of 'units' pass at once. */
static unsigned int take_all(uint64_t *bucket, const struct meter_rate *rate, uint64_t units,
                             uint64_t now, unsigned int n)
{
    unsigned int passed = 0;

    for (unsigned int i = 0; i < n; i++) {
        passed += meter_take(bucket, rate, units, now);
    }
    return passed;
}

static void a_full_bucket_lets_its_burst_pass(void **state UNUSED)
{
    struct dp_meter m = one_band(true, 1, 50);
    struct meter_rate rate = meter_rate(&m, 0);
    uint64_t bucket = 0;

    assert_int_equal(take_all(&bucket, &rate, 1, METER_TIME_ZERO, 100), 50);
    assert_int_equal(take_all(&bucket, &rate, 1, METER_TIME_ZERO + SECOND / 2, 100), 0);
    assert_int_equal(take_all(&bucket, &rate, 1, METER_TIME_ZERO + SECOND, 100), 1);
    assert_int_equal(take_all(&bucket, &rate, 1, METER_TIME_ZERO + 3 * SECOND, 100), 2);
    /* It never holds more than its burst. */
    assert_int_equal(take_all(&bucket, &rate, 1, METER_TIME_ZERO + 1000 * SECOND, 100), 50);
}

static void without_a_burst_it_is_a_second(void **state UNUSED)
{
    struct dp_meter m = one_band(true, 1000, 0);
    struct meter_rate rate = meter_rate(&m, 0);
    uint64_t bucket = 0;

    assert_int_equal(take_all(&bucket, &rate, 1, METER_TIME_ZERO, 5000), 1000);
}

static void kilobits_are_thousand_bits(void **state UNUSED)
{
    struct dp_meter m = one_band(false, 1000, 100); /* 1 Mbit/s; 12500 bytes. */
    struct meter_rate rate = meter_rate(&m, 0);
    uint64_t bucket = 0;

    assert_int_equal(take_all(&bucket, &rate, 1000 * 8, METER_TIME_ZERO, 100), 12);
    assert_true(meter_take(&bucket, &rate, 500 * 8, METER_TIME_ZERO));
    assert_false(meter_take(&bucket, &rate, 8, METER_TIME_ZERO));
    /* 8 ms are 8000 bits are 1000 bytes. */
    assert_int_equal(take_all(&bucket, &rate, 1000 * 8, METER_TIME_ZERO + SECOND / 1000 * 8, 100),
                     1);
}

/* Packets that arrive in a steady stream of twice the rate. */
static void half_of_twice_the_rate_passes(void **state UNUSED)
{
    static const uint32_t rates[] = {1, 7, 1000, 999983, 10000000};

    for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
        struct dp_meter m = one_band(true, rates[i], 1);
        struct meter_rate rate = meter_rate(&m, 0);
        uint64_t bucket = 0, now = METER_TIME_ZERO, passed = 0;

        for (unsigned int n = 0; n < 20000; n++) {
            now = METER_TIME_ZERO + (uint64_t)((unsigned __int128)n * SECOND / (2 * rates[i]));
            passed += meter_take(&bucket, &rate, 1, now);
        }
        assert_in_range(passed, 9900, 10100);
    }
}

static void the_largest_numbers_do_not_wrap(void **state UNUSED)
{
    struct dp_meter big = one_band(false, 1, UINT32_MAX), fast = one_band(false, UINT32_MAX, 1);
    struct meter_rate rate = meter_rate(&big, 0);
    uint64_t bucket = 0;

    assert_int_equal(take_all(&bucket, &rate, 65535 * 8, METER_TIME_ZERO, 1000), 1000);
    rate = meter_rate(&fast, 0);
    bucket = 0;
    assert_true(meter_take(&bucket, &rate, 1000, METER_TIME_ZERO));
    assert_false(meter_take(&bucket, &rate, 65535 * 8, METER_TIME_ZERO));
    assert_true(meter_take(&bucket, &rate, 1000, METER_TIME_ZERO + SECOND));
}

static void only_drop_precedence_is_remarked(void **state UNUSED)
{
    assert_int_equal(meter_remark(10, 1), 12); /* AF11 to AF12. */
    assert_int_equal(meter_remark(10, 2), 14);
    assert_int_equal(meter_remark(34, 255), 38); /* AF41 to AF43, and no further. */
    assert_int_equal(meter_remark(38, 1), 38);
    assert_int_equal(meter_remark(10, 0), 10);
    assert_int_equal(meter_remark(0, 1), 0);   /* Best effort. */
    assert_int_equal(meter_remark(46, 1), 46); /* EF. */
    assert_int_equal(meter_remark(8, 1), 8);   /* CS1. */
    assert_int_equal(meter_remark(11, 1), 11); /* Of no pool that is standardised. */
    for (unsigned int dscp = 0; dscp < 64; dscp++) {
        assert_in_range(meter_remark((uint8_t)dscp, 1), dscp, dscp + 2);
    }
}

static void bad_configurations_are_refused(void **state UNUSED)
{
    struct dp_meter good = one_band(false, 1, 0), m;
    struct error err;

    assert_int_equal(dp_meter_validate(&good, &err), 0);
#define REFUSED(CHANGE)                                                                            \
    m = good;                                                                                      \
    CHANGE;                                                                                        \
    assert_int_equal(dp_meter_validate(&m, &err), -22)
    REFUSED(m.in_packets = 2);
    REFUSED(m.zero[1] = 1);
    REFUSED(m.n_bands = 9);
    REFUSED(m.n_bands = 2);
    REFUSED(m.n_bands = 0);
    REFUSED(m.band[0].type = 0);
    REFUSED(m.band[0].type = DP_N_BAND_TYPES);
    REFUSED(m.band[0].rate = 0);
    REFUSED(m.band[0].prec_level = 1);
    REFUSED(m.band[0].zero[0] = 1);
    REFUSED(m.band[7].burst = 1);
    memset(&m, 0, sizeof m);
    assert_int_equal(dp_meter_validate(&m, &err), 0); /* It counts. */
}

static void it_is_shown(void **state UNUSED)
{
    struct dp_meter m = one_band(true, 10, 0);
    struct strbuf s = STRBUF_INIT;

    m.n_bands = 2;
    m.band[1] = (struct dp_band){
        .type = DP_BAND_DSCP_REMARK, .rate = 5, .burst = 7, .prec_level = 1};
    dp_meter_format(&s, &m);
    assert_string_equal(strbuf_str(&s), "pktps bands=drop(rate=10,burst=10),"
                                        "dscp_remark(rate=5,burst=7,prec_level=1)");
    strbuf_free(&s);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_bucket_lets_its_burst_pass),
        cmocka_unit_test(without_a_burst_it_is_a_second),
        cmocka_unit_test(kilobits_are_thousand_bits),
        cmocka_unit_test(half_of_twice_the_rate_passes),
        cmocka_unit_test(the_largest_numbers_do_not_wrap),
        cmocka_unit_test(only_drop_precedence_is_remarked),
        cmocka_unit_test(bad_configurations_are_refused),
        cmocka_unit_test(it_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
