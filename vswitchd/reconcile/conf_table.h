/* What the database says of a bridge's flow tables (its table Flow_Table), for conf.c. Thread of
 * the event base. */
#ifndef VSWITCHD_RECONCILE_CONF_TABLE_H
#define VSWITCHD_RECONCILE_CONF_TABLE_H

#include "ofproto/ofproto.h"
#include "vswitchd/reconcile/complaint.h"

struct db_client;
struct db_row;

struct conf_table {
    unsigned int id;                    /* Less than OFPROTO_N_TABLES. */
    struct ofproto_table_config config; /* Its texts are owned. */
};

/* Of the Bridge's row: '*ret_n' of them. What is wrong is a complaint about "flow_tables". */
struct conf_table *conf_tables_read(struct db_client *, const struct db_row *bridge, size_t *ret_n,
                                    struct complaints **);
void conf_tables_free(struct conf_table *, size_t n);

#endif
