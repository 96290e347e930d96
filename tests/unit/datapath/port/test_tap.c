/* Ports of type tap and internal, on real devices in a network namespace of the test's own. */
#include "tests/unit/datapath/port/device_test.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>

#include "datapath/port/netdev.h"
#include "datapath/port/offload.h"

static void frames_of_all_sizes_pass_intact(void **state UNUSED)
{
    struct port *port;
    int peer;

    NEED_NAMESPACE();
    port = must_open("tap", "tp0", 1);
    run("ip link set tp0 mtu 9000");
    assert_int_equal(info_of(port).mtu, 9000);
    peer = peer_open("tp0");
    pass_frames_of_all_sizes(port, peer);
    close(peer);
    port_close(port);
    assert_int_equal(if_nametoindex("tp0"), 0);
    assert_int_equal(buffers_in_use(), 0);
}

static void frames_too_short_for_the_kernel_are_refused_and_counted(void **state UNUSED)
{
    struct port *port;

    NEED_NAMESPACE();
    port = must_open("tap", "tp0", 1);
    send_frames_too_short(port);
    port_close(port);
    assert_int_equal(buffers_in_use(), 0);
}

/* Each kind goes through whole: out of the device, and into it again. */
static void super_packets_and_partial_checksums_pass_whole(void **state UNUSED)
{
    struct port *port;
    int peer;

    NEED_NAMESPACE();
    port = must_open("tap", "tp0", 2);
    peer = peer_open("tp0");
    for (unsigned int i = 0; i < 16; i++) {
        pass_offloaded(port, peer, i & 1, i & 2, i & 4, i / 8);
    }
    close(peer);
    port_close(port);
    assert_int_equal(buffers_in_use(), 0);
}

static void a_waiting_worker_is_woken_and_then_sleeps(void **state UNUSED)
{
    struct port *port;
    struct pollfd p = {.events = POLLIN};
    uint16_t errors;
    struct rte_mbuf *m;
    int peer;

    NEED_NAMESPACE();
    port = must_open("tap", "tp0", 1);
    peer = peer_open("tp0");
    while ((m = rx_one(port, NULL))) { /* What the kernel says when a device comes up. */
        rte_pktmbuf_free(m);
    }
    p.fd = port->type->rx_fd(port, 0);
    assert_int_equal(poll(&p, 1, 0), 0);
    fill_frame(frame, 60, 1);
    peer_send(peer, NULL, frame, 60);
    assert_int_equal(poll(&p, 1, 1000), 1);
    assert_int_equal(port->type->rx(port, 0, 0, &m, 1, &errors), 1);
    rte_pktmbuf_free(m);
    assert_int_equal(poll(&p, 1, 0), 0);
    close(peer);
    port_close(port);
}

static void an_internal_port_is_made_down_and_a_tap_up(void **state UNUSED)
{
    struct port *port;
    struct dp_port_info info;

    NEED_NAMESPACE();
    port = must_open("internal", "tp0", 1);
    info = info_of(port);
    assert_false(info.admin_up);
    assert_false(info.link_up);
    tx_one(port, packet_of(frame, 60), 1);
    assert_int_equal(drops_of("tx-link-down"), 1);
    run("ip link set tp0 up");
    info = info_of(port);
    assert_true(info.admin_up);
    assert_true(info.link_up);
    tx_one(port, packet_of(frame, 60), 0);
    port_close(port);

    port = must_open("tap", "tp0", 1);
    info = info_of(port);
    assert_true(info.admin_up);
    assert_true(info.link_up);
    assert_int_equal(info.ifindex, if_nametoindex("tp0"));
    assert_string_equal(info.driver, "tun");
    assert_string_equal(info.error, "");
    port_close(port);
    assert_int_equal(buffers_in_use(), 0);
}

