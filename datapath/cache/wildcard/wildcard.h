/* The wildcard cache: megaflows, shared by all workers.
 *
 * Masks belong to an input port: a port's *view* has the masks of its megaflows, compiled to
 * selectors, and their union; it has another one for packets that were recirculated. So what one
 * port's traffic makes of masks costs the others nothing, and the number of probes of a look-up is
 * bounded by 'mask_limit' whatever the traffic. A megaflow whose mask would be one too many is
 * filed under an existing mask of the view that has all its bits, the one with the fewest others;
 * coarsest of last resort are three fixed masks, the last of which is exact. Filing needs the bits
 * of a whole packet's key: wildcard_put() takes one. Such a logical flow (a flow number) then has
 * up to one *instance* per packet key put; those share actions and counters. A more specific
 * instance never changes a verdict.
 *
 * All views' instances are in one hash table of cache-line buckets, found by (selector, words).
 * Memory of instances is type-stable and each has a generation, so the exact caches may keep
 * references to dead ones and notice.
 *
 * Threads: one writer, the control thread; readers are workers, lock-free, that pass a grace period
 * (as 'defer' knows it) between look-ups. */
#ifndef DATAPATH_CACHE_WILDCARD_H
#define DATAPATH_CACHE_WILDCARD_H

#include "datapath/cache/hash.h"
#include "datapath/cache/selector.h"
#include "datapath/dp.h"
#include "datapath/parse/parse.h"

#define WILDCARD_NONE 0 /* Slot number of no instance. */
#define WILDCARD_INLINE_WORDS 5
#define WILDCARD_MAX_MASKS 256 /* Of a view; the highest mask_limit. */
#define WILDCARD_BATCH 32
/* Masks of last resort that a view may have beyond mask_limit - WILDCARD_RESERVED others. */
#define WILDCARD_RESERVED 3
#define WILDCARD_IDLE_MASK_MS 10000 /* How long a mask outlives its last megaflow. */

/* What to do, as prepared once for the workers. Freed after a grace period. */
struct wildcard_actions {
    uint32_t len;
    uint16_t only_port; /* The list is one output to this port, else 0. */
    bool needs_l3;      /* Reads l3_len or deeper: the parser must have run in full. */
    uint8_t data[] __attribute__((aligned(8)));
};

/* An instance: the line that a hit touches. */
struct wildcard_slot {
    uint64_t words[WILDCARD_INLINE_WORDS]; /* The others in wildcard->more. */
    uint32_t selector;                     /* Its id. */
    /* Odd while it is dead. Workers note even ones only: one of those never comes again once the
     * instance is deleted. */
    uint32_t generation;
    uint32_t flow_no;
    uint16_t only_port; /* Of the actions: saves reading them. */
    uint16_t pad;
    const struct wildcard_actions *actions;
} __attribute__((aligned(64)));
static_assert(sizeof(struct wildcard_slot) == 64, "one line");

struct wildcard_bucket {
    uint16_t signature[8]; /* 0: empty. */
    uint32_t slot[8];
    uint32_t next; /* Overflow bucket, 0: none. */
    uint32_t pad[3];
} __attribute__((aligned(64)));

/* The hash table: n_buckets, then overflow buckets. Replaced as a whole when the limit grows. */
struct wildcard_index {
    uint64_t mask; /* n_buckets - 1. */
    uint32_t n_overflow, next_overflow;
    size_t size; /* Bytes. */
    struct wildcard_bucket buckets[];
};

#define WILDCARD_N_VIEWS (2 * DP_MAX_PORTS)

/* Which view is that of packets of a port. */
static inline uint32_t wildcard_view_no(uint32_t in_port, bool recirculated)
{
    return in_port + (recirculated ? DP_MAX_PORTS : 0);
}

