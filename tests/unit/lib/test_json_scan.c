/* lib/json_scan: where an object ends, however the bytes arrive, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lib/json_scan.h"

static struct json_scan scan;
static struct error err;

static enum json_scan_result feed(const char *text, size_t *used)
{
    return json_scan(&scan, text, strlen(text), used, &err);
}

static void object_ends_at_its_closing_bracket(void **state UNUSED)
{
    size_t used;

    json_scan_init(&scan, 1000, 10);
    assert_int_equal(feed("{\"a\":[1,{}]}{\"b\"", &used), JSON_SCAN_END);
    assert_int_equal(used, 12);
    assert_int_equal(feed("{\"b\"", &used), JSON_SCAN_MORE);
    assert_int_equal(feed(":2} ", &used), JSON_SCAN_END);
    assert_int_equal(used, 3);
    assert_int_equal(scan.offset, 19);
}

static void brackets_and_escaped_quotes_in_strings_do_not_count(void **state UNUSED)
{
    const char *text = "{\"a}]\\\"{\\\\\":\"}\"}";
    size_t used;

    json_scan_init(&scan, 1000, 2);
    assert_int_equal(feed(text, &used), JSON_SCAN_END);
    assert_int_equal(used, strlen(text));
}

static void any_cut_gives_the_same_end(void **state UNUSED)
{
    const char *text = "{\"a\\\"b\":[\"}\\\\\",[[{}]]],\"c\":\"\\u007d\"}";
    size_t n = strlen(text), used;

    for (size_t cut = 0; cut <= n; cut++) {
        json_scan_init(&scan, 1000, 10);
        if (cut < n) {
            assert_int_equal(json_scan(&scan, text, cut, &used, &err), JSON_SCAN_MORE);
            assert_int_equal(used, cut);
        }
        assert_int_equal(
            json_scan(&scan, text + (cut < n ? cut : 0), n - (cut < n ? cut : 0), &used, &err),
            JSON_SCAN_END);
        assert_int_equal(scan.offset, n);
    }
}

static void space_is_skipped_only_between_objects(void **state UNUSED)
{
    size_t used;

    json_scan_init(&scan, 1000, 10);
    assert_int_equal(json_scan_space(&scan, " \r\n\t{", 5), 4);
    assert_int_equal(feed("{", &used), JSON_SCAN_MORE);
    assert_int_equal(json_scan_space(&scan, "  ", 2), 0);
}

static void anything_but_an_object_is_refused_with_its_place(void **state UNUSED)
{
    size_t used;

    json_scan_init(&scan, 1000, 10);
    assert_int_equal(feed("{}", &used), JSON_SCAN_END);
    assert_int_equal(feed("[1]", &used), JSON_SCAN_ERROR);
    assert_non_null(strstr(err.text, "byte 2"));
}

static void size_depth_and_count_are_bounded(void **state UNUSED)
{
    size_t used;
    char *many = calloc(1, 40000);

    json_scan_init(&scan, 5, 10);
    assert_int_equal(feed("{\"a\"}", &used), JSON_SCAN_END);
    assert_int_equal(feed("{\"ab\"", &used), JSON_SCAN_MORE);
    assert_int_equal(feed("}", &used), JSON_SCAN_ERROR);
    assert_non_null(strstr(err.text, "longer than 5 bytes"));

    json_scan_init(&scan, 1000, 3);
    assert_int_equal(feed("{[[]]}", &used), JSON_SCAN_END);
    assert_int_equal(feed("{[[[]]]}", &used), JSON_SCAN_ERROR);
    assert_non_null(strstr(err.text, "deeper than 3"));

    json_scan_init(&scan, 10000, 3);
    strcpy(many, "{");
    for (int i = 0; i < 3000; i++) {
        strcat(many, "[]");
    }
    assert_int_equal(feed(many, &used), JSON_SCAN_ERROR);
    assert_non_null(strstr(err.text, "arrays and objects"));
    free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(object_ends_at_its_closing_bracket),
        cmocka_unit_test(brackets_and_escaped_quotes_in_strings_do_not_count),
        cmocka_unit_test(any_cut_gives_the_same_end),
        cmocka_unit_test(space_is_skipped_only_between_objects),
        cmocka_unit_test(anything_but_an_object_is_refused_with_its_place),
        cmocka_unit_test(size_depth_and_count_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
