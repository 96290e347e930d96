/* What the families of actions on labels and I-TAGs share. Control thread. */
#ifndef OFPROTO_CODEC_ACTION_SHIM_H
#define OFPROTO_CODEC_ACTION_SHIM_H

#include "ofproto/codec/action.h"

/* push_mpls, pop_mpls, push_pbb; the type is 0 where an action has none. */
struct ofp_action_shim {
    struct ofp_action h;
    be16_t eth_type;
};

/* Notes that the packet has this Ethernet type after the action, and something unknown behind it.
 */
void ofp_action_know_type(const struct ofp_action_in *, uint16_t eth_type);

#endif
