/* The wildcard cache's writer: logical flows and their instances. Control thread. wildcard.h tells
 * the whole. */
#include "datapath/cache/wildcard/private.h"

#include <errno.h>
#include <stdlib.h>

#include "datapath/cache/memory.h"

#define FLOWS_SIZE (DP_MAX_FLOWS * sizeof(struct wildcard_flow *))
#define SLOTS_SIZE (WILDCARD_MAX_SLOTS * sizeof(struct wildcard_slot))
#define MORE_SIZE (WILDCARD_MAX_SLOTS * sizeof(uint64_t) * (FLOW_N_WORDS - WILDCARD_INLINE_WORDS))
#define BIRTHS_SIZE (WILDCARD_MAX_SLOTS * sizeof(uint64_t))
#define INSTANCES_SIZE (WILDCARD_MAX_SLOTS * sizeof(struct wildcard_instance))
#define FREE_SIZE (WILDCARD_MAX_SLOTS * sizeof(uint32_t))

int wildcard_new(uint32_t flow_limit, unsigned int mask_limit, wildcard_defer *defer,
                 struct wildcard **ret)
{
    struct wildcard *w = aligned_alloc(64, sizeof *w);
    struct wildcard_table *t = xcalloc(1, sizeof *t);

    if (!w) {
        abort();
    }
    memset(w, 0, sizeof *w);
    cache_hash_init();
    w->table = t;
    t->owner = w;
    t->defer = defer;
    t->next_slot = WILDCARD_NONE + 1;
    t->flows = cache_memory_new(FLOWS_SIZE);
    t->instances = cache_memory_new(INSTANCES_SIZE);
    t->free_slots = cache_memory_new(FREE_SIZE);
    w->slots = cache_memory_new(SLOTS_SIZE);
    w->more = cache_memory_new(MORE_SIZE);
    w->births = cache_memory_new(BIRTHS_SIZE);
    if (!t->flows || !t->instances || !t->free_slots || !w->slots || !w->more || !w->births ||
        wildcard_set_limits(w, flow_limit, mask_limit)) {
        wildcard_free(w);
        return -ENOMEM;
    }
    *ret = w;
    return 0;
}

static void flow_free(struct wildcard *w, uint32_t flow_no)
{
    struct wildcard_flow *f = w->table->flows[flow_no];

    w->table->flows[flow_no] = NULL;
    wildcard_mask_release(w->table, f->mask);
    free(f->actions);
    free(f);
}

void wildcard_free(struct wildcard *w)
{
    struct wildcard_table *t;

    if (!w) {
        return;
    }
    t = w->table;
    for (uint32_t i = 0; t->flows && t->n_flows && i < DP_MAX_FLOWS; i++) {
        if (t->flows[i]) {
            flow_free(w, i);
            t->n_flows--;
        }
    }
    wildcard_views_free(w);
    wildcard_index_free(w->index);
    cache_memory_free(t->flows, FLOWS_SIZE);
    cache_memory_free(t->instances, INSTANCES_SIZE);
    cache_memory_free(t->free_slots, FREE_SIZE);
    cache_memory_free(w->slots, SLOTS_SIZE);
    cache_memory_free(w->more, MORE_SIZE);
    cache_memory_free(w->births, BIRTHS_SIZE);
    free(t);
    free(w);
}

/* Fills a new index with all instances and gives it to the readers. */
static int reindex(struct wildcard *w, uint32_t flow_limit)
{
    struct wildcard_index *old = w->index, *index = wildcard_index_new(flow_limit);
    struct wildcard_table *t = w->table;
    int error = index ? 0 : -ENOMEM;

    for (uint32_t i = 0; !error && t->n_flows && i < DP_MAX_FLOWS; i++) {
        for (uint32_t slot = t->flows[i] ? t->flows[i]->first : WILDCARD_NONE;
             slot != WILDCARD_NONE && !error; slot = t->instances[slot].next) {
            error = wildcard_index_add(index, t->instances[slot].hash, slot);
        }
    }
    if (error) {
        wildcard_index_free(index);
        return -ENOMEM;
    }
    __atomic_store_n(&w->index, index, __ATOMIC_RELEASE);
    if (old) {
        t->defer(wildcard_index_free, old);
    }
    return 0;
}

