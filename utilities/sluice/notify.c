/* See notify.h. */
#include "utilities/sluice/notify.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/file_id.h"

#define MAX_DATAGRAM 4096

struct notify {
    int fd;
    char *address;     /* As in $NOTIFY_SOCKET: "@" stands for the abstract namespace. */
    struct file_id id; /* The socket's; no file's when it has none. */
    struct event *event;
    notify_cb *callback;
    void *aux;
};

void notify_parse(char *text, struct notify_msg *m)
{
    char *save = NULL;

    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (!strcmp(line, "READY=1")) {
            m->ready = true;
        } else if (!strcmp(line, "FDSTORE=1")) {
            m->store = true;
        } else if (!strcmp(line, "FDSTOREREMOVE=1")) {
            m->remove = true;
        } else if (!strncmp(line, "FDNAME=", 7)) {
            m->fd_name = line + 7;
        } /* Others (STATUS=, FDPOLL=, ...) ask for nothing here. */
    }
}

/* Collects sender and descriptors. */
static void read_control(struct msghdr *msg, struct notify_msg *m)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET) {
            continue;
        }
        if (c->cmsg_type == SCM_RIGHTS) {
            size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

            for (size_t i = 0; i < n; i++) {
                int fd;

                memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
                if (m->n_fds < ARRAY_SIZE(m->fds)) {
                    m->fds[m->n_fds++] = fd;
                } else {
                    close(fd);
                }
            }
        } else if (c->cmsg_type == SCM_CREDENTIALS) {
            struct ucred cred;

            memcpy(&cred, CMSG_DATA(c), sizeof cred);
            m->pid = cred.pid;
        }
    }
    if (msg->msg_flags & MSG_CTRUNC) {
        m->bad = "descriptors were lost (too many are open)";
    } else if (msg->msg_flags & MSG_TRUNC) {
        m->bad = "the message is too long";
    }
}

/* Receives one datagram. False when there is none. */
static bool receive(struct notify *n)
{
    char text[MAX_DATAGRAM + 1];
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(16 * sizeof(int))];
    } control;
    struct iovec iov = {.iov_base = text, .iov_len = MAX_DATAGRAM};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.space,
                         .msg_controllen = sizeof control.space};
    struct notify_msg m = {0};
    ssize_t len;

    do {
        len = recvmsg(n->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (len < 0 && errno == EINTR);
    if (len < 0) {
        return false;
    }
    text[len] = '\0';
    read_control(&msg, &m);
    notify_parse(text, &m);
    n->callback(&m, n->aux);
    return true;
}

void notify_drain(struct notify *n)
{
    /* A flood from one program must not keep the supervisor here for ever. */
    for (int i = 0; i < 100000 && receive(n); i++) {
    }
}

static void on_readable(evutil_socket_t fd UNUSED, short what UNUSED, void *n_)
{
    struct notify *n = n_;

    for (int i = 0; i < 64 && receive(n); i++) {
    }
}

int notify_new(struct event_base *base, const char *rundir, notify_cb *callback, void *aux,
               struct notify **ret, struct error *err)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    struct notify *n = xcalloc(1, sizeof *n);
    int one = 1, error;
    size_t len;

    n->callback = callback;
    n->aux = aux;
    n->address = xasprintf("%s/notify.sock", rundir);
    if (strlen(n->address) >= sizeof sun.sun_path) {
        /* Too long for an address: in the abstract namespace. Senders are checked by their pid. */
        free(n->address);
        n->address = xasprintf("@sluice.%ld.notify", (long)getpid());
    }
    len = strlen(n->address);
    memcpy(sun.sun_path, n->address, len);
    if (*n->address == '@') {
        sun.sun_path[0] = '\0';
    } else {
        unlink(n->address); /* Ours alone: the caller holds the pid file's lock. */
    }
    n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (n->fd < 0 || setsockopt(n->fd, SOL_SOCKET, SO_PASSCRED, &one, sizeof one) ||
        fchmod(n->fd, 0600) ||
        bind(n->fd, (struct sockaddr *)&sun,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len))) {
        error = error_set_errno(err, errno, "socket '%s': cannot be made", n->address);
        goto fail;
    }
    n->id = file_id_of(n->address);
    n->event = event_new(base, n->fd, EV_READ | EV_PERSIST, on_readable, n);
    if (!n->event || event_add(n->event, NULL)) {
        error = error_set(err, ENOMEM, "socket '%s': out of memory", n->address);
        goto fail;
    }
    *ret = n;
    return 0;

fail:
    notify_free(n);
    return error;
}

void notify_free(struct notify *n)
{
    if (!n) {
        return;
    }
    if (n->event) {
        event_free(n->event);
    }
    if (n->fd >= 0) {
        file_id_unlink(&n->id, n->address);
        close(n->fd);
    }
    free(n->address);
    free(n);
}

const char *notify_address(const struct notify *n)
{
    return n->address;
}
