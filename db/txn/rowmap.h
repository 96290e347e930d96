/* A hash table of rows that keeps a 64-bit hash beside each pointer: for rows by uuid and for
 * indexes. Several rows may share a hash, or even be there twice; what equality means is the
 * caller's affair. 16 bytes an entry and no allocation per row: a database holds millions. */
#ifndef DB_TXN_ROWMAP_H
#define DB_TXN_ROWMAP_H

#include "lib/util.h"

struct row;

struct rowmap_slot {
    uint64_t hash;
    struct row *row; /* NULL: free. */
};

struct rowmap {
    size_t n;
    size_t mask; /* Number of slots - 1; 0 when 'slots' is NULL. */
    struct rowmap_slot *slots;
};

void rowmap_destroy(struct rowmap *);
void rowmap_put(struct rowmap *, uint64_t hash, struct row *);
/* Removes the entry (hash, row); false when it is not there. */
bool rowmap_remove(struct rowmap *, uint64_t hash, const struct row *);

/* Walks the rows of one hash: '*cursor' is 0 at first; NULL at the end. The map must not change
 * meanwhile. */
struct row *rowmap_find(const struct rowmap *, uint64_t hash, size_t *cursor);
/* Walks all rows: '*cursor' is 0 at first; NULL at the end. The map must not change meanwhile. */
struct row *rowmap_next(const struct rowmap *, size_t *cursor);

#endif
