/* Datums to and from the text form of the command-line tools (ovs-vsctl(8), "Database Values").
 * Error texts begin with the words that ovs-vsctl uses, because scripts look for them. */
#include "db/schema/datum.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RANGE 4096

static bool is_delimiter(char c)
{
    return c == '\0' || strchr(":=, []{}!<>", c) != NULL;
}

static const char *skip_spaces(const char *p)
{
    while (isspace((unsigned char)*p)) {
        p++;
    }
    return p;
}

/* The end of the word at 'p': of a quoted one behind its closing quote, or where the text ends. */
static const char *word_end(const char *p)
{
    if (*p == '"') {
        for (p++; *p && *p != '"'; p++) {
            if (*p == '\\' && p[1]) {
                p++;
            }
        }
        return *p ? p + 1 : p;
    }
    while (!is_delimiter(*p)) {
        p++;
    }
    return p;
}

static int string_from_word(char **ret, const char *word, struct error *err)
{
    json_error_t json_error;
    json_t *json;
    size_t len = strlen(word);

    if (!len) {
        return error_set(err, EINVAL,
                         "An empty string is not valid as input; use \"\" to represent the empty "
                         "string");
    }
    if (word[0] != '"') {
        json = json_string(word);
        if (!json) {
            return error_set(err, EINVAL, "a string is not valid UTF-8");
        }
        json_decref(json);
        *ret = xstrdup(word);
        return 0;
    }
    if (len < 2 || word_end(word) != word + len || word[len - 1] != '"') {
        return error_set(err, EINVAL, "%.200s: missing quote at end of quoted string", word);
    }
    json = json_loads(word, JSON_DECODE_ANY, &json_error);
    if (!json) {
        return error_set(err, EINVAL, "%.200s: %s", word, json_error.text);
    }
    *ret = xstrdup(json_string_value(json));
    json_decref(json);
    return 0;
}

static int integer_from_word(int64_t *ret, const char *word, struct error *err)
{
    char *end;

    errno = 0;
    *ret = strtoll(word, &end, 10);
    if (errno || end == word || *end || isspace((unsigned char)*word)) {
        return error_set(err, EINVAL, "\"%.100s\" is not a valid integer or range", word);
    }
    return 0;
}

static int real_from_word(double *ret, const char *word, struct error *err)
{
    char *end;

    errno = 0;
    *ret = strtod(word, &end);
    if (errno == ERANGE || end == word || *end || !isfinite(*ret) ||
        isspace((unsigned char)*word)) {
        return error_set(err, EINVAL, "\"%.100s\" is not a valid real number", word);
    }
    return 0;
}

static int boolean_from_word(bool *ret, const char *word, struct error *err)
{
    static const char *const words[][2] = {
        {"false", "true"}, {"no", "yes"}, {"off", "on"}, {"0", "1"}};

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        for (int v = 0; v < 2; v++) {
            if (!strcmp(word, words[i][v])) {
                *ret = v;
                return 0;
            }
        }
    }
    return error_set(err, EINVAL, "\"%.100s\" is not a valid boolean (use \"true\" or \"false\")",
                     word);
}

static int uuid_from_word(struct uuid *ret, const char *word, db_named_uuid_cb *named, void *aux,
                          struct error *err)
{
    if (word[0] == '@' && named) {
        return named(word + 1, ret, aux)
                   ? 0
                   : error_set(err, EINVAL, "%.100s is not the name of a new row", word);
    }
    if (!uuid_from_string(word, ret)) {
        return error_set(err, EINVAL, "\"%.100s\" is not a valid UUID", word);
    }
    return 0;
}

int db_atom_from_word(union db_atom *ret, const struct db_base_type *base, const char *word,
                      db_named_uuid_cb *named, void *aux, struct error *err)
{
    union db_atom atom;
    int error;

    memset(&atom, 0, sizeof atom);
    switch (base->type) {
    case DB_INTEGER: error = integer_from_word(&atom.integer, word, err); break;
    case DB_REAL: error = real_from_word(&atom.real, word, err); break;
    case DB_BOOLEAN: error = boolean_from_word(&atom.boolean, word, err); break;
    case DB_STRING: error = string_from_word(&atom.string, word, err); break;
    case DB_UUID: error = uuid_from_word(&atom.uuid, word, named, aux, err); break;
    default: error = error_set(err, EINVAL, "a value where there can be none"); break;
    }
    if (error) {
        return error;
    }
    error = db_atom_check(&atom, base, err);
    if (error) {
        error_prefix(err, "constraint violation");
        db_atom_free(base->type, &atom);
        return error;
    }
    *ret = atom;
    return 0;
}

