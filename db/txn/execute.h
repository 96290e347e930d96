/* Runs the operations of a "transact" request (RFC 7047 section 5.2) in a transaction. The server
 * calls it, decides about waiting, and ends the transaction. One thread. */
#ifndef DB_TXN_EXECUTE_H
#define DB_TXN_EXECUTE_H

#include "db/txn/txn.h"

/* What operations ask of the session that sent them. */
struct execute_env {
    bool (*owns_lock)(const char *name, void *aux);
    void *aux;
    bool is_read_only;   /* Operations that change something are refused. */
    uint64_t elapsed_ms; /* Since the request came: for the timeout of "wait". */
};

enum execute_status {
    EXECUTE_DONE,   /* Every operation succeeded: txn_prepare() next. */
    EXECUTE_FAILED, /* One failed: 'results' says how; the transaction is to be aborted. */
    EXECUTE_WAIT, /* A "wait" does not hold yet: abort, and run it again when 'wait_table' changed,
                   * but after 'wait_ms' at the latest (UINT64_MAX: never). */
};

struct execute_result {
    json_t *results; /* An array, one element for each operation; not for EXECUTE_WAIT. */
    char *comment;   /* Of "comment" operations, joined by newlines; NULL when there is none. */
    bool is_durable; /* "commit" asked for it. */
    bool has_failed; /* An operation failed. */
    uint64_t wait_ms;
    const struct table *wait_table;
};

/* 'ops' is the array of "params": its first element, the database's name, is skipped. '*ret' is
 * filled in every case; execute_result_free() it. */
enum execute_status execute(struct txn *, const json_t *ops, const struct execute_env *,
                            struct execute_result *ret);
void execute_result_free(struct execute_result *);
/* Makes a failure found after the operations the last element of the results (RFC 7047 section
 * 4.1.3). */
void execute_result_fail(struct execute_result *, const struct failure *);

#endif
