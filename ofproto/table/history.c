/* See history.h. */
#include "ofproto/table/history.h"

#include <stdlib.h>

#include "lib/hash.h"

/* The last event of all values that have a hash. */
struct history_slot {
    uint32_t hash;
    uint32_t age; /* Version, counted from the batch's start; 0: the slot is free. */
};

struct history_group {
    struct rule_mask *mask; /* A reference. */
    uint8_t table_id;
    bool any_priority; /* A conjunction leads to a rule of whatever priority. */
    int max_priority;
    uint64_t newest;
    uint32_t n;
    uint32_t n_slots; /* A power of two. */
    struct history_slot *slot;
    struct {
        uint64_t same; /* Bits in which all rules agree, */
        uint64_t value;
    } word[]; /* [mask->n] */
};

/* --- Groups. */

static struct history_group *group_new(const struct ofp_rule *rule)
{
    struct history_group *g = xcalloc(1, sizeof *g + rule->mask->n * sizeof g->word[0]);

    g->mask = rule->mask;
    g->mask->refs++;
    g->table_id = rule->table_id;
    g->any_priority = rule_is_conjunctive(rule);
    g->n_slots = 16;
    g->slot = xcalloc(g->n_slots, sizeof *g->slot);
    for (unsigned int i = 0; i < rule->mask->n; i++) {
        g->word[i].same = rule->mask->word[i];
        g->word[i].value = rule->value[i];
    }
    return g;
}

static void group_free(struct history_group *g, struct mask_pool *masks)
{
    mask_unref(masks, g->mask);
    free(g->slot);
    free(g);
}

static struct history_slot *slot_of(const struct history_group *g, uint32_t hash)
{
    uint32_t i = hash & (g->n_slots - 1);

    while (g->slot[i].age && g->slot[i].hash != hash) {
        i = (i + 1) & (g->n_slots - 1);
    }
    return &g->slot[i];
}

static void group_grow(struct history_group *g)
{
    struct history_slot *old = g->slot;
    uint32_t n = g->n_slots;

    g->n_slots *= 2;
    g->slot = xcalloc(g->n_slots, sizeof *g->slot);
    for (uint32_t i = 0; i < n; i++) {
        if (old[i].age) {
            *slot_of(g, old[i].hash) = old[i];
        }
    }
    free(old);
}

static void group_add(struct history_group *g, const struct ofp_rule *rule, uint64_t version,
                      uint32_t age)
{
    struct history_slot *slot;
    uint64_t h = 0;

    for (unsigned int i = 0; i < g->mask->n; i++) {
        g->word[i].same &= ~(g->word[i].value ^ rule->value[i]);
        h = hash_mix64(h ^ rule->value[i]);
    }
    if (g->n * 2 >= g->n_slots) {
        group_grow(g);
    }
    slot = slot_of(g, (uint32_t)h);
    g->n += !slot->age;
    *slot = (struct history_slot){(uint32_t)h, age};
    g->max_priority = MAX_OF(g->max_priority, (int)rule->priority);
    g->newest = version;
}

/* --- Batches. */

static void batch_clear(struct history_batch *b, struct mask_pool *masks)
{
    for (uint32_t i = 0; i < b->n_groups; i++) {
        group_free(b->group[i], masks);
    }
    b->n_groups = b->n_events = 0;
}

static struct history_group *find_group(const struct history_batch *b, const struct ofp_rule *rule)
{
    for (uint32_t i = 0; i < b->n_groups; i++) {
        if (b->group[i]->mask == rule->mask && b->group[i]->table_id == rule->table_id) {
            return b->group[i];
        }
    }
    return NULL;
}

static void next_batch(struct rule_history *h, struct mask_pool *masks, uint64_t version)
{
    struct history_batch *b;

    h->now = !h->now;
    b = &h->batch[h->now];
    batch_clear(b, masks);
    b->start = version - 1;
}

static void forget(struct rule_event *e, struct mask_pool *masks)
{
    if (e->rule) {
        rule_unref(masks, e->rule);
        e->rule = NULL;
    }
}

