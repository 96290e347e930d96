/* A pipeline that waits for a controller: what the action controller(pause) sends along with the
 * packet, so that NXT_RESUME can go on where it stopped.
 *
 * The pipeline is frozen as for recirculation (frozen.h), but its state travels with the packet
 * instead of waiting here. To the controller it is opaque: properties that Open vSwitch's tools can
 * print, around bytes that are authenticated by a key of this process. So these hold records of the
 * switch's own form, and nobody else can make any. Control thread. */
#ifndef OFPROTO_XLATE_CONTINUATION_H
#define OFPROTO_XLATE_CONTINUATION_H

#include "ofproto/xlate/xlate.h"

/* The action waits, and so does what follows it. */
void xlate_pause(struct xlate_ctx *, const struct ofp_action_controller *);
/* What works on the packet is at its end, frozen by such an action: tells the controllers, with
 * the frozen state's contents. */
void xlate_pause_end(struct xlate_ctx *, const void *contents, size_t len);

/* A continuation that a controller sent back. */
struct continuation {
    const uint8_t *contents;
    size_t len;
};
/* Finds the continuation of this bridge in what a controller sent; it points in there. False:
 * nobody here made it, or not for this bridge. */
bool continuation_open(const struct ofproto *, const uint8_t *p, size_t len,
                       struct continuation *ret);
/* Goes on, with what the controller made of metadata, registers and mark. */
void xlate_resume(struct xlate_ctx *, const struct continuation *, const struct ofp_flow *pipeline);

#endif
