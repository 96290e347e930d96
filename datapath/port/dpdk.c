/* Ports of type "dpdk": any ethdev that DPDK can attach, a network card by its PCI address or a
 * virtual device by its driver's name, as option 'dpdk-devargs' has it (net_pcap0,iface=eth0).
 *
 * Such a port raises no fd: its queues are polled. A device with fewer tx queues than there can be
 * workers has them shared under a spin lock, the one lock on the way of a packet; it is held while
 * one burst is written, and costs next to nothing where no two workers meet. */
#include <errno.h>
#include <rte_spinlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/port/dpdk_dev.h"
#include "datapath/port/kernel_io.h"

DROP_REASON(prepare, "tx-offload-refused",
            "the output device's driver refused a packet's checksum or segmentation request");

#define TX_SEG (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG)
#define TX_WORK (TX_SEG | RTE_MBUF_F_TX_L4_MASK)
#define DEFAULT_MTU 1500

struct dpdk_port {
    struct dpdk_dev dev;
    const struct port_pools *pools;
    char *devargs;
    struct dpdk_options options; /* devargs: the copy above. */
    uint32_t max_frame;          /* Relaxed atomic: written by set, read by tx. */
    bool shared_txq;
    rte_spinlock_t locks[PORT_MAX_QUEUES];
};

static void read_mtu(struct dpdk_port *p)
{
    uint16_t mtu = DEFAULT_MTU;

    rte_eth_dev_get_mtu(p->dev.id, &mtu);
    __atomic_store_n(&p->max_frame, mtu + PORT_FRAME_OVERHEAD, __ATOMIC_RELAXED);
}

static int dpdk_open(struct port *port, const struct dp_port_config *config,
                     const struct port_pools *pools, unsigned int n_queues UNUSED,
                     struct error *err)
{
    struct dpdk_options options;
    struct dpdk_port *p;
    int rc = dpdk_options_read(config, &options, err);

    if (rc) {
        return rc;
    }
    p = xcalloc(1, sizeof *p);
    p->pools = pools;
    rc = dpdk_dev_open(&p->dev, config, &options, pools, PORT_MAX_QUEUES, err);
    if (rc) {
        free(p);
        return rc;
    }
    p->devargs = xstrdup(options.devargs);
    p->options = options;
    p->options.devargs = p->devargs;
    p->shared_txq = p->dev.n_txq < PORT_MAX_QUEUES;
    for (unsigned int i = 0; i < PORT_MAX_QUEUES; i++) {
        rte_spinlock_init(&p->locks[i]);
    }
    read_mtu(p);
    port->priv = p;
    port->n_rxq = p->dev.n_rxq;
    port->features = p->dev.features;
    return 0;
}

static void dpdk_close(struct port *port)
{
    struct dpdk_port *p = port->priv;

    dpdk_dev_close(&p->dev);
    free(p->devargs);
    free(p);
}

static int dpdk_set(struct port *port, const struct dp_port_config *config, struct error *err)
{
    static const uint8_t no_mac[6];
    struct dpdk_port *p = port->priv;
    struct rte_ether_addr mac;
    struct dpdk_options o;
    uint16_t mtu = 0;
    int rc = dpdk_options_read(config, &o, err);

    if (rc) {
        return rc;
    }
    if (strcmp(o.devargs, p->devargs) || o.n_rxq != p->options.n_rxq ||
        o.n_rxq_desc != p->options.n_rxq_desc || o.n_txq_desc != p->options.n_txq_desc) {
        return error_set(err, EOPNOTSUPP, "port '%s': its options take a new port to change",
                         port->name);
    }
    if (memcmp(config->mac, no_mac, 6)) {
        memcpy(&mac, config->mac, sizeof mac);
        rc = rte_eth_dev_default_mac_addr_set(p->dev.id, &mac);
        if (rc) {
            return error_set_errno(err, -rc, "port '%s': the device refuses its mac", port->name);
        }
    }
    rte_eth_dev_get_mtu(p->dev.id, &mtu);
    if (config->mtu && config->mtu != mtu) {
        if (config->mtu > UINT16_MAX || rte_eth_dev_set_mtu(p->dev.id, (uint16_t)config->mtu)) {
            return error_set(err, EOPNOTSUPP, "port '%s': mtu %u takes a new port to change",
                             port->name, config->mtu);
        }
        read_mtu(p);
    }
    return 0;
}

static void dpdk_get_info(struct port *port, struct dp_port_info *ret)
{
    const struct dpdk_port *p = port->priv;
    struct rte_eth_link link = {0};
    struct rte_ether_addr mac = {{0}};
    uint16_t mtu = 0;

    ret->error[0] = '\0';
    if (rte_eth_dev_is_removed(p->dev.id)) {
        snprintf(ret->error, sizeof ret->error, PORT_REMOVED);
    }
    rte_eth_macaddr_get(p->dev.id, &mac);
    rte_eth_dev_get_mtu(p->dev.id, &mtu);
    rte_eth_link_get_nowait(p->dev.id, &link);
    memcpy(ret->mac, &mac, sizeof ret->mac);
    ret->mtu = mtu;
    ret->ifindex = 0;
    ret->admin_up = true;
    ret->link_up = link.link_status == RTE_ETH_LINK_UP;
    ret->link_speed_bps = link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN
                              ? 0
                              : link.link_speed * UINT64_C(1000000);
    snprintf(ret->driver, sizeof ret->driver, "%s",
             p->dev.info.driver_name ? p->dev.info.driver_name : "");
}

