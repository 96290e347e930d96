/* Files of flows, and sending many; see flows.h. */
#include <errno.h>

#include "utilities/sluice-ofctl/flows.h"

const struct line_word flow_line_words[] = {{"add", OFPFC_ADD},
                                            {"modify", OFPFC_MODIFY},
                                            {"modify_strict", OFPFC_MODIFY_STRICT},
                                            {"delete", OFPFC_DELETE},
                                            {"delete_strict", OFPFC_DELETE_STRICT},
                                            {NULL, 0}};

struct reader {
    enum ofp_flow_mod_command command;
    flow_line_cb *cb;
    void *aux;
};

static int on_line(char *text, unsigned int line, void *reader, struct error *err)
{
    const struct reader *r = reader;
    unsigned int command = r->command;

    text = lines_take_word(text, flow_line_words, &command);
    return r->cb((enum ofp_flow_mod_command)command, text, line, r->aux, err);
}

int flows_read_file(const char *path, enum ofp_flow_mod_command command, flow_line_cb *cb,
                    void *aux, struct error *err)
{
    struct reader r = {.command = command, .cb = cb, .aux = aux};

    return lines_read(path, on_line, &r, err);
}

/* --- Batches. */

static void on_refused(uint32_t xid UNUSED, const char *name UNUSED, void *refused)
{
    *(bool *)refused = true;
}

/* OpenFlow 1.0 has flow mods with tables by Nicira's extension, once it is switched on. */
static int switch_table_ids_on(struct ofconn *c, struct error *err)
{
    struct strbuf s = STRBUF_INIT;
    size_t start = ofp_begin(&s, OFP10, OFPT_VENDOR, ofconn_next_xid(c));
    bool refused = false;
    int rc;

    wire_put32(&s, OFP_VENDOR_NX);
    wire_put32(&s, OFCTL_NX_FLOW_MOD_TABLE_ID);
    wire_put8(&s, 1);
    wire_zeros(&s, 7);
    ofp_end(&s, start);
    rc = ofconn_send(c, &s, err);
    rc = rc ? rc : ofconn_barrier(c, on_refused, &refused, err);
    if (refused) {
        return error_set(err, EPROTO,
                         "%s: in OpenFlow 1.0 it has no tables to choose from; add -O OpenFlow13",
                         ofconn_target(c));
    }
    return rc;
}

int flow_batch_begin(struct flow_batch *b, struct ofconn *c, const char *path, bool any_table,
                     bool bundle, struct error *err)
{
    int rc = 0;

    *b = (struct flow_batch){.with_table_id = ofconn_version(c) == OFP10 && any_table};
    if (b->with_table_id) {
        rc = switch_table_ids_on(c, err);
    }
    return rc ? rc : batch_begin(&b->batch, c, path, "flow", bundle, err);
}

int flow_batch_add(struct flow_batch *b, const struct ofp_flow_mod *fm, unsigned int line,
                   struct error *err)
{
    struct strbuf s = STRBUF_INIT;

    ofp_flow_mod_encode(&s, ofconn_version(b->batch.conn), batch_xid(&b->batch), b->with_table_id,
                        fm);
    return batch_add(&b->batch, &s, line, err);
}
