/* See failure.h. */
#include "db/txn/failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int failure_set(struct failure *f, const char *error, const char *fmt, ...)
{
    va_list args;

    failure_clear(f);
    f->error = error;
    va_start(args, fmt);
    if (vasprintf(&f->details, fmt, args) < 0) {
        f->details = NULL;
    }
    va_end(args);
    return -1;
}

int failure_set_error(struct failure *f, int error, const struct error *err, const json_t *json)
{
    const char *name = FAILURE_SYNTAX;
    char *text;

    if (error == -ERANGE) {
        name = FAILURE_CONSTRAINT;
    } else if (error == -EEXIST) {
        name = FAILURE_DUPLICATE;
    }
    failure_set(f, name, "%s", err->text);
    if (json && error != -ERANGE) {
        text = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);
        /* Not a megabyte of the client's own words back. */
        f->syntax = text && strlen(text) <= 1024 ? text : NULL;
        if (!f->syntax) {
            free(text);
        }
    }
    return -1;
}

void failure_clear(struct failure *f)
{
    free(f->details);
    free(f->syntax);
    *f = (struct failure){NULL, NULL, NULL};
}

json_t *failure_to_json(const struct failure *f)
{
    json_t *json = json_object();

    /* Details quote clients and file names, which need not be UTF-8 once cut: then without them. */
    if (f->details) {
        json_object_set_new(json, "details", json_string(f->details));
    }
    json_object_set_new(json, "error", json_string(f->error ? f->error : FAILURE_SYNTAX));
    if (f->syntax) {
        json_object_set_new(json, "syntax", json_string(f->syntax));
    }
    return json;
}
