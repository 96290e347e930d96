/* set(ipv4), set(ipv6): addresses, DSCP and ECN, TTL, flow label. Workers; fast path. */
#include "datapath/action/checksum.h"
#include "datapath/action/layers.h"

static uint8_t blend(uint8_t old, uint8_t value, uint8_t mask)
{
    return (uint8_t)((old & ~mask) | (value & mask));
}

static void set4(struct rte_mbuf *m, const struct dp_action_set_ipv4 *a)
{
    struct layers l = layers_find(m);
    be32_t old[2], new[2];
    uint8_t *ip = l.ip;

    if (!ip || ip[0] >> 4 != 4) {
        return;
    }
    memcpy(old, ip + 12, sizeof old);
    new[0] = (old[0] & ~a->src_mask) | (a->src & a->src_mask);
    new[1] = (old[1] & ~a->dst_mask) | (a->dst & a->dst_mask);
    if (old[0] != new[0] || old[1] != new[1]) {
        uint32_t delta = checksum_delta(old, new, sizeof old);

        if (l.l4) {
            struct l4_checksum c = l4_checksum_find(m, l.l4, l.room, l.proto);

            if (l.proto != 58) { /* ICMP's checksum covers no pseudo header. */
                l4_checksum_pseudo(&c, delta);
            }
        }
        checksum_apply(ip + 10, delta);
        memcpy(ip + 12, new, sizeof new);
    }
    if (a->tos_mask) {
        uint8_t word[2] = {ip[0], blend(ip[1], a->tos, a->tos_mask)};

        checksum_apply(ip + 10, checksum_delta(ip, word, 2));
        ip[1] = word[1];
    }
    if (a->ttl_mask) {
        uint8_t word[2] = {blend(ip[8], a->ttl, a->ttl_mask), ip[9]};

        checksum_apply(ip + 10, checksum_delta(ip + 8, word, 2));
        ip[8] = word[0];
    }
}

/* With a routing header that still has segments, the pseudo header holds the last of those, not the
 * destination that stands in the IPv6 header (RFC 8200 section 8.1). */
static bool dst_is_covered(const uint8_t *ip, const uint8_t *l4)
{
    const uint8_t *p = ip + 40;
    uint8_t next = ip[6];

    while (p + 8 <= l4) {
        if (next == 43) {
            return !p[3];
        }
        if (next != 0 && next != 60 && next != 51 && next != 44) {
            break;
        }
        {
            unsigned int len = next == 44 ? 8 : next == 51 ? (p[1] + 2u) * 4 : (p[1] + 1u) * 8;

            next = p[0];
            p += len;
        }
    }
    return true;
}

static void set6(struct rte_mbuf *m, const struct dp_action_set_ipv6 *a)
{
    struct layers l = layers_find(m);
    uint8_t old[32], *ip = l.ip;
    be32_t word;

    if (!ip || ip[0] >> 4 != 6) {
        return;
    }
    memcpy(old, ip + 8, sizeof old);
    for (unsigned int i = 0; i < 16; i++) {
        ip[8 + i] = blend(ip[8 + i], a->src[i], a->src_mask[i]);
        ip[24 + i] = blend(ip[24 + i], a->dst[i], a->dst_mask[i]);
    }
    if (l.l4) {
        struct l4_checksum c = l4_checksum_find(m, l.l4, l.room, l.proto);
        unsigned int n = dst_is_covered(ip, l.l4) ? 32 : 16;

        l4_checksum_pseudo(&c, checksum_delta(old, ip + 8, n));
    }
    word = be32_load(ip);
    word = (word & ~a->label_mask) | (a->label & a->label_mask);
    if (a->tclass_mask) {
        uint32_t host = be32_get(word);
        uint8_t tclass = blend((uint8_t)(host >> 20), a->tclass, a->tclass_mask);

        word = be32_make((host & 0xf00fffff) | (uint32_t)tclass << 20);
    }
    memcpy(ip, &word, sizeof word);
    ip[7] = blend(ip[7], a->hlimit, a->hlimit_mask);
}

static struct rte_mbuf *set_ipv4(struct action_env *env UNUSED, const struct dp_action *a,
                                 struct rte_mbuf *m)
{
    set4(m, (const void *)a);
    return m;
}

static struct rte_mbuf *set_ipv6(struct action_env *env UNUSED, const struct dp_action *a,
                                 struct rte_mbuf *m)
{
    set6(m, (const void *)a);
    return m;
}

ACTION_REGISTER_EACH(DP_ACTION_SET_IPV4, ACTION_HEADER_BYTES, set_ipv4)
ACTION_REGISTER_EACH(DP_ACTION_SET_IPV6, ACTION_HEADER_BYTES, set_ipv6)
