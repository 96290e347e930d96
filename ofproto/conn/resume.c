/* NXT_RESUME: a controller sends a packet back that the action controller(pause) sent it, and the
 * pipeline goes on. The packet, registers, metadata and mark are what the controller makes of
 * them; what is left to do is in the continuation, which nobody but this process can have made.
 * Event base's thread. */
#include "ofproto/codec/packet_in.h"
#include "ofproto/conn/packet_out.h"
#include "ofproto/conn/vendor.h"
#include "ofproto/xlate/continuation.h"

static int resume(struct conn *conn, const struct request *r UNUSED, const uint8_t *body,
                  size_t len)
{
    struct continuation continuation;
    struct ofp_packet_in pin;
    struct flow_key key;
    int rc = ofp_packet_in2_decode(body, len, &pin);

    if (rc) {
        return rc;
    }
    if (!continuation_open(conn->bridge, pin.continuation, pin.continuation_len, &continuation)) {
        return OFPERR_NXR_STALE;
    }
    rc = controller_packet_parse(conn->bridge, pin.match.flow.in_port, pin.packet, pin.packet_len,
                                 &key);
    if (!rc) {
        struct xlate_packet_out po = {.bridge = conn->bridge,
                                      .in_port = pin.match.flow.in_port,
                                      .pipeline = &pin.match.flow,
                                      .resumed = &continuation};

        controller_packet_execute(&po, pin.packet, pin.packet_len, &key);
    }
    return rc;
}

CONSTRUCTOR static void register_resume(void)
{
    static const struct vendor_row row = {OFP_VENDOR_NX, NXT_RESUME, OFP10, OFP15,
                                          resume,        NULL,       true};

    vendor_register(&row, 1);
}
