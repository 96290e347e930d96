/* A kernel network device as ports need it: state and settings by name, in our network namespace
 * or in another one (a container's), where the device of a tap may have been moved.
 *
 * Plain ioctls rather than netlink (lib/link.h): get_info() asks for every port every second, and
 * a netlink socket cannot look into another namespace. Control thread only; never waits for
 * anybody but the kernel. */
#ifndef DATAPATH_PORT_NETDEV_H
#define DATAPATH_PORT_NETDEV_H

#include "lib/util.h"

#define NETDEV_OUR_NS (-1)

struct netdev_info {
    int ifindex; /* In its own namespace. */
    uint8_t mac[6];
    uint16_t hw_type; /* ARPHRD_*. */
    unsigned int mtu;
    bool admin_up;
    bool link_up; /* Administratively up and with a carrier. */
};

/* All return 0 or a negative errno (-ENODEV: no such device there). 'ns_fd' is a network
 * namespace, or NETDEV_OUR_NS. */
int netdev_get(int ns_fd, const char *name, struct netdev_info *ret);
int netdev_set_mtu(int ns_fd, const char *name, unsigned int mtu);
int netdev_set_mac(int ns_fd, const char *name, const uint8_t mac[6]);
int netdev_set_up(int ns_fd, const char *name);

/* The name that the device of this index has now, in our namespace. */
int netdev_name_of(int ifindex, char *ret, size_t size);
/* What ethtool says, in our namespace: 0 and "" when it says nothing. */
uint64_t netdev_speed_bps(const char *name);
void netdev_driver(const char *name, char *ret, size_t size);

/* Opens 'path' in the namespace 'ns_fd': an fd or a negative errno. */
int netdev_open_file(int ns_fd, const char *path, int flags);
/* True when 'ns_fd' is the calling thread's namespace. */
bool netdev_ns_is_ours(int ns_fd);

#endif
