/* See mac_table.h. */
#include "ofproto/l2/mac_table.h"

#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/uuid.h"

static uint64_t hash_of(const struct mac_table *t, uint16_t vlan, const uint8_t mac[6])
{
    uint64_t key = vlan;

    memcpy((uint8_t *)&key + 2, mac, 6);
    return hash_mix64(key ^ t->seed);
}

unsigned int mac_bucket(const struct mac_table *t, uint16_t vlan, const uint8_t mac[6])
{
    return (unsigned int)(hash_of(t, vlan, mac) >> 56) % MAC_N_BUCKETS;
}

/* Flows that asked for this address are to be looked at again. */
static void changed(struct mac_table *t, uint16_t vlan, const uint8_t mac[6])
{
    unsigned int b = mac_bucket(t, vlan, mac);

    if (t->asked[b]) {
        t->asked[b] = false;
        t->version[b] = ++*t->generation;
    }
}

/* --- The heap of owners by number of entries. */

static void heap_place(struct mac_table *t, size_t i, struct mac_owner *owner)
{
    t->heap[i] = owner;
    owner->heap_index = i + 1;
}

static void heap_fix(struct mac_table *t, size_t i)
{
    struct mac_owner *owner = t->heap[i];

    while (i && t->heap[(i - 1) / 2]->n < owner->n) {
        heap_place(t, i, t->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    for (;;) {
        size_t child = 2 * i + 1;

        if (child + 1 < t->n_heap && t->heap[child + 1]->n > t->heap[child]->n) {
            child++;
        }
        if (child >= t->n_heap || t->heap[child]->n <= owner->n) {
            break;
        }
        heap_place(t, i, t->heap[child]);
        i = child;
    }
    heap_place(t, i, owner);
}

static void owner_add(struct mac_table *t, struct mac_owner *owner, struct mac_entry *e)
{
    e->owner = owner;
    TAILQ_INSERT_TAIL(&owner->entries, e, by_owner_use);
    owner->n++;
    if (!owner->heap_index) {
        if (t->n_heap == t->size_heap) {
            t->size_heap = t->size_heap ? t->size_heap * 2 : 8;
            t->heap = xreallocarray(t->heap, t->size_heap, sizeof *t->heap);
        }
        heap_place(t, t->n_heap++, owner);
    }
    heap_fix(t, owner->heap_index - 1);
}

static void owner_remove(struct mac_table *t, struct mac_entry *e)
{
    struct mac_owner *owner = e->owner;
    size_t i = owner->heap_index - 1;

    TAILQ_REMOVE(&owner->entries, e, by_owner_use);
    owner->n--;
    if (owner->n) {
        heap_fix(t, i);
        return;
    }
    owner->heap_index = 0;
    t->n_heap--;
    if (i < t->n_heap) {
        heap_place(t, i, t->heap[t->n_heap]);
        heap_fix(t, i);
    }
}

/* --- Entries. */

static struct mac_entry **find(const struct mac_table *t, uint16_t vlan, const uint8_t mac[6])
{
    struct mac_entry **p = &t->chains[hash_of(t, vlan, mac) & (t->n_chains - 1)];

    while (*p && ((*p)->vlan != vlan || memcmp((*p)->mac, mac, 6))) {
        p = &(*p)->chain;
    }
    return p;
}

static void resize(struct mac_table *t, size_t n)
{
    struct mac_entry **chains = xcalloc(n, sizeof *chains);
    struct mac_entry *e;

    free(t->chains);
    t->chains = chains;
    t->n_chains = n;
    for (e = TAILQ_FIRST(&t->by_use); e; e = TAILQ_NEXT(e, by_use)) {
        struct mac_entry **p = &chains[hash_of(t, e->vlan, e->mac) & (n - 1)];

        e->chain = *p;
        *p = e;
    }
}

static void forget(struct mac_table *t, struct mac_entry *e)
{
    struct mac_entry **p = find(t, e->vlan, e->mac);

    *p = e->chain;
    TAILQ_REMOVE(&t->by_use, e, by_use);
    owner_remove(t, e);
    t->n--;
    changed(t, e->vlan, e->mac);
    free(e);
}

void mac_table_init(struct mac_table *t, uint64_t *generation)
{
    struct uuid u;

    memset(t, 0, sizeof *t);
    uuid_generate(&u);
    t->seed = (uint64_t)u.parts[0] << 32 | u.parts[3];
    t->generation = generation;
    TAILQ_INIT(&t->by_use);
    mac_table_configure(t, 0, 0);
    resize(t, 16);
}

void mac_table_destroy(struct mac_table *t)
{
    mac_flush(t);
    free(t->chains);
    free(t->heap);
}

static void evict_one(struct mac_table *t)
{
    forget(t, TAILQ_FIRST(&t->heap[0]->entries));
    t->n_evicted++;
}

void mac_table_configure(struct mac_table *t, size_t max, unsigned int aging_s)
{
    t->max = max ? max : MAC_DEFAULT_SIZE;
    t->aging_ms = 1000ull * (aging_s ? aging_s : MAC_DEFAULT_AGING_S);
    while (t->n > t->max) {
        evict_one(t);
    }
}

void mac_owner_init(struct mac_owner *owner)
{
    memset(owner, 0, sizeof *owner);
    TAILQ_INIT(&owner->entries);
}

void mac_owner_flush(struct mac_table *t, struct mac_owner *owner)
{
    while (owner->n) {
        forget(t, TAILQ_FIRST(&owner->entries));
        t->n_flushed++;
    }
}

struct mac_entry *mac_lookup(struct mac_table *t, uint16_t vlan, const uint8_t mac[6],
                             unsigned int *ret_bucket)
{
    if (ret_bucket) {
        *ret_bucket = mac_bucket(t, vlan, mac);
        t->asked[*ret_bucket] = true;
    }
    return *find(t, vlan, mac);
}

static void touch(struct mac_table *t, struct mac_entry *e, uint64_t used_ms)
{
    if (used_ms > e->used_ms) {
        e->used_ms = used_ms;
        TAILQ_REMOVE(&t->by_use, e, by_use);
        TAILQ_INSERT_TAIL(&t->by_use, e, by_use);
        TAILQ_REMOVE(&e->owner->entries, e, by_owner_use);
        TAILQ_INSERT_TAIL(&e->owner->entries, e, by_owner_use);
    }
}

bool mac_learn(struct mac_table *t, uint16_t vlan, const uint8_t mac[6], struct mac_owner *owner,
               uint64_t now_ms)
{
    static const uint8_t zero[6];
    struct mac_entry *e;
    uint64_t hash;

    if (mac[0] & 1 || !memcmp(mac, zero, 6)) {
        return false;
    }
    e = *find(t, vlan, mac);
    if (e) {
        touch(t, e, now_ms);
        if (e->owner == owner) {
            return false;
        }
        owner_remove(t, e);
        owner_add(t, owner, e);
        e->changed_ms = now_ms;
        t->n_moved++;
        changed(t, vlan, mac);
        return true;
    }
    if (t->n >= t->max) {
        evict_one(t);
    }
    if (t->n >= t->n_chains) {
        resize(t, t->n_chains * 2);
    }
    e = xcalloc(1, sizeof *e);
    e->vlan = vlan;
    memcpy(e->mac, mac, 6);
    e->used_ms = e->changed_ms = now_ms;
    hash = hash_of(t, vlan, mac);
    e->chain = t->chains[hash & (t->n_chains - 1)];
    t->chains[hash & (t->n_chains - 1)] = e;
    TAILQ_INSERT_TAIL(&t->by_use, e, by_use);
    owner_add(t, owner, e);
    t->n++;
    t->n_learned++;
    changed(t, vlan, mac);
    return true;
}

void mac_credit(struct mac_table *t, uint16_t vlan, const uint8_t mac[6], struct mac_owner *owner,
                uint64_t used_ms)
{
    struct mac_entry *e = *find(t, vlan, mac);

    if (e && e->owner == owner) {
        touch(t, e, used_ms);
    } else if (!e || used_ms > e->changed_ms) {
        mac_learn(t, vlan, mac, owner, used_ms);
    }
}

void mac_expire(struct mac_table *t, uint64_t now_ms)
{
    struct mac_entry *e;

    while ((e = TAILQ_FIRST(&t->by_use)) && now_ms >= e->used_ms + t->aging_ms) {
        forget(t, e);
        t->n_expired++;
    }
}

void mac_flush(struct mac_table *t)
{
    while (t->n) {
        forget(t, TAILQ_FIRST(&t->by_use));
        t->n_flushed++;
    }
}

void mac_flush_vlan(struct mac_table *t, uint16_t vlan)
{
    struct mac_entry *e, *next;

    for (e = TAILQ_FIRST(&t->by_use); e; e = next) {
        next = TAILQ_NEXT(e, by_use);
        if (e->vlan == vlan) {
            forget(t, e);
            t->n_flushed++;
        }
    }
}
