/* From bytes to a flow key. No EAL and no state here: workers call it through parse_mbuf.h, tests
 * and tools with plain bytes.
 *
 * No length field is trusted: each read is checked against the bytes that are there. A header that
 * is truncated or contradicts itself leaves its fields, and those of everything inside it, zero:
 * the key then says what is known (the packet is "some IPv4"), so that switching by MAC address
 * still works as users of Open vSwitch expect. What is read: Ethernet, up to FLOW_MAX_VLANS tags
 * (802.1Q, 802.1ad), 802.3 LLC/SNAP, MPLS labels (RFC 3032), PBB's I-TAG, NSH
 * (RFC 8300), ARP and RARP (RFC 826),
 * IPv4 with options (RFC 791), IPv6 with at most PARSE_MAX_EXT_HEADERS extension headers (RFC
 * 8200), TCP, UDP, SCTP, ICMP, ICMPv6 with neighbour discovery's options (RFC 4861). */
#ifndef DATAPATH_PARSE_PARSE_H
#define DATAPATH_PARSE_PARSE_H

#include "datapath/flow/key.h"

#define PARSE_MAX_EXT_HEADERS 8
/* No header behind this many bytes is looked at; who hands over fewer bytes of a longer packet
 * makes the headers behind them look truncated. */
#define PARSE_MAX_BYTES 512

enum parse_depth {
    PARSE_L2, /* Ethernet, tags, eth_type. */
    PARSE_ALL,
};

enum parse_status {
    PARSE_OK,
    PARSE_RUNT,     /* Shorter than an Ethernet header. */
    PARSE_CUT_VLAN, /* Announces a VLAN tag that is not there whole: whose VLAN is unknown. */
};

/* Lengths of the headers, 0 when there is none (or it is not understood). */
struct parse_lens {
    uint16_t l2; /* With tags, and LLC/SNAP when an IP packet is behind it. */
    uint16_t l3; /* With options and extension headers; 0 when there is no IP header. */
    uint16_t l4; /* TCP, UDP, SCTP, ICMP, ICMPv6; 0 in later fragments. */
};

/* Reads 'len' bytes of a packet of 'full_len' bytes (full_len >= len), writes the whole of the
 * lines that '*key' then has, and '*lens'. Metadata but in_port is 0. On an error nothing that was
 * written means anything. */
enum parse_status parse_bytes(const void *data, uint32_t len, uint32_t full_len, uint16_t in_port,
                              enum parse_depth, struct flow_key *key, struct parse_lens *lens);

#endif
