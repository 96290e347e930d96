/* Keeps this host's own protocol stack away from what a system port receives.
 *
 * A packet socket gets a copy: the kernel goes on with the frame, and would answer ARP requests and
 * pings that the switch's rules should decide about, past VLANs and all. So while the port is open,
 * a two-instruction BPF program at the device's tc ingress hook, which comes after packet sockets,
 * drops everything. What the host sends out through the device is not touched. tcpdump still sees
 * all. Control thread only. */
#ifndef DATAPATH_PORT_HOST_BLOCK_H
#define DATAPATH_PORT_HOST_BLOCK_H

#include "lib/util.h"

struct host_block {
    int link_fd; /* Kernel 6.6 and later: the program is there as long as this is open. */
    int ifindex; /* Before: it hangs on the device's clsact queueing discipline. 0: neither. */
};

/* 0 or a negative errno: the kernel has no BPF, or refuses it to us. */
int host_block_start(struct host_block *, int ifindex);
/* Returns an fd that the caller closes (it takes a while), at which the block ends, or -1 when it
 * has ended. */
int host_block_stop(struct host_block *) MUST_CHECK;

/* For tests: the way of kernels before 6.6. */
int host_block_start_clsact(struct host_block *, int ifindex);

#endif
