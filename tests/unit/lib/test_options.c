/* lib/options: parsing in a child process, because it exits on errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/options.h"

static const char *rundir, *level;
static bool flag;
static int n_each;
static const char *last_each;

static void count(const char *value, void *aux)
{
    ++*(int *)aux;
    last_each = value;
}

static const struct option_def defs[] = {
    {"rundir", 0, "DIR",
     "run directory, about which so much can be said that it does not go into a line of eighty",
     .value = &rundir},
    {"level", 'v', "SPEC", "levels", .value = &level},
    {"quiet", 'q', NULL, "say less", .flag = &flag},
    {"remote", 'r', "NAME", "a remote", .each = count, .aux = &n_each},
    {NULL},
};

static int parse(int argc, const char *argv[])
{
    rundir = level = last_each = NULL;
    flag = false;
    n_each = 0;
    return options_parse(argc, (char **)argv, "prog", "[OPTION]...", "Tests.", defs);
}
#define PARSE(...) parse(ARRAY_SIZE(((const char *[]){__VA_ARGS__})), (const char *[]){__VA_ARGS__})

/* Exit code of parsing in a child; what it printed is in 'output'. */
static char output[4096];
static int run_child(int argc, const char *argv[])
{
    int fds[2], status;
    size_t len = 0;
    ssize_t n;
    pid_t pid;

    assert_int_equal(pipe(fds), 0);
    fflush(NULL);
    pid = fork();
    if (!pid) {
        dup2(fds[1], 1);
        dup2(fds[1], 2);
        parse(argc, argv);
        _exit(99);
    }
    close(fds[1]);
    while ((n = read(fds[0], output + len, sizeof output - 1 - len)) > 0) {
        len += (size_t)n;
    }
    output[len] = '\0';
    close(fds[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WEXITSTATUS(status);
}
#define CHILD(...)                                                                                 \
    run_child(ARRAY_SIZE(((const char *[]){__VA_ARGS__})), (const char *[]){__VA_ARGS__})

static void long_and_short_forms_give_values(void **state UNUSED)
{
    assert_int_equal(PARSE("prog", "--rundir=/a", "-vdbg", "-q", "rest"), 4);
    assert_string_equal(rundir, "/a");
    assert_string_equal(level, "dbg");
    assert_true(flag);
    assert_int_equal(PARSE("prog", "--rundir", "/b", "-qv", "info"), 5);
    assert_string_equal(rundir, "/b");
    assert_string_equal(level, "info");
    assert_int_equal(PARSE("prog", "--rundir="), 2);
    assert_string_equal(rundir, "");
}

static void repeated_option_calls_each_time_and_last_value_wins(void **state UNUSED)
{
    PARSE("prog", "-r", "a", "--remote=b", "--level", "x", "--level", "y");
    assert_int_equal(n_each, 2);
    assert_string_equal(last_each, "b");
    assert_string_equal(level, "y");
}

static void options_end_at_first_word_or_two_dashes(void **state UNUSED)
{
    assert_int_equal(PARSE("prog", "cmd", "--rundir=/a"), 1);
    assert_null(rundir);
    assert_int_equal(PARSE("prog", "--", "--rundir=/a"), 2);
    assert_null(rundir);
    assert_int_equal(PARSE("prog", "-"), 1);
}

static void unknown_option_is_named_and_exits_with_1(void **state UNUSED)
{
    assert_int_equal(CHILD("prog", "--nosuch"), 1);
    assert_non_null(strstr(output, "'--nosuch'"));
    assert_non_null(strstr(output, "--help"));
    assert_int_equal(CHILD("prog", "--rund"), 1); /* No abbreviations: they would break later. */
    assert_int_equal(CHILD("prog", "-qx"), 1);
    assert_non_null(strstr(output, "'-x'"));
}

static void missing_or_unwanted_value_exits_with_1(void **state UNUSED)
{
    assert_int_equal(CHILD("prog", "--rundir"), 1);
    assert_non_null(strstr(output, "needs a value (DIR)"));
    assert_int_equal(CHILD("prog", "--quiet=yes"), 1);
    assert_non_null(strstr(output, "takes no value"));
}

static void help_lists_every_option_and_exits_with_0(void **state UNUSED)
{
    assert_int_equal(CHILD("prog", "--help"), 0);
    assert_non_null(strstr(output, "Usage: prog [OPTION]..."));
    assert_non_null(strstr(output, "--rundir=DIR"));
    assert_non_null(strstr(output, "-q, --quiet"));
    assert_non_null(strstr(output, "\n                               "));
    assert_int_equal(CHILD("prog", "-V"), 0);
    assert_non_null(strstr(output, SLUICE_VERSION));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_and_short_forms_give_values),
        cmocka_unit_test(repeated_option_calls_each_time_and_last_value_wins),
        cmocka_unit_test(options_end_at_first_word_or_two_dashes),
        cmocka_unit_test(unknown_option_is_named_and_exits_with_1),
        cmocka_unit_test(missing_or_unwanted_value_exits_with_1),
        cmocka_unit_test(help_lists_every_option_and_exits_with_0),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
