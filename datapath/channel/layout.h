/* The dp channel's shared memory: what both ends see, byte for byte.
 *
 * Two memfds are passed over the socket RUNDIR/dp.sock when vswitchd attaches (see message.h):
 *
 * - counters: one for the life of the datapath. Header, then for each worker its blocks of flow,
 * port, drop, total and meter counters, which that worker alone writes. Sparse: pages that nobody
 * counted in take no memory. Sealed so that only the datapath's mapping can write.
 * - rings: made anew for each attach, so that nothing a dead vswitchd left half-written is ever
 * seen again. Both ends write. Size sealed, so that neither can pull it away under the other.
 *
 * Whoever reads what the other end wrote copies it first and believes nothing: see ring.h and
 * record.h. A change of anything here is a new CHANNEL_VERSION. No code but sizes; no EAL. */
#ifndef DATAPATH_CHANNEL_LAYOUT_H
#define DATAPATH_CHANNEL_LAYOUT_H

#include <stdint.h>

#include "datapath/dp.h"

#define CHANNEL_VERSION 3
#define CHANNEL_SOCKET "dp.sock"

#define CHANNEL_MAX_WORKERS 16
#define CHANNEL_MAX_REASONS 96
#define CHANNEL_PACKET_MAX 9728   /* Bytes of a packet in an upcall. */
#define CHANNEL_EXECUTE_MAX 65600 /* Bytes of a packet to execute. */

/* --- Counters. --- */

#define CHANNEL_COUNTERS_MAGIC UINT64_C(0x31746e6345434c53)

struct channel_flow_counter {
    uint64_t packets;
    uint64_t bytes;
    uint64_t used_ms;
    uint64_t tcp_flags;
};

struct channel_port_counter {
    uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
    uint64_t rx_errors, tx_errors;
    uint64_t rx_dropped, tx_dropped;
} __attribute__((aligned(64)));

struct channel_meter_counter {
    uint64_t packets;
    uint64_t bytes;
    struct {
        uint64_t packets;
        uint64_t bytes;
    } band[DP_METER_MAX_BANDS];
};

/* The first page. Constant once the datapath listens, except the two high-water marks, which are
 * stored and loaded atomically. */
struct channel_counters_header {
    uint64_t magic;
    uint32_t version;
    uint32_t n_reasons;
    uint32_t workers_used; /* Blocks of workers from this one on were never written. */
    uint32_t ports_used;   /* So were ports. */
    char reasons[CHANNEL_MAX_REASONS][DP_NAME_MAX];
};

#define CHANNEL_TOTALS_SIZE 4096 /* The datapath's own; not read by the other end. */
#define CHANNEL_HEADER_SIZE 8192
#define CHANNEL_FLOWS_SIZE ((uint64_t)DP_MAX_FLOWS * sizeof(struct channel_flow_counter))
#define CHANNEL_PORTS_SIZE ((uint64_t)DP_MAX_PORTS * sizeof(struct channel_port_counter))
#define CHANNEL_DROPS_SIZE ((uint64_t)DP_MAX_PORTS * CHANNEL_MAX_REASONS * sizeof(uint64_t))
#define CHANNEL_METERS_SIZE ((uint64_t)DP_MAX_METERS * sizeof(struct channel_meter_counter))
#define CHANNEL_WORKER_SIZE                                                                        \
    (CHANNEL_FLOWS_SIZE + CHANNEL_PORTS_SIZE + CHANNEL_DROPS_SIZE + CHANNEL_TOTALS_SIZE +          \
     CHANNEL_METERS_SIZE)
#define CHANNEL_COUNTERS_SIZE (CHANNEL_HEADER_SIZE + CHANNEL_MAX_WORKERS * CHANNEL_WORKER_SIZE)

static_assert(sizeof(struct channel_counters_header) <= CHANNEL_HEADER_SIZE, "the header fits");

/* Where a worker's blocks start. */
#define CHANNEL_FLOWS_AT(W) (CHANNEL_HEADER_SIZE + (uint64_t)(W)*CHANNEL_WORKER_SIZE)
#define CHANNEL_PORTS_AT(W) (CHANNEL_FLOWS_AT(W) + CHANNEL_FLOWS_SIZE)
#define CHANNEL_DROPS_AT(W) (CHANNEL_PORTS_AT(W) + CHANNEL_PORTS_SIZE)
#define CHANNEL_TOTALS_AT(W) (CHANNEL_DROPS_AT(W) + CHANNEL_DROPS_SIZE)
#define CHANNEL_METERS_AT(W) (CHANNEL_TOTALS_AT(W) + CHANNEL_TOTALS_SIZE)

/* --- Rings. --- */

/* Positions grow without end; the place in the data is position modulo size. */
struct channel_ring {
    uint64_t head __attribute__((aligned(64))); /* Written by the producer. */
    uint64_t tail __attribute__((aligned(64))); /* Written by the consumer. */
};

/* What an end sets before it sleeps, and whoever has something for it clears when it writes the
 * fd that it waits on. */
#define CHANNEL_AWAKE 0
#define CHANNEL_WAIT_RECORDS 1 /* Wake me when there is something to read. */
#define CHANNEL_WAIT_ROOM 2    /* And also when completions were read (the datapath only). */

struct channel_rings {
    uint32_t datapath_waits __attribute__((aligned(64)));
    uint32_t vswitchd_waits __attribute__((aligned(64)));
    struct channel_ring commands;    /* vswitchd -> datapath. */
    struct channel_ring completions; /* datapath -> vswitchd. */
    struct channel_ring upcalls[CHANNEL_MAX_WORKERS];
};

#define CHANNEL_RINGS_HEADER 4096
#define CHANNEL_COMMANDS_SIZE (4u << 20)
#define CHANNEL_COMPLETIONS_SIZE (1u << 20)
#define CHANNEL_UPCALLS_SIZE (1u << 20) /* Of each worker. */
#define CHANNEL_COMMANDS_AT CHANNEL_RINGS_HEADER
#define CHANNEL_COMPLETIONS_AT (CHANNEL_COMMANDS_AT + CHANNEL_COMMANDS_SIZE)
#define CHANNEL_UPCALLS_AT(W)                                                                      \
    (CHANNEL_COMPLETIONS_AT + CHANNEL_COMPLETIONS_SIZE + (W)*CHANNEL_UPCALLS_SIZE)
#define CHANNEL_RINGS_SIZE CHANNEL_UPCALLS_AT(CHANNEL_MAX_WORKERS)

static_assert(sizeof(struct channel_rings) <= CHANNEL_RINGS_HEADER, "the header fits");

#endif
