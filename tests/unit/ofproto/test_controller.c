/* Controllers that a bridge connects to: made again after failures, probed, replaced by NORMAL when
 * they are away. The controller is a listener on a Unix socket of the test. */
#include <sys/stat.h>
#include <unistd.h>

#include "lib/stream.h"
#include "ofproto/conn/conn.h"
#include "ofproto/conn/controller.h"
#include "tests/unit/ofproto/peer.h"

struct fixture {
    struct net net;
    struct event_base *base;
    char dir[64];
    char listen_at[96];
    char target[96];
    struct stream_listener *listener;
    struct bufferevent *accepted; /* The last one. */
    unsigned int n_accepted;
    unsigned int n_changes;
};

static void count_change(void *f)
{
    ((struct fixture *)f)->n_changes++;
}

static void on_accept(struct bufferevent *bev, const char *peer, void *f_)
{
    struct fixture *f = f_;

    (void)peer;
    if (f->accepted) {
        bufferevent_free(f->accepted);
    }
    f->accepted = bev;
    f->n_accepted++;
    bufferevent_enable(bev, EV_READ | EV_WRITE);
}

static void start_listening(struct fixture *f)
{
    struct error err;

    assert_int_equal(stream_listen(f->base, f->listen_at, on_accept, f, &f->listener, &err), 0);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct ofproto_hooks hooks = {.controllers_changed = count_change, .aux = f};

    net_init(&f->net);
    net_port(f->net.br, 1, OFPROTO_VLAN_TRUNK, -1);
    net_port(f->net.br, 2, OFPROTO_VLAN_TRUNK, -1);
    ofproto_set_hooks(f->net.set, &hooks);
    f->base = event_base_new();
    strcpy(f->dir, "/tmp/sluice-unit-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->listen_at, sizeof f->listen_at, "punix:%s/c", f->dir);
    snprintf(f->target, sizeof f->target, "unix:%s/c", f->dir);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    net_free(&f->net);
    if (f->accepted) {
        bufferevent_free(f->accepted);
    }
    stream_listener_free(f->listener);
    event_base_loop(f->base, EVLOOP_NONBLOCK);
    event_base_free(f->base);
    rmdir(f->dir);
    free(f);
    return 0;
}

static void set(struct fixture *f, unsigned int probe_ms)
{
    struct ofproto_controller_config config = {.target = f->target,
                                               .max_backoff_ms = 1000,
                                               .inactivity_probe_ms = probe_ms,
                                               .is_primary = true};

    ofproto_set_controllers(f->net.br, f->base, &config, 1);
}

static struct ofproto_controller_status status(struct fixture *f)
{
    struct ofproto_controller_status s;

    assert_true(ofproto_get_controller(f->net.br, f->target, &s));
    return s;
}

/* Turns the loop until the condition holds, 20 seconds at most. */
#define WAIT(F, CONDITION)                                                                         \
    do {                                                                                           \
        uint64_t end_ = time_now_ms() + 20000;                                                     \
        while (!(CONDITION)) {                                                                     \
            struct timeval tick_ = {0, 10000};                                                     \
            assert_true(time_now_ms() < end_);                                                     \
            event_base_loopexit((F)->base, &tick_);                                                \
            event_base_dispatch((F)->base);                                                        \
        }                                                                                          \
    } while (0)

static void say_hello(struct fixture *f)
{
    uint8_t hello[8] = {OFP13, OFPT_HELLO, 0, 8, 0, 0, 0, 1};

    bufferevent_write(f->accepted, hello, sizeof hello);
    WAIT(f, status(f).is_connected);
    assert_true(peer_receive_on(f->accepted) == 16);
}

static void a_controller_is_connected_to_and_again_after_its_end(void **state)
{
    struct fixture *f = *state;

    set(f, 0);
    WAIT(f, status(f).error[0]); /* Nobody listens. */
    assert_false(status(f).is_connected);
    assert_string_equal(status(f).state, "BACKOFF");
    start_listening(f);
    WAIT(f, f->n_accepted == 1);
    assert_false(status(f).is_connected);
    say_hello(f);
    assert_string_equal(status(f).state, "ACTIVE");
    assert_string_equal(status(f).role, "other");
    assert_string_equal(status(f).error, "");
    bufferevent_free(f->accepted);
    f->accepted = NULL;
    WAIT(f, f->n_accepted == 2);
    say_hello(f);
    assert_true(f->n_changes >= 4);
    ofproto_set_controllers(f->net.br, f->base, NULL, 0);
    assert_true(LIST_EMPTY(&f->net.br->mgmt->conns));
}

static void a_primary_hears_of_ports_unasked(void **state)
{
    struct ofproto_port_config config = {.name = "new", .dp_port = 9, .up = true};
    struct fixture *f = *state;
    struct error err;

    start_listening(f);
    set(f, 0);
    WAIT(f, f->n_accepted == 1);
    say_hello(f);
    assert_int_equal(ofproto_port_set(f->net.br, &config, NULL, &err), 0);
    WAIT(f, peer_receive_on(f->accepted) == 80);
    assert_int_equal(message[1], OFPT_PORT_STATUS);
}

static void the_silent_are_probed_and_left(void **state)
{
    struct fixture *f = *state;
    uint8_t reply[8] = {OFP13, OFPT_ECHO_REPLY, 0, 8, 0, 0, 0, 0};
    uint64_t heard_ms;

    start_listening(f);
    set(f, 1000); /* Long enough for a machine that is busy with other things. */
    WAIT(f, f->n_accepted == 1);
    say_hello(f);
    for (unsigned int i = 0; i < 3; i++) {
        WAIT(f, peer_receive_on(f->accepted) == 8);
        assert_int_equal(message[1], OFPT_ECHO_REQUEST);
        bufferevent_write(f->accepted, reply, sizeof reply);
    }
    /* Who has answered has, also when the switch is late to look. */
    heard_ms = LIST_FIRST(&f->net.br->mgmt->conns)->heard_ms;
    WAIT(f, LIST_FIRST(&f->net.br->mgmt->conns)->heard_ms != heard_ms);
    usleep(1200000);
    WAIT(f, peer_receive_on(f->accepted) == 8);
    assert_int_equal(f->n_accepted, 1);
    WAIT(f, !status(f).is_connected);
    assert_non_null(strstr(status(f).error, "no answer to an inactivity probe"));
    WAIT(f, f->n_accepted == 2);
}

static const char *send_packet(struct fixture *f)
{
    return net_send(&f->net, net_key(1, 1, 2));
}

static void without_its_controllers_a_standalone_bridge_helps_itself(void **state)
{
    struct fixture *f = *state;
    uint64_t now_ms = time_now_ms();

    assert_string_equal(send_packet(f), "2"); /* No controller: NORMAL. */
    set(f, 1000);
    assert_string_equal(send_packet(f), "drop:no-rule"); /* The tables are the controller's. */
    ofproto_set_run(f->net.set, now_ms + 1000);
    assert_string_equal(send_packet(f), "drop:no-rule");
    ofproto_set_run(f->net.set, time_now_ms() + 3100);
    assert_true(f->net.br->fail_open);
    assert_string_equal(send_packet(f), "2");
    start_listening(f);
    WAIT(f, f->n_accepted == 1);
    say_hello(f);
    assert_false(f->net.br->fail_open);
    assert_string_equal(send_packet(f), "drop:no-rule");
    ofproto_set_controllers(f->net.br, f->base, NULL, 0);
    assert_string_equal(send_packet(f), "2");
}

static void a_secure_bridge_waits_for_its_controller(void **state)
{
    struct ofproto_config config = {.datapath_id = 1, .fail_mode = OFPROTO_SECURE};
    struct fixture *f = *state;
    struct error err;

    assert_int_equal(ofproto_configure(f->net.br, &config, &err), 0);
    set(f, 1000);
    ofproto_set_run(f->net.set, time_now_ms() + 100000);
    assert_string_equal(send_packet(f), "drop:no-rule");
}

static void a_target_that_is_none_is_told(void **state)
{
    struct ofproto_controller_config config = {.target = "example.com", .max_backoff_ms = 1000};
    struct ofproto_controller_status s;
    struct fixture *f = *state;

    ofproto_set_controllers(f->net.br, f->base, &config, 1);
    WAIT(f, ofproto_get_controller(f->net.br, "example.com", &s) && s.error[0]);
    assert_string_equal(s.state, "VOID");
    assert_non_null(strstr(s.error, "'example.com' is none of tcp:"));
    assert_string_equal(send_packet(f), "2"); /* It is none that would be waited for. */
}

static void a_passive_target_serves_who_connects(void **state)
{
    struct fixture *f = *state;
    struct ofproto_controller_config config = {.target = f->listen_at, .max_backoff_ms = 1000};
    struct ofproto_controller_status s;
    struct bufferevent *bev;
    struct error err;

    ofproto_set_controllers(f->net.br, f->base, &config, 1);
    WAIT(f, ofproto_get_controller(f->net.br, f->listen_at, &s) && !strcmp(s.state, "LISTENING"));
    bev = stream_connect(f->base, f->target, &err);
    assert_non_null(bev);
    bufferevent_enable(bev, EV_READ);
    WAIT(f, peer_receive_on(bev) == 16);
    assert_int_equal(f->net.br->mgmt->n_conns[CONN_PASSIVE], 1);
    assert_false(LIST_FIRST(&f->net.br->mgmt->conns)->is_primary);
    assert_string_equal(send_packet(f), "2");
    bufferevent_free(bev);
}

static struct bufferevent *greeting_peer(struct fixture *f)
{
    static const uint8_t hello[] = {OFP13, OFPT_HELLO, 0, 8, 0, 0, 0, 1};
    struct bufferevent *bev;
    struct error err;

    bev = stream_connect(f->base, f->target, &err);
    assert_non_null(bev);
    bufferevent_enable(bev, EV_READ);
    bufferevent_write(bev, hello, sizeof hello);
    return bev;
}

static unsigned int n_greeted(const struct mgmt *mgmt)
{
    const struct conn *conn;
    unsigned int n = 0;

    LIST_FOREACH (conn, &mgmt->conns, node) {
        n += conn->version != 0;
    }
    return n;
}

static void a_crowd_at_a_passive_target_keeps_nobody_else_out(void **state)
{
    struct fixture *f = *state;
    struct ofproto_controller_config config = {.target = f->listen_at, .max_backoff_ms = 1000};
    struct ofproto_controller_status s;
    struct bufferevent *crowd[65], *pair[2];
    struct mgmt *mgmt;

    ofproto_set_controllers(f->net.br, f->base, &config, 1);
    WAIT(f, ofproto_get_controller(f->net.br, f->listen_at, &s) && !strcmp(s.state, "LISTENING"));
    mgmt = f->net.br->mgmt;
    for (size_t i = 0; i < ARRAY_SIZE(crowd); i++) {
        crowd[i] = greeting_peer(f);
        WAIT(f, n_greeted(mgmt) == MIN_OF(i + 1, ARRAY_SIZE(crowd) - 1));
    }
    assert_int_equal(bufferevent_pair_new(f->base, BEV_OPT_CLOSE_ON_FREE, pair), 0);
    mgmt_serve(pair[0], "tool", mgmt);
    assert_int_equal(mgmt->n_conns[CONN_PASSIVE], 64);
    assert_int_equal(mgmt->n_conns[CONN_MANAGEMENT], 1);
    bufferevent_free(pair[1]);
    for (size_t i = 0; i < ARRAY_SIZE(crowd); i++) {
        bufferevent_free(crowd[i]);
    }
}

static void a_passive_target_may_be_a_controllers(void **state)
{
    struct fixture *f = *state;
    struct ofproto_controller_config config = {
        .target = f->listen_at, .max_backoff_ms = 1000, .is_primary = true};
    struct ofproto_controller_status s;
    struct bufferevent *bev;
    struct error err;

    ofproto_set_controllers(f->net.br, f->base, &config, 1);
    assert_string_equal(send_packet(f), "drop:no-rule");
    WAIT(f, ofproto_get_controller(f->net.br, f->listen_at, &s) && !strcmp(s.state, "LISTENING"));
    bev = stream_connect(f->base, f->target, &err);
    assert_non_null(bev);
    bufferevent_enable(bev, EV_READ);
    WAIT(f, peer_receive_on(bev) == 16);
    assert_true(LIST_FIRST(&f->net.br->mgmt->conns)->is_primary);
    bufferevent_free(bev);
}

static void who_was_told_another_datapath_id_is_connected_to_anew(void **state)
{
    struct ofproto_config config = {.datapath_id = 7};
    struct fixture *f = *state;
    struct error err;

    start_listening(f);
    set(f, 1000);
    WAIT(f, f->n_accepted == 1);
    assert_int_equal(status(f).disconnected_s, -1);
    say_hello(f);
    assert_true(status(f).connected_s >= 0);
    assert_int_equal(ofproto_configure(f->net.br, &config, &err), 0);
    assert_false(status(f).is_connected);
    assert_true(status(f).disconnected_s >= 0);
    assert_non_null(strstr(status(f).error, "datapath id"));
    WAIT(f, f->n_accepted == 2);
}

int main(void)
{
#define TEST(F) cmocka_unit_test_setup_teardown(F, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_controller_is_connected_to_and_again_after_its_end),
        TEST(a_primary_hears_of_ports_unasked),
        TEST(the_silent_are_probed_and_left),
        TEST(without_its_controllers_a_standalone_bridge_helps_itself),
        TEST(a_secure_bridge_waits_for_its_controller),
        TEST(a_target_that_is_none_is_told),
        TEST(a_passive_target_serves_who_connects),
        TEST(a_crowd_at_a_passive_target_keeps_nobody_else_out),
        TEST(a_passive_target_may_be_a_controllers),
        TEST(who_was_told_another_datapath_id_is_connected_to_anew),
    };

    (void)peer_setup;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
