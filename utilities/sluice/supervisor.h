/* Starts the three programs, watches them, restarts what dies, keeps their descriptors, and stops
 * them in order. Runs in one thread on one event loop; never blocks but for fork and small files.
 */
#ifndef UTILITIES_SLUICE_SUPERVISOR_H
#define UTILITIES_SLUICE_SUPERVISOR_H

#include "lib/error.h"
#include "lib/strbuf.h"

/* What `sluice up` was told. Strings are borrowed; paths are absolute. */
struct supervisor_config {
    const char *rundir;
    const char *dbdir;
    const char *bindir;         /* Where the programs are. */
    const char *db_file;        /* NULL: sluice-db's default. */
    const char *memory;         /* MB for the datapath, NULL: its default. */
    const char *eal;            /* Arguments for DPDK, or NULL. */
    const char *log_level;      /* For all programs, or NULL. */
    const char *const *remotes; /* Further ones for sluice-db. */
    size_t n_remotes;
    unsigned int start_timeout_s;
    /* Called once, when all programs are ready. False: nobody waits for it any more, stop. */
    bool (*ready)(void *aux);
    void *aux;
};

/* Runs until it is told to stop (SIGTERM, SIGINT): 0. Or until a program could not be started at
 * the beginning: the others are stopped again, and 'report' receives lines for the person. The
 * caller holds the run directory's sluice.pid. */
int supervisor_run(const struct supervisor_config *, struct strbuf *report, struct error *);

#endif
