/* A match: values and the bits of them that count. Built by codecs and parsers, kept by rules in
 * the compact form of table/rule.h. Bits of 'flow' outside 'mask' are zero. mask.pkt.lines is zero
 * and flow.pkt.lines too: it is no field. Control thread. */
#ifndef OFPROTO_MATCH_MATCH_H
#define OFPROTO_MATCH_MATCH_H

#include "ofproto/match/flow.h"

struct ofp_match {
    struct ofp_flow flow;
    struct ofp_flow mask;
};

/* Matches everything. */
void ofp_match_init(struct ofp_match *);
bool ofp_match_equal(const struct ofp_match *, const struct ofp_match *);
/* True when the flow has the match's values in every bit of its mask. */
bool ofp_match_covers(const struct ofp_match *, const struct ofp_flow *);
/* True when every flow that 'specific' matches is also matched by 'wide' (what a loose delete or
 * dump selects: OpenFlow 1.3.5 section 6.4). */
bool ofp_match_is_within(const struct ofp_match *specific, const struct ofp_match *wide);
/* Zeroes the value bits that the mask does not have, and gives "no VLAN tag", which each version of
 * the protocol says with other bits, its one form: the bit FLOW_VLAN_PRESENT alone. */
void ofp_match_normalize(struct ofp_match *);

/* Sets FIELD (a member of ofp_flow) to VALUE, every bit of it. */
#define OFP_MATCH_SET(MATCH, FIELD, VALUE)                                                         \
    do {                                                                                           \
        (MATCH)->flow.FIELD = (VALUE);                                                             \
        memset(&(MATCH)->mask.FIELD, 0xff, sizeof((MATCH)->mask.FIELD));                           \
    } while (0)

#endif
