/* What ports on kernel devices (tap, system) share: buffers ready to receive into, and the names of
 * what the kernel says when it takes no packet.
 *
 * A packet is received into a small mbuf followed by a jumbo one, for nobody knows its size in
 * advance; most need the small one alone. The pair that waits belongs to the worker, not to the
 * queue: a jumbo buffer per queue would cost 64 MiB for 1,000 ports. */
#ifndef DATAPATH_PORT_KERNEL_IO_H
#define DATAPATH_PORT_KERNEL_IO_H

#include <sys/uio.h>

#include "datapath/core/drop.h"
#include "datapath/port/port.h"
#include "datapath/port/vnet.h"

/* Segments of a packet that one system call takes. */
#define KERNEL_TX_MAX_SEGS 40

struct kernel_rx {
    struct rte_mbuf *small;
    struct rte_mbuf *jumbo;
} __attribute__((aligned(64)));

extern struct kernel_rx kernel_rx_of[PORT_MAX_QUEUES]; /* By worker. */

/* Control thread: each port holds a reference while it is open; the last one to go frees the
 * buffers. */
void kernel_rx_ref(void);
void kernel_rx_unref(void);

/* Fills the slot and two entries of 'iov'; false when the pools are empty. */
static inline bool kernel_rx_ready(struct kernel_rx *rx, const struct port_pools *pools,
                                   struct iovec iov[2])
{
    if (!rx->small && !(rx->small = rte_pktmbuf_alloc(pools->small))) {
        return false;
    }
    if (!rx->jumbo) {
        rx->jumbo = rte_pktmbuf_alloc(pools->jumbo);
        if (!rx->jumbo) {
            return false;
        }
        rx->jumbo->data_off = 0; /* Never the first segment: needs no headroom. */
    }
    iov[0].iov_base = rte_pktmbuf_mtod(rx->small, void *);
    iov[0].iov_len = rte_pktmbuf_tailroom(rx->small);
    iov[1].iov_base = rte_pktmbuf_mtod(rx->jumbo, void *);
    iov[1].iov_len = rte_pktmbuf_tailroom(rx->jumbo);
    return true;
}

/* The packet of 'len' bytes that was read into the slot's buffers. */
static inline struct rte_mbuf *kernel_rx_take(struct kernel_rx *rx, size_t len)
{
    struct rte_mbuf *m = rx->small;
    size_t room = rte_pktmbuf_tailroom(m);

    rx->small = NULL;
    m->pkt_len = (uint32_t)len;
    m->data_len = (uint16_t)RTE_MIN(len, room);
    if (unlikely(len > room)) {
        rx->jumbo->data_len = (uint16_t)(len - room);
        m->next = rx->jumbo;
        m->nb_segs = 2;
        rx->jumbo = NULL;
    }
    return m;
}

/* The packet's segments as an array for writev(). False when there are too many. */
static inline bool kernel_tx_iov(const struct rte_mbuf *m, struct iovec iov[KERNEL_TX_MAX_SEGS],
                                 unsigned int *ret_n)
{
    unsigned int n = 0;

    for (; m; m = m->next) {
        if (n == KERNEL_TX_MAX_SEGS) {
            return false;
        }
        iov[n].iov_base = rte_pktmbuf_mtod(m, void *);
        iov[n++].iov_len = m->data_len;
    }
    *ret_n = n;
    return true;
}

/* Frees a packet that the kernel refused with 'error' (a positive errno), and counts it, also in
 * '*refused'. */
void kernel_tx_refused(const struct port *, unsigned int worker, struct rte_mbuf *, int error,
                       struct port_refused *refused);
/* Gives a packet the offloads that its virtio-net header asks for. False: the header is malformed,
 * and the packet was freed and counted. */
bool kernel_rx_finish(const struct port *, unsigned int worker, struct rte_mbuf *,
                      const struct virtio_net_hdr_v1 *);
/* Counts a frame that was not received: EFAULT when it is too long, EINVAL when the kernel cannot
 * say in a virtio-net header what is to be done with it, 0 when it is too short. */
void kernel_rx_bad(const struct port *, unsigned int worker, int error);

#endif
