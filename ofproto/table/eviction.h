/* Chooses the rule to evict from a full table (OpenFlow 1.4.1 section 6.5): among the rules that
 * have a timeout, as in Open vSwitch, one of the least importance and, of these, the one that would
 * expire soonest. If fairness is configured, it comes from the largest group of rules that agree in
 * certain fields.
 *
 * Kept by tables that evict, beside their rules. Control thread. */
#ifndef OFPROTO_TABLE_EVICTION_H
#define OFPROTO_TABLE_EVICTION_H

#include "ofproto/table/rule.h"

/* What rules are compared by; the values of OpenFlow 1.4. */
#define OFP_EVICTION_OTHER 1
#define OFP_EVICTION_IMPORTANCE 2
#define OFP_EVICTION_LIFETIME 4
#define OFP_EVICTION_ALL 7

struct eviction;

/* 'fair' (copied): the bits in which the rules of a group agree; NULL: all rules are one group. */
struct eviction *eviction_new(uint32_t flags, const struct ofp_flow *fair);
void eviction_free(struct eviction *); /* NULL is fine. */
/* A rule with a timeout was added to the table, or is about to leave it. */
void eviction_add(struct eviction *, struct ofp_rule *);
void eviction_remove(struct eviction *, struct ofp_rule *);
/* The rule to evict; NULL: none can be. */
struct ofp_rule *eviction_choose(struct eviction *);

#endif
