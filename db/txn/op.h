/* What the files op_*.c, which implement the operations, share. Internal to db/txn. */
#ifndef DB_TXN_OP_H
#define DB_TXN_OP_H

#include "db/txn/condition.h"
#include "db/txn/execute.h"

struct named_row {
    const char *name; /* Borrowed from the request. */
    struct uuid uuid;
    bool is_inserted; /* Its "insert" has run. */
};

/* One request at work. */
struct execution {
    struct txn *txn;
    const struct execute_env *env;
    struct execute_result *result;
    size_t n_named;
    struct named_row *named; /* Sorted by name. */
    struct failure failure;

    /* The operation at hand. */
    const json_t *op;
    size_t n_used; /* Members that were read so far. */
    bool must_wait;
};

/* Each returns 0 and may put members into 'ret', or returns -1 with x->failure set (or
 * x->must_wait). */
typedef int op_function(struct execution *, json_t *ret);
op_function op_insert, op_select, op_update, op_mutate, op_delete;
op_function op_wait, op_commit, op_abort, op_comment, op_assert;

/* A member of the operation; NULL when it is not there. */
const json_t *op_member(struct execution *, const char *name);
/* As op_member(), with x->failure set when it is missing or is not a string. */
const char *op_string(struct execution *, const char *name);
/* The table that "table" names; NULL with x->failure. */
struct table *op_table(struct execution *);
/* After the last member was read: -1 with x->failure when there are others. */
int op_no_more(struct execution *);
/* The rows that "where" selects, NULL and 0 for none; -1 with x->failure. */
int op_where(struct execution *, const struct table *, struct row ***ret, size_t *ret_n);
int op_failed(struct execution *, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The entry of this name, NULL when no operation of the request has it. */
struct named_row *op_named_row(struct execution *, const char *name);
db_named_uuid_cb op_named_uuid; /* 'aux' is the execution. */

/* The columns that an array names, or all (with _uuid and _version) when 'json' is NULL. */
int op_columns(struct execution *, const struct table *, const json_t *json,
               const struct db_column ***ret, size_t *ret_n);

#endif
