/* Ports of type dpdk, on virtual devices of DPDK's. */
#include "tests/unit/datapath/port/port_test.h"

#include <rte_ethdev.h>

static uint8_t frame[10000];

static struct dp_port_config config_of(const char *name, struct dp_option *options, size_t n)
{
    return (struct dp_port_config){
        .name = name, .type = "dpdk", .options = options, .n_options = n};
}

static void a_device_is_attached_with_the_port_and_detached_with_it(void **state UNUSED)
{
    struct dp_option options[] = {{"dpdk-devargs", "net_ring0"}};
    struct dp_port_config config = config_of("ring", options, 1);
    struct error err = {0};

    for (int round = 0; round < 5; round++) {
        struct dp_port_info info = {0};
        struct port *port = NULL;
        struct rte_mbuf *m;

        assert_int_equal(rte_eth_dev_count_total(), 0);
        if (port_open(&config, 5, &pools, 2, &port, &err)) {
            fail_msg("%s", err.text);
        }
        assert_int_equal(rte_eth_dev_count_total(), 1);
        assert_int_equal(port->n_rxq, 1);
        assert_int_equal(port->type->rx_fd(port, 0), -1);
        port->type->get_info(port, &info);
        assert_string_equal(info.driver, "net_ring");
        assert_true(info.link_up);
        assert_string_equal(info.error, "");
        /* net_ring's own: what is sent comes back. */
        for (size_t len = 1; len <= 1522; len += 13) {
            fill_frame(frame, len, 1);
            tx_one(port, packet_of(frame, len), 0);
            m = rx_one(port, NULL);
            assert_packet(m, frame, len);
            rte_pktmbuf_free(m);
        }
        port_close(port);
        assert_int_equal(rte_eth_dev_count_total(), 0);
        assert_int_equal(buffers_in_use(), 0);
    }
}

static void frames_beyond_the_mtu_are_dropped_and_the_others_sent(void **state UNUSED)
{
    struct dp_option options[] = {{"dpdk-devargs", "net_ring1"}};
    struct dp_port_config config = config_of("ring", options, 1);
    struct rte_mbuf *pkts[3], *back[3];
    struct port *port = NULL;
    struct error err = {0};
    struct port_refused refused;
    uint16_t errors;

    assert_int_equal(port_open(&config, 5, &pools, 1, &port, &err), 0);
    fill_frame(frame, 2000, 1);
    pkts[0] = packet_of(frame, 60);
    pkts[1] = packet_of(frame, 1600);
    pkts[2] = packet_of(frame, 62);
    assert_int_equal(port->type->tx(port, 0, 0, pkts, 3, &refused), 3);
    assert_int_equal(refused.packets, 1);
    assert_int_equal(refused.bytes, 1600);
    assert_int_equal(drops_of("tx-too-big"), 1);
    assert_int_equal(port->type->rx(port, 0, 0, back, 3, &errors), 2);
    assert_int_equal(back[0]->pkt_len, 60);
    assert_int_equal(back[1]->pkt_len, 62);
    rte_pktmbuf_free_bulk(back, 2);
    port_close(port);
    assert_int_equal(buffers_in_use(), 0);
}

static void what_a_full_device_takes_not_stays_the_callers(void **state UNUSED)
{
    struct dp_option options[] = {{"dpdk-devargs", "net_ring2"}};
    struct dp_port_config config = config_of("ring", options, 1);
    struct rte_mbuf *pkts[32];
    struct port *port = NULL;
    struct error err = {0};
    struct port_refused refused;
    unsigned int sent = 0;
    uint16_t errors, k;

    assert_int_equal(port_open(&config, 5, &pools, 1, &port, &err), 0);
    fill_frame(frame, 2000, 1);
    do {
        for (int i = 0; i < 32; i++) {
            pkts[i] = packet_of(frame, i == 3 ? 1700 : 60u + (unsigned int)i);
        }
        k = port->type->tx(port, 0, 0, pkts, 32, &refused);
        assert_int_equal(refused.packets, 1);
        sent += k;
        for (int i = k; i < 32; i++) {
            /* In their order: one may stand where the refused one was. */
            if (i + 1 < 32) {
                assert_true(pkts[i]->pkt_len < pkts[i + 1]->pkt_len);
            }
            assert_true(pkts[i]->pkt_len < 100);
        }
        rte_pktmbuf_free_bulk(pkts + k, 32u - k);
    } while (k == 32 && sent < 100000);
    assert_true(k < 32);
    while ((k = port->type->rx(port, 0, 0, pkts, 32, &errors))) {
        rte_pktmbuf_free_bulk(pkts, k);
    }
    port_close(port);
    assert_int_equal(buffers_in_use(), 0);
}

