/* See bundle.h. All bundles are carried out atomically and in order, whatever they ask for. The
 * reply to a commit goes when no cached flow contradicts the tables any more, like a barrier's. */
#include "ofproto/conn/bundle.h"

#include <stdlib.h>

#include "ofproto/codec/bundle.h"
#include "ofproto/codec/match_wire.h"
#include "ofproto/conn/mgmt.h"
#include "ofproto/conn/vendor.h"
#include "ofproto/shadow.h"

#define MAX_OPS 8
#define MAX_BUNDLES 64                     /* Of a connection. */
#define MAX_STAGED_BYTES ((size_t)1 << 30) /* Of a bridge. */
#define IDLE_MS 10000
#define QUOTED 64 /* Of a request to commit, for the error when it fails. */
#define MANY 2000 /* Messages. */
#define SLICE 64  /* After which the clock is asked. */

struct staged_message {
    STAILQ_ENTRY(staged_message) node;
    const struct bundle_op *op;
    struct staged staged;
    uint64_t tlv_fields; /* That it names: they stay mapped. */
    uint16_t n_quoted;
    uint8_t quoted[]; /* The message, for the error when it fails. */
};

struct staged_bundle {
    LIST_ENTRY(staged_bundle) node;
    STAILQ_HEAD(staged_messages, staged_message) messages;
    uint32_t id;
    uint16_t flags;
    bool closed;
    uint64_t touched_ms;
    size_t bytes;
    size_t n;       /* Messages; */
    size_t n_plain; /* of these, adds that need no look at the bridge. */
};

/* A bundle of many such messages is prepared little by little, then carried out at once. */
struct bundle_commit {
    struct chore chore;
    struct conn *conn;
    struct staged_bundle *bundle;
    struct staged_message *next; /* That is yet to go into the shadow. */
    struct shadow *shadow;
    uint64_t now_ms;
    struct ofp_bundle_control control;
    uint32_t xid;
    size_t n_quoted;
    uint8_t quoted[QUOTED]; /* The message that asked for it. */
};

/* Messages that are done with, many of them. */
struct leftovers {
    struct chore chore;
    struct ofproto *bridge; /* A reference, and one to its set. */
    struct staged_messages messages;
};

static const struct bundle_op *ops[MAX_OPS];
static size_t n_ops;

void bundle_op_register(const struct bundle_op *op)
{
    assert(n_ops < MAX_OPS);
    ops[n_ops++] = op;
}

static const struct bundle_op *find_op(const uint8_t *msg, size_t len)
{
    bool is_vendor = msg[1] == OFPT_VENDOR;

    if (is_vendor && len < OFP_HEADER_LEN + 8) {
        return NULL;
    }
    for (size_t i = 0; i < n_ops; i++) {
        if (ops[i]->type == msg[1] && (!is_vendor || (ops[i]->vendor == wire_get32(msg + 8) &&
                                                      ops[i]->subtype == wire_get32(msg + 12)))) {
            return ops[i];
        }
    }
    return NULL;
}

static struct staged_bundle *find(const struct conn *conn, uint32_t id)
{
    struct staged_bundle *b;

    LIST_FOREACH (b, &conn->bundles, node) {
        if (b->id == id) {
            return b;
        }
    }
    return NULL;
}

static int open_bundle(struct conn *conn, uint32_t id, uint16_t flags, struct staged_bundle **ret)
{
    struct staged_bundle *b;

    if (conn->n_bundles >= MAX_BUNDLES) {
        return OFPERR_BFC_OUT_OF_BUNDLES;
    }
    b = xcalloc(1, sizeof *b);
    STAILQ_INIT(&b->messages);
    b->id = id;
    b->flags = flags;
    b->touched_ms = time_now_ms();
    LIST_INSERT_HEAD(&conn->bundles, b, node);
    conn->n_bundles++;
    *ret = b;
    return 0;
}

