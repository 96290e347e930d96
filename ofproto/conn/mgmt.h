/* The OpenFlow management socket of a bridge, RUNDIR/BRIDGE.mgmt: what ovs-ofctl connects to.
 *
 * Each connection negotiates its version, in a few seconds or it ends, is bounded in what it may
 * leave unread, and is served on the event base's thread. Ends with its bridge. */
#ifndef OFPROTO_CONN_MGMT_H
#define OFPROTO_CONN_MGMT_H

struct bufferevent;
struct mgmt;
struct ofproto;

/* Without a listener: connections come by mgmt_serve() alone. */
struct mgmt *mgmt_new(struct ofproto *);
/* Takes over an established stream; a stream_accept_cb with the mgmt as 'aux'. */
void mgmt_serve(struct bufferevent *, const char *peer, void *mgmt);

/* Closes the listener and every connection. NULL is fine. */
void mgmt_free(struct mgmt *);

#endif
