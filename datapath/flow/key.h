/* The flow key: what a packet is matched by, and the mask that says which bits count.
 *
 * A key is laid out in 64-byte lines. The base line holds the whole of a common packet (Ethernet,
 * two VLAN tags, IPv4, TCP/UDP, port, recirculation id, conntrack state); further lines are present
 * only when a packet has such headers, and 'lines' says which. **A line that is not present is
 * never read nor written, and counts as all zeros.** So parsing, hashing and comparing a common
 * packet touch one cache line. Code that works on keys loops over lines and 64-bit words and knows
 * no field; fields are known by the parser, datapath/flow/format, ofproto/match and the set-field
 * actions alone.
 *
 * Canonical form: a line's bit is set if and only if the parser found such headers (even when all
 * fields are zero); fields of headers that are absent are zero; padding is zero. Packet fields are
 * in network order, metadata in host order. No EAL here: vswitchd uses this too. */
#ifndef DATAPATH_FLOW_KEY_H
#define DATAPATH_FLOW_KEY_H

#include <assert.h>

#include "lib/byteorder.h"
#include "lib/util.h"

enum flow_line {
    FLOW_LINE_BASE, /* Always present. */
    FLOW_LINE_L3X,  /* ARP, IPv6, neighbour discovery, NSH's context headers. */
    FLOW_N_LINES
};
#define FLOW_LINE_WORDS 8
#define FLOW_N_WORDS (FLOW_N_LINES * FLOW_LINE_WORDS)
#define FLOW_MAX_VLANS 2

/* nw_frag. */
#define FLOW_FRAG_ANY 1   /* Is a fragment. */
#define FLOW_FRAG_LATER 2 /* Not the first one: has no L4 header, tp_src and tp_dst are 0. */

/* Label stack entries that a key has room for; those behind the bottom of the stack are 0. They
 * stand where IP has addresses and ports, so that an MPLS packet needs one line. */
#define FLOW_MAX_MPLS 3

/* A network service header (NSH, RFC 8300) stands where IP does, so that it needs one line, and two
 * with context headers (MD type 1): nw_src is the service path header, nw_proto "next protocol",
 * nw_tos the flags (low 2 bits: O and the unassigned one), nw_ttl the TTL, tp_src the MD type (in
 * the low byte), ipv6_src the four context headers. */
#define FLOW_NSH_FLAGS 0x03
#define FLOW_NSH_TTL 0x3f

/* ipv6_exthdr (OpenFlow 1.5.1 section 7.2.3.8), host order. */
#define FLOW_EXTHDR_NONEXT 0x01 /* "No next header". */
#define FLOW_EXTHDR_ESP 0x02
#define FLOW_EXTHDR_AUTH 0x04
#define FLOW_EXTHDR_DEST 0x08 /* Destination options: one or two. */
#define FLOW_EXTHDR_FRAG 0x10
#define FLOW_EXTHDR_ROUTER 0x20
#define FLOW_EXTHDR_HOP 0x40
#define FLOW_EXTHDR_UNREP 0x80  /* One came again that may not. */
#define FLOW_EXTHDR_UNSEQ 0x100 /* They are not in the order of RFC 8200 section 4.1. */
#define FLOW_EXTHDR_ALL 0x1ff

/* vlan.tci: set in every tag that is there, so that "VLAN 0, priority 0" differs from "no tag". */
#define FLOW_VLAN_PRESENT 0x1000 /* Host order: the CFI/DEI bit. */

struct flow_vlan {
    be16_t tpid; /* 0x8100 or 0x88a8; 0 when there is no such tag. */
    be16_t tci;  /* With FLOW_VLAN_PRESENT. */
};

