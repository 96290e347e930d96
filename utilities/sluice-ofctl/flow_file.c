/* Files of flows, and sending many; see flows.h. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utilities/sluice-ofctl/flows.h"

/* The command that a line begins with is taken off it. */
static char *take_command(char *text, enum ofp_flow_mod_command *command)
{
    static const struct {
        const char *word;
        enum ofp_flow_mod_command command;
    } words[] = {{"add", OFPFC_ADD},
                 {"modify", OFPFC_MODIFY},
                 {"modify_strict", OFPFC_MODIFY_STRICT},
                 {"delete", OFPFC_DELETE},
                 {"delete_strict", OFPFC_DELETE_STRICT}};
    size_t n;

    text += strspn(text, " \t");
    n = strspn(text, "abcdefghijklmnopqrstuvwxyz_");
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (strlen(words[i].word) == n && !memcmp(text, words[i].word, n) &&
            (!text[n] || isspace((unsigned char)text[n]))) {
            *command = words[i].command;
            return text + n;
        }
    }
    return text;
}

int flows_read_file(const char *path, enum ofp_flow_mod_command command, flow_line_cb *cb,
                    void *aux, struct error *err)
{
    FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
    unsigned int n = 0;
    char *line = NULL;
    size_t size = 0;
    int rc = 0;

    if (!f) {
        return error_set_errno(err, errno, "%s", path);
    }
    while (!rc && getline(&line, &size, f) >= 0) {
        enum ofp_flow_mod_command c = command;
        char *text = line;

        n++;
        text[strcspn(text, "#\r\n")] = '\0';
        text = take_command(text, &c);
        text += strspn(text, " \t");
        if (*text || c != command) {
            rc = cb(c, text, n, aux, err);
            rc = rc ? error_prefix(err, "%s:%u", path, n) : 0;
        }
    }
    if (!rc && ferror(f)) {
        rc = error_set_errno(err, errno, "%s", path);
    }
    free(line);
    if (f != stdin) {
        fclose(f);
    }
    return rc;
}

/* --- Batches. */

static void on_refused(uint32_t xid, const char *name, void *batch_)
{
    struct flow_batch *b = batch_;
    size_t i = xid - b->first_xid;

    if (i < b->n && b->path && !b->n_refused) {
        error_set(&b->first, EPROTO, "%s: the switch refused %s:%u: %s", ofconn_target(b->conn),
                  b->path, b->lines[i], name);
    } else if (!b->n_refused) {
        error_set(&b->first, EPROTO, "%s: the switch refused the flow: %s", ofconn_target(b->conn),
                  name);
    }
    b->n_refused++;
}

int flow_batch_begin(struct flow_batch *b, struct ofconn *c, const char *path, bool any_table,
                     struct error *err)
{
    struct strbuf s = STRBUF_INIT;
    size_t start;
    int rc;

    *b = (struct flow_batch){.conn = c, .path = path};
    if (ofconn_version(c) != OFP10 || !any_table) {
        b->first_xid = UINT32_MAX;
        return 0;
    }
    start = ofp_begin(&s, OFP10, OFPT_VENDOR, ofconn_next_xid(c));
    wire_put32(&s, OFP_VENDOR_NX);
    wire_put32(&s, OFCTL_NX_FLOW_MOD_TABLE_ID);
    wire_put8(&s, 1);
    wire_zeros(&s, 7);
    ofp_end(&s, start);
    rc = ofconn_send(c, &s, err);
    rc = rc ? rc : ofconn_barrier(c, on_refused, b, err);
    if (b->n_refused) {
        return error_set(err, EPROTO,
                         "%s: in OpenFlow 1.0 it has no tables to choose from; add -O OpenFlow13",
                         ofconn_target(c));
    }
    b->with_table_id = true;
    return rc;
}

int flow_batch_add(struct flow_batch *b, const struct ofp_flow_mod *fm, unsigned int line,
                   struct error *err)
{
    uint32_t xid = ofconn_next_xid(b->conn);
    struct strbuf s = STRBUF_INIT;

    if (!b->n) {
        b->first_xid = xid;
    }
    if (b->n == b->size) {
        b->size = MAX_OF(b->size * 2, (size_t)64);
        b->lines = xrealloc(b->lines, b->size * sizeof *b->lines);
    }
    b->lines[b->n++] = line;
    ofp_flow_mod_encode(&s, ofconn_version(b->conn), xid, b->with_table_id, fm);
    if (s.len > UINT16_MAX) {
        strbuf_free(&s);
        return error_set(err, E2BIG, "the flow takes more than a message of OpenFlow holds");
    }
    return ofconn_send(b->conn, &s, err);
}

int flow_batch_end(struct flow_batch *b, struct error *err)
{
    int rc = ofconn_barrier(b->conn, on_refused, b, err);

    free(b->lines);
    b->lines = NULL;
    if (!b->n_refused) {
        return rc;
    }
    if (b->n_refused == 1) {
        return error_set(err, EPROTO, "%s", b->first.text);
    }
    return error_set(err, EPROTO, "%s; and %zu more", b->first.text, b->n_refused - 1);
}
