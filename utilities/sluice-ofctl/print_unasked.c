/* How messages that a switch sends unasked are printed: packet-ins, port status, flow-removed,
 * updates of flow monitors; errors, hellos and echoes. */
#include <stdlib.h>
#include <string.h>

#include "ofproto/codec/flow_text.h"
#include "ofproto/codec/unasked.h"
#include "utilities/sluice-ofctl/message.h"
#include "utilities/sluice-ofctl/ports.h"

#define STATS_FLOW_MONITOR 16
#define NXT_PACKET_IN 17
#define NXT_RESUME 28
#define NXT_PACKET_IN2 30

static const char *name_of(const char *const *names, size_t n, unsigned int i)
{
    return i < n ? names[i] : "unknown";
}

static void format_packet_in(struct strbuf *s, const struct ofp_packet_in *pin, uint32_t buffer,
                             bool verbose)
{
    struct strbuf match = STRBUF_INIT;

    if (pin->table_id) {
        strbuf_printf(s, " table_id=%u", pin->table_id);
    }
    if (pin->cookie != UINT64_MAX) {
        strbuf_printf(s, " cookie=0x%llx", (unsigned long long)pin->cookie);
    }
    ofp_match_format(&match, &pin->match);
    strbuf_printf(s, " total_len=%zu %s (via ", pin->full_len, strbuf_str(&match));
    strbuf_free(&match);
    ofp_packet_in_reason_format(s, pin->reason);
    strbuf_printf(s, ") data_len=%zu", pin->packet_len);
    if (buffer == OFP_NO_BUFFER) {
        strbuf_puts(s, " (unbuffered)");
        if (pin->packet_len != pin->full_len) {
            strbuf_puts(s, " (***total_len != data_len***)");
        }
    } else {
        strbuf_printf(s, " buffer=0x%08x", buffer);
    }
    for (size_t i = 0; i < pin->userdata_len; i++) {
        strbuf_printf(s, "%s%02x", i ? "." : " userdata=", pin->userdata[i]);
    }
    strbuf_putc(s, '\n');
    if (verbose) {
        message_hexdump(s, pin->packet, pin->packet_len);
    }
}

static int print_packet_in(struct strbuf *s, const struct message *m)
{
    struct ofp_packet_in pin;
    uint32_t buffer;
    int rc = ofp_packet_in_decode(m->version, m->body, m->len, &pin, &buffer);

    if (!rc) {
        format_packet_in(s, &pin, buffer, m->verbose);
    }
    return rc;
}

static int print_packet_in2(struct strbuf *s, const struct message *m)
{
    struct ofp_packet_in pin;
    int rc = ofp_packet_in2_decode(m->body, m->len, &pin);

    if (!rc) {
        format_packet_in(s, &pin, OFP_NO_BUFFER, m->verbose);
    }
    return rc;
}

static int print_nx_packet_in(struct strbuf *s, const struct message *m)
{
    struct ofp_packet_in pin;
    uint32_t buffer;
    int rc = nx_packet_in_decode(m->body, m->len, &pin, &buffer);

    if (!rc) {
        format_packet_in(s, &pin, buffer, m->verbose);
    }
    return rc;
}

static int print_port_status(struct strbuf *s, const struct message *m)
{
    static const char *const reasons[] = {"ADD", "DEL", "MOD"};
    struct ofp_port_info info;
    size_t n;
    int rc;

    if (m->len < 8) {
        return OFPERR_BRC_BAD_LEN;
    }
    rc = ofp_port_info_decode(m->version, m->body + 8, m->len - 8, &info, &n);
    if (!rc) {
        strbuf_printf(s, " %s:", name_of(reasons, ARRAY_SIZE(reasons), m->body[0]));
        ofports_print(s, m->version, &info);
    }
    return rc;
}

static const char *removed_reason(unsigned int reason)
{
    static const char *const reasons[] = {"idle",         "hard",         "delete",
                                          "group_delete", "meter_delete", "eviction"};

    return name_of(reasons, ARRAY_SIZE(reasons), reason);
}

