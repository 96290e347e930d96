/* The registry of commands, and the command line cut into commands. See vsctl.h. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utilities/sluice-vsctl/vsctl.h"

#define MAX_FAMILIES 32

static const struct command_def *families[MAX_FAMILIES];
static size_t n_families;

void vsctl_register(const struct command_def *defs)
{
    if (n_families == MAX_FAMILIES) {
        abort(); /* A mistake of the program, found at its first start. */
    }
    families[n_families++] = defs;
}

const struct command_def *vsctl_find_command(const char *name)
{
    for (size_t i = 0; i < n_families; i++) {
        for (const struct command_def *d = families[i]; d->name; d++) {
            if (!strcmp(d->name, name)) {
                return d;
            }
        }
    }
    return NULL;
}

static int compare_defs(const void *a, const void *b)
{
    return strcmp((*(const struct command_def *const *)a)->name,
                  (*(const struct command_def *const *)b)->name);
}

void vsctl_list_commands(struct strbuf *s)
{
    const struct command_def **all = NULL;
    size_t n = 0;

    for (size_t i = 0; i < n_families; i++) {
        for (const struct command_def *d = families[i]; d->name; d++) {
            all = xreallocarray(all, n + 1, sizeof *all);
            all[n++] = d;
        }
    }
    if (n) {
        qsort(all, n, sizeof *all, compare_defs);
    }
    for (size_t i = 0; i < n; i++) {
        char *options = xstrdup(all[i]->options ? all[i]->options : ""), *save = NULL, *o;

        strbuf_puts(s, "  ");
        for (o = strtok_r(options, ",", &save); o; o = strtok_r(NULL, ",", &save)) {
            strbuf_printf(s, "[--%s] ", o);
        }
        free(options);
        strbuf_printf(s, "%s%s%s\n", all[i]->name, all[i]->usage[0] ? " " : "", all[i]->usage);
    }
    free(all);
}

/* Finds 'name' of 'len' bytes in "a,b=VALUE,c"; '*ret_takes_value' says whether it has a "=". */
static bool find_option(const char *options, const char *name, size_t len, bool *ret_takes_value)
{
    while (options && *options) {
        size_t n = strcspn(options, ","), n_name = strcspn(options, ",=");
        bool takes_value = n_name < n;

        if (n_name == len && !strncmp(options, name, len)) {
            *ret_takes_value = takes_value;
            return true;
        }
        options += n + (options[n] == ',');
    }
    return false;
}

bool vsctl_option_takes_value(const char *name)
{
    bool takes_value = false;

    for (size_t i = 0; i < n_families; i++) {
        for (const struct command_def *d = families[i]; d->name; d++) {
            if (find_option(d->options, name, strlen(name), &takes_value) && takes_value) {
                return true;
            }
        }
    }
    return false;
}

static bool is_known_option(const char *word)
{
    size_t len = strcspn(word, "=");
    bool takes_value;

    for (size_t i = 0; i < n_families; i++) {
        for (const struct command_def *d = families[i]; d->name; d++) {
            if (find_option(d->options, word, len, &takes_value)) {
                return true;
            }
        }
    }
    return false;
}

/* --- Parsing ------------------------------------------------------------------------------------
 */

static int add_option(struct command *c, const char *word, struct error *err)
{
    const char *name = word + 2, *equals = strchr(word, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name);
    bool takes_value;

    if (!find_option(c->def->options, name, len, &takes_value)) {
        return error_set(err, EINVAL, "'%s' command has no '--%.*s' option", c->def->name, (int)len,
                         name);
    }
    if (takes_value && !equals) {
        return error_set(err, EINVAL, "missing argument to '--%.*s' option on '%s' command",
                         (int)len, name, c->def->name);
    }
    if (!takes_value && equals) {
        return error_set(err, EINVAL, "'--%.*s' option on '%s' does not accept an argument",
                         (int)len, name, c->def->name);
    }
    c->options = xreallocarray(c->options, c->n_options + 1, sizeof *c->options);
    c->options[c->n_options].name = xstrndup(name, len);
    c->options[c->n_options++].value = equals ? xstrdup(equals + 1) : NULL;
    return 0;
}

/* One command: [OPTION...] NAME [ARG...]. */
static int parse_command(struct vsctl *v, int argc, char *argv[], size_t n_first, char **first,
                         struct error *err)
{
    struct command *c;
    int i = 0, n_args, rc = 0;

