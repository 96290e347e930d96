/* The command line of sluice-dbctl, and what its commands have in common. See dbctl.h. */
#include "utilities/sluice-dbctl/dbctl.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/daemon.h"
#include "lib/jsonrpc.h"
#include "lib/log.h"
#include "lib/options.h"
#include "lib/output.h"
#include "lib/stream.h"

#define MAX_FAMILIES 16

static const struct dbctl_command *families[MAX_FAMILIES];
static size_t n_families;

/* Commands of ovsdb-client that are not built. */
static const char *const refused[] = {
    "convert", "backup", "restore", "monitor-cond", "monitor-cond-since",
    "wait",    "lock",   "steal",   "unlock"};

void dbctl_register(const struct dbctl_command *commands)
{
    if (n_families == MAX_FAMILIES) {
        abort(); /* A mistake of the program, found at its first start. */
    }
    families[n_families++] = commands;
}

static const struct dbctl_command *find_command(const char *name)
{
    for (size_t i = 0; i < n_families; i++) {
        for (const struct dbctl_command *c = families[i]; c->name; c++) {
            if (!strcmp(c->name, name)) {
                return c;
            }
        }
    }
    return NULL;
}

/* --- For the commands ---------------------------------------------------------------------------
 */

static int error_reply(const json_t *error, const char *method, struct error *err)
{
    const char *name = json_string_value(json_object_get(error, "error"));
    const char *details = json_string_value(json_object_get(error, "details"));
    char *text = json_dumps(error, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);

    if (name && details) {
        error_set(err, EREMOTEIO, "%s returned error: %s: %s", method, name, details);
    } else {
        error_set(err, EREMOTEIO, "%s returned error: %s", method, text ? text : "?");
    }
    free(text);
    return -EREMOTEIO;
}

int dbctl_call(struct dbctl *d, const char *method, json_t *params, json_t **ret, struct error *err)
{
    json_t *result = NULL, *error = NULL;
    int rc = jsonrpc_call(d->server, method, params, 0, &result, &error, err);

    if (rc) {
        return rc;
    }
    if (error) {
        rc = error_reply(error, strcmp(method, "transact") ? method : "transaction", err);
        json_decref(error);
        json_decref(result);
        return rc;
    }
    *ret = result;
    return 0;
}

int dbctl_schema_json(struct dbctl *d, json_t **ret, struct error *err)
{
    return dbctl_call(d, "get_schema", json_pack("[s]", d->db), ret, err);
}

int dbctl_schema(struct dbctl *d, struct db_schema **ret, struct error *err)
{
    json_t *json;
    int rc = dbctl_schema_json(d, &json, err);

    if (!rc) {
        rc = db_schema_from_json(ret, json, err);
        json_decref(json);
    }
    return rc;
}

void dbctl_print_json(struct dbctl *d, const json_t *json)
{
    size_t flags = d->style.is_pretty ? JSON_INDENT(2) : JSON_COMPACT;
    char *text = json_dumps(json, flags | JSON_ENCODE_ANY | JSON_SORT_KEYS);

    puts(text ? text : "null");
    free(text);
}

void dbctl_print_report(struct dbctl *d, struct db_report *r)
{
    struct strbuf s = STRBUF_INIT;

    if (d->had_report && d->style.format != DB_REPORT_JSON && d->style.format != DB_REPORT_HTML) {
        putchar('\n');
    }
    d->had_report = true;
    db_report_print(r, &s);
    fputs(strbuf_str(&s), stdout);
    strbuf_free(&s);
    db_report_free(r);
}

static void add_column(struct dbctl_columns *cs, const struct db_column *column)
{
    cs->columns = xreallocarray(cs->columns, cs->n + 1, sizeof *cs->columns);
    cs->columns[cs->n++] = column;
}

int dbctl_columns_add(struct dbctl_columns *cs, const struct db_table_schema *table,
                      const char *names, struct error *err)
{
    char *copy = xstrdup(names), *save = NULL, *name;
    int rc = 0;

    for (name = strtok_r(copy, ",", &save); name && !rc; name = strtok_r(NULL, ",", &save)) {
        const struct db_column *column = db_table_column(table, name);

        if (column || !strcmp(name, "_uuid")) {
            add_column(cs, column);
        } else {
            rc = error_set(err, ENOENT, "table \"%s\" has no column %.100s", table->name, name);
        }
    }
    free(copy);
    return rc;
}

