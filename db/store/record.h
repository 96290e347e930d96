/* What the records of a database file say (ovsdb(5), "Standalone Format"): transactions to JSON
 * text, and back onto a database. */
#ifndef DB_STORE_RECORD_H
#define DB_STORE_RECORD_H

#include "db/txn/txn.h"

/* Puts the text of a prepared transaction; returns false, with nothing put, when it changed nothing
 * that is kept in files. 'comment' may be NULL. */
bool record_put_txn(struct strbuf *, const struct txn *, const char *comment);
/* Puts all rows of a database as one transaction. */
void record_put_database(struct strbuf *, const struct database *, const char *comment);

/* Applies a transaction record to a database that is being loaded. */
int record_apply(struct database *, const json_t *, struct error *);

#endif
