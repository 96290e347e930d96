/* What happened lately to the rules of a bridge: which rules were added, changed or removed, by
 * version. So a cached flow that is older than the tables can be held against what changed, instead
 * of being translated again.
 *
 * Thousands of flow mods may come between two looks at a hundred thousand flows, so a flow is not
 * held against each of them: rules that changed are kept in groups of one table and mask, each with
 * the bits in which all its rules are the same, and a hash table of their values. Bounded: what is
 * older than one to two batches of events is only known to have been. Written by rules.c, read by
 * xlate/effects.c. Control thread. */
#ifndef OFPROTO_TABLE_HISTORY_H
#define OFPROTO_TABLE_HISTORY_H

#include "ofproto/table/rule.h"

#define HISTORY_BATCH 16384 /* Events. */
#define HISTORY_GROUPS 64   /* In a batch. */
#define HISTORY_EVENTS 256  /* That are kept one by one. */
#define HISTORY_TABLES 254

struct rule_event {
    uint64_t version;
    struct ofp_rule *rule; /* A reference: its match is needed after it left its table. */
};

struct history_group;

struct history_batch {
    uint64_t start; /* Of the version before its first event. */
    uint32_t n_events;
    uint32_t n_groups;
    struct history_group *group[HISTORY_GROUPS];
};

struct rule_history {
    struct history_batch batch[2];
    unsigned int now;                        /* The batch that events go to. */
    struct rule_event event[HISTORY_EVENTS]; /* A ring; [n % HISTORY_EVENTS] is the next. */
    uint64_t n;                              /* Ever. */
    uint64_t table_version[HISTORY_TABLES];  /* Of the last event of each table. */
};

/* What all packets of a cached flow have at a lookup: bits of 'known' are those of 'value'. */
struct known_flow {
    struct ofp_flow value;
    struct ofp_flow known;
};

/* The rule came to, changed in or left its table. Versions rise from 1. */
void rule_history_add(struct rule_history *, struct mask_pool *, struct ofp_rule *,
                      uint64_t version);
void rule_history_clear(struct rule_history *, struct mask_pool *);

static inline bool rule_history_is_quiet(const struct rule_history *h, uint8_t table_id,
                                         uint64_t since)
{
    return h->table_version[table_id] <= since;
}

/* Whether events of the table that are younger than 'since' may change what a lookup found that had
 * a rule of this priority (-1: none, or one that a conjunction led to). */
bool rule_history_concerns(const struct rule_history *, uint8_t table_id, uint64_t since,
                           const struct known_flow *, int priority);

bool rule_may_match(const struct ofp_rule *, const struct known_flow *);

/* Visits the events that are younger than 'since', the last one first, as far as they are kept one
 * by one. Returns how many. 'cb' may be NULL. */
typedef void rule_event_cb(const struct rule_event *, void *aux);
unsigned int rule_history_since(const struct rule_history *, uint64_t since, rule_event_cb *cb,
                                void *aux);

#endif
