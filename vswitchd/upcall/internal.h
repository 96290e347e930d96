/* What the files of upcall/ share. */
#ifndef VSWITCHD_UPCALL_INTERNAL_H
#define VSWITCHD_UPCALL_INTERNAL_H

#include <sys/queue.h>

#include "vswitchd/upcall/flow_table.h"
#include "vswitchd/upcall/hold.h"
#include "vswitchd/upcall/op_queue.h"
#include "vswitchd/upcall/upcall.h"

struct event;

/* What a cookie of an operation says: its kind in the top byte, below it a serial number, or of
 * COOKIE_EXECUTE the port of a packet of which the operation has the only copy. */
#define COOKIE_KIND(cookie) ((cookie) >> 56)
#define COOKIE_FLOW UINT64_C(1)
#define COOKIE_EXECUTE UINT64_C(2)
#define COOKIE_SYNC UINT64_C(3)
#define COOKIE_METER UINT64_C(4)

/* Why vswitchd itself dropped a packet (docs/drop-reasons.md). */
enum upcall_drop {
    UPCALL_DROP_CUT,     /* It came cut, so it cannot be sent on. */
    UPCALL_DROP_BUSY,    /* Too many operations, or upcalls before the start, wait. */
    UPCALL_DROP_REFUSED, /* The datapath did not take it back. */
    UPCALL_N_DROPS,
};

/* What a flow had been credited with when the connection to the datapath was lost. */
struct flow_memory {
    uint64_t id_hash; /* 0: no such flow. */
    uint64_t packets, bytes;
};

struct upcall {
    struct dp *dp;
    struct ofproto_set *ofprotos;
    struct event *timer; /* NULL in tests. */
    bool is_running;
    struct flow_table flows;
    struct op_queue ops;
    struct hold held;
    struct flow_memory *memory; /* [n_memory], by flow number. */
    uint32_t n_memory;
    uint64_t (*drops)[DP_MAX_PORTS]; /* [UPCALL_N_DROPS]; NULL while there are none. */

    uint32_t flow_limit;
    uint32_t evict_cursor; /* Where the last search for a flow to evict ended. */
    uint64_t max_idle_ms;

    /* The generation of the tables with which every cached flow agrees, as far as what the datapath
     * was asked for goes; 0: none yet. And the last one for which the flows that something concerns
     * were searched for: those that were found are yet to be translated again, when it is larger.
     */
    uint64_t settled;
    uint64_t searched;
    uint64_t settled_ms; /* When 'settled' was last set. */

    /* The pass over all flows. */
    bool in_pass;
    uint32_t cursor;
    uint64_t pass_generation; /* When the pass began. */
    uint64_t pass_began_ms;
    uint64_t pass_took_ms;
    bool pass_is_whole;      /* Reads all counters. */
    uint64_t whole_ended_ms; /* When the last such pass did. */
    bool kicked;

    TAILQ_HEAD(sync_waiters, sync_waiter) waiters; /* Of upcall_sync(). */
    bool is_dirty;                                 /* What the datapath has was changed since */
    uint64_t sync_serial;                          /* the last barrier; and that which passed. */
    uint64_t sync_passed;

    struct {
        uint64_t upcalls, installed, executed, limit_hits, unanswered, put_errors;
        uint64_t deleted_idle, deleted_wrong, evicted, reput, passes, adopted;
        uint64_t packet_ins; /* Packets for controllers. */
        uint64_t refused;    /* Packets of controllers that found no room. */
        uint64_t retranslated;
        uint64_t flow_packets; /* Of flows that are gone. */
    } n;
};

#define UPCALL_PASS_INTERVAL_MS 1000
/* Between passes, however much changes: at least so long, and as long as the last one took, so that
 * half of the time is left for misses and connections. */
#define UPCALL_PASS_GAP_MS 20
#define UPCALL_PASS_GAP_MAX_MS 200
#define UPCALL_SLICE_US 500
/* flush.c: what the other files do to flows. */
/* Queues a put of the flow's actions. 'key' is that of the packet which asks for it, whose token is
 * 'pending'; NULL: only the actions changed. */
void upcall_put_flow(struct upcall *, struct cached_flow *, const struct flow_key *key,
                     uint64_t pending);
void upcall_delete_flow(struct upcall *, struct cached_flow *);
void upcall_flush_ops(struct upcall *);

/* drops.c */
void upcall_drop(struct upcall *, enum upcall_drop, uint32_t in_port);
/* Adds them to '*list', which is the caller's to free(). */
void upcall_drops(const struct upcall *, struct dp_drop **list, size_t *n);

/* sync.c */
/* Whether somebody waits for more to be settled than is. */
bool sync_wants_more(const struct upcall *);
/* Tells those who waited for what is settled now, or puts a barrier behind it. */
void sync_settled(struct upcall *);
void sync_barrier_passed(struct upcall *, uint64_t serial);
void sync_lost(struct upcall *);
void sync_free(struct upcall *); /* Calls nobody. */

/* revalidate.c */
void upcall_pass_reset(struct upcall *);
/* Settles what changed by a search, as far as a slice of time goes and unless it needs a pass. */
void upcall_settle(struct upcall *, uint64_t now_ms);

/* adopt.c */
/* Before the flows are forgotten: notes what they were credited with, for upcall_adopt(). */
void upcall_remember(struct upcall *);
void upcall_forget(struct upcall *);
void upcall_adopt(struct upcall *, uint64_t now_ms);

#endif
