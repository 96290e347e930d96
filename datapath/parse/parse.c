/* The parser; parse.h says what it reads and how it treats what is malformed. Fast path: called on
 * workers for each packet, so the words of the base line are put together in registers and stored
 * once (narrow stores would stall the loads of whole words that follow). */
#include "datapath/parse/parse.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are put together little-endian");
static_assert(offsetof(struct flow_key, in_port) == 4, "word 0");
static_assert(offsetof(struct flow_key, lines) == 6, "word 0");
static_assert(offsetof(struct flow_key, eth_dst) == 8, "word 1");
static_assert(offsetof(struct flow_key, eth_type) == 20, "word 2");
static_assert(offsetof(struct flow_key, tcp_flags) == 22, "word 2");
static_assert(offsetof(struct flow_key, vlan) == 24, "word 3");
static_assert(offsetof(struct flow_key, nw_dst) == 36, "word 4");
static_assert(offsetof(struct flow_key, tp_src) == 40, "word 5");
static_assert(offsetof(struct flow_key, nw_proto) == 44, "word 5");
static_assert(offsetof(struct flow_key, nw_tos) == 45, "word 5");
static_assert(offsetof(struct flow_key, nw_ttl) == 46, "word 5");
static_assert(offsetof(struct flow_key, nw_frag) == 47, "word 5");

#define ETH_LEN 14u
#define BE16(v) ((be16_t)__builtin_bswap16(v)) /* Constant expressions for switch labels. */
#define TYPE_8021Q BE16(0x8100)
#define TYPE_8021AD BE16(0x88a8)
#define TYPE_IPV4 BE16(0x0800)
#define TYPE_IPV6 BE16(0x86dd)
#define TYPE_ARP BE16(0x0806)
#define TYPE_RARP BE16(0x8035)
#define TYPE_MPLS BE16(0x8847)
#define TYPE_MPLS_MULTICAST BE16(0x8848)
#define TYPE_PBB BE16(0x88e7)
#define TYPE_NSH BE16(0x894f)
#define TYPE_NOT_ETHERNET_II BE16(0x05ff)

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

static inline uint64_t load64(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, 8);
    return v;
}

/* Where the reader stands: 'left' bytes may be read at 'p'; 'full' (>= left) is how many the packet
 * has from there on. */
struct cursor {
    const uint8_t *p;
    uint32_t left;
    uint32_t full;
};

static inline void advance(struct cursor *c, uint32_t n)
{
    c->p += n;
    c->left -= n;
    c->full -= n;
}

/* The words of the base line that headers behind Ethernet fill. */
struct words {
    uint64_t tcp_flags; /* In place for word 2. */
    uint64_t nw;        /* Word 4. */
    uint64_t tp;        /* Word 5. */
    uint64_t exthdr;    /* In place for word 6. */
};

static void ports_word(struct words *w, const uint8_t *p)
{
    w->tp |= be32_load(p);
}

/* ICMP type and code, each in the low byte of a field in network order. */
static void icmp_word(struct words *w, const uint8_t *p)
{
    w->tp |= (uint64_t)p[0] << 8 | (uint64_t)p[1] << 24;
}

/* Options of a neighbour solicitation or advertisement. An option that is cut or doubled makes all
 * of the message unbelievable: returns false. */
static bool nd_options(const uint8_t *p, uint32_t left, struct flow_key *key, uint8_t *first)
{
    unsigned int seen = 0;

    while (left >= 8) {
        uint32_t len = p[1] * 8u;

        if (!len || len > left) {
            return false;
        }
        if ((p[0] == 1 || p[0] == 2) && len == 8) {
            if (seen & (1u << p[0])) {
                return false;
            }
            seen |= 1u << p[0];
            *first = *first ? *first : p[0];
            memcpy(p[0] == 1 ? key->arp_sha : key->arp_tha, p + 2, 6);
        }
        p += len;
        left -= len;
    }
    return true;
}

static NOINLINE void neighbour_discovery(const struct cursor *c, struct flow_key *key,
                                         struct words *w)
{
    uint8_t option = 0;

    /* Type, code, checksum, 4 reserved bytes, target. */
    if ((c->p[0] != 135 && c->p[0] != 136) || c->p[1] != 0 || c->left < 24) {
        return;
    }
    memcpy(key->nd_target, c->p + 8, 16);
    if (nd_options(c->p + 24, c->left - 24, key, &option)) {
        w->nw = be32_load(c->p + 4) | (uint64_t)option << 56;
    } else {
        memset(key->nd_target, 0, 16);
        memset(key->arp_sha, 0, 6);
        memset(key->arp_tha, 0, 6);
    }
}

