/* See flow_table.h. */
#include "vswitchd/upcall/flow_table.h"

#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/uuid.h"

/* Guests choose the keys, so the hash is seeded: with uthash's own, chains of any length could be
 * made. */
static uint64_t seed;

#undef HASH_FUNCTION
#define HASH_FUNCTION(p, len, ret) ((ret) = (unsigned int)hash_bytes(p, len, seed))

static_assert(sizeof(struct flow_id) == sizeof(struct flow_key) + 64, "an id has no padding");

void flow_table_init(struct flow_table *t)
{
    memset(t, 0, sizeof *t);
    if (!seed) {
        struct uuid u;

        uuid_generate(&u);
        seed = (uint64_t)u.parts[0] << 32 | u.parts[3];
    }
}

size_t flow_table_count(const struct flow_table *t)
{
    return t->n - t->n_deleting;
}

size_t flow_table_n_masks(const struct flow_table *t)
{
    return HASH_COUNT(t->masks);
}

uint32_t flow_table_port_count(const struct flow_table *t, uint32_t in_port)
{
    return t->by_port[in_port % DP_MAX_PORTS];
}

uint32_t flow_table_port_share(const struct flow_table *t, uint32_t in_port, uint32_t limit)
{
    return limit / (t->n_ports + !t->by_port[in_port % DP_MAX_PORTS]);
}

static void port_count(struct flow_table *t, uint32_t in_port)
{
    t->n_ports += !t->by_port[in_port % DP_MAX_PORTS]++;
}

static void port_discount(struct flow_table *t, uint32_t in_port)
{
    t->n_ports -= !--t->by_port[in_port % DP_MAX_PORTS];
}

/* A mask in a form that can be compared as bytes: lines that are not present are zeros. */
static void mask_normalise(struct flow_mask *dst, const struct flow_mask *src)
{
    memset(dst, 0, sizeof *dst);
    for (unsigned int i = 0; i < FLOW_N_LINES; i++) {
        if (src->lines & 1u << i) {
            memcpy(&dst->bits.u64[i * FLOW_LINE_WORDS], &src->bits.u64[i * FLOW_LINE_WORDS], 64);
        }
    }
    dst->lines = src->lines;
}

static struct shared_mask *mask_find(const struct flow_table *t, const struct flow_mask *mask)
{
    struct flow_mask m;
    struct shared_mask *s;

    mask_normalise(&m, mask);
    HASH_FIND(hh, t->masks, &m, sizeof m, s);
    return s;
}

static struct shared_mask *mask_ref(struct flow_table *t, const struct flow_mask *mask)
{
    struct shared_mask *s = mask_find(t, mask);

    if (!s) {
        s = aligned_alloc(64, ROUND_UP(sizeof *s, 64));
        if (!s) {
            abort();
        }
        memset(s, 0, sizeof *s);
        mask_normalise(&s->mask, mask);
        HASH_ADD(hh, t->masks, mask, sizeof s->mask, s);
    }
    s->n_flows++;
    return s;
}

static void mask_unref(struct flow_table *t, struct shared_mask *s)
{
    if (--s->n_flows == 0) {
        HASH_DEL(t->masks, s);
        free(s);
    }
}

static void make_id(struct flow_id *id, const struct flow_key *key, struct shared_mask *mask)
{
    memset(id, 0, sizeof *id);
    flow_key_mask(&id->masked, key, &mask->mask);
    id->mask = mask;
}

static void unlink_id(struct flow_table *t, struct cached_flow *f)
{
    if (f->found) {
        HASH_DEL(t->by_id, f);
        f->found = false;
    }
}

static void flow_free(struct flow_table *t, struct cached_flow *f)
{
    unlink_id(t, f);
    ofproto_effects_free(f->effects);
    mask_unref(t, f->id.mask);
    dp_actions_free(&f->actions);
    free(f);
}

void flow_table_clear(struct flow_table *t)
{
    for (uint32_t i = 0; i < t->high; i++) {
        if (t->by_no[i]) {
            flow_free(t, t->by_no[i]);
        }
    }
    free(t->by_no);
    free(t->free_nos);
    flow_table_init(t);
}

static void grow_to(struct flow_table *t, uint32_t high)
{
    if (high > t->size) {
        t->size = MAX_OF(2 * t->size, MAX_OF(high, 256u));
        t->by_no = xreallocarray(t->by_no, t->size, sizeof *t->by_no);
    }
    while (t->high < high) {
        t->by_no[t->high++] = NULL;
    }
}

