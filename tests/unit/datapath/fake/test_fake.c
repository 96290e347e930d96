/* The fake datapath keeps to dp.h, so that tests of ofproto and vswitchd that pass with it mean
 * something. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/fake/fake.h"

struct seen {
    struct event_base *base;
    struct dp *dp;
    int n_attached, n_lost;
    bool fresh;
    struct dp_completion completions[16];
    size_t n_completions;
    uint64_t pending;
    size_t n_upcalls;
    uint32_t changed;
};

static void attached(bool fresh, void *seen_)
{
    struct seen *seen = seen_;

    seen->n_attached++;
    seen->fresh = fresh;
}

static void lost(const char *reason, void *seen_)
{
    struct seen *seen = seen_;

    assert_string_equal(reason, "killed");
    seen->n_lost++;
}

static void upcalls(const struct dp_upcall *upcall, size_t n, void *seen_)
{
    struct seen *seen = seen_;

    assert_int_equal(upcall->in_port, upcall->key->in_port);
    seen->pending = upcall->pending;
    seen->n_upcalls += n;
}

static void completions(const struct dp_completion *c, size_t n, void *seen_)
{
    struct seen *seen = seen_;

    for (size_t i = 0; i < n; i++) {
        seen->completions[seen->n_completions++] = c[i];
    }
}

static void port_changed(uint32_t port_no, void *seen_)
{
    struct seen *seen = seen_;

    seen->changed = port_no;
}

static const struct dp_callbacks callbacks = {attached, lost, upcalls, completions, port_changed};

static int setup(void **state)
{
    struct seen *seen = calloc(1, sizeof *seen);
    struct error err;

    seen->base = event_base_new();
    assert_int_equal(dp_open("fake:", seen->base, &callbacks, seen, &seen->dp, &err), 0);
    fake_run(seen->base);
    *state = seen;
    return 0;
}

static int teardown(void **state)
{
    struct seen *seen = *state;

    dp_close(seen->dp);
    event_base_free(seen->base);
    free(seen);
    return 0;
}

static uint32_t add_port(struct seen *seen, const char *name)
{
    struct dp_port_config config = {.name = name, .type = "tap"};
    uint32_t port_no = 0;

    assert_int_equal(dp_port_add(seen->dp, &config, 0, &port_no, NULL), 0);
    return port_no;
}

static void test_attach_lose_attach_again_keeps_ports(void **state)
{
    struct seen *seen = *state;
    uint32_t port = add_port(seen, "a");
    struct dp_port_info *ports;
    size_t n;

    assert_int_equal(seen->n_attached, 1);
    assert_true(seen->fresh);
    fake_lose(seen->dp, "killed");
    assert_int_equal(dp_port_list(seen->dp, &ports, &n, NULL), -ENOTCONN);
    fake_run(seen->base);
    assert_int_equal(seen->n_lost, 1);
    fake_attach(seen->dp);
    fake_run(seen->base);
    assert_int_equal(seen->n_attached, 2);
    assert_false(seen->fresh);
    assert_int_equal(dp_port_list(seen->dp, &ports, &n, NULL), 0);
    assert_int_equal(n, 1);
    assert_int_equal(ports[0].port_no, port);
    free(ports);
}

static void test_a_name_in_use_and_an_unknown_type_are_refused(void **state)
{
    struct seen *seen = *state;
    struct dp_port_config config = {.name = "a", .type = "tap"};
    struct error err;
    uint32_t port;

    add_port(seen, "a");
    assert_int_equal(dp_port_add(seen->dp, &config, 0, &port, &err), -EEXIST);
    config.name = "b";
    config.type = "carrier-pigeon";
    assert_int_equal(dp_port_add(seen->dp, &config, 0, &port, &err), -EINVAL);
    config.type = "tap";
    fake_port_add_fails(seen->dp, "b", ENODEV, "port 'b': no such device");
    assert_int_equal(dp_port_add(seen->dp, &config, 0, &port, &err), -ENODEV);
    assert_string_equal(err.text, "port 'b': no such device");
    assert_int_equal(dp_port_add(seen->dp, &config, 7, &port, &err), 0);
    assert_int_equal(port, 7);
}

static void make_key(struct flow_key *key, uint32_t in_port, uint8_t last)
{
    memset(key, 0, sizeof *key);
    key->lines = 1u << FLOW_LINE_BASE;
    key->in_port = (uint16_t)in_port;
    key->eth_dst[5] = last;
}

static void test_a_miss_is_parked_and_released_by_the_put(void **state)
{
    struct seen *seen = *state;
    uint32_t a = add_port(seen, "a"), b = add_port(seen, "b");
    struct dp_actions actions = DP_ACTIONS_INIT;
    const struct fake_output *out;
    struct dp_flow_stats stats;
    struct flow_mask mask;
    struct flow_key key;
    uint8_t packet[60] = {1};
    size_t n;

    make_key(&key, a, 9);
    assert_false(fake_receive(seen->dp, &key, packet, sizeof packet));
    assert_false(fake_receive(seen->dp, &key, packet, sizeof packet));
    fake_run(seen->base);
    assert_int_equal(seen->n_upcalls, 1);

    flow_mask_init(&mask);
    FLOW_MASK_FIELD(&mask, in_port);
    FLOW_MASK_FIELD(&mask, eth_dst);
    flow_mask_seal(&mask);
    dp_actions_put_output(&actions, b);
    struct dp_op op = {.type = DP_OP_FLOW_PUT,
                       .cookie = 5,
                       .flow_no = 3,
                       .key = &key,
                       .mask = &mask,
                       .actions = actions.data,
                       .actions_len = actions.len,
                       .pending = seen->pending};
    assert_int_equal(dp_submit(seen->dp, &op, 1), 1);
    assert_int_equal(seen->n_completions, 0);
    fake_run(seen->base);
    assert_int_equal(seen->n_completions, 1);
    assert_int_equal(seen->completions[0].error, 0);
    assert_int_equal(fake_pending_count(seen->dp), 0);
    out = fake_outputs(seen->dp, &n);
    assert_int_equal(n, 2);
    assert_int_equal(out[0].port_no, b);

    assert_true(fake_receive(seen->dp, &key, packet, sizeof packet));
    assert_int_equal(dp_flow_stats(seen->dp, 3, &stats), 0);
    assert_int_equal(stats.packets, 1);

    mask.bits.eth_src[0] = 1;
    assert_int_equal(dp_submit(seen->dp, &op, 1), 1);
    op.type = DP_OP_FLOW_DEL;
    assert_int_equal(dp_submit(seen->dp, &op, 1), 1);
    fake_run(seen->base);
    assert_int_equal(seen->completions[1].error, -EEXIST);
    assert_int_equal(seen->completions[2].error, 0);
    assert_int_equal(seen->completions[2].stats.packets, 1);
    assert_int_equal(fake_flow_count(seen->dp), 0);
    dp_actions_free(&actions);
}

static void test_vlan_actions_change_the_frame(void **state)
{
    struct seen *seen = *state;
    uint32_t a = add_port(seen, "a");
    struct dp_actions actions = DP_ACTIONS_INIT;
    struct dp_action_push_vlan *push;
    const struct fake_output *out;
    uint8_t packet[60] = {0};
    size_t n;

    push = dp_actions_put(&actions, DP_ACTION_PUSH_VLAN, sizeof *push);
    push->tpid = be16_make(0x8100);
    push->tci = be16_make(FLOW_VLAN_PRESENT | 10);
    dp_actions_put_output(&actions, a);
    dp_actions_put(&actions, DP_ACTION_POP_VLAN, sizeof(struct dp_action_pop_vlan));
    dp_actions_put_output(&actions, a);
    struct dp_op op = {.type = DP_OP_EXECUTE,
                       .actions = actions.data,
                       .actions_len = actions.len,
                       .packet = packet,
                       .packet_len = sizeof packet};
    assert_int_equal(dp_submit(seen->dp, &op, 1), 1);
    fake_run(seen->base);
    assert_int_equal(seen->completions[0].error, 0);
    out = fake_outputs(seen->dp, &n);
    assert_int_equal(n, 2);
    assert_int_equal(out[0].len, 64);
    assert_memory_equal(out[0].packet + 12, "\x81\x00\x00\x0a", 4);
    assert_int_equal(out[1].len, 60);
    assert_memory_equal(out[1].packet, packet, 60);
    dp_actions_free(&actions);
}

static void test_a_full_ring_takes_fewer(void **state)
{
    struct seen *seen = *state;
    struct dp_op ops[3] = {
        {.type = DP_OP_BARRIER}, {.type = DP_OP_BARRIER}, {.type = DP_OP_BARRIER}};

    fake_set_ring_size(seen->dp, 2);
    assert_int_equal(dp_submit(seen->dp, ops, 3), 2);
    assert_int_equal(dp_submit(seen->dp, ops, 1), 0);
    fake_run(seen->base);
    assert_int_equal(seen->n_completions, 2);
    assert_int_equal(dp_submit(seen->dp, ops, 1), 1);
}

static void test_a_named_datapath_outlives_its_user(void **state)
{
    struct seen *seen = *state, other = {.base = seen->base};
    struct dp_port_config config = {.name = "x", .type = "system"};
    uint32_t port;

    assert_int_equal(dp_open("fake:t", seen->base, &callbacks, &other, &other.dp, NULL), 0);
    fake_run(seen->base);
    assert_int_equal(dp_port_add(other.dp, &config, 0, &port, NULL), 0);
    dp_close(other.dp);
    assert_int_equal(dp_open("fake:t", seen->base, &callbacks, &other, &other.dp, NULL), 0);
    fake_run(seen->base);
    assert_false(other.fresh);
    assert_int_equal(fake_port_find(other.dp, "x"), port);
    fake_port_set_state(other.dp, port, true, false, "gone");
    fake_run(seen->base);
    assert_int_equal(other.changed, port);
    dp_close(other.dp);
    fake_destroy("t");
}

static void test_bad_arguments_are_refused_before_any_provider(void **state)
{
    struct seen *seen = *state;
    char long_name[DP_NAME_MAX + 1];
    struct dp_port_config config = {.name = long_name, .type = "tap"};
    struct error err;
    uint32_t port;
    struct dp *dp;

    memset(long_name, 'x', DP_NAME_MAX);
    long_name[DP_NAME_MAX] = '\0';
    assert_int_equal(dp_port_add(seen->dp, &config, 0, &port, &err), -ENAMETOOLONG);
    config.name = "p";
    assert_int_equal(dp_port_add(seen->dp, &config, DP_MAX_PORTS, &port, &err), -EINVAL);
    assert_int_equal(dp_open("nonsense", seen->base, &callbacks, seen, &dp, &err), -EINVAL);
    assert_int_equal(dp_open("ebpf:", seen->base, &callbacks, seen, &dp, &err), -EAFNOSUPPORT);
}

int main(void)
{
#define T(F) cmocka_unit_test_setup_teardown(F, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_attach_lose_attach_again_keeps_ports),
        T(test_a_name_in_use_and_an_unknown_type_are_refused),
        T(test_a_miss_is_parked_and_released_by_the_put),
        T(test_vlan_actions_change_the_frame),
        T(test_a_full_ring_takes_fewer),
        T(test_a_named_datapath_outlives_its_user),
        T(test_bad_arguments_are_refused_before_any_provider),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
