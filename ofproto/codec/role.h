/* Roles on the wire, OpenFlow 1.3 to 1.5 (1.5.1 section 7.3.9). */
#ifndef OFPROTO_CODEC_ROLE_H
#define OFPROTO_CODEC_ROLE_H

#include "ofproto/codec/ofp_error.h"

#define OFPCID_UNDEFINED 0xffff

enum ofp_role { OFPCR_NOCHANGE, OFPCR_EQUAL, OFPCR_MASTER, OFPCR_SLAVE, OFPCR_N };

struct ofp_role_request {
    enum ofp_role role;
    uint16_t short_id;      /* OpenFlow 1.5: the controller's own number. */
    uint64_t generation_id; /* Of a reply: UINT64_MAX when none was ever given. */
};

/* 'p' is the message after its header. */
int ofp_role_request_decode(enum ofp_version, const uint8_t *p, size_t len,
                            struct ofp_role_request *ret);
void ofp_role_reply_encode(struct strbuf *, enum ofp_version, uint32_t xid,
                           const struct ofp_role_request *);

/* Why a controller's role is another (1.5.1 section 7.4.4). */
enum ofp_role_reason { OFPCRR_MASTER_REQUEST, OFPCRR_CONFIG, OFPCRR_EXPERIMENTER };
/* Appends a whole message; of OpenFlow 1.3, ONF's extension. */
void ofp_role_status_encode(struct strbuf *, enum ofp_version, const struct ofp_role_request *,
                            enum ofp_role_reason);

#endif
