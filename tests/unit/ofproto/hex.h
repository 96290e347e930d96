/* Wire bytes as hexadecimal digits, for the unit tests of OpenFlow. Header only. */
#ifndef TESTS_UNIT_OFPROTO_HEX_H
#define TESTS_UNIT_OFPROTO_HEX_H

#include "ofproto/codec/instruction.h"
#include "tests/unit/ofproto/net.h"

/* Digits with spaces among them; returns how many bytes they are. */
static inline size_t from_hex(const char *hex, uint8_t *out)
{
    size_t n = 0;

    for (; *hex; hex += *hex == ' ' ? 1 : 2) {
        unsigned int b;

        if (*hex != ' ') {
            assert_int_equal(sscanf(hex, "%2x", &b), 1);
            out[n++] = (uint8_t)b;
        }
    }
    return n;
}

/* A rule with these instructions of OpenFlow 1.3. */
static inline struct ofp_rule *hex_rule(struct ofproto *br, uint8_t table, uint16_t priority,
                                        const char *match_text, const char *instructions)
{
    struct ofp_actions list = OFP_ACTIONS_INIT;
    struct ofp_match match;
    struct ofp_rule *rule;
    uint8_t bytes[512];
    size_t n = from_hex(instructions, bytes);

    assert_int_equal(ofp_match_parse(match_text, NULL, NULL, &match, NULL), 0);
    assert_int_equal(ofp_instructions_decode(OFP13, bytes, n, table, &match, &list), 0);
    rule = net_rule(br, table, priority, match_text, &list);
    ofp_actions_free(&list);
    return rule;
}

#endif
