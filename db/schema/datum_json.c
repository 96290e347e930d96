/* Datums to and from the JSON of RFC 7047 section 5.1. The bytes come from clients and files, so
 * nothing is assumed about them beyond being JSON. Two ways out: jansson values for replies, and
 * text put straight into a buffer for the log and for updates, which are written far more often. */
#include "db/schema/datum.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int set_type_error(struct error *err, const json_t *json, const char *expected)
{
    char *text = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);

    error_set(err, EINVAL, "%.150s is not %s", text ? text : "(nothing)", expected);
    free(text);
    return -EINVAL;
}

static int uuid_from_json(struct uuid *ret, const json_t *json, db_named_uuid_cb *named, void *aux,
                          struct error *err)
{
    const char *kind = json_string_value(json_array_get(json, 0));
    const char *text = json_string_value(json_array_get(json, 1));

    if (json_array_size(json) == 2 && kind && text) {
        if (!strcmp(kind, "uuid") && uuid_from_string(text, ret)) {
            return 0;
        }
        if (!strcmp(kind, "named-uuid") && named) {
            if (named(text, ret, aux)) {
                return 0;
            }
            return error_set(err, EINVAL, "no row is inserted with uuid-name \"%.100s\"", text);
        }
    }
    return set_type_error(
        err, json, named ? "[\"uuid\", UUID] or [\"named-uuid\", NAME]" : "[\"uuid\", UUID]");
}

static int integer_from_json(int64_t *ret, const json_t *json, struct error *err)
{
    double real;

    if (json_is_integer(json)) {
        *ret = json_integer_value(json);
        return 0;
    }
    /* "1.0" and "1e3" are integers, too (RFC 4627 knows numbers only). */
    real = json_real_value(json);
    if (json_is_real(json) && real >= (double)INT64_MIN && real < -(double)INT64_MIN &&
        real == floor(real)) {
        *ret = (int64_t)real;
        return 0;
    }
    return set_type_error(err, json, "an integer");
}

static int atom_from_json(union db_atom *ret, const struct db_base_type *base, const json_t *json,
                          db_named_uuid_cb *named, void *aux, struct error *err)
{
    union db_atom atom;
    int error = 0;

    memset(&atom, 0, sizeof atom);
    switch (base->type) {
    case DB_INTEGER: error = integer_from_json(&atom.integer, json, err); break;
    case DB_REAL:
        atom.real = json_number_value(json);
        error = json_is_number(json) ? 0 : set_type_error(err, json, "a number");
        break;
    case DB_BOOLEAN:
        atom.boolean = json_is_true(json);
        error = json_is_boolean(json) ? 0 : set_type_error(err, json, "a boolean");
        break;
    case DB_STRING: error = json_is_string(json) ? 0 : set_type_error(err, json, "a string"); break;
    case DB_UUID: error = uuid_from_json(&atom.uuid, json, named, aux, err); break;
    case DB_VOID: error = -EINVAL; break;
    }
    if (error) {
        return error;
    }
    if (base->type == DB_STRING) {
        atom.string = xstrdup(json_string_value(json));
    }
    error = db_atom_check(&atom, base, err);
    if (error) {
        db_atom_free(base->type, &atom);
        return error;
    }
    *ret = atom;
    return 0;
}

/* The elements of ["set", [...]] or ["map", [...]]; NULL when it is neither. */
static const json_t *collection(const json_t *json, const char *kind)
{
    const char *name = json_string_value(json_array_get(json, 0));
    const json_t *elements = json_array_get(json, 1);

    return name && !strcmp(name, kind) && json_array_size(json) == 2 && json_is_array(elements)
               ? elements
               : NULL;
}

static int pair_from_json(struct db_datum *d, const struct db_type *type, const json_t *pair,
                          db_named_uuid_cb *named, void *aux, struct error *err)
{
    union db_atom key, value;
    int error;

    if (json_array_size(pair) != 2) {
        return set_type_error(err, pair, "a pair of key and value");
    }
    error = atom_from_json(&key, &type->key, json_array_get(pair, 0), named, aux, err);
    if (error) {
        return error;
    }
    error = atom_from_json(&value, &type->value, json_array_get(pair, 1), named, aux, err);
    if (error) {
        db_atom_free(type->key.type, &key);
        return error;
    }
    db_datum_add(d, &key, &value);
    return 0;
}

static int elements_from_json(struct db_datum *d, const struct db_type *type, const json_t *json,
                              db_named_uuid_cb *named, void *aux, struct error *err)
{
    const json_t *elements = collection(json, db_type_is_map(type) ? "map" : "set"), *element;
    union db_atom atom;
    size_t i;
    int error = 0;

    if (!elements && db_type_is_map(type)) {
        return set_type_error(err, json, "[\"map\", [...]]");
    }
    if (!elements) {
        /* A set of one may be written as its element. */
        error = atom_from_json(&atom, &type->key, json, named, aux, err);
        if (!error) {
            db_datum_add(d, &atom, NULL);
        }
        return error;
    }
    /* Before anything is allocated: the count is the client's word. */
    if (json_array_size(elements) > type->n_max) {
        return error_set(err, EINVAL, "%s must have %u to %u members but %zu are present",
                         db_type_is_map(type) ? "map" : "set", type->n_min, type->n_max,
                         json_array_size(elements));
    }
    json_array_foreach (elements, i, element) {
        if (db_type_is_map(type)) {
            error = pair_from_json(d, type, element, named, aux, err);
        } else {
            error = atom_from_json(&atom, &type->key, element, named, aux, err);
            if (!error) {
                db_datum_add(d, &atom, NULL);
            }
        }
        if (error) {
            return error;
        }
    }
    return 0;
}

