/* See match.h. */
#include "ofproto/match/tlv_map.h"

void ofp_match_init(struct ofp_match *match)
{
    memset(match, 0, sizeof *match);
}

bool ofp_match_equal(const struct ofp_match *a, const struct ofp_match *b)
{
    return !memcmp(&a->mask, &b->mask, sizeof a->mask) &&
           !memcmp(&a->flow, &b->flow, sizeof a->flow);
}

bool ofp_match_covers(const struct ofp_match *match, const struct ofp_flow *flow)
{
    for (unsigned int i = 0; i < OFP_FLOW_WORDS; i++) {
        if ((flow->u64[i] ^ match->flow.u64[i]) & match->mask.u64[i]) {
            return false;
        }
    }
    return true;
}

bool ofp_match_is_within(const struct ofp_match *specific, const struct ofp_match *wide)
{
    for (unsigned int i = 0; i < OFP_FLOW_WORDS; i++) {
        if (wide->mask.u64[i] & ~specific->mask.u64[i]) {
            return false;
        }
    }
    return ofp_match_covers(wide, &specific->flow);
}

/* Options of tunnels may be in a flow as numbers of values, which stand outside it. */
static bool is_number(unsigned int word)
{
    return word >= offsetof(struct ofp_flow, tun_metadata) / 8 &&
           word < (offsetof(struct ofp_flow, tun_metadata) + OFP_TUN_METADATA_BYTES) / 8 &&
           ofp_tlv_uses_numbers();
}

void ofp_match_normalize(struct ofp_match *match)
{
    be16_t present = be16_make(FLOW_VLAN_PRESENT), *mask = &match->mask.pkt.vlan[0].tci;

    for (unsigned int i = 0; i < OFP_FLOW_WORDS; i++) {
        if (!is_number(i)) {
            match->flow.u64[i] &= match->mask.u64[i];
        }
    }
    if (*mask & present && !match->flow.pkt.vlan[0].tci) {
        *mask = present; /* Without a tag the rest is zero too. */
    }
}
