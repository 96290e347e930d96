/* Ports of type "system": an existing kernel network device, such as the host's end of a
 * container's veth pair, the tap of a virtual machine, or a network card that has no DPDK driver.
 * Frames carry a virtio-net header, so super-packets and unfinished checksums pass whole and the
 * kernel or the card does what is left to do.
 *
 * The device stays the kernel's: it is neither brought up nor down here, and only a mac or an mtu
 * that the configuration names is set. While the port is open the device is promiscuous, and the
 * host's own stack does not see what it receives (host_block.h). */
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <netlink/route/link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "datapath/port/host_block.h"
#include "datapath/port/kernel_io.h"
#include "datapath/port/netdev.h"
#include "datapath/port/packet_socket.h"
#include "datapath/port/vnet.h"
#include "lib/log.h"

LOG_MODULE(system_port);

#define TX_BATCH 32
#define VLAN_LEN 4
#define VLAN_AT 12

struct system_port {
    struct packet_sockets sockets;
    const struct port_pools *pools;
    struct host_block block;
    int ifindex;
    char driver[DP_NAME_MAX];
};

static const char *const no_options[] = {NULL};

/* The name of the bridge or bond that the device is a member of; false when of none. */
static bool find_master(int ifindex, char *ret, size_t size)
{
    struct nl_sock *sock = nl_socket_alloc();
    struct rtnl_link *link = NULL;
    int master = 0;

    if (sock && !nl_connect(sock, NETLINK_ROUTE) &&
        !rtnl_link_get_kernel(sock, ifindex, NULL, &link)) {
        master = rtnl_link_get_master(link);
        rtnl_link_put(link);
    }
    nl_socket_free(sock);
    if (master && netdev_name_of(master, ret, size)) {
        snprintf(ret, size, "?");
    }
    return master != 0;
}

static int check_device(const char *name, struct netdev_info *ret, struct error *err)
{
    char master[DP_NAME_MAX];
    int rc = netdev_get(NETDEV_OUR_NS, name, ret);

    if (rc == -ENODEV) {
        return error_set(err, ENODEV,
                         "port '%s': there is no network device of this name: make it first, or "
                         "set the interface's type to 'internal' to have one made",
                         name);
    }
    if (rc) {
        return error_set_errno(err, -rc, "port '%s': cannot read the device's state", name);
    }
    if (ret->hw_type != ARPHRD_ETHER) {
        return error_set(err, EINVAL,
                         "port '%s': the device is not an Ethernet device (hardware type %u)", name,
                         ret->hw_type);
    }
    if (find_master(ret->ifindex, master, sizeof master)) {
        return error_set(err, EBUSY,
                         "port '%s': the device is a member of '%s': take it out first ('ip link "
                         "set %s nomaster')",
                         name, master, name);
    }
    return 0;
}

static int configure(const char *name, const struct netdev_info *now,
                     const struct dp_port_config *config, struct error *err)
{
    static const uint8_t no_mac[6];
    const uint8_t *m = config->mac;
    int rc = 0;

    if (memcmp(m, no_mac, 6) && memcmp(m, now->mac, 6)) {
        rc = netdev_set_mac(NETDEV_OUR_NS, name, m);
        if (rc) {
            return error_set_errno(
                err, -rc, "port '%s': mac %02x:%02x:%02x:%02x:%02x:%02x: the device refuses it",
                config->name, m[0], m[1], m[2], m[3], m[4], m[5]);
        }
    }
    if (config->mtu && config->mtu != now->mtu) {
        rc = netdev_set_mtu(NETDEV_OUR_NS, name, config->mtu);
        if (rc) {
            return error_set_errno(err, -rc, "port '%s': mtu %u: the device refuses it",
                                   config->name, config->mtu);
        }
    }
    return 0;
}

static int system_open(struct port *port, const struct dp_port_config *config,
                       const struct port_pools *pools, unsigned int n_queues, struct error *err)
{
    struct netdev_info now;
    struct system_port *s;
    int rc = port_check_device_name(config->name, err);

    if (rc || (rc = port_check_options(config, no_options, err)) ||
        (rc = check_device(config->name, &now, err)) ||
        (rc = configure(config->name, &now, config, err))) {
        return rc;
    }
    s = xcalloc(1, sizeof *s);
    s->pools = pools;
    s->ifindex = now.ifindex;
    netdev_driver(config->name, s->driver, sizeof s->driver);
    rc = packet_sockets_open(&s->sockets, config->name, now.ifindex, n_queues, err);
    if (rc) {
        free(s);
        return rc;
    }
    rc = host_block_start(&s->block, now.ifindex);
    if (rc == -EMFILE) {
        packet_sockets_close(&s->sockets, -1);
        free(s);
        return error_set(err, EMFILE,
                         "port '%s': no file descriptor left: raise the limit ('ulimit -n') or "
                         "remove ports",
                         config->name);
    }
    if (rc) {
        log_warn("%s: the host's own stack cannot be kept away from the port (%s): give the device "
                 "no addresses",
                 config->name, strerror(-rc));
    }
    kernel_rx_ref();
    port->priv = s;
    port->n_rxq = n_queues;
    port->features = PORT_TX_CSUM | PORT_TX_TSO | PORT_TX_MULTI_SEG;
    if (s->sockets.uso) {
        port->features |= PORT_TX_USO;
    }
    return 0;
}

