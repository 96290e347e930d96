/* Which columns of the database, and which keys of other_config, ask for something that Sluice does
 * not do (yet). They are not silently ignored: each is a complaint of its row. Used by conf.c. */
#ifndef VSWITCHD_RECONCILE_UNBUILT_H
#define VSWITCHD_RECONCILE_UNBUILT_H

#include "vswitchd/reconcile/complaint.h"

struct db_row;

/* Complains of what a row of Open_vSwitch, Bridge, Controller, Port or Interface
 * asks for in vain. */
void unbuilt_check(const struct db_row *, struct complaints **);

#endif
