/* Statistics (to 1.2) and multipart (1.3 and later) requests: a row a type. Replies are cut into
 * messages of at most 64 kB. Event base's thread. */
#include "ofproto/codec/bundle.h"
#include "ofproto/codec/match_wire.h"
#include "ofproto/codec/port_desc.h"
#include "ofproto/conn/vendor.h"

#define REPLY_MORE 1
#define REQUEST_MORE 1
#define TABLE_FEATURES 12
static void begin(struct multipart *m)
{
    m->start = ofp_begin(&m->s, m->conn->version,
                         m->conn->version == OFP10 ? OFPT10_STATS_REPLY : OFPT13_MULTIPART_REPLY,
                         m->r->h.xid);
    wire_put16(&m->s, m->type);
    wire_put16(&m->s, 0);
    if (m->conn->version != OFP10) {
        wire_put32(&m->s, 0);
    }
}

static void next_message(struct multipart *m)
{
    wire_set16(&m->s, m->start + OFP_HEADER_LEN + 2, REPLY_MORE);
    ofp_end(&m->s, m->start);
    conn_send(m->conn, &m->s);
    begin(m);
    if (m->vendor) {
        multipart_put_vendor(m);
    }
}

void multipart_next(struct multipart *m)
{
    if (m->s.len - m->start > UINT16_MAX && m->last > m->start) {
        struct strbuf entry = STRBUF_INIT;

        strbuf_put(&entry, m->s.data + m->last, m->s.len - m->last);
        m->s.len = m->last;
        next_message(m);
        strbuf_put(&m->s, entry.data, entry.len);
        strbuf_free(&entry);
    }
    m->last = m->s.len;
}

void multipart_put(struct multipart *m, const void *entry, size_t len)
{
    if (m->s.len - m->start + len > UINT16_MAX) {
        next_message(m);
    }
    strbuf_put(&m->s, entry, len);
    multipart_next(m);
}

void multipart_put_vendor(struct multipart *m)
{
    wire_put32(&m->s, m->vendor);
    wire_put32(&m->s, m->subtype);
    if (m->conn->version == OFP10) {
        wire_put32(&m->s, 0);
    }
}

void multipart_put_text(struct multipart *m, const char *text, size_t size)
{
    size_t n = MIN_OF(strlen(text), size - 1);

    strbuf_put(&m->s, text, n);
    wire_zeros(&m->s, size - n);
}

static int desc(struct multipart *m, const uint8_t *p, size_t len)
{
    (void)p;
    if (len) {
        return OFPERR_BRC_BAD_LEN;
    }
    /* Controllers choose by these what they may use of a switch: as Open vSwitch tells them. */
    multipart_put_text(m, "Nicira, Inc.", 256);
    multipart_put_text(m, "Open vSwitch", 256);
    multipart_put_text(m, OFPROTO_OVS_VERSION, 256);
    multipart_put_text(m, "None", 32);
    multipart_put_text(m, m->conn->bridge->name, 256);
    return 0;
}

/* Since 1.5 one port may be asked for. */
static int ports(struct multipart *m, const uint8_t *p, size_t len)
{
    struct ofport *port, *next;
    uint32_t wanted = OFP_PORT_NONE;

    if (len != (m->conn->version >= OFP15 ? 8 : 0)) {
        return OFPERR_BRC_BAD_LEN;
    }
    if (len && !ofp_port_from32(wire_get32(p), &wanted)) {
        return OFPERR_BRC_BAD_PORT;
    }
    HASH_ITER (by_number, m->conn->bridge->ports, port, next) {
        struct ofp_port_desc d = ofport_describe(port);

        if (wanted == OFP_PORT_NONE || wanted == port->ofport) {
            ofp_port_desc_encode(&m->s, (enum ofp_version)m->conn->version, &d);
            multipart_next(m);
        }
    }
    return 0;
}

/* OpenFlow 1.5.1 section 7.3.5.22. */
static int bundle_features(struct multipart *m, const uint8_t *p UNUSED, size_t len)
{
    if (len < 8) {
        return OFPERR_BRC_BAD_LEN;
    }
    wire_put16(&m->s, OFPBF_ATOMIC | OFPBF_ORDERED);
    wire_zeros(&m->s, 6);
    return 0;
}

static const struct stats_type {
    uint16_t type; /* The same in all versions (port descriptions in 1.0 are an extension). */
    multipart_reply *reply;
    uint8_t from; /* The first version that has it; 0: all. */
} types[] = {
    {0, desc},
    {1, stats_flows}, /* Flow descriptions since 1.5. */
    {2, stats_aggregate},
    {3, stats_tables},
    {4, stats_ports},
    {5, stats_queues},
    {6, stats_groups, OFP11},
    {7, stats_group_desc, OFP11},
    {8, stats_group_features, OFP12},
    {9, stats_meters, OFP13},
    {10, stats_meter_desc, OFP13},
    {11, stats_meter_features, OFP13},
    {TABLE_FEATURES, stats_table_features, OFP13},
    {13, ports},
    {14, stats_table_desc, OFP14},
    {15, stats_queue_desc, OFP14},
    {16, stats_flow_monitor, OFP14},
    {17, stats_flows_short, OFP15},
    {19, bundle_features, OFP15},
    {UINT16_MAX, vendor_stats},
};

int handle_stats(struct conn *conn, const struct request *r)
{
    size_t head = conn->version == OFP10 ? 4 : 8;
    struct multipart m = {.conn = conn, .r = r};
    int rc = OFPERR_BRC_BAD_STAT;

    if (request_body_len(r) < head) {
        return OFPERR_BRC_BAD_LEN;
    }
    m.type = wire_get16(request_body(r));
    m.has_more = conn->version != OFP10 && wire_get16(request_body(r) + 2) & REQUEST_MORE;
    if (m.has_more && m.type != TABLE_FEATURES) {
        return OFPERR_BRC_MULTIPART_OVERFLOW; /* Nothing else needs more than one message. */
    }
    conn_make_memory(conn);
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        if (types[i].type == m.type && conn->version >= types[i].from) {
            begin(&m);
            rc = types[i].reply(&m, request_body(r) + head, request_body_len(r) - head);
            break;
        }
    }
    if (!rc && !m.has_no_reply) {
        ofp_end(&m.s, m.start);
        conn_send(conn, &m.s);
    }
    strbuf_free(&m.s);
    return rc;
}
