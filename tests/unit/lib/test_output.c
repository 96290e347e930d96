/* Output of programs: what is told, and what ends a program without a word. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/output.h"
#include "lib/util.h"

/* Waits for a child that printed to 'fd': 100 when its output went, 101 when it could not be
 * written and the error says so. */
static int printed_to(int fd)
{
    pid_t pid = fork();
    int status = -1;

    if (!pid) {
        struct error err = {0};

        signal(SIGPIPE, SIG_IGN);
        dup2(fd, STDOUT_FILENO);
        for (int i = 0; i < 10000; i++) {
            puts("more than stdio keeps to itself");
        }
        errno = 0;
        if (!output_flush(&err)) {
            _exit(100);
        }
        _exit(strstr(err.text, "cannot write the output: ") ? 101 : 102);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void test_what_cannot_be_written_is_an_error(void **state UNUSED)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    int status = printed_to(full);

    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 101);
    status = printed_to(null);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 100);
    close(full);
    close(null);
}

static void test_a_reader_that_left_ends_the_program_as_any_other(void **state UNUSED)
{
    int ends[2], status;

    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    status = printed_to(ends[1]);
    close(ends[1]);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGPIPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_cannot_be_written_is_an_error),
        cmocka_unit_test(test_a_reader_that_left_ends_the_program_as_any_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
