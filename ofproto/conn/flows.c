/* Flow mods: what they do to the tables (OpenFlow 1.3.5 section 6.4). A flow mod that fails changes
 * nothing. Event base's thread. */
#include "ofproto/codec/flow_mod.h"

#include "ofproto/conn/changes.h"
#include "ofproto/conn/mgmt.h"
#include "ofproto/conn/vendor.h"
#include "ofproto/group/group.h"
#include "ofproto/meter/meter.h"

struct selection {
    struct ofproto *bridge;
    const struct ofp_flow_mod *fm;
    struct flow_changes *changes;
    bool strict;
    uint64_t now_ms;
    size_t n;
};

static bool selected(const struct selection *sel, const struct ofp_rule *rule)
{
    const struct ofp_flow_mod *fm = sel->fm;
    struct ofp_match match;

    if ((sel->strict && rule->priority != fm->priority) ||
        (rule->cookie ^ fm->cookie) & fm->cookie_mask ||
        (fm->out_port != OFP_PORT_NONE &&
         !ofp_actions_output_to(rule->actions, rule->actions_len, fm->out_port)) ||
        (fm->out_group != OFP_GROUP_ANY &&
         !ofp_actions_use_group(rule->actions, rule->actions_len, fm->out_group))) {
        return false;
    }
    rule_get_match(rule, &match);
    return sel->strict ? ofp_match_equal(&match, &fm->match)
                       : ofp_match_is_within(&match, &fm->match);
}

static void delete_cb(struct ofp_rule *rule, void *sel_)
{
    struct selection *sel = sel_;

    if (selected(sel, rule)) {
        flow_changes_remove(sel->changes, sel->bridge, rule, OFPRR_DELETE);
        sel->n++;
    }
}

static void modify_cb(struct ofp_rule *rule, void *sel_)
{
    struct selection *sel = sel_;
    const struct ofp_flow_mod *fm = sel->fm;

    if (selected(sel, rule)) {
        flow_changes_modify(sel->changes, sel->bridge, rule);
        bridge_set_actions(sel->bridge, rule, fm->actions.data, fm->actions.len, sel->now_ms);
        if (fm->flags & OFPFF_RESET_COUNTS) {
            rule->packets = rule->bytes = 0;
        }
        if (fm->change_cookie) {
            ofp_table_set_cookie(sel->bridge->tables[rule->table_id], rule, fm->new_cookie);
        }
        sel->n++;
    }
}

struct overlap {
    const struct ofp_flow_mod *fm;
    bool found;
};

static void overlap_cb(struct ofp_rule *rule, void *overlap_)
{
    struct overlap *o = overlap_;
    struct ofp_match match;

    if (o->found || rule->priority != o->fm->priority) {
        return;
    }
    rule_get_match(rule, &match);
    if (ofp_match_equal(&match, &o->fm->match)) {
        return; /* It is replaced. */
    }
    for (unsigned int i = 0; i < OFP_FLOW_WORDS; i++) {
        if ((match.flow.u64[i] ^ o->fm->match.flow.u64[i]) & match.mask.u64[i] &
            o->fm->match.mask.u64[i]) {
            return;
        }
    }
    o->found = true;
}

struct ofp_rule *flow_mod_make_rule(struct ofproto *bridge, const struct ofp_flow_mod *fm,
                                    uint64_t now_ms)
{
    struct ofp_rule_config config = {
        .match = &fm->match,
        .priority = fm->priority,
        .cookie = fm->new_cookie,
        .actions = fm->actions.data,
        .actions_len = fm->actions.len,
        .idle_timeout_s = fm->idle_timeout_s,
        .hard_timeout_s = fm->hard_timeout_s,
        .importance = fm->importance,
        .flags = fm->flags,
        .now_ms = now_ms,
    };

    return rule_new(&bridge->set->masks, &config);
}

/* What is for the switch itself: the last table, and what packets come back from the datapath
 * with. */
static bool may_add(const struct ofp_flow_mod *fm)
{
    return (fm->table_id < BRIDGE_MAX_TABLES || fm->table_id == OFPTT_ALL) &&
           !fm->match.flow.pkt.recirc_id && !fm->match.mask.pkt.dp_hash;
}

static int add(struct ofproto *bridge, const struct ofp_flow_mod *fm, uint64_t now_ms,
               struct flow_changes *changes)
{
    uint8_t table_id = fm->table_id == OFPTT_ALL ? 0 : fm->table_id;
    struct ofp_table *table = table_id < BRIDGE_MAX_TABLES ? bridge->tables[table_id] : NULL;
    struct overlap overlap = {fm, false};

    if (!may_add(fm)) {
        return OFPERR_BRC_EPERM;
    }
    if (table && fm->flags & OFPFF_CHECK_OVERLAP) {
        classifier_each_overlapping(&table->cls, &fm->match, overlap_cb, &overlap);
        if (overlap.found) {
            return OFPERR_FMFC_OVERLAP;
        }
    }
    return flow_changes_add_within_limit(changes, bridge, table_id,
                                         flow_mod_make_rule(bridge, fm, now_ms),
                                         fm->flags & OFPFF_RESET_COUNTS);
}

/* Calls 'cb' with the rules of the table that may be selected. */
static void each(struct selection *sel, struct ofp_table *table, classifier_cb *cb)
{
    struct ofp_rule *probe, *same;

    if (!sel->strict) {
        classifier_each_overlapping(&table->cls, &sel->fm->match, cb, sel);
        return;
    }
    probe = flow_mod_make_rule(sel->bridge, sel->fm, sel->now_ms);
    same = classifier_find_same(&table->cls, probe);
    rule_unref(&sel->bridge->set->masks, probe);
    if (same) {
        cb(same, sel);
    }
}