int db_atom_from_text(union db_atom *ret, const struct db_base_type *base, const char **text,
                      db_named_uuid_cb *named, void *aux, struct error *err)
{
    const char *end = word_end(*text);
    char *word = xstrndup(*text, (size_t)(end - *text));
    int error = db_atom_from_word(ret, base, word, named, aux, err);

    free(word);
    if (!error) {
        *text = end;
    }
    return error;
}

static int add_range(struct db_datum *d, const struct db_base_type *base, const char *word,
                     int64_t first, int64_t last, struct error *err)
{
    union db_atom atom = {.integer = first};
    int error;

    if (last < first) {
        return error_set(err, EINVAL,
                         "\"%s\" is not a valid range. Range end cannot be before start.", word);
    }
    if ((uint64_t)last - (uint64_t)first >= MAX_RANGE) {
        return error_set(err, EINVAL,
                         "\"%s\" is not a valid range. Range cannot have more than %d elements.",
                         word, MAX_RANGE);
    }
    for (; atom.integer <= last; atom.integer++) {
        error = db_atom_check(&atom, base, err);
        if (error) {
            error_prefix(err, "constraint violation");
            return error;
        }
        db_datum_add(d, &atom, NULL);
        if (atom.integer == INT64_MAX) {
            break;
        }
    }
    return 0;
}

/* True, with the two ends, when 'word' is "A-B". */
static bool split_range(const char *word, int64_t *first, int64_t *last)
{
    char *end;

    errno = 0;
    *first = strtoll(word, &end, 10);
    if (errno || end == word || *end != '-' || isspace((unsigned char)*word)) {
        return false;
    }
    word = end + 1;
    *last = strtoll(word, &end, 10);
    return !errno && end != word && !*end && !isspace((unsigned char)*word);
}

static int add_range_at(struct db_datum *d, const struct db_type *type, const char **p, bool *found,
                        struct error *err)
{
    const char *end = word_end(*p);
    char word[48];
    int64_t first, last;

    *found = false;
    if (type->key.type != DB_INTEGER || db_type_is_map(type) || end - *p >= (long)sizeof word) {
        return 0;
    }
    memcpy(word, *p, (size_t)(end - *p));
    word[end - *p] = '\0';
    if (!split_range(word, &first, &last)) {
        return 0;
    }
    *found = true;
    *p = end;
    return add_range(d, &type->key, word, first, last, err);
}

static int element_from_text(struct db_datum *d, const struct db_type *type, const char *text,
                             const char **p, db_named_uuid_cb *named, void *aux, struct error *err)
{
    union db_atom key, value;
    bool is_range;
    int error;

    error = add_range_at(d, type, p, &is_range, err);
    if (error || is_range) {
        return error;
    }
    error = db_atom_from_text(&key, &type->key, p, named, aux, err);
    if (error || !db_type_is_map(type)) {
        if (!error) {
            db_datum_add(d, &key, NULL);
        }
        return error;
    }
    *p = skip_spaces(*p);
    if (**p != '=') {
        error = error_set(err, EINVAL, "%.200s: syntax error at \"%.1s\" expecting \"=\"", text,
                          *p);
    } else {
        *p = skip_spaces(*p + 1);
        error = db_atom_from_text(&value, &type->value, p, named, aux, err);
    }
    if (error) {
        db_atom_free(type->key.type, &key);
        return error;
    }
    db_datum_add(d, &key, &value);
    return 0;
}

/* For messages: "set of up to 1 strings", "map of (string, string) pairs". */
static const char *describe(const struct db_type *type, char text[128])
{
    const char *key = db_atom_type_name(type->key.type);

    if (db_type_is_map(type)) {
        snprintf(text, 128, "map of (%s, %s) pairs", key, db_atom_type_name(type->value.type));
    } else if (type->n_max == DB_UNLIMITED) {
        snprintf(text, 128, "set of %ss", key);
    } else {
        snprintf(text, 128, "set of up to %u %ss", type->n_max, key);
    }
    return text;
}

