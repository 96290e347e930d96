/* The client's side of the ctl socket: see ctl_call() in ctl.h. Blocking; for command-line tools
 * and tests. */
#include "lib/ctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/daemon.h"
#include "lib/jsonrpc.h"

/* The stream's name of 'target', owned by the caller; NULL, with 'err' set, when it does not run.
 */
static char *find_target(const char *rundir, const char *target, struct error *err)
{
    pid_t pid;

    if (strchr(target, '/')) {
        return xasprintf("unix:%s", target);
    }
    pid = daemon_pidfile_read(rundir, target);
    if (!pid) {
        error_set(err, ESRCH, "%s is not running (no live process behind '%s/%s.pid')", target,
                  rundir, target);
        return NULL;
    }
    return xasprintf("unix:%s/%s.%ld.ctl", rundir, target, (long)pid);
}

/* Any JSON as text: a string's own, otherwise its serialization. */
static char *text_of(const json_t *v)
{
    char *text;

    if (json_is_string(v)) {
        return xstrdup(json_string_value(v));
    }
    if (json_is_null(v)) {
        return xstrdup("");
    }
    text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
    return text ? text : xstrdup("");
}

int ctl_call(const char *rundir, const char *target, const char *command, int argc,
             const char *const argv[], unsigned int timeout_ms, bool *ret_ok, char **ret_text,
             struct error *err)
{
    json_t *params = json_array(), *result = NULL, *failure = NULL;
    char *stream = NULL;
    int error = 0;

    for (int i = 0; i < argc; i++) {
        json_t *arg = json_string(argv[i]);

        if (!arg) {
            error = error_set(err, EINVAL, "argument %d is not valid UTF-8", i + 1);
            goto out;
        }
        json_array_append_new(params, arg);
    }
    stream = find_target(rundir, target, err);
    if (!stream) {
        error = -ESRCH;
        goto out;
    }
    error = jsonrpc_call(stream, command, json_incref(params), timeout_ms, &result, &failure, err);
    if (!error) {
        *ret_ok = !failure;
        *ret_text = text_of(failure ? failure : result);
    }
out:
    json_decref(params);
    json_decref(result);
    json_decref(failure);
    free(stream);
    return error;
}
