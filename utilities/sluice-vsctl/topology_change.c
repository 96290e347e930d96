/* Changes of the topology: rows are made and deleted in the model. See topology.h. */
#include <stdlib.h>
#include <string.h>

#include "utilities/sluice-vsctl/topology_impl.h"

static struct mrow *insert_named(struct vsctl *v, const char *table, const char *name)
{
    struct mrow *row = model_insert(v->model, vsctl_table(v, table), NULL, false);

    mrow_set_string(row, "name", name);
    return row;
}

struct iface *topology_add_iface(struct vsctl *v, struct port *port, const char *name)
{
    struct mrow *row = insert_named(v, "Interface", name);

    mrow_add_ref(port->row, "interfaces", row);
    return put_iface(topology_get(v), name, row, port);
}

struct port *topology_add_port(struct vsctl *v, struct bridge *bridge, const char *name,
                               size_t n_ifaces, char *const ifaces[])
{
    struct mrow *row = insert_named(v, "Port", name);
    struct port *port = put_port(topology_get(v), name, row, bridge);
    const struct db_column *c = db_table_column(mrow_table(row), "interfaces");

    if (c) { /* Its default is a reference to nothing. */
        db_datum_free(mrow_modify(row, c), &c->type);
        db_datum_init(mrow_modify(row, c));
    }
    for (size_t i = 0; i < n_ifaces; i++) {
        topology_add_iface(v, port, ifaces[i]);
    }
    if (bridge->parent) {
        mrow_set_integer(row, "tag", bridge->vlan);
    }
    mrow_add_ref(bridge->row, "ports", row);
    return port;
}

/* The port that every bridge has, of its own name. */
static struct port *add_local_port(struct vsctl *v, struct bridge *bridge)
{
    struct port *port = topology_add_port(v, bridge, bridge->name, 1, &bridge->name);
    struct iface *iface = topology_iface(v, bridge->name);

    mrow_set_string(iface->row, "type", "internal");
    return port;
}

struct bridge *topology_add_bridge(struct vsctl *v, const char *name)
{
    struct topology *t = topology_get(v);
    struct mrow *row = insert_named(v, "Bridge", name);
    struct bridge *bridge = put_bridge(t, name, row, NULL, 0);

    mrow_add_ref(vsctl_root(v), "bridges", row);
    add_local_port(v, bridge);
    return bridge;
}

struct bridge *topology_add_fake_bridge(struct vsctl *v, const char *name, struct bridge *parent,
                                        int vlan)
{
    struct bridge *bridge = put_bridge(topology_get(v), name, parent->row, parent, vlan);
    struct port *port = add_local_port(v, bridge);

    mrow_set_bool(port->row, "fake_bridge", true);
    return bridge;
}

void topology_del_iface(struct vsctl *v, struct iface *iface)
{
    mrow_remove_ref(iface->port->row, "interfaces", iface->row);
    model_delete(iface->row);
    drop_iface(topology_get(v), iface);
}

void topology_del_port(struct vsctl *v, struct port *port)
{
    struct topology *t = topology_get(v);
    struct iface *i, *tmp;

    HASH_ITER (hh, t->ifaces, i, tmp) {
        if (i->port == port) {
            model_delete(i->row);
            drop_iface(t, i);
        }
    }
    mrow_remove_ref(port->bridge->row, "ports", port->row);
    model_delete(port->row);
    drop_port(t, port);
}

void topology_del_bridge(struct vsctl *v, struct bridge *bridge)
{
    struct topology *t = topology_get(v);
    struct bridge *child, *next;
    struct port *p, *tmp;

    HASH_ITER (hh, t->bridges, child, next) {
        if (child->parent == bridge) {
            topology_del_bridge(v, child); /* It has no children. */
        }
    }
    HASH_ITER (hh, t->ports, p, tmp) {
        if (p->bridge == bridge) {
            topology_del_port(v, p);
        }
    }
    if (!bridge->parent) {
        mrow_remove_ref(vsctl_root(v), "bridges", bridge->row);
        model_delete(bridge->row);
    }
    drop_bridge(t, bridge);
}
