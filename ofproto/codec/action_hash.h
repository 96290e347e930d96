/* Records of the actions that choose by a hash of the packet; see action_hash.c. */
#ifndef OFPROTO_CODEC_ACTION_HASH_H
#define OFPROTO_CODEC_ACTION_HASH_H

#include "ofproto/codec/action.h"
#include "ofproto/codec/match_wire.h"

/* What is hashed, as Nicira numbers it. Symmetric: the same for both directions. */
enum ofp_hash_fields {
    OFP_HASH_ETH_SRC,
    OFP_HASH_SYMMETRIC_L4, /* Ethernet, VLAN, IP, ports of TCP and SCTP. */
    OFP_HASH_SYMMETRIC_L3L4,
    OFP_HASH_SYMMETRIC_L3L4_UDP, /* Ports of UDP too. */
    OFP_HASH_NW_SRC,
    OFP_HASH_NW_DST,
    OFP_HASH_SYMMETRIC_L3,
    OFP_N_HASH_FIELDS,
    OFP_HASH_SYMMETRIC_L4_UDP = OFP_N_HASH_FIELDS, /* Of groups alone: MACs or 5-tuple. */
};

enum ofp_multipath_algorithm {
    OFP_MULTIPATH_MODULO_N,
    OFP_MULTIPATH_HASH_THRESHOLD,
    OFP_MULTIPATH_HRW,
    OFP_MULTIPATH_ITER_HASH
};

struct ofp_action_multipath {
    struct ofp_action h;
    uint16_t fields; /* enum ofp_hash_fields. */
    uint16_t basis;
    uint16_t algorithm;
    uint16_t max_link; /* Links are numbered from 0. */
    uint32_t arg;
    struct ofp_subfield dst;
};

enum ofp_bundle_algorithm { OFP_BUNDLE_ACTIVE_BACKUP, OFP_BUNDLE_HRW };

struct ofp_action_bundle {
    struct ofp_action h;
    uint16_t algorithm;
    uint16_t fields;
    uint16_t basis;
    uint16_t n;
    uint32_t pad;
    struct ofp_subfield dst; /* n_bits 0: sends there. */
    uint16_t port[];
};

#endif
