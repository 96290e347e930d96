/* The registry of cached flows: numbers, lookups by id, shared masks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vswitchd/upcall/flow_table.h"

static struct flow_key key_of(uint32_t nw_src)
{
    struct flow_key key;

    memset(&key, 0, sizeof key);
    key.lines = 1u << FLOW_LINE_BASE;
    key.in_port = 1;
    key.nw_src = be32_make(nw_src);
    return key;
}

static struct flow_mask mask_of(uint32_t nw_src)
{
    struct flow_mask mask;

    flow_mask_init(&mask);
    FLOW_MASK_FIELD(&mask, in_port);
    mask.bits.nw_src = be32_make(nw_src);
    flow_mask_seal(&mask);
    return mask;
}

static void flow_is_found_by_any_key_under_its_mask(void **state)
{
    struct flow_table t;
    struct flow_key a = key_of(0x0a000001), b = key_of(0x0a0000ff), c = key_of(0x0b000001);
    struct flow_mask mask = mask_of(0xff000000), other = mask_of(0xffff0000);
    struct cached_flow *f;

    (void)state;
    flow_table_init(&t);
    f = flow_table_add(&t, &a, &mask, 1);
    assert_ptr_equal(flow_table_find(&t, &b, &mask), f);
    assert_null(flow_table_find(&t, &c, &mask));
    assert_null(flow_table_find(&t, &a, &other));
    flow_table_clear(&t);
}

static void lines_that_are_absent_do_not_tell_masks_apart(void **state)
{
    struct flow_table t;
    struct flow_key a = key_of(1);
    struct flow_mask m = mask_of(0xffffffff), dirty = m;

    (void)state;
    /* What is in a line that is not present may not be read. */
    memset(&dirty.bits.u64[FLOW_LINE_WORDS], 0x5a, 64);
    flow_table_init(&t);
    flow_table_add(&t, &a, &m, 1);
    assert_non_null(flow_table_find(&t, &a, &dirty));
    assert_int_equal(flow_table_n_masks(&t), 1);
    flow_table_clear(&t);
}

static void number_is_free_again_when_the_flow_is_removed(void **state)
{
    struct flow_table t;
    struct flow_key a = key_of(1), b = key_of(2), c = key_of(3);
    struct flow_mask mask = mask_of(0xffffffff);
    struct cached_flow *f, *g;

    (void)state;
    flow_table_init(&t);
    f = flow_table_add(&t, &a, &mask, 1);
    g = flow_table_add(&t, &b, &mask, 1);
    assert_int_equal(f->flow_no, 0);
    assert_int_equal(g->flow_no, 1);
    flow_table_start_delete(&t, f);
    assert_int_equal(flow_table_count(&t), 1);
    assert_null(flow_table_find(&t, &a, &mask));
    assert_int_equal(flow_table_add(&t, &c, &mask, 1)->flow_no, 2);
    flow_table_remove(&t, f);
    assert_int_equal(flow_table_add(&t, &a, &mask, 1)->flow_no, 0);
    flow_table_clear(&t);
    assert_int_equal(t.n, 0);
}

static void newer_flow_of_the_same_id_is_the_one_found(void **state)
{
    struct flow_table t;
    struct flow_key a = key_of(0x0a000001), b = key_of(0x0a000002);
    struct flow_mask mask = mask_of(0xff000000);
    struct cached_flow *f, *g;

    (void)state;
    flow_table_init(&t);
    f = flow_table_add(&t, &a, &mask, 1);
    g = flow_table_add(&t, &b, &mask, 2);
    assert_ptr_equal(flow_table_find(&t, &a, &mask), g);
    flow_table_start_delete(&t, f);
    flow_table_remove(&t, f);
    assert_ptr_equal(flow_table_find(&t, &a, &mask), g);
    assert_int_equal(flow_table_n_masks(&t), 1);
    flow_table_start_delete(&t, g);
    flow_table_remove(&t, g);
    assert_int_equal(flow_table_n_masks(&t), 0);
    flow_table_clear(&t);
}

static void gaps_between_adopted_numbers_are_used(void **state)
{
    struct flow_table t;
    struct flow_mask mask = mask_of(0xffffffff);
    struct flow_key k[6];

    (void)state;
    for (uint32_t i = 0; i < 6; i++) {
        k[i] = key_of(i);
    }
    flow_table_init(&t);
    assert_non_null(flow_table_adopt(&t, 3, &k[0], &mask, 1));
    assert_non_null(flow_table_adopt(&t, 1, &k[1], &mask, 1));
    assert_null(flow_table_adopt(&t, 3, &k[2], &mask, 1));
    assert_null(flow_table_adopt(&t, DP_MAX_FLOWS, &k[2], &mask, 1));
    flow_table_adopted(&t);
    assert_int_equal(flow_table_add(&t, &k[3], &mask, 1)->flow_no, 0);
    assert_int_equal(flow_table_add(&t, &k[4], &mask, 1)->flow_no, 2);
    assert_int_equal(flow_table_add(&t, &k[5], &mask, 1)->flow_no, 4);
    flow_table_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flow_is_found_by_any_key_under_its_mask),
        cmocka_unit_test(lines_that_are_absent_do_not_tell_masks_apart),
        cmocka_unit_test(number_is_free_again_when_the_flow_is_removed),
        cmocka_unit_test(newer_flow_of_the_same_id_is_the_one_found),
        cmocka_unit_test(gaps_between_adopted_numbers_are_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