/* What workers know of a view's megaflows. Immutable; replaced as a whole. */
struct wildcard_view {
    struct selector all; /* The union of the masks. all.id changes with its content only, and is
                            unique for ever: exact caches keep it without being asked again. */
    bool parse;          /* False: no header needs to be looked at. */
    enum parse_depth depth;
    unsigned int n; /* Selectors. */
    const struct selector *selectors[];
};

struct wildcard_table;

struct wildcard {
    struct wildcard_slot *slots;
    uint64_t (*more)[FLOW_N_WORDS - WILDCARD_INLINE_WORDS];
    uint64_t *births; /* Of each slot's instance: its number among all that there ever were. */
    struct wildcard_index *index;
    struct wildcard_view *views[WILDCARD_N_VIEWS];
    struct wildcard_table *table; /* The writer's. */
    /* Instances that every look-up from now on finds have births up to this one; on a line of its
     * own, since it changes with each. */
    uint64_t n_births __attribute__((aligned(64)));
};

/* Calls fn(arg) on the control thread when no worker can hold what it frees. */
typedef void wildcard_defer(void (*fn)(void *), void *arg);

/* 'flow_limit' (of instances) is at most DP_MAX_FLOWS. -ENOMEM. */
int wildcard_new(uint32_t flow_limit, unsigned int mask_limit, wildcard_defer *,
                 struct wildcard **ret);
/* When no worker runs. */
void wildcard_free(struct wildcard *);
/* -ENOMEM: nothing was changed. */
int wildcard_set_limits(struct wildcard *, uint32_t flow_limit, unsigned int mask_limit);

/* As DP_OP_FLOW_PUT (dp.h). Actions are copied. 'of_packet' says that the key is certainly a
 * packet's; without, it is taken for one when it has bits outside the mask. -EEXIST, -ENOSPC;
 * -EINVAL: an input port that cannot be. */
int wildcard_put(struct wildcard *, uint32_t flow_no, const struct flow_key *,
                 const struct flow_mask *, const void *actions, uint32_t actions_len,
                 bool of_packet);
/* -ENOENT. No worker finds it any more; those that hold it do until the grace period ends. */
int wildcard_del(struct wildcard *, uint32_t flow_no);
bool wildcard_has(const struct wildcard *, uint32_t flow_no);
/* Lists at most 'max' flows whose numbers are at least 'first'; returns the number to go on with,
 * or DP_NO_FLOW at the end. */
uint32_t wildcard_list(const struct wildcard *, uint32_t first, uint32_t max,
                       void (*cb)(const struct dp_flow *, void *aux), void *aux);
size_t wildcard_n_flows(const struct wildcard *);
size_t wildcard_n_instances(const struct wildcard *);
/* Lets go of masks that have been unused for long. Now and then. */
void wildcard_tidy(struct wildcard *, uint64_t now_ms);
/* A table of the masks of each port, for a person. */
void wildcard_show(const struct wildcard *, struct strbuf *);

struct wildcard_actions *wildcard_actions_new(const void *actions, uint32_t len);

/* --- Workers. */

static inline const struct wildcard_view *wildcard_view(const struct wildcard *w, uint32_t view_no)
{
    return __atomic_load_n(&w->views[view_no], __ATOMIC_ACQUIRE);
}

static inline bool wildcard_is_live(const struct wildcard *w, uint32_t slot, uint32_t generation)
{
    return __atomic_load_n(&w->slots[slot].generation, __ATOMIC_RELAXED) == generation;
}

/* A look-up that began after this missed no instance with a birth up to it. */
static inline uint64_t wildcard_births(const struct wildcard *w)
{
    return __atomic_load_n(&w->n_births, __ATOMIC_ACQUIRE);
}

/* Looks up those of keys[0...WILDCARD_BATCH-1] whose bit is in 'which' and writes the slot of each
 * (WILDCARD_NONE: a miss). Returns the bits of those found. */
uint32_t wildcard_lookup(const struct wildcard *, const struct wildcard_view *,
                         const struct flow_key *keys, uint32_t which, uint32_t *ret_slots);

#endif
