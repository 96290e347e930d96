/* What a switch says of itself and its ports, as whoever asks reads it: features, descriptions and
 * statistics of ports, tables. OpenFlow 1.0 and 1.3 to 1.5. The asked side encodes in port_desc.c,
 * port_stats.c and conn/. Pure functions over bytes; they return 0 or an OpenFlow error. */
#ifndef OFPROTO_CODEC_SWITCH_INFO_H
#define OFPROTO_CODEC_SWITCH_INFO_H

#include "ofproto/codec/ofp_error.h"

/* What becomes of IP fragments: flags of OFPT_SET_CONFIG, the last Nicira's. */
enum ofp_frag_handling {
    OFPC_FRAG_NORMAL,
    OFPC_FRAG_DROP,
    OFPC_FRAG_REASM,
    OFPC_FRAG_NX_MATCH,
    OFPC_FRAG_MASK = 3,
};
/* With them, up to OpenFlow 1.2: packets whose time is over go to the controller. */
#define OFPC_INVALID_TTL_TO_CONTROLLER 4

struct ofp_features {
    uint64_t datapath_id;
    uint32_t n_buffers;
    uint8_t n_tables;
    uint8_t auxiliary_id;
    uint32_t capabilities; /* As the version numbers them. */
    uint32_t actions;      /* OpenFlow 1.0 alone; its ports follow the fixed part. */
};
#define OFP_FEATURES_LEN 24 /* After the header. */
int ofp_features_decode(enum ofp_version, const uint8_t *p, size_t len, struct ofp_features *ret);

struct ofp_port_info {
    uint32_t port; /* enum ofp_port. */
    uint8_t mac[6];
    char name[17];
    uint32_t config, state;                        /* As the version numbers them. */
    uint32_t current, advertised, supported, peer; /* As OpenFlow 1.1 and later number them. */
    uint32_t current_mbps, max_mbps;
};
/* The entry at 'p'; '*ret_len' is its length. */
int ofp_port_info_decode(enum ofp_version, const uint8_t *p, size_t left, struct ofp_port_info *ret,
                         size_t *ret_len);

enum {
    OFP_COUNT_RX_PACKETS,
    OFP_COUNT_TX_PACKETS,
    OFP_COUNT_RX_BYTES,
    OFP_COUNT_TX_BYTES,
    OFP_COUNT_RX_DROPPED,
    OFP_COUNT_TX_DROPPED,
    OFP_COUNT_RX_ERRORS,
    OFP_COUNT_TX_ERRORS,
    OFP_COUNT_RX_FRAME,
    OFP_COUNT_RX_OVER,
    OFP_COUNT_RX_CRC,
    OFP_COUNT_COLLISIONS,
    OFP_N_COUNTS
};
struct ofp_port_counts {
    uint32_t port;
    uint64_t count[OFP_N_COUNTS]; /* UINT64_MAX: not known. */
    bool has_duration;
    uint32_t duration_s, duration_ns;
};
void ofp_port_counts_request(struct strbuf *, enum ofp_version, uint32_t port);
int ofp_port_counts_decode(enum ofp_version, const uint8_t *p, size_t left,
                           struct ofp_port_counts *ret, size_t *ret_len);

struct ofp_table_counts {
    uint8_t table_id;
    char name[33]; /* OpenFlow 1.0 alone, as the next two. */
    uint32_t wildcards, max_entries;
    uint32_t n_active;
    uint64_t n_lookups, n_matched;
};
int ofp_table_counts_decode(enum ofp_version, const uint8_t *p, size_t left,
                            struct ofp_table_counts *ret, size_t *ret_len);

#endif
