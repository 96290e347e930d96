/* What controllers set for their own connection by Nicira's messages: the form of packet-ins, who
 * they are, which asynchronous messages they want, their role. Event base's thread. */
#include "ofproto/codec/packet_in.h"
#include "ofproto/conn/vendor.h"

static int set_packet_in_format(struct conn *conn, const struct request *r UNUSED,
                                const uint8_t *body, size_t len)
{
    uint32_t format;

    if (len != 4) {
        return OFPERR_BRC_BAD_LEN;
    }
    format = wire_get32(body);
    if (format >= OFP_N_PACKET_IN_FORMATS) {
        return OFPERR_BRC_EPERM;
    }
    conn->packet_in_format = (enum ofp_packet_in_format)format;
    return 0;
}

static int set_controller_id(struct conn *conn, const struct request *r UNUSED, const uint8_t *body,
                             size_t len)
{
    if (len != 8) {
        return OFPERR_BRC_BAD_LEN;
    }
    if (wire_get32(body) || wire_get16(body + 4)) {
        return OFPERR_NXBRC_MUST_BE_ZERO;
    }
    conn->controller_id = wire_get16(body + 6);
    return 0;
}

static int set_async(struct conn *conn, const uint8_t *body, size_t len, enum ofp_version like)
{
    int rc = ofp_async_decode(like, body, len, &conn->async);

    if (!rc) {
        mgmt_async_changed(conn->mgmt);
    }
    return rc;
}

static int set_async_config(struct conn *conn, const struct request *r UNUSED, const uint8_t *body,
                            size_t len)
{
    return set_async(conn, body, len, OFP13);
}

static int set_async_config2(struct conn *conn, const struct request *r UNUSED, const uint8_t *body,
                             size_t len)
{
    return set_async(conn, body, len, OFP14);
}

/* Counters of flows are never older than the next look at them: nothing is to be done. */
static int flow_age(struct conn *conn UNUSED, const struct request *r UNUSED,
                    const uint8_t *body UNUSED, size_t len)
{
    return len ? OFPERR_BRC_BAD_LEN : 0;
}

static int role_request(struct conn *conn, const struct request *r, const uint8_t *body, size_t len)
{
    struct strbuf s = STRBUF_INIT;
    uint32_t role;
    size_t start;

    if (len != 4) {
        return OFPERR_BRC_BAD_LEN;
    }
    role = wire_get32(body);
    if (role > OFPCR_SLAVE - OFPCR_EQUAL) {
        return OFPERR_RRFC_BAD_ROLE;
    }
    /* "Other", master, slave; these know no generations. */
    conn_set_role(conn, (enum ofp_role)(role + OFPCR_EQUAL));
    start = ofp_nx_begin(&s, conn->version, NXT_ROLE_REPLY, r->h.xid);
    wire_put32(&s, role);
    ofp_end(&s, start);
    conn_send(conn, &s);
    return 0;
}

CONSTRUCTOR static void register_settings(void)
{
    static const struct vendor_row rows[] = {
        {OFP_VENDOR_NX, NXT_SET_PACKET_IN_FORMAT, OFP10, OFP15, set_packet_in_format},
        {OFP_VENDOR_NX, NXT_SET_CONTROLLER_ID, OFP10, OFP15, set_controller_id},
        {OFP_VENDOR_NX, NXT_SET_ASYNC_CONFIG, OFP10, OFP15, set_async_config},
        {OFP_VENDOR_NX, NXT_SET_ASYNC_CONFIG2, OFP10, OFP13, set_async_config2},
        {OFP_VENDOR_NX, NXT_FLOW_AGE, OFP10, OFP15, flow_age},
        {OFP_VENDOR_NX, NXT_ROLE_REQUEST, OFP10, OFP15, role_request},
    };

    vendor_register(rows, ARRAY_SIZE(rows));
}
