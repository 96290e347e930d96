/* An error that a person will read.
 *
 * A function that can fail for a reason which a person must act on takes a 'struct error *' as its
 * last parameter (NULL when the caller does not want the text), and returns a negative errno. The
 * text names the object, the field, the value, the reason and what to do:
 *
 *     return error_set(err, EINVAL, "port '%s': tag %d is not within 0...4095", name, tag);
 *
 * Fixed size, no ownership, any thread. */
#ifndef LIB_ERROR_H
#define LIB_ERROR_H

#include "lib/util.h"

struct error {
    int code;       /* Positive errno, 0 when none was set. */
    char text[400]; /* One line without a full stop or a newline; cut when longer. */
};

/* Sets '*err' (when not NULL) and returns -code, for "return error_set(...)". */
int error_set(struct error *err, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* As error_set(), with ": " and strerror(code) after the text. */
int error_set_errno(struct error *err, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Puts "context: " before the text that 'err' holds; returns -err->code (-EIO without err). */
int error_prefix(struct error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
