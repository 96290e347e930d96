/* See hash.h. Both processes, any thread; a pure function. */
#include "datapath/flow/hash.h"

#include "lib/hash.h"

#define PROTO_TCP 6
#define PROTO_UDP 17
#define PROTO_SCTP 132

/* What is hashed: both ends, and what they have in common. */
struct hashed {
    uint8_t src[16], dst[16];
    be16_t tp_src, tp_dst;
    be16_t eth_type;
    be16_t vlan[FLOW_MAX_VLANS];
    uint8_t nw_proto;
    uint8_t zero[5];
};
static_assert(sizeof(struct hashed) == 48, "no padding");

static bool take_ip(const struct flow_key *key, struct hashed *h)
{
    if (key->eth_type == be16_make(0x0800)) {
        memcpy(h->src, &key->nw_src, 4);
        memcpy(h->dst, &key->nw_dst, 4);
    } else if (key->eth_type == be16_make(0x86dd) && key->lines & 1u << FLOW_LINE_L3X) {
        memcpy(h->src, key->ipv6_src, 16);
        memcpy(h->dst, key->ipv6_dst, 16);
    } else {
        return false;
    }
    h->nw_proto = key->nw_proto;
    if (!key->nw_frag &&
        (key->nw_proto == PROTO_TCP || key->nw_proto == PROTO_UDP || key->nw_proto == PROTO_SCTP)) {
        h->tp_src = key->tp_src;
        h->tp_dst = key->tp_dst;
    }
    return true;
}

static void take_eth(const struct flow_key *key, struct hashed *h)
{
    memcpy(h->src, key->eth_src, 6);
    memcpy(h->dst, key->eth_dst, 6);
    for (unsigned int i = 0; i < FLOW_MAX_VLANS; i++) {
        h->vlan[i] = key->vlan[i].tci & be16_make(FLOW_VLAN_PRESENT | 0xfff);
    }
}

/* Both ends, in no order. */
static void fold(struct hashed *h)
{
    for (size_t i = 0; i < sizeof h->src; i++) {
        h->src[i] ^= h->dst[i];
        h->dst[i] = 0;
    }
    h->tp_src ^= h->tp_dst;
    h->tp_dst = 0;
}

uint32_t flow_key_hash(const struct flow_key *key, enum dp_hash_alg alg, uint32_t basis)
{
    struct hashed h;
    uint32_t hash;

    memset(&h, 0, sizeof h);
    h.eth_type = key->eth_type;
    if (!take_ip(key, &h)) {
        take_eth(key, &h);
    }
    if (alg == DP_HASH_SYM_L4) {
        fold(&h);
    }
    hash = (uint32_t)hash_bytes(&h, sizeof h, basis);
    return hash ? hash : 1;
}
