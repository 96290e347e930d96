/* See stream_tls.h. */
#include "lib/stream_tls.h"

#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/tls.h"

LOG_MODULE(stream);

#define MAX_HANDSHAKES 64
#define HANDSHAKE_S 10

struct handshake {
    TAILQ_ENTRY(handshake) node;
    struct stream_handshakes *all;
    struct bufferevent *bev;
    struct event *timer;
    char *peer;
};

struct stream_handshakes {
    struct event_base *base;
    char *name;
    stream_accept_cb *cb;
    void *aux;
    TAILQ_HEAD(handshake_list, handshake) list; /* The oldest first. */
    unsigned int n;
};

/* -1: a socket is yet to come. Takes both over. */
static struct bufferevent *wrap(struct event_base *base, int fd, SSL *ssl, bool is_server)
{
    struct bufferevent *bev = bufferevent_openssl_socket_new(
        base, fd, ssl, is_server ? BUFFEREVENT_SSL_ACCEPTING : BUFFEREVENT_SSL_CONNECTING,
        BEV_OPT_CLOSE_ON_FREE);

    if (!bev) {
        SSL_free(ssl);
        if (fd >= 0) {
            close(fd);
        }
    }
    return bev;
}

struct bufferevent *stream_tls_client(struct event_base *base, struct error *err)
{
    SSL *ssl = tls_session_new(false, err);
    struct bufferevent *bev = ssl ? wrap(base, -1, ssl, false) : NULL;

    if (ssl && !bev) {
        error_set(err, ENOMEM, "TLS: libevent has no memory");
    }
    return bev;
}

/* Forgets it; the stream is the caller's. */
static struct bufferevent *take(struct handshake *h)
{
    struct bufferevent *bev = h->bev;

    TAILQ_REMOVE(&h->all->list, h, node);
    h->all->n--;
    bufferevent_setcb(bev, NULL, NULL, NULL, NULL);
    event_free(h->timer);
    free(h->peer);
    free(h);
    return bev;
}

static void drop(struct handshake *h, const char *why)
{
    log_warn_limit("stream '%s': %s: %s", h->all->name, h->peer, why);
    bufferevent_free(take(h));
}

static void on_late(evutil_socket_t fd UNUSED, short what UNUSED, void *h)
{
    drop(h, "the TLS handshake took too long");
}

static void on_event(struct bufferevent *bev, short what, void *h_)
{
    struct handshake *h = h_;
    char why[256];

    if (what & BEV_EVENT_CONNECTED) {
        struct stream_handshakes *all = h->all;
        char *peer = xstrdup(h->peer);

        take(h);
        all->cb(bev, peer, all->aux);
        free(peer);
        return;
    }
    stream_reason(bev, what, why, sizeof why);
    drop(h, why);
}

struct stream_handshakes *stream_handshakes_new(struct event_base *base, const char *name,
                                                stream_accept_cb *cb, void *aux)
{
    struct stream_handshakes *all = xcalloc(1, sizeof *all);

    all->base = base;
    all->name = xstrdup(name);
    all->cb = cb;
    all->aux = aux;
    TAILQ_INIT(&all->list);
    return all;
}

void stream_handshakes_add(struct stream_handshakes *all, int fd, const char *peer)
{
    static const struct timeval limit = {HANDSHAKE_S, 0};
    struct error err = {0};
    SSL *ssl = tls_session_new(true, &err);
    struct bufferevent *bev;
    struct handshake *h;

    if (!ssl) {
        log_warn_limit("stream '%s': %s refused: %s", all->name, peer, err.text);
        close(fd);
        return;
    }
    bev = wrap(all->base, fd, ssl, true);
    if (!bev) {
        return;
    }
    if (all->n == MAX_HANDSHAKES) {
        drop(TAILQ_FIRST(&all->list), "dropped as the oldest of too many TLS handshakes");
    }
    h = xcalloc(1, sizeof *h);
    h->all = all;
    h->bev = bev;
    h->peer = xstrdup(peer);
    h->timer = evtimer_new(all->base, on_late, h);
    event_add(h->timer, &limit);
    TAILQ_INSERT_TAIL(&all->list, h, node);
    all->n++;
    bufferevent_setcb(bev, NULL, NULL, on_event, h);
}

void stream_handshakes_free(struct stream_handshakes *all)
{
    if (!all) {
        return;
    }
    while (!TAILQ_EMPTY(&all->list)) {
        bufferevent_free(take(TAILQ_FIRST(&all->list)));
    }
    free(all->name);
    free(all);
}
