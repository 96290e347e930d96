/* Atoms and datums: comparing, copying, sorting. See datum.h for the contract; the JSON and text
 * forms are in datum_json.c and datum_text.c, operations on whole sets in datum_set.c. Everything
 * here relies on datums being sorted, and no function but db_datum_add() may leave one unsorted. */
#include "db/schema/datum.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"

const char *db_atom_type_name(enum db_atom_type type)
{
    static const char *const names[] = {"void", "integer", "real", "boolean", "string", "uuid"};

    return names[type];
}

int db_atom_compare(enum db_atom_type type, const union db_atom *a, const union db_atom *b)
{
    switch (type) {
    case DB_INTEGER: return a->integer < b->integer ? -1 : a->integer > b->integer;
    case DB_REAL: return a->real < b->real ? -1 : a->real > b->real;
    case DB_BOOLEAN: return a->boolean - b->boolean;
    case DB_STRING: return strcmp(a->string, b->string);
    case DB_UUID: return uuid_compare(&a->uuid, &b->uuid);
    case DB_VOID: break;
    }
    return 0;
}

void db_atom_copy(enum db_atom_type type, union db_atom *dst, const union db_atom *src)
{
    if (type == DB_STRING) {
        dst->string = xstrdup(src->string);
    } else {
        *dst = *src;
    }
}

void db_atom_free(enum db_atom_type type, union db_atom *atom)
{
    if (type == DB_STRING) {
        free(atom->string);
        atom->string = NULL;
    }
}

void db_datum_init(struct db_datum *d)
{
    *d = (struct db_datum){0, NULL, NULL};
}

static void atom_default(enum db_atom_type type, union db_atom *atom)
{
    memset(atom, 0, sizeof *atom);
    if (type == DB_STRING) {
        atom->string = xstrdup("");
    }
}

void db_datum_default(struct db_datum *d, const struct db_type *type)
{
    union db_atom key, value;

    db_datum_init(d);
    if (type->n_min == 0) {
        return;
    }
    atom_default(type->key.type, &key);
    atom_default(type->value.type, &value);
    db_datum_add(d, &key, db_type_is_map(type) ? &value : NULL);
}

/* How many atoms the arrays of a datum of 'n' elements have room for. A database holds millions of
 * datums, so the capacity is not stored but follows from 'n': exactly it when small, else the next
 * multiple of 64. (A datum that shrank has more room than this says, never less.) */
static unsigned int room_for(unsigned int n)
{
    return n < 64 ? n : ROUND_UP(n, 64u);
}

static union db_atom *copy_atoms(const union db_atom *src, unsigned int n, enum db_atom_type type)
{
    union db_atom *dst;

    if (!n || type == DB_VOID) {
        return NULL;
    }
    dst = xreallocarray(NULL, room_for(n), sizeof *src);
    memcpy(dst, src, n * sizeof *src);
    if (type == DB_STRING) {
        for (unsigned int i = 0; i < n; i++) {
            dst[i].string = xstrdup(src[i].string);
        }
    }
    return dst;
}

void db_datum_copy(struct db_datum *dst, const struct db_datum *src, const struct db_type *type)
{
    dst->n = src->n;
    dst->keys = copy_atoms(src->keys, src->n, type->key.type);
    dst->values = copy_atoms(src->values, src->n, type->value.type);
}

void db_datum_free(struct db_datum *d, const struct db_type *type)
{
    if (type->key.type == DB_STRING) {
        for (unsigned int i = 0; i < d->n; i++) {
            free(d->keys[i].string);
        }
    }
    if (type->value.type == DB_STRING) {
        for (unsigned int i = 0; i < d->n; i++) {
            free(d->values[i].string);
        }
    }
    free(d->keys);
    free(d->values);
    db_datum_init(d);
}

int db_datum_compare(const struct db_datum *a, const struct db_datum *b, const struct db_type *type)
{
    int cmp;

    if (a->n != b->n) {
        return a->n < b->n ? -1 : 1;
    }
    for (unsigned int i = 0; i < a->n; i++) {
        cmp = db_atom_compare(type->key.type, &a->keys[i], &b->keys[i]);
        if (cmp) {
            return cmp;
        }
    }
    if (db_type_is_map(type)) {
        for (unsigned int i = 0; i < a->n; i++) {
            cmp = db_atom_compare(type->value.type, &a->values[i], &b->values[i]);
            if (cmp) {
                return cmp;
            }
        }
    }
    return 0;
}

bool db_datum_equal(const struct db_datum *a, const struct db_datum *b, const struct db_type *type)
{
    return !db_datum_compare(a, b, type);
}

int db_datum_find(const struct db_datum *d, const union db_atom *key, enum db_atom_type type)
{
    unsigned int low = 0, high = d->n, mid;
    int cmp;

    while (low < high) {
        mid = low + (high - low) / 2;
        cmp = db_atom_compare(type, key, &d->keys[mid]);
        if (!cmp) {
            return (int)mid;
        }
        if (cmp < 0) {
            high = mid;
        } else {
            low = mid + 1;
        }
    }
    return -1;
}

