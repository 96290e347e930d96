/* lib/ctl: a server in a child process, called by ctl_call() and by Debian's ovs-appctl. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/ctl.h"
#include "lib/daemon.h"
#include "lib/log.h"

LOG_MODULE(ctl_test)

static char dir[] = "/tmp/sluice-test-ctl-XXXXXX";
static pid_t server;
static struct event_base *base;
static struct ctl_request *held;

/* --- The server's process --------------------------------------------------------------------- */

static void join(struct ctl_request *r, int argc, const char *const argv[], void *aux UNUSED)
{
    struct strbuf s = STRBUF_INIT;

    for (int i = 0; i < argc; i++) {
        strbuf_printf(&s, "<%s>", argv[i]);
    }
    ctl_reply(r, strbuf_str(&s));
    strbuf_free(&s);
}

static void refuse(struct ctl_request *r, int argc UNUSED, const char *const argv[] UNUSED,
                   void *aux UNUSED)
{
    ctl_reply_error(r, "no such thing\n");
}

static void answer_held(evutil_socket_t fd UNUSED, short what UNUSED, void *aux UNUSED)
{
    ctl_reply(held, "late");
    held = NULL;
}

static void answer_later(struct ctl_request *r, int argc UNUSED, const char *const argv[] UNUSED,
                         void *aux UNUSED)
{
    struct timeval delay = {.tv_usec = 50000};

    held = r;
    event_base_once(base, -1, EV_TIMEOUT, answer_held, NULL, &delay);
}

static void hang(struct ctl_request *r, int argc UNUSED, const char *const argv[] UNUSED,
                 void *aux UNUSED)
{
    held = r;
}

static void big(struct ctl_request *r, int argc UNUSED, const char *const argv[] UNUSED,
                void *aux UNUSED)
{
    size_t n = (size_t)20 << 20;
    char *text = malloc(n + 1);

    memset(text, '\n', n);
    text[n] = '\0';
    ctl_reply(r, text);
    free(text);
}

static void serve(int ready_fd)
{
    struct ctl_server *s;
    char path[128];

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    log_init("test-prog");
    base = event_base_new();
    ctl_register("test/join", "[ARG]...", 1, 3, join, NULL);
    ctl_register("test/refuse", "", 0, 0, refuse, NULL);
    ctl_register("test/later", "", 0, 0, answer_later, NULL);
    ctl_register("test/hang", "", 0, 0, hang, NULL);
    ctl_register("test/big", "", 0, 0, big, NULL);
    snprintf(path, sizeof path, "%s/test-prog.%ld.ctl", dir, (long)getpid());
    if (daemon_pidfile(dir, "test-prog", NULL) || ctl_server_new(base, path, &s, NULL)) {
        _exit(1);
    }
    snprintf(path, sizeof path, "%s/second", dir);
    if (ctl_server_add_path(s, path, NULL)) {
        _exit(1);
    }
    daemon_signals(base);
    if (write(ready_fd, "x", 1) != 1) {
        _exit(1);
    }
    event_base_dispatch(base);
    if (held) {
        ctl_reply(held, "too late");
    }
    ctl_server_free(s);
    daemon_cleanup();
    _exit(0);
}

/* --- The client's ----------------------------------------------------------------------------- */

static bool ok;
static char *text;
static struct error err;

static int call_at(const char *target, const char *command, int argc, const char *const argv[])
{
    free(text);
    text = NULL;
    err.text[0] = '\0';
    return ctl_call(dir, target, command, argc, argv, 10000, &ok, &text, &err);
}
#define CALL(...)                                                                                  \
    call_at("test-prog", (const char *[]){__VA_ARGS__, NULL}[0],                                   \
            ARRAY_SIZE(((const char *[]){__VA_ARGS__, NULL})) - 2,                                 \
            (const char *[]){__VA_ARGS__, NULL} + 1)

static void command_gets_its_arguments_and_answers(void **state UNUSED)
{
    assert_int_equal(CALL("test/join", "a", "b c\n\"{"), 0);
    assert_true(ok);
    assert_string_equal(text, "<a><b c\n\"{>\n");
}

static void error_of_a_command_is_told_apart_from_its_result(void **state UNUSED)
{
    assert_int_equal(CALL("test/refuse"), 0);
    assert_false(ok);
    assert_string_equal(text, "no such thing\n");
}

static void number_of_arguments_is_checked(void **state UNUSED)
{
    assert_int_equal(CALL("test/join"), 0);
    assert_false(ok);
    assert_non_null(strstr(text, "at least 1"));
    assert_int_equal(CALL("test/join", "1", "2", "3", "4"), 0);
    assert_false(ok);
    assert_non_null(strstr(text, "at most 3"));
    assert_int_equal(CALL("test/nosuch"), 0);
    assert_false(ok);
    assert_non_null(strstr(text, "test/nosuch"));
}

