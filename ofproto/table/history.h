/* The latest changes of a bridge's rules: which rules were added, changed or removed, by version. A
 * cached flow that is older than the tables is checked against these changes, instead of being
 * translated again.
 *
 * Thousands of flow mods may come between two checks of a hundred thousand flows, so a flow is not
 * compared with each change. Changed rules are grouped by table and mask; each group has the bits
 * that all its rules have in common, and a hash table of their values. The history is bounded: of
 * changes older than one to two batches it only knows that there were some. Written by rules.c,
 * read by xlate/effects.c. Control thread. */
#ifndef OFPROTO_TABLE_HISTORY_H
#define OFPROTO_TABLE_HISTORY_H

#include "ofproto/table/rule.h"

#define HISTORY_BATCH 16384 /* Events. */
#define HISTORY_GROUPS 64   /* In a batch. */
#define HISTORY_EVENTS 256  /* The latest ones, which are also kept singly. */
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

/* What is known of all packets of a cached flow at one lookup: the bits of 'known' are as in
 * 'value'. */
struct known_flow {
    struct ofp_flow value;
    struct ofp_flow known;
};

/* The rule was added to, changed in or removed from its table. Versions rise, from 1. */
void rule_history_add(struct rule_history *, struct mask_pool *, struct ofp_rule *,
                      uint64_t version);
void rule_history_clear(struct rule_history *, struct mask_pool *);

static inline bool rule_history_is_quiet(const struct rule_history *h, uint8_t table_id,
                                         uint64_t since)
{
    return h->table_version[table_id] <= since;
}

/* Whether changes of the table after 'since' may change the result of a lookup, which was a rule of
 * this priority (-1: no rule, or one that a conjunction led to). */
bool rule_history_concerns(const struct rule_history *, uint8_t table_id, uint64_t since,
                           const struct known_flow *, int priority);

/* Whether the rule may match packets of which this is known. */
bool rule_may_match(const struct ofp_rule *, const struct known_flow *);

/* Visits the changes after 'since' that are still kept singly, the latest first, and returns their
 * number. 'cb' may be NULL. */
typedef void rule_event_cb(const struct rule_event *, void *aux);
unsigned int rule_history_since(const struct rule_history *, uint64_t since, rule_event_cb *cb,
                                void *aux);

#endif
