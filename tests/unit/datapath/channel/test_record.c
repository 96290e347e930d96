/* What goes through the rings comes out as it went in, and nothing malformed comes out at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/channel/record.h"

#define SIZE (1u << 18)

struct fixture {
    struct channel_ring shared;
    struct flow_key key;
    struct flow_mask mask;
    struct record_op op;
    struct ring_writer w;
    struct ring_reader r;
    uint8_t *data;
    uint64_t record[ROUND_UP(RECORD_COMMAND_MAX, 8) / 8];
};

static int setup(void **state)
{
    struct fixture *f = aligned_alloc(64, ROUND_UP(sizeof *f, 64));

    memset(f, 0, sizeof *f);
    f->data = aligned_alloc(8, SIZE);
    memset(f->data, 0, SIZE);
    ring_writer_init(&f->w, &f->shared, f->data, SIZE);
    ring_reader_init(&f->r, &f->shared, f->data, SIZE);
    f->key.lines = 1u << FLOW_LINE_BASE | 1u << FLOW_LINE_L3X;
    f->key.in_port = 3;
    f->key.eth_type = be16_make(0x86dd);
    memset(f->key.ipv6_dst, 0xab, 16);
    flow_mask_init(&f->mask);
    FLOW_MASK_FIELD(&f->mask, in_port);
    FLOW_MASK_FIELD(&f->mask, eth_type);
    FLOW_MASK_FIELD(&f->mask, ipv6_dst);
    flow_mask_seal(&f->mask);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    free(f->data);
    free(f);
    return 0;
}

static int get(struct fixture *f, uint32_t *type, uint32_t *len)
{
    ring_publish(&f->w);
    return ring_get(&f->r, f->record, sizeof f->record, type, len);
}

static void test_flow_put_comes_out_as_it_went_in(void **state)
{
    struct fixture *f = *state;
    struct dp_actions actions = DP_ACTIONS_INIT;
    uint32_t type, len;

    dp_actions_put_output(&actions, 9);
    f->key.nw_ttl = 64; /* Not in the mask, but whole keys go over. */
    struct dp_op op = {.type = DP_OP_FLOW_PUT,
                       .cookie = 0x1122334455667788,
                       .flow_no = 77,
                       .key = &f->key,
                       .mask = &f->mask,
                       .actions = actions.data,
                       .actions_len = actions.len,
                       .pending = 5};
    assert_int_equal(record_put_op(&f->w, &op), 0);
    assert_int_equal(get(f, &type, &len), 1);
    assert_int_equal(record_get_op(type, f->record, len, &f->op), 0);
    assert_int_equal(f->op.op.cookie, op.cookie);
    assert_int_equal(f->op.op.flow_no, 77);
    assert_int_equal(f->op.op.pending, 5);
    assert_true(flow_key_equal(&f->key, f->op.op.key));
    assert_true(flow_mask_equal(&f->mask, f->op.op.mask));
    assert_int_equal(f->op.op.actions_len, actions.len);
    assert_memory_equal(f->op.op.actions, actions.data, actions.len);
    dp_actions_free(&actions);
}

static void test_execute_carries_a_jumbo_packet_and_no_larger(void **state)
{
    struct fixture *f = *state;
    uint8_t *packet = calloc(1, CHANNEL_EXECUTE_MAX + 1);
    struct dp_op op = {
        .type = DP_OP_EXECUTE, .packet = packet, .packet_len = CHANNEL_EXECUTE_MAX, .in_port = 2};
    uint32_t type, len;

    packet[CHANNEL_EXECUTE_MAX - 1] = 0x5a;
    assert_int_equal(record_put_op(&f->w, &op), 0);
    assert_int_equal(get(f, &type, &len), 1);
    assert_int_equal(record_get_op(type, f->record, len, &f->op), 0);
    assert_int_equal(f->op.op.packet_len, CHANNEL_EXECUTE_MAX);
    assert_memory_equal(f->op.op.packet, packet, CHANNEL_EXECUTE_MAX);
    op.packet_len++;
    assert_int_equal(record_put_op(&f->w, &op), -EMSGSIZE);
    free(packet);
}

