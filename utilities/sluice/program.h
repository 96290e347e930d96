/* One supervised program: how it is started, what its log said, how it ended. The supervisor
 * decides when. Supervisor's thread. */
#ifndef UTILITIES_SLUICE_PROGRAM_H
#define UTILITIES_SLUICE_PROGRAM_H

#include <sys/types.h>

#include "lib/error.h"
#include "lib/strbuf.h"
#include "utilities/sluice/fdstore.h"

enum program_state {
    PROGRAM_STOPPED,  /* No process, none wanted. */
    PROGRAM_STARTING, /* A process that has not said that it is ready. */
    PROGRAM_READY,
    PROGRAM_WAITING, /* No process; it is to be started after a while. */
    PROGRAM_STOPPING /* Was told to end. */
};

struct program {
    const char *name;
    char **argv; /* Ends with NULL; argv[0] is the path. */
    char *log_path;
    enum program_state state;
    pid_t pid;           /* 0 when there is no process. */
    uint64_t started_ms; /* Of the present process. */
    unsigned int n_restarts;
    unsigned int n_failures; /* In a row: since it last ran for a while. */
    off_t log_offset;        /* Where the present process's part of the log begins. */
    char last_end[80];       /* How the last process ended, "" when none did. */
    struct fdstore fds;
};

const char *program_state_name(enum program_state);

/* Appends a word to argv. Printed as given. */
void program_add_arg(struct program *, const char *fmt, ...) PRINTF_LIKE(2, 3);
void program_destroy(struct program *);

/* Makes a process of it; it dies with its parent. Output goes to its log. */
int program_start(struct program *, const char *notify_address, struct error *);
/* Notes the end of the process, 'status' being wait()'s. */
void program_ended(struct program *, int status);
/* How long to wait before it is started again: nothing the first time, then more and more. */
unsigned int program_backoff_ms(const struct program *);
/* The last lines that the present process wrote, each after 'indent'. */
void program_log_tail(const struct program *, const char *indent, struct strbuf *);

#endif
