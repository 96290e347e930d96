/* What the files of the program sluice-datapath share: main.c, main_eal.c, main_ctl.c. Main
 * (control) thread. */
#ifndef DATAPATH_MAIN_DATAPATH_H
#define DATAPATH_MAIN_DATAPATH_H

#include "datapath/channel/server.h"

struct event_base;

/* main_eal.c: starts DPDK with 'memory_mb' of memory (hugepages when enough are free; 0: as many
 * hugepages as there are, within reason, else 512 MiB of ordinary memory) and further arguments,
 * separated by blanks (NULL: none). 'rundir' is where EAL may put files. */
int eal_start(unsigned int memory_mb, const char *args, const char *rundir, struct error *);
void eal_stop(void);
/* Whether hugepages are used. */
bool eal_has_hugepages(void);

/* main_ctl.c: registers the commands. */
struct ctl_context {
    struct event_base *base;
    struct server *server;
    struct server_counters *counters;
};
void datapath_ctl_init(struct ctl_context *);

#endif
