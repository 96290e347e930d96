/* `sluice status`: asks the supervisor how its programs are, and each program that is said to be
 * ready whether it answers: a process that was killed is no child's death to its supervisor before
 * the kernel has taken all of it down, and one that hangs never is. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ctl.h"
#include "lib/daemon.h"
#include "lib/options.h"
#include "lib/output.h"
#include "utilities/sluice/commands.h"
#include "utilities/sluice/report.h"

#define TIMEOUT_MS 10000
#define COMPLAINTS_TIMEOUT_MS 2000
#define ANSWER_TIMEOUT_MS 5000

/* The supervisor's report, NULL with 'err' set when there is none. */
static json_t *ask(const char *rundir, struct error *err)
{
    json_t *status = NULL;
    char *text = NULL;
    bool ok = false;

    if (!daemon_pidfile_read(rundir, "sluice")) {
        error_set(err, 1, "the switch is not running in %s; 'sluice up' starts it", rundir);
        return NULL;
    }
    if (!ctl_call(rundir, "sluice", "status", 0, NULL, TIMEOUT_MS, &ok, &text, err)) {
        status = ok ? json_loads(text, 0, NULL) : NULL;
        if (!status) {
            error_set(err, 1, "the supervisor's answer cannot be understood: %s", text);
        }
    }
    free(text);
    return status;
}

/* Takes back the readiness of programs that do not answer, and notes why in "error". */
static void check_answers(const char *rundir, json_t *status)
{
    json_t *p;
    size_t i;

    json_array_foreach (json_object_get(status, "programs"), i, p) {
        const char *name = json_string_value(json_object_get(p, "name"));
        struct error err = {0};
        char *text = NULL;
        bool ok;

        if (name && json_is_true(json_object_get(p, "ready")) &&
            ctl_call(rundir, name, "version", 0, NULL, ANSWER_TIMEOUT_MS, &ok, &text, &err)) {
            json_object_set_new(p, "ready", json_false());
            json_object_set_new(p, "state", json_string("no answer"));
            json_object_set_new(p, "error", json_string(err.text));
        }
        free(text);
    }
}

/* Adds what sluice-vswitchd says of the configuration, when it answers. */
static void add_complaints(const char *rundir, json_t *status)
{
    const char *args[] = {CTL_JSON_ARG};
    struct error err = {0};
    char *text = NULL;
    bool ok = false;
    json_t *list;

    if (!daemon_pidfile_read(rundir, "sluice-vswitchd") ||
        ctl_call(rundir, "sluice-vswitchd", "config/complaints", 1, args, COMPLAINTS_TIMEOUT_MS,
                 &ok, &text, &err)) {
        return;
    }
    list = ok ? json_loads(text, 0, NULL) : NULL;
    if (json_is_array(list)) {
        json_object_set(status, "complaints", list);
    }
    json_decref(list);
    free(text);
}

int cmd_status(int argc, char *argv[])
{
    const char *option = NULL, *format = "text";
    const struct option_def defs[] = {
        OPTION_RUNDIR(&option),
        {"format", 'f', "FORMAT", "text (default) or json", .value = &format},
        {NULL},
    };
    int first = options_parse(argc, argv, "sluice status", "[OPTION]...",
                              "Shows the processes of the switch. Exit code 0 when all are well.",
                              defs);
    struct error err = {0};
    bool json = !strcmp(format, "json"), well = false;
    json_t *status;
    char *rundir;

    if (first < argc) {
        fprintf(stderr,
                "sluice status: unknown word '%s'; 'sluice status --help' lists the options\n",
                argv[first]);
        return 1;
    }
    if (!json && strcmp(format, "text")) {
        fprintf(stderr, "sluice status: option --format: '%s' is neither 'text' nor 'json'\n",
                format);
        return 1;
    }
    rundir = daemon_rundir(option);
    status = ask(rundir, &err);
    if (status) {
        add_complaints(rundir, status);
    }
    check_answers(rundir, status);
    if (status && json) {
        json_dumpf(status, stdout, JSON_COMPACT);
        putchar('\n');
        well = report_is_well(status);
    } else if (status) {
        well = report_print(status, stdout);
    } else if (json) {
        status = json_pack("{s:s, s:i, s:[], s:s}", "rundir", rundir, "pid", 0, "programs", "error",
                           err.text);
        json_dumpf(status, stdout, JSON_COMPACT);
        putchar('\n');
    } else {
        fprintf(stderr, "sluice status: %s\n", err.text);
    }
    json_decref(status);
    free(rundir);
    if (output_flush(&err)) {
        fprintf(stderr, "sluice status: %s\n", err.text);
        return 1;
    }
    return well ? 0 : 1;
}
