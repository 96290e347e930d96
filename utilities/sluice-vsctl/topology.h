/* Bridges, ports and interfaces as ovs-vsctl(8) presents them: by name, with "fake" (VLAN) bridges
 * that are really ports of their parent. Built from the model once per attempt, and kept up to date
 * by the functions below, through which commands change the topology. */
#ifndef UTILITIES_VSCTL_TOPOLOGY_H
#define UTILITIES_VSCTL_TOPOLOGY_H

#include <uthash.h>

#include "utilities/sluice-vsctl/vsctl.h"

struct port;

struct bridge {
    char *name;
    struct mrow *row;      /* Of Bridge; a fake one's is its parent's. */
    struct bridge *parent; /* NULL: a real bridge. */
    int vlan;              /* Of a fake one. */
    UT_hash_handle hh;
};

struct iface {
    char *name;
    struct mrow *row;
    struct port *port;
    UT_hash_handle hh;
};

struct port {
    char *name;
    struct mrow *row;
    struct bridge *bridge; /* Real or fake. */
    UT_hash_handle hh;
};

struct topology {
    struct bridge *bridges;
    struct port *ports;
    struct iface *ifaces;
};

/* What topology_get() reads. */
void need_topology(struct vsctl *);
struct topology *topology_get(struct vsctl *);
void topology_free(struct topology *);

/* NULL when there is none. */
struct bridge *topology_bridge(struct vsctl *, const char *name);
struct port *topology_port(struct vsctl *, const char *name);
struct iface *topology_iface(struct vsctl *, const char *name);
/* The same, with an error ("no bridge named x"). */
int find_bridge(struct vsctl *, const char *name, struct bridge **ret, struct error *);
/* Refuses fake bridges. */
int find_real_bridge(struct vsctl *, const char *name, struct bridge **ret, struct error *);
int find_port(struct vsctl *, const char *name, struct port **ret, struct error *);
int find_iface(struct vsctl *, const char *name, struct iface **ret, struct error *);
/* The fake bridge of 'parent' on 'vlan', or NULL. */
struct bridge *find_vlan_bridge(struct vsctl *, const struct bridge *parent, int vlan);
/* An error "WHAT because a bridge named x already exists" when 'name' is taken. */
int check_name(struct vsctl *, const char *name, const char *what, struct error *);

/* Rows and their place in the topology. */
struct bridge *topology_add_bridge(struct vsctl *, const char *name);
struct bridge *topology_add_fake_bridge(struct vsctl *, const char *name, struct bridge *parent,
                                        int vlan);
struct port *topology_add_port(struct vsctl *, struct bridge *, const char *name, size_t n_ifaces,
                               char *const ifaces[]);
struct iface *topology_add_iface(struct vsctl *, struct port *, const char *name);
void topology_del_bridge(struct vsctl *, struct bridge *);
void topology_del_port(struct vsctl *, struct port *);
void topology_del_iface(struct vsctl *, struct iface *);

/* Lines of 'names', sorted; frees the array. */
void put_sorted(struct strbuf *, size_t n, const char **names);

#endif
