/* Waiting until the cached flows agree with the tables: for no longer than it takes, and for no
 * less. */
#include "tests/unit/vswitchd/upcall_env.h"

static void count_one(void *aux)
{
    ++*(unsigned int *)aux;
}

static void sync_waits_until_every_flow_agrees(void **state)
{
    struct env *e = *state;
    unsigned int n_done = 0;

    env_set_vlan(e, 1, 10);
    env_set_vlan(e, 2, 10);
    env_send(e, 1, 2);
    env_set_vlan(e, 2, 20);
    upcall_sync(e->u, count_one, &n_done);
    assert_int_equal(n_done, 0);
    env_revalidate(e);
    assert_int_equal(n_done, 1);
    fake_outputs_clear(e->dp);
    env_send(e, 1, 2);
    assert_int_equal(env_sent(e, 2), 0);
    env_revalidate(e);
    assert_int_equal(n_done, 1);
}

static void every_one_who_waits_is_told_and_who_cancelled_is_not(void **state)
{
    struct env *e = *state;
    unsigned int a = 0, b = 0, c = 0;

    env_set_vlan(e, 1, 10);
    env_send(e, 1, 2);
    env_set_vlan(e, 2, 20);
    upcall_sync(e->u, count_one, &a);
    upcall_sync(e->u, count_one, &b);
    env_set_vlan(e, 3, 20);
    upcall_sync(e->u, count_one, &c);
    upcall_sync_cancel(e->u, &b);
    env_revalidate(e);
    assert_int_equal(a, 1);
    assert_int_equal(b, 0);
    assert_int_equal(c, 1);
}

static void who_waits_is_told_when_the_datapath_is_lost(void **state)
{
    struct env *e = *state;
    unsigned int n_done = 0;

    env_set_vlan(e, 1, 10);
    upcall_sync(e->u, count_one, &n_done);
    upcall_sync(e->u, count_one, &n_done);
    upcall_lost(e->u);
    assert_int_equal(n_done, 2);
}

/* All that went on before is over. */
static void settle(struct env *e)
{
    unsigned int n_done = 0;

    upcall_sync(e->u, count_one, &n_done);
    env_revalidate(e);
    assert_int_equal(n_done, 1);
}

static void nobody_waits_for_a_change_that_concerns_no_cached_flow(void **state)
{
    struct env *e = *state;
    unsigned int n_done = 0;
    uint64_t n_passes;

    env_send(e, 1, 2);
    env_send(e, 2, 1);
    settle(e);
    n_passes = e->u->n.passes;
    for (unsigned int i = 0; i < 300; i++) {
        env_drop(e, "dl_dst=02:00:00:00:00:07,in_port=3");
        upcall_sync(e->u, count_one, &n_done);
        assert_int_equal(n_done, i + 1);
    }
    assert_int_equal(e->u->n.passes, n_passes);
}

static void a_change_finds_the_flow_that_it_concerns_and_no_other(void **state)
{
    struct env *e = *state;
    unsigned int n_done = 0;
    uint64_t n, n_passes;

    for (unsigned int to = 2; to <= 4; to++) {
        env_send(e, 1, to);
        env_send(e, to, 1);
    }
    settle(e);
    n = e->u->n.retranslated;
    n_passes = e->u->n.passes;
    env_drop(e, "dl_dst=02:00:00:00:00:03");
    upcall_sync(e->u, count_one, &n_done);
    assert_int_equal(e->u->n.retranslated, n + 1);
    assert_int_equal(n_done, 0); /* The datapath has not said that it is in force. */
    upcall_run(e->u, env_now(e));
    fake_run(e->base);
    assert_int_equal(n_done, 1);
    assert_int_equal(e->u->n.passes, n_passes);
    fake_outputs_clear(e->dp);
    env_send(e, 1, 3);
    env_send(e, 1, 4);
    assert_int_equal(env_sent(e, 3), 0);
    assert_int_equal(env_sent(e, 4), 1);
}

static void a_packet_that_corrected_its_flow_is_waited_for(void **state)
{
    struct env *e = *state;
    struct flow_key key = env_key(1, 2, 1000);
    unsigned int n_done = 0;
    uint8_t packet[60] = {0};
    struct dp_upcall up = {.reason = DP_UPCALL_MISS,
                           .pending = DP_NO_PENDING,
                           .in_port = 1,
                           .key = &key,
                           .packet = packet,
                           .packet_len = sizeof packet,
                           .full_len = sizeof packet};

    env_send(e, 1, 2);
    env_send(e, 2, 1);
    settle(e);
    env_drop(e, "in_port=1,dl_dst=02:00:00:00:00:02");
    upcall_handle(e->u, &up, 1, env_now(e)); /* By the tables as they are now. */
    upcall_sync(e->u, count_one, &n_done);
    assert_int_equal(n_done, 0);
    upcall_run(e->u, env_now(e));
    fake_run(e->base);
    assert_int_equal(n_done, 1);
    fake_outputs_clear(e->dp);
    assert_true(env_send(e, 1, 2));
    assert_int_equal(env_sent(e, 2), 0);
}

static void many_changes_are_settled_by_a_pass(void **state)
{
    struct env *e = *state;
    unsigned int n_done = 0;
    char text[64];
    uint64_t n;

    env_send(e, 1, 2);
    env_send(e, 2, 1);
    settle(e);
    n = e->u->n.retranslated;
    for (unsigned int i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "dl_dst=02:00:00:00:%02x:%02x", 1 + i / 250, i % 250);
        env_drop(e, text);
    }
    upcall_sync(e->u, count_one, &n_done);
    assert_int_equal(n_done, 0);
    env_revalidate(e);
    assert_int_equal(n_done, 1);
    assert_int_equal(e->u->n.retranslated, n);
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, env_setup, env_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sync_waits_until_every_flow_agrees),
        TEST(every_one_who_waits_is_told_and_who_cancelled_is_not),
        TEST(who_waits_is_told_when_the_datapath_is_lost),
        TEST(nobody_waits_for_a_change_that_concerns_no_cached_flow),
        TEST(a_change_finds_the_flow_that_it_concerns_and_no_other),
        TEST(a_packet_that_corrected_its_flow_is_waited_for),
        TEST(many_changes_are_settled_by_a_pass),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
