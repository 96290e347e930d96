/* Bundles on the wire: OpenFlow 1.4 and 1.5 (1.5.1 section 7.3.9), and the extension that gives
 * them to 1.3 (ONF extension 230), whose bodies are the same. */
#ifndef OFPROTO_CODEC_BUNDLE_H
#define OFPROTO_CODEC_BUNDLE_H

#include "ofproto/codec/ofp_error.h"

/* A reply is the request's type and one. */
enum ofp_bundle_type {
    OFPBCT_OPEN_REQUEST = 0,
    OFPBCT_CLOSE_REQUEST = 2,
    OFPBCT_COMMIT_REQUEST = 4,
    OFPBCT_DISCARD_REQUEST = 6,
};

#define OFPBF_ATOMIC 1
#define OFPBF_ORDERED 2

/* Of the extension. */
enum { ONFT_BUNDLE_CONTROL = 2300, ONFT_BUNDLE_ADD = 2301 };

struct ofp_bundle_control {
    uint32_t id;
    uint16_t type;
    uint16_t flags;
};
/* 'p' is what follows the message's header, or the extension's. */
int ofp_bundle_control_decode(const uint8_t *p, size_t len, struct ofp_bundle_control *ret);
/* Appends a whole message. */
void ofp_bundle_control_encode(struct strbuf *, enum ofp_version, uint32_t xid,
                               const struct ofp_bundle_control *);

struct ofp_bundle_add {
    uint32_t id;
    uint16_t flags;
    const uint8_t *msg; /* With its header, of its whole length. */
    size_t msg_len;
};
/* Appends a whole message with the xid of 'msg', which has its header. */
void ofp_bundle_add_encode(struct strbuf *, enum ofp_version, uint32_t id, uint16_t flags,
                           const uint8_t *msg, size_t len);
/* 'version' and 'xid' are those of the message around it, which the one within must share. */
int ofp_bundle_add_decode(uint8_t version, uint32_t xid, const uint8_t *p, size_t len,
                          struct ofp_bundle_add *ret);

#endif
