/* Changes that packets make to rules: learning a rule (and keeping it alive), and cutting a rule's
 * timeouts when a TCP connection ends. Made in translation, kept by effects, and applied again
 * whenever packets are credited. Control thread. */
#ifndef OFPROTO_XLATE_LEARNED_H
#define OFPROTO_XLATE_LEARNED_H

#include "ofproto/bridge.h"

struct rule_change {
    struct ofproto *bridge; /* A reference. */
    /* To be learned: in no table, what is in the table is a copy; or, when 'fin', the one in the
     * table whose timeouts are cut. A reference. */
    struct ofp_rule *rule;
    bool fin;
    uint8_t table_id;
    uint16_t idle_s, hard_s; /* With 'fin'. */
    uint32_t limit;          /* Else. */
    bool has_result, result; /* Translation wrote down whether it was learned. */
};

/* Takes over a reference to the rule. */
struct rule_change *rule_change_new(struct ofproto *, struct ofp_rule *);
void rule_change_free(struct rule_change *, struct ofproto_set *);
/* What rule_change_apply() would say, without doing it. */
bool rule_change_is_possible(const struct rule_change *);
/* False: the table, or the limit, is full. */
bool rule_change_apply(struct rule_change *, uint64_t now_ms);

#endif
