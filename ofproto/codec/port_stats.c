/* See port_stats.h. */
#include "ofproto/codec/port_stats.h"

#include "ofproto/codec/match_wire.h"
#include "ofproto/codec/ofp_error.h"

#define REQUEST_LEN 8
/* Since 1.4: before the properties, and that of Ethernet. */
#define ENTRY14_LEN 80
#define PROPERTY_LEN 40
#define OFPPSPT14_ETHERNET 0

int ofp_port_stats_request_decode(enum ofp_version version, const uint8_t *body, size_t len,
                                  uint32_t *ret_port)
{
    if (len != REQUEST_LEN) {
        return OFPERR_BRC_BAD_LEN;
    }
    if (version == OFP10) {
        *ret_port = wire_get16(body);
    } else if (!ofp_port_from32(wire_get32(body), ret_port)) {
        *ret_port = 0; /* A number that no port has. */
    }
    return 0;
}

static void put_duration(struct strbuf *s, uint64_t ms)
{
    wire_put32(s, (uint32_t)(ms / 1000));
    wire_put32(s, (uint32_t)(ms % 1000 * 1000000));
}

static void put_counters(struct strbuf *s, const struct dp_port_stats *t)
{
    const uint64_t counters[] = {t->rx_packets, t->tx_packets, t->rx_bytes,  t->tx_bytes,
                                 t->rx_dropped, t->tx_dropped, t->rx_errors, t->tx_errors};

    for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
        wire_put64(s, counters[i]);
    }
}

/* Frame, overrun and CRC errors and collisions: nobody counts them. */
static void put_ethernet(struct strbuf *s)
{
    for (int i = 0; i < 4; i++) {
        wire_put64(s, UINT64_MAX);
    }
}

/* Since 1.4 an entry has a length, and what is of Ethernet alone is a property. */
static void encode14(struct strbuf *s, const struct ofp_port_stats *p)
{
    wire_put16(s, ENTRY14_LEN + PROPERTY_LEN);
    wire_put16(s, 0);
    wire_put32(s, ofp_port_to32(p->port));
    put_duration(s, p->duration_ms);
    put_counters(s, &p->stats);
    wire_put16(s, OFPPSPT14_ETHERNET);
    wire_put16(s, PROPERTY_LEN);
    wire_put32(s, 0);
    put_ethernet(s);
}

void ofp_port_stats_encode(struct strbuf *s, enum ofp_version version,
                           const struct ofp_port_stats *p)
{
    if (version >= OFP14) {
        encode14(s, p);
        return;
    }
    if (version == OFP10) {
        wire_put16(s, (uint16_t)p->port);
        wire_zeros(s, 6);
    } else {
        wire_put32(s, ofp_port_to32(p->port));
        wire_put32(s, 0);
    }
    put_counters(s, &p->stats);
    put_ethernet(s);
    if (version >= OFP13) {
        put_duration(s, p->duration_ms);
    }
}
