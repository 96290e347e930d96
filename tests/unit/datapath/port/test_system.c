/* Ports of type system, on a veth pair in a network namespace of the test's own: the port is on
 * vs0, the world on vs1. */
#include "tests/unit/datapath/port/device_test.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>

#include "datapath/port/host_block.h"

static int start(void **state)
{
    int rc = start_namespace(state);

    if (rc || !have_namespace) {
        return rc;
    }
    run("ip link add vs0 type veth peer name vs1 && ip link set vs0 mtu 9000 up && "
        "ip link set vs1 mtu 9000 up");
    wait_for_link("vs0");
    wait_for_link("vs1");
    return 0;
}

static void frames_of_all_sizes_pass_intact(void **state UNUSED)
{
    struct port *port;
    int peer;

    NEED_NAMESPACE();
    port = must_open("system", "vs0", 1);
    peer = peer_open("vs1");
    pass_frames_of_all_sizes(port, peer);
    close(peer);
    port_close(port);
    assert_int_equal(buffers_in_use(), 0);
}

static void frames_too_short_or_too_long_are_refused_and_counted(void **state UNUSED)
{
    struct port *port;

    NEED_NAMESPACE();
    port = must_open("system", "vs0", 1);
    send_frames_too_short(port);
    fill_frame(frame, 9100, 0);
    tx_one(port, packet_of(frame, 9100), 1);
    assert_int_equal(drops_of("tx-too-big"), 1);
    port_close(port);
    assert_int_equal(buffers_in_use(), 0);
}

static void super_packets_and_partial_checksums_pass_whole(void **state UNUSED)
{
    struct port *port;
    int peer;

    NEED_NAMESPACE();
    port = must_open("system", "vs0", 1);
    peer = peer_open("vs1");
    for (unsigned int i = 0; i < 24; i++) {
        pass_offloaded(port, peer, i & 1, i & 2, i & 4, i / 8);
    }
    close(peer);
    port_close(port);
    assert_int_equal(buffers_in_use(), 0);
}

static void each_packet_comes_once_over_all_queues_and_none_of_our_own(void **state UNUSED)
{
    struct port *port;
    struct test_lengths l;
    unsigned int seen[4] = {0}, n = 0, used = 0;
    int peer;

    NEED_NAMESPACE();
    port = must_open("system", "vs0", 4);
    assert_int_equal(port->n_rxq, 4);
    peer = peer_open("vs1");
    for (uint16_t i = 0; i < 100; i++) {
        size_t len = make_l4(frame, false, false, 0, 100, &l);

        memcpy(frame + 34, &i, 2); /* A source port, so a flow, of its own. */
        peer_send(peer, NULL, frame, len);
        tx_one(port, packet_of(frame, len), 0);
    }
    for (int tries = 0; tries < 50; tries++) {
        for (unsigned int q = 0; q < 4; q++) {
            struct rte_mbuf *pkts[32];
            uint16_t errors, k = port->type->rx(port, q, 0, pkts, 32, &errors);

            seen[q] += k;
            n += k;
            rte_pktmbuf_free_bulk(pkts, k);
        }
        usleep(1000);
    }
    assert_int_equal(n, 100);
    for (unsigned int q = 0; q < 4; q++) {
        used += seen[q] > 0;
    }
    assert_true(used > 1);
    close(peer);
    port_close(port);
    assert_int_equal(buffers_in_use(), 0);
}

/* Whatever is waiting in the port's queues, into seen[]. */
static unsigned int drain(struct port *port, unsigned int seen[PORT_MAX_QUEUES])
{
    unsigned int n = 0;

    for (int idle = 0; idle < 50; idle++) {
        for (unsigned int q = 0; q < port->n_rxq; q++) {
            struct rte_mbuf *pkts[32];
            uint16_t errors, k = port->type->rx(port, q, 0, pkts, 32, &errors);

            seen[q] += k;
            n += k;
            idle = k ? 0 : idle;
            rte_pktmbuf_free_bulk(pkts, k);
        }
        usleep(1000);
    }
    return n;
}

