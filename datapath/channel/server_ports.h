/* The datapath's ports: opens them, gives them to core, remembers how they were configured, and
 * finds out what changed about them. Control thread only; one table in a process, as there is one
 * core. */
#ifndef DATAPATH_CHANNEL_SERVER_PORTS_H
#define DATAPATH_CHANNEL_SERVER_PORTS_H

#include "datapath/core/core.h"

/* As the functions of dp.h. 'config' is copied. */
int ports_add(const struct dp_port_config *, uint32_t port_no, uint32_t *ret_port_no,
              struct error *);
int ports_del(uint32_t port_no, struct error *);
int ports_set(uint32_t port_no, const struct dp_port_config *, struct error *);

size_t ports_count(void);
/* In the order of their numbers. */
void ports_each(void (*cb)(const struct dp_port_info *, void *aux), void *aux);
/* The name, or NULL. */
const char *ports_name(uint32_t port_no);

/* Calls 'changed' for ports whose info is not what it was: all that have to do with a kernel
 * device; and a share of all, so that a call a second sees every port soon and costs little. */
typedef void ports_changed_cb(uint32_t port_no, void *aux);
void ports_check_device(int ifindex, const char *name, ports_changed_cb *changed, void *aux);
void ports_check_some(ports_changed_cb *changed, void *aux);

/* Before core_stop(). With 'keep_taps', tap devices are taken from core but not closed: their
 * queues end with this process, and the devices only when no supervisor holds them. */
void ports_close_all(bool keep_taps);

#endif
