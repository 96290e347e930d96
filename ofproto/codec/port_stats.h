/* Statistics of ports on the wire, OpenFlow 1.0 (section 5.3.5), 1.3.5 and 1.4 (section 7.3.5.6).
 * Pure functions over bytes. */
#ifndef OFPROTO_CODEC_PORT_STATS_H
#define OFPROTO_CODEC_PORT_STATS_H

#include "datapath/dp.h"
#include "ofproto/codec/wire.h"

struct ofp_port_stats {
    uint32_t port;              /* enum ofp_port. */
    struct dp_port_stats stats; /* UINT64_MAX: unknown. */
    uint64_t duration_ms;       /* Since the port was made; not in 1.0. */
};

/* The request's body: which port, OFP_PORT_NONE for all. 0 or OFPERR_BRC_BAD_LEN. */
int ofp_port_stats_request_decode(enum ofp_version, const uint8_t *body, size_t len,
                                  uint32_t *ret_port);
void ofp_port_stats_encode(struct strbuf *, enum ofp_version, const struct ofp_port_stats *);

#endif
