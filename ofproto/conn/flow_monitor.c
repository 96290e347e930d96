/* Flow monitors: connections that are told of each change of the rules that they look at. One that
 * does not keep up is told that it is, and no more but of rules that go; when it has read what
 * waits, it hears what came and changed meanwhile. Event base's thread. */
#include "ofproto/codec/flow_monitor.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdlib.h>

#include "ofproto/codec/flow_mod.h"
#include "ofproto/codec/group_mod.h"
#include "ofproto/conn/mgmt.h"
#include "ofproto/conn/vendor.h"

#define MAX_MONITORS 256 /* Of a connection. */
#define PAUSE_BYTES ((size_t)2 << 20)
#define FULL 30000
#define STATS_FLOW_MONITOR 16

struct flow_monitor {
    LIST_ENTRY(flow_monitor) node;
    struct ofp_monitor_request r;
    bool tells_initial; /* The request at work asked for the rules that are there. */
};

/* --- Which rules. */

static bool watches(const struct flow_monitor *m, const struct ofp_rule *rule,
                    const struct ofp_match *match)
{
    return (m->r.table_id == OFPTT_ALL || m->r.table_id == rule->table_id) &&
           ofp_match_is_within(match, &m->r.match) &&
           (m->r.out_port == OFP_PORT_NONE ||
            ofp_actions_output_to(rule->actions, rule->actions_len, m->r.out_port)) &&
           (m->r.out_group == OFP_GROUP_ANY ||
            ofp_actions_use_group(rule->actions, rule->actions_len, m->r.out_group));
}

static struct ofp_flow_update describe(const struct ofp_rule *rule, const struct ofp_match *match,
                                       enum ofp_monitor_event event, bool with_actions)
{
    return (struct ofp_flow_update){
        .event = event,
        .table_id = rule->table_id,
        .priority = rule->priority,
        .idle_timeout_s = rule->idle_timeout_s,
        .hard_timeout_s = rule->hard_timeout_s,
        .cookie = rule->cookie,
        .match = *match,
        .actions = with_actions ? rule->actions : NULL,
        .actions_len = with_actions ? rule->actions_len : 0,
    };
}

/* --- Updates on their way: a message that grows until it is flushed. */

static void begin(struct conn *conn)
{
    struct strbuf *s = &conn->updates;

    if (s->len) {
        return;
    }
    ofp_begin(s, conn->version,
              conn->version == OFP10 ? OFPT10_STATS_REPLY : OFPT13_MULTIPART_REPLY, 0);
    wire_put16(s, conn->version >= OFP14 ? STATS_FLOW_MONITOR : UINT16_MAX);
    wire_zeros(s, conn->version == OFP10 ? 2 : 6);
    if (conn->version < OFP14) {
        wire_put32(s, conn->version == OFP13 ? OFP_VENDOR_ONF : OFP_VENDOR_NX);
        wire_put32(s, conn->version == OFP13 ? (uint32_t)ONFST_FLOW_MONITOR : NXST_FLOW_MONITOR);
        wire_zeros(s, conn->version == OFP10 ? 4 : 0);
    }
}

static void flush(struct conn *conn)
{
    if (conn->updates.len) {
        ofp_end(&conn->updates, 0);
        conn_send(conn, &conn->updates);
    }
}

static void put(struct conn *conn, const struct ofp_flow_update *update)
{
    struct strbuf entry = STRBUF_INIT;

    ofp_flow_update_encode(&entry, (enum ofp_version)conn->version, update);
    if (conn->updates.len + entry.len > UINT16_MAX) {
        flush(conn);
    }
    begin(conn);
    strbuf_put(&conn->updates, entry.data, entry.len);
    strbuf_free(&entry);
    if (conn->updates.len > FULL) {
        flush(conn);
    }
}

