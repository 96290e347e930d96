/* OpenFlow on the wire: the header, versions, and reading and writing of network-order numbers.
 *
 * Decoders take pointer and length, check every length before they read, and return 0 or the error
 * of codec/ofp_error.h that the specification wants. Encoders append to a strbuf. No I/O, no log.
 * Any thread. */
#ifndef OFPROTO_CODEC_WIRE_H
#define OFPROTO_CODEC_WIRE_H

#include "lib/byteorder.h"
#include "lib/strbuf.h"

/* As headers say it; ordered, so that "since 1.2" is a comparison. */
enum ofp_version { OFP10 = 1, OFP11, OFP12, OFP13, OFP14, OFP15 };
/* A bit each. */
#define OFP_ALL_VERSIONS ((2u << OFP15) - (1u << OFP10))

/* Whose extensions there are. */
#define OFP_VENDOR_NX 0x2320u
#define OFP_VENDOR_ONF 0x4f4e4600u

#define OFP_HEADER_LEN 8
#define OFP_NO_BUFFER UINT32_MAX

/* Message types that all versions number alike. */
enum {
    OFPT_HELLO = 0,
    OFPT_ERROR = 1,
    OFPT_ECHO_REQUEST = 2,
    OFPT_ECHO_REPLY = 3,
    OFPT_VENDOR = 4,
    OFPT_FEATURES_REQUEST = 5,
    OFPT_FEATURES_REPLY = 6,
    OFPT_GET_CONFIG_REQUEST = 7,
    OFPT_GET_CONFIG_REPLY = 8,
    OFPT_SET_CONFIG = 9,
    OFPT_PACKET_IN = 10,
    OFPT_FLOW_REMOVED = 11,
    OFPT_PORT_STATUS = 12,
    OFPT_PACKET_OUT = 13,
    OFPT_FLOW_MOD = 14,
};
/* And those that differ. */
enum {
    OFPT10_PORT_MOD = 15,
    OFPT10_STATS_REQUEST = 16,
    OFPT10_STATS_REPLY = 17,
    OFPT10_BARRIER_REQUEST = 18,
    OFPT10_BARRIER_REPLY = 19,
    OFPT10_QUEUE_GET_CONFIG_REQUEST = 20,
    OFPT10_QUEUE_GET_CONFIG_REPLY = 21,
    OFPT11_GROUP_MOD = 15,
    OFPT13_PORT_MOD = 16,
    OFPT11_TABLE_MOD = 17,
    OFPT13_MULTIPART_REQUEST = 18,
    OFPT13_MULTIPART_REPLY = 19,
    OFPT13_BARRIER_REQUEST = 20,
    OFPT13_BARRIER_REPLY = 21,
    OFPT11_QUEUE_GET_CONFIG_REQUEST = 22,
    OFPT11_QUEUE_GET_CONFIG_REPLY = 23,
    OFPT13_ROLE_REQUEST = 24,
    OFPT13_ROLE_REPLY = 25,
    OFPT13_GET_ASYNC_REQUEST = 26,
    OFPT13_GET_ASYNC_REPLY = 27,
    OFPT13_SET_ASYNC = 28,
    OFPT13_METER_MOD = 29,
    OFPT14_ROLE_STATUS = 30,
    OFPT14_TABLE_STATUS = 31,
    OFPT14_REQUESTFORWARD = 32,
    OFPT14_BUNDLE_CONTROL = 33,
    OFPT14_BUNDLE_ADD = 34,
};

struct ofp_header {
    uint8_t version;
    uint8_t type;
    uint16_t length;
    uint32_t xid;
};

static inline uint16_t wire_get16(const uint8_t *p)
{
    return be16_get(be16_load(p));
}

static inline uint32_t wire_get32(const uint8_t *p)
{
    return be32_get(be32_load(p));
}

static inline uint64_t wire_get64(const uint8_t *p)
{
    return (uint64_t)wire_get32(p) << 32 | wire_get32(p + 4);
}

void wire_put8(struct strbuf *, uint8_t);
void wire_put16(struct strbuf *, uint16_t);
void wire_put32(struct strbuf *, uint32_t);
void wire_put64(struct strbuf *, uint64_t);
void wire_zeros(struct strbuf *, size_t n);
/* Zeros up to a multiple of 8 counted from 'start'. */
void wire_pad8(struct strbuf *, size_t start);
/* Overwrites two bytes that were put before. */
void wire_set16(struct strbuf *, size_t at, uint16_t);

void ofp_header_decode(const uint8_t p[OFP_HEADER_LEN], struct ofp_header *ret);
/* A message: begin() returns where it starts, end() fills in its length. */
size_t ofp_begin(struct strbuf *, uint8_t version, uint8_t type, uint32_t xid);
void ofp_end(struct strbuf *, size_t start);
/* Begins a message of Nicira's; ofp_end() ends it. */
size_t ofp_nx_begin(struct strbuf *, uint8_t version, uint32_t subtype, uint32_t xid);

#endif
