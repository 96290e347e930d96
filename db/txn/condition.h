/* Conditions of "where": [<column>, <function>, <value>], all of which must hold, and the booleans
 * that monitors may use (RFC 7047 section 5.1; ovsdb-server(7) sections 4.1.12 and 5.1). One
 * thread. */
#ifndef DB_TXN_CONDITION_H
#define DB_TXN_CONDITION_H

#include "db/txn/txn.h"

struct clause;

struct condition {
    unsigned int n;
    struct clause *clauses;
    bool is_false;   /* A clause of "false". */
    bool is_any_of;  /* One clause that holds is enough: monitors. */
    bool is_trivial; /* Holds for every row. */
};

/* Parses an array of clauses. 'is_any_of' makes it a monitor's: booleans are allowed, and clauses
 * are alternatives. 0, or -1 with the failure ('*ret' is then not written). */
int condition_parse(struct condition *ret, const struct table *, const json_t *, bool is_any_of,
                    db_named_uuid_cb *named, void *aux, struct failure *);
void condition_free(struct condition *);
/* For the row as it is, or with 'before' as it was before that transaction. */
bool condition_holds(const struct condition *, const struct row *, const struct txn_row *before);

/* The rows of a table that match, as an array that the caller frees; uses indexes where it can. */
struct row **condition_find(const struct condition *, const struct table *, size_t *ret_n);

#endif
