/* Tap devices (Documentation/networking/tuntap.rst of the kernel), see tap_dev.h.
 *
 * A device that we make is not persistent: it lives as long as one of its queues is open, here or
 * in the supervisor, which holds duplicates of our fds (daemon_fd_keep()) so that the device, its
 * addresses and its place in a container's namespace outlive a crash of this process. */
#include "datapath/port/tap_dev.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_net.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "datapath/port/netdev.h"
#include "lib/daemon.h"
#include "lib/log.h"

LOG_MODULE(tap);

#define TUN_PATH "/dev/net/tun"
#define TAP_FLAGS (IFF_TAP | IFF_NO_PI | IFF_VNET_HDR)
/* Debian 12's headers know no TUN_F_USO4 and 6 (kernel 6.2). */
#define TUN_OFFLOAD_USO 0x60
#define TUN_OFFLOADS (TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN)

/* "tap.NAME.QUEUE" for the supervisor, which allows fewer characters than the kernel does. */
static void kept_name(const char *name, unsigned int queue, char *ret, size_t size)
{
    size_t len = (size_t)snprintf(ret, size, "tap.");

    for (; *name && len + 4 < size; name++) {
        bool plain = isalnum((unsigned char)*name) || *name == '.' || *name == '_' || *name == '-';

        len += (size_t)snprintf(ret + len, size - len, plain ? "%c" : "=%02x",
                                (unsigned char)*name);
    }
    snprintf(ret + len, size - len, ".%u", queue);
}

static int open_failed(const char *name, unsigned int queue, int error, struct error *err)
{
    struct rlimit limit = {0};

    switch (error) {
    case EMFILE:
        getrlimit(RLIMIT_NOFILE, &limit);
        return error_set(
            err, EMFILE,
            "port '%s': no file descriptor left for queue %u (the limit is %lu): raise "
            "the limit ('ulimit -n') or remove ports",
            name, queue, (unsigned long)limit.rlim_cur);
    case ENOENT:
    case ENXIO:
    case ENODEV:
        return error_set(err, ENODEV,
                         "port '%s': %s is not there: load the kernel's tun module, and give a "
                         "container the device",
                         name, TUN_PATH);
    case EACCES:
    case EPERM:
        return error_set(err, EPERM, "port '%s': no permission to open %s: run as root", name,
                         TUN_PATH);
    default: return error_set_errno(err, error, "port '%s': cannot open %s", name, TUN_PATH);
    }
}

static int attach_failed(const char *name, unsigned int queue, int error, struct error *err)
{
    switch (error) {
    case EPERM:
        return error_set(err, EPERM,
                         "port '%s': no permission to make or use a tap device: run with "
                         "CAP_NET_ADMIN",
                         name);
    case EBUSY:
        return error_set(err, EBUSY,
                         "port '%s': the tap device is in use by another program (a virtual "
                         "machine?): to connect what is behind it, use type 'system'",
                         name);
    case EINVAL:
        return error_set(err, EEXIST,
                         "port '%s': a network device of this name exists and is not a tap: choose "
                         "another name, or type 'system' to connect that device",
                         name);
    case E2BIG:
        return error_set(err, ENOSPC, "port '%s': the tap device takes no queue %u", name, queue);
    default:
        return error_set_errno(err, error, "port '%s': cannot attach queue %u of the tap device",
                               name, queue);
    }
}

/* Opens one queue of the device called 'name' in 'ns_fd', making it when there is none. Returns an
 * fd, or a negative errno with '*ret_step' telling open() (0) from TUNSETIFF (1). */
static int queue_open(int ns_fd, const char *name, int flags, int *ret_step)
{
    struct ifreq ifr = {0};
    int fd = netdev_open_file(ns_fd, TUN_PATH, O_RDWR | O_NONBLOCK);

    *ret_step = 0;
    if (fd < 0) {
        return fd;
    }
    *ret_step = 1;
    snprintf(ifr.ifr_name, sizeof ifr.ifr_name, "%s", name);
    ifr.ifr_flags = (short)flags;
    if (ioctl(fd, TUNSETIFF, &ifr)) {
        int error = errno;

        close(fd);
        return -error;
    }
    return fd;
}

static int queue_set_up(struct tap_dev *tap, int fd, const char *name, struct error *err)
{
    int header = sizeof(struct virtio_net_hdr_v1);

    if (ioctl(fd, TUNSETVNETHDRSZ, &header)) {
        return error_set_errno(
            err, errno, "port '%s': the kernel's tap does not take a virtio-net header", name);
    }
    tap->uso = !ioctl(fd, TUNSETOFFLOAD, TUN_OFFLOADS | TUN_OFFLOAD_USO);
    if (!tap->uso && ioctl(fd, TUNSETOFFLOAD, TUN_OFFLOADS)) {
        return error_set_errno(err, errno, "port '%s': cannot set the tap's offloads", name);
    }
    return 0;
}

/* Queues that a predecessor left, unless their device has died since. Returns how many names to
 * forget. */
static unsigned int take_kept(struct tap_dev *tap, const char *name)
{
    char key[96];
    unsigned int q;

    for (q = 0; q < PORT_MAX_QUEUES; q++) {
        struct ifreq ifr = {0};
        int fd;

        kept_name(name, q, key, sizeof key);
        fd = daemon_fd_take(key);
        if (fd < 0) {
            break;
        }
        if (ioctl(fd, TUNGETIFF, &ifr) || (ifr.ifr_flags & TAP_FLAGS) != TAP_FLAGS) {
            log_info("%s: kept queue %u is of no use, its device has gone", name, q);
            close(fd);
            continue;
        }
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        tap->fds[tap->n_fds++] = fd;
    }
    return q;
}

