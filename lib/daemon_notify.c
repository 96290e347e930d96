/* What a program tells its supervisor and gets from it: see daemon.h.
 *
 * The protocol is systemd's (sd_notify(3), sd_listen_fds(3)): datagrams of VAR=VALUE lines to
 * $NOTIFY_SOCKET, with descriptors as SCM_RIGHTS; kept descriptors come back as 3, 4, ... with
 * their names in $LISTEN_FDNAMES. `sluice up` speaks it as well as systemd does. Main thread only.
 */
#include "lib/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTEN_FDS_START 3
#define FD_NAME_MAX 255
#define MAX_INHERITED 65536
#define SEND_TIMEOUT_S 5

/* Sends one datagram, with 'fd' unless that is -1. 0 when there is no supervisor. */
static int notify(const char *text, int fd)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct iovec iov = {.iov_base = (char *)text, .iov_len = strlen(text)};
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr msg = {.msg_name = &addr, .msg_iov = &iov, .msg_iovlen = 1};
    struct timeval timeout = {.tv_sec = SEND_TIMEOUT_S};
    int sock, error = 0;
    size_t len;

    if (!path || !*path) {
        return 0;
    }
    len = strlen(path);
    if ((*path != '/' && *path != '@') || len >= sizeof addr.sun_path) {
        return -EINVAL;
    }
    memcpy(addr.sun_path, path, len);
    if (*path == '@') {
        addr.sun_path[0] = '\0'; /* Linux's abstract namespace. */
    }
    msg.msg_namelen = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);

    if (fd >= 0) {
        struct cmsghdr *c = &control.align;

        memset(&control, 0, sizeof control);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(c), &fd, sizeof fd);
        msg.msg_control = &control;
        msg.msg_controllen = sizeof control.space;
    }

    sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (sock < 0) {
        return -errno;
    }
    /* A supervisor that hangs must not hang us for ever. */
    setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    while (sendmsg(sock, &msg, MSG_NOSIGNAL) < 0) {
        if (errno != EINTR) {
            error = -errno;
            break;
        }
    }
    close(sock);
    return error;
}

void daemon_notify_ready(void)
{
    notify("READY=1", -1);
}

static bool is_fd_name(const char *name)
{
    size_t n = strlen(name);

    for (const char *c = name; *c; c++) {
        if (*c <= ' ' || *c > '~' || *c == ':') {
            return false;
        }
    }
    return n > 0 && n <= FD_NAME_MAX;
}

int daemon_fd_keep(const char *name, int fd)
{
    char text[FD_NAME_MAX + 64];

    if (!is_fd_name(name) || fd < 0) {
        return -EINVAL;
    }
    /* FDPOLL=0: a tap queue that is detached for a while reports an error to poll(), and is not to
     * be thrown away for that. */
    snprintf(text, sizeof text, "FDSTORE=1\nFDNAME=%s\nFDPOLL=0", name);
    return notify(text, fd);
}

int daemon_fd_forget(const char *name)
{
    char text[FD_NAME_MAX + 64];

    if (!is_fd_name(name)) {
        return -EINVAL;
    }
    snprintf(text, sizeof text, "FDSTOREREMOVE=1\nFDNAME=%s", name);
    return notify(text, -1);
}

/* --- Descriptors left by a predecessor ----------------------------------------------------------
 */

struct inherited {
    char *name;
    int fd; /* -1: taken. */
};

static struct inherited *inherited;
static size_t n_inherited;
static bool inherited_known;

static void read_inherited(void)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    const char *names = getenv("LISTEN_FDNAMES");
    uint64_t their_pid, n;

    if (inherited_known) {
        return;
    }
    inherited_known = true;
    if (pid && fds && parse_u64(pid, INT32_MAX, &their_pid) && (pid_t)their_pid == getpid() &&
        parse_u64(fds, MAX_INHERITED, &n) && n) {
        inherited = xcalloc(n, sizeof *inherited);
        n_inherited = n;
        for (size_t i = 0; i < n; i++) {
            size_t len = names ? strcspn(names, ":") : 0;

            inherited[i].fd = LISTEN_FDS_START + (int)i;
            inherited[i].name = len ? xstrndup(names, len) : xstrdup("unknown");
            if (names) {
                names = names[len] ? names + len + 1 : NULL;
            }
            if (fcntl(inherited[i].fd, F_SETFD, FD_CLOEXEC)) {
                inherited[i].fd = -1; /* Announced but not there. */
            }
        }
    }
    /* Not for the programs that we may start. */
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
}

int daemon_fd_take(const char *name)
{
    read_inherited();
    for (size_t i = 0; i < n_inherited; i++) {
        if (inherited[i].fd >= 0 && !strcmp(inherited[i].name, name)) {
            int fd = inherited[i].fd;

            inherited[i].fd = -1;
            return fd;
        }
    }
    return -1;
}

/* True when an fd called like that of entry 'i' is in use: forgetting drops all of a name. */
static bool name_was_taken(size_t i)
{
    for (size_t j = 0; j < n_inherited; j++) {
        if (inherited[j].fd < 0 && !strcmp(inherited[j].name, inherited[i].name)) {
            return true;
        }
    }
    return false;
}

void daemon_fd_rest(void)
{
    read_inherited();
    for (size_t i = 0; i < n_inherited; i++) {
        if (inherited[i].fd >= 0 && !name_was_taken(i)) {
            daemon_fd_forget(inherited[i].name);
        }
    }
    for (size_t i = 0; i < n_inherited; i++) {
        if (inherited[i].fd >= 0) {
            close(inherited[i].fd);
        }
        free(inherited[i].name);
    }
    free(inherited);
    inherited = NULL;
    n_inherited = 0;
}
