/* What the files of sluice-vsctl share: an invocation and its commands.
 *
 * One file per family of commands; each registers its table of commands before main(). A command
 * first says what it needs of the database, once the schema is known, and then runs against the
 * model, perhaps several times: when the transaction was overtaken, everything is done anew. So a
 * command has no effects but on the model and on its output. One thread. */
#ifndef UTILITIES_VSCTL_VSCTL_H
#define UTILITIES_VSCTL_VSCTL_H

#include "db/client/report.h"
#include "utilities/sluice-vsctl/model.h"
#include "utilities/sluice-vsctl/options.h"

struct command;
struct topology;

/* Text for a command that ends the program at once with this exit code and no message. */
#define VSCTL_EXIT_NOW EOWNERDEAD

struct vsctl {
    const struct vsctl_options *options;
    struct command *commands;
    size_t n_commands;
    struct db_client *client;
    const struct db_schema *schema;
    /* Of this attempt. */
    struct model *model;
    struct topology *topology; /* Built when it is first asked for. */
    bool is_waiting;           /* A condition does not hold yet: try when the database changes. */
    int exit_code;             /* With VSCTL_EXIT_NOW. */
    char **new_ifaces;         /* Names of interfaces whose set-up is to be checked. */
    size_t n_new_ifaces;
    struct needs *needs;
};

struct command_option {
    char *name; /* Without dashes. */
    char *value;
};

struct command_def {
    const char *name;
    int min_args, max_args; /* max_args INT_MAX: any. */
    const char *usage;      /* Of the arguments, for --help. */
    const char *options;    /* "if-exists,id=@NAME": those with "=" take a value. NULL: none. */
    /* Says what it reads and writes, by vsctl_need(). */
    int (*needs)(struct vsctl *, struct command *, struct error *);
    int (*run)(struct vsctl *, struct command *, struct error *);
};

struct command {
    const struct command_def *def;
    int argc;
    char **argv; /* argv[0] is the command's name. */
    size_t n_options;
    struct command_option *options;
    /* Of this attempt. */
    struct strbuf output;
    struct db_report *report;
    struct mrow *created; /* Its UUID is printed. */
};

/* 'defs' ends with a NULL name and lives on. */
void vsctl_register(const struct command_def *defs);
/* In a file of commands: registers its table before main(). */
#define VSCTL_COMMANDS(DEFS)                                                                       \
    CONSTRUCTOR static void register_commands(void)                                                \
    {                                                                                              \
        vsctl_register(DEFS);                                                                      \
    }
const struct command_def *vsctl_find_command(const char *name);
void vsctl_list_commands(struct strbuf *);
/* Whether any command has "--name=VALUE". */
bool vsctl_option_takes_value(const char *name);

/* Splits the command line behind the global options at "--". 'first_options' are options that stood
 * before the first command. */
int commands_parse(struct vsctl *, int argc, char *argv[], size_t n_first, char **first_options,
                   struct error *);
/* Drops what an earlier attempt left. */
void command_reset(struct command *);
void commands_free(struct vsctl *);
bool command_has(const struct command *, const char *option);
const char *command_option(const struct command *, const char *option);
/* The command as it was typed, for messages. */
char *command_text(const struct command *);

/* The database must be replicated for this; column NULL: all of the table's. */
void vsctl_need(struct vsctl *, const char *table, const char *column);
/* Names of tables and columns that the server does not have cannot be needed, and are ignored. */
struct db_client_table *needs_tables(struct vsctl *);
void needs_free(struct vsctl *);

/* The Open_vSwitch row, made if the database is empty. */
struct mrow *vsctl_root(struct vsctl *);
const struct db_table_schema *vsctl_table(struct vsctl *, const char *name);
/* -ENOENT when the server does not have the table: an old schema, or another product's. */
int vsctl_require_table(struct vsctl *, const char *name, struct error *);
void vsctl_expect_iface(struct vsctl *, const char *name);

/* A warning, to stderr, at once. */
void vsctl_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Runs everything; the exit code. */
int vsctl_main(int argc, char *argv[]);
int vsctl_run(struct vsctl *);

#endif
