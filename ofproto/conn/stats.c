/* Statistics (1.0) and multipart (1.3) requests: a row a type. Replies are cut into messages of at
 * most 64 kB. Event base's thread. */
#include "ofproto/codec/flow_mod.h"
#include "ofproto/codec/port_desc.h"
#include "ofproto/codec/port_stats.h"
#include "ofproto/codec/table_features.h"
#include "ofproto/conn/conn.h"

#define REPLY_MORE 1
/* A message is closed when it passes this; one entry more fits in any case. */
#define FULL 30000

/* A reply in the making. */
struct multipart {
    struct conn *conn;
    const struct request *r;
    uint16_t type;
    struct strbuf s;
    size_t start;
};

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

/* To be called after each entry, and before what does not fit with another one. */
static void next_entry(struct multipart *m)
{
    if (m->s.len - m->start > FULL) {
        wire_set16(&m->s, m->start + OFP_HEADER_LEN + 2, REPLY_MORE);
        ofp_end(&m->s, m->start);
        conn_send(m->conn, &m->s);
        begin(m);
    }
}

static void put_text(struct strbuf *s, const char *text, size_t size)
{
    size_t n = MIN_OF(strlen(text), size - 1);

    strbuf_put(s, text, n);
    wire_zeros(s, size - n);
}

static int desc(struct multipart *m, const uint8_t *p, size_t len)
{
    (void)p;
    if (len) {
        return OFPERR_BRC_BAD_LEN;
    }
    put_text(&m->s, "Sluice", 256);
    put_text(&m->s, "Sluice", 256);
    put_text(&m->s, SLUICE_VERSION, 256);
    put_text(&m->s, "None", 32);
    put_text(&m->s, m->conn->bridge->name, 256);
    return 0;
}

/* --- Flows. */

struct query {
    struct multipart *m; /* NULL: only counts. */
    struct ofp_flow_query q;
    uint64_t now_ms;
    uint64_t packets, bytes;
    uint32_t n;
};

static void flow_cb(struct ofp_rule *rule, void *query_)
{
    struct query *q = query_;
    struct ofp_flow_stats fs = {
        .table_id = rule->table_id,
        .priority = rule->priority,
        .idle_timeout_s = rule->idle_timeout_s,
        .hard_timeout_s = rule->hard_timeout_s,
        .flags = rule->flags,
        .duration_ms = q->now_ms - MIN_OF(q->now_ms, rule->created_ms),
        .cookie = rule->cookie,
        .packets = rule->packets,
        .bytes = rule->bytes,
        .actions = rule->actions,
        .actions_len = rule->actions_len,
    };

    rule_get_match(rule, &fs.match);
    if (!ofp_match_is_within(&fs.match, &q->q.match) ||
        (rule->cookie ^ q->q.cookie) & q->q.cookie_mask ||
        (q->q.out_port != OFP_PORT_NONE &&
         !ofp_actions_output_to(rule->actions, rule->actions_len, q->q.out_port))) {
        return;
    }
    q->n++;
    q->packets += rule->packets;
    q->bytes += rule->bytes;
    if (q->m) {
        struct strbuf entry = STRBUF_INIT;

        ofp_flow_stats_encode(&entry, (enum ofp_version)q->m->conn->version, &fs);
        if (q->m->s.len - q->m->start + entry.len > UINT16_MAX) {
            wire_set16(&q->m->s, q->m->start + OFP_HEADER_LEN + 2, REPLY_MORE);
            ofp_end(&q->m->s, q->m->start);
            conn_send(q->m->conn, &q->m->s);
            begin(q->m);
        }
        strbuf_put(&q->m->s, entry.data, entry.len);
        strbuf_free(&entry);
        next_entry(q->m);
    }
}

