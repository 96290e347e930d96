/* Misses, revalidation, expiry and limits, on the fake datapath and the real ofproto. */
#include "ofproto/bridge.h"
#include "tests/unit/vswitchd/upcall_env.h"

#include <errno.h>

static void first_packet_is_flooded_and_answer_goes_one_way(void **state)
{
    struct env *e = *state;

    assert_false(env_send(e, 1, 2));
    assert_int_equal(env_sent(e, 2) + env_sent(e, 3) + env_sent(e, 4), 3);
    assert_int_equal(env_sent(e, 1), 0);
    fake_outputs_clear(e->dp);
    assert_false(env_send(e, 2, 1));
    assert_int_equal(env_sent(e, 1), 1);
    assert_int_equal(env_sent(e, 3), 0);
    assert_int_equal(fake_pending_count(e->dp), 0);
}

static void second_packet_of_a_flow_hits_the_cache(void **state)
{
    struct env *e = *state;

    env_send(e, 1, 2);
    assert_true(env_send(e, 1, 2));
    assert_int_equal(e->u->n.upcalls, 1);
}

static void another_connection_of_the_same_hosts_hits_the_same_flow(void **state)
{
    struct env *e = *state;
    struct flow_key other = env_key(1, 2, 4321);

    env_send(e, 1, 2);
    assert_true(env_send_key(e, &other));
}

static void flood_becomes_unicast_once_the_destination_is_learned(void **state)
{
    struct env *e = *state;

    env_send(e, 1, 2);
    env_send(e, 2, 1);
    env_revalidate(e);
    fake_outputs_clear(e->dp);
    assert_true(env_send(e, 1, 2));
    assert_int_equal(env_sent(e, 2), 1);
    assert_int_equal(env_sent(e, 3) + env_sent(e, 4), 0);
}

static void changed_vlan_stops_a_cached_flow(void **state)
{
    struct env *e = *state;

    env_set_vlan(e, 1, 10);
    env_set_vlan(e, 2, 10);
    env_send(e, 1, 2);
    env_send(e, 2, 1);
    env_revalidate(e);
    fake_outputs_clear(e->dp);
    assert_true(env_send(e, 1, 2));
    assert_int_equal(env_sent(e, 2), 1);

    env_set_vlan(e, 2, 20);
    env_revalidate(e);
    fake_outputs_clear(e->dp);
    env_send(e, 1, 2);
    assert_int_equal(env_sent(e, 2), 0);

    env_set_vlan(e, 2, 10);
    env_revalidate(e);
    env_send(e, 2, 1);
    env_revalidate(e);
    fake_outputs_clear(e->dp);
    env_send(e, 1, 2);
    assert_int_equal(env_sent(e, 2), 1);
}

static void flow_mod_leaves_flows_alone_that_it_cannot_change(void **state)
{
    struct env *e = *state;
    uint64_t n;

    env_send(e, 1, 2);
    env_send(e, 2, 1);
    env_send(e, 1, 2);
    env_drop(e, "dl_dst=02:00:00:00:00:07");
    env_revalidate(e); /* Also what the packets taught. */
    n = e->u->n.retranslated;
    env_drop(e, "dl_dst=02:00:00:00:00:08");
    env_drop(e, "in_port=3");
    env_revalidate(e);
    assert_int_equal(e->u->n.retranslated, n);
    env_drop(e, "dl_dst=02:00:00:00:00:01");
    env_revalidate(e);
    assert_int_equal(e->u->n.retranslated, n + 1);
    fake_outputs_clear(e->dp);
    env_send(e, 2, 1);
    env_send(e, 1, 2);
    assert_int_equal(env_sent(e, 1), 0);
    assert_int_equal(env_sent(e, 2), 1);
}

static void idle_flow_expires_and_a_used_one_stays(void **state)
{
    struct env *e = *state;
    struct dp_flow flow;
    struct flow_key used = env_key(1, 2, 1000);
    uint64_t now_ms = time_now_ms();

    upcall_set_limits(e->u, 1000, 10000);
    env_send(e, 1, 2);
    env_send(e, 2, 1);
    assert_int_equal(fake_flow_count(e->dp), 2);
    assert_true(fake_flow_lookup(e->dp, &used, &flow));
    fake_flow_set_stats(
        e->dp, flow.flow_no,
        &(struct dp_flow_stats){.packets = 5, .bytes = 300, .used_ms = now_ms + 9000});
    e->now_ms = now_ms + 11000;
    env_revalidate(e);
    assert_int_equal(fake_flow_count(e->dp), 1);
    assert_true(fake_flow_lookup(e->dp, &used, &flow));
    assert_int_equal(e->u->n.deleted_idle, 1);
    e->now_ms = now_ms + 20000;
    env_revalidate(e);
    assert_int_equal(fake_flow_count(e->dp), 0);
    assert_int_equal(e->u->flows.n, 0);
}