static struct cached_flow *flow_new(struct flow_table *t, uint32_t flow_no,
                                    const struct flow_key *key, const struct flow_mask *mask,
                                    uint64_t now_ms)
{
    struct cached_flow *f = aligned_alloc(64, ROUND_UP(sizeof *f, 64)), *old;

    if (!f) {
        abort();
    }
    memset(f, 0, sizeof *f);
    make_id(&f->id, key, mask_ref(t, mask));
    f->flow_no = flow_no;
    f->in_port = key->in_port;
    f->created_ms = now_ms;

    HASH_FIND(hh, t->by_id, &f->id, sizeof f->id, old);
    if (old) {
        unlink_id(t, old);
    }
    HASH_ADD(hh, t->by_id, id, sizeof f->id, f);
    f->found = true;
    t->by_no[flow_no] = f;
    t->n++;
    port_count(t, f->in_port);
    return f;
}

struct cached_flow *flow_table_add(struct flow_table *t, const struct flow_key *key,
                                   const struct flow_mask *mask, uint64_t now_ms)
{
    uint32_t no;

    if (t->n_free) {
        no = t->free_nos[--t->n_free];
    } else if (t->high < DP_MAX_FLOWS) {
        no = t->high;
        grow_to(t, no + 1);
    } else {
        return NULL;
    }
    return flow_new(t, no, key, mask, now_ms);
}

struct cached_flow *flow_table_adopt(struct flow_table *t, uint32_t flow_no,
                                     const struct flow_key *key, const struct flow_mask *mask,
                                     uint64_t now_ms)
{
    if (flow_no >= DP_MAX_FLOWS || flow_table_get(t, flow_no)) {
        return NULL;
    }
    if (flow_no >= t->high) {
        grow_to(t, flow_no + 1);
    }
    return flow_new(t, flow_no, key, mask, now_ms);
}

void flow_table_set_effects(struct cached_flow *f, struct ofproto_effects *effects)
{
    ofproto_effects_free(f->effects);
    f->effects = effects;
    ofproto_effects_watch(effects, &f->id.masked, &f->id.mask->mask, f);
}

void flow_table_credit(struct cached_flow *f, const struct dp_flow_stats *now)
{
    struct dp_flow_stats *was = &f->credited;

    if (!f->effects || now->packets <= was->packets) {
        return;
    }
    ofproto_effects_credit(f->effects, now->packets - was->packets,
                           now->bytes > was->bytes ? now->bytes - was->bytes : 0, now->used_ms);
    *was = *now;
}

static void push_free(struct flow_table *t, uint32_t flow_no)
{
    if (t->n_free == t->free_size) {
        t->free_size = MAX_OF(2 * t->free_size, 256u);
        t->free_nos = xreallocarray(t->free_nos, t->free_size, sizeof *t->free_nos);
    }
    t->free_nos[t->n_free++] = flow_no;
}

void flow_table_adopted(struct flow_table *t)
{
    t->n_free = 0;
    for (uint32_t i = t->high; i > 0; i--) {
        if (!t->by_no[i - 1]) {
            push_free(t, i - 1);
        }
    }
}

struct cached_flow *flow_table_get(const struct flow_table *t, uint32_t flow_no)
{
    return flow_no < t->high ? t->by_no[flow_no] : NULL;
}

struct cached_flow *flow_table_find(const struct flow_table *t, const struct flow_key *key,
                                    const struct flow_mask *mask)
{
    struct shared_mask *m = mask_find(t, mask);
    struct cached_flow *f = NULL;
    struct flow_id id;

    if (m) {
        make_id(&id, key, m);
        HASH_FIND(hh, t->by_id, &id, sizeof id, f);
    }
    return f;
}

void flow_table_start_delete(struct flow_table *t, struct cached_flow *f)
{
    if (!f->deleting) {
        f->deleting = true;
        t->n_deleting++;
        port_discount(t, f->in_port);
        unlink_id(t, f);
    }
}

void flow_table_remove(struct flow_table *t, struct cached_flow *f)
{
    uint32_t no = f->flow_no;

    if (f->deleting) {
        t->n_deleting--;
    } else {
        port_discount(t, f->in_port);
    }
    t->n--;
    t->by_no[no] = NULL;
    flow_free(t, f);
    push_free(t, no);
}
