/* See options.h. Not lib/options: scripts rely on ovs-vsctl's conventions, such as "--db x",
 * "--db=x", "-t5", and options of the first command among the global ones. */
#include "utilities/sluice-vsctl/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/daemon.h"
#include "lib/log.h"
#include "lib/options.h"
#include "utilities/sluice-vsctl/vsctl.h"

struct global {
    const char *name;
    char letter;
    const char *value; /* What --help calls its value. NULL: it takes none. */
    const char *help;  /* NULL: is not shown, because it is always refused. */
    int (*apply)(struct vsctl_options *, const char *value, struct error *);
};

static int set_db(struct vsctl_options *o, const char *value, struct error *err UNUSED)
{
    free(o->db);
    o->db = xstrdup(value);
    return 0;
}

static int set_rundir(struct vsctl_options *o, const char *value, struct error *err UNUSED)
{
    free(o->rundir);
    o->rundir = xstrdup(value);
    return 0;
}

static int set_no_wait(struct vsctl_options *o, const char *value UNUSED, struct error *err UNUSED)
{
    o->no_wait = true;
    return 0;
}

static int set_dry_run(struct vsctl_options *o, const char *value UNUSED, struct error *err UNUSED)
{
    o->dry_run = true;
    return 0;
}

static int set_oneline(struct vsctl_options *o, const char *value UNUSED, struct error *err UNUSED)
{
    o->oneline = true;
    return 0;
}

static int set_retry(struct vsctl_options *o, const char *value UNUSED, struct error *err UNUSED)
{
    o->retry = true;
    return 0;
}

static int set_timeout(struct vsctl_options *o, const char *value, struct error *err)
{
    uint64_t v;

    if (!parse_u64(value, UINT32_MAX / 1000, &v)) {
        return error_set(err, EINVAL, "value %s on -t or --timeout is invalid", value);
    }
    o->timeout_s = (unsigned int)v;
    return 0;
}

static int set_format(struct vsctl_options *o, const char *value, struct error *err)
{
    if (!db_report_parse_format(value, &o->style.format)) {
        return error_set(err, EINVAL, "unknown output format \"%s\"", value);
    }
    return 0;
}

static int set_data(struct vsctl_options *o, const char *value, struct error *err)
{
    if (!db_report_parse_cells(value, &o->style.cells)) {
        return error_set(err, EINVAL, "unknown data format \"%s\"", value);
    }
    return 0;
}

static int set_no_headings(struct vsctl_options *o, const char *value UNUSED,
                           struct error *err UNUSED)
{
    o->style.no_headings = true;
    return 0;
}

static int set_pretty(struct vsctl_options *o, const char *value UNUSED, struct error *err UNUSED)
{
    o->style.is_pretty = true;
    return 0;
}

static int set_bare(struct vsctl_options *o, const char *value UNUSED, struct error *err UNUSED)
{
    o->style.format = DB_REPORT_LIST;
    o->style.cells = DB_REPORT_BARE;
    o->style.no_headings = true;
    return 0;
}

static int set_max_width(struct vsctl_options *o, const char *value, struct error *err)
{
    uint64_t v;

    if (!parse_u64(value, 1000000, &v)) {
        return error_set(err, EINVAL, "value %s on --max-column-width is invalid", value);
    }
    o->style.max_width = (unsigned int)v;
    return 0;
}

/* Nothing is ever written to the system log. */
static int no_syslog(struct vsctl_options *o UNUSED, const char *value UNUSED,
                     struct error *err UNUSED)
{
    return 0;
}

static int set_verbose(struct vsctl_options *o UNUSED, const char *value, struct error *err)
{
    /* Destinations and patterns of the system log and of files do not exist here. */
    if (value && (!strncasecmp(value, "PATTERN:", 8) || !strncasecmp(value, "FACILITY:", 9))) {
        return error_set(err, EINVAL, "--verbose=%s: log patterns and facilities are not supported",
                         value);
    }
    return value ? log_set_levels(value, err) : log_set_levels("dbg", err);
}

