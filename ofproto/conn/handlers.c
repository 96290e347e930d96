/* What the switch answers to each OpenFlow message: a row a type and version. Messages that have no
 * row are OFPBRC_BAD_TYPE. Event base's thread. */
#include "ofproto/codec/port_desc.h"
#include "ofproto/conn/vendor.h"

#define CAPABILITIES10 (1u << 0 | 1u << 1 | 1u << 7) /* Flow, table statistics; ARP addresses. */
#define CAPABILITIES13 (1u << 0 | 1u << 1 | 1u << 3) /* Flow, table, group statistics. */
#define ACTIONS10 0x7ffu                             /* Output ... set transport port. */
#define N_TABLES BRIDGE_MAX_TABLES

static int ignore(struct conn *conn, const struct request *r)
{
    (void)conn;
    (void)r;
    return 0;
}

/* A reply that is the header alone, or with the request's body. */
static void reply(struct conn *conn, const struct request *r, uint8_t type, size_t body)
{
    struct strbuf s = STRBUF_INIT;
    size_t start = ofp_begin(&s, conn->version, type, r->h.xid);

    strbuf_put(&s, request_body(r), body);
    ofp_end(&s, start);
    conn_send(conn, &s);
}

static int handle_echo(struct conn *conn, const struct request *r)
{
    reply(conn, r, OFPT_ECHO_REPLY, request_body_len(r));
    return 0;
}

static void put_ports(struct strbuf *s, struct conn *conn)
{
    struct ofport *port, *next;

    HASH_ITER (by_number, conn->bridge->ports, port, next) {
        struct ofp_port_desc desc = {
            .port = port->ofport, .name = port->name, .link_down = !port->up};

        if (s->len > UINT16_MAX - 64) {
            break; /* A message holds no more; ask for the port descriptions. */
        }
        memcpy(desc.mac, port->mac, 6);
        ofp_port_desc_encode(s, (enum ofp_version)conn->version, &desc);
    }
}

static int handle_features(struct conn *conn, const struct request *r)
{
    const struct ofproto_config *config = &conn->bridge->config;
    struct strbuf s = STRBUF_INIT;
    size_t start = ofp_begin(&s, conn->version, OFPT_FEATURES_REPLY, r->h.xid);

    wire_put64(&s, config->datapath_id);
    wire_put32(&s, 0); /* No buffers. */
    wire_put8(&s, N_TABLES);
    wire_zeros(&s, 3);
    if (conn->version == OFP10) {
        wire_put32(&s, CAPABILITIES10);
        wire_put32(&s, ACTIONS10);
        put_ports(&s, conn);
    } else {
        wire_put32(&s, CAPABILITIES13);
        wire_put32(&s, 0);
    }
    ofp_end(&s, start);
    conn_send(conn, &s);
    return 0;
}

static int handle_get_config(struct conn *conn, const struct request *r)
{
    struct strbuf s = STRBUF_INIT;
    size_t start = ofp_begin(&s, conn->version, OFPT_GET_CONFIG_REPLY, r->h.xid);

    wire_put16(&s, 0); /* OFPC_FRAG_NORMAL. */
    wire_put16(&s, conn->miss_send_len);
    ofp_end(&s, start);
    conn_send(conn, &s);
    return 0;
}

static int handle_set_config(struct conn *conn, const struct request *r)
{
    if (request_body_len(r) != 4) {
        return OFPERR_BRC_BAD_LEN;
    }
    if (wire_get16(request_body(r))) {
        return OFPERR_SCFC_BAD_FLAGS; /* Other ways to treat fragments are not there. */
    }
    conn->miss_send_len = wire_get16(request_body(r) + 2);
    return 0;
}

/* Every message before it was handled before it: they are handled one by one. */
static int handle_barrier(struct conn *conn, const struct request *r)
{
    reply(conn, r, conn->version == OFP10 ? OFPT10_BARRIER_REPLY : OFPT13_BARRIER_REPLY, 0);
    return 0;
}

#define BOTH(TYPE, EXACT, HANDLER)                                                                 \
    {OFP10, TYPE, EXACT, HANDLER},                                                                 \
    {                                                                                              \
        OFP13, TYPE, EXACT, HANDLER                                                                \
    }

static const struct handler {
    uint8_t version; /* OFP10: that alone; OFP13: and later. */
    uint8_t type;
    bool header_only; /* Has no body. */
    int (*handle)(struct conn *, const struct request *);
} handlers[] = {
    BOTH(OFPT_HELLO, false, ignore),
    BOTH(OFPT_ERROR, false, ignore),
    BOTH(OFPT_ECHO_REQUEST, false, handle_echo),
    BOTH(OFPT_ECHO_REPLY, false, ignore),
    BOTH(OFPT_VENDOR, false, handle_vendor),
    BOTH(OFPT_FEATURES_REQUEST, true, handle_features),
    BOTH(OFPT_GET_CONFIG_REQUEST, true, handle_get_config),
    BOTH(OFPT_SET_CONFIG, false, handle_set_config),
    BOTH(OFPT_FLOW_MOD, false, handle_flow_mod),
    {OFP13, OFPT11_GROUP_MOD, false, handle_group_mod},
    {OFP10, OFPT10_STATS_REQUEST, false, handle_stats},
    {OFP13, OFPT13_MULTIPART_REQUEST, false, handle_stats},
    {OFP10, OFPT10_BARRIER_REQUEST, true, handle_barrier},
    {OFP13, OFPT13_BARRIER_REQUEST, true, handle_barrier},
};

void conn_handle(struct conn *conn, const struct request *r)
{
    int error = OFPERR_BRC_BAD_TYPE;
    struct strbuf s = STRBUF_INIT;

    for (size_t i = 0; i < ARRAY_SIZE(handlers); i++) {
        if (handlers[i].version == MIN_OF(conn->version, (uint8_t)OFP13) &&
            handlers[i].type == r->h.type) {
            error = handlers[i].header_only && request_body_len(r) ? OFPERR_BRC_BAD_LEN
                                                                   : handlers[i].handle(conn, r);
            break;
        }
    }
    if (error) {
        ofp_error_encode(&s, conn->version, (enum ofp_error)error, r->msg, r->len);
        conn_send(conn, &s);
    }
}
