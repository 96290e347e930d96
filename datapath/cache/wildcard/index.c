/* The wildcard cache's hash table as its one writer sees it: places in buckets are filled and
 * emptied under the readers' eyes. A place is filled slot first, signature last, and emptied
 * signature first; nothing moves while it is there. Control thread. */
#include "datapath/cache/wildcard/private.h"

#include <errno.h>

#include "datapath/cache/memory.h"

#define MAX_CHAIN 8 /* Buckets: the bound of a probe. */

struct wildcard_index *wildcard_index_new(uint32_t flow_limit)
{
    struct wildcard_index *index;
    uint32_t n = 1024;
    size_t size;

    while (n < flow_limit / 4) {
        n *= 2;
    }
    size = sizeof *index + ((size_t)n + n / 4) * sizeof(struct wildcard_bucket);
    index = cache_memory_new(size);
    if (index) {
        index->mask = n - 1;
        index->next_overflow = n;
        index->n_overflow = n / 4;
        index->size = size;
    }
    return index;
}

void wildcard_index_free(void *index_)
{
    struct wildcard_index *index = index_;

    if (index) {
        cache_memory_free(index, index->size);
    }
}

/* A bucket in the chain's end; 0 when there is none left. Overflow buckets are never given back:
 * chains are rare, and the seeded hash leaves nobody a way to make them. */
static uint32_t overflow_new(struct wildcard_index *index)
{
    if (index->next_overflow > index->mask + index->n_overflow) {
        return 0;
    }
    return index->next_overflow++;
}

int wildcard_index_add(struct wildcard_index *index, uint64_t hash, uint32_t slot)
{
    struct wildcard_bucket *b = &index->buckets[hash & index->mask];

    for (unsigned int n = 1;; n++) {
        uint32_t next;

        for (unsigned int i = 0; i < ARRAY_SIZE(b->signature); i++) {
            if (!b->signature[i]) {
                __atomic_store_n(&b->slot[i], slot, __ATOMIC_RELEASE);
                __atomic_store_n(&b->signature[i], wildcard_signature(hash), __ATOMIC_RELEASE);
                return 0;
            }
        }
        if (!b->next) {
            next = n < MAX_CHAIN ? overflow_new(index) : 0;
            if (!next) {
                return -ENOSPC;
            }
            __atomic_store_n(&b->next, next, __ATOMIC_RELEASE);
        }
        b = &index->buckets[b->next];
    }
}

void wildcard_index_remove(struct wildcard_index *index, uint64_t hash, uint32_t slot)
{
    struct wildcard_bucket *b = &index->buckets[hash & index->mask];

    for (;; b = &index->buckets[b->next]) {
        for (unsigned int i = 0; i < ARRAY_SIZE(b->signature); i++) {
            if (b->signature[i] && b->slot[i] == slot) {
                __atomic_store_n(&b->signature[i], 0, __ATOMIC_RELEASE);
                return;
            }
        }
        if (!b->next) {
            return;
        }
    }
}
