/* Ports of type "tap" and "internal": a tap device whose other end is a kernel network device, used
 * by this host (a bridge's local port) or by a container (moved into its namespace). A VM's tap,
 * whose frames its emulator reads, is a port of type "system". Frames carry a virtio-net header, so
 * super-packets and unfinished checksums pass whole.
 *
 * One queue a worker. As in Open vSwitch, an internal port is made administratively down and its
 * user brings it up; a tap is brought up here, for nobody else would. rx and tx run on workers: one
 * readv() or writev() a packet, nothing else. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

#include "datapath/port/kernel_io.h"
#include "datapath/port/netdev.h"
#include "datapath/port/tap_dev.h"
#include "datapath/port/vnet.h"
#include "lib/log.h"

LOG_MODULE(tap_port);

#define TAP_SPEED_BPS UINT64_C(10000000000) /* What the kernel says of every tap. */
#define TX_SEG (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG)

struct tap {
    struct tap_dev dev;
    const struct port_pools *pools;
    /* The kernel takes frames of any length, other than from a packet socket; whoever is behind the
     * device need not. Relaxed atomic: written with the device's state, read by tx. */
    uint32_t max_frame;
    /* What workers wait on: an epoll set with the queue's fd alone. The fd itself would report
     * EPOLLERR for ever once the device is removed, and nobody would sleep any more. */
    int wait_fds[PORT_MAX_QUEUES];
};

static const char *const no_options[] = {NULL};

static void set_mtu(struct tap *tap, unsigned int mtu)
{
    __atomic_store_n(&tap->max_frame, mtu + PORT_FRAME_OVERHEAD, __ATOMIC_RELAXED);
}

static void waits_close(struct tap *tap)
{
    for (unsigned int q = 0; q < tap->dev.n_fds; q++) {
        if (tap->wait_fds[q] >= 0) {
            close(tap->wait_fds[q]);
            tap->wait_fds[q] = -1;
        }
    }
}

/* For the queues from 'first' on. */
static int waits_open(struct tap *tap, unsigned int first, const char *name, struct error *err)
{
    for (unsigned int q = first; q < tap->dev.n_fds; q++) {
        struct epoll_event event = {.events = EPOLLIN};
        int fd = epoll_create1(EPOLL_CLOEXEC);

        if (fd < 0 || epoll_ctl(fd, EPOLL_CTL_ADD, tap->dev.fds[q], &event)) {
            int error = errno;

            if (fd >= 0) {
                close(fd);
            }
            return error_set_errno(err, error,
                                   "port '%s': cannot watch queue %u (raise 'ulimit -n' if file "
                                   "descriptors ran out)",
                                   name, q);
        }
        tap->wait_fds[q] = fd;
    }
    return 0;
}

/* Applies what the configuration leaves not open and what differs from the present. */
static int configure(struct tap *tap, const struct dp_port_config *config, bool bring_up,
                     struct error *err)
{
    static const uint8_t no_mac[6];
    struct netdev_info now;
    char name[IFNAMSIZ];
    int ns_fd, rc;

    rc = tap_dev_locate(&tap->dev, name, &ns_fd);
    if (rc) {
        return error_set(err, ENODEV, "port '%s': its device was removed", config->name);
    }
    rc = netdev_get(ns_fd, name, &now);
    if (rc) {
        error_set_errno(err, -rc, "port '%s': cannot read the device's state", config->name);
        goto out;
    }
    if (memcmp(config->mac, no_mac, 6) && memcmp(config->mac, now.mac, 6)) {
        rc = netdev_set_mac(ns_fd, name, config->mac);
        if (rc) {
            const uint8_t *m = config->mac;

            error_set_errno(err, -rc,
                            "port '%s': mac %02x:%02x:%02x:%02x:%02x:%02x: the kernel refuses it",
                            config->name, m[0], m[1], m[2], m[3], m[4], m[5]);
            goto out;
        }
    }
    if (config->mtu && config->mtu != now.mtu) {
        rc = netdev_set_mtu(ns_fd, name, config->mtu);
        if (rc) {
            error_set_errno(err, -rc,
                            "port '%s': mtu %u: the kernel refuses it (taps take 68 to "
                            "65521)",
                            config->name, config->mtu);
            goto out;
        }
        now.mtu = config->mtu;
    }
    set_mtu(tap, now.mtu);
    if (bring_up) {
        rc = netdev_set_up(ns_fd, name);
        if (rc) {
            error_set_errno(err, -rc, "port '%s': cannot bring the device up", config->name);
        }
    }
out:
    if (ns_fd >= 0) {
        close(ns_fd);
    }
    return rc;
}