static void forget(const char *name, unsigned int first, unsigned int end)
{
    char key[96];

    for (unsigned int q = first; q < end; q++) {
        kept_name(name, q, key, sizeof key);
        daemon_fd_forget(key);
    }
}

static void keep(const struct tap_dev *tap, const char *name, unsigned int first)
{
    char key[96];

    for (unsigned int q = first; q < tap->n_fds; q++) {
        int rc;

        kept_name(name, q, key, sizeof key);
        rc = daemon_fd_keep(key, tap->fds[q]);
        if (rc) {
            log_warn("%s: the supervisor cannot keep queue %u: %s: the device will not survive a "
                     "crash",
                     name, q, strerror(-rc));
        }
    }
}

/* Before attaching: a device that has a carrier is held by somebody else. With multi_queue the
 * kernel would let us in all the same, and we would steal that program's packets. */
static int check_idle(const char *name, struct error *err)
{
    struct netdev_info info;
    char driver[DP_NAME_MAX];

    if (netdev_get(NETDEV_OUR_NS, name, &info) || !info.link_up) {
        return 0;
    }
    netdev_driver(name, driver, sizeof driver);
    return attach_failed(name, 0, strcmp(driver, "tun") ? EINVAL : EBUSY, err);
}

static int attach_all(struct tap_dev *tap, const char *name, unsigned int n_queues,
                      struct error *err)
{
    char dev_name[IFNAMSIZ] = {0};
    int flags = TAP_FLAGS | IFF_MULTI_QUEUE;
    int ns_fd = NETDEV_OUR_NS, rc = 0, step;

    if (tap->n_fds) {
        struct ifreq ifr = {0};

        if (tap_dev_locate(tap, dev_name, &ns_fd) || ioctl(tap->fds[0], TUNGETIFF, &ifr) ||
            !(ifr.ifr_flags & IFF_MULTI_QUEUE)) {
            goto out; /* What we have must do. */
        }
    } else {
        snprintf(dev_name, sizeof dev_name, "%s", name);
        rc = check_idle(name, err);
    }
    while (!rc && tap->n_fds < n_queues) {
        int fd = queue_open(ns_fd, dev_name, flags, &step);

        if (fd == -EINVAL && step && !tap->n_fds && (flags & IFF_MULTI_QUEUE)) {
            /* There is a tap of that name, made without multi_queue: one queue for all. */
            flags &= ~IFF_MULTI_QUEUE;
            n_queues = 1;
            continue;
        }
        if (fd < 0) {
            rc = step ? attach_failed(name, tap->n_fds, -fd, err)
                      : open_failed(name, tap->n_fds, -fd, err);
            break;
        }
        tap->fds[tap->n_fds] = fd;
        __atomic_store_n(&tap->n_fds, tap->n_fds + 1, __ATOMIC_RELEASE);
        rc = queue_set_up(tap, fd, name, err);
    }
out:
    if (ns_fd >= 0) {
        close(ns_fd);
    }
    return rc;
}

static void close_all(struct tap_dev *tap)
{
    while (tap->n_fds) {
        close(tap->fds[--tap->n_fds]);
    }
}

int tap_dev_open(struct tap_dev *tap, const char *name, unsigned int n_queues, struct error *err)
{
    struct error attach_error = {0};
    unsigned int kept, taken;
    int rc = 0;

    memset(tap, 0, sizeof *tap);
    kept = take_kept(tap, name);
    taken = tap->n_fds;
    while (tap->n_fds > n_queues) {
        close(tap->fds[--tap->n_fds]);
    }
    if (taken) {
        log_info("%s: took over %u queues of the device", name, tap->n_fds);
        rc = queue_set_up(tap, tap->fds[0], name, err);
    }
    if (!rc) {
        rc = attach_all(tap, name, n_queues, &attach_error);
        if (rc && taken) {
            /* The device and its place in a container are worth more than one queue. */
            log_warn("%s: goes on with %u queues: %s", name, tap->n_fds, attach_error.text);
            rc = 0;
        } else if (rc && err) {
            *err = attach_error;
        }
    }
    forget(name, 0, kept); /* Kept anew, under the numbers that hold now. */
    if (rc) {
        close_all(tap);
        return rc;
    }
    keep(tap, name, 0);
    return 0;
}

void tap_dev_add_queues(struct tap_dev *tap, const char *name, unsigned int n_queues)
{
    struct error err = {0};
    unsigned int had = tap->n_fds;

    if (had < n_queues && attach_all(tap, name, n_queues, &err)) {
        log_warn("%s: goes on with %u queues: %s", name, tap->n_fds, err.text);
    }
    keep(tap, name, had);
}

void tap_dev_close(struct tap_dev *tap, const char *name)
{
    forget(name, 0, tap->n_fds);
    close_all(tap);
}

int tap_dev_locate(const struct tap_dev *tap, char name[IFNAMSIZ], int *ret_ns_fd)
{
    struct ifreq ifr = {0};
    int ns_fd;

    if (ioctl(tap->fds[0], TUNGETIFF, &ifr)) {
        return -errno;
    }
    ns_fd = ioctl(tap->fds[0], TUNGETDEVNETNS);
    if (ns_fd >= 0 && netdev_ns_is_ours(ns_fd)) {
        close(ns_fd);
        ns_fd = NETDEV_OUR_NS;
    }
    memcpy(name, ifr.ifr_name, IFNAMSIZ);
    /* Kernels before 5.3 cannot tell: ours, then, which holds unless it was moved. */
    *ret_ns_fd = ns_fd >= 0 ? ns_fd : NETDEV_OUR_NS;
    return 0;
}
