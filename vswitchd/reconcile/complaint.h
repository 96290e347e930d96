/* Complaints: what a row of the database asks for and does not get, though the rest of it works.
 *
 * conf.c and settings.c make them, each row's beside what was read from it; report.c shows all of
 * them, and status.c writes them where the person looks who asked for it: into 'status' of the
 * Bridge, Port or Controller ("error:COLUMN" = reason), 'error' of the Interface. A row that does
 * not work at all is no matter of complaints but of its error. Thread of the event base. */
#ifndef VSWITCHD_RECONCILE_COMPLAINT_H
#define VSWITCHD_RECONCILE_COMPLAINT_H

#include "lib/strbuf.h"

/* Of one row: a database may hold thousands of keys in a map. */
#define COMPLAINTS_MAX 32

struct complaint {
    char *column; /* "stp_enable"; of a map "other_config:KEY". */
    char *reason;
};

struct complaints {
    struct complaint list[COMPLAINTS_MAX];
    unsigned int n;
};

/* 'key' is that of a map, or NULL. One for a column: the first. '*list' is made when it is NULL,
 * so that rows without complaints, nearly all, cost a pointer. */
void complaint_add(struct complaints **list, const char *column, const char *key,
                   const char *reason_fmt, ...) PRINTF_LIKE(4, 5);
void complaints_free(struct complaints *); /* NULL is fine. */
/* How much of a value from the database to show: "'%.*s'" with this and the value. */
int complaint_width(const char *value);
/* "Bridge 'br0': stp_enable: is not built yet and has no effect". 'name' "": the table's only row.
 */
void complaint_format(struct strbuf *, const struct complaint *, const char *table,
                      const char *name);

#endif