/* --- Workers. */

static uint16_t dpdk_rx(struct port *port, unsigned int queue, unsigned int worker UNUSED,
                        struct rte_mbuf **pkts, uint16_t n, uint16_t *ret_errors)
{
    const struct dpdk_port *p = port->priv;
    uint16_t got = rte_eth_rx_burst(p->dev.id, (uint16_t)queue, pkts, n);

    /* net_ring passes mbufs on as another sender left them. */
    for (uint16_t i = 0; i < got; i++) {
        pkts[i]->ol_flags &= ~RTE_MBUF_F_TX_OFFLOAD_MASK;
    }
    *ret_errors = 0;
    return got;
}

static int dpdk_rx_fd(struct port *port UNUSED, unsigned int queue UNUSED)
{
    return -1;
}

/* Drivers write into the headers of packets with offloads: those must not be shared with another
 * port's. NULL when no buffer is left. */
static struct rte_mbuf *make_private(const struct dpdk_port *p, struct rte_mbuf *m)
{
    struct rte_mbuf *own;

    if (!RTE_MBUF_CLONED(m) && rte_mbuf_refcnt_read(m) == 1) {
        return m;
    }
    own = rte_pktmbuf_copy(m, p->pools->small, 0, UINT32_MAX);
    if (own) {
        rte_pktmbuf_free(m);
    }
    return own;
}

/* Takes out of 'pkts[0...n-1]' what the device cannot send, and makes ready the rest; returns how
 * many that are. */
static uint16_t make_ready(struct port *port, unsigned int queue, unsigned int worker,
                           struct rte_mbuf **pkts, uint16_t n, struct port_refused *refused)
{
    struct dpdk_port *p = port->priv;
    uint32_t max_frame = __atomic_load_n(&p->max_frame, __ATOMIC_RELAXED);
    uint16_t kept = 0;

    for (uint16_t i = 0; i < n; i++) {
        struct rte_mbuf *m = pkts[i];

        if (unlikely(m->pkt_len > max_frame) && !(m->ol_flags & TX_SEG)) {
            kernel_tx_refused(port, worker, m, EMSGSIZE, refused);
            continue;
        }
        if (likely(!(m->ol_flags & TX_WORK))) {
            pkts[kept++] = m;
            continue;
        }
        struct rte_mbuf *own = make_private(p, m);

        if (!own) {
            kernel_tx_refused(port, worker, m, ENOBUFS, refused);
            continue;
        }
        m = own;
        if ((m->ol_flags & TX_SEG) && (m->ol_flags & RTE_MBUF_F_TX_IPV4)) {
            m->ol_flags |= RTE_MBUF_F_TX_IP_CKSUM;
        }
        if (rte_eth_tx_prepare(p->dev.id, (uint16_t)queue, &m, 1) != 1) {
            drop_count(worker, port->port_no, &drop_prepare, 1);
            refused->packets++;
            refused->bytes += m->pkt_len;
            rte_pktmbuf_free(m);
            continue;
        }
        pkts[kept++] = m;
    }
    return kept;
}

static uint16_t dpdk_tx(struct port *port, unsigned int queue, unsigned int worker,
                        struct rte_mbuf **pkts, uint16_t n, struct port_refused *ret_refused)
{
    struct dpdk_port *p = port->priv;
    unsigned int q = queue % p->dev.n_txq;
    uint16_t ready, sent;

    *ret_refused = (struct port_refused){0};
    ready = make_ready(port, q, worker, pkts, n, ret_refused);
    if (p->shared_txq) {
        rte_spinlock_lock(&p->locks[q]);
    }
    sent = rte_eth_tx_burst(p->dev.id, (uint16_t)q, pkts, ready);
    if (p->shared_txq) {
        rte_spinlock_unlock(&p->locks[q]);
    }
    /* What was refused counts as sent: the rest moves to the end, where the caller looks for it. */
    memmove(pkts + n - (ready - sent), pkts + sent, (size_t)(ready - sent) * sizeof *pkts);
    return (uint16_t)(n - (ready - sent));
}

static struct port_type dpdk_type = {
    .name = "dpdk",
    .open = dpdk_open,
    .close = dpdk_close,
    .set = dpdk_set,
    .get_info = dpdk_get_info,
    .rx = dpdk_rx,
    .rx_fd = dpdk_rx_fd,
    .tx = dpdk_tx,
};
PORT_TYPE_REGISTER(dpdk_type)
