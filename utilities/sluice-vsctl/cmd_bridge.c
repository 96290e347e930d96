/* Commands on bridges: add-br, del-br, list-br, br-exists, br-to-vlan, br-to-parent,
 * br-set-external-id, br-get-external-id. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utilities/sluice-vsctl/topology.h"

#define FAKE_PREFIX "fake-bridge-"

static int needs(struct vsctl *v, struct command *c UNUSED, struct error *err UNUSED)
{
    need_topology(v);
    return 0;
}

static int needs_add(struct vsctl *v, struct command *c UNUSED, struct error *err UNUSED)
{
    need_topology(v);
    vsctl_need(v, "Interface", "ofport");
    vsctl_need(v, "Interface", "error");
    return 0;
}

static int needs_external_ids(struct vsctl *v, struct command *c UNUSED, struct error *err UNUSED)
{
    need_topology(v);
    vsctl_need(v, "Bridge", "external_ids");
    return 0;
}

/* --may-exist: the bridge that is there must be what was asked for. */
static int check_existing(const struct bridge *b, const char *parent, int vlan, struct error *err)
{
    if (!parent) {
        return !b->parent ? 0
                          : error_set(err, EEXIST,
                                      "\"--may-exist add-br %s\" but %s is a VLAN bridge for VLAN "
                                      "%d",
                                      b->name, b->name, b->vlan);
    }
    if (!b->parent) {
        return error_set(err, EEXIST, "\"--may-exist add-br %s %s %d\" but %s is not a VLAN bridge",
                         b->name, parent, vlan, b->name);
    }
    if (strcmp(b->parent->name, parent)) {
        return error_set(err, EEXIST,
                         "\"--may-exist add-br %s %s %d\" but %s has the wrong parent %s", b->name,
                         parent, vlan, b->name, b->parent->name);
    }
    if (b->vlan != vlan) {
        return error_set(err, EEXIST,
                         "\"--may-exist add-br %s %s %d\" but %s is a VLAN bridge for the wrong "
                         "VLAN %d",
                         b->name, parent, vlan, b->name, b->vlan);
    }
    return 0;
}

static int add_fake_bridge(struct vsctl *v, const char *name, const char *parent_name, int vlan,
                           struct error *err)
{
    struct bridge *parent = topology_bridge(v, parent_name), *other;

    if (!parent) {
        return error_set(err, ENOENT, "parent bridge %s does not exist", parent_name);
    }
    if (parent->parent) {
        return error_set(err, EINVAL, "cannot create bridge with fake bridge as parent");
    }
    other = find_vlan_bridge(v, parent, vlan);
    if (other) {
        return error_set(err, EEXIST, "bridge %s already has a child VLAN bridge %s on VLAN %d",
                         parent_name, other->name, vlan);
    }
    topology_add_fake_bridge(v, name, parent, vlan);
    return 0;
}

static int add_br(struct vsctl *v, struct command *c, struct error *err)
{
    const char *name = c->argv[1], *parent = c->argc == 4 ? c->argv[2] : NULL;
    struct bridge *existing = topology_bridge(v, name);
    char what[200];
    uint64_t vlan = 0;
    int rc;

    if (c->argc == 3) {
        return error_set(err, EINVAL, "'%s' command takes exactly 1 or 3 arguments", c->argv[0]);
    }
    if (parent && !parse_u64(c->argv[3], 4095, &vlan)) {
        return error_set(err, EINVAL, "%s: vlan must be between 0 and 4095", c->argv[0]);
    }
    if (existing && command_has(c, "may-exist")) {
        return check_existing(existing, parent, (int)vlan, err);
    }
    snprintf(what, sizeof what, "cannot create a bridge named %.100s", name);
    rc = check_name(v, name, what, err);
    if (rc) {
        return rc;
    }
    vsctl_expect_iface(v, name);
    if (parent) {
        return add_fake_bridge(v, name, parent, (int)vlan, err);
    }
    topology_add_bridge(v, name);
    return 0;
}

static int del_br(struct vsctl *v, struct command *c, struct error *err)
{
    struct bridge *b = topology_bridge(v, c->argv[1]);

    if (!b) {
        return command_has(c, "if-exists") ? 0 : find_bridge(v, c->argv[1], &b, err);
    }
    topology_del_bridge(v, b);
    return 0;
}