static void queues_are_added_under_traffic_and_nothing_is_lost(void **state UNUSED)
{
    static const unsigned int numbers[] = {1, 2, 2, 4};
    unsigned int seen[PORT_MAX_QUEUES] = {0}, n = 0, used = 0;
    struct test_lengths l;
    struct port *port;
    int peer;

    NEED_NAMESPACE();
    port = must_open("system", "vs0", 1);
    peer = peer_open("vs1");
    for (unsigned int round = 0; round < ARRAY_SIZE(numbers); round++) {
        for (uint16_t i = 0; i < 100; i++) {
            size_t len = make_l4(frame, false, false, 0, 100, &l);

            memcpy(frame + 34, &i, 2);
            peer_send(peer, NULL, frame, len);
        }
        port->type->add_queues(port, numbers[round]);
        assert_int_equal(port->n_rxq, numbers[round]);
    }
    /* What waited before is still there, in the queue that it was in. */
    n = drain(port, seen);
    assert_int_equal(n, 400);
    for (unsigned int q = 0; q < 4; q++) {
        used += seen[q] > 0;
    }
    assert_true(used > 1);
    /* A worker beyond the queues sends too. */
    for (unsigned int q = 0; q < PORT_MAX_QUEUES; q++) {
        struct rte_mbuf *m = packet_of(frame, 60);
        struct port_refused refused;

        assert_int_equal(port->type->tx(port, q, 0, &m, 1, &refused), 1);
        assert_int_equal(refused.packets, 0);
    }
    close(peer);
    port_close(port);
    assert_int_equal(buffers_in_use(), 0);
}

/* An ARP request for an address of vs0: true when the host's stack answers. */
static bool host_answers(int peer)
{
    static const uint8_t request[42] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0,  0, 0, 0, 1, 8, 6, 0, 1, 8, 0,  6, 4, 0,
        1,    2,    0,    0,    0,    0,    1, 10, 9, 9, 2, 0, 0, 0, 0, 0, 0, 10, 9, 9, 1};
    static const struct virtio_net_hdr none;
    bool answered = false;

    peer_send(peer, &none, request, sizeof request);
    for (;;) {
        struct pollfd p = {peer, POLLIN, 0};
        uint8_t buf[200];

        if (poll(&p, 1, 200) != 1) {
            return answered;
        }
        if (read(peer, buf, sizeof buf) >= 52 && buf[10 + 12] == 8 && buf[10 + 13] == 6 &&
            buf[10 + 21] == 2) {
            answered = true;
        }
    }
}

static void the_hosts_stack_does_not_answer_while_the_port_is_open(void **state UNUSED)
{
    struct host_block block;
    struct port *port;
    struct rte_mbuf *m;
    int peer;

    NEED_NAMESPACE();
    run("ip addr add 10.9.9.1/24 dev vs0");
    peer = peer_open("vs1");
    assert_true(host_answers(peer));
    port = must_open("system", "vs0", 1);
    assert_false(host_answers(peer));
    m = rx_one(port, NULL); /* The port has it. */
    assert_non_null(m);
    assert_int_equal(m->pkt_len, 42);
    rte_pktmbuf_free(m);
    port_close(port);
    usleep(300000);
    assert_true(host_answers(peer));

    /* The same by the way of kernels before 6.6; twice, as after a crash. */
    assert_int_equal(host_block_start_clsact(&block, (int)if_nametoindex("vs0")), 0);
    assert_int_equal(host_block_start_clsact(&block, (int)if_nametoindex("vs0")), 0);
    assert_false(host_answers(peer));
    assert_int_equal(host_block_stop(&block), -1);
    assert_true(host_answers(peer));
    run("ip addr del 10.9.9.1/24 dev vs0");
    close(peer);
}

