/* Taps that outlive the process that made them: queues handed on by the supervisor. The test plays
 * the predecessor (before EAL takes descriptors), the supervisor, and the successor. */
#include "tests/unit/datapath/port/port_test.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/un.h>

static uint8_t frame[2000], got[2000];
static int supervisor = -1;

static int make_queue(const char *name, int flags)
{
    struct ifreq ifr = {.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | flags)};
    int fd = open("/dev/net/tun", O_RDWR);

    snprintf(ifr.ifr_name, sizeof ifr.ifr_name, "%s", name);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr)) {
        return -1;
    }
    return fd;
}

/* The predecessor's: kept0 with two queues, which then was renamed; kept1, single-queue; kept2,
 * which died. */
static bool leave_queues(void)
{
    char pid[32];
    int fds[] = {make_queue("kept0", IFF_MULTI_QUEUE), make_queue("kept0", IFF_MULTI_QUEUE),
                 make_queue("kept-1+x", 0), make_queue("kept2", IFF_MULTI_QUEUE)};

    for (int i = 0; i < 4; i++) {
        if (fds[i] != 3 + i) {
            fprintf(stderr, "queue %d has descriptor %d\n", i, fds[i]);
            return false;
        }
    }
    snprintf(pid, sizeof pid, "%d", getpid());
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", "4", 1);
    setenv("LISTEN_FDNAMES", "tap.kept0.0:tap.kept0.1:tap.kept-1=2bx.0:tap.kept2.0", 1);
    return !system("ip link set kept0 name eth0 address 02:00:00:00:00:55 && ip link set eth0 up &&"
                   "ip link set kept-1+x up && ip link del kept2");
}

static void listen_as_supervisor(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval soon = {.tv_usec = 100000};
    int len = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "sl-ports-test-%d",
                       getpid());
    char env[128];

    supervisor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    setsockopt(supervisor, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
    bind(supervisor, (struct sockaddr *)&address,
         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len));
    snprintf(env, sizeof env, "@%s", address.sun_path + 1);
    setenv("NOTIFY_SOCKET", env, 1);
}

/* How many of the messages that came say 'word'. */
static unsigned int told(const char *word)
{
    char text[400];
    unsigned int n = 0;
    ssize_t len;

    while ((len = recv(supervisor, text, sizeof text - 1, 0)) > 0) {
        text[len] = '\0';
        n += strstr(text, word) != NULL;
    }
    return n;
}

static int start(void **state)
{
    have_namespace = !unshare(CLONE_NEWNET) && leave_queues();
    if (!have_namespace) {
        printf("not permitted to make a network namespace: skipped\n");
    }
    listen_as_supervisor();
    return start_eal(state);
}

static void exchange(struct port *port, const char *dev)
{
    struct virtio_net_hdr h;
    struct rte_mbuf *m;
    int peer = peer_open(dev);

    fill_frame(frame, 700, 1);
    peer_send(peer, NULL, frame, 700);
    while ((m = rx_one(port, NULL)) && m->pkt_len != 700) {
        rte_pktmbuf_free(m);
    }
    assert_packet(m, frame, 700);
    tx_one(port, m, 0);
    assert_int_equal(peer_recv(peer, frame, &h, got, sizeof got), 700);
    close(peer);
}

static void a_device_is_taken_over_and_gets_more_queues(void **state UNUSED)
{
    struct dp_port_info info = {0};
    struct port *port;

    NEED_NAMESPACE();
    port = must_open("internal", "kept0", 3);
    assert_int_equal(told("FDSTORE=1\nFDNAME=tap.kept0."), 3);
    assert_int_equal(port->n_rxq, 3);
    port->type->get_info(port, &info);
    assert_string_equal(info.error, "");
    assert_true(info.admin_up); /* As it was left, though an internal port is made down. */
    assert_int_equal(info.mac[5], 0x55);
    assert_int_equal(if_nametoindex("kept0"), 0);
    exchange(port, "eth0");
    port_close(port);
    assert_int_equal(if_nametoindex("eth0"), 0);
    assert_int_equal(told("FDSTOREREMOVE=1\nFDNAME=tap.kept0."), 3);
}

static void a_device_of_one_queue_is_taken_over(void **state UNUSED)
{
    struct port *port;

    NEED_NAMESPACE();
    port = must_open("tap", "kept-1+x", 3);
    assert_int_equal(port->n_rxq, 1);
    exchange(port, "kept-1+x");
    told(""); /* Drops the supervisor's duplicate. */
    port_close(port);
    assert_int_equal(if_nametoindex("kept-1+x"), 0);
}

static void a_device_that_died_meanwhile_is_made_anew(void **state UNUSED)
{
    struct port *port;

    NEED_NAMESPACE();
    told("");
    port = must_open("tap", "kept2", 2);
    assert_int_not_equal(if_nametoindex("kept2"), 0);
    assert_int_equal(told("FDSTORE=1\nFDNAME=tap.kept2."), 2);
    exchange(port, "kept2");
    port_close(port);
    assert_int_equal(buffers_in_use(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_is_taken_over_and_gets_more_queues),
        cmocka_unit_test(a_device_of_one_queue_is_taken_over),
        cmocka_unit_test(a_device_that_died_meanwhile_is_made_anew),
    };

    return cmocka_run_group_tests_name("port/tap kept", tests, start, NULL);
}
