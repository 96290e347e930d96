/* Table mods, and telling controllers that a table gets full or empty again (OpenFlow 1.4.1
 * sections 6.5 and 6.6). Event base's thread. */
#include "ofproto/codec/table_mod.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "lib/log.h"
#include "ofproto/codec/flow_mod.h"
#include "ofproto/conn/conn.h"
#include "ofproto/conn/mgmt.h"
#include "ofproto/conn/multipart.h"

LOG_MODULE(table_mod);

static enum ofp_table_reason event_to_come(const struct ofp_table *table)
{
    return ofp_table_vacancy(table) < table->vacancy_up ? OFPTR_VACANCY_UP : OFPTR_VACANCY_DOWN;
}

static void carry_out(struct ofproto *bridge, struct ofp_table *table,
                      const struct ofp_table_mod *tm)
{
    unsigned int evicts = table->evicts & ~(unsigned int)OFP_TABLE_EVICTS_BY_OPENFLOW;

    if (tm->miss && tm->miss != (enum ofp_table_miss)table->miss) {
        table->miss = (uint8_t)tm->miss;
        bridge_changed(bridge);
    }
    if (!tm->has_config) {
        return;
    }
    ofp_table_set_eviction(table, evicts | (tm->evicts ? OFP_TABLE_EVICTS_BY_OPENFLOW : 0u),
                           tm->has_eviction_flags ? tm->eviction_flags : table->eviction_flags);
    if (tm->has_thresholds) {
        table->vacancy_down = tm->vacancy_down;
        table->vacancy_up = tm->vacancy_up;
    }
    if (!tm->tells_vacancy) {
        table->vacancy_next = 0;
    } else if (!table->vacancy_next) {
        table->vacancy_next = (uint8_t)event_to_come(table);
    }
}

int handle_table_mod(struct conn *conn, const struct request *r)
{
    struct ofproto *bridge = conn->bridge;
    struct ofp_table_mod tm;
    int rc = ofp_table_mod_decode((enum ofp_version)conn->version, request_body(r),
                                  request_body_len(r), &tm);

    if (rc) {
        return rc;
    }
    if (tm.table_id >= BRIDGE_MAX_TABLES && tm.table_id != OFPTT_ALL) {
        return OFPERR_TMFC_BAD_TABLE;
    }
    for (unsigned int i = 0; i < BRIDGE_MAX_TABLES; i++) {
        if (tm.table_id == OFPTT_ALL || tm.table_id == i) {
            carry_out(bridge, bridge_table(bridge, i), &tm);
        }
    }
    bridge->watches_vacancy = false;
    for (unsigned int i = 0; i < BRIDGE_MAX_TABLES; i++) {
        bridge->watches_vacancy |= bridge->tables[i] && bridge->tables[i]->vacancy_next;
    }
    return 0;
}

static struct ofp_table_desc describe(const struct ofp_table *table)
{
    return (struct ofp_table_desc){
        .table_id = table->id,
        .evicts = table->evicts != 0,
        .tells_vacancy = table->vacancy_next != 0,
        .eviction_flags = table->eviction_flags,
        .vacancy_down = table->vacancy_down,
        .vacancy_up = table->vacancy_up,
        .vacancy = ofp_table_vacancy(table),
    };
}

int stats_table_desc(struct multipart *m, const uint8_t *p UNUSED, size_t len)
{
    if (len) {
        return OFPERR_BRC_BAD_LEN;
    }
    for (unsigned int i = 0; i < BRIDGE_MAX_TABLES; i++) {
        const struct ofp_table *table = m->conn->bridge->tables[i];
        struct ofp_table_desc desc = {.table_id = (uint8_t)i, .eviction_flags = OFP_EVICTION_ALL};

        if (table) {
            desc = describe(table);
        }
        ofp_table_desc_encode(&m->s, &desc);
        multipart_next(m);
    }
    return 0;
}

static void tell(struct mgmt *mgmt, const struct ofp_table *table, enum ofp_table_reason reason)
{
    struct ofp_table_desc desc = describe(table);
    struct conn *conn;

    LIST_FOREACH (conn, &mgmt->conns, node) {
        struct strbuf s = STRBUF_INIT;

        if (!conn_wants(conn, ASYNC_TABLE_STATUS, reason)) {
            continue;
        }
        if (conn_reads_too_slowly(conn)) {
            log_warn_limit("bridge '%s': a controller does not read: it is not told of table %u",
                           conn->bridge->name, table->id);
            continue;
        }
        ofp_table_status_encode(&s, (enum ofp_version)conn->version, reason, &desc);
        conn_send(conn, &s);
    }
}

void mgmt_tell_vacancy(struct mgmt *mgmt)
{
    for (unsigned int i = 0; mgmt->bridge->watches_vacancy && i < BRIDGE_MAX_TABLES; i++) {
        struct ofp_table *table = mgmt->bridge->tables[i];
        uint8_t vacancy;

        if (!table || !table->vacancy_next) {
            continue;
        }
        vacancy = ofp_table_vacancy(table);
        if (table->vacancy_next == OFPTR_VACANCY_DOWN && vacancy < table->vacancy_down) {
            tell(mgmt, table, OFPTR_VACANCY_DOWN);
            table->vacancy_next = OFPTR_VACANCY_UP;
        } else if (table->vacancy_next == OFPTR_VACANCY_UP && vacancy > table->vacancy_up) {
            tell(mgmt, table, OFPTR_VACANCY_UP);
            table->vacancy_next = OFPTR_VACANCY_DOWN;
        }
    }
}
