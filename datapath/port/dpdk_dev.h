/* A DPDK ethdev's life: attached by devargs, configured, started, detached. The packets are
 * dpdk.c's business. Control thread only. */
#ifndef DATAPATH_PORT_DPDK_DEV_H
#define DATAPATH_PORT_DPDK_DEV_H

#include <rte_ethdev.h>

#include "datapath/port/port.h"

struct dpdk_options {
    const char *devargs;
    unsigned int n_rxq, n_rxq_desc, n_txq_desc;
};

struct dpdk_dev {
    uint16_t id;   /* DPDK's number of the port. */
    bool attached; /* By us: to be detached by us. */
    bool started;
    unsigned int n_rxq, n_txq;
    uint32_t features; /* PORT_TX_*. */
    struct rte_eth_dev_info info;
};

/* Reads a port's options: -EINVAL naming what is missing, unknown or out of range. The result
 * borrows from the configuration. */
int dpdk_options_read(const struct dp_port_config *, struct dpdk_options *ret, struct error *);

/* 'n_txq' is a wish: the device may have fewer. */
int dpdk_dev_open(struct dpdk_dev *, const struct dp_port_config *, const struct dpdk_options *,
                  const struct port_pools *, unsigned int n_txq, struct error *);
void dpdk_dev_close(struct dpdk_dev *);

#endif