static void test_meters_travel_and_bad_ones_are_refused(void **state)
{
    struct fixture *f = *state;
    struct dp_meter meter = {.n_bands = 1,
                             .band = {{.type = DP_BAND_DROP, .rate = 1000, .burst = 200}}};
    struct dp_op op = {.type = DP_OP_METER_PUT, .cookie = 9, .flow_no = 7, .meter = &meter};
    uint32_t type, len;

    assert_int_equal(record_put_op(&f->w, &op), 0);
    assert_int_equal(get(f, &type, &len), 1);
    assert_int_equal(record_get_op(type, f->record, len, &f->op), 0);
    assert_int_equal(f->op.op.flow_no, 7);
    assert_memory_equal(f->op.op.meter, &meter, sizeof meter);
    meter.band[0].rate = 0;
    assert_int_equal(record_put_op(&f->w, &op), 0);
    assert_int_equal(get(f, &type, &len), 1);
    assert_int_equal(record_get_op(type, f->record, len, &f->op), -EINVAL);
    assert_int_equal(f->op.op.cookie, 9);
    op.meter = NULL;
    assert_int_equal(record_put_op(&f->w, &op), -EINVAL);
    op = (struct dp_op){.type = DP_OP_METER_DEL, .flow_no = DP_MAX_METERS};
    assert_int_equal(record_put_op(&f->w, &op), 0);
    assert_int_equal(get(f, &type, &len), 1);
    assert_int_equal(record_get_op(type, f->record, len, &f->op), -EINVAL);
    op.flow_no = DP_NO_METER;
    assert_int_equal(record_put_op(&f->w, &op), 0);
    assert_int_equal(get(f, &type, &len), 1);
    assert_int_equal(record_get_op(type, f->record, len, &f->op), 0);
}

static void test_bad_values_can_be_answered_and_bad_form_cannot(void **state)
{
    struct fixture *f = *state;
    const uint32_t bad_actions[] = {0xffffffff, 0xffffffff};
    struct dp_op op = {.type = DP_OP_FLOW_PUT,
                       .cookie = 4,
                       .key = &f->key,
                       .mask = &f->mask,
                       .actions = bad_actions,
                       .actions_len = sizeof bad_actions};
    uint32_t type, len;

    assert_int_equal(record_put_op(&f->w, &op), 0);
    assert_int_equal(get(f, &type, &len), 1);
    assert_int_equal(record_get_op(type, f->record, len, &f->op), -EINVAL);
    assert_int_equal(f->op.op.cookie, 4);
    for (uint32_t cut = 0; cut < len; cut++) {
        assert_int_equal(record_get_op(type, f->record, cut, &f->op), -EPROTO);
    }
    assert_int_equal(record_get_op(DP_OP_BARRIER + 1, f->record, len, &f->op), -EPROTO);
}

static void test_a_key_with_padding_is_refused(void **state)
{
    struct fixture *f = *state;
    struct dp_op op = {.type = DP_OP_FLOW_PUT, .key = &f->key, .mask = &f->mask};
    uint32_t type, len;
    uint8_t *p = (uint8_t *)f->record;

    assert_int_equal(record_put_op(&f->w, &op), 0);
    assert_int_equal(get(f, &type, &len), 1);
    assert_int_equal(record_get_op(type, f->record, len, &f->op), 0);
    p[40 + offsetof(struct flow_key, ipv6_exthdr)] = 0x80;
    assert_int_equal(record_get_op(type, f->record, len, &f->op), -EPROTO);
}

