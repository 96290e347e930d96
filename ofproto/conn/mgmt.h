/* The OpenFlow management socket of a bridge, RUNDIR/BRIDGE.mgmt: what ovs-ofctl connects to.
 *
 * Each connection negotiates its version, in a few seconds or it ends, is bounded in what it may
 * leave unread, and is served on the event base's thread. Ends with its bridge. */
#ifndef OFPROTO_CONN_MGMT_H
#define OFPROTO_CONN_MGMT_H

#include <stdint.h>

#include "ofproto/codec/flow_monitor.h"
#include "ofproto/codec/flow_removed.h"
#include "ofproto/codec/port_mod.h"

struct bufferevent;
struct conn;
struct mgmt;
struct ofp_rule;
struct ofport;
struct ofproto;

/* Without a listener: connections come by mgmt_serve() alone. */
struct mgmt *mgmt_new(struct ofproto *);
/* Takes over an established stream; a stream_accept_cb with the mgmt as 'aux'. */
void mgmt_serve(struct bufferevent *, const char *peer, void *mgmt);

/* The rule is about to leave its table. Who wants to know is told after mgmt_tell_removed(), when
 * the rule's counters are final. */
void mgmt_rule_removed(struct mgmt *, struct ofp_rule *, enum ofp_removed_reason, uint64_t now_ms);
void mgmt_tell_removed(struct mgmt *);
/* Whose message changed a rule. */
struct flow_author {
    const struct conn *conn;
    uint32_t xid;
};
/* Tells monitors of a rule's change, at the latest with mgmt_tell_flow_changes(). 'reason' of a
 * removal; 'author' NULL: the switch itself. */
void mgmt_flow_changed(struct mgmt *, const struct ofp_rule *, enum ofp_monitor_event,
                       enum ofp_removed_reason, const struct flow_author *);
void mgmt_tell_flow_changes(struct mgmt *);
bool mgmt_has_monitors(const struct mgmt *);
/* Tells who wants to know of tables that got full or empty. */
void mgmt_tell_vacancy(struct mgmt *);
/* Tells who wants to know that a port came, is about to go, or changed. */
void mgmt_port_status(struct mgmt *, const struct ofport *, enum ofp_port_reason);

/* Ends connections whose version the bridge speaks no more. */
void mgmt_versions_changed(struct mgmt *);

/* Ends bundles in which nothing has happened for long. Call it every second. */
void mgmt_expire_bundles(struct mgmt *, uint64_t now_ms);

/* Ends connections, as the bridge is not any more what their features reply said: controllers are
 * connected to again. */
void mgmt_reconnect(struct mgmt *);

/* Closes the listener and every connection. NULL is fine. */
void mgmt_free(struct mgmt *);

#endif
