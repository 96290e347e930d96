/* A bucket of tokens: so many a second, and no more at once than it holds. Header only; belongs to
 * one thread. */
#ifndef LIB_TOKEN_BUCKET_H
#define LIB_TOKEN_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/util.h"

struct token_bucket {
    uint64_t tokens; /* All zeros: it is filled at the first try. */
    uint64_t filled_ms;
};

/* Takes 'price' tokens: false, and none, when it has fewer. It gains 'rate' tokens a millisecond,
 * up to 'most'; what it gains in more than a minute without a try is lost. */
static inline bool token_bucket_take(struct token_bucket *b, uint64_t rate, uint64_t most,
                                     uint64_t price, uint64_t now_ms)
{
    if (now_ms != b->filled_ms) {
        b->tokens += MIN_OF(now_ms - b->filled_ms, (uint64_t)60000) * rate;
        b->tokens = MIN_OF(b->tokens, most);
        b->filled_ms = now_ms;
    }
    if (b->tokens < price) {
        return false;
    }
    b->tokens -= price;
    return true;
}

#endif