static void system_close(struct port *port)
{
    struct system_port *s = port->priv;

    packet_sockets_close(&s->sockets, host_block_stop(&s->block));
    kernel_rx_unref();
    free(s);
}

/* The device under the name that it has now. */
static int find_device(const struct system_port *s, char *name, size_t size,
                       struct netdev_info *ret)
{
    int rc = netdev_name_of(s->ifindex, name, size);

    return rc ? rc : netdev_get(NETDEV_OUR_NS, name, ret);
}

static int system_set(struct port *port, const struct dp_port_config *config, struct error *err)
{
    struct netdev_info now;
    char name[DP_NAME_MAX];
    int rc = port_check_options(config, no_options, err);

    if (rc) {
        return rc;
    }
    if (find_device(port->priv, name, sizeof name, &now)) {
        return error_set(err, ENODEV, "port '%s': its device was removed", port->name);
    }
    return configure(name, &now, config, err);
}

static void system_add_queues(struct port *port, unsigned int n_queues)
{
    struct system_port *s = port->priv;
    struct error err = {0};

    if (packet_sockets_add(&s->sockets, port->name, s->ifindex, n_queues, &err)) {
        log_warn("%s: the port goes on with %u queues", err.text, s->sockets.n);
    }
    port->n_rxq = s->sockets.n;
}

static void system_get_info(struct port *port, struct dp_port_info *ret)
{
    const struct system_port *s = port->priv;
    struct netdev_info now = {0};
    char name[DP_NAME_MAX];
    int rc = find_device(s, name, sizeof name, &now);

    ret->error[0] = '\0';
    if (rc == -ENODEV) {
        snprintf(ret->error, sizeof ret->error, PORT_REMOVED);
    } else if (rc) {
        snprintf(ret->error, sizeof ret->error, "cannot read its state: %s", strerror(-rc));
    }
    memcpy(ret->mac, now.mac, sizeof ret->mac);
    ret->mtu = now.mtu;
    ret->ifindex = now.ifindex;
    ret->admin_up = now.admin_up;
    ret->link_up = now.link_up;
    ret->link_speed_bps = rc ? 0 : netdev_speed_bps(name);
    snprintf(ret->driver, sizeof ret->driver, "%s", s->driver);
}

/* --- Workers. */

/* The kernel takes the outer VLAN tag out of the frame; this puts it back. False when there is no
 * room, which a received mbuf always has. */
static bool restore_vlan(struct rte_mbuf *m, const struct msghdr *msg, struct virtio_net_hdr_v1 *h)
{
    const struct cmsghdr *c = CMSG_FIRSTHDR(msg);
    struct tpacket_auxdata aux;
    be16_t tag[2];
    uint8_t *data;

    if (!c || c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA ||
        c->cmsg_len < CMSG_LEN(sizeof aux)) {
        return true;
    }
    memcpy(&aux, CMSG_DATA(c), sizeof aux);
    if (likely(!(aux.tp_status & TP_STATUS_VLAN_VALID)) || m->data_len < VLAN_AT) {
        return true;
    }
    data = (uint8_t *)rte_pktmbuf_prepend(m, VLAN_LEN);
    if (!data) {
        return false;
    }
    memmove(data, data + VLAN_LEN, VLAN_AT);
    tag[0] = be16_make(aux.tp_status & TP_STATUS_VLAN_TPID_VALID ? aux.tp_vlan_tpid : 0x8100);
    tag[1] = be16_make(aux.tp_vlan_tci);
    memcpy(data + VLAN_AT, tag, sizeof tag);
    if (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
        h->csum_start = (uint16_t)(h->csum_start + VLAN_LEN);
    }
    return true;
}

static uint16_t system_rx(struct port *port, unsigned int queue, unsigned int worker,
                          struct rte_mbuf **pkts, uint16_t n, uint16_t *ret_errors)
{
    struct system_port *s = port->priv;
    struct kernel_rx *rx = &kernel_rx_of[worker];
    uint16_t got = 0, errors = 0;

