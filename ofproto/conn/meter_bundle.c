/* Meter mods in bundles. Event base's thread. */
#include <stdlib.h>

#include "ofproto/conn/bundle.h"
#include "ofproto/conn/requestforward.h"
#include "ofproto/meter/meter.h"

struct staged_meter_mod {
    struct meter_changes changes; /* Once applied. */
    struct ofp_meter_mod mod;
    uint32_t xid;
};

static int stage(struct conn *conn UNUSED, const struct request *r, struct staged *ret)
{
    struct ofp_meter_mod mod;
    int rc = ofp_meter_mod_decode(request_body(r), request_body_len(r), &mod);

    if (!rc) {
        struct staged_meter_mod *s = xcalloc(1, sizeof *s);

        s->mod = mod;
        s->xid = r->h.xid;
        ret->arg = s;
        ret->bytes = sizeof *s;
    }
    return rc;
}

static int apply(struct conn *conn, void *arg, uint64_t now_ms)
{
    struct staged_meter_mod *s = arg;
    return meter_mod_change(conn->bridge, &s->mod, now_ms, &s->changes);
}

static void undo(struct conn *conn, void *arg)
{
    struct staged_meter_mod *s = arg;
    meter_changes_undo(&s->changes, conn->bridge);
}

static void finish(struct conn *conn, void *arg, uint64_t now_ms)
{
    struct staged_meter_mod *s = arg;

    meter_changes_finish(&s->changes, conn->bridge, now_ms);
    forward_meter_mod(conn, s->xid, &s->mod);
}

static void free_staged(struct ofproto_set *set UNUSED, void *arg)
{
    free(arg);
}

CONSTRUCTOR static void register_op(void)
{
    static const struct bundle_op op = {
        .type = OFPT13_METER_MOD,
        .stage = stage,
        .apply = apply,
        .undo = undo,
        .finish = finish,
        .free = free_staged,
    };

    bundle_op_register(&op);
}
