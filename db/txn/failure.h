/* Why an operation or a transaction failed, as the protocol says it: one of RFC 7047's error
 * strings and details for a person. One thread. */
#ifndef DB_TXN_FAILURE_H
#define DB_TXN_FAILURE_H

#include <jansson.h>

#include "lib/error.h"

/* RFC 7047 sections 3.1, 4.1.3 and 5.2; the last four are ovsdb-server(7)'s. */
#define FAILURE_REFERENTIAL "referential integrity violation"
#define FAILURE_CONSTRAINT "constraint violation"
#define FAILURE_RESOURCES "resources exhausted"
#define FAILURE_IO "I/O error"
#define FAILURE_DUPLICATE_NAME "duplicate uuid-name"
#define FAILURE_DOMAIN "domain error"
#define FAILURE_RANGE "range error"
#define FAILURE_TIMED_OUT "timed out"
#define FAILURE_NOT_SUPPORTED "not supported"
#define FAILURE_ABORTED "aborted"
#define FAILURE_NOT_OWNER "not owner"
#define FAILURE_NOT_ALLOWED "not allowed"
#define FAILURE_UNKNOWN_DATABASE "unknown database"
#define FAILURE_CANCELED "canceled"
#define FAILURE_SYNTAX "syntax error"
#define FAILURE_UNKNOWN_COLUMN "unknown column"
#define FAILURE_UNKNOWN_TABLE "unknown table"
#define FAILURE_DUPLICATE "ovsdb error"
#define FAILURE_DUPLICATE_UUID "duplicate uuid"

struct failure {
    const char *error; /* One of the above; NULL: no failure. */
    char *details;     /* Owned, NULL when there are none. */
    char *syntax;      /* JSON text of what could not be understood; owned, may be NULL. */
};

/* Sets it (what it held before is dropped) and returns -1, for "return failure_set(...)". */
int failure_set(struct failure *, const char *error, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* From the functions of db/schema: -ERANGE is a constraint, -EEXIST a duplicate, all else syntax.
 * 'json' (may be NULL) is what could not be understood. */
int failure_set_error(struct failure *, int error, const struct error *, const json_t *json);
void failure_clear(struct failure *);
/* {"error": ..., "details": ...} */
json_t *failure_to_json(const struct failure *);

#endif
