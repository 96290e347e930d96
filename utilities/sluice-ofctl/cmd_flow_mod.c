/* add-flow, add-flows, mod-flows, del-flows. Flows are parsed, all of them, before anything is
 * sent. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "utilities/sluice-ofctl/flows.h"

struct mods {
    struct ofports ports;
    struct ofp_flow_mod *fm;
    unsigned int *line;
    size_t n, size;
    uint32_t versions; /* That can say all of them. */
    bool any_table;
};

static void mods_init(struct mods *m, const struct ofctl_options *o, const char *target)
{
    memset(m, 0, sizeof *m);
    m->versions = OFP_ALL_VERSIONS;
    ofports_init(&m->ports, o, target);
}

static void mods_free(struct mods *m)
{
    for (size_t i = 0; i < m->n; i++) {
        ofp_actions_free(&m->fm[i].actions);
    }
    free(m->fm);
    free(m->line);
    ofports_free(&m->ports);
}

static int add(enum ofp_flow_mod_command command, char *text, unsigned int line, void *mods_,
               struct error *err)
{
    struct mods *m = mods_;
    uint32_t versions;
    int rc;

    if (m->n == m->size) {
        m->size = MAX_OF(m->size * 2, (size_t)16);
        m->fm = xrealloc(m->fm, m->size * sizeof *m->fm);
        m->line = xrealloc(m->line, m->size * sizeof *m->line);
    }
    rc = ofp_flow_mod_parse(command, text, ofports_lookup, &m->ports, &m->fm[m->n], err);
    if (rc) {
        return ofports_error(&m->ports, error_prefix(err, "flow '%s'", text), err);
    }
    versions = m->versions & ofp_flow_mod_versions(&m->fm[m->n]);
    m->any_table |= m->fm[m->n].table_id != OFPTT_ALL;
    m->line[m->n++] = line;
    if (!versions) {
        return error_set(err, EINVAL,
                         "flow '%s': no version of OpenFlow can say this and the flows before",
                         text);
    }
    m->versions = versions;
    return 0;
}

static int send_all(const struct ofctl_options *o, struct mods *m, const char *path,
                    struct error *err)
{
    struct flow_batch batch;
    struct ofconn *c = NULL;
    int rc = ofconn_open(o, m->ports.target, m->versions & batch_versions(o), &c, err);

    if (rc) {
        return rc;
    }
    rc = flow_batch_begin(&batch, c, path, m->any_table, o->bundle, err);
    for (size_t i = 0; i < m->n && !rc; i++) {
        rc = flow_batch_add(&batch, &m->fm[i], m->line[i], err);
    }
    rc = rc ? rc : batch_end(&batch.batch, err);
    batch_free(&batch.batch);
    ofconn_close(c);
    return rc;
}

static int change(const struct ofctl_options *o, char *args[], enum ofp_flow_mod_command command,
                  struct error *err)
{
    static char everything[1];
    struct mods m;
    int rc;

    mods_init(&m, o, args[0]);
    if (args[1] && !strcmp(args[1], "-")) {
        rc = flows_read_file(args[1], command, add, &m, err);
    } else {
        rc = add(command, args[1] ? args[1] : everything, 1, &m, err);
    }
    rc = rc ? rc : send_all(o, &m, NULL, err);
    mods_free(&m);
    return rc;
}

static int add_flow(const struct ofctl_options *o, char *args[], struct error *err)
{
    return change(o, args, OFPFC_ADD, err);
}

static int mod_flows(const struct ofctl_options *o, char *args[], struct error *err)
{
    return change(o, args, o->strict ? OFPFC_MODIFY_STRICT : OFPFC_MODIFY, err);
}

static int del_flows(const struct ofctl_options *o, char *args[], struct error *err)
{
    return change(o, args, o->strict ? OFPFC_DELETE_STRICT : OFPFC_DELETE, err);
}

static int add_flows(const struct ofctl_options *o, char *args[], struct error *err)
{
    struct mods m;
    int rc;

    mods_init(&m, o, args[0]);
    rc = flows_read_file(args[1], OFPFC_ADD, add, &m, err);
    rc = rc ? rc : send_all(o, &m, args[1], err);
    mods_free(&m);
    return rc;
}

static const struct ofctl_command commands[] = {
    {"add-flow", 2, 2, "SWITCH FLOW", "adds FLOW", add_flow, true},
    {"add-flows", 2, 2, "SWITCH FILE",
     "adds FILE's flows ('-': the standard input); a line may begin with add, modify, "
     "modify_strict, delete or delete_strict; one that the switch refuses keeps no other out",
     add_flows, true},
    {"mod-flows", 2, 2, "SWITCH FLOW", "gives the flows within FLOW its actions", mod_flows, true},
    {"del-flows", 1, 2, "SWITCH [FLOW]", "deletes the flows within FLOW, or all", del_flows, true},
    {NULL},
};
OFCTL_COMMANDS(commands)
