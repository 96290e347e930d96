/* What a switch says of its queues, as whoever asks reads it: counters and configuration, OpenFlow
 * 1.0 to 1.5. The asked side encodes in conn/. Pure functions over bytes; they return 0 or an
 * OpenFlow error. */
#ifndef OFPROTO_CODEC_QUEUE_INFO_H
#define OFPROTO_CODEC_QUEUE_INFO_H

#include "ofproto/codec/ofp_error.h"

#define OFP_QUEUE_ALL UINT32_MAX

struct ofp_queue_counts {
    uint32_t port; /* enum ofp_port. */
    uint32_t queue;
    uint64_t bytes, packets, errors;  /* UINT64_MAX: not known. */
    uint32_t duration_s, duration_ns; /* UINT32_MAX: not known. */
};
/* The body of a request; 'port' OFP_PORT_NONE: all. That for descriptions (1.4) is the same. */
void ofp_queue_counts_request(struct strbuf *, enum ofp_version, uint32_t port, uint32_t queue);
int ofp_queue_counts_decode(enum ofp_version, const uint8_t *p, size_t left,
                            struct ofp_queue_counts *ret, size_t *ret_len);

struct ofp_queue_config {
    uint32_t port; /* Of 1.0: stays as it was, the reply's head says it. */
    uint32_t queue;
    uint16_t min_rate, max_rate; /* Tenths of a per cent; UINT16_MAX: not said. */
};
void ofp_queue_config_request(struct strbuf *, enum ofp_version, uint32_t port);
int ofp_queue_config_decode(enum ofp_version, const uint8_t *p, size_t left,
                            struct ofp_queue_config *ret, size_t *ret_len);

#endif
