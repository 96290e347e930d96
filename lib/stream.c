/* Unix, TCP and TLS streams by name: see stream.h.
 *
 * Names are resolved to numbers only (no DNS: a name server that does not answer would stop the
 * whole event loop). A Unix path that is too long for a socket address is reached through
 * /proc/self/fd. Runs on the event base's thread and never blocks. */
#include "lib/stream.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/file_id.h"
#include "lib/stream_tls.h"
#include "lib/tls.h"

/* Many commands at once while the program is busy: one more, and connect() fails for good. */
#define BACKLOG 1024
#define ACCEPT_PAUSE_MS 100

struct stream_listener {
    struct evconnlistener *listener;
    struct event *resume; /* Turns accepting on again after a failure such as EMFILE. */
    stream_accept_cb *accept;
    void *aux;
    struct stream_handshakes *handshakes; /* Of TLS, else NULL. */
    char *path;                           /* Of a Unix socket, else NULL. */
    struct file_id id;                    /* Which file at 'path' is ours. */
    uint16_t port;
};

static bool has_prefix(const char *name, const char *prefix)
{
    return !strncmp(name, prefix, strlen(prefix));
}

bool stream_name_is_active(const char *name)
{
    return has_prefix(name, "unix:") || has_prefix(name, "tcp:") || has_prefix(name, "ssl:");
}

bool stream_name_is_passive(const char *name)
{
    return has_prefix(name, "punix:") || has_prefix(name, "ptcp:") || has_prefix(name, "pssl:");
}

/* --- Addresses -------------------------------------------------------------------------------- */

struct address {
    struct sockaddr_storage sa;
    socklen_t len;
    int dir_fd; /* Keeps a long Unix path reachable; -1 for none. */
};

/* Fills 'ret'; the caller closes ret->dir_fd after use, unless it is -1. */
static int unix_address(const char *name, const char *path, struct address *ret, struct error *err)
{
    struct sockaddr_un *sun = (struct sockaddr_un *)&ret->sa;
    const char *slash = strrchr(path, '/');
    char *dir;

    memset(ret, 0, sizeof *ret);
    ret->dir_fd = -1;
    ret->len = sizeof *sun;
    sun->sun_family = AF_UNIX;
    if (!*path || (slash && !slash[1])) {
        return error_set(err, EINVAL, "stream '%s': the path of a socket is missing", name);
    }
    if (strlen(path) < sizeof sun->sun_path) {
        strcpy(sun->sun_path, path);
        return 0;
    }

    if (!slash || strlen(slash) + 24 > sizeof sun->sun_path) {
        return error_set(err, ENAMETOOLONG, "stream '%s': the socket's name is too long", name);
    }
    dir = xstrndup(path, (size_t)(slash - path + 1));
    ret->dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    free(dir);
    if (ret->dir_fd < 0) {
        return error_set_errno(err, errno, "stream '%s': its directory cannot be opened", name);
    }
    snprintf(sun->sun_path, sizeof sun->sun_path, "/proc/self/fd/%d%s", ret->dir_fd, slash);
    return 0;
}

static void address_close(struct address *a)
{
    if (a->dir_fd >= 0) {
        close(a->dir_fd);
        a->dir_fd = -1;
    }
}

static int inet_address(const char *name, const char *host, const char *port, struct address *ret,
                        struct error *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *info;
    uint64_t number;

    if (!strcmp(host, "localhost")) {
        host = "127.0.0.1";
    }
    if (!parse_u64(port, 65535, &number)) {
        return error_set(err, EINVAL, "stream '%s': '%s' is not a port (0...65535)", name, port);
    }
    if (getaddrinfo(host, port, &hints, &info)) {
        return error_set(err, EINVAL,
                         "stream '%s': '%s' is not an IPv4 address or an IPv6 address in brackets "
                         "(host names are not looked up)",
                         name, host);
    }
    memset(ret, 0, sizeof *ret);
    ret->dir_fd = -1;
    memcpy(&ret->sa, info->ai_addr, info->ai_addrlen);
    ret->len = info->ai_addrlen;
    freeaddrinfo(info);
    return 0;
}

/* Takes brackets off an address, in place. NULL when they do not match. */
static char *strip_brackets(char *host)
{
    size_t n = strlen(host);

    if (*host != '[') {
        return strchr(host, ']') ? NULL : host;
    }
    if (n < 3 || host[n - 1] != ']') {
        return NULL;
    }
    host[n - 1] = '\0';
    return host + 1;
}

/* "HOST:PORT" of an active, "PORT[:HOST]" of a passive name. */
static int parse_inet(const char *name, bool passive, struct address *ret, struct error *err)
{
    char *copy = xstrdup(strchr(name, ':') + 1), *host, *port, any[] = "0.0.0.0";
    char *colon = passive ? strchr(copy, ':') : strrchr(copy, ':');
    int error;

    if (!passive && (!colon || colon[1] == '\0' || strchr(colon, ']'))) {
        error = error_set(err, EINVAL, "stream '%s': the port is missing (HOST:PORT)", name);
        goto out;
    }
    if (colon) {
        *colon = '\0';
    }
    port = passive ? copy : colon + 1;
    host = !passive ? copy : colon ? colon + 1 : any;
    host = strip_brackets(host);
    if (!host) {
        error = error_set(err, EINVAL, "stream '%s': the brackets do not match", name);
        goto out;
    }
    error = inet_address(name, host, port, ret, err);
out:
    free(copy);
    return error;
}

