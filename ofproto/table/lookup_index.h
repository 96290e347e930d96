/* Which cached flows a changed rule may concern: the lookups that cached flows made in one table,
 * found by the bits of a rule's match. The classifier turned round: there packets look for rules,
 * here a rule looks for packets.
 *
 * Lookups of which the same bits are known form a group. To a group, a rule's match is worth the
 * bits that are known there, so for each such set of bits that is asked for the group keeps a view:
 * a hash table of all its lookups under these bits. A view is made when first needed (a walk over
 * the group's lookups), and serves every later rule whose mask has its bits, as long as few lookups
 * share a place in it. So a rule is held against a handful of lookups, however many there are.
 *
 * What it finds are candidates: the caller compares them. Part of xlate/watch.c. Control thread. */
#ifndef OFPROTO_TABLE_LOOKUP_INDEX_H
#define OFPROTO_TABLE_LOOKUP_INDEX_H

#include "ofproto/table/history.h"

struct lookup_group;

/* Of one table; all zeros is empty. Whoever frees it has removed all lookups. */
struct lookup_index {
    struct lookup_group *groups;
};

/* One lookup, in memory of the caller's. */
struct lookup {
    struct lookup_group *group; /* NULL: in no index. */
    uint32_t at;                /* Its place in the group. */
    int32_t priority;           /* Of the rule that it found; -1: any rule may concern it. */
};

/* What is known at the lookup, which the index asks again when it makes a view. Of one lookup it is
 * always the same. */
typedef void lookup_known_cb(const struct lookup *, struct known_flow *ret);

void lookup_index_add(struct lookup_index *, struct lookup *, lookup_known_cb *);
void lookup_index_remove(struct lookup_index *, struct lookup *);

/* Visits the lookups that a rule of this table may concern, and some that it does not. 'cb' neither
 * adds nor removes any. */
typedef void lookup_cb(struct lookup *, void *aux);
void lookup_index_find(struct lookup_index *, const struct ofp_rule *, lookup_cb *, void *aux);

#endif