/* PAUSED or RESUMED. */
static void put_state(struct conn *conn, enum ofp_monitor_event event)
{
    struct ofp_flow_update update = {.event = event};
    struct strbuf s = STRBUF_INIT;
    size_t start;

    if (conn->version >= OFP14) {
        put(conn, &update);
        return;
    }
    flush(conn);
    start = ofp_begin(&s, conn->version, OFPT_VENDOR, 0);
    if (conn->version == OFP13) {
        wire_put32(&s, OFP_VENDOR_ONF);
        wire_put32(&s, event == OFPFME_PAUSED ? ONFT_MONITOR_PAUSED : ONFT_MONITOR_RESUMED);
    } else {
        wire_put32(&s, OFP_VENDOR_NX);
        wire_put32(&s, event == OFPFME_PAUSED ? NXT_MONITOR_PAUSED : NXT_MONITOR_RESUMED);
    }
    ofp_end(&s, start);
    conn_send(conn, &s);
}

/* --- Changes. */

static uint16_t flag_of(enum ofp_monitor_event event)
{
    return event == OFPFME_ADDED     ? OFPFMF_ADD
           : event == OFPFME_REMOVED ? OFPFMF_REMOVED
                                     : OFPFMF_MODIFY;
}

/* What the connection is to hear of a change: flags of its monitors that watch the rule. */
static uint16_t interest(const struct conn *conn, const struct ofp_rule *rule,
                         const struct ofp_match *match, enum ofp_monitor_event event, bool is_own)
{
    const struct flow_monitor *m;
    uint16_t flags = 0;

    LIST_FOREACH (m, &conn->monitors, node) {
        if (m->r.flags & flag_of(event) && (is_own || !(m->r.flags & OFPFMF_ONLY_OWN)) &&
            watches(m, rule, match)) {
            flags |= m->r.flags;
        }
    }
    return flags;
}

static void tell(struct conn *conn, const struct ofp_rule *rule, const struct ofp_match *match,
                 enum ofp_monitor_event event, enum ofp_removed_reason reason,
                 const struct flow_author *author)
{
    bool is_own = author && author->conn == conn;
    uint16_t flags = interest(conn, rule, match, event, is_own);
    struct ofp_flow_update update;

    if (!flags) {
        return;
    }
    if (conn->monitors_paused_ms &&
        (event != OFPFME_REMOVED || rule->created_ms > conn->monitors_paused_ms)) {
        return; /* It hears of it, if it is still there, when it has read on. */
    }
    update = describe(rule, match, event, flags & OFPFMF_INSTRUCTIONS);
    update.reason = reason;
    if (is_own && !(flags & OFPFMF_NO_ABBREV)) {
        if (conn->abbreviated_xid == author->xid && conn->has_abbreviated) {
            return; /* One for all that a message did. */
        }
        update.event = OFPFME_ABBREV;
        update.xid = author->xid;
        conn->abbreviated_xid = author->xid;
        conn->has_abbreviated = true;
    }
    put(conn, &update);
}

bool mgmt_has_monitors(const struct mgmt *mgmt)
{
    return mgmt->n_monitors;
}

void mgmt_flow_changed(struct mgmt *mgmt, const struct ofp_rule *rule, enum ofp_monitor_event event,
                       enum ofp_removed_reason reason, const struct flow_author *author)
{
    struct ofp_match match;
    struct conn *conn;

    if (!mgmt->n_monitors) {
        return;
    }
    ofp_tlv_map_use(&mgmt->bridge->tlvs);
    rule_get_match(rule, &match);
    LIST_FOREACH (conn, &mgmt->conns, node) {
        if (!LIST_EMPTY(&conn->monitors) && !conn->closing) {
            tell(conn, rule, &match, event, reason, author);
        }
    }
}

void mgmt_tell_flow_changes(struct mgmt *mgmt)
{
    struct conn *conn;

    if (!mgmt->n_monitors) {
        return;
    }
    LIST_FOREACH (conn, &mgmt->conns, node) {
        conn->has_abbreviated = false;
        if (LIST_EMPTY(&conn->monitors) || conn->closing) {
            continue;
        }
        if (!conn->monitors_paused_ms &&
            evbuffer_get_length(bufferevent_get_output(conn->bev)) > PAUSE_BYTES) {
            put_state(conn, OFPFME_PAUSED);
            conn->monitors_paused_ms = time_now_ms();
        }
        flush(conn);
    }
}

