/* Which messages a connection gets without asking: by its kind, role and what it set. Event base's
 * thread. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "ofproto/codec/packet_in.h"
#include "ofproto/conn/conn.h"

#define UNREAD_MAX ((size_t)16 << 20)

void conn_async_init(struct conn *conn)
{
    const enum ofp_version version = (enum ofp_version)conn->version;
    uint32_t(*of)[ASYNC_N_COLUMNS] = conn->async.of;

    if (conn->no_async) {
        return;
    }
    /* As Open vSwitch's defaults: slaves hear of ports, and of their roles, alone. Who wants to
     * hear of packets whose time is over, of tables or of others' requests asks. */
    of[ASYNC_PACKET_IN][ASYNC_MASTER] = ofp_async_reasons(version, ASYNC_PACKET_IN) &
                                        ~(1u << OFPR_INVALID_TTL);
    of[ASYNC_FLOW_REMOVED][ASYNC_MASTER] = ofp_async_reasons(version, ASYNC_FLOW_REMOVED);
    for (unsigned int i = 0; i < ASYNC_N_COLUMNS; i++) {
        of[ASYNC_PORT_STATUS][i] = ofp_async_reasons(version, ASYNC_PORT_STATUS);
        of[ASYNC_ROLE_STATUS][i] = ofp_async_reasons(version, ASYNC_ROLE_STATUS);
    }
}

void conn_want_invalid_ttl(struct conn *conn, bool wants)
{
    uint32_t *masks = conn->async.of[ASYNC_PACKET_IN], bit = 1u << OFPR_INVALID_TTL;

    masks[ASYNC_MASTER] = wants ? masks[ASYNC_MASTER] | bit : masks[ASYNC_MASTER] & ~bit;
}

bool conn_wants_invalid_ttl(const struct conn *conn)
{
    return conn->async.of[ASYNC_PACKET_IN][ASYNC_MASTER] >> OFPR_INVALID_TTL & 1;
}

bool conn_is_async(const struct conn *conn)
{
    return conn->version && !conn->closing && (conn->is_primary || conn->miss_send_len);
}

bool conn_reads_too_slowly(const struct conn *conn)
{
    return evbuffer_get_length(bufferevent_get_output(conn->bev)) > UNREAD_MAX;
}

bool conn_wants(const struct conn *conn, enum async_type type, unsigned int reason)
{
    return conn_is_async(conn) && (conn->async.of[type][conn_async_column(conn)] >> reason & 1);
}

void mgmt_async_changed(struct mgmt *mgmt)
{
    struct ofproto *bridge = mgmt->bridge;
    struct conn *conn;
    bool wants = false, wants_ttl = false;

    LIST_FOREACH (conn, &mgmt->conns, node) {
        wants |= conn->version < OFP13 && conn_wants(conn, ASYNC_PACKET_IN, OFPR_NO_MATCH);
        wants_ttl |= conn_wants(conn, ASYNC_PACKET_IN, OFPR_INVALID_TTL);
    }
    if (bridge->misses_to_controller != wants || bridge->ttl_to_controller != wants_ttl) {
        bridge->misses_to_controller = wants;
        bridge->ttl_to_controller = wants_ttl;
        bridge_changed(bridge);
    }
}
