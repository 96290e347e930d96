/* Which rule makes room when a table is full (OpenFlow 1.4.1 section 6.5): of the rules that end
 * by a timeout, as in Open vSwitch, one of the least importance, and of these the one that would
 * end soonest. Where rules are to be treated fairly, it is one of the biggest group: rules that
 * have the same values in certain fields.
 *
 * Kept by tables that evict, beside their rules. Control thread. */
#ifndef OFPROTO_TABLE_EVICTION_H
#define OFPROTO_TABLE_EVICTION_H

#include "ofproto/table/rule.h"

/* What is compared (the numbers of OpenFlow 1.4). */
#define OFP_EVICTION_OTHER 1
#define OFP_EVICTION_IMPORTANCE 2
#define OFP_EVICTION_LIFETIME 4
#define OFP_EVICTION_ALL 7

struct eviction;

/* 'fair': the bits by which rules are grouped; NULL: all are one group. Copied. */
struct eviction *eviction_new(uint32_t flags, const struct ofp_flow *fair);
void eviction_free(struct eviction *); /* NULL is fine. */
/* A rule that has a timeout comes to the table, or leaves it. */
void eviction_add(struct eviction *, struct ofp_rule *);
void eviction_remove(struct eviction *, struct ofp_rule *);
/* The rule to give up; NULL: there is none. */
struct ofp_rule *eviction_choose(struct eviction *);

#endif
