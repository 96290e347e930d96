/* Commands on ports, bonds and interfaces: add-port, add-bond, del-port, list-ports, port-to-br,
 * add-bond-iface, del-bond-iface, list-ifaces, iface-to-br. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utilities/sluice-vsctl/column_arg.h"
#include "utilities/sluice-vsctl/names.h"
#include "utilities/sluice-vsctl/topology.h"

static int needs(struct vsctl *v, struct command *c UNUSED, struct error *err UNUSED)
{
    need_topology(v);
    return 0;
}

/* COLUMN=VALUE arguments begin where the first "=" is: the rest are names. */
static int first_setting(const struct command *c, int from)
{
    while (from < c->argc && !strchr(c->argv[from], '=')) {
        from++;
    }
    return from;
}

static int needs_add(struct vsctl *v, struct command *c, struct error *err)
{
    const struct db_table_schema *port = vsctl_table(v, "Port");

    need_topology(v);
    vsctl_need(v, "Interface", "ofport");
    vsctl_need(v, "Interface", "error");
    return port ? column_args_need(v, port, c, first_setting(c, 3), COLUMN_ARG_SET, err) : 0;
}

/* --- Adding -------------------------------------------------------------------------------------
 */

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of a port's interfaces, sorted and joined by ", ". */
static char *iface_names(struct vsctl *v, const struct port *port)
{
    struct topology *t = topology_get(v);
    const char **names = xcalloc(HASH_COUNT(t->ifaces), sizeof *names);
    struct strbuf s = STRBUF_INIT;
    struct iface *i, *tmp;
    size_t n = 0;

    HASH_ITER (hh, t->ifaces, i, tmp) {
        if (i->port == port) {
            names[n++] = i->name;
        }
    }
    qsort(names, n, sizeof *names, compare_words);
    for (size_t k = 0; k < n; k++) {
        strbuf_printf(&s, "%s%s", k ? ", " : "", names[k]);
    }
    free(names);
    return strbuf_steal(&s);
}

static char *join_sorted(size_t n, char *const words[])
{
    char **copy = xmemdup(words, n * sizeof *words);
    struct strbuf s = STRBUF_INIT;

    qsort(copy, n, sizeof *copy, compare_words);
    for (size_t k = 0; k < n; k++) {
        strbuf_printf(&s, "%s%s", k ? ", " : "", copy[k]);
    }
    free(copy);
    return strbuf_steal(&s);
}

/* --may-exist: the port that is there must be what was asked for. */
static int check_existing(struct vsctl *v, const struct command *c, const struct port *p,
                          size_t n_ifaces, char *const ifaces[], struct error *err)
{
    char *text = command_text(c), *have = iface_names(v, p), *want = join_sorted(n_ifaces, ifaces);
    int rc = 0;

    if (strcmp(p->bridge->name, c->argv[1])) {
        rc = error_set(err, EEXIST, "\"%s\" but %s is actually attached to bridge %s", text,
                       p->name, p->bridge->name);
    } else if (strcmp(have, want)) {
        rc = error_set(err, EEXIST, "\"%s\" but %s actually has interface(s) %s", text, p->name,
                       have);
    }
    free(text);
    free(have);
    free(want);
    return rc;
}

static int check_port_names(struct vsctl *v, const char *port, size_t n_ifaces,
                            char *const ifaces[], struct error *err)
{
    char what[200];
    int rc;

    snprintf(what, sizeof what, "cannot create a port named %.100s", port);
    rc = check_name(v, port, what, err);
    for (size_t i = 0; i < n_ifaces && !rc; i++) {
        snprintf(what, sizeof what, "cannot create an interface named %.100s", ifaces[i]);
        rc = check_name(v, ifaces[i], what, err);
        for (size_t k = 0; k < i && !rc; k++) {
            if (!strcmp(ifaces[k], ifaces[i])) {
                rc = error_set(err, EINVAL, "interface %s is named twice", ifaces[i]);
            }
        }
    }
    return rc;
}

