/* The channel's rings keep records whole and in order, and believe nothing that the other end
 * writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "datapath/channel/ring.h"

#define SIZE 256u

struct fixture {
    struct channel_ring shared;
    uint8_t data[SIZE] __attribute__((aligned(8)));
    struct ring_writer w;
    struct ring_reader r;
};

static int setup(void **state)
{
    struct fixture *f = aligned_alloc(64, ROUND_UP(sizeof *f, 64));

    memset(f, 0, sizeof *f);
    ring_writer_init(&f->w, &f->shared, f->data, SIZE);
    ring_reader_init(&f->r, &f->shared, f->data, SIZE);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static int put(struct fixture *f, uint32_t type, const void *p, size_t n)
{
    const struct iovec part = {(void *)p, n};

    return ring_put(&f->w, type, &part, 1);
}

static void test_empty_ring_has_nothing(void **state)
{
    struct fixture *f = *state;
    uint32_t type, len;
    uint8_t buffer[SIZE];

    assert_int_equal(ring_get(&f->r, buffer, sizeof buffer, &type, &len), 0);
    assert_int_equal(ring_pending(&f->r), 0);
    assert_false(ring_publish(&f->w));
}

static void test_a_record_is_not_seen_before_it_is_published(void **state)
{
    struct fixture *f = *state;
    uint32_t type = 0, len = 0;
    uint8_t buffer[SIZE];

    assert_int_equal(put(f, 7, "abc", 3), 0);
    assert_int_equal(ring_get(&f->r, buffer, sizeof buffer, &type, &len), 0);
    assert_true(ring_publish(&f->w));
    assert_int_equal(ring_get(&f->r, buffer, sizeof buffer, &type, &len), 1);
    assert_int_equal(type, 7);
    assert_int_equal(len, 3);
    assert_memory_equal(buffer, "abc", 3);
}

static void test_records_of_all_sizes_survive_wrapping(void **state)
{
    struct fixture *f = *state;
    uint8_t in[SIZE], out[SIZE];

    for (uint32_t i = 0; i < 5000; i++) {
        uint32_t n = i % 200, type = 0, len = 0;
        struct iovec parts[3];

        for (uint32_t j = 0; j < n; j++) {
            in[j] = (uint8_t)(i + j);
        }
        parts[0] = (struct iovec){in, n / 3};
        parts[1] = (struct iovec){in + n / 3, 0};
        parts[2] = (struct iovec){in + n / 3, n - n / 3};
        assert_int_equal(ring_put(&f->w, i, parts, 3), 0);
        ring_publish(&f->w);
        assert_int_equal(ring_get(&f->r, out, sizeof out, &type, &len), 1);
        assert_int_equal(type, i);
        assert_int_equal(len, n);
        assert_memory_equal(in, out, n);
        assert_true(ring_release(&f->r));
    }
}

static void test_a_full_ring_refuses_until_room_is_given_back(void **state)
{
    struct fixture *f = *state;
    uint8_t buffer[SIZE] = {0};
    uint32_t type, len;
    int n = 0;

    while (put(f, 1, buffer, 24) == 0) {
        n++;
    }
    assert_int_equal(n, SIZE / 32);
    assert_int_equal(put(f, 1, buffer, 0), -ENOSPC);
    assert_int_equal(put(f, 1, buffer, SIZE), -EMSGSIZE);
    ring_publish(&f->w);
    assert_int_equal(ring_get(&f->r, buffer, sizeof buffer, &type, &len), 1);
    assert_int_equal(put(f, 1, buffer, 24), -ENOSPC);
    ring_release(&f->r);
    assert_int_equal(put(f, 1, buffer, 24), 0);
}

static void test_impossible_writer_positions_are_refused(void **state)
{
    struct fixture *f = *state;
    static const uint64_t bad[] = {SIZE + 8, 4, UINT64_MAX - 7, UINT64_C(1) << 40};
    uint8_t buffer[SIZE];
    uint32_t type, len;

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        f->shared.head = bad[i];
        assert_int_equal(ring_get(&f->r, buffer, sizeof buffer, &type, &len), -EPROTO);
    }
    f->shared.head = 0;
    assert_int_equal(put(f, 1, "x", 1), 0);
    ring_publish(&f->w);
    assert_int_equal(ring_get(&f->r, buffer, sizeof buffer, &type, &len), 1);
    f->shared.head = 0; /* Backwards. */
    assert_int_equal(ring_get(&f->r, buffer, sizeof buffer, &type, &len), -EPROTO);
}

static void test_impossible_lengths_are_refused(void **state)
{
    struct fixture *f = *state;
    static const uint32_t bad[] = {9, 100, SIZE, UINT32_MAX, UINT32_MAX - 7};
    uint8_t buffer[SIZE];
    uint32_t type, len;

    assert_int_equal(put(f, 1, "12345678", 8), 0);
    ring_publish(&f->w);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        memcpy(f->data, &bad[i], 4);
        assert_int_equal(ring_get(&f->r, buffer, sizeof buffer, &type, &len), -EPROTO);
    }
    len = 8;
    memcpy(f->data, &len, 4);
    assert_int_equal(ring_get(&f->r, buffer, 7, &type, &len), -EPROTO);
    assert_int_equal(ring_get(&f->r, buffer, 8, &type, &len), 1);
}