static void flow_limit_forwards_without_caching(void **state)
{
    struct env *e = *state;

    upcall_set_limits(e->u, 2, 10000);
    env_send(e, 1, 2);
    env_send(e, 2, 1);
    fake_outputs_clear(e->dp);
    assert_false(env_send(e, 3, 1));
    assert_false(env_send(e, 3, 1));
    assert_int_equal(env_sent(e, 1), 2);
    assert_int_equal(fake_flow_count(e->dp), 2);
    assert_int_equal(fake_pending_count(e->dp), 0);
    assert_int_equal(e->u->n.limit_hits, 2);
}

static void port_that_fills_the_cache_makes_room_for_others(void **state)
{
    struct env *e = *state;

    upcall_set_limits(e->u, 2, 10000);
    env_send(e, 1, 2);
    env_send(e, 1, 3);
    assert_int_equal(fake_flow_count(e->dp), 2);
    /* Full of flows of port 1: port 2 has none, and half of the room is its share. */
    env_send(e, 2, 1);
    assert_true(env_send(e, 2, 1));
    assert_int_equal(fake_flow_count(e->dp), 2);
    assert_int_equal(e->u->n.evicted, 1);
    assert_int_equal(e->u->n.limit_hits, 0);
    assert_false(env_send(e, 1, 4));
    assert_false(env_send(e, 2, 3));
    assert_int_equal(e->u->n.limit_hits, 2);
    assert_int_equal(e->u->n.evicted, 1);
}

static void failed_put_still_forwards_the_packet(void **state)
{
    struct env *e = *state;

    env_send(e, 1, 2);
    fake_outputs_clear(e->dp);
    fake_op_fails(e->dp, DP_OP_FLOW_PUT, ENOSPC);
    env_send(e, 2, 1);
    assert_int_equal(env_sent(e, 1), 1);
    assert_int_equal(fake_pending_count(e->dp), 0);
    assert_int_equal(flow_table_count(&e->u->flows), 1);
    assert_int_equal(e->u->flows.n, 1);
}

static void full_ring_delays_answers_but_loses_none(void **state)
{
    struct env *e = *state;
    const unsigned int n = 200;
    uint8_t packet[60] = {0};

    fake_set_ring_size(e->dp, 4);
    for (unsigned int i = 0; i < n; i++) {
        struct flow_key key = env_key(1, 2, 1000);

        key.eth_src[4] = (uint8_t)(i + 1);
        fake_receive(e->dp, &key, packet, sizeof packet);
    }
    for (unsigned int i = 0; i < n; i++) {
        fake_run(e->base);
        upcall_run(e->u, time_now_ms());
    }
    assert_int_equal(fake_pending_count(e->dp), 0);
    assert_int_equal(op_queue_length(&e->u->ops), 0);
    assert_int_equal(fake_flow_count(e->dp), n);
    assert_int_equal(env_sent(e, 2), n);
}

static void number_of_a_deleted_flow_is_used_again_only_after_its_deletion(void **state)
{
    struct env *e = *state;

    env_send(e, 1, 2);
    fake_hold_completions(e->dp, true);
    upcall_flush(e->u);
    env_send(e, 1, 2);
    assert_non_null(flow_table_get(&e->u->flows, 0));
    assert_true(flow_table_get(&e->u->flows, 0)->deleting);
    assert_non_null(flow_table_get(&e->u->flows, 1));
    fake_hold_completions(e->dp, false);
    fake_run(e->base);
    assert_null(flow_table_get(&e->u->flows, 0));
    env_send(e, 2, 1);
    assert_non_null(flow_table_get(&e->u->flows, 0));
}

static void upcall_for_a_flow_that_is_there_puts_it_again_under_its_number(void **state)
{
    struct env *e = *state;
    struct flow_key key = env_key(1, 2, 4321);
    uint8_t packet[60] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0};

    env_send(e, 1, 2);
    fake_outputs_clear(e->dp);
    /* As when the datapath filed the flow under a more specific mask than was put. */
    fake_upcall(e->dp, DP_UPCALL_MISS, &key, packet, sizeof packet);
    fake_run(e->base);
    assert_int_equal(e->u->n.installed, 1);
    assert_int_equal(e->u->n.put_errors, 0);
    assert_int_equal(fake_flow_count(e->dp), 1);
    assert_int_equal(fake_pending_count(e->dp), 0);
    assert_int_equal(env_sent(e, 2), 1);
    /* No room for one more key: the flow stays, the packet is sent. */
    fake_outputs_clear(e->dp);
    fake_op_fails(e->dp, DP_OP_FLOW_PUT, ENOSPC);
    fake_upcall(e->dp, DP_UPCALL_MISS, &key, packet, sizeof packet);
    fake_run(e->base);
    assert_int_equal(fake_flow_count(e->dp), 1);
    assert_int_equal(flow_table_count(&e->u->flows), 1);
    assert_int_equal(env_sent(e, 2), 1);
    assert_int_equal(fake_pending_count(e->dp), 0);
}

