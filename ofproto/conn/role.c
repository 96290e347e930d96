/* Roles and asynchronous configuration: what controllers ask, and what a role means. Event base's
 * thread. */
#include "ofproto/codec/role.h"

#include "ofproto/conn/conn.h"
#include "ofproto/conn/controller.h"

const char *conn_role_name(const struct conn *conn)
{
    return conn->role == OFPCR_MASTER ? "master" : conn->role == OFPCR_SLAVE ? "slave" : "equal";
}

/* OpenFlow 1.3.5 section 6.3.6: numbers are compared as a circle. */
static bool is_stale(const struct mgmt *mgmt, uint64_t generation_id)
{
    return mgmt->has_generation_id && (int64_t)(generation_id - mgmt->generation_id) < 0;
}

static void set_role(struct conn *conn, enum ofp_role role)
{
    struct conn *other;

    if (role == OFPCR_MASTER) { /* There is one. */
        LIST_FOREACH (other, &conn->mgmt->conns, node) {
            if (other->role == OFPCR_MASTER) {
                other->role = OFPCR_SLAVE;
            }
        }
    }
    conn->role = role;
    mgmt_async_changed(conn->mgmt);
    LIST_FOREACH (other, &conn->mgmt->conns, node) {
        if (other->controller) {
            controller_conn_changed(other->controller);
        }
    }
}

int handle_role_request(struct conn *conn, const struct request *r)
{
    struct mgmt *mgmt = conn->mgmt;
    struct ofp_role_request request;
    struct strbuf s = STRBUF_INIT;
    int rc = ofp_role_request_decode(request_body(r), request_body_len(r), &request);

    if (rc) {
        return rc;
    }
    if (request.role == OFPCR_MASTER || request.role == OFPCR_SLAVE) {
        if (is_stale(mgmt, request.generation_id)) {
            return OFPERR_RRFC_STALE;
        }
        mgmt->has_generation_id = true;
        mgmt->generation_id = request.generation_id;
    }
    if (request.role != OFPCR_NOCHANGE) {
        set_role(conn, request.role);
    }
    request.role = conn->role;
    request.generation_id = mgmt->has_generation_id ? mgmt->generation_id : UINT64_MAX;
    ofp_role_reply_encode(&s, conn->version, r->h.xid, &request);
    conn_send(conn, &s);
    return 0;
}

int handle_get_async(struct conn *conn, const struct request *r)
{
    struct ofp_async_masks m;
    struct strbuf s = STRBUF_INIT;

    for (unsigned int i = 0; i < ASYNC_N_COLUMNS; i++) {
        m.packet_in[i] = conn->async[ASYNC_PACKET_IN][i];
        m.port_status[i] = conn->async[ASYNC_PORT_STATUS][i];
        m.flow_removed[i] = conn->async[ASYNC_FLOW_REMOVED][i];
    }
    ofp_async_reply_encode(&s, conn->version, r->h.xid, &m);
    conn_send(conn, &s);
    return 0;
}

int handle_set_async(struct conn *conn, const struct request *r)
{
    struct ofp_async_masks m;
    int rc = ofp_async_decode(request_body(r), request_body_len(r), &m);

    if (rc) {
        return rc;
    }
    for (unsigned int i = 0; i < ASYNC_N_COLUMNS; i++) {
        conn->async[ASYNC_PACKET_IN][i] = m.packet_in[i];
        conn->async[ASYNC_PORT_STATUS][i] = m.port_status[i];
        conn->async[ASYNC_FLOW_REMOVED][i] = m.flow_removed[i];
    }
    mgmt_async_changed(conn->mgmt);
    return 0;
}
