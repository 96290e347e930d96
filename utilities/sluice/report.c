/* See report.h. */
#include "utilities/sluice/report.h"

#include <string.h>
#include <unistd.h>

json_t *report_status(const char *rundir, uint64_t started_ms, const struct program *programs,
                      size_t n)
{
    uint64_t now = time_now_ms();
    json_t *list = json_array();

    /* Backwards: in the order in which they start. */
    for (size_t i = n; i-- > 0;) {
        const struct program *p = &programs[i];

        json_array_append_new(list, json_pack("{s:s, s:I, s:s, s:b, s:I, s:i, s:s, s:I}", "name",
                                              p->name, "pid", (json_int_t)p->pid, "state",
                                              program_state_name(p->state), "ready",
                                              p->state == PROGRAM_READY, "uptime_ms",
                                              (json_int_t)(p->pid ? now - p->started_ms : 0),
                                              "restarts", (int)p->n_restarts, "last_end",
                                              p->last_end, "kept_fds", (json_int_t)p->fds.n));
    }
    return json_pack("{s:s, s:I, s:I, s:o}", "rundir", rundir, "pid", (json_int_t)getpid(),
                     "uptime_ms", (json_int_t)(now - started_ms), "programs", list);
}

static const char *text(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));

    return s ? s : "";
}

static json_int_t number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static const char *duration(const json_t *object, char *buf, size_t size)
{
    unsigned long s = (unsigned long)number(object, "uptime_ms") / 1000;

    if (s < 60) {
        snprintf(buf, size, "%lus", s);
    } else if (s < 3600) {
        snprintf(buf, size, "%lum %lus", s / 60, s % 60);
    } else if (s < 86400) {
        snprintf(buf, size, "%luh %lum", s / 3600, s / 60 % 60);
    } else {
        snprintf(buf, size, "%lud %luh", s / 86400, s / 3600 % 24);
    }
    return buf;
}

bool report_is_well(const json_t *status)
{
    const json_t *p, *list = json_object_get(status, "programs");
    size_t i;

    json_array_foreach (list, i, p) {
        if (!json_is_true(json_object_get(p, "ready"))) {
            return false;
        }
    }
    return json_array_size(list) > 0;
}

bool report_print(const json_t *status, FILE *f)
{
    const json_t *p;
    char buf[32];
    size_t i;

    fprintf(f, "sluice runs in %s: process %lld, up %s\n\n", text(status, "rundir"),
            (long long)number(status, "pid"), duration(status, buf, sizeof buf));
    fprintf(f, "%-15s %7s  %-9s %7s %8s  %s\n", "PROGRAM", "PID", "STATE", "UPTIME", "RESTARTS",
            "LAST END");
    json_array_foreach (json_object_get(status, "programs"), i, p) {
        long long pid = number(p, "pid");
        char pid_text[24] = "-";

        if (pid) {
            snprintf(pid_text, sizeof pid_text, "%lld", pid);
        }
        fprintf(f, "%-15s %7s  %-9s %7s %8lld  %s\n", text(p, "name"), pid_text, text(p, "state"),
                pid ? duration(p, buf, sizeof buf) : "-", (long long)number(p, "restarts"),
                *text(p, "last_end") ? text(p, "last_end") : "-");
    }
    json_array_foreach (json_object_get(status, "programs"), i, p) {
        if (*text(p, "error")) {
            fprintf(f, "\n%s does not answer: %s\n", text(p, "name"), text(p, "error"));
        }
    }
    i = json_array_size(json_object_get(status, "complaints"));
    if (i) {
        fprintf(f,
                "\n%zu setting%s of the configuration %s not in force as asked for: "
                "'sluice-appctl config/complaints' says which and why\n",
                i, i == 1 ? "" : "s", i == 1 ? "is" : "are");
    }
    return report_is_well(status);
}
