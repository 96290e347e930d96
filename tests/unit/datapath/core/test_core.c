/* Unit tests of the core with ports made of rings: from a miss to forwarding, order, bounds, and
 * that every packet is counted. */
#include "tests/unit/datapath/core/harness.h"

#include <sys/resource.h>

static int setup(void **state)
{
    test_counters_clear();
    test_core_start(*state);
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

static void mask_of_port(struct flow_mask *mask)
{
    flow_mask_init(mask);
    FLOW_MASK_FIELD(mask, recirc_id);
    FLOW_MASK_FIELD(mask, in_port);
    flow_mask_seal(mask);
}

static void mask_of_udp(struct flow_mask *mask)
{
    mask_of_port(mask);
    FLOW_MASK_FIELD(mask, eth_type);
    FLOW_MASK_FIELD(mask, nw_proto);
    FLOW_MASK_FIELD(mask, nw_src);
    FLOW_MASK_FIELD(mask, tp_src);
    FLOW_MASK_FIELD(mask, tp_dst);
    flow_mask_seal(mask);
}

static int put(uint32_t flow_no, const struct test_upcall *u, const struct flow_mask *mask,
               uint32_t out_port)
{
    struct dp_actions actions = DP_ACTIONS_INIT;
    int error;

    if (out_port) {
        dp_actions_put_output(&actions, out_port);
    }
    error = core_flow_put(flow_no, &u->key, mask, actions.data, actions.len, u->pending);
    dp_actions_free(&actions);
    return error;
}

static void a_miss_is_answered_and_the_flow_forwards(void **state UNUSED)
{
    struct flow_mask mask;
    uint8_t b[60];

    mask_of_port(&mask);
    test_udp(b, 1, 1000, 53, 0);
    test_receive(1, b, 60);
    WAIT_UNTIL(test_upcall_count() == 1);
    assert_int_equal(test_upcalls[0].in_port, 1);
    assert_int_equal(test_upcalls[0].key.tp_dst, be16_make(53));
    assert_int_equal(test_upcalls[0].packet_len, 60);
    assert_int_equal(TEST_TOTAL(parked), 1);
    assert_int_equal(put(7, &test_upcalls[0], &mask, 2), 0);
    WAIT_UNTIL(test_sent(2) == 1);
    for (uint32_t i = 0; i < 100; i++) {
        test_udp(b, i, (uint16_t)i, 53, i);
        test_receive(1, b, 60);
    }
    WAIT_UNTIL(test_sent(2) == 101);
    assert_int_equal(test_upcall_count(), 1);
    assert_int_equal(test_counters.flows[0][7].packets, 101);
    assert_int_equal(test_counters.flows[0][7].bytes, 101 * 60);
    assert_int_equal(TEST_TOTAL(parked), 0);
}

static void packets_of_a_pending_flow_keep_their_order_and_make_one_upcall(void **state UNUSED)
{
    struct flow_mask mask;
    uint8_t b[60];

    mask_of_udp(&mask);
    for (uint32_t i = 0; i < 20; i++) {
        test_udp(b, 1, 1000, 53, i);
        test_receive(1, b, 60);
    }
    WAIT_UNTIL(TEST_TOTAL(parked) == 20);
    assert_int_equal(test_upcall_count(), 1);
    assert_int_equal(put(0, &test_upcalls[0], &mask, 3), 0);
    for (uint32_t i = 20; i < 500; i++) {
        test_udp(b, 1, 1000, 53, i);
        test_receive(1, b, 60);
    }
    /* On a slow machine more may gather behind the upcall than there is room for. */
    WAIT_UNTIL(test_sent(3) + test_drops("pending-flow-full") == 500);
    for (uint32_t last = 0, n = 0; test_sent(3); n++) {
        struct rte_mbuf *m = test_take(3);

        assert_true(n < 20 ? test_payload(m) == n : test_payload(m) > last);
        last = test_payload(m);
        rte_pktmbuf_free(m);
    }
}

static void flows_are_told_apart_by_their_mask(void **state UNUSED)
{
    struct flow_mask mask;
    uint8_t b[60];

    mask_of_udp(&mask);
    for (uint16_t i = 0; i < 300; i++) {
        test_udp(b, 1, (uint16_t)(1000 + i), 53, i);
        test_receive(1, b, 60);
    }
    WAIT_UNTIL(test_upcall_count() == 300);
    for (uint32_t i = 0; i < 300; i++) {
        uint32_t payload = be16_get(test_upcalls[i].key.tp_src) - 1000u;

        assert_int_equal(put(payload, &test_upcalls[i], &mask, 2 + payload % 2), 0);
    }
    WAIT_UNTIL(test_sent(2) + test_sent(3) == 300);
    for (uint16_t i = 0; i < 300; i++) {
        test_udp(b, 1, (uint16_t)(1000 + i), 53, i);
        test_receive(1, b, 60);
    }
    WAIT_UNTIL(test_sent(2) + test_sent(3) == 600);
    assert_int_equal(test_upcall_count(), 300);
    for (uint32_t port = 2; port <= 3; port++) {
        while (test_sent(port)) {
            struct rte_mbuf *m = test_take(port);

            assert_int_equal(test_payload(m) % 2, port - 2);
            rte_pktmbuf_free(m);
        }
    }
}

static unsigned int n_deleted;
static uint64_t deleted_packets;

static void on_deleted(int error, const struct dp_flow_stats *stats, void *aux UNUSED)
{
    assert_int_equal(error, 0);
    deleted_packets = stats->packets;
    n_deleted++;
}

static void a_deleted_flow_misses_again_and_tells_its_last_count(void **state UNUSED)
{
    struct flow_mask mask;
    uint8_t b[60];

    n_deleted = 0;
    mask_of_udp(&mask);
    test_udp(b, 1, 1000, 53, 0);
    test_receive(1, b, 60);
    WAIT_UNTIL(test_upcall_count() == 1);
    put(5, &test_upcalls[0], &mask, 2);
    WAIT_UNTIL(test_sent(2) == 1);
    assert_int_equal(core_flow_count(), 1);
    assert_int_equal(core_flow_del(5, on_deleted, NULL), 0);
    assert_int_equal(core_flow_del(5, on_deleted, NULL), -ENOENT);
    WAIT_UNTIL(n_deleted == 1);
    assert_int_equal(deleted_packets, 1);
    assert_int_equal(test_counters.flows[0][5].packets, 0);
    assert_int_equal(core_flow_count(), 0);
    test_receive(1, b, 60);
    WAIT_UNTIL(test_upcall_count() == 2);
    put(5, &test_upcalls[1], &mask, 2);
    WAIT_UNTIL(test_sent(2) == 2);
    assert_int_equal(test_counters.flows[0][5].packets, 1);
}

static void changed_actions_are_in_force_after_a_barrier(void **state UNUSED)
{
    struct flow_mask mask;
    uint8_t b[60];

    mask_of_udp(&mask);
    test_udp(b, 1, 1000, 53, 0);
    test_receive(1, b, 60);
    WAIT_UNTIL(test_upcall_count() == 1);
    put(5, &test_upcalls[0], &mask, 2);
    WAIT_UNTIL(test_sent(2) == 1);
    test_upcalls[0].pending = DP_NO_PENDING;
    assert_int_equal(put(5, &test_upcalls[0], &mask, 3), 0);
    n_deleted = 0;
    core_barrier(on_deleted, NULL);
    WAIT_UNTIL(n_deleted == 1);
    test_receive(1, b, 60);
    WAIT_UNTIL(test_sent(3) == 1);
    assert_int_equal(test_sent(2), 1);
    test_upcalls[0].key.tp_src ^= 1;
    assert_int_equal(put(5, &test_upcalls[0], &mask, 3), -EEXIST);
}

static void a_pending_flow_times_out(void **state UNUSED)
{
    struct flow_mask mask;
    uint8_t b[60];

    test_udp(b, 1, 1000, 53, 0);
    test_receive(1, b, 60);
    WAIT_UNTIL(test_upcall_count() == 1);
    WAIT_UNTIL(test_drops("pending-timeout") == 1);
    assert_int_equal(TEST_TOTAL(parked), 0);
    /* An answer that comes late is still good for the next packet. */
    mask_of_udp(&mask);
    put(5, &test_upcalls[0], &mask, 2);
    test_receive(1, b, 60);
    WAIT_UNTIL(test_sent(2) == 1);
}

static void too_many_packets_behind_one_upcall_are_dropped_by_name(void **state UNUSED)
{
    uint8_t b[60];

    for (uint32_t i = 0; i < 100; i++) {
        test_udp(b, 1, 1000, 53, i);
        test_receive(1, b, 60);
    }
    WAIT_UNTIL(test_drops("pending-flow-full") == 100 - 32);
    assert_int_equal(test_upcall_count(), 1);
    assert_int_equal(TEST_TOTAL(parked), 32);
}

static void a_port_flooding_new_flows_does_not_starve_another(void **state UNUSED)
{
    struct flow_mask mask;
    uint8_t b[60];

    for (uint32_t i = 0; i < 2000; i++) {
        test_udp(b, i, 1000, 53, i);
        test_receive(1, b, 60);
    }
    WAIT_UNTIL(test_drops("pending-port-full") >= 2000 - 512);
    assert_int_equal(test_upcall_count(), 512);
    test_udp(b, 77, 1000, 53, 0);
    test_receive(2, b, 60);
    WAIT_UNTIL(test_upcall_count() == 513);
    mask_of_udp(&mask);
    put(5, &test_upcalls[512], &mask, 3);
    WAIT_UNTIL(test_sent(3) == 1);
}

static void a_port_with_more_queues_than_upcalls_a_second_has_some(void **state UNUSED)
{
    uint8_t b[60];

    test_ports[1].port.n_rxq = 4; /* As far as its one queue's share goes. */
    for (uint32_t i = 0; i < 10; i++) {
        test_udp(b, i, 1000, 53, i);
        test_receive(1, b, 60);
    }
    WAIT_UNTIL(test_upcall_count() + test_drops("upcall-rate") == 10);
    assert_true(test_upcall_count() >= 1);
    test_ports[1].port.n_rxq = 1;
}

static void nobody_listening_is_a_named_drop(void **state UNUSED)
{
    uint8_t b[60];

    test_deaf = true;
    test_udp(b, 1, 1000, 53, 0);
    test_receive(1, b, 60);
    WAIT_UNTIL(test_drops("upcall-refused") == 1);
    assert_int_equal(TEST_TOTAL(parked), 0);
}

static void runts_and_cut_tags_are_named_drops(void **state UNUSED)
{
    uint8_t b[60];

    test_udp(b, 1, 1000, 53, 0);
    test_receive(1, b, 13);
    WAIT_UNTIL(test_drops("runt-frame") == 1);
    b[12] = 0x81;
    b[13] = 0;
    test_receive(1, b, 15);
    WAIT_UNTIL(test_drops("cut-vlan-tag") == 1);
}

static void output_to_a_port_that_is_gone_is_a_named_drop(void **state UNUSED)
{
    struct flow_mask mask;
    uint8_t b[60];

    test_udp(b, 1, 1000, 53, 0);
    test_receive(1, b, 60);
    WAIT_UNTIL(test_upcall_count() == 1);
    mask_of_port(&mask);
    put(5, &test_upcalls[0], &mask, 6);
    WAIT_UNTIL(test_drops("port-gone") == 1);
}

static void removing_a_port_drops_what_waits_for_it(void **state UNUSED)
{
    uint8_t b[60];

    test_udp(b, 1, 1000, 53, 0);
    test_receive(1, b, 60);
    WAIT_UNTIL(TEST_TOTAL(parked) == 1);
    test_port_remove(1);
    assert_int_equal(test_drops("port-removed"), 1);
    assert_int_equal(TEST_TOTAL(parked), 0);
    test_port_add(1, true);
}

static void several_outputs_get_equal_packets(void **state UNUSED)
{
    struct dp_actions actions = DP_ACTIONS_INIT;
    struct dp_action_push_vlan *push;
    struct flow_mask mask;
    struct rte_mbuf *m;
    uint8_t b[60];

    dp_actions_put_output(&actions, 2);
    push = dp_actions_put(&actions, DP_ACTION_PUSH_VLAN, sizeof *push);
    push->tpid = be16_make(0x8100);
    push->tci = be16_make(10);
    dp_actions_put_output(&actions, 3);
    test_udp(b, 1, 1000, 53, 9);
    test_receive(1, b, 60);
    WAIT_UNTIL(test_upcall_count() == 1);
    mask_of_port(&mask);
    assert_int_equal(core_flow_put(3, &test_upcalls[0].key, &mask, actions.data, actions.len,
                                   test_upcalls[0].pending),
                     0);
    dp_actions_free(&actions);
    WAIT_UNTIL(test_sent(2) == 1 && test_sent(3) == 1);
    m = test_take(2);
    assert_int_equal(m->pkt_len, 60);
    assert_memory_equal(rte_pktmbuf_mtod(m, void *), b, 60);
    rte_pktmbuf_free(m);
    m = test_take(3);
    assert_int_equal(m->pkt_len, 64);
    assert_memory_equal(rte_pktmbuf_mtod(m, void *), b, 12);
    assert_memory_equal(rte_pktmbuf_mtod_offset(m, void *, 12), "\x81\x00\x00\x0a\x08\x00", 6);
    rte_pktmbuf_free(m);
    assert_int_equal(TEST_TOTAL(copies), 1);
}

static void an_executed_packet_is_sent_and_counted(void **state UNUSED)
{
    struct dp_actions actions = DP_ACTIONS_INIT;
    uint8_t b[60];

    dp_actions_put_output(&actions, 2);
    test_udp(b, 1, 1000, 53, 9);
    assert_int_equal(core_execute(DP_NO_PENDING, b, 60, 1, actions.data, actions.len), 0);
    WAIT_UNTIL(test_sent(2) == 1);
    assert_int_equal(TEST_TOTAL(injected), 1);
    assert_int_equal(core_execute(DP_NO_PENDING, b, 10, 1, actions.data, actions.len), -EINVAL);
    test_receive(1, b, 60);
    WAIT_UNTIL(test_upcall_count() == 1);
    assert_int_equal(core_execute(test_upcalls[0].pending, NULL, 0, 1, NULL, 0), 0);
    WAIT_UNTIL(test_drops("no-rule") == 1);
    dp_actions_free(&actions);
}

static void a_packet_that_fits_no_buffer_is_not_executed(void **state UNUSED)
{
    struct dp_actions actions = DP_ACTIONS_INIT;
    uint8_t *big = xcalloc(1, 65535);

    dp_actions_put_output(&actions, 2);
    assert_int_equal(core_execute(DP_NO_PENDING, big, 65535, 1, actions.data, actions.len),
                     -EMSGSIZE);
    assert_int_equal(core_execute(DP_NO_PENDING, big, 65000, 1, actions.data, actions.len), 0);
    WAIT_UNTIL(test_sent(2) == 1);
    dp_actions_free(&actions);
    free(big);
}

static void bytes_of_refused_packets_are_not_sent_ones(void **state UNUSED)
{
    struct flow_mask mask;
    uint8_t b[100] = {0};

    test_ports[2].max_len = 80;
    test_udp(b, 1, 1000, 53, 0);
    test_receive(1, b, 60);
    WAIT_UNTIL(test_upcall_count() == 1);
    mask_of_port(&mask);
    assert_int_equal(put(7, &test_upcalls[0], &mask, 2), 0);
    WAIT_UNTIL(test_sent(2) == 1);
    test_receive(1, b, 100);
    WAIT_UNTIL(test_drops("test-too-big") == 1);
    test_receive(1, b, 70);
    WAIT_UNTIL(test_sent(2) == 2);
    WAIT_UNTIL(TEST_PORT_SUM(tx_packets) == 2);
    assert_int_equal(TEST_PORT_SUM(tx_errors), 1);
    WAIT_UNTIL(TEST_PORT_SUM(tx_bytes) == 60 + 70);
}

static void a_full_cache_refuses_the_flow_but_forwards_the_packet(void **state UNUSED)
{
    struct flow_mask mask;
    uint8_t b[60];

    mask_of_udp(&mask);
    for (uint16_t i = 0; i < 3; i++) {
        test_udp(b, 1, i, 53, i);
        test_receive(1, b, 60);
    }
    WAIT_UNTIL(test_upcall_count() == 3);
    assert_int_equal(put(0, &test_upcalls[0], &mask, 2), 0);
    assert_int_equal(put(1, &test_upcalls[1], &mask, 2), 0);
    assert_int_equal(put(2, &test_upcalls[2], &mask, 2), -ENOSPC);
    WAIT_UNTIL(test_sent(2) == 3);
    assert_int_equal(core_flow_count(), 2);
}

static void set_workers(unsigned int n)
{
    struct core_settings s = *core_get_settings();
    struct error err;

    s.n_workers = n;
    assert_int_equal(core_set_settings(&s, &err), 0);
    assert_int_equal(core_get_settings()->n_workers, n);
}

static void workers_change_under_traffic_and_nothing_is_lost(void **state UNUSED)
{
    static const unsigned int numbers[] = {2, 1, 3, 2, 4, 1, 2, 1};
    struct dp_actions actions = DP_ACTIONS_INIT;
    unsigned int n = 0, answered = 0;
    struct flow_mask mask;
    uint8_t b[60];

    mask_of_udp(&mask);
    dp_actions_put_output(&actions, 3);
    for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++) {
        /* Flows that are known, and new ones, whose packets wait while their worker leaves. */
        for (unsigned int k = 0; k < 200; k++, n++) {
            test_udp(b, 1, (uint16_t)(k < 150 ? k % 20 : 1000 + n), 53, n);
            test_receive(1 + k % 2, b, 60);
        }
        set_workers(numbers[i]);
        for (; answered < test_upcall_count(); answered++) {
            const struct test_upcall *u = &test_upcalls[answered];

            assert_int_equal(
                core_flow_put(answered, &u->key, &mask, actions.data, actions.len, u->pending), 0);
        }
    }
    while (TEST_PORT_SUM(tx_packets) + test_drops(NULL) < n) {
        for (; answered < test_upcall_count(); answered++) {
            core_execute(test_upcalls[answered].pending, NULL, 0, 1, actions.data, actions.len);
        }
        core_poll();
        usleep(100);
    }
    dp_actions_free(&actions);
    assert_int_equal(test_drops(NULL), test_drops("pending-flow-full"));
    assert_int_equal(TEST_PORT_SUM(rx_packets), n);
    WAIT_UNTIL(test_sent(3) == TEST_PORT_SUM(tx_packets));
    test_assert_identity();
}

