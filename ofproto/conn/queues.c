/* What is told of queues: ports have none (QoS of the database is told as not in force), so of all
 * ports, or all queues of one, nothing; what names a queue or a port that is not there is an error.
 * Event base's thread. */
#include "ofproto/codec/match_wire.h"
#include "ofproto/conn/multipart.h"

#define ALL_QUEUES UINT32_MAX

/* The port in a request's first bytes; OFP_PORT_NONE: all of them. */
static int get_port(const struct conn *conn, const uint8_t *p, uint32_t *ret)
{
    if (conn->version == OFP10) {
        *ret = wire_get16(p);
        if (*ret == OFP_PORT_ALL) {
            *ret = OFP_PORT_NONE;
        }
    } else if (!ofp_port_from32(wire_get32(p), ret)) {
        return OFPERR_QOFC_BAD_PORT;
    }
    return *ret == OFP_PORT_NONE || ofport_by_number(conn->bridge, *ret) ? 0 : OFPERR_QOFC_BAD_PORT;
}

/* Statistics, and since 1.4 descriptions: a port and a queue are asked for. */
int stats_queues(struct multipart *m, const uint8_t *p, size_t len)
{
    uint32_t port;
    int rc;

    if (len != 8) {
        return OFPERR_BRC_BAD_LEN;
    }
    rc = get_port(m->conn, p, &port);
    return rc ? rc : wire_get32(p + 4) == ALL_QUEUES ? 0 : OFPERR_QOFC_BAD_QUEUE;
}

int stats_queue_desc(struct multipart *m, const uint8_t *p, size_t len)
{
    return stats_queues(m, p, len);
}

/* Before 1.4 (OpenFlow 1.3.5 section 7.3.6): the queues of one port; since 1.1 also of all. */
int handle_queue_config(struct conn *conn, const struct request *r)
{
    bool is_10 = conn->version == OFP10;
    size_t len = is_10 ? 4 : 8;
    struct strbuf s = STRBUF_INIT;
    size_t start;
    uint32_t port;
    int rc;

    if (conn->version >= OFP14) {
        return OFPERR_BRC_BAD_TYPE;
    }
    if (request_body_len(r) != len) {
        return OFPERR_BRC_BAD_LEN;
    }
    rc = get_port(conn, request_body(r), &port);
    if (rc || (is_10 && port == OFP_PORT_NONE)) {
        return OFPERR_QOFC_BAD_PORT;
    }
    start = ofp_begin(&s, conn->version,
                      is_10 ? OFPT10_QUEUE_GET_CONFIG_REPLY : OFPT11_QUEUE_GET_CONFIG_REPLY,
                      r->h.xid);
    strbuf_put(&s, request_body(r), len);
    wire_zeros(&s, is_10 ? 4 : 0);
    ofp_end(&s, start);
    conn_send(conn, &s);
    return 0;
}
