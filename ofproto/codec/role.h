/* Roles of controllers and what they hear of unasked, on the wire of OpenFlow 1.3 (1.3.5 sections
 * 7.3.9 and 7.3.10). */
#ifndef OFPROTO_CODEC_ROLE_H
#define OFPROTO_CODEC_ROLE_H

#include "ofproto/codec/ofp_error.h"

enum ofp_role { OFPCR_NOCHANGE, OFPCR_EQUAL, OFPCR_MASTER, OFPCR_SLAVE, OFPCR_N };

struct ofp_role_request {
    enum ofp_role role;
    uint64_t generation_id; /* Of a reply: UINT64_MAX when none was ever given. */
};

/* 'p' is the message after its header. */
int ofp_role_request_decode(const uint8_t *p, size_t len, struct ofp_role_request *ret);
void ofp_role_reply_encode(struct strbuf *, uint8_t version, uint32_t xid,
                           const struct ofp_role_request *);

/* Bits of reasons, of masters (and equals) and of slaves. */
struct ofp_async_masks {
    uint32_t packet_in[2];
    uint32_t port_status[2];
    uint32_t flow_removed[2];
};
int ofp_async_decode(const uint8_t *p, size_t len, struct ofp_async_masks *ret);
void ofp_async_reply_encode(struct strbuf *, uint8_t version, uint32_t xid,
                            const struct ofp_async_masks *);

#endif
