/* See eviction.h. Groups lie in a heap by their size, and the rules of each in one by their worth.
 * What a rule is worth only grows while packets come, so it is looked at again when the rule's turn
 * has come, and not before. */
#include "ofproto/table/eviction.h"

#include <stdlib.h>
#include <uthash.h>

#include "lib/heap.h"

#define TIME_BITS 48

struct eviction_group {
    struct heap_node node; /* In the eviction's; biggest first. */
    struct heap rules;     /* Of struct evictable. */
    UT_hash_handle hh;
    uint64_t key[];
};

struct evictable {
    struct heap_node node; /* In its group's. */
    struct ofp_rule *rule;
    struct eviction_group *group;
    UT_hash_handle hh;
};

struct eviction {
    uint32_t flags;
    struct heap groups;
    struct eviction_group *by_key;
    struct evictable *by_rule;
    unsigned int n_words; /* Of keys; at least one, for uthash. */
    uint8_t index[OFP_FLOW_WORDS + 1];
    uint64_t mask[OFP_FLOW_WORDS + 1];
};

struct eviction *eviction_new(uint32_t flags, const struct ofp_flow *fair)
{
    struct eviction *e = xcalloc(1, sizeof *e);

    e->flags = flags;
    for (unsigned int i = 0; fair && i < OFP_FLOW_WORDS; i++) {
        if (fair->u64[i]) {
            e->index[e->n_words] = (uint8_t)i;
            e->mask[e->n_words++] = fair->u64[i];
        }
    }
    e->n_words += !e->n_words;
    return e;
}

static void group_free(struct eviction *e, struct eviction_group *g)
{
    HASH_DEL(e->by_key, g);
    heap_remove(&e->groups, &g->node);
    heap_free(&g->rules);
    free(g);
}

void eviction_free(struct eviction *e)
{
    struct eviction_group *g, *next_group;
    struct evictable *x, *next;

    if (!e) {
        return;
    }
    HASH_ITER (hh, e->by_rule, x, next) {
        HASH_DEL(e->by_rule, x);
        free(x);
    }
    HASH_ITER (hh, e->by_key, g, next_group) {
        group_free(e, g);
    }
    heap_free(&e->groups);
    free(e);
}

static uint64_t ends_ms(const struct ofp_rule *rule)
{
    uint64_t hard_ms = UINT64_MAX, idle_ms = UINT64_MAX;

    if (rule->hard_timeout_s) {
        hard_ms = rule->modified_ms + rule->hard_timeout_s * UINT64_C(1000);
    }
    if (rule->idle_timeout_s) {
        idle_ms = MAX_OF(rule->used_ms, rule->modified_ms) + rule->idle_timeout_s * UINT64_C(1000);
    }
    return MIN_OF(hard_ms, idle_ms);
}

/* The least goes first. Where lifetimes do not count, the oldest. */
static uint64_t worth(const struct eviction *e, const struct ofp_rule *rule)
{
    uint64_t importance = e->flags & OFP_EVICTION_IMPORTANCE ? rule->importance : 0;
    uint64_t time = e->flags & OFP_EVICTION_LIFETIME ? ends_ms(rule) : rule->created_ms;

    return importance << TIME_BITS | MIN_OF(time, (UINT64_C(1) << TIME_BITS) - 1);
}

static struct eviction_group *group_of(struct eviction *e, const struct ofp_rule *rule)
{
    size_t len = e->n_words * sizeof(uint64_t);
    uint64_t key[OFP_FLOW_WORDS + 1] = {0};
    struct eviction_group *g;
    struct ofp_match match;

    rule_get_match(rule, &match);
    for (unsigned int i = 0; i < e->n_words; i++) {
        key[i] = match.flow.u64[e->index[i]] & match.mask.u64[e->index[i]] & e->mask[i];
    }
    HASH_FIND(hh, e->by_key, key, len, g);
    if (!g) {
        g = xcalloc(1, sizeof *g + len);
        memcpy(g->key, key, len);
        HASH_ADD_KEYPTR(hh, e->by_key, g->key, len, g);
        heap_insert(&e->groups, &g->node, UINT64_MAX);
    }
    return g;
}

void eviction_add(struct eviction *e, struct ofp_rule *rule)
{
    struct evictable *x = xcalloc(1, sizeof *x);

    x->rule = rule;
    x->group = group_of(e, rule);
    HASH_ADD_PTR(e->by_rule, rule, x);
    heap_insert(&x->group->rules, &x->node, worth(e, rule));
    heap_change(&e->groups, &x->group->node, UINT64_MAX - x->group->rules.n);
}

void eviction_remove(struct eviction *e, struct ofp_rule *rule)
{
    struct evictable *x;

    HASH_FIND_PTR(e->by_rule, &rule, x);
    HASH_DEL(e->by_rule, x);
    heap_remove(&x->group->rules, &x->node);
    if (x->group->rules.n) {
        heap_change(&e->groups, &x->group->node, UINT64_MAX - x->group->rules.n);
    } else {
        group_free(e, x->group);
    }
    free(x);
}

struct ofp_rule *eviction_choose(struct eviction *e)
{
    struct heap_node *biggest = heap_first(&e->groups);
    struct eviction_group *g;

    if (!biggest) {
        return NULL;
    }
    g = CONTAINER_OF(biggest, struct eviction_group, node);
    for (;;) { /* Each rule is looked at again at most once. */
        struct evictable *x = CONTAINER_OF(heap_first(&g->rules), struct evictable, node);
        uint64_t now = worth(e, x->rule);

        if (now <= x->node.key) {
            return x->rule;
        }
        heap_change(&g->rules, &x->node, now);
    }
}
