/* The OpenFlow management socket of a bridge, RUNDIR/BRIDGE.mgmt: what ovs-ofctl connects to.
 *
 * Each connection negotiates its version, is bounded in what it may leave unread, and is served on
 * the event base's thread. Ends with its bridge. */
#ifndef OFPROTO_CONN_MGMT_H
#define OFPROTO_CONN_MGMT_H

struct mgmt;

/* Closes the listener and every connection. NULL is fine. */
void mgmt_free(struct mgmt *);

#endif
