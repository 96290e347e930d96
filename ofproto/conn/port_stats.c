/* Replies to requests for the statistics of ports. Event base's thread. */
#include "ofproto/codec/port_stats.h"
#include "ofproto/conn/multipart.h"

static void put_port(struct multipart *m, const struct ofport *port, uint64_t now_ms)
{
    struct ofp_port_stats stats = {.port = port->ofport,
                                   .duration_ms = now_ms - MIN_OF(now_ms, port->created_ms)};

    ofport_stats(port, &stats.stats);
    ofp_port_stats_encode(&m->s, (enum ofp_version)m->conn->version, &stats);
    multipart_next(m);
}

/* Of a port that does not exist: an empty list. */
int stats_ports(struct multipart *m, const uint8_t *p, size_t len)
{
    struct ofport *port, *next;
    uint64_t now_ms = time_now_ms();
    uint32_t number;
    int rc = ofp_port_stats_request_decode((enum ofp_version)m->conn->version, p, len, &number);

    if (rc) {
        return rc;
    }
    HASH_ITER (by_number, m->conn->bridge->ports, port, next) {
        if (number == OFP_PORT_NONE || number == port->ofport) {
            put_port(m, port, now_ms);
        }
    }
    return 0;
}
