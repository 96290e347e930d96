/* What people call things: abbreviated tables and columns, records by name, UUID or the beginning
 * of one. ovs-vsctl(8), "Identifying Tables, Records, and Columns". */
#ifndef UTILITIES_VSCTL_NAMES_H
#define UTILITIES_VSCTL_NAMES_H

#include "utilities/sluice-vsctl/vsctl.h"

int find_table(struct vsctl *, const char *name, const struct db_table_schema **ret,
               struct error *);
/* "_uuid" gives '*ret' NULL. */
int find_column(const struct db_table_schema *, const char *name, const struct db_column **ret,
                struct error *);
/* '*ret' NULL when there is none, which is an error if 'must_exist'. */
int find_record(struct vsctl *, const struct db_table_schema *, const char *name, bool must_exist,
                struct mrow **ret, struct error *);
/* What find_record() reads. */
void need_records(struct vsctl *, const struct db_table_schema *);

#endif
