/* See error.h. */
#include "lib/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *err, int code, const char *fmt, ...)
{
    va_list args;

    if (err) {
        err->code = code;
        va_start(args, fmt);
        vsnprintf(err->text, sizeof err->text, fmt, args);
        va_end(args);
    }
    return -code;
}

int error_set_errno(struct error *err, int code, const char *fmt, ...)
{
    va_list args;
    size_t n;

    if (err) {
        err->code = code;
        va_start(args, fmt);
        vsnprintf(err->text, sizeof err->text, fmt, args);
        va_end(args);
        n = strlen(err->text);
        snprintf(err->text + n, sizeof err->text - n, ": %s", strerror(code));
    }
    return -code;
}

int error_prefix(struct error *err, const char *fmt, ...)
{
    char old[sizeof err->text];
    va_list args;
    size_t n;

    if (!err) {
        return -EIO;
    }
    memcpy(old, err->text, sizeof old);
    va_start(args, fmt);
    vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    n = strlen(err->text);
    snprintf(err->text + n, sizeof err->text - n, ": %s", old);
    return -err->code;
}
