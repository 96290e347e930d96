/* What switches send unasked, as who listens reads it: packet-ins, flow-removed, updates of flow
 * monitors; and the request for such a monitor. OpenFlow 1.0 to 1.5. The switch encodes in
 * packet_in.c, flow_removed.c, flow_monitor.c. Pure functions over bytes; they return 0 or an
 * OpenFlow error. */
#ifndef OFPROTO_CODEC_UNASKED_H
#define OFPROTO_CODEC_UNASKED_H

#include "ofproto/codec/flow_monitor.h"
#include "ofproto/codec/flow_removed.h"
#include "ofproto/codec/packet_in.h"

/* 'p' is the message after its header; '*ret' points into it. 'ret_buffer': OFP_NO_BUFFER or the
 * switch's number. */
int ofp_packet_in_decode(enum ofp_version, const uint8_t *p, size_t len, struct ofp_packet_in *ret,
                         uint32_t *ret_buffer);
/* The same of Nicira's NXT_PACKET_IN, after its header of an extension. */
int nx_packet_in_decode(const uint8_t *p, size_t len, struct ofp_packet_in *ret,
                        uint32_t *ret_buffer);
/* 1.0 says no table: 255. */
int ofp_flow_removed_decode(enum ofp_version, const uint8_t *p, size_t len,
                            struct ofp_flow_removed *ret);
/* The entry at 'p'; its actions are in 'actions', which is empty before and is to be freed. */
int ofp_flow_update_decode(enum ofp_version, const uint8_t *p, size_t left,
                           struct ofp_flow_update *ret, struct ofp_actions *actions,
                           size_t *ret_len);
/* Appends the body of a request. */
void ofp_monitor_request_encode(struct strbuf *, enum ofp_version,
                                const struct ofp_monitor_request *);

#endif