void rule_history_add(struct rule_history *h, struct mask_pool *masks, struct ofp_rule *rule,
                      uint64_t version)
{
    struct rule_event *e = &h->event[h->n++ % HISTORY_EVENTS];
    struct history_batch *b = &h->batch[h->now];
    struct history_group *g = find_group(b, rule);

    if (b->n_events >= HISTORY_BATCH || (!g && b->n_groups == HISTORY_GROUPS) ||
        version - b->start > UINT32_MAX) {
        next_batch(h, masks, version);
        b = &h->batch[h->now];
        g = NULL;
    }
    if (!g) {
        g = b->group[b->n_groups++] = group_new(rule);
    }
    group_add(g, rule, version, (uint32_t)(version - b->start));
    b->n_events++;
    h->table_version[rule->table_id] = version;
    rule_ref(rule);
    forget(e, masks);
    *e = (struct rule_event){version, rule};
}

void rule_history_clear(struct rule_history *h, struct mask_pool *masks)
{
    batch_clear(&h->batch[0], masks);
    batch_clear(&h->batch[1], masks);
    for (unsigned int i = 0; i < HISTORY_EVENTS; i++) {
        forget(&h->event[i], masks);
    }
    h->n = 0;
}

/* --- Questions. */

bool rule_may_match(const struct ofp_rule *rule, const struct known_flow *k)
{
    for (unsigned int i = 0; i < rule->mask->n; i++) {
        unsigned int w = rule->mask->index[i];

        if ((k->value.u64[w] ^ rule->value[i]) & k->known.u64[w] & rule->mask->word[i]) {
            return false;
        }
    }
    return true;
}

unsigned int rule_history_since(const struct rule_history *h, uint64_t since, rule_event_cb *cb,
                                void *aux)
{
    unsigned int n = 0;

    for (; n < MIN_OF(h->n, (uint64_t)HISTORY_EVENTS); n++) {
        const struct rule_event *e = &h->event[(h->n - n - 1) % HISTORY_EVENTS];

        if (e->version <= since) {
            break;
        }
        if (cb) {
            cb(e, aux);
        }
    }
    return n;
}

/* Of the group's events, one by one; true when there were too many. */
static bool one_may_match(const struct rule_history *h, const struct history_group *g,
                          uint64_t since, const struct known_flow *k, int priority)
{
    for (uint64_t i = h->n; i > 0; i--) {
        const struct rule_event *e = &h->event[(i - 1) % HISTORY_EVENTS];

        if (h->n - i >= HISTORY_EVENTS) {
            return true;
        }
        if (e->version <= since) {
            break;
        }
        if (e->rule->mask == g->mask && e->rule->table_id == g->table_id &&
            (e->rule->priority >= priority || g->any_priority) && rule_may_match(e->rule, k)) {
            return true;
        }
    }
    return false;
}

static bool group_concerns(const struct rule_history *h, const struct history_batch *b,
                           const struct history_group *g, uint64_t since,
                           const struct known_flow *k, int priority)
{
    bool all_known = true;
    uint64_t hash = 0;

    if (g->newest <= since || (g->max_priority < priority && !g->any_priority)) {
        return false;
    }
    for (unsigned int i = 0; i < g->mask->n; i++) {
        unsigned int w = g->mask->index[i];

        if ((k->value.u64[w] ^ g->word[i].value) & g->word[i].same & k->known.u64[w]) {
            return false;
        }
        all_known &= !(g->mask->word[i] & ~k->known.u64[w]);
        hash = hash_mix64(hash ^ (k->value.u64[w] & g->mask->word[i]));
    }
    if (all_known) {
        return b->start + slot_of(g, (uint32_t)hash)->age > since &&
               slot_of(g, (uint32_t)hash)->age;
    }
    return one_may_match(h, g, since, k, priority);
}

bool rule_history_concerns(const struct rule_history *h, uint8_t table_id, uint64_t since,
                           const struct known_flow *k, int priority)
{
    if (rule_history_is_quiet(h, table_id, since)) {
        return false;
    }
    if (since < h->batch[!h->now].start) {
        return true; /* Forgotten. */
    }
    for (unsigned int i = 0; i < 2; i++) {
        const struct history_batch *b = &h->batch[i];

        for (uint32_t j = 0; j < b->n_groups; j++) {
            if (b->group[j]->table_id == table_id &&
                group_concerns(h, b, b->group[j], since, k, priority)) {
                return true;
            }
        }
    }
    return false;
}