static void what_is_longer_than_the_mtu_is_not_sent(void **state UNUSED)
{
    struct dp_port_config config = {.name = "tp0", .type = "tap", .mtu = 1500};
    struct virtio_net_hdr h;
    struct error err = {0};
    struct port *port;
    int peer;

    NEED_NAMESPACE();
    assert_int_equal(port_open(&config, 1, &pools, 1, &port, &err), 0);
    peer = peer_open("tp0");
    fill_frame(frame, 9014, 1);
    tx_one(port, packet_of(frame, 1514), 0);
    assert_int_equal(peer_recv(peer, frame, &h, got, sizeof got), 1514);
    tx_one(port, packet_of(frame, 1523), 1);
    tx_one(port, packet_of(frame, 9014), 1);
    assert_int_equal(drops_of("tx-too-big"), 2);
    /* Somebody else raises it; the port learns of it when it is asked for its state. */
    run("ip link set tp0 mtu 9000");
    assert_int_equal(info_of(port).mtu, 9000);
    tx_one(port, packet_of(frame, 9014), 0);
    assert_int_equal(peer_recv(peer, frame, &h, got, sizeof got), 9014);
    config.mtu = 1400;
    assert_int_equal(port->type->set(port, &config, &err), 0);
    tx_one(port, packet_of(frame, 1514), 1);
    assert_int_equal(drops_of("tx-too-big"), 1);
    close(peer);
    port_close(port);
    assert_int_equal(buffers_in_use(), 0);
}

static void mac_and_mtu_are_applied_and_changed(void **state UNUSED)
{
    struct dp_port_config config = {
        .name = "tp0", .type = "internal", .mac = {2, 1, 2, 3, 4, 5}, .mtu = 1400};
    struct error err = {0};
    struct port *port;
    struct dp_port_info info;

    NEED_NAMESPACE();
    assert_int_equal(port_open(&config, 1, &pools, 1, &port, &err), 0);
    info = info_of(port);
    assert_memory_equal(info.mac, config.mac, 6);
    assert_int_equal(info.mtu, 1400);
    config.mac[5] = 6;
    config.mtu = 9000;
    assert_int_equal(port->type->set(port, &config, &err), 0);
    info = info_of(port);
    assert_memory_equal(info.mac, config.mac, 6);
    assert_int_equal(info.mtu, 9000);
    assert_false(info.admin_up);
    config.mtu = 1000000;
    assert_int_equal(port->type->set(port, &config, &err), -EINVAL);
    assert_non_null(strstr(err.text, "mtu 1000000"));
    config.mtu = 0;
    config.mac[0] = 0xff;
    assert_true(port->type->set(port, &config, &err) < 0);
    assert_non_null(strstr(err.text, "mac ff:01:02:03:04:06"));
    port_close(port);
    /* What cannot be applied makes no port and leaves no device. */
    must_refuse(&config, EADDRNOTAVAIL, "mac ff:01");
    assert_int_equal(if_nametoindex("tp0"), 0);
}

static void queues_are_added_under_traffic_and_nothing_is_lost(void **state UNUSED)
{
    unsigned int n = 0, fds;
    struct test_lengths l;
    struct rlimit old;
    struct port *port;
    struct rte_mbuf *m;
    uint16_t errors;
    int peer;

    NEED_NAMESPACE();
    port = must_open("tap", "tp0", 1);
    peer = peer_open("tp0");
    for (unsigned int queues = 1; queues <= 4; queues++) {
        for (uint16_t i = 0; i < 50; i++) {
            size_t len = make_l4(frame, false, false, 0, 100, &l);

            memcpy(frame + 34, &i, 2);
            peer_send(peer, NULL, frame, len);
        }
        port->type->add_queues(port, queues);
        assert_int_equal(port->n_rxq, queues);
        assert_true(port->type->rx_fd(port, queues - 1) >= 0);
    }
    port->type->add_queues(port, 2);
    assert_int_equal(port->n_rxq, 4);
    while ((m = rx_one(port, NULL))) {
        n += m->pkt_len == 142;
        rte_pktmbuf_free(m);
    }
    assert_int_equal(n, 200);
    /* Without descriptors it goes on as it is; with one too few, the queue is polled. */
    fds = count_fds();
    for (unsigned int room = 0; room < 3; room++) {
        old = allow_fds(room);
        port->type->add_queues(port, 5);
        setrlimit(RLIMIT_NOFILE, &old);
        for (unsigned int q = 0; q < port->n_rxq; q++) {
            assert_int_equal(port->type->rx(port, q, 0, &m, 1, &errors), 0);
        }
    }
    assert_true(count_fds() <= fds + 1);
    close(peer);
    port_close(port);
    assert_int_equal(buffers_in_use(), 0);
}