static void answer_may_come_later(void **state UNUSED)
{
    assert_int_equal(CALL("test/later"), 0);
    assert_string_equal(text, "late\n");
}

static void client_that_left_does_not_hurt(void **state UNUSED)
{
    free(text);
    text = NULL;
    assert_int_equal(ctl_call(dir, "test-prog", "test/hang", 0, NULL, 100, &ok, &text, &err),
                     -ETIMEDOUT);
    assert_int_equal(CALL("version"), 0);
}

static void big_answer_arrives_whole(void **state UNUSED)
{
    assert_int_equal(CALL("test/big"), 0);
    assert_int_equal(strlen(text), 20 << 20);
}

static void built_in_commands_answer(void **state UNUSED)
{
    assert_int_equal(CALL("version"), 0);
    assert_non_null(strstr(text, "test-prog (Sluice) " SLUICE_VERSION));
    assert_int_equal(CALL("version", "extra"), 0);
    assert_non_null(strstr(text, "takes at most 0 arguments (version)"));
    assert_int_equal(CALL("list-commands"), 0);
    assert_non_null(strstr(text, "test/join"));
    assert_non_null(strstr(text, "vlog/set"));
    assert_int_equal(CALL("vlog/set", "ctl_test:dbg"), 0);
    assert_true(ok);
    assert_int_equal(CALL("vlog/list"), 0);
    assert_non_null(strstr(text, "DBG"));
    assert_int_equal(CALL("vlog/set", "nosuch:dbg"), 0);
    assert_false(ok);
    assert_int_equal(CALL("vlog/reopen"), 0);
    assert_true(ok);
}

static void target_may_be_a_path(void **state UNUSED)
{
    char path[128];

    snprintf(path, sizeof path, "%s/second", dir);
    assert_int_equal(call_at(path, "version", 0, NULL), 0);
    assert_true(ok);
}

static void target_that_does_not_run_is_named(void **state UNUSED)
{
    assert_int_equal(call_at("nobody", "version", 0, NULL), -ESRCH);
    assert_non_null(strstr(err.text, "nobody is not running"));
    assert_true(call_at("/nonexistent/x.ctl", "version", 0, NULL) < 0);
    assert_non_null(strstr(err.text, "/nonexistent/x.ctl"));
}

static void ovs_appctl_works_too(void **state UNUSED)
{
    char cmd[256], out[4096];
    size_t n;
    FILE *f;

    if (system("command -v ovs-appctl >/dev/null")) {
        skip();
    }
    /* Without our sanitizers' settings: it is another program. */
    snprintf(cmd, sizeof cmd,
             "OVS_RUNDIR=%s ovs-appctl -t test-prog test/join 1 'two words' 2>&1; echo $?; "
             "OVS_RUNDIR=%s ovs-appctl -t test-prog test/refuse 2>&1; echo $?",
             dir, dir);
    f = popen(cmd, "r");
    n = fread(out, 1, sizeof out - 1, f);
    out[n] = '\0';
    pclose(f);
    if (!strstr(out, "<1><two words>") || !strstr(out, "no such thing") || !strstr(out, "2\n")) {
        fail_msg("ovs-appctl said: %s", out);
    }
}

static int set_up(void **state UNUSED)
{
    int fds[2];
    char c;

    assert_non_null(mkdtemp(dir));
    assert_int_equal(pipe(fds), 0);
    server = fork();
    if (!server) {
        serve(fds[1]);
    }
    return read(fds[0], &c, 1) != 1;
}

static int tear_down(void **state UNUSED)
{
    int status;

    free(text);
    kill(server, SIGTERM);
    assert_int_equal(waitpid(server, &status, 0), server);
    assert_int_equal(status, 0);
    return rmdir(dir); /* No pid file, no socket is left. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(command_gets_its_arguments_and_answers),
        cmocka_unit_test(error_of_a_command_is_told_apart_from_its_result),
        cmocka_unit_test(number_of_arguments_is_checked),
        cmocka_unit_test(answer_may_come_later),
        cmocka_unit_test(client_that_left_does_not_hurt),
        cmocka_unit_test(big_answer_arrives_whole),
        cmocka_unit_test(built_in_commands_answer),
        cmocka_unit_test(target_may_be_a_path),
        cmocka_unit_test(target_that_does_not_run_is_named),
        cmocka_unit_test(ovs_appctl_works_too),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
