/* Column types: constraints, and their JSON in schemas (<type> and <base-type> of RFC 7047 section
 * 3.2). Pure functions. */
#include "db/schema/datum.h"

#include <errno.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>

void db_base_type_init(struct db_base_type *base, enum db_atom_type type)
{
    *base = (struct db_base_type){
        .type = type,
        .min_integer = INT64_MIN,
        .max_integer = INT64_MAX,
        .min_real = -DBL_MAX,
        .max_real = DBL_MAX,
        .max_length = DB_UNLIMITED,
    };
}

static void base_type_free(struct db_base_type *base)
{
    if (base->allowed) {
        struct db_type type = {.key = {.type = base->type}};

        db_datum_free(base->allowed, &type);
        free(base->allowed);
    }
    free(base->ref_table);
    db_base_type_init(base, DB_VOID);
}

void db_type_free(struct db_type *type)
{
    base_type_free(&type->key);
    base_type_free(&type->value);
}

/* --- Constraints. --- */

static unsigned int count_characters(const char *s)
{
    unsigned int n = 0;

    for (; *s; s++) {
        n += ((unsigned char)*s & 0xc0) != 0x80;
    }
    return n;
}

static int check_allowed(const union db_atom *atom, const struct db_base_type *base,
                         struct error *err)
{
    struct db_type set = {.key = {.type = base->type}, .n_max = DB_UNLIMITED};
    struct strbuf value = STRBUF_INIT, all = STRBUF_INIT;
    int error;

    if (db_datum_find(base->allowed, atom, base->type) >= 0) {
        return 0;
    }
    db_atom_to_text(&value, atom, base->type);
    db_datum_to_text(&all, base->allowed, &set);
    error = error_set(err, ERANGE, "%s is not one of the allowed values (%s)", strbuf_str(&value),
                      strbuf_str(&all));
    strbuf_free(&value);
    strbuf_free(&all);
    return error;
}

static int check_string(const char *s, const struct db_base_type *base, struct error *err)
{
    unsigned int n = count_characters(s);

    if (n < base->min_length) {
        return error_set(err, ERANGE, "\"%.100s\" length %u is less than minimum allowed length %u",
                         s, n, base->min_length);
    }
    if (n > base->max_length) {
        return error_set(err, ERANGE,
                         "\"%.100s\" length %u is greater than maximum allowed length %u", s, n,
                         base->max_length);
    }
    return 0;
}

int db_atom_check(const union db_atom *atom, const struct db_base_type *base, struct error *err)
{
    if (base->allowed) {
        return check_allowed(atom, base, err);
    }
    if (base->type == DB_INTEGER &&
        (atom->integer < base->min_integer || atom->integer > base->max_integer)) {
        if (base->max_integer == INT64_MAX) {
            return error_set(err, ERANGE, "%lld is less than minimum allowed value %lld",
                             (long long)atom->integer, (long long)base->min_integer);
        }
        if (base->min_integer == INT64_MIN) {
            return error_set(err, ERANGE, "%lld is greater than maximum allowed value %lld",
                             (long long)atom->integer, (long long)base->max_integer);
        }
        return error_set(err, ERANGE, "%lld is not in the valid range %lld to %lld (inclusive)",
                         (long long)atom->integer, (long long)base->min_integer,
                         (long long)base->max_integer);
    }
    if (base->type == DB_REAL && (atom->real < base->min_real || atom->real > base->max_real)) {
        return error_set(err, ERANGE, "%.15g is not in the valid range %.15g to %.15g (inclusive)",
                         atom->real, base->min_real, base->max_real);
    }
    if (base->type == DB_STRING && (base->min_length || base->max_length != DB_UNLIMITED)) {
        return check_string(atom->string, base, err);
    }
    return 0;
}

int db_datum_check(const struct db_datum *d, const struct db_type *type, struct error *err)
{
    int error;

    if (d->n < type->n_min || d->n > type->n_max) {
        if (type->n_max == DB_UNLIMITED) {
            return error_set(err, ERANGE, "%s must have %u or more members but %u are present",
                             db_type_is_map(type) ? "map" : "set", type->n_min, d->n);
        }
        return error_set(err, ERANGE, "%s must have %u to %u members but %u are present",
                         db_type_is_map(type) ? "map" : "set", type->n_min, type->n_max, d->n);
    }
    for (unsigned int i = 0; i < d->n; i++) {
        error = db_atom_check(&d->keys[i], &type->key, err);
        if (!error && d->values) {
            error = db_atom_check(&d->values[i], &type->value, err);
        }
        if (error) {
            return error;
        }
    }
    return 0;
}

/* --- From JSON. --- */

static int type_name_from_json(const json_t *json, enum db_atom_type *ret, struct error *err)
{
    const char *name = json_string_value(json);

    for (enum db_atom_type t = DB_INTEGER; name && t <= DB_UUID; t++) {
        if (!strcmp(name, db_atom_type_name(t))) {
            *ret = t;
            return 0;
        }
    }
    return error_set(err, EINVAL, "\"%s\" is not an atomic type",
                     name ? name : "(something that is no string)");
}

