/* Values of the database: atoms, and the sets and maps ("datums") that columns hold. RFC 7047
 * sections 3.2 and 5.1.
 *
 * A scalar is a set of exactly one; an optional value is a set of none or one. Sets and maps are
 * always kept sorted by key and without duplicates, so that equality is a memory walk. Used by the
 * server, the client library and the tools. One thread at a time for each datum. */
#ifndef DB_SCHEMA_DATUM_H
#define DB_SCHEMA_DATUM_H

#include <jansson.h>

#include "lib/error.h"
#include "lib/strbuf.h"
#include "lib/uuid.h"

enum db_atom_type {
    DB_VOID, /* A map's value type when it is a set. */
    DB_INTEGER,
    DB_REAL,
    DB_BOOLEAN,
    DB_STRING,
    DB_UUID,
};

union db_atom {
    int64_t integer;
    double real;
    bool boolean;
    char *string; /* UTF-8, owned. */
    struct uuid uuid;
};

struct db_datum {
    unsigned int n;
    union db_atom *keys;
    union db_atom *values; /* NULL for sets. */
};

enum db_ref_type { DB_REF_STRONG, DB_REF_WEAK };

/* <base-type> with its constraints. */
struct db_base_type {
    enum db_atom_type type;
    struct db_datum *allowed; /* "enum": a set of this type, or NULL. */
    int64_t min_integer, max_integer;
    double min_real, max_real;
    unsigned int min_length, max_length; /* Characters. */
    char *ref_table;                     /* NULL: no reference. */
    enum db_ref_type ref_type;
};

#define DB_UNLIMITED UINT32_MAX

/* <type> */
struct db_type {
    struct db_base_type key;
    struct db_base_type value; /* DB_VOID for sets. */
    unsigned int n_min;        /* 0 or 1. */
    unsigned int n_max;        /* DB_UNLIMITED for "unlimited". */
};

static inline bool db_type_is_map(const struct db_type *t)
{
    return t->value.type != DB_VOID;
}

static inline bool db_type_is_scalar(const struct db_type *t)
{
    return !db_type_is_map(t) && t->n_min == 1 && t->n_max == 1;
}

int db_atom_compare(enum db_atom_type, const union db_atom *, const union db_atom *);
void db_atom_copy(enum db_atom_type, union db_atom *dst, const union db_atom *src);
void db_atom_free(enum db_atom_type, union db_atom *);

void db_datum_init(struct db_datum *); /* Empty. */
/* The default of RFC 7047 section 5.2.1: 0, "", false, zero uuid, or empty when n_min is 0. */
void db_datum_default(struct db_datum *, const struct db_type *);
void db_datum_copy(struct db_datum *dst, const struct db_datum *src, const struct db_type *);
void db_datum_free(struct db_datum *, const struct db_type *);
bool db_datum_equal(const struct db_datum *, const struct db_datum *, const struct db_type *);
int db_datum_compare(const struct db_datum *, const struct db_datum *, const struct db_type *);
/* The index of 'key', or -1. */
int db_datum_find(const struct db_datum *, const union db_atom *key, enum db_atom_type);
/* Adds without checking for duplicates or order (takes over the atoms); db_datum_sort() afterwards.
 * 'value' NULL for sets. */
void db_datum_add(struct db_datum *, const union db_atom *key, const union db_atom *value);
void db_datum_remove(struct db_datum *, unsigned int i, const struct db_type *);
/* Sorts and drops duplicates; for maps -EINVAL when one key has two values. */
int db_datum_sort(struct db_datum *, const struct db_type *);

/* Looks up the uuid that "named-uuid" NAME stands for in this transaction; false when there is
 * none. */
typedef bool db_named_uuid_cb(const char *name, struct uuid *ret, void *aux);

/* The same whatever the order in which it was built; not stable across programs. */
uint64_t db_datum_hash(const struct db_datum *, const struct db_type *, uint64_t seed);

