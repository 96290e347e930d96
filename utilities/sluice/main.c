/* sluice: the front door. `sluice up` runs the switch, `sluice down` stops it, `sluice status`
 * tells how it is. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/options.h"
#include "utilities/sluice/commands.h"

static const struct {
    const char *name;
    int (*run)(int argc, char *argv[]);
} commands[] = {
    {"up", cmd_up},
    {"down", cmd_down},
    {"status", cmd_status},
    {"top", cmd_top},
};

int main(int argc, char *argv[])
{
    const char *rundir = NULL;
    const struct option_def defs[] = {
        OPTION_RUNDIR(&rundir),
        {NULL},
    };
    int first = options_parse(argc, argv, "sluice", "up|down|status|top [OPTION]...",
                              "  sluice up      start the switch and watch over it\n"
                              "  sluice down    stop it\n"
                              "  sluice status  show its processes; exit code 0 when all are well\n"
                              "  sluice top     show ports, rates and drops, live\n\n"
                              "'sluice COMMAND --help' shows the options of a command.",
                              defs);

    signal(SIGPIPE, SIG_IGN); /* A program that dies or refuses is a lost connection. */
    if (rundir) {
        setenv("SLUICE_RUNDIR", rundir, 1);
    }
    if (first >= argc) {
        fprintf(stderr,
                "sluice: a command is missing: up, down, status or top; 'sluice --help' tells "
                "more\n");
        return 1;
    }
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (!strcmp(argv[first], commands[i].name)) {
            return commands[i].run(argc - first, argv + first);
        }
    }
    fprintf(stderr,
            "sluice: unknown command '%s': there are up, down, status and top; 'sluice --help' "
            "tells more\n",
            argv[first]);
    return 1;
}