static int enum_from_json(struct db_base_type *base, const json_t *json, struct error *err)
{
    struct db_type set = {.n_min = 1, .n_max = DB_UNLIMITED};
    struct db_datum allowed;
    int error;

    db_base_type_init(&set.key, base->type);
    error = db_datum_from_json(&allowed, &set, json, NULL, NULL, err);
    if (error) {
        return error_prefix(err, "enum");
    }
    base->allowed = xmemdup(&allowed, sizeof allowed);
    return 0;
}

static int integer_member(const json_t *object, const char *name, int64_t min, int64_t *ret,
                          struct error *err)
{
    const json_t *json = json_object_get(object, name);

    if (!json) {
        return 0;
    }
    if (!json_is_integer(json) || json_integer_value(json) < min) {
        return error_set(err, EINVAL, "\"%s\" is not an integer of at least %lld", name,
                         (long long)min);
    }
    *ret = json_integer_value(json);
    return 0;
}

static int real_member(const json_t *object, const char *name, double *ret, struct error *err)
{
    const json_t *json = json_object_get(object, name);

    if (!json) {
        return 0;
    }
    if (!json_is_number(json)) {
        return error_set(err, EINVAL, "\"%s\" is not a number", name);
    }
    *ret = json_number_value(json);
    return 0;
}

static int length_member(const json_t *object, const char *name, unsigned int *ret,
                         struct error *err)
{
    int64_t n = *ret;
    int error = integer_member(object, name, 0, &n, err);

    if (!error) {
        *ret = n > UINT32_MAX ? UINT32_MAX : (unsigned int)n;
    }
    return error;
}

static int reference_from_json(struct db_base_type *base, const json_t *object, struct error *err)
{
    const json_t *table = json_object_get(object, "refTable");
    const json_t *type = json_object_get(object, "refType");
    const char *name = type ? json_string_value(type) : "strong";

    if (!table) {
        return type ? error_set(err, EINVAL, "\"refType\" needs a \"refTable\"") : 0;
    }
    if (!json_is_string(table)) {
        return error_set(err, EINVAL, "\"refTable\" is not a string");
    }
    if (!name || (strcmp(name, "strong") && strcmp(name, "weak"))) {
        return error_set(err, EINVAL, "\"refType\" is neither \"strong\" nor \"weak\"");
    }
    base->ref_table = xstrdup(json_string_value(table));
    base->ref_type = strcmp(name, "weak") ? DB_REF_STRONG : DB_REF_WEAK;
    return 0;
}

/* Members that base->type does not have are refused. */
static int check_members(enum db_atom_type type, const json_t *object, struct error *err)
{
    static const struct {
        const char *name;
        enum db_atom_type type; /* DB_VOID: any. */
    } members[] = {
        {"type", DB_VOID},          {"enum", DB_VOID},        {"minInteger", DB_INTEGER},
        {"maxInteger", DB_INTEGER}, {"minReal", DB_REAL},     {"maxReal", DB_REAL},
        {"minLength", DB_STRING},   {"maxLength", DB_STRING}, {"refTable", DB_UUID},
        {"refType", DB_UUID},
    };
    const char *name;
    json_t *value;
    size_t i;

    json_object_foreach ((json_t *)object, name, value) {
        for (i = 0; i < ARRAY_SIZE(members); i++) {
            if (!strcmp(name, members[i].name) &&
                (members[i].type == DB_VOID || members[i].type == type)) {
                break;
            }
        }
        if (i == ARRAY_SIZE(members)) {
            return error_set(err, EINVAL, "base type %s has no member \"%.64s\"",
                             db_atom_type_name(type), name);
        }
    }
    return 0;
}

static int base_type_members(struct db_base_type *base, const json_t *json, struct error *err)
{
    const json_t *allowed = json_object_get(json, "enum");

    if (check_members(base->type, json, err) || (allowed && enum_from_json(base, allowed, err)) ||
        integer_member(json, "minInteger", INT64_MIN, &base->min_integer, err) ||
        integer_member(json, "maxInteger", INT64_MIN, &base->max_integer, err) ||
        real_member(json, "minReal", &base->min_real, err) ||
        real_member(json, "maxReal", &base->max_real, err) ||
        length_member(json, "minLength", &base->min_length, err) ||
        length_member(json, "maxLength", &base->max_length, err) ||
        reference_from_json(base, json, err)) {
        return -EINVAL;
    }
    if (base->min_integer > base->max_integer || base->min_real > base->max_real ||
        base->min_length > base->max_length) {
        return error_set(err, EINVAL, "a minimum is above its maximum");
    }
    if (base->allowed && json_object_size(json) > 2) {
        return error_set(err, EINVAL, "\"enum\" may not be combined with other constraints");
    }
    return 0;
}

