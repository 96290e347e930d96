/* Barriers (OpenFlow 1.3.5 section 7.3.8), and other replies that go when no cached flow
 * contradicts the tables any more. Until then the connection's later messages wait, unread; others
 * go on. Event base's thread. */
#include "ofproto/conn/conn.h"

static void passed(void *conn_)
{
    struct conn *conn = conn_;

    conn_send(conn, &conn->synced_reply);
    conn->in_barrier = false;
    conn_resume(conn);
}

void conn_reply_synced(struct conn *conn, struct strbuf *reply)
{
    const struct ofproto_hooks *hooks = &conn->bridge->set->hooks;

    conn->synced_reply = *reply;
    *reply = (struct strbuf)STRBUF_INIT;
    conn->in_barrier = true;
    if (hooks->sync) {
        hooks->sync(passed, conn, hooks->aux);
    } else {
        passed(conn);
    }
}

int handle_barrier(struct conn *conn, const struct request *r)
{
    uint8_t type = conn->version == OFP10 ? OFPT10_BARRIER_REPLY : OFPT13_BARRIER_REPLY;
    struct strbuf s = STRBUF_INIT;

    ofp_end(&s, ofp_begin(&s, conn->version, type, r->h.xid));
    conn_reply_synced(conn, &s);
    return 0;
}

void conn_cancel_barrier(struct conn *conn)
{
    const struct ofproto_hooks *hooks = &conn->bridge->set->hooks;

    if (conn->in_barrier && hooks->cancel) {
        hooks->cancel(conn, hooks->aux);
    }
    strbuf_free(&conn->synced_reply);
}
