/* How flow mods, packet-outs and statistics of flows are printed. See message.h. */
#include "ofproto/codec/flow_mod.h"
#include "ofproto/codec/flow_text.h"
#include "ofproto/codec/packet_out.h"
#include "utilities/sluice-ofctl/message.h"

#define STATS_FLOW 1
#define STATS_AGGREGATE 2
#define NXST_FLOW 0
#define NXST_AGGREGATE 1
#define NXT_FLOW_MOD 13

static void format_flags(struct strbuf *s, uint16_t flags)
{
    static const struct {
        const char *name;
        uint16_t flag;
    } names[] = {{"send_flow_rem", OFPFF_SEND_FLOW_REM},
                 {"check_overlap", OFPFF_CHECK_OVERLAP},
                 {"reset_counts", OFPFF_RESET_COUNTS},
                 {"no_packet_counts", OFPFF_NO_PKT_COUNTS},
                 {"no_byte_counts", OFPFF_NO_BYT_COUNTS}};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (flags & names[i].flag) {
            strbuf_printf(s, " %s", names[i].name);
        }
    }
}

static void format_flow_mod(struct strbuf *s, const struct ofp_flow_mod *fm)
{
    static const char *const commands[] = {[OFPFC_ADD] = "ADD",
                                           [OFPFC_MODIFY] = "MOD",
                                           [OFPFC_MODIFY_STRICT] = "MOD_STRICT",
                                           [OFPFC_DELETE] = "DEL",
                                           [OFPFC_DELETE_STRICT] = "DEL_STRICT"};
    bool is_delete = fm->command == OFPFC_DELETE || fm->command == OFPFC_DELETE_STRICT;
    struct strbuf rule = STRBUF_INIT;

    strbuf_printf(s, " %s", commands[fm->command]);
    if (fm->table_id) {
        strbuf_printf(s, " table:%u", fm->table_id);
    }
    ofp_rule_format(&rule, fm->priority, &fm->match);
    strbuf_printf(s, "%s%s", rule.len ? " " : "", strbuf_str(&rule));
    strbuf_free(&rule);
    if (fm->new_cookie && fm->new_cookie != UINT64_MAX && !is_delete) {
        strbuf_printf(s, " cookie:0x%llx", (unsigned long long)fm->new_cookie);
    }
    if (fm->cookie_mask) {
        strbuf_printf(s, " cookie:0x%llx/0x%llx", (unsigned long long)fm->cookie,
                      (unsigned long long)fm->cookie_mask);
    }
    if (fm->idle_timeout_s) {
        strbuf_printf(s, " idle:%u", fm->idle_timeout_s);
    }
    if (fm->hard_timeout_s) {
        strbuf_printf(s, " hard:%u", fm->hard_timeout_s);
    }
    if (fm->importance) {
        strbuf_printf(s, " importance:%u", fm->importance);
    }
    if (is_delete && fm->out_port != OFP_PORT_NONE) {
        strbuf_puts(s, " out_port:");
        ofp_port_format(s, fm->out_port);
    }
    if (is_delete && fm->out_group != UINT32_MAX) {
        strbuf_printf(s, " out_group:%u", fm->out_group);
    }
    format_flags(s, fm->flags);
    strbuf_puts(s, " actions=");
    ofp_actions_format(s, fm->actions.data, fm->actions.len);
}

/* Up to 1.1 adding resets counters anyway: there is no flag. */
static int print_decoded(struct strbuf *s, const struct message *m, int rc, struct ofp_flow_mod *fm)
{
    if (!rc) {
        fm->flags &= (uint16_t)(m->version < OFP12 ? ~OFPFF_RESET_COUNTS : ~0);
        format_flow_mod(s, fm);
        ofp_actions_free(&fm->actions);
    }
    return rc;
}

/* Of 1.0 nobody knows here whether a command's upper byte is a table: as if it were. */
static int print_flow_mod(struct strbuf *s, const struct message *m)
{
    struct ofp_flow_mod fm;

    return print_decoded(s, m, ofp_flow_mod_decode(m->version, m->body, m->len, true, &fm), &fm);
}

static int print_nx_flow_mod(struct strbuf *s, const struct message *m)
{
    struct ofp_flow_mod fm;

    return print_decoded(s, m, nx_flow_mod_decode(m->version, m->body, m->len, true, &fm), &fm);
}

static int print_packet_out(struct strbuf *s, const struct message *m)
{
    struct ofp_actions actions = OFP_ACTIONS_INIT;
    struct ofp_packet_out po;
    int rc = ofp_packet_out_decode(m->version, m->body, m->len, &po);

    rc = rc ? rc : ofp_actions_decode(m->version, po.actions, po.actions_len, NULL, &actions);
    if (!rc) {
        OFP_MATCH_SET(&po.match, in_port, po.in_port);
        strbuf_putc(s, ' ');
        ofp_match_format(s, &po.match);
        strbuf_puts(s, " actions=");
        ofp_actions_format(s, actions.data, actions.len);
        strbuf_printf(s, " data_len=%zu", po.packet_len);
        if (m->verbose && po.packet_len) {
            strbuf_putc(s, '\n');
            message_hexdump(s, po.packet, po.packet_len);
        }
    }
    ofp_actions_free(&actions);
    return rc;
}

