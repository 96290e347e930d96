/* Statistics of flows, each and in sum, in the form of each version and in Nicira's.
 *
 * The flows that are to be told are noted at once; they are put into messages as the peer reads, so
 * that one who does not read cannot fill the memory, and a million flows keep nobody else waiting.
 * Event base's thread. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdlib.h>

#include "ofproto/codec/flow_mod.h"
#include "ofproto/codec/flow_stats.h"
#include "ofproto/codec/group_mod.h"
#include "ofproto/conn/vendor.h"

/* A dump goes on while less than this is unread. More than mgmt.c's low mark, at which it is told
 * that something was read. */
#define AHEAD_BYTES ((size_t)1280 << 10)

/* Flows that are being told. */
struct flow_dump {
    struct multipart m;
    struct request request; /* Its header alone. */
    enum ofp_flow_stats_form form;
    struct ofp_rule **rules; /* References: they may have left their tables meanwhile. */
    size_t n, size;
    size_t at; /* The next one. */
};

struct query {
    struct flow_dump *dump; /* NULL: only counts. */
    struct ofp_flow_query q;
    bool is_for_all; /* Every rule of the tables. */
    uint64_t packets, bytes;
    uint32_t n;
};

static uint64_t since(uint64_t now_ms, uint64_t then_ms)
{
    return now_ms - MIN_OF(now_ms, then_ms);
}

static void put_flow(struct flow_dump *dump, const struct ofp_rule *rule, uint64_t now_ms)
{
    struct ofp_flow_stats fs = {
        .table_id = rule->table_id,
        .priority = rule->priority,
        .idle_timeout_s = rule->idle_timeout_s,
        .hard_timeout_s = rule->hard_timeout_s,
        .importance = rule->importance,
        .flags = rule->flags,
        .duration_ms = since(now_ms, rule->created_ms),
        .idle_ms = since(now_ms, MAX_OF(rule->used_ms, rule->created_ms)),
        .hard_ms = since(now_ms, rule->modified_ms),
        .cookie = rule->cookie,
        .packets = rule->packets,
        .bytes = rule->bytes,
        .actions = rule->actions,
        .actions_len = rule->actions_len,
    };
    struct strbuf entry = STRBUF_INIT;

    rule_get_match(rule, &fs.match);
    ofp_flow_stats_encode(&entry, (enum ofp_version)dump->m.conn->version, dump->form, &fs);
    multipart_put(&dump->m, entry.data, entry.len);
    strbuf_free(&entry);
}

/* True when all is told. */
static bool tell_some(struct flow_dump *dump)
{
    struct evbuffer *out = bufferevent_get_output(dump->m.conn->bev);
    struct ofproto_set *set = dump->m.conn->bridge->set;
    uint64_t now_ms = time_now_ms();

    ofp_tlv_map_use(&dump->m.conn->bridge->tlvs);
    while (dump->at < dump->n && evbuffer_get_length(out) < AHEAD_BYTES) {
        struct ofp_rule *rule = dump->rules[dump->at++];

        put_flow(dump, rule, now_ms);
        rule_unref(&set->masks, rule);
    }
    return dump->at == dump->n;
}

size_t conn_dump_left(const struct conn *conn)
{
    return conn->dump ? conn->dump->n - conn->dump->at : 0;
}

void conn_free_dump(struct conn *conn)
{
    struct flow_dump *dump = conn->dump;

    if (dump) {
        while (dump->at < dump->n) {
            rule_unref(&conn->bridge->set->masks, dump->rules[dump->at++]);
        }
        free(dump->rules);
        strbuf_free(&dump->m.s);
        free(dump);
        conn->dump = NULL;
    }
}

bool conn_go_on_dumping(struct conn *conn)
{
    if (!tell_some(conn->dump)) {
        return false;
    }
    ofp_end(&conn->dump->m.s, conn->dump->m.start);
    conn_send(conn, &conn->dump->m.s);
    conn_free_dump(conn);
    return true;
}

static void note(struct flow_dump *dump, struct ofp_rule *rule)
{
    if (dump->n == dump->size) {
        dump->size = MAX_OF(dump->size * 2, (size_t)64);
        dump->rules = xreallocarray(dump->rules, dump->size, sizeof(struct ofp_rule *));
    }
    rule_ref(rule);
    dump->rules[dump->n++] = rule;
}

static bool is_asked_for(const struct query *q, const struct ofp_rule *rule)
{
    struct ofp_match match;

    if (q->is_for_all) {
        return true;
    }
    rule_get_match(rule, &match);
    return ofp_match_is_within(&match, &q->q.match) &&
           !((rule->cookie ^ q->q.cookie) & q->q.cookie_mask) &&
           (q->q.out_port == OFP_PORT_NONE ||
            ofp_actions_output_to(rule->actions, rule->actions_len, q->q.out_port)) &&
           (q->q.out_group == OFP_GROUP_ANY ||
            ofp_actions_use_group(rule->actions, rule->actions_len, q->q.out_group));
}

static void flow_cb(struct ofp_rule *rule, void *query_)
{
    struct query *q = query_;

    if (!is_asked_for(q, rule)) {
        return;
    }
    q->n++;
    q->packets += rule->packets;
    q->bytes += rule->bytes;
    if (q->dump) {
        note(q->dump, rule);
    }
}

static bool is_empty(const struct ofp_flow *mask)
{
    uint64_t any = 0;

    for (unsigned int i = 0; i < OFP_FLOW_WORDS; i++) {
        any |= mask->u64[i];
    }
    return !any;
}

static int run_query(struct conn *conn, enum ofp_flow_stats_form form, const uint8_t *p, size_t len,
                     struct query *q)
{
    int rc = ofp_flow_query_decode((enum ofp_version)conn->version, form, p, len, &q->q);

    if (rc) {
        return rc;
    }
    if (q->q.table_id >= BRIDGE_MAX_TABLES && q->q.table_id != OFPTT_ALL) {
        return OFPERR_BRC_BAD_TABLE_ID;
    }
    q->is_for_all = is_empty(&q->q.match.mask) && !q->q.cookie_mask &&
                    q->q.out_port == OFP_PORT_NONE && q->q.out_group == OFP_GROUP_ANY;
    for (unsigned int i = 0; i < BRIDGE_MAX_TABLES; i++) {
        if (conn->bridge->tables[i] && (q->q.table_id == OFPTT_ALL || q->q.table_id == i)) {
            classifier_each_overlapping(&conn->bridge->tables[i]->cls, &q->q.match, flow_cb, q);
        }
    }
    return 0;
}

/* The message that was begun becomes the dump's. */
static int flows(struct multipart *m, enum ofp_flow_stats_form form, const uint8_t *p, size_t len)
{
    struct flow_dump *dump = xcalloc(1, sizeof *dump);
    struct query q = {.dump = dump};
    int rc = run_query(m->conn, form, p, len, &q);

    if (rc) {
        free(dump);
        return rc;
    }
    dump->form = form;
    dump->request.h = m->r->h;
    dump->m = *m;
    dump->m.r = &dump->request;
    m->s = (struct strbuf)STRBUF_INIT;
    m->has_no_reply = true;
    m->conn->dump = dump;
    /* What follows on the connection waits until the dump is read. */
    m->conn->paused = !conn_go_on_dumping(m->conn);
    return 0;
}

static int aggregate(struct multipart *m, enum ofp_flow_stats_form form, const uint8_t *p,
                     size_t len)
{
    enum ofp_version version = (enum ofp_version)m->conn->version;
    struct query q = {.dump = NULL};
    int rc = run_query(m->conn, form, p, len, &q);

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
