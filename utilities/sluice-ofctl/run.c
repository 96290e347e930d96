/* The commands there are, and running one; see ofctl.h. */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/output.h"
#include "ofproto/match/tlv_map.h"
#include "utilities/sluice-ofctl/ofctl.h"

#define MAX_TABLES 32
#define EXIT_DIFFERENT 2

static const struct ofctl_command *tables[MAX_TABLES];
static size_t n_tables;

void ofctl_register(const struct ofctl_command *commands)
{
    assert(n_tables < MAX_TABLES);
    tables[n_tables++] = commands;
}

static const struct ofctl_command *find(const char *name)
{
    for (size_t i = 0; i < n_tables; i++) {
        for (const struct ofctl_command *c = tables[i]; c->name; c++) {
            if (!strcmp(c->name, name)) {
                return c;
            }
        }
    }
    return NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *list_commands(void)
{
    struct strbuf s = STRBUF_INIT;
    char *lines[256];
    size_t n = 0;

    for (size_t i = 0; i < n_tables; i++) {
        for (const struct ofctl_command *c = tables[i]; c->name && n < ARRAY_SIZE(lines); c++) {
            lines[n++] = xasprintf("  %s %s: %s\n", c->name, c->usage, c->help);
        }
    }
    qsort(lines, n, sizeof lines[0], by_name);
    for (size_t i = 0; i < n; i++) {
        strbuf_puts(&s, lines[i]);
        free(lines[i]);
    }
    return strbuf_steal(&s);
}

static int run(const struct ofctl_options *o, int argc, char *argv[], struct error *err)
{
    const struct ofctl_command *c = argc ? find(argv[0]) : NULL;
    char *args[OFCTL_MAX_ARGS + 1] = {NULL};
    int rc;

    if (!argc) {
        return error_set(err, EINVAL, "a command is missing; 'sluice-ofctl --help' lists them");
    }
    if (!c) {
        return error_set(err, EINVAL, "unknown command '%s'; 'sluice-ofctl --help' lists them",
                         argv[0]);
    }
    if (argc - 1 < c->min_args || argc - 1 > c->max_args) {
        return error_set(err, EINVAL, "command '%s': it is written as '%s %s'", c->name, c->name,
                         c->usage);
    }
    if (c->changes && o->read_only) {
        return error_set(err, EPERM, "command '%s': it changes the switch: not with --read-only",
                         c->name);
    }
    for (int i = 1; i < argc; i++) {
        args[i - 1] = argv[i];
    }
    rc = c->run(o, args, err);
    if (rc >= 0) {
        int flushed = output_flush(err);

        rc = flushed ? flushed : rc;
    }
    return rc;
}

int ofctl_main(int argc, char *argv[])
{
    char *commands = list_commands();
    struct error err = {0};
    struct ofctl_options o;
    int rc;

    signal(SIGPIPE, SIG_IGN);
    ofp_tlv_use_numbers(); /* The map of options of tunnels is the switch's. */
    argc = ofctl_parse_options(argc, argv, commands, &o);
    free(commands);
    rc = run(&o, argc, argv, &err);
    if (rc < 0) {
        output_flush(NULL);
        fprintf(stderr, "sluice-ofctl: %s\n", err.text);
        return EXIT_FAILURE;
    }
    return rc == OFCTL_DIFFERENT ? EXIT_DIFFERENT : EXIT_SUCCESS;
}
