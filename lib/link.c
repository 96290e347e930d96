/* Kernel network devices over rtnetlink: see link.h. Each call opens a socket of its own, so that
 * it acts on the network namespace that the calling thread is in now. Control threads only. */
#include "lib/link.h"

#include <errno.h>
#include <event2/event.h>
#include <linux/if_arp.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MONITOR_RCVBUF (1 << 20)

/* libnl's error numbers as errno. */
static int nl_errno(int nlerr)
{
    switch (nlerr < 0 ? -nlerr : nlerr) {
    case NLE_OBJ_NOTFOUND:
    case NLE_NODEV: return ENODEV;
    case NLE_PERM: return EPERM;
    case NLE_NOACCESS: return EACCES;
    case NLE_INVAL: return EINVAL;
    case NLE_RANGE: return ERANGE;
    case NLE_BUSY: return EBUSY;
    case NLE_EXIST: return EEXIST;
    case NLE_NOMEM: return ENOMEM;
    case NLE_OPNOTSUPP: return EOPNOTSUPP;
    case NLE_NOADDR: return EADDRNOTAVAIL;
    default: return EIO;
    }
}

static int fail(struct error *err, const char *name, const char *what, int nlerr)
{
    return error_set(err, nl_errno(nlerr), "device '%s': %s: %s", name, what, nl_geterror(nlerr));
}

static int check_name(const char *name, struct error *err)
{
    size_t n = strlen(name);

    if (!n || n >= IFNAMSIZ) {
        return error_set(err, EINVAL, "device '%s': a name has 1 to %d characters", name,
                         IFNAMSIZ - 1);
    }
    return 0;
}

static struct nl_sock *open_socket(struct error *err)
{
    struct nl_sock *sk = nl_socket_alloc();
    int nlerr;

    if (!sk) {
        error_set(err, ENOMEM, "rtnetlink: out of memory");
        return NULL;
    }
    nlerr = nl_connect(sk, NETLINK_ROUTE);
    if (nlerr) {
        error_set(err, nl_errno(nlerr), "rtnetlink: %s", nl_geterror(nlerr));
        nl_socket_free(sk);
        return NULL;
    }
    return sk;
}

static void fill_info(struct rtnl_link *link, struct link_info *info)
{
    const char *name = rtnl_link_get_name(link), *kind = rtnl_link_get_type(link);
    struct nl_addr *mac = rtnl_link_get_addr(link);

    memset(info, 0, sizeof *info);
    info->ifindex = rtnl_link_get_ifindex(link);
    strncpy(info->name, name ? name : "", sizeof info->name - 1);
    strncpy(info->kind, kind ? kind : "", sizeof info->kind - 1);
    if (mac && nl_addr_get_len(mac) == sizeof info->mac) {
        memcpy(info->mac, nl_addr_get_binary_addr(mac), sizeof info->mac);
    }
    info->mtu = rtnl_link_get_mtu(link);
    info->admin_up = rtnl_link_get_flags(link) & IFF_UP;
    info->carrier = rtnl_link_get_flags(link) & IFF_LOWER_UP;
}

int link_get(const char *name, struct link_info *ret, struct error *err)
{
    struct rtnl_link *link = NULL;
    struct nl_sock *sk;
    int nlerr, error = check_name(name, err);

    if (error) {
        return error;
    }
    sk = open_socket(err);
    if (!sk) {
        return -EIO;
    }
    nlerr = rtnl_link_get_kernel(sk, 0, name, &link);
    if (nlerr) {
        error = fail(err, name, "cannot be read", nlerr);
    } else {
        fill_info(link, ret);
        rtnl_link_put(link);
    }
    nl_socket_free(sk);
    return error;
}

/* Applies 'change', which it frees, to the device 'name'. */
static int change_link(const char *name, struct rtnl_link *change, const char *what,
                       struct error *err)
{
    struct rtnl_link *which = NULL;
    struct nl_sock *sk = NULL;
    int nlerr, error = check_name(name, err);

    if (error) {
        goto out;
    }
    if (!change) {
        error = error_set(err, ENOMEM, "device '%s': out of memory", name);
        goto out;
    }
    sk = open_socket(err);
    if (!sk) {
        error = -EIO;
        goto out;
    }
    nlerr = rtnl_link_get_kernel(sk, 0, name, &which);
    if (!nlerr) {
        nlerr = rtnl_link_change(sk, which, change, 0);
    }
    if (nlerr) {
        error = fail(err, name, what, nlerr);
    }
out:
    rtnl_link_put(which);
    rtnl_link_put(change);
    nl_socket_free(sk);
    return error;
}

int link_set_up(const char *name, bool up, struct error *err)
{
    struct rtnl_link *change = rtnl_link_alloc();

    if (change && up) {
        rtnl_link_set_flags(change, IFF_UP);
    } else if (change) {
        rtnl_link_unset_flags(change, IFF_UP);
    }
    return change_link(name, change, up ? "cannot be set up" : "cannot be set down", err);
}

