/* Descriptions of ports on the wire, OpenFlow 1.0 and 1.3 to 1.5. */
#ifndef OFPROTO_CODEC_PORT_DESC_H
#define OFPROTO_CODEC_PORT_DESC_H

#include "ofproto/codec/wire.h"

/* A port's configuration, as OpenFlow 1.0 numbers it; 1.3 has four of them. */
#define OFPPC_PORT_DOWN (1u << 0)
#define OFPPC_NO_STP (1u << 1) /* As is: no port takes part in a spanning tree. */
#define OFPPC_NO_RECV (1u << 2)
#define OFPPC_NO_RECV_STP (1u << 3)
#define OFPPC_NO_FLOOD (1u << 4)
#define OFPPC_NO_FWD (1u << 5)
#define OFPPC_NO_PACKET_IN (1u << 6)
#define OFPPC13_ALL (OFPPC_PORT_DOWN | OFPPC_NO_RECV | OFPPC_NO_FWD | OFPPC_NO_PACKET_IN)
#define OFPPC10_ALL (OFPPC13_ALL | OFPPC_NO_STP | OFPPC_NO_RECV_STP | OFPPC_NO_FLOOD)

struct ofp_port_desc {
    uint32_t port; /* enum ofp_port. */
    uint8_t mac[6];
    const char *name; /* Cut to 15 characters. */
    uint32_t config;  /* OFPPC_*. */
    bool link_down;
    uint64_t speed_bps; /* 0: unknown. */
};

void ofp_port_desc_encode(struct strbuf *, enum ofp_version, const struct ofp_port_desc *);

#endif
