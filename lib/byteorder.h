/* Types that say that a number is in network byte order.
 *
 * A field of one of these types is converted once, at the edge where it is used as a number
 * (be16_get(), be32_get(), ...), and never stored half-converted. Pure functions, any thread. */
#ifndef LIB_BYTEORDER_H
#define LIB_BYTEORDER_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

typedef uint16_t be16_t;
typedef uint32_t be32_t;
typedef uint64_t be64_t;

static inline uint16_t be16_get(be16_t v)
{
    return be16toh(v);
}

static inline uint32_t be32_get(be32_t v)
{
    return be32toh(v);
}

static inline uint64_t be64_get(be64_t v)
{
    return be64toh(v);
}

static inline be16_t be16_make(uint16_t v)
{
    return htobe16(v);
}

static inline be32_t be32_make(uint32_t v)
{
    return htobe32(v);
}

static inline be64_t be64_make(uint64_t v)
{
    return htobe64(v);
}

/* Reads of network-order fields at any alignment. */
static inline be16_t be16_load(const void *p)
{
    be16_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline be32_t be32_load(const void *p)
{
    be32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

#endif
