/* Unit tests of datapath/flow/key.c: the canonical form and the lines that are not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "datapath/flow/key.h"

/* A key of the given lines; lines that are not there are full of rubbish, which nobody may read. */
static void make_key(struct flow_key *key, uint8_t lines, uint8_t fill)
{
    memset(key, 0xa5, sizeof *key);
    for (unsigned int l = 0; l < FLOW_N_LINES; l++) {
        if (lines & (1u << l)) {
            memset(&key->u64[l * FLOW_LINE_WORDS], fill, 64);
        }
    }
    key->lines = lines;
    key->ipv6_exthdr = 0;
}

static void absent_lines_are_not_compared(void **state UNUSED)
{
    struct flow_key a, b;

    make_key(&a, 1, 7);
    make_key(&b, 1, 7);
    b.ipv6_src[0] ^= 1;
    assert_true(flow_key_equal(&a, &b));
    b.nw_src ^= 1;
    assert_false(flow_key_equal(&a, &b));
    make_key(&b, 3, 7);
    assert_false(flow_key_equal(&a, &b));
}

static void a_copy_zeroes_absent_lines(void **state UNUSED)
{
    static const uint8_t zeros[64];
    struct flow_key a, b;

    make_key(&a, 1, 7);
    flow_key_copy(&b, &a);
    assert_memory_equal(&b, &a, 64);
    assert_memory_equal(&b.u64[8], zeros, 64);
}

static void a_masked_key_has_the_lines_of_both(void **state UNUSED)
{
    struct flow_mask mask;
    struct flow_key key, masked;

    flow_mask_init(&mask);
    FLOW_MASK_FIELD(&mask, nw_dst);
    mask.bits.lines = 0xff; /* Not a field: must not survive sealing. */
    flow_mask_seal(&mask);
    assert_int_equal(mask.lines, 1);
    assert_int_equal(mask.bits.lines, 0);

    make_key(&key, 3, 0x11);
    flow_key_mask(&masked, &key, &mask);
    assert_int_equal(masked.lines, 1);
    assert_int_equal(masked.nw_dst, 0x11111111);
    assert_int_equal(masked.nw_src, 0);
    assert_int_equal(masked.u64[8], 0);

    FLOW_MASK_FIELD(&mask, nd_target);
    flow_mask_seal(&mask);
    make_key(&key, 1, 0x11); /* The key lacks line 1. */
    flow_key_mask(&masked, &key, &mask);
    assert_int_equal(masked.lines, 1);
    assert_int_equal(masked.u64[12], 0);
}

static void an_exact_mask_leaves_out_what_is_no_field(void **state UNUSED)
{
    struct flow_mask mask;

    flow_mask_exact(&mask, 1);
    assert_int_equal(mask.lines, 1);
    assert_int_equal(mask.bits.lines, 0);
    assert_int_equal(mask.bits.ipv6_exthdr, be16_make(FLOW_EXTHDR_ALL));
    assert_int_equal(mask.bits.dp_hash, UINT32_MAX);
    assert_int_equal(mask.bits.u64[8], 0);
}

static void subsets_go_by_bits_not_by_lines(void **state UNUSED)
{
    struct flow_mask none, wide, fine, exact;

    flow_mask_init(&none);
    flow_mask_init(&wide);
    FLOW_MASK_FIELD(&wide, in_port);
    flow_mask_seal(&wide);
    flow_mask_init(&fine);
    FLOW_MASK_FIELD(&fine, in_port);
    FLOW_MASK_FIELD(&fine, ipv6_dst);
    flow_mask_seal(&fine);
    flow_mask_exact(&exact, 3);

    assert_true(flow_mask_is_subset(&none, &wide));
    assert_true(flow_mask_is_subset(&wide, &wide));
    assert_true(flow_mask_is_subset(&wide, &fine));
    assert_false(flow_mask_is_subset(&fine, &wide));
    assert_true(flow_mask_is_subset(&fine, &exact));
    assert_false(flow_mask_is_subset(&exact, &fine));
    assert_true(flow_mask_equal(&fine, &fine));
    assert_false(flow_mask_equal(&fine, &wide));
}

static void or_does_not_read_lines_that_dst_lacks(void **state UNUSED)
{
    struct flow_mask a, b;

    memset(&a, 0x5a, sizeof a);
    memset(&a.bits, 0, 64);
    FLOW_MASK_FIELD(&a, nw_src);
    a.lines = 1;
    flow_mask_init(&b);
    FLOW_MASK_FIELD(&b, ipv6_label);
    flow_mask_seal(&b);
    flow_mask_or(&a, &b);
    assert_int_equal(a.lines, 3);
    assert_int_equal(a.bits.nw_src, UINT32_MAX);
    assert_int_equal(a.bits.ipv6_label, UINT32_MAX);
    assert_int_equal(a.bits.u64[8], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absent_lines_are_not_compared),
        cmocka_unit_test(a_copy_zeroes_absent_lines),
        cmocka_unit_test(a_masked_key_has_the_lines_of_both),
        cmocka_unit_test(an_exact_mask_leaves_out_what_is_no_field),
        cmocka_unit_test(subsets_go_by_bits_not_by_lines),
        cmocka_unit_test(or_does_not_read_lines_that_dst_lacks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
