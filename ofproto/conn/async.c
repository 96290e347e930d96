/* Which messages a connection gets without asking: by its kind, role and what it set. Event base's
 * thread. */
#include "ofproto/conn/conn.h"

void conn_async_init(struct conn *conn)
{
    /* As Open vSwitch's defaults: slaves hear of ports alone. */
    conn->async[ASYNC_PACKET_IN][ASYNC_MASTER] = 1u << 0 | 1u << 1;
    conn->async[ASYNC_PORT_STATUS][ASYNC_MASTER] = 7;
    conn->async[ASYNC_PORT_STATUS][ASYNC_SLAVE] = 7;
    conn->async[ASYNC_FLOW_REMOVED][ASYNC_MASTER] = 0xf;
}

bool conn_is_async(const struct conn *conn)
{
    return conn->version && !conn->closing && (conn->is_primary || conn->miss_send_len);
}

bool conn_wants(const struct conn *conn, enum async_type type, unsigned int reason)
{
    return conn_is_async(conn) && conn->async[type][conn_async_column(conn)] >> reason & 1;
}

void mgmt_async_changed(struct mgmt *mgmt)
{
    struct ofproto *bridge = mgmt->bridge;
    struct conn *conn;
    bool wants = false;

    LIST_FOREACH (conn, &mgmt->conns, node) {
        wants |= conn->version == OFP10 && conn_wants(conn, ASYNC_PACKET_IN, 0);
    }
    if (bridge->misses_to_controller != wants) {
        bridge->misses_to_controller = wants;
        bridge_changed(bridge);
    }
}