/* [BRIDGE PORT IFACE... SETTING...] */
static int add_port(struct vsctl *v, struct command *c, size_t n_ifaces, char *const ifaces[],
                    int settings, struct error *err)
{
    struct port *port = topology_port(v, c->argv[2]);
    struct bridge *bridge;
    int rc;

    if (port && command_has(c, "may-exist")) {
        return check_existing(v, c, port, n_ifaces, ifaces, err);
    }
    rc = check_port_names(v, c->argv[2], n_ifaces, ifaces, err);
    if (!rc) {
        rc = find_bridge(v, c->argv[1], &bridge, err);
    }
    if (rc) {
        return rc;
    }
    port = topology_add_port(v, bridge, c->argv[2], n_ifaces, ifaces);
    if (command_has(c, "fake-iface")) {
        mrow_set_bool(port->row, "bond_fake_iface", true);
    }
    for (; settings < c->argc && !rc; settings++) {
        rc = column_arg_set(v, port->row, c->argv[2], c->argv[settings], err);
    }
    for (size_t i = 0; i < n_ifaces; i++) {
        vsctl_expect_iface(v, ifaces[i]);
    }
    return rc;
}

static int run_add_port(struct vsctl *v, struct command *c, struct error *err)
{
    return add_port(v, c, 1, &c->argv[2], 3, err);
}

static int run_add_bond(struct vsctl *v, struct command *c, struct error *err)
{
    int settings = first_setting(c, 3);

    if (settings < 5) {
        return error_set(err, EINVAL,
                         "add-bond requires at least 2 interfaces, but only %d were "
                         "specified",
                         settings - 3);
    }
    return add_port(v, c, (size_t)(settings - 3), c->argv + 3, settings, err);
}

/* --- Deleting -----------------------------------------------------------------------------------
 */

static int check_bridge_of(struct vsctl *v, const struct port *port, const char *name,
                           const char *target, struct error *err)
{
    struct bridge *b;
    int rc = find_bridge(v, name, &b, err);

    if (rc || port->bridge == b) {
        return rc;
    }
    if (port->bridge->parent == b) {
        return error_set(err, EINVAL,
                         "bridge %s does not have a port %s (although its child bridge %s does)",
                         name, target, port->bridge->name);
    }
    if (port->bridge == b->parent) {
        return error_set(err, EINVAL,
                         "bridge %s does not have a port %s (although its parent bridge %s does)",
                         name, target, port->bridge->name);
    }
    return error_set(err, EINVAL, "bridge %s does not have a port %s", name, target);
}

static int del_port(struct vsctl *v, struct command *c, struct error *err)
{
    const char *target = c->argv[c->argc - 1];
    bool must_exist = !command_has(c, "if-exists"), with_iface = command_has(c, "with-iface");
    struct port *port = NULL;
    struct iface *iface = NULL;
    struct bridge *bridge;
    int rc = c->argc == 3 ? find_bridge(v, c->argv[1], &bridge, err) : 0;

    if (rc) {
        return rc;
    }
    rc = find_port(v, target, &port, err);
    if (rc && with_iface) {
        rc = find_iface(v, target, &iface, err)
                 ? error_set(err, ENOENT, "no port or interface named %s", target)
                 : 0;
        port = iface ? iface->port : NULL;
    }
    if (rc) {
        return must_exist ? rc : 0;
    }
    if (c->argc == 3) {
        rc = check_bridge_of(v, port, c->argv[1], target, err);
    }
    if (!rc) {
        topology_del_port(v, port);
    }
    return rc;
}

/* --- Bonds --------------------------------------------------------------------------------------
 */

static int add_bond_iface(struct vsctl *v, struct command *c, struct error *err)
{
    struct iface *iface = topology_iface(v, c->argv[2]);
    struct port *port;
    char what[200];
    int rc = find_port(v, c->argv[1], &port, err);

    if (rc) {
        return rc;
    }
    if (iface && command_has(c, "may-exist")) {
        return iface->port == port
                   ? 0
                   : error_set(err, EEXIST,
                               "\"--may-exist add-bond-iface %s %s\" but %s is "
                               "actually attached to port %s",
                               c->argv[1], c->argv[2], c->argv[2], iface->port->name);
    }
    snprintf(what, sizeof what, "cannot create an interface named %.100s", c->argv[2]);
    rc = check_name(v, c->argv[2], what, err);
    if (!rc) {
        topology_add_iface(v, port, c->argv[2]);
        vsctl_expect_iface(v, c->argv[2]);
    }
    return rc;
}

