/* lib/error, lib/strbuf, lib/util, lib/byteorder and lib/hash: what everything else stands on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/byteorder.h"
#include "lib/error.h"
#include "lib/hash.h"
#include "lib/strbuf.h"

static void error_keeps_code_and_text_and_takes_a_context(void **state UNUSED)
{
    struct error err = {0};

    assert_int_equal(error_set(&err, EINVAL, "tag %d", 5000), -EINVAL);
    assert_int_equal(err.code, EINVAL);
    assert_int_equal(error_prefix(&err, "port '%s'", "p"), -EINVAL);
    assert_string_equal(err.text, "port 'p': tag 5000");
    assert_int_equal(error_set_errno(&err, ENOENT, "file"), -ENOENT);
    assert_string_equal(err.text, "file: No such file or directory");
}

static void error_without_a_place_for_text_still_returns_the_code(void **state UNUSED)
{
    assert_int_equal(error_set(NULL, EINVAL, "x"), -EINVAL);
    assert_int_equal(error_set_errno(NULL, ENOENT, "x"), -ENOENT);
    assert_int_equal(error_prefix(NULL, "x"), -EIO);
}

static void error_text_that_is_too_long_is_cut(void **state UNUSED)
{
    struct error err = {0};
    char big[1000];

    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    error_set_errno(&err, EINVAL, "%s", big);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    error_prefix(&err, "%s", big);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

static void strbuf_grows_and_stays_terminated(void **state UNUSED)
{
    struct strbuf s = STRBUF_INIT;
    char *text;

    assert_string_equal(strbuf_str(&s), "");
    strbuf_chop(&s, 5);
    strbuf_clear(&s);
    for (int i = 0; i < 1000; i++) {
        strbuf_printf(&s, "%d,", i);
    }
    strbuf_chop(&s, 1);
    strbuf_putc(&s, '.');
    assert_int_equal(strlen(strbuf_str(&s)), s.len);
    assert_memory_equal(strbuf_str(&s) + s.len - 4, "999.", 5);
    strbuf_chop(&s, SIZE_MAX);
    assert_string_equal(strbuf_str(&s), "");
    strbuf_put(&s, "a\0b", 3);
    assert_int_equal(s.len, 3);
    text = strbuf_steal(&s);
    assert_memory_equal(text, "a\0b", 4);
    free(text);
    assert_int_equal(s.len, 0);
    text = strbuf_steal(&s);
    assert_string_equal(text, "");
    free(text);
    strbuf_free(&s);
}

static void number_is_taken_only_when_all_of_it_is_one_in_range(void **state UNUSED)
{
    static const char *const bad[] = {"",   " 1", "+1",  "-1",    "1 ",
                                      "1x", "0x", "256", "0x100", "99999999999999999999999"};
    uint64_t v = 77;

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        if (parse_u64(bad[i], 255, &v)) {
            fail_msg("'%s' was taken", bad[i]);
        }
    }
    assert_int_equal(v, 77);
    assert_true(parse_u64("255", 255, &v) && v == 255);
    assert_true(parse_u64("0xfF", 255, &v) && v == 255);
    assert_true(parse_u64("010", 255, &v) && v == 10); /* Not octal. */
    assert_true(parse_u64("18446744073709551615", UINT64_MAX, &v) && v == UINT64_MAX);
}

static void byte_order_is_that_of_the_network_at_any_alignment(void **state UNUSED)
{
    static const uint8_t bytes[] = {0xff, 0x12, 0x34, 0x56, 0x78};

    assert_int_equal(be16_get(be16_load(bytes + 1)), 0x1234);
    assert_int_equal(be32_get(be32_load(bytes + 1)), 0x12345678);
    assert_int_equal(be32_get(be32_make(0xdeadbeef)), 0xdeadbeef);
    assert_int_equal(be64_get(be64_make(0x0123456789abcdefULL)), 0x0123456789abcdefULL);
}

static void hash_depends_on_every_byte_length_and_seed(void **state UNUSED)
{
    uint8_t data[33] = {0};
    uint64_t h = hash_bytes(data, sizeof data, 1);

    assert_true(h != hash_bytes(data, sizeof data, 2));
    assert_true(h != hash_bytes(data, sizeof data - 1, 1));
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = 1;
        assert_true(h != hash_bytes(data, sizeof data, 1));
        data[i] = 0;
    }
    assert_true(hash_bytes(NULL, 0, 1) == hash_bytes(data, 0, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_keeps_code_and_text_and_takes_a_context),
        cmocka_unit_test(error_without_a_place_for_text_still_returns_the_code),
        cmocka_unit_test(error_text_that_is_too_long_is_cut),
        cmocka_unit_test(strbuf_grows_and_stays_terminated),
        cmocka_unit_test(number_is_taken_only_when_all_of_it_is_one_in_range),
        cmocka_unit_test(byte_order_is_that_of_the_network_at_any_alignment),
        cmocka_unit_test(hash_depends_on_every_byte_length_and_seed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