static int print_flow_removed(struct strbuf *s, const struct message *m)
{
    struct ofp_flow_removed fr;
    int rc = ofp_flow_removed_decode(m->version, m->body, m->len, &fr);
    struct strbuf rule = STRBUF_INIT;

    if (rc) {
        return rc;
    }
    ofp_rule_format(&rule, fr.priority, &fr.match);
    strbuf_printf(s, " %s reason=%s", strbuf_str(&rule), removed_reason(fr.reason));
    strbuf_free(&rule);
    if (fr.table_id != UINT8_MAX) {
        strbuf_printf(s, " table_id=%u", fr.table_id);
    }
    if (fr.cookie) {
        strbuf_printf(s, " cookie:0x%llx", (unsigned long long)fr.cookie);
    }
    strbuf_puts(s, " duration");
    message_format_duration(s, (uint32_t)(fr.duration_ms / 1000),
                            (uint32_t)(fr.duration_ms % 1000 * 1000000));
    strbuf_printf(s, "s idle%u", fr.idle_timeout_s);
    if (fr.hard_timeout_s) {
        strbuf_printf(s, " hard%u", fr.hard_timeout_s);
    }
    strbuf_printf(s, " pkts%llu bytes%llu", (unsigned long long)fr.packets,
                  (unsigned long long)fr.bytes);
    return 0;
}

static void format_update(struct strbuf *s, const struct ofp_flow_update *u)
{
    static const char *const events[] = {"INITIAL", "ADDED",  "DELETED", "MODIFIED",
                                         "ABBREV",  "PAUSED", "RESUMED"};
    struct strbuf rule = STRBUF_INIT;

    strbuf_printf(s, "\n event=%s", events[u->event]);
    if (u->event == OFPFME_ABBREV) {
        strbuf_printf(s, " xid=0x%x", u->xid);
    }
    if (u->event >= OFPFME_ABBREV) {
        return;
    }
    if (u->event == OFPFME_REMOVED) {
        strbuf_printf(s, " reason=%s", removed_reason(u->reason));
    }
    strbuf_printf(s, " table=%u", u->table_id);
    if (u->idle_timeout_s) {
        strbuf_printf(s, " idle_timeout=%u", u->idle_timeout_s);
    }
    if (u->hard_timeout_s) {
        strbuf_printf(s, " hard_timeout=%u", u->hard_timeout_s);
    }
    strbuf_printf(s, u->cookie ? " cookie=0x%llx " : " cookie=%llu ",
                  (unsigned long long)u->cookie);
    ofp_rule_format(&rule, u->priority, &u->match);
    strbuf_puts(s, strbuf_str(&rule));
    if (u->actions_len) {
        strbuf_puts(s, rule.len ? " actions=" : "actions=");
        ofp_actions_format(s, u->actions, u->actions_len);
    }
    strbuf_free(&rule);
}

static int print_updates(struct strbuf *s, const struct message *m)
{
    const uint8_t *p = m->body;
    size_t left = m->len, n = 0;
    int rc = 0;

    for (; left && !rc; p += n, left -= n) {
        struct ofp_actions actions = OFP_ACTIONS_INIT;
        struct ofp_flow_update u;

        rc = ofp_flow_update_decode(m->version, p, left, &u, &actions, &n);
        if (!rc) {
            format_update(s, &u);
        }
        ofp_actions_free(&actions);
    }
    return rc;
}

#define NXET_VENDOR 0xb0c2
#define EXPERIMENTER 0xffff

/* The message that an error quotes; of one that is cut, its bytes. No error is about an error. */
static void format_quoted(struct strbuf *s, const struct message *m, size_t head)
{
    const uint8_t *p = m->body + head;
    size_t len = m->len - head;

    strbuf_putc(s, '\n');
    if (len >= OFP_HEADER_LEN && p[1] != OFPT_ERROR && wire_get16(p + 2) == len) {
        message_format(s, p, len, m->verbose);
    } else {
        message_hexdump(s, p, len);
    }
}

