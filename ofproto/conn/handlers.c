/* What the switch answers to each OpenFlow message: a row a type and version. Messages that have no
 * row are OFPBRC_BAD_TYPE. Event base's thread. */
#include "ofproto/codec/port_desc.h"
#include "ofproto/codec/switch_info.h"
#include "ofproto/conn/bundle.h"
#include "ofproto/conn/vendor.h"

/* Statistics of flows, tables, ports and queues. */
#define CAPABILITIES (1u << 0 | 1u << 1 | 1u << 2 | 1u << 6)
#define CAN_GROUPS (1u << 3)
#define CAN_MATCH_ARP (1u << 7)
#define CAN_BUNDLES (1u << 9)
#define CAN_MONITOR (1u << 10)
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
        struct ofp_port_desc desc = ofport_describe(port);

        if (s->len > UINT16_MAX - 64) {
            break; /* A message holds no more; ask for the port descriptions. */
        }
        ofp_port_desc_encode(s, (enum ofp_version)conn->version, &desc);
    }
}

static uint32_t capabilities(uint8_t version)
{
    return CAPABILITIES | (version >= OFP11 ? CAN_GROUPS : 0) |
           (version <= OFP11 ? CAN_MATCH_ARP : 0) | (version >= OFP14 ? CAN_BUNDLES : 0) |
           (version >= OFP15 ? CAN_MONITOR : 0);
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
    wire_put32(&s, capabilities(conn->version));
    wire_put32(&s, conn->version == OFP10 ? ofp_action_types(OFP10) : 0);
    if (conn->version < OFP13) {
        put_ports(&s, conn);
    }
    ofp_end(&s, start);
    conn_send(conn, &s);
    return 0;
}

static int handle_get_config(struct conn *conn, const struct request *r)
{
    struct strbuf s = STRBUF_INIT;
    size_t start = ofp_begin(&s, conn->version, OFPT_GET_CONFIG_REPLY, r->h.xid);

    wire_put16(&s,
               conn->bridge->frag_handling | (conn->version < OFP13 && conn_wants_invalid_ttl(conn)
                                                  ? OFPC_INVALID_TTL_TO_CONTROLLER
                                                  : 0u));
    wire_put16(&s, conn->miss_send_len);
    ofp_end(&s, start);
    conn_send(conn, &s);
    return 0;
}

/* A slave gets no packets, and may not say what becomes of fragments: as in Open vSwitch the rest
 * of its message counts. */
static void set_frag_handling(struct conn *conn, uint8_t mode)
{
    if (mode != conn->bridge->frag_handling && conn->role != OFPCR_SLAVE) {
        conn->bridge->frag_handling = mode;
        bridge_changed(conn->bridge);
    }
}

static int handle_set_config(struct conn *conn, const struct request *r)
{
    uint16_t flags, known = OFPC_FRAG_MASK;

    if (request_body_len(r) != 4) {
        return OFPERR_BRC_BAD_LEN;
    }
    flags = wire_get16(request_body(r));
    known |= conn->version < OFP13 ? OFPC_INVALID_TTL_TO_CONTROLLER : 0;
    if (flags & ~known || (flags & OFPC_FRAG_MASK) == OFPC_FRAG_REASM) {
        return OFPERR_SCFC_BAD_FLAGS; /* Nothing puts fragments together. */
    }
    set_frag_handling(conn, flags & OFPC_FRAG_MASK);
    if (conn->version < OFP13) {
        conn_want_invalid_ttl(conn, flags & OFPC_INVALID_TTL_TO_CONTROLLER);
    }
    conn->miss_send_len = wire_get16(request_body(r) + 2);
    mgmt_async_changed(conn->mgmt);
    return 0;
}

#define BOTH(TYPE, EXACT, HANDLER)                                                                 \
    {OFP10, TYPE, EXACT, HANDLER},                                                                 \
    {                                                                                              \
        OFP11, TYPE, EXACT, HANDLER                                                                \
    }

static const struct handler {
    uint8_t version; /* OFP10: that alone; others: and later. */
    uint8_t type;
    bool header_only; /* Has no body. */
    int (*handle)(struct conn *, const struct request *);
    bool changes; /* The switch: slaves may not (OpenFlow 1.3.5 section 6.3.6). */
} handlers[] = {
    BOTH(OFPT_HELLO, false, ignore),
    BOTH(OFPT_ERROR, false, ignore),
    BOTH(OFPT_ECHO_REQUEST, false, handle_echo),
    BOTH(OFPT_ECHO_REPLY, false, ignore),
    BOTH(OFPT_VENDOR, false, handle_vendor),
    BOTH(OFPT_FEATURES_REQUEST, true, handle_features),
    BOTH(OFPT_GET_CONFIG_REQUEST, true, handle_get_config),
    BOTH(OFPT_SET_CONFIG, false, handle_set_config),
    {OFP10, OFPT_PACKET_OUT, false, handle_packet_out, true},
    {OFP11, OFPT_PACKET_OUT, false, handle_packet_out, true},
    {OFP10, OFPT_FLOW_MOD, false, handle_flow_mod, true},
    {OFP11, OFPT_FLOW_MOD, false, handle_flow_mod, true},
    {OFP10, OFPT10_PORT_MOD, false, handle_port_mod, true},
    {OFP11, OFPT13_PORT_MOD, false, handle_port_mod, true},
    {OFP12, OFPT13_ROLE_REQUEST, false, handle_role_request},
    {OFP13, OFPT13_GET_ASYNC_REQUEST, true, handle_get_async},
    {OFP13, OFPT13_SET_ASYNC, false, handle_set_async},
    {OFP11, OFPT11_TABLE_MOD, false, handle_table_mod, true},
    {OFP11, OFPT11_GROUP_MOD, false, handle_group_mod, true},
    {OFP13, OFPT13_METER_MOD, false, handle_meter_mod, true},
    {OFP14, OFPT14_BUNDLE_CONTROL, false, handle_bundle_control, true},
    {OFP14, OFPT14_BUNDLE_ADD, false, handle_bundle_add, true},
    {OFP10, OFPT10_STATS_REQUEST, false, handle_stats},
    {OFP11, OFPT13_MULTIPART_REQUEST, false, handle_stats},
    {OFP10, OFPT10_QUEUE_GET_CONFIG_REQUEST, false, handle_queue_config},
    {OFP11, OFPT11_QUEUE_GET_CONFIG_REQUEST, false, handle_queue_config},
    {OFP10, OFPT10_BARRIER_REQUEST, true, handle_barrier},
    {OFP11, OFPT13_BARRIER_REQUEST, true, handle_barrier},
};

void conn_handle(struct conn *conn, const struct request *r)
{
    int error = OFPERR_BRC_BAD_TYPE;
    struct strbuf s = STRBUF_INIT;

    ofp_tlv_map_use(&conn->bridge->tlvs);
    for (size_t i = 0; i < ARRAY_SIZE(handlers); i++) {
        const struct handler *h = &handlers[i];

        if (h->type == r->h.type &&
            (h->version == OFP10 ? conn->version == OFP10 : conn->version >= h->version)) {
            error = h->header_only && request_body_len(r)     ? OFPERR_BRC_BAD_LEN
                    : h->changes && conn->role == OFPCR_SLAVE ? OFPERR_BRC_IS_SLAVE
                                                              : h->handle(conn, r);
            break;
        }
    }
    if (error) {
        ofp_error_encode(&s, conn->version, (enum ofp_error)error, r->msg, r->len);
        conn_send(conn, &s);
    }
}
