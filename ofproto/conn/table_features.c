/* What tables can do, told and set (OpenFlow 1.3.5 section 7.3.5.5). Of all that a request may say
 * only the names of tables can differ from what we tell: all else is as it is. A request for all
 * tables comes in many messages; of each the names are kept, and given when the last one is there
 * and none was wrong. Event base's thread. */
#include "ofproto/codec/table_features.h"

#include <stdlib.h>

#include "ofproto/codec/property.h"
#include "ofproto/conn/multipart.h"

#define ENTRY_LEN 64
#define NAME_LEN 32

/* A request of which a part is still to come. */
struct features_request {
    uint32_t xid;
    bool failed; /* The peer knows; the parts that follow are of no use. */
    uint8_t command;
    unsigned int n;
    bool has[BRIDGE_MAX_TABLES];
    char name[BRIDGE_MAX_TABLES][NAME_LEN];
};

static void put_entry(struct strbuf *s, const struct conn *conn, unsigned int id)
{
    const struct ofp_table *table = conn->bridge->tables[id];

    ofp_table_features_encode(s, (enum ofp_version)conn->version, (uint8_t)id, BRIDGE_MAX_TABLES,
                              table && table->name ? table->name : "",
                              table ? table->max_rules : OFP_TABLE_MAX_RULES);
}

/* --- Requests. */

static int check_properties(const uint8_t *p, size_t len)
{
    while (len) {
        struct ofp_property property;

        if (ofp_property_take(&p, &len, &property)) {
            return OFPERR_BPC_BAD_LEN;
        }
    }
    return 0;
}

/* 'p': an entry whose length is right. */
static int check_entry(const struct conn *conn, const struct features_request *r, const uint8_t *p,
                       size_t len)
{
    const struct ofp_table *table;
    struct strbuf told = STRBUF_INIT;
    const char *name = (const char *)p + 8;
    int rc = check_properties(p + ENTRY_LEN, len - ENTRY_LEN);

    if (rc) {
        return rc;
    }
    if (p[2] >= BRIDGE_MAX_TABLES) {
        return OFPERR_TFFC_BAD_TABLE;
    }
    if (r->has[p[2]]) {
        return OFPERR_NXTFFC_DUP_TABLE;
    }
    table = conn->bridge->tables[p[2]];
    put_entry(&told, conn, p[2]);
    if (memcmp(p + 40, told.data + 40, 16)) {
        rc = OFPERR_TFFC_BAD_METADATA;
    } else if (memcmp(p + 4, told.data + 4, 4) || memcmp(p + 56, told.data + 56, 8) ||
               (len > ENTRY_LEN && (len != told.len || memcmp(p + ENTRY_LEN, told.data + ENTRY_LEN,
                                                              len - ENTRY_LEN)))) {
        rc = OFPERR_TFFC_EPERM;
    } else if (table && table->name_is_fixed && strncmp(name, table->name, NAME_LEN - 1)) {
        rc = OFPERR_TFFC_EPERM; /* It is the database's. */
    }
    strbuf_free(&told);
    return rc;
}

/* Since 1.5 what to do; before, all tables are replaced. */
static int check_command(const struct conn *conn, struct features_request *r, const uint8_t *p)
{
    uint8_t command = conn->version >= OFP15 ? p[3] : (uint8_t)OFPTFC_REPLACE;

    if (command > OFPTFC_DISABLE || (r->n && command != r->command)) {
        return OFPERR_TFFC_BAD_COMMAND;
    }
    r->command = command;
    return command > OFPTFC_MODIFY ? OFPERR_TFFC_EPERM : 0; /* Every table is always there. */
}

static int take_entries(const struct conn *conn, struct features_request *r, const uint8_t *p,
                        size_t len)
{
    while (len) {
        size_t n = len >= ENTRY_LEN ? wire_get16(p) : 0;
        int rc;

        if (n < ENTRY_LEN || n > len || n % 8) {
            return OFPERR_BPC_BAD_LEN;
        }
        rc = check_command(conn, r, p);
        rc = rc ? rc : check_entry(conn, r, p, n);
        if (rc) {
            return rc;
        }
        memcpy(r->name[p[2]], p + 8, NAME_LEN - 1);
        r->has[p[2]] = true;
        r->n++;
        p += n;
        len -= n;
    }
    return 0;
}

static int carry_out(const struct conn *conn, const struct features_request *r)
{
    if (r->command == OFPTFC_REPLACE && r->n < BRIDGE_MAX_TABLES) {
        return OFPERR_TFFC_EPERM; /* No table can be taken away. */
    }
    for (unsigned int i = 0; i < BRIDGE_MAX_TABLES; i++) {
        bool is_new = conn->bridge->tables[i] || r->name[i][0];

        if (r->has[i] && is_new) {
            ofp_table_set_name(bridge_table(conn->bridge, i), r->name[i]);
        }
    }
    return 0;
}

void conn_free_features_request(struct conn *conn)
{
    free(conn->features_request);
    conn->features_request = NULL;
}

/* True: this was the last part, and it is carried out. */
static int take_part(struct multipart *m, const uint8_t *p, size_t len, bool *ret_done)
{
    struct conn *conn = m->conn;
    struct features_request *r = conn->features_request;
    int rc = 0;

    if (r && r->xid != m->r->h.xid) {
        conn_free_features_request(conn); /* Another one begins: this never will be whole. */
        r = NULL;
    }
    if (!r) {
        r = conn->features_request = xcalloc(1, sizeof *r);
        r->xid = m->r->h.xid;
    }
    if (!r->failed) {
        rc = conn->role == OFPCR_SLAVE ? OFPERR_BRC_IS_SLAVE : take_entries(conn, r, p, len);
        rc = rc || m->has_more ? rc : carry_out(conn, r);
        *ret_done = !rc && !m->has_more;
        r->failed = rc != 0;
    }
    if (!m->has_more) {
        conn_free_features_request(conn);
    }
    return rc;
}

int stats_table_features(struct multipart *m, const uint8_t *p, size_t len)
{
    const struct features_request *begun = m->conn->features_request;
    bool done = false;

    if (len || m->has_more || (begun && begun->xid == m->r->h.xid)) {
        int rc = take_part(m, p, len, &done);

        if (rc || !done) {
            m->has_no_reply = true;
            return rc;
        }
    }
    for (unsigned int i = 0; i < BRIDGE_MAX_TABLES; i++) {
        struct strbuf entry = STRBUF_INIT;

        put_entry(&entry, m->conn, i);
        multipart_put(m, entry.data, entry.len);
        strbuf_free(&entry);
    }
    return 0;
}