static void state_is_told_and_a_device_may_be_down(void **state UNUSED)
{
    struct dp_port_info info;
    struct rte_mbuf *m;
    struct port *port;
    uint16_t errors;
    struct pollfd p = {.events = POLLIN};
    int peer;

    NEED_NAMESPACE();
    run("ip link set vs0 down");
    port = must_open("system", "vs0", 2);
    p.fd = port->type->rx_fd(port, 0);
    assert_int_equal(poll(&p, 1, 0), 0); /* Workers are not kept awake. */
    info = info_of(port);
    assert_false(info.admin_up);
    assert_false(info.link_up);
    assert_string_equal(info.error, "");
    assert_string_equal(info.driver, "veth");
    tx_one(port, packet_of(frame, 60), 1);
    assert_int_equal(drops_of("tx-link-down"), 1);
    run("ip link set vs0 up");
    info = info_of(port);
    assert_true(info.admin_up);
    assert_true(info.link_up);
    assert_int_equal(info.mtu, 9000);
    assert_int_equal(info.ifindex, if_nametoindex("vs0"));
    assert_int_equal(info.link_speed_bps, 10000000000);
    peer = peer_open("vs1");
    wait_for_link("vs1");
    fill_frame(frame, 60, 1);
    peer_send(peer, NULL, frame, 60);
    m = rx_one(port, NULL);
    assert_packet(m, frame, 60);
    rte_pktmbuf_free(m);

    /* Down while open: told once to each queue, then quiet. */
    run("ip link set vs0 down");
    for (int i = 0; i < 3; i++) {
        port->type->rx(port, 0, 0, &m, 1, &errors);
    }
    assert_int_equal(poll(&p, 1, 0), 0);
    run("ip link set vs0 up");
    wait_for_link("vs1");
    fill_frame(frame, 61, 1);
    peer_send(peer, NULL, frame, 61);
    m = rx_one(port, NULL);
    assert_packet(m, frame, 61);
    rte_pktmbuf_free(m);
    close(peer);
    port_close(port);
}

static void mac_and_mtu_are_applied_when_given(void **state UNUSED)
{
    struct dp_port_config config = {.name = "vs0", .type = "system"};
    struct dp_port_info before, info;
    struct error err;
    struct port *port;

    NEED_NAMESPACE();
    port = must_open("system", "vs0", 1);
    before = info_of(port);
    assert_int_equal(port->type->set(port, &config, &err), 0);
    info = info_of(port);
    assert_memory_equal(info.mac, before.mac, 6);
    assert_int_equal(info.mtu, 9000);
    config.mtu = 1700;
    memcpy(config.mac, "\x02\x00\x00\x00\x00\x33", 6);
    assert_int_equal(port->type->set(port, &config, &err), 0);
    info = info_of(port);
    assert_memory_equal(info.mac, config.mac, 6);
    assert_int_equal(info.mtu, 1700);
    config.mtu = 20;
    assert_int_equal(port->type->set(port, &config, &err), -EINVAL);
    assert_non_null(strstr(err.text, "mtu 20"));
    port_close(port);
    run("ip link set vs0 mtu 9000");
}

