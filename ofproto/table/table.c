/* See table.h. */
#include "ofproto/table/table.h"

#include <stdlib.h>

struct ofp_table *ofp_table_new(uint8_t id)
{
    struct ofp_table *table = xcalloc(1, sizeof *table);

    table->id = id;
    table->max_rules = OFP_TABLE_MAX_RULES;
    table->eviction_flags = OFP_EVICTION_ALL;
    classifier_init(&table->cls);
    LIST_INIT(&table->expirable);
    return table;
}

void ofp_table_free(struct ofp_table *table)
{
    if (table) {
        classifier_destroy(&table->cls);
        cookies_free(&table->cookies);
        eviction_free(table->eviction);
        free(table->fair);
        free(table->name);
        free(table);
    }
}

/* --- Rules that end by themselves. */

static bool can_expire(const struct ofp_rule *rule)
{
    return rule->idle_timeout_s || rule->hard_timeout_s;
}

static void enlist(struct ofp_table *table, struct ofp_rule *rule)
{
    if (can_expire(rule)) {
        LIST_INSERT_HEAD(&table->expirable, rule, expiry);
        if (table->eviction) {
            eviction_add(table->eviction, rule);
        }
    }
}

static void delist(struct ofp_table *table, struct ofp_rule *rule)
{
    if (can_expire(rule)) {
        LIST_REMOVE(rule, expiry);
        if (table->eviction) {
            eviction_remove(table->eviction, rule);
        }
    }
}

void ofp_table_insert(struct ofp_table *table, struct ofp_rule *rule)
{
    rule->table_id = table->id;
    classifier_insert(&table->cls, rule);
    cookies_add(&table->cookies, rule->cookie);
    table->n_told += rule->flags & OFP_RULE_SEND_REMOVED;
    enlist(table, rule);
}

void ofp_table_remove(struct mask_pool *masks, struct ofp_table *table, struct ofp_rule *rule)
{
    classifier_remove(&table->cls, rule);
    cookies_remove(&table->cookies, rule->cookie);
    table->n_told -= rule->flags & OFP_RULE_SEND_REMOVED;
    delist(table, rule);
    rule_unref(masks, rule);
}

uint32_t ofp_table_count_cookie(struct ofp_table *table, uint64_t cookie)
{
    return cookies_count(&table->cookies, &table->cls, cookie);
}

void ofp_table_set_cookie(struct ofp_table *table, struct ofp_rule *rule, uint64_t cookie)
{
    cookies_remove(&table->cookies, rule->cookie);
    rule->cookie = cookie;
    cookies_add(&table->cookies, cookie);
}

static void swap_lists(struct ofp_rule_list *a, struct ofp_rule_list *b)
{
    struct ofp_rule *first = LIST_FIRST(a);

    LIST_FIRST(a) = LIST_FIRST(b);
    LIST_FIRST(b) = first;
    if (LIST_FIRST(a)) {
        LIST_FIRST(a)->expiry.le_prev = &LIST_FIRST(a);
    }
    if (LIST_FIRST(b)) {
        LIST_FIRST(b)->expiry.le_prev = &LIST_FIRST(b);
    }
}

void ofp_table_swap_rules(struct ofp_table *a, struct ofp_table *b)
{
    struct classifier cls = a->cls;
    unsigned int a_uses = a->cls.tries_used, b_uses = b->cls.tries_used;
    uint32_t n_told = a->n_told;

    a->cls = b->cls;
    b->cls = cls;
    a->cls.tries_used = a_uses;
    b->cls.tries_used = b_uses;
    a->n_told = b->n_told;
    b->n_told = n_told;
    swap_lists(&a->expirable, &b->expirable);
    cookies_free(&a->cookies); /* Counted again when somebody asks. */
    cookies_free(&b->cookies);
}

void ofp_table_set_timeouts(struct ofp_table *table, struct ofp_rule *rule, uint16_t idle_s,
                            uint16_t hard_s)
{
    delist(table, rule);
    rule->idle_timeout_s = idle_s;
    rule->hard_timeout_s = hard_s;
    enlist(table, rule);
}

/* --- Settings. */

void ofp_table_set_name(struct ofp_table *table, const char *name)
{
    char *copy = name && *name ? xstrdup(name) : NULL;

    free(table->name);
    table->name = copy;
}

static void renew_eviction(struct ofp_table *table)
{
    struct ofp_rule *rule;

    eviction_free(table->eviction);
    table->eviction = NULL;
    if (!table->evicts) {
        return;
    }
    table->eviction = eviction_new(table->eviction_flags, table->fair);
    LIST_FOREACH (rule, &table->expirable, expiry) {
        eviction_add(table->eviction, rule);
    }
}

void ofp_table_set_eviction(struct ofp_table *table, unsigned int evicts, uint32_t flags)
{
    if (table->evicts != evicts || table->eviction_flags != flags) {
        table->evicts = evicts;
        table->eviction_flags = flags;
        renew_eviction(table);
    }
}

void ofp_table_set_fair(struct ofp_table *table, const struct ofp_flow *fair)
{
    bool same = fair && table->fair ? !memcmp(fair, table->fair, sizeof *fair)
                                    : !fair && !table->fair;

    if (!same) {
        free(table->fair);
        table->fair = NULL;
        if (fair) {
            table->fair = xcalloc_line(sizeof *fair);
            *table->fair = *fair;
        }
        renew_eviction(table);
    }
}

uint8_t ofp_table_vacancy(const struct ofp_table *table)
{
    uint64_t n = table->cls.n_rules, max = table->max_rules;

    return n >= max ? 0 : (uint8_t)((max - n) * 100 / max);
}

enum ofp_expiry ofp_rule_expiry(const struct ofp_rule *rule, uint64_t now_ms)
{
    uint64_t busy_ms = MAX_OF(rule->used_ms, rule->modified_ms);

    if (rule->hard_timeout_s && now_ms >= rule->modified_ms + rule->hard_timeout_s * 1000ull) {
        return OFP_EXPIRY_HARD;
    }
    if (rule->idle_timeout_s && now_ms >= busy_ms + rule->idle_timeout_s * 1000ull) {
        return OFP_EXPIRY_IDLE;
    }
    return OFP_EXPIRY_NONE;
}
