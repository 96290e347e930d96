/* Masks as they were put, shared: a hundred thousand megaflows have a handful of different ones.
 * Control thread. */
#include "datapath/cache/wildcard/private.h"

#include <stdlib.h>
#include <uthash.h>

struct wildcard_interned {
    struct flow_mask mask; /* First: the address is what users hold. */
    uint32_t n_users;
    UT_hash_handle hh;
};

struct flow_mask *wildcard_mask_intern(struct wildcard_table *t, const struct flow_mask *mask)
{
    struct wildcard_interned *i;
    struct flow_mask whole;

    flow_mask_init(&whole); /* With every byte written, since bytes are the key. */
    flow_mask_or(&whole, mask);
    HASH_FIND(hh, t->interned, &whole, sizeof whole, i);
    if (!i) {
        i = aligned_alloc(64, ROUND_UP(sizeof *i, 64));
        if (!i) {
            abort();
        }
        memset(i, 0, sizeof *i);
        memcpy(&i->mask, &whole, sizeof whole);
        HASH_ADD(hh, t->interned, mask, sizeof i->mask, i);
    }
    i->n_users++;
    return &i->mask;
}

void wildcard_mask_release(struct wildcard_table *t, struct flow_mask *mask)
{
    struct wildcard_interned *i = (struct wildcard_interned *)mask;

    if (i && !--i->n_users) {
        HASH_DELETE(hh, t->interned, i);
        free(i);
    }
}
