/* JSON text of schemas: what is accepted survives the way to JSON and back. */
#include <stdlib.h>

#include "db/schema/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *json = json_loadb((const char *)data, size, JSON_DECODE_ANY, NULL), *once, *twice;
    struct db_schema *schema;

    if (!json || db_schema_from_json(&schema, json, NULL)) {
        json_decref(json);
        return 0;
    }
    once = db_schema_to_json(schema);
    db_schema_free(schema);
    if (db_schema_from_json(&schema, once, NULL)) {
        abort();
    }
    twice = db_schema_to_json(schema);
    if (!json_equal(once, twice)) {
        abort();
    }
    db_schema_free(schema);
    json_decref(json);
    json_decref(once);
    json_decref(twice);
    return 0;
}
