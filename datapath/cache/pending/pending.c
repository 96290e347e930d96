/* Pending entries: see pending.h. Workers; fast path for traffic that misses, so all memory is
 * there from the start. */
#include "datapath/cache/pending/pending.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "datapath/cache/hash.h"
#include "datapath/cache/memory.h"

/* Tokens: worker, entry + 1, a count that makes them unique. */
#define TOKEN_INDEX_SHIFT 40
#define TOKEN_COUNT_MASK ((UINT64_C(1) << TOKEN_INDEX_SHIFT) - 1)

static_assert(PENDING_ENTRIES < 65535, "an entry's number fits a token");

int pending_new(unsigned int worker, const struct pending_limits *limits, struct pending **ret)
{
    struct pending *p = cache_memory_new(sizeof *p);

    if (!p) {
        return -ENOMEM;
    }
    p->entries = cache_memory_new(PENDING_ENTRIES * sizeof *p->entries);
    if (!p->entries) {
        pending_free(p);
        return -ENOMEM;
    }
    cache_hash_init();
    p->worker = (uint8_t)worker;
    if (getrandom(&p->salt, sizeof p->salt, 0) != (ssize_t)sizeof p->salt) {
        abort();
    }
    pending_set_limits(p, limits);
    *ret = p;
    return 0;
}

void pending_free(struct pending *p)
{
    if (p) {
        cache_memory_free(p->entries, PENDING_ENTRIES * sizeof *p->entries);
        cache_memory_free(p, sizeof *p);
    }
}

void pending_set_limits(struct pending *p, const struct pending_limits *limits)
{
    struct pending_limits l = *limits;

    /* The worker may run, and must not see a limit beyond what there is room for. */
    l.per_flow = MIN_OF(l.per_flow, PENDING_MAX_PACKETS);
    p->limits = l;
}

static struct pending_entry *at(struct pending *p, uint32_t number)
{
    return number ? &p->entries[number - 1] : NULL;
}

static uint32_t number_of(const struct pending *p, const struct pending_entry *e)
{
    return (uint32_t)(e - p->entries) + 1;
}

static uint32_t hash_key(const struct flow_key *key)
{
    unsigned int n = key->lines & (1u << FLOW_LINE_L3X) ? FLOW_N_WORDS : FLOW_LINE_WORDS;

    return (uint32_t)cache_hash_words(key->u64, n, n) & (PENDING_ENTRIES - 1);
}

struct pending_entry *pending_find(struct pending *p, const struct flow_key *key)
{
    struct pending_entry *e = at(p, p->heads[hash_key(key)]);

    while (e && !flow_key_equal(&e->key, key)) {
        e = at(p, e->hash_next);
    }
    return e;
}

enum pending_status pending_park(struct pending *p, struct pending_entry *e, struct rte_mbuf *m)
{
    struct pending_port *port = &p->ports[e->in_port];

    if (e->n >= p->limits.per_flow) {
        return PENDING_FLOW_FULL;
    }
    if (port->n_packets >= p->limits.port_packets) {
        return PENDING_PORT_FULL;
    }
    if (p->n_packets >= p->limits.packets) {
        return PENDING_TOTAL_FULL;
    }
    e->packets[e->n++] = m;
    port->n_packets++;
    p->n_packets++;
    return PENDING_PARKED;
}

/* Takes an entry out of the free ones; 0: there is none. */
static uint32_t take_free(struct pending *p)
{
    uint32_t number = p->free;

    if (number) {
        p->free = p->entries[number - 1].hash_next;
        return number;
    }
    if (p->n_used == PENDING_ENTRIES) {
        return 0;
    }
    p->entries[p->n_used].token = p->salt;
    return ++p->n_used;
}

enum pending_status pending_open(struct pending *p, const struct flow_key *key, uint64_t now_ms,
                                 uint64_t since, struct pending_entry **ret)
{
    struct pending_port *port = &p->ports[key->in_port];
    struct pending_entry *e, *newest = at(p, p->newest);
    uint32_t number;

    if (port->n_entries >= p->limits.per_port || port->n_packets >= p->limits.port_packets) {
        return PENDING_PORT_FULL;
    }
    number = p->n_packets < p->limits.packets ? take_free(p) : 0;
    if (!number) {
        return PENDING_TOTAL_FULL;
    }
    e = at(p, number);
    flow_key_copy(&e->key, key);
    e->token = (uint64_t)p->worker << 56 | (uint64_t)number << TOKEN_INDEX_SHIFT |
               ((e->token + 1) & TOKEN_COUNT_MASK);
    e->deadline_ms = now_ms + p->limits.timeout_ms;
    e->since = since;
    e->in_port = key->in_port;
    e->n = 0;
    e->depth = 0;
    e->hash = hash_key(key);
    e->hash_next = p->heads[e->hash];
    p->heads[e->hash] = number;
    e->older = p->newest;
    e->newer = 0;
    if (newest) {
        newest->newer = number;
    } else {
        p->oldest = number;
    }
    p->newest = number;
    p->n_entries++;
    port->n_entries++;
    *ret = e;
    return PENDING_PARKED;
}

struct pending_entry *pending_by_token(struct pending *p, uint64_t token)
{
    uint32_t number = (uint32_t)(token >> TOKEN_INDEX_SHIFT) & 0xffff;
    struct pending_entry *e;

    if (!number || number > PENDING_ENTRIES) {
        return NULL;
    }
    e = at(p, number);
    /* A closed entry has deadline 0. */
    return e->token == token && e->deadline_ms ? e : NULL;
}

struct pending_entry *pending_expired(struct pending *p, uint64_t now_ms)
{
    struct pending_entry *e = at(p, p->oldest);

    return e && now_ms >= e->deadline_ms ? e : NULL;
}

struct pending_entry *pending_of_port(struct pending *p, uint32_t port_no)
{
    struct pending_entry *e;

    if (port_no >= DP_MAX_PORTS || !p->ports[port_no].n_entries) {
        return NULL;
    }
    for (e = at(p, p->oldest); e && e->in_port != port_no; e = at(p, e->newer)) {
    }
    return e;
}

unsigned int pending_close(struct pending *p, struct pending_entry *e,
                           struct rte_mbuf **ret_packets)
{
    struct pending_entry *older = at(p, e->older), *newer = at(p, e->newer);
    uint32_t *link = &p->heads[e->hash];
    uint32_t number = number_of(p, e);
    unsigned int n = e->n;

    while (*link != number) {
        link = &at(p, *link)->hash_next;
    }
    *link = e->hash_next;
    *(older ? &older->newer : &p->oldest) = e->newer;
    *(newer ? &newer->older : &p->newest) = e->older;
    memcpy(ret_packets, e->packets, n * sizeof *ret_packets);
    p->n_entries--;
    p->n_packets -= n;
    p->ports[e->in_port].n_entries--;
    p->ports[e->in_port].n_packets = (uint16_t)(p->ports[e->in_port].n_packets - n);
    e->n = 0;
    e->deadline_ms = 0;
    e->hash_next = p->free;
    p->free = number;
    return n;
}
