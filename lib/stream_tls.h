/* TLS for lib/stream.c alone: streams of TLS over a socket, and the handshakes that listeners have
 * under way. Thread of the event base. */
#ifndef LIB_STREAM_TLS_H
#define LIB_STREAM_TLS_H

#include "lib/stream.h"

/* A stream of TLS to be connected; it reports BEV_EVENT_CONNECTED after the handshake. */
struct bufferevent *stream_tls_client(struct event_base *, struct error *);

/* The connections that were accepted and have not shaken hands. */
struct stream_handshakes;
/* 'cb' is called when one has. */
struct stream_handshakes *stream_handshakes_new(struct event_base *, const char *name,
                                                stream_accept_cb *cb, void *aux);
/* Takes the socket over. Who has not come through in time, and the oldest of too many, is dropped.
 */
void stream_handshakes_add(struct stream_handshakes *, int fd, const char *peer);
/* Drops all. NULL is fine. */
void stream_handshakes_free(struct stream_handshakes *);

#endif
