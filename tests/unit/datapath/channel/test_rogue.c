/* The datapath's end of the channel against peers that die, lie or talk nonsense: it stays whole,
 * and the next vswitchd can attach. */
#include "tests/unit/datapath/channel/loopback.h"

#include <fcntl.h>

/* --- A peer that does not play by the rules. --- */

struct rogue {
    int sock;
    int fds[MESSAGE_MAX_FDS];
    unsigned int n_fds;
    uint8_t *rings;
    uint8_t buffer[MESSAGE_MAX];
};

static int rogue_connect(void)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int sock = socket(AF_UNIX, SOCK_SEQPACKET, 0);

    snprintf(addr.sun_path, sizeof addr.sun_path, "%s/dp.sock", rundir);
    assert_int_equal(connect(sock, (struct sockaddr *)&addr, sizeof addr), 0);
    return sock;
}

/* The type of the answer; 0: the connection was closed. */
static uint32_t rogue_recv(struct rogue *rogue)
{
    struct message_header header;
    int n = -EAGAIN;

    for (int i = 0; i < 5000 && n == -EAGAIN; i++) {
        usleep(1000);
        n = rogue->n_fds ? channel_recv(rogue->sock, rogue->buffer, NULL, NULL)
                         : channel_recv(rogue->sock, rogue->buffer, rogue->fds, &rogue->n_fds);
    }
    assert_true(n >= 0 || n == -ECONNRESET);
    if (n < (int)sizeof header) {
        return 0;
    }
    memcpy(&header, rogue->buffer, sizeof header);
    return header.type;
}

static void rogue_hello(struct rogue *rogue, uint32_t version)
{
    struct message m;

    message_init(&m, rogue->buffer, MESSAGE_HELLO, 0);
    message_put_u32(&m, MESSAGE_MAGIC);
    message_put_u32(&m, version);
    message_put_u64(&m, 0);
    message_put_string(&m, "rogue");
    assert_int_equal(channel_send(rogue->sock, &m, NULL, 0), 0);
}

static void rogue_attach(struct rogue *rogue)
{
    memset(rogue, 0, sizeof *rogue);
    rogue->sock = rogue_connect();
    rogue_hello(rogue, CHANNEL_VERSION);
    assert_int_equal(rogue_recv(rogue), MESSAGE_WELCOME);
    assert_int_equal(rogue->n_fds, 4);
    rogue->rings = mmap(NULL, CHANNEL_RINGS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, rogue->fds[1],
                        0);
    assert_true(rogue->rings != MAP_FAILED);
}

static void rogue_wake(struct rogue *rogue)
{
    uint64_t one = 1;

    assert_int_equal(write(rogue->fds[2], &one, sizeof one), sizeof one);
}

static void rogue_end(struct rogue *rogue)
{
    if (rogue->rings) {
        munmap(rogue->rings, CHANNEL_RINGS_SIZE);
    }
    for (unsigned int i = 0; i < rogue->n_fds; i++) {
        close(rogue->fds[i]);
    }
    close(rogue->sock);
}

/* --- Tests. --- */

static void test_a_second_vswitchd_is_refused_while_the_first_lives(void **state UNUSED)
{
    struct message_reader reader;
    struct message_header header;
    struct rogue second = {.sock = -1};
    struct user user;
    struct error err;
    char expected[64];

    user_attach(&user);
    second.sock = rogue_connect();
    rogue_hello(&second, CHANNEL_VERSION);
    assert_int_equal(rogue_recv(&second), MESSAGE_REFUSED);
    message_read(&reader, second.buffer, MESSAGE_MAX, &header);
    assert_int_equal(message_get_result(&reader, &err), -EBUSY);
    snprintf(expected, sizeof expected, "process %d is attached", (int)getpid());
    assert_non_null(strstr(err.text, expected));
    rogue_end(&second);
    assert_int_equal(dp_submit(user.dp, &(struct dp_op){.type = DP_OP_BARRIER}, 1), 1);
    RUN_UNTIL(&user, n_completions, 1);
    user_close(&user);
    user_attach(&user); /* At once, though the server may not have noticed yet. */
    user_close(&user);
}