static bool free_some(struct chore *c, uint64_t end_us)
{
    struct leftovers *l = CONTAINER_OF(c, struct leftovers, chore);
    struct ofproto_set *set = l->bridge->set;
    struct staged_message *m;

    for (unsigned int i = 1; (m = STAILQ_FIRST(&l->messages)); i++) {
        STAILQ_REMOVE_HEAD(&l->messages, node);
        m->op->free(set, m->staged.arg);
        uses_remove_tlvs(&l->bridge->uses, m->tlv_fields);
        free(m);
        if (i % SLICE == 0 && chore_slice_is_over(end_us)) {
            return false;
        }
    }
    bridge_unref(l->bridge);
    set_unref(set);
    free(l);
    return true;
}

static void free_messages(struct ofproto *bridge, struct staged_bundle *b)
{
    struct leftovers *l = xcalloc(1, sizeof *l);

    l->chore.run = free_some;
    l->bridge = bridge;
    bridge_ref(bridge);
    set_ref(bridge->set);
    STAILQ_INIT(&l->messages);
    STAILQ_CONCAT(&l->messages, &b->messages);
    if (b->n >= MANY) {
        set_add_chore(bridge->set, &l->chore);
    } else {
        free_some(&l->chore, UINT64_MAX);
    }
}

static void discard(struct conn *conn, struct staged_bundle *b)
{
    free_messages(conn->bridge, b);
    conn->mgmt->staged_bytes -= b->bytes;
    conn->n_bundles--;
    LIST_REMOVE(b, node);
    free(b);
}

void conn_free_bundles(struct conn *conn)
{
    struct bundle_commit *c = conn->commit;

    if (c) {
        set_cancel_chore(conn->bridge->set, &c->chore);
        shadow_free(c->shadow);
        free(c);
    }
    while (!LIST_EMPTY(&conn->bundles)) {
        discard(conn, LIST_FIRST(&conn->bundles));
    }
}

void mgmt_expire_bundles(struct mgmt *mgmt, uint64_t now_ms)
{
    struct conn *conn;

    LIST_FOREACH (conn, &mgmt->conns, node) {
        struct staged_bundle *b, *next;

        for (b = LIST_FIRST(&conn->bundles); b; b = next) {
            struct strbuf s = STRBUF_INIT;

            next = LIST_NEXT(b, node);
            if (conn->in_barrier || conn->paused) {
                b->touched_ms = now_ms; /* It is we who do not read on. */
            } else if (now_ms - MIN_OF(now_ms, b->touched_ms) >= IDLE_MS) {
                ofp_error_encode(&s, conn->version, OFPERR_BFC_TIMEOUT, "", 0);
                conn_send(conn, &s);
                discard(conn, b);
            }
        }
    }
}

/* --- Commit. */

static void undo_before(struct conn *conn, struct staged_bundle *b,
                        const struct staged_message *end)
{
    struct staged_message *m, **list;
    size_t n = 0;

    for (m = STAILQ_FIRST(&b->messages); m != end; m = STAILQ_NEXT(m, node)) {
        n++;
    }
    list = xcalloc(n + 1, sizeof(struct staged_message *));
    n = 0;
    for (m = STAILQ_FIRST(&b->messages); m != end; m = STAILQ_NEXT(m, node)) {
        list[n++] = m;
    }
    while (n--) { /* The last first. */
        if (list[n]->op->undo) {
            list[n]->op->undo(conn, list[n]->staged.arg);
        }
    }
    free(list);
}

/* The message that fails is named by an error of its own, before the commit's. */
static int commit(struct conn *conn, struct staged_bundle *b)
{
    uint64_t now_ms = time_now_ms();
    struct staged_message *m;

    STAILQ_FOREACH (m, &b->messages, node) {
        int rc = m->op->apply ? m->op->apply(conn, m->staged.arg, now_ms) : 0;

        if (rc) {
            struct strbuf s = STRBUF_INIT;

            undo_before(conn, b, m);
            ofp_error_encode(&s, conn->version, (enum ofp_error)rc, m->quoted, m->n_quoted);
            conn_send(conn, &s);
            return OFPERR_BFC_MSG_FAILED;
        }
    }
    STAILQ_FOREACH (m, &b->messages, node) {
        m->op->finish(conn, m->staged.arg, now_ms);
    }
    return 0;
}