static void workers_that_cannot_be_made_leave_those_that_there_are(void **state)
{
    struct core_settings s = *core_get_settings();
    struct rlimit old, none;
    struct error err;
    int error;

    getrlimit(RLIMIT_NOFILE, &old);
    none = (struct rlimit){3, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    s.n_workers = 2;
    error = core_set_settings(&s, &err);
    setrlimit(RLIMIT_NOFILE, &old);
    assert_int_equal(error, -EMFILE);
    assert_non_null(strstr(err.text, "worker 1"));
    assert_int_equal(core_get_settings()->n_workers, 1);
    a_miss_is_answered_and_the_flow_forwards(state);
}

/* Flow 5, which sent a packet; its deletion is under way. */
static void begin_a_deletion(void)
{
    struct flow_mask mask;
    uint8_t b[60];

    n_deleted = 0;
    mask_of_udp(&mask);
    test_udp(b, 1, 1000, 53, 0);
    test_receive(1, b, 60);
    WAIT_UNTIL(test_upcall_count() == 1);
    assert_int_equal(put(5, &test_upcalls[0], &mask, 2), 0);
    WAIT_UNTIL(test_sent(2) == 1);
    assert_int_equal(core_flow_del(5, on_deleted, NULL), 0);
}

static void a_deletion_completes_though_workers_change_meanwhile(void **state UNUSED)
{
    begin_a_deletion();
    core_poll(); /* From here on it waits for the workers that there are now. */
    set_workers(2);
    WAIT_UNTIL(n_deleted == 1);
    assert_int_equal(deleted_packets, 1);
    /* A worker that goes, comes again, and counts its messages on. */
    set_workers(1);
    n_deleted = 0;
    core_barrier(on_deleted, NULL);
    WAIT_UNTIL(n_deleted == 1);
    set_workers(2);
    core_barrier(on_deleted, NULL);
    WAIT_UNTIL(n_deleted == 2);
}

static void stopping_ends_deletions_that_are_under_way(void **state)
{
    begin_a_deletion();
    teardown(state);
    assert_int_equal(n_deleted, 1);
    assert_int_equal(deleted_packets, 1);
    setup(state); /* For the next teardown(). */
}

int main(void)
{
    static struct core_settings few_flows, short_timeout, long_timeout, few_upcalls;
    const struct CMUnitTest tests[] = {
#define T(NAME, STATE) cmocka_unit_test_prestate_setup_teardown(NAME, setup, teardown, STATE)
        T(a_miss_is_answered_and_the_flow_forwards, NULL),
        T(packets_of_a_pending_flow_keep_their_order_and_make_one_upcall, NULL),
        T(flows_are_told_apart_by_their_mask, NULL),
        T(a_deleted_flow_misses_again_and_tells_its_last_count, NULL),
        T(changed_actions_are_in_force_after_a_barrier, NULL),
        T(a_pending_flow_times_out, &short_timeout),
        T(too_many_packets_behind_one_upcall_are_dropped_by_name, NULL),
        T(a_port_flooding_new_flows_does_not_starve_another, &long_timeout),
        T(a_port_with_more_queues_than_upcalls_a_second_has_some, &few_upcalls),
        T(nobody_listening_is_a_named_drop, NULL),
        T(runts_and_cut_tags_are_named_drops, NULL),
        T(output_to_a_port_that_is_gone_is_a_named_drop, NULL),
        T(removing_a_port_drops_what_waits_for_it, NULL),
        T(several_outputs_get_equal_packets, NULL),
        T(an_executed_packet_is_sent_and_counted, NULL),
        T(a_packet_that_fits_no_buffer_is_not_executed, NULL),
        T(bytes_of_refused_packets_are_not_sent_ones, NULL),
        T(a_full_cache_refuses_the_flow_but_forwards_the_packet, &few_flows),
        T(workers_change_under_traffic_and_nothing_is_lost, &long_timeout),
        T(workers_that_cannot_be_made_leave_those_that_there_are, NULL),
        T(a_deletion_completes_though_workers_change_meanwhile, NULL),
        T(stopping_ends_deletions_that_are_under_way, NULL),
    };

    core_settings_default(&few_flows);
    few_flows.n_workers = 1;
    few_flows.flow_limit = 2;
    core_settings_default(&few_upcalls);
    few_upcalls.n_workers = 1;
    few_upcalls.upcall_rate = 3;
    core_settings_default(&short_timeout);
    short_timeout.n_workers = 1;
    short_timeout.pending_timeout_ms = 50;
    core_settings_default(&long_timeout);
    long_timeout.n_workers = 1;
    long_timeout.pending_timeout_ms = 60000;
    test_eal();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
