/* What every long-running program needs around its main loop: run directory, lock, pid file,
 * signals, readiness.
 *
 *   RUNDIR: --rundir, else $SLUICE_RUNDIR, else $OVS_RUNDIR, else /run/sluice
 *   DBDIR:  --dbdir,  else $SLUICE_DBDIR,  else $OVS_DBDIR,  else /var/lib/sluice
 *
 * Readiness and kept file descriptors use systemd's notification protocol (sd_notify(3), datagrams
 * to $NOTIFY_SOCKET), so a program runs the same under `sluice up` and under a systemd unit. Main
 * thread only. */
#ifndef LIB_DAEMON_H
#define LIB_DAEMON_H

#include <sys/types.h>

#include "lib/error.h"

struct event_base;

/* The directory to use; 'option' is the command line's value or NULL. The result is owned by the
 * caller. */
char *daemon_rundir(const char *option);
char *daemon_dbdir(const char *option);
/* Makes the directory with mode 0755 unless it is there. Its parent must be there: a wrong name is
 * an error (-ENOENT), and no new tree. */
int daemon_make_dir(const char *path, struct error *);

/* Makes RUNDIR/NAME.pid, holding our pid and an fcntl() write lock on it for as long as we live
 * (which is how ovs-appctl tells a live one). -EEXIST, naming the other's pid, when another process
 * holds it. Removed by daemon_cleanup(). */
int daemon_pidfile(const char *rundir, const char *name, struct error *);
/* The pid that RUNDIR/NAME.pid names: 0 when there is no live process that holds it. */
pid_t daemon_pidfile_read(const char *rundir, const char *name);
/* Whether RUNDIR/NAME.pid is still the one that we made: not when the directory was removed. */
bool daemon_pidfile_is_ours(const char *rundir, const char *name);
/* Removes the pid files. */
void daemon_cleanup(void);

/* SIGTERM and SIGINT end the base's loop; SIGHUP reopens the log; SIGPIPE and SIGXFSZ are
 * ignored. */
void daemon_signals(struct event_base *);

/* Raises the soft limit of open descriptors to the hard one; returns how many may be open. */
unsigned int daemon_raise_fd_limit(void);

/* Tells whoever started us: "READY=1" (nothing happens without $NOTIFY_SOCKET). */
void daemon_notify_ready(void);
/* sd_notify's FDSTORE: asks the supervisor to keep a duplicate of 'fd' under 'name' (at most 255
 * printable ASCII characters without spaces and colons) and hand it to our successor;
 * daemon_fd_forget() drops all under that name. No-ops without a supervisor. -errno when the
 * message was not sent. */
int daemon_fd_keep(const char *name, int fd);
int daemon_fd_forget(const char *name);
/* The fds that a predecessor left ($LISTEN_PID, $LISTEN_FDS, $LISTEN_FDNAMES): takes out the next
 * one called 'name', -1 when there is none. The caller owns it. daemon_fd_rest() closes what nobody
 * took, telling the supervisor to forget it too. */
int daemon_fd_take(const char *name);
void daemon_fd_rest(void);

#endif
