/* Matches on the wire: OpenFlow 1.0's fixed structure, and OXM of 1.2 and later. */
#ifndef OFPROTO_CODEC_MATCH_WIRE_H
#define OFPROTO_CODEC_MATCH_WIRE_H

#include "ofproto/codec/ofp_error.h"
#include "ofproto/match/field.h"

#define OFP10_MATCH_LEN 40

/* Port numbers: 16 bits in OpenFlow 1.0 and inside, 32 on the wire of later ones. False when the
 * number is none that we can have. */
bool ofp_port_from32(uint32_t wire, uint32_t *ret);
uint32_t ofp_port_to32(uint32_t port);

/* Every 40 bytes are a match: fields whose prerequisites are missing are ignored (OpenFlow 1.0
 * section 3.4). */
void ofp10_match_decode(const uint8_t p[OFP10_MATCH_LEN], struct ofp_match *);
/* What 1.0 cannot say is left wild. */
void ofp10_match_encode(struct strbuf *, const struct ofp_match *);

/* A struct ofp_match of 'len' bytes at most; '*ret_len' is its length with padding. */
int ofp13_match_decode(const uint8_t *p, size_t len, struct ofp_match *, size_t *ret_len);
void ofp13_match_encode(struct strbuf *, const struct ofp_match *);

/* One OXM TLV of 'len' bytes at most, its field, value and mask (right-aligned in n_bytes; ones
 * when there is no mask). '*ret_len' is the TLV's length. */
int oxm_decode(const uint8_t *p, size_t len, const struct ofp_field **ret_field, uint8_t value[16],
               uint8_t mask[16], bool *ret_has_mask, size_t *ret_len);
/* The TLV's header: class, field, whether there is a mask, length. 0: the field has none. */
uint32_t oxm_header(const struct ofp_field *, bool has_mask);
/* 'mask' NULL: none. */
void oxm_encode(struct strbuf *, const struct ofp_field *, const uint8_t *value,
                const uint8_t *mask);

#endif
