/* Open addressing with linear probing; a removal closes the gap, so there are no tombstones. See
 * rowmap.h. */
#include "db/txn/rowmap.h"

#include <stdlib.h>

void rowmap_destroy(struct rowmap *m)
{
    free(m->slots);
    *m = (struct rowmap){0, 0, NULL};
}

static void place(struct rowmap *m, uint64_t hash, struct row *row)
{
    size_t i = hash & m->mask;

    while (m->slots[i].row) {
        i = (i + 1) & m->mask;
    }
    m->slots[i] = (struct rowmap_slot){hash, row};
}

static void resize(struct rowmap *m, size_t n_slots)
{
    struct rowmap_slot *old = m->slots;
    size_t n_old = old ? m->mask + 1 : 0;

    m->slots = xcalloc(n_slots, sizeof *m->slots);
    m->mask = n_slots - 1;
    for (size_t i = 0; i < n_old; i++) {
        if (old[i].row) {
            place(m, old[i].hash, old[i].row);
        }
    }
    free(old);
}

void rowmap_put(struct rowmap *m, uint64_t hash, struct row *row)
{
    size_t n_slots = m->slots ? m->mask + 1 : 0;

    if ((m->n + 1) * 4 > n_slots * 3) {
        resize(m, n_slots ? n_slots * 2 : 8);
    }
    place(m, hash, row);
    m->n++;
}

/* Moves later entries of the same run into the gap at 'i', as far as their own place allows. */
static void close_gap(struct rowmap *m, size_t i)
{
    for (size_t j = (i + 1) & m->mask; m->slots[j].row; j = (j + 1) & m->mask) {
        size_t home = m->slots[j].hash & m->mask;

        if (((j - home) & m->mask) >= ((j - i) & m->mask)) {
            m->slots[i] = m->slots[j];
            i = j;
        }
    }
    m->slots[i].row = NULL;
}

bool rowmap_remove(struct rowmap *m, uint64_t hash, const struct row *row)
{
    if (!m->slots) {
        return false;
    }
    for (size_t i = hash & m->mask; m->slots[i].row; i = (i + 1) & m->mask) {
        if (m->slots[i].row == row && m->slots[i].hash == hash) {
            close_gap(m, i);
            m->n--;
            if (m->mask > 1023 && m->n * 8 < m->mask) {
                resize(m, (m->mask + 1) / 4);
            }
            return true;
        }
    }
    return false;
}

struct row *rowmap_find(const struct rowmap *m, uint64_t hash, size_t *cursor)
{
    if (!m->slots) {
        return NULL;
    }
    for (;; (*cursor)++) {
        const struct rowmap_slot *slot = &m->slots[(hash + *cursor) & m->mask];

        if (!slot->row) {
            return NULL;
        }
        if (slot->hash == hash) {
            (*cursor)++;
            return slot->row;
        }
    }
}

struct row *rowmap_next(const struct rowmap *m, size_t *cursor)
{
    while (m->slots && *cursor <= m->mask) {
        const struct rowmap_slot *slot = &m->slots[(*cursor)++];

        if (slot->row) {
            return slot->row;
        }
    }
    return NULL;
}
