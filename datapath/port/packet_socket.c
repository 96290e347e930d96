/* See packet_socket.h. recvmsg() rather than mapped rings: TPACKET_V2's slots would have to have
 * 64 KiB each for the super-packets that make system ports fast, and TPACKET_V3 hands over a block
 * when it is full or a millisecond old, which is no time to wait for an answer. recvmmsg() was
 * measured to be 10 % faster and would need 32 jumbo buffers a worker. No PACKET_QDISC_BYPASS: with
 * it the kernel drops super-packets to a device that has no TSO, instead of segmenting them. */
#include "datapath/port/packet_socket.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/byteorder.h"

/* Debian 12's headers are older than kernel 6.5. */
#ifndef PACKET_VNET_HDR_SZ
#define PACKET_VNET_HDR_SZ 24
#endif

/* Room for some tens of super-packets; the default has it for three. */
#define BUFFER_BYTES (8 << 20)

static int set_int(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value) ? -errno : 0;
}

static int failed(const char *name, const char *what, int error, struct error *err)
{
    struct rlimit limit = {0};

    if (error == EPERM || error == EACCES) {
        return error_set(err, EPERM,
                         "port '%s': %s: no permission: run with CAP_NET_RAW and CAP_NET_ADMIN",
                         name, what);
    }
    if (error == EMFILE) {
        getrlimit(RLIMIT_NOFILE, &limit);
        return error_set(err, EMFILE,
                         "port '%s': no file descriptor left for a packet socket (the limit is "
                         "%lu): raise the limit ('ulimit -n') or remove ports",
                         name, (unsigned long)limit.rlim_cur);
    }
    return error_set_errno(err, error, "port '%s': %s", name, what);
}

/* Lets nothing through while a socket is bound but not of the group yet, and would receive what is
 * another's. */
static int block(int fd)
{
    struct sock_filter code[] = {{BPF_RET | BPF_K, 0, 0, 0}};
    struct sock_fprog prog = {ARRAY_SIZE(code), code};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof prog) ? -errno : 0;
}

static int set_header(struct packet_sockets *s, int fd)
{
    s->header_len = sizeof(struct virtio_net_hdr_v1);
    s->uso = !set_int(fd, SOL_PACKET, PACKET_VNET_HDR_SZ, (int)s->header_len);
    if (s->uso) {
        return 0;
    }
    s->header_len = sizeof(struct virtio_net_hdr);
    return set_int(fd, SOL_PACKET, PACKET_VNET_HDR, 1);
}

static int open_one(struct packet_sockets *s, const char *name, int ifindex, struct error *err)
{
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = be16_make(ETH_P_ALL), .sll_ifindex = ifindex};
    struct packet_mreq promisc = {.mr_ifindex = ifindex, .mr_type = PACKET_MR_PROMISC};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int rc;

    if (fd < 0) {
        return failed(name, "cannot make a packet socket", errno, err);
    }
    s->fds[s->n++] = fd;
    if ((rc = set_header(s, fd)) || (rc = set_int(fd, SOL_PACKET, PACKET_AUXDATA, 1)) ||
        (rc = set_int(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)) || (rc = block(fd))) {
        return failed(name, "the kernel's packet sockets lack an option (kernel 4.20 is needed)",
                      -rc, err);
    }
    set_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES);
    set_int(fd, SOL_SOCKET, SO_SNDBUFFORCE, BUFFER_BYTES);
    if (bind(fd, (struct sockaddr *)&address, sizeof address)) {
        return failed(name, "cannot bind to the device", errno, err);
    }
    if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promisc, sizeof promisc)) {
        return failed(name, "cannot make the device promiscuous", errno, err);
    }
    return 0;
}

/* A device that is down says so once on a new socket. */
static void clear_error(int fd)
{
    int error;
    socklen_t len = sizeof error;

    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
}

/* Makes the group of the first socket, which may be receiving already. */
static int make_group(struct packet_sockets *s)
{
    int type = PACKET_FANOUT_HASH << 16, group = 0;
    socklen_t len = sizeof group;
    int rc = set_int(s->fds[0], SOL_PACKET, PACKET_FANOUT,
                     type | PACKET_FANOUT_FLAG_UNIQUEID << 16);

    if (!rc && getsockopt(s->fds[0], SOL_PACKET, PACKET_FANOUT, &group, &len)) {
        rc = -errno;
    }
    if (!rc) {
        s->group = (group & 0xffff) | type;
    }
    return rc;
}

/* Lets the sockets from 'first' on receive: all of the device's packets, or the group's share. */
static int let_receive(struct packet_sockets *s, unsigned int first, const char *name,
                       struct error *err)
{
    int rc = s->n > 1 && !s->group ? make_group(s) : 0;

    for (unsigned int i = MAX_OF(first, 1u); i < s->n && !rc; i++) {
        rc = set_int(s->fds[i], SOL_PACKET, PACKET_FANOUT, s->group);
    }
    for (unsigned int i = first; i < s->n && !rc; i++) {
        rc = set_int(s->fds[i], SOL_SOCKET, SO_DETACH_FILTER, 0);
        clear_error(s->fds[i]);
    }
    return rc ? failed(name, "cannot share the device's packets between queues", -rc, err) : 0;
}

int packet_sockets_open(struct packet_sockets *s, const char *name, int ifindex, unsigned int n,
                        struct error *err)
{
    int rc = 0;

    memset(s, 0, sizeof *s);
    while (s->n < n && !rc) {
        rc = open_one(s, name, ifindex, err);
    }
    if (!rc) {
        rc = let_receive(s, 0, name, err);
    }
    if (rc) {
        packet_sockets_close(s, -1);
    }
    return rc;
}

int packet_sockets_add(struct packet_sockets *s, const char *name, int ifindex, unsigned int n,
                       struct error *err)
{
    struct packet_sockets more = *s, rest = {.n = 0};
    int rc = 0;

    while (more.n < n && !rc) {
        rc = open_one(&more, name, ifindex, err);
    }
    if (!rc) {
        rc = let_receive(&more, s->n, name, err);
    }
    s->group = more.group;
    if (rc) {
        rest.n = more.n - s->n;
        memcpy(rest.fds, more.fds + s->n, rest.n * sizeof rest.fds[0]);
        packet_sockets_close(&rest, -1);
        return rc;
    }
    memcpy(s->fds, more.fds, sizeof s->fds);
    __atomic_store_n(&s->n, more.n, __ATOMIC_RELEASE); /* Workers choose among them. */
    return 0;
}

struct closing {
    int fds[PORT_MAX_QUEUES + 1];
    unsigned int n;
};

static void *close_all(void *closing_)
{
    struct closing *closing = closing_;

    while (closing->n) {
        close(closing->fds[--closing->n]);
    }
    free(closing);
    return NULL;
}

void packet_sockets_close(struct packet_sockets *s, int more)
{
    struct closing *closing = xcalloc(1, sizeof *closing);
    pthread_t thread;

    memcpy(closing->fds, s->fds, s->n * sizeof s->fds[0]);
    closing->n = s->n;
    if (more >= 0) {
        closing->fds[closing->n++] = more;
    }
    s->n = 0;
    if (!closing->n || pthread_create(&thread, NULL, close_all, closing)) {
        close_all(closing);
    } else {
        pthread_detach(thread);
    }
}