static void an_idle_tap_of_that_name_is_used_and_left(void **state UNUSED)
{
    struct rte_mbuf *m;
    struct port *port;
    int peer;

    NEED_NAMESPACE();
    run("ip tuntap add dev tp1 mode tap");
    run("ip tuntap add dev tp2 mode tap multi_queue");
    port = must_open("tap", "tp1", 3);
    assert_int_equal(port->n_rxq, 1);
    peer = peer_open("tp1");
    fill_frame(frame, 100, 1);
    peer_send(peer, NULL, frame, 100);
    m = rx_one(port, NULL);
    assert_packet(m, frame, 100);
    /* Every worker may send, though there is one queue. */
    for (unsigned int q = 0; q < 3; q++) {
        struct virtio_net_hdr h;
        struct rte_mbuf *copy = packet_of(frame, 100);
        struct port_refused refused;

        assert_int_equal(port->type->tx(port, q, 0, &copy, 1, &refused), 1);
        assert_int_equal(peer_recv(peer, frame, &h, got, sizeof got), 100);
    }
    rte_pktmbuf_free(m);
    close(peer);
    port_close(port);
    assert_int_not_equal(if_nametoindex("tp1"), 0);

    port = must_open("tap", "tp2", 3);
    assert_int_equal(port->n_rxq, 3);
    port_close(port);
    assert_int_not_equal(if_nametoindex("tp2"), 0);
    run("ip link del tp1");
    run("ip link del tp2");
    assert_int_equal(buffers_in_use(), 0);
}

static void a_tap_that_another_program_holds_is_refused(void **state UNUSED)
{
    static const char *const kinds[] = {"", "multi_queue"};
    struct dp_port_config config = {.name = "tp1", .type = "tap"};

    NEED_NAMESPACE();
    for (int i = 0; i < 2; i++) {
        struct ifreq ifr = {.ifr_name = "tp1"};
        char cmd[100];
        int fd = open("/dev/net/tun", O_RDWR);

        snprintf(cmd, sizeof cmd, "ip tuntap add dev tp1 mode tap %s && ip link set tp1 up",
                 kinds[i]);
        run(cmd);
        ifr.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | (i ? IFF_MULTI_QUEUE : 0));
        assert_return_code(ioctl(fd, TUNSETIFF, &ifr), errno);
        must_refuse(&config, EBUSY, "type 'system'");
        close(fd);
        run("ip link del tp1");
    }
}

static void a_name_that_another_device_has_is_refused(void **state UNUSED)
{
    struct dp_port_config config = {.name = "lo", .type = "internal"};

    NEED_NAMESPACE();
    must_refuse(&config, EEXIST, "is not a tap");
    run("ip tuntap add dev tp1 mode tun");
    config.name = "tp1";
    must_refuse(&config, EEXIST, "is not a tap");
    run("ip link del tp1");
}

static void a_removed_device_is_reported_and_wakes_nobody(void **state UNUSED)
{
    struct port *port;
    struct pollfd p = {.events = POLLIN};
    struct rte_mbuf *m;
    uint16_t errors;

    NEED_NAMESPACE();
    port = must_open("tap", "tp0", 1);
    run("ip link del tp0");
    assert_string_equal(info_of(port).error, "device was removed");
    tx_one(port, packet_of(frame, 60), 1);
    assert_int_equal(drops_of("tx-device-gone"), 1);
    p.fd = port->type->rx_fd(port, 0);
    assert_int_equal(port->type->rx(port, 0, 0, &m, 1, &errors), 0);
    assert_int_equal(poll(&p, 1, 0), 0);
    assert_int_equal(port->type->rx(port, 0, 0, &m, 1, &errors), 0);
    port_close(port);
    assert_int_equal(buffers_in_use(), 0);
}

