/* An index of the lookups that cached flows made in one table, by the bits that are known of their
 * packets. It finds the cached flows that a changed rule may affect: the classifier in reverse, in
 * which a rule searches for packets.
 *
 * Lookups of which the same bits are known form a group. Within a group only those bits of a rule's
 * match can be compared that are known there. For each such set of bits the group keeps a view: a
 * hash table of its lookups by these bits. A view is built when first needed, by a walk over the
 * group, and serves all later rules whose masks have its bits, as long as few lookups share a
 * bucket. So a rule is compared with a handful of lookups, however many there are.
 *
 * The index returns candidates, which the caller compares in full. Used by xlate/watch.c. Control
 * thread. */
#ifndef OFPROTO_TABLE_LOOKUP_INDEX_H
#define OFPROTO_TABLE_LOOKUP_INDEX_H

#include "ofproto/table/history.h"

struct lookup_group;

/* One per table; all zeros is empty. It must be empty again when it is freed. */
struct lookup_index {
    struct lookup_group *groups;
};

/* One lookup; embedded in a struct of the caller. */
struct lookup {
    struct lookup_group *group; /* NULL: in no index. */
    uint32_t at;                /* Its index in the group. */
    int32_t priority;           /* Of the rule that it found; -1: any rule may affect it. */
};

/* Returns what is known at the lookup. The index asks again when it builds a view; the answer must
 * always be the same. */
typedef void lookup_known_cb(const struct lookup *, struct known_flow *ret);

void lookup_index_add(struct lookup_index *, struct lookup *, lookup_known_cb *);
void lookup_index_remove(struct lookup_index *, struct lookup *);

/* Visits all lookups that a rule of this table may affect, and some that it does not. 'cb' must not
 * add or remove lookups. */
typedef void lookup_cb(struct lookup *, void *aux);
void lookup_index_find(struct lookup_index *, const struct ofp_rule *, lookup_cb *, void *aux);

#endif