int flow_mod_check(const struct ofp_flow_mod *fm)
{
    if (fm->command == OFPFC_ADD && !may_add(fm)) {
        return OFPERR_BRC_EPERM;
    }
    return ofp_actions_output_to(fm->actions.data, fm->actions.len, OFP_PORT_TABLE)
               ? OFPERR_BAC_BAD_OUT_PORT /* OpenFlow 1.3.5 section 4.5: for packet-outs alone. */
               : 0;
}

int flow_mod_change(struct ofproto *bridge, const struct ofp_flow_mod *fm, uint64_t now_ms,
                    struct flow_changes *changes)
{
    struct selection sel = {
        .bridge = bridge,
        .fm = fm,
        .changes = changes,
        .strict = fm->command == OFPFC_MODIFY_STRICT || fm->command == OFPFC_DELETE_STRICT,
        .now_ms = now_ms,
    };
    bool is_delete = fm->command == OFPFC_DELETE || fm->command == OFPFC_DELETE_STRICT;
    int rc;

    rc = group_check_actions(bridge, fm->actions.data, fm->actions.len);
    rc = rc ? rc : meter_check_actions(bridge, fm->actions.data, fm->actions.len);
    if (rc) {
        return rc;
    }
    if (fm->command == OFPFC_ADD) {
        return add(bridge, fm, now_ms, changes);
    }
    for (unsigned int i = 0; i < BRIDGE_MAX_TABLES; i++) {
        if (bridge->tables[i] && (fm->table_id == OFPTT_ALL || fm->table_id == i)) {
            each(&sel, bridge->tables[i], is_delete ? delete_cb : modify_cb);
        }
    }
    return fm->adds_if_none && !sel.n ? add(bridge, fm, now_ms, changes) : 0;
}

static bool names_all_rules(const struct ofp_flow_mod *fm)
{
    static const struct ofp_flow none;

    return fm->command == OFPFC_DELETE && !fm->cookie_mask && fm->out_port == OFP_PORT_NONE &&
           fm->out_group == OFP_GROUP_ANY && !memcmp(&fm->match.mask, &none, sizeof none);
}

/* What can be done to whole tables at once; the rest is left to flow_mod_change(). */
static void clear_tables(struct ofproto *bridge, const struct ofp_flow_mod *fm)
{
    for (unsigned int i = 0; i < BRIDGE_MAX_TABLES; i++) {
        if (bridge->tables[i] && (fm->table_id == OFPTT_ALL || fm->table_id == i)) {
            bridge_clear_table(bridge, bridge->tables[i]);
        }
    }
}

int flow_mod_apply(struct ofproto *bridge, const struct ofp_flow_mod *fm, uint64_t now_ms,
                   const struct flow_author *author)
{
    struct flow_changes changes = {0};
    int rc = flow_mod_check(fm);

    if (!rc && names_all_rules(fm) && !fm->actions.len) {
        clear_tables(bridge, fm);
    }
    rc = rc ? rc : flow_mod_change(bridge, fm, now_ms, &changes);
    flow_changes_finish(&changes, bridge, now_ms, author); /* Of one that failed: none. */
    return rc;
}

static int apply_and_free(struct conn *conn, const struct request *r, struct ofp_flow_mod *fm)
{
    const struct flow_author author = {conn, r->h.xid};
    int rc = flow_mod_apply(conn->bridge, fm, time_now_ms(), &author);

    ofp_actions_free(&fm->actions);
    return rc;
}

int handle_flow_mod(struct conn *conn, const struct request *r)
{
    struct ofp_flow_mod fm;
    int rc = ofp_flow_mod_decode((enum ofp_version)conn->version, request_body(r),
                                 request_body_len(r), conn->flow_mod_table_id, &fm);

    return rc ? rc : apply_and_free(conn, r, &fm);
}

static int nx_flow_mod(struct conn *conn, const struct request *r, const uint8_t *body, size_t len)
{
    struct ofp_flow_mod fm;
    int rc = nx_flow_mod_decode((enum ofp_version)conn->version, body, len, conn->flow_mod_table_id,
                                &fm);

    return rc ? rc : apply_and_free(conn, r, &fm);
}

static int nx_flow_mod_table_id(struct conn *conn, const struct request *r, const uint8_t *body,
                                size_t len)
{
    (void)r;
    if (len != 8) {
        return OFPERR_BRC_BAD_LEN;
    }
    conn->flow_mod_table_id = body[0] != 0;
    return 0;
}

static int nx_set_flow_format(struct conn *conn, const struct request *r, const uint8_t *body,
                              size_t len)
{
    uint32_t format;

    (void)r;
    if (len != 4) {
        return OFPERR_BRC_BAD_LEN;
    }
    format = wire_get32(body);
    if (format != 0 && format != 2) {
        return OFPERR_BRC_EPERM; /* OpenFlow 1.0's own, or NXM. */
    }
    conn->nxm = format == 2;
    return 0;
}

CONSTRUCTOR static void register_flow_mods(void)
{
    static const struct vendor_row rows[] = {
        {OFP_VENDOR_NX, NXT_FLOW_MOD, OFP10, OFP10, nx_flow_mod, NULL, true},
        {OFP_VENDOR_NX, NXT_FLOW_MOD_TABLE_ID, OFP10, OFP10, nx_flow_mod_table_id},
        {OFP_VENDOR_NX, NXT_SET_FLOW_FORMAT, OFP10, OFP10, nx_set_flow_format},
    };

    vendor_register(rows, ARRAY_SIZE(rows));
}
