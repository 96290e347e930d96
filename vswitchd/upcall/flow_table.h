/* The cached flows that this process knows the datapath to hold.
 *
 * Owns the flow numbers (dp.h: the caller chooses them, and one is free again when its deletion
 * completed) and finds a flow by number, and by masked key and mask. Used by upcall/ alone, on the
 * thread of the event base; asks nothing of the datapath. */
#ifndef VSWITCHD_UPCALL_FLOW_TABLE_H
#define VSWITCHD_UPCALL_FLOW_TABLE_H

#include <uthash.h>

#include "datapath/dp.h"
#include "ofproto/ofproto.h"

/* One of the few masks, shared by all flows that have it. */
struct shared_mask {
    struct flow_mask mask;
    unsigned int n_flows;
    UT_hash_handle hh;
};

/* What a flow is found by. No padding: it is hashed and compared as bytes. */
struct flow_id {
    struct flow_key masked;
    struct shared_mask *mask;
    uint64_t zero[7]; /* To the end of the key's 64-byte line. */
};

struct cached_flow {
    struct flow_id id;
    uint32_t flow_no;
    uint32_t in_port; /* Of the packet that it was made for: who answers for its room. */
    unsigned int puts_in_flight;
    bool installed; /* The first put completed: the datapath's counters are this flow's. */
    bool deleting;  /* Not found by id any more; lives until the deletion completed. */
    bool refused;   /* A put was not even queued. */
    bool found;     /* Is in the table by id. */
    struct dp_actions actions;
    struct ofproto_effects *effects; /* NULL: adopted, not translated yet. */
    uint64_t generation;             /* Translated under this one; 0: must be translated. */
    uint64_t created_ms;
    uint64_t pending;              /* The token that the last put carries. */
    struct dp_flow_stats credited; /* What the effects have been credited with. */
    UT_hash_handle hh;
};

struct flow_table {
    struct cached_flow **by_no; /* [high] */
    uint32_t high, size;
    uint32_t *free_nos; /* Below 'high'; a stack. */
    uint32_t n_free, free_size;
    struct cached_flow *by_id;
    struct shared_mask *masks;
    size_t n;                       /* All that are in by_no. */
    size_t n_deleting;              /* Of these. */
    uint32_t by_port[DP_MAX_PORTS]; /* Flows that are not being deleted. */
    uint32_t n_ports;               /* That have any. */
};

void flow_table_init(struct flow_table *);
/* Frees all flows, crediting nothing more. */
void flow_table_clear(struct flow_table *);
/* Flows that are not being deleted. */
size_t flow_table_count(const struct flow_table *);
size_t flow_table_n_masks(const struct flow_table *);
/* Flows made for packets of 'in_port', and its fair share of 'limit' flows: the limit divided by
 * the ports that have flows, this one among them. */
uint32_t flow_table_port_count(const struct flow_table *, uint32_t in_port);
uint32_t flow_table_port_share(const struct flow_table *, uint32_t in_port, uint32_t limit);

/* A new flow with a number of its own and nothing but key, id, number and time; NULL when all
 * numbers are taken. It takes the place of a flow with the same id in lookups. */
struct cached_flow *flow_table_add(struct flow_table *, const struct flow_key *,
                                   const struct flow_mask *, uint64_t now_ms);
/* The same under a number that is known; NULL when it is taken. After the last of a series,
 * flow_table_adopted() makes the unused numbers available. */
struct cached_flow *flow_table_adopt(struct flow_table *, uint32_t flow_no, const struct flow_key *,
                                     const struct flow_mask *, uint64_t now_ms);
void flow_table_adopted(struct flow_table *);

/* Replaces the flow's effects, which it then owns, and has them watched. */
void flow_table_set_effects(struct cached_flow *, struct ofproto_effects *);
/* Credits what the flow's counters, which are 'now', grew by since the last call. */
void flow_table_credit(struct cached_flow *, const struct dp_flow_stats *now);

struct cached_flow *flow_table_get(const struct flow_table *, uint32_t flow_no);
/* The flow that has this mask and, under it, this key, unless it is being deleted. */
struct cached_flow *flow_table_find(const struct flow_table *, const struct flow_key *,
                                    const struct flow_mask *);
/* The deletion was asked for: not found by id any more. */
void flow_table_start_delete(struct flow_table *, struct cached_flow *);
/* The deletion is complete: frees it and its number. */
void flow_table_remove(struct flow_table *, struct cached_flow *);

#endif
