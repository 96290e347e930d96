/* The few macros and allocation helpers that all code uses.
 *
 * The x*() allocators never return NULL: when memory is exhausted, control code cannot do
 * anything useful, so they print a message and abort(). Fast-path code uses none of them; it
 * allocates from mempools. Any thread. */
#ifndef LIB_UTIL_H
#define LIB_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#define ROUND_UP(n, to) (((n) + (to)-1) / (to) * (to))
#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))

#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))
#define UNUSED __attribute__((unused))
#define MUST_CHECK __attribute__((warn_unused_result))
/* Runs before main(): how features register themselves. */
#define CONSTRUCTOR __attribute__((constructor))

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
/* Zeros, where a cache line begins: for types that are aligned so. free() ends it. */
void *xcalloc_line(size_t size);
void *xrealloc(void *p, size_t size);
/* As xrealloc() of an array; aborts when n * size overflows. */
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
void *xmemdup(const void *p, size_t n);
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Milliseconds of CLOCK_MONOTONIC. */
uint64_t time_now_ms(void);
/* Milliseconds of CLOCK_REALTIME since 1970, for what a person or a file sees. */
uint64_t time_wall_ms(void);

/* Parses the whole of 's' as an unsigned number (decimal, or hexadecimal after 0x) of at most
 * 'max'. Returns true and writes '*ret' only when all of it was a number in the range. */
bool parse_u64(const char *s, uint64_t max, uint64_t *ret) MUST_CHECK;

#endif