int db_datum_from_json(struct db_datum *ret, const struct db_type *type, const json_t *json,
                       db_named_uuid_cb *named, void *aux, struct error *err)
{
    struct db_datum d;
    unsigned int n;
    int error;

    db_datum_init(&d);
    error = elements_from_json(&d, type, json, named, aux, err);
    if (error) {
        goto failed;
    }
    n = d.n;
    if (db_datum_sort(&d, type) || d.n != n) {
        error = error_set(err, EEXIST, "%s contains a duplicate %s",
                          db_type_is_map(type) ? "map" : "set",
                          db_type_is_map(type) ? "key" : "element");
        goto failed;
    }
    if (d.n < type->n_min) {
        error = error_set(err, EINVAL, "%s must have at least %u member but %u are present",
                          db_type_is_map(type) ? "map" : "set", type->n_min, d.n);
        goto failed;
    }
    *ret = d;
    return 0;

failed:
    db_datum_free(&d, type);
    return error;
}

/* --- Out. --- */

json_t *db_atom_to_json(const union db_atom *atom, enum db_atom_type type)
{
    char text[UUID_LEN + 1];

    switch (type) {
    case DB_INTEGER: return json_integer(atom->integer);
    case DB_REAL:
        return atom->real == floor(atom->real) && fabs(atom->real) < 9007199254740992.0 /* 2**53 */
                   ? json_integer((json_int_t)atom->real)
                   : json_real(atom->real);
    case DB_BOOLEAN: return json_boolean(atom->boolean);
    case DB_STRING: return json_string(atom->string);
    case DB_UUID: uuid_to_string(&atom->uuid, text); return json_pack("[ss]", "uuid", text);
    case DB_VOID: break;
    }
    return json_null();
}

json_t *db_datum_to_json(const struct db_datum *d, const struct db_type *type)
{
    json_t *array, *element;

    if (d->n == 1 && !db_type_is_map(type)) {
        return db_atom_to_json(&d->keys[0], type->key.type);
    }
    array = json_array();
    for (unsigned int i = 0; i < d->n; i++) {
        element = db_atom_to_json(&d->keys[i], type->key.type);
        if (db_type_is_map(type)) {
            element = json_pack("[oo]", element, db_atom_to_json(&d->values[i], type->value.type));
        }
        json_array_append_new(array, element);
    }
    return json_pack("[so]", db_type_is_map(type) ? "map" : "set", array);
}

void db_json_put_string(struct strbuf *s, const char *text)
{
    const char *start = text;

    strbuf_putc(s, '"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c >= 0x20 && c != '"' && c != '\\') {
            continue;
        }
        strbuf_put(s, start, (size_t)(text - start));
        start = text + 1;
        switch (c) {
        case '"': strbuf_puts(s, "\\\""); break;
        case '\\': strbuf_puts(s, "\\\\"); break;
        case '\n': strbuf_puts(s, "\\n"); break;
        case '\t': strbuf_puts(s, "\\t"); break;
        case '\r': strbuf_puts(s, "\\r"); break;
        default: strbuf_printf(s, "\\u%04x", c); break;
        }
    }
    strbuf_put(s, start, (size_t)(text - start));
    strbuf_putc(s, '"');
}

static void put_integer(struct strbuf *s, int64_t v)
{
    char text[24], *p = text + sizeof text;
    uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;

    do {
        *--p = (char)('0' + u % 10);
        u /= 10;
    } while (u);
    if (v < 0) {
        *--p = '-';
    }
    strbuf_put(s, p, (size_t)(text + sizeof text - p));
}

/* The shortest decimal that reads back as the same number. */
static void put_real(struct strbuf *s, double v)
{
    char text[40];

    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v) {
            break;
        }
    }
    strbuf_puts(s, text);
}

static void put_atom(struct strbuf *s, const union db_atom *atom, enum db_atom_type type)
{
    char text[UUID_LEN + 1];

    switch (type) {
    case DB_INTEGER: put_integer(s, atom->integer); break;
    case DB_REAL: put_real(s, atom->real); break;
    case DB_BOOLEAN: strbuf_puts(s, atom->boolean ? "true" : "false"); break;
    case DB_STRING: db_json_put_string(s, atom->string); break;
    case DB_UUID:
        uuid_to_string(&atom->uuid, text);
        strbuf_puts(s, "[\"uuid\",\"");
        strbuf_put(s, text, UUID_LEN);
        strbuf_puts(s, "\"]");
        break;
    case DB_VOID: strbuf_puts(s, "null"); break;
    }
}

void db_datum_put_json(struct strbuf *s, const struct db_datum *d, const struct db_type *type)
{
    if (d->n == 1 && !db_type_is_map(type)) {
        put_atom(s, &d->keys[0], type->key.type);
        return;
    }
    strbuf_puts(s, db_type_is_map(type) ? "[\"map\",[" : "[\"set\",[");
    for (unsigned int i = 0; i < d->n; i++) {
        if (i) {
            strbuf_putc(s, ',');
        }
        if (db_type_is_map(type)) {
            strbuf_putc(s, '[');
            put_atom(s, &d->keys[i], type->key.type);
            strbuf_putc(s, ',');
            put_atom(s, &d->values[i], type->value.type);
            strbuf_putc(s, ']');
        } else {
            put_atom(s, &d->keys[i], type->key.type);
        }
    }
    strbuf_puts(s, "]]");
}
