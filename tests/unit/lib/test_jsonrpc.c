/* lib/jsonrpc over a socket pair: the test writes raw bytes at one end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/jsonrpc.h"

struct fixture {
    struct event_base *base;
    struct jsonrpc *rpc;
    int fd; /* The raw end. */
    unsigned int n_messages, n_grew;
    struct jsonrpc_msg last; /* Only 'type' is valid later. */
    char method[32];
    char params[64];
    char reason[400];
    bool free_in_message;
    bool echo;
};

static void on_message(struct jsonrpc *rpc, const struct jsonrpc_msg *m, void *f_)
{
    struct fixture *f = f_;

    f->n_messages++;
    f->last.type = m->type;
    snprintf(f->method, sizeof f->method, "%s", m->method ? m->method : "");
    if (m->params) {
        char *text = json_dumps(m->params, JSON_COMPACT);

        snprintf(f->params, sizeof f->params, "%s", text);
        free(text);
    }
    if (f->echo) {
        jsonrpc_send_reply(rpc, m->id, json_incref(m->params));
    }
    if (f->free_in_message) {
        jsonrpc_free(rpc);
        f->rpc = NULL;
    }
}

static void on_closed(struct jsonrpc *rpc, const char *reason, void *f_)
{
    struct fixture *f = f_;

    assert_string_equal(f->reason, ""); /* Once only. */
    snprintf(f->reason, sizeof f->reason, "%s", reason);
    jsonrpc_free(rpc);
    f->rpc = NULL;
}

static const struct jsonrpc_callbacks callbacks = {.message = on_message, .closed = on_closed};

static void open_fixture_with(struct fixture *f, const struct jsonrpc_limits *limits,
                              const struct jsonrpc_callbacks *cbs)
{
    int fds[2];

    memset(f, 0, sizeof *f);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    f->base = event_base_new();
    f->fd = fds[1];
    f->rpc = jsonrpc_new(bufferevent_socket_new(f->base, fds[0], BEV_OPT_CLOSE_ON_FREE), limits,
                         cbs, f);
}

static void open_fixture(struct fixture *f, const struct jsonrpc_limits *limits)
{
    open_fixture_with(f, limits, &callbacks);
}

static void close_fixture(struct fixture *f)
{
    jsonrpc_free(f->rpc);
    event_base_free(f->base);
    if (f->fd >= 0) {
        close(f->fd);
    }
}

static void run(struct fixture *f)
{
    for (int i = 0; i < 20; i++) {
        event_base_loop(f->base, EVLOOP_NONBLOCK);
    }
}

static void feed(struct fixture *f, const char *text)
{
    assert_int_equal(write(f->fd, text, strlen(text)), strlen(text));
    run(f);
}