static int tap_open(struct port *port, const struct dp_port_config *config,
                    const struct port_pools *pools, unsigned int n_queues, struct error *err)
{
    struct tap *tap;
    int rc = port_check_device_name(config->name, err);

    if (!rc) {
        rc = port_check_options(config, no_options, err);
    }
    if (rc) {
        return rc;
    }
    tap = xcalloc(1, sizeof *tap);
    memset(tap->wait_fds, -1, sizeof tap->wait_fds);
    tap->pools = pools;
    rc = tap_dev_open(&tap->dev, config->name, n_queues, err);
    if (rc) {
        free(tap);
        return rc;
    }
    rc = configure(tap, config, strcmp(config->type, "internal"), err);
    if (!rc) {
        rc = waits_open(tap, 0, config->name, err);
    }
    if (rc) {
        waits_close(tap);
        tap_dev_close(&tap->dev, config->name);
        free(tap);
        return rc;
    }
    kernel_rx_ref();
    port->priv = tap;
    port->n_rxq = tap->dev.n_fds;
    port->features = PORT_TX_CSUM | PORT_TX_TSO | PORT_TX_MULTI_SEG;
    if (tap->dev.uso) {
        port->features |= PORT_TX_USO;
    }
    return 0;
}

static void tap_close(struct port *port)
{
    struct tap *tap = port->priv;

    waits_close(tap);
    tap_dev_close(&tap->dev, port->name);
    kernel_rx_unref();
    free(tap);
}

static int tap_set(struct port *port, const struct dp_port_config *config, struct error *err)
{
    int rc = port_check_options(config, no_options, err);

    return rc ? rc : configure(port->priv, config, false, err);
}

static void tap_add_queues(struct port *port, unsigned int n_queues)
{
    struct tap *tap = port->priv;
    struct error err = {0};

    tap_dev_add_queues(&tap->dev, port->name, n_queues);
    if (waits_open(tap, port->n_rxq, port->name, &err)) {
        log_warn("%s: its new queues are polled", err.text);
    }
    port->n_rxq = tap->dev.n_fds;
}

static void tap_get_info(struct port *port, struct dp_port_info *ret)
{
    struct tap *tap = port->priv;
    struct netdev_info now;
    char name[IFNAMSIZ];
    int ns_fd, rc;

    memset(ret->mac, 0, sizeof ret->mac);
    ret->mtu = 0;
    ret->ifindex = 0;
    ret->admin_up = ret->link_up = false;
    ret->link_speed_bps = TAP_SPEED_BPS;
    snprintf(ret->driver, sizeof ret->driver, "tun");
    ret->error[0] = '\0';

    rc = tap_dev_locate(&tap->dev, name, &ns_fd);
    if (rc) {
        goto gone;
    }
    rc = netdev_get(ns_fd, name, &now);
    if (ns_fd >= 0) {
        close(ns_fd);
    }
    if (rc) {
        goto gone;
    }
    memcpy(ret->mac, now.mac, sizeof ret->mac);
    ret->mtu = now.mtu;
    set_mtu(tap, now.mtu);
    ret->ifindex = ns_fd == NETDEV_OUR_NS ? now.ifindex : 0;
    ret->admin_up = now.admin_up;
    ret->link_up = now.link_up;
    return;

gone:
    if (rc == -EBADFD || rc == -ENODEV) {
        snprintf(ret->error, sizeof ret->error, PORT_REMOVED);
    } else {
        snprintf(ret->error, sizeof ret->error, "cannot read its state: %s", strerror(-rc));
    }
}

