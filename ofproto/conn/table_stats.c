/* What is told of tables: their counters, what they can do, how they are set. Event base's thread.
 */
#include <stdio.h>

#include "ofproto/codec/table_features.h"
#include "ofproto/conn/multipart.h"

static void table_name(unsigned int id, char name[32])
{
    snprintf(name, 32, "table%u", id);
}

static uint32_t max_rules(const struct ofp_table *table)
{
    return table ? table->max_rules : OFP_TABLE_MAX_RULES; /* As it will be made. */
}

/* What OpenFlow 1.0 to 1.2 tell of a table here, later ones as its features. */
static void put_old_features(struct multipart *m, unsigned int id)
{
    const enum ofp_version version = (enum ofp_version)m->conn->version;
    char name[32];

    wire_zeros(&m->s, version == OFP10 ? 3 : 7);
    table_name(id, name);
    multipart_put_text(m, name, 32);
    if (version == OFP10) {
        wire_put32(&m->s, 0x3fffff); /* Every field may be wild. */
    } else {
        ofp_table_abilities_encode(&m->s, version);
    }
    wire_put32(&m->s, max_rules(m->conn->bridge->tables[id]));
}

static void put_table(struct multipart *m, unsigned int id)
{
    const struct ofp_table *table = m->conn->bridge->tables[id];

    wire_put8(&m->s, (uint8_t)id);
    if (m->conn->version < OFP13) {
        put_old_features(m, id);
    } else {
        wire_zeros(&m->s, 3);
    }
    wire_put32(&m->s, table ? (uint32_t)table->cls.n_rules : 0);
    wire_put64(&m->s, table ? table->n_lookups : 0);
    wire_put64(&m->s, table ? table->n_matched : 0);
    multipart_next(m);
}

int stats_tables(struct multipart *m, const uint8_t *p, size_t len)
{
    (void)p;
    if (len) {
        return OFPERR_BRC_BAD_LEN;
    }
    for (unsigned int i = 0; i < BRIDGE_MAX_TABLES; i++) {
        put_table(m, i);
    }
    return 0;
}

int stats_table_features(struct multipart *m, const uint8_t *p, size_t len)
{
    (void)p;
    if (len) {
        return OFPERR_TFFC_EPERM; /* The tables are as they are. */
    }
    for (unsigned int i = 0; i < BRIDGE_MAX_TABLES; i++) {
        struct strbuf entry = STRBUF_INIT;
        char name[32];

        table_name(i, name);
        ofp_table_features_encode(&entry, (enum ofp_version)m->conn->version, (uint8_t)i,
                                  BRIDGE_MAX_TABLES, name, max_rules(m->conn->bridge->tables[i]));
        multipart_put(m, entry.data, entry.len);
        strbuf_free(&entry);
    }
    return 0;
}

/* OpenFlow 1.4.1 section 7.3.5.17: no table evicts or counts vacancies. */
int stats_table_desc(struct multipart *m, const uint8_t *p, size_t len)
{
    (void)p;
    if (len) {
        return OFPERR_BRC_BAD_LEN;
    }
    for (unsigned int i = 0; i < BRIDGE_MAX_TABLES; i++) {
        wire_put16(&m->s, 8);
        wire_put8(&m->s, (uint8_t)i);
        wire_put8(&m->s, 0);
        wire_put32(&m->s, 0);
        multipart_next(m);
    }
    return 0;
}
