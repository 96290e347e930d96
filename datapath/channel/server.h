/* The datapath's end of the dp channel: what main.c starts.
 *
 * On the control thread, which runs the event base; the upcall sink alone is called by workers. The
 * server also drives core_poll(), since what that completes goes into its rings. At most one
 * vswitchd is attached; when it dies, ports and flows stay as they are. */
#ifndef DATAPATH_CHANNEL_SERVER_H
#define DATAPATH_CHANNEL_SERVER_H

#include "datapath/core/core.h"

struct event_base;

/* --- Counters in shared memory: for the life of the process. --- */

struct server_counters;
int server_counters_new(struct server_counters **ret, struct error *);
/* After core_stop(). NULL is fine. */
void server_counters_free(struct server_counters *);
/* For core_start(). */
const struct core_counters *server_counters_core(const struct server_counters *);
/* The memfd, which others can map read-only. */
int server_counters_fd(const struct server_counters *);
/* Tells readers that blocks up to here are in use (they only grow). */
void server_counters_mark(struct server_counters *, unsigned int n_workers, uint32_t n_ports);
/* Sums over workers, for ctl commands. */
void server_counters_port(const struct server_counters *, uint32_t port_no, struct dp_port_stats *);
void server_counters_flow(const struct server_counters *, uint32_t flow_no, struct dp_flow_stats *);
uint64_t server_counters_drops(const struct server_counters *, uint32_t port_no,
                               unsigned int reason);
uint32_t server_counters_ports_used(const struct server_counters *);

/* --- The server. --- */

struct server;
/* Before core_start(): nothing listens yet, but server_sink() works. */
struct server *server_new(struct event_base *, struct server_counters *);
/* Valid as long as the server. */
const struct core_upcall_sink *server_sink(struct server *);
/* After core_start(): listens at RUNDIR/dp.sock and begins to call core_poll(). */
int server_listen(struct server *, const char *rundir, struct error *);
/* Detaches and closes; core must not call the sink any more. NULL is fine. */
void server_free(struct server *);
/* Tells an attached vswitchd that a port's info changed. */
void server_port_changed(struct server *, uint32_t port_no);
/* The pid of the attached vswitchd, 0: none; and how many attached since the start. */
int server_attached_pid(const struct server *);
unsigned int server_attach_count(const struct server *);

#endif
