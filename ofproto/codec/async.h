/* Asynchronous configuration on the wire: which messages a controller wants unasked. OpenFlow 1.3
 * (1.3.5 section 7.3.10), and 1.4 and later, where it is a list of properties (1.5.1 section
 * 7.3.10). */
#ifndef OFPROTO_CODEC_ASYNC_H
#define OFPROTO_CODEC_ASYNC_H

#include "ofproto/codec/ofp_error.h"

/* In the order of the properties' types: 2 * type + column. */
enum async_type {
    ASYNC_PACKET_IN,
    ASYNC_PORT_STATUS,
    ASYNC_FLOW_REMOVED,
    ASYNC_ROLE_STATUS,
    ASYNC_TABLE_STATUS,
    ASYNC_REQUESTFORWARD,
    ASYNC_N
};
enum async_column { ASYNC_SLAVE, ASYNC_MASTER, ASYNC_N_COLUMNS }; /* Masters and equals. */

/* A bit a reason. */
struct ofp_async_masks {
    uint32_t of[ASYNC_N][ASYNC_N_COLUMNS];
};

/* The reasons that a version has. */
uint32_t ofp_async_reasons(enum ofp_version, enum async_type);

/* 'p' is the message after its header; what it does not speak of stays. On an error nothing is
 * changed. */
int ofp_async_decode(enum ofp_version, const uint8_t *p, size_t len, struct ofp_async_masks *);
/* Appends a whole message. */
void ofp_async_reply_encode(struct strbuf *, enum ofp_version, uint32_t xid,
                            const struct ofp_async_masks *);

#endif