static void test_another_version_is_refused_with_both_named(void **state UNUSED)
{
    struct message_reader reader;
    struct message_header header;
    struct rogue rogue = {.sock = rogue_connect()};
    struct error err;

    rogue_hello(&rogue, 99);
    assert_int_equal(rogue_recv(&rogue), MESSAGE_REFUSED);
    message_read(&reader, rogue.buffer, MESSAGE_MAX, &header);
    assert_int_equal(message_get_result(&reader, &err), -EPROTO);
    assert_non_null(strstr(err.text, "99"));
    assert_int_equal(rogue_recv(&rogue), 0);
    rogue_end(&rogue);
}

static void test_garbage_instead_of_a_greeting_is_refused(void **state UNUSED)
{
    struct rogue rogue = {.sock = rogue_connect()};

    assert_int_equal(send(rogue.sock, "GET / HTTP/1.0\r\n\r\n", 18, 0), 18);
    assert_int_equal(rogue_recv(&rogue), MESSAGE_REFUSED);
    rogue_end(&rogue);
}

static void test_death_in_the_middle_of_a_record_leaves_no_trace(void **state UNUSED)
{
    struct rogue rogue;
    struct user user;

    rogue_attach(&rogue);
    memset(rogue.rings + CHANNEL_COMMANDS_AT, 0xee, 5000); /* Written, not published. */
    rogue_wake(&rogue);
    rogue_end(&rogue);
    user_attach(&user);
    submit_all(&user, &(struct dp_op){.type = DP_OP_BARRIER}, 1);
    assert_int_equal(user.n_errors, 0);
    user_close(&user);
}

static void expect_detached(struct rogue *rogue)
{
    struct user user;

    assert_int_equal(rogue_recv(rogue), 0);
    user_attach(&user);
    submit_all(&user, &(struct dp_op){.type = DP_OP_BARRIER}, 1);
    user_close(&user);
}

static void test_corrupt_rings_detach_the_peer(void **state UNUSED)
{
    static const uint64_t bad_heads[] = {3, UINT64_C(1) << 60, CHANNEL_COMMANDS_SIZE + 8};
    struct channel_rings *shared;
    struct rogue rogue;

    for (size_t i = 0; i < ARRAY_SIZE(bad_heads); i++) {
        rogue_attach(&rogue);
        shared = (struct channel_rings *)rogue.rings;
        __atomic_store_n(&shared->commands.head, bad_heads[i], __ATOMIC_SEQ_CST);
        rogue_wake(&rogue);
        expect_detached(&rogue);
        rogue_end(&rogue);
    }
}

static void test_a_nonsense_record_detaches_the_peer(void **state UNUSED)
{
    struct channel_rings *shared;
    struct rogue rogue;

    rogue_attach(&rogue);
    shared = (struct channel_rings *)rogue.rings;
    memcpy(rogue.rings + CHANNEL_COMMANDS_AT, (uint32_t[]){100, 77}, 8);
    __atomic_store_n(&shared->commands.head, 128, __ATOMIC_SEQ_CST);
    rogue_wake(&rogue);
    expect_detached(&rogue);
    rogue_end(&rogue);
}

static void test_a_corrupt_upcall_ring_detaches_the_peer(void **state UNUSED)
{
    struct channel_rings *shared;
    struct rogue rogue;

    rogue_attach(&rogue);
    shared = (struct channel_rings *)rogue.rings;
    __atomic_store_n(&shared->upcalls[TEST_WORKER].tail, 12345, __ATOMIC_SEQ_CST);
    post_upcalls(0, 100000);
    expect_detached(&rogue);
    rogue_end(&rogue);
}