static void a_device_in_a_container_still_tells_its_state(void **state UNUSED)
{
    struct dp_port_config config = {.name = "tp0", .type = "internal", .mtu = 1300};
    struct dp_port_info info;
    struct error err = {0};
    struct port *port;
    char cmd[200];
    pid_t child;
    int status = 0, up[2];

    NEED_NAMESPACE();
    port = must_open("internal", "tp0", 2);
    /* The container: a process with a namespace of its own. */
    assert_return_code(pipe(up), errno);
    child = fork();
    if (!child) {
        char c;

        close(up[1]);
        _exit(unshare(CLONE_NEWNET) || read(up[0], &c, 1) ? 1 : 0);
    }
    close(up[0]);
    usleep(100000);
    snprintf(cmd, sizeof cmd, "ip link set tp0 netns %d", child);
    run(cmd);
    info = info_of(port);
    assert_string_equal(info.error, "");
    assert_false(info.admin_up);
    assert_int_equal(info.ifindex, 0);
    snprintf(cmd, sizeof cmd,
             "nsenter -t %d -n sh -c 'ip link set tp0 name eth7 address 02:00:00:00:00:77 mtu 1234 "
             "up'",
             child);
    run(cmd);
    info = info_of(port);
    assert_string_equal(info.error, "");
    assert_true(info.admin_up);
    assert_true(info.link_up);
    assert_int_equal(info.mtu, 1234);
    assert_int_equal(info.mac[5], 0x77);
    assert_int_equal(port->type->set(port, &config, &err), 0);
    assert_int_equal(info_of(port).mtu, 1300);
    /* Neither of these looks kept the namespace alive: it dies with its last process, and takes the
     * device along. */
    close(up[1]);
    waitpid(child, &status, 0);
    for (int i = 0; i < 100 && !info_of(port).error[0]; i++) {
        usleep(50000);
    }
    assert_string_equal(info_of(port).error, "device was removed");
    port_close(port);
}

static void two_hundred_ports_leave_nothing_behind(void **state UNUSED)
{
    struct port *ports[200];
    unsigned int before;

    NEED_NAMESPACE();
    before = count_fds();
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 200; i++) {
            char name[16];

            snprintf(name, sizeof name, "many%d", i);
            ports[i] = must_open(i % 2 ? "tap" : "internal", name, 2);
        }
        for (int i = 0; i < 200; i++) {
            port_close(ports[i]);
        }
        assert_int_equal(count_fds(), before);
    }
    assert_int_equal(if_nametoindex("many0"), 0);
    assert_int_equal(buffers_in_use(), 0);
}

static void exhausted_descriptors_are_an_error_and_leave_nothing(void **state UNUSED)
{
    struct dp_port_config config = {.name = "tp0", .type = "tap"};
    struct rlimit old;
    unsigned int before;

    NEED_NAMESPACE();
    before = count_fds();
    for (unsigned int room = 0; room < 8; room++) {
        struct port *port = NULL;
        struct error err = {0};
        int rc;

        old = allow_fds(room);
        rc = port_open(&config, 1, &pools, 4, &port, &err);
        setrlimit(RLIMIT_NOFILE, &old);
        if (!rc) {
            fail_msg("opened 4 queues with %u descriptors", room);
        }
        if (!strstr(err.text, "ulimit -n") && !strstr(err.text, "Too many open files")) {
            fail_msg("%s", err.text);
        }
        assert_int_equal(rc, -EMFILE);
        assert_int_equal(count_fds(), before);
        assert_int_equal(if_nametoindex("tp0"), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_of_all_sizes_pass_intact),
        cmocka_unit_test(frames_too_short_for_the_kernel_are_refused_and_counted),
        cmocka_unit_test(super_packets_and_partial_checksums_pass_whole),
        cmocka_unit_test(a_waiting_worker_is_woken_and_then_sleeps),
        cmocka_unit_test(an_internal_port_is_made_down_and_a_tap_up),
        cmocka_unit_test(what_is_longer_than_the_mtu_is_not_sent),
        cmocka_unit_test(mac_and_mtu_are_applied_and_changed),
        cmocka_unit_test(queues_are_added_under_traffic_and_nothing_is_lost),
        cmocka_unit_test(an_idle_tap_of_that_name_is_used_and_left),
        cmocka_unit_test(a_tap_that_another_program_holds_is_refused),
        cmocka_unit_test(a_name_that_another_device_has_is_refused),
        cmocka_unit_test(a_removed_device_is_reported_and_wakes_nobody),
        cmocka_unit_test(a_device_in_a_container_still_tells_its_state),
        cmocka_unit_test(two_hundred_ports_leave_nothing_behind),
        cmocka_unit_test(exhausted_descriptors_are_an_error_and_leave_nothing),
    };

    return cmocka_run_group_tests_name("port/tap", tests, start_namespace, NULL);
}
