/* The text form of values, of several types: what is read and written reads as the same value. */
#include <stdlib.h>
#include <string.h>

#include "db/schema/datum.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum db_atom_type kinds[] = {DB_INTEGER, DB_REAL, DB_BOOLEAN, DB_STRING, DB_UUID};
    struct db_type type = {.n_min = 0, .n_max = DB_UNLIMITED};
    struct strbuf s = STRBUF_INIT;
    struct db_datum d, again;
    struct error err;
    char *text;

    if (size < 2) {
        return 0;
    }
    db_base_type_init(&type.key, kinds[data[0] % 5]);
    db_base_type_init(&type.value, data[1] % 6 < 5 ? kinds[data[1] % 6] : DB_VOID);
    text = xstrndup((const char *)data + 2, size - 2);
    if (!db_datum_from_text(&d, &type, text, NULL, NULL, &err)) {
        json_t *json = db_datum_to_json(&d, &type);

        db_datum_to_text(&s, &d, &type);
        /* Reals lose digits on the way, with which two keys may become one. */
        if (!json || (type.key.type != DB_REAL &&
                      db_datum_from_text(&again, &type, strbuf_str(&s), NULL, NULL, &err))) {
            abort();
        }
        if (type.key.type != DB_REAL) {
            if (type.value.type != DB_REAL && !db_datum_equal(&d, &again, &type)) {
                abort();
            }
            db_datum_free(&again, &type);
        }
        json_decref(json);
        db_datum_free(&d, &type);
    }
    strbuf_free(&s);
    free(text);
    return 0;
}
