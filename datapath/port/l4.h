/* Where the transport header of a frame is: the little parser that offloads need (the datapath's
 * own is datapath/parse). Used for frames with an unfinished checksum or a segment size only.
 * Bounds-checked against what is there, not against length fields. Fast path, no EAL. */
#ifndef DATAPATH_PORT_L4_H
#define DATAPATH_PORT_L4_H

#include "lib/util.h"

#define L4_MAX_VLANS 4

struct l4_place {
    uint16_t l2_len; /* Ethernet and VLAN tags. */
    uint16_t l3_len; /* IPv4 with options, IPv6 with extension headers. */
    uint16_t l4_len; /* TCP with options, UDP; 0 when it is neither, or cut short. */
    uint8_t proto;   /* IPPROTO_*. */
    bool ipv6;
};

/* False when 'data' is no IP packet, its IP headers are malformed or cut short, or it is a
 * fragment; '*ret' is then untouched. */
bool l4_locate(const uint8_t *data, size_t len, struct l4_place *ret);

#endif
