/* Port mod and port status on the wire, OpenFlow 1.0 and 1.3 to 1.5 (1.5.1 sections
 * 7.3.4.3 and 7.4.3). */
#ifndef OFPROTO_CODEC_PORT_MOD_H
#define OFPROTO_CODEC_PORT_MOD_H

#include "ofproto/codec/ofp_error.h"
#include "ofproto/codec/port_desc.h"

struct ofp_port_mod {
    uint32_t port; /* enum ofp_port or a port's number. */
    uint8_t mac[6];
    uint32_t config; /* OFPPC_*: of those in 'mask'. */
    uint32_t mask;
};

/* 'p' is the message after its header. */
int ofp_port_mod_decode(enum ofp_version, const uint8_t *p, size_t len, struct ofp_port_mod *ret);
/* Appends a whole message. */
void ofp_port_mod_encode(struct strbuf *, enum ofp_version, uint32_t xid,
                         const struct ofp_port_mod *);

enum ofp_port_reason { OFPPR_ADD, OFPPR_DELETE, OFPPR_MODIFY };
/* Appends a whole message. */
void ofp_port_status_encode(struct strbuf *, enum ofp_version, enum ofp_port_reason,
                            const struct ofp_port_desc *);

#endif
