/* Packets that controllers send, for packet_out.c and resume.c. Event base's thread. */
#ifndef OFPROTO_CONN_PACKET_OUT_H
#define OFPROTO_CONN_PACKET_OUT_H

#include "ofproto/xlate/xlate.h"

/* The packet's key, as received on 'in_port': a port of the bridge, OFP_PORT_CONTROLLER or
 * OFP_PORT_NONE. 0, or the error. */
int controller_packet_parse(const struct ofproto *, uint32_t in_port, const void *packet,
                            size_t len, struct flow_key *ret);
/* Takes it through the actions. */
void controller_packet_execute(const struct xlate_packet_out *, const void *packet, size_t len,
                               const struct flow_key *);

#endif