static void test_impossible_reader_positions_are_refused(void **state)
{
    struct fixture *f = *state;
    uint8_t zeros[SIZE] = {0};

    while (put(f, 1, zeros, 24) == 0) {
    }
    ring_publish(&f->w);
    f->shared.tail = f->w.head + 8; /* Past what was published. */
    assert_int_equal(put(f, 1, zeros, 24), -EPROTO);
    f->shared.tail = 3;
    assert_int_equal(put(f, 1, zeros, 24), -EPROTO);
    f->shared.tail = 32;
    assert_int_equal(put(f, 1, zeros, 24), 0);
    f->shared.tail = 0; /* Backwards. */
    assert_int_equal(put(f, 1, zeros, 24), -EPROTO);
}

static void test_a_sleeper_is_woken_once_and_only_when_it_matters(void **state)
{
    uint32_t waits = CHANNEL_AWAKE;
    int fd = eventfd(0, EFD_NONBLOCK);
    uint64_t n;
    (void)state;

    channel_wake(&waits, CHANNEL_WAIT_RECORDS, fd);
    assert_int_equal(read(fd, &n, sizeof n), -1);
    channel_prepare_sleep(&waits, CHANNEL_WAIT_RECORDS);
    channel_wake(&waits, CHANNEL_WAIT_ROOM, fd);
    assert_int_equal(read(fd, &n, sizeof n), -1);
    channel_wake(&waits, CHANNEL_WAIT_RECORDS, fd);
    channel_wake(&waits, CHANNEL_WAIT_RECORDS, fd);
    assert_int_equal(read(fd, &n, sizeof n), sizeof n);
    assert_int_equal(n, 1);
    close(fd);
}

/* Two threads, sleeping and waking: every record arrives, in order, and nobody sleeps for ever. */

#define N_RECORDS 200000u

struct race {
    struct fixture *f;
    uint32_t reader_waits, writer_waits;
    int wake_reader, wake_writer;
};

static void sleep_on(int fd)
{
    uint64_t n;

    assert_int_equal(read(fd, &n, sizeof n), sizeof n);
}

static void *write_records(void *race_)
{
    struct race *race = race_;

    for (uint32_t i = 0; i < N_RECORDS;) {
        const struct iovec part = {&i, sizeof i};

        if (ring_put(&race->f->w, i, &part, 1) == 0) {
            i++;
            ring_publish(&race->f->w);
            channel_wake(&race->reader_waits, CHANNEL_WAIT_RECORDS, race->wake_reader);
            continue;
        }
        channel_prepare_sleep(&race->writer_waits, CHANNEL_WAIT_ROOM);
        if (ring_has_room(&race->f->w, sizeof i) == 0) {
            if (__atomic_exchange_n(&race->writer_waits, CHANNEL_AWAKE, __ATOMIC_SEQ_CST) ==
                CHANNEL_AWAKE) {
                sleep_on(race->wake_writer); /* The wake-up is under way. */
            }
            continue;
        }
        sleep_on(race->wake_writer);
    }
    return NULL;
}

static void test_no_wakeup_is_lost_between_threads(void **state)
{
    struct race race = {.f = *state, .wake_reader = eventfd(0, 0), .wake_writer = eventfd(0, 0)};
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, write_records, &race), 0);
    for (uint32_t i = 0; i < N_RECORDS;) {
        uint32_t value, type, len;
        int n = ring_get(&race.f->r, &value, sizeof value, &type, &len);

        assert_true(n >= 0);
        if (n) {
            assert_int_equal(value, i);
            i++;
            ring_release(&race.f->r);
            channel_wake(&race.writer_waits, CHANNEL_WAIT_ROOM, race.wake_writer);
            continue;
        }
        channel_prepare_sleep(&race.reader_waits, CHANNEL_WAIT_RECORDS);
        if (!ring_pending(&race.f->r) || __atomic_exchange_n(&race.reader_waits, CHANNEL_AWAKE,
                                                             __ATOMIC_SEQ_CST) == CHANNEL_AWAKE) {
            sleep_on(race.wake_reader);
        }
    }
    pthread_join(thread, NULL);
    close(race.wake_reader);
    close(race.wake_writer);
}

int main(void)
{
#define T(F) cmocka_unit_test_setup_teardown(F, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_empty_ring_has_nothing),
        T(test_a_record_is_not_seen_before_it_is_published),
        T(test_records_of_all_sizes_survive_wrapping),
        T(test_a_full_ring_refuses_until_room_is_given_back),
        T(test_impossible_writer_positions_are_refused),
        T(test_impossible_lengths_are_refused),
        T(test_impossible_reader_positions_are_refused),
        T(test_a_sleeper_is_woken_once_and_only_when_it_matters),
        T(test_no_wakeup_is_lost_between_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
