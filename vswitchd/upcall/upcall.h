/* Flow misses: asks ofproto for the verdict, caches it in the datapath, and keeps what is cached
 * right.
 *
 * The one user is main.c, which passes on what the datapath tells, and reconcile/, which says when
 * the configuration is in place. Thread of the event base; nothing blocks but upcall_start().
 *
 * Life: a new 'struct upcall' holds upcalls back (their packets wait in the datapath, in order)
 * until upcall_start() says that bridges and ports are configured: a verdict made earlier would be
 * wrong. upcall_lost() goes back to holding. */
#ifndef VSWITCHD_UPCALL_UPCALL_H
#define VSWITCHD_UPCALL_UPCALL_H

#include "datapath/dp.h"
#include "ofproto/ofproto.h"

struct event_base;
struct upcall;

#define UPCALL_FLOW_LIMIT_DEFAULT 200000
#define UPCALL_MAX_IDLE_MS_DEFAULT 10000

/* 'base' NULL: no timers; the caller (a test) calls upcall_run(). */
struct upcall *upcall_new(struct event_base *base, struct ofproto_set *);
void upcall_free(struct upcall *);

/* Which datapath to talk to; it must live until upcall_free() or the next call. */
void upcall_set_dp(struct upcall *, struct dp *);
/* From how many cached flows on new ones are executed but not cached, and how long one may be
 * unused. */
void upcall_set_limits(struct upcall *, uint32_t flow_limit, uint64_t max_idle_ms);

/* Bridges and ports are configured: answers what was held back. Unless 'fresh', first adopts the
 * flows that the datapath holds: they teach the bridges MAC addresses, and those that the tables do
 * not agree with are corrected or deleted, little by little, from upcall_run(). Blocking (the list
 * of flows). */
void upcall_start(struct upcall *, bool fresh, uint64_t now_ms);
bool upcall_is_running(const struct upcall *);

/* What the datapath tells, as of 'struct dp_callbacks'. */
void upcall_handle(struct upcall *, const struct dp_upcall *, size_t n, uint64_t now_ms);
void upcall_completions(struct upcall *, const struct dp_completion *, size_t n);
void upcall_lost(struct upcall *);

/* A slice of revalidation: at most about half a millisecond. Returns in how many milliseconds it
 * wants to be called again. */
unsigned int upcall_run(struct upcall *, uint64_t now_ms);
/* Something changed that cached flows may depend on: revalidate soon. */
void upcall_kick(struct upcall *);

/* Calls 'done' once, later, when every cached flow agrees with the tables as they are now and that
 * is in force on every worker; at once ('done' runs before the return) when no datapath is
 * attached, and when the one that is goes away. Any number may wait. Not called any more after
 * upcall_sync_cancel() with the same 'aux', nor after upcall_free(). */
typedef void upcall_synced_cb(void *aux);
void upcall_sync(struct upcall *, upcall_synced_cb *done, void *aux);
void upcall_sync_cancel(struct upcall *, void *aux);

/* Takes a packet through actions, as received on a datapath port (0: on none). False, and the
 * packet is gone: there is no datapath, or it does not keep up. */
bool upcall_execute(struct upcall *, const void *packet, uint32_t len, uint32_t in_port,
                    const struct dp_actions *);

/* Puts a meter into the datapath, or, with NULL, deletes it; as 'meter' of 'struct ofproto_hooks'.
 */
int upcall_meter(struct upcall *, uint32_t meter_no, const struct dp_meter *);

/* Deletes all flows from the datapath's cache. */
void upcall_flush(struct upcall *);

#endif
