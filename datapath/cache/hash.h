/* The caches' hash: keyed with secrets drawn once per process, so that nobody outside can choose
 * packets that collide (a CRC would not do: it is linear, and its collisions do not depend on the
 * key). A folded 64x64-bit multiplication per two words, independent of each other, so that they
 * overlap in the pipeline. Any thread once cache_hash_init() has run. */
#ifndef DATAPATH_CACHE_HASH_H
#define DATAPATH_CACHE_HASH_H

#include <stdint.h>

#include "lib/util.h"

#define CACHE_HASH_MAX_WORDS 16

extern uint64_t cache_hash_secret[CACHE_HASH_MAX_WORDS + 4];

/* Draws the secrets, once; later calls do nothing. Aborts when the system has no random bytes. */
void cache_hash_init(void);

static inline uint64_t cache_hash_fold(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 p = (unsigned __int128)a * b;

    return (uint64_t)p ^ (uint64_t)(p >> 64);
}

/* n <= CACHE_HASH_MAX_WORDS; constant where it matters. */
static inline uint64_t cache_hash_words(const uint64_t *w, unsigned int n, uint64_t seed)
{
    const uint64_t *s = cache_hash_secret;
    uint64_t h = seed;
    unsigned int i;

    for (i = 0; i + 1 < n; i += 2) {
        h += cache_hash_fold(w[i] ^ s[i], w[i + 1] ^ s[i + 1]);
    }
    if (i < n) {
        h += cache_hash_fold(w[i] ^ s[i], s[i + 1]);
    }
    return cache_hash_fold(h ^ s[CACHE_HASH_MAX_WORDS + 2], s[CACHE_HASH_MAX_WORDS + 3]);
}

#endif
