/* Flow-removed messages. The counters that they tell are the last: a removed rule is kept until no
 * cached flow credits it any more. Event base's thread. */
#include "ofproto/codec/flow_removed.h"

#include <stdlib.h>

#include "lib/log.h"
#include "ofproto/conn/conn.h"
#include "ofproto/conn/mgmt.h"

LOG_MODULE(flow_removed);

struct removed_rule {
    STAILQ_ENTRY(removed_rule) node;
    struct ofp_rule *rule;
    uint64_t removed_ms;
    enum ofp_removed_reason reason;
    size_t bytes; /* That it takes, of mgmt's removed_bytes. */
};

static bool wants(const struct conn *conn, enum ofp_removed_reason reason)
{
    return conn_wants(conn, ASYNC_FLOW_REMOVED,
                      ofp_removed_reason_in((enum ofp_version)conn->version, reason));
}

static bool anybody_wants(const struct mgmt *mgmt, enum ofp_removed_reason reason)
{
    const struct conn *conn;

    LIST_FOREACH (conn, &mgmt->conns, node) {
        if (wants(conn, reason)) {
            return true;
        }
    }
    return false;
}

static void tell_one(struct conn *conn, const struct ofp_flow_removed *fr)
{
    struct strbuf s = STRBUF_INIT;

    if (!wants(conn, fr->reason)) {
        return;
    }
    if (conn_reads_too_slowly(conn)) {
        log_warn_limit("bridge '%s': a controller does not read: it is not told of removed flows",
                       conn->bridge->name);
        return;
    }
    ofp_flow_removed_encode(&s, (enum ofp_version)conn->version, fr);
    conn_send(conn, &s);
}

static void tell(struct mgmt *mgmt, const struct removed_rule *removed)
{
    const struct ofp_rule *rule = removed->rule;
    struct ofp_flow_removed fr = {
        .reason = removed->reason,
        .table_id = rule->table_id,
        .priority = rule->priority,
        .idle_timeout_s = rule->idle_timeout_s,
        .hard_timeout_s = rule->hard_timeout_s,
        .duration_ms = removed->removed_ms - MIN_OF(removed->removed_ms, rule->created_ms),
        .cookie = rule->cookie,
        .packets = rule->packets,
        .bytes = rule->bytes,
    };
    struct conn *conn;

    ofp_tlv_map_use(&mgmt->bridge->tlvs);
    rule_get_match(rule, &fr.match);
    LIST_FOREACH (conn, &mgmt->conns, node) {
        tell_one(conn, &fr);
    }
}

static void forget(struct mgmt *mgmt, struct removed_rules *list, struct removed_rule *removed)
{
    STAILQ_REMOVE_HEAD(list, node);
    mgmt->removed_bytes -= removed->bytes;
    rule_unref(&mgmt->bridge->set->masks, removed->rule);
    free(removed);
}

static void wait_for_counters(struct mgmt *mgmt);

static void counted(void *removed_list)
{
    struct mgmt *mgmt = CONTAINER_OF((struct removed_rules *)removed_list, struct mgmt, counting);
    struct removed_rule *removed;

    while ((removed = STAILQ_FIRST(&mgmt->counting))) {
        tell(mgmt, removed);
        forget(mgmt, &mgmt->counting, removed);
    }
    wait_for_counters(mgmt);
}

/* Those that were removed meanwhile wait for the next time. */
static void wait_for_counters(struct mgmt *mgmt)
{
    const struct ofproto_hooks *hooks = &mgmt->bridge->set->hooks;

    if (STAILQ_EMPTY(&mgmt->removed) || !STAILQ_EMPTY(&mgmt->counting)) {
        return;
    }
    STAILQ_CONCAT(&mgmt->counting, &mgmt->removed);
    if (hooks->sync) {
        hooks->sync(counted, &mgmt->counting, hooks->aux);
    } else {
        counted(&mgmt->counting);
    }
}

void mgmt_rule_removed(struct mgmt *mgmt, struct ofp_rule *rule, enum ofp_removed_reason reason,
                       uint64_t now_ms)
{
    struct removed_rule told = {.rule = rule,
                                .reason = reason,
                                .removed_ms = now_ms,
                                .bytes = sizeof told + sizeof *rule + rule->actions_len},
                        *removed;

    if (!(rule->flags & OFP_RULE_SEND_REMOVED) || !anybody_wants(mgmt, reason)) {
        return;
    }
    if (mgmt->removed_bytes + told.bytes > mgmt->max_removed_bytes) {
        log_warn_limit("bridge '%s': too many removed flows wait for the datapath's last counters: "
                       "more are told with those that are known",
                       mgmt->bridge->name);
        tell(mgmt, &told);
        return;
    }
    removed = xmemdup(&told, sizeof told);
    rule_ref(rule);
    mgmt->removed_bytes += told.bytes;
    STAILQ_INSERT_TAIL(&mgmt->removed, removed, node);
}

void mgmt_tell_removed(struct mgmt *mgmt)
{
    wait_for_counters(mgmt);
}

void mgmt_forget_removed(struct mgmt *mgmt)
{
    const struct ofproto_hooks *hooks = &mgmt->bridge->set->hooks;
    struct removed_rule *removed;

    if (!STAILQ_EMPTY(&mgmt->counting) && hooks->cancel) {
        hooks->cancel(&mgmt->counting, hooks->aux);
    }
    STAILQ_CONCAT(&mgmt->counting, &mgmt->removed);
    while ((removed = STAILQ_FIRST(&mgmt->counting))) {
        forget(mgmt, &mgmt->counting, removed);
    }
}