static int run_query(struct multipart *m, const uint8_t *p, size_t len, struct query *q)
{
    int rc = ofp_flow_query_decode((enum ofp_version)m->conn->version, p, len, &q->q);

    if (rc) {
        return rc;
    }
    q->now_ms = time_now_ms();
    for (unsigned int i = 0; i < BRIDGE_MAX_TABLES; i++) {
        if (m->conn->bridge->tables[i] && (q->q.table_id == OFPTT_ALL || q->q.table_id == i)) {
            classifier_each(&m->conn->bridge->tables[i]->cls, flow_cb, q);
        }
    }
    return 0;
}

static int flows(struct multipart *m, const uint8_t *p, size_t len)
{
    struct query q = {.m = m};

    return run_query(m, p, len, &q);
}

static int aggregate(struct multipart *m, const uint8_t *p, size_t len)
{
    struct query q = {.m = NULL};
    int rc = run_query(m, p, len, &q);

    if (!rc) {
        wire_put64(&m->s, q.packets);
        wire_put64(&m->s, q.bytes);
        wire_put32(&m->s, q.n);
        wire_put32(&m->s, 0);
    }
    return rc;
}

static int tables(struct multipart *m, const uint8_t *p, size_t len)
{
    const struct ofp_table *table = m->conn->bridge->tables[0];

    (void)p;
    if (len) {
        return OFPERR_BRC_BAD_LEN;
    }
    wire_put8(&m->s, table->id);
    wire_zeros(&m->s, 3);
    if (m->conn->version == OFP10) {
        put_text(&m->s, "table0", 32);
        wire_put32(&m->s, 0x3fffff); /* Every field may be wild. */
        wire_put32(&m->s, table->max_rules);
    }
    wire_put32(&m->s, (uint32_t)table->cls.n_rules);
    wire_put64(&m->s, table->n_lookups);
    wire_put64(&m->s, table->n_matched);
    return 0;
}

static int ports(struct multipart *m, const uint8_t *p, size_t len)
{
    struct ofport *port, *next;

    (void)p;
    if (len) {
        return OFPERR_BRC_BAD_LEN;
    }
    HASH_ITER (by_number, m->conn->bridge->ports, port, next) {
        struct ofp_port_desc d = {.port = port->ofport, .name = port->name, .link_down = !port->up};

        memcpy(d.mac, port->mac, 6);
        ofp_port_desc_encode(&m->s, (enum ofp_version)m->conn->version, &d);
        next_entry(m);
    }
    return 0;
}

static void put_port_stats(struct multipart *m, const struct ofport *port, uint64_t now_ms)
{
    struct ofp_port_stats stats = {.port = port->ofport,
                                   .duration_ms = now_ms - MIN_OF(now_ms, port->created_ms)};

    ofport_stats(port, &stats.stats);
    ofp_port_stats_encode(&m->s, (enum ofp_version)m->conn->version, &stats);
    next_entry(m);
}

/* Of a port that does not exist: an empty list. */
static int port_stats(struct multipart *m, const uint8_t *p, size_t len)
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
            put_port_stats(m, port, now_ms);
        }
    }
    return 0;
}

static int table_features(struct multipart *m, const uint8_t *p, size_t len)
{
    (void)p;
    if (m->conn->version == OFP10) {
        return OFPERR_BRC_BAD_STAT;
    }
    if (len) {
        return OFPERR_TFFC_EPERM; /* The table is as it is. */
    }
    ofp_table_features_encode(&m->s, 0, "table0", m->conn->bridge->tables[0]->max_rules);
    return 0;
}

static const struct stats_type {
    uint16_t type; /* The same in both versions (port descriptions in 1.0 are an extension). */
    int (*reply)(struct multipart *, const uint8_t *body, size_t len);
} types[] = {
    {0, desc},       {1, flows},           {2, aggregate}, {3, tables},
    {4, port_stats}, {12, table_features}, {13, ports},
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
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        if (types[i].type == m.type) {
            begin(&m);
            rc = types[i].reply(&m, request_body(r) + head, request_body_len(r) - head);
            break;
        }
    }
    if (!rc) {
        ofp_end(&m.s, m.start);
        conn_send(conn, &m.s);
    }
    strbuf_free(&m.s);
    return rc;
}