static int set_log_file(struct vsctl_options *o UNUSED, const char *value, struct error *err)
{
    return log_open_file(value, err);
}

static int refuse_tls(struct vsctl_options *o UNUSED, const char *value, struct error *err)
{
    return error_set(
        err, EOPNOTSUPP,
        "%s: TLS connections to the database are not supported; use unix: or tcp:", value);
}

static const struct global globals[] = {
    {"db", 0, "SERVER", "the database server (default unix:RUNDIR/db.sock)", set_db},
    {"rundir", 0, "DIR", OPTION_RUNDIR_HELP, set_rundir},
    {"no-wait", 0, NULL, "do not wait for sluice-vswitchd to reconfigure itself", set_no_wait},
    {"retry", 0, NULL, "keep trying to connect to the server forever", set_retry},
    {"timeout", 't', "SECS", "wait at most so many seconds", set_timeout},
    {"dry-run", 'n', NULL, "do not commit changes to the database", set_dry_run},
    {"oneline", 0, NULL, "print exactly one line of output per command", set_oneline},
    {"no-syslog", 0, NULL, "accepted; the system log is never written", no_syslog},
    {"format", 'f', "FORMAT", "table, list, html, csv or json", set_format},
    {"data", 'd', "FORMAT", "string, bare or json: how cells of tables look", set_data},
    {"no-headings", 0, NULL, "leave out the headings of tables", set_no_headings},
    {"pretty", 0, NULL, "print JSON in a readable way", set_pretty},
    {"bare", 0, NULL, "the same as --format=list --data=bare --no-headings", set_bare},
    {"max-column-width", 0, "N", "cut cells of the table format", set_max_width},
    {"log-file", 0, "FILE", "append the log to this file", set_log_file},
    {"private-key", 'p', "FILE", NULL, refuse_tls},
    {"certificate", 'c', "FILE", NULL, refuse_tls},
    {"ca-cert", 'C', "FILE", NULL, refuse_tls},
    {"bootstrap-ca-cert", 0, "FILE", NULL, refuse_tls},
    {"peer-ca-cert", 0, "FILE", NULL, refuse_tls},
    {"ssl-protocols", 0, "LIST", NULL, refuse_tls},
    {"ssl-ciphers", 0, "LIST", NULL, refuse_tls},
};

static void print_help(const struct vsctl_options *o)
{
    struct strbuf commands = STRBUF_INIT;

    vsctl_list_commands(&commands);
    printf("Usage: %s [OPTION]... COMMAND [ARG]... [-- COMMAND [ARG]...]...\n\n"
           "Reads and changes the switch's configuration.\n\nCommands:\n%s\nOptions:\n",
           o->program, strbuf_str(&commands));
    strbuf_free(&commands);
    for (size_t i = 0; i < ARRAY_SIZE(globals); i++) {
        const struct global *g = &globals[i];

        if (g->help) {
            options_print_one(g->letter, g->name, g->value, g->help);
        }
    }
    options_print_one('v', "verbose", "SPEC", "log more, to stderr; SPEC may be missing");
    options_print_one('h', "help", NULL, "show this text");
    options_print_one('V', "version", NULL, "show the version");
    puts("\nThe TLS options of ovs-vsctl are refused: a server is reached by unix: or tcp:.");
}

/* Options that are needed while others are read. */
static bool do_builtin(const struct vsctl_options *o, const char *name)
{
    if (!strcmp(name, "help") || !strcmp(name, "h")) {
        print_help(o);
        return true;
    }
    if (!strcmp(name, "version") || !strcmp(name, "V")) {
        printf("%s (Sluice) %s\n", o->program, SLUICE_VERSION);
        return true;
    }
    return false;
}

