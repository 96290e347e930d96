/* What happened lately to the rules of a bridge: the rules that were added, changed or removed, by
 * version. So a cached flow that is older than the tables can be held against what changed, instead
 * of being translated again. Bounded: what is older than the last HISTORY_SIZE events is only known
 * to have been. Written by rules.c, read by xlate/effects.c. Control thread. */
#ifndef OFPROTO_TABLE_HISTORY_H
#define OFPROTO_TABLE_HISTORY_H

#include "ofproto/table/rule.h"

/* Holding a flow against more events than this costs more than translating it. */
#define HISTORY_SIZE 256
#define HISTORY_TABLES 254

struct rule_event {
    uint64_t version;
    struct ofp_rule *rule; /* A reference: its match is needed after it left its table. */
};

struct rule_history {
    struct rule_event event[HISTORY_SIZE];  /* A ring; [n % HISTORY_SIZE] is the next. */
    uint64_t n;                             /* Ever. */
    uint64_t forgotten;                     /* The version of the last event that fell out. */
    uint64_t table_version[HISTORY_TABLES]; /* Of the last event of each table. */
};

/* The rule came to, changed in or left its table. Versions never fall. */
void rule_history_add(struct rule_history *, struct mask_pool *, struct ofp_rule *,
                      uint64_t version);
/* Forgets all events: who asks gets the answer "it may be". */
void rule_history_clear(struct rule_history *, struct mask_pool *);

/* Whether 'cb' says true of an event of the table that is younger than 'since'; true also when that
 * is not known any more. */
typedef bool rule_history_cb(const struct ofp_rule *, const void *aux);
bool rule_history_any(const struct rule_history *, uint8_t table_id, uint64_t since,
                      rule_history_cb *, const void *aux);

#endif
