/* lib/stream: names, listening and connecting over real sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/stream.h"

static struct event_base *base;
static char dir[] = "/tmp/sluice-test-stream-XXXXXX";
static char peer_name[128];
static struct bufferevent *accepted;
static short client_events;

static void on_accept(struct bufferevent *bev, const char *peer, void *aux UNUSED)
{
    snprintf(peer_name, sizeof peer_name, "%s", peer);
    accepted = bev;
}

static void on_event(struct bufferevent *bev UNUSED, short what, void *aux UNUSED)
{
    client_events |= what;
}

/* Runs the loop until '*what' is set, at most two seconds. */
static void run_until(const void *what, size_t size)
{
    static const char zero[16];

    for (int i = 0; i < 200 && !memcmp(what, zero, size); i++) {
        event_base_loop(base, EVLOOP_NONBLOCK);
        usleep(10000);
    }
}

/* Listens at 'passive', connects to 'active', sends a word through. */
static void talk(const char *passive, const char *active_fmt, const char *want_peer)
{
    struct error err = {0};
    struct stream_listener *l;
    struct bufferevent *c;
    char active[512], got[8] = "";

    accepted = NULL;
    client_events = 0;
    if (stream_listen(base, passive, on_accept, NULL, &l, &err)) {
        fail_msg("%s", err.text);
    }
    snprintf(active, sizeof active, active_fmt, stream_listener_port(l));
    c = stream_connect(base, active, &err);
    if (!c) {
        fail_msg("%s", err.text);
    }
    bufferevent_setcb(c, NULL, NULL, on_event, NULL);
    bufferevent_enable(c, EV_READ | EV_WRITE);
    bufferevent_write(c, "hello", 5);
    run_until(&accepted, sizeof accepted);
    assert_non_null(accepted);
    assert_memory_equal(peer_name, want_peer, strlen(want_peer));
    bufferevent_enable(accepted, EV_READ);
    for (int i = 0; i < 200 && evbuffer_get_length(bufferevent_get_input(accepted)) < 5; i++) {
        event_base_loop(base, EVLOOP_NONBLOCK);
        usleep(1000);
    }
    bufferevent_read(accepted, got, 5);
    assert_string_equal(got, "hello");
    assert_true(client_events & BEV_EVENT_CONNECTED);
    bufferevent_free(accepted);
    bufferevent_free(c);
    stream_listener_free(l);
}

static void unix_tcp_and_ipv6_streams_carry_bytes(void **state UNUSED)
{
    char passive[128], active[128];

    snprintf(passive, sizeof passive, "punix:%s/s", dir);
    snprintf(active, sizeof active, "unix:%s/s", dir);
    talk(passive, active, "unix");
    talk("ptcp:0:127.0.0.1", "tcp:127.0.0.1:%d", "tcp:127.0.0.1:");
    talk("ptcp:0", "tcp:localhost:%d", "tcp:127.0.0.1:");
    talk("ptcp:0:[::1]", "tcp:[::1]:%d", "tcp:[::1]:");
}

static void path_longer_than_a_socket_address_works(void **state UNUSED)
{
    char sub[256], passive[400], active[400];

    snprintf(sub, sizeof sub, "%s/%0100d", dir, 0);
    assert_int_equal(mkdir(sub, 0755), 0);
    snprintf(passive, sizeof passive, "punix:%s/s", sub);
    snprintf(active, sizeof active, "unix:%s/s", sub);
    talk(passive, active, "unix");
    assert_int_equal(rmdir(sub), 0); /* And its file was removed. */
}

