/* The virtio-net header in front of every frame of a tap or packet socket, and the mbuf flags that
 * say the same: see "Offloads" in port.h. What comes in is checked against the packet, for the
 * header may have been written by a hostile guest. Workers. */
#ifndef DATAPATH_PORT_VNET_H
#define DATAPATH_PORT_VNET_H

#include <linux/virtio_net.h>
#include <rte_mbuf.h>

#include "datapath/core/drop.h"

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

/* Sets the flags and lengths of a packet just received with header 'h'. A checksum that is to be
 * completed at a place other than that of the packet's TCP or UDP header is completed here. NULL,
 * or why the packet must be dropped (it stays the caller's). Headers must be in the first segment.
 */
const struct drop_reason *vnet_to_mbuf(struct rte_mbuf *, const struct virtio_net_hdr_v1 *h);

/* Writes the header for a packet that is to be sent. */
void vnet_from_mbuf(struct virtio_net_hdr_v1 *h, const struct rte_mbuf *);

#endif