void dbctl_columns_all(struct dbctl_columns *cs, const struct db_table_schema *table,
                       bool with_uuid)
{
    if (with_uuid) {
        add_column(cs, NULL);
    }
    for (unsigned int i = 0; i < table->n_columns; i++) {
        add_column(cs, &table->columns[i]);
    }
}

int dbctl_find_table(const struct db_schema *schema, const char *name,
                     const struct db_table_schema **ret, struct error *err)
{
    const struct db_table_schema *table = db_schema_table(schema, name);

    if (!table) {
        return error_set(err, ENOENT, "database %s has no table \"%.100s\"", schema->name, name);
    }
    *ret = table;
    return 0;
}

/* --- The command line ---------------------------------------------------------------------------
 */

struct settings {
    const char *rundir, *format, *data, *max_width, *timeout, *log_level;
    bool no_headings, pretty, bare, timestamps;
};

static int apply_settings(struct dbctl *d, const struct settings *s, struct error *err)
{
    uint64_t v = 0;

    if (s->bare) {
        d->style.format = DB_REPORT_LIST;
        d->style.cells = DB_REPORT_BARE;
    }
    d->style.no_headings = s->no_headings || s->bare;
    d->style.is_pretty = s->pretty;
    d->timestamps = s->timestamps;
    if (s->format && !db_report_parse_format(s->format, &d->style.format)) {
        return error_set(err, EINVAL, "unknown output format \"%s\"", s->format);
    }
    if (s->data && !db_report_parse_cells(s->data, &d->style.cells)) {
        return error_set(err, EINVAL, "unknown data format \"%s\"", s->data);
    }
    if (s->max_width && !parse_u64(s->max_width, 1000000, &v)) {
        return error_set(err, EINVAL, "value %s on --max-column-width is invalid", s->max_width);
    }
    d->style.max_width = (unsigned int)v;
    v = 0;
    if (s->timeout && !parse_u64(s->timeout, INT_MAX, &v)) {
        return error_set(err, EINVAL, "value %s on -t or --timeout is invalid", s->timeout);
    }
    alarm((unsigned int)v);
    return s->log_level ? log_set_levels(s->log_level, err) : 0;
}

/* True when the server has a database of this name. */
static int is_database(struct dbctl *d, const char *name, bool *ret, struct error *err)
{
    json_t *names, *element;
    size_t i;
    int rc = dbctl_call(d, "list_dbs", json_array(), &names, err);

    if (rc) {
        return rc;
    }
    *ret = false;
    json_array_foreach (names, i, element) {
        *ret = *ret || (json_is_string(element) && !strcmp(json_string_value(element), name));
    }
    json_decref(names);
    return 0;
}

static int run_command(struct dbctl *d, const struct dbctl_command *c, int argc, char *argv[],
                       struct error *err)
{
    bool is_db = false;
    int rc;

    if (argc && stream_name_is_active(argv[0])) {
        d->server = argv[0];
        argc--;
        argv++;
    }
    if (c->takes == DBCTL_DATABASE && argc) {
        rc = is_database(d, argv[0], &is_db, err);
        if (rc) {
            return rc;
        }
        if (is_db) {
            d->db = argv[0];
            argc--;
            argv++;
        }
    }
    if (argc < c->min_args || argc > c->max_args) {
        return error_set(err, EINVAL, "invalid syntax for '%s': its arguments are [SERVER]%s%s%s",
                         c->name, c->takes == DBCTL_DATABASE ? " [DATABASE]" : "",
                         c->usage[0] ? " " : "", c->usage);
    }
    return c->run(d, argc, argv, err);
}