void db_datum_add(struct db_datum *d, const union db_atom *key, const union db_atom *value)
{
    unsigned int room = room_for(d->n + 1);

    if (room != room_for(d->n)) {
        d->keys = xreallocarray(d->keys, room, sizeof *d->keys);
        if (value) {
            d->values = xreallocarray(d->values, room, sizeof *d->values);
        }
    }
    d->keys[d->n] = *key;
    if (value) {
        d->values[d->n] = *value;
    }
    d->n++;
}

void db_datum_remove(struct db_datum *d, unsigned int i, const struct db_type *type)
{
    size_t behind = d->n - i - 1;

    db_atom_free(type->key.type, &d->keys[i]);
    memmove(&d->keys[i], &d->keys[i + 1], behind * sizeof *d->keys);
    if (d->values) {
        db_atom_free(type->value.type, &d->values[i]);
        memmove(&d->values[i], &d->values[i + 1], behind * sizeof *d->values);
    }
    d->n--;
}

struct pair {
    union db_atom key, value;
};

static int compare_pairs(const void *a, const void *b, void *type)
{
    const struct pair *x = a, *y = b;

    return db_atom_compare(*(const enum db_atom_type *)type, &x->key, &y->key);
}

static int compare_keys(const void *a, const void *b, void *type)
{
    return db_atom_compare(*(const enum db_atom_type *)type, a, b);
}

static bool is_sorted(const struct db_datum *d, enum db_atom_type type)
{
    for (unsigned int i = 1; i < d->n; i++) {
        if (db_atom_compare(type, &d->keys[i - 1], &d->keys[i]) >= 0) {
            return false;
        }
    }
    return true;
}

static void sort_map(struct db_datum *d, const struct db_type *type)
{
    enum db_atom_type key_type = type->key.type;
    struct pair *pairs = xmalloc(d->n * sizeof *pairs);

    for (unsigned int i = 0; i < d->n; i++) {
        pairs[i] = (struct pair){d->keys[i], d->values[i]};
    }
    qsort_r(pairs, d->n, sizeof *pairs, compare_pairs, &key_type);
    for (unsigned int i = 0; i < d->n; i++) {
        d->keys[i] = pairs[i].key;
        d->values[i] = pairs[i].value;
    }
    free(pairs);
}

int db_datum_sort(struct db_datum *d, const struct db_type *type)
{
    enum db_atom_type key_type = type->key.type;
    unsigned int kept = 0;

    if (d->n < 2 || is_sorted(d, key_type)) {
        return 0;
    }
    if (d->values) {
        sort_map(d, type);
    } else {
        qsort_r(d->keys, d->n, sizeof *d->keys, compare_keys, &key_type);
    }
    for (unsigned int i = 1; i < d->n; i++) {
        if (d->values && !db_atom_compare(key_type, &d->keys[i - 1], &d->keys[i]) &&
            db_atom_compare(type->value.type, &d->values[i - 1], &d->values[i])) {
            return -EINVAL;
        }
    }
    for (unsigned int i = 1; i < d->n; i++) {
        if (!db_atom_compare(key_type, &d->keys[kept], &d->keys[i])) {
            db_atom_free(key_type, &d->keys[i]);
            if (d->values) {
                db_atom_free(type->value.type, &d->values[i]);
            }
            continue;
        }
        kept++;
        d->keys[kept] = d->keys[i];
        if (d->values) {
            d->values[kept] = d->values[i];
        }
    }
    d->n = kept + 1;
    return 0;
}

static uint64_t hash_atom(enum db_atom_type type, const union db_atom *a, uint64_t seed)
{
    switch (type) {
    case DB_INTEGER: return hash_bytes(&a->integer, sizeof a->integer, seed);
    case DB_REAL: {
        double real = a->real == 0 ? 0 : a->real; /* -0 equals 0. */

        return hash_bytes(&real, sizeof real, seed);
    }
    case DB_BOOLEAN: return hash_mix64(seed ^ a->boolean);
    case DB_STRING: return hash_bytes(a->string, strlen(a->string), seed);
    case DB_UUID: return hash_bytes(&a->uuid, sizeof a->uuid, seed);
    case DB_VOID: break;
    }
    return seed;
}

uint64_t db_datum_hash(const struct db_datum *d, const struct db_type *type, uint64_t seed)
{
    uint64_t h = hash_mix64(seed ^ d->n);

    for (unsigned int i = 0; i < d->n; i++) {
        h = hash_atom(type->key.type, &d->keys[i], h);
        if (d->values) {
            h = hash_atom(type->value.type, &d->values[i], h);
        }
    }
    return h;
}