/* What came or changed since the pause began, and is still there. */
static void catch_up(struct ofp_rule *rule, void *conn_)
{
    struct conn *conn = conn_;
    enum ofp_monitor_event event = rule->created_ms >= conn->monitors_paused_ms ? OFPFME_ADDED
                                                                                : OFPFME_MODIFIED;
    struct ofp_flow_update update;
    struct ofp_match match;
    uint16_t flags;

    if (rule->modified_ms < conn->monitors_paused_ms) {
        return;
    }
    rule_get_match(rule, &match);
    flags = interest(conn, rule, &match, event, false);
    if (flags) {
        update = describe(rule, &match, event, flags & OFPFMF_INSTRUCTIONS);
        put(conn, &update);
    }
}

void conn_resume_monitors(struct conn *conn)
{
    struct ofproto *bridge = conn->bridge;

    if (!conn->monitors_paused_ms) {
        return;
    }
    ofp_tlv_map_use(&bridge->tlvs);
    for (unsigned int i = 0; i < BRIDGE_MAX_TABLES; i++) {
        if (bridge->tables[i]) {
            classifier_each(&bridge->tables[i]->cls, catch_up, conn);
        }
    }
    conn->monitors_paused_ms = 0;
    put_state(conn, OFPFME_RESUMED);
    flush(conn);
}

/* --- Requests. */

static struct flow_monitor *find(const struct conn *conn, uint32_t id)
{
    struct flow_monitor *m;

    LIST_FOREACH (m, &conn->monitors, node) {
        if (m->r.id == id) {
            return m;
        }
    }
    return NULL;
}

static void monitor_free(struct conn *conn, struct flow_monitor *m)
{
    LIST_REMOVE(m, node);
    conn->n_monitors--;
    conn->mgmt->n_monitors--;
    uses_remove_tlvs(&conn->bridge->uses, m->r.match.mask.tun_metadata_present);
    free(m);
}

void conn_free_monitors(struct conn *conn)
{
    while (!LIST_EMPTY(&conn->monitors)) {
        monitor_free(conn, LIST_FIRST(&conn->monitors));
    }
    strbuf_free(&conn->updates);
}

/* A rule is told once, however many entries of the request ask for it. */
static void initial_cb(struct ofp_rule *rule, void *m_)
{
    struct strbuf entry = STRBUF_INIT;
    const struct flow_monitor *monitor;
    struct ofp_flow_update update;
    struct multipart *m = m_;
    struct ofp_match match;
    bool with_actions = false, any = false;

    rule_get_match(rule, &match);
    LIST_FOREACH (monitor, &m->conn->monitors, node) {
        if (monitor->tells_initial && watches(monitor, rule, &match)) {
            with_actions |= (monitor->r.flags & OFPFMF_INSTRUCTIONS) != 0;
            any = true;
        }
    }
    if (any) {
        update = describe(rule, &match, OFPFME_INITIAL, with_actions);
        ofp_flow_update_encode(&entry, (enum ofp_version)m->conn->version, &update);
        multipart_put(m, entry.data, entry.len);
        strbuf_free(&entry);
    }
}

static void put_initial(struct multipart *m)
{
    struct flow_monitor *monitor;
    bool any = false;

    LIST_FOREACH (monitor, &m->conn->monitors, node) {
        any |= monitor->tells_initial;
    }
    for (unsigned int i = 0; any && i < BRIDGE_MAX_TABLES; i++) {
        if (m->conn->bridge->tables[i]) {
            classifier_each(&m->conn->bridge->tables[i]->cls, initial_cb, m);
        }
    }
    LIST_FOREACH (monitor, &m->conn->monitors, node) {
        monitor->tells_initial = false;
    }
}

/* The monitors as they will be when the entries before this one are carried out. */
struct outlook {
    const struct conn *conn;
    unsigned int n_monitors;
    struct {
        uint32_t id;
        bool exists;
    } * done; /* Entries, as they left their monitors. */
    size_t n;
    size_t size;
};

static bool will_exist(const struct outlook *o, uint32_t id)
{
    for (size_t i = o->n; i-- > 0;) {
        if (o->done[i].id == id) {
            return o->done[i].exists;
        }
    }
    return find(o->conn, id) != NULL;
}

