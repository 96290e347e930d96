/* Flow mods: what they do to the tables (OpenFlow 1.3.5 section 6.4). A flow mod that fails changes
 * nothing. Event base's thread. */
#include "ofproto/codec/flow_mod.h"
#include "ofproto/conn/conn.h"

struct selection {
    struct ofproto *bridge;
    const struct ofp_flow_mod *fm;
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
         !ofp_actions_output_to(rule->actions, rule->actions_len, fm->out_port))) {
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
        bridge_remove_rule(sel->bridge, rule);
        sel->n++;
    }
}

static void modify_cb(struct ofp_rule *rule, void *sel_)
{
    struct selection *sel = sel_;
    const struct ofp_flow_mod *fm = sel->fm;

    if (selected(sel, rule)) {
        rule_set_actions(rule, fm->actions.data, fm->actions.len, sel->now_ms);
        if (fm->flags & OFPFF_RESET_COUNTS && fm->command != OFPFC_ADD) {
            rule->packets = rule->bytes = 0;
        }
        bridge_changed(sel->bridge);
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

static int add(struct ofproto *bridge, const struct ofp_flow_mod *fm, uint64_t now_ms)
{
    struct ofp_rule_config config = {
        .match = &fm->match,
        .priority = fm->priority,
        .cookie = fm->cookie,
        .actions = fm->actions.data,
        .actions_len = fm->actions.len,
        .idle_timeout_s = fm->idle_timeout_s,
        .hard_timeout_s = fm->hard_timeout_s,
        .flags = fm->flags & ~(OFPFF_CHECK_OVERLAP | OFPFF_RESET_COUNTS),
        .now_ms = now_ms,
    };
    const struct ofp_table *table = bridge->tables[0];
    struct overlap overlap = {fm, false};
    struct ofp_rule *rule, *old;

    if (fm->flags & OFPFF_CHECK_OVERLAP) {
        classifier_each(&bridge->tables[0]->cls, overlap_cb, &overlap);
        if (overlap.found) {
            return OFPERR_FMFC_OVERLAP;
        }
    }
    rule = rule_new(&bridge->set->masks, &config);
    old = classifier_find_same(&table->cls, rule);
    if (!old && table->cls.n_rules >= table->max_rules) {
        rule_unref(&bridge->set->masks, rule);
        return OFPERR_FMFC_TABLE_FULL;
    }
    if (old && !(fm->flags & OFPFF_RESET_COUNTS)) {
        rule->packets = old->packets;
        rule->bytes = old->bytes;
    }
    bridge_add_rule(bridge, 0, rule);
    return 0;
}

int flow_mod_apply(struct ofproto *bridge, const struct ofp_flow_mod *fm, bool modify_adds,
                   uint64_t now_ms)
{
    struct selection sel = {
        .bridge = bridge,
        .fm = fm,
        .strict = fm->command == OFPFC_MODIFY_STRICT || fm->command == OFPFC_DELETE_STRICT,
        .now_ms = now_ms,
    };
    bool is_delete = fm->command == OFPFC_DELETE || fm->command == OFPFC_DELETE_STRICT;

    if (fm->table_id && !(is_delete && fm->table_id == OFPTT_ALL)) {
        return OFPERR_FMFC_BAD_TABLE_ID;
    }
    if (fm->flags & OFPFF_SEND_FLOW_REM) {
        return OFPERR_FMFC_BAD_FLAGS; /* Nobody would be told. */
    }
    if (fm->command == OFPFC_ADD) {
        return add(bridge, fm, now_ms);
    }
    classifier_each(&bridge->tables[0]->cls, is_delete ? delete_cb : modify_cb, &sel);
    if (!is_delete && !sel.n && modify_adds) {
        return add(bridge, fm, now_ms);
    }
    return 0;
}

int handle_flow_mod(struct conn *conn, const struct request *r)
{
    struct ofp_flow_mod fm;
    int rc = ofp_flow_mod_decode((enum ofp_version)conn->version, request_body(r),
                                 request_body_len(r), &fm);

    if (!rc) {
        rc = flow_mod_apply(conn->bridge, &fm, conn->version == OFP10, time_now_ms());
        ofp_actions_free(&fm.actions);
    }
    return rc;
}
