/* The secrets of the caches' hash: see hash.h. Control thread, before workers start. */
#include "datapath/cache/hash.h"

#include <stdlib.h>
#include <sys/random.h>

uint64_t cache_hash_secret[CACHE_HASH_MAX_WORDS + 4];

void cache_hash_init(void)
{
    if (cache_hash_secret[0]) {
        return;
    }
    if (getrandom(cache_hash_secret, sizeof cache_hash_secret, 0) !=
        (ssize_t)sizeof cache_hash_secret) {
        abort();
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(cache_hash_secret); i++) {
        cache_hash_secret[i] |= 1; /* Never 0, a factor that would hide the other one. */
    }
}