static ALWAYS_INLINE void l4(const struct cursor *c, uint8_t proto, bool six, struct words *w,
                             struct flow_key *key, struct parse_lens *lens)
{
    switch (proto) {
    case 6:
        if (LIKELY(c->left >= 20)) {
            uint32_t header = (c->p[12] >> 4) * 4u;

            ports_word(w, c->p);
            w->tcp_flags = (uint64_t)(be16_load(c->p + 12) & BE16(0x0fff)) << 48;
            lens->l4 = header >= 20 && header <= c->full ? (uint16_t)header : 0;
        }
        break;
    case 17:
        if (LIKELY(c->left >= 8)) {
            ports_word(w, c->p);
            lens->l4 = 8;
        }
        break;
    case 132:
        if (c->left >= 12) {
            ports_word(w, c->p);
            lens->l4 = 12;
        }
        break;
    case 1:
        if (!six && c->left >= 8) {
            icmp_word(w, c->p);
            lens->l4 = 8;
        }
        break;
    case 58:
        if (six && c->left >= 8) {
            icmp_word(w, c->p);
            neighbour_discovery(c, key, w);
            lens->l4 = 8;
        }
        break;
    default: break;
    }
}

static ALWAYS_INLINE void ipv4(struct cursor c, struct words *w, struct flow_key *key,
                               struct parse_lens *lens)
{
    uint32_t header, total;
    uint64_t frag = 0;
    uint16_t off;

    if (UNLIKELY(c.left < 20 || c.p[0] >> 4 != 4)) {
        return;
    }
    header = (c.p[0] & 15) * 4u;
    total = be16_get(be16_load(c.p + 2));
    if (UNLIKELY(header < 20 || header > total || total > c.full || header > c.left)) {
        return;
    }
    off = be16_get(be16_load(c.p + 6));
    if (UNLIKELY(off & 0x3fff)) {
        frag = FLOW_FRAG_ANY | (off & 0x1fff ? FLOW_FRAG_LATER : 0);
    }
    w->nw = load64(c.p + 12);
    w->tp = (uint64_t)c.p[9] << 32 | (uint64_t)c.p[1] << 40 | (uint64_t)c.p[8] << 48 | frag << 56;
    lens->l3 = (uint16_t)header;
    /* What is behind the datagram is Ethernet's padding. */
    c.full = total;
    c.left = MIN_OF(c.left, total);
    advance(&c, header);
    if (LIKELY(!(frag & FLOW_FRAG_LATER))) {
        l4(&c, w->tp >> 32 & 0xff, false, w, key, lens);
    }
}

/* What a walk over extension headers has met. */
struct exthdr {
    uint16_t bits; /* FLOW_EXTHDR_*. */
    uint8_t rank;  /* Of the last one in the recommended order. */
    uint8_t n_dest;
};

/* RFC 8200 section 4.1 recommends hop-by-hop, destination (before a routing header), routing,
 * fragment, authentication, ESP, destination. */
static void note_exthdr(struct exthdr *e, uint8_t proto)
{
    uint16_t bit;
    uint8_t rank;

    switch (proto) {
    case 0: bit = FLOW_EXTHDR_HOP, rank = 1; break;
    case 60: bit = FLOW_EXTHDR_DEST, rank = e->rank < 2 ? 2 : 7; break;
    case 43: bit = FLOW_EXTHDR_ROUTER, rank = 3; break;
    case 44: bit = FLOW_EXTHDR_FRAG, rank = 4; break;
    case 51: bit = FLOW_EXTHDR_AUTH, rank = 5; break;
    case 50: bit = FLOW_EXTHDR_ESP, rank = 6; break;
    case 59: e->bits |= FLOW_EXTHDR_NONEXT; return;
    default: return;
    }
    e->n_dest += proto == 60;
    if (proto == 60 ? e->n_dest > 2 : e->bits & bit) {
        e->bits |= FLOW_EXTHDR_UNREP;
    }
    if (rank < e->rank) {
        e->bits |= FLOW_EXTHDR_UNSEQ;
    }
    e->bits |= bit;
    e->rank = rank;
}

/* Steps over extension headers. Returns false when one is cut. '*ret_proto' is the upper-layer
 * protocol, or the number of the header where the walk gave up (then '*ret_more' is false and there
 * is no L4 for us). */
