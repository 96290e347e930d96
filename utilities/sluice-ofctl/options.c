/* The command line's options; see ofctl.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/options.h"
#include "ofproto/codec/packet_in.h"
#include "utilities/sluice-ofctl/conn.h"
#include "utilities/sluice-ofctl/ofctl.h"

static void __attribute__((noreturn)) wrong(const char *option, const char *value, const char *why)
{
    fprintf(stderr, "sluice-ofctl: option --%s: '%s' %s; 'sluice-ofctl --help' tells more\n",
            option, value, why);
    exit(EXIT_FAILURE);
}

/* "OpenFlow13", "1.3", several with commas. */
static void set_versions(const char *value, void *options_)
{
    struct ofctl_options *o = options_;

    o->versions = 0;
    o->versions_given = true;
    while (*value) {
        size_t n = strcspn(value, ", ");
        const char *word = value;

        value += n;
        value += strspn(value, ", ");
        if (n) {
            uint32_t bit = ofconn_version_by_name(word, n);

            if (!bit) {
                wrong("protocols", word, "is none of OpenFlow10, OpenFlow11 ... OpenFlow15");
            }
            o->versions |= bit;
        }
    }
    if (!o->versions) {
        wrong("protocols", "", "names no version");
    }
}

static void set_packet_in_format(const char *value, void *options_)
{
    static const struct {
        const char *name;
        enum ofp_packet_in_format format;
    } formats[] = {{"standard", OFP_PACKET_IN_STANDARD},
                   {"openflow10", OFP_PACKET_IN_STANDARD},
                   {"nxt_packet_in", OFP_PACKET_IN_NXT},
                   {"nxm", OFP_PACKET_IN_NXT},
                   {"nxt_packet_in2", OFP_PACKET_IN_NXT2}};
    struct ofctl_options *o = options_;

    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        if (!strcmp(value, formats[i].name)) {
            o->has_packet_in_format = true;
            o->packet_in_format = formats[i].format;
            return;
        }
    }
    wrong("packet-in-format", value, "is none of standard, nxt_packet_in, nxt_packet_in2");
}

static void add_sort(struct ofctl_options *o, const char *field, bool descending)
{
    if (o->n_sorts == OFCTL_MAX_SORTS) {
        wrong(descending ? "rsort" : "sort", field ? field : "", "is one too many");
    }
    o->sort[o->n_sorts++] = (struct ofctl_sort){field, descending};
}

/* lib/options knows no options whose value may be left out: --sort[=FIELD] is taken out before. */
static int take_sorts(int argc, char *argv[], struct ofctl_options *o)
{
    int n = 1;

    for (int i = 1; i < argc; i++) {
        bool descending = !strncmp(argv[i], "--rsort", 7);
        const char *rest = descending ? argv[i] + 7 : argv[i] + 6;

        if ((descending || !strncmp(argv[i], "--sort", 6)) && (!*rest || *rest == '=')) {
            add_sort(o, *rest && strcmp(rest + 1, "priority") ? rest + 1 : NULL, descending);
        } else {
            argv[n++] = argv[i];
        }
    }
    argv[n] = NULL;
    return n;
}

static bool takes_value(const char *word)
{
    static const char *const words[] = {"-O",          "-t",        "-f",
                                        "--protocols", "--timeout", "--rundir",
                                        "--format",    "-P",        "--packet-in-format"};

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (!strcmp(word, words[i])) {
            return true;
        }
    }
    return false;
}

/* Options may stand behind the command, as with GNU's getopt: they are brought to the front, and a
 * "--" put between. 'argv' has room for it. */
static int options_first(int argc, char *argv[])
{
    char **words = xcalloc((size_t)argc + 1, sizeof *words);
    int n = 1, n_words = 0;
    bool ended = false;

    for (int i = 1; i < argc; i++) {
        if (ended || argv[i][0] != '-' || !argv[i][1]) {
            words[n_words++] = argv[i];
        } else if (!strcmp(argv[i], "--")) {
            ended = true;
        } else {
            bool two = takes_value(argv[i]) && i + 1 < argc;

            argv[n++] = argv[i];
            if (two) {
                argv[n++] = argv[++i];
            }
        }
    }
    argv[n++] = "--";
    memcpy(argv + n, words, (size_t)n_words * sizeof *words);
    free(words);
    return n + n_words;
}