static int list_br(struct vsctl *v, struct command *c, struct error *err UNUSED)
{
    struct topology *t = topology_get(v);
    bool real = command_has(c, "real"), fake = command_has(c, "fake");
    const char **names = xcalloc(HASH_COUNT(t->bridges), sizeof *names);
    struct bridge *b, *tmp;
    size_t n = 0;

    HASH_ITER (hh, t->bridges, b, tmp) {
        if (real == fake || (b->parent ? fake : real)) {
            names[n++] = b->name;
        }
    }
    put_sorted(&c->output, n, names);
    return 0;
}

static int br_exists(struct vsctl *v, struct command *c, struct error *err UNUSED)
{
    if (!topology_bridge(v, c->argv[1])) {
        v->exit_code = 2;
        return -VSCTL_EXIT_NOW;
    }
    return 0;
}

static int br_to_vlan(struct vsctl *v, struct command *c, struct error *err)
{
    struct bridge *b;
    int rc = find_bridge(v, c->argv[1], &b, err);

    if (!rc) {
        strbuf_printf(&c->output, "%d\n", b->vlan);
    }
    return rc;
}

static int br_to_parent(struct vsctl *v, struct command *c, struct error *err)
{
    struct bridge *b;
    int rc = find_bridge(v, c->argv[1], &b, err);

    if (!rc) {
        strbuf_printf(&c->output, "%s\n", b->parent ? b->parent->name : b->name);
    }
    return rc;
}

/* --- External ids: a fake bridge's are kept, with a prefix, in its port. --- */

/* The row that has them. */
static struct mrow *ids_row(struct vsctl *v, const struct bridge *b)
{
    struct port *p = b->parent ? topology_port(v, b->name) : NULL;

    return p ? p->row : b->row;
}

static int br_set_external_id(struct vsctl *v, struct command *c, struct error *err)
{
    struct bridge *b;
    int rc = find_bridge(v, c->argv[1], &b, err);
    char *key;

    if (rc) {
        return rc;
    }
    key = xasprintf("%s%s", b->parent ? FAKE_PREFIX : "", c->argv[2]);
    if (c->argc > 3) {
        mrow_set_key(ids_row(v, b), "external_ids", key, c->argv[3]);
    } else {
        mrow_remove_key(ids_row(v, b), "external_ids", key);
    }
    free(key);
    return 0;
}

static int br_get_external_id(struct vsctl *v, struct command *c, struct error *err)
{
    const struct db_datum *d;
    const char *prefix;
    struct bridge *b;
    int rc = find_bridge(v, c->argv[1], &b, err);

    if (rc) {
        return rc;
    }
    prefix = b->parent ? FAKE_PREFIX : "";
    d = mrow_get_named(ids_row(v, b), "external_ids");
    for (unsigned int i = 0; i < d->n; i++) {
        const char *key = d->keys[i].string;

        if (strncmp(key, prefix, strlen(prefix))) {
            continue;
        }
        key += strlen(prefix);
        if (c->argc <= 2) {
            strbuf_printf(&c->output, "%s=%s\n", key, d->values[i].string);
        } else if (!strcmp(key, c->argv[2])) {
            strbuf_printf(&c->output, "%s\n", d->values[i].string);
        }
    }
    return 0;
}

static const struct command_def defs[] = {
    {"add-br", 1, 3, "BRIDGE [PARENT VLAN]", "may-exist", needs_add, add_br},
    {"del-br", 1, 1, "BRIDGE", "if-exists", needs, del_br},
    {"list-br", 0, 0, "", "real,fake", needs, list_br},
    {"br-exists", 1, 1, "BRIDGE", NULL, needs, br_exists},
    {"br-to-vlan", 1, 1, "BRIDGE", NULL, needs, br_to_vlan},
    {"br-to-parent", 1, 1, "BRIDGE", NULL, needs, br_to_parent},
    {"br-set-external-id", 2, 3, "BRIDGE KEY [VALUE]", NULL, needs_external_ids,
     br_set_external_id},
    {"br-get-external-id", 1, 2, "BRIDGE [KEY]", NULL, needs_external_ids, br_get_external_id},
    {NULL},
};

VSCTL_COMMANDS(defs)
