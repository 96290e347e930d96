/* How messages about a connection and a switch's settings are printed: features, configuration,
 * barriers, roles, Nicira's settings. See message.h. */
#include "ofproto/codec/switch_info.h"
#include "utilities/sluice-ofctl/message.h"
#include "utilities/sluice-ofctl/ports.h"

#define NXT_ROLE_REQUEST 10
#define NXT_ROLE_REPLY 11
#define NXT_SET_FLOW_FORMAT 12
#define NXT_FLOW_MOD_TABLE_ID 15
#define NXT_SET_PACKET_IN_FORMAT 16
#define STATS_DESC 0
#define STATS_TABLE 3
#define STATS_PORT_DESC 13

static int print_config(struct strbuf *s, const struct message *m)
{
    static const char *const frags[] = {"normal", "drop", "reassemble", "nx-match"};
    uint16_t flags;

    if (m->len != 4) {
        return OFPERR_BRC_BAD_LEN;
    }
    flags = wire_get16(m->body);
    strbuf_printf(s, " frags=%s", frags[flags & OFPC_FRAG_MASK]);
    if (flags & OFPC_INVALID_TTL_TO_CONTROLLER && m->version < OFP13) {
        strbuf_puts(s, " invalid_ttl_to_controller");
    }
    strbuf_printf(s, " miss_send_len=%u", wire_get16(m->body + 2));
    return 0;
}

static int print_features(struct strbuf *s, const struct message *m)
{
    struct ofp_features f;
    int rc = ofp_features_decode(m->version, m->body, m->len, &f);
    const uint8_t *p = m->body + OFP_FEATURES_LEN;
    size_t left, n = 0;

    if (rc) {
        return rc;
    }
    ofports_print_features(s, m->version, &f);
    left = m->version < OFP13 ? m->len - OFP_FEATURES_LEN : 0;
    for (; left && !rc; p += n, left -= n) {
        struct ofp_port_info info;

        rc = ofp_port_info_decode(m->version, p, left, &info, &n);
        if (!rc) {
            ofports_print(s, m->version, &info);
        }
    }
    return rc;
}

static int print_role(struct strbuf *s, const struct message *m)
{
    static const char *const names[] = {"nochange", "equal", "primary", "secondary"};
    uint32_t role;

    if (m->len != 16) {
        return OFPERR_BRC_BAD_LEN;
    }
    role = wire_get32(m->body);
    if (role >= ARRAY_SIZE(names)) {
        return OFPERR_RRFC_BAD_ROLE;
    }
    strbuf_printf(s, " role=%s", names[role]);
    if (wire_get64(m->body + 8) != UINT64_MAX && role) {
        strbuf_printf(s, " generation_id=%llu", (unsigned long long)wire_get64(m->body + 8));
    }
    return 0;
}

static int print_nx_role(struct strbuf *s, const struct message *m)
{
    static const char *const names[] = {"equal", "primary", "secondary"};
    uint32_t role = m->len == 4 ? wire_get32(m->body) : UINT32_MAX;

    if (role >= ARRAY_SIZE(names)) {
        return m->len == 4 ? OFPERR_RRFC_BAD_ROLE : OFPERR_BRC_BAD_LEN;
    }
    strbuf_printf(s, " role=%s", names[role]);
    return 0;
}

static int print_flow_format(struct strbuf *s, const struct message *m)
{
    uint32_t format = m->len == 4 ? wire_get32(m->body) : UINT32_MAX;

    if (m->len != 4) {
        return OFPERR_BRC_BAD_LEN;
    }
    if (format == 0 || format == 2) {
        strbuf_printf(s, " format=%s", format ? "nxm" : "openflow10");
    } else {
        strbuf_printf(s, " format=%u", format);
    }
    return 0;
}

static int print_table_id(struct strbuf *s, const struct message *m)
{
    if (m->len != 8) {
        return OFPERR_BRC_BAD_LEN;
    }
    strbuf_puts(s, m->body[0] ? " enable" : " disable");
    return 0;
}

