/* Matches on the wire: the fixed structures of OpenFlow 1.0 and 1.1, OXM of 1.2 and later,
 * Nicira's of 1.0. */
#ifndef OFPROTO_CODEC_MATCH_WIRE_H
#define OFPROTO_CODEC_MATCH_WIRE_H

#include "ofproto/codec/ofp_error.h"
#include "ofproto/match/field.h"

#define OFP10_MATCH_LEN 40
#define OFP11_MATCH_LEN 88

/* Port numbers: 16 bits in OpenFlow 1.0 and inside, 32 on the wire of later ones. False when the
 * number is none that we can have. */
bool ofp_port_from32(uint32_t wire, uint32_t *ret);
uint32_t ofp_port_to32(uint32_t port);

/* Every 40 bytes are a match: fields whose prerequisites are missing are ignored (OpenFlow 1.0
 * section 3.4). */
void ofp10_match_decode(const uint8_t p[OFP10_MATCH_LEN], struct ofp_match *);
/* What 1.0 cannot say is left wild. */
void ofp10_match_encode(struct strbuf *, const struct ofp_match *);

/* Fields that prerequisites do not allow are ignored, as in 1.0; what 1.1 cannot say is left wild.
 */
int ofp11_match_decode(const uint8_t p[OFP11_MATCH_LEN], struct ofp_match *);
void ofp11_match_encode(struct strbuf *, const struct ofp_match *);

/* A struct ofp_match of 1.1 or later, of 'len' bytes at most; '*ret_len' is its length with
 * padding. The structure of 1.1 is read in later versions too, which only deprecate it. */
int ofp_match_decode(const uint8_t *p, size_t len, struct ofp_match *, size_t *ret_len);
/* In the form that 'version' has. */
void ofp_match_encode(struct strbuf *, enum ofp_version, const struct ofp_match *);

/* Whether the version's form has every bit of the match. */
bool ofp_match_fits(enum ofp_version, const struct ofp_match *);

/* OXM entries of exactly 'len' bytes, added to a match. */
int oxm_fields_decode(const uint8_t *p, size_t len, struct ofp_match *);
void oxm_fields_encode(struct strbuf *, enum ofp_version, const struct ofp_match *);

/* The cookie that a Nicira match may ask for, as if it were a field. */
struct nxm_cookie {
    uint64_t value;
    uint64_t mask; /* 0: none. */
};

/* Nicira's match: the same entries with no header, exactly 'len' bytes. 'cookie' NULL: there may
 * be none. */
int nxm_match_decode(const uint8_t *p, size_t len, struct ofp_match *, struct nxm_cookie *);
/* Without padding. */
void nxm_match_encode(struct strbuf *, const struct ofp_match *);
/* Appends the cookie to a Nicira match; nothing without a mask. */
void nxm_cookie_encode(struct strbuf *, const struct nxm_cookie *);

/* --- One entry (OpenFlow 1.3.5 section 7.2.3). What is written to OpenFlow 1.0 and 1.1 has NXM's
 * headers, to later versions OXM's, where the field has both. Either is read in any version. */

/* The header of an entry, or a field's name in an action. '*ret_body' is the length of what
 * follows, which may be more than 'len'; '*ret_len' that of the header: 4, or 8 of an extension. */
int oxm_decode_header(const uint8_t *p, size_t len, const struct ofp_field **, bool *ret_has_mask,
                      size_t *ret_body, size_t *ret_len);
/* An entry of 'len' bytes at most, its field, value and mask (right-aligned in n_bytes; ones when
 * there is no mask; ports in the form of inside). '*ret_len' is the entry's length. */
int oxm_decode(const uint8_t *p, size_t len, const struct ofp_field **ret_field,
               uint8_t value[OFP_FIELD_MAX_BYTES], uint8_t mask[OFP_FIELD_MAX_BYTES],
               bool *ret_has_mask, size_t *ret_len);
/* The options of tunnels that entries named, also in actions, since it was called last: a bit for
 * each of tun_metadata0 to 63. */
uint64_t oxm_take_tlv_fields(void);
bool oxm_has_header(const struct ofp_field *);
void oxm_encode_header(struct strbuf *, enum ofp_version, const struct ofp_field *, bool has_mask);
/* In Nicira's actions fields go by NXM's headers, where they have one, in every version; bits up to
 * 'end' are spoken of, and where NXM's field is narrower (in_port) OXM's is meant. */
void oxm_encode_nx_header(struct strbuf *, const struct ofp_field *, unsigned int end);
/* 'mask' NULL: none. */
void oxm_encode(struct strbuf *, enum ofp_version, const struct ofp_field *, const uint8_t *value,
                const uint8_t *mask);
/* The same, of an option of a tunnel without leading zeros, as actions have it. */
void oxm_encode_short(struct strbuf *, enum ofp_version, const struct ofp_field *,
                      const uint8_t *value, const uint8_t *mask);

#endif
