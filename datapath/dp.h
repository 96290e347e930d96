/* The datapath interface: all that policy (ofproto, vswitchd) may ask of packet forwarding.
 *
 * Providers: "channel:RUNDIR" (sluice-datapath over the dp channel), "fake:" (in this process, for
 * unit tests); others register with dp_provider_register(). Everything here runs on the one thread
 * that runs the event base; callbacks come from that base and never from inside an operation.
 * "Blocking" means a round trip to the other process, at most DP_CALL_TIMEOUT_MS, after which the
 * datapath counts as lost. While it is lost, operations return -ENOTCONN; the provider tries to
 * attach again by itself.
 *
 * A datapath keeps ports and flows, forwards and counts whether or not somebody is attached. */
#ifndef DATAPATH_DP_H
#define DATAPATH_DP_H

#include "datapath/flow/action.h"
#include "datapath/flow/key.h"
#include "lib/error.h"

struct event_base;
struct dp;

#define DP_CALL_TIMEOUT_MS 10000
#define DP_MAX_PORTS 8192    /* Port numbers are 1...DP_MAX_PORTS-1; 0 is none. */
#define DP_MAX_FLOWS 1048576 /* Flow numbers are 0...DP_MAX_FLOWS-1. */
#define DP_NAME_MAX 64       /* Of ports and types, with a NUL. */
#define DP_ERROR_MAX 256
#define DP_MAX_PORT_OPTIONS 32
#define DP_NO_FLOW UINT32_MAX
#define DP_NO_PENDING 0

struct dp_option {
    char *key;
    char *value;
};

/* What a port shall be. The caller owns everything. */
struct dp_port_config {
    const char *name;
    const char *type; /* "tap", "system" or "dpdk"; "internal" is a tap. */
    const struct dp_option *options;
    size_t n_options;
    uint8_t mac[6];   /* All zeros: leave it to the port. */
    unsigned int mtu; /* 0: leave it to the port. */
};

/* What a port is. */
struct dp_port_info {
    uint32_t port_no;
    char name[DP_NAME_MAX];
    char type[DP_NAME_MAX];
    uint8_t mac[6];
    unsigned int mtu;
    int ifindex; /* 0: no kernel device, or it lives in another namespace. */
    bool admin_up;
    bool link_up;
    uint64_t link_speed_bps; /* 0: unknown. */
    char driver[DP_NAME_MAX];
    char
        error[DP_ERROR_MAX]; /* Why it does not work now ("" when it does): "device was removed". */
};

struct dp_port_stats {
    uint64_t rx_packets, rx_bytes, rx_dropped, rx_errors;
    uint64_t tx_packets, tx_bytes, tx_dropped, tx_errors;
};

struct dp_flow_stats {
    uint64_t packets;
    uint64_t bytes;
    uint64_t used_ms;   /* CLOCK_MONOTONIC of the last packet, 0: never. Exact to about a second. */
    uint16_t tcp_flags; /* All seen, or-ed. */
};

/* The names of 'struct dp_meter' are those of datapath/flow/meter.h. */
struct dp_meter_stats {
    uint64_t packets; /* That came to the meter. */
    uint64_t bytes;
    struct dp_band_stats {
        uint64_t packets; /* To which the band was applied. */
        uint64_t bytes;
    } band[DP_METER_MAX_BANDS];
};

/* A flow as the datapath holds it. In a dump, pointers are valid during the callback. */
struct dp_flow {
    uint32_t flow_no;
    struct flow_key key;   /* As put: masked. */
    struct flow_mask mask; /* As put; the datapath may file it under a more specific one. */
    const void *actions;
    uint32_t actions_len;
};

enum dp_op_type {
    DP_OP_FLOW_PUT,
    DP_OP_FLOW_DEL,
    DP_OP_EXECUTE,
    DP_OP_METER_PUT,
    DP_OP_METER_DEL,
    DP_OP_BARRIER, /* The last. */
};

