/* See dpdk_dev.h. DPDK's functions say why they fail in the log alone, so that is read along while
 * a device is attached and started, and what matters of it goes into the error. */
#include "datapath/port/dpdk_dev.h"

#include <errno.h>
#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

LOG_MODULE(dpdk_port);

#define DEFAULT_DESC 512
#define MAX_DESC 4096

static const char *const known_options[] = {"dpdk-devargs", "n_rxq", "n_rxq_desc", "n_txq_desc",
                                            NULL};

/* --- DPDK's log, while we listen. */

struct listener {
    FILE *before;
    FILE *stream;
    char *text;
    size_t len;
};

static void listen_start(struct listener *l)
{
    memset(l, 0, sizeof *l);
    l->before = rte_log_get_stream();
    l->stream = open_memstream(&l->text, &l->len);
    if (l->stream) {
        rte_openlog_stream(l->stream);
    }
}

/* Passes what was said on to our log, and puts into 'ret' the first line that a driver said, for
 * EAL adds to it but that it failed. */
static void listen_stop(struct listener *l, char *ret, size_t size)
{
    char *line, *rest;

    ret[0] = '\0';
    if (!l->stream) {
        return;
    }
    rte_openlog_stream(l->before == stderr ? NULL : l->before);
    fclose(l->stream);
    for (line = strtok_r(l->text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        log_info("DPDK: %s", line);
        if (!ret[0] || !strncmp(ret, "EAL:", 4)) {
            snprintf(ret, size, "%s", line);
        }
    }
    free(l->text);
}

/* --- Options. */

static int read_number(const struct dp_port_config *config, const char *key, unsigned int min,
                       unsigned int max, unsigned int *value, struct error *err)
{
    const char *text = port_option(config, key);
    uint64_t v;

    if (!text) {
        return 0;
    }
    if (!parse_u64(text, max, &v) || v < min) {
        return error_set(err, EINVAL, "port '%s': option '%s': '%s' is not a number within %u...%u",
                         config->name, key, text, min, max);
    }
    *value = (unsigned int)v;
    return 0;
}

int dpdk_options_read(const struct dp_port_config *config, struct dpdk_options *ret,
                      struct error *err)
{
    struct dpdk_options o = {.n_rxq = 1, .n_rxq_desc = DEFAULT_DESC, .n_txq_desc = DEFAULT_DESC};
    int rc;

    if ((rc = port_check_options(config, known_options, err)) ||
        (rc = read_number(config, "n_rxq", 1, PORT_MAX_QUEUES, &o.n_rxq, err)) ||
        (rc = read_number(config, "n_rxq_desc", 1, MAX_DESC, &o.n_rxq_desc, err)) ||
        (rc = read_number(config, "n_txq_desc", 1, MAX_DESC, &o.n_txq_desc, err))) {
        return rc;
    }
    o.devargs = port_option(config, "dpdk-devargs");
    if (!o.devargs || !o.devargs[0]) {
        return error_set(err, EINVAL,
                         "port '%s': option 'dpdk-devargs' is missing: give a PCI address or a "
                         "virtual device, such as 'net_pcap0,iface=eth0'",
                         config->name);
    }
    *ret = o;
    return 0;
}

/* --- Attaching. */

static bool find_port(const char *devargs, uint16_t *ret)
{
    struct rte_dev_iterator it;
    uint16_t id;

    RTE_ETH_FOREACH_MATCHING_DEV(id, devargs, &it)
    {
        *ret = id;
        rte_eth_iterator_cleanup(&it);
        return true;
    }
    return false;
}

static bool looks_like_pci(const char *devargs)
{
    unsigned int a, b, c;

    return !strncmp(devargs, "pci:", 4) || sscanf(devargs, "%x:%x.%x", &a, &b, &c) == 3 ||
           sscanf(devargs, "%x:%x:%x.", &a, &b, &c) == 3;
}

static int attach(struct dpdk_dev *dev, const char *name, const char *devargs, struct error *err)
{
    struct rte_eth_dev_owner owner;
    struct rte_devargs parsed = {0};
    struct listener listener;
    char said[200];
    uint16_t id;
    int rc;

    if (looks_like_pci(devargs) && !rte_eal_has_pci()) {
        return error_set(err, ENODEV,
                         "port '%s': option 'dpdk-devargs': '%s': the datapath was started without "
                         "PCI devices: start it with --eal \"-a %s\"",
                         name, devargs, devargs);
    }
    /* An unknown driver's name is told from a device that cannot be made. */
    listen_start(&listener);
    rc = rte_devargs_parse(&parsed, devargs);
    listen_stop(&listener, said, sizeof said);
    rte_devargs_reset(&parsed);
    if (rc) {
        return error_set(
            err, EINVAL,
            "port '%s': option 'dpdk-devargs': '%s': DPDK knows neither a device nor a "
            "driver of this name",
            name, devargs);
    }
    if (find_port(devargs, &id)) {
        if (!rte_eth_dev_owner_get(id, &owner) && owner.id != RTE_ETH_DEV_NO_OWNER) {
            return error_set(err, EBUSY,
                             "port '%s': option 'dpdk-devargs': '%s': the device is port '%s' "
                             "already",
                             name, devargs, owner.name);
        }
        dev->id = id; /* Not before: dpdk_dev_close() would take another port's device. */
        return 0;
    }
    listen_start(&listener);
    rc = rte_dev_probe(devargs);
    listen_stop(&listener, said, sizeof said);
    if (rc) {
        return error_set(err, rc == -EEXIST ? EEXIST : ENODEV,
                         "port '%s': option 'dpdk-devargs': '%s': DPDK cannot attach it: %s", name,
                         devargs, said[0] ? said : strerror(-rc));
    }
    dev->attached = true;
    if (!find_port(devargs, &dev->id)) {
        if (!rte_devargs_parse(&parsed, devargs)) {
            rte_eal_hotplug_remove(rte_bus_name(parsed.bus), parsed.name);
            rte_devargs_reset(&parsed);
        }
        return error_set(err, ENODEV,
                         "port '%s': option 'dpdk-devargs': '%s': the device has no Ethernet port",
                         name, devargs);
    }
    return 0;
}

/* Marks the device as ours, so that no second port takes it. */
static int own(const struct dpdk_dev *dev, const char *name)
{
    struct rte_eth_dev_owner owner = {0};
    int rc = rte_eth_dev_owner_new(&owner.id);

    snprintf(owner.name, sizeof owner.name, "%s", name);
    return rc ? rc : rte_eth_dev_owner_set(dev->id, &owner);
}

static void disown(const struct dpdk_dev *dev)
{
    struct rte_eth_dev_owner owner;

    if (!rte_eth_dev_owner_get(dev->id, &owner) && owner.id != RTE_ETH_DEV_NO_OWNER) {
        rte_eth_dev_owner_unset(dev->id, owner.id);
    }
}

/* --- Starting. */

static uint32_t features_of(uint64_t tx)
{
    uint64_t csum = RTE_ETH_TX_OFFLOAD_TCP_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
    uint64_t tso = RTE_ETH_TX_OFFLOAD_TCP_TSO | RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | csum;
    uint64_t uso = RTE_ETH_TX_OFFLOAD_UDP_TSO | RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | csum;

    return ((tx & csum) == csum ? PORT_TX_CSUM : 0) | ((tx & tso) == tso ? PORT_TX_TSO : 0) |
           ((tx & uso) == uso ? PORT_TX_USO : 0) |
           (tx & RTE_ETH_TX_OFFLOAD_MULTI_SEGS ? PORT_TX_MULTI_SEG : 0);
}

static void fill_conf(struct dpdk_dev *dev, const struct dp_port_config *config,
                      const struct port_pools *pools, struct rte_eth_conf *conf)
{
    unsigned int room = rte_pktmbuf_data_room_size(pools->small) - RTE_PKTMBUF_HEADROOM;

    conf->txmode.offloads = dev->info.tx_offload_capa &
                            (RTE_ETH_TX_OFFLOAD_TCP_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM |
                             RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_TSO |
                             RTE_ETH_TX_OFFLOAD_UDP_TSO | RTE_ETH_TX_OFFLOAD_MULTI_SEGS);
    conf->rxmode.offloads = dev->info.rx_offload_capa &
                            (RTE_ETH_RX_OFFLOAD_TCP_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM);
    if (config->mtu) {
        conf->rxmode.mtu = config->mtu;
        if (config->mtu + RTE_ETHER_HDR_LEN + 8 > room) {
            conf->rxmode.offloads |= dev->info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER;
        }
    }
    if (dev->n_rxq > 1 && dev->info.flow_type_rss_offloads) {
        conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
        conf->rx_adv_conf.rss_conf.rss_hf = dev->info.flow_type_rss_offloads &
                                            (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP);
    }
    dev->features = features_of(conf->txmode.offloads);
}

static int set_up_queues(struct dpdk_dev *dev, const struct dpdk_options *o,
                         const struct port_pools *pools, const struct rte_eth_conf *conf)
{
    uint16_t n_rxd = (uint16_t)o->n_rxq_desc, n_txd = (uint16_t)o->n_txq_desc;
    struct rte_eth_rxconf rx = dev->info.default_rxconf;
    struct rte_eth_txconf tx = dev->info.default_txconf;
    int rc = rte_eth_dev_adjust_nb_rx_tx_desc(dev->id, &n_rxd, &n_txd);

    rx.offloads = conf->rxmode.offloads;
    tx.offloads = conf->txmode.offloads;
    for (uint16_t q = 0; q < dev->n_rxq && !rc; q++) {
        rc = rte_eth_rx_queue_setup(dev->id, q, n_rxd, SOCKET_ID_ANY, &rx, pools->small);
    }
    for (uint16_t q = 0; q < dev->n_txq && !rc; q++) {
        rc = rte_eth_tx_queue_setup(dev->id, q, n_txd, SOCKET_ID_ANY, &tx);
    }
    return rc;
}

static int set_mac(uint16_t id, const uint8_t mac[6])
{
    static const uint8_t no_mac[6];
    struct rte_ether_addr wanted, now;

    if (!memcmp(mac, no_mac, 6)) {
        return 0;
    }
    memcpy(&wanted, mac, sizeof wanted);
    if (!rte_eth_macaddr_get(id, &now) && rte_is_same_ether_addr(&now, &wanted)) {
        return 0;
    }
    return rte_eth_dev_default_mac_addr_set(id, &wanted);
}

static int start(struct dpdk_dev *dev, const struct dp_port_config *config,
                 const struct dpdk_options *o, const struct port_pools *pools, struct error *err)
{
    struct rte_eth_conf conf = {0};
    const char *what = "configure it";
    struct listener listener;
    char said[200];
    int rc;

    fill_conf(dev, config, pools, &conf);
    listen_start(&listener);
    rc = rte_eth_dev_configure(dev->id, (uint16_t)dev->n_rxq, (uint16_t)dev->n_txq, &conf);
    if (!rc) {
        what = "set up its queues";
        rc = set_up_queues(dev, o, pools, &conf);
    }
    if (!rc) {
        what = "start it";
        rc = rte_eth_dev_start(dev->id);
        dev->started = !rc;
    }
    if (!rc) {
        what = "set its mac";
        rc = set_mac(dev->id, config->mac);
    }
    if (!rc && rte_eth_promiscuous_enable(dev->id)) {
        log_info("%s: the device has no promiscuous mode", config->name);
    }
    listen_stop(&listener, said, sizeof said);
    if (rc) {
        return error_set(err, -rc, "port '%s': device '%s': DPDK cannot %s: %s", config->name,
                         o->devargs, what, said[0] ? said : strerror(-rc));
    }
    return 0;
}

static int check_limits(const struct dpdk_dev *dev, const struct dp_port_config *config,
                        const struct dpdk_options *o, struct error *err)
{
    if (o->n_rxq > dev->info.max_rx_queues) {
        return error_set(err, EINVAL,
                         "port '%s': option 'n_rxq': '%u' is more than the device's %u rx queues",
                         config->name, o->n_rxq, dev->info.max_rx_queues);
    }
    if (!dev->info.max_tx_queues) {
        return error_set(err, EINVAL, "port '%s': device '%s' cannot send: it has no tx queue",
                         config->name, o->devargs);
    }
    if (config->mtu && (config->mtu < dev->info.min_mtu || config->mtu > dev->info.max_mtu)) {
        return error_set(err, EINVAL, "port '%s': mtu %u: the device takes %u to %u", config->name,
                         config->mtu, dev->info.min_mtu, dev->info.max_mtu);
    }
    return 0;
}

int dpdk_dev_open(struct dpdk_dev *dev, const struct dp_port_config *config,
                  const struct dpdk_options *o, const struct port_pools *pools, unsigned int n_txq,
                  struct error *err)
{
    int rc;

    memset(dev, 0, sizeof *dev);
    dev->id = RTE_MAX_ETHPORTS;
    rc = attach(dev, config->name, o->devargs, err);
    if (rc) {
        goto fail;
    }
    rc = own(dev, config->name);
    if (!rc) {
        rc = rte_eth_dev_info_get(dev->id, &dev->info);
    }
    if (rc) {
        error_set_errno(err, -rc, "port '%s': device '%s'", config->name, o->devargs);
        goto fail;
    }
    rc = check_limits(dev, config, o, err);
    if (rc) {
        goto fail;
    }
    dev->n_rxq = o->n_rxq;
    dev->n_txq = RTE_MIN(n_txq, (unsigned int)dev->info.max_tx_queues);
    if (!strcmp(dev->info.driver_name, "net_memif")) {
        /* Its link comes up only when the other end has a queue for each of ours. */
        dev->n_txq = RTE_MIN(dev->n_txq, dev->n_rxq);
    }
    rc = start(dev, config, o, pools, err);
    if (rc) {
        goto fail;
    }
    return 0;

fail:
    dpdk_dev_close(dev);
    return rc;
}

void dpdk_dev_close(struct dpdk_dev *dev)
{
    struct rte_device *device = dev->info.device;

    if (rte_eth_dev_is_valid_port(dev->id)) {
        disown(dev);
        if (dev->started) {
            /* Drivers that lie over a kernel interface leave it as it is told last. */
            rte_eth_promiscuous_disable(dev->id);
            rte_eth_dev_stop(dev->id);
        }
        if (!dev->attached) {
            return; /* EAL's command line made it: it can be opened again. */
        }
        rte_eth_dev_close(dev->id);
    }
    if (dev->attached && device && rte_dev_remove(device)) {
        log_warn("DPDK cannot detach device '%s'", rte_dev_name(device));
    }
}
