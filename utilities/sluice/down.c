/* `sluice down`: asks the supervisor to stop everything, and sees to it that nothing is left, also
 * when there is no supervisor any more. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/daemon.h"
#include "lib/options.h"
#include "utilities/sluice/commands.h"
#include "utilities/sluice/rundir.h"

/* The supervisor gives each of its three programs 10 s. */
#define SUPERVISOR_GRACE_MS 40000
#define PROGRAM_GRACE_MS 10000
#define KILL_GRACE_MS 5000

/* Waits until the process is gone. False when it is still there after 'ms'. */
static bool wait_gone(int pidfd, int ms)
{
    struct pollfd p = {.fd = pidfd, .events = POLLIN};
    int n;

    do {
        n = poll(&p, 1, ms);
    } while (n < 0 && errno == EINTR);
    return n > 0;
}

/* Stops the process that holds NAME's pid file, first politely. True when there is none any more.
 */
static bool stop_program(const char *rundir, const char *name, int grace_ms)
{
    pid_t pid = daemon_pidfile_read(rundir, name);
    int pidfd;
    bool gone;

    if (!pid) {
        return true;
    }
    pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (pidfd < 0) {
        return errno == ESRCH;
    }
    if (kill(pid, SIGTERM) && errno != ESRCH) {
        fprintf(stderr, "sluice down: %s (process %ld) cannot be stopped: %s\n", name, (long)pid,
                strerror(errno));
        close(pidfd);
        return false;
    }
    gone = wait_gone(pidfd, grace_ms);
    if (!gone) {
        fprintf(stderr, "sluice down: %s (process %ld) does not end: killed\n", name, (long)pid);
        kill(pid, SIGKILL);
        gone = wait_gone(pidfd, KILL_GRACE_MS);
    }
    close(pidfd);
    return gone;
}

int cmd_down(int argc, char *argv[])
{
    const char *option = NULL;
    const struct option_def defs[] = {
        OPTION_RUNDIR(&option),
        {NULL},
    };
    int first = options_parse(argc, argv, "sluice down", "[OPTION]...",
                              "Stops the switch. Does nothing when it does not run.", defs);
    bool was_up, gone;
    char *rundir;

    if (first < argc) {
        fprintf(stderr, "sluice down: unknown word '%s'; 'sluice down --help' lists the options\n",
                argv[first]);
        return 1;
    }
    rundir = daemon_rundir(option);
    was_up = daemon_pidfile_read(rundir, "sluice") != 0;
    gone = stop_program(rundir, "sluice", SUPERVISOR_GRACE_MS);
    /* None is left after a supervisor that ended well. */
    for (size_t i = 0; i < N_PROGRAMS; i++) {
        was_up = was_up || daemon_pidfile_read(rundir, program_names[i]);
        gone = stop_program(rundir, program_names[i], PROGRAM_GRACE_MS) && gone;
    }
    if (gone) {
        rundir_clean(rundir);
        if (was_up) {
            printf("The switch is down.\n");
        } else {
            printf("The switch was not running in %s.\n", rundir);
        }
    }
    free(rundir);
    return gone ? 0 : 1;
}
