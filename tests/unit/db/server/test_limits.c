/* What all clients of the server together may use: places and memory. */
#include "tests/unit/db/server/harness.h"

#define MONITOR(CONDITION)                                                                         \
    "{'method': 'monitor_cond', 'params': ['D', null, {'T': [{'where': [" CONDITION                \
    "]}]}], 'id': 1}"

static bool is_closed(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

static void expect_closed(int fd)
{
    char byte;

    assert_true(read(fd, &byte, 1) <= 0);
    close(fd);
}

static void dial_all(int fds[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        fds[i] = dial();
        expect_silence(fds[i]);
    }
}

static void a_newcomer_takes_the_place_of_the_most_silent(void **state UNUSED)
{
    int fds[20], newcomers[2];

    dial_all(fds, 20);
    say(fds[0], MONITOR(""));
    expect_part(fds[0], "'id':1");
    say(fds[1], "{'method': 'lock', 'params': ['l'], 'id': 2}");
    expect_part(fds[1], "'locked':true");
    expect_silence(fds[2]);
    for (size_t i = 3; i < 20; i++) {
        if (i != 7) {
            expect_silence(fds[i]);
        }
    }
    /* 0 and 1 wait for something; 7 has been silent longer than 2, which spoke again. */
    newcomers[0] = dial();
    expect_silence(newcomers[0]);
    expect_closed(fds[7]);
    newcomers[1] = dial();
    expect_silence(newcomers[1]);
    expect_closed(fds[2]);
    for (size_t i = 0; i < 20; i++) {
        if (i != 2 && i != 7) {
            assert_false(is_closed(fds[i]));
            close(fds[i]);
        }
    }
    close(newcomers[0]);
    close(newcomers[1]);
}

static void a_process_with_too_many_monitors_gives_way(void **state UNUSED)
{
    int fds[20], newcomer;

    dial_all(fds, 20);
    for (size_t i = 0; i < 20; i++) {
        say(fds[i], MONITOR(""));
        expect_part(fds[i], "'id':1");
    }
    newcomer = dial();
    expect_silence(newcomer);
    expect_closed(fds[0]);
    for (size_t i = 1; i < 20; i++) {
        assert_false(is_closed(fds[i]));
        close(fds[i]);
    }
    close(newcomer);
}

/* Five clients with a lock each, in a process of their own, until 'fd' is closed. */
static void __attribute__((noreturn)) be_five(int i, int fd)
{
    int fds[5];
    char byte;

    for (int k = 0; k < 5; k++) {
        char *message = xasprintf("{'method': 'lock', 'params': ['l%d'], 'id': 1}", i * 5 + k);

        fds[k] = dial();
        say(fds[k], message);
        expect_part(fds[k], "'locked':true");
        free(message);
    }
    if (write(fd, "", 1) != 1 || read(fd, &byte, 1) < 0) {
        _exit(1);
    }
    for (int k = 0; k < 5; k++) {
        expect_silence(fds[k]);
    }
    _exit(0);
}

static void nobody_is_put_out_when_all_need_their_places(void **state UNUSED)
{
    int pairs[4][2], status, fd;
    pid_t children[4];
    char byte;

    for (int i = 0; i < 4; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]), 0);
        children[i] = fork();
        if (!children[i]) {
            for (int k = 0; k <= i; k++) {
                close(pairs[k][0]);
            }
            be_five(i, pairs[i][1]);
        }
        close(pairs[i][1]);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(read(pairs[i][0], &byte, 1), 1);
    }
    fd = dial();
    expect_closed(fd);
    for (int i = 0; i < 4; i++) {
        close(pairs[i][0]);
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    fd = dial();
    expect_silence(fd);
    close(fd);
}

/* Until the connection ends. */
static size_t drain(int fd)
{
    char sink[65536];
    size_t total = 0;
    ssize_t n;

    while ((n = read(fd, sink, sizeof sink)) > 0) {
        total += (size_t)n;
    }
    close(fd);
    return total;
}

