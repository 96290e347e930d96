/* Meters: how much of a kind of traffic may pass, and what becomes of the rest.
 *
 * A meter has bands, each with a rate and a burst: a bucket of that size, filled at that rate. A
 * packet that a band's bucket has enough for takes it out; else the band is hit. Of the bands that
 * a packet hits the one with the highest rate is applied (OpenFlow 1.3.5 section 5.7.1): it drops
 * the packet, or raises its drop precedence.
 *
 * A bucket is one 64-bit word that any number of threads may take from without a lock: the moment
 * at which it was empty, plus the time that what was taken since is worth. Time is in sixteenths of
 * a nanosecond, so that small packets at 100 Gbit/s still cost whole numbers. (DPDK's rte_meter
 * knows bytes only, and its state is several words that belong to one thread.)
 *
 * Also the configuration as it goes over the dp channel. No EAL here. */
#ifndef DATAPATH_FLOW_METER_H
#define DATAPATH_FLOW_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"

#define DP_MAX_METERS 262144 /* Meter numbers are 0...DP_MAX_METERS-1. */
#define DP_METER_MAX_BANDS 8
#define DP_NO_METER UINT32_MAX

enum dp_band_type {
    DP_BAND_DROP = 1,
    DP_BAND_DSCP_REMARK, /* Raises the drop precedence of an IP packet (RFC 2597), if it has one. */
    DP_N_BAND_TYPES
};

struct dp_band {
    uint8_t type;       /* enum dp_band_type. */
    uint8_t prec_level; /* DSCP_REMARK: by how much. */
    uint8_t zero[2];
    uint32_t rate;  /* kbit/s (1000 bits) or packets/s; not 0. */
    uint32_t burst; /* kbit or packets; 0: what passes in a second. */
};

struct dp_meter {
    uint8_t in_packets; /* 1: rates and bursts are in packets, 0: in kbit. */
    uint8_t n_bands;
    uint8_t zero[2];
    struct dp_band band[DP_METER_MAX_BANDS]; /* Behind n_bands: zeros. */
};

/* Checks bytes from an untrusted side. */
int dp_meter_validate(const struct dp_meter *, struct error *);
/* "kbps,bands=drop:rate=1000,burst=200": one line for a person. */
struct strbuf;
void dp_meter_format(struct strbuf *, const struct dp_meter *);

#define METER_TICKS_PER_NS 16
/* Times are at least this, which lets a bucket that begins as 0 be full. */
#define METER_TIME_ZERO (UINT64_C(1) << 62)

/* What a band's numbers come to. */
struct meter_rate {
    uint64_t cost;  /* Ticks that a unit (bit or packet) is worth, times 2^METER_COST_SHIFT. */
    uint64_t depth; /* Ticks that a full bucket is worth. */
};
#define METER_COST_SHIFT 28

struct meter_rate meter_rate(const struct dp_meter *, unsigned int band);

/* Takes 'units' out of the bucket at the time 'now': false, and nothing, when it has fewer. */
static inline bool meter_take(uint64_t *bucket, const struct meter_rate *rate, uint64_t units,
                              uint64_t now)
{
    uint64_t worth = (uint64_t)((unsigned __int128)units * rate->cost >> METER_COST_SHIFT);
    uint64_t old = __atomic_load_n(bucket, __ATOMIC_RELAXED), next;

    do {
        next = (old < now - rate->depth ? now - rate->depth : old) + worth;
        if (next > now) {
            return false;
        }
    } while (
        !__atomic_compare_exchange_n(bucket, &old, next, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return true;
}

/* The DSCP with its drop precedence raised by 'level', at most to 3; one that encodes none (of best
 * effort, class selectors, expedited forwarding) as it is. OpenFlow 1.3.5 section 7.3.4.4. */
uint8_t meter_remark(uint8_t dscp, uint8_t level);

#endif
