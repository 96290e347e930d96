/* Command-line options of the programs: one table gives parsing, checks and --help.
 *
 * --help and --version are built in: they print and exit(0). An unknown option or a missing value
 * prints a line that names it and points to --help, and exits with 1, as Open vSwitch's programs do
 * and as every program here does for whatever is wrong on its command line. Main thread, at start.
 */
#ifndef LIB_OPTIONS_H
#define LIB_OPTIONS_H

#include "lib/util.h"

struct option_def {
    const char *name;   /* Long name without dashes: "rundir". NULL ends the table. */
    char letter;        /* Short form, 0: none. */
    const char *arg;    /* "DIR" when it takes a value; NULL for a flag. */
    const char *help;   /* A line; it is wrapped. */
    const char **value; /* Receives the (last) value. */
    bool *flag;         /* Receives true. */
    void (*each)(const char *value,
                 void *aux); /* Called for each occurrence instead; value NULL for a flag. */
    void *aux;
};

/* "Usage: PROGRAM SYNOPSIS", then 'about', then the table. Options end at the first word that is
 * none, or at "--". Returns the index of the first argument that is no option. */
int options_parse(int argc, char *argv[], const char *program, const char *synopsis,
                  const char *about, const struct option_def *);

/* A line of --help, for a program that reads its options in its own way: "-l, --name=ARG  help".
 * 'letter' may be 0 and 'arg' NULL. */
void options_print_one(char letter, const char *name, const char *arg, const char *help);

/* --rundir in a program's table; *VALUE is for daemon_rundir(). */
#define OPTION_RUNDIR_HELP "run directory (default $SLUICE_RUNDIR, $OVS_RUNDIR, /run/sluice)"
#define OPTION_RUNDIR(VALUE)                                                                       \
    {                                                                                              \
        "rundir", 0, "DIR", OPTION_RUNDIR_HELP, .value = (VALUE)                                   \
    }

/* The options that every daemon has; put OPTIONS_DAEMON(&d) in its table. */
struct daemon_options {
    const char *rundir;    /* As given, or NULL: see daemon_rundir(). */
    const char *log_file;  /* NULL: stderr. */
    const char *log_level; /* NULL, or for log_set_levels(). */
};
#define OPTIONS_DAEMON(D)                                                                          \
    OPTION_RUNDIR(&(D)->rundir),                                                                   \
        {"log-file", 0, "FILE", "append the log to FILE", &(D)->log_file},                         \
    {                                                                                              \
        "log-level", 'v', "SPEC", "off, err, warn, info, dbg, or MODULE:LEVEL,...",                \
            &(D)->log_level                                                                        \
    }

#endif
