/* Mutations: [<column>, <mutator>, <value>] (RFC 7047 section 5.1). One thread. */
#ifndef DB_TXN_MUTATION_H
#define DB_TXN_MUTATION_H

#include "db/txn/txn.h"

struct mutation;

struct mutations {
    unsigned int n;
    struct mutation *mutations;
};

/* 0, or -1 with the failure ('*ret' is then not written). */
int mutations_parse(struct mutations *ret, const struct table *, const json_t *,
                    db_named_uuid_cb *named, void *aux, struct failure *);
void mutations_free(struct mutations *);
/* Changes one row. The row may be half changed when this fails: the transaction is then aborted. */
int mutations_apply(const struct mutations *, struct txn *, struct row *, struct failure *);

#endif
