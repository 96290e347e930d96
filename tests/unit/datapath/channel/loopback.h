/* What the end-to-end tests of the dp channel share: the server with the real core on a thread of
 * its own, as the control thread would be, and a user of the provider "channel:" on the test's
 * thread. For one test program at a time; included once. */
#ifndef TESTS_UNIT_DATAPATH_CHANNEL_LOOPBACK_H
#define TESTS_UNIT_DATAPATH_CHANNEL_LOOPBACK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "datapath/channel/message.h"
#include "datapath/channel/record.h"
#include "datapath/channel/server.h"
#include "datapath/channel/server_conn.h"
#include "datapath/channel/server_ports.h"
#include "datapath/main_datapath.h"
#include "lib/log.h"
#include "lib/util.h"

/* --- The datapath's side: one for all tests, as EAL can start only once. --- */

static char rundir[] = "/tmp/sl-test-channel-XXXXXX";

static struct {
    pthread_t thread;
    pthread_barrier_t started;
    struct event_base *base;
    struct server_counters *counters;
    struct server *server;
} dpath;

static UNUSED void *run_datapath(void *arg UNUSED)
{
    struct core_settings settings;
    struct error err;

    assert_int_equal(eal_start(256, NULL, rundir, &err), 0);
    dpath.base = event_base_new();
    assert_int_equal(server_counters_new(&dpath.counters, &err), 0);
    dpath.server = server_new(dpath.base, dpath.counters);
    core_settings_default(&settings);
    settings.n_workers = 1;
    if (core_start(&settings, server_counters_core(dpath.counters), server_sink(dpath.server),
                   &err)) {
        fprintf(stderr, "core: %s\n", err.text);
        abort();
    }
    assert_int_equal(server_listen(dpath.server, rundir, &err), 0);
    pthread_barrier_wait(&dpath.started);
    event_base_dispatch(dpath.base);
    ports_close_all(false);
    core_stop();
    server_free(dpath.server);
    server_counters_free(dpath.counters);
    event_base_free(dpath.base);
    return NULL;
}

static UNUSED int start_datapath(void **state UNUSED)
{
    evthread_use_pthreads();
    log_set_levels("err", NULL);
    assert_non_null(mkdtemp(rundir));
    pthread_barrier_init(&dpath.started, NULL, 2);
    assert_int_equal(pthread_create(&dpath.thread, NULL, run_datapath, NULL), 0);
    pthread_barrier_wait(&dpath.started);
    return 0;
}

static UNUSED int stop_datapath(void **state UNUSED)
{
    event_base_loopbreak(dpath.base);
    pthread_join(dpath.thread, NULL);
    eal_stop();
    return rmdir(rundir);
}

/* --- The user's side. --- */

struct user {
    struct event_base *base;
    struct dp *dp;
    unsigned int n_attached, n_lost;
    bool fresh;
    char lost_reason[256];
    size_t n_completions, n_errors;
    struct dp_completion last;
    size_t n_upcalls;
    uint64_t next_pending; /* Upcalls of the tests are numbered. */
    unsigned int turn_upcalls, turn_max;
    uint32_t changed;
};

static UNUSED void attached(bool fresh, void *user_)
{
    struct user *user = user_;

    user->n_attached++;
    user->fresh = fresh;
}

static UNUSED void lost(const char *reason, void *user_)
{
    struct user *user = user_;

    user->n_lost++;
    snprintf(user->lost_reason, sizeof user->lost_reason, "%s", reason);
}

static UNUSED void upcalls(const struct dp_upcall *u, size_t n, void *user_)
{
    struct user *user = user_;

    for (size_t i = 0; i < n; i++) {
        assert_int_equal(u[i].pending, user->next_pending);
        assert_int_equal(u[i].in_port, u[i].key->in_port);
        assert_int_equal(((const uint8_t *)u[i].packet)[0], (uint8_t)u[i].pending);
        user->next_pending++;
        user->n_upcalls++;
        user->turn_upcalls++;
    }
}

static UNUSED void completions(const struct dp_completion *c, size_t n, void *user_)
{
    struct user *user = user_;

    for (size_t i = 0; i < n; i++) {
        user->n_completions++;
        user->n_errors += c[i].error != 0;
        user->last = c[i];
    }
}

static UNUSED void port_changed(uint32_t port_no, void *user_)
{
    struct user *user = user_;

    user->changed = port_no;
}

static const struct dp_callbacks callbacks = {attached, lost, upcalls, completions, port_changed};

/* Runs the user's loop until *what >= at_least; fails after 10 s. */
static UNUSED void run_until(struct user *user, const void *what, size_t size, uint64_t at_least)
{
    uint64_t deadline = time_now_ms() + 10000;

    for (;;) {
        uint64_t v = 0;

        memcpy(&v, what, size);
        if (v >= at_least) {
            return;
        }
        assert_true(time_now_ms() < deadline);
        user->turn_upcalls = 0;
        event_base_loop(user->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
        user->turn_max = MAX_OF(user->turn_max, user->turn_upcalls);
        usleep(200);
    }
}
#define RUN_UNTIL(USER, FIELD, N) run_until(USER, &(USER)->FIELD, sizeof(USER)->FIELD, N)

static UNUSED void user_open(struct user *user)
{
    char target[128];
    struct error err;

    memset(user, 0, sizeof *user);
    user->base = event_base_new();
    snprintf(target, sizeof target, "channel:%s", rundir);
    assert_int_equal(dp_open(target, user->base, &callbacks, user, &user->dp, &err), 0);
}

static UNUSED void user_attach(struct user *user)
{
    user_open(user);
    RUN_UNTIL(user, n_attached, 1);
}

static UNUSED void user_close(struct user *user)
{
    dp_close(user->dp);
    event_base_free(user->base);
}

static UNUSED void submit_all(struct user *user, const struct dp_op *ops, size_t n)
{
    size_t want = user->n_completions + n;
    uint64_t deadline = time_now_ms() + 20000;

    while (n) {
        int took = dp_submit(user->dp, ops, n);

        assert_true(took >= 0);
        ops += took;
        n -= (size_t)took;
        event_base_loop(user->base, EVLOOP_NONBLOCK);
        assert_true(time_now_ms() < deadline);
    }
    RUN_UNTIL(user, n_completions, want);
}

/* Posts upcalls as a worker that core does not run here. */
#define TEST_WORKER (CORE_MAX_WORKERS - 1)

static UNUSED size_t post_upcalls(uint64_t first, size_t n)
{
    const struct core_upcall_sink *sink = server_sink(dpath.server);
    uint8_t packet[1500] = {0};
    struct flow_key key = {.lines = 1u << FLOW_LINE_BASE, .in_port = 5};
    size_t i;

    for (i = 0; i < n; i++) {
        struct dp_upcall upcall = {.in_port = 5,
                                   .pending = first + i,
                                   .key = &key,
                                   .packet = packet,
                                   .packet_len = sizeof packet,
                                   .full_len = sizeof packet};

        packet[0] = (uint8_t)(first + i);
        if (!sink->post(TEST_WORKER, &upcall, sink->aux)) {
            break;
        }
    }
    sink->flush(TEST_WORKER, sink->aux);
    return i;
}

#endif
