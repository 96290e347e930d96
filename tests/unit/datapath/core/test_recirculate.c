/* Unit tests of recirculation: packets that an action sends through the look-up again. */
#include "tests/unit/datapath/core/harness.h"

static int setup(void **state UNUSED)
{
    test_counters_clear();
    test_core_start(NULL);
    test_port_add(1, true);
    test_port_add(2, true);
    test_port_add(3, false);
    return 0;
}

static int teardown(void **state UNUSED)
{
    test_assert_identity();
    for (uint32_t i = 1; i <= 3; i++) {
        test_port_remove(i);
    }
    core_stop();
    return 0;
}

/* The port, the recirculation id and, if asked for, the outer VLAN tag. */
static void mask_of(struct flow_mask *mask, bool vlan)
{
    flow_mask_init(mask);
    FLOW_MASK_FIELD(mask, recirc_id);
    FLOW_MASK_FIELD(mask, in_port);
    if (vlan) {
        FLOW_MASK_FIELD(mask, vlan[0]);
    }
    flow_mask_seal(mask);
}

static void put_push_vlan(struct dp_actions *actions, uint16_t vid)
{
    struct dp_action_push_vlan *push = dp_actions_put(actions, DP_ACTION_PUSH_VLAN, sizeof *push);

    push->tpid = be16_make(0x8100);
    push->tci = be16_make(vid);
}

/* Answers the upcall and frees the actions. */
static int answer(uint32_t flow_no, unsigned int upcall, bool vlan, struct dp_actions *actions)
{
    struct flow_mask mask;
    int error;

    mask_of(&mask, vlan);
    error = core_flow_put(flow_no, &test_upcalls[upcall].key, &mask, actions->data, actions->len,
                          test_upcalls[upcall].pending);
    dp_actions_free(actions);
    return error;
}

static void receive(unsigned int n)
{
    uint8_t b[60];

    for (uint32_t i = 0; i < n; i++) {
        test_udp(b, 1, 1000, 53, i);
        test_receive(1, b, 60);
    }
}

static void a_packet_is_looked_up_again_as_actions_made_it(void **state UNUSED)
{
    struct dp_actions actions = DP_ACTIONS_INIT;

    receive(1);
    WAIT_UNTIL(test_upcall_count() == 1);
    put_push_vlan(&actions, 7);
    dp_actions_put_recirc(&actions, 5);
    assert_int_equal(answer(0, 0, false, &actions), 0);

    WAIT_UNTIL(test_upcall_count() == 2);
    assert_int_equal(test_upcalls[1].key.recirc_id, 5);
    assert_int_equal(test_upcalls[1].key.in_port, 1);
    assert_int_equal(test_upcalls[1].key.vlan[0].tci, be16_make(FLOW_VLAN_PRESENT | 7));
    assert_int_equal(test_upcalls[1].key.tp_dst, be16_make(53));
    assert_int_equal(test_upcalls[1].packet_len, 64);
    dp_actions_put(&actions, DP_ACTION_POP_VLAN, sizeof(struct dp_action_pop_vlan));
    dp_actions_put_output(&actions, 2);
    assert_int_equal(answer(1, 1, true, &actions), 0);
    WAIT_UNTIL(test_sent(2) == 1);

    receive(200);
    WAIT_UNTIL(test_sent(2) == 201);
    assert_int_equal(test_upcall_count(), 2);
    assert_int_equal(test_counters.flows[0][0].packets, 201);
    assert_int_equal(test_counters.flows[0][1].packets, 201);
    assert_int_equal(TEST_PORT_SUM(rx_packets), 201);
    for (uint32_t i = 0; i < 201; i++) {
        struct rte_mbuf *m = test_take(2);

        assert_int_equal(m->pkt_len, 60);
        assert_int_equal(test_payload(m), i ? i - 1 : 0);
        rte_pktmbuf_free(m);
    }
}

static void flows_of_another_round_or_id_are_others(void **state UNUSED)
{
    struct dp_actions actions = DP_ACTIONS_INIT;

    receive(1);
    WAIT_UNTIL(test_upcall_count() == 1);
    dp_actions_put_recirc(&actions, 5);
    dp_actions_put_recirc(&actions, 6);
    dp_actions_put_output(&actions, 3);
    assert_int_equal(answer(0, 0, false, &actions), 0);
    WAIT_UNTIL(test_sent(3) == 1);
    WAIT_UNTIL(test_upcall_count() == 3);
    for (unsigned int i = 1; i <= 2; i++) {
        assert_int_equal(test_upcalls[i].key.recirc_id, 4 + i);
        put_push_vlan(&actions, (uint16_t)i);
        dp_actions_put_output(&actions, 2);
        assert_int_equal(answer(i, i, false, &actions), 0);
    }
    WAIT_UNTIL(test_sent(2) == 2);
    receive(50);
    WAIT_UNTIL(test_sent(2) == 102);
    WAIT_UNTIL(test_sent(3) == 51);
    assert_int_equal(test_counters.flows[0][1].packets, 51);
    assert_int_equal(test_counters.flows[0][2].packets, 51);
    assert_int_equal(TEST_TOTAL(copies), 2 * 51);
}