/* "--name", "--name=value" or "--name value". 0: not a global one. 1 or 2: words used. */
static int parse_long(struct vsctl_options *o, int argc, char *argv[], int i, struct error *err)
{
    const char *name = argv[i] + 2, *equals = strchr(name, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name);
    int rc;

    if (len == 7 && !strncmp(name, "verbose", len)) {
        rc = set_verbose(o, equals ? equals + 1 : NULL, err);
        return rc ? rc : 1;
    }
    for (size_t g = 0; g < ARRAY_SIZE(globals); g++) {
        const struct global *def = &globals[g];

        if (strlen(def->name) != len || strncmp(def->name, name, len)) {
            continue;
        }
        if (!def->value) {
            rc = equals
                     ? error_set(err, EINVAL, "option '--%s' doesn't allow an argument", def->name)
                     : def->apply(o, NULL, err);
            return rc ? rc : 1;
        }
        if (!equals && i + 1 >= argc) {
            return error_set(err, EINVAL, "option '--%s' requires an argument", def->name);
        }
        rc = def->apply(o, equals ? equals + 1 : argv[i + 1], err);
        return rc ? rc : equals ? 1 : 2;
    }
    return 0;
}

/* "-n", "-t5" or "-t 5", also joined: "-nt5". Words used, or an error. */
static int parse_short(struct vsctl_options *o, int argc, char *argv[], int i, struct error *err)
{
    for (const char *p = argv[i] + 1; *p; p++) {
        const struct global *def = NULL;
        int rc;

        if (*p == 'v') {
            rc = set_verbose(o, p[1] ? p + 1 : NULL, err);
            return rc ? rc : 1;
        }
        for (size_t g = 0; g < ARRAY_SIZE(globals); g++) {
            def = globals[g].letter == *p ? &globals[g] : def;
        }
        if (!def) {
            return error_set(err, EINVAL, "invalid option -- '%c'", *p);
        }
        if (def->value) {
            if (!p[1] && i + 1 >= argc) {
                return error_set(err, EINVAL, "option requires an argument -- '%c'", *p);
            }
            rc = def->apply(o, p[1] ? p + 1 : argv[i + 1], err);
            return rc ? rc : p[1] ? 1 : 2;
        }
        rc = def->apply(o, NULL, err);
        if (rc) {
            return rc;
        }
    }
    return 1;
}

static void set_defaults(struct vsctl_options *o, const char *program)
{
    const char *slash = strrchr(program, '/');

    memset(o, 0, sizeof *o);
    o->program = xstrdup(slash ? slash + 1 : program);
    o->style.format = DB_REPORT_LIST;
}

int vsctl_options_parse(struct vsctl_options *o, int argc, char *argv[], size_t *ret_n_first,
                        char ***ret_first, bool *ret_done, struct error *err)
{
    char **first = xcalloc((size_t)argc + 1, sizeof *first);
    size_t n_first = 0;
    int i = 1, used;

    set_defaults(o, argv[0]);
    *ret_done = false;
    while (i < argc && argv[i][0] == '-' && argv[i][1] && strcmp(argv[i], "--")) {
        if (do_builtin(o, argv[i] + (argv[i][1] == '-' ? 2 : 1))) {
            *ret_done = true;
            break;
        }
        used = argv[i][1] == '-' ? parse_long(o, argc, argv, i, err)
                                 : parse_short(o, argc, argv, i, err);
        if (used < 0) {
            vsctl_free_words(n_first, first);
            return used;
        }
        if (!used && !strchr(argv[i], '=') && i + 1 < argc &&
            vsctl_option_takes_value(argv[i] + 2)) {
            first[n_first++] = xasprintf("%s=%s", argv[i], argv[i + 1]);
            used = 2;
        } else if (!used) {
            first[n_first++] = xstrdup(argv[i]);
            used = 1;
        }
        i += used;
    }
    if (!o->db) {
        char *rundir = daemon_rundir(o->rundir);

        o->db = xasprintf("unix:%s/db.sock", rundir);
        free(rundir);
    }
    *ret_first = first;
    *ret_n_first = n_first;
    return i;
}

void vsctl_free_words(size_t n, char **words)
{
    for (size_t i = 0; i < n; i++) {
        free(words[i]);
    }
    free(words);
}

void vsctl_options_free(struct vsctl_options *o)
{
    free(o->program);
    free(o->db);
    free(o->rundir);
}
