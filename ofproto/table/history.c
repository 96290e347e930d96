/* See history.h. */
#include "ofproto/table/history.h"

static void forget(struct rule_history *h, struct mask_pool *masks, struct rule_event *e)
{
    if (e->rule) {
        h->forgotten = MAX_OF(h->forgotten, e->version);
        rule_unref(masks, e->rule);
        e->rule = NULL;
    }
}

void rule_history_add(struct rule_history *h, struct mask_pool *masks, struct ofp_rule *rule,
                      uint64_t version)
{
    struct rule_event *e = &h->event[h->n++ % HISTORY_SIZE];

    forget(h, masks, e);
    rule_ref(rule);
    *e = (struct rule_event){version, rule};
    h->table_version[rule->table_id] = version;
}

void rule_history_clear(struct rule_history *h, struct mask_pool *masks)
{
    for (unsigned int i = 0; i < HISTORY_SIZE; i++) {
        forget(h, masks, &h->event[i]);
    }
    h->n = 0;
}

bool rule_history_any(const struct rule_history *h, uint8_t table_id, uint64_t since,
                      rule_history_cb *cb, const void *aux)
{
    if (h->table_version[table_id] <= since) {
        return false;
    }
    if (h->forgotten > since) {
        return true;
    }
    for (uint64_t i = h->n; i-- > 0 && h->n - i <= HISTORY_SIZE;) {
        const struct rule_event *e = &h->event[i % HISTORY_SIZE];

        if (e->version <= since) {
            break;
        }
        if (e->rule->table_id == table_id && cb(e->rule, aux)) {
            return true;
        }
    }
    return false;
}
