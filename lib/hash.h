/* Seeded hashes for control code's tables (uthash users need none). Not for the fast path's caches,
 * which have their own. Any thread. */
#ifndef LIB_HASH_H
#define LIB_HASH_H

#include <string.h>

#include "lib/util.h"

static inline uint64_t hash_mix64(uint64_t h)
{
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    h ^= h >> 32;
    return h;
}

static inline uint64_t hash_bytes(const void *p, size_t n, uint64_t seed)
{
    const uint8_t *b = p;
    uint64_t h = hash_mix64(seed ^ n), w;

    for (; n >= 8; n -= 8, b += 8) {
        memcpy(&w, b, 8);
        h = hash_mix64(h ^ w);
    }
    w = 0;
    if (n) {
        memcpy(&w, b, n);
    }
    return hash_mix64(h ^ w);
}

#endif
