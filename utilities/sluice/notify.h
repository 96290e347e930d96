/* The supervisor's end of systemd's notification protocol (sd_notify(3)): a datagram socket on
 * which the supervised programs say that they are ready and hand over descriptors. Who sent a
 * datagram is known from the kernel. Supervisor's thread. */
#ifndef UTILITIES_SLUICE_NOTIFY_H
#define UTILITIES_SLUICE_NOTIFY_H

#include <sys/types.h>

#include "lib/error.h"

struct event_base;
struct notify;

/* One datagram. 'fds' belong to the callee, all of them. */
struct notify_msg {
    pid_t pid;
    bool ready;
    bool store;      /* FDSTORE=1 */
    bool remove;     /* FDSTOREREMOVE=1 */
    char *fd_name;   /* FDNAME, or NULL. */
    const char *bad; /* Why the message has to be refused, or NULL. */
    int fds[16];
    size_t n_fds;
};

typedef void notify_cb(struct notify_msg *, void *aux);

int notify_new(struct event_base *base, const char *rundir, notify_cb *callback, void *aux,
               struct notify **ret, struct error *err);
void notify_free(struct notify *);
/* The value of $NOTIFY_SOCKET. */
const char *notify_address(const struct notify *);
/* Handles all that has arrived: before a sender's death is looked at, so that nothing that it said
 * is taken for a stranger's. */
void notify_drain(struct notify *);
/* Reads the lines of a datagram into 'm' (exposed for tests). 'text' is changed. */
void notify_parse(char *text, struct notify_msg *m);

#endif
