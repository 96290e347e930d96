/* Traffic of many flows on two workers while their megaflows come, change and go under them: no
 * flow's packets overtake each other, none goes where it should not, and every packet is counted.
 */
#include "tests/unit/datapath/core/harness.h"

#define FLOWS 200 /* Per port. */
#define ROUNDS 3000

static uint32_t next_seq[2][FLOWS], last_seen[2][FLOWS];
static bool put_flows[2 * FLOWS], deleting[2 * FLOWS];
static unsigned int answered;
static unsigned int seed = 7;

static void mask_of_flow(struct flow_mask *mask, uint32_t flow)
{
    flow_mask_init(mask);
    FLOW_MASK_FIELD(mask, recirc_id);
    FLOW_MASK_FIELD(mask, in_port);
    FLOW_MASK_FIELD(mask, eth_type);
    FLOW_MASK_FIELD(mask, tp_src);
    if (flow % 3) {
        mask->bits.nw_src = be32_make(UINT32_MAX << (flow % 16));
    }
    flow_mask_seal(mask);
}

/* Flow f of a port is its source port, and goes to port 3 or 4 for ever. */
static uint32_t out_port(uint32_t flow)
{
    return 3 + flow % 2;
}

static void policy(void)
{
    while (answered < test_upcall_count()) {
        const struct test_upcall *u = &test_upcalls[answered++];
        uint32_t flow = be16_get(u->key.tp_src);
        uint32_t flow_no = (u->in_port - 1) * FLOWS + flow;
        struct dp_actions actions = DP_ACTIONS_INIT;
        struct flow_mask mask;

        dp_actions_put_output(&actions, out_port(flow));
        mask_of_flow(&mask, flow);
        if (deleting[flow_no]) { /* The number is not free yet. */
            core_execute(u->pending, NULL, 0, u->in_port, actions.data, actions.len);
        } else {
            assert_int_equal(
                core_flow_put(flow_no, &u->key, &mask, actions.data, actions.len, u->pending), 0);
            put_flows[flow_no] = true;
        }
        dp_actions_free(&actions);
    }
    pthread_mutex_lock(&test_lock);
    if (answered == test_n_upcalls) {
        answered = test_n_upcalls = 0;
    }
    pthread_mutex_unlock(&test_lock);
    core_poll();
}

static void deleted(int error UNUSED, const struct dp_flow_stats *stats UNUSED, void *flag)
{
    *(bool *)flag = false;
}

static void delete_some(void)
{
    for (uint32_t i = 0; i < 2 * FLOWS; i++) {
        if (put_flows[i] && !(rand_r(&seed) % 8)) {
            assert_int_equal(core_flow_del(i, deleted, &deleting[i]), 0);
            put_flows[i] = false;
            deleting[i] = true;
        }
    }
}

static void receive_some(void)
{
    for (uint32_t port = 1; port <= 2; port++) {
        for (unsigned int i = 0; i < 8; i++) {
            uint32_t flow = (uint32_t)rand_r(&seed) % FLOWS;
            uint8_t b[60];

            test_udp(b, 0x0a000001, (uint16_t)flow, 53, ++next_seq[port - 1][flow]);
            b[43 + 3] = (uint8_t)port;
            test_receive(port, b, 60);
        }
    }
}

static void check_sent(void)
{
    for (uint32_t port = 3; port <= 4; port++) {
        while (test_sent(port)) {
            struct rte_mbuf *m = test_take(port);
            const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);
            uint32_t flow = be16_get(be16_load(p + 34)), in = p[46] - 1u;

            if (in >= 2 || out_port(flow) != port || test_payload(m) <= last_seen[in][flow]) {
                fail_msg("port %u: packet %u of flow %u from port %u, the last was %u", port,
                         test_payload(m), flow, in + 1, in < 2 ? last_seen[in][flow] : 0);
            }
            last_seen[in][flow] = test_payload(m);
            rte_pktmbuf_free(m);
        }
    }
}

static void no_packet_overtakes_another_of_its_flow(void **state UNUSED)
{
    uint64_t sum;

    for (unsigned int round = 0; round < ROUNDS; round++) {
        receive_some();
        if (round % 64 == 63) {
            delete_some();
        }
        do {
            check_sent();
            policy();
        } while (rte_ring_count(test_ports[1].in) + rte_ring_count(test_ports[2].in) > 256);
    }
    do {
        policy();
        check_sent();
        sum = TEST_PORT_SUM(tx_packets) + test_drops(NULL);
        usleep(100);
    } while (sum != 16 * ROUNDS);
    test_assert_identity();
    assert_true(TEST_PORT_SUM(tx_packets) > 16 * ROUNDS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_packet_overtakes_another_of_its_flow),
    };
    struct core_settings s;
    int failed;

    core_settings_default(&s);
    s.n_workers = 2;
    s.mask_limit = 6; /* Some flows are filed under finer masks. */
    test_eal();
    test_core_start(&s);
    for (uint32_t i = 1; i <= 4; i++) {
        test_port_add(i, i != 2);
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    for (uint32_t i = 1; i <= 4; i++) {
        test_port_remove(i);
    }
    core_stop();
    return failed;
}
