/* See cookies.h. */
#include "ofproto/table/cookies.h"

#include <stdlib.h>
#include <uthash.h>

/* More are counted anew: rules that learn with a limit have few cookies. */
#define MAX_COUNTS 256

struct cookie_count {
    uint64_t cookie;
    uint32_t n;
    UT_hash_handle hh;
};

static struct cookie_count *find(const struct cookies *cookies, uint64_t cookie)
{
    struct cookie_count *c;

    HASH_FIND(hh, cookies->counts, &cookie, sizeof cookie, c);
    return c;
}

void cookies_free(struct cookies *cookies)
{
    struct cookie_count *c, *next;

    HASH_ITER (hh, cookies->counts, c, next) {
        HASH_DEL(cookies->counts, c);
        free(c);
    }
}

void cookies_add(struct cookies *cookies, uint64_t cookie)
{
    struct cookie_count *c = cookies->counts ? find(cookies, cookie) : NULL;

    if (c) {
        c->n++;
    }
}

void cookies_remove(struct cookies *cookies, uint64_t cookie)
{
    struct cookie_count *c = cookies->counts ? find(cookies, cookie) : NULL;

    if (c) {
        c->n--;
    }
}

static void count_cb(struct ofp_rule *rule, void *c_)
{
    struct cookie_count *c = c_;

    c->n += rule->cookie == c->cookie;
}

uint32_t cookies_count(struct cookies *cookies, struct classifier *cls, uint64_t cookie)
{
    struct cookie_count *c = find(cookies, cookie);

    if (c) {
        return c->n;
    }
    if (HASH_COUNT(cookies->counts) >= MAX_COUNTS) {
        cookies_free(cookies);
    }
    c = xcalloc(1, sizeof *c);
    c->cookie = cookie;
    classifier_each(cls, count_cb, c);
    HASH_ADD(hh, cookies->counts, cookie, sizeof c->cookie, c);
    return c->n;
}
