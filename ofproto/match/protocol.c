/* See protocol.h. */
#include "ofproto/match/protocol.h"

#include <netinet/in.h>

static const struct {
    const char *word;
    uint16_t eth_type;
    int nw_proto; /* -1: any. */
} protocols[] = {
    /* The more specific ones first. */
    {"tcp", 0x0800, IPPROTO_TCP},
    {"udp", 0x0800, IPPROTO_UDP},
    {"sctp", 0x0800, IPPROTO_SCTP},
    {"icmp", 0x0800, IPPROTO_ICMP},
    {"ip", 0x0800, -1},
    {"tcp6", 0x86dd, IPPROTO_TCP},
    {"udp6", 0x86dd, IPPROTO_UDP},
    {"sctp6", 0x86dd, IPPROTO_SCTP},
    {"icmp6", 0x86dd, IPPROTO_ICMPV6},
    {"ipv6", 0x86dd, -1},
    {"ipv4", 0x0800, -1},
    {"arp", 0x0806, -1},
    {"rarp", 0x8035, -1},
    {"mpls", 0x8847, -1},
    {"mplsm", 0x8848, -1},
};

bool ofp_protocol_set(const char *word, size_t len, struct ofp_match *match)
{
    for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
        if (strlen(protocols[i].word) == len && !memcmp(protocols[i].word, word, len)) {
            OFP_MATCH_SET(match, pkt.eth_type, be16_make(protocols[i].eth_type));
            if (protocols[i].nw_proto >= 0) {
                OFP_MATCH_SET(match, pkt.nw_proto, (uint8_t)protocols[i].nw_proto);
            }
            return true;
        }
    }
    return false;
}

const char *ofp_protocol_take(const struct ofp_match *match, struct ofp_flow *left)
{
    if (match->mask.pkt.eth_type != UINT16_MAX) {
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
        int proto = protocols[i].nw_proto;

        if (match->flow.pkt.eth_type == be16_make(protocols[i].eth_type) &&
            (proto < 0 ||
             (match->mask.pkt.nw_proto == UINT8_MAX && match->flow.pkt.nw_proto == proto))) {
            left->pkt.eth_type = 0;
            if (proto >= 0) {
                left->pkt.nw_proto = 0;
            }
            return protocols[i].word;
        }
    }
    return NULL;
}
