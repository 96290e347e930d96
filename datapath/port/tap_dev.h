/* A tap device's life: made, attached to, taken over from a predecessor, described, released. The
 * packets are tap.c's business. Control thread only. */
#ifndef DATAPATH_PORT_TAP_DEV_H
#define DATAPATH_PORT_TAP_DEV_H

#include <linux/if_tun.h>
#include <net/if.h>

#include "datapath/port/port.h"

struct tap_dev {
    int fds[PORT_MAX_QUEUES]; /* One a queue; non-blocking. */
    unsigned int n_fds;       /* 1 for a device that was made without multi_queue. May grow. */
    bool uso;                 /* The kernel knows UDP super-packets. */
};

/* Takes over the queues that a predecessor left with the supervisor, else attaches to an idle tap
 * of that name, else makes one. Queues are left with the supervisor from then on. Device names are
 * those of our namespace; that of a device taken over may have changed, with its namespace. */
int tap_dev_open(struct tap_dev *, const char *name, unsigned int n_queues, struct error *);
/* Attaches more queues to an open device, wherever it lives, while workers use those that there
 * are. One that takes no more goes on with those that it has. */
void tap_dev_add_queues(struct tap_dev *, const char *name, unsigned int n_queues);
/* A device that was made here vanishes with it, wherever it lives. */
void tap_dev_close(struct tap_dev *, const char *name);

/* Where the device is now: its name, and its namespace (an fd of the caller's to close, or
 * NETDEV_OUR_NS). -EBADFD: it was removed. */
int tap_dev_locate(const struct tap_dev *, char name[IFNAMSIZ], int *ret_ns_fd);

#endif