static int check(struct outlook *o, const struct ofp_monitor_request *r)
{
    bool exists = will_exist(o, r->id);

    if (r->command == OFPFMC_ADD && exists) {
        return OFPERR_MOFC_MONITOR_EXISTS;
    }
    if (r->command == OFPFMC_ADD && o->n_monitors >= MAX_MONITORS) {
        return OFPERR_MOFC_UNKNOWN;
    }
    if (r->command != OFPFMC_ADD && !exists) {
        return OFPERR_MOFC_UNKNOWN_MONITOR;
    }
    if (r->command != OFPFMC_DELETE && r->table_id >= BRIDGE_MAX_TABLES &&
        r->table_id != OFPTT_ALL) {
        return o->conn->version >= OFP14 ? OFPERR_MOFC_BAD_TABLE_ID : OFPERR_BRC_BAD_TABLE_ID;
    }
    o->n_monitors += r->command == OFPFMC_ADD;
    o->n_monitors -= r->command == OFPFMC_DELETE;
    if (o->n == o->size) {
        o->size = MAX_OF(o->size * 2, (size_t)8);
        o->done = xreallocarray(o->done, o->size, sizeof *o->done);
    }
    o->done[o->n].id = r->id;
    o->done[o->n++].exists = r->command != OFPFMC_DELETE;
    return 0;
}

static void carry_out(struct conn *conn, const struct ofp_monitor_request *r)
{
    struct flow_monitor *monitor = find(conn, r->id);

    if (r->command == OFPFMC_DELETE) {
        monitor_free(conn, monitor);
        return;
    }
    if (!monitor) {
        monitor = xcalloc_line(sizeof *monitor);
        LIST_INSERT_HEAD(&conn->monitors, monitor, node);
        conn->n_monitors++;
        conn->mgmt->n_monitors++;
    }
    uses_remove_tlvs(&conn->bridge->uses, monitor->r.match.mask.tun_metadata_present);
    monitor->r = *r;
    uses_add_tlvs(&conn->bridge->uses, r->match.mask.tun_metadata_present);
    monitor->tells_initial = (r->flags & OFPFMF_INITIAL) != 0;
}

/* Checks the entries of a request, or carries them out ('o' NULL). */
static int each_entry(struct multipart *m, const uint8_t *p, size_t len, struct outlook *o)
{
    while (len) {
        struct ofp_monitor_request r;
        size_t n;
        int rc = ofp_monitor_request_decode((enum ofp_version)m->conn->version, p, len, &r, &n);

        if (!rc && o) {
            rc = check(o, &r);
        } else if (!rc) {
            carry_out(m->conn, &r);
        }
        if (rc) {
            return rc;
        }
        p += n;
        len -= n;
    }
    return 0;
}

/* All entries, or none when one is wrong. */
int stats_flow_monitor(struct multipart *m, const uint8_t *p, size_t len)
{
    struct outlook o = {.conn = m->conn, .n_monitors = m->conn->n_monitors};
    int rc = each_entry(m, p, len, &o);

    free(o.done);
    if (!rc) {
        rc = each_entry(m, p, len, NULL);
        put_initial(m);
    }
    return rc;
}

static int cancel(struct conn *conn, const struct request *r UNUSED, const uint8_t *body,
                  size_t len)
{
    struct flow_monitor *m;

    if (len != 4) {
        return OFPERR_BRC_BAD_LEN;
    }
    m = find(conn, wire_get32(body));
    if (!m) {
        return OFPERR_MOFC_UNKNOWN_MONITOR;
    }
    monitor_free(conn, m);
    return 0;
}

CONSTRUCTOR static void register_extension(void)
{
    static const struct vendor_row rows[] = {
        {OFP_VENDOR_NX, NXST_FLOW_MONITOR, OFP10, OFP12, NULL, stats_flow_monitor},
        {OFP_VENDOR_NX, NXT_MONITOR_CANCEL, OFP10, OFP12, cancel},
        {OFP_VENDOR_ONF, ONFST_FLOW_MONITOR, OFP13, OFP13, NULL, stats_flow_monitor},
        {OFP_VENDOR_ONF, ONFT_MONITOR_CANCEL, OFP13, OFP13, cancel},
    };

    vendor_register(rows, ARRAY_SIZE(rows));
}
