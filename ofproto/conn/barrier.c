/* Barriers (OpenFlow 1.3.5 section 7.3.8): the reply goes when no cached flow contradicts the
 * tables any more. Until then the connection's later messages wait, unread; others go on. Event
 * base's thread. */
#include "ofproto/conn/conn.h"

static void passed(void *conn_)
{
    struct conn *conn = conn_;
    struct strbuf s = STRBUF_INIT;
    size_t start = ofp_begin(&s, conn->version,
                             conn->version == OFP10 ? OFPT10_BARRIER_REPLY : OFPT13_BARRIER_REPLY,
                             conn->barrier_xid);

    ofp_end(&s, start);
    conn_send(conn, &s);
    conn->in_barrier = false;
    conn_resume(conn);
}

int handle_barrier(struct conn *conn, const struct request *r)
{
    const struct ofproto_hooks *hooks = &conn->bridge->set->hooks;

    conn->barrier_xid = r->h.xid;
    conn->in_barrier = true;
    if (hooks->sync) {
        hooks->sync(passed, conn, hooks->aux);
    } else {
        passed(conn);
    }
    return 0;
}

void conn_cancel_barrier(struct conn *conn)
{
    const struct ofproto_hooks *hooks = &conn->bridge->set->hooks;

    if (conn->in_barrier && hooks->cancel) {
        hooks->cancel(conn, hooks->aux);
    }
}
