/* Operations on whole sets and maps: inclusion, union, difference. Used by conditions, mutations,
 * monitors and the log. All work by one walk over two sorted arrays. */
#include "db/schema/datum.h"

#include <stdlib.h>

static bool same_pair(const struct db_datum *a, unsigned int i, const struct db_datum *b,
                      unsigned int j, const struct db_type *type)
{
    return !a->values || !b->values ||
           !db_atom_compare(type->value.type, &a->values[i], &b->values[j]);
}

/* How many elements of 'part' are in 'whole'. */
static unsigned int count_common(const struct db_datum *whole, const struct db_datum *part,
                                 const struct db_type *type)
{
    unsigned int n = 0;

    for (unsigned int j = 0; j < part->n; j++) {
        int i = db_datum_find(whole, &part->keys[j], type->key.type);

        if (i >= 0 && same_pair(whole, (unsigned int)i, part, j, type)) {
            n++;
        }
    }
    return n;
}

bool db_datum_includes(const struct db_datum *whole, const struct db_datum *part,
                       const struct db_type *type)
{
    return count_common(whole, part, type) == part->n;
}

bool db_datum_excludes(const struct db_datum *whole, const struct db_datum *part,
                       const struct db_type *type)
{
    return count_common(whole, part, type) == 0;
}

static void add_copy(struct db_datum *dst, const struct db_datum *src, unsigned int i,
                     const struct db_type *type)
{
    union db_atom key, value;

    db_atom_copy(type->key.type, &key, &src->keys[i]);
    if (src->values) {
        db_atom_copy(type->value.type, &value, &src->values[i]);
    }
    db_datum_add(dst, &key, src->values ? &value : NULL);
}

/* Replaces what 'dst' holds by the atoms of 'from', which is left empty. */
static void take(struct db_datum *dst, struct db_datum *from, const struct db_type *type)
{
    db_datum_free(dst, type);
    *dst = *from;
    db_datum_init(from);
}

void db_datum_union(struct db_datum *dst, const struct db_datum *src, const struct db_type *type)
{
    struct db_datum result;
    unsigned int i = 0, j = 0;
    int cmp;

    db_datum_init(&result);
    while (i < dst->n || j < src->n) {
        if (i == dst->n) {
            cmp = 1;
        } else if (j == src->n) {
            cmp = -1;
        } else {
            cmp = db_atom_compare(type->key.type, &dst->keys[i], &src->keys[j]);
        }
        if (cmp <= 0) {
            /* Moved, not copied: 'dst' gives up its atoms below. */
            db_datum_add(&result, &dst->keys[i], dst->values ? &dst->values[i] : NULL);
            i++;
            j += cmp == 0;
        } else {
            add_copy(&result, src, j++, type);
        }
    }
    dst->n = 0;
    take(dst, &result, type);
}

void db_datum_subtract(struct db_datum *dst, const struct db_datum *src, const struct db_type *type,
                       bool keys_only)
{
    unsigned int kept = 0;

    for (unsigned int i = 0; i < dst->n; i++) {
        int j = db_datum_find(src, &dst->keys[i], type->key.type);

        if (j >= 0 && (keys_only || same_pair(dst, i, src, (unsigned int)j, type))) {
            db_atom_free(type->key.type, &dst->keys[i]);
            if (dst->values) {
                db_atom_free(type->value.type, &dst->values[i]);
            }
            continue;
        }
        dst->keys[kept] = dst->keys[i];
        if (dst->values) {
            dst->values[kept] = dst->values[i];
        }
        kept++;
    }
    if (!kept && dst->n) {
        dst->n = 0;
        db_datum_free(dst, type);
    }
    dst->n = kept;
}

void db_datum_diff(struct db_datum *ret, const struct db_datum *old,
                   const struct db_datum *new_datum, const struct db_type *type)
{
    unsigned int i = 0, j = 0;
    int cmp;

    if (type->n_max == 1) {
        db_datum_copy(ret, new_datum, type);
        return;
    }
    db_datum_init(ret);
    while (i < old->n || j < new_datum->n) {
        if (i == old->n) {
            cmp = 1;
        } else if (j == new_datum->n) {
            cmp = -1;
        } else {
            cmp = db_atom_compare(type->key.type, &old->keys[i], &new_datum->keys[j]);
        }
        if (cmp < 0) {
            add_copy(ret, old, i++, type);
        } else if (cmp > 0) {
            add_copy(ret, new_datum, j++, type);
        } else {
            if (!same_pair(old, i, new_datum, j, type)) {
                add_copy(ret, new_datum, j, type);
            }
            i++;
            j++;
        }
    }
}

void db_datum_apply_diff(struct db_datum *d, const struct db_datum *diff,
                         const struct db_type *type)
{
    struct db_datum result;
    unsigned int i = 0, j = 0;
    int cmp;

    if (type->n_max == 1) {
        db_datum_copy(&result, diff, type);
        take(d, &result, type);
        return;
    }
    db_datum_init(&result);
    while (i < d->n || j < diff->n) {
        if (i == d->n) {
            cmp = 1;
        } else if (j == diff->n) {
            cmp = -1;
        } else {
            cmp = db_atom_compare(type->key.type, &d->keys[i], &diff->keys[j]);
        }
        if (cmp < 0) {
            add_copy(&result, d, i++, type);
        } else if (cmp > 0) {
            add_copy(&result, diff, j++, type);
        } else {
            /* The same element in both: gone; a pair with another value: changed. */
            if (!same_pair(d, i, diff, j, type)) {
                add_copy(&result, diff, j, type);
            }
            i++;
            j++;
        }
    }
    take(d, &result, type);
}