/* --- Sets and maps as a whole (datum_set.c). --- */

/* True when every element (for maps: every pair) of 'part' is in 'whole'. */
bool db_datum_includes(const struct db_datum *whole, const struct db_datum *part,
                       const struct db_type *);
/* True when no element (pair) of 'part' is in 'whole'. */
bool db_datum_excludes(const struct db_datum *whole, const struct db_datum *part,
                       const struct db_type *);
/* Adds to 'dst' the elements whose keys it does not have; a pair of a key that it has is kept. */
void db_datum_union(struct db_datum *dst, const struct db_datum *src, const struct db_type *);
/* Removes the elements of 'src' from 'dst'. For maps, pairs: 'keys_only' says that 'src' is a set
 * of keys. */
void db_datum_subtract(struct db_datum *dst, const struct db_datum *src, const struct db_type *,
                       bool keys_only);
/* The difference as ovsdb-server(7) section 4.1.14 defines it: for a column of at most one value
 * the new value; for sets the elements of only one of both; for maps the pairs whose keys are in
 * only one, and the new pairs where values differ. */
void db_datum_diff(struct db_datum *ret, const struct db_datum *old,
                   const struct db_datum *new_datum, const struct db_type *);
/* Turns old into new, given their difference. */
void db_datum_apply_diff(struct db_datum *, const struct db_datum *diff, const struct db_type *);

/* JSON as in RFC 7047 section 5.1, with every constraint of 'type' checked (except references).
 * '*ret' is written on success only. 'named' may be NULL. Errors: -EINVAL for what does not have
 * the form or the count of the type, -ERANGE for a value that a constraint forbids, -EEXIST for a
 * duplicate. */
int db_datum_from_json(struct db_datum *ret, const struct db_type *, const json_t *,
                       db_named_uuid_cb *named, void *aux, struct error *);
json_t *db_datum_to_json(const struct db_datum *, const struct db_type *);
/* The same as compact text, for the log and for updates. */
void db_datum_put_json(struct strbuf *, const struct db_datum *, const struct db_type *);
void db_json_put_string(struct strbuf *, const char *);
/* Checks count and values against 'type'. */
int db_datum_check(const struct db_datum *, const struct db_type *, struct error *);

/* The text form of the tools (ovs-vsctl(8)): words, "quoted strings", {k=v, ...}, [a, b], ranges of
 * integers "1-5". */
int db_datum_from_text(struct db_datum *ret, const struct db_type *, const char *text,
                       db_named_uuid_cb *named, void *aux, struct error *);
void db_datum_to_text(struct strbuf *, const struct db_datum *, const struct db_type *);
/* One atom from text, at '*text', which is advanced; and to text. */
int db_atom_from_text(union db_atom *ret, const struct db_base_type *, const char **text,
                      db_named_uuid_cb *named, void *aux, struct error *);
/* One atom that is the whole of 'word' (of "external_ids:a=x:y", "x:y"), quoted or not. */
int db_atom_from_word(union db_atom *ret, const struct db_base_type *, const char *word,
                      db_named_uuid_cb *named, void *aux, struct error *);
void db_atom_to_text(struct strbuf *, const union db_atom *, enum db_atom_type);
json_t *db_atom_to_json(const union db_atom *, enum db_atom_type);

/* "integer", "real", "boolean", "string", "uuid"; "void". */
const char *db_atom_type_name(enum db_atom_type);
/* Checks an atom against the constraints of 'base' (-ERANGE). */
int db_atom_check(const union db_atom *, const struct db_base_type *, struct error *);

/* A type with no constraints. */
void db_base_type_init(struct db_base_type *, enum db_atom_type);
/* Types from and to the JSON of schemas. */
int db_type_from_json(struct db_type *ret, const json_t *, struct error *);
json_t *db_type_to_json(const struct db_type *);
void db_type_free(struct db_type *);

#endif
