/* JSON text -> operations -> a transaction on a database in memory with the built-in schema; what
 * was committed is turned into a record and read into a second database, which must then have as
 * many rows. */
#include <stdlib.h>

#include "db/schema/vswitch.h"
#include "db/store/record.h"
#include "db/txn/execute.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct database *new_database(void)
{
    json_t *json = json_loads(db_vswitch_schema(), 0, NULL);
    struct db_schema *schema;

    if (db_schema_from_json(&schema, json, NULL)) {
        abort();
    }
    json_decref(json);
    return database_new(schema);
}

static void check_record(struct database *copy, const struct txn *txn)
{
    struct strbuf s = STRBUF_INIT;
    json_t *json;

    if (record_put_txn(&s, txn, "comment")) {
        json = json_loadb(s.data, s.len, 0, NULL);
        if (!json || record_apply(copy, json, NULL)) {
            abort();
        }
        json_decref(json);
    }
    if (database_n_rows(copy) != database_n_rows(txn->db)) {
        abort();
    }
    strbuf_free(&s);
}

static void run(struct database *db, struct database *copy, const json_t *ops)
{
    struct execute_env env = {.aux = NULL};
    struct failure failure = {NULL, NULL, NULL};
    struct execute_result result;
    struct txn *txn = txn_new(db);

    if (execute(txn, ops, &env, &result) == EXECUTE_DONE && !txn_prepare(txn, &failure)) {
        check_record(copy, txn);
        txn_commit(txn);
    } else {
        txn_abort(txn);
    }
    failure_clear(&failure);
    execute_result_free(&result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct database *db, *copy;
    json_t *json, *element;
    size_t i;

    json = json_loadb((const char *)data, size, 0, NULL);
    if (!json_is_array(json)) {
        json_decref(json);
        return 0;
    }
    db = new_database();
    copy = new_database();
    /* Either one transaction, or an array of them. */
    if (json_is_array(json_array_get(json, 0))) {
        json_array_foreach (json, i, element) {
            run(db, copy, element);
        }
    } else {
        run(db, copy, json);
    }
    database_free(db);
    database_free(copy);
    json_decref(json);
    return 0;
}
