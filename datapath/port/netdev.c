/* Kernel network devices by ioctl, see netdev.h. Visits to another namespace change that of the
 * calling thread (the control thread) for the length of one system call; a thread that cannot come
 * back would configure the wrong devices from then on, so it aborts. */
#include "datapath/port/netdev.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define OUR_NS_PATH "/proc/thread-self/ns/net"

/* Returns an fd to come back with, or a negative errno. */
static int ns_enter(int ns_fd)
{
    int home = open(OUR_NS_PATH, O_RDONLY | O_CLOEXEC);

    if (home < 0) {
        return -errno;
    }
    if (setns(ns_fd, CLONE_NEWNET)) {
        int error = errno;

        close(home);
        return -error;
    }
    return home;
}

static void ns_leave(int home)
{
    if (setns(home, CLONE_NEWNET)) {
        perror("cannot return to the network namespace");
        abort();
    }
    close(home);
}

bool netdev_ns_is_ours(int ns_fd)
{
    struct stat a, b;

    return ns_fd == NETDEV_OUR_NS || (!fstat(ns_fd, &a) && !stat(OUR_NS_PATH, &b) &&
                                      a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

int netdev_open_file(int ns_fd, const char *path, int flags)
{
    bool ours = netdev_ns_is_ours(ns_fd);
    int home = ours ? -1 : ns_enter(ns_fd);
    int fd;

    if (!ours && home < 0) {
        return home;
    }
    fd = open(path, flags | O_CLOEXEC);
    if (fd < 0) {
        fd = -errno;
    }
    if (!ours) {
        ns_leave(home);
    }
    return fd;
}

/* A socket acts on the namespace that it was made in, wherever it is used. It also keeps that
 * namespace alive, so none is kept. */
static int ns_socket(int ns_fd)
{
    bool ours = netdev_ns_is_ours(ns_fd);
    int home = ours ? -1 : ns_enter(ns_fd);
    int fd;

    if (!ours && home < 0) {
        return home;
    }
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        fd = -errno;
    }
    if (!ours) {
        ns_leave(home);
    }
    return fd;
}

static int request_init(struct ifreq *ifr, const char *name)
{
    size_t len = strlen(name);

    memset(ifr, 0, sizeof *ifr);
    if (len >= sizeof ifr->ifr_name) {
        return -ENODEV;
    }
    memcpy(ifr->ifr_name, name, len);
    return 0;
}

static int request(int ns_fd, const char *name, unsigned long op, struct ifreq *ifr)
{
    int fd, error = 0;

    if (strlen(name) >= sizeof ifr->ifr_name) {
        return -ENODEV;
    }
    fd = ns_socket(ns_fd);
    if (fd < 0) {
        return fd;
    }
    if (ioctl(fd, op, ifr)) {
        error = -errno;
    }
    close(fd);
    return error;
}

/* IFF_RUNNING follows the carrier with a delay; ethtool tells it as it is now. */
static bool has_carrier(int fd, const char *name, short flags)
{
    struct ethtool_value value = {.cmd = ETHTOOL_GLINK};
    struct ifreq ifr;

    if (!(flags & IFF_UP)) {
        return false;
    }
    request_init(&ifr, name);
    ifr.ifr_data = (char *)&value;
    return ioctl(fd, SIOCETHTOOL, &ifr) ? flags & IFF_RUNNING : value.data;
}

int netdev_get(int ns_fd, const char *name, struct netdev_info *ret)
{
    struct netdev_info info = {0};
    struct ifreq ifr;
    int fd, error;

    error = request_init(&ifr, name);
    if (error) {
        return error;
    }
    fd = ns_socket(ns_fd);
    if (fd < 0) {
        return fd;
    }
    if (ioctl(fd, SIOCGIFINDEX, &ifr)) {
        goto fail;
    }
    info.ifindex = ifr.ifr_ifindex;
    if (ioctl(fd, SIOCGIFFLAGS, &ifr)) {
        goto fail;
    }
    info.admin_up = ifr.ifr_flags & IFF_UP;
    info.link_up = has_carrier(fd, name, ifr.ifr_flags);
    if (ioctl(fd, SIOCGIFMTU, &ifr)) {
        goto fail;
    }
    info.mtu = (unsigned int)ifr.ifr_mtu;
    if (ioctl(fd, SIOCGIFHWADDR, &ifr)) {
        goto fail;
    }
    info.hw_type = ifr.ifr_hwaddr.sa_family;
    memcpy(info.mac, ifr.ifr_hwaddr.sa_data, sizeof info.mac);
    close(fd);
    *ret = info;
    return 0;

fail:
    error = -errno;
    close(fd);
    return error;
}

int netdev_set_mtu(int ns_fd, const char *name, unsigned int mtu)
{
    struct ifreq ifr;
    int error = request_init(&ifr, name);

    if (error) {
        return error;
    }
    ifr.ifr_mtu = (int)mtu;
    return request(ns_fd, name, SIOCSIFMTU, &ifr);
}

int netdev_set_mac(int ns_fd, const char *name, const uint8_t mac[6])
{
    struct ifreq ifr;
    int error = request_init(&ifr, name);

    if (error) {
        return error;
    }
    ifr.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    memcpy(ifr.ifr_hwaddr.sa_data, mac, 6);
    return request(ns_fd, name, SIOCSIFHWADDR, &ifr);
}

int netdev_set_up(int ns_fd, const char *name)
{
    struct ifreq ifr;
    int error = request_init(&ifr, name);

    if (!error) {
        error = request(ns_fd, name, SIOCGIFFLAGS, &ifr);
    }
    if (error || (ifr.ifr_flags & IFF_UP)) {
        return error;
    }
    ifr.ifr_flags |= IFF_UP;
    return request(ns_fd, name, SIOCSIFFLAGS, &ifr);
}

int netdev_name_of(int ifindex, char *ret, size_t size)
{
    struct ifreq ifr = {.ifr_ifindex = ifindex};
    int error = request(NETDEV_OUR_NS, "", SIOCGIFNAME, &ifr);

    if (!error) {
        snprintf(ret, size, "%s", ifr.ifr_name);
    }
    return error == -ENXIO ? -ENODEV : error;
}

uint64_t netdev_speed_bps(const char *name)
{
    struct ethtool_cmd cmd = {.cmd = ETHTOOL_GSET};
    struct ifreq ifr;
    uint32_t mbps;

    if (request_init(&ifr, name)) {
        return 0;
    }
    ifr.ifr_data = (char *)&cmd;
    if (request(NETDEV_OUR_NS, name, SIOCETHTOOL, &ifr)) {
        return 0;
    }
    mbps = ethtool_cmd_speed(&cmd);
    return mbps == (uint32_t)SPEED_UNKNOWN || mbps == UINT16_MAX ? 0 : mbps * UINT64_C(1000000);
}

void netdev_driver(const char *name, char *ret, size_t size)
{
    struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
    struct ifreq ifr;

    ret[0] = '\0';
    if (request_init(&ifr, name)) {
        return;
    }
    ifr.ifr_data = (char *)&info;
    if (!request(NETDEV_OUR_NS, name, SIOCETHTOOL, &ifr)) {
        snprintf(ret, size, "%.*s", (int)sizeof info.driver, info.driver);
    }
}
