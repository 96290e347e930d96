/* lib/log: what gets into the log, and what cannot. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"

LOG_MODULE(log_test)

static char dir[] = "/tmp/sluice-test-log-XXXXXX";
static char path[64];

static char *read_log(void)
{
    static char text[65536];
    FILE *f = fopen(path, "r");
    size_t n;

    assert_non_null(f);
    n = fread(text, 1, sizeof text - 1, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

static int set_up(void **state UNUSED)
{
    struct error err = {0};

    if (path[0] == '\0') {
        assert_non_null(mkdtemp(dir));
        snprintf(path, sizeof path, "%s/log", dir);
        log_init("prog");
    }
    assert_int_equal(truncate(path, 0), access(path, F_OK));
    assert_int_equal(log_open_file(path, &err), 0);
    assert_int_equal(log_set_levels("info", &err), 0);
    return 0;
}

static int tear_down(void **state UNUSED)
{
    unlink(path);
    return rmdir(dir);
}

static void line_names_time_program_module_and_level(void **state UNUSED)
{
    log_info("hello %d", 5);
    assert_non_null(strstr(read_log(), "Z|prog|log_test|INFO|hello 5\n"));
}

static void level_below_the_threshold_is_left_out(void **state UNUSED)
{
    struct error err = {0};

    log_dbg("invisible");
    assert_null(strstr(read_log(), "invisible"));
    assert_int_equal(log_set_levels("log_test:dbg", &err), 0);
    log_dbg("now seen");
    assert_non_null(strstr(read_log(), "now seen"));
    assert_int_equal(log_set_levels("ANY:file:off", &err), 0);
    log_err("silenced");
    assert_null(strstr(read_log(), "silenced"));
}

static void bad_spec_names_the_word_and_changes_nothing(void **state UNUSED)
{
    struct error err = {0};

    assert_int_equal(log_set_levels("off, nosuch:dbg", &err), -22);
    assert_non_null(strstr(err.text, "nosuch"));
    log_info("still on");
    assert_non_null(strstr(read_log(), "still on"));
    assert_int_equal(log_set_levels("log_test:verbose", &err), -22);
    assert_non_null(strstr(err.text, "verbose"));
}

static void text_from_outside_cannot_forge_a_line(void **state UNUSED)
{
    log_info("name '%s'", "x\n2026-01-01T00:00:00.000Z|prog|log_test|ERR|forged\x1b[2J");
    assert_non_null(strstr(read_log(), "x\\n2026"));
    assert_non_null(strstr(read_log(), "forged\\x1b[2J"));
    assert_null(strchr(strchr(read_log(), '\n') + 1, '\n'));
}

static void overlong_message_is_cut_to_one_line(void **state UNUSED)
{
    char *big = malloc(100001);

    memset(big, '\n', 100000);
    big[100000] = '\0';
    log_info("%s", big);
    assert_true(strlen(read_log()) < 5000);
    assert_int_equal(read_log()[strlen(read_log()) - 1], '\n');
    free(big);
}

static void flood_from_one_place_is_limited(void **state UNUSED)
{
    unsigned int n = 0;

    for (int i = 0; i < 1000; i++) {
        log_warn_limit("flood");
    }
    for (char *p = read_log(); (p = strstr(p, "flood")); p++) {
        n++;
    }
    assert_int_equal(n, 10);
}

static void what_a_limit_left_out_is_said_in_the_next_window(void **state UNUSED)
{
    struct log_limit limit = {
        .window_start_ms = time_now_ms() - 60001, .n_written = 10, .n_left_out = 7};

    assert_true(log_limit_pass(&limit, &this_log_module, LOG_WARN));
    assert_non_null(strstr(read_log(), "7 messages"));
}

static void reopen_follows_a_rotation(void **state UNUSED)
{
    char old[80];
    struct error err = {0};

    snprintf(old, sizeof old, "%s.1", path);
    log_info("first");
    assert_int_equal(rename(path, old), 0);
    assert_int_equal(log_reopen(&err), 0);
    log_info("second");
    assert_non_null(strstr(read_log(), "second"));
    assert_null(strstr(read_log(), "first"));
    unlink(old);
}

static void unwritable_file_is_an_error_that_names_it(void **state UNUSED)
{
    struct error err = {0};

    assert_true(log_open_file("/dev/null/log", &err) < 0);
    assert_non_null(strstr(err.text, "/dev/null/log"));
}

static void list_shows_each_module_once(void **state UNUSED)
{
    struct strbuf s = STRBUF_INIT;
    char *first;

    log_list(&s);
    first = strstr(s.data, "log_test");
    assert_non_null(first);
    assert_null(strstr(first + 1, "log_test"));
    strbuf_free(&s);
}

static void list_has_a_column_for_each_destination(void **state UNUSED)
{
    struct strbuf s = STRBUF_INIT;
    char where[3][8];
    struct error err;

    assert_int_equal(log_set_levels("log_test:warn", &err), 0);
    log_list(&s);
    assert_int_equal(
        sscanf(strstr(s.data, "\nlog_test"), "%*s %7s %7s %7s", where[0], where[1], where[2]), 3);
    assert_string_equal(where[0], "OFF"); /* The tests log to a file. */
    assert_string_equal(where[1], "OFF");
    assert_string_equal(where[2], "WARN");
    strbuf_free(&s);
}

static void places_without_a_log_can_be_switched_off_alone(void **state UNUSED)
{
    struct error err = {0};
    struct strbuf s = STRBUF_INIT;

    assert_int_equal(log_set_levels("log_test:warn", &err), 0);
    assert_int_equal(log_set_levels("ANY:syslog:off", &err), 0);
    assert_int_equal(log_set_levels("console:off", &err), 0);
    log_list(&s);
    assert_non_null(strstr(s.data, "WARN")); /* The file's level stays. */
    strbuf_free(&s);
    assert_int_equal(log_set_levels("log_test:syslog:dbg", &err), -EINVAL);
    assert_non_null(strstr(err.text, "'syslog': use 'file'"));
    assert_int_equal(log_set_levels("console:dbg", &err), -EINVAL);
    assert_non_null(strstr(err.text, "'console': use 'file'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(line_names_time_program_module_and_level, set_up),
        cmocka_unit_test_setup(level_below_the_threshold_is_left_out, set_up),
        cmocka_unit_test_setup(bad_spec_names_the_word_and_changes_nothing, set_up),
        cmocka_unit_test_setup(text_from_outside_cannot_forge_a_line, set_up),
        cmocka_unit_test_setup(overlong_message_is_cut_to_one_line, set_up),
        cmocka_unit_test_setup(flood_from_one_place_is_limited, set_up),
        cmocka_unit_test_setup(what_a_limit_left_out_is_said_in_the_next_window, set_up),
        cmocka_unit_test_setup(reopen_follows_a_rotation, set_up),
        cmocka_unit_test_setup(unwritable_file_is_an_error_that_names_it, set_up),
        cmocka_unit_test_setup(list_shows_each_module_once, set_up),
        cmocka_unit_test_setup(list_has_a_column_for_each_destination, set_up),
        cmocka_unit_test_setup(places_without_a_log_can_be_switched_off_alone, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, tear_down);
}
