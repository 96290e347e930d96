/* vswitchd's end of the channel against datapaths that lie, die or do not answer as they should: it
 * counts them as lost, says why, and tries again; it never reads beyond what it mapped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "datapath/channel/message.h"
#include "datapath/channel/record.h"
#include "lib/log.h"

#define GOOD_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

struct fixture {
    char rundir[64];
    char path[96];
    int listener;
    int sock;
    int fds[4];
    uint8_t *rings;
    struct channel_rings *shared;
    struct channel_counters_header *counters;
    uint8_t buffer[MESSAGE_MAX];

    struct event_base *base;
    struct dp *dp;
    unsigned int n_attached, n_lost, n_upcalls, n_completions, changed;
    bool fresh;
    char reason[256];
    int list_result; /* Of a dp_flow_list() from inside the upcall callback. */
    bool call_inside;
};

static void attached(bool fresh, void *f_)
{
    struct fixture *f = f_;

    f->n_attached++;
    f->fresh = fresh;
}

static void lost(const char *reason, void *f_)
{
    struct fixture *f = f_;

    f->n_lost++;
    snprintf(f->reason, sizeof f->reason, "%s", reason);
}

static void ignore_flow(const struct dp_flow *flow, void *aux)
{
    (void)flow;
    (void)aux;
}

static void upcalls(const struct dp_upcall *u, size_t n, void *f_)
{
    struct fixture *f = f_;
    (void)u;

    f->n_upcalls += (unsigned int)n;
    if (f->call_inside) {
        f->list_result = dp_flow_list(f->dp, ignore_flow, NULL, NULL);
    }
}

static void completions(const struct dp_completion *c, size_t n, void *f_)
{
    struct fixture *f = f_;
    (void)c;

    f->n_completions += (unsigned int)n;
}

static void port_changed(uint32_t port_no, void *f_)
{
    struct fixture *f = f_;

    f->changed = port_no;
}

static const struct dp_callbacks callbacks = {attached, lost, upcalls, completions, port_changed};

static void run(struct fixture *f, unsigned int ms)
{
    for (unsigned int i = 0; i < ms; i++) {
        event_base_loop(f->base, EVLOOP_NONBLOCK);
        usleep(1000);
    }
}

static int make_memfd(uint64_t size, unsigned int seals)
{
    int fd = memfd_create("test", MFD_ALLOW_SEALING);

    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
    return fd;
}