static void reply_committed(struct conn *conn, uint32_t xid, const struct ofp_bundle_control *c)
{
    struct strbuf s = STRBUF_INIT;
    struct ofp_bundle_control reply = *c;

    reply.type = OFPBCT_COMMIT_REQUEST + 1;
    ofp_bundle_control_encode(&s, (enum ofp_version)conn->version, xid, &reply);
    conn_reply_synced(conn, &s);
}

/* All of it is prepared. Where it cannot be put in place so, message by message as any bundle. */
static void end_commit(struct bundle_commit *c)
{
    struct conn *conn = c->conn;
    bool swapped = shadow_swap(c->shadow);
    struct strbuf s = STRBUF_INIT;
    int rc = 0;

    conn->commit = NULL;
    conn->in_barrier = false;
    shadow_free(c->shadow); /* Before its rules go where others look. */
    if (swapped) {
        bridge_tell_removed(conn->bridge);
    } else {
        rc = commit(conn, c->bundle);
    }
    discard(conn, c->bundle);
    if (rc) {
        ofp_error_encode(&s, conn->version, (enum ofp_error)rc, c->quoted, c->n_quoted);
        conn_send(conn, &s);
        conn_resume(conn); /* Which may end it, as the reply may. */
    } else {
        reply_committed(conn, c->xid, &c->control);
    }
    free(c);
}

static bool prepare_some(struct chore *chore, uint64_t end_us)
{
    struct bundle_commit *c = CONTAINER_OF(chore, struct bundle_commit, chore);

    for (unsigned int i = 1; c->next; i++) {
        uint8_t table_id;
        struct ofp_rule *rule = c->next->op->plain_add(c->next->staged.arg, &table_id);

        rule->created_ms = rule->modified_ms = c->now_ms;
        rule_ref(rule);
        shadow_add(c->shadow, table_id, rule);
        c->next = STAILQ_NEXT(c->next, node);
        if (i % SLICE == 0 && chore_slice_is_over(end_us)) {
            return false;
        }
    }
    end_commit(c);
    return true;
}

/* False: it is none of many plain adds. */
static bool start_commit(struct conn *conn, const struct request *r,
                         const struct ofp_bundle_control *control)
{
    struct staged_bundle *b = find(conn, control->id);
    struct bundle_commit *c;

    if (control->type != OFPBCT_COMMIT_REQUEST || !b || b->flags != control->flags || b->n < MANY ||
        b->n != b->n_plain) {
        return false;
    }
    c = xcalloc(1, sizeof *c);
    c->chore.run = prepare_some;
    c->conn = conn;
    c->bundle = b;
    c->next = STAILQ_FIRST(&b->messages);
    c->shadow = shadow_new(conn->bridge);
    c->now_ms = time_now_ms();
    c->control = *control;
    c->xid = r->h.xid;
    c->n_quoted = MIN_OF(r->len, sizeof c->quoted);
    memcpy(c->quoted, r->msg, c->n_quoted);
    conn->commit = c;
    conn->in_barrier = true; /* What follows waits. */
    set_add_chore(conn->bridge->set, &c->chore);
    return true;
}

/* --- Messages. */

static int control(struct conn *conn, const struct ofp_bundle_control *c)
{
    struct staged_bundle *b = find(conn, c->id);
    int rc = 0;

    if (c->type == OFPBCT_OPEN_REQUEST) {
        if (!b) {
            return open_bundle(conn, c->id, c->flags, &b);
        }
        rc = OFPERR_BFC_BAD_ID;
    } else if (!b) {
        return OFPERR_BFC_BAD_ID;
    } else if (c->type == OFPBCT_CLOSE_REQUEST) {
        rc = b->closed ? OFPERR_BFC_BUNDLE_CLOSED : c->flags != b->flags ? OFPERR_BFC_BAD_FLAGS : 0;
        b->closed = true;
        b->touched_ms = time_now_ms();
    } else if (c->type == OFPBCT_COMMIT_REQUEST) {
        rc = c->flags != b->flags ? OFPERR_BFC_BAD_FLAGS : commit(conn, b);
    }
    if (rc || c->type != OFPBCT_CLOSE_REQUEST) {
        discard(conn, b);
    }
    return rc;
}

