/* Allocation that aborts when memory is exhausted, clocks and number parsing: see util.h. */
#include "lib/util.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void *check_alloc(void *p, size_t size)
{
    if (!p && size) {
        fprintf(stderr, "out of memory (%zu bytes)\n", size);
        abort();
    }
    return p;
}

void *xmalloc(size_t size)
{
    return check_alloc(malloc(size ? size : 1), size);
}

void *xcalloc(size_t n, size_t size)
{
    return check_alloc(calloc(n ? n : 1, size ? size : 1), n * size);
}

void *xcalloc_line(size_t size)
{
    size_t n = ROUND_UP(size, (size_t)64);

    return memset(check_alloc(aligned_alloc(64, n), n), 0, n);
}

void *xrealloc(void *p, size_t size)
{
    return check_alloc(realloc(p, size ? size : 1), size);
}

void *xreallocarray(void *p, size_t n, size_t size)
{
    size_t total;

    if (__builtin_mul_overflow(n, size, &total)) {
        check_alloc(NULL, SIZE_MAX);
    }
    return xrealloc(p, total);
}

char *xstrdup(const char *s)
{
    return xmemdup(s, strlen(s) + 1);
}

char *xstrndup(const char *s, size_t n)
{
    return check_alloc(strndup(s, n), n + 1);
}

void *xmemdup(const void *p, size_t n)
{
    void *copy = xmalloc(n);

    if (n) {
        memcpy(copy, p, n);
    }
    return copy;
}

char *xasprintf(const char *fmt, ...)
{
    va_list args;
    char *s = NULL;
    int n;

    va_start(args, fmt);
    n = vasprintf(&s, fmt, args);
    va_end(args);
    return check_alloc(n < 0 ? NULL : s, 1);
}

static uint64_t clock_ms(clockid_t clock)
{
    struct timespec ts;

    clock_gettime(clock, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint64_t time_now_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

uint64_t time_wall_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

bool parse_u64(const char *s, uint64_t max, uint64_t *ret)
{
    unsigned long long v;
    char *end;
    int base = s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? 16 : 10;

    if (s[0] < '0' || s[0] > '9') {
        return false;
    }
    errno = 0;
    v = strtoull(s, &end, base);
    if (errno || *end || v > max) {
        return false;
    }
    *ret = v;
    return true;
}
