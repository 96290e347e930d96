/* The counters of tables. Event base's thread. */
#include "ofproto/codec/table_features.h"
#include "ofproto/codec/table_mod.h"
#include "ofproto/conn/multipart.h"

static uint32_t max_rules(const struct ofp_table *table)
{
    return table ? table->max_rules : OFP_TABLE_MAX_RULES; /* As it will be made. */
}

/* What OpenFlow 1.0 to 1.2 tell of a table here, later ones as its features. */
static void put_old_features(struct multipart *m, unsigned int id)
{
    const enum ofp_version version = (enum ofp_version)m->conn->version;
    const struct ofp_table *table = m->conn->bridge->tables[id];

    wire_zeros(&m->s, version == OFP10 ? 3 : 7);
    multipart_put_text(m, table && table->name ? table->name : "", 32);
    if (version == OFP10) {
        wire_put32(&m->s, 0x3fffff); /* Every field may be wild. */
    } else {
        ofp_table_abilities_encode(&m->s, version, id + 1 == BRIDGE_MAX_TABLES,
                                   ofp_table_miss_config(table ? table->miss : OFP_MISS_DEFAULT));
    }
    wire_put32(&m->s, max_rules(table));
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
