/* Counters of events: totals and rates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/coverage.h"

COVERAGE(test_often)
COVERAGE(test_never)
COVERAGE(another_test)

static void assert_line(const char *name, const char *expected)
{
    struct strbuf s = STRBUF_INIT;
    const char *line;
    double five, minute, hour;
    unsigned long total;
    char shown[128];

    coverage_show(&s);
    line = strstr(s.data, name);
    assert_non_null(line);
    assert_int_equal(sscanf(line + strlen(name), " %lf/sec %lf/sec %lf/sec total: %lu", &five,
                            &minute, &hour, &total),
                     4);
    snprintf(shown, sizeof shown, "%.1f %.3f %.4f %lu", five, minute, hour, total);
    assert_string_equal(shown, expected);
    strbuf_free(&s);
}

static void rates_are_averages_of_whole_slots(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        coverage_hit(test_often);
    }
    assert_line("test_often", "0.0 0.000 0.0000 10"); /* The slot goes on. */
    coverage_turn();
    assert_line("test_often", "2.0 0.167 0.0028 10");
    coverage_turn();
    assert_line("test_often", "0.0 0.167 0.0028 10");
    for (int i = 0; i < 11; i++) {
        coverage_turn();
    }
    assert_line("test_often", "0.0 0.000 0.0028 10");
    for (int i = 0; i < COVERAGE_SLOTS; i++) {
        coverage_turn();
    }
    assert_line("test_often", "0.0 0.000 0.0000 10");
}

static void events_are_sorted_and_those_that_never_were_are_counted(void **state)
{
    struct strbuf s = STRBUF_INIT;

    (void)state;
    coverage_hit(another_test);
    coverage_show(&s);
    assert_true(strstr(s.data, "another_test") < strstr(s.data, "test_often"));
    assert_null(strstr(s.data, "test_never"));
    assert_non_null(strstr(s.data, "1 events never hit\n"));
    strbuf_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_are_averages_of_whole_slots),
        cmocka_unit_test(events_are_sorted_and_those_that_never_were_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
