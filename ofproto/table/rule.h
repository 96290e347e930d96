/* A rule of a flow table: what it matches, its priority, what it does, and its bookkeeping.
 *
 * Laid out for a million of them: the mask is shared by all rules that have the same bits (interned
 * in a pool), values are kept for the mask's non-zero words only, actions are one block. Reference
 * counted: the table holds one, effects of cached flows hold theirs, so that packets may still be
 * credited after a rule left its table. Control thread. */
#ifndef OFPROTO_TABLE_RULE_H
#define OFPROTO_TABLE_RULE_H

#include <sys/queue.h>

#include "ofproto/codec/action.h"
#include "ofproto/table/layers.h"

/* An interned mask: its non-zero words. */
struct rule_mask {
    struct rule_mask *next; /* In the pool's bucket. */
    uint64_t hash;
    uint32_t refs;
    uint8_t n;
    int16_t prefix[N_TRIE_FIELDS]; /* Of each trie field: its length, 0 none, -1 no prefix. */
    uint8_t index[OFP_FLOW_WORDS];
    uint64_t word[]; /* n of them. */
};

struct mask_pool {
    struct rule_mask **buckets;
    size_t n_buckets; /* A power of two; 0 while empty. */
    size_t n;
};

void mask_pool_free(struct mask_pool *); /* No mask may be in use. */
struct rule_mask *mask_intern(struct mask_pool *, const struct ofp_flow *mask);
void mask_unref(struct mask_pool *, struct rule_mask *);

/* Flow mod flags (the numbers of OpenFlow 1.3). */
#define OFP_RULE_SEND_REMOVED 1
#define OFP_RULE_CHECK_OVERLAP 2
#define OFP_RULE_RESET_COUNTS 4
#define OFP_RULE_NO_PACKET_COUNTS 8
#define OFP_RULE_NO_BYTE_COUNTS 16

struct ofp_rule {
    /* The classifier's. */
    struct ofp_rule *chain;
    struct tuple *tuple; /* NULL: in no classifier. */
    struct rule_mask *mask;
    uint32_t hash; /* In its tuple. */
    uint16_t priority;
    uint8_t table_id;

    uint32_t refs;
    uint32_t actions_len;
    uint8_t *actions;      /* One block of ofp_action records. */
    struct rule_use *uses; /* What they name; while the rule is in a table. See uses.h. */
    uint64_t cookie;
    uint64_t packets;
    uint64_t bytes;
    uint64_t created_ms;
    uint64_t modified_ms;
    uint64_t used_ms;        /* 0: never. */
    uint16_t idle_timeout_s; /* 0: none. */
    uint16_t hard_timeout_s;
    uint16_t importance;
    uint16_t flags;              /* OFP_RULE_*. */
    bool is_soft;                /* A clause of a conjunction. */
    LIST_ENTRY(ofp_rule) expiry; /* Of rules with a timeout. */
    uint64_t value[];            /* mask->n of them. */
};

struct ofp_rule_config {
    const struct ofp_match *match;
    uint16_t priority;
    uint64_t cookie;
    const void *actions;
    uint32_t actions_len;
    uint16_t idle_timeout_s;
    uint16_t hard_timeout_s;
    uint16_t importance;
    uint16_t flags;
    uint64_t now_ms;
};

/* Holds one reference. Everything is copied. */
struct ofp_rule *rule_new(struct mask_pool *, const struct ofp_rule_config *);
void rule_ref(struct ofp_rule *);
void rule_unref(struct mask_pool *, struct ofp_rule *);
void rule_get_match(const struct ofp_rule *, struct ofp_match *);
/* Replaces actions and, as OpenFlow's modify does, leaves all else. Of a rule in a table:
 * bridge_set_actions(). */
void rule_set_actions(struct ofp_rule *, const void *actions, uint32_t len, uint64_t now_ms);
/* The options of tunnels that it matches: a bit for each of tun_metadata0 to 63. */
uint64_t rule_tlv_fields(const struct ofp_rule *);
bool rule_matches(const struct ofp_rule *, const struct ofp_flow *);
/* Whether it matches on conj_id: a conjunction leads to it, whatever its priority. */
bool rule_is_conjunctive(const struct ofp_rule *);
/* Same match; priority is the caller's to compare. */
bool rule_same_match(const struct ofp_rule *, const struct ofp_rule *);

#endif
