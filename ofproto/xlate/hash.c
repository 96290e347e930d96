/* Hashes of the packet as it is now, of the fields that an action names. What is hashed is looked
 * at: packets that may get another hash get another cached flow. Control thread. */
#include "ofproto/xlate/hash.h"

#include <netinet/in.h>

#include "lib/hash.h"

struct hashed {
    uint8_t eth[6];
    be16_t eth_type;
    be16_t vlan[FLOW_MAX_VLANS];
    uint8_t nw_proto;
    uint8_t pad[3];
    uint8_t ip[16];
    be16_t tp;
};

/* Both ends, in no order. */
static void fold(void *to, const void *a, const void *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ((uint8_t *)to)[i] = ((const uint8_t *)a)[i] ^ ((const uint8_t *)b)[i];
    }
}

static void hash_l2(struct xlate_ctx *ctx, struct hashed *h)
{
    const struct flow_key *key = &ctx->now.flow.pkt;

    XLATE_LOOK(ctx, pkt.eth_src);
    XLATE_LOOK(ctx, pkt.eth_dst);
    fold(h->eth, key->eth_src, key->eth_dst, 6);
    for (unsigned int i = 0; i < FLOW_MAX_VLANS; i++) {
        XLATE_LOOK(ctx, pkt.vlan[i].tci);
        h->vlan[i] = key->vlan[i].tci & be16_make(FLOW_VLAN_PRESENT | 0xfff);
    }
}

/* False: it is not IP. */
static bool hash_l3(struct xlate_ctx *ctx, struct hashed *h)
{
    const struct flow_key *key = &ctx->now.flow.pkt;

    XLATE_LOOK(ctx, pkt.eth_type);
    h->eth_type = key->eth_type;
    if (key->eth_type == be16_make(0x0800)) {
        XLATE_LOOK(ctx, pkt.nw_src);
        XLATE_LOOK(ctx, pkt.nw_dst);
        fold(h->ip, &key->nw_src, &key->nw_dst, 4);
    } else if (key->eth_type == be16_make(0x86dd)) {
        XLATE_LOOK(ctx, pkt.ipv6_src);
        XLATE_LOOK(ctx, pkt.ipv6_dst);
        fold(h->ip, key->ipv6_src, key->ipv6_dst, 16);
    } else {
        return false;
    }
    XLATE_LOOK(ctx, pkt.nw_proto);
    h->nw_proto = key->nw_proto;
    return true;
}

static void hash_l4(struct xlate_ctx *ctx, bool udp, struct hashed *h)
{
    const struct flow_key *key = &ctx->now.flow.pkt;

    if (key->nw_proto == IPPROTO_TCP || key->nw_proto == IPPROTO_SCTP ||
        (udp && key->nw_proto == IPPROTO_UDP)) {
        XLATE_LOOK(ctx, pkt.tp_src);
        XLATE_LOOK(ctx, pkt.tp_dst);
        fold(&h->tp, &key->tp_src, &key->tp_dst, 2);
    }
}

/* One end alone; nothing of what is not IPv4. */
static void hash_address(struct xlate_ctx *ctx, bool src, struct hashed *h)
{
    const struct flow_key *key = &ctx->now.flow.pkt;

    XLATE_LOOK(ctx, pkt.eth_type);
    if (key->eth_type == be16_make(0x0800) && src) {
        XLATE_LOOK(ctx, pkt.nw_src);
        memcpy(h->ip, &key->nw_src, 4);
    } else if (key->eth_type == be16_make(0x0800)) {
        XLATE_LOOK(ctx, pkt.nw_dst);
        memcpy(h->ip, &key->nw_dst, 4);
    }
}

uint32_t xlate_hash(struct xlate_ctx *ctx, enum ofp_hash_fields fields, uint32_t basis)
{
    struct hashed h;

    memset(&h, 0, sizeof h);
    switch (fields) {
    case OFP_HASH_ETH_SRC:
        XLATE_LOOK(ctx, pkt.eth_src);
        memcpy(h.eth, ctx->now.flow.pkt.eth_src, 6);
        break;
    case OFP_HASH_SYMMETRIC_L4: hash_l2(ctx, &h); /* Fall through. */
    case OFP_HASH_SYMMETRIC_L3L4:
    case OFP_HASH_SYMMETRIC_L3L4_UDP:
        if (hash_l3(ctx, &h)) {
            hash_l4(ctx, fields == OFP_HASH_SYMMETRIC_L3L4_UDP, &h);
        }
        break;
    case OFP_HASH_SYMMETRIC_L4_UDP:
        if (hash_l3(ctx, &h)) {
            hash_l4(ctx, true, &h);
        } else {
            hash_l2(ctx, &h);
        }
        break;
    case OFP_HASH_NW_SRC:
    case OFP_HASH_NW_DST: hash_address(ctx, fields == OFP_HASH_NW_SRC, &h); break;
    default: hash_l3(ctx, &h); break;
    }
    return (uint32_t)hash_bytes(&h, sizeof h, basis);
}
