/* Statistics of flows, each and in sum, in the form of each version and in Nicira's. Event base's
 * thread. */
#include "ofproto/codec/flow_mod.h"
#include "ofproto/codec/flow_stats.h"
#include "ofproto/codec/group_mod.h"
#include "ofproto/conn/vendor.h"

struct query {
    struct multipart *m; /* NULL: only counts. */
    enum ofp_flow_stats_form form;
    struct ofp_flow_query q;
    uint64_t now_ms;
    uint64_t packets, bytes;
    uint32_t n;
};

static uint64_t since(const struct query *q, uint64_t then_ms)
{
    return q->now_ms - MIN_OF(q->now_ms, then_ms);
}

static void put_flow(struct query *q, const struct ofp_rule *rule, const struct ofp_match *match)
{
    struct ofp_flow_stats fs = {
        .table_id = rule->table_id,
        .priority = rule->priority,
        .idle_timeout_s = rule->idle_timeout_s,
        .hard_timeout_s = rule->hard_timeout_s,
        .importance = rule->importance,
        .flags = rule->flags,
        .duration_ms = since(q, rule->created_ms),
        .idle_ms = since(q, MAX_OF(rule->used_ms, rule->created_ms)),
        .hard_ms = since(q, rule->modified_ms),
        .cookie = rule->cookie,
        .packets = rule->packets,
        .bytes = rule->bytes,
        .match = *match,
        .actions = rule->actions,
        .actions_len = rule->actions_len,
    };
    struct strbuf entry = STRBUF_INIT;

    ofp_flow_stats_encode(&entry, (enum ofp_version)q->m->conn->version, q->form, &fs);
    multipart_put(q->m, entry.data, entry.len);
    strbuf_free(&entry);
}

static void flow_cb(struct ofp_rule *rule, void *query_)
{
    struct query *q = query_;
    struct ofp_match match;

    rule_get_match(rule, &match);
    if (!ofp_match_is_within(&match, &q->q.match) ||
        (rule->cookie ^ q->q.cookie) & q->q.cookie_mask ||
        (q->q.out_port != OFP_PORT_NONE &&
         !ofp_actions_output_to(rule->actions, rule->actions_len, q->q.out_port)) ||
        (q->q.out_group != OFP_GROUP_ANY &&
         !ofp_actions_use_group(rule->actions, rule->actions_len, q->q.out_group))) {
        return;
    }
    q->n++;
    q->packets += rule->packets;
    q->bytes += rule->bytes;
    if (q->m) {
        put_flow(q, rule, &match);
    }
}

static int run_query(struct conn *conn, const uint8_t *p, size_t len, struct query *q)
{
    int rc = ofp_flow_query_decode((enum ofp_version)conn->version, q->form, p, len, &q->q);

    if (rc) {
        return rc;
    }
    if (q->q.table_id >= BRIDGE_MAX_TABLES && q->q.table_id != OFPTT_ALL) {
        return OFPERR_BRC_BAD_TABLE_ID;
    }
    q->now_ms = time_now_ms();
    for (unsigned int i = 0; i < BRIDGE_MAX_TABLES; i++) {
        if (conn->bridge->tables[i] && (q->q.table_id == OFPTT_ALL || q->q.table_id == i)) {
            classifier_each_overlapping(&conn->bridge->tables[i]->cls, &q->q.match, flow_cb, q);
        }
    }
    return 0;
}

static int flows(struct multipart *m, enum ofp_flow_stats_form form, const uint8_t *p, size_t len)
{
    struct query q = {.m = m, .form = form};

    return run_query(m->conn, p, len, &q);
}

static int aggregate(struct multipart *m, enum ofp_flow_stats_form form, const uint8_t *p,
                     size_t len)
{
    enum ofp_version version = (enum ofp_version)m->conn->version;
    struct query q = {.m = NULL, .form = form};
    int rc = run_query(m->conn, p, len, &q);

    if (!rc) {
        ofp_aggregate_encode(&m->s, version, q.packets, q.bytes, q.n);
    }
    return rc;
}

int stats_flows(struct multipart *m, const uint8_t *p, size_t len)
{
    return flows(m, OFP_FLOW_STATS_OWN, p, len);
}

int stats_flows_short(struct multipart *m, const uint8_t *p, size_t len)
{
    return flows(m, OFP_FLOW_STATS_SHORT, p, len);
}

int stats_aggregate(struct multipart *m, const uint8_t *p, size_t len)
{
    return aggregate(m, OFP_FLOW_STATS_OWN, p, len);
}

static int nx_flows(struct multipart *m, const uint8_t *p, size_t len)
{
    return flows(m, OFP_FLOW_STATS_NX, p, len);
}

static int nx_aggregate(struct multipart *m, const uint8_t *p, size_t len)
{
    return aggregate(m, OFP_FLOW_STATS_NX, p, len);
}

CONSTRUCTOR static void register_stats(void)
{
    static const struct vendor_row rows[] = {
        {OFP_VENDOR_NX, NXST_FLOW, OFP10, OFP10, NULL, nx_flows},
        {OFP_VENDOR_NX, NXST_AGGREGATE, OFP10, OFP10, NULL, nx_aggregate},
    };

    vendor_register(rows, ARRAY_SIZE(rows));
}
