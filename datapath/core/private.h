/* What the files of the core share. Not for others.
 *
 * Control thread and workers meet in four places: tables of pointers that the control thread
 * replaces and workers read (ports, queues, views of the wildcard cache), freed after a grace
 * period (grace.c); messages to a worker (message.c); counters, which a worker writes and others
 * read; and the limits in core.settings, plain words. */
#ifndef DATAPATH_CORE_PRIVATE_H
#define DATAPATH_CORE_PRIVATE_H

#include <pthread.h>
#include <rte_mbuf.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring.h>
#include <sys/queue.h>

#include "datapath/action/exec.h"
#include "datapath/cache/exact/exact.h"
#include "datapath/cache/pending/pending.h"
#include "datapath/cache/wildcard/wildcard.h"
#include "datapath/core/core.h"
#include "datapath/port/offload.h"
#include "lib/token_bucket.h"

#define CORE_BURST 32
#define CORE_EXACT_ENTRIES 262144 /* Of a worker. */
#define CORE_MAX_DEPTH 6          /* Recirculations of a packet. */
#define CORE_AGAIN 1024           /* Packets that wait to be looked up again; a power of two. */
#define CORE_MESSAGES 4096 /* On their way to a worker; the rest waits with the control thread. */

static_assert(CORE_BURST <= WILDCARD_BATCH && CORE_BURST <= ACTION_BATCH, "a burst is one batch");

/* An rx queue, polled by one worker. */
struct core_queue {
    struct port *port;
    uint16_t port_no;
    uint16_t queue;
    uint8_t worker;
    int fd;                    /* -1: must be polled. */
    struct token_bucket share; /* The worker's: the queue's part of the port's upcalls. */
};

/* Packets on their way out of a port, from one worker. */
struct core_tx {
    struct core_tx *next; /* In the worker's list of those that are not empty. */
    struct core_port *port;
    uint16_t n;
    bool listed;
    struct rte_mbuf *pkts[CORE_BURST];
} __attribute__((aligned(64)));

struct core_port {
    struct port *port;
    struct core_tx tx[CORE_MAX_WORKERS];
};

/* The queues that a worker must poll. Replaced as a whole. */
struct core_polled {
    unsigned int n;
    struct core_queue *queues[];
};

enum core_message_type {
    MESSAGE_RELEASE, /* Packets behind 'token' go through 'actions', as of flow 'flow_no'. */
    MESSAGE_INJECT,  /* 'packet' goes through 'actions'. */
    MESSAGE_PURGE,   /* What is pending of port 'port_no' is dropped. */
};
struct core_message {
    STAILQ_ENTRY(core_message) link;
    enum core_message_type type;
    uint64_t token;
    uint32_t flow_no; /* DP_NO_FLOW: counts for none. */
    uint32_t port_no;
    struct rte_mbuf *packet;
    struct wildcard_actions *actions;
};
STAILQ_HEAD(core_message_list, core_message);

/* A packet to look up again. */
struct core_again {
    struct rte_mbuf *packet;
    uint32_t recirc_id;
    uint32_t dp_hash; /* 0: none. */
    uint8_t depth;
};

/* What a burst needs besides the packets. */
struct core_burst {
    struct rte_mbuf *pkts[CORE_BURST];
    uint32_t slots[CORE_BURST];
    struct flow_key keys[CORE_BURST];
    struct exact_work exact;
};

struct worker {
    unsigned int id;
    pthread_t thread;
    bool started;
    bool stop;   /* Written by the control thread, */
    bool asleep; /* by the worker. */
    bool posted; /* Upcalls of this burst wait for a flush. */
    int epoll_fd;
    int wake_fd;
    unsigned int n_queues; /* The control thread's count, to balance. */
    struct core_polled *polled;

    uint64_t now_ms; /* Of this round. */
    uint64_t now_tsc;

    struct exact_cache *exact;
    struct pending *pending;
    struct token_bucket *told; /* [DP_MAX_PORTS] */
    struct offload_ctx *offload;
    struct core_tx *tx_list;
    struct action_env env;
    struct core_port_counter *ports; /* Of core.counters: this worker's. */
    struct core_flow_counter *flows;
    struct core_totals *totals;
    struct core_burst burst;
    struct core_again *again; /* [CORE_AGAIN], a ring: */
    unsigned int first_again, n_again;
    uint64_t births; /* Of the wildcard cache, before this round's look-ups. */