    for (uint16_t i = 0; i < n; i++) {
        char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))]
            __attribute__((aligned(_Alignof(struct cmsghdr))));
        struct virtio_net_hdr_v1 header;
        struct iovec iov[3] = {{&header, s->sockets.header_len}};
        struct msghdr msg = {.msg_iov = iov,
                             .msg_iovlen = 3,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
        struct rte_mbuf *m;
        ssize_t len;

        if (unlikely(!kernel_rx_ready(rx, s->pools, iov + 1))) {
            break;
        }
        len = recvmsg(s->sockets.fds[queue], &msg, MSG_DONTWAIT);
        if (len < 0 && errno != EINVAL && errno != EFAULT) {
            break; /* Nothing there, or the news (told once) that the device is down. */
        }
        if (unlikely(len <= (ssize_t)s->sockets.header_len || (msg.msg_flags & MSG_TRUNC))) {
            kernel_rx_bad(port, worker, len < 0 ? errno : msg.msg_flags & MSG_TRUNC ? EFAULT : 0);
            errors++;
            continue;
        }
        m = kernel_rx_take(rx, (size_t)len - s->sockets.header_len);
        if (unlikely(!restore_vlan(m, &msg, &header))) {
            kernel_rx_bad(port, worker, EFAULT);
            rte_pktmbuf_free(m);
            errors++;
            continue;
        }
        if (likely(kernel_rx_finish(port, worker, m, &header))) {
            pkts[got++] = m;
        } else {
            errors++;
        }
    }
    *ret_errors = errors;
    return got;
}

static int system_rx_fd(struct port *port, unsigned int queue)
{
    const struct system_port *s = port->priv;

    return s->sockets.fds[queue];
}

/* Sends at most TX_BATCH packets by one system call; returns as tx does. */
static uint16_t send_batch(struct port *port, int fd, unsigned int worker, struct rte_mbuf **pkts,
                           uint16_t n, struct port_refused *refused)
{
    const struct system_port *s = port->priv;
    struct virtio_net_hdr_v1 headers[TX_BATCH];
    struct iovec iov[TX_BATCH + 2 * KERNEL_TX_MAX_SEGS + TX_BATCH * 2];
    struct mmsghdr msgs[TX_BATCH];
    unsigned int n_msgs, at = 0;
    int sent, error;

    for (n_msgs = 0; n_msgs < n; n_msgs++) {
        unsigned int n_segs = 0;

        if (at + 1 + KERNEL_TX_MAX_SEGS > ARRAY_SIZE(iov) ||
            unlikely(!kernel_tx_iov(pkts[n_msgs], iov + at + 1, &n_segs))) {
            break;
        }
        vnet_from_mbuf(&headers[n_msgs], pkts[n_msgs]);
        iov[at].iov_base = &headers[n_msgs];
        iov[at].iov_len = s->sockets.header_len;
        memset(&msgs[n_msgs], 0, sizeof msgs[n_msgs]);
        msgs[n_msgs].msg_hdr.msg_iov = iov + at;
        msgs[n_msgs].msg_hdr.msg_iovlen = n_segs + 1;
        at += n_segs + 1;
    }
    if (unlikely(!n_msgs)) {
        kernel_tx_refused(port, worker, pkts[0], E2BIG, refused);
        return 1;
    }
    sent = sendmmsg(fd, msgs, n_msgs, MSG_DONTWAIT);
    error = sent < 0 ? errno : 0;
    if (sent > 0) {
        rte_pktmbuf_free_bulk(pkts, (unsigned int)sent);
        return (uint16_t)sent;
    }
    if (error == EAGAIN || error == EINTR) {
        return 0;
    }
    kernel_tx_refused(port, worker, pkts[0], error, refused);
    return 1;
}

static uint16_t system_tx(struct port *port, unsigned int queue, unsigned int worker,
                          struct rte_mbuf **pkts, uint16_t n, struct port_refused *ret_refused)
{
    const struct system_port *s = port->priv;
    unsigned int n_fds = __atomic_load_n(&s->sockets.n, __ATOMIC_ACQUIRE);
    int fd = s->sockets.fds[queue % n_fds];
    struct port_refused refused = {0};
    uint16_t done = 0;

    while (done < n) {
        uint16_t k = send_batch(port, fd, worker, pkts + done,
                                (uint16_t)RTE_MIN(n - done, TX_BATCH), &refused);

        if (!k) {
            break;
        }
        done = (uint16_t)(done + k);
    }
    *ret_refused = refused;
    return done;
}

static struct port_type system_type = {
    .name = "system",
    .by_name = true,
    .open = system_open,
    .close = system_close,
    .set = system_set,
    .add_queues = system_add_queues,
    .get_info = system_get_info,
    .rx = system_rx,
    .rx_fd = system_rx_fd,
    .tx = system_tx,
};
PORT_TYPE_REGISTER(system_type)