static bool extension_headers(struct cursor *c, uint8_t proto, uint8_t *ret_proto,
                              uint64_t *ret_frag, bool *ret_more, struct exthdr *seen)
{
    *ret_frag = 0;
    *ret_more = true;
    for (unsigned int n = 0;; n++) {
        uint32_t len;

        *ret_proto = proto;
        note_exthdr(seen, proto);
        switch (proto) {
        case 0:
        case 43:
        case 60:        /* Hop-by-hop, routing, destination options. */
        case 51:        /* Authentication. */
        case 44: break; /* Fragment. */
        default: return true;
        }
        if (n == PARSE_MAX_EXT_HEADERS) {
            *ret_more = false;
            return true;
        }
        if (c->left < 8) {
            return false;
        }
        len = proto == 44 ? 8 : proto == 51 ? (c->p[1] + 2u) * 4 : (c->p[1] + 1u) * 8;
        if (len > c->left) {
            return false;
        }
        if (proto == 44) {
            uint16_t off = be16_get(be16_load(c->p + 2));

            /* An atomic fragment (RFC 6946) is none. */
            if (off & 0xfff9) {
                *ret_frag = FLOW_FRAG_ANY | (off & 0xfff8 ? FLOW_FRAG_LATER : 0);
            }
            if (off & 0xfff8) {
                *ret_proto = c->p[0];
                *ret_more = false;
                advance(c, len);
                return true;
            }
        }
        proto = c->p[0];
        advance(c, len);
    }
}

static NOINLINE void ipv6(struct cursor c, struct words *w, struct flow_key *key,
                          struct parse_lens *lens)
{
    const uint8_t *h = c.p;
    struct exthdr seen = {0, 0, 0};
    uint32_t payload, first;
    uint64_t frag;
    uint8_t proto;
    bool more;

    if (c.left < 40 || h[0] >> 4 != 6) {
        return;
    }
    payload = be16_get(be16_load(h + 4));
    if (payload > c.full - 40) {
        return;
    }
    c.full = payload + 40;
    c.left = MIN_OF(c.left, c.full);
    advance(&c, 40);
    first = c.left;
    if (!extension_headers(&c, h[6], &proto, &frag, &more, &seen) || first - c.left + 40 > 511) {
        return; /* 511: what mbuf->l3_len can say. */
    }
    key->lines |= 1u << FLOW_LINE_L3X;
    memset(&key->u64[FLOW_LINE_WORDS], 0, 64);
    memcpy(key->ipv6_src, h + 8, 16);
    memcpy(key->ipv6_dst, h + 24, 16);
    key->ipv6_label = be32_load(h) & be32_make(0xfffff);
    w->tp = (uint64_t)proto << 32 | (uint64_t)(uint8_t)(h[0] << 4 | h[1] >> 4) << 40 |
            (uint64_t)h[7] << 48 | frag << 56;
    w->exthdr = (uint64_t)be16_make(seen.bits) << 48;
    lens->l3 = (uint16_t)(first - c.left + 40);
    if (more) {
        l4(&c, proto, true, w, key, lens);
    }
}

/* Label stack entries (RFC 3032), where IPv4 has addresses and ports. What the last one carries is
 * not told by the packet. */
static void mpls(const struct cursor *c, struct words *w)
{
    be32_t entry[FLOW_MAX_MPLS] = {0};

    for (unsigned int i = 0; i < FLOW_MAX_MPLS && c->left >= 4 * (i + 1); i++) {
        entry[i] = be32_load(c->p + 4 * i);
        if (entry[i] & be32_make(0x100)) {
            break;
        }
    }
    w->nw = entry[0] | (uint64_t)entry[1] << 32;
    w->tp = entry[2];
}

/* The service instance tag of a backbone frame (IEEE 802.1Q section 9.7). The customer's frame
 * behind it is payload. */
static void pbb(const struct cursor *c, struct words *w)
{
    if (c->left >= 16) { /* With the customer's addresses, which are of the tag. */
        w->nw = be32_load(c->p);
    }
}

/* A network service header (RFC 8300 section 2), where IP has its fields. What it carries is
 * payload. Another version, and a length that does not fit the MD type, make all of it
 * unbelievable.
 */
static NOINLINE void nsh(const struct cursor *c, struct words *w, struct flow_key *key)
{
    const uint8_t *h = c->p;
    uint32_t len;

    if (c->left < 8 || h[0] >> 6) {
        return;
    }
    len = (h[1] & 0x3f) * 4u;
    if (len < 8 || len > c->full || ((h[2] & 0x0f) == 1 && (len != 24 || c->left < 24))) {
        return;
    }
    w->nw = be32_load(h + 4);
    w->tp = (uint64_t)be16_make(h[2] & 0x0f) | (uint64_t)h[3] << 32 |
            (uint64_t)(h[0] >> 4 & FLOW_NSH_FLAGS) << 40 |
            (uint64_t)((h[0] << 2 | h[1] >> 6) & FLOW_NSH_TTL) << 48;
    if ((h[2] & 0x0f) == 1) {
        key->lines |= 1u << FLOW_LINE_L3X;
        memset(&key->u64[FLOW_LINE_WORDS], 0, 64);
        memcpy(key->ipv6_src, h + 8, 16);
    }
}