static int setup(void **state)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct fixture *f = calloc(1, sizeof *f);
    char target[128];

    log_set_levels("off", NULL);
    strcpy(f->rundir, "/tmp/sl-test-client-XXXXXX");
    assert_non_null(mkdtemp(f->rundir));
    snprintf(f->path, sizeof f->path, "%s/dp.sock", f->rundir);
    strcpy(addr.sun_path, f->path);
    f->listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    assert_int_equal(bind(f->listener, (struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_equal(listen(f->listener, 8), 0);
    f->sock = -1;
    f->fds[0] = make_memfd(CHANNEL_COUNTERS_SIZE, GOOD_SEALS);
    f->fds[1] = make_memfd(CHANNEL_RINGS_SIZE, GOOD_SEALS);
    f->fds[2] = eventfd(0, EFD_NONBLOCK);
    f->fds[3] = eventfd(0, EFD_NONBLOCK);
    f->rings = mmap(NULL, CHANNEL_RINGS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, f->fds[1], 0);
    f->shared = (struct channel_rings *)f->rings;
    f->counters = mmap(NULL, CHANNEL_HEADER_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, f->fds[0], 0);
    f->counters->magic = CHANNEL_COUNTERS_MAGIC;
    f->counters->version = CHANNEL_VERSION;
    f->base = event_base_new();
    snprintf(target, sizeof target, "channel:%s", f->rundir);
    assert_int_equal(dp_open(target, f->base, &callbacks, f, &f->dp, NULL), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    dp_close(f->dp);
    event_base_free(f->base);
    munmap(f->rings, CHANNEL_RINGS_SIZE);
    munmap(f->counters, CHANNEL_HEADER_SIZE);
    for (int i = 0; i < 4; i++) {
        close(f->fds[i]);
    }
    if (f->sock >= 0) {
        close(f->sock);
    }
    close(f->listener);
    unlink(f->path);
    rmdir(f->rundir);
    free(f);
    return 0;
}

/* Accepts and reads the greeting. */
static void accept_client(struct fixture *f)
{
    run(f, 20);
    if (f->sock >= 0) {
        close(f->sock);
    }
    f->sock = accept(f->listener, NULL, NULL);
    assert_true(f->sock >= 0);
    assert_true(channel_recv(f->sock, f->buffer, NULL, NULL) > 0);
}

static void put_welcome(struct fixture *f, struct message *m, uint32_t version, uint32_t n_workers)
{
    message_init(m, f->buffer, MESSAGE_WELCOME, 0);
    message_put_u32(m, MESSAGE_MAGIC);
    message_put_u32(m, version);
    message_put_u64(m, 0);
    message_put_u64(m, 77);
    message_put_u8(m, 1);
    message_put_u32(m, n_workers);
    message_put_u32(m, 1000);
    message_put_string(m, "test");
    message_put_string(m, "DPDK test");
}

static void welcome(struct fixture *f)
{
    struct message m;

    accept_client(f);
    put_welcome(f, &m, CHANNEL_VERSION, 2);
    assert_int_equal(channel_send(f->sock, &m, f->fds, 4), 0);
    run(f, 5);
    assert_int_equal(f->n_attached, 1);
}

static void wake(struct fixture *f)
{
    uint64_t one = 1;

    assert_int_equal(write(f->fds[3], &one, sizeof one), sizeof one);
    run(f, 5);
}

static void test_a_good_welcome_attaches(void **state)
{
    struct fixture *f = *state;
    struct dp_info info;

    welcome(f);
    assert_true(f->fresh);
    assert_int_equal(dp_get_info(f->dp, &info), 0);
    assert_int_equal(info.boot_id, 77);
    assert_int_equal(info.n_workers, 2);
}

static void refuse_welcome(struct fixture *f, const struct message *m, const int *fds,
                           unsigned int n_fds)
{
    assert_int_equal(channel_send(f->sock, m, fds, n_fds), 0);
    run(f, 5);
    assert_int_equal(f->n_attached, 0);
    assert_int_equal(f->n_lost, 0);
    assert_int_equal(recv(f->sock, f->buffer, 1, MSG_DONTWAIT), 0); /* It hung up. */
}

static void test_bad_welcomes_are_not_believed_and_it_tries_again(void **state)
{
    struct fixture *f = *state;
    int small = make_memfd(4096, GOOD_SEALS), unsealed = make_memfd(CHANNEL_RINGS_SIZE, 0);
    struct message m;

    accept_client(f);
    put_welcome(f, &m, CHANNEL_VERSION + 1, 2);
    refuse_welcome(f, &m, f->fds, 4);
    accept_client(f);
    put_welcome(f, &m, CHANNEL_VERSION, 17);
    refuse_welcome(f, &m, f->fds, 4);
    accept_client(f);
    put_welcome(f, &m, CHANNEL_VERSION, 2);
    refuse_welcome(f, &m, f->fds, 3);
    run(f, 40); /* It waits longer each time. */
    accept_client(f);
    put_welcome(f, &m, CHANNEL_VERSION, 2);
    m.len -= 2;
    refuse_welcome(f, &m, f->fds, 4);
    run(f, 100);
    accept_client(f);
    put_welcome(f, &m, CHANNEL_VERSION, 2);
    refuse_welcome(f, &m, (int[]){small, f->fds[1], f->fds[2], f->fds[3]}, 4);
    run(f, 200);
    accept_client(f);
    put_welcome(f, &m, CHANNEL_VERSION, 2);
    refuse_welcome(f, &m, (int[]){f->fds[0], unsealed, f->fds[2], f->fds[3]}, 4);
    run(f, 400);
    welcome(f);
    close(small);
    close(unsealed);
}

static unsigned int count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned int n = 0;

    assert_non_null(dir);
    while (readdir(dir)) {
        n++;
    }
    closedir(dir);
    return n;
}

static void test_descriptors_of_a_stump_of_a_greeting_are_closed(void **state)
{
    struct fixture *f = *state;
    unsigned int n_fds;
    struct message m;

    accept_client(f);
    n_fds = count_fds();
    put_welcome(f, &m, CHANNEL_VERSION, 2);
    m.len = 4;
    refuse_welcome(f, &m, f->fds, 4);
    assert_true(count_fds() <= n_fds); /* One less while it is not connected. */
}

static void test_a_counters_header_that_lies_stays_within_the_mapping(void **state)
{
    struct fixture *f = *state;
    struct dp_flow_stats flow;
    struct dp_port_stats port;
    struct dp_drop *drops;
    size_t n;

    welcome(f);
    f->counters->workers_used = UINT32_MAX;
    f->counters->ports_used = UINT32_MAX;
    assert_int_equal(dp_flow_stats(f->dp, DP_MAX_FLOWS - 1, &flow), 0);
    assert_int_equal(dp_port_stats(f->dp, DP_MAX_PORTS - 1, &port), 0);
    assert_int_equal(dp_flow_stats(f->dp, DP_MAX_FLOWS, &flow), -ENOENT);
    assert_int_equal(dp_port_stats(f->dp, DP_MAX_PORTS, &port), -ENOENT);
    assert_int_equal(dp_drops(f->dp, &drops, &n), 0);
    assert_int_equal(n, 0);
}

static void expect_lost(struct fixture *f, const char *reason)
{
    run(f, 10);
    assert_int_equal(f->n_lost, 1);
    assert_non_null(strstr(f->reason, reason));
    assert_int_equal(dp_submit(f->dp, NULL, 0), -ENOTCONN);
}

static void test_a_closed_connection_is_a_loss(void **state)
{
    struct fixture *f = *state;

    welcome(f);
    close(f->sock);
    f->sock = -1;
    expect_lost(f, "closed");
}

static void test_a_corrupt_upcall_ring_is_a_loss(void **state)
{
    struct fixture *f = *state;

    welcome(f);
    __atomic_store_n(&f->shared->upcalls[3].head, 12, __ATOMIC_SEQ_CST);
    wake(f);
    expect_lost(f, "corrupt");
}

static void test_a_nonsense_completion_is_a_loss(void **state)
{
    struct fixture *f = *state;

    welcome(f);
    memcpy(f->rings + CHANNEL_COMPLETIONS_AT, (uint32_t[]){64, RECORD_UPCALL}, 8);
    __atomic_store_n(&f->shared->completions.head, 72, __ATOMIC_SEQ_CST);
    wake(f);
    expect_lost(f, "corrupt");
    assert_int_equal(f->n_completions, 0);
}

static void test_a_corrupt_command_ring_is_a_loss_and_not_a_crash(void **state)
{
    struct fixture *f = *state;
    struct dp_op ops[64];
    int n;

    welcome(f);
    for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
        ops[i] = (struct dp_op){.type = DP_OP_BARRIER};
    }
    __atomic_store_n(&f->shared->commands.tail, 7, __ATOMIC_SEQ_CST);
    do {
        n = dp_submit(f->dp, ops, ARRAY_SIZE(ops));
    } while (n > 0);
    assert_int_equal(n, -ENOTCONN);
    assert_int_equal(f->n_lost, 0); /* Not from inside an operation. */
    expect_lost(f, "corrupt");
}

static void test_changed_ports_are_told_and_impossible_ones_ignored(void **state)
{
    struct fixture *f = *state;
    struct message m;

    welcome(f);
    message_init(&m, f->buffer, MESSAGE_PORT_CHANGED, 0);
    message_put_u32(&m, 2);
    message_put_u32(&m, 4000000000u);
    message_put_u32(&m, 17);
    assert_int_equal(channel_send(f->sock, &m, NULL, 0), 0);
    run(f, 10);
    assert_int_equal(f->changed, 17);
    assert_int_equal(f->n_lost, 0);
}

/* A datapath that answers the next command in a way of the test's. */
enum answer {
    ANSWER_CLOSE,
    ANSWER_SHORT,
    ANSWER_CHUNK_UNASKED,
    ANSWER_BAD_FLOW,
    ANSWER_NOTICE_FIRST
};

struct answerer {
    struct fixture *f;
    enum answer answer;
};

static void *answer_command(void *a_)
{
    struct answerer *a = a_;
    struct message_header header = {0, 0};
    static uint8_t buffer[MESSAGE_MAX];
    struct message m;

    while (recv(a->f->sock, buffer, sizeof buffer, 0) <= 0) {
    }
    memcpy(&header, buffer, sizeof header);
    switch (a->answer) {
    case ANSWER_CLOSE: shutdown(a->f->sock, SHUT_RDWR); return NULL;
    case ANSWER_SHORT:
        message_init(&m, buffer, MESSAGE_REPLY, header.seq);
        message_put_u8(&m, 1);
        break;
    case ANSWER_CHUNK_UNASKED:
    case ANSWER_BAD_FLOW:
        message_init(&m, buffer, MESSAGE_CHUNK, header.seq);
        message_put_u32(&m, UINT32_MAX);
        message_put_u32(&m, UINT32_MAX);
        channel_send(a->f->sock, &m, NULL, 0);
        message_init(&m, buffer, MESSAGE_REPLY, header.seq);
        message_put_result(&m, 0, NULL);
        break;
    case ANSWER_NOTICE_FIRST:
        message_init(&m, buffer, MESSAGE_PORT_CHANGED, 0);
        message_put_u32(&m, 1);
        message_put_u32(&m, 5);
        channel_send(a->f->sock, &m, NULL, 0);
        message_init(&m, buffer, MESSAGE_REPLY, header.seq - 1); /* Of a call given up. */
        message_put_result(&m, -EIO, NULL);
        channel_send(a->f->sock, &m, NULL, 0);
        message_init(&m, buffer, MESSAGE_REPLY, header.seq);
        message_put_result(&m, 0, NULL);
        break;
    }
    channel_send(a->f->sock, &m, NULL, 0);
    return NULL;
}

static int delete_port(struct fixture *f, enum answer answer)
{
    struct answerer a = {f, answer};
    struct error err;
    pthread_t thread;
    int error;

    pthread_create(&thread, NULL, answer_command, &a);
    error = answer == ANSWER_BAD_FLOW ? dp_flow_list(f->dp, ignore_flow, NULL, &err)
                                      : dp_port_del(f->dp, 3, &err);
    pthread_join(thread, NULL);
    return error;
}

static void test_death_during_a_call_is_told_by_the_call_and_then_by_lost(void **state)
{
    struct fixture *f = *state;

    welcome(f);
    assert_int_equal(delete_port(f, ANSWER_CLOSE), -ENOTCONN);
    assert_int_equal(f->n_lost, 0);
    expect_lost(f, "closed");
}

static void test_a_malformed_answer_is_a_loss(void **state)
{
    struct fixture *f = *state;

    welcome(f);
    assert_int_equal(delete_port(f, ANSWER_SHORT), -ENOTCONN);
    expect_lost(f, "malformed");
}

static void test_a_chunk_where_none_belongs_is_a_loss(void **state)
{
    struct fixture *f = *state;

    welcome(f);
    assert_int_equal(delete_port(f, ANSWER_CHUNK_UNASKED), -ENOTCONN);
    expect_lost(f, "malformed");
}

static void test_a_malformed_flow_in_a_list_is_a_loss(void **state)
{
    struct fixture *f = *state;

    welcome(f);
    assert_int_equal(delete_port(f, ANSWER_BAD_FLOW), -ENOTCONN);
    expect_lost(f, "malformed");
}

static void test_notices_and_late_answers_do_not_disturb_a_call(void **state)
{
    struct fixture *f = *state;

    welcome(f);
    assert_int_equal(delete_port(f, ANSWER_NOTICE_FIRST), 0);
    run(f, 5);
    assert_int_equal(f->changed, 5);
    assert_int_equal(f->n_lost, 0);
}

static void test_loss_inside_a_callback_is_survived(void **state)
{
    struct fixture *f = *state;
    struct flow_key key = {.lines = 1u << FLOW_LINE_BASE, .in_port = 1};
    struct dp_upcall upcall = {
        .in_port = 1, .key = &key, .packet = "x", .packet_len = 1, .full_len = 1};
    struct answerer a = {f, ANSWER_CLOSE};
    struct ring_writer writer;
    pthread_t thread;

    welcome(f);
    f->call_inside = true;
    ring_writer_init(&writer, &f->shared->upcalls[0], f->rings + CHANNEL_UPCALLS_AT(0),
                     CHANNEL_UPCALLS_SIZE);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(record_put_upcall(&writer, &upcall), 0);
    }
    ring_publish(&writer);
    pthread_create(&thread, NULL, answer_command, &a);
    wake(f);
    pthread_join(thread, NULL);
    assert_int_equal(f->list_result, -ENOTCONN);
    assert_int_equal(f->n_upcalls, 32); /* One batch; the rest was not delivered. */
    expect_lost(f, "closed");
}

int main(void)
{
#define T(F) cmocka_unit_test_setup_teardown(F, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_a_good_welcome_attaches),
        T(test_bad_welcomes_are_not_believed_and_it_tries_again),
        T(test_descriptors_of_a_stump_of_a_greeting_are_closed),
        T(test_a_counters_header_that_lies_stays_within_the_mapping),
        T(test_a_closed_connection_is_a_loss),
        T(test_a_corrupt_upcall_ring_is_a_loss),
        T(test_a_nonsense_completion_is_a_loss),
        T(test_a_corrupt_command_ring_is_a_loss_and_not_a_crash),
        T(test_changed_ports_are_told_and_impossible_ones_ignored),
        T(test_death_during_a_call_is_told_by_the_call_and_then_by_lost),
        T(test_a_malformed_answer_is_a_loss),
        T(test_a_chunk_where_none_belongs_is_a_loss),
        T(test_a_malformed_flow_in_a_list_is_a_loss),
        T(test_notices_and_late_answers_do_not_disturb_a_call),
        T(test_loss_inside_a_callback_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
