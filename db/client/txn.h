/* What client.c needs of transactions beyond client.h. One thread. */
#ifndef DB_CLIENT_TXN_H
#define DB_CLIENT_TXN_H

#include "db/client/client.h"

struct db_txn {
    struct db_client *client;
    struct db_txn *next; /* In client.c's list of those committed and not done. */
    char *comment;
    struct txn_row *rows; /* Hash, by table and name: in the order in which they were first used. */
    unsigned int n_inserted;
    json_t *ops; /* Of db_txn_op(). */
    struct txn_slot *slots;
    size_t n_slots;
    db_txn_done *done;
    void *aux;
    int verdict; /* Known without the server: 0 or negative errno. */
};

/* The params of "transact". Only once. */
json_t *txn_compile(struct db_txn *, const char *db_name);
/* Judges the reply (as db_session_reply has it), calls 'done' and frees the transaction. */
void txn_finish(struct db_txn *, const json_t *result, const json_t *error);
/* The same without a reply. */
void txn_fail(struct db_txn *, int error, const char *text);

#endif
