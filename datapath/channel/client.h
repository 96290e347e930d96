/* What the files of the channel's client share: the dp provider "channel:RUNDIR" in vswitchd.
 *
 * client.c attaches and loses, client_call.c makes blocking calls over the socket, client_ring.c
 * moves what goes through the rings, client_counters.c reads shared counters. One thread: the event
 * base's.
 *
 * The other end's death may be noticed anywhere, also inside an operation that a callback has
 * called; then client_broken() only notes it, everything answers -ENOTCONN from there on, and the
 * memory is unmapped and 'lost' called from the base, when nobody is on the stack. */
#ifndef DATAPATH_CHANNEL_CLIENT_H
#define DATAPATH_CHANNEL_CLIENT_H

#include <event2/event.h>

#include "datapath/channel/message.h"
#include "datapath/channel/ring.h"
#include "datapath/dp.h"

struct client_batch;

/* All that belongs to one attachment. */
struct client_session {
    uint8_t *rings; /* CHANNEL_RINGS_SIZE, or NULL. */
    struct channel_rings *shared;
    const uint8_t *counters; /* CHANNEL_COUNTERS_SIZE, read-only, or NULL. */
    int wake_datapath;       /* An eventfd. */
    int wake_us;             /* A pipe to read from. */
    struct event *woken;
    struct ring_writer commands;
    struct ring_reader completions;
    struct ring_reader upcalls[CHANNEL_MAX_WORKERS];
    unsigned int next_upcalls; /* The ring that is served first next time. */
    char reasons[CHANNEL_MAX_REASONS][DP_NAME_MAX];
    unsigned int n_reasons;
    struct dp_info info;
};

struct client {
    struct dp dp;
    struct event_base *base;
    const struct dp_callbacks *callbacks;
    void *aux;
    char *path; /* Of the socket. */

    int sock; /* -1: not connected. */
    struct event *readable;
    struct event *again;    /* Retry, or the handshake's time limit. */
    struct event *deferred; /* Work for the next turn: see run_deferred(). */
    unsigned int retry_ms;
    char last_reason[DP_ERROR_MAX]; /* Why it did not attach; told once. */

    bool attached; /* Between the callbacks 'attached' and 'lost', from the caller's view. */
    bool broken;   /* 'lost' must be called. */
    char lost_reason[DP_ERROR_MAX];
    bool drain_more;
    uint32_t seq;
    uint8_t changed[DP_MAX_PORTS / 8]; /* Ports to call 'port_changed' for. */
    bool any_changed;

    struct client_session session;
    struct client_batch *batch; /* Buffers of client_ring.c. */
    uint8_t buffer[MESSAGE_MAX];
};

/* Whether operations can be carried out. */
static inline bool client_usable(const struct client *client)
{
    return client->attached && !client->broken;
}

/* Notes that the datapath is gone or not to be trusted any more. 'reason' for a person. */
void client_broken(struct client *, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Has run_deferred() called at the next turn. */
void client_defer(struct client *);
/* Handles a message that is not an answer. */
void client_handle_notice(struct client *, const struct message_header *, struct message_reader *);

/* client_ring.c */
struct client_batch *client_batch_new(void);
void client_batch_free(struct client_batch *);
void client_rings_start(struct client *);
/* Delivers what is in the rings, within a budget; client->drain_more says whether there is more. */
void client_drain(struct client *);
int client_submit(struct dp *, const struct dp_op *, size_t n);

/* client_call.c */
int client_set_config(struct dp *, const struct dp_option *, size_t n, struct error *);
int client_port_add(struct dp *, const struct dp_port_config *, uint32_t port_no,
                    uint32_t *ret_port_no, struct error *);
int client_port_del(struct dp *, uint32_t port_no, struct error *);
int client_port_set(struct dp *, uint32_t port_no, const struct dp_port_config *, struct error *);
int client_port_list(struct dp *, struct dp_port_info **ret, size_t *ret_n, struct error *);
int client_flow_list(struct dp *, void (*cb)(const struct dp_flow *, void *aux), void *aux,
                     struct error *);
/* A body that follows a WELCOME and the answer to SET_CONFIG. */
void client_get_limits(struct message_reader *, struct dp_info *);

/* client_counters.c */
int client_counters_map(struct client_session *, int fd, struct error *);
int client_flow_stats(struct dp *, uint32_t flow_no, struct dp_flow_stats *ret);
int client_port_stats(struct dp *, uint32_t port_no, struct dp_port_stats *ret);
int client_drops(struct dp *, struct dp_drop **ret, size_t *ret_n);
int client_meter_stats(struct dp *, uint32_t meter_no, struct dp_meter_stats *ret);

static inline struct client *client_cast(struct dp *dp)
{
    return (struct client *)dp;
}

#endif
