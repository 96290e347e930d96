/* Nicira's controller action: to which controllers a packet goes, with what, and whether the
 * pipeline waits for one of them. */
#ifndef OFPROTO_CODEC_ACTION_CONTROLLER_H
#define OFPROTO_CODEC_ACTION_CONTROLLER_H

#include "ofproto/codec/action.h"

struct ofp_action_controller {
    struct ofp_action h;
    uint16_t max_len;       /* As asked for; the packet goes whole: none is buffered. */
    uint16_t controller_id; /* Of those to whom it goes. */
    uint8_t reason;         /* enum ofp_packet_in_reason. */
    uint8_t pause;          /* 1: the rest waits for NXT_RESUME. */
    uint32_t meter_id;      /* That it goes through; 0: that of all packets to controllers. */
    uint16_t userdata_len;
    uint8_t userdata[];
};

#endif