static int print_error(struct strbuf *s, const struct message *m)
{
    uint16_t type = m->len < 4 ? 0 : wire_get16(m->body), code;
    bool is_nx = type == NXET_VENDOR && m->len >= 12; /* In OpenFlow 1.0. */
    size_t head = is_nx ? 12 : type == EXPERIMENTER && m->version >= OFP12 ? 8 : 4;
    const char *name;

    if (m->len < head || m->len < 4) {
        return OFPERR_BRC_BAD_LEN;
    }
    type = is_nx ? wire_get16(m->body + 8) : type;
    code = wire_get16(m->body + (is_nx ? 10 : 2));
    name = ofp_error_find((uint8_t)m->version, type, code);
    if (name) {
        strbuf_printf(s, " %s", name);
    } else {
        strbuf_printf(s, " type %u code %u", type, code);
    }
    format_quoted(s, m, head);
    return 0;
}

static int print_echo(struct strbuf *s, const struct message *m)
{
    strbuf_printf(s, " %zu bytes of payload\n", m->len);
    message_hexdump(s, m->body, m->len);
    return 0;
}

/* Without a bitmap: every version up to the header's. */
static int print_hello(struct strbuf *s, const struct message *m)
{
    uint32_t versions = m->version < 31 ? (2u << m->version) - 2 : UINT32_MAX;
    const uint8_t *p = m->body;
    size_t left = m->len;
    const char *comma = "";

    while (left >= 4) {
        size_t n = wire_get16(p + 2), padded = ROUND_UP(n, 8);

        if (n < 4 || n > left) {
            return OFPERR_BRC_BAD_LEN;
        }
        if (wire_get16(p) == 1 && n >= 8) {
            versions = wire_get32(p + 4);
        }
        p += MIN_OF(padded, left);
        left -= MIN_OF(padded, left);
    }
    strbuf_puts(s, "\n version bitmap: ");
    for (unsigned int v = 0; v < 32; v++) {
        if (versions >> v & 1) {
            strbuf_printf(s, "%s0x%02x", comma, v);
            comma = ", ";
        }
    }
    return 0;
}

static const struct message_row rows[] = {
    {MESSAGE_PLAIN, OFP10, OFP15, 0, OFPT_HELLO, "OFPT_HELLO", print_hello},
    {MESSAGE_PLAIN, OFP10, OFP15, 0, OFPT_ERROR, "OFPT_ERROR", print_error},
    {MESSAGE_PLAIN, OFP10, OFP15, 0, OFPT_ECHO_REQUEST, "OFPT_ECHO_REQUEST", print_echo},
    {MESSAGE_PLAIN, OFP10, OFP15, 0, OFPT_ECHO_REPLY, "OFPT_ECHO_REPLY", print_echo},
    {MESSAGE_PLAIN, OFP10, OFP15, 0, OFPT_PACKET_IN, "OFPT_PACKET_IN", print_packet_in},
    {MESSAGE_PLAIN, OFP10, OFP15, OFP_VENDOR_NX, NXT_PACKET_IN2, "NXT_PACKET_IN2",
     print_packet_in2},
    {MESSAGE_PLAIN, OFP10, OFP15, OFP_VENDOR_NX, NXT_PACKET_IN, "NXT_PACKET_IN",
     print_nx_packet_in},
    {MESSAGE_PLAIN, OFP10, OFP15, OFP_VENDOR_NX, NXT_RESUME, "NXT_RESUME", print_packet_in2},
    {MESSAGE_PLAIN, OFP10, OFP15, 0, OFPT_FLOW_REMOVED, "OFPT_FLOW_REMOVED", print_flow_removed},
    {MESSAGE_PLAIN, OFP10, OFP15, 0, OFPT_PORT_STATUS, "OFPT_PORT_STATUS", print_port_status},
    {MESSAGE_REPLY, OFP14, OFP15, 0, STATS_FLOW_MONITOR, "OFPST_FLOW_MONITOR", print_updates},
    {MESSAGE_REPLY, OFP10, OFP12, OFP_VENDOR_NX, NXST_FLOW_MONITOR, "NXST_FLOW_MONITOR",
     print_updates},
    {MESSAGE_REPLY, OFP13, OFP13, OFP_VENDOR_ONF, ONFST_FLOW_MONITOR, "ONFST_FLOW_MONITOR",
     print_updates},
    {MESSAGE_PLAIN, OFP10, OFP10, 0, 0, NULL, NULL},
};
MESSAGE_ROWS(rows)
