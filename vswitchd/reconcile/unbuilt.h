/* Which columns of the database ask for something that Sluice does not do yet. They are not
 * silently ignored: the log says so once. Used by conf.c. */
#ifndef VSWITCHD_RECONCILE_UNBUILT_H
#define VSWITCHD_RECONCILE_UNBUILT_H

#include "lib/strbuf.h"

struct db_row;

/* Adds a line for each such column of a Bridge, Port or Interface called 'name'. */
void unbuilt_check(const struct db_row *, const char *name, struct strbuf *lines);

#endif