static int answer_control(struct conn *conn, const struct request *r, const uint8_t *p, size_t len)
{
    struct ofp_bundle_control c;
    struct strbuf s = STRBUF_INIT;
    int rc = ofp_bundle_control_decode(p, len, &c);

    if (rc || start_commit(conn, r, &c)) {
        return rc;
    }
    rc = control(conn, &c);
    if (rc) {
        return rc;
    }
    if (c.type == OFPBCT_COMMIT_REQUEST) {
        reply_committed(conn, r->h.xid, &c);
        return 0;
    }
    c.type++;
    ofp_bundle_control_encode(&s, (enum ofp_version)conn->version, r->h.xid, &c);
    conn_send(conn, &s);
    return 0;
}

static int stage(struct conn *conn, struct staged_bundle *b, const struct ofp_bundle_add *add)
{
    struct request within = {.msg = add->msg, .len = add->msg_len};
    const struct bundle_op *op = find_op(add->msg, add->msg_len);
    struct staged_message *m;
    struct staged staged;
    uint8_t table_id;
    int rc;

    if (!op) {
        return OFPERR_BFC_MSG_UNSUP;
    }
    ofp_header_decode(add->msg, &within.h);
    oxm_take_tlv_fields();
    rc = op->stage(conn, &within, &staged);
    if (rc) {
        return rc;
    }
    m = xmalloc(sizeof *m + add->msg_len);
    m->op = op;
    m->staged = staged;
    m->tlv_fields = oxm_take_tlv_fields();
    uses_add_tlvs(&conn->bridge->uses, m->tlv_fields);
    m->n_quoted = (uint16_t)add->msg_len;
    memcpy(m->quoted, add->msg, m->n_quoted);
    staged.bytes += sizeof *m + m->n_quoted;
    STAILQ_INSERT_TAIL(&b->messages, m, node);
    b->n++;
    b->n_plain += op->plain_add && !m->tlv_fields && op->plain_add(staged.arg, &table_id);
    b->bytes += staged.bytes;
    conn->mgmt->staged_bytes += staged.bytes;
    return 0;
}

static int add_message(struct conn *conn, const struct request *r, const uint8_t *p, size_t len)
{
    struct ofp_bundle_add add;
    struct staged_bundle *b;
    int rc = ofp_bundle_add_decode(conn->version, r->h.xid, p, len, &add);

    if (rc) {
        return rc;
    }
    b = find(conn, add.id);
    if (!b) { /* OpenFlow 1.5.1 section 7.3.9.6: an add opens the bundle, too. */
        rc = open_bundle(conn, add.id, add.flags, &b);
        if (rc) {
            return rc;
        }
    }
    b->touched_ms = time_now_ms();
    if (b->closed || b->flags != add.flags) {
        rc = b->closed ? OFPERR_BFC_BUNDLE_CLOSED : OFPERR_BFC_BAD_FLAGS;
        discard(conn, b);
        return rc;
    }
    if (conn->mgmt->staged_bytes >= MAX_STAGED_BYTES) {
        return OFPERR_BFC_MSG_TOO_MANY;
    }
    return stage(conn, b, &add);
}

int handle_bundle_control(struct conn *conn, const struct request *r)
{
    return answer_control(conn, r, request_body(r), request_body_len(r));
}

int handle_bundle_add(struct conn *conn, const struct request *r)
{
    return add_message(conn, r, request_body(r), request_body_len(r));
}

CONSTRUCTOR static void register_extension(void)
{
    static const struct vendor_row rows[] = {
        {OFP_VENDOR_ONF, ONFT_BUNDLE_CONTROL, OFP13, OFP13, answer_control, NULL, true},
        {OFP_VENDOR_ONF, ONFT_BUNDLE_ADD, OFP13, OFP13, add_message, NULL, true},
    };

    vendor_register(rows, ARRAY_SIZE(rows));
}