static int print_packet_in_format(struct strbuf *s, const struct message *m)
{
    static const char *const names[] = {"standard", "nxt_packet_in", "nxt_packet_in2"};

    if (m->len != 4) {
        return OFPERR_BRC_BAD_LEN;
    }
    if (wire_get32(m->body) < ARRAY_SIZE(names)) {
        strbuf_printf(s, " format=%s", names[wire_get32(m->body)]);
    } else {
        strbuf_printf(s, " format=%u", wire_get32(m->body));
    }
    return 0;
}

/* Messages that are their header alone. */
static int print_nothing(struct strbuf *s UNUSED, const struct message *m)
{
    return m->len ? OFPERR_BRC_BAD_LEN : 0;
}

static const struct message_row rows[] = {
    {MESSAGE_PLAIN, OFP10, OFP15, 0, OFPT_FEATURES_REQUEST, "OFPT_FEATURES_REQUEST", print_nothing},
    {MESSAGE_PLAIN, OFP10, OFP15, 0, OFPT_FEATURES_REPLY, "OFPT_FEATURES_REPLY", print_features},
    {MESSAGE_PLAIN, OFP10, OFP15, 0, OFPT_GET_CONFIG_REQUEST, "OFPT_GET_CONFIG_REQUEST",
     print_nothing},
    {MESSAGE_PLAIN, OFP10, OFP15, 0, OFPT_GET_CONFIG_REPLY, "OFPT_GET_CONFIG_REPLY", print_config},
    {MESSAGE_PLAIN, OFP10, OFP15, 0, OFPT_SET_CONFIG, "OFPT_SET_CONFIG", print_config},
    {MESSAGE_PLAIN, OFP10, OFP10, 0, OFPT10_BARRIER_REQUEST, "OFPT_BARRIER_REQUEST", print_nothing},
    {MESSAGE_PLAIN, OFP10, OFP10, 0, OFPT10_BARRIER_REPLY, "OFPT_BARRIER_REPLY", print_nothing},
    {MESSAGE_PLAIN, OFP11, OFP15, 0, OFPT13_BARRIER_REQUEST, "OFPT_BARRIER_REQUEST", print_nothing},
    {MESSAGE_PLAIN, OFP11, OFP15, 0, OFPT13_BARRIER_REPLY, "OFPT_BARRIER_REPLY", print_nothing},
    {MESSAGE_PLAIN, OFP12, OFP15, 0, OFPT13_ROLE_REQUEST, "OFPT_ROLE_REQUEST", print_role},
    {MESSAGE_PLAIN, OFP12, OFP15, 0, OFPT13_ROLE_REPLY, "OFPT_ROLE_REPLY", print_role},
    {MESSAGE_PLAIN, OFP10, OFP15, OFP_VENDOR_NX, NXT_ROLE_REQUEST, "NXT_ROLE_REQUEST",
     print_nx_role},
    {MESSAGE_PLAIN, OFP10, OFP15, OFP_VENDOR_NX, NXT_ROLE_REPLY, "NXT_ROLE_REPLY", print_nx_role},
    {MESSAGE_PLAIN, OFP10, OFP15, OFP_VENDOR_NX, NXT_SET_FLOW_FORMAT, "NXT_SET_FLOW_FORMAT",
     print_flow_format},
    {MESSAGE_PLAIN, OFP10, OFP15, OFP_VENDOR_NX, NXT_FLOW_MOD_TABLE_ID, "NXT_FLOW_MOD_TABLE_ID",
     print_table_id},
    {MESSAGE_PLAIN, OFP10, OFP15, OFP_VENDOR_NX, NXT_SET_PACKET_IN_FORMAT,
     "NXT_SET_PACKET_IN_FORMAT", print_packet_in_format},
    {MESSAGE_REQUEST, OFP10, OFP15, 0, STATS_DESC, "OFPST_DESC", print_nothing},
    {MESSAGE_REQUEST, OFP10, OFP15, 0, STATS_TABLE, "OFPST_TABLE", print_nothing},
    {MESSAGE_REQUEST, OFP10, OFP14, 0, STATS_PORT_DESC, "OFPST_PORT_DESC", print_nothing},
    {MESSAGE_PLAIN, OFP10, OFP10, 0, 0, NULL, NULL},
};
MESSAGE_ROWS(rows)