static void queues_are_as_many_as_asked_for_and_sending_ones_shared(void **state UNUSED)
{
    struct dp_option options[] = {{"dpdk-devargs", "net_null0"}, {"n_rxq", "3"}};
    struct dp_option pcap[] = {{"dpdk-devargs", "net_pcap0,tx_pcap=/dev/null"}};
    struct dp_port_config config = config_of("null", options, 2);
    struct port *port = NULL;
    struct error err = {0};

    assert_int_equal(port_open(&config, 5, &pools, 4, &port, &err), 0);
    assert_int_equal(port->n_rxq, 3);
    port_close(port);
    /* One tx queue for four workers. */
    config = config_of("pcap", pcap, 1);
    if (port_open(&config, 5, &pools, 4, &port, &err)) {
        fail_msg("%s", err.text);
    }
    for (unsigned int q = 0; q < 4; q++) {
        struct rte_mbuf *m = packet_of(frame, 60);
        struct port_refused refused;

        assert_int_equal(port->type->tx(port, q, q, &m, 1, &refused), 1);
        assert_int_equal(refused.packets, 0);
    }
    port_close(port);
    assert_int_equal(buffers_in_use(), 0);
}

static void what_cannot_be_attached_is_refused_with_the_reason(void **state UNUSED)
{
    static const struct {
        const char *devargs, *words;
        int code;
    } bad[] = {
        {"net_nonsense0", "knows neither a device nor a driver", EINVAL},
        {"", "is missing", EINVAL},
        {"net_pcap0,rx_pcap=/nonexistent.pcap", "No such file", ENODEV},
        {"net_pcap0,iface=nonexistent", "Couldn't open nonexistent", ENODEV},
        {"net_null0,bogus=1", "net_null0,bogus=1", ENODEV},
        {"0000:ff:1f.7", "started without PCI devices", ENODEV},
        {"ff:1f.7", "started without PCI devices", ENODEV},
    };

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct dp_option options[] = {{"dpdk-devargs", (char *)bad[i].devargs}};
        struct dp_port_config config = config_of("p0", options, 1);

        must_refuse(&config, bad[i].code, bad[i].words);
        assert_int_equal(rte_eth_dev_count_total(), 0);
    }
}

static void bad_options_are_refused_by_name(void **state UNUSED)
{
    static const struct {
        const char *key, *value, *words;
    } bad[] = {
        {"n_rxq", "0", "option 'n_rxq': '0'"},
        {"n_rxq", "17", "option 'n_rxq': '17'"},
        {"n_rxq", "two", "option 'n_rxq': 'two'"},
        {"n_rxq_desc", "-1", "option 'n_rxq_desc': '-1'"},
        {"n_txq_desc", "1000000", "option 'n_txq_desc': '1000000'"},
        {"dpdk-lsc", "true", "option 'dpdk-lsc'"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct dp_option options[] = {{"dpdk-devargs", "net_null0"},
                                      {(char *)bad[i].key, (char *)bad[i].value}};
        struct dp_port_config config = config_of("p0", options, 2);

        must_refuse(&config, EINVAL, bad[i].words);
        assert_int_equal(rte_eth_dev_count_total(), 0);
    }
}

static void a_device_serves_one_port(void **state UNUSED)
{
    struct dp_option options[] = {{"dpdk-devargs", "net_null0"}};
    struct dp_port_config config = config_of("one", options, 1);
    struct port *port = NULL;
    struct error err = {0};

    assert_int_equal(port_open(&config, 5, &pools, 1, &port, &err), 0);
    config.name = "two";
    must_refuse(&config, EBUSY, "is port 'one' already");
    /* A refusal leaves the device to its owner: the next try is told the same. */
    must_refuse(&config, EBUSY, "is port 'one' already");
    port_close(port);
}

static void a_change_of_device_takes_a_new_port(void **state UNUSED)
{
    struct dp_option options[] = {{"dpdk-devargs", "net_null0"}};
    struct dp_option others[] = {{"dpdk-devargs", "net_null1"}};
    struct dp_port_config config = config_of("p0", options, 1);
    struct port *port = NULL;
    struct error err = {0};

    assert_int_equal(port_open(&config, 5, &pools, 1, &port, &err), 0);
    assert_int_equal(port->type->set(port, &config, &err), 0);
    config.options = others;
    assert_int_equal(port->type->set(port, &config, &err), -EOPNOTSUPP);
    port_close(port);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_is_attached_with_the_port_and_detached_with_it),
        cmocka_unit_test(frames_beyond_the_mtu_are_dropped_and_the_others_sent),
        cmocka_unit_test(what_a_full_device_takes_not_stays_the_callers),
        cmocka_unit_test(queues_are_as_many_as_asked_for_and_sending_ones_shared),
        cmocka_unit_test(what_cannot_be_attached_is_refused_with_the_reason),
        cmocka_unit_test(bad_options_are_refused_by_name),
        cmocka_unit_test(a_device_serves_one_port),
        cmocka_unit_test(a_change_of_device_takes_a_new_port),
    };

    return cmocka_run_group_tests_name("port/dpdk", tests, start_eal, NULL);
}