int wildcard_set_limits(struct wildcard *w, uint32_t flow_limit, unsigned int mask_limit)
{
    struct wildcard_table *t = w->table;

    flow_limit = MIN_OF(flow_limit, DP_MAX_FLOWS);
    if (!w->index || flow_limit > t->flow_limit) {
        int error = reindex(w, flow_limit);
        if (error) {
            return error;
        }
    }
    t->flow_limit = flow_limit;
    /* Masks that are too many now stay until their megaflows are gone. */
    t->mask_limit = MIN_OF(MAX_OF(mask_limit, WILDCARD_RESERVED + 1u), WILDCARD_MAX_MASKS);
    return 0;
}

/* It has to know where headers behind Ethernet stand. */
static bool needs_l3(const struct dp_action *a)
{
    switch (a->type) {
    case DP_ACTION_SET_IPV4:
    case DP_ACTION_SET_IPV6:
    case DP_ACTION_SET_L4:
    case DP_ACTION_SET_ARP:
    case DP_ACTION_SET_ND:
    case DP_ACTION_DEC_TTL:
    case DP_ACTION_METER: return true;
    default: return false;
    }
}

struct wildcard_actions *wildcard_actions_new(const void *data, uint32_t len)
{
    struct wildcard_actions *a = xcalloc(1, sizeof *a + len);
    const struct dp_action *first = dp_actions_first(data, len);

    a->len = len;
    if (len) {
        memcpy(a->data, data, len);
    }
    if (first && first->type == DP_ACTION_OUTPUT && !dp_actions_next(data, len, first)) {
        a->only_port = (uint16_t)((const struct dp_action_output *)first)->port;
    }
    a->needs_l3 = dp_actions_any(data, len, needs_l3);
    return a;
}

static uint32_t slot_new(struct wildcard_table *t)
{
    if (t->n_free_slots) {
        return t->free_slots[--t->n_free_slots];
    }
    return t->next_slot < WILDCARD_MAX_SLOTS ? t->next_slot++ : WILDCARD_NONE;
}

/* Workers read both at any time: the shortcut must never be right for a list that is not there. */
static void slot_set_actions(struct wildcard_slot *slot, const struct wildcard_actions *actions)
{
    __atomic_store_n(&slot->actions, actions, __ATOMIC_RELEASE);
    __atomic_store_n(&slot->only_port, actions->only_port, __ATOMIC_RELEASE);
}

/* The key of an instance as far as its mask goes. */
static void instance_key(const struct wildcard *w, uint32_t slot, struct flow_key *key)
{
    const struct wildcard_instance *i = &w->table->instances[slot];
    const struct selector *s = &i->mask->selector;

    memset(key, 0, sizeof *key);
    for (unsigned int k = 0; k < s->n; k++) {
        key->u64[s->word[k]] = k < WILDCARD_INLINE_WORDS ? w->slots[slot].words[k]
                                                         : w->more[slot][k - WILDCARD_INLINE_WORDS];
    }
    key->in_port = i->view_no % DP_MAX_PORTS;
    key->lines = i->lines;
}

/* Is there an instance of this flow for these words already? */
static bool instance_exists(const struct wildcard *w, uint32_t flow_no,
                            const struct wildcard_flow *f, const struct selector *s,
                            const uint64_t *words, uint64_t hash)
{
    uint32_t slot = wildcard_probe(w, w->index, s, words, hash);

    if (slot == WILDCARD_NONE) {
        return false;
    }
    if (w->slots[slot].flow_no == flow_no) {
        return true;
    }
    /* Another flow's with the same words: two flows of different masks may well be filed alike. */
    for (uint32_t i = f->first; i != WILDCARD_NONE; i = w->table->instances[i].next) {
        if (wildcard_slot_is(w, i, s, words, s->n)) {
            return true;
        }
    }
    return false;
}