static void test_a_command_read_before_a_message_is_checked_too(void **state UNUSED)
{
    struct channel_rings *shared;
    struct rogue rogue;
    struct message m;

    rogue_attach(&rogue);
    shared = (struct channel_rings *)rogue.rings;
    memcpy(rogue.rings + CHANNEL_COMMANDS_AT, (uint32_t[]){8, 77}, 8);
    __atomic_store_n(&shared->commands.head, 16, __ATOMIC_SEQ_CST);
    message_init(&m, rogue.buffer, MESSAGE_PORT_LIST, 1);
    assert_int_equal(channel_send(rogue.sock, &m, NULL, 0), 0);
    while (rogue_recv(&rogue)) {
        /* The command may be answered. */
    }
    rogue_end(&rogue);
}

static void test_no_peer_makes_a_worker_wait_for_it(void **state UNUSED)
{
    uint64_t most = UINT64_MAX - 1;
    struct channel_rings *shared;
    struct channel_ring *ring;
    struct rogue rogue;

    rogue_attach(&rogue);
    shared = (struct channel_rings *)rogue.rings;
    ring = &shared->upcalls[TEST_WORKER];
    if (write(rogue.fds[3], &most, sizeof most) < 0) {
        assert_int_equal(errno, EBADF);
    }
    for (int i = 2; i < 4; i++) {
        fcntl(rogue.fds[i], F_SETFL, fcntl(rogue.fds[i], F_GETFL) & ~O_NONBLOCK);
    }
    alarm(30);
    for (int i = 0; i < 20000; i++) {
        __atomic_store_n(&shared->vswitchd_waits, CHANNEL_WAIT_RECORDS, __ATOMIC_SEQ_CST);
        assert_int_equal(post_upcalls((uint64_t)i, 1), 1);
        __atomic_store_n(&ring->tail, ring->head, __ATOMIC_SEQ_CST);
    }
    alarm(0);
    rogue_end(&rogue);
}

static void test_counters_cannot_be_written_nor_rings_shrunk_by_the_peer(void **state UNUSED)
{
    struct rogue rogue;

    rogue_attach(&rogue);
    assert_true(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, rogue.fds[0], 0) ==
                MAP_FAILED);
    assert_int_equal(pwrite(rogue.fds[0], "x", 1, 0), -1);
    assert_int_equal(ftruncate(rogue.fds[0], 0), -1);
    assert_int_equal(ftruncate(rogue.fds[1], 0), -1);
    rogue_end(&rogue);
}

static void test_a_malformed_command_detaches_the_peer(void **state UNUSED)
{
    struct message m;
    struct rogue rogue;

    for (uint32_t type = 0; type < 20; type++) {
        rogue_attach(&rogue);
        message_init(&m, rogue.buffer, (enum message_type)type, 1);
        message_put_u8(&m, 0xff);
        assert_int_equal(channel_send(rogue.sock, &m, NULL, 0), 0);
        expect_detached(&rogue);
        rogue_end(&rogue);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_second_vswitchd_is_refused_while_the_first_lives),
        cmocka_unit_test(test_another_version_is_refused_with_both_named),
        cmocka_unit_test(test_garbage_instead_of_a_greeting_is_refused),
        cmocka_unit_test(test_death_in_the_middle_of_a_record_leaves_no_trace),
        cmocka_unit_test(test_corrupt_rings_detach_the_peer),
        cmocka_unit_test(test_a_nonsense_record_detaches_the_peer),
        cmocka_unit_test(test_a_corrupt_upcall_ring_detaches_the_peer),
        cmocka_unit_test(test_a_command_read_before_a_message_is_checked_too),
        cmocka_unit_test(test_no_peer_makes_a_worker_wait_for_it),
        cmocka_unit_test(test_counters_cannot_be_written_nor_rings_shrunk_by_the_peer),
        cmocka_unit_test(test_a_malformed_command_detaches_the_peer),
    };

    return cmocka_run_group_tests(tests, start_datapath, stop_datapath);
}