static char *describe(void)
{
    struct strbuf s = STRBUF_INIT;

    strbuf_puts(&s, "Looks at and changes a database server's data.\n\nCommands:");
    for (size_t i = 0; i < n_families; i++) {
        for (const struct dbctl_command *c = families[i]; c->name; c++) {
            strbuf_printf(&s, "\n  %s [SERVER]%s%s%s", c->name,
                          c->takes == DBCTL_DATABASE ? " [DATABASE]" : "", c->usage[0] ? " " : "",
                          c->usage);
        }
    }
    strbuf_puts(&s,
                "\n\nSERVER is unix:PATH or tcp:HOST:PORT (default unix:RUNDIR/db.sock), DATABASE\n"
                "is " DBCTL_DEFAULT_DB " when it is not given.");
    return strbuf_steal(&s);
}

static int dispatch(struct dbctl *d, const struct settings *s, int argc, char *argv[],
                    struct error *err)
{
    const struct dbctl_command *c;
    int rc = apply_settings(d, s, err);

    if (rc) {
        return rc;
    }
    if (!argc) {
        return error_set(err, EINVAL, "missing command name; use --help for help");
    }
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        if (!strcmp(argv[0], refused[i])) {
            return error_set(err, EOPNOTSUPP, "command '%s' is not supported", argv[0]);
        }
    }
    c = find_command(argv[0]);
    if (!c) {
        return error_set(err, EINVAL, "unknown command '%.100s'; use --help for help", argv[0]);
    }
    return run_command(d, c, argc - 1, argv + 1, err);
}

/* Takes options out from among the words, wherever they stand. The words are left at the beginning
 * of 'argv'; how many is returned. */
static int parse_options(int argc, char *argv[], const char *program, const char *about,
                         const struct option_def *options)
{
    int n_words = 0, at = 0;

    while (at < argc) {
        /* The word before is skipped, as the program's name is. */
        int next = at + options_parse(argc - at, argv + at, program, "[OPTION]... COMMAND [ARG]...",
                                      about, options);

        if (next > at + 1 && !strcmp(argv[next - 1], "--")) {
            while (next < argc) {
                argv[n_words++] = argv[next++];
            }
            break;
        }
        if (next < argc) {
            argv[n_words++] = argv[next];
        }
        at = next;
    }
    return n_words;
}

int dbctl_main(int argc, char *argv[])
{
    const char *slash = strrchr(argv[0], '/');
    struct dbctl d = {.program = slash ? slash + 1 : argv[0], .db = DBCTL_DEFAULT_DB};
    struct settings s = {0};
    struct option_def options[] = {
        OPTION_RUNDIR(&s.rundir),
        {"format", 'f', "FORMAT", "table, list, html, csv or json", &s.format},
        {"data", 'd', "FORMAT", "string, bare or json: how cells of tables look", &s.data},
        {"no-headings", 0, NULL, "leave out the headings of tables", .flag = &s.no_headings},
        {"pretty", 0, NULL, "print JSON in a readable way", .flag = &s.pretty},
        {"bare", 0, NULL, "--format=list --data=bare --no-headings", .flag = &s.bare},
        {"max-column-width", 0, "N", "cut cells of the table format", &s.max_width},
        {"timestamp", 0, NULL, "monitor: say when", .flag = &s.timestamps},
        {"timeout", 't', "SECS", "end by SIGALRM after so many seconds", &s.timeout},
        {"verbose", 'v', "SPEC", "off, err, warn, info, dbg, or MODULE:LEVEL,...", &s.log_level},
        {NULL},
    };
    char *about = describe(), *rundir, *server;
    struct error err = {0};
    int n_words, rc;

    signal(SIGPIPE, SIG_IGN); /* A server that dies is a lost connection. */
    log_init(d.program);
    n_words = parse_options(argc, argv, d.program, about, options);
    rundir = daemon_rundir(s.rundir);
    server = xasprintf("unix:%s/db.sock", rundir);
    d.server = server;
    rc = dispatch(&d, &s, n_words, argv, &err);
    if (output_flush(&err)) {
        rc = -EIO;
    }
    if (rc) {
        fprintf(stderr, "%s: %s\n", d.program, err.text);
    }
    free(about);
    free(rundir);
    free(server);
    return rc ? 1 : 0;
}