static int instance_add(struct wildcard *w, uint32_t flow_no, struct wildcard_flow *f,
                        const struct flow_key *key)
{
    struct wildcard_table *t = w->table;
    uint16_t view_no = (uint16_t)wildcard_view_no(key->in_port, key->recirc_id);
    struct wildcard_mask *m = wildcard_mask_for(w, view_no, f->mask);
    uint64_t words[FLOW_N_WORDS] = {0}, hash;
    uint64_t births = w->n_births;
    struct wildcard_slot *s;
    uint32_t slot;
    int error = 0;

    selector_extract(&m->selector, key, words);
    hash = cache_hash_words(words, m->selector.n, m->selector.id);
    if (instance_exists(w, flow_no, f, &m->selector, words, hash)) {
        goto out;
    }
    slot = t->n_instances < t->flow_limit ? slot_new(t) : WILDCARD_NONE;
    if (slot == WILDCARD_NONE) {
        error = -ENOSPC;
        goto out;
    }
    s = &w->slots[slot];
    memcpy(s->words, words, sizeof s->words);
    if (m->selector.n > WILDCARD_INLINE_WORDS) {
        memcpy(w->more[slot], words + WILDCARD_INLINE_WORDS, sizeof w->more[slot]);
    }
    s->selector = (uint32_t)m->selector.id;
    s->flow_no = flow_no;
    s->generation += s->generation & 1; /* Lives again, as another. */
    slot_set_actions(s, f->actions);
    w->births[slot] = births + 1;
    error = wildcard_index_add(w->index, hash, slot);
    if (error) {
        t->free_slots[t->n_free_slots++] = slot; /* No worker ever saw it. */
        goto out;
    }
    t->instances[slot] = (struct wildcard_instance){hash, f->first, view_no, key->lines, m};
    f->first = slot;
    f->n++;
    t->n_instances++;
    wildcard_mask_count(w, view_no, m, f->actions, 1);
    births++;
out:
    wildcard_publish(w, view_no);
    __atomic_store_n(&w->n_births, births, __ATOMIC_RELEASE);
    return error;
}

/* A flow's actions give way to others, for all of its instances. */
static void flow_set_actions(struct wildcard *w, struct wildcard_flow *f,
                             struct wildcard_actions *actions)
{
    struct wildcard_actions *old = f->actions;

    for (uint32_t i = f->first; i != WILDCARD_NONE; i = w->table->instances[i].next) {
        struct wildcard_instance *in = &w->table->instances[i];

        /* The parser must go as deep as the new actions need before they are there. */
        wildcard_mask_count(w, in->view_no, in->mask, actions, 1);
        wildcard_publish(w, in->view_no);
        slot_set_actions(&w->slots[i], actions);
        wildcard_mask_count(w, in->view_no, in->mask, old, -1);
        wildcard_publish(w, in->view_no);
    }
    f->actions = actions;
    w->table->defer(free, old);
}

static bool flow_matches(const struct wildcard *w, const struct wildcard_flow *f,
                         const struct flow_key *key, const struct flow_mask *mask)
{
    struct flow_key is, have, want;

    if (!flow_mask_equal(f->mask, mask)) {
        return false;
    }
    instance_key(w, f->first, &is);
    flow_key_mask(&have, &is, mask);
    flow_key_mask(&want, key, mask);
    return flow_key_equal(&have, &want);
}

/* Does the key have bits that its mask does not speak of: is it a packet's, not a masked one? */
static bool is_packet_key(const struct flow_key *key, const struct flow_mask *mask)
{
    struct flow_key masked;

    flow_key_mask(&masked, key, mask);
    return !flow_key_equal(&masked, key);
}

