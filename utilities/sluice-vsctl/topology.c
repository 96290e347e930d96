/* See topology.h: building and searching; topology_change.c changes. */
#include "utilities/sluice-vsctl/topology.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "utilities/sluice-vsctl/topology_impl.h"

void need_topology(struct vsctl *v)
{
    static const char *const needs[][2] = {
        {"Open_vSwitch", "bridges"}, {"Bridge", "name"},
        {"Bridge", "ports"},         {"Port", "name"},
        {"Port", "interfaces"},      {"Port", "tag"},
        {"Port", "fake_bridge"},     {"Port", "external_ids"},
        {"Interface", "name"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
        vsctl_need(v, needs[i][0], needs[i][1]);
    }
}

/* --- Building -----------------------------------------------------------------------------------
 */

struct bridge *put_bridge(struct topology *t, const char *name, struct mrow *row,
                          struct bridge *parent, int vlan)
{
    struct bridge *b = xcalloc(1, sizeof *b);

    b->name = xstrdup(name);
    b->row = row;
    b->parent = parent;
    b->vlan = vlan;
    HASH_ADD_KEYPTR(hh, t->bridges, b->name, strlen(b->name), b);
    return b;
}

struct port *put_port(struct topology *t, const char *name, struct mrow *row, struct bridge *bridge)
{
    struct port *p = xcalloc(1, sizeof *p);

    p->name = xstrdup(name);
    p->row = row;
    p->bridge = bridge;
    HASH_ADD_KEYPTR(hh, t->ports, p->name, strlen(p->name), p);
    return p;
}

struct iface *put_iface(struct topology *t, const char *name, struct mrow *row, struct port *port)
{
    struct iface *i = xcalloc(1, sizeof *i);

    i->name = xstrdup(name);
    i->row = row;
    i->port = port;
    HASH_ADD_KEYPTR(hh, t->ifaces, i->name, strlen(i->name), i);
    return i;
}

static bool is_fake_bridge(const struct mrow *port)
{
    int64_t tag = mrow_integer(port, "tag", -1);

    return mrow_bool(port, "fake_bridge") && tag >= 0 && tag <= 4095;
}

struct bridge *find_vlan_bridge(struct vsctl *v, const struct bridge *parent, int vlan)
{
    struct topology *t = topology_get(v);
    struct bridge *b, *tmp;

    HASH_ITER (hh, t->bridges, b, tmp) {
        if (b->parent == parent && b->vlan == vlan) {
            return b;
        }
    }
    return NULL;
}

static struct mrow *nth_ref(struct vsctl *v, const struct mrow *row, const char *column,
                            const char *table, unsigned int n)
{
    return model_find(v->model, vsctl_table(v, table), &mrow_get_named(row, column)->keys[n].uuid);
}

static void build_port(struct vsctl *v, struct bridge *b, struct mrow *row)
{
    struct topology *t = v->topology;
    const char *name = mrow_string(row, "name", "");
    int64_t tag = mrow_integer(row, "tag", -1);
    struct bridge *fake = tag >= 0 ? find_vlan_bridge(v, b, (int)tag) : NULL;
    struct port *p;

    HASH_FIND_STR(t->ports, name, p);
    if (p) {
        vsctl_warn("%s: port is in two bridges (%s and %s)", name, p->bridge->name, b->name);
        return;
    }
    p = put_port(t, name, row, fake ? fake : b);
    for (unsigned int i = 0; i < mrow_get_named(row, "interfaces")->n; i++) {
        struct mrow *iface_row = nth_ref(v, row, "interfaces", "Interface", i);
        const char *iface_name = iface_row ? mrow_string(iface_row, "name", "") : "";
        struct iface *iface;

        HASH_FIND_STR(t->ifaces, iface_name, iface);
        if (iface_row && !iface) {
            put_iface(t, iface_name, iface_row, p);
        } else if (iface_row) {
            vsctl_warn("%s: interface is in two ports (%s and %s)", iface_name, iface->port->name,
                       name);
        }
    }
}

static void build_bridge(struct vsctl *v, struct mrow *row)
{
    struct topology *t = v->topology;
    struct bridge *b = topology_bridge(v, mrow_string(row, "name", "")), *other;
    unsigned int n = mrow_get_named(row, "ports")->n;

    if (b) {
        vsctl_warn("%s: two bridges have this name", b->name);
        return;
    }
    mrow_verify(row, "ports");
    b = put_bridge(t, mrow_string(row, "name", ""), row, NULL, 0);
    for (unsigned int i = 0; i < n; i++) {
        struct mrow *port = nth_ref(v, row, "ports", "Port", i);

        if (!port || !is_fake_bridge(port)) {
            continue;
        }
        other = topology_bridge(v, mrow_string(port, "name", ""));
        if (!other) {
            put_bridge(t, mrow_string(port, "name", ""), row, b, (int)mrow_integer(port, "tag", 0));
        }
    }
    for (unsigned int i = 0; i < n; i++) {
        struct mrow *port = nth_ref(v, row, "ports", "Port", i);

        if (port) {
            build_port(v, b, port);
        }
    }
}

struct topology *topology_get(struct vsctl *v)
{
    struct mrow *root;

    if (v->topology) {
        return v->topology;
    }
    v->topology = xcalloc(1, sizeof *v->topology);
    root = vsctl_root(v);
    /* What is decided from these names holds only while no other client adds or removes one. */
    mrow_verify(root, "bridges");
    for (unsigned int i = 0; i < mrow_get_named(root, "bridges")->n; i++) {
        struct mrow *row = nth_ref(v, root, "bridges", "Bridge", i);

        if (row) {
            build_bridge(v, row);
        }
    }
    return v->topology;
}

void drop_iface(struct topology *t, struct iface *i)
{
    HASH_DEL(t->ifaces, i);
    free(i->name);
    free(i);
}

void drop_port(struct topology *t, struct port *p)
{
    HASH_DEL(t->ports, p);
    free(p->name);
    free(p);
}

void drop_bridge(struct topology *t, struct bridge *b)
{
    HASH_DEL(t->bridges, b);
    free(b->name);
    free(b);
}

void topology_free(struct topology *t)
{
    if (!t) {
        return;
    }
    while (t->ifaces) {
        drop_iface(t, t->ifaces);
    }
    while (t->ports) {
        drop_port(t, t->ports);
    }
    while (t->bridges) {
        drop_bridge(t, t->bridges);
    }
    free(t);
}

/* --- Searching ----------------------------------------------------------------------------------
 */

struct bridge *topology_bridge(struct vsctl *v, const char *name)
{
    struct topology *t = topology_get(v);
    struct bridge *b;

    HASH_FIND_STR(t->bridges, name, b);
    return b;
}

struct port *topology_port(struct vsctl *v, const char *name)
{
    struct topology *t = topology_get(v);
    struct port *p;

    HASH_FIND_STR(t->ports, name, p);
    return p;
}

struct iface *topology_iface(struct vsctl *v, const char *name)
{
    struct topology *t = topology_get(v);
    struct iface *i;

    HASH_FIND_STR(t->ifaces, name, i);
    return i;
}

int find_bridge(struct vsctl *v, const char *name, struct bridge **ret, struct error *err)
{
    struct bridge *b = topology_bridge(v, name);

    if (!b) {
        return error_set(err, ENOENT, "no bridge named %s", name);
    }
    *ret = b;
    return 0;
}

int find_real_bridge(struct vsctl *v, const char *name, struct bridge **ret, struct error *err)
{
    struct bridge *b = NULL;
    int rc = find_bridge(v, name, &b, err);

    if (rc) {
        return rc;
    }
    if (b->parent) {
        return error_set(err, EINVAL, "%s is a fake bridge", name);
    }
    *ret = b;
    return 0;
}

int find_port(struct vsctl *v, const char *name, struct port **ret, struct error *err)
{
    struct port *p = topology_port(v, name);

    /* The local port of a bridge is the bridge, for these commands. */
    if (!p || !strcmp(p->name, p->bridge->name)) {
        return error_set(err, ENOENT, "no port named %s", name);
    }
    *ret = p;
    return 0;
}

int find_iface(struct vsctl *v, const char *name, struct iface **ret, struct error *err)
{
    struct iface *i = topology_iface(v, name);

    if (!i || !strcmp(i->name, i->port->bridge->name)) {
        return error_set(err, ENOENT, "no interface named %s", name);
    }
    *ret = i;
    return 0;
}

int check_name(struct vsctl *v, const char *name, const char *what, struct error *err)
{
    struct port *p = topology_port(v, name);
    struct iface *i = topology_iface(v, name);

    if (topology_bridge(v, name)) {
        return error_set(err, EEXIST, "%s because a bridge named %s already exists", what, name);
    }
    if (p) {
        return error_set(err, EEXIST, "%s because a port named %s already exists on bridge %s",
                         what, name, p->bridge->name);
    }
    if (i) {
        return error_set(err, EEXIST,
                         "%s because an interface named %s already exists on bridge %s", what, name,
                         i->port->bridge->name);
    }
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void put_sorted(struct strbuf *s, size_t n, const char **names)
{
    if (n) {
        qsort(names, n, sizeof *names, compare_names);
    }
    for (size_t i = 0; i < n; i++) {
        strbuf_printf(s, "%s\n", names[i]);
    }
    free(names);
}
