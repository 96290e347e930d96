/* Records of the queue family. */
#ifndef OFPROTO_CODEC_ACTION_QUEUE_H
#define OFPROTO_CODEC_ACTION_QUEUE_H

#include "ofproto/codec/action.h"

/* Output through one of the port's queues (OpenFlow 1.0.1 section 5.2.4). */
struct ofp_action_enqueue {
    struct ofp_action h;
    uint16_t port; /* A port's number, OFP_PORT_IN_PORT or OFP_PORT_LOCAL. */
    uint32_t queue;
};

/* Outputs that follow go through this queue, until pop_queue. */
struct ofp_action_set_queue {
    struct ofp_action h;
    uint32_t queue;
};

#endif