int link_set_mtu(const char *name, unsigned int mtu, struct error *err)
{
    struct rtnl_link *change = rtnl_link_alloc();
    char what[64];

    snprintf(what, sizeof what, "MTU %u cannot be set", mtu);
    if (change) {
        rtnl_link_set_mtu(change, mtu);
    }
    return change_link(name, change, what, err);
}

int link_set_mac(const char *name, const uint8_t mac[6], struct error *err)
{
    struct rtnl_link *change = rtnl_link_alloc();
    struct nl_addr *addr = nl_addr_build(AF_LLC, mac, 6);
    char what[64];

    snprintf(what, sizeof what, "MAC %02x:%02x:%02x:%02x:%02x:%02x cannot be set", mac[0], mac[1],
             mac[2], mac[3], mac[4], mac[5]);
    if (change && addr) {
        rtnl_link_set_addr(change, addr);
    } else {
        rtnl_link_put(change);
        change = NULL;
    }
    nl_addr_put(addr);
    return change_link(name, change, what, err);
}

/* --- News ------------------------------------------------------------------------------------- */

struct link_monitor {
    struct nl_sock *sk;
    struct event *event;
    link_change_cb *callback;
    void *aux;
};

static void on_object(struct nl_object *obj, void *m_)
{
    struct link_monitor *m = m_;
    int type = nl_object_get_msgtype(obj);
    struct link_info info;

    /* A kernel bridge that gains or loses a port says so with messages of the same types, whose
     * family is AF_BRIDGE: the device itself is not gone then. */
    if ((type == RTM_NEWLINK || type == RTM_DELLINK) &&
        rtnl_link_get_family((struct rtnl_link *)obj) == AF_UNSPEC) {
        fill_info((struct rtnl_link *)obj, &info);
        if (type == RTM_NEWLINK && if_nametoindex(info.name) != (unsigned int)info.ifindex) {
            return; /* Old news: it has gone or changed its name since, which is told next. */
        }
        m->callback(&info, type == RTM_DELLINK, m->aux);
    }
}

static int on_netlink(struct nl_msg *msg, void *m)
{
    nl_msg_parse(msg, on_object, m);
    return NL_OK;
}

/* Tells the state of every device. */
static void tell_all(struct link_monitor *m)
{
    struct nl_sock *sk = open_socket(NULL);
    struct nl_cache *cache = NULL;

    if (sk && !rtnl_link_alloc_cache(sk, AF_UNSPEC, &cache)) {
        for (struct nl_object *o = nl_cache_get_first(cache); o; o = nl_cache_get_next(o)) {
            struct link_info info;

            fill_info((struct rtnl_link *)o, &info);
            m->callback(&info, false, m->aux);
        }
        nl_cache_free(cache);
    }
    nl_socket_free(sk);
}

static void on_readable(evutil_socket_t fd UNUSED, short what UNUSED, void *m_)
{
    struct link_monitor *m = m_;
    int nlerr = nl_recvmsgs_default(m->sk);

    if (nlerr == -NLE_NOMEM) {
        tell_all(m); /* The kernel had to drop news (ENOBUFS). */
    }
}

int link_monitor_new(struct event_base *base, link_change_cb *callback, void *aux,
                     struct link_monitor **ret, struct error *err)
{
    struct link_monitor *m = xcalloc(1, sizeof *m);
    int nlerr;

    m->callback = callback;
    m->aux = aux;
    m->sk = nl_socket_alloc();
    if (!m->sk) {
        free(m);
        return error_set(err, ENOMEM, "rtnetlink: out of memory");
    }
    nl_socket_disable_seq_check(m->sk);
    nl_socket_modify_cb(m->sk, NL_CB_VALID, NL_CB_CUSTOM, on_netlink, m);
    nlerr = nl_connect(m->sk, NETLINK_ROUTE);
    if (!nlerr) {
        nl_socket_set_buffer_size(m->sk, MONITOR_RCVBUF, 0);
        nl_socket_set_nonblocking(m->sk);
        nlerr = nl_socket_add_membership(m->sk, RTNLGRP_LINK);
    }
    if (nlerr) {
        link_monitor_free(m);
        return error_set(err, nl_errno(nlerr), "rtnetlink: news of devices: %s",
                         nl_geterror(nlerr));
    }
    m->event = event_new(base, nl_socket_get_fd(m->sk), EV_READ | EV_PERSIST, on_readable, m);
    if (!m->event || event_add(m->event, NULL)) {
        link_monitor_free(m);
        return error_set(err, ENOMEM, "rtnetlink: out of memory");
    }
    *ret = m;
    return 0;
}

void link_monitor_free(struct link_monitor *m)
{
    if (m) {
        if (m->event) {
            event_free(m->event);
        }
        nl_socket_free(m->sk);
        free(m);
    }
}
