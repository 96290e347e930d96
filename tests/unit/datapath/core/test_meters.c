/* Unit tests of the datapath's meters: what passes and what is dropped, shared by workers, changed
 * and deleted under traffic, and that every packet is counted. How many pass is bounded by the time
 * that the test took; nothing here is a race against a clock. */
#include "tests/unit/datapath/core/harness.h"

#include "datapath/core/meters.h"

#define N 200
#define BURST 50

static int setup(void **state UNUSED)
{
    struct core_settings settings;

    core_settings_default(&settings);
    settings.n_workers = 2;
    test_counters_clear();
    test_core_start(&settings);
    for (uint32_t i = 1; i <= 3; i++) {
        test_port_add(i, true);
    }
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

static bool done;

static void on_done(int error, const struct dp_flow_stats *stats UNUSED, void *aux UNUSED)
{
    assert_int_equal(error, 0);
    done = true;
}

static void put(uint32_t meter_no, bool in_packets, uint32_t rate, uint32_t burst, uint8_t type)
{
    struct dp_meter m = {.in_packets = in_packets,
                         .n_bands = 1,
                         .band = {{.type = type,
                                   .prec_level = type == DP_BAND_DSCP_REMARK,
                                   .rate = rate,
                                   .burst = burst}}};

    done = false;
    assert_int_equal(core_meter_put(meter_no, &m, on_done, NULL), 0);
    WAIT_UNTIL(done);
}

static void del(uint32_t meter_no)
{
    done = false;
    assert_int_equal(core_meter_del(meter_no, on_done, NULL), 0);
    WAIT_UNTIL(done);
}

/* A flow of all that comes in by the port: through a meter, then to port 3. */
static void flow(uint32_t flow_no, uint32_t in_port, struct dp_actions *actions)
{
    struct flow_mask mask;
    struct flow_key key;

    memset(&key, 0, sizeof key);
    key.lines = 1u << FLOW_LINE_BASE;
    key.in_port = (uint16_t)in_port;
    flow_mask_init(&mask);
    FLOW_MASK_FIELD(&mask, recirc_id);
    FLOW_MASK_FIELD(&mask, in_port);
    flow_mask_seal(&mask);
    assert_int_equal(core_flow_put(flow_no, &key, &mask, actions->data, actions->len, 0), 0);
    dp_actions_free(actions);
    done = false;
    core_barrier(on_done, NULL);
    WAIT_UNTIL(done);
}

static void metered_flow(uint32_t flow_no, uint32_t in_port, uint32_t meter_no)
{
    struct dp_actions actions = DP_ACTIONS_INIT;

    dp_actions_put_meter(&actions, meter_no);
    dp_actions_put_output(&actions, 3);
    flow(flow_no, in_port, &actions);
}

static void send(uint32_t port_no, unsigned int n)
{
    uint8_t b[60];

    for (uint32_t i = 0; i < n; i++) {
        test_udp(b, i, (uint16_t)i, 53, i);
        test_receive(port_no, b, 60);
    }
}

static struct core_meter_counter sum_of(uint32_t meter_no)
{
    struct core_meter_counter sum = {0};

    for (unsigned int w = 0; w < TEST_WORKERS; w++) {
        const struct core_meter_counter *c = &test_counters.meters[w][meter_no];

        sum.packets += c->packets;
        sum.bytes += c->bytes;
        sum.band[0].packets += c->band[0].packets;
        sum.band[0].bytes += c->band[0].bytes;
    }
    return sum;
}

static void a_burst_passes_and_the_rest_is_dropped(void **state UNUSED)
{
    uint64_t since = time_now_ms(), passed;
    struct core_meter_counter c;

    put(7, true, 1, BURST, DP_BAND_DROP);
    metered_flow(1, 1, 7);
    send(1, N);
    WAIT_UNTIL(test_sent(3) + test_drops("meter") == N);
    passed = test_sent(3);
    assert_in_range(passed, BURST, BURST + (time_now_ms() - since) / 1000 + 1);
    c = sum_of(7);
    assert_int_equal(c.packets, N);
    assert_int_equal(c.bytes, N * 60);
    assert_int_equal(c.band[0].packets, N - passed);
    assert_int_equal(c.band[0].bytes, (N - passed) * 60);
    del(7);
    assert_int_equal(sum_of(7).packets, 0); /* For the next one. */
    send(1, 10);
    WAIT_UNTIL(test_sent(3) == passed + 10); /* Without a meter all passes. */
    assert_int_equal(core_meter_del(7, NULL, NULL), -ENOENT);
}

/* Ports 1 and 2 are of different workers. */
static void workers_share_a_rate(void **state UNUSED)
{
    uint64_t since = time_now_ms();

    put(0, true, 1, BURST, DP_BAND_DROP);
    metered_flow(1, 1, 0);
    metered_flow(2, 2, 0);
    for (unsigned int i = 0; i < N; i++) {
        send(1 + i % 2, 1);
    }
    WAIT_UNTIL(test_sent(3) + test_drops("meter") == N);
    assert_in_range(test_sent(3), BURST, BURST + (time_now_ms() - since) / 1000 + 1);
    assert_int_equal(sum_of(0).packets, N);
}

static void a_change_keeps_the_counters_and_fills_the_buckets(void **state UNUSED)
{
    uint64_t since = time_now_ms();

    put(5, true, 1, BURST, DP_BAND_DROP);
    metered_flow(1, 1, 5);
    send(1, N);
    WAIT_UNTIL(sum_of(5).packets == N);
    put(5, true, 1, BURST, DP_BAND_DROP); /* The same: nothing changes. */
    send(1, N);
    WAIT_UNTIL(sum_of(5).packets == 2 * N);
    assert_in_range(test_sent(3), BURST, BURST + (time_now_ms() - since) / 1000 + 1);
    put(5, true, 1, BURST + 1, DP_BAND_DROP);
    send(1, N);
    WAIT_UNTIL(sum_of(5).packets == 3 * N);
    assert_in_range(test_sent(3), 2 * BURST + 1,
                    2 * BURST + 1 + (time_now_ms() - since) / 1000 + 2);
    assert_int_equal(test_sent(3) + test_drops("meter"), 3 * N);
}

static void what_an_earlier_policy_left_is_deleted(void **state UNUSED)
{
    put(1, true, 1, 1, DP_BAND_DROP);
    put(2, true, 1, 1, DP_BAND_DROP);
    core_upcalls_reset();
    put(2, true, 1, 1, DP_BAND_DROP);
    put(3, true, 1, 1, DP_BAND_DROP);
    del(DP_NO_METER);
    assert_null(core_meter_get(1));
    assert_non_null(core_meter_get(2));
    assert_non_null(core_meter_get(3));
}

/* Policy is told of as many packets as the meter lets pass; the packets go on regardless. */
static void what_is_told_is_metered(void **state UNUSED)
{
    struct dp_actions actions = DP_ACTIONS_INIT;
    uint64_t since = time_now_ms();

    put(4, true, 1, BURST, DP_BAND_DROP);
    dp_actions_put_upcall(&actions, 99, 4);
    dp_actions_put_output(&actions, 3);
    flow(1, 1, &actions);
    send(1, 100);
    WAIT_UNTIL(test_sent(3) == 100);
    assert_in_range(test_upcall_count(), BURST, BURST + (time_now_ms() - since) / 1000 + 1);
    assert_int_equal(test_upcall_count() + test_drops("meter"), 100);
}

/* A meter behind the last output still counts. */
static void a_meter_may_come_last(void **state UNUSED)
{
    struct dp_actions actions = DP_ACTIONS_INIT;

    put(4, true, 1000, 1000, DP_BAND_DROP);
    dp_actions_put_output(&actions, 3);
    dp_actions_put_meter(&actions, 4);
    flow(1, 1, &actions);
    send(1, 10);
    WAIT_UNTIL(test_drops("to-meter") == 10);
    assert_int_equal(sum_of(4).packets, 10);
    WAIT_UNTIL(test_sent(3) == 10);
}

static uint16_t sum16(const uint8_t *p, unsigned int n)
{
    uint32_t sum = 0;

    for (unsigned int i = 0; i < n; i += 2) {
        sum += (unsigned int)p[i] << 8 | p[i + 1];
    }
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

/* Packets of AF11 with ECN bits: those beyond the burst become AF12, and keep the bits and a right
 * checksum. */
static void drop_precedence_is_raised(void **state UNUSED)
{
    unsigned int remarked = 0;

    put(6, false, 1, 5, DP_BAND_DSCP_REMARK); /* 625 bytes: 10 packets. */
    metered_flow(1, 1, 6);
    for (uint32_t i = 0; i < 30; i++) {
        uint8_t b[60];
        uint16_t sum;

        test_udp(b, i, 1, 2, i);
        b[15] = 10 << 2 | 1;
        b[24] = b[25] = 0;
        sum = (uint16_t)~sum16(b + 14, 20);
        b[24] = (uint8_t)(sum >> 8);
        b[25] = (uint8_t)sum;
        test_receive(1, b, 60);
    }
    WAIT_UNTIL(test_sent(3) == 30);
    for (unsigned int i = 0; i < 30; i++) {
        struct rte_mbuf *m = test_take(3);
        const uint8_t *ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, 14);

        assert_int_equal(sum16(ip, 20), 0xffff);
        assert_true(ip[1] == (10 << 2 | 1) || ip[1] == (12 << 2 | 1));
        remarked += ip[1] == (12 << 2 | 1);
        rte_pktmbuf_free(m);
    }
    assert_in_range(remarked, 1, 20);
    assert_int_equal(sum_of(6).band[0].packets, remarked);
    assert_int_equal(test_drops("meter"), 0);
}

/* The band of the highest rate that is hit is the one that is applied. */
static void the_highest_band_counts(void **state UNUSED)
{
    struct dp_meter m = {.in_packets = true,
                         .n_bands = 2,
                         .band = {{.type = DP_BAND_DROP, .rate = 2, .burst = 20},
                                  {.type = DP_BAND_DSCP_REMARK, .rate = 1, .burst = 10}}};
    const struct core_meter_counter *c;
    uint64_t dropped;

    assert_int_equal(core_meter_put(8, &m, NULL, NULL), 0);
    metered_flow(1, 1, 8);
    send(1, 100);
    WAIT_UNTIL(sum_of(8).packets == 100);
    WAIT_UNTIL(test_sent(3) + test_drops("meter") == 100);
    dropped = test_drops("meter");
    c = &test_counters.meters[0][8];
    if (!c->packets) {
        c = &test_counters.meters[1][8];
    }
    assert_int_equal(c->band[0].packets, dropped);
    assert_in_range(dropped, 1, 80);
    assert_in_range(c->band[1].packets, 1, 90 - dropped);
}

static int end(void **state UNUSED)
{
    rte_eal_cleanup();
    return 0;
}

static int begin(void **state UNUSED)
{
    test_eal();
    return 0;
}

int main(void)
{
#define TEST(FN) cmocka_unit_test_setup_teardown(FN, setup, teardown)
    static const struct CMUnitTest tests[] = {
        TEST(a_burst_passes_and_the_rest_is_dropped),
        TEST(workers_share_a_rate),
        TEST(a_change_keeps_the_counters_and_fills_the_buckets),
        TEST(what_an_earlier_policy_left_is_deleted),
        TEST(what_is_told_is_metered),
        TEST(a_meter_may_come_last),
        TEST(drop_precedence_is_raised),
        TEST(the_highest_band_counts),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
