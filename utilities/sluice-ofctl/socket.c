/* See socket.h. */
#include "utilities/sluice-ofctl/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "lib/daemon.h"
#include "ofproto/codec/wire.h"

#define DEFAULT_PORT "6653"
/* Read ahead while we write: answers to what was written. */
#define MAX_UNREAD ((size_t)256 << 20)

static uint64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Waits for one of the events; what there is. */
static int wait_for(struct ofsocket *s, short events, short *ret, struct error *err)
{
    struct pollfd p = {.fd = s->fd, .events = events};

    for (;;) {
        uint64_t now = now_ms();
        int left = -1, n;

        if (s->deadline_ms != UINT64_MAX) {
            left = now >= s->deadline_ms ? 0 : (int)(s->deadline_ms - now);
        }
        n = poll(&p, 1, left);
        if (n > 0) {
            *ret = p.revents;
            return 0;
        }
        if (!n) {
            return error_set(err, ETIMEDOUT, "no answer within %u s", s->timeout_s);
        }
        if (errno != EINTR) {
            return error_set_errno(err, errno, "waiting");
        }
    }
}

static int finish_connect(struct ofsocket *s, struct error *err)
{
    socklen_t len = sizeof(int);
    int error = 0;
    short what;
    int rc = wait_for(s, POLLOUT, &what, err);

    if (!rc && !getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) && error) {
        rc = error_set_errno(err, error, "connecting");
    }
    return rc;
}

static int start(struct ofsocket *s, int family, const struct sockaddr *address, socklen_t len,
                 struct error *err)
{
    s->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0) {
        return error_set_errno(err, errno, "socket");
    }
    if (!connect(s->fd, address, len)) {
        return 0;
    }
    return errno == EINPROGRESS || errno == EAGAIN ? finish_connect(s, err)
                                                   : error_set_errno(err, errno, "connecting");
}

static int connect_unix(struct ofsocket *s, const char *path, struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof address.sun_path) {
        return error_set(err, ENAMETOOLONG, "the path of a socket has at most %zu characters",
                         sizeof address.sun_path - 1);
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    return start(s, AF_UNIX, (const struct sockaddr *)&address, sizeof address, err);
}

/* "HOST", "HOST:PORT", "[HOST]:PORT"; cuts 'text'. */
static bool split_host(char *text, char **host, const char **port)
{
    char *colon;

    *host = text;
    *port = DEFAULT_PORT;
    if (*text == '[') {
        char *end = strchr(text, ']');

        if (!end || (end[1] && end[1] != ':')) {
            return false;
        }
        *host = text + 1;
        if (end[1]) {
            *port = end + 2;
        }
        *end = '\0';
    } else if ((colon = strrchr(text, ':'))) {
        *colon = '\0';
        *port = colon + 1;
    }
    return **host && **port;
}

static int connect_tcp(struct ofsocket *s, const char *where, struct error *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list, *a;
    char *text = xstrdup(where), *host;
    const char *port;
    int rc;

    if (!split_host(text, &host, &port)) {
        free(text);
        return error_set(err, EINVAL, "'%s' is not HOST or HOST:PORT", where);
    }
    rc = getaddrinfo(host, port, &hints, &list);
    free(text);
    if (rc) {
        return error_set(err, EINVAL, "%s", gai_strerror(rc));
    }
    rc = -EINVAL;
    for (a = list; a && rc; a = a->ai_next) {
        if (s->fd >= 0) {
            close(s->fd);
        }
        rc = start(s, a->ai_family, a->ai_addr, a->ai_addrlen, err);
    }
    freeaddrinfo(list);
    return rc;
}

static int connect_bridge(struct ofsocket *s, const struct ofctl_options *o, const char *name,
                          const char *suffix, struct error *err)
{
    char *rundir, *path;
    int rc;

    if (strchr(name, '/') || strchr(name, ':')) {
        return error_set(err, EINVAL, "neither a bridge's name nor unix:PATH nor tcp:HOST[:PORT]");
    }
    rundir = daemon_rundir(o->rundir);
    path = xasprintf("%s/%s.%s", rundir, name, suffix);
    rc = access(path, F_OK)
             ? error_set(err, ENOENT, "there is no bridge of this name: no '%s'", path)
             : connect_unix(s, path, err);
    free(rundir);
    free(path);
    return rc;
}

int ofsocket_connect(struct ofsocket *s, const struct ofctl_options *o, const char *target,
                     const char *suffix, struct error *err)
{
    int rc;

    *s = (struct ofsocket){.fd = -1, .timeout_s = o->timeout_s};
    s->deadline_ms = o->timeout_s ? now_ms() + o->timeout_s * UINT64_C(1000) : UINT64_MAX;
    if (!strncmp(target, "unix:", 5)) {
        rc = connect_unix(s, target + 5, err);
    } else if (!strncmp(target, "tcp:", 4)) {
        rc = connect_tcp(s, target + 4, err);
    } else {
        rc = connect_bridge(s, o, target, suffix, err);
    }
    if (rc) {
        ofsocket_close(s);
        return error_prefix(err, "%s", target);
    }
    return 0;
}

void ofsocket_close(struct ofsocket *s)
{
    if (s->fd >= 0) {
        close(s->fd);
    }
    s->fd = -1;
    strbuf_free(&s->in);
}

/* Reads what there is. */
static int fill(struct ofsocket *s, struct error *err)
{
    uint8_t buffer[65536];
    ssize_t n;

    if (s->in.len - s->used > MAX_UNREAD) {
        return error_set(err, ENOBUFS, "it answers much more than it was asked");
    }
    n = read(s->fd, buffer, sizeof buffer);
    if (!n) {
        return error_set(err, ECONNRESET, "the switch closed the connection");
    }
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR ? 0 : error_set_errno(err, errno, "reading");
    }
    strbuf_put(&s->in, buffer, (size_t)n);
    return 0;
}

int ofsocket_write(struct ofsocket *s, const void *data, size_t len, struct error *err)
{
    const uint8_t *p = data;

    while (len) {
        ssize_t n = send(s->fd, p, len, MSG_NOSIGNAL);
        short what;
        int rc;

        if (n >= 0) {
            p += n;
            len -= (size_t)n;
            continue;
        }
        if (errno != EAGAIN && errno != EINTR) {
            return error_set_errno(err, errno, "writing");
        }
        rc = wait_for(s, POLLIN | POLLOUT, &what, err);
        if (!rc && what & POLLIN) {
            rc = fill(s, err);
        }
        if (rc) {
            return rc;
        }
    }
    return 0;
}

int ofsocket_read(struct ofsocket *s, const uint8_t **ret, size_t *ret_len, struct error *err)
{
    if (s->used > (size_t)1 << 20) { /* Not at each message: that would be moved many times. */
        memmove(s->in.data, s->in.data + s->used, s->in.len - s->used);
        strbuf_chop(&s->in, s->used);
        s->used = 0;
    }
    for (;;) {
        const uint8_t *p = (const uint8_t *)strbuf_str(&s->in) + s->used;
        size_t have = s->in.len - s->used;
        short what;
        int rc;

        if (have >= OFP_HEADER_LEN) {
            size_t len = wire_get16(p + 2);

            if (len < OFP_HEADER_LEN) {
                return error_set(err, EPROTO, "a message of %zu bytes: this is no switch", len);
            }
            if (have >= len) {
                s->used += len;
                *ret = p;
                *ret_len = len;
                return 0;
            }
        }
        rc = wait_for(s, POLLIN, &what, err);
        if (!rc) {
            rc = fill(s, err);
        }
        if (rc) {
            return rc;
        }
    }
}
