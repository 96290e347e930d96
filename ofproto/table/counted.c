/* See counted.h. */
#include "ofproto/table/counted.h"

#include <stdlib.h>

void hash_counts_free(struct hash_counts *h)
{
    free(h->slots);
    *h = (struct hash_counts){NULL, 0, 0};
}

/* The slot of the hash, or the free one where it would go. */
static struct hash_count *slot_of(const struct hash_counts *h, uint32_t hash)
{
    uint32_t i = hash & (h->n_slots - 1);

    while (h->slots[i].count && h->slots[i].hash != hash) {
        i = (i + 1) & (h->n_slots - 1);
    }
    return &h->slots[i];
}

static void grow(struct hash_counts *h)
{
    struct hash_counts bigger = {NULL, h->n_slots ? h->n_slots * 2 : 16, h->n};

    bigger.slots = xcalloc(bigger.n_slots, sizeof *bigger.slots);
    for (uint32_t i = 0; i < h->n_slots; i++) {
        if (h->slots[i].count) {
            *slot_of(&bigger, h->slots[i].hash) = h->slots[i];
        }
    }
    free(h->slots);
    *h = bigger;
}

void hash_counts_add(struct hash_counts *h, uint32_t hash)
{
    struct hash_count *slot;

    if (h->n * 2 >= h->n_slots) {
        grow(h);
    }
    slot = slot_of(h, hash);
    if (!slot->count++) {
        slot->hash = hash;
        h->n++;
    }
}

void hash_counts_remove(struct hash_counts *h, uint32_t hash)
{
    struct hash_count *slot = slot_of(h, hash);
    uint32_t hole, i, mask = h->n_slots - 1;

    if (--slot->count) {
        return;
    }
    h->n--;
    /* Those behind it that could not have their own place move up. */
    hole = (uint32_t)(slot - h->slots);
    for (i = (hole + 1) & mask; h->slots[i].count; i = (i + 1) & mask) {
        uint32_t home = h->slots[i].hash & mask;

        if (((i - home) & mask) >= ((i - hole) & mask)) {
            h->slots[hole] = h->slots[i];
            h->slots[i].count = 0;
            hole = i;
        }
    }
}

bool hash_counts_has(const struct hash_counts *h, uint32_t hash)
{
    return h->n && slot_of(h, hash)->count;
}

void prio_counts_free(struct prio_counts *p)
{
    for (unsigned int i = 0; i < 64; i++) {
        free(p->page[i]);
    }
    *p = (struct prio_counts){{NULL}, 0};
}

void prio_counts_add(struct prio_counts *p, uint16_t prio)
{
    struct prio_page *page = p->page[prio / 1024];
    unsigned int at = prio % 1024;

    if (!page) {
        page = p->page[prio / 1024] = xcalloc(1, sizeof *page);
        p->used |= UINT64_C(1) << (prio / 1024);
    }
    if (!page->count[at]++) {
        page->used[at / 64] |= UINT64_C(1) << (at % 64);
        page->n++;
    }
}

void prio_counts_remove(struct prio_counts *p, uint16_t prio)
{
    struct prio_page *page = p->page[prio / 1024];
    unsigned int at = prio % 1024;

    if (--page->count[at]) {
        return;
    }
    page->used[at / 64] &= ~(UINT64_C(1) << (at % 64));
    if (!--page->n) {
        free(page);
        p->page[prio / 1024] = NULL;
        p->used &= ~(UINT64_C(1) << (prio / 1024));
    }
}

int prio_counts_max(const struct prio_counts *p)
{
    unsigned int top;

    if (!p->used) {
        return -1;
    }
    top = 63 - (unsigned int)__builtin_clzll(p->used);
    for (unsigned int i = 16; i-- > 0;) {
        uint64_t used = p->page[top]->used[i];

        if (used) {
            return (int)(top * 1024 + i * 64 + 63 - (unsigned int)__builtin_clzll(used));
        }
    }
    return -1;
}
