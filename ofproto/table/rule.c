/* Rules and the pool of their masks; see rule.h. */
#include "ofproto/table/rule.h"

#include <stdlib.h>

#include "lib/hash.h"
#include "ofproto/codec/action_conjunction.h"

void mask_pool_free(struct mask_pool *pool)
{
    free(pool->buckets);
    memset(pool, 0, sizeof *pool);
}

static void pool_grow(struct mask_pool *pool)
{
    size_t n = MAX_OF((size_t)16, pool->n_buckets * 2);
    struct rule_mask **buckets = xcalloc(n, sizeof *buckets);

    for (size_t i = 0; i < pool->n_buckets; i++) {
        struct rule_mask *m, *next;

        for (m = pool->buckets[i]; m; m = next) {
            next = m->next;
            m->next = buckets[m->hash & (n - 1)];
            buckets[m->hash & (n - 1)] = m;
        }
    }
    free(pool->buckets);
    pool->buckets = buckets;
    pool->n_buckets = n;
}

struct rule_mask *mask_intern(struct mask_pool *pool, const struct ofp_flow *mask)
{
    uint64_t hash = hash_bytes(mask, sizeof *mask, 0);
    struct rule_mask *m;
    unsigned int n = 0;

    if (pool->n >= pool->n_buckets) {
        pool_grow(pool);
    }
    for (unsigned int i = 0; i < OFP_FLOW_WORDS; i++) {
        n += mask->u64[i] != 0;
    }
    for (m = pool->buckets[hash & (pool->n_buckets - 1)]; m; m = m->next) {
        if (m->hash == hash && m->n == n) {
            unsigned int i;

            for (i = 0; i < n && mask->u64[m->index[i]] == m->word[i]; i++) {
            }
            if (i == n) {
                m->refs++;
                return m;
            }
        }
    }
    m = xcalloc(1, sizeof *m + n * sizeof m->word[0]);
    m->hash = hash;
    m->refs = 1;
    for (unsigned int i = 0; i < OFP_FLOW_WORDS; i++) {
        if (mask->u64[i]) {
            m->index[m->n] = (uint8_t)i;
            m->word[m->n++] = mask->u64[i];
        }
    }
    for (unsigned int f = 0; f < N_TRIE_FIELDS; f++) {
        m->prefix[f] = (int16_t)prefix_of(mask, f);
    }
    m->next = pool->buckets[hash & (pool->n_buckets - 1)];
    pool->buckets[hash & (pool->n_buckets - 1)] = m;
    pool->n++;
    return m;
}

void mask_unref(struct mask_pool *pool, struct rule_mask *mask)
{
    struct rule_mask **p;

    if (--mask->refs) {
        return;
    }
    for (p = &pool->buckets[mask->hash & (pool->n_buckets - 1)]; *p != mask; p = &(*p)->next) {
    }
    *p = mask->next;
    pool->n--;
    free(mask);
}

struct ofp_rule *rule_new(struct mask_pool *pool, const struct ofp_rule_config *config)
{
    struct rule_mask *mask = mask_intern(pool, &config->match->mask);
    struct ofp_rule *rule = xcalloc(1, sizeof *rule + mask->n * sizeof rule->value[0]);

    rule->mask = mask;
    for (unsigned int i = 0; i < mask->n; i++) {
        rule->value[i] = config->match->flow.u64[mask->index[i]] & mask->word[i];
    }
    rule->refs = 1;
    rule->priority = config->priority;
    rule->cookie = config->cookie;
    rule->idle_timeout_s = config->idle_timeout_s;
    rule->hard_timeout_s = config->hard_timeout_s;
    rule->importance = config->importance;
    rule->flags = config->flags;
    rule->created_ms = config->now_ms;
    rule_set_actions(rule, config->actions, config->actions_len, config->now_ms);
    return rule;
}

void rule_set_actions(struct ofp_rule *rule, const void *actions, uint32_t len, uint64_t now_ms)
{
    uint8_t *copy = len ? xmemdup(actions, len) : NULL;

    free(rule->actions);
    rule->actions = copy;
    rule->actions_len = len;
    rule->is_soft = ofp_actions_have_conjunction(copy, len);
    rule->modified_ms = now_ms;
}

void rule_ref(struct ofp_rule *rule)
{
    rule->refs++;
}

void rule_unref(struct mask_pool *pool, struct ofp_rule *rule)
{
    if (--rule->refs) {
        return;
    }
    mask_unref(pool, rule->mask);
    free(rule->actions);
    free(rule);
}

void rule_get_match(const struct ofp_rule *rule, struct ofp_match *match)
{
    ofp_match_init(match);
    for (unsigned int i = 0; i < rule->mask->n; i++) {
        match->mask.u64[rule->mask->index[i]] = rule->mask->word[i];
        match->flow.u64[rule->mask->index[i]] = rule->value[i];
    }
}

uint64_t rule_tlv_fields(const struct ofp_rule *rule)
{
    for (unsigned int i = 0; i < rule->mask->n; i++) {
        if (rule->mask->index[i] == offsetof(struct ofp_flow, tun_metadata_present) / 8) {
            return rule->mask->word[i];
        }
    }
    return 0;
}

bool rule_matches(const struct ofp_rule *rule, const struct ofp_flow *flow)
{
    const struct rule_mask *mask = rule->mask;

    for (unsigned int i = 0; i < mask->n; i++) {
        if ((flow->u64[mask->index[i]] ^ rule->value[i]) & mask->word[i]) {
            return false;
        }
    }
    return true;
}

bool rule_is_conjunctive(const struct ofp_rule *rule)
{
    static const struct ofp_flow conj = {.conj_id = UINT32_MAX};

    for (unsigned int i = 0; i < rule->mask->n; i++) {
        if (rule->mask->word[i] & conj.u64[rule->mask->index[i]]) {
            return true;
        }
    }
    return false;
}

bool rule_same_match(const struct ofp_rule *a, const struct ofp_rule *b)
{
    return a->mask == b->mask &&
           (!a->mask->n || !memcmp(a->value, b->value, a->mask->n * sizeof a->value[0]));
}