static void insert_much(int fd, unsigned int n_mb)
{
    char *big = xcalloc(1, (1 << 20) + 1), *message;

    memset(big, 'x', 1 << 20);
    message = xasprintf(TRANSACT(2, INSERT("{'name': '%s'}")), big);
    for (unsigned int i = 0; i < n_mb; i++) {
        say(fd, message);
        expect_part(fd, "'id':2");
        say(fd, TRANSACT(3, "{'op': 'delete', 'table': 'T', 'where': []}"));
        expect_part(fd, "'id':3");
    }
    free(message);
    free(big);
}

static void restart_with_memory(size_t bytes)
{
    stop(SIGTERM);
    server_limits.max_memory = bytes;
    start();
}

static void who_holds_the_most_memory_is_disconnected(void **state UNUSED)
{
    int writer, slow[3], quiet;

    restart_with_memory(8 << 20);
    writer = dial();
    quiet = dial();
    say(quiet, MONITOR("['i', '==', 7]"));
    expect_part(quiet, "'id':1");
    for (int i = 0; i < 3; i++) { /* Each asks for something else, so nothing is shared. */
        char *where = xasprintf(MONITOR("['i', '!=', %d]"), 100 + i);

        slow[i] = dial();
        say(slow[i], where);
        expect_part(slow[i], "'id':1");
        free(where);
    }
    insert_much(writer, 20);
    for (int i = 0; i < 3; i++) {
        assert_true(drain(slow[i]) < 9 << 20);
    }
    expect_silence(quiet);
    expect_silence(writer);
    close(quiet);
    close(writer);
}

static void updates_for_many_of_the_same_count_once(void **state UNUSED)
{
    int writer, slow[15];

    restart_with_memory(16 << 20);
    writer = dial();
    for (size_t i = 0; i < ARRAY_SIZE(slow); i++) {
        slow[i] = dial();
        say(slow[i], MONITOR(""));
        expect_part(slow[i], "'id':1");
    }
    insert_much(writer, 10); /* 150 MB, if each had its own. */
    for (size_t i = 0; i < ARRAY_SIZE(slow); i++) {
        assert_false(is_closed(slow[i]));
        say(slow[i], "{'method': 'monitor_cancel', 'params': [null], 'id': 9}");
        shutdown(slow[i], SHUT_WR);
        assert_true(drain(slow[i]) > 10 << 20);
    }
    close(writer);
}

static void unfinished_messages_count_too(void **state UNUSED)
{
    static char piece[1 << 20];
    int good, fds[8];
    unsigned int n_closed = 0;

    restart_with_memory(8 << 20);
    signal(SIGPIPE, SIG_IGN);
    good = dial();
    memset(piece, 'x', sizeof piece);
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
        fds[i] = dial();
        say(fds[i], "{'method': 'echo', 'id': 1, 'params': ['");
        for (int k = 0; k < 3 && send(fds[i], piece, sizeof piece, 0) > 0; k++) {
        }
        expect_silence(good);
    }
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
        char byte;
        ssize_t n = recv(fds[i], &byte, 1, MSG_DONTWAIT);

        n_closed += n == 0 || (n < 0 && errno == ECONNRESET);
        close(fds[i]);
    }
    assert_in_range(n_closed, 4, 8); /* 24 MB were sent. */
    expect_silence(good);
    close(good);
}

int main(void)
{
#define TEST(T) cmocka_unit_test_setup_teardown(T, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_newcomer_takes_the_place_of_the_most_silent),
        TEST(a_process_with_too_many_monitors_gives_way),
        TEST(nobody_is_put_out_when_all_need_their_places),
        TEST(who_holds_the_most_memory_is_disconnected),
        TEST(updates_for_many_of_the_same_count_once),
        TEST(unfinished_messages_count_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