static void a_packet_that_goes_round_for_ever_is_dropped(void **state UNUSED)
{
    struct dp_actions actions = DP_ACTIONS_INIT;

    receive(1);
    WAIT_UNTIL(test_upcall_count() == 1);
    dp_actions_put_recirc(&actions, 5);
    assert_int_equal(answer(0, 0, false, &actions), 0);
    WAIT_UNTIL(test_upcall_count() == 2);
    dp_actions_put_recirc(&actions, 5);
    assert_int_equal(answer(1, 1, false, &actions), 0);
    WAIT_UNTIL(test_drops("recirc-depth") == 1);
    receive(9);
    WAIT_UNTIL(test_drops("recirc-depth") == 10);
    assert_int_equal(test_counters.flows[0][1].packets, 10 * 6);
}

/* Waiting for policy in each round does not make a packet young again. */
static void rounds_are_counted_across_misses(void **state UNUSED)
{
    struct dp_actions actions = DP_ACTIONS_INIT;

    receive(1);
    for (unsigned int i = 0; i < 7; i++) {
        WAIT_UNTIL(test_upcall_count() == i + 1);
        assert_int_equal(test_upcalls[i].key.recirc_id, i);
        dp_actions_put_recirc(&actions, i + 1);
        assert_int_equal(answer(i, i, false, &actions), 0);
    }
    WAIT_UNTIL(test_drops("recirc-depth") == 1);
    assert_int_equal(test_upcall_count(), 7);
}

/* Each packet becomes 8 in each round: 8 to the 6th of one. */
static void packets_that_multiply_are_bounded(void **state UNUSED)
{
    struct dp_actions actions = DP_ACTIONS_INIT;

    receive(1);
    for (unsigned int round = 0; round < 2; round++) {
        WAIT_UNTIL(test_upcall_count() == round + 1);
        for (unsigned int i = 0; i < 8; i++) {
            dp_actions_put_recirc(&actions, 5);
        }
        assert_int_equal(answer(round, round, false, &actions), 0);
    }
    WAIT_UNTIL(test_drops("recirc-depth") > 0);
    assert_int_not_equal(test_drops("recirc-full") + test_drops("pending-flow-full"), 0);
    receive(2);
    WAIT_UNTIL(TEST_PORT_SUM(rx_packets) == 3);
    WAIT_UNTIL(TEST_PORT_SUM(rx_packets) + TEST_TOTAL(copies) == test_drops(NULL));
    assert_int_not_equal(test_drops("recirc-full"), 0);
}

static void a_hash_goes_round_with_its_packet(void **state UNUSED)
{
    struct dp_actions actions = DP_ACTIONS_INIT;
    uint8_t b[60];

    test_udp(b, 1, 1000, 53, 0);
    test_receive(1, b, 60);
    WAIT_UNTIL(test_upcall_count() == 1);
    dp_actions_put_recirc(&actions, 4);
    put_push_vlan(&actions, 7);
    dp_actions_put_hash(&actions, DP_HASH_L4, 3);
    dp_actions_put_recirc(&actions, 5);
    assert_int_equal(answer(0, 0, false, &actions), 0);
    WAIT_UNTIL(test_upcall_count() == 3);
    assert_int_equal(test_upcalls[1].key.recirc_id, 4);
    assert_int_equal(test_upcalls[1].key.dp_hash, 0);
    assert_int_equal(test_upcalls[2].key.recirc_id, 5);
    assert_int_equal(test_upcalls[2].key.dp_hash,
                     flow_key_hash(&test_upcalls[0].key, DP_HASH_L4, 3));
    for (unsigned int i = 1; i <= 2; i++) {
        dp_actions_put_output(&actions, 2);
        assert_int_equal(answer(i, i, false, &actions), 0);
    }
    WAIT_UNTIL(test_sent(2) == 2);
}

static void an_injected_packet_goes_round_as_well(void **state UNUSED)
{
    struct dp_actions actions = DP_ACTIONS_INIT;
    uint8_t b[60];

    test_udp(b, 1, 1000, 53, 0);
    dp_actions_put_recirc(&actions, 9);
    assert_int_equal(core_execute(DP_NO_PENDING, b, 60, 0, actions.data, actions.len), 0);
    dp_actions_free(&actions);
    WAIT_UNTIL(test_upcall_count() == 1);
    assert_int_equal(test_upcalls[0].key.recirc_id, 9);
    assert_int_equal(test_upcalls[0].key.in_port, 0);
    dp_actions_put_output(&actions, 2);
    assert_int_equal(answer(3, 0, false, &actions), 0);
    WAIT_UNTIL(test_sent(2) == 1);
}

int main(void)
{
#define T(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_packet_is_looked_up_again_as_actions_made_it),
        T(flows_of_another_round_or_id_are_others),
        T(a_packet_that_goes_round_for_ever_is_dropped),
        T(rounds_are_counted_across_misses),
        T(packets_that_multiply_are_bounded),
        T(a_hash_goes_round_with_its_packet),
        T(an_injected_packet_goes_round_as_well),
    };

    test_eal();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
