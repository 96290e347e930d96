/* utilities/sluice/fdstore and notify's parser. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "utilities/sluice/closer.h"
#include "utilities/sluice/fdstore.h"
#include "utilities/sluice/notify.h"
#include "utilities/sluice/program.h"

static int some_fd(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void same_file_is_kept_once_and_another_twice(void **state UNUSED)
{
    struct fdstore s = {0};
    int fd = some_fd();

    assert_int_equal(fdstore_add(&s, "a", dup(fd), NULL), 0);
    assert_int_equal(fdstore_add(&s, "a", fd, NULL), 0);
    assert_int_equal(s.n, 1);
    assert_int_equal(fcntl(fd, F_GETFD), -1); /* Taken over, and closed. */
    assert_int_equal(fdstore_add(&s, "a", some_fd(), NULL), 0);
    assert_int_equal(s.n, 2);
    fdstore_clear(&s);
}

static void removing_a_name_closes_all_of_it_and_nothing_else(void **state UNUSED)
{
    struct fdstore s = {0};
    int a = some_fd(), b = some_fd(), c = some_fd();

    fdstore_add(&s, "x", a, NULL);
    fdstore_add(&s, "y", b, NULL);
    fdstore_add(&s, "x", c, NULL);
    fdstore_remove(&s, "x");
    closer_wait();
    assert_int_equal(s.n, 1);
    assert_int_equal(fcntl(a, F_GETFD), -1);
    assert_int_equal(fcntl(c, F_GETFD), -1);
    assert_int_not_equal(fcntl(b, F_GETFD), -1);
    fdstore_remove(&s, "nosuch");
    fdstore_clear(&s);
    assert_int_equal(fcntl(b, F_GETFD), -1);
    assert_int_equal(s.names_len, 0);
}

static void names_that_would_break_the_environment_are_refused(void **state UNUSED)
{
    static const char *const bad[] = {"", "a:b", "a b", "a\nb", "\x7f"};
    struct fdstore s = {0};

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_int_equal(fdstore_add(&s, bad[i], some_fd(), NULL), -EINVAL);
    }
    assert_int_equal(s.n, 0);
    fdstore_clear(&s);
}

static void store_is_bounded_by_the_length_of_all_names(void **state UNUSED)
{
    struct fdstore s = {0};
    struct error err = {0};
    char name[256];
    int i, error = 0;

    for (i = 0; i < 600 && !error; i++) {
        snprintf(name, sizeof name, "%0254d", i);
        error = fdstore_add(&s, name, some_fd(), &err);
    }
    assert_int_equal(error, -ENOSPC);
    assert_true(s.names_len <= FDSTORE_MAX_NAMES);
    assert_non_null(strstr(err.text, "will not survive"));
    fdstore_clear(&s);
}

static void child_gets_them_from_3_on_in_order(void **state UNUSED)
{
    struct fdstore s = {0};
    int status, fds[2];
    pid_t child;

    assert_int_equal(pipe(fds), 0);
    fdstore_add(&s, "read", fds[0], NULL);
    fdstore_add(&s, "null", some_fd(), NULL);
    fdstore_add(&s, "write", fds[1], NULL);
    fflush(NULL);
    child = fork();
    if (!child) {
        bool ok = !fdstore_hand_over(&s) && !strcmp(getenv("LISTEN_FDS"), "3") &&
                  !strcmp(getenv("LISTEN_FDNAMES"), "read:null:write") &&
                  atoi(getenv("LISTEN_PID")) == getpid() && !(fcntl(3, F_GETFD) & FD_CLOEXEC) &&
                  !(fcntl(5, F_GETFD) & FD_CLOEXEC);
        char c = 0;

        ok = ok && write(5, "x", 1) == 1 && read(3, &c, 1) == 1 && c == 'x';
        _exit(!ok);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    fdstore_clear(&s);
}

static void message_is_read_line_by_line(void **state UNUSED)
{
    char text[] = "STATUS=x\nFDSTORE=1\nFDNAME=tap.a.0\nFDPOLL=0\nREADY=1";
    char empty[] = "", wrong[] = "READY=10\nREADY\nFDSTORE=11\n=\n\n";
    struct notify_msg m = {0};

    notify_parse(text, &m);
    assert_true(m.ready && m.store && !m.remove);
    assert_string_equal(m.fd_name, "tap.a.0");
    m = (struct notify_msg){0};
    notify_parse(empty, &m);
    notify_parse(wrong, &m);
    assert_false(m.ready || m.store || m.remove);
    assert_null(m.fd_name);
}

static void restart_is_at_once_first_and_then_slower_up_to_a_bound(void **state UNUSED)
{
    struct program p = {.state = PROGRAM_READY, .started_ms = time_now_ms()};
    unsigned int last = 0;

    program_ended(&p, 9);
    assert_string_equal(p.last_end, "killed by signal 9 (Killed)");
    assert_int_equal(program_backoff_ms(&p), 0);
    for (int i = 0; i < 40; i++) {
        program_ended(&p, 0x300);
        assert_true(program_backoff_ms(&p) > last || last == 4000);
        last = program_backoff_ms(&p);
    }
    assert_int_equal(last, 4000);
    assert_string_equal(p.last_end, "exited with code 3");

    p.state = PROGRAM_READY; /* It was well for a while. */
    p.started_ms = time_now_ms() - 60000;
    program_ended(&p, 9);
    assert_int_equal(program_backoff_ms(&p), 0);
}

static void log_tail_is_the_present_processs_last_lines(void **state UNUSED)
{
    char path[] = "/tmp/sluice-test-tail-XXXXXX";
    struct program p = {.log_path = path};
    struct strbuf s = STRBUF_INIT;
    FILE *f = fdopen(mkstemp(path), "w");

    fprintf(f, "of the past\n");
    fflush(f);
    p.log_offset = 12;
    program_log_tail(&p, "  ", &s);
    assert_string_equal(strbuf_str(&s), "");
    fprintf(f, "one\ntwo\n");
    fflush(f);
    program_log_tail(&p, "  ", &s);
    assert_string_equal(strbuf_str(&s), "  one\n  two\n");
    strbuf_clear(&s);
    for (int i = 0; i < 1000; i++) {
        fprintf(f, "line %d\n", i);
    }
    fclose(f);
    program_log_tail(&p, "", &s);
    assert_memory_equal(strbuf_str(&s), "line 988\n", 9);
    assert_non_null(strstr(strbuf_str(&s), "line 999\n"));
    strbuf_free(&s);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_file_is_kept_once_and_another_twice),
        cmocka_unit_test(removing_a_name_closes_all_of_it_and_nothing_else),
        cmocka_unit_test(names_that_would_break_the_environment_are_refused),
        cmocka_unit_test(store_is_bounded_by_the_length_of_all_names),
        cmocka_unit_test(child_gets_them_from_3_on_in_order),
        cmocka_unit_test(message_is_read_line_by_line),
        cmocka_unit_test(restart_is_at_once_first_and_then_slower_up_to_a_bound),
        cmocka_unit_test(log_tail_is_the_present_processs_last_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