/* --- Statistics. */

static int print_query_in(struct strbuf *s, const struct message *m, enum ofp_flow_stats_form form)
{
    struct ofp_flow_query q;
    int rc = ofp_flow_query_decode(m->version, form, m->body, m->len, &q);

    if (rc) {
        return rc;
    }
    if (q.table_id != UINT8_MAX) {
        strbuf_printf(s, " table=%u", q.table_id);
    }
    if (q.out_port != OFP_PORT_NONE) {
        strbuf_puts(s, " out_port=");
        ofp_port_format(s, q.out_port);
    }
    strbuf_putc(s, ' ');
    ofp_match_format(s, &q.match);
    return 0;
}

static int print_query(struct strbuf *s, const struct message *m)
{
    return print_query_in(s, m, OFP_FLOW_STATS_OWN);
}

static int print_nx_query(struct strbuf *s, const struct message *m)
{
    return print_query_in(s, m, OFP_FLOW_STATS_NX);
}

static int print_flows_in(struct strbuf *s, const struct message *m, enum ofp_flow_stats_form form)
{
    const uint8_t *p = m->body;
    size_t left = m->len, n = 0;
    int rc = 0;

    for (; left && !rc; p += n, left -= n) {
        struct ofp_actions actions = OFP_ACTIONS_INIT;
        struct ofp_flow_stats fs;

        rc = ofp_flow_stats_decode(m->version, form, p, left, &fs, &actions, &n);
        if (!rc) {
            strbuf_puts(s, "\n ");
            ofp_flow_stats_format(s, &fs, OFP_FLOW_TEXT_STATS | OFP_FLOW_TEXT_AGES);
        }
        ofp_actions_free(&actions);
    }
    return rc;
}

static int print_flows(struct strbuf *s, const struct message *m)
{
    return print_flows_in(s, m, OFP_FLOW_STATS_OWN);
}

static int print_nx_flows(struct strbuf *s, const struct message *m)
{
    return print_flows_in(s, m, OFP_FLOW_STATS_NX);
}

static int print_aggregate(struct strbuf *s, const struct message *m)
{
    uint64_t packets, bytes;
    uint32_t flows;
    int rc = ofp_aggregate_decode(m->version, m->body, m->len, &packets, &bytes, &flows);

    if (!rc) {
        strbuf_printf(s, " packet_count=%llu byte_count=%llu flow_count=%u",
                      (unsigned long long)packets, (unsigned long long)bytes, flows);
    }
    return rc;
}

static const struct message_row rows[] = {
    {MESSAGE_PLAIN, OFP10, OFP15, 0, OFPT_FLOW_MOD, "OFPT_FLOW_MOD", print_flow_mod},
    {MESSAGE_PLAIN, OFP10, OFP15, OFP_VENDOR_NX, NXT_FLOW_MOD, "NXT_FLOW_MOD", print_nx_flow_mod},
    {MESSAGE_PLAIN, OFP10, OFP15, 0, OFPT_PACKET_OUT, "OFPT_PACKET_OUT", print_packet_out},
    {MESSAGE_REQUEST, OFP10, OFP14, 0, STATS_FLOW, "OFPST_FLOW", print_query},
    {MESSAGE_REPLY, OFP10, OFP15, 0, STATS_FLOW, "OFPST_FLOW", print_flows},
    {MESSAGE_REQUEST, OFP10, OFP15, 0, STATS_AGGREGATE, "OFPST_AGGREGATE", print_query},
    {MESSAGE_REPLY, OFP10, OFP15, 0, STATS_AGGREGATE, "OFPST_AGGREGATE", print_aggregate},
    {MESSAGE_REQUEST, OFP15, OFP15, 0, STATS_FLOW, "OFPST_FLOW", print_query},
    {MESSAGE_REQUEST, OFP10, OFP10, OFP_VENDOR_NX, NXST_FLOW, "NXST_FLOW", print_nx_query},
    {MESSAGE_REPLY, OFP10, OFP10, OFP_VENDOR_NX, NXST_FLOW, "NXST_FLOW", print_nx_flows},
    {MESSAGE_REQUEST, OFP10, OFP10, OFP_VENDOR_NX, NXST_AGGREGATE, "NXST_AGGREGATE",
     print_nx_query},
    {MESSAGE_REPLY, OFP10, OFP10, OFP_VENDOR_NX, NXST_AGGREGATE, "NXST_AGGREGATE", print_aggregate},
    {MESSAGE_PLAIN, OFP10, OFP10, 0, 0, NULL, NULL},
};
MESSAGE_ROWS(rows)
