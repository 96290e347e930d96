/* Requests that changed what all controllers share, told to the others (OpenFlow 1.4.1 section
 * 7.4.7, 1.5.1 section 7.4.6): to who asked for it by its asynchronous configuration, in the form
 * of its version. Event base's thread. */
#ifndef OFPROTO_CONN_REQUESTFORWARD_H
#define OFPROTO_CONN_REQUESTFORWARD_H

#include "ofproto/conn/conn.h"
#include "ofproto/group/group.h"

enum ofp_forward_reason { OFPRFR_GROUP_MOD, OFPRFR_METER_MOD };

/* Appends the request as a whole message. */
typedef void request_encoder(struct strbuf *, enum ofp_version, const void *request);
/* A request of 'from' was carried out. */
void forward_request(const struct conn *from, enum ofp_forward_reason, request_encoder *,
                     const void *request);

/* Of a group mod, before its changes are finished. */
void forward_group_mod(const struct conn *from, uint32_t xid, const struct ofp_group_mod *,
                       const struct group_changes *);
struct ofp_meter_mod;
void forward_meter_mod(const struct conn *from, uint32_t xid, const struct ofp_meter_mod *);

#endif