static int elements_from_text(struct db_datum *d, const struct db_type *type, const char *text,
                              db_named_uuid_cb *named, void *aux, struct error *err)
{
    char open = db_type_is_map(type) ? '{' : '[', close = 0, what[128];
    const char *p = skip_spaces(text);
    int error;

    if (*p == open) {
        close = open == '{' ? '}' : ']';
        p = skip_spaces(p + 1);
    }
    while (*p && *p != close) {
        if (is_delimiter(*p)) {
            return error_set(err, EINVAL, "%.200s: unexpected \"%c\" parsing %s", text, *p,
                             describe(type, what));
        }
        error = element_from_text(d, type, text, &p, named, aux, err);
        if (error) {
            return error;
        }
        p = skip_spaces(p);
        if (*p == ',') {
            p = skip_spaces(p + 1);
        }
    }
    if (close) {
        if (!*p) {
            return error_set(err, EINVAL, "%.200s: missing \"%c\" at end of data", text, close);
        }
        if (*skip_spaces(p + 1)) {
            return error_set(err, EINVAL, "%.200s: trailing garbage after \"%c\"", text, close);
        }
    }
    return 0;
}

int db_datum_from_text(struct db_datum *ret, const struct db_type *type, const char *text,
                       db_named_uuid_cb *named, void *aux, struct error *err)
{
    struct db_datum d;
    unsigned int n;
    int error;

    db_datum_init(&d);
    error = elements_from_text(&d, type, text, named, aux, err);
    if (error) {
        goto failed;
    }
    n = d.n;
    if (n > type->n_max) {
        error = error_set(err, EINVAL, "%.200s: %u value(s) specified but the maximum number is %u",
                          text, n, type->n_max);
        goto failed;
    }
    if (n < type->n_min) {
        error = error_set(err, EINVAL, "%.200s: %u value(s) specified but the minimum number is %u",
                          text, n, type->n_min);
        goto failed;
    }
    if (db_datum_sort(&d, type) || d.n != n) {
        error = error_set(err, EINVAL, "%.200s: %s", text,
                          db_type_is_map(type) ? "map contains duplicate key"
                                               : "set contains duplicate value");
        goto failed;
    }
    *ret = d;
    return 0;

failed:
    db_datum_free(&d, type);
    return error;
}

/* --- Out. --- */

static bool needs_quotes(const char *s)
{
    struct uuid uuid;
    const char *p = s;

    if (!isalpha((unsigned char)*p) && *p != '_') {
        return true;
    }
    for (; *p; p++) {
        if (!isalnum((unsigned char)*p) && !strchr("_-.", *p)) {
            return true;
        }
    }
    return uuid_from_string(s, &uuid) || !strcmp(s, "true") || !strcmp(s, "false");
}

void db_atom_to_text(struct strbuf *s, const union db_atom *atom, enum db_atom_type type)
{
    char text[UUID_LEN + 1];

    switch (type) {
    case DB_INTEGER: strbuf_printf(s, "%lld", (long long)atom->integer); break;
    case DB_REAL: strbuf_printf(s, "%.15g", atom->real); break;
    case DB_BOOLEAN: strbuf_puts(s, atom->boolean ? "true" : "false"); break;
    case DB_STRING:
        if (needs_quotes(atom->string)) {
            db_json_put_string(s, atom->string);
        } else {
            strbuf_puts(s, atom->string);
        }
        break;
    case DB_UUID:
        uuid_to_string(&atom->uuid, text);
        strbuf_puts(s, text);
        break;
    case DB_VOID: break;
    }
}

void db_datum_to_text(struct strbuf *s, const struct db_datum *d, const struct db_type *type)
{
    bool is_map = db_type_is_map(type), brackets = type->n_max > 1 || !d->n || is_map;

    if (brackets) {
        strbuf_putc(s, is_map ? '{' : '[');
    }
    for (unsigned int i = 0; i < d->n; i++) {
        if (i) {
            strbuf_puts(s, ", ");
        }
        db_atom_to_text(s, &d->keys[i], type->key.type);
        if (is_map) {
            strbuf_putc(s, '=');
            db_atom_to_text(s, &d->values[i], type->value.type);
        }
    }
    if (brackets) {
        strbuf_putc(s, is_map ? '}' : ']');
    }
}
