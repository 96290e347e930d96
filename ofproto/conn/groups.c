/* Group mods and what is told of groups: statistics, descriptions, features. Event base's thread.
 */
#include "ofproto/group/group.h"
#include "ofproto/conn/requestforward.h"
#include "ofproto/conn/vendor.h"

/* Nicira's statistics of OpenFlow 1.0, and 1.1, which has no features. */

static int apply(struct conn *conn, const struct request *r, enum ofp_version form,
                 const uint8_t *p, size_t len)
{
    uint64_t now_ms = time_now_ms();
    struct group_changes changes = {0};
    struct ofp_group_mod gm;
    int rc = ofp_group_mod_decode((enum ofp_version)conn->version, form, p, len, &gm);

    if (rc) {
        return rc;
    }
    rc = group_mod_change(conn->bridge, &gm, now_ms, &changes);
    if (!rc) {
        forward_group_mod(conn, r->h.xid, &gm, &changes);
    }
    group_changes_finish(&changes, conn->bridge, now_ms); /* Of one that failed: none. */
    ofp_group_config_free(&gm.config);
    return rc;
}

int handle_group_mod(struct conn *conn, const struct request *r)
{
    return apply(conn, r, (enum ofp_version)conn->version, request_body(r), request_body_len(r));
}

static int nx_group_mod(struct conn *conn, const struct request *r, const uint8_t *body, size_t len)
{
    return apply(conn, r, OFP15, body, len);
}

/* --- What is told. */

static void put_counters(struct strbuf *s, const struct group_counters *c)
{
    wire_put64(s, c->packets);
    wire_put64(s, c->bytes);
}

static void put_stats(struct multipart *m, const struct ofp_group *group)
{
    uint64_t now_ms = time_now_ms(), age_ms = now_ms - MIN_OF(now_ms, group->created_ms);
    struct strbuf s = STRBUF_INIT;

    wire_put16(&s, 0);
    wire_put16(&s, 0);
    wire_put32(&s, group->id);
    wire_put32(&s, uses_count(&m->conn->bridge->uses, USE_OF_GROUP, group->id, NULL));
    wire_put32(&s, 0);
    put_counters(&s, &group->counters);
    if (m->conn->version >= OFP13 || m->vendor) {
        wire_put32(&s, (uint32_t)(age_ms / 1000));
        wire_put32(&s, (uint32_t)(age_ms % 1000 * 1000000));
    }
    for (unsigned int i = 0; i < group->config.n; i++) {
        put_counters(&s, &group->bucket_counters[i]);
    }
    wire_set16(&s, 0, (uint16_t)s.len);
    multipart_put(m, s.data, s.len);
    strbuf_free(&s);
}

static void put_desc(struct multipart *m, const struct ofp_group *group)
{
    struct strbuf s = STRBUF_INIT;

    ofp_group_desc_encode(&s, (enum ofp_version)m->conn->version, group->id, &group->config);
    multipart_put(m, s.data, s.len);
    strbuf_free(&s);
}

/* Of one group, or all in the order of their ids; of one that does not exist nothing. */
static int tell(struct multipart *m, uint32_t group_id,
                void (*put)(struct multipart *, const struct ofp_group *))
{
    const struct ofproto *bridge = m->conn->bridge;
    const struct ofp_group *one = group_find(bridge, group_id);

    if (group_id != OFP_GROUP_ALL) {
        if (one) {
            put(m, one);
        }
        return 0;
    }
    for (const struct ofp_group *g = bridge->groups; g; g = g->hh.next) {
        put(m, g);
    }
    return 0;
}

int stats_groups(struct multipart *m, const uint8_t *p, size_t len)
{
    return len == 8 ? tell(m, wire_get32(p), put_stats) : OFPERR_BRC_BAD_LEN;
}

/* Since 1.5, and in Nicira's, of one group. */
int stats_group_desc(struct multipart *m, const uint8_t *p, size_t len)
{
    enum ofp_version version = (enum ofp_version)m->conn->version;

    if (len != (version == OFP10 || version >= OFP15 ? 8 : 0)) {
        return OFPERR_BRC_BAD_LEN;
    }
    return tell(m, len ? wire_get32(p) : OFP_GROUP_ALL, put_desc);
}

int stats_group_features(struct multipart *m, const uint8_t *p UNUSED, size_t len)
{
    if (len) {
        return OFPERR_BRC_BAD_LEN;
    }
    wire_put32(&m->s, (1u << OFP_N_GROUP_TYPES) - 1);
    wire_put32(&m->s, 0xf); /* Weights, liveness, chains, which are checked for loops. */
    for (unsigned int i = 0; i < OFP_N_GROUP_TYPES; i++) {
        wire_put32(&m->s, GROUP_MAX_GROUPS);
    }
    for (unsigned int i = 0; i < OFP_N_GROUP_TYPES; i++) {
        wire_put32(&m->s, ofp_action_types((enum ofp_version)m->conn->version));
    }
    return 0;
}

CONSTRUCTOR static void register_groups(void)
{
    static const struct vendor_row rows[] = {
        {OFP_VENDOR_NX, NXT_GROUP_MOD, OFP10, OFP14, nx_group_mod, NULL, true},
        {OFP_VENDOR_NX, NXST_GROUP, OFP10, OFP10, NULL, stats_groups, false},
        {OFP_VENDOR_NX, NXST_GROUP_DESC, OFP10, OFP10, NULL, stats_group_desc, false},
        {OFP_VENDOR_NX, NXST_GROUP_FEATURES, OFP10, OFP11, NULL, stats_group_features, false},
    };

    vendor_register(rows, ARRAY_SIZE(rows));
}
