/* What the files of sluice-ofctl share: options and commands.
 *
 * One file per family of commands; each registers its table of commands before main(). A command
 * connects (conn.h), asks or tells, and prints. Everything blocks; one thread. */
#ifndef UTILITIES_OFCTL_OFCTL_H
#define UTILITIES_OFCTL_OFCTL_H

#include "ofproto/codec/wire.h"
#include "lib/error.h"

/* What a command returns, with no error, when what it compared is different: exit code 2. */
#define OFCTL_DIFFERENT 1

#define OFCTL_MAX_ARGS 64

struct ofctl_sort {
    const char *field; /* NULL: by priority. */
    bool descending;
};
#define OFCTL_MAX_SORTS 8

struct ofctl_options {
    const char *rundir;     /* As given, or NULL. */
    uint32_t versions;      /* A bit (1 << version) for each that may be spoken. */
    bool versions_given;    /* Else 1.0, where it can say it. */
    unsigned int timeout_s; /* 0: none. */
    bool strict;
    bool no_stats;
    bool readd;
    bool bundle;     /* All or none of what a command changes. */
    bool may_create; /* mod-group. */
    bool timestamp;  /* monitor. */
    bool read_only;  /* Nothing that changes a switch. */
    bool has_packet_in_format;
    uint32_t packet_in_format; /* enum ofp_packet_in_format; monitor. */
    bool more;                 /* Says which version is spoken, and prints more of messages. */
    bool json;
    bool names, no_names; /* Neither: names on a terminal. */
    struct ofctl_sort sort[OFCTL_MAX_SORTS];
    size_t n_sorts;
};

struct ofctl_command {
    const char *name;
    int min_args, max_args;
    const char *usage; /* Of the arguments, for --help. */
    const char *help;
    /* 'args' are the arguments, of which there are as many as wanted, NULL for those left out. 0,
     * OFCTL_DIFFERENT, or -errno with '*err' set. */
    int (*run)(const struct ofctl_options *, char *args[], struct error *err);
    bool changes; /* The switch: not with --read-only. */
};

/* 'commands' ends with a NULL name and lives on. */
void ofctl_register(const struct ofctl_command *commands);
/* In a file of commands: registers its table before main(). */
#define OFCTL_COMMANDS(TABLE)                                                                      \
    CONSTRUCTOR static void register_commands(void)                                                \
    {                                                                                              \
        ofctl_register(TABLE);                                                                     \
    }

/* Fills in the options; exits when they are wrong, and after --help. Returns the index of the first
 * argument that is none; 'commands' is printed by --help. */
int ofctl_parse_options(int argc, char *argv[], const char *commands, struct ofctl_options *);

/* Runs everything; the exit code. */
int ofctl_main(int argc, char *argv[]);

#endif
