/* A flow table: a classifier, the list of rules that can expire, counters, and how the table was
 * set. Control thread. */
#ifndef OFPROTO_TABLE_TABLE_H
#define OFPROTO_TABLE_TABLE_H

#include "ofproto/table/classifier.h"
#include "ofproto/table/cookies.h"
#include "ofproto/table/eviction.h"

#define OFP_TABLE_MAX_RULES 1000000 /* That OpenFlow peers are told, and held to. */

/* Who wants a full table to evict. */
#define OFP_TABLE_EVICTS_BY_DB 1
#define OFP_TABLE_EVICTS_BY_OPENFLOW 2

struct ofp_table {
    struct classifier cls;
    LIST_HEAD(ofp_rule_list, ofp_rule) expirable;
    struct cookies cookies;
    uint8_t id;
    uint64_t n_lookups; /* Packets that were looked up here, as far as effects were credited. */
    uint64_t n_matched;
    uint32_t n_told; /* Rules with OFP_RULE_SEND_REMOVED. */

    uint32_t max_rules;  /* Callers enforce it. */
    char *name;          /* NULL: none. */
    bool name_is_fixed;  /* The database gave it. */
    unsigned int evicts; /* OFP_TABLE_EVICTS_BY_*: who wants it; 0: nobody. */
    uint32_t eviction_flags;
    struct ofp_flow *fair;     /* The bits that eviction groups rules by; NULL: no groups. */
    struct eviction *eviction; /* NULL: the table does not evict. */
    uint8_t vacancy_down;      /* Per cent: an event is sent when less than this is vacant, */
    uint8_t vacancy_up;        /* and the next when more than this is. */
    uint8_t miss;              /* enum ofp_table_miss (codec/table_mod.h). */
    uint8_t vacancy_next;      /* The next event (codec/table_mod.h); 0: events are off. */
};

struct ofp_table *ofp_table_new(uint8_t id);
/* Must be empty; NULL is fine. */
void ofp_table_free(struct ofp_table *);
/* Takes over a reference. */
void ofp_table_insert(struct ofp_table *, struct ofp_rule *);
/* Drops the table's reference. */
void ofp_table_remove(struct mask_pool *, struct ofp_table *, struct ofp_rule *);
/* The rules of one become those of the other; all settings stay. Neither evicts. */
void ofp_table_swap_rules(struct ofp_table *, struct ofp_table *);

/* How many of its rules have it. */
uint32_t ofp_table_count_cookie(struct ofp_table *, uint64_t cookie);

/* Change a rule of this table. */
void ofp_table_set_cookie(struct ofp_table *, struct ofp_rule *, uint64_t cookie);
void ofp_table_set_timeouts(struct ofp_table *, struct ofp_rule *, uint16_t idle_s,
                            uint16_t hard_s);

/* NULL or "": none. */
void ofp_table_set_name(struct ofp_table *, const char *name);
void ofp_table_set_eviction(struct ofp_table *, unsigned int evicts, uint32_t flags);
/* 'fair' is copied; NULL: none. */
void ofp_table_set_fair(struct ofp_table *, const struct ofp_flow *fair);
/* How much of max_rules is vacant, in per cent. */
uint8_t ofp_table_vacancy(const struct ofp_table *);

enum ofp_expiry { OFP_EXPIRY_NONE, OFP_EXPIRY_IDLE, OFP_EXPIRY_HARD };
/* OpenFlow 1.3.5 section 5.5: whether the rule's time has come. */
enum ofp_expiry ofp_rule_expiry(const struct ofp_rule *, uint64_t now_ms);

#endif