static void unix_socket_is_not_open_to_others(void **state UNUSED)
{
    struct stream_listener *l;
    char passive[128];
    struct stat st;
    mode_t old = umask(0);

    snprintf(passive, sizeof passive, "punix:%s/s", dir);
    assert_int_equal(stream_listen(base, passive, on_accept, NULL, &l, NULL), 0);
    assert_int_equal(stat(passive + 6, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
    stream_listener_free(l);
    assert_int_equal(access(passive + 6, F_OK), -1);
    umask(old);
}

static void stale_socket_is_replaced_but_a_live_one_is_not(void **state UNUSED)
{
    struct stream_listener *l, *l2;
    struct error err = {0};
    char passive[128], aside[128];

    snprintf(passive, sizeof passive, "punix:%s/s", dir);
    snprintf(aside, sizeof aside, "%s/aside", dir);
    assert_int_equal(stream_listen(base, passive, on_accept, NULL, &l, NULL), 0);
    assert_int_equal(stream_listen(base, passive, on_accept, NULL, &l2, &err), -EADDRINUSE);
    assert_non_null(strstr(err.text, passive));

    /* Renamed away, it is not removed with the listener: a socket that nobody listens on. */
    assert_int_equal(rename(passive + 6, aside), 0);
    stream_listener_free(l);
    assert_int_equal(rename(aside, passive + 6), 0);
    assert_int_equal(stream_listen(base, passive, on_accept, NULL, &l, NULL), 0);
    stream_listener_free(l);
}

static void file_that_is_no_socket_is_left_alone(void **state UNUSED)
{
    struct stream_listener *l;
    struct error err = {0};
    char passive[128];
    FILE *f;

    snprintf(passive, sizeof passive, "punix:%s/file", dir);
    f = fopen(passive + 6, "w");
    fclose(f);
    assert_int_equal(stream_listen(base, passive, on_accept, NULL, &l, &err), -EEXIST);
    assert_int_equal(unlink(passive + 6), 0);
}

static void connecting_to_nobody_is_an_error(void **state UNUSED)
{
    struct error err = {0};
    struct stream_listener *l;
    struct bufferevent *c;
    char name[128], aside[64];

    assert_null(stream_connect(base, "unix:/nonexistent/sock", &err));
    assert_non_null(strstr(err.text, "No such file"));

    snprintf(name, sizeof name, "punix:%s/s", dir);
    assert_int_equal(stream_listen(base, name, on_accept, NULL, &l, &err), 0);
    snprintf(aside, sizeof aside, "%s/aside", dir);
    assert_int_equal(rename(name + 6, aside), 0);
    stream_listener_free(l);
    snprintf(name, sizeof name, "unix:%s", aside);
    assert_null(stream_connect(base, name, &err));
    assert_non_null(strstr(err.text, "Connection refused"));
    assert_int_equal(unlink(aside), 0);

    assert_int_equal(stream_listen(base, "ptcp:0:127.0.0.1", on_accept, NULL, &l, &err), 0);
    snprintf(name, sizeof name, "tcp:127.0.0.1:%d", stream_listener_port(l));
    stream_listener_free(l);
    c = stream_connect(base, name, &err);
    if (c) { /* Refused at once, or a moment later. */
        client_events = 0;
        bufferevent_setcb(c, NULL, NULL, on_event, NULL);
        run_until(&client_events, sizeof client_events);
        assert_true(client_events & BEV_EVENT_ERROR);
        bufferevent_free(c);
    }
}

static void malformed_names_are_refused_with_the_name(void **state UNUSED)
{
    static const char *const bad_active[] = {"",
                                             "foo",
                                             "unix:",
                                             "unix:/tmp/",
                                             "tcp:",
                                             "tcp:1.2.3.4",
                                             "tcp:1.2.3.4:",
                                             "tcp:1.2.3.4:99999",
                                             "tcp:host.example:1",
                                             "tcp:[::1:1",
                                             "tcp:::1]:1",
                                             "punix:/tmp/x",
                                             "tcp:[::1]"};
    static const char *const bad_passive[] = {
        "",       "ptcp:",      "ptcp:x",      "ptcp:1:nohost",
        "punix:", "ptcp:70000", "unix:/tmp/x", "ptcp:1:[::1"};
    struct stream_listener *l;

    for (size_t i = 0; i < ARRAY_SIZE(bad_active); i++) {
        struct error err = {0};

        if (stream_connect(base, bad_active[i], &err)) {
            fail_msg("'%s' was accepted", bad_active[i]);
        }
        assert_non_null(strstr(err.text, bad_active[i]));
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad_passive); i++) {
        struct error err = {0};

        assert_int_equal(stream_listen(base, bad_passive[i], on_accept, NULL, &l, &err), -EINVAL);
        assert_non_null(strstr(err.text, bad_passive[i]));
    }
}

static int set_up(void **state UNUSED)
{
    base = event_base_new();
    return !mkdtemp(dir);
}

static void count_one(struct bufferevent *bev, const char *peer UNUSED, void *n)
{
    ++*(unsigned int *)n;
    bufferevent_free(bev);
}

/* ovs-vsctl and ovs-ofctl fail when a connection is not taken at once. */
static void hundreds_connect_while_the_program_is_busy(void **state UNUSED)
{
    struct bufferevent *clients[300];
    struct stream_listener *l;
    unsigned int n_accepted = 0;
    char name[128];

    snprintf(name, sizeof name, "punix:%s/many", dir);
    assert_int_equal(stream_listen(base, name, count_one, &n_accepted, &l, NULL), 0);
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
        struct error err = {0};

        clients[i] = stream_connect(base, name + 1, &err);
        if (!clients[i]) {
            fail_msg("client %zu: %s", i, err.text);
        }
    }
    for (int i = 0; i < 200 && n_accepted < ARRAY_SIZE(clients); i++) {
        event_base_loop(base, EVLOOP_NONBLOCK);
        usleep(10000);
    }
    assert_int_equal(n_accepted, ARRAY_SIZE(clients));
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
        bufferevent_free(clients[i]);
    }
    stream_listener_free(l);
}

static int tear_down(void **state UNUSED)
{
    event_base_free(base);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unix_tcp_and_ipv6_streams_carry_bytes),
        cmocka_unit_test(path_longer_than_a_socket_address_works),
        cmocka_unit_test(unix_socket_is_not_open_to_others),
        cmocka_unit_test(stale_socket_is_replaced_but_a_live_one_is_not),
        cmocka_unit_test(file_that_is_no_socket_is_left_alone),
        cmocka_unit_test(connecting_to_nobody_is_an_error),
        cmocka_unit_test(malformed_names_are_refused_with_the_name),
        cmocka_unit_test(hundreds_connect_while_the_program_is_busy),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
