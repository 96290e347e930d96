/* What the files of sluice-dbctl share. One command a run; each file registers its commands before
 * main(). Everything but monitor is a few blocking calls to the server. */
#ifndef UTILITIES_DBCTL_DBCTL_H
#define UTILITIES_DBCTL_DBCTL_H

#include "db/client/report.h"
#include "db/schema/schema.h"

#define DBCTL_DEFAULT_DB "Open_vSwitch"

struct dbctl {
    const char *program;
    const char *server;
    const char *db;
    struct db_report_style style;
    bool timestamps;
    bool had_report; /* Of those printed so far. */
};

enum dbctl_takes {
    DBCTL_SERVER,   /* [SERVER] ARG... */
    DBCTL_DATABASE, /* [SERVER] [DATABASE] ARG... */
};

struct dbctl_command {
    const char *name;
    enum dbctl_takes takes;
    int min_args, max_args; /* Behind those. */
    const char *usage;
    int (*run)(struct dbctl *, int argc, char *argv[], struct error *);
};

/* 'commands' ends with a NULL name and lives on. */
void dbctl_register(const struct dbctl_command *commands);
/* In a file of commands: registers its table before main(). */
#define DBCTL_COMMANDS(COMMANDS)                                                                   \
    CONSTRUCTOR static void register_commands(void)                                                \
    {                                                                                              \
        dbctl_register(COMMANDS);                                                                  \
    }
int dbctl_main(int argc, char *argv[]);

/* One request; '*ret' is the caller's. An error reply is an error. */
int dbctl_call(struct dbctl *, const char *method, json_t *params, json_t **ret, struct error *);
int dbctl_schema_json(struct dbctl *, json_t **ret, struct error *);
int dbctl_schema(struct dbctl *, struct db_schema **ret, struct error *);
/* Prints JSON as --pretty says. */
void dbctl_print_json(struct dbctl *, const json_t *);
/* Prints a table, and frees it. */
void dbctl_print_report(struct dbctl *, struct db_report *);

/* Columns of a row. */
struct dbctl_columns {
    size_t n;
    const struct db_column **columns; /* NULL elements: _uuid. */
};
/* "a,b,c" appended; the array is the caller's, also after an error. */
int dbctl_columns_add(struct dbctl_columns *, const struct db_table_schema *, const char *names,
                      struct error *);
/* _uuid, if 'with_uuid', and all columns. */
void dbctl_columns_all(struct dbctl_columns *, const struct db_table_schema *, bool with_uuid);
int dbctl_find_table(const struct db_schema *, const char *name, const struct db_table_schema **ret,
                     struct error *);

#endif
