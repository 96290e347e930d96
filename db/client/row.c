/* Reading the replica's rows: columns by name, as C values. */
#include "db/client/replica.h"

#include <string.h>

const struct db_datum *db_row_datum(const struct db_row *row, const char *column,
                                    const struct db_type **ret_type)
{
    static const struct db_datum empty;
    static const struct db_type empty_type = {.key.type = DB_STRING, .n_max = 1};
    const struct db_column *c = db_table_column(row->table, column);

    if (ret_type) {
        *ret_type = c ? &c->type : &empty_type;
    }
    return c ? &row->columns[c->index] : &empty;
}

/* The first element of a column of this type, or NULL. */
static const union db_atom *first(const struct db_row *row, const char *column,
                                  enum db_atom_type type)
{
    const struct db_type *t;
    const struct db_datum *d = db_row_datum(row, column, &t);

    return d->n && t->key.type == type && !db_type_is_map(t) ? &d->keys[0] : NULL;
}

const char *db_row_string(const struct db_row *row, const char *column, const char *def)
{
    const union db_atom *a = first(row, column, DB_STRING);

    return a ? a->string : def;
}

int64_t db_row_integer(const struct db_row *row, const char *column, int64_t def)
{
    const union db_atom *a = first(row, column, DB_INTEGER);

    return a ? a->integer : def;
}

bool db_row_bool(const struct db_row *row, const char *column, bool def)
{
    const union db_atom *a = first(row, column, DB_BOOLEAN);

    return a ? a->boolean : def;
}

const char *db_row_map(const struct db_row *row, const char *column, const char *key,
                       const char *def)
{
    const struct db_type *t;
    const struct db_datum *d = db_row_datum(row, column, &t);
    const union db_atom k = {.string = (char *)key};
    int at;

    if (t->key.type != DB_STRING || t->value.type != DB_STRING) {
        return def;
    }
    at = db_datum_find(d, &k, DB_STRING);
    return at >= 0 ? d->values[at].string : def;
}
