/* The datapath's meters: a table of pointers that the control thread changes and workers read; what
 * a worker reads lives until a grace period has passed. Buckets are shared by all workers, each
 * band in a cache line of its own; counters are not (core.h). */
#ifndef DATAPATH_CORE_METERS_H
#define DATAPATH_CORE_METERS_H

#include <rte_cycles.h>

#include "datapath/core/core.h"
#include "datapath/flow/meter.h"

struct core_meter_band {
    uint64_t bucket __attribute__((aligned(64))); /* Of the workers. */
    struct meter_rate rate;
    uint32_t rate_shown; /* As configured: the highest is applied. */
    uint8_t type;
    uint8_t prec_level;
};

struct core_meter {
    uint8_t n_bands;
    bool in_packets;
    bool remarks;          /* Some band does. */
    uint32_t epoch;        /* Of the attachment that it was put in. The control thread's. */
    struct dp_meter shown; /* As it was put. */
    struct core_meter_band band[];
};

extern struct core_meter *core_meters[DP_MAX_METERS];
extern uint64_t core_meter_tsc_mult; /* Ticks a cycle, times 2^32. */
extern uint64_t core_meter_tsc_zero;

/* Workers; NULL: there is none, and all passes. */
static inline struct core_meter *core_meter_get(uint32_t meter_no)
{
    return __atomic_load_n(&core_meters[meter_no], __ATOMIC_ACQUIRE);
}

static inline uint64_t core_meter_now(void)
{
    uint64_t cycles = rte_rdtsc() - core_meter_tsc_zero;

    return METER_TIME_ZERO + (uint64_t)((unsigned __int128)cycles * core_meter_tsc_mult >> 32);
}

/* --- Control thread. */

void core_meters_start(void);
void core_meters_stop(void); /* No worker is left. */
/* As of DP_OP_METER_PUT: the meter begins with full buckets, unless it is there with the same
 * configuration. 'done' runs from core_poll() when every worker has seen it. 0 or -EINVAL, -ENOMEM
 * (then 'done' is not called). */
int core_meter_put(uint32_t meter_no, const struct dp_meter *, core_done_cb *done, void *aux);
/* As of DP_OP_METER_DEL. -ENOENT. Its counters are zeros when 'done' runs. */
int core_meter_del(uint32_t meter_no, core_done_cb *done, void *aux);
/* What is put from now on is of another attachment. */
void core_meters_new_epoch(void);
/* A line a meter, with its counters, for a person. */
void core_meters_show(struct strbuf *);

#endif