static int parse_address(const char *name, bool passive, struct address *ret, struct error *err)
{
    const char *rest = strchr(name, ':');

    if (passive ? !stream_name_is_passive(name) : !stream_name_is_active(name)) {
        return error_set(err, EINVAL, "stream '%s': is not %s", name,
                         passive ? "punix:PATH, ptcp:PORT[:HOST] or pssl:PORT[:HOST]"
                                 : "unix:PATH, tcp:HOST:PORT or ssl:HOST:PORT");
    }
    if (has_prefix(name, passive ? "punix:" : "unix:")) {
        return unix_address(name, rest + 1, ret, err);
    }
    return parse_inet(name, passive, ret, err);
}

/* Small messages go out at once, and a peer that vanished is noticed in the end. */
static void tune_tcp(int fd)
{
    int one = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
}

/* --- Active ----------------------------------------------------------------------------------- */

static struct bufferevent *new_socket(struct event_base *base, const char *name, int family,
                                      struct error *err)
{
    struct bufferevent *bev;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        error_set_errno(err, errno, "stream '%s': no socket", name);
        return NULL;
    }
    if (family != AF_UNIX) {
        tune_tcp(fd);
    }
    bev = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (!bev) {
        close(fd);
        error_set_errno(err, ENOMEM, "stream '%s'", name);
    }
    return bev;
}

struct bufferevent *stream_connect(struct event_base *base, const char *name, struct error *err)
{
    bool is_tls = has_prefix(name, "ssl:");
    struct bufferevent *bev;
    struct address a;

    if (parse_address(name, false, &a, err)) {
        return NULL;
    }
    bev = is_tls ? stream_tls_client(base, err) : new_socket(base, name, a.sa.ss_family, err);
    if (!bev) {
        goto out;
    }
    errno = 0;
    /* Of a refusal at once, as Unix sockets give it, libevent tells later but has lost the reason.
     */
    if (bufferevent_socket_connect(bev, (struct sockaddr *)&a.sa, (int)a.len) ||
        errno == ECONNREFUSED) {
        error_set_errno(err, errno ? errno : EIO, "stream '%s': cannot connect", name);
        bufferevent_free(bev);
        bev = NULL;
    } else if (is_tls) {
        evutil_make_socket_closeonexec(bufferevent_getfd(bev)); /* Libevent made it. */
        tune_tcp(bufferevent_getfd(bev));
    }
out:
    address_close(&a);
    return bev;
}

void stream_reason(struct bufferevent *bev, short what, char *text, size_t size)
{
    int error = EVUTIL_SOCKET_ERROR();
    struct ssl_st *ssl = bufferevent_openssl_get_ssl(bev);
    unsigned long code = ssl ? bufferevent_get_openssl_error(bev) : 0;

    if (ssl && (code || !error) && !(what & BEV_EVENT_EOF)) {
        tls_describe(ssl, code, text, size);
    } else if (what & BEV_EVENT_EOF) {
        snprintf(text, size, "the peer closed the connection");
    } else {
        snprintf(text, size, "%s", error ? strerror(error) : "connection refused");
    }
}

/* --- Passive ---------------------------------------------------------------------------------- */

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa,
                      int len, void *listener_)
{
    struct stream_listener *l = listener_;
    const char *kind = l->handshakes ? "ssl" : "tcp";
    struct bufferevent *bev;
    char host[NI_MAXHOST], port[NI_MAXSERV], peer[NI_MAXHOST + NI_MAXSERV + 16] = "unix";

    if (!l->path) {
        tune_tcp(fd);
        if (getnameinfo(sa, (socklen_t)len, host, sizeof host, port, sizeof port,
                        NI_NUMERICHOST | NI_NUMERICSERV)) {
            strcpy(peer, kind);
        } else {
            snprintf(peer, sizeof peer, strchr(host, ':') ? "%s:[%s]:%s" : "%s:%s:%s", kind, host,
                     port);
        }
    }
    if (l->handshakes) {
        stream_handshakes_add(l->handshakes, fd, peer);
        return;
    }
    bev = bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);
    if (!bev) {
        evutil_closesocket(fd);
        return;
    }
    l->accept(bev, peer, l->aux);
}

/* Out of descriptors, most likely. The connection stays in the backlog, so accepting again at once
 * would spin: wait a little. */
static void on_accept_error(struct evconnlistener *listener, void *listener_)
{
    struct stream_listener *l = listener_;
    struct timeval pause = {.tv_usec = ACCEPT_PAUSE_MS * 1000};

    evconnlistener_disable(listener);
    evtimer_add(l->resume, &pause);
}