/* All that can be read at the raw end. */
static const char *raw_output(struct fixture *f)
{
    static char text[4096];
    ssize_t n;

    run(f);
    n = read(f->fd, text, sizeof text - 1);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

static void messages_are_classified_by_their_members(void **state UNUSED)
{
    struct fixture f;

    open_fixture(&f, NULL);
    feed(&f, "{\"method\":\"a\",\"params\":[1],\"id\":7}");
    assert_int_equal(f.last.type, JSONRPC_REQUEST);
    assert_string_equal(f.method, "a");
    assert_string_equal(f.params, "[1]");
    feed(&f, "{\"method\":\"b\",\"params\":[],\"id\":null}");
    assert_int_equal(f.last.type, JSONRPC_NOTIFY);
    feed(&f, "{\"id\":7,\"result\":{},\"error\":null}");
    assert_int_equal(f.last.type, JSONRPC_REPLY);
    feed(&f, "{\"id\":7,\"result\":null,\"error\":\"bad\"}");
    assert_int_equal(f.last.type, JSONRPC_ERROR);
    feed(&f, "{\"id\":8,\"result\":null,\"error\":null}");
    assert_int_equal(f.last.type, JSONRPC_REPLY);
    assert_int_equal(f.n_messages, 5);
    close_fixture(&f);
}

static void several_messages_in_one_write_all_arrive(void **state UNUSED)
{
    struct fixture f;

    open_fixture(&f, NULL);
    feed(&f, " {\"method\":\"a\",\"params\":[],\"id\":1}\n{\"method\":\"b\",\"params\":[],\"id\":2}"
             "{\"method\":\"c\",\"par");
    assert_int_equal(f.n_messages, 2);
    feed(&f, "ams\":[\"}\"],\"id\":3}");
    assert_int_equal(f.n_messages, 3);
    assert_string_equal(f.params, "[\"}\"]");
    close_fixture(&f);
}

static void malformed_input_ends_the_connection_with_a_reason(void **state UNUSED)
{
    static const char *const bad[][2] = {
        {"x", "bad JSON at byte 0"},
        {"[]", "bad JSON at byte 0"},
        {"{\"a\" 1}", "bad JSON at byte"},
        {"{]", "bad JSON at byte"},
        {"{\"method\":\"a\",\"params\":\"\\u0000\",\"id\":1}", "bad JSON"},
        {"{\"method\":\"a\",\"params\":[\"\xff\"],\"id\":1}", "bad JSON"},
        {"{}", "neither a request"},
        {"{\"method\":5,\"params\":[],\"id\":1}", "'method' is not a string"},
        {"{\"method\":\"a\",\"params\":{},\"id\":1}", "is not an array"},
        {"{\"method\":\"a\",\"id\":1}", "is not an array"},
        {"{\"id\":1,\"result\":1,\"error\":1}", "both"},
        {"{\"result\":1}", "neither a request"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct fixture f;

        open_fixture(&f, NULL);
        feed(&f, bad[i][0]);
        if (!strstr(f.reason, bad[i][1])) {
            fail_msg("%s: '%s' instead of '%s'", bad[i][0], f.reason, bad[i][1]);
        }
        assert_int_equal(f.n_messages, 0);
        close_fixture(&f);
    }
}

static void limits_on_size_and_nesting_end_the_connection(void **state UNUSED)
{
    struct jsonrpc_limits limits = {.max_message = 50, .max_depth = 4};
    struct fixture f;

    open_fixture(&f, &limits);
    feed(&f, "{\"method\":\"a\",\"params\":[[[]]],\"id\":1}");
    assert_int_equal(f.n_messages, 1);
    feed(&f, "{\"method\":\"a\",\"params\":[[[[]]]],\"id\":1}");
    assert_non_null(strstr(f.reason, "nested deeper than 4"));
    close_fixture(&f);

    open_fixture(&f, &limits);
    feed(&f,
         "{\"method\":\"a\",\"params\":[\"0123456789012345678901234567890123456789\"],\"id\":1}");
    assert_non_null(strstr(f.reason, "longer than 50 bytes"));
    close_fixture(&f);
}

static void big_message_in_small_pieces_costs_linear_time(void **state UNUSED)
{
    const size_t total = (size_t)60 << 20;
    struct fixture f;
    uint64_t start = time_now_ms();
    char piece[4096];
    size_t sent = 0;

    open_fixture(&f, NULL);
    feed(&f, "{\"method\":\"big\",\"id\":1,\"params\":[\"");
    memset(piece, 'x', sizeof piece);
    while (sent < total) {
        ssize_t n = write(f.fd, piece, sizeof piece);

        if (n > 0) {
            sent += (size_t)n;
        } else {
            assert_int_equal(errno, EAGAIN);
        }
        event_base_loop(f.base, EVLOOP_NONBLOCK);
    }
    feed(&f, "\"]}");
    for (int i = 0; i < 1000 && !f.n_messages; i++) {
        run(&f);
    }
    assert_int_equal(f.n_messages, 1);
    assert_string_equal(f.method, "big");
    assert_true(time_now_ms() - start < 20000); /* Seconds at most, not minutes. */
    close_fixture(&f);
}

static void senders_produce_the_wire_form(void **state UNUSED)
{
    struct fixture f;
    struct jsonrpc_text *text = jsonrpc_text_new(xstrdup("2"), 1);
    json_int_t id = -1;
    json_t *n = json_integer(9);

    open_fixture(&f, NULL);
    jsonrpc_send_request(f.rpc, "get", json_pack("[s]", "x"), &id);
    assert_int_equal(id, 0);
    assert_string_equal(raw_output(&f), "{\"method\":\"get\",\"params\":[\"x\"],\"id\":0}");
    jsonrpc_send_request(f.rpc, "get", json_array(), &id);
    assert_int_equal(id, 1);
    raw_output(&f);
    jsonrpc_send_notify(f.rpc, "update", json_array());
    assert_string_equal(raw_output(&f), "{\"method\":\"update\",\"params\":[],\"id\":null}");
    jsonrpc_send_reply(f.rpc, n, json_null());
    assert_string_equal(raw_output(&f), "{\"id\":9,\"result\":null,\"error\":null}");
    jsonrpc_send_error(f.rpc, n, json_string("no"));
    assert_string_equal(raw_output(&f), "{\"id\":9,\"result\":null,\"error\":\"no\"}");
    jsonrpc_send_notify_text(f.rpc, "up", "[1,", text, "]");
    jsonrpc_text_unref(text);
    assert_string_equal(raw_output(&f), "{\"id\":null,\"method\":\"up\",\"params\":[1,2]}");
    json_decref(n);
    close_fixture(&f);
}

#define SHARED_LEN ((size_t)1 << 20)

static size_t read_all(struct fixture *f)
{
    static char sink[65536];
    size_t total = 0;
    ssize_t n;

    for (run(f); (n = read(f->fd, sink, sizeof sink)) > 0; run(f)) {
        total += (size_t)n;
    }
    return total;
}

static void text_for_many_is_held_and_counted_once(void **state UNUSED)
{
    char *data = xcalloc(1, SHARED_LEN);
    struct jsonrpc_text *text;
    struct fixture f[3];

    memset(data, '1', SHARED_LEN);
    text = jsonrpc_text_new(data, SHARED_LEN);
    for (size_t i = 0; i < ARRAY_SIZE(f); i++) {
        open_fixture(&f[i], NULL);
        jsonrpc_send_notify_text(f[i].rpc, "up", "[", text, "]");
        assert_true(jsonrpc_backlog(f[i].rpc) > SHARED_LEN);
        assert_true(jsonrpc_own_bytes(f[i].rpc) < 100);
    }
    jsonrpc_text_unref(text);
    assert_int_equal(jsonrpc_text_bytes(), SHARED_LEN);
    close_fixture(&f[0]); /* With it unwritten. */
    assert_int_equal(jsonrpc_text_bytes(), SHARED_LEN);
    assert_int_equal(read_all(&f[1]),
                     SHARED_LEN + strlen("{\"id\":null,\"method\":\"up\",\"params\":[]}"));
    assert_int_equal(jsonrpc_text_bytes(), SHARED_LEN);
    jsonrpc_free(f[2].rpc);
    f[2].rpc = NULL;
    assert_int_equal(jsonrpc_text_bytes(), 0); /* At once. */
    close_fixture(&f[1]);
    close_fixture(&f[2]);
}

static void count_growth(struct jsonrpc *rpc UNUSED, void *f_)
{
    struct fixture *f = f_;

    f->n_grew++;
}

static void unfinished_message_is_counted_and_told(void **state UNUSED)
{
    static const struct jsonrpc_callbacks with_growth = {
        .message = on_message, .closed = on_closed, .grew = count_growth};
    static char piece[64 << 10];
    struct fixture f;

    open_fixture_with(&f, NULL, &with_growth);
    memset(piece, 'x', sizeof piece);
    feed(&f, "{\"method\":\"a\",\"id\":1,\"params\":[\"");
    for (unsigned int i = 0; i < 3 * 16; i++) {
        assert_int_equal(write(f.fd, piece, sizeof piece), sizeof piece);
        run(&f);
    }
    assert_int_equal(f.n_grew, 3);
    assert_true(jsonrpc_own_bytes(f.rpc) >= 3 << 20);
    feed(&f, "\"]}");
    assert_int_equal(f.n_messages, 1);
    assert_true(jsonrpc_own_bytes(f.rpc) < 100 << 10);
    close_fixture(&f);
}

static void connection_may_be_freed_inside_its_callback(void **state UNUSED)
{
    struct fixture f;

    open_fixture(&f, NULL);
    f.free_in_message = true;
    feed(&f, "{\"method\":\"a\",\"params\":[],\"id\":1}{\"method\":\"b\",\"params\":[],\"id\":1}");
    assert_int_equal(f.n_messages, 1);
    assert_null(f.rpc);
    assert_string_equal(f.reason, "");
    assert_int_equal(read(f.fd, f.params, 1), 0);
    close_fixture(&f);
}

static void peer_that_does_not_read_is_disconnected(void **state UNUSED)
{
    struct jsonrpc_limits limits = {.max_backlog = 1 << 20};
    struct fixture f;
    char big[10001];

    memset(big, 'x', 10000);
    big[10000] = '\0';
    open_fixture(&f, &limits);
    for (int i = 0; i < 1000; i++) {
        jsonrpc_send_notify(f.rpc, "update", json_pack("[s]", big));
        assert_non_null(f.rpc); /* Never from inside a sender. */
    }
    assert_true(jsonrpc_backlog(f.rpc) < 2 << 20);
    run(&f);
    assert_non_null(strstr(f.reason, "does not read"));
    close_fixture(&f);
}

static void asking_without_reading_answers_pauses_and_resumes(void **state UNUSED)
{
    struct jsonrpc_limits limits = {.pause_reading = 64 << 10, .max_backlog = 1 << 20};
    struct fixture f;
    char request[10100], sink[65536];
    unsigned int n_sent = 0;
    size_t len;

    open_fixture(&f, &limits);
    f.echo = true;
    len = (size_t)snprintf(request, sizeof request,
                           "{\"method\":\"a\",\"id\":1,\"params\":[\"%010000d\"]}", 0);
    for (int i = 0; i < 2000; i++) { /* 20 MB asked, if all of it were taken. */
        ssize_t n = write(f.fd, request, len);

        if (n > 0 && (size_t)n < len) {
            break; /* Half a message is in: the pause has reached us. */
        }
        n_sent += n > 0;
        event_base_loop(f.base, EVLOOP_NONBLOCK);
    }
    run(&f);
    assert_string_equal(f.reason, "");
    assert_true(jsonrpc_backlog(f.rpc) < 128 << 10);
    assert_true(f.n_messages < n_sent);
    for (int i = 0; i < 2000 && f.n_messages < n_sent; i++) {
        while (read(f.fd, sink, sizeof sink) > 0) {
        }
        event_base_loop(f.base, EVLOOP_NONBLOCK);
    }
    assert_true(f.n_messages >= n_sent);
    close_fixture(&f);
}

static void pause_ends_when_everything_is_written_at_once(void **state UNUSED)
{
    struct jsonrpc_limits limits = {.pause_reading = 1000};
    struct fixture f;
    char request[200];

    open_fixture(&f, &limits);
    f.echo = true;
    snprintf(request, sizeof request, "{\"method\":\"a\",\"id\":1,\"params\":[\"%0100d\"]}", 0);
    for (int i = 0; i < 100; i++) { /* Some 13 KB: it fits into a socket's buffer. */
        assert_int_equal(write(f.fd, request, strlen(request)), strlen(request));
    }
    run(&f);
    run(&f);
    assert_int_equal(f.n_messages, 100);
    close_fixture(&f);
}

static void peer_that_closed_its_side_still_gets_its_answer(void **state UNUSED)
{
    const char *request = "{\"method\":\"a\",\"params\":[],\"id\":1}";
    struct fixture f;

    open_fixture(&f, NULL);
    f.echo = true;
    assert_true(write(f.fd, request, strlen(request)) > 0);
    shutdown(f.fd, SHUT_WR);
    assert_string_equal(raw_output(&f), "{\"id\":1,\"result\":[],\"error\":null}");
    run(&f);
    assert_string_equal(f.reason, "closed by peer");
    close_fixture(&f);
}

static void finish_writes_what_is_pending(void **state UNUSED)
{
    struct fixture f;

    open_fixture(&f, NULL);
    jsonrpc_send_notify(f.rpc, "bye", json_array());
    jsonrpc_finish(f.rpc);
    f.rpc = NULL;
    assert_string_equal(raw_output(&f), "{\"method\":\"bye\",\"params\":[],\"id\":null}");
    run(&f);
    assert_int_equal(read(f.fd, f.params, 1), 0);
    assert_string_equal(f.reason, "");
    close_fixture(&f);
}

static void text_that_is_not_utf8_ends_the_connection_later(void **state UNUSED)
{
    struct fixture f;

    open_fixture(&f, NULL);
    jsonrpc_send_notify(f.rpc, "update", NULL);
    assert_non_null(f.rpc);
    run(&f);
    assert_non_null(strstr(f.reason, "UTF-8"));
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_classified_by_their_members),
        cmocka_unit_test(several_messages_in_one_write_all_arrive),
        cmocka_unit_test(malformed_input_ends_the_connection_with_a_reason),
        cmocka_unit_test(limits_on_size_and_nesting_end_the_connection),
        cmocka_unit_test(big_message_in_small_pieces_costs_linear_time),
        cmocka_unit_test(senders_produce_the_wire_form),
        cmocka_unit_test(text_for_many_is_held_and_counted_once),
        cmocka_unit_test(unfinished_message_is_counted_and_told),
        cmocka_unit_test(connection_may_be_freed_inside_its_callback),
        cmocka_unit_test(peer_that_does_not_read_is_disconnected),
        cmocka_unit_test(asking_without_reading_answers_pauses_and_resumes),
        cmocka_unit_test(pause_ends_when_everything_is_written_at_once),
        cmocka_unit_test(peer_that_closed_its_side_still_gets_its_answer),
        cmocka_unit_test(finish_writes_what_is_pending),
        cmocka_unit_test(text_that_is_not_utf8_ends_the_connection_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
