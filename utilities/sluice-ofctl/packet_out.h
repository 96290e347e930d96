/* Packet-outs as people write them, for packet-out and bundle. */
#ifndef UTILITIES_OFCTL_PACKET_OUT_H
#define UTILITIES_OFCTL_PACKET_OUT_H

#include "ofproto/codec/packet_out.h"
#include "utilities/sluice-ofctl/ports.h"

struct packet_out {
    struct ofp_packet_out po; /* Its packet is 'bytes', its actions those here. */
    struct ofp_actions actions;
    uint8_t *bytes;
};
void packet_out_free(struct packet_out *);
/* "in_port=1,metadata=5,packet=HEX,actions=...". On an error nothing is left to free. */
int packet_out_parse(const char *text, struct ofports *, struct packet_out *ret, struct error *);
/* A bit (1 << version) for each that can say it. */
uint32_t packet_out_versions(const struct packet_out *);

#endif
