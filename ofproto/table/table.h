/* A flow table: a classifier, the list of rules that can expire, and counters. Control thread. */
#ifndef OFPROTO_TABLE_TABLE_H
#define OFPROTO_TABLE_TABLE_H

#include "ofproto/table/classifier.h"

#define OFP_TABLE_MAX_RULES 1000000 /* That OpenFlow peers are told, and held to. */

struct ofp_table {
    struct classifier cls;
    uint32_t max_rules; /* The callers' to keep. */
    LIST_HEAD(ofp_rule_list, ofp_rule) expirable;
    uint8_t id;
    uint64_t n_lookups; /* Packets that came here, as far as effects told. */
    uint64_t n_matched;
};

struct ofp_table *ofp_table_new(uint8_t id);
/* Must be empty; NULL is fine. */
void ofp_table_free(struct ofp_table *);
/* Takes over a reference. */
void ofp_table_insert(struct ofp_table *, struct ofp_rule *);
/* Drops the table's reference. */
void ofp_table_remove(struct mask_pool *, struct ofp_table *, struct ofp_rule *);

/* Of a rule in this table. */
void ofp_table_set_timeouts(struct ofp_table *, struct ofp_rule *, uint16_t idle_s,
                            uint16_t hard_s);

enum ofp_expiry { OFP_EXPIRY_NONE, OFP_EXPIRY_IDLE, OFP_EXPIRY_HARD };
/* OpenFlow 1.3.5 section 5.5: whether the rule's time has come. */
enum ofp_expiry ofp_rule_expiry(const struct ofp_rule *, uint64_t now_ms);

#endif