struct flow_key {
    union {
        uint64_t u64[FLOW_N_WORDS];
        struct {
            /* Line 0, FLOW_LINE_BASE. */
            uint32_t recirc_id;
            uint16_t in_port; /* Datapath port number. */
            uint8_t lines;    /* Bit per enum flow_line. Not a field: masks have 0 here. */
            uint8_t ct_state;
            uint8_t eth_dst[6];
            uint8_t eth_src[6];
            be16_t eth_type;  /* Of the payload, after VLAN tags; below 0x600 (802.3): 0x05ff. */
            be16_t tcp_flags; /* Low 12 bits. */
            struct flow_vlan vlan[FLOW_MAX_VLANS]; /* Outermost first. */
            be32_t nw_src;    /* IPv4, ARP's sender protocol address, MPLS's outermost label stack
                               * entry, a PBB frame's service instance tag (I-TAG), or the reserved
                               * 32 bits of neighbour discovery. */
            be32_t nw_dst;    /* IPv4, ARP's target protocol address, MPLS's second entry, or the
                               * type (low byte) of neighbour discovery's first option that has a
                               * link-layer address. */
            be16_t tp_src;    /* TCP, UDP, SCTP; ICMP type (in the low byte); ARP's opcode. */
            be16_t tp_dst;    /* TCP, UDP, SCTP; ICMP code (in the low byte). With tp_src: MPLS's
                               * third entry. */
            uint8_t nw_proto; /* IP protocol. */
            uint8_t nw_tos;   /* DSCP and ECN. */
            uint8_t nw_ttl;
            uint8_t nw_frag; /* FLOW_FRAG_*. */
            uint32_t ct_mark;
            uint16_t ct_zone;
            be16_t ipv6_exthdr; /* FLOW_EXTHDR_*. */
            uint32_t pkt_mark;
            uint32_t dp_hash;

            /* Line 1, FLOW_LINE_L3X. */
            uint8_t ipv6_src[16];
            uint8_t ipv6_dst[16];
            uint8_t nd_target[16];
            uint8_t arp_sha[6]; /* Or the ND source link-layer address option. */
            uint8_t arp_tha[6]; /* Or the ND target link-layer address option. */
            be32_t ipv6_label;  /* Low 20 bits. */
        };
    };
} __attribute__((aligned(64)));

static_assert(sizeof(struct flow_key) == FLOW_N_LINES * 64, "a key is whole lines");
static_assert(offsetof(struct flow_key, nw_src) == 32, "IPv4 addresses share a word");
static_assert(offsetof(struct flow_key, ipv6_src) == 64, "line 1 starts at 64");

/* Which bits of a key count. bits.lines is 0 (it is no field); 'lines' has a bit per line that has
 * any bit set, and the others are, as in keys, not to be read. */
struct flow_mask {
    struct flow_key bits;
    uint8_t lines;
};

/* Copies the lines that are present; the others are zeroed, so that the copy can be read as a
 * whole. */
void flow_key_copy(struct flow_key *dst, const struct flow_key *src);
bool flow_key_equal(const struct flow_key *, const struct flow_key *);
/* dst = src & mask, in canonical form over the mask's lines ('lines' = those of src that the mask
 * has too); all of dst is written. */
void flow_key_mask(struct flow_key *dst, const struct flow_key *src, const struct flow_mask *mask);

/* A mask of nothing; a mask of every field in 'lines'. Both write every byte. */
void flow_mask_init(struct flow_mask *);
void flow_mask_exact(struct flow_mask *, uint8_t lines);
/* Sets mask->lines from the bits, which must all have been initialised. */
void flow_mask_seal(struct flow_mask *);
bool flow_mask_equal(const struct flow_mask *, const struct flow_mask *);
/* True when every bit of 'a' is also in 'b'. */
bool flow_mask_is_subset(const struct flow_mask *a, const struct flow_mask *b);
/* dst |= src. */
void flow_mask_or(struct flow_mask *dst, const struct flow_mask *src);

/* Adds FIELD (a member name of flow_key) wholly to a mask being built; call flow_mask_seal() at the
 * end. */
#define FLOW_MASK_FIELD(MASK, FIELD) memset(&(MASK)->bits.FIELD, 0xff, sizeof((MASK)->bits.FIELD))

#endif
