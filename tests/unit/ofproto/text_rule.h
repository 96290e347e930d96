/* Rules as people write them, for unit tests that are about many. Header only. */
#ifndef TESTS_UNIT_OFPROTO_TEXT_RULE_H
#define TESTS_UNIT_OFPROTO_TEXT_RULE_H

#include "ofproto/codec/flow_text.h"
#include "tests/unit/ofproto/net.h"

/* "table=1,priority=5,udp,actions=output:2". */
static inline struct ofp_rule *text_rule(struct ofproto *br, const char *text)
{
    struct ofp_flow_mod fm;
    struct ofp_rule *rule;
    struct error err = {0};

    ofp_tlv_map_use(&br->tlvs);
    if (ofp_flow_mod_parse(OFPFC_ADD, text, NULL, NULL, &fm, &err)) {
        fail_msg("%s", err.text);
    }
    struct ofp_rule_config config = {.match = &fm.match,
                                     .priority = fm.priority,
                                     .cookie = fm.new_cookie,
                                     .actions = fm.actions.data,
                                     .actions_len = fm.actions.len};
    rule = rule_new(&br->set->masks, &config);
    bridge_add_rule(br, fm.table_id == OFPTT_ALL ? 0 : fm.table_id, rule);
    ofp_actions_free(&fm.actions);
    return rule;
}

#endif
