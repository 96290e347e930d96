/* The global options of sluice-vsctl: ovs-vsctl(8), "OPTIONS". Main thread. */
#ifndef UTILITIES_VSCTL_OPTIONS_H
#define UTILITIES_VSCTL_OPTIONS_H

#include "db/client/report.h"

struct vsctl_options {
    char *program; /* As it was called, for messages. */
    char *db;
    char *rundir; /* NULL: the default. */
    bool no_wait;
    bool dry_run;
    bool oneline;
    bool retry;
    unsigned int timeout_s; /* 0: none. */
    struct db_report_style style;
};

/* Reads options up to the first command. Options that are not global belong to the first command:
 * they are put into '*ret_first' (for vsctl_free_words()). Returns the index
 * of the first word behind, or a negative errno; --help and --version print and set '*ret_done'. */
int vsctl_options_parse(struct vsctl_options *, int argc, char *argv[], size_t *ret_n_first,
                        char ***ret_first, bool *ret_done, struct error *);
void vsctl_free_words(size_t n, char **words);
void vsctl_options_free(struct vsctl_options *);

#endif
