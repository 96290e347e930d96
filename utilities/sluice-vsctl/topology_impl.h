/* For topology.c and topology_change.c alone. */
#ifndef UTILITIES_VSCTL_TOPOLOGY_IMPL_H
#define UTILITIES_VSCTL_TOPOLOGY_IMPL_H

#include "utilities/sluice-vsctl/topology.h"

struct bridge *put_bridge(struct topology *, const char *name, struct mrow *, struct bridge *parent,
                          int vlan);
struct port *put_port(struct topology *, const char *name, struct mrow *, struct bridge *);
struct iface *put_iface(struct topology *, const char *name, struct mrow *, struct port *);
void drop_bridge(struct topology *, struct bridge *);
void drop_port(struct topology *, struct port *);
void drop_iface(struct topology *, struct iface *);

#endif
