/* See table.h. */
#include "ofproto/table/table.h"

#include <stdlib.h>

struct ofp_table *ofp_table_new(uint8_t id)
{
    struct ofp_table *table = xcalloc(1, sizeof *table);

    table->id = id;
    table->max_rules = OFP_TABLE_MAX_RULES;
    classifier_init(&table->cls);
    LIST_INIT(&table->expirable);
    return table;
}

void ofp_table_free(struct ofp_table *table)
{
    if (table) {
        classifier_destroy(&table->cls);
        free(table);
    }
}

void ofp_table_insert(struct ofp_table *table, struct ofp_rule *rule)
{
    rule->table_id = table->id;
    classifier_insert(&table->cls, rule);
    if (rule->idle_timeout_s || rule->hard_timeout_s) {
        LIST_INSERT_HEAD(&table->expirable, rule, expiry);
    }
}

void ofp_table_remove(struct mask_pool *masks, struct ofp_table *table, struct ofp_rule *rule)
{
    classifier_remove(&table->cls, rule);
    if (rule->idle_timeout_s || rule->hard_timeout_s) {
        LIST_REMOVE(rule, expiry);
    }
    rule_unref(masks, rule);
}

void ofp_table_set_timeouts(struct ofp_table *table, struct ofp_rule *rule, uint16_t idle_s,
                            uint16_t hard_s)
{
    bool was = rule->idle_timeout_s || rule->hard_timeout_s;

    if (was) {
        LIST_REMOVE(rule, expiry);
    }
    rule->idle_timeout_s = idle_s;
    rule->hard_timeout_s = hard_s;
    if (idle_s || hard_s) {
        LIST_INSERT_HEAD(&table->expirable, rule, expiry);
    }
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