static uint16_t tap_rx(struct port *port, unsigned int queue, unsigned int worker,
                       struct rte_mbuf **pkts, uint16_t n, uint16_t *ret_errors)
{
    struct tap *tap = port->priv;
    struct kernel_rx *rx = &kernel_rx_of[worker];
    uint16_t got = 0, errors = 0;

    for (uint16_t i = 0; i < n; i++) {
        struct virtio_net_hdr_v1 header;
        struct iovec iov[3] = {{&header, sizeof header}};
        struct rte_mbuf *m;
        ssize_t len;

        if (unlikely(!kernel_rx_ready(rx, tap->pools, iov + 1))) {
            break;
        }
        len = readv(tap->dev.fds[queue], iov, 3);
        if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
            break;
        }
        if (unlikely(len < 0 && errno == EBADFD)) {
            epoll_ctl(tap->wait_fds[queue], EPOLL_CTL_DEL, tap->dev.fds[queue], NULL);
            break;
        }
        if (unlikely(len <= (ssize_t)sizeof header)) {
            kernel_rx_bad(port, worker, len < 0 ? errno : 0);
            errors++;
            continue;
        }
        m = kernel_rx_take(rx, (size_t)len - sizeof header);
        if (likely(kernel_rx_finish(port, worker, m, &header))) {
            pkts[got++] = m;
        } else {
            errors++;
        }
    }
    *ret_errors = errors;
    return got;
}

static int tap_rx_fd(struct port *port, unsigned int queue)
{
    const struct tap *tap = port->priv;

    return tap->wait_fds[queue];
}

static uint16_t tap_tx(struct port *port, unsigned int queue, unsigned int worker,
                       struct rte_mbuf **pkts, uint16_t n, struct port_refused *ret_refused)
{
    struct tap *tap = port->priv;
    unsigned int n_fds = __atomic_load_n(&tap->dev.n_fds, __ATOMIC_ACQUIRE);
    uint32_t max_frame = __atomic_load_n(&tap->max_frame, __ATOMIC_RELAXED);
    int fd = tap->dev.fds[queue % n_fds];
    struct port_refused refused = {0};
    uint16_t i;

    for (i = 0; i < n; i++) {
        struct virtio_net_hdr_v1 header;
        struct iovec iov[1 + KERNEL_TX_MAX_SEGS];
        unsigned int n_iov;
        int error = 0;

        iov[0].iov_base = &header;
        iov[0].iov_len = sizeof header;
        if (unlikely(pkts[i]->pkt_len > max_frame) && !(pkts[i]->ol_flags & TX_SEG)) {
            error = EMSGSIZE;
        } else if (unlikely(!kernel_tx_iov(pkts[i], iov + 1, &n_iov))) {
            error = E2BIG;
        } else {
            vnet_from_mbuf(&header, pkts[i]);
            if (writev(fd, iov, (int)n_iov + 1) < 0) {
                error = errno;
            }
        }
        if (likely(!error)) {
            rte_pktmbuf_free(pkts[i]);
        } else if (error == EAGAIN || error == EINTR) {
            break;
        } else {
            kernel_tx_refused(port, worker, pkts[i], error, &refused);
        }
    }
    *ret_refused = refused;
    return i;
}

static struct port_type tap_type = {
    .name = "tap",
    .by_name = true,
    .open = tap_open,
    .close = tap_close,
    .set = tap_set,
    .add_queues = tap_add_queues,
    .get_info = tap_get_info,
    .rx = tap_rx,
    .rx_fd = tap_rx_fd,
    .tx = tap_tx,
};
PORT_TYPE_REGISTER(tap_type)
