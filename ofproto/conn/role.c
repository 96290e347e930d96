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

static struct ofp_role_request describe(const struct conn *conn)
{
    const struct mgmt *mgmt = conn->mgmt;

    return (struct ofp_role_request){.role = conn->role,
                                     .short_id = conn->short_id,
                                     .generation_id = mgmt->has_generation_id ? mgmt->generation_id
                                                                              : UINT64_MAX};
}

/* There is one master; the other is told, where its version has a message for it. */
static void demote(struct conn *conn)
{
    bool wants = /* OpenFlow 1.3 has no way to say. */
        conn->version < OFP14 ||
        conn->async.of[ASYNC_ROLE_STATUS][conn_async_column(conn)] >> OFPCRR_MASTER_REQUEST & 1;
    struct ofp_role_request role;
    struct strbuf s = STRBUF_INIT;

    conn->role = OFPCR_SLAVE;
    if (wants && conn->version >= OFP13 && !conn->closing) {
        role = describe(conn);
        ofp_role_status_encode(&s, (enum ofp_version)conn->version, &role, OFPCRR_MASTER_REQUEST);
        conn_send(conn, &s);
    }
}

void conn_set_role(struct conn *conn, enum ofp_role role)
{
    struct conn *other;

    LIST_FOREACH (other, &conn->mgmt->conns, node) {
        if (role == OFPCR_MASTER && other != conn && other->role == OFPCR_MASTER) {
            demote(other);
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
    enum ofp_version version = (enum ofp_version)conn->version;
    struct mgmt *mgmt = conn->mgmt;
    struct ofp_role_request request;
    struct strbuf s = STRBUF_INIT;
    int rc = ofp_role_request_decode(version, request_body(r), request_body_len(r), &request);

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
    conn->short_id = request.short_id;
    if (request.role != OFPCR_NOCHANGE) {
        conn_set_role(conn, request.role);
    }
    request = describe(conn);
    ofp_role_reply_encode(&s, version, r->h.xid, &request);
    conn_send(conn, &s);
    return 0;
}

int handle_get_async(struct conn *conn, const struct request *r)
{
    struct strbuf s = STRBUF_INIT;

    ofp_async_reply_encode(&s, (enum ofp_version)conn->version, r->h.xid, &conn->async);
    conn_send(conn, &s);
    return 0;
}

int handle_set_async(struct conn *conn, const struct request *r)
{
    int rc = ofp_async_decode((enum ofp_version)conn->version, request_body(r), request_body_len(r),
                              &conn->async);

    if (!rc) {
        mgmt_async_changed(conn->mgmt);
    }
    return rc;
}
