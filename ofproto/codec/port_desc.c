/* See port_desc.h. */
#include "ofproto/codec/port_desc.h"

#include "ofproto/codec/match_wire.h"

#define NAME_LEN 16
#define OFPPS_LINK_DOWN 1
#define OFPPS13_LIVE 4

static void put_name(struct strbuf *s, const char *name)
{
    size_t n = MIN_OF(strlen(name), (size_t)NAME_LEN - 1);

    strbuf_put(s, name, n);
    wire_zeros(s, NAME_LEN - n);
}

void ofp_port_desc_encode(struct strbuf *s, enum ofp_version version,
                          const struct ofp_port_desc *port)
{
    size_t start = s->len;

    if (version == OFP10) {
        wire_put16(s, (uint16_t)port->port);
        strbuf_put(s, port->mac, 6);
    } else {
        wire_put32(s, ofp_port_to32(port->port));
        wire_put32(s, 0);
        strbuf_put(s, port->mac, 6);
        wire_put16(s, 0);
    }
    put_name(s, port->name);
    wire_put32(s, port->config & (version == OFP10 ? OFPPC10_ALL : OFPPC13_ALL));
    wire_put32(s, port->link_down ? OFPPS_LINK_DOWN : version == OFP10 ? 0 : OFPPS13_LIVE);
    if (version >= OFP14) { /* The property of Ethernet ports, which all are. */
        wire_put16(s, 0);
        wire_put16(s, 32);
        wire_zeros(s, 4);
    }
    /* Current, advertised, supported and the peer's features (and speeds): unknown. */
    wire_zeros(s, version == OFP10 ? 16 : 24);
    if (version >= OFP14) {
        wire_set16(s, start + 4, (uint16_t)(s->len - start));
    }
}
