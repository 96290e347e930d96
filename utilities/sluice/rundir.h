/* Files that programs leave in the run directory. Nothing here touches a file that a live process
 * holds. Blocking; at start and stop. */
#ifndef UTILITIES_SLUICE_RUNDIR_H
#define UTILITIES_SLUICE_RUNDIR_H

#include <sys/types.h>

#include "lib/error.h"

/* The supervised programs, in the order in which they are stopped. */
#define N_PROGRAMS 3
extern const char *const program_names[N_PROGRAMS]; /* sluice-vswitchd, -datapath, -db. */

/* -EEXIST, naming it, when one of the programs is alive in 'rundir'. */
int rundir_check_unused(const char *rundir, struct error *);
/* Removes the ctl sockets of process 'pid', which is dead. */
void rundir_forget_pid(const char *rundir, pid_t pid);
/* Removes all pid files and sockets of the programs; none of them is alive. */
void rundir_clean(const char *rundir);

#endif