/* The tap of a virtual machine, held by its emulator, which knows no offloads but a header. */
static void the_tap_of_a_virtual_machine_is_a_port(void **state UNUSED)
{
    struct ifreq ifr = {.ifr_name = "vmtap", .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    struct virtio_net_hdr header = {0};
    struct iovec iov[2] = {{&header, sizeof header}, {frame, 0}};
    int vm = open("/dev/net/tun", O_RDWR);
    struct test_lengths l;
    struct port *port;
    struct rte_mbuf *m;
    size_t len, total = 0;

    NEED_NAMESPACE();
    assert_return_code(ioctl(vm, TUNSETIFF, &ifr), errno);
    run("ip link set vmtap up");
    port = must_open("system", "vmtap", 2);
    for (len = 14; len < 1515; len += 100) {
        fill_frame(frame, len, 4);
        iov[1].iov_len = len;
        assert_int_equal(writev(vm, iov, 2), len + sizeof header);
        m = rx_one(port, NULL);
        assert_packet(m, frame, len);
        rte_pktmbuf_free(m);
    }
    /* A super-packet to it: the kernel cuts it up for the machine. */
    len = make_l4(frame, false, true, 0, 14000, &l);
    m = packet_of(frame, len);
    m->l2_len = l.l2;
    m->l3_len = l.l3;
    m->l4_len = l.l4;
    m->tso_segsz = 1400;
    m->ol_flags = RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_TCP_CKSUM | RTE_MBUF_F_TX_TCP_SEG;
    tx_one(port, m, 0);
    iov[1] = (struct iovec){got, sizeof got};
    for (int i = 0; i < 10; i++) {
        ssize_t n;

        do {
            n = readv(vm, iov, 2) - (ssize_t)sizeof header;
        } while (n > 0 && memcmp(got, frame, 14));
        assert_int_equal(n, l.l2 + l.l3 + l.l4 + 1400);
        assert_true(checksums_hold(got, (size_t)n, &l));
        assert_memory_equal(got + l.l2 + l.l3 + l.l4, frame + l.l2 + l.l3 + l.l4 + total, 1400);
        total += 1400;
    }
    port_close(port);
    close(vm);
    assert_int_equal(buffers_in_use(), 0);
}

static void what_is_no_free_ethernet_device_is_refused(void **state UNUSED)
{
    struct dp_port_config config = {.name = "nope", .type = "system"};

    NEED_NAMESPACE();
    must_refuse(&config, ENODEV, "there is no network device of this name");
    config.name = "lo";
    must_refuse(&config, EINVAL, "not an Ethernet device");
    run("ip link add brx type bridge && ip link set vs0 master brx");
    config.name = "vs0";
    must_refuse(&config, EBUSY, "member of 'brx'");
    run("ip link del brx");
}

static void a_removed_device_is_reported_and_wakes_nobody(void **state UNUSED)
{
    struct pollfd p = {.events = POLLIN};
    struct rte_mbuf *m;
    struct port *port;
    uint16_t errors;

    NEED_NAMESPACE();
    run("ip link add vr0 type veth peer name vr1 && ip link set vr0 up && ip link set vr1 up");
    port = must_open("system", "vr0", 1);
    run("ip link set vr0 down && ip link set vr0 name vr9 && ip link set vr9 up");
    assert_string_equal(info_of(port).error, ""); /* A new name is no removal. */
    assert_true(info_of(port).link_up);
    run("ip link del vr9 && ip link add vr0 type veth peer name vr1"); /* Not the same device. */
    assert_string_equal(info_of(port).error, "device was removed");
    tx_one(port, packet_of(frame, 60), 1);
    assert_int_equal(drops_of("tx-device-gone"), 1);
    for (int i = 0; i < 40; i++) {
        if (port->type->rx(port, 0, 0, &m, 1, &errors)) {
            rte_pktmbuf_free(m);
        }
    }
    p.fd = port->type->rx_fd(port, 0);
    assert_int_equal(poll(&p, 1, 0), 0);
    port_close(port);
    run("ip link del vr0");
    assert_int_equal(buffers_in_use(), 0);
}

static void opening_many_times_leaks_nothing_and_failing_neither(void **state UNUSED)
{
    struct dp_port_config config = {.name = "vs0", .type = "system"};
    struct rlimit old;
    unsigned int before;

    NEED_NAMESPACE();
    before = count_fds();
    for (int i = 0; i < 200; i++) {
        port_close(must_open("system", "vs0", 4));
    }
    wait_for_fds(before);
    for (unsigned int room = 1; room < 6; room++) {
        struct port *port = NULL;
        struct error err = {0};
        int rc;

        old = allow_fds(room);
        rc = port_open(&config, 1, &pools, 4, &port, &err);
        setrlimit(RLIMIT_NOFILE, &old);
        assert_int_equal(rc, -EMFILE);
        assert_non_null(strstr(err.text, "ulimit -n"));
        wait_for_fds(before);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_of_all_sizes_pass_intact),
        cmocka_unit_test(frames_too_short_or_too_long_are_refused_and_counted),
        cmocka_unit_test(super_packets_and_partial_checksums_pass_whole),
        cmocka_unit_test(each_packet_comes_once_over_all_queues_and_none_of_our_own),
        cmocka_unit_test(queues_are_added_under_traffic_and_nothing_is_lost),
        cmocka_unit_test(the_hosts_stack_does_not_answer_while_the_port_is_open),
        cmocka_unit_test(state_is_told_and_a_device_may_be_down),
        cmocka_unit_test(mac_and_mtu_are_applied_when_given),
        cmocka_unit_test(the_tap_of_a_virtual_machine_is_a_port),
        cmocka_unit_test(what_is_no_free_ethernet_device_is_refused),
        cmocka_unit_test(a_removed_device_is_reported_and_wakes_nobody),
        cmocka_unit_test(opening_many_times_leaks_nothing_and_failing_neither),
    };

    return cmocka_run_group_tests_name("port/system", tests, start, NULL);
}
