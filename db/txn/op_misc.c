/* The operations that touch no row: commit, abort, comment, assert (RFC 7047 sections 5.2.7 to
 * 5.2.10). */
#include <stdlib.h>
#include <string.h>

#include "db/txn/op.h"

int op_commit(struct execution *x, json_t *ret UNUSED)
{
    const json_t *durable = op_member(x, "durable");

    if (op_no_more(x)) {
        return -1;
    }
    if (!json_is_boolean(durable)) {
        return op_failed(x, durable ? "Member 'durable' is not a boolean."
                                    : "Required 'durable' member is missing.");
    }
    x->result->is_durable |= json_is_true(durable);
    return 0;
}

int op_abort(struct execution *x, json_t *ret UNUSED)
{
    if (op_no_more(x)) {
        return -1;
    }
    return failure_set(&x->failure, FAILURE_ABORTED, "aborted by request");
}

int op_comment(struct execution *x, json_t *ret UNUSED)
{
    const char *comment = op_string(x, "comment");
    char *all;

    if (!comment || op_no_more(x)) {
        return -1;
    }
    all = x->result->comment ? xasprintf("%s\n%s", x->result->comment, comment) : xstrdup(comment);
    free(x->result->comment);
    x->result->comment = all;
    return 0;
}

int op_assert(struct execution *x, json_t *ret UNUSED)
{
    const char *lock = op_string(x, "lock");

    if (!lock || op_no_more(x)) {
        return -1;
    }
    if (!x->env->owns_lock || !x->env->owns_lock(lock, x->env->aux)) {
        return failure_set(&x->failure, FAILURE_NOT_OWNER, "Asserted lock %.100s not held.", lock);
    }
    return 0;
}
