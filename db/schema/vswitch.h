/* The Open_vSwitch schema that is built into the program. */
#ifndef DB_SCHEMA_VSWITCH_H
#define DB_SCHEMA_VSWITCH_H

/* Its JSON text. Table and column names, types and constraints are those of Open vSwitch 3.1
 * (version 8.3.1), see ovs-vswitchd.conf.db(5). */
const char *db_vswitch_schema(void);

#endif
