/* Packet sockets (packet(7)) as a system port uses them: a group that shares what one device
 * receives. Control thread only. */
#ifndef DATAPATH_PORT_PACKET_SOCKET_H
#define DATAPATH_PORT_PACKET_SOCKET_H

#include "datapath/port/port.h"

struct packet_sockets {
    int fds[PORT_MAX_QUEUES];
    unsigned int n;    /* May grow. */
    int group;         /* That they share packets in, when they are several. */
    size_t header_len; /* Of the virtio-net header in front of each frame: 10 or 12. */
    bool uso;          /* The kernel knows UDP super-packets. */
};

/* Non-blocking sockets that receive all that comes in on the device, promiscuously, each frame on
 * one of them (by a symmetric hash of its flow), with virtio-net header and VLAN tag in the
 * ancillary data; nothing of what goes out. */
int packet_sockets_open(struct packet_sockets *, const char *name, int ifindex, unsigned int n,
                        struct error *);
/* Adds sockets until there are 'n', while workers use those that there are. */
int packet_sockets_add(struct packet_sockets *, const char *name, int ifindex, unsigned int n,
                       struct error *);
/* Returns at once: the kernel takes some 20 ms for each socket, which a thread waits for. 'more'
 * (-1: none) is closed along with them. */
void packet_sockets_close(struct packet_sockets *, int more);

#endif