/* '*ret' is initialized in every case, so that the caller can free it. */
static int base_type_from_json(struct db_base_type *ret, const json_t *json, struct error *err)
{
    enum db_atom_type type;

    db_base_type_init(ret, DB_VOID);
    if (json_is_string(json)) {
        if (type_name_from_json(json, &type, err)) {
            return -EINVAL;
        }
        db_base_type_init(ret, type);
        return 0;
    }
    if (!json_is_object(json)) {
        return error_set(err, EINVAL, "a base type is neither a string nor an object");
    }
    if (type_name_from_json(json_object_get(json, "type"), &type, err)) {
        return -EINVAL;
    }
    db_base_type_init(ret, type);
    return base_type_members(ret, json, err);
}

static int counts_from_json(struct db_type *type, const json_t *json, struct error *err)
{
    const json_t *max = json_object_get(json, "max");
    int64_t n_min = 1, n_max = 1;

    if (integer_member(json, "min", 0, &n_min, err)) {
        return -EINVAL;
    }
    if (json_is_string(max) && !strcmp(json_string_value(max), "unlimited")) {
        n_max = DB_UNLIMITED;
    } else if (max && (!json_is_integer(max) || json_integer_value(max) < 1 ||
                       json_integer_value(max) >= DB_UNLIMITED)) {
        return error_set(err, EINVAL, "\"max\" is neither a positive integer nor \"unlimited\"");
    } else if (max) {
        n_max = json_integer_value(max);
    }
    if (n_min > 1 || n_min > n_max) {
        return error_set(err, EINVAL, "\"min\" is not 0 or 1, or above \"max\"");
    }
    type->n_min = (unsigned int)n_min;
    type->n_max = (unsigned int)n_max;
    return 0;
}

static int type_members(struct db_type *type, const json_t *json, struct error *err)
{
    const json_t *value = json_object_get(json, "value"), *member;
    const char *name;

    json_object_foreach ((json_t *)json, name, member) {
        if (strcmp(name, "key") && strcmp(name, "value") && strcmp(name, "min") &&
            strcmp(name, "max")) {
            return error_set(err, EINVAL, "a type has no member \"%.64s\"", name);
        }
    }
    if (base_type_from_json(&type->key, json_object_get(json, "key"), err)) {
        return error_prefix(err, "key");
    }
    if (value && base_type_from_json(&type->value, value, err)) {
        return error_prefix(err, "value");
    }
    return counts_from_json(type, json, err);
}

int db_type_from_json(struct db_type *ret, const json_t *json, struct error *err)
{
    struct db_type type = {.n_min = 1, .n_max = 1};
    int error;

    db_base_type_init(&type.key, DB_VOID);
    db_base_type_init(&type.value, DB_VOID);
    if (json_is_string(json)) {
        error = base_type_from_json(&type.key, json, err);
    } else if (json_is_object(json)) {
        error = type_members(&type, json, err);
    } else {
        error = error_set(err, EINVAL, "a type is neither a string nor an object");
    }
    if (error) {
        db_type_free(&type);
        return error;
    }
    *ret = type;
    return 0;
}

/* --- To JSON: the shortest form. --- */

static json_t *base_type_to_json(const struct db_base_type *base)
{
    json_t *name = json_string(db_atom_type_name(base->type)), *json;
    struct db_type set = {.key = {.type = base->type}, .n_max = DB_UNLIMITED};

    json = json_object();
    json_object_set_new(json, "type", name);
    if (base->allowed) {
        json_object_set_new(json, "enum", db_datum_to_json(base->allowed, &set));
    }
    if (base->min_integer != INT64_MIN) {
        json_object_set_new(json, "minInteger", json_integer(base->min_integer));
    }
    if (base->max_integer != INT64_MAX) {
        json_object_set_new(json, "maxInteger", json_integer(base->max_integer));
    }
    if (base->min_real > -DBL_MAX) {
        json_object_set_new(json, "minReal", json_real(base->min_real));
    }
    if (base->max_real < DBL_MAX) {
        json_object_set_new(json, "maxReal", json_real(base->max_real));
    }
    if (base->min_length) {
        json_object_set_new(json, "minLength", json_integer(base->min_length));
    }
    if (base->max_length != DB_UNLIMITED) {
        json_object_set_new(json, "maxLength", json_integer(base->max_length));
    }
    if (base->ref_table) {
        json_object_set_new(json, "refTable", json_string(base->ref_table));
        if (base->ref_type == DB_REF_WEAK) {
            json_object_set_new(json, "refType", json_string("weak"));
        }
    }
    if (json_object_size(json) == 1) {
        json_incref(name);
        json_decref(json);
        return name;
    }
    return json;
}

json_t *db_type_to_json(const struct db_type *type)
{
    json_t *json, *key = base_type_to_json(&type->key);

    if (db_type_is_scalar(type) && json_is_string(key)) {
        return key;
    }
    json = json_object();
    json_object_set_new(json, "key", key);
    if (db_type_is_map(type)) {
        json_object_set_new(json, "value", base_type_to_json(&type->value));
    }
    if (type->n_min != 1) {
        json_object_set_new(json, "min", json_integer(type->n_min));
    }
    if (type->n_max == DB_UNLIMITED) {
        json_object_set_new(json, "max", json_string("unlimited"));
    } else if (type->n_max != 1) {
        json_object_set_new(json, "max", json_integer(type->n_max));
    }
    return json;
}
