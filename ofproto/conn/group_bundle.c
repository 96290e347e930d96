/* Group mods in bundles, in OpenFlow's own form and in Nicira's. Event base's thread. */
#include <stdlib.h>

#include "ofproto/conn/bundle.h"
#include "ofproto/conn/requestforward.h"

struct staged_group_mod {
    struct group_changes changes; /* Once applied. */
    struct ofp_group_mod gm;
    uint32_t xid;
};

/* What it holds in memory, about. */
static size_t size_of(const struct ofp_group_config *config)
{
    size_t size = sizeof(struct staged_group_mod) + config->fields_wire_len;

    size += config->fields ? sizeof *config->fields : 0;
    for (unsigned int i = 0; i < config->n; i++) {
        size += sizeof config->bucket[i] + config->bucket[i].actions.size;
    }
    return size;
}

static int stage_form(struct conn *conn, const struct request *r, enum ofp_version form,
                      const uint8_t *p, size_t len, struct staged *ret)
{
    struct staged_group_mod *s;
    struct ofp_group_mod gm;
    int rc = ofp_group_mod_decode((enum ofp_version)conn->version, form, p, len, &gm);

    if (rc) {
        return rc;
    }
    ret->bytes = size_of(&gm.config);
    ret->arg = s = xcalloc(1, sizeof *s);
    s->gm = gm;
    s->xid = r->h.xid;
    return 0;
}

static int stage(struct conn *conn, const struct request *r, struct staged *ret)
{
    return stage_form(conn, r, (enum ofp_version)conn->version, request_body(r),
                      request_body_len(r), ret);
}

static int stage_nx(struct conn *conn, const struct request *r, struct staged *ret)
{
    if (conn->version >= OFP15) {
        return OFPERR_BFC_MSG_UNSUP; /* Which has it as its own. */
    }
    return stage_form(conn, r, OFP15, request_body(r) + 8, request_body_len(r) - 8, ret);
}

static int apply(struct conn *conn, void *arg, uint64_t now_ms)
{
    struct staged_group_mod *s = arg;
    return group_mod_change(conn->bridge, &s->gm, now_ms, &s->changes);
}

static void undo(struct conn *conn, void *arg)
{
    struct staged_group_mod *s = arg;
    group_changes_undo(&s->changes, conn->bridge);
}

static void finish(struct conn *conn, void *arg, uint64_t now_ms)
{
    struct staged_group_mod *s = arg;

    forward_group_mod(conn, s->xid, &s->gm, &s->changes);
    group_changes_finish(&s->changes, conn->bridge, now_ms);
}

static void free_staged(struct ofproto_set *set UNUSED, void *arg)
{
    struct staged_group_mod *s = arg;

    ofp_group_config_free(&s->gm.config);
    free(s);
}

CONSTRUCTOR static void register_ops(void)
{
    static const struct bundle_op op = {
        .type = OFPT11_GROUP_MOD,
        .stage = stage,
        .apply = apply,
        .undo = undo,
        .finish = finish,
        .free = free_staged,
    };
    static const struct bundle_op nx_op = {
        .type = OFPT_VENDOR,
        .vendor = OFP_VENDOR_NX,
        .subtype = NXT_GROUP_MOD,
        .stage = stage_nx,
        .apply = apply,
        .undo = undo,
        .finish = finish,
        .free = free_staged,
    };

    bundle_op_register(&op);
    bundle_op_register(&nx_op);
}
