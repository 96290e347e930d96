/* Ports: where packets come in and go out. A type of port is a vtable in a file of its own (tap.c,
 * system.c, dpdk.c) that registers itself with PORT_TYPE_REGISTER().
 *
 * Offloads. Between ports, a packet is an mbuf whose TX flags say what is still to be done, as for
 * rte_eth_tx_burst(): RTE_MBUF_F_TX_TCP_CKSUM / UDP_CKSUM (partial checksum in place: pseudo header
 * only) with TX_IPV4 / TX_IPV6, RTE_MBUF_F_TX_TCP_SEG with tso_segsz for a super-packet,
 * RTE_MBUF_F_TX_UDP_SEG likewise; l2_len, l3_len and l4_len are valid when any is set (rx sets them
 * from the virtio-net header after checking it against the packet; actions that change header
 * lengths keep them right). RX_L4_CKSUM_GOOD says that a checksum was verified. Before tx, core
 * calls offload_prepare() (datapath/port/offload.h), which segments or checksums in software what
 * the port's 'features' say it cannot.
 *
 * Threads. open, close, set, add_queues, get_info: the control thread. rx, tx: workers; queue q of
 * a port is used by one worker at a time for rx, and worker w sends on tx queue w, which the type
 * maps to what it has. A port is opened before and closed after core knows it, so rx/tx never race
 * with open/close; they do with the others. */
#ifndef DATAPATH_PORT_PORT_H
#define DATAPATH_PORT_PORT_H

#include <rte_mbuf.h>

#include "datapath/dp.h"

#define PORT_MAX_QUEUES 16 /* At least the number of workers. */

/* How much longer than the MTU a frame may be: its Ethernet header and two VLAN tags. */
#define PORT_FRAME_OVERHEAD 22

/* What a port can send without help. */
#define PORT_TX_CSUM (1u << 0)      /* Partial TCP/UDP checksums, IPv4 and IPv6. */
#define PORT_TX_TSO (1u << 1)       /* TCP super-packets, IPv4 and IPv6. */
#define PORT_TX_USO (1u << 2)       /* UDP super-packets. */
#define PORT_TX_MULTI_SEG (1u << 3) /* mbufs of several segments. */

/* The mbuf's packet_type: its IP header is behind labels or another Ethernet header, where no
 * device looks for it. */
#define PORT_PTYPE_SHIM RTE_PTYPE_L2_ETHER_MPLS

struct port {
    const struct port_type *type;
    char name[DP_NAME_MAX];
    uint32_t port_no;
    uint32_t features;  /* PORT_TX_*. Constant between open and close. */
    unsigned int n_rxq; /* Grows, when the type adds queues. */
    void *priv;         /* The type's own. */
};

/* Pools that rx takes mbufs from. Frames up to 2 KiB fit one mbuf of 'small'; a super-packet is a
 * small one followed by one of 'jumbo' (64 KiB of data room). Both are thread-safe with per-thread
 * caches. */
struct port_pools {
    struct rte_mempool *small;
    struct rte_mempool *jumbo;
};

/* Packets that a device refused for good, of those that tx() was given. */
struct port_refused {
    uint16_t packets;
    uint32_t bytes;
};

#define PORT_REMOVED "device was removed" /* The error in get_info() of such a port. */

struct port_type {
    const char *name;
    struct port_type *next;
    /* The device is the kernel's of the port's name: a port that lost its own is opened again when
     * there is one of that name. */
    bool by_name;

    /* Makes the device and its queues ('n_queues', at most PORT_MAX_QUEUES; a type may open fewer
     * or more rx queues and says so in n_rxq; it sends for PORT_MAX_QUEUES workers whatever it has)
     * and sets port->features and priv. port->name, type and port_no are set. On failure nothing is
     * left behind. An unknown option or bad value: -EINVAL naming option and value. Blocking is
     * fine. */
    int (*open)(struct port *, const struct dp_port_config *, const struct port_pools *,
                unsigned int n_queues, struct error *);
    /* Releases everything, the device too when open() made it. */
    void (*close)(struct port *);
    /* Applies a changed mac, mtu or options live; -EOPNOTSUPP when the port must be made anew. May
     * be NULL (same). */
    int (*set)(struct port *, const struct dp_port_config *, struct error *);
    /* Adds rx queues until there are 'n_queues', while workers use those that there are, and raises
     * n_rxq. What cannot be added is told to the log, and the port goes on with what it has. Queues
     * are never taken away: what waits in one would be lost. May be NULL. */
    void (*add_queues)(struct port *, unsigned int n_queues);
    /* Fills everything but port_no, name and type: mac, mtu, ifindex, admin_up, link_up, speed,
     * driver, error. */
    void (*get_info)(struct port *, struct dp_port_info *);

    /* Receives at most 'n' packets into 'pkts', which become the caller's. mbuf->port is not set
     * here. Frames that cannot be received (malformed virtio header, longer than 64 KiB) are
     * counted with drop_count(worker, ...) and skipped; '*ret_errors' is their number. Returns the
     * count; never blocks. A dead device returns 0 for ever. */
    uint16_t (*rx)(struct port *, unsigned int queue, unsigned int worker, struct rte_mbuf **pkts,
                   uint16_t n, uint16_t *ret_errors);
    /* A file descriptor that is readable (level-triggered) while rx has something, or -1: this
     * queue must be polled. */
    int (*rx_fd)(struct port *, unsigned int queue);
    /* Sends packets that offload_prepare() has made fit. Returns how many of the first were sent;
     * they now belong to the port. The rest stays the caller's. Never blocks. When the device
     * refuses one packet for good (too big, bad), the type frees it, counts it under a reason of
     * its own through drop_count(), adds it to '*ret_refused' (which it sets first), and goes on;
     * it is part of the returned number. */
    uint16_t (*tx)(struct port *, unsigned int queue, unsigned int worker, struct rte_mbuf **pkts,
                   uint16_t n, struct port_refused *ret_refused);
};

#define PORT_TYPE_REGISTER(TYPE)                                                                   \
    CONSTRUCTOR static void port_type_register_##TYPE(void)                                        \
    {                                                                                              \
        port_type_register(&TYPE);                                                                 \
    }

void port_type_register(struct port_type *);
/* NULL when there is no such type; "internal" finds "tap", "" finds "system". */
const struct port_type *port_type_find(const char *name);

/* Control thread: finds the type, checks the name, calls its open(). '*ret' is freed by
 * port_close(). -EEXIST when a port of that name is open. 'pools' must live until the close. */
int port_open(const struct dp_port_config *, uint32_t port_no, const struct port_pools *,
              unsigned int n_queues, struct port **ret, struct error *);
void port_close(struct port *);

/* --- For the types. Names: what the kernel allows for a device, on top of what port_open() checks.
 * Options: -EINVAL, naming the key and its value, for one that is not in the NULL-terminated list
 * 'known'; the value of a key or NULL. */
#define PORT_DEVICE_NAME_MAX 15
int port_check_device_name(const char *name, struct error *);
int port_check_options(const struct dp_port_config *, const char *const known[], struct error *);
const char *port_option(const struct dp_port_config *, const char *key);

/* A type gives no notice of change: the control thread compares get_info() with what it told last,
 * for a kernel device when it hears of it and for some ports at every tick
 * (datapath/channel/server_ports.h). */

#endif
