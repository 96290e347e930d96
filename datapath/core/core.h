/* The core: workers that move packets from ports through parser, caches and actions to ports, and
 * the control thread's handle on them.
 *
 * One core in a process. All functions here belong to the control thread, except those of 'struct
 * core_upcall_sink', which workers call. The control thread is the only writer of the wildcard
 * cache and of the tables of ports; workers read both lock-free under rte_rcu_qsbr. Knows neither
 * the dp channel nor OpenFlow nor OVSDB. */
#ifndef DATAPATH_CORE_CORE_H
#define DATAPATH_CORE_CORE_H

#include "datapath/core/drop.h"
#include "datapath/dp.h"
#include "datapath/flow/meter.h"
#include "datapath/port/port.h"

#define CORE_MAX_WORKERS 16
#define CORE_MIN_MASKS 4 /* Of an input port: 'mask_limit' is within these. */
#define CORE_MAX_MASKS 256

/* Counters as workers write them, in memory that others may map read-only: each worker writes its
 * own block only, with plain aligned 64-bit stores. A reader sums over workers. */
struct core_flow_counter {
    uint64_t packets;
    uint64_t bytes;
    uint64_t used_ms; /* CLOCK_MONOTONIC, from the worker's clock that ticks each burst. */
    uint64_t tcp_flags;
};
struct core_port_counter { /* One cache line. */
    uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
    uint64_t rx_errors, tx_errors;
    uint64_t rx_dropped, tx_dropped;
} __attribute__((aligned(64)));
struct core_meter_counter {
    uint64_t packets; /* All that came to it. */
    uint64_t bytes;
    struct {
        uint64_t packets; /* To which the band was applied. */
        uint64_t bytes;
    } band[DP_METER_MAX_BANDS];
};
/* What makes the sum come out: rx + injected + copies == tx + drops + parked + in flight, for each
 * datapath. */
struct core_totals {
    uint64_t injected; /* Packets that vswitchd executed. */
    uint64_t copies;   /* Made by outputs to several ports, and by segmentation. */
    uint64_t parked;   /* In pending queues now. */
    uint64_t exact_hits, wildcard_hits, misses, upcalls;
    uint64_t busy_cycles, idle_cycles, bursts, sleeps;
} __attribute__((aligned(64)));

/* Where the counters are: allocated (zeroed) by the caller, for the life of the process. */
struct core_counters {
    struct core_flow_counter *flows[CORE_MAX_WORKERS]; /* [DP_MAX_FLOWS] */
    struct core_port_counter *ports[CORE_MAX_WORKERS]; /* [DP_MAX_PORTS] */
    uint64_t *drops[CORE_MAX_WORKERS]; /* [DP_MAX_PORTS * DROP_MAX_REASONS], index port *
                                          DROP_MAX_REASONS + reason */
    struct core_totals *totals[CORE_MAX_WORKERS];
    struct core_meter_counter *meters[CORE_MAX_WORKERS]; /* [DP_MAX_METERS] */
};

struct core_settings {
    unsigned int n_workers;          /* 0: half the cores, at least 1, at most 4. */
    uint64_t cores;                  /* Bit per CPU that workers are pinned to; 0: not pinned. */
    uint32_t flow_limit;             /* Default 200000. */
    unsigned int mask_limit;         /* Default 32. */
    uint32_t upcall_rate;            /* New flows a port and second; default 50000, 0: no
                                      * limit. Four times as many that actions send. */
    unsigned int pending_per_flow;   /* Packets parked behind one upcall; default 32. */
    unsigned int pending_per_port;   /* Upcalls of one port that wait for an answer; default 512. */
    unsigned int pending_timeout_ms; /* After which parked packets are dropped; default 1000. */
};
void core_settings_default(struct core_settings *);

/* How workers hand a miss to whoever listens. Called on a worker: must not block. 'post' copies
 * what it needs and returns false when there is no room or nobody listens: the packet is then
 * dropped under a named reason. 'flush' follows the last post of a burst (wakes the reader). */
struct core_upcall_sink {
    bool (*post)(unsigned int worker, const struct dp_upcall *, void *aux);
    void (*flush)(unsigned int worker, void *aux);
    void *aux;
};

/* After rte_eal_init(). Makes the pools, caches and workers, and starts them. */
int core_start(const struct core_settings *, const struct core_counters *,
               const struct core_upcall_sink *, struct error *);
/* Stops and joins the workers; ports must have been removed. */
void core_stop(void);
const struct core_settings *core_get_settings(void);
/* Applies new settings, while packets pass. When the number of workers changes, queues move from
 * one to another with all that waits in them, and ports get more queues where their types can; a
 * worker that is one too many goes when what it parked is answered. On an error all is as it was.
 */
int core_set_settings(const struct core_settings *, struct error *);
const struct port_pools *core_pools(void);

/* Gives an open port to the workers / takes it away: when core_port_remove() returns, no worker
 * touches it, and its parked packets are dropped. */
int core_port_add(struct port *, struct error *);
void core_port_remove(struct port *);
struct port *core_port_get(uint32_t port_no);

/* Flow operations: as dp.h says of dp_op. Key and actions must have been validated. Errors as in
 * dp_completion. core_flow_del() completes after the grace period: 'done' runs on the control
 * thread, from core_poll(). */
int core_flow_put(uint32_t flow_no, const struct flow_key *, const struct flow_mask *,
                  const void *actions, uint32_t actions_len, uint64_t pending);
typedef void core_done_cb(int error, const struct dp_flow_stats *, void *aux);
int core_flow_del(uint32_t flow_no, core_done_cb *done, void *aux);
void core_flow_list(void (*cb)(const struct dp_flow *, void *aux), void *aux);
/* At most 'max' of those whose numbers are at least 'first'. Returns the number to go on with, or
 * DP_NO_FLOW at the end. */
uint32_t core_flow_list_some(uint32_t first, uint32_t max,
                             void (*cb)(const struct dp_flow *, void *aux), void *aux);
size_t core_flow_count(void);
/* Executes the packets behind a pending token, or a copy of 'packet'. -EINVAL: too short for a
 * frame, or 'in_port' cannot be; -EMSGSIZE: longer than any buffer. */
int core_execute(uint64_t pending, const void *packet, uint32_t packet_len, uint32_t in_port,
                 const void *actions, uint32_t actions_len);
/* 'done' runs from core_poll() when every worker has seen all that was done before. */
void core_barrier(core_done_cb *done, void *aux);
/* Forgets whoever listened: pending entries stay until they time out. */
void core_upcalls_reset(void);

/* The control thread's share of the work: grace periods, done callbacks. Returns in how many
 * milliseconds it wants to be called again. */
unsigned int core_poll(void);
/* A table of masks, cache sizes and per-worker cycles for a person. */
void core_show(struct strbuf *);

#endif
