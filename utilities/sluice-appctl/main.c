/* sluice-appctl: sends one command to a running program and prints its answer. The syntax is that
 * of ovs-appctl. Exit code: 0, 1 when the command line is wrong or the program cannot be reached, 2
 * when it refused the command. */
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ctl.h"
#include "lib/daemon.h"
#include "lib/options.h"
#include "lib/output.h"

#define PROGRAM "sluice-appctl"
#define EXIT_REFUSED 2

static void __attribute__((noreturn)) usage_error(const char *what, const char *value)
{
    fprintf(stderr, PROGRAM ": %s%s%s; '" PROGRAM " --help' tells more\n", what, value ? " " : "",
            value ? value : "");
    exit(EXIT_FAILURE);
}

/* An answer that is JSON is printed as it came, any other inside an object. */
static void print_json(bool ok, const char *text)
{
    json_t *value = ok ? json_loads(text, JSON_ALLOW_NUL, NULL) : NULL;

    if (!value) {
        value = json_pack("{s:b, s:s}", "ok", ok, "text", text);
    }
    if (value && !json_dumpf(value, stdout, JSON_ENCODE_ANY | JSON_COMPACT)) {
        putchar('\n');
    }
    json_decref(value);
}

static void print_text(FILE *stream, const char *text)
{
    fputs(text, stream);
    if (*text && text[strlen(text) - 1] != '\n') {
        putc('\n', stream);
    }
}

int main(int argc, char *argv[])
{
    const char *rundir_option = NULL, *target = "sluice-vswitchd", *timeout = "0", *format = "text";
    const struct option_def defs[] = {
        {"target", 't', "TARGET", "program (sluice-vswitchd, sluice-db, ...) or path of a socket",
         .value = &target},
        {"timeout", 'T', "SECS", "give up after SECS seconds (default: never)", .value = &timeout},
        OPTION_RUNDIR(&rundir_option),
        {"format", 'f', "FORMAT", "text (default) or json", .value = &format},
        {NULL},
    };
    int first = options_parse(argc, argv, PROGRAM, "[OPTION]... COMMAND [ARG]...",
                              "Sends COMMAND to a running program and prints its answer.\n"
                              "'list-commands' shows what there is.\n\n"
                              "Exit code: 1 when the program cannot be asked, 2 when it refuses.",
                              defs);
    struct error err = {0};
    const char **args;
    uint64_t seconds;
    bool json, ok = false;
    char *rundir, *text = NULL;
    int n_args = 0, error;

    json = !strcmp(format, "json");
    if (!json && strcmp(format, "text")) {
        usage_error("option --format: neither 'text' nor 'json':", format);
    }
    if (!parse_u64(timeout, UINT32_MAX / 1000, &seconds)) {
        usage_error("option --timeout: not a number of seconds:", timeout);
    }
    if (first >= argc) {
        usage_error("a command is missing", NULL);
    }

    args = xcalloc((size_t)argc + 1, sizeof *args);
    if (json) {
        args[n_args++] = CTL_JSON_ARG;
    }
    for (int i = first + 1; i < argc; i++) {
        args[n_args++] = argv[i];
    }
    signal(SIGPIPE, SIG_IGN); /* A program that dies or refuses is a lost connection. */
    rundir = daemon_rundir(rundir_option);
    error = ctl_call(rundir, target, argv[first], n_args, args, (unsigned int)seconds * 1000, &ok,
                     &text, &err);
    free(args);
    free(rundir);
    if (error) {
        fprintf(stderr, PROGRAM ": %s\n", err.text);
        return 1;
    }
    if (json) {
        print_json(ok, text);
    } else if (ok) {
        print_text(stdout, text);
    } else {
        print_text(stderr, text);
        fprintf(stderr, PROGRAM ": %s: server returned an error\n", target);
    }
    free(text);
    if (output_flush(&err)) {
        fprintf(stderr, PROGRAM ": %s\n", err.text);
        return 1;
    }
    return ok ? 0 : EXIT_REFUSED;
}