static void test_every_flipped_byte_of_a_command_is_survived(void **state)
{
    struct fixture *f = *state;
    struct dp_actions actions = DP_ACTIONS_INIT;
    uint32_t type, len;

    dp_actions_put_output(&actions, 9);
    dp_actions_put_drop(&actions, DP_DROP_NO_OUTPUT);
    struct dp_op op = {.type = DP_OP_FLOW_PUT,
                       .key = &f->key,
                       .mask = &f->mask,
                       .actions = actions.data,
                       .actions_len = actions.len};
    assert_int_equal(record_put_op(&f->w, &op), 0);
    assert_int_equal(get(f, &type, &len), 1);
    for (uint32_t i = 0; i < len * 8; i++) {
        ((uint8_t *)f->record)[i / 8] ^= (uint8_t)(1u << i % 8);
        int error = record_get_op(type, f->record, len, &f->op);
        assert_true(error == 0 || error == -EPROTO || error == -EINVAL);
        ((uint8_t *)f->record)[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    dp_actions_free(&actions);
}

static void test_upcalls_are_cut_to_the_bound_and_say_the_full_length(void **state)
{
    struct fixture *f = *state;
    uint8_t packet[CHANNEL_PACKET_MAX + 100] = {1, 2, 3};
    struct dp_upcall in = {.reason = DP_UPCALL_MISS,
                           .in_port = 3,
                           .pending = 42,
                           .key = &f->key,
                           .packet = packet,
                           .packet_len = sizeof packet,
                           .full_len = 20000};
    struct dp_upcall out;
    struct flow_key key;
    uint32_t type, len;

    assert_int_equal(record_put_upcall(&f->w, &in), 0);
    assert_int_equal(get(f, &type, &len), 1);
    assert_true(len <= RECORD_UPCALL_MAX);
    assert_int_equal(record_get_upcall(type, f->record, len, &key, &out), 0);
    assert_int_equal(out.packet_len, CHANNEL_PACKET_MAX);
    assert_int_equal(out.full_len, 20000);
    assert_int_equal(out.pending, 42);
    assert_true(flow_key_equal(&f->key, out.key));
    assert_memory_equal(out.packet, packet, CHANNEL_PACKET_MAX);
    for (uint32_t cut = 0; cut < len; cut++) {
        assert_int_equal(record_get_upcall(type, f->record, cut, &key, &out), -EPROTO);
    }
    for (uint32_t i = 0; i < 200 * 8; i++) {
        ((uint8_t *)f->record)[i / 8] ^= (uint8_t)(1u << i % 8);
        int error = record_get_upcall(type, f->record, len, &key, &out);
        assert_true(error == 0 || error == -EPROTO);
        ((uint8_t *)f->record)[i / 8] ^= (uint8_t)(1u << i % 8);
    }
}

static void test_a_key_without_further_lines_takes_one_line(void **state)
{
    struct fixture *f = *state;
    struct dp_upcall in = {
        .in_port = 3, .key = &f->key, .packet = "x", .packet_len = 1, .full_len = 1};
    struct dp_upcall out;
    struct flow_key key;
    uint32_t type, len;

    f->key.lines = 1u << FLOW_LINE_BASE; /* The other line is not to be read. */
    assert_int_equal(record_put_upcall(&f->w, &in), 0);
    assert_int_equal(get(f, &type, &len), 1);
    assert_int_equal(len, 32 + 64 + 1);
    memset(&key, 0xff, sizeof key);
    assert_int_equal(record_get_upcall(type, f->record, len, &key, &out), 0);
    assert_int_equal(key.ipv6_dst[0], 0);
}

static void test_completions_come_out_as_they_went_in(void **state)
{
    struct fixture *f = *state;
    struct dp_completion in = {.cookie = 6,
                               .type = DP_OP_FLOW_DEL,
                               .error = -ENOENT,
                               .flow_no = 8,
                               .stats = {10, 20, 30, 0x12}};
    struct dp_completion out;
    uint32_t type, len;

    assert_int_equal(record_put_completion(&f->w, &in), 0);
    assert_int_equal(get(f, &type, &len), 1);
    assert_int_equal(record_get_completion(type, f->record, len, &out), 0);
    assert_int_equal(out.cookie, 6);
    assert_int_equal(out.type, DP_OP_FLOW_DEL);
    assert_int_equal(out.error, -ENOENT);
    assert_int_equal(out.flow_no, 8);
    assert_int_equal(out.stats.packets, 10);
    assert_int_equal(out.stats.bytes, 20);
    assert_int_equal(out.stats.used_ms, 30);
    assert_int_equal(out.stats.tcp_flags, 0x12);
    assert_int_equal(record_get_completion(type, f->record, len - 1, &out), -EPROTO);
    assert_int_equal(record_get_completion(RECORD_UPCALL, f->record, len, &out), -EPROTO);
}

int main(void)
{
#define T(F) cmocka_unit_test_setup_teardown(F, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_flow_put_comes_out_as_it_went_in),
        T(test_execute_carries_a_jumbo_packet_and_no_larger),
        T(test_meters_travel_and_bad_ones_are_refused),
        T(test_bad_values_can_be_answered_and_bad_form_cannot),
        T(test_a_key_with_padding_is_refused),
        T(test_every_flipped_byte_of_a_command_is_survived),
        T(test_upcalls_are_cut_to_the_bound_and_say_the_full_length),
        T(test_a_key_without_further_lines_takes_one_line),
        T(test_completions_come_out_as_they_went_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
