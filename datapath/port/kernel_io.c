/* See kernel_io.h. Workers count here; the control thread frees the receive buffers when no port
 * is left that could use them. */
#include "datapath/port/kernel_io.h"

#include <errno.h>

DROP_REASON(link_down, "tx-link-down", "the output device is administratively down");
DROP_REASON(device_gone, "tx-device-gone", "the output device was removed");
DROP_REASON(too_big, "tx-too-big", "the packet is longer than the output device's MTU allows");
DROP_REASON(no_room, "tx-no-room", "the output device's queue, or kernel memory, was exhausted");
DROP_REASON(segments, "tx-too-scattered", "the packet lies in too many buffers for one write");
DROP_REASON(refused, "tx-refused", "the kernel refused the packet as malformed");
DROP_REASON(rx_too_long, "rx-too-long", "a received frame is longer than 64 KiB");
DROP_REASON(rx_offload, "rx-unknown-offload",
            "a received super-packet is of a kind that a virtio-net header cannot describe");
DROP_REASON(rx_short, "rx-short", "a received frame is shorter than its virtio-net header");

struct kernel_rx kernel_rx_of[PORT_MAX_QUEUES];
static unsigned int n_refs;

void kernel_rx_ref(void)
{
    n_refs++;
}

void kernel_rx_unref(void)
{
    if (--n_refs) {
        return;
    }
    for (unsigned int i = 0; i < PORT_MAX_QUEUES; i++) {
        rte_pktmbuf_free(kernel_rx_of[i].small);
        rte_pktmbuf_free(kernel_rx_of[i].jumbo);
        kernel_rx_of[i].small = kernel_rx_of[i].jumbo = NULL;
    }
}

void kernel_tx_refused(const struct port *port, unsigned int worker, struct rte_mbuf *m, int error,
                       struct port_refused *refused)
{
    const struct drop_reason *reason;

    switch (error) {
    case EIO:
    case ENETDOWN: reason = &drop_link_down; break;
    case EBADFD:
    case ENODEV:
    case ENXIO: reason = &drop_device_gone; break;
    case EMSGSIZE: reason = &drop_too_big; break;
    case EAGAIN:
    case ENOMEM:
    case ENOBUFS: reason = &drop_no_room; break;
    case E2BIG: reason = &drop_segments; break;
    default: reason = &drop_refused; break;
    }
    drop_count(worker, port->port_no, reason, 1);
    refused->packets++;
    refused->bytes += m->pkt_len;
    rte_pktmbuf_free(m);
}

bool kernel_rx_finish(const struct port *port, unsigned int worker, struct rte_mbuf *m,
                      const struct virtio_net_hdr_v1 *header)
{
    const struct drop_reason *reason = vnet_to_mbuf(m, header);

    if (unlikely(reason != NULL)) {
        drop_count(worker, port->port_no, reason, 1);
        rte_pktmbuf_free(m);
    }
    return !reason;
}

void kernel_rx_bad(const struct port *port, unsigned int worker, int error)
{
    const struct drop_reason *reason = error == EINVAL ? &drop_rx_offload
                                       : error         ? &drop_rx_too_long
                                                       : &drop_rx_short;

    drop_count(worker, port->port_no, reason, 1);
}