/* One asynchronous operation. What it points to is copied before dp_submit() returns. */
struct dp_op {
    enum dp_op_type type;
    uint64_t cookie; /* Comes back in the completion. */
    union {
        /* FLOW_PUT, FLOW_DEL. The caller chooses flow numbers; one is free again when its FLOW_DEL
         * completes. A PUT on a number in use replaces the actions and keeps key, mask and
         * statistics; it fails with -EEXIST when the masked key or the mask differ. */
        uint32_t flow_no;
        /* METER_PUT, METER_DEL. The same holds for meter numbers. A PUT on a number in use replaces
         * the bands, fills their buckets and keeps the counters; if nothing differs, it does
         * nothing. Meters stay, as flows do, while nobody is attached. A METER_DEL of DP_NO_METER
         * deletes every meter that was not put since this attachment began, that is, those that a
         * dead policy left behind. */
        uint32_t meter_no;
    };
    /* FLOW_PUT: the whole, unmasked key of a packet of the flow (an upcall's), or the masked key
     * when there is no packet. The flow is what the masked key says. But a datapath bounds how many
     * masks it searches, and may file the flow under a more specific mask, where it covers only
     * packets that agree with this key in the bits of that one: others miss, make an upcall, and
     * are answered with a PUT of the same number, mask and actions and their own key, which adds
     * another instance. (A masked key then adds none to a flow that exists.) All instances share
     * actions and statistics. */
    const struct flow_key *key;
    const struct flow_mask *mask;
    const void *actions; /* FLOW_PUT, EXECUTE. */
    uint32_t actions_len;
    /* FLOW_PUT, EXECUTE: an upcall's pending token, whose packets are released, in order, through
     * these actions. */
    uint64_t pending;
    /* EXECUTE without a pending token: sends this packet through the actions as if received on
     * in_port. */
    const void *packet;
    uint32_t packet_len;
    uint32_t in_port;
    const struct dp_meter *meter; /* METER_PUT. */
};

struct dp_completion {
    uint64_t cookie;
    enum dp_op_type type;
    int error; /* 0 or negative errno: -EEXIST, -ENOENT, -ENOSPC (flow limit), -EINVAL,
                  -EMSGSIZE (a packet that fits no buffer), -ENODEV (port). */
    union {
        uint32_t flow_no;
        uint32_t meter_no; /* METER_PUT, METER_DEL. */
    };
    struct dp_flow_stats stats; /* FLOW_DEL: the last, complete count. */
};

enum dp_upcall_reason { DP_UPCALL_MISS, DP_UPCALL_ACTION };

struct dp_upcall {
    enum dp_upcall_reason reason;
    uint32_t in_port;
    uint64_t pending; /* Must be answered by a FLOW_PUT or an EXECUTE; DP_NO_PENDING: nothing is
                         parked. */
    const struct flow_key *key; /* Validated, canonical. */
    const void *packet; /* The start of the packet, at most 'packet_len' bytes of 'full_len'. */
    uint32_t packet_len;
    uint32_t full_len;
    uint32_t cookie; /* ACTION: the action's. The key is that of the packet as it is now. */
};

/* How a datapath tells of events. All from the event base; none may call dp_close(). */
struct dp_callbacks {
    /* Attached for the first time or again. 'fresh': it has no ports and no flows (it was
     * restarted). The callee lists ports and flows and makes them what they should be. */
    void (*attached)(bool fresh, void *aux);
    /* The datapath is gone; every operation that was not completed never will be. */
    void (*lost)(const char *reason, void *aux);
    void (*upcalls)(const struct dp_upcall *, size_t n, void *aux);
    void (*completions)(const struct dp_completion *, size_t n, void *aux);
    /* State, MAC, MTU or error of a port changed. */
    void (*port_changed)(uint32_t port_no, void *aux);
};

/* Fixed facts of an attached datapath. */
struct dp_info {
    char version[DP_NAME_MAX];
    char engine[DP_NAME_MAX]; /* The library that moves packets: "DPDK 22.11.0"; "": none. */
    unsigned int n_workers;
    uint32_t max_flows; /* The flow limit in force. */
    uint64_t boot_id;   /* Differs after each start of the datapath. */
};

/* Drops under one reason. */
struct dp_drop {
    const char *reason; /* Valid while attached. */
    uint32_t port_no;   /* The port that received (or, for tx reasons, should have sent) it. */
    uint64_t packets;
};

/* --- The operations.
 * -----------------------------------------------------------------------------------------------------------
 */

/* Opens a provider by target. Attaching goes on in the background: 'attached' tells. The callbacks
 * must live on. */
int dp_open(const char *target, struct event_base *, const struct dp_callbacks *, void *aux,
            struct dp **ret, struct error *);
