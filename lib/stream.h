/* Byte streams over Unix and TCP sockets, and TLS over TCP, named as Open vSwitch names them.
 *
 *   active:  unix:PATH   tcp:HOST:PORT      ssl:HOST:PORT
 *   passive: punix:PATH  ptcp:PORT[:HOST]   pssl:PORT[:HOST]
 *
 * HOST may be an IPv6 address in brackets. Works on a libevent base: an established stream is a
 * 'struct bufferevent', which is what the users of this file read and write. Keys and certificates
 * are those of lib/tls.h; a stream of TLS is established when both ends have shown theirs. All
 * functions belong to the thread that runs the base. */
#ifndef LIB_STREAM_H
#define LIB_STREAM_H

#include "lib/error.h"

struct bufferevent;
struct event_base;

/* True when 'name' has the form of an active (passive) stream, whatever its address is. */
bool stream_name_is_active(const char *name);
bool stream_name_is_passive(const char *name);
/* Whether stream_listen() could make sense of 'name': 0, or -EINVAL and such with 'err' set. */
int stream_check_passive(const char *name, struct error *err);

/* Starts to connect. The bufferevent (owned by the caller, not enabled, BEV_OPT_CLOSE_ON_FREE)
 * reports BEV_EVENT_CONNECTED, or BEV_EVENT_ERROR or BEV_EVENT_EOF, of which stream_reason() knows
 * more. NULL, with 'err' set, when 'name' is wrong or nothing can be started. */
struct bufferevent *stream_connect(struct event_base *, const char *name, struct error *);
/* Why a stream ended or did not come about: for people, in the callback of that event. */
void stream_reason(struct bufferevent *, short what, char *text, size_t size);

struct stream_listener;
/* Called for each accepted connection; 'bev' belongs to the callee. 'peer' names the other end
 * ("unix", "tcp:ADDR:PORT", "ssl:ADDR:PORT") and is valid during the call. */
typedef void stream_accept_cb(struct bufferevent *bev, const char *peer, void *aux);

/* Listens. A Unix socket is made with mode 0660 (umask is left alone); a stale one, on which nobody
 * listens, is replaced; one that is in use is -EADDRINUSE. Peers of TLS that do not shake hands in
 * time, or are too many, are dropped. */
int stream_listen(struct event_base *base, const char *name, stream_accept_cb *accept_cb, void *aux,
                  struct stream_listener **ret, struct error *err);
/* Stops listening and removes a Unix socket's file. NULL is fine. */
void stream_listener_free(struct stream_listener *);
/* The TCP port that was bound ("ptcp:0" picks one), 0 for Unix. */
uint16_t stream_listener_port(const struct stream_listener *);

#endif
