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

/* OpenFlow 1.3.5 section 7.2.1: OFPPF_*, of a link that is full duplex. 1.0 has those up to 10
 * Gbit/s. */
static uint32_t current_features(enum ofp_version version, uint64_t speed_bps)
{
    static const struct {
        uint64_t bps;
        uint32_t bit;
    } rates[] = {
        {10000000ull, 1u << 1},      {100000000ull, 1u << 3},   {1000000000ull, 1u << 5},
        {10000000000ull, 1u << 6},   {40000000000ull, 1u << 7}, {100000000000ull, 1u << 8},
        {1000000000000ull, 1u << 9},
    };
    uint32_t features = speed_bps ? 1u << 10 : 0; /* Another rate. */

    for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
        if (speed_bps == rates[i].bps) {
            features = rates[i].bit;
        }
    }
    return version == OFP10 && features > 1u << 6 ? 0 : features;
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
    wire_put32(s, current_features(version, port->speed_bps));
    wire_zeros(s, 12); /* What is advertised, supported and the peer's: unknown. */
    if (version != OFP10) {
        wire_put32(s, (uint32_t)MIN_OF(port->speed_bps / 1000, (uint64_t)UINT32_MAX));
        wire_put32(s, 0); /* The highest speed: unknown. */
    }
    if (version >= OFP14) {
        wire_set16(s, start + 4, (uint16_t)(s->len - start));
    }
}
