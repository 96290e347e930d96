/* What a database server sends to the client: updates in both formats, upon a replica that holds
 * rows, and replies to transactions. */
#include <stdlib.h>
#include <string.h>

#include "db/client/replica.h"
#include "db/client/txn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define UUID_A "00000000-0000-0000-0000-00000000000a"

static const char schema_text[] =
    "{\"name\":\"D\",\"version\":\"1.0.0\",\"tables\":{\"T\":{\"columns\":{"
    "\"s\":{\"type\":\"string\"},\"n\":{\"type\":{\"key\":\"integer\",\"min\":0,\"max\":1}},"
    "\"set\":{\"type\":{\"key\":\"string\",\"min\":0,\"max\":\"unlimited\"}},"
    "\"map\":{\"type\":{\"key\":\"string\",\"value\":\"integer\",\"min\":0,\"max\":\"unlimited\"}},"
    "\"r\":{\"type\":{\"key\":{\"type\":\"uuid\",\"refTable\":\"T\"},\"min\":0,"
    "\"max\":\"unlimited\"}}}}}}";
static const char initial[] = "{\"T\":{\"" UUID_A
                              "\":{\"initial\":{\"s\":\"a\",\"set\":[\"set\",[\"x\",\"y\"]],"
                              "\"map\":[\"map\",[[\"k\",1],[\"l\",2]]],\"r\":[\"uuid\",\"" UUID_A
                              "\"]}}}}";

static void apply_text(struct replica *r, enum replica_format format, bool is_full,
                       const char *text, size_t size)
{
    json_t *json = json_loadb(text, size, JSON_DECODE_ANY, NULL);
    struct error err;

    if (json) {
        replica_apply(r, format, is_full, json, &err);
        replica_tell(r, NULL, NULL);
        json_decref(json);
    }
}

static void on_done(int error, const char *text, const json_t *results, void *aux)
{
    (void)aux;
    if (error ? !text || results : !results) {
        abort();
    }
}

static void judge_reply(const char *text, size_t size, bool is_error)
{
    json_t *json = json_loadb(text, size, JSON_DECODE_ANY, NULL);
    struct db_txn *txn;

    if (json) {
        txn = db_txn_new(NULL);
        db_txn_insert(txn, "T", NULL);
        db_txn_op(txn, json_object());
        json_decref(txn_compile(txn, "D"));
        txn->done = on_done;
        txn_finish(txn, is_error ? NULL : json, is_error ? json : NULL);
        json_decref(json);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct db_schema *schema;
    struct replica *r;

    if (!schema) {
        json_t *json = json_loads(schema_text, 0, NULL);

        if (db_schema_from_json(&schema, json, NULL)) {
            abort();
        }
        json_decref(json);
    }
    if (!size) {
        return 0;
    }
    r = replica_new(schema, NULL);
    apply_text(r, REPLICA_UPDATES2, true, initial, sizeof initial - 1);
    apply_text(r, data[0] & 1 ? REPLICA_UPDATES : REPLICA_UPDATES2, data[0] & 2,
               (const char *)data + 1, size - 1);
    apply_text(r, REPLICA_UPDATES2, true, initial, sizeof initial - 1);
    replica_free(r);
    judge_reply((const char *)data + 1, size - 1, data[0] & 4);
    return 0;
}
