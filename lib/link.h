/* Kernel network devices over libnl-3 (rtnetlink): what is there, what state it has, changes to it,
 * and news of it.
 *
 * Acts on the network namespace of the calling thread. Blocking, but the kernel answers at once.
 * Control threads only. */
#ifndef LIB_LINK_H
#define LIB_LINK_H

#include <net/if.h>

#include "lib/error.h"

struct event_base;

struct link_info {
    int ifindex;
    char name[IFNAMSIZ];
    uint8_t mac[6];
    unsigned int mtu;
    bool admin_up;
    bool carrier;
    char kind[16]; /* "veth", "tun", "bridge", ...; "" for plain devices. */
};

/* -ENODEV when there is no such device. */
int link_get(const char *name, struct link_info *ret, struct error *);
int link_set_up(const char *name, bool up, struct error *);
int link_set_mtu(const char *name, unsigned int mtu, struct error *);
int link_set_mac(const char *name, const uint8_t mac[6], struct error *);

struct link_monitor;
/* 'info' is the state now; 'gone' says that the device was removed or moved to another namespace.
 */
typedef void link_change_cb(const struct link_info *info, bool gone, void *aux);
int link_monitor_new(struct event_base *base, link_change_cb *callback, void *aux,
                     struct link_monitor **ret, struct error *err);
void link_monitor_free(struct link_monitor *);

#endif
