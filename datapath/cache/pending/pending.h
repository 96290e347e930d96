/* Packets that wait for policy's answer: one per worker, behind the caches.
 *
 * A miss makes a *pending entry* for the packet's whole key; further packets of that key queue up
 * behind it, in order, without another upcall, until the answer releases them or time runs out.
 * Everything is bounded: entries, packets per entry, entries and packets per port, so that a port
 * that floods new flows takes nothing from the others.
 *
 * An entry is named by a token that is never used twice (a generation is part of it), which is all
 * that the outside sees. Workers only, each its own. */
#ifndef DATAPATH_CACHE_PENDING_H
#define DATAPATH_CACHE_PENDING_H

#include "datapath/dp.h"

struct rte_mbuf;

#define PENDING_MAX_PACKETS 64 /* The most that 'per_flow' can be. */
#define PENDING_ENTRIES 8192   /* Of a worker; a power of two. */

struct pending_limits {
    unsigned int per_flow;     /* Packets of an entry. */
    unsigned int per_port;     /* Entries of a port. */
    unsigned int port_packets; /* Packets of a port. */
    unsigned int packets;      /* Of all. */
    unsigned int timeout_ms;
};

struct pending_entry {
    struct flow_key key;
    uint64_t token;
    uint64_t deadline_ms;
    uint64_t since;     /* As given to pending_open(). */
    uint32_t hash_next; /* All links are numbers of entries + 1; 0: none. */
    uint32_t older, newer;
    uint32_t hash;
    uint16_t in_port;
    uint16_t n;
    uint8_t depth; /* The caller's; 0 at first. */
    struct rte_mbuf *packets[PENDING_MAX_PACKETS];
};

struct pending_port {
    uint16_t n_entries;
    uint16_t n_packets;
};

struct pending {
    struct pending_limits limits;
    struct pending_entry *entries; /* [PENDING_ENTRIES] */
    uint32_t heads[PENDING_ENTRIES];
    uint32_t free;   /* Linked by hash_next. */
    uint32_t n_used; /* Entries that were ever used: the others' memory was never touched. */
    uint64_t salt;   /* Where counts in tokens start: differs from those of a worker before. */
    uint32_t oldest, newest;
    uint32_t n_entries; /* In use: when 0, nothing can be pending. */
    uint32_t n_packets;
    uint8_t worker;
    struct pending_port ports[DP_MAX_PORTS];
};

enum pending_status {
    PENDING_PARKED,     /* The packet is the cache's now. */
    PENDING_FLOW_FULL,  /* Too many behind this entry, */
    PENDING_PORT_FULL,  /* of this port, */
    PENDING_TOTAL_FULL, /* or of all: the packet stays the caller's. */
};

/* Control thread, when the worker does not run. */
int pending_new(unsigned int worker, const struct pending_limits *, struct pending **ret);
void pending_free(struct pending *);
/* Also while it runs. */
void pending_set_limits(struct pending *, const struct pending_limits *);

/* The entry for this whole key, or NULL. */
struct pending_entry *pending_find(struct pending *, const struct flow_key *);
/* Parks a packet behind an entry. */
enum pending_status pending_park(struct pending *, struct pending_entry *, struct rte_mbuf *);
/* Makes an entry for a key that has none. 'since' never goes down: what the caller knows of the
 * moment when the key was looked up. */
enum pending_status pending_open(struct pending *, const struct flow_key *, uint64_t now_ms,
                                 uint64_t since, struct pending_entry **ret);
/* The entry of a token, NULL when there is none (any more). */
struct pending_entry *pending_by_token(struct pending *, uint64_t token);
/* The one that has waited longest, when its time is up. */
struct pending_entry *pending_expired(struct pending *, uint64_t now_ms);
/* Any entry of the port, NULL when there is none. Slow: for the removal of a port. */
struct pending_entry *pending_of_port(struct pending *, uint32_t port_no);
/* Takes an entry out, whose packets are copied to 'ret_packets' (room for PENDING_MAX_PACKETS) and
 * are the caller's now; returns their number. */
unsigned int pending_close(struct pending *, struct pending_entry *, struct rte_mbuf **ret_packets);

/* That of the entry that has waited longest, the lowest of all; there must be one. */
static inline uint64_t pending_since(const struct pending *p)
{
    return p->entries[p->oldest - 1].since;
}

static inline unsigned int pending_token_worker(uint64_t token)
{
    return (unsigned int)(token >> 56);
}

#endif
