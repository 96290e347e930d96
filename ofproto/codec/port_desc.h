/* Descriptions of ports on the wire, OpenFlow 1.0 and 1.3 to 1.5. */
#ifndef OFPROTO_CODEC_PORT_DESC_H
#define OFPROTO_CODEC_PORT_DESC_H

#include "ofproto/codec/wire.h"

struct ofp_port_desc {
    uint32_t port; /* enum ofp_port. */
    uint8_t mac[6];
    const char *name; /* Cut to 15 characters. */
    bool link_down;
};

void ofp_port_desc_encode(struct strbuf *, enum ofp_version, const struct ofp_port_desc *);

#endif