int wildcard_put(struct wildcard *w, uint32_t flow_no, const struct flow_key *key,
                 const struct flow_mask *mask, const void *data, uint32_t len, bool of_packet)
{
    struct wildcard_table *t = w->table;
    struct wildcard_flow *f = t->flows[flow_no];
    int error = 0;

    if (key->in_port >= DP_MAX_PORTS) {
        return -EINVAL;
    }
    if (f) {
        if (!flow_matches(w, f, key, mask)) {
            return -EEXIST;
        }
        if (f->actions->len != len || (len && memcmp(f->actions->data, data, len))) {
            flow_set_actions(w, f, wildcard_actions_new(data, len));
        }
        error = of_packet || is_packet_key(key, mask) ? instance_add(w, flow_no, f, key) : 0;
    } else {
        f = xcalloc(1, sizeof *f);
        f->mask = wildcard_mask_intern(t, mask);
        f->actions = wildcard_actions_new(data, len);
        t->flows[flow_no] = f;
        error = instance_add(w, flow_no, f, key);
        if (error) {
            flow_free(w, flow_no);
            return error;
        }
        t->n_flows++;
    }
    return error;
}

/* What a deleted flow leaves for the end of the grace period. */
struct grave {
    struct wildcard_table *table;
    struct wildcard_actions *actions;
    uint32_t first;
};

static void bury(void *grave_)
{
    struct grave *grave = grave_;
    struct wildcard_table *t = grave->table;

    for (uint32_t i = grave->first; i != WILDCARD_NONE; i = t->instances[i].next) {
        t->free_slots[t->n_free_slots++] = i;
    }
    free(grave->actions);
    free(grave);
}

int wildcard_del(struct wildcard *w, uint32_t flow_no)
{
    struct wildcard_table *t = w->table;
    struct wildcard_flow *f = t->flows[flow_no];
    struct grave *grave;

    if (!f) {
        return -ENOENT;
    }
    for (uint32_t i = f->first; i != WILDCARD_NONE; i = t->instances[i].next) {
        struct wildcard_instance *in = &t->instances[i];

        wildcard_index_remove(w->index, in->hash, i);
        __atomic_store_n(&w->slots[i].generation, w->slots[i].generation + 1, __ATOMIC_RELEASE);
        wildcard_mask_count(w, in->view_no, in->mask, f->actions, -1);
        wildcard_publish(w, in->view_no);
    }
    t->n_flows--;
    t->n_instances -= f->n;
    grave = xmalloc(sizeof *grave);
    *grave = (struct grave){t, f->actions, f->first};
    f->actions = NULL;
    flow_free(w, flow_no);
    t->defer(bury, grave);
    return 0;
}

bool wildcard_has(const struct wildcard *w, uint32_t flow_no)
{
    return w->table->flows[flow_no];
}

uint32_t wildcard_list(const struct wildcard *w, uint32_t first, uint32_t max,
                       void (*cb)(const struct dp_flow *, void *aux), void *aux)
{
    const struct wildcard_table *t = w->table;
    struct dp_flow flow;
    struct flow_key key;

    for (uint32_t i = first; i < DP_MAX_FLOWS; i++) {
        const struct wildcard_flow *f = t->flows[i];

        if (!f) {
            continue;
        }
        if (!max--) {
            return i;
        }
        instance_key(w, f->first, &key);
        flow.flow_no = i;
        flow.mask = *f->mask;
        flow_key_mask(&flow.key, &key, f->mask);
        flow.actions = f->actions->data;
        flow.actions_len = f->actions->len;
        cb(&flow, aux);
    }
    return DP_NO_FLOW;
}

size_t wildcard_n_flows(const struct wildcard *w)
{
    return w->table->n_flows;
}

size_t wildcard_n_instances(const struct wildcard *w)
{
    return w->table->n_instances;
}