static void on_resume(evutil_socket_t fd UNUSED, short what UNUSED, void *listener_)
{
    struct stream_listener *l = listener_;

    evconnlistener_enable(l->listener);
}

/* Removes a socket on which nobody listens; -EADDRINUSE when somebody does. */
static int clear_stale(const char *name, const char *path, const struct address *a,
                       struct error *err)
{
    struct stat st;
    int fd, error = 0;

    if (lstat(path, &st)) {
        return errno == ENOENT ? 0 : error_set_errno(err, errno, "stream '%s'", name);
    }
    if (!S_ISSOCK(st.st_mode)) {
        return error_set(err, EEXIST, "stream '%s': there is a file of that name that is no socket",
                         name);
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return error_set_errno(err, errno, "stream '%s': no socket", name);
    }
    if (!connect(fd, (const struct sockaddr *)&a->sa, a->len) || errno == EAGAIN) {
        error = error_set(err, EADDRINUSE, "stream '%s': another process listens there", name);
    } else if (errno != ECONNREFUSED && errno != ENOENT) {
        error = error_set_errno(err, errno, "stream '%s': cannot be tried", name);
    } else if (unlink(path) && errno != ENOENT) {
        error = error_set_errno(err, errno, "stream '%s': the stale socket cannot be removed",
                                name);
    }
    close(fd);
    return error;
}

/* Makes the listening socket. Returns it or a negative errno. */
static int open_listener(const char *name, const struct address *a, const char *path,
                         struct error *err)
{
    int fd = socket(a->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

    if (fd < 0) {
        return error_set_errno(err, errno, "stream '%s': no socket", name);
    }
    if (path) {
        fchmod(fd, 0660); /* So that it is never more open, not even between bind and chmod. */
    } else {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        if (a->sa.ss_family == AF_INET6) {
            setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
        }
    }
    if (bind(fd, (const struct sockaddr *)&a->sa, a->len) || listen(fd, BACKLOG) ||
        (path && chmod(path, 0660))) {
        int error = error_set_errno(err, errno, "stream '%s': cannot listen", name);

        close(fd);
        return error;
    }
    return fd;
}

static uint16_t bound_port(int fd)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;

    if (getsockname(fd, (struct sockaddr *)&sa, &len)) {
        return 0;
    }
    return ntohs(sa.ss_family == AF_INET    ? ((struct sockaddr_in *)&sa)->sin_port
                 : sa.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&sa)->sin6_port
                                            : 0);
}

/* A listener that could serve nobody says why now; 'err' names the file. */
static int check_tls(const char *name, struct error *err)
{
    struct ssl_st *ssl;

    if (!has_prefix(name, "pssl:")) {
        return 0;
    }
    ssl = tls_session_new(true, err);
    if (!ssl) {
        return err && err->code ? -err->code : -EPROTO;
    }
    SSL_free(ssl);
    return 0;
}

int stream_check_passive(const char *name, struct error *err)
{
    struct address a;
    int error = parse_address(name, true, &a, err);

    if (!error) {
        address_close(&a);
    }
    return error;
}

int stream_listen(struct event_base *base, const char *name, stream_accept_cb *accept_cb, void *aux,
                  struct stream_listener **ret, struct error *err)
{
    struct stream_listener *l;
    const char *path;
    struct address a;
    int fd, error = parse_address(name, true, &a, err);

    error = error ? error : check_tls(name, err);
    if (error) {
        return error;
    }
    path = a.sa.ss_family == AF_UNIX ? strchr(name, ':') + 1 : NULL;
    error = path ? clear_stale(name, path, &a, err) : 0;
    fd = error ? error : open_listener(name, &a, path, err);
    address_close(&a);
    if (fd < 0) {
        return fd;
    }

    l = xcalloc(1, sizeof *l);
    l->accept = accept_cb;
    l->aux = aux;
    l->port = bound_port(fd);
    if (path) {
        l->path = xstrdup(path);
        l->id = file_id_of(path);
    }
    if (has_prefix(name, "pssl:")) {
        l->handshakes = stream_handshakes_new(base, name, accept_cb, aux);
    }
    l->resume = evtimer_new(base, on_resume, l);
    l->listener = evconnlistener_new(base, on_accept, l,
                                     LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
    if (!l->resume || !l->listener) {
        if (!l->listener) {
            close(fd);
        }
        stream_listener_free(l);
        return error_set_errno(err, ENOMEM, "stream '%s'", name);
    }
    evconnlistener_set_error_cb(l->listener, on_accept_error);
    *ret = l;
    return 0;
}

void stream_listener_free(struct stream_listener *l)
{
    if (!l) {
        return;
    }
    if (l->path) {
        file_id_unlink(&l->id, l->path);
    }
    if (l->listener) {
        evconnlistener_free(l->listener);
    }
    if (l->resume) {
        event_free(l->resume);
    }
    stream_handshakes_free(l->handshakes);
    free(l->path);
    free(l);
}

uint16_t stream_listener_port(const struct stream_listener *l)
{
    return l->port;
}