static NOINLINE void arp(const struct cursor *c, struct words *w, struct flow_key *key)
{
    static const uint8_t ethernet_ipv4[6] = {0, 1, 8, 0, 6, 4};

    if (c->left < 28 || memcmp(c->p, ethernet_ipv4, 6)) {
        return;
    }
    key->lines |= 1u << FLOW_LINE_L3X;
    memset(&key->u64[FLOW_LINE_WORDS], 0, 64);
    memcpy(key->arp_sha, c->p + 8, 6);
    memcpy(key->arp_tha, c->p + 18, 6);
    w->nw = be32_load(c->p + 14) | (uint64_t)be32_load(c->p + 24) << 32;
    w->tp = be16_load(c->p + 6);
}

/* Of an 802.3 frame (RFC 1042): the type behind LLC/SNAP, else "none". */
static be16_t llc_type(struct cursor *c)
{
    static const uint8_t snap[6] = {0xaa, 0xaa, 3, 0, 0, 0};
    be16_t type;

    if (c->left >= 8 && !memcmp(c->p, snap, 6)) {
        type = be16_load(c->p + 6);
        if (be16_get(type) >= 0x600) {
            advance(c, 8);
            return type;
        }
    }
    return TYPE_NOT_ETHERNET_II;
}

/* Reads the tags at 'c', which stands behind the first eth_type. Returns false when one is cut. */
static ALWAYS_INLINE bool vlans(struct cursor *c, be16_t *type, uint64_t *word)
{
    for (unsigned int n = 0; n < FLOW_MAX_VLANS; n++) {
        if (LIKELY(*type != TYPE_8021Q && *type != TYPE_8021AD)) {
            return true;
        }
        if (UNLIKELY(c->left < 4)) {
            return false;
        }
        *word |= ((uint64_t)*type | (uint64_t)(be16_load(c->p) | BE16(FLOW_VLAN_PRESENT)) << 16)
                 << (32 * n);
        *type = be16_load(c->p + 2);
        advance(c, 4);
    }
    return true;
}

/* What is behind 'type' when it is not IPv4. Works on copies: variables whose address goes to a
 * function that is not inlined would live in memory, also for IPv4. */
static ALWAYS_INLINE void others(const struct cursor *c, be16_t type, struct words *w,
                                 struct flow_key *key, struct parse_lens *lens)
{
    struct parse_lens l = *lens;
    struct words copy = *w;
    struct cursor at = *c;

    if (type == TYPE_IPV6) {
        ipv6(at, &copy, key, &l);
    } else if (type == TYPE_ARP || type == TYPE_RARP) {
        arp(&at, &copy, key);
    } else if (type == TYPE_MPLS || type == TYPE_MPLS_MULTICAST) {
        mpls(&at, &copy);
    } else if (type == TYPE_PBB) {
        pbb(&at, &copy);
    } else if (type == TYPE_NSH) {
        nsh(&at, &copy, key);
    }
    *w = copy;
    *lens = l;
}

enum parse_status parse_bytes(const void *data, uint32_t len, uint32_t full_len, uint16_t in_port,
                              enum parse_depth depth, struct flow_key *key, struct parse_lens *lens)
{
    struct cursor c = {data, len, full_len};
    struct parse_lens l = {0, 0, 0};
    struct words w = {0, 0, 0, 0};
    uint64_t vlan_word = 0;
    be16_t type;

    if (UNLIKELY(len < ETH_LEN)) {
        return PARSE_RUNT;
    }
    key->u64[0] = (uint64_t)in_port << 32 | UINT64_C(1) << 48;
    key->u64[1] = load64(c.p);
    type = be16_load(c.p + 12);
    advance(&c, ETH_LEN);
    if (UNLIKELY(!vlans(&c, &type, &vlan_word))) {
        return PARSE_CUT_VLAN;
    }
    if (UNLIKELY(be16_get(type) < 0x600)) {
        type = llc_type(&c);
    }
    l.l2 = (uint16_t)(full_len - c.full);

    if (depth == PARSE_ALL) {
        if (LIKELY(type == TYPE_IPV4)) {
            ipv4(c, &w, key, &l);
        } else {
            others(&c, type, &w, key, &l);
        }
    }
    *lens = l;
    key->u64[2] = be32_load((const uint8_t *)data + 8) | (uint64_t)type << 32 | w.tcp_flags;
    key->u64[3] = vlan_word;
    key->u64[4] = w.nw;
    key->u64[5] = w.tp;
    key->u64[6] = w.exthdr;
    key->u64[7] = 0;
    return PARSE_OK;
}
