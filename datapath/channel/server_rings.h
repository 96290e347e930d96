/* The rings of one attached vswitchd, as the datapath sees them: commands in, completions and
 * upcalls out. Made at attach, freed at detach. Control thread, but for the two functions of the
 * sink. */
#ifndef DATAPATH_CHANNEL_SERVER_RINGS_H
#define DATAPATH_CHANNEL_SERVER_RINGS_H

#include "datapath/channel/ring.h"
#include "datapath/core/core.h"

struct server_rings;

int server_rings_new(struct server_rings **ret, struct error *);
/* No worker may be inside its sink functions. Operations still under way complete into nothing.
 * NULL is fine. */
void server_rings_free(struct server_rings *);

/* What is passed to vswitchd. */
int server_rings_memfd(const struct server_rings *);
int server_rings_datapath_eventfd(const struct server_rings *);
/* The reading end of a pipe, not an eventfd: O_NONBLOCK belongs to an open file, and vswitchd,
 * having the same one, could take it away and make a worker wait in write(). */
int server_rings_vswitchd_wake_fd(const struct server_rings *);

/* Carries out commands, within a budget. 1: call again soon, 0: everything was done, or the other
 * end must first read completions; either way the eventfd tells when to call again. -EPROTO:
 * vswitchd wrote something impossible and is to be detached. */
int server_rings_run(struct server_rings *);
/* Makes completions visible that core_poll() has made. -EPROTO as above, also when a worker saw it.
 */
int server_rings_flush(struct server_rings *);

/* Of struct core_upcall_sink; on worker 'worker'. */
bool server_rings_post(struct server_rings *, unsigned int worker, const struct dp_upcall *);
void server_rings_post_flush(struct server_rings *, unsigned int worker);

#endif
