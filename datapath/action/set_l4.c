/* set(l4): ports of TCP, UDP and SCTP, type and code of ICMP and ICMPv6. Workers; fast path. */
#include <nmmintrin.h>

#include "datapath/action/checksum.h"
#include "datapath/action/layers.h"

static uint32_t crc32c(const uint8_t *p, uint32_t n, uint32_t crc)
{
    uint64_t wide = crc, word;

    for (; n >= 8; n -= 8, p += 8) {
        memcpy(&word, p, 8);
        wide = _mm_crc32_u64(wide, word);
    }
    crc = (uint32_t)wide;
    while (n--) {
        crc = _mm_crc32_u8(crc, *p++);
    }
    return crc;
}

static uint32_t crc_of_segments(const struct rte_mbuf *m, uint32_t offset, uint32_t n)
{
    uint32_t crc = UINT32_MAX;

    for (; m && n; m = m->next) {
        uint32_t part;

        if (m->data_len <= offset) {
            offset -= m->data_len;
            continue;
        }
        part = RTE_MIN(n, m->data_len - offset);
        crc = crc32c(rte_pktmbuf_mtod_offset(m, const uint8_t *, offset), part, crc);
        n -= part;
        offset = 0;
    }
    return ~crc;
}

/* SCTP's checksum is a CRC32c of the whole (RFC 9260 appendix A); made anew. */
static void sctp_checksum(struct rte_mbuf *m, const struct layers *l)
{
    uint32_t offset = (uint32_t)(l->l4 - rte_pktmbuf_mtod(m, uint8_t *));
    uint32_t crc = 0;

    memcpy(l->l4 + 8, &crc, 4);
    crc = crc_of_segments(m, offset, l->rest);
    memcpy(l->l4 + 8, &crc, 4);
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
        memcpy(l->l4, new, sizeof new);
        sctp_checksum(m, l);
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
