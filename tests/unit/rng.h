/* Random numbers that are the same in each run, for unit tests. Header only. */
#ifndef TESTS_UNIT_RNG_H
#define TESTS_UNIT_RNG_H

#include <stdint.h>

static uint64_t rng_state = 1;

/* 0...n-1. */
static inline uint32_t rnd(uint32_t n)
{
    rng_state = rng_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)((rng_state >> 33) % n);
}

#endif