static void action_upcall_tells_controllers_and_does_nothing_else(void **state)
{
    struct env *e = *state;
    struct flow_key key = env_key(1, 2, 1);
    uint8_t packet[60] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0};

    fake_upcall(e->dp, DP_UPCALL_ACTION, &key, packet, sizeof packet);
    fake_run(e->base);
    assert_int_equal(fake_flow_count(e->dp), 0);
    assert_int_equal(env_sent(e, 2), 0);
    assert_int_equal(e->u->n.packet_ins, 1);
}

static void a_controllers_packet_is_executed_within_bounds(void **state)
{
    struct env *e = *state;
    struct dp_actions actions = DP_ACTIONS_INIT;
    uint8_t packet[60] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0};
    unsigned int taken = 0;

    dp_actions_put_output(&actions, 2);
    assert_true(upcall_execute(e->u, packet, sizeof packet, 0, &actions));
    fake_run(e->base);
    assert_int_equal(env_sent(e, 2), 1);
    fake_set_ring_size(e->dp, 4);
    for (unsigned int i = 0; i < 10000; i++) {
        taken += upcall_execute(e->u, packet, sizeof packet, 0, &actions);
    }
    assert_true(taken >= 4000 && taken < 5000);
    assert_int_equal(e->u->n.refused, 10000 - taken);
    dp_actions_free(&actions);
}

static uint64_t drops_of(struct env *e, const char *reason, uint32_t port)
{
    struct dp_drop *list = NULL;
    uint64_t packets = 0;
    size_t n = 0;

    upcall_drops(e->u, &list, &n);
    for (size_t i = 0; i < n; i++) {
        packets += list[i].port_no == port && !strcmp(list[i].reason, reason) ? list[i].packets : 0;
    }
    free(list);
    return packets;
}

static void packet_that_policy_cannot_send_on_is_counted(void **state)
{
    struct env *e = *state;
    struct flow_key key = env_key(2, 3, 1000);
    uint8_t packet[60] = {0};
    struct dp_upcall up = {.reason = DP_UPCALL_MISS,
                           .in_port = 2,
                           .pending = DP_NO_PENDING,
                           .key = &key,
                           .packet = packet,
                           .packet_len = sizeof packet,
                           .full_len = 1500};

    upcall_handle(e->u, &up, 1, env_now(e));
    assert_int_equal(drops_of(e, "upcall-cut", 2), 1);
    fake_run(e->base);
    assert_int_equal(env_sent(e, 3), 0);

    up.full_len = sizeof packet;
    upcall_handle(e->u, &up, 1, env_now(e));
    fake_run(e->base);
    assert_int_equal(env_sent(e, 3), 1);
    assert_int_equal(drops_of(e, "upcall-cut", 2), 1);

    fake_op_fails(e->dp, DP_OP_EXECUTE, ENOSPC);
    upcall_handle(e->u, &up, 1, env_now(e));
    fake_run(e->base);
    assert_int_equal(drops_of(e, "execute-refused", 2), 1);

    fake_set_ring_size(e->dp, 0);
    while (!op_queue_is_full(&e->u->ops)) {
        upcall_handle(e->u, &up, 1, env_now(e));
    }
    assert_int_equal(drops_of(e, "upcall-busy", 2), 0);
    upcall_handle(e->u, &up, 1, env_now(e));
    assert_int_equal(drops_of(e, "upcall-busy", 2), 1);
    assert_int_equal(drops_of(e, "upcall-busy", 3), 0);
}

int main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, env_setup, env_teardown)
    const struct CMUnitTest tests[] = {
        TEST(first_packet_is_flooded_and_answer_goes_one_way),
        TEST(second_packet_of_a_flow_hits_the_cache),
        TEST(another_connection_of_the_same_hosts_hits_the_same_flow),
        TEST(flood_becomes_unicast_once_the_destination_is_learned),
        TEST(changed_vlan_stops_a_cached_flow),
        TEST(flow_mod_leaves_flows_alone_that_it_cannot_change),
        TEST(idle_flow_expires_and_a_used_one_stays),
        TEST(flow_limit_forwards_without_caching),
        TEST(port_that_fills_the_cache_makes_room_for_others),
        TEST(failed_put_still_forwards_the_packet),
        TEST(full_ring_delays_answers_but_loses_none),
        TEST(number_of_a_deleted_flow_is_used_again_only_after_its_deletion),
        TEST(upcall_for_a_flow_that_is_there_puts_it_again_under_its_number),
        TEST(action_upcall_tells_controllers_and_does_nothing_else),
        TEST(a_controllers_packet_is_executed_within_bounds),
        TEST(packet_that_policy_cannot_send_on_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