/* Detaches and frees; the datapath goes on. NULL is fine. */
void dp_close(struct dp *);
/* Sets key=value settings ("n-workers", "worker-cores", "flow-limit", "mask-limit", "upcall-rate",
 * "pending-limit"). Blocking. -EINVAL names an unknown key or bad value, and nothing was changed.
 * "ports-complete"=anything is no setting but news: every port that is wanted was made, and devices
 * that a datapath which died left behind for others may go. */
int dp_set_config(struct dp *, const struct dp_option *, size_t n, struct error *);
int dp_get_info(struct dp *, struct dp_info *ret);

/* Makes and starts a port. Blocking. 'port_no' 0 lets the datapath choose. -EEXIST, -ENODEV,
 * -EPERM, -EINVAL, -ENOSPC with a text. */
int dp_port_add(struct dp *, const struct dp_port_config *, uint32_t port_no, uint32_t *ret_port_no,
                struct error *);
/* Stops and removes a port; flows that output to it count drops under "port-gone". Blocking.
 * -ENOENT. */
int dp_port_del(struct dp *, uint32_t port_no, struct error *);
/* Changes mac, mtu and options of a live port; -EOPNOTSUPP when it must be made anew. Blocking. */
int dp_port_set(struct dp *, uint32_t port_no, const struct dp_port_config *, struct error *);
/* Blocking. The array is the caller's to free(); NULL when there are none. */
int dp_port_list(struct dp *, struct dp_port_info **ret, size_t *ret_n, struct error *);

/* Calls 'cb' for each flow. Blocking; for attaching again, not for statistics. */
int dp_flow_list(struct dp *, void (*cb)(const struct dp_flow *, void *aux), void *aux,
                 struct error *);
/* Queues operations; returns how many were taken (fewer when the ring is full: try again after
 * completions), or a negative errno. They are carried out in order. Never blocks. A BARRIER
 * completes when all before it are in force on every worker. */
int dp_submit(struct dp *, const struct dp_op *, size_t n);

/* Reads of counters: plain memory, no message. */
int dp_flow_stats(struct dp *, uint32_t flow_no, struct dp_flow_stats *ret);
int dp_port_stats(struct dp *, uint32_t port_no, struct dp_port_stats *ret);
/* Every non-zero drop counter; the array is the caller's to free(). */
int dp_drops(struct dp *, struct dp_drop **ret, size_t *ret_n);
/* Zeros when there is no such meter, -ENOENT when there can be none. */
int dp_meter_stats(struct dp *, uint32_t meter_no, struct dp_meter_stats *ret);

/* --- Providers.
 * -------------------------------------------------------------------------------------------------------------
 */

/* A provider embeds this as its first member. */
struct dp {
    const struct dp_provider *provider;
};

/* Hooks as the functions of the same name above say. */
struct dp_provider {
    const char *name; /* What stands before ':' in the target. */
    int (*open)(const char *target, struct event_base *, const struct dp_callbacks *, void *aux,
                struct dp **ret, struct error *);
    void (*close)(struct dp *);
    int (*set_config)(struct dp *, const struct dp_option *, size_t n, struct error *);
    int (*get_info)(struct dp *, struct dp_info *ret);
    int (*port_add)(struct dp *, const struct dp_port_config *, uint32_t port_no,
                    uint32_t *ret_port_no, struct error *);
    int (*port_del)(struct dp *, uint32_t port_no, struct error *);
    int (*port_set)(struct dp *, uint32_t port_no, const struct dp_port_config *, struct error *);
    int (*port_list)(struct dp *, struct dp_port_info **ret, size_t *ret_n, struct error *);
    int (*flow_list)(struct dp *, void (*cb)(const struct dp_flow *, void *aux), void *aux,
                     struct error *);
    int (*submit)(struct dp *, const struct dp_op *, size_t n);
    int (*flow_stats)(struct dp *, uint32_t flow_no, struct dp_flow_stats *ret);
    int (*port_stats)(struct dp *, uint32_t port_no, struct dp_port_stats *ret);
    int (*drops)(struct dp *, struct dp_drop **ret, size_t *ret_n);
    int (*meter_stats)(struct dp *, uint32_t meter_no, struct dp_meter_stats *ret);
};

void dp_provider_register(const struct dp_provider *);

#endif
