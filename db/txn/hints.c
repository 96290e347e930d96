/* Who may hold weak references to a row: see struct weak_hint in database.h. Without them, deleting
 * a row would mean looking at every row that could refer to it. */
#include "db/txn/database.h"

#include <stdlib.h>
#include <string.h>

static bool datum_refers(const struct row *row, const struct ref_column *ref,
                         const struct row *target)
{
    const struct db_datum *d = &row->columns[ref->column->index];

    for (unsigned int i = 0; i < d->n; i++) {
        if ((ref->key == target->table && !uuid_compare(&d->keys[i].uuid, &target->uuid)) ||
            (ref->value == target->table && !uuid_compare(&d->values[i].uuid, &target->uuid))) {
            return true;
        }
    }
    return false;
}

static bool hint_holds(const struct weak_hint *hint, const struct row *target)
{
    const struct row *row = table_row(hint->table, &hint->uuid);

    for (unsigned int i = 0; row && i < hint->table->weak.n; i++) {
        if (datum_refers(row, &hint->table->weak.columns[i], target)) {
            return true;
        }
    }
    return false;
}

static int compare_hints(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct weak_hint));
}

/* Drops duplicates and what is no longer true. A hint that the running transaction still needs is
 * true in the present state of the rows, so it stays. */
static void prune(struct weak_hints *hints, const struct row *target)
{
    unsigned int kept = 0;

    qsort(hints->hint, hints->n, sizeof hints->hint[0], compare_hints);
    for (unsigned int i = 0; i < hints->n; i++) {
        if ((!kept || compare_hints(&hints->hint[kept - 1], &hints->hint[i])) &&
            hint_holds(&hints->hint[i], target)) {
            hints->hint[kept++] = hints->hint[i];
        }
    }
    hints->n = kept;
}

void row_add_hint(struct row *target, const struct row *referrer)
{
    struct weak_hints *hints = target->hints;
    struct weak_hint hint;

    if (hints && hints->n == hints->size) {
        prune(hints, target);
    }
    if (!hints || hints->n * 2 > hints->size) {
        unsigned int n = hints ? hints->n : 0, size = n * 2 + 4;

        hints = xrealloc(hints, sizeof *hints + size * sizeof hints->hint[0]);
        hints->n = n;
        hints->size = size;
        target->hints = hints;
    }
    memset(&hint, 0, sizeof hint); /* Compared as bytes. */
    hint.table = referrer->table;
    hint.uuid = referrer->uuid;
    hints->hint[hints->n++] = hint;
}

void row_add_hints(const struct row *referrer, const struct ref_column *ref)
{
    const struct db_datum *d = &referrer->columns[ref->column->index];
    struct row *target;

    for (unsigned int i = 0; i < d->n; i++) {
        target = ref->key ? table_row(ref->key, &d->keys[i].uuid) : NULL;
        if (target) {
            row_add_hint(target, referrer);
        }
        target = ref->value ? table_row(ref->value, &d->values[i].uuid) : NULL;
        if (target) {
            row_add_hint(target, referrer);
        }
    }
}
