/* Large tables of the caches: zeroed anonymous memory that costs nothing until it is touched, on
 * huge pages where the kernel gives some (random look-ups in 4 KiB pages miss the TLB each time).
 * Control thread. */
#ifndef DATAPATH_CACHE_MEMORY_H
#define DATAPATH_CACHE_MEMORY_H

#include <sys/mman.h>

#include "lib/util.h"

/* NULL when the address space or memory is exhausted. */
static inline void *cache_memory_new(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);

    if (p == MAP_FAILED) {
        return NULL;
    }
    madvise(p, size, MADV_HUGEPAGE);
    return p;
}

static inline void cache_memory_free(void *p, size_t size)
{
    if (p) {
        munmap(p, size);
    }
}

#endif