int ofctl_parse_options(int argc, char *argv[], const char *commands, struct ofctl_options *o)
{
    const char *timeout = "0", *format = "text";
    bool stats = false;
    const struct option_def defs[] = {
        {"protocols", 'O', "VERSIONS",
         "OpenFlow10, OpenFlow11 ... OpenFlow15 (default: the lowest of 1.0, 1.3, 1.4 and 1.5 "
         "that can say it)",
         .each = set_versions, .aux = o},
        {"timeout", 't', "SECS", "give up after SECS seconds (default: never)", .value = &timeout},
        {"strict", 0, NULL, "mod-flows, del-flows: exactly the match and the priority",
         .flag = &o->strict},
        {"no-stats", 0, NULL, "dump-flows: without counters", .flag = &o->no_stats},
        {"names", 0, NULL, "ports by name (default on a terminal)", .flag = &o->names},
        {"no-names", 0, NULL, "ports by number", .flag = &o->no_names},
        {"readd", 0, NULL, "replace-flows: also those that are the same", .flag = &o->readd},
        {"bundle", 0, NULL, "change all or nothing: in one bundle (OpenFlow 1.3 and later)",
         .flag = &o->bundle},
        {"may-create", 0, NULL, "mod-group: make it when it is not there", .flag = &o->may_create},
        {"timestamp", 0, NULL, "monitor: when each message came", .flag = &o->timestamp},
        {"more", 'm', NULL,
         "say on stderr which version of OpenFlow is spoken; monitor, snoop, ofp-print: packets "
         "too",
         .flag = &o->more},
        {"read-only", 0, NULL, "refuse commands that change the switch", .flag = &o->read_only},
        {"packet-in-format", 'P', "FORMAT",
         "monitor: standard, nxt_packet_in or nxt_packet_in2 (default)",
         .each = set_packet_in_format, .aux = o},
        {"stats", 0, NULL, "dump-flows: with counters (default)", .flag = &stats},
        OPTION_RUNDIR(&o->rundir),
        {"format", 'f', "FORMAT", "text (default) or json", .value = &format},
        {NULL},
    };
    char *about = xasprintf("Looks at and changes a switch's flows over OpenFlow. SWITCH is a "
                            "bridge's name, unix:PATH or tcp:HOST[:PORT].\n"
                            "dump-flows also takes --sort[=FIELD] and --rsort[=FIELD].\n\n"
                            "Commands:\n%s",
                            commands);
    char **copy = xcalloc((size_t)argc + 2, sizeof *copy);
    uint64_t seconds;
    int first, n;

    memset(o, 0, sizeof *o);
    o->versions = OFCONN_DEFAULT_VERSIONS;
    memcpy(copy, argv, (size_t)argc * sizeof *copy);
    n = take_sorts(argc, copy, o);
    n = options_first(n, copy);
    first = options_parse(n, copy, "sluice-ofctl", "[OPTION]... COMMAND [ARG]...", about, defs);
    if (!parse_u64(timeout, UINT32_MAX / 1000, &seconds)) {
        wrong("timeout", timeout, "is not a number of seconds");
    }
    if (stats && o->no_stats) {
        wrong("stats", "", "and --no-stats exclude each other");
    }
    o->timeout_s = (unsigned int)seconds;
    o->json = !strcmp(format, "json");
    if (!o->json && strcmp(format, "text")) {
        wrong("format", format, "is neither 'text' nor 'json'");
    }
    memmove(argv, copy + first, (size_t)(n - first) * sizeof *argv);
    argv[n - first] = NULL;
    free(copy);
    free(about);
    return n - first;
}
