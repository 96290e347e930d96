/* Flow mods in bundles. An add without a condition, of which a bundle may have a million, is kept
 * as the rule that it will be; others as they were decoded. Event base's thread. */
#include <stdlib.h>

#include "ofproto/codec/flow_mod.h"
#include "ofproto/conn/bundle.h"
#include "ofproto/conn/changes.h"
#include "ofproto/conn/mgmt.h"
#include "ofproto/group/group.h"
#include "ofproto/meter/meter.h"
#include "ofproto/shadow.h"

struct staged_flow_mod {
    struct flow_changes changes; /* Once applied. */
    struct ofp_rule *rule;       /* Of a plain add; then of the table. */
    uint32_t xid;
    uint8_t table_id;
    bool reset_counts;
    struct ofp_flow_mod *fm; /* Of the others. */
};

static int stage(struct conn *conn, const struct request *r, struct staged *ret)
{
    struct staged_flow_mod *s;
    struct ofp_flow_mod fm;
    bool is_plain;
    int rc = ofp_flow_mod_decode((enum ofp_version)conn->version, request_body(r),
                                 request_body_len(r), conn->flow_mod_table_id, &fm);

    if (rc) {
        return rc;
    }
    rc = flow_mod_check(&fm);
    if (rc) {
        ofp_actions_free(&fm.actions);
        return rc;
    }
    is_plain = fm.command == OFPFC_ADD && !(fm.flags & OFPFF_CHECK_OVERLAP);
    ret->bytes = sizeof *s + (is_plain ? sizeof *s->rule + 64 : sizeof fm) + fm.actions.len;
    ret->arg = s = xcalloc(1, sizeof *s);
    s->xid = r->h.xid;
    if (is_plain) {
        s->rule = flow_mod_make_rule(conn->bridge, &fm, time_now_ms());
        s->table_id = fm.table_id == OFPTT_ALL ? 0 : fm.table_id;
        s->reset_counts = fm.flags & OFPFF_RESET_COUNTS;
        ofp_actions_free(&fm.actions);
    } else {
        s->fm = xcalloc_line(sizeof fm);
        *s->fm = fm;
    }
    return 0;
}

static int apply(struct conn *conn, void *arg, uint64_t now_ms)
{
    struct staged_flow_mod *s = arg;
    int rc;

    if (!s->rule) {
        return flow_mod_change(conn->bridge, s->fm, now_ms, &s->changes);
    }
    rc = group_check_actions(conn->bridge, s->rule->actions, s->rule->actions_len);
    rc = rc ? rc : meter_check_actions(conn->bridge, s->rule->actions, s->rule->actions_len);
    if (rc) {
        return rc;
    }
    s->rule->created_ms = s->rule->modified_ms = now_ms;
    rule_ref(s->rule);
    return flow_changes_add_within_limit(&s->changes, conn->bridge, s->table_id, s->rule,
                                         s->reset_counts);
}

static void undo(struct conn *conn, void *arg)
{
    struct staged_flow_mod *s = arg;
    flow_changes_undo(&s->changes, conn->bridge);
}

static void finish(struct conn *conn, void *arg, uint64_t now_ms)
{
    struct staged_flow_mod *s = arg;
    const struct flow_author author = {conn, s->xid};

    flow_changes_finish(&s->changes, conn->bridge, now_ms, &author);
}

static struct ofp_rule *plain_add(void *arg, uint8_t *ret_table_id)
{
    const struct staged_flow_mod *s = arg;

    *ret_table_id = s->table_id;
    return s->rule && shadow_may_have(s->rule->actions, s->rule->actions_len) ? s->rule : NULL;
}

static void free_staged(struct ofproto_set *set, void *arg)
{
    struct staged_flow_mod *s = arg;

    if (s->rule) {
        rule_unref(&set->masks, s->rule);
    } else {
        ofp_actions_free(&s->fm->actions);
        free(s->fm);
    }
    free(s);
}

CONSTRUCTOR static void register_op(void)
{
    static const struct bundle_op op = {
        .type = OFPT_FLOW_MOD,
        .stage = stage,
        .apply = apply,
        .undo = undo,
        .finish = finish,
        .plain_add = plain_add,
        .free = free_staged,
    };

    bundle_op_register(&op);
}