static int del_bond_iface(struct vsctl *v, struct command *c, struct error *err)
{
    const char *target = c->argv[c->argc - 1];
    bool must_exist = !command_has(c, "if-exists");
    struct port *port = NULL;
    struct iface *iface;
    int rc = c->argc == 3 ? find_port(v, c->argv[1], &port, err) : 0;

    if (rc) {
        return rc;
    }
    rc = find_iface(v, target, &iface, err);
    if (rc) {
        return must_exist ? rc : 0;
    }
    if (port && iface->port != port) {
        return error_set(err, EINVAL, "port %s does not have an interface %s", port->name, target);
    }
    if (mrow_get_named(iface->port->row, "interfaces")->n <= 1) {
        return error_set(err, EINVAL, "cannot delete last interface from port %s",
                         iface->port->name);
    }
    topology_del_iface(v, iface);
    return 0;
}

/* --- Listing ------------------------------------------------------------------------------------
 */

static int list_ports(struct vsctl *v, struct command *c, struct error *err)
{
    struct topology *t = topology_get(v);
    const char **names;
    struct bridge *b;
    struct port *p, *tmp;
    size_t n = 0;
    int rc = find_bridge(v, c->argv[1], &b, err);

    if (rc) {
        return rc;
    }
    names = xcalloc(HASH_COUNT(t->ports), sizeof *names);
    HASH_ITER (hh, t->ports, p, tmp) {
        if (p->bridge == b && strcmp(p->name, b->name)) {
            names[n++] = p->name;
        }
    }
    put_sorted(&c->output, n, names);
    return 0;
}

static int list_ifaces(struct vsctl *v, struct command *c, struct error *err)
{
    struct topology *t = topology_get(v);
    const char **names;
    struct bridge *b;
    struct iface *i, *tmp;
    size_t n = 0;
    int rc = find_bridge(v, c->argv[1], &b, err);

    if (rc) {
        return rc;
    }
    names = xcalloc(HASH_COUNT(t->ifaces), sizeof *names);
    HASH_ITER (hh, t->ifaces, i, tmp) {
        if (i->port->bridge == b && strcmp(i->name, b->name)) {
            names[n++] = i->name;
        }
    }
    put_sorted(&c->output, n, names);
    return 0;
}

static int port_to_br(struct vsctl *v, struct command *c, struct error *err)
{
    struct port *p;
    int rc = find_port(v, c->argv[1], &p, err);

    if (!rc) {
        strbuf_printf(&c->output, "%s\n", p->bridge->name);
    }
    return rc;
}

static int iface_to_br(struct vsctl *v, struct command *c, struct error *err)
{
    struct iface *i;
    int rc = find_iface(v, c->argv[1], &i, err);

    if (!rc) {
        strbuf_printf(&c->output, "%s\n", i->port->bridge->name);
    }
    return rc;
}

static const struct command_def defs[] = {
    {"add-port", 2, INT_MAX, "BRIDGE PORT [COLUMN[:KEY]=VALUE]...", "may-exist", needs_add,
     run_add_port},
    {"add-bond", 4, INT_MAX, "BRIDGE PORT IFACE... [COLUMN[:KEY]=VALUE]...", "may-exist,fake-iface",
     needs_add, run_add_bond},
    {"del-port", 1, 2, "[BRIDGE] PORT", "if-exists,with-iface", needs, del_port},
    {"list-ports", 1, 1, "BRIDGE", NULL, needs, list_ports},
    {"port-to-br", 1, 1, "PORT", NULL, needs, port_to_br},
    {"add-bond-iface", 2, 2, "BOND IFACE", "may-exist", needs_add, add_bond_iface},
    {"del-bond-iface", 1, 2, "[BOND] IFACE", "if-exists", needs, del_bond_iface},
    {"list-ifaces", 1, 1, "BRIDGE", NULL, needs, list_ifaces},
    {"iface-to-br", 1, 1, "IFACE", NULL, needs, iface_to_br},
    {NULL},
};

VSCTL_COMMANDS(defs)
