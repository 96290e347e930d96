/* References to groups and meters: for each that some action names, the rules that name it and the
 * number of buckets that do. So deleting it, and counting its references, takes no walk over a
 * million rules.
 *
 * The fields of tunnel options (match/tlv_map.h) are only counted, for matches and actions.
 *
 * References are by id, because a group mod may replace the group that a rule names. Written by
 * rules.c and group/. Control thread. */
#ifndef OFPROTO_TABLE_USES_H
#define OFPROTO_TABLE_USES_H

#include <uthash.h>

#include "ofproto/table/rule.h"

enum use_kind { USE_OF_GROUP, USE_OF_METER };

/* A rule's use of a thing. */
struct rule_use {
    LIST_ENTRY(rule_use) of_thing;
    struct rule_use *of_rule; /* The rule's next one. */
    struct used_thing *thing;
    struct ofp_rule *rule;
};

struct used_thing {
    uint64_t key; /* Kind and id. */
    uint32_t n_rules;
    uint32_t n_buckets;
    LIST_HEAD(rule_use_list, rule_use) rules;
    UT_hash_handle hh;
};

struct uses {
    struct used_thing *things; /* Those that something uses. */
    /* How many rules, buckets and others name each of tun_metadata0 to 63. */
    uint32_t n_tlv[OFP_N_TLV_FIELDS];
};

/* Adds, and removes, the references of a rule that comes to, or leaves, its table. */
void uses_add_rule(struct uses *, struct ofp_rule *);
void uses_remove_rule(struct uses *, struct ofp_rule *);
/* The same for a bucket. */
void uses_add_bucket(struct uses *, const struct ofp_actions *);
void uses_remove_bucket(struct uses *, const struct ofp_actions *);

/* The same for whoever else keeps matches or actions: a bit for each of tun_metadata0 to 63. */
void uses_add_tlvs(struct uses *, uint64_t fields);
void uses_remove_tlvs(struct uses *, uint64_t fields);
/* Those of the fields that something uses. */
uint64_t uses_of_tlvs(const struct uses *, uint64_t fields);
/* Whether anything is used at all. */
static inline bool uses_any(const struct uses *uses)
{
    return uses->things || uses_of_tlvs(uses, UINT64_MAX);
}

/* How many rules and buckets together name it; 'ret_buckets' (may be NULL): the buckets alone. */
uint32_t uses_count(const struct uses *, enum use_kind, uint32_t id, uint32_t *ret_buckets);
/* Calls back for each rule that names it; the callback may remove that rule. */
void uses_each_rule(const struct uses *, enum use_kind, uint32_t id,
                    void (*cb)(struct ofp_rule *, void *aux), void *aux);

#endif
