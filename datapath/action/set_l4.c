/* set(l4): ports of TCP, UDP and SCTP, type and code of ICMP and ICMPv6. Workers; fast path. */
#include <nmmintrin.h>

#include "datapath/action/checksum.h"
#include "datapath/action/layers.h"

/* SCTP's checksum is a CRC32c (RFC 9260 appendix A), which is linear: what becomes of it when its
 * first four bytes change by 'change' depends on the number of bytes behind them alone. So a wrong
 * one stays wrong. */
static uint32_t crc32c_delta(uint32_t change, uint32_t behind)
{
    uint32_t crc = _mm_crc32_u32(0, change);

    for (; behind >= 8; behind -= 8) {
        crc = (uint32_t)_mm_crc32_u64(crc, 0);
    }
    while (behind--) {
        crc = _mm_crc32_u8(crc, 0);
    }
    return crc;
}

static void set_sctp_ports(const struct layers *l, const be16_t old[2], const be16_t new[2])
{
    uint32_t was, is, crc;

    memcpy(&was, old, sizeof was);
    memcpy(&is, new, sizeof is);
    memcpy(&crc, l->l4 + 8, sizeof crc);
    crc ^= crc32c_delta(was ^ is, l->rest - (uint32_t)sizeof is);
    memcpy(l->l4 + 8, &crc, sizeof crc);
    memcpy(l->l4, new, sizeof is);
}

static void set_ports(struct rte_mbuf *m, const struct layers *l, const struct dp_action_set_l4 *a)
{
    be16_t old[2], new[2];

    memcpy(old, l->l4, sizeof old);
    new[0] = (old[0] & ~a->src_mask) | (a->src & a->src_mask);
    new[1] = (old[1] & ~a->dst_mask) | (a->dst & a->dst_mask);
    if (l->proto != 132) {
        struct l4_checksum c = l4_checksum_find(m, l->l4, l->room, l->proto);

        l4_checksum_header(&c, checksum_delta(old, new, sizeof old));
        memcpy(l->l4, new, sizeof new);
    } else {
        set_sctp_ports(l, old, new);
    }
}

/* The key's fields hold type and code in their low bytes. */
static void set_icmp(const struct layers *l, const struct dp_action_set_l4 *a)
{
    uint8_t type_mask = (uint8_t)be16_get(a->src_mask), code_mask = (uint8_t)be16_get(a->dst_mask);
    uint8_t word[2] = {
        (uint8_t)((l->l4[0] & ~type_mask) | (be16_get(a->src) & type_mask)),
        (uint8_t)((l->l4[1] & ~code_mask) | (be16_get(a->dst) & code_mask)),
    };

    checksum_apply(l->l4 + 2, checksum_delta(l->l4, word, 2));
    memcpy(l->l4, word, 2);
}

static struct rte_mbuf *set(struct action_env *env UNUSED, const struct dp_action *action,
                            struct rte_mbuf *m)
{
    const struct dp_action_set_l4 *a = (const void *)action;
    struct layers l = layers_find(m);

    if (l.l4 && ((l.proto == 6 && l.room >= 18) || (l.proto == 17 && l.room >= 8) ||
                 (l.proto == 132 && l.room >= 12))) {
        set_ports(m, &l, a);
    } else if (l.l4 && l.room >= 8 && l.proto == (l.ip[0] >> 4 == 6 ? 58 : 1)) {
        set_icmp(&l, a);
    }
    return m;
}

ACTION_REGISTER_EACH(DP_ACTION_SET_L4, ACTION_HEADER_BYTES, set)