    struct rte_ring *inbox;  /* struct core_message, */
    struct rte_ring *outbox; /* on their way back. */
    uint64_t n_taken;        /* Messages carried out. */

    /* The control thread's. */
    struct core_message_list waiting; /* No room in the inbox. */
    uint64_t n_sent;
    uint64_t n_back;
} __attribute__((aligned(64)));

struct core {
    struct core_settings settings;
    struct core_counters counters;
    struct core_upcall_sink sink;
    struct port_pools pools;
    struct wildcard *wildcard;
    struct rte_rcu_qsbr *rcu;
    unsigned int n_workers;
    unsigned int n_active;    /* The first of them, which have queues; the others wind up. */
    unsigned int max_workers; /* That there ever were: the others' counters were never touched. */
    struct worker *workers[CORE_MAX_WORKERS];
    uint64_t n_messages[CORE_MAX_WORKERS]; /* Sent to predecessors, of this number. */
    struct core_port *ports[DP_MAX_PORTS];
    struct core_queue *queues[DP_MAX_PORTS][PORT_MAX_QUEUES];
    unsigned int n_ports;
    uint64_t tsc_per_ms;
    bool running;
};
extern struct core core;
extern uint64_t *drop_counters[CORE_MAX_WORKERS];

/* worker.c */
int worker_new(unsigned int id, struct worker **ret, struct error *);
void worker_free(struct worker *); /* Stops and joins. */
/* Nothing is left to do for a worker that has no queues. */
bool worker_is_idle(const struct worker *);
void worker_wake(struct worker *); /* Any thread; costs a read when it is awake. */
void worker_pin(struct worker *);

/* ports.c: has every port's queues polled by the active workers, and more of them where the type
 * can have more. Nothing that waits in a queue is lost. */
void ports_share_out(void);

/* burst.c: takes packets received on a queue through parser, caches and actions. */
void burst_run(struct worker *, struct core_queue *, uint16_t n);
/* The same for recirculated packets of a port, parsed in full into burst.keys. */
void burst_run_again(struct worker *, uint16_t port_no, uint16_t n);

/* recirculate.c: the env->recirculate of actions. What it takes waits for recirculate_run(), which
 * who ran actions calls while 'n_again' is not 0, before the worker's next quiescent state. */
void recirculate_put(struct action_env *, uint32_t recirc_id, struct rte_mbuf **, uint16_t n);
void recirculate_run(struct worker *);

/* miss.c: packets that no megaflow matches. */
void miss_run(struct worker *, struct core_queue *, struct rte_mbuf *);
/* The same for a recirculated packet with this whole key. */
void miss_run_again(struct worker *, const struct flow_key *, struct rte_mbuf *);
/* Parks the packet when its flow waits for policy, so that it stays behind those before it. 'key'
 * may be NULL. */
bool miss_park_if_pending(struct worker *, uint32_t in_port, struct rte_mbuf *,
                          const struct flow_key *key);
/* The env->upcall of actions. */
void miss_upcall(struct action_env *, uint32_t cookie, struct rte_mbuf **, uint16_t n);
void miss_expire(struct worker *);
void miss_purge(struct worker *, uint32_t port_no);
void pending_limits_of(const struct core_settings *, struct pending_limits *);

/* transmit.c: transmit_output() is the env->output of actions. */
void transmit_output(struct action_env *, uint32_t port_no, struct rte_mbuf **, uint16_t n);
/* Its env->output_trunc. */
void transmit_output_trunc(struct action_env *, uint32_t port_no, uint32_t max_len,
                           struct rte_mbuf **, uint16_t n);
void transmit_flush(struct worker *);

/* message.c */
void message_send(struct worker *, struct core_message *); /* Control thread; takes it over. */
unsigned int message_run(struct worker *);                 /* Worker. Returns how many. */
bool message_collect(struct worker *); /* Control thread; true while some are on their way. */

/* grace.c; control thread. */
void grace_defer(void (*fn)(void *), void *arg);
/* Runs what is due; false when something still waits. */
bool grace_poll(void);
/* Blocks until every worker has seen all that was done before. */
void grace_wait(void);

/* pools.c */
int pools_new(struct port_pools *, struct error *);
void pools_free(struct port_pools *);

static inline void drop_packets(struct worker *w, const struct drop_reason *reason,
                                struct rte_mbuf **pkts, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++) {
        drop_count(w->id, pkts[i]->port, reason, 1);
    }
    rte_pktmbuf_free_bulk(pkts, n);
}

#endif
