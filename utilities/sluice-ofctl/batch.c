/* See batch.h. */
#include "utilities/sluice-ofctl/batch.h"

#include <errno.h>
#include <stdlib.h>

#include "ofproto/codec/bundle.h"

#define BUNDLE_ID 0

static void refuse(uint32_t xid, const char *name, void *batch_)
{
    struct batch *b = batch_;
    size_t i = xid - b->first_xid;
    unsigned int line = i < b->n ? b->lines[i] : 0;

    if (b->n_refused++) {
        return;
    }
    if (line && b->path) {
        error_set(&b->first, EPROTO, "%s: the switch refused %s:%u: %s", ofconn_target(b->conn),
                  b->path, line, name);
    } else {
        error_set(&b->first, EPROTO, "%s: the switch refused the %s: %s", ofconn_target(b->conn),
                  b->what, name);
    }
}

/* Notes that a message with this xid is under way. */
static uint32_t next_xid(struct batch *b, unsigned int line)
{
    uint32_t xid = ofconn_next_xid(b->conn);

    if (!b->n) {
        b->first_xid = xid;
    }
    if (b->n == b->size) {
        b->size = MAX_OF(b->size * 2, (size_t)64);
        b->lines = xrealloc(b->lines, b->size * sizeof *b->lines);
    }
    b->lines[b->n++] = line;
    return xid;
}

static int control(struct batch *b, enum ofp_bundle_type type, struct error *err)
{
    const struct ofp_bundle_control bc = {
        .id = BUNDLE_ID, .type = (uint16_t)type, .flags = OFPBF_ATOMIC | OFPBF_ORDERED};
    struct strbuf s = STRBUF_INIT;

    ofp_bundle_control_encode(&s, ofconn_version(b->conn), next_xid(b, 0), &bc);
    return ofconn_send(b->conn, &s, err);
}

int batch_begin(struct batch *b, struct ofconn *c, const char *path, const char *what, bool bundle,
                struct error *err)
{
    *b = (struct batch){.conn = c, .path = path, .what = what, .bundle = bundle};
    return bundle ? control(b, OFPBCT_OPEN_REQUEST, err) : 0;
}

uint32_t batch_xid(struct batch *b)
{
    return next_xid(b, 0);
}

int batch_add(struct batch *b, struct strbuf *msg, unsigned int line, struct error *err)
{
    struct strbuf add = STRBUF_INIT;

    b->lines[b->n - 1] = line;
    if (b->bundle) {
        ofp_bundle_add_encode(&add, ofconn_version(b->conn), BUNDLE_ID,
                              OFPBF_ATOMIC | OFPBF_ORDERED, (const uint8_t *)msg->data, msg->len);
        strbuf_free(msg);
        *msg = add;
    }
    if (msg->len > UINT16_MAX) {
        strbuf_free(msg);
        return error_set(err, E2BIG, "the %s takes more than a message of OpenFlow holds", b->what);
    }
    return ofconn_send(b->conn, msg, err);
}

void batch_free(struct batch *b)
{
    free(b->lines);
    b->lines = NULL;
    b->n = b->size = 0;
}

/* What a switch refuses as it is added is not in the bundle: then there is nothing to commit. */
static int end_bundle(struct batch *b, struct error *err)
{
    int rc = ofconn_barrier(b->conn, refuse, b, err);

    if (rc && !b->n_refused) {
        return rc;
    }
    return control(b, b->n_refused ? OFPBCT_DISCARD_REQUEST : OFPBCT_COMMIT_REQUEST, err);
}

int batch_end(struct batch *b, struct error *err)
{
    int rc = b->bundle ? end_bundle(b, err) : 0;

    rc = rc ? rc : ofconn_barrier(b->conn, refuse, b, err);
    batch_free(b);
    if (!b->n_refused) {
        return rc;
    }
    if (b->bundle) {
        return error_set(err, EPROTO, "%s; nothing is changed", b->first.text);
    }
    if (b->n_refused == 1) {
        return error_set(err, EPROTO, "%s", b->first.text);
    }
    return error_set(err, EPROTO, "%s; and %zu more", b->first.text, b->n_refused - 1);
}
