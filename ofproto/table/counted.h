/* Two small counted sets that tuples need: of hashes (which are there at all?) and of priorities
 * (which is the highest?). Control thread. */
#ifndef OFPROTO_TABLE_COUNTED_H
#define OFPROTO_TABLE_COUNTED_H

#include "lib/util.h"

/* Hashes, by open addressing. */
struct hash_counts {
    struct hash_count {
        uint32_t hash;
        uint32_t count; /* 0: the slot is free. */
    } * slots;
    uint32_t n_slots; /* A power of two; 0 while empty. */
    uint32_t n;
};

void hash_counts_free(struct hash_counts *);
void hash_counts_add(struct hash_counts *, uint32_t hash);
void hash_counts_remove(struct hash_counts *, uint32_t hash); /* Must be there. */
bool hash_counts_has(const struct hash_counts *, uint32_t hash);

/* Priorities 0...65535: counters in pages that come with their first member, and bitmaps to find
 * the highest in two steps. */
struct prio_page {
    uint64_t used[16];
    uint32_t n;
    uint32_t count[1024];
};

struct prio_counts {
    struct prio_page *page[64];
    uint64_t used;
};

void prio_counts_free(struct prio_counts *);
void prio_counts_add(struct prio_counts *, uint16_t prio);
void prio_counts_remove(struct prio_counts *, uint16_t prio); /* Must be there. */
/* -1 when empty. */
int prio_counts_max(const struct prio_counts *);

#endif
