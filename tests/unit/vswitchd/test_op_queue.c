/* The queue of operations, with a datapath that takes only some of them at a time. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vswitchd/upcall/op_queue.h"

static size_t room; /* How many operations the datapath takes until the test gives it more. */
static uint64_t next_cookie;

/* Takes at most 'room' operations and checks that each comes in order with its own bytes. */
static int submit(struct dp *dp, const struct dp_op *ops, size_t n)
{
    size_t taken = MIN_OF(n, room);

    (void)dp;
    for (size_t i = 0; i < taken; i++) {
        uint8_t want[64];
        size_t len = 4 + ops[i].cookie % 32;

        assert_int_equal(ops[i].cookie, next_cookie++);
        assert_int_equal(ops[i].actions_len, len);
        memset(want, (int)ops[i].cookie, sizeof want);
        assert_memory_equal(ops[i].actions, want, len);
        if (ops[i].cookie % 3 == 0) {
            assert_int_equal(ops[i].packet_len, len);
            assert_memory_equal(ops[i].packet, want, len);
        } else {
            assert_null(ops[i].packet);
        }
    }
    room -= taken;
    return (int)taken;
}

static const struct dp_provider provider = {.name = "test", .submit = submit};

static void put(struct op_queue *q, uint64_t cookie)
{
    uint8_t bytes[64];
    struct dp_op op = {.type = DP_OP_EXECUTE, .cookie = cookie};

    memset(bytes, (int)cookie, sizeof bytes);
    op.actions = bytes;
    op.actions_len = 4 + cookie % 32;
    if (cookie % 3 == 0) {
        op.packet = bytes;
        op.packet_len = op.actions_len;
    }
    op_queue_put(q, &op);
}

static unsigned int n_refused;

static void refused(const struct dp_op *op, int error, void *aux)
{
    (void)aux;
    assert_int_equal(error, -EMSGSIZE);
    assert_int_equal(op->cookie, 1);
    n_refused++;
}

static int submit_all_but_one(struct dp *dp, const struct dp_op *ops, size_t n)
{
    (void)dp;
    for (size_t i = 0; i < n; i++) {
        if (ops[i].cookie == 1) {
            return i ? (int)i : -EMSGSIZE;
        }
    }
    return (int)n;
}

static void refused_operation_does_not_hold_up_the_others(void **state)
{
    static const struct dp_provider p = {.name = "test", .submit = submit_all_but_one};
    struct dp dp = {&p};
    struct op_queue q;

    (void)state;
    op_queue_init(&q);
    for (uint64_t i = 0; i < 3; i++) {
        put(&q, i);
    }
    assert_int_equal(op_queue_flush(&q, &dp, refused, NULL), 0);
    assert_int_equal(op_queue_length(&q), 0);
    assert_int_equal(n_refused, 1);
    op_queue_free(&q);
}

static void what_is_not_taken_stays_in_order_with_its_bytes(void **state)
{
    struct dp dp = {&provider};
    struct op_queue q;
    uint64_t cookie = 0;

    (void)state;
    next_cookie = 0;
    op_queue_init(&q);
    for (unsigned int turn = 0; turn < 3000; turn++) {
        for (unsigned int i = 0; i < turn % 7; i++) {
            put(&q, cookie++);
        }
        room = turn % 5;
        assert_int_equal(op_queue_flush(&q, &dp, refused, NULL), 0);
    }
    room = SIZE_MAX;
    assert_int_equal(op_queue_flush(&q, &dp, refused, NULL), 0);
    assert_int_equal(op_queue_length(&q), 0);
    assert_int_equal(next_cookie, cookie);
    op_queue_free(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_taken_stays_in_order_with_its_bytes),
        cmocka_unit_test(refused_operation_does_not_hold_up_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
