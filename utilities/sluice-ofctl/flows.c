/* Flows of a switch, and lists of them; see flows.h. */
#include "utilities/sluice-ofctl/flows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STATS_FLOW 1
#define STATS_VENDOR 0xffff
#define FLOW_FORMAT_NXM 2

struct dump {
    enum ofp_flow_stats_form form;
    flow_cb *cb;
    flow_part_cb *part;
    void *aux;
    unsigned int n_unreadable;
    int error; /* Of the first of them. */
};

static void note_refusal(uint32_t xid, const char *name, void *refused)
{
    (void)xid;
    (void)name;
    *(bool *)refused = true;
}

int flows_form(struct ofconn *c, enum ofp_flow_stats_form *ret, struct error *err)
{
    struct strbuf s = STRBUF_INIT;
    bool refused = false;
    size_t start;
    int rc;

    *ret = OFP_FLOW_STATS_OWN;
    if (ofconn_version(c) != OFP10) {
        return 0;
    }
    start = ofp_begin(&s, OFP10, OFPT_VENDOR, ofconn_next_xid(c));
    wire_put32(&s, OFP_VENDOR_NX);
    wire_put32(&s, OFCTL_NX_SET_FLOW_FORMAT);
    wire_put32(&s, FLOW_FORMAT_NXM);
    ofp_end(&s, start);
    rc = ofconn_send(c, &s, err);
    rc = rc ? rc : ofconn_barrier(c, note_refusal, &refused, err);
    if (!refused) {
        *ret = rc ? *ret : OFP_FLOW_STATS_NX;
        return rc;
    }
    return 0;
}

static int on_part(const struct ofconn *c, const struct ofconn_msg *m, bool more, void *dump_,
                   struct error *err)
{
    struct dump *d = dump_;
    const uint8_t *p = m->body;
    size_t left = m->len, n;

    for (; left; p += n, left -= n) {
        struct ofp_actions actions = OFP_ACTIONS_INIT;
        struct ofp_flow_stats fs;
        int rc = ofp_flow_stats_decode(ofconn_version(c), d->form, p, left, &fs, &actions, &n);

        if (!rc) {
            d->cb(&fs, d->aux);
        } else if (!d->n_unreadable++) {
            d->error = rc;
        }
        ofp_actions_free(&actions);
        if (!n) {
            return error_set(err, EPROTO, "%s: a reply about flows cannot be read",
                             ofconn_target(c));
        }
    }
    if (d->part) {
        d->part(m, d->form, more, d->aux);
    }
    return 0;
}

int flows_dump(struct ofconn *c, const struct ofp_flow_query *q, flow_cb *cb, flow_part_cb *part,
               void *aux, struct error *err)
{
    struct dump d = {.cb = cb, .part = part, .aux = aux};
    struct ofconn_stats what = {.type = STATS_FLOW};
    struct strbuf body = STRBUF_INIT;
    int rc = flows_form(c, &d.form, err);

    if (rc) {
        return rc;
    }
    if (d.form == OFP_FLOW_STATS_NX) {
        what = (struct ofconn_stats){STATS_VENDOR, OFP_VENDOR_NX, OFCTL_NX_FLOW};
    }
    ofp_flow_query_encode(&body, ofconn_version(c), d.form, q);
    rc = ofconn_stats(c, &what, &body, on_part, &d, err);
    strbuf_free(&body);
    if (!rc && d.n_unreadable) {
        rc = error_set(err, EPROTO,
                       "%s: %u flows are left out: they have what sluice-ofctl does not know (%s)",
                       ofconn_target(c), d.n_unreadable, ofp_error_name((enum ofp_error)d.error));
    }
    return rc;
}

void flow_list_add(const struct ofp_flow_stats *fs, void *list_)
{
    struct flow_list *list = list_;
    struct flow *f;
    void *actions;

    if (list->n == list->size) {
        list->size = MAX_OF(list->size * 2, (size_t)64);
        list->flow = xrealloc(list->flow, list->size * sizeof *list->flow);
    }
    f = &list->flow[list->n];
    f->fs = *fs;
    f->position = list->n++;
    actions = xcalloc(1, (size_t)fs->actions_len + 1);
    if (fs->actions_len) {
        memcpy(actions, fs->actions, fs->actions_len);
    }
    f->fs.actions = actions;
}

void flow_list_free(struct flow_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free((void *)list->flow[i].fs.actions);
    }
    free(list->flow);
    *list = (struct flow_list){NULL, 0, 0};
}
