/* The model's structures, for model.c, symbols.c and compile.c alone. */
#ifndef UTILITIES_VSCTL_MODEL_IMPL_H
#define UTILITIES_VSCTL_MODEL_IMPL_H

#include <uthash.h>

#include "utilities/sluice-vsctl/model.h"

struct cell {
    struct db_datum datum; /* When is_own; else the replica's counts. */
    bool is_own;
    bool is_replaced; /* By mrow_set(): the whole value is meant. */
    bool is_verified;
};

struct mrow {
    const struct db_table_schema *table;
    struct uuid uuid;
    struct uuid final_uuid;
    struct db_row *origin; /* NULL: new. */
    struct cell *cells;
    bool is_deleted;
    bool is_final;         /* The server is to use 'uuid'. */
    const char *uuid_name; /* In the transaction; NULL before, and for existing rows. */
    struct mrow *next;     /* In model.rows, in the order in which they were first used. */
    UT_hash_handle hh;
};

struct symbol {
    char *name;
    struct uuid uuid;
    bool is_used;
    bool is_defined;
    UT_hash_handle hh;
};

struct model {
    struct db_client *client;
    struct mrow *rows, *last;
    struct mrow *by_uuid;
    struct symbol *symbols;
};

#endif