    while (i < argc && !strncmp(argv[i], "--", 2)) {
        i++;
    }
    if (i == argc) {
        return error_set(err, EINVAL, "missing command name (use --help for help)");
    }
    v->commands = xreallocarray(v->commands, v->n_commands + 1, sizeof *v->commands);
    c = &v->commands[v->n_commands++];
    memset(c, 0, sizeof *c);
    c->def = vsctl_find_command(argv[i]);
    if (!c->def) {
        return error_set(err, EINVAL, "unknown command '%.100s'; use --help for help", argv[i]);
    }
    c->argv = argv + i;
    c->argc = argc - i;
    n_args = c->argc - 1;
    for (size_t o = 0; o < n_first && !rc; o++) {
        rc = add_option(c, first[o], err);
    }
    for (int o = 0; o < i && !rc; o++) {
        size_t len = strcspn(argv[o] + 2, "=");
        char *name = xstrndup(argv[o] + 2, len);

        rc = command_has(c, name)
                 ? error_set(err, EINVAL, "'--%s' option specified multiple times", name)
                 : add_option(c, argv[o], err);
        free(name);
    }
    if (!rc && n_args < c->def->min_args) {
        rc = error_set(err, EINVAL, "'%s' command requires at least %d arguments", c->def->name,
                       c->def->min_args);
    } else if (!rc && n_args > c->def->max_args) {
        /* Joined by mistake: "add-br a set ..." instead of "add-br a -- set ...". */
        bool is_command = vsctl_find_command(c->argv[c->def->max_args + 1]) != NULL;

        rc = is_command ? error_set(err, EINVAL,
                                    "'%s' command takes at most %d arguments (note that options "
                                    "must precede command names and follow a \"--\" argument)",
                                    c->def->name, c->def->max_args)
                        : error_set(err, EINVAL, "'%s' command takes at most %d arguments",
                                    c->def->name, c->def->max_args);
    }
    return rc;
}

int commands_parse(struct vsctl *v, int argc, char *argv[], size_t n_first, char **first,
                   struct error *err)
{
    int start = 0, rc;

    for (size_t o = 0; o < n_first; o++) {
        if (!is_known_option(first[o] + 2)) {
            return error_set(err, EINVAL, "unrecognized option '%.100s'", first[o]);
        }
    }
    for (int i = 0; i <= argc; i++) {
        if (i < argc && strcmp(argv[i], "--")) {
            continue;
        }
        if (i > start) {
            rc = parse_command(v, i - start, argv + start, n_first, first, err);
            if (rc) {
                return rc;
            }
            n_first = 0;
        }
        start = i + 1;
    }
    if (!v->n_commands) {
        return error_set(err, EINVAL, "missing command name (use --help for help)");
    }
    return 0;
}

void command_reset(struct command *c)
{
    strbuf_free(&c->output);
    db_report_free(c->report);
    c->report = NULL;
    c->created = NULL;
}

void commands_free(struct vsctl *v)
{
    for (size_t i = 0; i < v->n_commands; i++) {
        struct command *c = &v->commands[i];

        command_reset(c);
        for (size_t o = 0; o < c->n_options; o++) {
            free(c->options[o].name);
            free(c->options[o].value);
        }
        free(c->options);
    }
    free(v->commands);
}

static const struct command_option *get_option(const struct command *c, const char *name)
{
    for (size_t i = c->n_options; i-- > 0;) { /* The last one counts. */
        if (!strcmp(c->options[i].name, name)) {
            return &c->options[i];
        }
    }
    return NULL;
}

bool command_has(const struct command *c, const char *name)
{
    return get_option(c, name) != NULL;
}

const char *command_option(const struct command *c, const char *name)
{
    const struct command_option *o = get_option(c, name);

    return o ? o->value : NULL;
}

char *command_text(const struct command *c)
{
    struct strbuf s = STRBUF_INIT;

    for (size_t i = 0; i < c->n_options; i++) {
        const struct command_option *o = &c->options[i];

        strbuf_printf(&s, "--%s%s%s ", o->name, o->value ? "=" : "", o->value ? o->value : "");
    }
    for (int i = 0; i < c->argc; i++) {
        strbuf_printf(&s, "%s%s", i ? " " : "", c->argv[i]);
    }
    return strbuf_steal(&s);
}
